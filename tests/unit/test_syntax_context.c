/* core/syntax/context: what encloses a place. */
#include "syntax_text.h"

#include "syntax/context.h"

#include <stdlib.h>

static void expect_context(const char *language, const char *marked, const char *expected)
{
    struct syntax_text text;
    struct context context;
    struct buf got = BUF_INIT;
    syntax_text_open(&text, language, marked);
    syntax_context(text.syntax, text.marks[0], &context);
    for (size_t i = 0; i < context.len; i++) {
        const struct context_entry *e = &context.items[i];
        buf_printf(&got, "%s%s %s %zu-%zu", i == 0 ? "" : "; ", e->kind, e->name, e->header_row,
            e->end_row);
    }
    char *shown = buf_take(&got);
    assert_string_equal(shown, expected);
    free(shown);
    syntax_text_close(&text);
}

static void test_chains(void **state)
{
    (void)state;
    expect_context(
        "rego", "package a\n\nx if {\n\ty\n§\tz\n}\n\ntest_q if {\n\tx\n}\n", "rule x 2-5");
    expect_context(
        "rego", "package a\n\nx if {\n\ty\n}\n\ntest_q if {\n\tx§\n}\n", "test test_q 6-8");
    expect_context("rego", "package a\n§\nx := 1\n", "");
    expect_context("markdown", "# A\n\nb\n\n## C\n\n§d\n\n# E\n", "heading A 0-7; heading C 4-7");
    expect_context("toml", "a = 1\n[b]\nc = [\n§1]\n", "table b 1-3");
    expect_context("yaml",
        "kind: x\nspec:\n  list:\n    - name: web\n      image: a§b\n      ports:\n        - 80\n"
        "    - name: db\n",
        "key spec 1-7; key list 2-7; item - name: web 3-6; key image 4-4");
    expect_context("yaml", "spec:\n  list:\n    - name: web§\n      image: b\n",
        "key spec 0-3; key list 1-3; item - name: web 2-3");
    expect_context("yaml",
        "a: 1\n---\nspec:\n  targets:\n    - rego: |\n        package a\n\n        deny[m] {\n"
        "          §m := 1\n        }\n",
        "key spec 2-9; key targets 3-9; item - rego: | 4-9; key rego 4-9; rule deny[m] 7-9");
    expect_context(NULL, "a§ b", "");
}

static void test_language_at(void **state)
{
    (void)state;
    struct syntax_text text;
    syntax_text_open(&text, "yaml", "spec§:\n  rego: |\n §   package a§\n    x = 1\nb§: 1\n");
    static const char *const expected[] = {"yaml", "rego", "rego", "yaml"};
    for (size_t i = 0; i < text.mark_count; i++) {
        assert_string_equal(syntax_language_at(text.syntax, text.marks[i])->name, expected[i]);
    }
    syntax_text_close(&text);
    syntax_text_open(&text, NULL, "x§");
    assert_null(syntax_language_at(text.syntax, 0));
    syntax_text_close(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_language_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
