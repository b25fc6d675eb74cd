/* The editor pane in the real frame, painted to a grid without a terminal. */
#include "editor_bench.h"
#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "pane/editor_places.h"
#include "screen/clipboard.h"
#include "text/swap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static void test_edit_and_save(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.rego", "package a\n\nallow := true\n");
    bench_open(bench, "a.rego");
    bench_see(bench, "  1 ");
    bench_see(bench, "package a");
    bench_see_not(bench, "●");
    bench_press(bench, "end");
    bench_type(bench, ".b\nimport data.x");
    bench_see(bench, "import data.x");
    bench_see(bench, "a.rego ●");
    bench_press(bench, "ctrl-z");
    bench_see_not(bench, "data.x");
    bench_see(bench, "import");
    bench_press(bench, "ctrl-z");
    bench_see_not(bench, "import");
    bench_press(bench, "ctrl-y ctrl-y");
    bench_assert_file(bench, "a.rego", "package a\n\nallow := true\n");
    bench_save(bench);
    bench_see_not(bench, "●");
    bench_assert_file(bench, "a.rego", "package a.b\nimport data.x\n\nallow := true\n");
    bench_see(bench, "saved a.rego (4 lines)");
}

static void test_bytes_are_kept(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.yaml", "a: 1\r\nb: \xff\x80 x\r\nlast");
    bench_open(bench, "a.yaml");
    bench_see(bench, "CRLF");
    bench_see(bench, "<ff><80>");
    bench_press(bench, "end enter");
    bench_type(bench, "c: 2");
    bench_save(bench);
    bench_assert_file(bench, "a.yaml", "a: 1\r\nc: 2\r\nb: \xff\x80 x\r\nlast");
}

static void test_new_file(void **state)
{
    struct bench *bench = *state;
    bench_open(bench, "deep/new.rego");
    bench_see(bench, "(new)");
    bench_type(bench, "package x\n");
    bench_save(bench);
    bench_assert_file(bench, "deep/new.rego", "package x\n");
}

static void note_saved(void *data, const char *path)
{
    (void)path;
    *(bool *)data = true;
}

/* The standard keys' way to another name and to a new file: the commands ask. */
static void test_by_name(void **state)
{
    struct bench *bench = *state;
    bool saved = false;
    test_write(bench->dir, "a.txt", "one\n");
    test_write(bench->dir, "b.txt", "two\n");
    bench_open(bench, "a.txt");
    editor_on_saved(bench->editor, note_saved, &saved);
    assert_true(app_run_action(bench->app, "editor.save-as"));
    bench_see(bench, "Save as");
    bench_press(bench, "ctrl-u");
    bench_type(bench, "b.txt");
    bench_press(bench, "enter");
    bench_see(bench, "b.txt is there already: choose another name");
    bench_assert_file(bench, "b.txt", "two\n");
    assert_true(app_run_action(bench->app, "editor.save-as"));
    bench_press(bench, "ctrl-u");
    bench_type(bench, "deep/c.txt");
    bench_press(bench, "enter");
    assert_true(loop_run_until(bench->loop, &saved, 240000));
    bench_assert_file(bench, "deep/c.txt", "one\n");
    bench_see(bench, "saved deep/c.txt (1 line)");
    assert_string_equal(editor_path(bench->editor), "deep/c.txt");
    assert_true(app_run_action(bench->app, "editor.new"));
    bench_type(bench, "x/new.rego");
    bench_press(bench, "enter");
    bench_see(bench, "x/new.rego (new)");
    assert_true(app_run_action(bench->app, "editor.new"));
    bench_press(bench, "esc");
    assert_string_equal(editor_path(bench->editor), "x/new.rego");
}

