#include "test.h"

#include "loop/loop.h"
#include "text/pieces.h"
#include "text/text.h"
#include "text_model.h"

static void assert_text(const struct text *text, const char *expected)
{
    struct buf all = BUF_INIT;
    text_copy(text, 0, SIZE_MAX, &all);
    buf_append_char(&all, '\0');
    assert_string_equal(all.ptr, expected);
    buf_free(&all);
}

static void type(struct text *text, size_t at, const char *keys)
{
    for (; *keys != '\0'; keys++, at++) {
        assert_true(text_insert(text, at, str_make(keys, 1), NULL));
    }
}

static void test_lines(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("one\r\ntwo\n\nlast"));
    assert_int_equal(text_line_count(text), 4);
    assert_int_equal(text_line_start(text, 1), 5);
    assert_int_equal(text_line_end(text, 0), 3);
    assert_int_equal(text_line_end(text, 1), 8);
    assert_int_equal(text_line_end(text, 3), 14);
    assert_int_equal(text_line_start(text, 99), 14);
    assert_int_equal(text_find_newline(text, 5), 8);
    assert_int_equal(text_find_newline(text, 8), 8);
    assert_int_equal(text_find_newline(text, 10), 14);
    assert_int_equal(text_line_of(text, 5), 1);
    assert_int_equal(text_line_of(text, 4), 0);
    struct text_point point = text_point_of(text, 7);
    assert_int_equal(point.row, 1);
    assert_int_equal(point.column, 2);
    assert_int_equal(text_offset_of(text, (struct text_point){1, 99}), 8);
    assert_int_equal(text_byte(text, 14), -1);
    text_free(text);
}

static void test_endings(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("a\r\nb\r\nc"));
    assert_int_equal(text_ending(text), TEXT_ENDING_CRLF);
    assert_true(str_equal_c(text_line_ending(text, 2), "\r\n"));
    assert_false(text_has_final_newline(text));
    text_free(text);
    text = text_new(STR_LIT("a\nb\r\n"));
    assert_int_equal(text_ending(text), TEXT_ENDING_MIXED);
    assert_true(str_equal_c(text_line_ending(text, 0), "\n"));
    assert_true(str_equal_c(text_line_ending(text, 1), "\r\n"));
    assert_true(text_has_final_newline(text));
    text_free(text);
    text = text_new(STR_LIT(""));
    assert_int_equal(text_ending(text), TEXT_ENDING_NONE);
    assert_true(str_equal_c(text_line_ending(text, 0), "\n"));
    assert_int_equal(text_line_count(text), 1);
    text_free(text);
}

static void test_typing_is_one_step(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("end"));
    struct text_cursor cursor;
    text_note_cursor(text, (struct text_cursor){0, 0});
    type(text, 0, "first");
    type(text, 5, "\nsecond");
    assert_true(text_undo(text, &cursor));
    assert_text(text, "firstend");
    assert_int_equal(cursor.head, 5);
    assert_true(text_undo(text, &cursor));
    assert_text(text, "end");
    assert_int_equal(cursor.head, 0);
    assert_false(text_undo(text, &cursor));
    assert_true(text_redo(text, &cursor));
    assert_int_equal(cursor.head, 5);
    assert_true(text_redo(text, &cursor));
    assert_text(text, "first\nsecondend");
    assert_false(text_redo(text, NULL));
    text_free(text);
}

static void test_runs_end(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT(""));
    type(text, 0, "ab");
    text_break(text);
    type(text, 2, "cd");
    assert_true(text_undo(text, NULL));
    assert_text(text, "ab");
    /* Backspace held is a step, Delete held another. */
    assert_true(text_redo(text, NULL));
    text_delete(text, 3, 1);
    text_delete(text, 2, 1);
    text_note_cursor(text, (struct text_cursor){0, 0});
    text_delete(text, 0, 1);
    text_delete(text, 0, 1);
    assert_text(text, "");
    assert_true(text_undo(text, NULL));
    assert_text(text, "ab");
    assert_true(text_undo(text, NULL));
    assert_text(text, "abcd");
    text_free(text);
}

static void test_groups(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("x.x.x"));
    text_begin(text);
    for (size_t at = 0; at < 9; at += 4) {
        assert_true(text_replace(text, at, 1, STR_LIT("abc"), NULL));
    }
    text_begin(text);
    text_delete(text, 3, 1);
    assert_false(text_undo(text, NULL));
    text_end(text);
    text_end(text);
    assert_text(text, "abcabc.abc");
    assert_true(text_undo(text, NULL));
    assert_text(text, "x.x.x");
    text_begin(text);
    text_end(text);
    assert_true(text_redo(text, NULL));
    assert_text(text, "abcabc.abc");
    text_free(text);
}

