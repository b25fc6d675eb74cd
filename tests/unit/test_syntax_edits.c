/* core/syntax: random edits against a parse from the beginning, texts of many documents, and a
 * parse within its time. */
#include "test.h"

#include "base/vec.h"
#include "dice.h"
#include "syntax/internal.h"
#include "syntax_text.h"

#include <stdio.h>
#include <stdlib.h>

/* A string as a source that hands out at most `chunk` bytes at a time. */
struct text {
    struct buf bytes;
    size_t chunk;
};

static struct str text_read(void *data, size_t offset)
{
    struct text *text = data;
    struct str rest = str_from(buf_str(&text->bytes), offset);
    return rest.len > text->chunk ? str_slice(rest, 0, text->chunk) : rest;
}

static size_t text_size(void *data)
{
    return ((struct text *)data)->bytes.len;
}

static struct syntax_source text_source(struct text *text)
{
    return (struct syntax_source){text_read, text_size, text};
}

/* ---- edits ---- */

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static size_t below(size_t bound)
{
    return bound == 0 ? 0 : (size_t)(dice_roll(&random_state) % bound);
}

static void replace(
    struct text *text, struct syntax *syntax, size_t at, size_t removed, struct str with)
{
    TSInputEdit edit = {
        .start_byte = (uint32_t)at,
        .old_end_byte = (uint32_t)(at + removed),
        .new_end_byte = (uint32_t)(at + with.len),
        .start_point = syntax_text_point(buf_str(&text->bytes), at),
        .old_end_point = syntax_text_point(buf_str(&text->bytes), at + removed),
    };
    buf_remove(&text->bytes, at, removed);
    buf_insert(&text->bytes, at, with.ptr, with.len);
    edit.new_end_point = syntax_text_point(buf_str(&text->bytes), at + with.len);
    syntax_edit(syntax, &edit);
}

/* All that can be asked of it, as text. */
static char *everything(struct syntax *syntax, struct str text)
{
    struct buf out = BUF_INIT;
    char *spans = syntax_text_dump(syntax, text);
    buf_append_c(&out, spans);
    free(spans);
    syntax_print(syntax, SYNTAX_TREE_TEXT, &out);
    assert_true(syntax_index(syntax, 0));
    struct outline outline = {0};
    syntax_outline(syntax, &outline);
    VEC_FOREACH (struct outline_entry, e, &outline) {
        buf_printf(&out, "%s %s %zu-%zu %zu-%zu\n", e->kind, e->name, e->start, e->end,
            e->start_row, e->end_row);
    }
    outline_free(&outline);
    struct syntax_errors errors = {0};
    syntax_errors(syntax, &errors);
    VEC_FOREACH (struct syntax_error, e, &errors) {
        buf_printf(&out, "%zu:%zu %s\n", e->row, e->column, e->text);
    }
    VEC_FREE(&errors);
    struct syntax_injections injections = {0};
    syntax_injections(syntax, 0, text.len, &injections);
    VEC_FOREACH (struct syntax_injection, i, &injections) {
        buf_printf(&out, "%s %zu-%zu %zu\n", i->language->name, i->start, i->end, i->range_count);
    }
    syntax_injections_free(&injections);
    return buf_take(&out);
}

static void check_pieces(const struct syntax *syntax, struct str text)
{
    size_t at = 0;
    size_t row = 0;
    for (size_t i = 0; i < syntax->pieces.len; i++) {
        const struct piece *piece = &syntax->pieces.items[i];
        assert_int_equal(piece->start, at);
        assert_int_equal(piece->row, row);
        at += piece->len;
        row += piece->rows;
    }
    assert_int_equal(at, text.len);
    assert_int_equal(row, syntax_text_point(text, text.len).row);
}

static bool has_errors(struct syntax *syntax)
{
    struct syntax_errors errors = {0};
    syntax_index(syntax, 0);
    syntax_errors(syntax, &errors);
    bool found = errors.len > 0;
    VEC_FREE(&errors);
    return found;
}

/* A text without errors has one tree, however it came about. In a broken one tree-sitter's recovery
 * depends on what it could reuse: there it may differ, but seldom. */
static void edit_at_random(
    const char *language, const char *start, const char *const *words, size_t word_count)
{
    const struct language *l = language_by_name(str_of(language));
    int compared = 0, differed = 0;
    for (int round = 0; round < 12; round++) {
        struct text text = {BUF_INIT, 1 + below(40)};
        buf_append_c(&text.bytes, start);
        struct syntax *edited = syntax_new(l, text_source(&text));
        for (int step = 0; step < 40; step++) {
            size_t at = below(text.bytes.len + 1);
            size_t removed = below(3) == 0 ? below(text.bytes.len - at + 1) % 40 : 0;
            struct str with = str_of(words[below(word_count)]);
            replace(&text, edited, at, removed, removed > 0 && below(2) == 0 ? STR_LIT("") : with);
            check_pieces(edited, buf_str(&text.bytes));
            if (below(3) == 0) {
                syntax_parse(edited, below(text.bytes.len), text.bytes.len, below(2));
            }
            if (below(4) != 0) {
                continue;
            }
            struct syntax *fresh = syntax_new(l, text_source(&text));
            assert_int_equal(fresh->pieces.len, edited->pieces.len);
            char *expected = everything(fresh, buf_str(&text.bytes));
            char *got = everything(edited, buf_str(&text.bytes));
            compared++;
            if (strcmp(expected, got) != 0 && has_errors(fresh)) {
                differed++;
            } else if (strcmp(expected, got) != 0) {
                fprintf(stderr, "--- text\n%s\n--- whole\n%s\n--- by edits\n%s\n", text.bytes.ptr,
                    expected, got);
                fail_msg("%s, round %d, step %d", language, round, step);
            }
            free(expected);
            free(got);
            syntax_free(fresh);
        }
        syntax_free(edited);
        buf_free(&text.bytes);
    }
    assert_in_range(differed, 0, compared / 20);
}

