/* core/syntax/markdown: rendered text and styles, and the streaming property: whatever way the text
 * arrives, the lines are those of the text so far. */
#include "test.h"

#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "syntax/markdown.h"

#include <stdlib.h>

static char *text_of(const struct styled_lines *lines)
{
    struct buf out = BUF_INIT;
    VEC_FOREACH (const struct styled_line, line, lines) {
        buf_append(&out, line->text, line->len);
        buf_append_char(&out, '\n');
    }
    return buf_take(&out);
}

/* Text with styles: "[markup.raw|code]", attributes as b i s u after a "+". */
static char *dump(const struct styled_lines *lines)
{
    struct buf out = BUF_INIT;
    VEC_FOREACH (const struct styled_line, line, lines) {
        size_t at = 0;
        for (size_t i = 0; i < line->span_count; i++) {
            const struct styled_span *span = &line->spans[i];
            assert_true(span->start >= at && span->end > span->start && span->end <= line->len);
            buf_append(&out, line->text + at, span->start - at);
            buf_printf(&out, "[%s", span->capture == 0 ? "" : syntax_capture_name(span->capture));
            buf_append_c(&out, span->attrs == 0 ? "" : "+");
            buf_append_c(&out, (span->attrs & STYLED_BOLD) != 0 ? "b" : "");
            buf_append_c(&out, (span->attrs & STYLED_ITALIC) != 0 ? "i" : "");
            buf_append_c(&out, (span->attrs & STYLED_STRIKE) != 0 ? "s" : "");
            buf_append_c(&out, (span->attrs & STYLED_UNDERLINE) != 0 ? "u" : "");
            buf_printf(&out, "|%.*s]", (int)(span->end - span->start), line->text + span->start);
            at = span->end;
        }
        buf_append(&out, line->text + at, line->len - at);
        buf_append_char(&out, '\n');
    }
    return buf_take(&out);
}

static void expect_text(const char *source, size_t width, const char *expected)
{
    struct styled_lines lines = markdown_render(str_of(source), width);
    char *got = text_of(&lines);
    assert_string_equal(got, expected);
    free(got);
    styled_lines_free(&lines);
}

static void expect_dump(const char *source, size_t width, const char *expected)
{
    struct styled_lines lines = markdown_render(str_of(source), width);
    char *got = dump(&lines);
    assert_string_equal(got, expected);
    free(got);
    styled_lines_free(&lines);
}

/* As it stands while more may come. */
static void expect_open(const char *source, const char *expected)
{
    struct markdown *md = markdown_new();
    markdown_append(md, str_of(source));
    char *got = dump(markdown_lines(md));
    assert_string_equal(got, expected);
    free(got);
    markdown_free(md);
}

static void test_paragraphs(void **state)
{
    (void)state;
    expect_text("one two\nthree\n\nfour", 80, "one two three\n\nfour\n");
    expect_text("one two three four", 10, "one two\nthree four\n");
    expect_text("abcdefghijklmnop xy", 10, "abcdefghij\nklmnop xy\n");
    expect_text("a  \nb\\\nc", 80, "a\nb\nc\n");
    expect_text("日本語のテキスト", 10, "日本語のテ\nキスト\n");
    expect_text("", 80, "");
    expect_text("\n\n", 80, "");
    expect_text("a\r\nb\r\n\r\nc", 80, "a b\n\nc\n");
}

static void test_headings(void **state)
{
    (void)state;
    expect_dump("# One *it* ##\ntext\n## Two", 80,
        "[markup.heading+bu|One ][markup.heading+biu|it]\n\ntext\n\n[markup.heading+b|Two]\n");
    expect_dump("Title\n===\nx\n---\n", 80, "[markup.heading+bu|Title]\n\n[markup.heading+b|x]\n");
    expect_text("#no\n\n####### no", 80, "#no\n\n####### no\n");
}

static void test_emphasis(void **state)
{
    (void)state;
    expect_dump("a *b* **c** ***d*** ~~e~~ `f*g*`", 80,
        "a [markup.italic+i|b] [markup.bold+b|c] [markup.bold+bi|d] [+s|e] [markup.raw|f*g*]\n");
    expect_dump("snake_case_name 2 * 3 * 4 *x", 80, "snake_case_name 2 * 3 * 4 *x\n");
    expect_dump("**a *b* c**", 80, "[markup.bold+b|a ][markup.bold+bi|b][markup.bold+b| c]\n");
    expect_dump("**bo**ld, __u__", 80, "[markup.bold+b|bo]ld, [markup.bold+b|u]\n");
    expect_dump("\\*no\\* &lt;b&gt; `` a`b ``", 80, "*no* <b> [markup.raw|a`b]\n");
}

static void test_links(void **state)
{
    (void)state;
    expect_dump("[text](https://a.b/c \"t\") end", 80,
        "[markup.link+u|text][markup.link.url| (https://a.b/c)] end\n");
    expect_dump("<https://a.b> https://c.d/e. ![alt](i.png)", 80,
        "[markup.link.url+u|https://a.b] [markup.link.url|https://c.d/e]. "
        "[markup.link+u|alt][markup.link.url| (i.png)]\n");
    expect_text("[https://a.b](https://a.b) [x] [y](", 80, "https://a.b [x] [y](\n");
}

