/* What the status pane's keys do, as a table; rows of tests are status_tests.c. */
#include "pane/status_private.h"

#include "base/path.h"
#include "base/vec.h"
#include "engine/reproduce.h"
#include "widget/dialog.h"

#include <stdlib.h>

static unsigned open_cover_row(struct status *s)
{
    const struct coverage *coverage = board_coverage(s->board);
    size_t at = s->lists[TAB_COVERAGE].cursor;
    if (coverage == NULL || at >= s->cover_rows.len) {
        return UI_IGNORED;
    }
    const struct coverage_file *file = &coverage->items[s->cover_rows.items[at]];
    struct position first = {1, 1};
    if (file->missed.len > 0) {
        first = (struct position){file->missed.items[0].row, file->missed.items[0].col};
    }
    return status_open_place(s, file->path, first);
}

/* All of a line that may be longer than the pane is wide. */
static unsigned show_log_line(struct status *s)
{
    size_t at = s->lists[TAB_LOG].cursor;
    if (at >= board_log_count(s->board)) {
        return UI_IGNORED;
    }
    dialog_message(s->app, "Log", str_trim(str_of(board_log_at(s->board, at))));
    return UI_DONE;
}

unsigned status_open_row(struct status *s)
{
    status_refresh(s);
    size_t at = s->lists[TAB_PROBLEMS].cursor;
    switch (s->tab) {
    case TAB_TESTS:
        return status_open_test_row(s);
    case TAB_PROBLEMS:
        if (at < status_findings(s)->len) {
            const struct finding *finding = &status_findings(s)->items[at];
            return status_open_place(s, finding->file, finding->at);
        }
        return UI_IGNORED;
    case TAB_COVERAGE:
        return open_cover_row(s);
    case TAB_LOG:
        return show_log_line(s);
    default:
        return UI_IGNORED;
    }
}

static unsigned open_row(void *data)
{
    return status_open_row(data);
}

/* ---- runs ---- */

static unsigned rerun_all(void *data)
{
    status_run(data, RUN_ALL, NULL, 0);
    return UI_DONE;
}

static unsigned step_test(void *data)
{
    struct status *s = data;
    const struct board_test *test = status_current_test(s);
    if (test == NULL || test->file == NULL || s->options.step == NULL) {
        app_message(s->app, MESSAGE_INFO, "Put the cursor on a test to step through it.");
        return UI_DONE;
    }
    s->options.step(s->options.data, test->file, test->at.row);
    return UI_DONE;
}

static unsigned rerun_last(void *data)
{
    status_run_last(data);
    return UI_DONE;
}

static unsigned stop(void *data)
{
    struct status *s = data;
    status_stop(s);
    app_message(s->app, MESSAGE_INFO, "stopped: what did not run is not evaluated");
    return UI_DONE;
}

static unsigned toggle_watch(void *data)
{
    struct status *s = data;
    status_set_watch(s, !s->watch);
    app_message(s->app, MESSAGE_INFO,
        s->watch ? "watching: what a change affects runs at once"
                 : "not watching: A runs what changed since");
    return UI_DONE;
}

static const char *why_not_stop(void *data)
{
    const struct status *s = data;
    return board_is_busy(s->board) ? NULL : "nothing is running";
}

static const char *why_no_tests_here(void *data)
{
    const struct status *s = data;
    return s->tab == TAB_TESTS ? NULL : "That is for tests: 1 shows them.";
}

static const char *why_no_place(void *data)
{
    const struct status *s = data;
    return s->tab == TAB_LOG && board_log_count(s->board) == 0 ? "Nothing was logged." : NULL;
}

/* ---- filter, order, tabs ---- */

static unsigned begin_filter(void *data)
{
    struct status *s = data;
    s->tab = TAB_TESTS;
    if (s->filter == NULL) {
        s->filter = edit_new(false);
        edit_set(s->filter, str_of(s->view.filter));
    }
    return UI_DONE;
}

unsigned status_toggle_failed(void *data)
{
    struct status *s = data;
    s->tab = TAB_TESTS;
    bool on = s->view.statuses != BOARD_RED;
    board_view_set_statuses(&s->view, on ? BOARD_RED : 0);
    if (on) {
        status_go_to_failure(s); /* what one wants to look at next */
    }
    return UI_DONE;
}