static void test_what_cannot_be_opened(void **state)
{
    struct bench *bench = *state;
    struct err err = {0};
    char *fifo = path_join(bench->dir, "pipe"), *big = path_join(bench->dir, "big"),
         *binary = path_join(bench->dir, "binary"), *link = path_join(bench->dir, "link");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    int fd = open(big, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(ftruncate(fd, (64 << 20) + 1), 0);
    close(fd);
    fd = open(binary, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "a\0b", 3), 3);
    close(fd);
    const char *const names[] = {"pipe", "big", "binary", "link", ".", "../x", ".git/config"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        err = (struct err){0};
        assert_false(editor_open(bench->editor, names[i], &err));
        assert_true(err.text[0] != '\0');
        assert_null(strchr(err.text, '\n'));
    }
    assert_false(editor_jump(bench->editor, "binary", 0, 0));
    bench_see(bench, "binary is a binary file (3 bytes): line 1 has a NUL");
    assert_int_equal(truncate(binary, 0), 0);
    fd = open(binary, O_WRONLY);
    assert_int_equal(write(fd, "\xff\xfez\0\n\0", 6), 6);
    close(fd);
    assert_false(editor_jump(bench->editor, "binary", 0, 0));
    bench_see(bench, "binary is UTF-16: iconv");
    free(fifo);
    free(big);
    free(binary);
    free(link);
}

static void test_selection_and_clipboard(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one two\nthree\n");
    bench_open(bench, "a.txt");
    bench_press(bench, "ctrl-right shift-end ctrl-c");
    assert_true(str_equal_c(clipboard_text(), "two"));
    assert_non_null(strstr(bench_styles(bench), "selection"));
    bench_type(bench, "2");
    bench_assert_content(bench, "one 2\nthree\n");
    bench_press(bench, "ctrl-v ctrl-z ctrl-z");
    bench_press(bench, "down ctrl-x ctrl-home ctrl-v");
    bench_assert_content(bench, "three\none two\n");
    bench_press(bench, "ctrl-a ctrl-x ctrl-v ctrl-v");
    bench_assert_content(bench, "three\none two\nthree\none two\n");
}

static void test_paste_is_one_edit(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "x\r\ny\r\n");
    bench_open(bench, "a.txt");
    bench_type(bench, "k");
    app_paste(bench->app, STR_LIT("1\n\t2\n"));
    bench_assert_content(bench, "k1\r\n\t2\r\nx\r\ny\r\n");
    bench_press(bench, "ctrl-z");
    bench_assert_content(bench, "kx\r\ny\r\n");
}

static void test_mouse(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one two\nthree\n");
    bench->cols = 120;
    bench_open(bench, "a.txt");
    bench_screen(bench);
    const struct grid *grid = app_paint_to_grid(bench->app, bench->rows, bench->cols);
    int row = 0, col = 0;
    assert_true(grid_cursor(grid, &row, &col));
    bench_mouse(bench, MOUSE_PRESS, row, col + 4);
    bench_mouse(bench, MOUSE_DRAG, row + 1, col + 2);
    bench_mouse(bench, MOUSE_RELEASE, row + 1, col + 2);
    bench_press(bench, "ctrl-c");
    assert_true(str_equal_c(clipboard_text(), "two\nth"));
    bench_mouse(bench, MOUSE_PRESS, row + 1, col + 1);
    bench_mouse(bench, MOUSE_RELEASE, row + 1, col + 1);
    bench_mouse(bench, MOUSE_PRESS, row + 1, col + 1);
    bench_press(bench, "ctrl-c");
    assert_true(str_equal_c(clipboard_text(), "three"));
}

static void test_find(void **state)
{
    struct bench *bench = *state;
    size_t row, col;
    test_write(bench->dir, "a.txt", "alpha\nbeta Alpha\ngamma\nalphabet\n");
    bench_open(bench, "a.txt");
    bench_press(bench, "ctrl-f");
    bench_see(bench, "Find");
    bench_see(bench, "Alt-r");
    bench_type(bench, "alp");
    assert_non_null(strstr(bench_styles(bench), "search-current"));
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 0);
    bench_press(bench, "enter");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 1);
    bench_wait_for(bench, "2 of 3");
    bench_press(bench, "enter enter");
    bench_see(bench, "went round the end");
    bench_press(bench, "shift-f3");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 3);
    bench_type(bench, "zz");
    bench_see(bench, "no match");
    bench_press(bench, "alt-r backspace backspace backspace backspace backspace");
    bench_type(bench, "^g(");
    bench_see(bench, "bad pattern");
    bench_press(bench, "esc");
    bench_see_not(bench, "Find ");
    bench_type(bench, "!");
    bench_see(bench, "!");
}