static void test_lists(void **state)
{
    (void)state;
    expect_text("- a\n- b\n  - c\n    more\n  - d\n- e", 80, "• a\n• b\n  ◦ c more\n  ◦ d\n• e\n");
    expect_text("1. a\n2. b\n   - c\n10. d", 80, "1. a\n2. b\n   ◦ c\n10. d\n");
    expect_text("- a\n\n- b\n\n  para\n\nafter", 80, "• a\n\n• b\n\n  para\n\nafter\n");
    expect_text("- [ ] open\n- [x] done", 80, "☐ open\n☑ done\n");
    expect_text("1. a\n  - under\n2. b", 80, "1. a\n   ◦ under\n2. b\n");
    expect_text("text\n- one two three four five", 20, "text\n• one two three four\n  five\n");
    expect_text("- a\nlazy\n\n  ```\n  code\n  ```", 80, "• a lazy\n\n    code\n");
    expect_text("-\n- x", 80, "•\n• x\n");
    expect_text("-1\n2.5 no list", 80, "-1 2.5 no list\n");
}

static void test_quotes(void **state)
{
    (void)state;
    expect_dump("> a *b*\nlazy\n>\n> - c\n\nd", 80,
        "[markup.quote|│ ]a [markup.italic+i|b] lazy\n[markup.quote|│]\n"
        "[markup.quote|│ ][markup.list|• ]c\n\nd\n");
    expect_text("> > deep", 80, "│ │ deep\n");
}

static void test_code(void **state)
{
    (void)state;
    expect_dump("```rego\npackage a\n\np := 1\n```\nend", 80,
        "  [keyword.import|package] [module|a]\n\n  [function|p] [operator|:=] "
        "[number|1]\n\nend\n");
    expect_dump("~~~\na *b*\n~~~", 80, "  [markup.raw|a *b*]\n");
    expect_dump("x\n\n    indented\n\n    more\ny", 80,
        "x\n\n  [markup.raw|indented]\n\n  [markup.raw|more]\n\ny\n");
    expect_text("```\nabcdefghijklmnop\n```", 12, "  abcdefghij\n  klmnop\n");
    expect_text("```\n\tx\n```", 80, "      x\n");
    expect_text("```yaml\na: 1\n---\nb: 2", 80, "  a: 1\n  ---\n  b: 2\n");
}

static void test_tables(void **state)
{
    (void)state;
    expect_text("| a | bb | c |\n|---|:-:|--:|\n| 1 | 2 | 3 |\n| long | x | 10 |\n\nend", 80,
        "a    │ bb │  c\n"
        "─────┼────┼───\n"
        "1    │ 2  │  3\n"
        "long │ x  │ 10\n"
        "\n"
        "end\n");
    expect_text("| name | text |\n|---|---|\n| x | one two three four |", 20,
        "name │ text\n"
        "─────┼──────────────\n"
        "x    │ one two three\n"
        "     │ four\n");
    expect_text("| a | b | c | d |\n|---|---|---|---|\n| 1111 | 2222 | 3333 | 4444 |", 12,
        "a: 1111\nb: 2222\nc: 3333\nd: 4444\n");
    expect_dump("a | b\n--|--\n`x|y` | \\|", 80,
        "[markup.bold+b|a]  [punctuation.delimiter| │ ][markup.bold+b|b]\n"
        "[punctuation.delimiter|────┼──]\n"
        "[markup.raw|x|y][punctuation.delimiter| │ ]|\n");
    expect_text("no | table\nhere", 80, "no | table here\n");
}

static void test_rule(void **state)
{
    (void)state;
    expect_text("a\n\n***\n\nb", 10, "a\n\n──────────\n\nb\n");
}

static void test_hidden_characters(void **state)
{
    (void)state;
    expect_text("a\x1b[31mb \xe2\x80\xae x \xff \x07", 80, "a^[[31mb <U+202E> x <ff> ^G\n");
    expect_text(
        "`\x1b`\n\n```\n\x1b]0;x\x07\n```\n\n| \x1b |\n|--|\n", 80, "^[\n\n  ^[]0;x^G\n\n^[\n──\n");
}

static void test_open_ends(void **state)
{
    (void)state;
    expect_open("a **bold", "a [markup.bold+b|bold]\n");
    expect_open("a **bold*", "a [markup.bold+b|bold]\n");
    expect_open("a **", "a\n");
    expect_open("use `code", "use [markup.raw|code]\n");
    expect_open("see [text](https://exa", "see [markup.link+u|text]\n");
    expect_open("```rego\npackage a\n``", "  [keyword.import|package] [module|a]\n");
    expect_open("text\n-", "text\n");
    expect_open("text\n--", "text\n");
    expect_open("| a | b |\n|--|-",
        "[markup.bold+b|a][punctuation.delimiter| │ ][markup.bold+b|b]\n"
        "[punctuation.delimiter|──┼──]\n");
    expect_open("caf\xc3", "caf\n");
    expect_open("x\r", "x\n");
}

