/* Edits between random texts, against the texts themselves. */
#include "test.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "patch/edits.h"

#include <stdlib.h>

static char *random_text(size_t lines)
{
    static const char *const words[] = {"a", "deny", "gr\xc3\xbc\xc3\xa4n", "  ", "x",
        "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x81", "\xc3\xbc", "\r"};
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < lines; i++) {
        for (int n = rand() % 4; n > 0; n--) {
            buf_append_c(&out, words[(size_t)rand() % ARRAY_LEN(words)]);
        }
        if (i + 1 < lines || rand() % 3 > 0) {
            buf_append_char(&out, '\n');
        }
    }
    return buf_take(&out);
}

static void check(const char *before, const char *after)
{
    struct text_edits edits = {0};
    struct buf made = BUF_INIT;
    struct err err;
    text_edits_between(str_of(before), str_of(after), &edits);
    assert_true(text_edits_sort(&edits, strlen(before)));
    text_edits_apply(&edits, str_of(before), &made);
    assert_true(str_equal(buf_str(&made), str_of(after)));
    for (size_t i = 0; i < edits.len; i++) {
        assert_true(utf8_is_valid(buf_str(&edits.items[i].with)));
    }
    struct text *text = text_new(str_of(before));
    assert_ok(text_edits_apply_text(&edits, text, &err), err);
    assert_true(text_equals(text, str_of(after)));
    if (edits.len > 0) {
        assert_true(text_undo(text, NULL));
    }
    assert_true(text_equals(text, str_of(before)));
    text_free(text);
    buf_free(&made);
    text_edits_free(&edits);
}

static void random_texts(void **state)
{
    (void)state;
    srand(11);
    for (int i = 0; i < 3000; i++) {
        char *before = random_text((size_t)rand() % 12);
        char *after = rand() % 4 == 0 ? mem_strdup(before) : random_text((size_t)rand() % 12);
        check(before, after);
        free(before);
        free(after);
    }
}

static void lines_that_pair_are_edited_apart(void **state)
{
    (void)state;
    struct text_edits edits = {0};
    const char *before = "package a\nx  := 1\ny  := 2\nend\n";
    text_edits_between(str_of(before), STR_LIT("package a\nx := 1\ny := 2\nend\n"), &edits);
    assert_int_equal(edits.len, 2);
    assert_int_equal(edits.items[0].to - edits.items[0].from, 1);
    assert_int_equal(edits.items[0].with.len, 0);
    text_edits_free(&edits);
}

/* A formatter keeps the words: who is in one stays in it. */
static void words_stay_where_they_are(void **state)
{
    (void)state;
    struct text_edits edits = {0};
    const char *before = "x {\n  input.a==1;   input.b==[1,\n2]\n}\n";
    const char *after = "x {\n\tinput.a == 1\n\tinput.b == [\n\t\t1,\n\t\t2,\n\t]\n}\n";
    text_edits_between(str_of(before), str_of(after), &edits);
    VEC_FOREACH (const struct text_edit, edit, &edits) {
        for (size_t i = edit->from; i < edit->to; i++) {
            assert_non_null(strchr(" \t\n,;", before[i]));
        }
    }
    text_edits_free(&edits);
    check(before, after);
}

static void overlap_and_outside_are_refused(void **state)
{
    (void)state;
    struct text_edit over[] = {{4, 6, BUF_INIT}, {0, 5, BUF_INIT}};
    struct text_edits edits = {over, 2, 2};
    assert_false(text_edits_sort(&edits, 10));
    struct text_edit outside[] = {{4, 11, BUF_INIT}};
    edits = (struct text_edits){outside, 1, 1};
    assert_false(text_edits_sort(&edits, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_texts),
        cmocka_unit_test(lines_that_pair_are_edited_apart),
        cmocka_unit_test(words_stay_where_they_are),
        cmocka_unit_test(overlap_and_outside_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