static void test_replace(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "a1 a2 a3\n");
    bench_open(bench, "a.txt");
    bench_press(bench, "ctrl-r alt-r");
    bench_type(bench, "a(\\d)");
    bench_press(bench, "tab");
    bench_type(bench, "[$1]");
    bench_see(bench, "a1 → [1]");
    bench_press(bench, "alt-a");
    bench_assert_content(bench, "[1] [2] [3]\n");
    bench_see(bench, "replaced 3");
    bench_press(bench, "esc ctrl-z");
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
}

/* Each match is asked about, with what it would become. */
static void test_replace_asks(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "a1 a2 a3\na4 a5\n");
    bench_open(bench, "a.txt");
    bench_press(bench, "ctrl-r alt-r");
    bench_type(bench, "a(\\d)");
    bench_press(bench, "tab");
    bench_type(bench, "<$1>");
    bench_press(bench, "enter");
    assert_int_equal(editor_unsaved_count(bench->editor), 0); /* only asked so far */
    bench_see(bench, "a1 → <1>");
    bench_see(bench, "y yes  n no  a all the rest");
    bench_type(bench, "yn");
    bench_see(bench, "a3 → <3>");
    bench_type(bench, "y");
    bench_assert_content(bench, "<1> a2 <3>\na4 a5\n");
    bench_type(bench, "u"); /* that one not */
    bench_assert_content(bench, "<1> a2 a3\na4 a5\n");
    bench_see(bench, "a3 → <3>");
    bench_type(bench, "nxq"); /* another letter does nothing */
    bench_see(bench, "Enter asks for each");
    bench_press(bench, "enter");
    bench_see(bench, "a4 → <4>");
    bench_type(bench, "a");
    bench_assert_content(bench, "<1> a2 a3\n<4> <5>\n");
    bench_see(bench, "replaced 2, to the end of the file");
    bench_press(bench, "enter");
    bench_type(bench, "y");
    bench_press(bench, "ctrl-home");
    bench_press(bench, "enter");
    bench_type(bench, "nn");
    bench_see(bench, "to the end of the file");
    bench_press(bench, "esc");
}

static void test_go_to_line(void **state)
{
    struct bench *bench = *state;
    struct buf bytes = BUF_INIT;
    size_t row, col;
    for (int i = 1; i <= 500; i++) {
        buf_printf(&bytes, "line %d\n", i);
    }
    test_write(bench->dir, "a.txt", bytes.ptr);
    bench_open(bench, "a.txt");
    bench_press(bench, "ctrl-g");
    bench_type(bench, "321:3");
    bench_see(bench, "line 321");
    bench_press(bench, "esc");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 0);
    bench_press(bench, "ctrl-g");
    bench_type(bench, "321:3\n");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 320);
    assert_int_equal(col, 2);
    assert_true(editor_jump(bench->editor, "a.txt", 99, 5));
    bench_see(bench, "line 100");
    bench_press(bench, "ctrl-end up");
    bench_see(bench, "line 500");
    buf_free(&bytes);
}

