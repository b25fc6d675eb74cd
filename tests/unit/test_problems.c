#include "test.h"

#include "base/vec.h"
#include "check/problems.h"

#include <stdlib.h>

static struct finding make(const char *file, unsigned row, enum severity severity, const char *text)
{
    return (struct finding){.rule = mem_strdup("r"),
        .severity = severity,
        .file = mem_strdup(file),
        .at = {row, 1},
        .message = mem_strdup(text)};
}

static void set(struct problems *problems, const char *owner, const char *path,
    const struct finding *items, size_t count)
{
    struct findings findings = {0};
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&findings, items[i]);
    }
    problems_set(problems, owner, path == NULL ? NULL : &path, 1, &findings);
    findings_free(&findings);
}

static void expect(struct problems *problems, const char *expected)
{
    struct buf out = BUF_INIT;
    const struct findings *all = problems_all(problems);
    VEC_FOREACH (const struct finding, f, all) {
        buf_printf(&out, "%s:%u %s [%s]\n", f->file == NULL ? "" : f->file, f->at.row, f->message,
            f->source);
    }
    assert_string_equal(out.ptr == NULL ? "" : out.ptr, expected);
    buf_free(&out);
}

static void files_with_errors_come_first(void **state)
{
    (void)state;
    struct problems *problems = problems_new();
    expect(problems, "");
    set(problems, "guard", "a",
        (struct finding[]){make("a", 9, SEVERITY_NOTE, "n"), make("a", 3, SEVERITY_WARNING, "w")},
        2);
    set(problems, "opa", "b",
        (struct finding[]){make("b", 2, SEVERITY_WARNING, "w"), make("b", 7, SEVERITY_ERROR, "e")},
        2);
    expect(problems, "b:7 e [opa]\nb:2 w [opa]\na:3 w [guard]\na:9 n [guard]\n");
    struct problem_counts counts = problems_count(problems);
    assert_int_equal(counts.count[SEVERITY_ERROR], 1);
    assert_int_equal(counts.count[SEVERITY_WARNING], 2);
    assert_int_equal(counts.count[SEVERITY_NOTE], 1);
    problems_free(problems);
}

static void each_owner_replaces_its_own(void **state)
{
    (void)state;
    struct problems *problems = problems_new();
    set(problems, "opa", "a", (struct finding[]){make("a", 1, SEVERITY_ERROR, "x")}, 1);
    set(problems, "guard", "a", (struct finding[]){make("a", 2, SEVERITY_ERROR, "y")}, 1);
    uint64_t version = problems_version(problems);
    set(problems, "opa", "b", (struct finding[]){make("b", 1, SEVERITY_ERROR, "z")}, 1);
    assert_true(problems_version(problems) != version);
    expect(problems, "a:1 x [opa]\na:2 y [guard]\nb:1 z [opa]\n");
    set(problems, "opa", "a", NULL, 0);
    expect(problems, "a:2 y [guard]\nb:1 z [opa]\n");
    /* Without a file: about the owner's work itself, so replaced by whatever it says next. */
    set(problems, "opa", "a", (struct finding[]){make(NULL, 0, SEVERITY_ERROR, "no")}, 1);
    expect(problems, ":0 no [opa]\na:2 y [guard]\nb:1 z [opa]\n");
    set(problems, "opa", NULL, NULL, 0);
    expect(problems, "a:2 y [guard]\n");
    problems_free(problems);
}

static void what_is_said_twice_is_one(void **state)
{
    (void)state;
    struct problems *problems = problems_new();
    set(problems, "opa", "a",
        (struct finding[]){make("a", 1, SEVERITY_ERROR, "unexpected ) token\n\tp := )")}, 1);
    set(problems, "tests", NULL,
        (struct finding[]){make("a", 1, SEVERITY_ERROR, "unexpected ) token"),
            make("a", 4, SEVERITY_ERROR, "other")},
        2);
    set(problems, "syntax", "a",
        (struct finding[]){make("a", 1, SEVERITY_ERROR, "unexpected `)`"),
            make("a", 2, SEVERITY_ERROR, "missing `}`")},
        2);
    expect(problems, "a:1 unexpected ) token\n\tp := ) [opa]\na:2 missing `}` [syntax]\na:4 other "
                     "[tests]\n");
    problems_free(problems);
}