static const struct {
    char key;
    const char *label;
    unsigned bits;
} status_choices[] = {{'a', "All", 0}, {'r', "Failed (fail and error)", BOARD_RED},
    {'p', "Pass", 1U << RESULT_PASS}, {'f', "Fail", 1U << RESULT_FAIL},
    {'e', "Error", 1U << RESULT_ERROR}, {'w', "Warning", 1U << RESULT_WARNING},
    {'s', "Skipped", 1U << RESULT_SKIPPED}, {'n', "Not evaluated", 1U << RESULT_NOT_EVALUATED},
    {'y', "Flaky", BOARD_FLAKY}};

static void status_chosen(void *data, int choice)
{
    struct status *s = data;
    if (choice >= 0) {
        board_view_set_statuses(&s->view, status_choices[choice].bits);
        app_redraw(s->app);
    }
}

/* Two statuses and more: "@pass @skipped" in the filter. */
static unsigned choose_statuses(void *data)
{
    struct status *s = data;
    struct dialog_choice choices[ARRAY_LEN(status_choices)];
    for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
        choices[i] = (struct dialog_choice){status_choices[i].key, status_choices[i].label};
    }
    dialog_choose(s->app, "Show tests of which status",
        STR_LIT("Several: type them in the filter, as @pass @skipped"), choices, ARRAY_LEN(choices),
        status_chosen, s);
    return UI_DONE;
}

static unsigned next_order(void *data)
{
    struct status *s = data;
    board_view_set_order(&s->view, (s->view.order + 1) % ORDER_COUNT, s->view.flat);
    app_message(s->app, MESSAGE_INFO, "%s", board_order_name(s->view.order));
    return UI_DONE;
}

static unsigned toggle_flat(void *data)
{
    struct status *s = data;
    board_view_set_order(&s->view, s->view.order, !s->view.flat);
    return UI_DONE;
}

static unsigned show_tests(void *data)
{
    return status_show_tab(data, TAB_TESTS);
}

static unsigned show_problems(void *data)
{
    return status_show_tab(data, TAB_PROBLEMS);
}

static unsigned show_coverage(void *data)
{
    return status_show_tab(data, TAB_COVERAGE);
}

static unsigned show_log(void *data)
{
    return status_show_tab(data, TAB_LOG);
}

static void append_group(struct buf *out, const struct status *s, size_t group)
{
    const char *labels[3];
    size_t count = board_view_labels(s->board, group, labels);
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%s%s", i == 0 ? "" : "  ", labels[i]);
    }
    const struct board_sum *sum = &board_tree(s->board)->items[group].sum;
    buf_append_c(out, ": ");
    status_append_tally(out, &sum->tally, sum->pending);
}

static void append_test(struct buf *out, const struct board *board, struct board_test *test)
{
    buf_printf(out, "%s.%s: %s", test->suite, test->name, result_status_name(board_status(test)));
    if (test->file != NULL) {
        buf_printf(out, "  %s:%u", test->file, test->at.row);
    }
    const char *text = board_text(board, test);
    if (text[0] != '\0') {
        buf_printf(out, "\n%s", text);
    }
}

static unsigned copy_row(void *data)
{
    struct status *s = data;
    struct buf text = BUF_INIT;
    status_refresh(s);
    size_t at = s->lists[s->tab].cursor;
    struct board_row row;
    if (status_current_row(s, &row) && row.kind == BOARD_ROW_GROUP) {
        append_group(&text, s, row.group);
    } else if (status_current_test(s) != NULL) {
        append_test(&text, s->board, status_current_test(s));
    } else if (s->tab == TAB_PROBLEMS && at < status_findings(s)->len) {
        const struct finding *f = &status_findings(s)->items[at];
        buf_printf(&text, "%s:%u:%u: %s: %s", f->file == NULL ? "?" : f->file, f->at.row, f->at.col,
            f->rule, f->message);
    } else if (s->tab == TAB_LOG && at < board_log_count(s->board)) {
        buf_append_c(&text, board_log_at(s->board, at));
    }
    if (text.len > 0) {
        app_copy(s->app, buf_str(&text));
    }
    buf_free(&text);
    return UI_DONE;
}

static unsigned copy_command(void *data)
{
    struct status *s = data;
    const struct board_test *test = status_current_test(s);
    struct buf line = BUF_INIT;
    struct err err;
    if (test == NULL) {
        app_message(s->app, MESSAGE_INFO, "Put the cursor on a test to copy how it is run.");
    } else if (!reproduce_row(s->runner, test, &line, &err)) {
        app_message(s->app, MESSAGE_WARNING, "%s", err.text);
    } else {
        app_copy(s->app, buf_str(&line));
    }
    buf_free(&line);
    return UI_DONE;
}

