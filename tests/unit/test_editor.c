/* The editor pane in the real frame, painted to a grid without a terminal. */
#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "pane/editor.h"
#include "screen/clipboard.h"
#include "text/swap.h"
#include "workspace/workspace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

struct bench {
    char *dir, *state;
    struct loop *loop;
    struct app *app;
    struct workspace *workspace;
    struct editor *editor;
    struct buf screen;
    int rows, cols;
};

static void start(struct bench *bench)
{
    struct err err = {0};
    struct app_options options = {.mouse = true};
    bench->app = app_new(bench->loop, &options, &err);
    assert_non_null(bench->app);
    bench->editor = editor_new(bench->app, bench->workspace, bench->state);
    app_set_pane(bench->app, SLOT_EDITOR, editor_pane(bench->editor));
    app_focus(bench->app, SLOT_EDITOR);
}

static int set_up(void **state)
{
    struct bench *bench = MEM_NEW(struct bench);
    struct err err = {0};
    *bench =
        (struct bench){.dir = test_dir_make(), .state = test_dir_make(), .rows = 24, .cols = 80};
    bench->loop = loop_new(&err);
    bench->workspace = workspace_open(bench->dir, &err);
    assert_non_null(bench->workspace);
    start(bench);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    app_free(bench->app);
    workspace_free(bench->workspace);
    loop_free(bench->loop);
    test_dir_remove(bench->dir);
    test_dir_remove(bench->state);
    buf_free(&bench->screen);
    clipboard_clear();
    free(bench);
    return 0;
}

/* As after a kill: a new program on what the old one left. What is in memory is not put in order
 * (editor_free leaves the swap files of unsaved files, as a kill does). */
static void restart(struct bench *bench)
{
    app_free(bench->app);
    start(bench);
}

static void open_file(struct bench *bench, const char *path)
{
    struct err err = {0};
    assert_ok(editor_open(bench->editor, path, &err), err);
}

static const char *screen(struct bench *bench)
{
    const struct grid *grid = app_paint_to_grid(bench->app, bench->rows, bench->cols);
    buf_clear(&bench->screen);
    grid_dump_text(grid, &bench->screen);
    return bench->screen.ptr;
}

static const char *styles(struct bench *bench)
{
    const struct grid *grid = app_paint_to_grid(bench->app, bench->rows, bench->cols);
    buf_clear(&bench->screen);
    grid_dump_styles(grid, &bench->screen);
    return bench->screen.ptr;
}

static void see(struct bench *bench, const char *text)
{
    if (strstr(screen(bench), text) == NULL) {
        fail_msg("\"%s\" is not on the screen:\n%s", text, bench->screen.ptr);
    }
}

static void wait_for(struct bench *bench, const char *text)
{
    uint64_t begin = loop_now_ms();
    while (strstr(screen(bench), text) == NULL && loop_now_ms() - begin < 10000) {
        loop_run_once(bench->loop, 50);
    }
    see(bench, text);
}

static void see_not(struct bench *bench, const char *text)
{
    if (strstr(screen(bench), text) != NULL) {
        fail_msg("\"%s\" is on the screen:\n%s", text, bench->screen.ptr);
    }
}

/* Keys as in action tables, apart by blanks. */
static void press(struct bench *bench, const char *keys)
{
    struct str rest = str_of(keys);
    while (rest.len > 0) {
        size_t end = str_find_char(rest, ' ', 0);
        struct key key;
        assert_true(key_parse(str_slice(rest, 0, end), &key));
        app_key(bench->app, &key);
        rest = str_from(rest, end == SIZE_MAX ? rest.len : end + 1);
    }
}

static void type(struct bench *bench, const char *text)
{
    for (; *text != '\0'; text++) {
        struct key key =
            *text == '\n' ? key_of_code(K_ENTER, 0) : key_of_text(str_make(text, 1), 0);
        app_key(bench->app, &key);
    }
}

static void mouse(struct bench *bench, enum mouse_action action, int row, int col)
{
    struct key key = {.code = K_MOUSE,
        .mouse = {
            .action = action, .button = action == MOUSE_WHEEL ? 1 : 1, .row = row, .col = col}};
    app_key(bench->app, &key);
}

static void on_saved(void *data, const char *path)
{
    (void)path;
    *(bool *)data = true;
}

static void save(struct bench *bench)
{
    bool done = false;
    editor_on_saved(bench->editor, on_saved, &done);
    press(bench, "ctrl-s");
    assert_true(loop_run_until(bench->loop, &done, 10000));
}

