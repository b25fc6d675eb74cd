#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "pane/commit.h"
#include "workspace/workspace.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    char *dir;
    char *root;
    struct loop *loop;
    struct app *app;
    struct workspace *ws;
    struct changes set;
    struct err err;
    int told;
    bool confirmed, written, send;
    char id[64];
    char subject[200];
};

static char *home;

static int make_home(void **state)
{
    (void)state;
    home = test_dir_make();
    setenv("HOME", home, 1);
    setenv("XDG_STATE_HOME", home, 1);
    setenv("XDG_CONFIG_HOME", home, 1);
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    test_write(home, ".gitconfig",
        "[user]\nname = Ann Other\nemail = ann@example.com\n[init]\ndefaultBranch = main\n");
    return 0;
}

static int remove_home(void **state)
{
    (void)state;
    test_dir_remove(home);
    return 0;
}

static void sh(struct fixture *f, const char *script, const char *want)
{
    const char *argv[] = {"sh", "-ec", script, NULL};
    char *got = test_run(f->root, argv);
    if (want != NULL) {
        assert_string_equal(got, want);
    }
    free(got);
}

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    f->root = path_join(f->dir, "ws");
    test_write(f->root, "policies/a.rego", "package a\n\ndeny := true\n");
    sh(f, "git init -q && git add . && git commit -qm first", NULL);
    f->ws = workspace_open(f->root, &f->err);
    f->loop = loop_new(&f->err);
    struct app_options options = {0};
    f->app = app_new(f->loop, &options, &f->err);
    assert_ok(f->app != NULL, f->err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    app_free(f->app);
    loop_free(f->loop);
    workspace_free(f->ws);
    changes_free(&f->set);
    free(f->root);
    test_dir_remove(f->dir);
    free(f);
    return 0;
}

static void on_done(void *data, const struct commit_pane_result *result)
{
    struct fixture *f = data;
    f->told++;
    f->confirmed = result->confirmed;
    f->written = result->written;
    f->send = result->send;
    snprintf(f->id, sizeof f->id, "%s", result->id == NULL ? "" : result->id);
    snprintf(f->subject, sizeof f->subject, "%s", result->subject == NULL ? "" : result->subject);
}

static void add(struct fixture *f, enum change_kind kind, const char *path, const char *base,
    const char *content)
{
    struct change change = {
        .kind = kind, .path = mem_strdup(path), .base_exists = base != NULL, .mode = 0644};
    buf_append_c(&change.base, base == NULL ? "" : base);
    buf_append_c(&change.content, content);
    VEC_PUSH(&f->set, change);
}

static void usual_set(struct fixture *f)
{
    add(f, CHANGE_UPDATE, "policies/a.rego", "package a\n\ndeny := true\n",
        "package a\n\ndeny := false\n\nallow := true\n");
    add(f, CHANGE_ADD, "policies/b.rego", NULL, "package b\n");
}

static void open_dialog(struct fixture *f)
{
    struct commit_pane_options options = {.title = "Finish proposal 3",
        .workspace = f->ws,
        .changes = &f->set,
        .message = STR_LIT("Deny latest tags\n\nBylaw-Session: s1\nBylaw-Tests: 7 passed\n"),
        .feedback = STR_LIT("Declined in b.rego: too broad\n"),
        .evidence = STR_LIT("✓ 7 passed on exactly this selection"),
        .evidence_style = STYLE_PASS,
        .done = on_done,
        .data = f};
    commit_pane_open(f->app, &options);
}

static bool shows(struct fixture *f, const char *text, int rows, int cols)
{
    struct buf out = BUF_INIT;
    grid_dump_text(app_paint_to_grid(f->app, rows, cols), &out);
    bool found = strstr(out.ptr, text) != NULL;
    buf_free(&out);
    return found;
}

/* Turns the loop until the screen shows it. */
static void expect(struct fixture *f, const char *text)
{
    uint64_t end = loop_now_ms() + 240000;
    while (!shows(f, text, 40, 120)) {
        if (loop_now_ms() > end) {
            struct buf out = BUF_INIT;
            grid_dump_text(app_paint_to_grid(f->app, 40, 120), &out);
            fail_msg("no \"%s\" on the screen:\n%s", text, out.ptr);
        }
        loop_run_once(f->loop, 50);
    }
}

static void expect_told(struct fixture *f, int times)
{
    uint64_t end = loop_now_ms() + 240000;
    while (f->told < times && loop_now_ms() < end) {
        loop_run_once(f->loop, 50);
    }
    if (f->told < times) {
        struct buf out = BUF_INIT;
        grid_dump_text(app_paint_to_grid(f->app, 40, 120), &out);
        fail_msg("the dialog did not close:\n%s", out.ptr);
    }
    assert_int_equal(f->told, times);
    assert_false(app_has_overlay(f->app, "commit"));
}

static void press(struct fixture *f, const char *names)
{
    struct str rest = str_of(names);
    while (rest.len > 0) {
        size_t blank = str_find_char(rest, ' ', 0);
        struct str name = blank == (size_t)-1 ? rest : str_slice(rest, 0, blank);
        rest = blank == (size_t)-1 ? str_from(rest, rest.len) : str_from(rest, blank + 1);
        struct key key;
        assert_true(key_parse(name, &key));
        app_key(f->app, &key);
    }
}

