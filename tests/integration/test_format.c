/* `opa fmt` as the editor asks for it, with the real opa. */
#include "test.h"

#include "engine/format.h"

#include <stdlib.h>

struct asked {
    struct loop *loop;
    bool done;
    struct format_result result;
};

static void on_done(void *data, struct format_result *result)
{
    struct asked *asked = data;
    asked->result = *result;
    result->edits = (struct text_edits){0};
    asked->done = true;
}

static struct asked ask(struct str text, enum policy_dialect hint)
{
    struct err err;
    struct asked asked = {.loop = loop_new(&err)};
    struct format *format = format_start(asked.loop, text, hint, on_done, &asked, &err);
    assert_ok(format != NULL, err);
    assert_true(loop_run_until(asked.loop, &asked.done, 240000));
    loop_free(asked.loop);
    return asked;
}

static void expect(const char *before, const char *after, enum policy_dialect dialect)
{
    struct buf made = BUF_INIT;
    struct asked asked = ask(str_of(before), DIALECT_EITHER);
    assert_ok(asked.result.ok, asked.result.err);
    text_edits_apply(&asked.result.edits, str_of(before), &made);
    assert_string_equal(made.ptr == NULL ? "" : made.ptr, after);
    assert_int_equal(asked.result.dialect, dialect);
    text_edits_free(&asked.result.edits);
    buf_free(&made);
}

static void formats_each_dialect(void **state)
{
    (void)state;
    expect("package a\nx if {\ninput.y\n}\n", "package a\n\nx if {\n\tinput.y\n}\n", DIALECT_V1);
    expect("package a\nx {\ninput.y\n}\n", "package a\n\nx {\n\tinput.y\n}\n", DIALECT_V0);
    expect("package a\r\nx if {\r\ninput.y\r\n}\r\n",
        "package a\r\n\r\nx if {\r\n\tinput.y\r\n}\r\n", DIALECT_V1);
    expect(
        "package a\n\nx if {\n\tinput.y\n}\n", "package a\n\nx if {\n\tinput.y\n}\n", DIALECT_V1);
}

static void a_text_that_does_not_parse_is_told_with_its_line(void **state)
{
    (void)state;
    struct asked asked = ask(STR_LIT("package a\n\nx if {\n\ttru(\n"), DIALECT_EITHER);
    assert_false(asked.result.ok);
    assert_int_equal(asked.result.edits.len, 0);
    assert_in_range(asked.result.row, 4, 5);
    assert_true(strncmp(asked.result.err.text, "opa fmt cannot read line ", 25) == 0);
    assert_null(strchr(asked.result.err.text, '\n'));
}

static void the_hint_decides_what_can_be_either(void **state)
{
    (void)state;
    struct asked asked = ask(STR_LIT("package a\n\ndefault x = false\n"), DIALECT_V0);
    assert_ok(asked.result.ok, asked.result.err);
    assert_int_equal(asked.result.dialect, DIALECT_V0);
    text_edits_free(&asked.result.edits);
}

static void cancelled_at_any_moment(void **state)
{
    (void)state;
    for (int turns = 0; turns < 6; turns++) {
        struct err err;
        struct asked asked = {.loop = loop_new(&err)};
        struct format *format =
            format_start(asked.loop, STR_LIT("package a\n"), DIALECT_V1, on_done, &asked, &err);
        assert_ok(format != NULL, err);
        for (int i = 0; i < turns && !asked.done; i++) {
            loop_run_once(asked.loop, 5);
        }
        if (!asked.done) {
            format_cancel(format);
        }
        text_edits_free(&asked.result.edits);
        bool was = asked.done;
        loop_free(asked.loop);
        assert_int_equal(asked.done, was);
    }
}

static void without_opa(void **state)
{
    (void)state;
    struct err err;
    char *path = mem_strdup(getenv("PATH"));
    const char *cache = getenv("XDG_CACHE_HOME");
    char *kept = mem_strdup(cache);
    setenv("PATH", "/nowhere", 1);
    setenv("XDG_CACHE_HOME", "/nowhere", 1);
    assert_null(format_start(NULL, STR_LIT(""), DIALECT_V1, on_done, NULL, &err));
    assert_non_null(strstr(err.text, "opa is not on PATH"));
    setenv("PATH", path, 1);
    if (kept == NULL) {
        unsetenv("XDG_CACHE_HOME");
    } else {
        setenv("XDG_CACHE_HOME", kept, 1);
    }
    free(kept);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_each_dialect),
        cmocka_unit_test(a_text_that_does_not_parse_is_told_with_its_line),
        cmocka_unit_test(the_hint_decides_what_can_be_either),
        cmocka_unit_test(cancelled_at_any_moment),
        cmocka_unit_test(without_opa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
