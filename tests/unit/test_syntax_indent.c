/* core/syntax/indent: new lines, lines, ranges. */
#include "syntax_text.h"

#include "base/vec.h"
#include "syntax/indent.h"

#include <stdlib.h>

static const struct indent_style tabs = {0, 4};
static const struct indent_style blanks = {2, 4};

static void expect_new_line(const char *language, const char *marked, const char *expected)
{
    struct syntax_text text;
    struct buf got = BUF_INIT;
    syntax_text_open(&text, language, marked);
    bool yaml = language != NULL && strcmp(language, "yaml") == 0;
    syntax_indent_new_line(text.syntax, text.marks[0], yaml ? &blanks : &tabs, &got);
    char *shown = buf_take(&got);
    if (strcmp(shown, expected) != 0) {
        fail_msg("%s: \"%s\", not \"%s\"", marked, shown, expected);
    }
    free(shown);
    syntax_text_close(&text);
}

static void test_rego(void **state)
{
    (void)state;
    expect_new_line("rego", "package a§\n", "");
    expect_new_line("rego", "package a\nx if {§}\n", "");
    expect_new_line("rego", "package a\nx if {§\n}\n", "\t");
    expect_new_line("rego", "package a\nx if {\n\ty§\n}\n", "\t");
    expect_new_line("rego", "package a\nx if {\n\ty := [§\n\t]\n}\n", "\t\t");
    expect_new_line("rego", "package a\nx if {\n\ty := f({§\n\t})\n}\n", "\t\t");
    expect_new_line("rego", "package a\nx if {\n\ty := f({\"a\": 1,\n\t§})\n}\n", "\t");
    expect_new_line("rego", "package a\nx if {\n\ty\n§}\n", "");
    expect_new_line("rego", "package a\nx if {\n\ty\n}§\n", "");
    expect_new_line("rego", "package a\nx if {\n\tf(a,\n\t\tb)§\n}\n", "\t");
    /* Half typed: no node yet. */
    expect_new_line("rego", "package a\nx if {§", "\t");
    expect_new_line("rego", "package a\nx if {\n\ty := \"}\"\n\tz := {§\n", "\t\t");
    expect_new_line("rego", "package a\nx if {§\n\ny if { true }\n", "\t");
    expect_new_line("rego", "package a\nx := `\n   a§\n`\n", "   ");
    expect_new_line("json", "{\"a\": [§1]}", "\t");
    expect_new_line(NULL, "  a§", "  ");
}

static void test_yaml(void **state)
{
    (void)state;
    expect_new_line("yaml", "a: 1§\n", "");
    expect_new_line("yaml", "a:§\n", "  ");
    expect_new_line("yaml", "a: # why§\n", "  ");
    expect_new_line("yaml", "a:\n  b:§\n", "    ");
    expect_new_line("yaml", "a:\n  - b: 1§\n", "    ");
    expect_new_line("yaml", "a:\n  - b:§\n", "      ");
    expect_new_line("yaml", "a:\n  - one§\n", "  ");
    expect_new_line("yaml", "a:\n  -§\n", "    ");
    expect_new_line("yaml", "a:\n  - |§\n", "    ");
    expect_new_line("yaml", "a: |§\n", "  ");
    expect_new_line("yaml", "a: >-§\n", "  ");
    expect_new_line("yaml", "a: &x§\n", "  ");
    expect_new_line("yaml", "a: |\n    some: \n    text:§\n", "    ");
    expect_new_line("yaml", "a: {b: 1,§\n", "  ");
    expect_new_line("yaml", "a: {b: [§]}\n", "");
    expect_new_line("yaml", "a:\n  b: 1\n\n§\nc: 1\n", "  ");
    expect_new_line("yaml", "---§\n", "");
    expect_new_line("yaml", "a: 'x:\n   y:§'\n", "   ");
}

