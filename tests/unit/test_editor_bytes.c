/* Every kind of text in the editor: what is saved is what was there and what was typed, byte for
 * byte; and clusters of every kind, whose places and widths a simple model knows. */
#include "editor_bench.h"
#include "test.h"

#include "base/file.h"
#include "base/path.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "screen/clipboard.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(struct bench *bench, const char *name, struct str bytes, unsigned mode)
{
    char *path = path_join(bench->dir, name);
    struct err err;
    assert_ok(file_write(path, bytes, mode, &err), err);
    assert_int_equal(chmod(path, mode), 0);
    free(path);
}

static void assert_disk(struct bench *bench, const char *name, struct str expected, unsigned mode)
{
    char *path = path_join(bench->dir, name);
    struct buf bytes = BUF_INIT;
    struct err err;
    struct stat st;
    assert_ok(file_read(path, SIZE_MAX, &bytes, &err), err);
    if (!str_equal(buf_str(&bytes), expected)) {
        fail_msg("%s: %zu bytes on disk are not the %zu expected", name, bytes.len, expected.len);
    }
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
    buf_free(&bytes);
    free(path);
}

#define BYTES(literal)                                                                             \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

/* A line is added at the end and taken away again, each saved: all else is untouched. */
static void test_what_is_saved(void **state)
{
    struct bench *bench = *state;
    static const struct {
        const char *name;
        struct str bytes;
        unsigned mode;
    } cases[] = {
        {"empty", BYTES(""), 0600},
        {"cr", BYTES("\r"), 0644},
        {"mixed", BYTES("a\r\nb\nc\rd\r\r\n\n"), 0755},
        {"crlf", BYTES("a\r\nb\r\n"), 0640},
        {"no-newline", BYTES("a\nb"), 0604},
        {"bom.yaml", BYTES("\xEF\xBB\xBFkind: Pod\n"), 0644},
        {"overlong", BYTES("\xC0\xAF\xE0\x80\xAF\xF0\x80\x80\xAF\n"), 0644},
        {"surrogates", BYTES("\xED\xA0\x80\xED\xBF\xBF x\n"), 0644},
        {"past-the-end", BYTES("\xF4\x90\x80\x80\xF8\x88\x80\x80\x80\xFF\xFE\n"), 0644},
        {"cut", BYTES("abc \xF0\x9F\x98"), 0644},
        {"latin1", BYTES("caf\xE9 na\xEFve\n"), 0644},
        {"bidi", BYTES("a \xE2\x80\xAE\xE2\x81\xA6 b\xE2\x80\x8B\n\xD7\xA9\xD7\x9C\n"), 0644},
        {"controls", BYTES("\x01\x02\x1B[31m\x7F\xC2\x9B\x08\n"), 0600},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        put(bench, cases[i].name, cases[i].bytes, cases[i].mode);
        bench_open(bench, cases[i].name);
        bench_press(bench, "ctrl-end");
        bench_type(bench, "Q");
        bench_see(bench, "Q");
        bench_save(bench);
        struct buf more = BUF_INIT;
        buf_append_str(&more, cases[i].bytes);
        buf_append_char(&more, 'Q');
        assert_disk(bench, cases[i].name, buf_str(&more), cases[i].mode);
        buf_free(&more);
        bench_press(bench, "backspace");
        bench_save(bench);
        assert_disk(bench, cases[i].name, cases[i].bytes, cases[i].mode);
    }
}

/* A NUL is looked for where git looks; later ones are text like any other. */
static void test_a_late_nul_is_kept(void **state)
{
    struct bench *bench = *state;
    struct buf bytes = BUF_INIT;
    buf_append_repeat(&bytes, 'x', 9000);
    buf_append(&bytes, "\n\0nul\0\n", 7);
    put(bench, "nul.txt", buf_str(&bytes), 0644);
    bench_open(bench, "nul.txt");
    bench_press(bench, "ctrl-end up");
    bench_see(bench, "^@nul^@");
    bench_type(bench, "!");
    bench_save(bench);
    buf_insert(&bytes, 9001, "!", 1);
    assert_disk(bench, "nul.txt", buf_str(&bytes), 0644);
    buf_free(&bytes);
}

