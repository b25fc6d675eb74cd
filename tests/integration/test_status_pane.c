/* The status pane in a frame without a terminal, its tests run by the real opa. */
#include "test.h"

#include "app.h"
#include "pane/status.h"

#include <stdlib.h>

struct fixture {
    struct loop *loop;
    struct app *app;
    struct status *status;
    char *root;
    int rows, cols;
    int counts; /* columns that the header has for them; 0: all */
    char opened[300];
};

static void opened(void *data, const char *path, unsigned row, unsigned col)
{
    struct fixture *f = data;
    snprintf(f->opened, sizeof f->opened, "%s:%u:%u", path, row, col);
}

static void draw_header(void *data, struct region region)
{
    struct fixture *f = data;
    status_draw_counts(
        f->status, region, 0, 1, f->counts > 0 ? f->counts : region_cols(region) - 1);
}

static void begin(struct fixture *f, const char *workspace)
{
    struct err err;
    *f = (struct fixture){.rows = 40, .cols = 120};
    f->loop = loop_new(&err);
    f->app = app_new(f->loop, &(struct app_options){0}, &err);
    assert_non_null(f->app);
    char *relative = mem_printf("tests/workspaces/%s", workspace);
    f->root = test_source_path(relative);
    free(relative);
    struct status_options options = {.app = f->app,
        .root = f->root,
        .threshold = 90,
        .coverage = true,
        .open = opened,
        .data = f};
    app_set_pane(f->app, SLOT_STATUS, status_pane_new(&options, &f->status));
    app_add_actions(f->app, &status_global_actions, f->status);
    app_set_header(f->app, draw_header, f);
    app_focus(f->app, SLOT_STATUS);
}

static void end(struct fixture *f)
{
    app_free(f->app);
    loop_free(f->loop);
    free(f->root);
}

static char *screen(struct fixture *f)
{
    struct buf text = BUF_INIT;
    grid_dump_text(app_paint_to_grid(f->app, f->rows, f->cols), &text);
    return buf_take(&text);
}

static void expect(struct fixture *f, const char *text, bool there)
{
    char *shown = screen(f);
    if ((strstr(shown, text) != NULL) != there) {
        fail_msg("%s \"%s\" on the screen:\n%s", there ? "no" : "there is", text, shown);
    }
    free(shown);
}

static void press(struct fixture *f, const char *spec)
{
    struct key key;
    assert_true(key_parse(str_of(spec), &key));
    app_key(f->app, &key);
}

static void type(struct fixture *f, const char *text)
{
    for (; *text != '\0'; text++) {
        struct key key = key_of_text(str_make(text, 1), 0);
        app_key(f->app, &key);
    }
}

static void wait_settled(struct fixture *f)
{
    uint64_t deadline = loop_now_ms() + 240000;
    while (board_is_busy(status_board(f->status)) && loop_now_ms() < deadline) {
        loop_run_once(f->loop, 100);
    }
    assert_false(board_is_busy(status_board(f->status)));
}

static void begin_run(struct fixture *f)
{
    status_run(f->status, RUN_ALL, NULL, 0);
    while (!board_is_busy(status_board(f->status))) {
        loop_run_once(f->loop, 100);
    }
}

static void run(struct fixture *f)
{
    begin_run(f);
    wait_settled(f);
}

static void shows_a_run(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "opa-failing");
    expect(&f, "no test was run yet: F5 runs all", true); /* and not that there is none */
    expect(&f, " — 0", true); /* the header is not green before anything ran */
    run(&f);
    expect(&f, "[Tests 6]", true);
    expect(&f, "✓ 2 ✗ 2 ! 1 ○ 1   cov 77.77% < 90", true);
    expect(&f, "✗ test_message", true);
    expect(&f, "limits_test.rego:8  messages == {", true);
    expect(&f, "○ todo_test_later", true);
    end(&f);
}

