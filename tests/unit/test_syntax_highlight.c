/* core/syntax: what is highlighted, in each language and in what stands within another. */
#include "test.h"

#include "base/vec.h"
#include "syntax_text.h"

#include <stdlib.h>

static void test_highlight_rego(void **state)
{
    (void)state;
    syntax_text_expect_dump("rego",
        "package a.b\n"
        "import data.lib as l\n"
        "deny contains msg if {\n"
        "\tinput.x == \"a\\n\" # why\n"
        "\tcount(l.f(1)) > 2\n"
        "}\n",
        "keyword.import|package\n"
        "module|a\n"
        "punctuation.delimiter|.\n"
        "module|b\n"
        "keyword.import|import\n"
        "module|data\n"
        "punctuation.delimiter|.\n"
        "module|lib\n"
        "keyword.import|as\n"
        "module|l\n"
        "function|deny\n"
        "keyword|contains\n"
        "variable|msg\n"
        "keyword|if\n"
        "punctuation.bracket|{\n"
        "variable.builtin|input\n"
        "punctuation.delimiter|.\n"
        "property|x\n"
        "operator|==\n"
        "string|\"a\n"
        "string.escape|\\n\n"
        "string|\"\n"
        "comment|# why\n"
        "function.builtin|count\n"
        "punctuation.bracket|(\n"
        "variable|l\n"
        "punctuation.delimiter|.\n"
        "function|f\n"
        "punctuation.bracket|(\n"
        "number|1\n"
        "punctuation.bracket|))\n"
        "operator|>\n"
        "number|2\n"
        "punctuation.bracket|}\n");
}

static void test_highlight_yaml(void **state)
{
    (void)state;
    syntax_text_expect_dump("yaml",
        "# c\n"
        "a: &x 1\n"
        "b: [true, \"q\", ~]\n"
        "---\n"
        "\"k\": *x\n"
        "t: |\n"
        "  text\n",
        "comment|# c\n"
        "property|a\n"
        "punctuation.delimiter|:\n"
        "punctuation.special|&\n"
        "label|x\n"
        "number|1\n"
        "property|b\n"
        "punctuation.delimiter|:\n"
        "punctuation.bracket|[\n"
        "boolean|true\n"
        "punctuation.delimiter|,\n"
        "string|\"q\"\n"
        "punctuation.delimiter|,\n"
        "constant.builtin|~\n"
        "punctuation.bracket|]\n"
        "punctuation.special|---\n"
        "property|\"k\"\n"
        "punctuation.delimiter|:\n"
        "punctuation.special|*\n"
        "label|x\n"
        "property|t\n"
        "punctuation.delimiter|:\n"
        "punctuation.delimiter||\n"
        "string|\\n  text\\n\n");
}

static void test_highlight_json(void **state)
{
    (void)state;
    syntax_text_expect_dump("json", "{\"a\": [1, \"x\\t\", null, true]}",
        "punctuation.bracket|{\n"
        "property|\"a\"\n"
        "punctuation.delimiter|:\n"
        "punctuation.bracket|[\n"
        "number|1\n"
        "punctuation.delimiter|,\n"
        "string|\"x\n"
        "string.escape|\\t\n"
        "string|\"\n"
        "punctuation.delimiter|,\n"
        "constant.builtin|null\n"
        "punctuation.delimiter|,\n"
        "boolean|true\n"
        "punctuation.bracket|]}\n");
}

static void test_highlight_toml(void **state)
{
    (void)state;
    syntax_text_expect_dump("toml", "[a.b]\nk = \"v\" # c\nn = 1\nt = true\n",
        "punctuation.bracket|[\n"
        "type|a\n"
        "punctuation.delimiter|.\n"
        "type|b\n"
        "punctuation.bracket|]\n"
        "property|k\n"
        "operator|=\n"
        "string|\"v\"\n"
        "comment|# c\n"
        "property|n\n"
        "operator|=\n"
        "number|1\n"
        "property|t\n"
        "operator|=\n"
        "boolean|true\n");
}

static void test_highlight_markdown(void **state)
{
    (void)state;
    syntax_text_expect_dump("markdown",
        "# T *i*\n"
        "\n"
        "a **b** `c`\n"
        "\n"
        "```json\n"
        "{\"a\": 1}\n"
        "```\n",
        "markup.heading|#\n"
        "markup.heading|T \n"
        "punctuation.delimiter|*\n"
        "markup.italic|i\n"
        "punctuation.delimiter|*\n"
        "punctuation.delimiter|**\n"
        "markup.bold|b\n"
        "punctuation.delimiter|**\n"
        "punctuation.delimiter|`\n"
        "markup.raw|c\n"
        "punctuation.delimiter|`\n"
        "punctuation.delimiter|```\n"
        "label|json\n"
        "markup.raw|\\n\n"
        "punctuation.bracket|{\n"
        "property|\"a\"\n"
        "punctuation.delimiter|:\n"
        "number|1\n"
        "punctuation.bracket|}\n"
        "punctuation.delimiter|```\n"
        "markup.raw|\\n\n");
}

/* ---- injections ---- */

static const char template_yaml[] = "apiVersion: v1\n"                /* 0 */
                                    "---\n"                           /* 1 */
                                    "kind: ConstraintTemplate\n"      /* 2 */
                                    "spec:\n"                         /* 3 */
                                    "  targets:\n"                    /* 4 */
                                    "    - target: admission\n"       /* 5 */
                                    "      rego: |\n"                 /* 6 */
                                    "        package tmpl\n"          /* 7 */
                                    "\n"                              /* 8 */
                                    "        deny contains m if {\n"  /* 9 */
                                    "          m := `raw\n"           /* 10 */
                                    "        text`\n"                 /* 11 */
                                    "        }\n"                     /* 12 */
                                    "      libs:\n"                   /* 13 */
                                    "        - |-\n"                  /* 14 */
                                    "          package lib.x\n"       /* 15 */
                                    "        - >-\n"                  /* 16 */
                                    "          package lib.folded\n"; /* 17 */