/* The largest file that is opened, in lines and with its last megabyte in one: both ends are
 * edited, and it is what it was when that is taken back. */
static void test_the_largest_file(void **state)
{
    struct bench *bench = *state;
    struct buf bytes = BUF_INIT;
    const size_t size = ((size_t)64 << 20) - 2;
    buf_reserve(&bytes, size + 8);
    while (bytes.len < size - ((size_t)1 << 20)) {
        buf_append_c(&bytes,
            "a line of the largest file there is: the bytes of it stay as they are, "
            "and there are rather many of them\xFF\r\n");
    }
    buf_append_repeat(&bytes, 'x', size - bytes.len);
    struct err err;
    char *path = path_join(bench->dir, "large.txt");
    assert_ok(file_write(path, buf_str(&bytes), 0600, &err), err);
    bench_open(bench, "large.txt");
    bench_type(bench, "<");
    bench_press(bench, "ctrl-end");
    bench_type(bench, ">");
    bench_see(bench, "xxx>");
    struct buf content = BUF_INIT;
    assert_true(editor_unsaved_content(bench->editor, "large.txt", &content));
    assert_int_equal(content.len, bytes.len + 2);
    assert_int_equal(content.ptr[0], '<');
    assert_int_equal(content.ptr[content.len - 1], '>');
    assert_memory_equal(content.ptr + 1, bytes.ptr, bytes.len);
    buf_free(&content);
    bench_press(bench, "ctrl-z ctrl-z");
    bench_see_not(bench, "●");
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
    free(path);
    buf_free(&bytes);
}

static void assert_shown(struct bench *bench, const char *expected)
{
    struct buf content = BUF_INIT;
    assert_true(editor_text(bench->editor, SIZE_MAX, &content));
    assert_true(str_equal_c(buf_str(&content), expected));
    buf_free(&content);
}

static void cut_to_a_line(const char *path)
{
    assert_int_equal(truncate(path, 5), 0);
}

static void cut_to_nothing(const char *path)
{
    assert_int_equal(truncate(path, 0), 0);
}

/* A file that others make shorter: what is shown follows when nothing was edited here; else the
 * text stays as it was typed, and saving asks. */
static void test_a_file_shrinks(void **state)
{
    struct bench *bench = *state;
    static void (*const cut[])(const char *path) = {cut_to_a_line, cut_to_nothing};
    static const char *const left[] = {"line\n", ""};
    struct buf bytes = BUF_INIT;
    for (int i = 0; i < 30000; i++) {
        buf_append_c(&bytes, "line\n");
    }
    for (size_t i = 0; i < ARRAY_LEN(cut); i++) {
        char *name = mem_printf("s%zu.txt", i), *path = path_join(bench->dir, name);
        test_write(bench->dir, name, bytes.ptr);
        bench_open(bench, name);
        bench_press(bench, "ctrl-end");
        cut[i](path);
        editor_check_disk(bench->editor);
        assert_shown(bench, left[i]);
        test_write(bench->dir, name, bytes.ptr);
        editor_check_disk(bench->editor);
        bench_press(bench, "ctrl-end");
        bench_type(bench, "mine");
        cut[i](path);
        editor_check_disk(bench->editor);
        bench_see(bench, "Changed on disk");
        bench_press(bench, "k");
        bench_type(bench, "!");
        buf_append_c(&bytes, "mine!");
        assert_shown(bench, bytes.ptr);
        bytes.len -= 5;
        bytes.ptr[bytes.len] = '\0';
        bench_press(bench, "ctrl-s");
        bench_wait_for(bench, "Changed on disk");
        bench_press(bench, "esc");
        bench_assert_file(bench, name, left[i]);
        free(name);
        free(path);
    }
    buf_free(&bytes);
}

/* More files with unsaved edits than are kept open otherwise: each opens, none is closed. */
static void test_many_unsaved_files(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 40; i++) {
        char *name = mem_printf("f%d.txt", i);
        char *text = mem_printf("file %d\n", i);
        test_write(bench->dir, name, text);
        bench_open(bench, name);
        bench_see(bench, name);
        bench_type(bench, "edited ");
        free(name);
        free(text);
    }
    bench_open(bench, "f0.txt");
    bench_assert_content(bench, "edited file 0\n");
    bench_open(bench, "f39.txt");
    bench_assert_content(bench, "edited file 39\n");
}

