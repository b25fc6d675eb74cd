#include "test.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "text/history.h"
#include "text/history_file.h"
#include "text/record.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A sequence that is the same in every run. */
static unsigned test_random(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void insert(struct text *text, size_t at, const char *bytes)
{
    assert_true(text_insert(text, at, str_of(bytes), NULL));
    text_break(text);
}

static struct buf content_of(const struct text *text)
{
    struct buf out = BUF_INIT;
    text_copy(text, 0, SIZE_MAX, &out);
    return out;
}

static struct buf write_history(const struct text *text, size_t bytes_max)
{
    struct buf steps = BUF_INIT, out = BUF_INIT;
    size_t count, current;
    (void)history_put_steps(text, bytes_max, &steps, &count, &current);
    struct text_snapshot content = text_snapshot(text);
    history_put_head(&out, content.bytes, history_hash(&content), count, current);
    text_snapshot_free(&content);
    buf_append_str(&out, buf_str(&steps));
    buf_free(&steps);
    return out;
}

/* The same content in a new text, as when the file is opened again. */
static struct text *reopen(const struct text *text)
{
    struct buf content = content_of(text);
    struct text *again = text_new(buf_str(&content));
    buf_free(&content);
    return again;
}

static void assert_equal(const struct text *a, const struct text *b)
{
    struct buf content = content_of(a);
    assert_true(text_equals(b, buf_str(&content)));
    buf_free(&content);
}

static void test_undo_goes_on(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("one\n"));
    text_note_time(text, 5000);
    insert(text, 4, "two\n");
    insert(text, 8, "three\n");
    assert_true(text_undo(text, NULL));
    text_mark_saved(text);
    struct buf file = write_history(text, HISTORY_BYTES_MAX);
    struct text *again = reopen(text);
    struct err err = {0};
    assert_true(history_read(again, buf_str(&file), &err));
    assert_false(text_is_dirty(again));
    assert_int_equal(text_step_count(again), 3);
    assert_int_equal(text_step_time(again, 1), 5000);
    assert_true(text_redo(again, NULL));
    assert_true(text_equals(again, STR_LIT("one\ntwo\nthree\n")));
    assert_true(text_is_dirty(again));
    assert_true(text_undo(again, NULL));
    assert_false(text_is_dirty(again));
    struct text_cursor cursor;
    assert_true(text_undo(again, &cursor));
    assert_true(text_equals(again, STR_LIT("one\n")));
    assert_false(text_undo(again, NULL));
    text_free(again);
    text_free(text);
    buf_free(&file);
}

static void test_another_content_is_refused(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("one\n"));
    insert(text, 0, "zero\n");
    struct buf file = write_history(text, HISTORY_BYTES_MAX);
    struct text *other = text_new(STR_LIT("zero\none!"));
    struct err err = {0};
    assert_false(history_read(other, buf_str(&file), &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_false(text_can_undo(other));
    text_free(other);
    text_free(text);
    buf_free(&file);
}

static void test_every_cut_and_flip_is_noticed(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT("abc"));
    insert(text, 1, "x");
    text_delete(text, 0, 2);
    struct buf file = write_history(text, HISTORY_BYTES_MAX);
    for (size_t i = 0; i < file.len; i++) {
        struct text *again = reopen(text);
        assert_false(history_read(again, str_slice(buf_str(&file), 0, i), NULL));
        file.ptr[i] ^= 0x20;
        assert_false(history_read(again, buf_str(&file), NULL));
        file.ptr[i] ^= 0x20;
        assert_false(text_can_undo(again));
        text_free(again);
    }
    text_free(text);
    buf_free(&file);
}

