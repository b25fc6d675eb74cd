/* core/syntax/folds: what folds, whichever part is asked, and after edits. */
#include "syntax_text.h"

#include "base/vec.h"
#include "syntax/folds.h"

#include <stdio.h>
#include <stdlib.h>

static const char template_yaml[] = "apiVersion: templates.gatekeeper.sh/v1\n" /* 0 */
                                    "kind: ConstraintTemplate\n"
                                    "spec:\n"
                                    "  crd: {a: 1,\n"
                                    "    b: 2}\n"
                                    "  targets:\n" /* 5 */
                                    "    - target: x\n"
                                    "      rego: |\n"
                                    "        package a\n"
                                    "\n"
                                    "        import data.b\n" /* 10 */
                                    "        import data.c\n"
                                    "        # one\n"
                                    "        # two\n"
                                    "        # three\n"
                                    "        deny[m] {\n" /* 15 */
                                    "          m := [1,\n"
                                    "            2]\n"
                                    "        }\n"
                                    "\n"
                                    "# last\n" /* 20 */
                                    "# of all\n"
                                    "metadata:\n"
                                    "  name: x\n";

/* "3-5 " for each fold; "c" and "i" before runs of comments and imports. */
static char *folds_of(struct syntax_text *text, size_t from, size_t to)
{
    struct folds folds = {0};
    struct buf out = BUF_INIT;
    syntax_folds(text->syntax, from, to, &folds);
    VEC_FOREACH (const struct fold, fold, &folds) {
        static const char *const kinds[] = {"", "c", "i"};
        buf_printf(&out, "%s%zu-%zu ", kinds[fold->kind], fold->first_row, fold->last_row);
    }
    VEC_FREE(&folds);
    return buf_take(&out);
}

static void expect_folds(const char *language, const char *bytes, const char *expected)
{
    struct syntax_text text;
    syntax_text_open(&text, language, bytes);
    char *got = folds_of(&text, 0, text.text.len);
    assert_string_equal(got, expected);
    free(got);
    syntax_text_close(&text);
}

static void test_languages(void **state)
{
    (void)state;
    expect_folds(
        "yaml", template_yaml, "2-18 3-4 5-18 6-18 7-18 i10-11 c12-14 15-18 16-17 c20-21 22-23 ");
    expect_folds("rego",
        "package a\n\nimport data.x\nimport data.y\n\n# a\n# b\nx if {\n\ty # not\n\t# a "
        "run\n\tf(1,\n"
        "\t\t2)\n}\n",
        "i2-3 c5-6 7-12 10-11 ");
    expect_folds("json", "{\n \"a\": [\n  1\n ],\n \"b\": {}\n}\n", "0-5 1-3 ");
    expect_folds("toml", "[a]\nb = [\n1\n]\n# x\n# y\n[[c]]\nd = 1\n", "0-5 1-3 c4-5 6-7 ");
    expect_folds("markdown", "# A\n\ntext\n\n## B\n\n```rego\nx\n```\n", "0-8 4-8 6-8 ");
    expect_folds("yaml", "a: 1\nb:\n  c: 2\n---\nd:\n- e: 1\n  f: 2\n", "0-2 1-2 3-6 4-6 5-6 ");
    expect_folds(NULL, "a {\n}\n", "");
}

static void test_part_equals_whole(void **state)
{
    (void)state;
    struct syntax_text text;
    syntax_text_open(&text, "yaml", template_yaml);
    struct folds all = {0};
    syntax_folds(text.syntax, 0, text.text.len, &all);
    size_t row = 0;
    for (size_t at = 0; at < text.text.len; at++) {
        struct folds part = {0};
        syntax_folds(text.syntax, at, at + 1, &part);
        VEC_FOREACH (const struct fold, p, &part) {
            bool known = false;
            VEC_FOREACH (const struct fold, a, &all) {
                known = known || (a->first_row == p->first_row && a->last_row == p->last_row);
            }
            assert_true(known);
        }
        VEC_FREE(&part);
        struct fold around;
        bool inside = syntax_fold_around(text.syntax, at, &around);
        size_t best = SIZE_MAX;
        VEC_FOREACH (const struct fold, a, &all) {
            best = a->first_row <= row && a->last_row >= row ? a->first_row : best;
        }
        assert_int_equal(inside, best != SIZE_MAX);
        assert_true(!inside || around.first_row == best);
        row += text.text.ptr[at] == '\n';
    }
    VEC_FREE(&all);
    syntax_text_close(&text);
}

static void test_edits(void **state)
{
    (void)state;
    uint64_t seed = 11;
    struct syntax_text text;
    syntax_text_open(&text, "yaml", template_yaml);
    for (int i = 0; i < 150; i++) {
        syntax_text_edit_at_random(&text, "a: {}[]#-\n\n  |", &seed);
        if (i % 3 != 0) {
            continue;
        }
        assert_true(syntax_parse(text.syntax, 0, text.text.len, 0));
        struct syntax_text fresh;
        syntax_text_open(&fresh, "yaml", text.bytes);
        char *got = folds_of(&text, 0, text.text.len);
        char *expected = folds_of(&fresh, 0, fresh.text.len);
        assert_string_equal(got, expected);
        free(got);
        free(expected);
        syntax_text_close(&fresh);
    }
    syntax_text_close(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_part_equals_whole),
        cmocka_unit_test(test_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
