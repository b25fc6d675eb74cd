/* The editor in a real terminal: open, edit, undo, save, search, paste, mouse, a kill and what
 * comes back after it. The program in the terminal is this file's own small one: the frame with
 * nothing but an editor in it. */
#include "test.h"

#include "base/file.h"
#include "base/path.h"
#include "pane/editor.h"
#include "term.h"
#include "text/swap_format.h"
#include "workspace/workspace.h"

#include <dirent.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int run_editor(char **argv)
{
    struct err err = {0};
    struct app_options options = {.mouse = true};
    setlocale(LC_ALL, "");
    struct loop *loop = loop_new(&err);
    struct app *app = loop == NULL ? NULL : app_new(loop, &options, &err);
    struct workspace *workspace = workspace_open(argv[0], &err);
    if (app == NULL || workspace == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    struct editor *editor = editor_new(app, workspace, argv[1]);
    app_set_pane(app, SLOT_EDITOR, editor_pane(editor));
    app_focus(app, SLOT_EDITOR);
    if (argv[2] != NULL && !editor_open(editor, argv[2], &err)) {
        app_message(app, MESSAGE_ERROR, "%s", err.text);
    }
    editor_offer_recovery(editor);
    int code = app_run(app, &err) ? app_exit_code(app) : 2;
    app_free(app);
    workspace_free(workspace);
    loop_free(loop);
    return code;
}

struct bench {
    char *dir, *state;
};

static int set_up(void **state)
{
    struct bench *bench = MEM_NEW(struct bench);
    *bench = (struct bench){test_dir_make(), test_dir_make()};
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    test_dir_remove(bench->dir);
    test_dir_remove(bench->state);
    free(bench);
    return 0;
}

static struct term *start(const struct bench *bench, const char *file, int rows, int cols)
{
    const char *argv[] = {"/proc/self/exe", "--editor", bench->dir, bench->state, file, NULL};
    struct term_options options = {.argv = argv, .rows = rows, .cols = cols};
    return term_start(&options);
}

static void quit(struct term *term)
{
    term_key(term, "ctrl-q");
    assert_int_equal(term_wait_exit(term), 0);
    term_free(term);
}

static void assert_file(const struct bench *bench, const char *name, const char *expected)
{
    char *content = test_read(bench->dir, name);
    assert_string_equal(content, expected);
    free(content);
}

/* The keyword has a colour of its own once it is parsed: in the frame after the key's. */
static bool import_is_coloured(struct term *term, void *data)
{
    (void)data;
    int row, col;
    struct term_cell keyword, name;
    if (!term_find(term, "import data.lib", &row, &col)) {
        return false;
    }
    term_cell(term, row, col, &keyword);
    term_cell(term, row, col + 12, &name);
    return keyword.fg != name.fg || keyword.default_fg != name.default_fg;
}

static void test_edit_undo_save(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.rego", "package a\n\nallow := true\n");
    struct term *term = start(bench, "a.rego", 24, 80);
    term_expect(term, "allow := true");
    term_key(term, "down");
    term_type(term, "import data.lib");
    term_expect(term, "import data.lib");
    term_expect(term, "●");
    term_wait(term, import_is_coloured, NULL, "the colour of a keyword");
    term_key(term, "ctrl-z");
    term_expect_gone(term, "import data.lib");
    term_expect(term, "import");
    term_key(term, "ctrl-z");
    term_expect_gone(term, "●");
    term_key(term, "ctrl-y");
    term_key(term, "ctrl-y");
    term_expect(term, "import data.lib");
    term_key(term, "ctrl-s");
    term_expect(term, "saved a.rego");
    term_expect_gone(term, "●");
    assert_file(bench, "a.rego", "package a\nimport data.lib\nallow := true\n");
    quit(term);
}

static void test_search_and_paste(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.yaml", "kind: Pod\r\nname: web\r\n");
    struct term *term = start(bench, "a.yaml", 40, 120);
    term_expect(term, "name: web");
    term_key(term, "ctrl-f");
    term_type(term, "web");
    term_expect(term, "2:10");
    term_key(term, "esc");
    term_paste(term, "one:\n  - \x1b[31m\n");
    term_expect(term, "name: one:");
    term_expect(term, "^[[31m");
    term_key(term, "ctrl-s");
    term_expect(term, "saved a.yaml");
    assert_file(bench, "a.yaml", "kind: Pod\r\nname: one:\r\n  - \x1b[31m\r\n\r\n");
    term_key(term, "ctrl-z");
    term_expect(term, "name: web");
    term_key(term, "ctrl-y ctrl-s");
    term_expect_gone(term, "●");
    quit(term);
}

static void test_copy_reaches_the_terminal(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "word more\n");
    struct term *term = start(bench, "a.txt", 24, 80);
    int row, col;
    term_expect(term, "word more");
    assert_true(term_find(term, "word more", &row, &col));
    term_click(term, row, col + 5);
    term_key(term, "shift-end ctrl-c");
    term_expect_bytes(term, "\033]52;c;bW9yZQ=="); /* "more" */
    quit(term);
}