static void become_folder(const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void become_pipe(const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void become_link(const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
}

static void become_binary(const char *path)
{
    struct err err;
    assert_ok(file_write(path, str_make("\0\1", 2), 0600, &err), err);
}

static void become_huge(const char *path)
{
    assert_int_equal(truncate(path, (off_t)2 << 30), 0);
}

/* What stands on disk is no text any more: the one here is not thrown away, and it is said. */
static void test_a_file_becomes_something_else(void **state)
{
    struct bench *bench = *state;
    static const struct {
        const char *name;
        void (*become)(const char *path);
        const char *sentence;
    } cases[] = {
        {"f", become_folder, "f is a folder, not a file: the text as it was"},
        {"p", become_pipe, "p is a device, pipe or socket, not a file: the text as it was"},
        {"l", become_link, "l is a symbolic link"},
        {"b", become_binary, "b is a binary file (2 bytes)"},
        {"h", become_huge, "h is too large: 2147483648 bytes"},
    };
    bench->cols = 160;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *path = path_join(bench->dir, cases[i].name);
        test_write(bench->dir, cases[i].name, "the only copy\n");
        bench_open(bench, cases[i].name);
        cases[i].become(path);
        editor_check_disk(bench->editor);
        bench_see(bench, cases[i].sentence);
        editor_check_disk(bench->editor);
        bench_see(bench, "●");
        bench_assert_content(bench, "the only copy\n");
        bench_press(bench, "right");
        editor_check_disk(bench->editor);
        bench_see_not(bench, cases[i].sentence); /* once is enough */
        free(path);
    }
}

/* A cluster, its bytes and the columns a terminal gives it. */
struct cluster {
    const char *text;
    int width;
};

#define ZALGO10 "\xCC\x80\xCC\x81\xCC\x82\xCC\x83\xCC\x84\xCC\x85\xCC\x86\xCC\x87\xCC\x88\xCC\x89"

static const struct cluster clusters[] = {
    {"a", 1}, {"-", 1}, {"\xC3\xA9", 1}, {"e\xCC\x81", 1}, {"\xE6\xBC\xA2", 2},
    {"\xEF\xBC\xA1", 2},                                 /* fullwidth A */
    {"\xEF\xBD\xB6", 1},                                 /* halfwidth katakana */
    {"\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8", 2},         /* jamo: one syllable */
    {"\xEA\xB0\x81", 2},                                 /* the same, composed */
    {"\xF0\x9F\x98\x80", 2},                             /* an emoji */
    {"\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD", 2},             /* with a skin tone */
    {"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xA7", 2}, /* joined by ZWJ */
    {"\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA", 2},             /* a flag */
    {"\xE2\x9D\xA4\xEF\xB8\x8F", 2},                     /* presentation selector */
    {"\xE0\xB8\x81\xE0\xB8\xB5\xE0\xB9\x88", 1},         /* Thai: vowel and tone above */
    {"\xE0\xA4\x95\xE0\xA5\x81", 1},                     /* Devanagari: vowel below */
    {"\xCE\xB1", 1}, {"\xC2\xA7", 1},                    /* ambiguous width */
    {"\xD7\xA9", 1}, {"\xD8\xA8", 1},                    /* right to left */
    {"\xE2\x80\xAE", 8},                                 /* an override: <U+202E> */
    {"\xE2\x81\xA9", 8}, {"\x01", 2}, {"\xFF", 4}, {"\xC0", 4},
    {"o" ZALGO10 ZALGO10 ZALGO10 ZALGO10 ZALGO10 ZALGO10 ZALGO10 ZALGO10 ZALGO10 ZALGO10, 1},
    {"\t", 0}, /* up to the next stop */
};

#define LINE_MAX_CLUSTERS 12

struct line {
    const struct cluster *at[LINE_MAX_CLUSTERS];
    size_t count;
};

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

static void make_line(struct line *line, unsigned *seed, struct buf *bytes)
{
    line->count = 1 + next_random(seed) % LINE_MAX_CLUSTERS;
    for (size_t i = 0; i < line->count; i++) {
        line->at[i] = &clusters[next_random(seed) % ARRAY_LEN(clusters)];
        buf_append_c(bytes, line->at[i]->text);
    }
}

static int columns_before(const struct line *line, size_t index)
{
    int col = 0;
    for (size_t i = 0; i < index; i++) {
        col += line->at[i]->text[0] == '\t' ? 4 - col % 4 : line->at[i]->width;
    }
    return col;
}

static size_t bytes_before(const struct line *line, size_t index)
{
    size_t n = 0;
    for (size_t i = 0; i < index; i++) {
        n += strlen(line->at[i]->text);
    }
    return n;
}

static void assert_at(struct bench *bench, const struct line *line, size_t index, const char *how)
{
    size_t row, col;
    editor_cursor(bench->editor, &row, &col);
    if (row != 0 || col != bytes_before(line, index)) {
        struct buf bytes = BUF_INIT;
        for (size_t i = 0; i < line->count; i++) {
            buf_append_c(&bytes, line->at[i]->text);
        }
        fail_msg("%s: byte %zu of row %zu, not %zu (cluster %zu of \"%s\")", how, col, row,
            bytes_before(line, index), index, bytes.ptr);
    }
}

/* Where the text's row and its first column are on the screen. */
static void find_origin(struct bench *bench, int *row, int *col)
{
    bench_press(bench, "ctrl-home");
    const struct grid *grid = app_paint_to_grid(bench->app, bench->rows, bench->cols);
    assert_true(grid_cursor(grid, row, col));
}

static void check_line(struct bench *bench, unsigned seed)
{
    struct line line;
    struct buf bytes = BUF_INIT;
    int row, left, r, c;
    make_line(&line, &seed, &bytes);
    put(bench, "line.txt", buf_str(&bytes), 0644);
    bench_open(bench, "line.txt");
    find_origin(bench, &row, &left);
    for (size_t i = 0; i <= line.count; i++) {
        assert_at(bench, &line, i, "right");
        const struct grid *grid = app_paint_to_grid(bench->app, bench->rows, bench->cols);
        assert_true(grid_cursor(grid, &r, &c));
        assert_int_equal(r, row);
        if (c - left != columns_before(&line, i)) {
            fail_msg("cursor before cluster %zu of \"%s\" is in column %d, not %d", i, bytes.ptr,
                c - left, columns_before(&line, i));
        }
        bench_press(bench, "right");
    }
    for (size_t i = 0; i < line.count; i++) {
        int col = left + columns_before(&line, i);
        bench_mouse(bench, MOUSE_PRESS, row + 2, col); /* or it would be a double click */
        bench_mouse(bench, MOUSE_RELEASE, row + 2, col);
        bench_mouse(bench, MOUSE_PRESS, row, col);
        assert_at(bench, &line, i, "click");
        bench_mouse(bench, MOUSE_DRAG, row, left + columns_before(&line, line.count));
        assert_at(bench, &line, line.count, "drag");
        bench_mouse(bench, MOUSE_RELEASE, row, left + columns_before(&line, line.count));
        bench_press(bench, "ctrl-c");
        assert_true(str_equal(clipboard_text(), str_from(buf_str(&bytes), bytes_before(&line, i))));
    }
    bench_press(bench, "end");
    size_t erased = next_random(&seed) % line.count;
    for (size_t i = line.count; i > erased; i--) {
        assert_at(bench, &line, i, "erase");
        bench_press(bench, "backspace");
    }
    bench_save(bench);
    assert_disk(
        bench, "line.txt", str_slice(buf_str(&bytes), 0, bytes_before(&line, erased)), 0644);
    bench_press(bench, "ctrl-w");
    buf_free(&bytes);
}

static void test_clusters_against_a_model(void **state)
{
    for (unsigned seed = 1; seed <= 200; seed++) {
        check_line(*state, seed * 7919u);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_saved, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_a_late_nul_is_kept, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_the_largest_file, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_shrinks, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_many_unsaved_files, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_file_becomes_something_else, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(
            test_clusters_against_a_model, bench_set_up, bench_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