static void test_inside(void **state)
{
    (void)state;
    expect_new_line("yaml", "s:\n  rego: |§\n", "    ");
    expect_new_line("yaml", "s:\n  rego: |\n    package a§\n    x = 1\n", "    ");
    expect_new_line("yaml", "s:\n  rego: |\n    package a\n    x {§\n    }\n", "      ");
    expect_new_line("yaml", "s:\n  rego: |\n    package a\n    x {\n      y§\n    }\n", "      ");
    expect_new_line("yaml", "s:\n  rego: |\n    package a\n    x {\n      y\n    }§\n", "    ");
    expect_new_line("yaml", "s:\n  rego: |\n    package a\n    x {§\n", "      ");
    /* As deep as the text inside is elsewhere, whatever the host does. */
    expect_new_line("yaml",
        "s:\n  rego: |\n    package a\n    w {\n        z\n    }\n    x {§\n    }\n", "        ");
    expect_new_line("yaml",
        "s:\n  rego: |\n    package a\n    w {\n    \tz\n    }\n    x {\n    \ty := [§\n    }\n",
        "    \t\t");
    expect_new_line("markdown", "- a\n\n  ```rego\n  x if {§\n  }\n  ```\n", "  \t");
}

static char *reindented(const char *language, const char *bytes, const struct indent_style *style)
{
    struct syntax_text text;
    struct indent_edits edits = {0};
    struct buf out = BUF_INIT;
    syntax_text_open(&text, language, bytes);
    syntax_reindent(text.syntax, 0, text.text.len, style, &edits);
    size_t at = 0;
    VEC_FOREACH (const struct indent_edit, e, &edits) {
        assert_true(e->start >= at && e->end >= e->start);
        buf_append_str(&out, str_slice(text.text, at, e->start));
        buf_append_c(&out, e->with);
        at = e->end;
    }
    buf_append_str(&out, str_from(text.text, at));
    indent_edits_free(&edits);
    syntax_text_close(&text);
    return buf_take(&out);
}

static void test_reindent(void **state)
{
    (void)state;
    const char *good =
        "package a\n\nx contains m if {\n\ty := [\n\t\t1,\n\t\t{\n\t\t\t\"a\": 2,\n\t\t},"
        "\n\t]\n\n\tz := `\n keep\n`\n\tf({\n\t\t\"b\": 3,\n\t})\n}\n";
    const char *bad = "package a\n\n  x contains m if {\ny := [\n1,\n      {\n\"a\": 2,\n},"
                      "\n]\n\n\t\t\tz := `\n keep\n`\nf({\n\"b\": 3,\n})\n  }\n";
    char *got = reindented("rego", bad, &tabs);
    assert_string_equal(got, good);
    char *again = reindented("rego", got, &tabs);
    assert_string_equal(again, good);
    free(got);
    free(again);
    got = reindented("yaml",
        "a:\n   b: 1\nrego: |\n    package a\n    x {\n    y\n      }\nc: [\n1]\n", &blanks);
    assert_string_equal(
        got, "a:\n   b: 1\nrego: |\n    package a\n    x {\n      y\n    }\nc: [\n  1]\n");
    free(got);
}

static void test_line(void **state)
{
    (void)state;
    struct syntax_text text;
    struct buf out = BUF_INIT;
    syntax_text_open(&text, "rego", "package a\nx if {\ny§\n§\n`a\n§b`\n§}\n");
    assert_true(syntax_indent_line(text.syntax, text.marks[0], &tabs, &out));
    assert_string_equal(out.ptr, "\t");
    assert_false(syntax_indent_line(text.syntax, text.marks[1], &tabs, &out));
    assert_false(syntax_indent_line(text.syntax, text.marks[2], &tabs, &out));
    buf_clear(&out);
    assert_true(syntax_indent_line(text.syntax, text.marks[3], &tabs, &out));
    assert_int_equal(out.len, 0);
    buf_free(&out);
    syntax_text_close(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rego),
        cmocka_unit_test(test_yaml),
        cmocka_unit_test(test_inside),
        cmocka_unit_test(test_reindent),
        cmocka_unit_test(test_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