/* What a kill at this moment would leave. */
static bool would_recover(const char *dir, const char *expected)
{
    DIR *handle = opendir(dir);
    struct dirent *entry;
    bool same = false;
    while (handle != NULL && (entry = readdir(handle)) != NULL) {
        struct buf file = BUF_INIT, content = BUF_INIT;
        char *path = path_join(dir, entry->d_name);
        bool damaged;
        if (file_read(path, SWAP_FILE_MAX, &file, NULL) &&
            swap_replay(buf_str(&file), STR_LIT(""), &content, &damaged, NULL)) {
            same = same || str_equal_c(buf_str(&content), expected);
        }
        buf_free(&file);
        buf_free(&content);
        free(path);
    }
    if (handle != NULL) {
        closedir(handle);
    }
    return same;
}

static void assert_kept_soon(const struct bench *bench, const char *expected)
{
    uint64_t begin = loop_now_ms();
    while (!would_recover(bench->state, expected)) {
        /* unit/swap holds the second itself */
        assert_in_range(loop_now_ms() - begin, 0, TERM_WAIT_MS);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

static void test_kill_and_recover(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "on disk\n");
    struct term *term = start(bench, "a.txt", 24, 80);
    term_expect(term, "on disk");
    term_type(term, "typed at once ");
    term_expect(term, "typed at once on disk");
    assert_kept_soon(bench, "typed at once on disk\n");
    term_signal(term, SIGKILL);
    assert_int_equal(term_wait_exit(term), 128 + SIGKILL);
    term_free(term);
    assert_file(bench, "a.txt", "on disk\n");

    term = start(bench, "a.txt", 24, 80);
    term_expect(term, "Unsaved edits");
    term_type(term, "r");
    term_expect(term, "typed at once on disk");
    term_expect(term, "●");
    term_key(term, "ctrl-s");
    term_expect(term, "saved a.txt");
    assert_file(bench, "a.txt", "typed at once on disk\n");
    quit(term);
    term = start(bench, "a.txt", 24, 80);
    term_expect(term, "typed at once on disk");
    term_expect_gone(term, "Unsaved edits");
    quit(term);
}

/* Edits of another file than was asked for are offered, and then it is the one asked for. */
static void test_recover_another(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "of the first\n");
    test_write(bench->dir, "b.txt", "of the second\n");
    struct term *term = start(bench, "a.txt", 24, 80);
    term_expect(term, "of the first");
    term_type(term, "begun ");
    term_expect(term, "begun of the first");
    assert_kept_soon(bench, "begun of the first\n");
    term_signal(term, SIGKILL);
    assert_int_equal(term_wait_exit(term), 128 + SIGKILL);
    term_free(term);

    term = start(bench, "b.txt", 24, 80);
    term_expect(term, "Edits of a.txt");
    term_type(term, "l");
    term_expect(term, "of the second");
    quit(term);
    term = start(bench, "b.txt", 24, 80);
    term_expect(term, "Edits of a.txt");
    term_type(term, "r");
    term_expect(term, "begun of the first");
    term_key(term, "ctrl-s");
    term_expect(term, "saved a.txt");
    quit(term);
}

/* A crash of our own writes what has gathered at once. */
static void test_abort(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "on disk\n");
    struct term *term = start(bench, "a.txt", 24, 80);
    term_expect(term, "on disk");
    term_type(term, "to the last key ");
    term_expect(term, "to the last key on disk");
    term_signal(term, SIGABRT);
    assert_true(term_wait_exit(term) != 0);
    assert_true(term_is_cooked(term));
    term_free(term);
    assert_true(would_recover(bench->state, "to the last key on disk\n"));
}