static void shows_everything_and_commits(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    open_dialog(f);
    expect(f, "on main  Ann Other <ann@example.com>");
    expect(f, "Deny latest tags");
    expect(f, "Will be written: 2 files");
    expect(f, "M policies/a.rego  +3 −1");
    expect(f, "A policies/b.rego  +1 −0");
    expect(f, "7 passed on exactly this selection");
    expect(f, "Bylaw-Session: s1");
    expect(f, "Goes back to the agent now");
    expect(f, "too broad");
    sh(f, "git status --porcelain", "");
    press(f, "N o t space");
    press(f, "alt-s ctrl-s");
    expect_told(f, 1);
    assert_true(f->confirmed && f->written && !f->send);
    assert_string_equal(f->subject, "Not Deny latest tags");
    assert_int_equal(strlen(f->id), 40);
    sh(f, "git log -1 --format=%B && git status --porcelain",
        "Not Deny latest tags\n\nBylaw-Session: s1\nBylaw-Tests: 7 passed\n\n");
}

static void escape_changes_nothing(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    open_dialog(f);
    expect(f, "Will be written");
    press(f, "esc");
    expect_told(f, 1);
    assert_false(f->confirmed || f->written);
    sh(f, "git status --porcelain && git rev-list --count HEAD", "1\n");
}

static void hooks_are_asked_about_before_anything_is_written(void **state)
{
    struct fixture *f = *state;
    sh(f,
        "printf '#!/bin/sh\\necho linting\\n[ -e ok ]\\n' >.git/hooks/pre-commit && chmod +x "
        ".git/hooks/pre-commit",
        NULL);
    usual_set(f);
    open_dialog(f);
    expect(f, "pre-commit  (asked about");
    press(f, "ctrl-s");
    expect(f, "hooks of its own");
    sh(f, "git status --porcelain", "");
    press(f, "esc");
    expect(f, "Will be written");
    press(f, "ctrl-s r");
    expect(f, "linting");
    expect(f, "pre-commit exited with 1");
    expect(f, "written, and not committed");
    sh(f, "git rev-list --count HEAD && touch ok", "1\n");
    press(f, "enter");
    expect_told(f, 1);
    assert_true(f->written && f->id[0] != '\0');
    sh(f, "git rev-list --count HEAD && cat policies/b.rego", "2\npackage b\n");
}

static void conflicts_are_shown_and_nothing_is_written(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    open_dialog(f);
    expect(f, "on main");
    test_write(f->root, "policies/a.rego", "mine\n");
    press(f, "ctrl-s");
    expect(f, "policies/a.rego has changed");
    expect(f, "Nothing was written");
    press(f, "enter");
    expect(f, "Will be written");
    press(f, "esc");
    expect_told(f, 1);
    assert_false(f->written);
    sh(f, "cat policies/a.rego; ls policies", "mine\na.rego\n");
}

static void without_a_repository_files_are_written(void **state)
{
    struct fixture *f = *state;
    sh(f, "rm -rf .git", NULL);
    usual_set(f);
    open_dialog(f);
    expect(f, "Will not be committed");
    expect(f, "is not in a git repository");
    press(f, "ctrl-s");
    expect_told(f, 1);
    assert_true(f->written);
    assert_string_equal(f->id, "");
    sh(f, "cat policies/b.rego", "package b\n");
}

static void only_feedback(void **state)
{
    struct fixture *f = *state;
    open_dialog(f);
    expect(f, "Nothing was accepted");
    press(f, "ctrl-s");
    expect_told(f, 1);
    assert_true(f->confirmed && !f->written && f->send);
}

static void undoes(void **state)
{
    struct fixture *f = *state;
    commit_pane_undo(f->app, f->ws, STR_LIT("Bylaw-Session: s2\n"), on_done, f);
    expect(f, "no commit made here to undo");
    press(f, "enter");
    expect_told(f, 1);
    assert_false(f->confirmed);
    usual_set(f);
    open_dialog(f);
    expect(f, "on main");
    press(f, "ctrl-s");
    expect_told(f, 2);
    commit_pane_undo(f->app, f->ws, STR_LIT("Bylaw-Session: s2\n"), on_done, f);
    expect(f, "Undo commit");
    expect(f, "D policies/b.rego  +0 −1");
    expect(f, "Trailers"); /* the repository was looked at */
    press(f, "ctrl-s");
    expect_told(f, 3);
    sh(f, "git log -1 --format=%s; ls policies; git status --porcelain",
        "Revert \"Deny latest tags\"\na.rego\n");
}

static void closing_in_the_middle_is_safe(void **state)
{
    struct fixture *f = *state;
    sh(f,
        "printf '#!/bin/sh\\nsleep 20\\n' >.git/hooks/pre-commit && chmod +x .git/hooks/pre-commit",
        NULL);
    usual_set(f);
    open_dialog(f);
    expect(f, "asked about");
    press(f, "ctrl-s s");
    /* app_free and loop_free in tear_down: the write ends, the commit ends or stops. */
}

static void sizes(void **state)
{
    struct fixture *f = *state;
    usual_set(f);
    open_dialog(f);
    expect(f, "on main");
    assert_true(shows(f, "Deny latest tags", 24, 80));
    assert_true(shows(f, "Will be written", 24, 80));
    assert_true(shows(f, "Deny latest tags", 10, 40));
    assert_true(shows(f, "Will be written", 10, 40));
}

#define PANE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PANE_TEST(shows_everything_and_commits),
        PANE_TEST(escape_changes_nothing),
        PANE_TEST(hooks_are_asked_about_before_anything_is_written),
        PANE_TEST(conflicts_are_shown_and_nothing_is_written),
        PANE_TEST(without_a_repository_files_are_written),
        PANE_TEST(only_feedback),
        PANE_TEST(undoes),
        PANE_TEST(closing_in_the_middle_is_safe),
        PANE_TEST(sizes),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