static const struct action actions[] = {
    {"status.open", "open",
        "Go to the line this row is about, open or close a group, or show all of a line of the log",
        "enter", NULL, ACTION_KEY_LINE, open_row, why_no_place},
    {"status.expand", "explain",
        "Show or hide why a test failed, its cases and what it printed; what is in a group",
        "space", NULL, ACTION_KEY_LINE, status_toggle_row, why_no_tests_here},
    {"status.expand-row", "expand", "Show cases, output and explanation, or what is in a group",
        "right", NULL, ACTION_NO_PALETTE, status_expand_row, NULL},
    {"status.collapse-row", "collapse", "Hide them; then to the group", "left", NULL,
        ACTION_NO_PALETTE, status_collapse_row, NULL},
    {"status.expand-all", "open groups", "Open all groups of tests", "+", NULL, 0,
        status_expand_all, why_no_tests_here},
    {"status.collapse-all", "close groups", "Close all groups of tests", "-", NULL, 0,
        status_collapse_all, why_no_tests_here},
    {"status.run-one", "rerun", "Run this test, or this group, again", "r", NULL, ACTION_KEY_LINE,
        status_rerun_one, why_no_tests_here},
    {"status.run-group", "rerun group", "Run all tests of the group this row is in", "R", NULL, 0,
        status_rerun_group, why_no_tests_here},
    {"status.step", "step", "Run this test alone and step through what it did", "d", NULL,
        ACTION_KEY_LINE, step_test, why_no_tests_here},
    {"status.run-file", "rerun file", "Run all tests of this file", "t", NULL, 0, status_rerun_file,
        why_no_tests_here},
    {"status.run-failed", "rerun failed", "Run the tests that failed", "F", NULL, 0,
        status_rerun_failed, NULL},
    {"status.run-affected", "run affected",
        "Run the tests that can reach what changed, or else the file in the editor", "A", NULL, 0,
        status_rerun_affected, NULL},
    {"status.run-all", "run all", "Run all tests", "a", NULL, ACTION_KEY_LINE, rerun_all, NULL},
    {"status.run-last", "run last", "Repeat the last run", ".", NULL, 0, rerun_last, NULL},
    {"status.stop", "stop", "Stop the tests that run", "s", NULL, 0, stop, why_not_stop},
    {"status.watch", "watch", "Run what a change affects as soon as a file changes, or not", "w",
        NULL, 0, toggle_watch, NULL},
    {"status.failed-only", "failed only", "Show only tests that failed, or all", "f", NULL,
        ACTION_KEY_LINE, status_toggle_failed, why_no_tests_here},
    {"status.statuses", "statuses", "Choose which status tests are shown of", "S", NULL, 0,
        choose_statuses, why_no_tests_here},
    {"status.filter", "filter",
        "Show only tests whose name, file or engine contains all these words; @fail, @flaky, …: of "
        "this status",
        "/", NULL, ACTION_KEY_LINE, begin_filter, why_no_tests_here},
    {"status.order", "order", "By file, failed first, slowest first or flaky first", "o", NULL, 0,
        next_order, why_no_tests_here},
    {"status.flat", "tree or list", "Show tests in their groups, or all in one list", "v", NULL, 0,
        toggle_flat, why_no_tests_here},
    {"status.rule", "rule", "Go to the rule this test is about", "p", NULL, 0, status_open_rule,
        why_no_tests_here},
    {"status.fixture", "fixture", "Go to the input this test uses", "i", NULL, 0,
        status_open_fixture, why_no_tests_here},
    {"status.copy", "copy", "Copy the row with its explanation", "y", NULL, 0, copy_row, NULL},
    {"status.copy-command", "copy command", "Copy the command line that runs this test in a shell",
        "Y", NULL, 0, copy_command, why_no_tests_here},
    {"status.tests", "tests", "Show the tests", "1", NULL, 0, show_tests, NULL},
    {"status.problems", "problems", "Show what does not compile and other findings", "2", NULL, 0,
        show_problems, NULL},
    {"status.coverage", "coverage", "Show what the tests cover, file by file", "3", NULL, 0,
        show_coverage, NULL},
    {"status.log", "log", "Show what ran", "4", NULL, 0, show_log, NULL},
};

const struct action_set status_actions = ACTION_SET("status", "Tests", actions);