static void assert_file(struct bench *bench, const char *name, const char *expected)
{
    char *content = test_read(bench->dir, name);
    assert_string_equal(content, expected);
    free(content);
}

static void assert_content(struct bench *bench, const char *expected)
{
    struct buf content = BUF_INIT;
    assert_true(editor_unsaved_content(bench->editor, editor_path(bench->editor), &content));
    buf_append_char(&content, '\0');
    assert_string_equal(content.ptr, expected);
    buf_free(&content);
}

static void test_edit_and_save(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.rego", "package a\n\nallow := true\n");
    open_file(bench, "a.rego");
    see(bench, "  1 ");
    see(bench, "package a");
    see_not(bench, "●");
    press(bench, "end");
    type(bench, ".b\nimport data.x");
    see(bench, "import data.x");
    see(bench, "a.rego ●");
    press(bench, "ctrl-z");
    see_not(bench, "import");
    press(bench, "ctrl-y");
    assert_file(bench, "a.rego", "package a\n\nallow := true\n");
    save(bench);
    see_not(bench, "●");
    assert_file(bench, "a.rego", "package a.b\nimport data.x\n\nallow := true\n");
    see(bench, "saved a.rego (4 lines)");
}

static void test_bytes_are_kept(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.yaml", "a: 1\r\nb: \xff\x80 x\r\nlast");
    open_file(bench, "a.yaml");
    see(bench, "CRLF");
    see(bench, "<ff><80>");
    press(bench, "end enter");
    type(bench, "c: 2");
    save(bench);
    assert_file(bench, "a.yaml", "a: 1\r\nc: 2\r\nb: \xff\x80 x\r\nlast");
}

static void test_new_file(void **state)
{
    struct bench *bench = *state;
    open_file(bench, "deep/new.rego");
    see(bench, "(new)");
    type(bench, "package x\n");
    save(bench);
    assert_file(bench, "deep/new.rego", "package x\n");
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
    see(bench, "binary is a binary file (3 bytes)");
    free(fifo);
    free(big);
    free(binary);
    free(link);
}

static void test_selection_and_clipboard(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one two\nthree\n");
    open_file(bench, "a.txt");
    press(bench, "ctrl-right shift-end ctrl-c");
    assert_true(str_equal_c(clipboard_text(), "two"));
    assert_non_null(strstr(styles(bench), "selection"));
    type(bench, "2");
    assert_content(bench, "one 2\nthree\n");
    press(bench, "ctrl-v ctrl-z ctrl-z");
    press(bench, "down ctrl-x ctrl-home ctrl-v");
    assert_content(bench, "three\none two\n");
    press(bench, "ctrl-a ctrl-x ctrl-v ctrl-v");
    assert_content(bench, "three\none two\nthree\none two\n");
}

static void test_paste_is_one_edit(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "x\r\ny\r\n");
    open_file(bench, "a.txt");
    type(bench, "k");
    app_paste(bench->app, STR_LIT("1\n\t2\n"));
    assert_content(bench, "k1\r\n\t2\r\nx\r\ny\r\n");
    press(bench, "ctrl-z");
    assert_content(bench, "kx\r\ny\r\n");
}

static void test_mouse(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one two\nthree\n");
    bench->cols = 120;
    open_file(bench, "a.txt");
    screen(bench);
    const struct grid *grid = app_paint_to_grid(bench->app, bench->rows, bench->cols);
    int row = 0, col = 0;
    assert_true(grid_cursor(grid, &row, &col));
    mouse(bench, MOUSE_PRESS, row, col + 4);
    mouse(bench, MOUSE_DRAG, row + 1, col + 2);
    mouse(bench, MOUSE_RELEASE, row + 1, col + 2);
    press(bench, "ctrl-c");
    assert_true(str_equal_c(clipboard_text(), "two\nth"));
    mouse(bench, MOUSE_PRESS, row + 1, col + 1);
    mouse(bench, MOUSE_RELEASE, row + 1, col + 1);
    mouse(bench, MOUSE_PRESS, row + 1, col + 1);
    press(bench, "ctrl-c");
    assert_true(str_equal_c(clipboard_text(), "three"));
}