static const char sample[] =
    "# Deny latest tags\n\nThree files. The *rule* treats a **digest** as pinned; see "
    "[docs](https://x.y/z)"
    " and `latest(c.image)`.\n\n- one\n- two\n  1. nested `a`\n  2. more\n\n     para\n- three\n\n"
    "> quote with **bold\n> over** lines\nlazy\n\n```rego\npackage a\n\ndeny contains m if {\n\tm "
    ":= `x"
    "\n`\n}\n```\n| control | policy | covered |\n|:--------|:------:|--------:|\n| 5.1.1 | `a` | "
    "yes |\n"
    "| 5.1.2 | | **no** |\n\nTitle\n---\n\n* * *\n\n1) x\n1) y\n\n    code\n\n- [ ] todo\n- [x] "
    "done\r\n\r\n"
    "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \x1b[0m \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb end "
    "***x** y* __z\n";

static void check_lines(const struct styled_lines *lines, size_t width)
{
    VEC_FOREACH (const struct styled_line, line, lines) {
        struct str text = str_make(line->text, line->len);
        assert_true(utf8_is_valid(text));
        assert_true(utf8_width(text) <= width);
        for (size_t i = 0; i < text.len; i++) {
            assert_true((unsigned char)text.ptr[i] >= ' ' && text.ptr[i] != 0x7f);
        }
    }
}

/* Every prefix renders like a text of its own, and the whole like one appended at once. */
static void test_streaming(void **state)
{
    (void)state;
    static const size_t widths[] = {80, 24, 10};
    for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
        struct markdown *streamed = markdown_new();
        markdown_set_width(streamed, widths[w]);
        for (size_t len = 1; len < sizeof sample; len++) {
            markdown_append(streamed, str_make(sample + len - 1, 1));
            const struct styled_lines *lines = markdown_lines(streamed);
            check_lines(lines, widths[w]);
            struct markdown *fresh = markdown_new();
            markdown_set_width(fresh, widths[w]);
            markdown_append(fresh, str_make(sample, len));
            char *expected = dump(markdown_lines(fresh));
            char *got = dump(lines);
            if (strcmp(expected, got) != 0) {
                fail_msg("after %zu bytes:\n--- whole\n%s\n--- streamed\n%s", len, expected, got);
            }
            free(expected);
            free(got);
            markdown_free(fresh);
        }
        markdown_finish(streamed);
        struct styled_lines whole = markdown_render(str_of(sample), widths[w]);
        char *expected = dump(&whole);
        char *got = dump(markdown_lines(streamed));
        assert_string_equal(expected, got);
        free(expected);
        free(got);
        styled_lines_free(&whole);
        markdown_free(streamed);
    }
}

/* Lines that are called unchanged are. */
static void test_unchanged(void **state)
{
    (void)state;
    struct markdown *md = markdown_new();
    char *before = mem_strdup("");
    size_t most = 0;
    for (size_t at = 0; at + 1 < sizeof sample; at += 7) {
        size_t len = sizeof sample - 1 - at;
        markdown_append(md, str_make(sample + at, len > 7 ? 7 : len));
        struct styled_lines lines = *markdown_lines(md);
        size_t unchanged = markdown_unchanged(md);
        most = unchanged > most ? unchanged : most;
        assert_true(unchanged <= lines.len);
        char *now = text_of(&lines);
        size_t count = 0;
        size_t i = 0;
        for (; count < unchanged; i++) {
            assert_true(now[i] != '\0' && now[i] == before[i]);
            count += now[i] == '\n';
        }
        free(before);
        before = now;
    }
    assert_true(most > 10);
    free(before);
    markdown_free(md);
}

static void test_limits(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    for (int i = 0; i < 3000; i++) {
        buf_append_c(&text, "> - ");
    }
    buf_append_c(&text, "deep\n\n");
    buf_append_repeat(&text, '*', 5000);
    buf_append_c(&text, "\n\n");
    for (int i = 0; i < 3000; i++) {
        buf_append_c(&text, "[`*_");
    }
    struct styled_lines lines = markdown_render(buf_str(&text), 40);
    check_lines(&lines, 40);
    styled_lines_free(&lines);
    buf_clear(&text);
    while (text.len < MARKDOWN_TEXT_MAX + 100) {
        buf_append_c(&text, "word word word word word word word\n\n");
    }
    lines = markdown_render(buf_str(&text), 80);
    assert_non_null(strstr(lines.items[lines.len - 1].text, "cut"));
    styled_lines_free(&lines);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paragraphs),
        cmocka_unit_test(test_headings),
        cmocka_unit_test(test_emphasis),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_code),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_rule),
        cmocka_unit_test(test_hidden_characters),
        cmocka_unit_test(test_open_ends),
        cmocka_unit_test(test_streaming),
        cmocka_unit_test(test_unchanged),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