static void test_long_lines_scroll(void **state)
{
    struct bench *bench = *state;
    struct buf bytes = BUF_INIT;
    for (int i = 0; i < 20000; i++) {
        buf_printf(&bytes, "%d\xe6\xbc\xa2,", i);
    }
    size_t length = bytes.len;
    test_write(bench->dir, "a.txt", bytes.ptr);
    bench_open(bench, "a.txt");
    bench_press(bench, "end");
    bench_see(bench, "19999\xe6\xbc\xa2,");
    bench_type(bench, "!");
    bench_press(bench, "left left left left");
    bench_see(bench, "19999\xe6\xbc\xa2,!");
    bench_press(bench, "home");
    bench_see(bench, "0\xe6\xbc\xa2,1\xe6\xbc\xa2,");
    size_t row, col;
    bench_press(bench, "end");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(col, length + 1);
    buf_free(&bytes);
}

static void test_tabs_and_wide(void **state)
{
    struct bench *bench = *state;
    size_t row, col;
    test_write(bench->dir, "a.txt", "\tx\n\xe6\xbc\xa2\xe5\xad\x97y\n");
    bench_open(bench, "a.txt");
    bench_see(bench, "    x");
    bench_press(bench, "right down");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 1);
    assert_int_equal(col, 6);
    bench_press(bench, "end left left down up");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(col, 3);
}

static void test_indent(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.yaml", "spec:\n  a: 1\n");
    bench_open(bench, "a.yaml");
    bench_press(bench, "down end");
    bench_type(bench, "\nb:\nc: 2");
    bench_press(bench, "ctrl-a tab ctrl-_");
    bench_assert_content(bench, "  # spec:\n  #   a: 1\n  #   b:\n  #     c: 2\n");
    bench_press(bench, "ctrl-_ shift-tab");
    bench_assert_content(bench, "spec:\n  a: 1\n  b:\n    c: 2\n");
    bench_press(bench, "ctrl-end up home backspace");
    bench_assert_content(bench, "spec:\n  a: 1\n  b:\n  c: 2\n");
}

/* The inner language indents and comments its own lines; a closing bracket finds its place. */
static void test_inner_language(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.yaml", "rego: |\n  package a\n\n  x {\n    y\n  }\n");
    bench_open(bench, "a.yaml");
    bench_press(bench, "down down down down end");
    bench_type(bench, "\nz := [\n1,\n]\nw");
    bench_assert_content(
        bench, "rego: |\n  package a\n\n  x {\n    y\n    z := [\n      1,\n    ]\n    w\n  }\n");
    bench_press(bench, "ctrl-_");
    bench_assert_content(
        bench, "rego: |\n  package a\n\n  x {\n    y\n    z := [\n      1,\n    ]\n    # w\n  }\n");
    test_write(bench->dir, "b.yaml",
        "apiVersion: policies.kyverno.io/v1\nspec:\n  expression: |\n    a && f(\n");
    bench_open(bench, "b.yaml");
    bench_press(bench, "ctrl-end up end");
    bench_type(bench, "\nb\n)");
    bench_press(bench, "ctrl-_");
    bench_assert_content(bench,
        "apiVersion: policies.kyverno.io/v1\nspec:\n  expression: |\n    a && f(\n      b\n"
        "    // )\n");
}

static void test_lines(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "1\n2\n3");
    bench_open(bench, "a.txt");
    bench_press(bench, "alt-down");
    bench_assert_content(bench, "2\n1\n3");
    bench_press(bench, "alt-down");
    bench_assert_content(bench, "2\n3\n1");
    bench_press(bench, "alt-up ctrl-d");
    bench_assert_content(bench, "2\n1\n1\n3");
    bench_press(bench, "ctrl-k ctrl-end ctrl-k");
    bench_assert_content(bench, "2\n1");
}