static void test_find(void **state)
{
    struct bench *bench = *state;
    size_t row, col;
    test_write(bench->dir, "a.txt", "alpha\nbeta Alpha\ngamma\nalphabet\n");
    open_file(bench, "a.txt");
    press(bench, "ctrl-f");
    see(bench, "Find");
    see(bench, "Alt-R");
    type(bench, "alp");
    assert_non_null(strstr(styles(bench), "search-current"));
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 0);
    press(bench, "enter");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 1);
    wait_for(bench, "2 of 3");
    press(bench, "enter enter");
    see(bench, "went round the end");
    press(bench, "shift-f3");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 3);
    type(bench, "zz");
    see(bench, "no match");
    press(bench, "alt-r backspace backspace backspace backspace backspace");
    type(bench, "^g(");
    see(bench, "bad pattern");
    press(bench, "esc");
    see_not(bench, "Find ");
    type(bench, "!");
    see(bench, "!");
}

static void test_replace(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "a1 a2 a3\n");
    open_file(bench, "a.txt");
    press(bench, "ctrl-r alt-r");
    type(bench, "a(\\d)");
    press(bench, "tab");
    type(bench, "[$1]");
    press(bench, "enter");
    assert_content(bench, "[1] a2 a3\n");
    press(bench, "alt-a");
    assert_content(bench, "[1] [2] [3]\n");
    see(bench, "replaced 2");
    press(bench, "esc ctrl-z");
    assert_content(bench, "[1] a2 a3\n");
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
    open_file(bench, "a.txt");
    press(bench, "ctrl-g");
    type(bench, "321:3");
    see(bench, "line 321");
    press(bench, "esc");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 0);
    press(bench, "ctrl-g");
    type(bench, "321:3\n");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 320);
    assert_int_equal(col, 2);
    assert_true(editor_jump(bench->editor, "a.txt", 99, 5));
    see(bench, "line 100");
    press(bench, "ctrl-end up");
    see(bench, "line 500");
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
    open_file(bench, "a.txt");
    press(bench, "end");
    see(bench, "19999\xe6\xbc\xa2,");
    type(bench, "!");
    press(bench, "left left left left");
    see(bench, "19999\xe6\xbc\xa2,!");
    press(bench, "home");
    see(bench, "0\xe6\xbc\xa2,1\xe6\xbc\xa2,");
    size_t row, col;
    press(bench, "end");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(col, length + 1);
    buf_free(&bytes);
}

static void test_tabs_and_wide(void **state)
{
    struct bench *bench = *state;
    size_t row, col;
    test_write(bench->dir, "a.txt", "\tx\n\xe6\xbc\xa2\xe5\xad\x97y\n");
    open_file(bench, "a.txt");
    see(bench, "    x");
    press(bench, "right down");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 1);
    assert_int_equal(col, 6);
    press(bench, "end left left down up");
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(col, 3);
}

static void test_indent(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.yaml", "spec:\n  a: 1\n");
    open_file(bench, "a.yaml");
    press(bench, "down end");
    type(bench, "\nb:\nc: 2");
    press(bench, "ctrl-a tab ctrl-_");
    assert_content(bench, "  # spec:\n    # a: 1\n    # b:\n      # c: 2\n");
    press(bench, "ctrl-_ shift-tab");
    assert_content(bench, "spec:\n  a: 1\n  b:\n    c: 2\n");
    press(bench, "ctrl-end up home backspace");
    assert_content(bench, "spec:\n  a: 1\n  b:\n  c: 2\n");
}

static void test_lines(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "1\n2\n3");
    open_file(bench, "a.txt");
    press(bench, "alt-down");
    assert_content(bench, "2\n1\n3");
    press(bench, "alt-down");
    assert_content(bench, "2\n3\n1");
    press(bench, "alt-up ctrl-d");
    assert_content(bench, "2\n1\n1\n3");
    press(bench, "ctrl-k ctrl-end ctrl-k");
    assert_content(bench, "2\n1");
}

