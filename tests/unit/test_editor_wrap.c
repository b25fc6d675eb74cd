/* Wrapping: every byte in exactly one row, rows no wider than they may be, the same with and
 * without checkpoints, in time that goes with what is looked at. */
#include "test.h"

#include "base/utf8.h"
#include "pane/editor_wrap.h"

#include <stdlib.h>

static void append_random(struct buf *out, int count)
{
    static const char *const parts[] = {"a", "word", " ", "  ", "\t", "\xe4\xb8\xad", "e\xcc\x81",
        "\xff", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "\xe2\x80\xae", "longlonglonglong",
        "{", "\"", ":", "/"};
    for (int i = 0; i < count; i++) {
        buf_append_c(out, parts[(size_t)rand() % ARRAY_LEN(parts)]);
    }
}

static size_t column_at(const struct text *text, unsigned tab, size_t offset)
{
    struct column_point at = {0, 0};
    column_walk(text, tab, &at, text_length(text), offset, SIZE_MAX);
    return at.column;
}

/* The rows of a one-line text, each checked; returns how many. */
static size_t check_rows(const struct text *text, const struct wrap_shape *shape, size_t *starts)
{
    size_t end = text_length(text), count = 0;
    struct column_point at = {0, 0}, before = at;
    starts[count++] = 0;
    while (wrap_next(text, shape, 0, end, &at)) {
        size_t room = shape->width - (before.offset == 0 ? 0 : shape->indent);
        assert_true(at.offset > before.offset && at.offset < end);
        assert_int_equal(at.column, column_at(text, shape->tab, at.offset));
        struct buf row = BUF_INIT;
        text_copy(text, before.offset, at.offset, &row);
        size_t last = utf8_cluster_before(buf_str(&row), row.len);
        bool blank = row.ptr[last] == ' ' || row.ptr[last] == '\t';
        size_t wide = (blank ? column_at(text, shape->tab, before.offset + last) : at.column);
        /* Only a cluster that is wider than a row may stand out. */
        assert_true(wide - before.column <= room || last == 0);
        /* Broken in a word only when there is no blank in the row to break at. */
        bool has_blank = str_find_char(str_slice(buf_str(&row), 0, row.len), ' ', 0) != SIZE_MAX;
        assert_true(blank || !has_blank || last == 0);
        buf_free(&row);
        before = at;
        starts[count++] = at.offset;
    }
    return count;
}

static void test_rows(void **state)
{
    (void)state;
    srand(3);
    static size_t starts[4096];
    for (int round = 0; round < 60; round++) {
        struct buf bytes = BUF_INIT;
        append_random(&bytes, rand() % 200);
        struct text *text = text_new_sized(buf_str(&bytes), 16, 64);
        size_t width = 4 + (size_t)rand() % 40;
        struct wrap_shape shape = wrap_shape_of(text, 4, width, 0, text_length(text));
        assert_true(shape.indent <= width / 2);
        size_t count = check_rows(text, &shape, starts);
        struct wrap_cache cache = {.line_start = SIZE_MAX};
        for (size_t i = 0; i < count; i++) {
            size_t to = i + 1 < count ? starts[i + 1] - 1 : text_length(text);
            assert_int_equal(
                wrap_find(&cache, text, &shape, 0, text_length(text), starts[i]).offset, starts[i]);
            assert_int_equal(
                wrap_find(&cache, text, &shape, 0, text_length(text), to).offset, starts[i]);
        }
        wrap_free(&cache);
        text_free(text);
        buf_free(&bytes);
    }
}

static void on_change(void *data, const struct text_change *change)
{
    wrap_changed(data, change);
}

/* With checkpoints in a long line that is edited, the same as without. */
static void test_checkpoints(void **state)
{
    (void)state;
    srand(4);
    struct buf bytes = BUF_INIT;
    append_random(&bytes, 4000);
    struct text *text = text_new(buf_str(&bytes));
    struct wrap_cache cache = {.line_start = SIZE_MAX};
    bool seen = false;
    text_add_listener(text, on_change, &cache);
    for (int i = 0; i < 24; i++) {
        size_t length = text_length(text);
        struct wrap_shape shape = {4, 30 + (size_t)(i / 8), 4, 1};
        for (int look = 0; look < 3; look++) {
            struct wrap_cache fresh = {.line_start = SIZE_MAX};
            size_t offset = (size_t)rand() % (length + 1);
            struct column_point with = wrap_find(&cache, text, &shape, 0, length, offset);
            struct column_point without = wrap_find(&fresh, text, &shape, 0, length, offset);
            assert_int_equal(with.offset, without.offset);
            assert_int_equal(with.column, without.column);
            wrap_free(&fresh);
        }
        seen |= cache.len > 0;
        buf_clear(&bytes);
        append_random(&bytes, rand() % 5);
        size_t at = (size_t)rand() % length;
        assert_true(text_replace(text, at, (size_t)rand() % 20, buf_str(&bytes), NULL));
    }
    assert_true(seen);
    text_remove_listener(text, on_change, &cache);
    wrap_free(&cache);
    text_free(text);
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_checkpoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