static void test_marks(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.rego", "package a\n\nallow := 1\n\ndeny := 2\n");
    struct editor_mark coverage[] = {{.line = 2, .kind = EDITOR_MARK_COVERED, .message = NULL},
        {.line = 4, .kind = EDITOR_MARK_UNCOVERED, .message = NULL}};
    struct editor_mark problem = {
        .line = 4, .kind = EDITOR_MARK_ERROR, .message = "unexpected \x1b[31m thing"};
    editor_set_marks(bench->editor, "a.rego", "coverage", coverage, 2);
    editor_set_marks(bench->editor, "a.rego", "problems", &problem, 1);
    bench_open(bench, "a.rego");
    bench_see(bench, "  3\xe2\x96\x8e");
    bench_see(bench, "\xe2\x9c\x97  5\xe2\x96\x8c");
    /* What a mark says stands behind its line, and below once the cursor is there. */
    bench_see(bench, "deny := 2   unexpected ^[[31m thing");
    editor_show_messages(bench->editor, false);
    bench_see_not(bench, "unexpected");
    bench_press(bench, "f8");
    bench_see(bench, "unexpected ^[[31m thing");
    bench_press(bench, "ctrl-home enter enter");
    bench_see(bench, "\xe2\x9c\x97  7\xe2\x96\x8c");
    editor_clear_marks(bench->editor, "problems");
    bench_see_not(bench, "\xe2\x9c\x97");
}

static void test_changes(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.rego", "a\nb\nc\nd\ne\nf\n");
    struct editor_mark marks[] = {{.line = 1, .kind = EDITOR_MARK_ADDED},
        {.line = 2, .kind = EDITOR_MARK_ADDED}, {.line = 4, .kind = EDITOR_MARK_CHANGED},
        {.line = 5, .kind = EDITOR_MARK_REMOVED}};
    struct editor_mark covered = {.line = 1, .kind = EDITOR_MARK_COVERED};
    editor_set_marks(bench->editor, "a.rego", "head", marks, 4);
    editor_set_marks(bench->editor, "a.rego", "coverage", &covered, 1);
    bench_open(bench, "a.rego");
    bench_see(bench, "2\xe2\x96\x8e+b");
    bench_see(bench, "3 +c");
    bench_see(bench, "5 ~e");
    bench_see(bench, "6 _f");
    /* From one place to the next, not line by line; a mark of coverage is no change. */
    bench_press(bench, "alt-f3");
    bench_see(bench, " 2:1");
    bench_press(bench, "alt-f3");
    bench_see(bench, " 5:1");
    bench_press(bench, "alt-f3");
    bench_see(bench, "nothing differs from HEAD below");
    bench_press(bench, "alt-shift-f3");
    bench_see(bench, " 2:1");
    bench_press(bench, "f8");
    bench_see(bench, "no mark below");
}

/* Moves the file's time on, so that no clock can hide the change. */
static void touch_later(struct bench *bench, const char *name, const char *content)
{
    test_write(bench->dir, name, content);
    char *path = path_join(bench->dir, name);
    struct timeval times[2] = {{2000000000, 0}, {2000000000, 0}};
    assert_int_equal(utimes(path, times), 0);
    free(path);
}

static void test_changed_on_disk(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one\n");
    bench_open(bench, "a.txt");
    touch_later(bench, "a.txt", "two\n");
    editor_check_disk(bench->editor);
    bench_see(bench, "two");
    bench_see(bench, "read again");
    bench_press(bench, "ctrl-z");
    bench_see(bench, "one");
    touch_later(bench, "a.txt", "one\n");
    editor_check_disk(bench->editor);
    bench_see_not(bench, "Changed on disk");
    bench_type(bench, "x");
    bench_press(bench, "backspace");
    test_write(bench->dir, "a.txt", "three\n");
    editor_check_disk(bench->editor);
    bench_see(bench, "Changed on disk");
    bench_press(bench, "k");
    bench_see(bench, "one");
    bench_see(bench, "changed on disk");
    editor_check_disk(bench->editor);
    bench_see_not(bench, "Changed on disk");
    bench_press(bench, "ctrl-s");
    bench_wait_for(bench, "Changed on disk");
    bench_assert_file(bench, "a.txt", "three\n");
    bench_press(bench, "o");
    bench_wait_for(bench, "saved a.txt");
    bench_assert_file(bench, "a.txt", "one\n");
    bench_see_not(bench, "changed on disk");
}