static void test_marks(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.rego", "package a\n\nallow := 1\n\ndeny := 2\n");
    struct editor_mark coverage[] = {
        {2, EDITOR_MARK_COVERED, NULL}, {4, EDITOR_MARK_UNCOVERED, NULL}};
    struct editor_mark problem = {4, EDITOR_MARK_ERROR, "unexpected \x1b[31m thing"};
    editor_set_marks(bench->editor, "a.rego", "coverage", coverage, 2);
    editor_set_marks(bench->editor, "a.rego", "problems", &problem, 1);
    open_file(bench, "a.rego");
    see(bench, "  3\xe2\x96\x8e");
    see(bench, "\xe2\x9c\x97  5\xe2\x96\x8c");
    see_not(bench, "unexpected");
    press(bench, "f8");
    see(bench, "unexpected ^[[31m thing");
    press(bench, "ctrl-home enter enter");
    see(bench, "\xe2\x9c\x97  7\xe2\x96\x8c");
    editor_clear_marks(bench->editor, "problems");
    see_not(bench, "\xe2\x9c\x97");
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
    open_file(bench, "a.txt");
    touch_later(bench, "a.txt", "two\n");
    editor_check_disk(bench->editor);
    see(bench, "two");
    see(bench, "read again");
    press(bench, "ctrl-z");
    see(bench, "one");
    touch_later(bench, "a.txt", "one\n");
    editor_check_disk(bench->editor);
    see_not(bench, "Changed on disk");
    type(bench, "x");
    press(bench, "backspace");
    test_write(bench->dir, "a.txt", "three\n");
    editor_check_disk(bench->editor);
    see(bench, "Changed on disk");
    press(bench, "k");
    see(bench, "one");
    see(bench, "changed on disk");
    editor_check_disk(bench->editor);
    see_not(bench, "Changed on disk");
    press(bench, "ctrl-s");
    wait_for(bench, "Changed on disk");
    assert_file(bench, "a.txt", "three\n");
    press(bench, "o");
    wait_for(bench, "saved a.txt");
    assert_file(bench, "a.txt", "one\n");
    see_not(bench, "changed on disk");
}

/* Both edited the file, in different lines: one key brings them together, byte for byte. */
static void test_merge(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "1\n2\n3\n4\n5\n");
    open_file(bench, "a.txt");
    type(bench, "mine ");
    touch_later(bench, "a.txt", "1\n2\n3\n4\ntheirs 5\n");
    editor_check_disk(bench->editor);
    press(bench, "m");
    assert_content(bench, "mine 1\n2\n3\n4\ntheirs 5\n");
    press(bench, "ctrl-z");
    assert_content(bench, "mine 1\n2\n3\n4\n5\n");
    press(bench, "ctrl-y");
    save(bench);
    assert_file(bench, "a.txt", "mine 1\n2\n3\n4\ntheirs 5\n");
    /* From what was saved on, again; then the same line. */
    press(bench, "ctrl-home end");
    type(bench, "!");
    test_write(bench->dir, "a.txt", "mine 1\n2\n3\n4\n");
    editor_check_disk(bench->editor);
    press(bench, "m");
    assert_content(bench, "mine 1!\n2\n3\n4\n");
    test_write(bench->dir, "a.txt", "their 1\n2\n3\n4\n");
    editor_check_disk(bench->editor);
    press(bench, "m");
    see(bench, "changed the same lines");
    assert_content(bench, "mine 1!\n2\n3\n4\n");
    assert_file(bench, "a.txt", "their 1\n2\n3\n4\n");
}

static void test_conflict_at_save(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one\n");
    open_file(bench, "a.txt");
    type(bench, "mine ");
    touch_later(bench, "a.txt", "theirs\n");
    press(bench, "ctrl-s");
    wait_for(bench, "Changed on disk");
    assert_file(bench, "a.txt", "theirs\n");
    press(bench, "r");
    see(bench, "theirs");
    see_not(bench, "●");
    press(bench, "ctrl-z");
    assert_content(bench, "mine one\n");
}

static void test_gone_from_disk(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one\n");
    open_file(bench, "a.txt");
    char *path = path_join(bench->dir, "a.txt");
    assert_int_equal(unlink(path), 0);
    editor_check_disk(bench->editor);
    see(bench, "gone from disk");
    save(bench);
    assert_file(bench, "a.txt", "one\n");
    /* Gone a moment before the save: said, and the next save makes it. */
    assert_int_equal(unlink(path), 0);
    type(bench, "2");
    press(bench, "ctrl-s");
    wait_for(bench, "gone from disk");
    save(bench);
    assert_file(bench, "a.txt", "2one\n");
    free(path);
}

static void test_crash_recovery(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one\n");
    test_write(bench->dir, "b.txt", "two\n");
    open_file(bench, "a.txt");
    type(bench, "never saved ");
    restart(bench);
    assert_int_equal(editor_offer_recovery(bench->editor), 1);
    see(bench, "Unsaved edits");
    press(bench, "l");
    restart(bench);
    assert_int_equal(editor_offer_recovery(bench->editor), 1);
    press(bench, "r");
    see(bench, "never saved one");
    see(bench, "●");
    /* Killed again before it is saved. */
    restart(bench);
    open_file(bench, "a.txt");
    press(bench, "r");
    see(bench, "never saved one");
    save(bench);
    assert_file(bench, "a.txt", "never saved one\n");
    restart(bench);
    assert_int_equal(editor_offer_recovery(bench->editor), 0);
}

