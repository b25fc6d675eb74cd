/* core/syntax/shown: spans that move along with edits until the text is parsed again, and what is
 * looked up anew then. */
#include "syntax_text.h"

#include "base/vec.h"
#include "syntax/folds.h"
#include "syntax/internal.h"
#include "syntax/parsing.h"

#include <stdlib.h>

/* "keyword:package …": the spans of [from, to) and what they cover. */
static char *spans_of(struct syntax_text *text, size_t from, size_t to)
{
    struct syntax_spans spans = {0};
    struct buf out = BUF_INIT;
    syntax_highlight(text->syntax, from, to, &spans);
    VEC_FOREACH (const struct syntax_span, span, &spans) {
        buf_printf(&out, "%s:%.*s ", syntax_capture_name(span->capture),
            STR_FMT(str_slice(text->text, span->start, span->end)));
    }
    VEC_FREE(&spans);
    return buf_take(&out);
}

static void expect(struct syntax_text *text, const char *expected)
{
    char *got = spans_of(text, 0, text->text.len);
    assert_string_equal(got, expected);
    free(got);
}

static void test_until_parsed(void **state)
{
    (void)state;
    struct syntax_text text;
    syntax_text_open(&text, "rego", "package a\n\np := 1 # x\n");
    char *before = spans_of(&text, 0, text.text.len);
    assert_false(syntax_is_edited(text.syntax, 0, text.text.len));
    free(before);
    /* Typed behind the comment: it is the comment's until the parser says otherwise. */
    syntax_text_replace(&text, text.text.len - 1, text.text.len - 1, STR_LIT("yz"));
    assert_true(syntax_is_edited(text.syntax, 0, text.text.len));
    char *moved = spans_of(&text, 11, text.text.len);
    assert_non_null(strstr(moved, "comment:# xyz "));
    free(moved);
    /* A line above: everything moves. */
    syntax_text_replace(&text, 11, 11, STR_LIT("q := \"s\"\n"));
    moved = spans_of(&text, 0, text.text.len);
    assert_non_null(strstr(moved, "comment:# xyz "));
    assert_null(strstr(moved, "string:"));
    free(moved);
    assert_true(syntax_parse(text.syntax, 0, text.text.len, 0));
    assert_false(syntax_is_edited(text.syntax, 0, text.text.len));
    char *after = spans_of(&text, 0, text.text.len);
    assert_non_null(strstr(after, "string:\"s\" "));
    struct syntax_text fresh;
    syntax_text_open(&fresh, "rego", "package a\n\nq := \"s\"\np := 1 # xyz\n");
    assert_string_equal(text.text.ptr, fresh.text.ptr);
    expect(&fresh, after);
    free(after);
    syntax_text_close(&fresh);
    syntax_text_close(&text);
}

/* A sign far above changes lines that nobody edited. */
static void test_changed_elsewhere(void **state)
{
    (void)state;
    struct syntax_text text;
    syntax_text_open(&text, "yaml", "a: |\n  w: 1\n  x: 2\n  y: 3\n");
    free(spans_of(&text, 0, text.text.len));
    syntax_text_replace(&text, 3, 4, STR_LIT(""));
    char *held = spans_of(&text, 18, text.text.len);
    assert_true(syntax_parse(text.syntax, 0, text.text.len, 0));
    char *after = spans_of(&text, 18, text.text.len);
    assert_string_not_equal(held, after);
    struct syntax_text fresh;
    syntax_text_open(&fresh, "yaml", text.text.ptr);
    char *expected = spans_of(&fresh, 18, fresh.text.len);
    assert_string_equal(after, expected);
    free(expected);
    free(after);
    free(held);
    syntax_text_close(&fresh);
    syntax_text_close(&text);
}

/* While held, a question answers with the tree there is. */
static void test_hold(void **state)
{
    (void)state;
    struct syntax_text text;
    struct folds folds = {0};
    syntax_text_open(&text, "rego", "package a\n\np if {\n\tx\n}\n");
    syntax_text_replace(&text, 11, 11, STR_LIT("q := [1,\n2]\n"));
    syntax_hold(text.syntax, true);
    syntax_folds(text.syntax, 0, text.text.len, &folds);
    assert_int_equal(folds.len, 1);
    assert_int_equal(folds.items[0].first_row, 4); /* moved by the edit */
    syntax_hold(text.syntax, false);
    folds.len = 0;
    syntax_folds(text.syntax, 0, text.text.len, &folds);
    assert_int_equal(folds.len, 2);
    VEC_FREE(&folds);
    syntax_text_close(&text);
}

/* A parse that takes too long is given up, keeps what there was, and is tried again with an edit.
 */
static void test_gave_up(void **state)
{
    (void)state;
    struct syntax_text text;
    syntax_text_open(&text, "rego", "package a\n\np := 1\n");
    char *before = spans_of(&text, 0, text.text.len);
    syntax_text_replace(&text, text.text.len, text.text.len, STR_LIT("q := 2\n"));
    text.syntax->pieces.items[0].spent_us = PARSING_MOST_US + 1;
    assert_true(syntax_parse(text.syntax, 0, text.text.len, 0));
    assert_true(syntax_gave_up(text.syntax, 0));
    assert_true(syntax_go_on(text.syntax, 1000));
    char *after = spans_of(&text, 0, text.text.len);
    assert_string_equal(before, after);
    free(after);
    free(before);
    syntax_text_replace(&text, text.text.len, text.text.len, STR_LIT("r := 3\n"));
    assert_false(syntax_gave_up(text.syntax, 0));
    assert_true(syntax_parse(text.syntax, 0, text.text.len, 0));
    char *whole = spans_of(&text, 0, text.text.len);
    assert_non_null(strstr(whole, "number:3"));
    free(whole);
    syntax_text_close(&text);
}

/* Goes on with a parse in slices, and a stop ends it for good. */
static void test_slices_and_stop(void **state)
{
    (void)state;
    struct syntax_text text;
    struct buf bytes = BUF_INIT;
    buf_append_c(&bytes, "package a\n\n");
    for (int i = 0; i < 3000; i++) {
        buf_printf(&bytes, "r%d := [x | some x in input.y; x > %d]\n", i, i);
    }
    syntax_text_open(&text, "rego", bytes.ptr);
    syntax_reset(text.syntax);
    assert_false(syntax_parse(text.syntax, 0, 100, 300));
    int slices = 0;
    while (!syntax_go_on(text.syntax, 300)) {
        slices++;
    }
    assert_true(slices > 1);
    assert_true(syntax_parse(text.syntax, 0, 100, 300));
    syntax_reset(text.syntax);
    assert_false(syntax_parse(text.syntax, 0, 100, 300));
    parsing_stop(true);
    assert_true(syntax_go_on(text.syntax, 300));
    assert_true(syntax_parse(text.syntax, 0, 100, 0));
    assert_null(parsing_parse(syntax_language(text.syntax)->grammar(), buf_str(&bytes)));
    parsing_stop(false);
    TSTree *tree = parsing_parse(syntax_language(text.syntax)->grammar(), buf_str(&bytes));
    assert_non_null(tree);
    ts_tree_delete(tree);
    syntax_text_close(&text);
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_until_parsed),
        cmocka_unit_test(test_changed_elsewhere),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_gave_up),
        cmocka_unit_test(test_slices_and_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