/* Both edited the file, in different lines: one key brings them together, byte for byte. */
static void test_merge(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "1\n2\n3\n4\n5\n");
    bench_open(bench, "a.txt");
    bench_type(bench, "mine ");
    touch_later(bench, "a.txt", "1\n2\n3\n4\ntheirs 5\n");
    editor_check_disk(bench->editor);
    bench_press(bench, "m");
    bench_assert_content(bench, "mine 1\n2\n3\n4\ntheirs 5\n");
    bench_press(bench, "ctrl-z");
    bench_assert_content(bench, "mine 1\n2\n3\n4\n5\n");
    bench_press(bench, "ctrl-y");
    bench_save(bench);
    bench_assert_file(bench, "a.txt", "mine 1\n2\n3\n4\ntheirs 5\n");
    /* From what was saved on, again; then the same line. */
    bench_press(bench, "ctrl-home end");
    bench_type(bench, "!");
    test_write(bench->dir, "a.txt", "mine 1\n2\n3\n4\n");
    editor_check_disk(bench->editor);
    bench_press(bench, "m");
    bench_assert_content(bench, "mine 1!\n2\n3\n4\n");
    test_write(bench->dir, "a.txt", "their 1\n2\n3\n4\n");
    editor_check_disk(bench->editor);
    bench_press(bench, "m");
    bench_see(bench, "not merged: both changed the same lines");
    bench_assert_content(bench, "mine 1!\n2\n3\n4\n");
    bench_assert_file(bench, "a.txt", "their 1\n2\n3\n4\n");
}

static void test_conflict_at_save(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one\n");
    bench_open(bench, "a.txt");
    bench_type(bench, "mine ");
    touch_later(bench, "a.txt", "theirs\n");
    bench_press(bench, "ctrl-s");
    bench_wait_for(bench, "Changed on disk");
    bench_assert_file(bench, "a.txt", "theirs\n");
    bench_press(bench, "r");
    bench_see(bench, "theirs");
    bench_see_not(bench, "●");
    bench_press(bench, "ctrl-z");
    bench_assert_content(bench, "mine one\n");
}

static void test_gone_from_disk(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one\n");
    bench_open(bench, "a.txt");
    char *path = path_join(bench->dir, "a.txt");
    assert_int_equal(unlink(path), 0);
    struct buf unsaved = BUF_INIT;
    editor_check_disk(bench->editor);
    bench_see(bench, "gone from disk");
    bench_see_not(bench, "●");
    assert_false(editor_unsaved_content(bench->editor, "a.txt", &unsaved)); /* nobody's edits */
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
    editor_save_all(bench->editor); /* nor made again by the way */
    assert_int_not_equal(access(path, F_OK), 0);
    bench_type(bench, "x");
    assert_int_equal(editor_unsaved_count(bench->editor), 1);
    assert_true(editor_unsaved_content(bench->editor, "a.txt", &unsaved));
    assert_string_equal(unsaved.ptr, "xone\n");
    buf_free(&unsaved);
    bench_press(bench, "backspace");
    bench_save(bench);
    bench_assert_file(bench, "a.txt", "one\n");
    /* Gone a moment before the save: said, and the next save makes it. */
    assert_int_equal(unlink(path), 0);
    bench_type(bench, "2");
    bench_press(bench, "ctrl-s");
    bench_wait_for(bench, "gone from disk");
    bench_save(bench);
    bench_assert_file(bench, "a.txt", "2one\n");
    free(path);
}

/* What we removed ourselves is closed, unless somebody has typed in it; what others removed stays.
 */
