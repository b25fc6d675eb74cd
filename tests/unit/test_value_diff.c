/* What was expected against what came: read as values, compared by structure; and taken from an
 * explanation of opa's. */
#include "test.h"

#include "engine/opa_compare.h"
#include "engine/value_diff.h"
#include "engine/value_tree.h"

#include <stdlib.h>

/* "=a|  #b/c|-d|+e" */
static char *diff_of(const char *left, const char *right, bool equal)
{
    struct value_diff diff;
    struct buf out = BUF_INIT;
    value_diff_make(str_of(left), str_of(right), &diff);
    assert_int_equal(diff.equal, equal);
    for (size_t i = 0; i < diff.len; i++) {
        const struct value_diff_row *row = &diff.items[i];
        buf_printf(&out, "%s%*s%c%s%s%s", i > 0 ? "|" : "", (int)row->depth * 2, "",
            "=#-+"[row->kind], row -> left == NULL ? "" : row->left,
            row->kind == VALUE_CHANGED ? " / " : "",
            row->kind == VALUE_SAME || row->right == NULL ? "" : row->right);
    }
    value_diff_free(&diff);
    return buf_take(&out);
}

static void expect(const char *left, const char *right, const char *want)
{
    char *have = diff_of(left, right, false);
    assert_string_equal(have, want);
    free(have);
}

static void expect_equal(const char *left, const char *right)
{
    free(diff_of(left, right, true));
}

static void equal_is_by_structure(void **state)
{
    (void)state;
    expect_equal("{\"a\": 1, \"b\": [1,2]}", "{\"b\":[1, 2],\n\"a\":1}");
    expect_equal("{\"x\", \"y\"}", "{\"y\",\"x\"}");
    expect_equal("\"\\u0041\"", "\"A\"");
    expect_equal("a: 1\nb: [x]\n", "b:\n- x\na: 1");
    expect_equal("a: yes it is\nb: null", "{\"a\": \"yes it is\", \"b\": null}");
    expect_equal("set()", "set()");
    expect_equal("pass", "pass");
}

static void tells_what_differs(void **state)
{
    (void)state;
    expect("1", "2", "#1 / 2");
    expect("pass", "fail", "#pass / fail");
    expect("{\"a\": 1, \"b\": 2}", "{\"a\": 1, \"c\": 3}", "=\"a\": 1|-\"b\": 2|+\"c\": 3");
    expect("{\"a\": {\"b\": {\"c\": 1}}, \"d\": 0}", "{\"a\": {\"b\": {\"c\": 2}}, \"d\": 0}",
        "=\"a\":|  =\"b\":|    #\"c\": 1 / \"c\": 2|=\"d\": 0");
    expect("[1, 2, 3]", "[1, 3]", "=- 1|-- 2|=- 3");
    expect("{\"8192 MB\", \"x\"}", "{\"x\", \"8192 MiB\"}",
        "#- \"8192 MB\" / - \"8192 MiB\"|=- \"x\"");
    expect("set()", "{\"x\"}", "#set() / {\"x\"}");
    expect("{}", "set()", "#{} / set()");
    expect("undefined\nsecond", "undefined", "=undefined|-second");
    expect("kind: Pod\nmetadata:\n  name: a\n  labels: {x: y}\n",
        "kind: Pod\nmetadata:\n  name: b\n  labels: {x: y}\n",
        "=\"kind\": \"Pod\"|=\"metadata\":|  #\"name\": \"a\" / \"name\": \"b\"|  =\"labels\": "
        "{\"x\": \"y\"}");
}

static void large_and_hostile_values_are_bounded(void **state)
{
    (void)state;
    struct buf deep = BUF_INIT;
    struct buf wide = BUF_INIT;
    buf_append_repeat(&deep, '[', 100000);
    buf_append_char(&wide, '[');
    for (int i = 0; i < 5000; i++) {
        buf_printf(&wide, "%s{\"k\": %d}", i > 0 ? "," : "", i);
    }
    buf_append_char(&wide, ']');
    static const char *const bad[] = {"", "{", "{\"a\"", "{\"a\": 1, \"b\"}", "{1, 2: 3}", "\"x",
        "\"x\\", "[1,]", "nonsense", "{\"\\ud800\": \"\x01\x1b[2J\"}", "\xff\xfe", "&a [*a]"};
    struct value_diff diff;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        value_diff_make(str_of(bad[i]), STR_LIT("[1, 2]"), &diff);
        assert_false(diff.equal);
        value_diff_free(&diff);
        value_diff_make(STR_LIT("{\"a\": 1}"), str_of(bad[i]), &diff);
        value_diff_free(&diff);
    }
    value_diff_make(buf_str(&deep), buf_str(&wide), &diff);
    value_diff_free(&diff);
    value_diff_make(STR_LIT("[]"), buf_str(&wide), &diff);
    assert_in_range(diff.len, 1, VALUE_DIFF_ROWS_MAX);
    value_diff_free(&diff);
    value_diff_make(STR_LIT("[0]"), buf_str(&wide), &diff);
    assert_true(diff.cut);
    value_diff_free(&diff);
    buf_free(&deep);
    buf_free(&wide);
}

static void compared(const char *detail, const char *want_expected, const char *want_got)
{
    char *expected = NULL;
    char *got = NULL;
    bool any = opa_compare_read(str_of(detail), &expected, &got);
    assert_int_equal(any, want_expected != NULL);
    if (any) {
        assert_string_equal(expected, want_expected);
        assert_string_equal(got, want_got);
    }
    free(expected);
    free(got);
}

static void reads_what_opa_compared(void **state)
{
    (void)state;
    compared("p_test.rego:10:\n  messages == {\"8192 MB\"}\n  |\n  {\"8192 MiB\"}", "{\"8192 MB\"}",
        "{\"8192 MiB\"}");
    compared("p_test.rego:10:\n  {\"a == b\"} == messages with input as {\"x\": 1}\n"
             "                |\n                {\"c\"}",
        "{\"a == b\"}", "{\"c\"}");
    compared("p_test.rego:10:\n  want == have\n  |       |\n  |       [1, 2]\n  [1, 3]", "[1, 3]",
        "[1, 2]");
    compared("p_test.rego:10:\n  a == b\n  |    |\n  |    2\n  1", "2", "1");
    compared("p_test.rego:14:\n  limits.share == 0 with input as {}\n  \n  Where:\n  \n"
             "  limits: undefined\n  limits.share: undefined",
        "0", "undefined");
    compared("p_test.rego:10:\n  \ta == 1\n  \t|\n  \t2", "1", "2");
    compared("p_test.rego:14:\n  count(x) == 3\n        |\n        {1, 2}", NULL, NULL);
    compared("p_test.rego:14:\n  x != 3", NULL, NULL);
    compared("p.rego:1: a == b", NULL, NULL);
    compared("", NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_is_by_structure),
        cmocka_unit_test(tells_what_differs),
        cmocka_unit_test(large_and_hostile_values_are_bounded),
        cmocka_unit_test(reads_what_opa_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