static void test_close_asks(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "one\n");
    test_write(bench->dir, "b.txt", "two\n");
    open_file(bench, "a.txt");
    open_file(bench, "b.txt");
    type(bench, "x");
    press(bench, "ctrl-w");
    see(bench, "unsaved edits");
    press(bench, "esc");
    see(bench, "b.txt ●");
    press(bench, "ctrl-w d");
    see(bench, "a.txt");
    assert_file(bench, "b.txt", "two\n");
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
    restart(bench);
    assert_int_equal(editor_offer_recovery(bench->editor), 0);
}

/* Sizes from large to tiny, and a cursor at every place: nothing is painted outside, nothing
 * crashes. */
static void test_sizes(void **state)
{
    struct bench *bench = *state;
    static const int sizes[][2] = {{40, 120}, {24, 80}, {10, 40}, {5, 20}, {1, 1}};
    test_write(bench->dir, "a.yaml", "a: [1, 2]\r\n\tb: \"\xe6\xbc\xa2\xff\"\n# c");
    open_file(bench, "a.yaml");
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        bench->rows = sizes[i][0];
        bench->cols = sizes[i][1];
        press(bench, "ctrl-home");
        for (int k = 0; k < 30; k++) {
            press(bench, k % 7 == 6 ? "shift-down" : "shift-right");
            screen(bench);
        }
        press(bench, "ctrl-r");
        screen(bench);
        press(bench, "esc ctrl-g");
        screen(bench);
        press(bench, "esc");
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
    open_file(bench, "a.rego");
    for (int i = 0; i < 3000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t pick = (size_t)(seed >> 33);
        switch (pick % 16) {
        case 0:
            app_paste(bench->app, str_of(pastes[pick / 16 % ARRAY_LEN(pastes)]));
            break;
        case 1:
            mouse(bench, pick / 16 % 2 == 0 ? MOUSE_PRESS : MOUSE_DRAG, (int)(pick / 32 % 30),
                (int)(pick / 1024 % 100));
            app_focus(bench->app, SLOT_EDITOR);
            break;
        case 2:
            bench->rows = 1 + (int)(pick / 16 % 40);
            bench->cols = 1 + (int)(pick / 1024 % 120);
            break;
        default:
            press(bench, keys[pick / 16 % ARRAY_LEN(keys)]);
        }
        if (i % 4 == 0) {
            screen(bench);
        }
        struct buf content = BUF_INIT;
        if (editor_unsaved_content(bench->editor, "a.rego", &content) && content.len > 20000) {
            press(bench, "esc esc ctrl-a backspace");
        }
        buf_free(&content);
    }
    bench->rows = 40;
    bench->cols = 120;
    press(bench, "esc esc esc ctrl-home");
    type(bench, "#");
    struct buf typed = BUF_INIT, again = BUF_INIT;
    assert_true(editor_unsaved_content(bench->editor, "a.rego", &typed));
    size_t undone = 0;
    while (editor_unsaved_count(bench->editor) > 0 && undone < 5000) {
        press(bench, "ctrl-z");
        undone++;
    }
    assert_in_range(undone, 10, 4999);
    for (size_t i = 0; i < undone; i++) {
        press(bench, "ctrl-y");
    }
    assert_true(editor_unsaved_content(bench->editor, "a.rego", &again));
    assert_true(str_equal(buf_str(&typed), buf_str(&again)));
    buf_free(&typed);
    buf_free(&again);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_edit_and_save),
        TEST(test_bytes_are_kept),
        TEST(test_new_file),
        TEST(test_what_cannot_be_opened),
        TEST(test_selection_and_clipboard),
        TEST(test_paste_is_one_edit),
        TEST(test_mouse),
        TEST(test_find),
        TEST(test_replace),
        TEST(test_go_to_line),
        TEST(test_long_lines_scroll),
        TEST(test_tabs_and_wide),
        TEST(test_indent),
        TEST(test_lines),
        TEST(test_marks),
        TEST(test_changed_on_disk),
        TEST(test_merge),
        TEST(test_conflict_at_save),
        TEST(test_gone_from_disk),
        TEST(test_crash_recovery),
        TEST(test_close_asks),
        TEST(test_sizes),
        TEST(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