static void test_removed_by_us(void **state)
{
    struct bench *bench = *state;
    static const char *const names[] = {"a.txt", "b.txt", "c.txt", "d.txt"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        test_write(bench->dir, names[i], "one\n");
        bench_open(bench, names[i]);
    }
    char *theirs = path_join(bench->dir, "c.txt");
    assert_int_equal(unlink(theirs), 0);
    editor_check_disk(bench->editor);
    bench_open(bench, "b.txt");
    bench_type(bench, "x");
    for (size_t i = 0; i < 2; i++) {
        char *path = path_join(bench->dir, names[i]);
        assert_int_equal(unlink(path), 0);
        free(path);
        if (i == 0) { /* seen to be gone before it is said by whom */
            editor_check_disk(bench->editor);
        }
        editor_close_removed(bench->editor, names[i]);
    }
    editor_close_removed(bench->editor, "d.txt"); /* which is there */
    editor_check_disk(bench->editor);
    assert_int_equal(editor_open_count(bench->editor), 3);
    for (size_t i = 0; i < 3; i++) {
        bool unsaved;
        assert_string_equal(editor_open_at(bench->editor, i, &unsaved), names[i + 1]);
        assert_int_equal(unsaved, i == 0);
    }
    bench_see(bench, "gone from disk");
    free(theirs);
}

static void test_crash_recovery(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one\n");
    test_write(bench->dir, "b.txt", "two\n");
    bench_open(bench, "a.txt");
    bench_type(bench, "never saved ");
    bench_restart(bench);
    assert_int_equal(editor_offer_recovery(bench->editor), 1);
    bench_see(bench, "Unsaved edits");
    bench_press(bench, "l");
    bench_restart(bench);
    assert_int_equal(editor_offer_recovery(bench->editor), 1);
    bench_press(bench, "r");
    bench_see(bench, "never saved one");
    bench_see(bench, "●");
    /* Killed again before it is saved. */
    bench_restart(bench);
    bench_open(bench, "a.txt");
    bench_press(bench, "r");
    bench_see(bench, "never saved one");
    bench_save(bench);
    bench_assert_file(bench, "a.txt", "never saved one\n");
    bench_restart(bench);
    assert_int_equal(editor_offer_recovery(bench->editor), 0);
}

static void test_close_asks(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one\n");
    test_write(bench->dir, "b.txt", "two\n");
    bench_open(bench, "a.txt");
    bench_open(bench, "b.txt");
    bench_type(bench, "x");
    bench_press(bench, "ctrl-w");
    bench_see(bench, "unsaved edits");
    bench_press(bench, "esc");
    bench_see(bench, "b.txt ●");
    bench_press(bench, "ctrl-w d");
    bench_see(bench, "a.txt");
    bench_assert_file(bench, "b.txt", "two\n");
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
    bench_restart(bench);
    assert_int_equal(editor_offer_recovery(bench->editor), 0);
}

/* Sizes from large to tiny, and a cursor at every place: nothing is painted outside, nothing
 * crashes. */
static void test_sizes(void **state)
{
    struct bench *bench = *state;
    static const int sizes[][2] = {{40, 120}, {24, 80}, {10, 40}, {5, 20}, {1, 1}};
    test_write(bench->dir, "a.yaml", "a: [1, 2]\r\n\tb: \"\xe6\xbc\xa2\xff\"\n# c");
    bench_open(bench, "a.yaml");
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        bench->rows = sizes[i][0];
        bench->cols = sizes[i][1];
        bench_press(bench, "ctrl-home");
        for (int k = 0; k < 30; k++) {
            bench_press(bench, k % 7 == 6 ? "shift-down" : "shift-right");
            bench_screen(bench);
        }
        bench_press(bench, "ctrl-r");
        bench_screen(bench);
        bench_press(bench, "esc ctrl-g");
        bench_screen(bench);
        bench_press(bench, "esc");
    }
}

/* Random keys, pastes, mouse and sizes: nothing crashes, the cursor stays in the text, undo to the
 * end gives the file back and redo what was typed. */