static void explains_and_opens(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "opa-failing");
    run(&f);
    type(&f, "f");
    expect(&f, "test_allows_small", false);
    expect(&f, "failed only", true);
    press(&f, "space"); /* on the first that failed */
    expect(&f, "{\"8192 MiB is too much\"}", true);
    press(&f, "enter");
    assert_string_equal(f.opened, "limits_test.rego:8:1");
    expect(&f, "expected", true); /* beside what came */
    expect(&f, "≠ - \"8192 MiB is too much\"", true);
    type(&f, "jjj");
    press(&f, "enter"); /* the place the explanation names */
    assert_string_equal(f.opened, "limits_test.rego:10:0");
    press(&f, "left");
    expect(&f, "{\"8192 MiB is too much\"}", false);
    type(&f, "]t");
    assert_string_equal(f.opened, "limits_test.rego:14:1");
    expect(&f, "limits.rego:8:10: div: divide by zero", true);
    press(&f, "esc");
    expect(&f, "test_allows_small", true);
    end(&f);
}

static void filters_while_typing(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "opa-failing");
    run(&f);
    type(&f, "/prints");
    expect(&f, "test_prints", true);
    expect(&f, "test_message", false);
    press(&f, "enter");
    type(&f, "j");
    press(&f, "space");
    expect(&f, "memory is 1024", true);
    press(&f, "esc");
    expect(&f, "test_message", true);
    type(&f, "/nothing like it");
    expect(&f, "nothing matches", true);
    end(&f);
}

static void reruns_a_part(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "opa-failing");
    run(&f);
    type(&f, "jr"); /* the first test only: its group is above it */
    while (!board_is_running(status_board(f.status))) {
        loop_run_once(f.loop, 100);
    }
    size_t done;
    size_t total;
    board_progress(status_board(f.status), &done, &total);
    assert_int_equal(total, 1);
    wait_settled(&f);
    expect(&f, "✓ 2 ✗ 2 ! 1 ○ 1", true);
    type(&f, "F");
    while (!board_is_running(status_board(f.status))) {
        loop_run_once(f.loop, 100);
    }
    board_progress(status_board(f.status), &done, &total);
    assert_int_equal(total, 3);
    type(&f, "s");
    assert_false(board_is_busy(status_board(f.status)));
    assert_int_not_equal(board_tally(status_board(f.status)).count[RESULT_NOT_EVALUATED], 0);
    type(&f, ".");
    while (!board_is_running(status_board(f.status))) {
        loop_run_once(f.loop, 100);
    }
    wait_settled(&f);
    expect(&f, "✓ 2 ✗ 2 ! 1 ○ 1", true);
    end(&f);
}

static void browses_by_group_status_and_order(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "opa-failing");
    run(&f);
    expect(&f, "▾ opa  limits_test   ✓ 2 ✗ 2 ! 1 ○ 1", true);
    press(&f, "left"); /* on the group's row: it closes */
    expect(&f, "▸ opa  limits_test", true);
    expect(&f, "test_message", false);
    press(&f, "enter");
    expect(&f, "test_message", true);
    type(&f, "/@error");
    press(&f, "enter");
    expect(&f, "! test_conflict", true);
    expect(&f, "test_message", false);
    press(&f, "esc");
    type(&f, "Ss"); /* skipped, in the box of statuses */
    expect(&f, "skipped only", true);
    expect(&f, "○ todo_test_later", true);
    expect(&f, "test_conflict", false);
    press(&f, "esc");
    type(&f, "o");
    expect(&f, "failed first", true);
    type(&f, "v"); /* one list, with whole names */
    expect(&f, "! limits_test.test_conflict", true);
    type(&f, "vooo");
    expect(&f, " watch ", false);
    type(&f, "w");
    expect(&f, " watch ", true);
    type(&f, "jjY");
    assert_non_null(strstr(app_message_text(f.app), "copied"));
    type(&f, "i");
    assert_non_null(strstr(app_message_text(f.app), "names no fixture"));
    type(&f, "p");
    assert_non_null(strstr(app_message_text(f.app), "is not known"));
    end(&f);
}