/* What is typed into a pair that came at once, and in several places at a time. */
static void test_runs_in_places(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("a b"));
    assert_true(text_insert(text, 1, STR_LIT("()"), NULL));
    assert_true(text_insert(text, 2, STR_LIT("x"), NULL));
    assert_true(text_insert(text, 3, STR_LIT("y"), NULL));
    assert_true(text_equals(text, STR_LIT("a(xy) b")));
    assert_int_equal(text_step_count(text), 2);
    assert_true(text_undo(text, NULL));
    assert_true(text_equals(text, STR_LIT("a b")));
    assert_true(text_redo(text, NULL));
    assert_true(text_equals(text, STR_LIT("a(xy) b")));
    assert_true(text_undo(text, NULL));
    for (size_t i = 0; i < 3; i++) {
        text_begin_run(text, false);
        assert_true(text_insert(text, 3 + i, STR_LIT("2"), NULL));
        assert_true(text_insert(text, 1 + i, STR_LIT("1"), NULL));
        text_end(text);
    }
    text_begin_run(text, true);
    text_delete(text, 0, 1);
    text_end(text);
    text_break(text);
    text_begin_run(text, true);
    text_delete(text, 0, 1);
    text_end(text);
    assert_int_equal(text_step_count(text), 5);
    assert_true(text_undo(text, NULL) && text_undo(text, NULL) && text_undo(text, NULL));
    assert_true(text_equals(text, STR_LIT("a b")));
    text_free(text);
}

static void test_dirty(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("a"));
    assert_false(text_is_dirty(text));
    type(text, 1, "bc");
    assert_true(text_is_dirty(text));
    text_mark_saved(text);
    type(text, 3, "d");
    assert_true(text_is_dirty(text));
    assert_true(text_undo(text, NULL));
    assert_false(text_is_dirty(text));
    assert_true(text_undo(text, NULL));
    assert_true(text_is_dirty(text));
    /* Another way to the same length is not the saved state. */
    type(text, 1, "xy");
    assert_true(text_is_dirty(text));
    uint64_t saving = text_state(text);
    type(text, 3, "z");
    text_mark_saved_state(text, saving);
    assert_true(text_is_dirty(text));
    assert_true(text_undo(text, NULL));
    assert_text(text, "axy");
    assert_false(text_is_dirty(text));
    text_mark_unsaved(text);
    assert_true(text_undo(text, NULL));
    assert_true(text_is_dirty(text));
    text_free(text);
}

static void test_limit(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("a"));
    struct err err = {0};
    assert_false(text_insert(text, 0, str_make("", TEXT_MAX), &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_text(text, "a");
    text_free(text);
}

static void test_snapshot_stays(void **state)
{
    (void)state;
    struct text *text = text_new_sized(STR_LIT("hello world"), 4, 8);
    type(text, 5, ", dear");
    struct text_snapshot snapshot = text_snapshot(text);
    text_delete(text, 2, 12);
    struct buf all = BUF_INIT;
    for (size_t i = 0; i < snapshot.len; i++) {
        buf_append_str(&all, snapshot.items[i]);
    }
    assert_int_equal(snapshot.bytes, all.len);
    assert_string_equal(all.ptr, "hello, dear world");
    buf_free(&all);
    text_snapshot_free(&snapshot);
    text_free(text);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void test_random_against_model(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int round = 0; round < 300; round++) {
        uint8_t bytes[3000];
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (uint8_t)next_random(&seed);
        }
        text_model_run(bytes, (size_t)next_random(&seed) % sizeof bytes);
    }
}

/* Edits all over a large text: the tree stays flat, so that a key's cost does not grow. */
static void test_balance(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct buf bytes = BUF_INIT;
    for (int i = 0; i < 100000; i++) {
        buf_printf(&bytes, "line %d of a file\n", i);
    }
    struct str run = buf_str(&bytes);
    struct piece *root = pieces_build(&run, 1, 16384, &seed);
    for (int i = 0; i < 50000; i++) {
        /* A third at random, the rest next to each other: both shapes of use. */
        size_t at = i % 3 == 0 ? next_random(&seed) % pieces_bytes(root) : (size_t)i * 9;
        struct piece *left, *right, *gone;
        struct str word = STR_LIT("word");
        pieces_split(root, at, &seed, &left, &right);
        pieces_split(right, 2, &seed, &gone, &right);
        pieces_free(gone);
        left = pieces_join(left, pieces_build(&word, 1, 16384, &seed), &seed);
        root = pieces_join(left, right, &seed);
    }
    assert_in_range(pieces_depth(root), 16, 64);
    pieces_free(root);
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_endings),
        cmocka_unit_test(test_typing_is_one_step),
        cmocka_unit_test(test_runs_end),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_runs_in_places),
        cmocka_unit_test(test_dirty),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_snapshot_stays),
        cmocka_unit_test(test_random_against_model),
        cmocka_unit_test(test_balance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