static void random_edit(struct text *text, unsigned *seed)
{
    size_t length = text_length(text), at = test_random(seed) % (length + 1);
    switch (test_random(seed) % 8) {
    case 0:
        (void)text_undo(text, NULL);
        break;
    case 1:
        (void)text_redo(text, NULL);
        break;
    case 2:
        (void)text_go_to_step(text, test_random(seed) % text_step_count(text), NULL);
        break;
    case 3:
        text_delete(text, at, test_random(seed) % 9);
        break;
    case 4:
        text_begin(text);
        insert(text, at, "ab");
        insert(text, 0, "c\n");
        text_delete(text, 1, 2);
        text_end(text);
        break;
    default: {
        char bytes[8];
        snprintf(bytes, sizeof bytes, "%u\n", test_random(seed) % 1000);
        assert_true(text_replace(text, at, test_random(seed) % 3, str_of(bytes), NULL));
        break;
    }
    }
}

/* Each step, asked for in any order, is the text it was when it was made. */
static void test_steps_against_copies(void **state)
{
    (void)state;
    for (unsigned round = 1; round <= 40; round++) {
        unsigned seed = round;
        struct text *text = text_new(STR_LIT("start\n"));
        struct {
            struct buf *items;
            size_t len, cap;
        } copies = {0};
        VEC_PUSH(&copies, content_of(text));
        for (int i = 0; i < 60; i++) {
            random_edit(text, &seed);
            while (copies.len < text_step_count(text)) {
                VEC_PUSH(&copies, content_of(text));
            }
            /* A run may have gone on with the step. */
            buf_free(&copies.items[text_step(text)]);
            copies.items[text_step(text)] = content_of(text);
        }
        struct buf file = write_history(text, HISTORY_BYTES_MAX);
        struct text *again = reopen(text);
        assert_true(copies.len == 1 || history_read(again, buf_str(&file), NULL));
        for (int i = 0; i < 60; i++) {
            size_t step = test_random(&seed) % copies.len;
            assert_true(text_go_to_step(text, step, NULL));
            assert_true(text_equals(text, buf_str(&copies.items[step])));
            assert_true(text_go_to_step(again, step, NULL));
            assert_equal(text, again);
        }
        assert_false(text_go_to_step(text, copies.len, NULL));
        VEC_FOREACH (struct buf, copy, &copies) {
            buf_free(copy);
        }
        VEC_FREE(&copies);
        buf_free(&file);
        text_free(again);
        text_free(text);
    }
}

/* Of a history that does not fit, the way back from here stays, as far as it goes. */
static void test_a_long_history_loses_its_beginning(void **state)
{
    (void)state;
    struct text *text = text_new(STR_LIT(""));
    for (int i = 0; i < 100; i++) {
        insert(text, 0, "line\n");
    }
    assert_true(text_undo(text, NULL));
    insert(text, 0, "other\n");
    struct buf file = write_history(text, 1000);
    assert_true(file.len < 2000);
    struct text *again = reopen(text);
    assert_true(history_read(again, buf_str(&file), NULL));
    int steps = 0;
    while (text_undo(again, NULL)) {
        assert_true(text_undo(text, NULL));
        assert_equal(text, again);
        steps++;
    }
    assert_true(steps > 5 && steps < 30);
    text_free(again);
    text_free(text);
    buf_free(&file);
}

static void test_files(void **state)
{
    (void)state;
    char *top = test_dir_make();
    char *dir = path_join(top, "undo");
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    struct text *text = text_new(STR_LIT("one\n"));
    insert(text, 0, "zero\n");
    history_store(loop, dir, "/repo/a.rego", text);
    history_wait(loop, 10000);
    struct stat info;
    assert_int_equal(stat(dir, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    struct text *again = reopen(text);
    assert_false(history_load(dir, "/repo/b.rego", again, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_true(history_load(dir, "/repo/a.rego", again, &err));
    assert_true(text_undo(again, NULL));
    assert_true(text_equals(again, STR_LIT("one\n")));
    text_free(again);
    text_free(text);
    loop_free(loop);
    free(dir);
    test_dir_remove(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_undo_goes_on),
        cmocka_unit_test(test_another_content_is_refused),
        cmocka_unit_test(test_every_cut_and_flip_is_noticed),
        cmocka_unit_test(test_steps_against_copies),
        cmocka_unit_test(test_a_long_history_loses_its_beginning),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