/* Until it is measured again it is that of the run before, which more than a colour says. */
static void old_coverage_is_in_doubt(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "opa-failing");
    run(&f);
    expect(&f, "cov 77.77% < 90?", false);
    type(&f, "3");
    expect(&f, "of the run before", false);
    begin_run(&f);
    expect(&f, "cov 77.77% < 90?", true);
    expect(&f, "not met; of the run before", true);
    wait_settled(&f);
    expect(&f, "cov 77.77% < 90?", false);
    end(&f);
}

/* A line of an explanation that its row cuts is told whole below the list. */
static void long_lines_are_told_whole(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "opa-failing");
    run(&f);
    static const char line[] = "messages == {\"8192 MB is too much\"}";
    f.cols = 44;
    type(&f, "]t");
    expect(&f, line, false);
    bool whole = false;
    for (int i = 0; i < 20 && !whole; i++) {
        type(&f, "j");
        char *shown = screen(&f);
        whole = strstr(shown, line) != NULL;
        free(shown);
    }
    assert_true(whole);
    end(&f);
}

/* What differs is told on one row where there is room, else on two. */
static void compares_beside_or_below(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "opa-failing");
    run(&f);
    type(&f, "]t");
    expect(&f, "- \"8192 MB is too much\"", true);
    expect(&f, "≠ - \"8192 MiB is too much\"", true);
    f.cols = 60;
    app_focus(f.app, SLOT_STATUS);
    expect(&f, "- expected  + got", true);
    expect(&f, "- - \"8192 MB is too much\"", true);
    expect(&f, "+ - \"8192 MiB is too much\"", true);
    end(&f);
}

static void problems_and_coverage(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "opa-broken");
    run(&f);
    expect(&f, "✓ 1 ! 3   cov 100.00% ≥ 90?", true);
    type(&f, "2");
    expect(&f, "✗ unsafe.rego:3:10  var user is unsafe  rego_unsafe_var_error", true);
    type(&f, "]d");
    assert_non_null(strstr(f.opened, ".rego:"));
    type(&f, "3");
    expect(&f, "incomplete: not everything could be loaded", true);
    expect(&f, "not met", true);
    end(&f);
}

static void small_screens(void **state)
{
    (void)state;
    static const int sizes[][2] = {{24, 80}, {10, 40}, {12, 41}, {60, 200}};
    /* Of the tabs the one in front is named at any width. */
    static const char *const names[] = {"Tests", "Problems", "Coverage", "Log"};
    struct fixture f;
    begin(&f, "opa-failing");
    run(&f);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        f.rows = sizes[i][0];
        f.cols = sizes[i][1];
        for (const char *tab = "1234"; *tab != '\0'; tab++) {
            type(&f, (char[]){*tab, '\0'});
            char *shown = screen(&f);
            assert_non_null(strstr(shown, names[*tab - '1']));
            free(shown);
        }
    }
    /* Whether the threshold is met is never told by a colour alone, nor half a number shown. */
    f.counts = 28;
    expect(&f, "○ 1   cov 77%<90", true);
    f.counts = 27;
    expect(&f, "○ 1", true);
    expect(&f, "○ 1   cov", false);
    end(&f);
}

static void stays_whole_without_tests(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "opa-none");
    run(&f);
    expect(&f, "no test was found: nothing was evaluated", true);
    type(&f, "jkrGg/xfF]t[d234");
    press(&f, "esc");
    press(&f, "enter");
    press(&f, "space");
    wait_settled(&f);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_a_run),
        cmocka_unit_test(explains_and_opens),
        cmocka_unit_test(filters_while_typing),
        cmocka_unit_test(reruns_a_part),
        cmocka_unit_test(browses_by_group_status_and_order),
        cmocka_unit_test(old_coverage_is_in_doubt),
        cmocka_unit_test(long_lines_are_told_whole),
        cmocka_unit_test(compares_beside_or_below),
        cmocka_unit_test(problems_and_coverage),
        cmocka_unit_test(small_screens),
        cmocka_unit_test(stays_whole_without_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