static void test_terminated(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "on disk\n");
    struct term *term = start(bench, "a.txt", 24, 80);
    term_expect(term, "on disk");
    term_type(term, "kept ");
    term_expect(term, "kept on disk");
    term_signal(term, SIGTERM);
    term_wait_exit(term);
    term_free(term);
    term = start(bench, "a.txt", 24, 80);
    term_expect(term, "Unsaved edits");
    term_type(term, "r");
    term_expect(term, "kept on disk");
    term_key(term, "ctrl-z ctrl-s");
    quit(term);
}

static void test_quit_asks(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt", "on disk\n");
    struct term *term = start(bench, "a.txt", 24, 80);
    term_expect(term, "on disk");
    term_type(term, "x");
    term_expect(term, "xon disk");
    term_key(term, "ctrl-q");
    term_expect(term, "1 file has unsaved edits");
    term_key(term, "esc");
    term_expect_gone(term, "1 file has unsaved edits");
    term_key(term, "ctrl-z");
    term_expect_gone(term, "●");
    quit(term);
}

static void test_splits(void **state)
{
    struct bench *bench = *state;
    struct buf text = BUF_INIT;
    for (int i = 1; i <= 80; i++) {
        buf_printf(&text, "row %d\n", i);
    }
    buf_append_char(&text, '\0');
    test_write(bench->dir, "a.txt", text.ptr);
    buf_free(&text);
    struct term *term = start(bench, "a.txt", 40, 120);
    int row, col;
    term_expect(term, "row 3");
    term_key(term, "alt--");
    term_expect(term, "─ a.txt ─");
    term_key(term, "ctrl-end");
    term_expect(term, "row 80");
    term_expect(term, "row 2");
    /* A click gives the other view the keys; what is typed there is seen in both. */
    assert_true(term_find(term, "row 2", &row, &col));
    term_click(term, row, col);
    term_expect(term, "2:1");
    term_type(term, "new ");
    term_expect(term, "new row 2");
    term_key(term, "f6 ctrl-home");
    term_expect_row(term, row, "new row 2");
    /* Two fit the smallest screen, where no notice stands; three never do. */
    term_key(term, "alt-- ctrl-end");
    term_expect(term, "row 80");
    term_key(term, "ctrl-home");
    term_expect_gone(term, "row 80");
    term_resize(term, 10, 40);
    term_expect_gone(term, "─ a.txt ●");
    term_expect(term, "new row 2");
    term_resize(term, 40, 120);
    term_expect(term, "─ a.txt ●");
    term_key(term, "alt-=");
    term_expect_gone(term, "─ a.txt ●");
    term_key(term, "ctrl-z");
    term_expect_gone(term, "●");
    quit(term);
}

static void test_folds_and_wrap(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.yaml",
        "spec:\n  list:\n    - a\n    - b\nother: one two three four five six seven eight nine "
        "ten eleven twelve thirteen fourteen fifteen\n");
    struct term *term = start(bench, "a.yaml", 24, 80);
    int row, col;
    term_expect(term, "- b");
    term_key(term, "f9");
    term_expect(term, "spec: ⋯ 3 lines");
    term_expect_gone(term, "- b");
    /* The mark in the gutter opens it. */
    assert_true(term_find(term, "▸spec", &row, &col));
    term_click(term, row, col);
    term_expect(term, "- b");
    term_expect(term, "›");
    term_key(term, "alt-w");
    term_expect(term, "↪");
    term_expect_gone(term, "›");
    term_resize(term, 10, 40);
    term_key(term, "ctrl-end");
    term_expect(term, "fifteen");
    quit(term);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    if (argc >= 4 && strcmp(argv[1], "--editor") == 0) {
        return run_editor(argv + 2);
    }
    const struct CMUnitTest tests[] = {
        TEST(test_edit_undo_save),
        TEST(test_search_and_paste),
        TEST(test_copy_reaches_the_terminal),
        TEST(test_kill_and_recover),
        TEST(test_recover_another),
        TEST(test_abort),
        TEST(test_terminated),
        TEST(test_quit_asks),
        TEST(test_splits),
        TEST(test_folds_and_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
