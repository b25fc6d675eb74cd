#include "editor_bench.h"

#include "test.h"

#include "screen/clipboard.h"

#include <stdlib.h>
#include <string.h>

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

int bench_set_up(void **state)
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

int bench_tear_down(void **state)
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
void bench_restart(struct bench *bench)
{
    app_free(bench->app);
    start(bench);
}

void bench_open(struct bench *bench, const char *path)
{
    struct err err = {0};
    assert_ok(editor_open(bench->editor, path, &err), err);
}

const char *bench_screen(struct bench *bench)
{
    const struct grid *grid = app_paint_to_grid(bench->app, bench->rows, bench->cols);
    buf_clear(&bench->screen);
    grid_dump_text(grid, &bench->screen);
    return bench->screen.ptr;
}

const char *bench_styles(struct bench *bench)
{
    const struct grid *grid = app_paint_to_grid(bench->app, bench->rows, bench->cols);
    buf_clear(&bench->screen);
    grid_dump_styles(grid, &bench->screen);
    return bench->screen.ptr;
}

void bench_see(struct bench *bench, const char *text)
{
    if (strstr(bench_screen(bench), text) == NULL) {
        fail_msg("\"%s\" is not on the screen:\n%s", text, bench->screen.ptr);
    }
}

void bench_wait_for(struct bench *bench, const char *text)
{
    uint64_t end = loop_now_ms() + 120000;
    while (strstr(bench_screen(bench), text) == NULL && loop_now_ms() < end) {
        loop_run_once(bench->loop, 50);
    }
    bench_see(bench, text);
}

void bench_see_not(struct bench *bench, const char *text)
{
    if (strstr(bench_screen(bench), text) != NULL) {
        fail_msg("\"%s\" is on the screen:\n%s", text, bench->screen.ptr);
    }
}

/* Keys as in action tables, apart by blanks. */
void bench_press(struct bench *bench, const char *keys)
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

void bench_type(struct bench *bench, const char *text)
{
    for (; *text != '\0'; text++) {
        struct key key =
            *text == '\n' ? key_of_code(K_ENTER, 0) : key_of_text(str_make(text, 1), 0);
        app_key(bench->app, &key);
    }
}

void bench_mouse(struct bench *bench, enum mouse_action action, int row, int col)
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

void bench_save(struct bench *bench)
{
    bool done = false;
    editor_on_saved(bench->editor, on_saved, &done);
    bench_press(bench, "ctrl-s");
    assert_true(loop_run_until(bench->loop, &done, 240000));
}

void bench_assert_file(struct bench *bench, const char *name, const char *expected)
{
    char *content = test_read(bench->dir, name);
    assert_string_equal(content, expected);
    free(content);
}

void bench_assert_content(struct bench *bench, const char *expected)
{
    struct buf content = BUF_INIT;
    assert_true(editor_unsaved_content(bench->editor, editor_path(bench->editor), &content));
    buf_append_char(&content, '\0');
    assert_string_equal(content.ptr, expected);
    buf_free(&content);
}
