/* core/syntax/objects: text objects, growing and shrinking. */
#include "syntax_text.h"

#include "syntax/objects.h"

#include <stdlib.h>

static void expect_object(const char *language, enum text_object kind, bool around,
    const char *marked, const char *expected)
{
    struct syntax_text text;
    struct syntax_range range;
    syntax_text_open(&text, language, marked);
    size_t to = text.marks[text.mark_count - 1];
    bool found = syntax_object(text.syntax, kind, around, text.marks[0], to, &range);
    if (found != (expected != NULL)) {
        fail_msg("%s: found %d", marked, found);
    }
    if (found) {
        char *got = str_dup(str_slice(text.text, range.start, range.end));
        assert_string_equal(got, expected);
        free(got);
    }
    syntax_text_close(&text);
}

static void test_rego(void **state)
{
    (void)state;
    const char *rule = "package a\n\n# c\nx if {\n\ty := f(1, §[2, 3])\n\tz\n}\n\nw := 1\n";
    expect_object("rego", OBJECT_RULE, true, rule, "x if {\n\ty := f(1, [2, 3])\n\tz\n}");
    expect_object("rego", OBJECT_RULE, false, rule, "y := f(1, [2, 3])\n\tz");
    expect_object("rego", OBJECT_ARGUMENT, false, rule, "[2, 3]");
    expect_object("rego", OBJECT_ARGUMENT, true, rule, ", [2, 3]");
    expect_object("rego", OBJECT_EXPRESSION, true, rule, "y := f(1, [2, 3])");
    expect_object("rego", OBJECT_BLOCK, false, rule, "2, 3");
    expect_object("rego", OBJECT_BLOCK, true, rule, "[2, 3]");
    expect_object("rego", OBJECT_ARGUMENT, true, "package a\nx := f(§1, 2)\n", "1, ");
    expect_object(
        "rego", OBJECT_ARGUMENT, false, "package a\nx := {\"a\": §1, \"b\": 2}\n", "\"a\": 1");
    expect_object("rego", OBJECT_COMMENT, false, "package a\n# o§ne\n# two\nx := 1\n", "# one");
    expect_object(
        "rego", OBJECT_COMMENT, true, "package a\n# o§ne\n# two\nx := 1\n", "# one\n# two");
    expect_object("rego", OBJECT_RULE, true, "package §a\n", NULL);
    /* Asked with what it gave: the next one out. */
    expect_object("rego", OBJECT_BLOCK, true, "package a\nx := [1, §{2}§]\n", "[1, {2}]");
}

static void test_others(void **state)
{
    (void)state;
    expect_object("yaml", OBJECT_BLOCK, true, "a:\n  b: §1\n  c: 2\n", "b: 1");
    expect_object("yaml", OBJECT_BLOCK, false, "a:\n  b: §1\n  c: 2\n", "1");
    expect_object("yaml", OBJECT_ARGUMENT, false, "a: [1, §2]\n", "2");
    expect_object("yaml", OBJECT_RULE, true,
        "s:\n  rego: |\n    package a\n    x {\n      §y\n    }\n", "x {\n      y\n    }");
    expect_object("yaml", OBJECT_RULE, true, "§a: 1\n", "a: 1\n");
    expect_object("json", OBJECT_BLOCK, false, "{\"a\": §1}", "1");
    expect_object(NULL, OBJECT_BLOCK, false, "§a", NULL);
}

static void test_grow_and_shrink(void **state)
{
    (void)state;
    struct syntax_text text;
    struct syntax_range range;
    syntax_text_open(&text, "yaml", "s:\n  rego: |\n    package a\n    x {\n      f(§y)\n    }\n");
    size_t at = text.marks[0];
    struct syntax_range steps[64] = {0};
    size_t count = 0;
    size_t from = at;
    size_t to = at;
    while (syntax_expand(text.syntax, from, to, &range)) {
        assert_true(range.start <= from && range.end >= to);
        assert_true(range.end - range.start > to - from);
        assert_true(count < 64);
        steps[count++] = range;
        from = range.start;
        to = range.end;
    }
    assert_true(count > 8);
    assert_int_equal(steps[0].end - steps[0].start, 1);
    assert_int_equal(from, 0);
    assert_int_equal(to, text.text.len);
    size_t back = 0;
    while (syntax_shrink(text.syntax, from, to, at, &range)) {
        assert_true(range.end - range.start < to - from);
        from = range.start;
        to = range.end;
        back++;
    }
    assert_int_equal(to - from, 1);
    assert_true(back + 1 >= count);
    syntax_text_close(&text);
}

static void test_motions(void **state)
{
    (void)state;
    struct syntax_text text;
    struct syntax_range range;
    syntax_text_open(&text, "rego", "package a\n§x := 1\n§y if {\n\tz§\n}\n§q := 2\n");
    assert_true(syntax_object_next(text.syntax, OBJECT_RULE, false, text.marks[0], &range));
    assert_int_equal(range.start, text.marks[1]);
    assert_true(syntax_object_next(text.syntax, OBJECT_RULE, false, text.marks[2], &range));
    assert_int_equal(range.start, text.marks[3]);
    assert_true(syntax_object_next(text.syntax, OBJECT_RULE, true, text.marks[2], &range));
    assert_int_equal(range.start, text.marks[1]);
    assert_false(syntax_object_next(text.syntax, OBJECT_RULE, true, text.marks[0], &range));
    assert_false(syntax_object_next(text.syntax, OBJECT_RULE, false, text.marks[3], &range));
    syntax_text_close(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rego),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_grow_and_shrink),
        cmocka_unit_test(test_motions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