static void test_injection_template(void **state)
{
    (void)state;
    struct str str = str_of(template_yaml);
    struct syntax_source source = syntax_source_str(&str);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("yaml")), source);
    struct syntax_injections found = {0};
    syntax_injections(syntax, 0, str.len, &found);
    assert_int_equal(found.len, 3);
    assert_string_equal(found.items[0].language->name, "rego");
    struct buf inner = BUF_INIT;
    syntax_injection_text(&found.items[0], &source, &inner);
    assert_string_equal(inner.ptr, "package tmpl\n\ndeny contains m if {\n  m := `raw\ntext`\n}\n");
    buf_clear(&inner);
    syntax_injection_text(&found.items[1], &source, &inner);
    assert_string_equal(inner.ptr, "package lib.x\n");
    size_t row;
    size_t column;
    assert_true(syntax_injection_to_host(&found.items[0], 3, 2, &row, &column));
    assert_int_equal(row, 10);
    assert_int_equal(column, 10);
    assert_true(syntax_injection_from_host(&found.items[0], 10, 10, &row, &column));
    assert_int_equal(row, 3);
    assert_int_equal(column, 2);
    assert_false(syntax_injection_to_host(&found.items[0], 40, 0, &row, &column));
    assert_false(syntax_injection_from_host(&found.items[0], 5, 0, &row, &column));
    assert_true(found.items[0].exact);
    assert_false(found.items[2].exact);
    assert_false(syntax_injection_to_host(&found.items[2], 0, 0, &row, &column));
    buf_free(&inner);
    syntax_injections_free(&found);
    char *spans = syntax_text_dump(syntax, str);
    assert_non_null(strstr(spans, "keyword.import|package\nmodule|tmpl\nfunction|deny\n"));
    assert_non_null(strstr(spans, "keyword.import|package\nmodule|lib\n"));
    /* The indentation inside the raw string is not part of it. */
    assert_non_null(strstr(spans, "string|`raw\\n\nstring|text`\n"));
    free(spans);
    syntax_free(syntax);
}

/* A screen that begins in the middle of a long policy still finds it. */
static void test_injection_from_the_middle(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_append_c(&text, "spec:\n  rego: |\n    package a\n");
    for (int i = 0; i < 3000; i++) {
        buf_printf(&text, "    r%d := 1\n", i);
    }
    struct str str = buf_str(&text);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("yaml")), syntax_source_str(&str));
    size_t from = text.len / 2;
    assert_true(syntax_parse(syntax, from, from + 500, 0));
    struct syntax_spans spans = {0};
    syntax_highlight(syntax, from, from + 500, &spans);
    assert_true(spans.len > 20);
    VEC_FOREACH (struct syntax_span, s, &spans) {
        assert_int_not_equal(s->capture, CAPTURE_STRING);
    }
    VEC_FREE(&spans);
    syntax_free(syntax);
    buf_free(&text);
}

static void test_injection_metadata(void **state)
{
    (void)state;
    struct str str =
        STR_LIT("package a\n\n# METADATA\n# title: Deny\n# custom:\n#   n: 1\np := 1\n");
    struct syntax_source source = syntax_source_str(&str);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("rego")), source);
    struct syntax_injections found = {0};
    syntax_injections(syntax, 0, str.len, &found);
    assert_int_equal(found.len, 1);
    assert_string_equal(found.items[0].language->name, "yaml");
    struct buf inner = BUF_INIT;
    syntax_injection_text(&found.items[0], &source, &inner);
    assert_string_equal(inner.ptr, " title: Deny\n custom:\n   n: 1\n");
    size_t row;
    size_t column;
    assert_true(syntax_injection_to_host(&found.items[0], 2, 3, &row, &column));
    assert_int_equal(row, 5);
    assert_int_equal(column, 4);
    buf_free(&inner);
    syntax_injections_free(&found);
    char *spans = syntax_text_dump(syntax, str);
    assert_non_null(strstr(spans, "comment|#\nproperty|title\n"));
    free(spans);
    syntax_free(syntax);
}

static void test_injection_quoted_fence(void **state)
{
    (void)state;
    struct str str = STR_LIT("> ```rego\n> package a\n> p := 1\n> ```\n");
    struct syntax_source source = syntax_source_str(&str);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("markdown")), source);
    struct syntax_injections found = {0};
    syntax_injections(syntax, 0, str.len, &found);
    assert_int_equal(found.len, 1);
    struct buf inner = BUF_INIT;
    syntax_injection_text(&found.items[0], &source, &inner);
    assert_string_equal(inner.ptr, "package a\np := 1\n");
    size_t row;
    size_t column;
    assert_true(syntax_injection_to_host(&found.items[0], 1, 0, &row, &column));
    assert_int_equal(row, 2);
    assert_int_equal(column, 2);
    buf_free(&inner);
    syntax_injections_free(&found);
    syntax_free(syntax);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_highlight_rego),
        cmocka_unit_test(test_highlight_yaml),
        cmocka_unit_test(test_highlight_json),
        cmocka_unit_test(test_highlight_toml),
        cmocka_unit_test(test_highlight_markdown),
        cmocka_unit_test(test_injection_template),
        cmocka_unit_test(test_injection_from_the_middle),
        cmocka_unit_test(test_injection_metadata),
        cmocka_unit_test(test_injection_quoted_fence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