/* What a server says of a line with an error of ours stands beside it, but for the very same. */
static void others_are_heard_too(void **state)
{
    (void)state;
    struct problems *problems = problems_new();
    struct finding same = make("a", 1, SEVERITY_ERROR, "var x is unsafe");
    struct finding elsewhere = make("a", 1, SEVERITY_ERROR, "var x is unsafe");
    elsewhere.at.col = 9;
    set(problems, "opa", "a", (struct finding[]){make("a", 1, SEVERITY_ERROR, "var x is unsafe")},
        1);
    set(problems, "syntax", "a", (struct finding[]){make("a", 3, SEVERITY_ERROR, "missing `}`")},
        1);
    set(problems, "language server", "a",
        (struct finding[]){make("a", 1, SEVERITY_ERROR, "unresolved reference"), same, elsewhere,
            make("a", 3, SEVERITY_ERROR, "unexpected token")},
        4);
    expect(problems, "a:1 var x is unsafe [opa]\na:1 unresolved reference [language server]\n"
                     "a:1 var x is unsafe [language server]\na:3 missing `}` [syntax]\n"
                     "a:3 unexpected token [language server]\n");
    problems_free(problems);
}

static void the_next_follows_the_cursor(void **state)
{
    (void)state;
    struct problems *problems = problems_new();
    set(problems, "guard", "a",
        (struct finding[]){make("a", 9, SEVERITY_WARNING, "a9"), make("a", 3, SEVERITY_NOTE, "a3")},
        2);
    set(problems, "opa", "b",
        (struct finding[]){make("b", 7, SEVERITY_ERROR, "b7"), make("b", 2, SEVERITY_WARNING, "b2"),
            make("b", 5, SEVERITY_ERROR, "b5")},
        3);
    static const struct {
        const char *path;
        unsigned row;
        int step;
        const char *expected;
    } steps[] = {{"b", 1, 1, "b2"}, {"b", 2, 1, "b5"}, {"b", 5, 1, "b7"}, {"b", 7, 1, "a3"},
        {"a", 3, 1, "a9"}, {"a", 9, 1, "b2"}, {"a", 5, -1, "a3"}, {"a", 3, -1, "b7"},
        {"b", 2, -1, "a9"}, {"other", 4, 1, "b2"}, {"other", 4, -1, "a9"}, {NULL, 0, 1, "b2"}};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        const struct findings *all = problems_all(problems);
        size_t at =
            problems_beside(all, steps[i].path, (struct position){steps[i].row, 1}, steps[i].step);
        assert_true(at < all->len);
        assert_string_equal(all->items[at].message, steps[i].expected);
    }
    set(problems, "guard", NULL, NULL, 0);
    set(problems, "opa", NULL, NULL, 0);
    assert_true(
        problems_beside(problems_all(problems), "a", (struct position){1, 1}, 1) == SIZE_MAX);
    problems_free(problems);
}

static void the_fix_of_a_line(void **state)
{
    (void)state;
    struct problems *problems = problems_new();
    struct finding plain = make("a", 1, SEVERITY_ERROR, "e");
    struct finding mended = make("a", 1, SEVERITY_NOTE, "n");
    mended.edit = (struct finding_edit){{1, 1}, {1, 3}, mem_strdup("x"), mem_strdup("write x")};
    set(problems, "guard", "a", (struct finding[]){plain, mended}, 2);
    assert_string_equal(problems_fix_at(problems, "a", 1)->edit.title, "write x");
    assert_null(problems_fix_at(problems, "a", 2));
    assert_null(problems_fix_at(problems, "b", 1));
    problems_free(problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_with_errors_come_first),
        cmocka_unit_test(each_owner_replaces_its_own),
        cmocka_unit_test(what_is_said_twice_is_one),
        cmocka_unit_test(others_are_heard_too),
        cmocka_unit_test(the_next_follows_the_cursor),
        cmocka_unit_test(the_fix_of_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