static void test_edits_yaml(void **state)
{
    (void)state;
    static const char *const words[] = {"---\n", "\n---\n", "...\n", "a", "\n", ": ", "- x\n",
        "# c\n", "%YAML 1.2\n", "  ", "rego: |\n  package a\n  p := 1\n", "\"", "---", "-", "|\n",
        "kind: Pod\n", "metadata: {name: x}\n", "\r\n", "\xc3\xa9", "\xff"};
    edit_at_random("yaml",
        "# first\n---\na: 1\nkind: Pod\nmetadata:\n  name: web\n---\nrego: |\n  package b\n\n"
        "  deny := 1\nlibs:\n- |\n  package c\n...\nb: [1, 2]\n",
        words, ARRAY_LEN(words));
}

static void test_edits_rego(void **state)
{
    (void)state;
    static const char *const words[] = {"allow if { x }\n", "{", "}", "\n",
        "# METADATA\n# title: x\n", "#", "\"", "`", " := ", "a.b", "some x in y\n", "not ", "1",
        "package q\n", "\xe2\x82\xac"};
    edit_at_random("rego",
        "package a\n\n# METADATA\n# title: t\n# scope: rule\ndeny contains m if {\n\tm := "
        "\"x\"\n}\n",
        words, ARRAY_LEN(words));
}

static void test_edits_markdown(void **state)
{
    (void)state;
    static const char *const words[] = {"# h\n", "\n\n", "*", "**", "`", "```rego\n", "```\n", "- ",
        "> ", "a b", "\n", "| a | b |\n|---|---|\n", "[x](y)", "    "};
    edit_at_random("markdown",
        "# t\n\ntext *a* **b** `c`\n\n```rego\npackage a\np := 1\n```\n\n- one\n- two\n", words,
        ARRAY_LEN(words));
}

/* A marker ends a document inside a block scalar too, and comments belong to what follows. */
static void test_documents(void **state)
{
    (void)state;
    struct str str =
        STR_LIT("# licence\n%YAML 1.2\n---\na: |\n  x\n--- # next\nb: 1\n----\n...\nc: 1\n");
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("yaml")), syntax_source_str(&str));
    assert_int_equal(syntax->pieces.len, 3);
    assert_int_equal(syntax->pieces.items[0].row, 0);
    assert_int_equal(syntax->pieces.items[1].row, 5);
    assert_int_equal(syntax->pieces.items[2].row, 9);
    assert_true(syntax_parse(syntax, 0, 1, 0));
    assert_non_null(syntax->pieces.items[0].tree);
    assert_null(syntax->pieces.items[1].tree);
    syntax_free(syntax);
}

/* More rows than the grammar can count: cut, parsed apart, no made-up errors. */
static void test_long_document(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    for (int i = 0; i < 70000; i++) {
        buf_append_c(&text, i % 50 == 0 ? "key:\n" : "  - 1\n");
    }
    struct str str = buf_str(&text);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("yaml")), syntax_source_str(&str));
    assert_true(syntax->pieces.len >= 3);
    size_t from = text.len - 600;
    assert_true(syntax_parse(syntax, from, text.len, 0));
    struct syntax_spans spans = {0};
    syntax_highlight(syntax, from, text.len, &spans);
    assert_true(spans.len > 50);
    assert_int_equal(spans.items[spans.len - 1].capture, CAPTURE_NUMBER);
    VEC_FREE(&spans);
    syntax_free(syntax);
    buf_free(&text);
}

/* A budget stops a parse, the next call goes on, and the result is the same. */
static void test_budget(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_append_c(&text, "package a\n");
    for (int i = 0; i < 4000; i++) {
        buf_printf(&text, "r%d := [x | some x in input.y; x > %d]\n", i, i);
    }
    struct str str = buf_str(&text);
    struct syntax *syntax = syntax_new(language_by_name(STR_LIT("rego")), syntax_source_str(&str));
    int calls = 1;
    while (!syntax_parse(syntax, 0, 4096, 1000)) {
        calls++;
    }
    assert_true(calls > 2);
    size_t from;
    size_t to;
    assert_true(syntax_take_changed_rows(syntax, &from, &to));
    assert_false(syntax_take_changed_rows(syntax, &from, &to));
    struct syntax *whole = syntax_new(language_by_name(STR_LIT("rego")), syntax_source_str(&str));
    char *expected = everything(whole, str);
    char *got = everything(syntax, str);
    assert_string_equal(expected, got);
    free(expected);
    free(got);
    syntax_free(whole);
    syntax_free(syntax);
    buf_free(&text);
}

/* No language: everything is empty, nothing fails. */
static void test_plain(void **state)
{
    (void)state;
    struct str str = STR_LIT("hello");
    struct syntax *syntax = syntax_new(NULL, syntax_source_str(&str));
    char *got = everything(syntax, str);
    assert_string_equal(got, "");
    free(got);
    syntax_edit(syntax, &(TSInputEdit){.new_end_byte = 5});
    syntax_free(syntax);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_long_document),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_edits_yaml),
        cmocka_unit_test(test_edits_rego),
        cmocka_unit_test(test_edits_markdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