static void test_random(void **state)
{
    struct bench *bench = *state;
    static const char *const keys[] = {"a", "(", "space", "enter", "enter", "tab", "shift-tab",
        "backspace", "delete", "left", "right", "up", "down", "shift-left", "shift-right",
        "shift-down", "ctrl-right", "ctrl-shift-left", "home", "end", "shift-home", "ctrl-home",
        "ctrl-end", "pagedown", "pageup", "ctrl-z", "ctrl-y", "ctrl-x", "ctrl-c", "ctrl-v",
        "ctrl-a", "ctrl-f", "ctrl-r", "ctrl-g", "esc", "esc", "f3", "shift-f3", "ctrl-k", "ctrl-d",
        "alt-up", "alt-down", "ctrl-_", "alt-backspace", "alt-d", "alt-r", "alt-a", "alt-w"};
    static const char *const pastes[] = {"x\ny\n", "\xff", "\xe6\xbc\xa2\t", "a: {b: [1", "\r\n"};
    const char *first =
        "package a\r\n\n\tallow if {\n\t\tinput.x == \"\xe6\xbc\xa2\"\n\t}\n\xf0\x9f";
    uint64_t seed = 5;
    test_write(bench->dir, "a.rego", first);
    bench_open(bench, "a.rego");
    for (int i = 0; i < 3000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t pick = (size_t)(seed >> 33);
        switch (pick % 16) {
        case 0:
            app_paste(bench->app, str_of(pastes[pick / 16 % ARRAY_LEN(pastes)]));
            break;
        case 1:
            bench_mouse(bench, pick / 16 % 2 == 0 ? MOUSE_PRESS : MOUSE_DRAG, (int)(pick / 32 % 30),
                (int)(pick / 1024 % 100));
            app_focus(bench->app, SLOT_EDITOR);
            break;
        case 2:
            bench->rows = 1 + (int)(pick / 16 % 40);
            bench->cols = 1 + (int)(pick / 1024 % 120);
            break;
        default:
            bench_press(bench, keys[pick / 16 % ARRAY_LEN(keys)]);
        }
        if (i % 4 == 0) {
            bench_screen(bench);
        }
        struct buf content = BUF_INIT;
        if (editor_unsaved_content(bench->editor, "a.rego", &content) && content.len > 20000) {
            bench_press(bench, "esc esc ctrl-a backspace");
        }
        buf_free(&content);
    }
    bench->rows = 40;
    bench->cols = 120;
    bench_press(bench, "esc esc esc ctrl-home");
    bench_type(bench, "#");
    struct buf typed = BUF_INIT, again = BUF_INIT;
    assert_true(editor_unsaved_content(bench->editor, "a.rego", &typed));
    size_t undone = 0;
    while (editor_unsaved_count(bench->editor) > 0 && undone < 5000) {
        bench_press(bench, "ctrl-z");
        undone++;
    }
    assert_in_range(undone, 10, 4999);
    for (size_t i = 0; i < undone; i++) {
        bench_press(bench, "ctrl-y");
    }
    assert_true(editor_unsaved_content(bench->editor, "a.rego", &again));
    assert_true(str_equal(buf_str(&typed), buf_str(&again)));
    buf_free(&typed);
    buf_free(&again);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_edit_and_save),
        TEST(test_bytes_are_kept),
        TEST(test_new_file),
        TEST(test_by_name),
        TEST(test_what_cannot_be_opened),
        TEST(test_selection_and_clipboard),
        TEST(test_paste_is_one_edit),
        TEST(test_mouse),
        TEST(test_find),
        TEST(test_replace),
        TEST(test_replace_asks),
        TEST(test_go_to_line),
        TEST(test_long_lines_scroll),
        TEST(test_tabs_and_wide),
        TEST(test_indent),
        TEST(test_inner_language),
        TEST(test_lines),
        TEST(test_marks),
        TEST(test_changes),
        TEST(test_changed_on_disk),
        TEST(test_merge),
        TEST(test_conflict_at_save),
        TEST(test_gone_from_disk),
        TEST(test_removed_by_us),
        TEST(test_crash_recovery),
        TEST(test_close_asks),
        TEST(test_sizes),
        TEST(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
