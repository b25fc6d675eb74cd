/* The status pane: what it does. status_draw.c paints it. */
#include "pane/status_private.h"

#include "base/path.h"
#include "base/vec.h"
#include "widget/dialog.h"

#include <ctype.h>
#include <stdlib.h>

enum { SAVE_DELAY_MS = 100, SPINNER_MS = 100, EXPLAIN_FIRST = 10 };

#define FREE_STRINGS(list)                                                                         \
    do {                                                                                           \
        VEC_FOREACH (char *, item_, list) {                                                        \
            free(*item_);                                                                          \
        }                                                                                          \
        (list)->len = 0;                                                                           \
    } while (0)

static void board_changed(void *data)
{
    struct status *s = data;
    if (board_is_busy(s->board) && !loop_timer_is_active(s->spinner)) {
        loop_timer_start(s->spinner, SPINNER_MS, SPINNER_MS);
    }
    if (s->options.changed != NULL) {
        s->options.changed(s->options.data);
    }
    app_redraw(s->app);
}

static void on_spinner(void *data)
{
    struct status *s = data;
    if (!board_is_busy(s->board)) {
        loop_timer_stop(s->spinner);
    }
    app_redraw(s->app);
}

static const char *root_of(const struct status *s)
{
    return s->now != NULL ? s->now : s->root;
}

static void start(struct status *s)
{
    struct run_options options = {.root = root_of(s),
        .offline = s->of != NULL, /* a proposal: nobody has read it yet */
        .scope = s->scope,
        .wanted = (const char *const *)s->wanted.items,
        .wanted_count = s->wanted.len,
        .coverage = s->options.coverage,
        .explain_max = EXPLAIN_FIRST};
    runner_start(s->runner, &options);
    app_redraw(s->app);
}

void status_run(struct status *s, enum run_scope scope, const char *const *wanted, size_t count)
{
    struct {
        char **items;
        size_t len, cap;
    } copy = {0};
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&copy, mem_strdup(wanted[i]));
    }
    FREE_STRINGS(&s->wanted);
    VEC_FREE(&s->wanted);
    s->wanted.items = copy.items;
    s->wanted.len = copy.len;
    s->wanted.cap = copy.cap;
    s->scope = scope;
    start(s);
}

static void run_all(struct status *s)
{
    status_run(s, RUN_ALL, NULL, 0);
}

/* Saves come in bursts (a commit, a checkout). A run that is cut short by them runs again whole:
 * what it had not reached yet would stay "not evaluated". */
static void on_save_timer(void *data)
{
    struct status *s = data;
    if (board_is_running(s->board) || board_count(s->board) == 0) {
        run_all(s);
    } else {
        status_run(s, RUN_AFFECTED, (const char *const *)s->saved.items, s->saved.len);
    }
    FREE_STRINGS(&s->saved);
}

void status_file_changed(struct status *s, const char *path)
{
    VEC_PUSH(&s->saved, mem_strdup(path));
    loop_timer_start(s->save_timer, SAVE_DELAY_MS, 0);
}

void status_stop(struct status *s)
{
    runner_cancel(s->runner);
}

struct board *status_board(struct status *s)
{
    return s->board;
}

struct runner *status_runner(struct status *s)
{
    return s->runner;
}

void status_log(struct status *s, const char *line)
{
    board_log(s->board, line);
}

static void make_board(struct status *s)
{
    s->board = board_new();
    board_on_change(s->board, board_changed, s);
    struct runner_events events = board_events(s->board);
    s->runner = runner_new(app_loop(s->app), &engine_opa, &events);
    s->view.stale = true;
    s->cover_version = 0;
    s->cover_rows.len = 0;
}

void status_set_root(struct status *s, const char *root, const char *of)
{
    struct board *before = s->board;
    runner_free(s->runner);
    free(s->now);
    free(s->of);
    s->now = mem_strdup(root);
    s->of = mem_strdup(of);
    for (size_t i = 0; i < TAB_COUNT; i++) {
        list_set_count(&s->lists[i], 0);
    }
    s->view.rows.len = 0;
    make_board(s);
    for (size_t i = 0; i < board_log_count(before); i++) { /* the log goes on */
        board_log(s->board, board_log_at(before, i));
    }
    board_free(before);
    app_redraw(s->app);
}

/* Rows */

static const struct board_row *current_row(struct status *s)
{
    status_refresh(s);
    size_t at = s->lists[TAB_TESTS].cursor;
    return s->tab == TAB_TESTS && at < s->view.rows.len ? &s->view.rows.items[at] : NULL;
}

static struct board_test *current_test(struct status *s)
{
    const struct board_row *row = current_row(s);
    return row == NULL ? NULL : board_at(s->board, row->test);
}

/* "policies/p_test.rego:21:5: …": a place that an explanation names. */
static bool place_in(struct str line, char **path, struct position *at)
{
    size_t ext = str_find(line, STR_LIT(".rego:"), 0);
    if (ext == (size_t)-1) {
        return false;
    }
    size_t end = ext + strlen(".rego");
    size_t from = ext;
    while (from > 0 && line.ptr[from - 1] != ' ' && line.ptr[from - 1] != '(') {
        from--;
    }
    unsigned numbers[2] = {0, 0};
    size_t i = end;
    for (size_t n = 0; n < 2 && i < line.len && line.ptr[i] == ':'; n++) {
        i++;
        while (i < line.len && isdigit((unsigned char)line.ptr[i]) && numbers[n] < 100000000) {
            numbers[n] = numbers[n] * 10 + (unsigned)(line.ptr[i] - '0');
            i++;
        }
    }
    *at = (struct position){numbers[0], numbers[1]};
    *path = str_dup(str_slice(line, from, end));
    return numbers[0] > 0;
}

static unsigned open_place(struct status *s, const char *path, struct position at)
{
    if (path == NULL || s->options.open == NULL) {
        app_message(s->app, MESSAGE_INFO, "this row names no file");
        return UI_DONE;
    }
    s->options.open(s->options.data, path, at.row == 0 ? 1 : at.row, at.col);
    return UI_DONE;
}

static unsigned open_test_row(struct status *s)
{
    const struct board_row *row = current_row(s);
    if (row == NULL) {
        return UI_IGNORED;
    }
    const struct board_test *test = board_at(s->board, row->test);
    char *path = NULL;
    struct position at;
    if (row->kind == BOARD_ROW_TEXT && place_in(row->text, &path, &at)) {
        unsigned flags = open_place(s, path, at);
        free(path);
        return flags;
    }
    free(path);
    const struct result *sub = row->kind == BOARD_ROW_SUB ? &test->rows[row->index] : NULL;
    if (sub != NULL && sub->file != NULL && sub->at.row > 0) {
        return open_place(s, sub->file, sub->at);
    }
    return open_place(s, test->file, test->at);
}

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
    return open_place(s, file->path, first);
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
        return open_test_row(s);
    case TAB_PROBLEMS:
        if (at < status_findings(s)->len) {
            const struct finding *finding = &status_findings(s)->items[at];
            return open_place(s, finding->file, finding->at);
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

/* A failure that nobody asked about yet is explained when it is opened. */
static void expand(struct status *s, size_t index, bool on)
{
    struct board_test *test = board_at(s->board, index);
    if (test->expanded == on) {
        return;
    }
    test->expanded = on;
    s->view.stale = true;
    if (on && !test->pending && board_status(test) == RESULT_FAIL && test->detail == NULL &&
        !test->explaining && runner_explain(s->runner, test->plan)) {
        board_explaining(s->board, index);
    }
}

static unsigned toggle_row(void *data)
{
    struct status *s = data;
    const struct board_row *row = current_row(s);
    if (row == NULL) {
        return UI_IGNORED;
    }
    expand(s, row->test, !board_at(s->board, row->test)->expanded);
    return UI_DONE;
}

static unsigned expand_row(void *data)
{
    struct status *s = data;
    const struct board_row *row = current_row(s);
    if (row == NULL) {
        return UI_IGNORED;
    }
    expand(s, row->test, true);
    return UI_DONE;
}

static unsigned collapse_row(void *data)
{
    struct status *s = data;
    const struct board_row *row = current_row(s);
    if (row == NULL) {
        return UI_IGNORED;
    }
    expand(s, row->test, false);
    return UI_DONE;
}

static unsigned open_row(void *data)
{
    return status_open_row(data);
}

/* Runs */

static unsigned rerun_all(void *data)
{
    run_all(data);
    return UI_DONE;
}

static unsigned rerun_one(void *data)
{
    struct status *s = data;
    const struct board_test *test = current_test(s);
    if (test == NULL) {
        run_all(s);
        return UI_DONE;
    }
    if (test->plan == (size_t)-1) {
        const char *file = test->file;
        status_run(s, RUN_PATHS, &file, 1);
        return UI_DONE;
    }
    char *place = mem_printf("%s:%u", test->file, test->at.row);
    const char *wanted = place;
    status_run(s, RUN_TESTS, &wanted, 1);
    free(place);
    return UI_DONE;
}

static unsigned rerun_file(void *data)
{
    struct status *s = data;
    const struct board_test *test = current_test(s);
    const char *file = test != NULL ? test->file : NULL;
    if (file == NULL && s->options.current_file != NULL) {
        file = s->options.current_file(s->options.data);
    }
    if (file == NULL) {
        app_message(s->app, MESSAGE_INFO, "no file to run");
        return UI_DONE;
    }
    char *copy = mem_strdup(file);
    const char *wanted = copy;
    status_run(s, RUN_PATHS, &wanted, 1);
    free(copy);
    return UI_DONE;
}

static unsigned rerun_failed(void *data)
{
    struct status *s = data;
    struct {
        char **items;
        size_t len, cap;
    } places = {0};
    for (size_t i = 0; i < board_count(s->board); i++) {
        const struct board_test *test = board_at(s->board, i);
        enum result_status status = board_status(test);
        if ((status == RESULT_FAIL || status == RESULT_ERROR) && test->file != NULL) {
            VEC_PUSH(&places, mem_printf("%s:%u", test->file, test->at.row));
        }
    }
    if (places.len == 0) {
        app_message(s->app, MESSAGE_INFO, "no test has failed");
    } else {
        status_run(s, RUN_TESTS, (const char *const *)places.items, places.len);
    }
    FREE_STRINGS(&places);
    VEC_FREE(&places);
    return UI_DONE;
}

static unsigned step_test(void *data)
{
    struct status *s = data;
    const struct board_test *test = current_test(s);
    if (test == NULL || test->file == NULL || s->options.step == NULL) {
        app_message(s->app, MESSAGE_INFO, "Put the cursor on a test to step through it.");
        return UI_DONE;
    }
    s->options.step(s->options.data, test->file, test->at.row);
    return UI_DONE;
}

static unsigned rerun_last(void *data)
{
    start(data);
    return UI_DONE;
}

static unsigned stop(void *data)
{
    struct status *s = data;
    status_stop(s);
    app_message(s->app, MESSAGE_INFO, "stopped: what did not run is not evaluated");
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

/* Filter, tabs */

static void set_filter(struct status *s, struct str text)
{
    free(s->view.filter);
    s->view.filter = text.len == 0 ? NULL : str_dup(text);
    s->view.stale = true;
}

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

static unsigned end_filter(struct status *s)
{
    edit_free(s->filter);
    s->filter = NULL;
    return UI_DONE;
}

static unsigned toggle_failed(void *data)
{
    struct status *s = data;
    s->tab = TAB_TESTS;
    s->view.failed_only = !s->view.failed_only;
    s->view.stale = true;
    return UI_DONE;
}

static unsigned show_tab(struct status *s, enum status_tab tab)
{
    s->tab = tab;
    return UI_DONE;
}

static unsigned show_tests(void *data)
{
    return show_tab(data, TAB_TESTS);
}

static unsigned show_problems(void *data)
{
    return show_tab(data, TAB_PROBLEMS);
}

static unsigned show_coverage(void *data)
{
    return show_tab(data, TAB_COVERAGE);
}

static unsigned show_log(void *data)
{
    return show_tab(data, TAB_LOG);
}

static void append_test(struct buf *out, struct board_test *test)
{
    buf_printf(out, "%s.%s: %s", test->suite, test->name, result_status_name(board_status(test)));
    if (test->file != NULL) {
        buf_printf(out, "  %s:%u", test->file, test->at.row);
    }
    const char *text = board_text(test);
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
    if (s->tab == TAB_TESTS && current_test(s) != NULL) {
        append_test(&text, current_test(s));
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

void status_set_problems(struct status *s, struct problems *problems)
{
    s->problems = problems;
    app_redraw(s->app);
}

void status_set_check(struct status *s, const char *brief, const char *text, bool is_trouble)
{
    free(s->check_brief);
    free(s->check_text);
    s->check_brief = mem_strdup(brief);
    s->check_text = mem_strdup(text);
    s->check_trouble = is_trouble;
    app_redraw(s->app);
}

bool status_next_failure(struct status *s, int step)
{
    s->tab = TAB_TESTS;
    status_refresh(s);
    struct list *list = &s->lists[TAB_TESTS];
    size_t at = board_view_next_failure(&s->view, s->board, list->cursor, step);
    if (at == (size_t)-1) {
        app_message(s->app, MESSAGE_INFO, "no test has failed");
        return false;
    }
    list_set_cursor(list, at);
    const struct board_test *test = board_at(s->board, s->view.rows.items[at].test);
    expand(s, s->view.rows.items[at].test, true);
    open_place(s, test->file, test->at);
    app_redraw(s->app);
    return true;
}

bool status_next_finding(struct status *s, int step)
{
    s->tab = TAB_PROBLEMS;
    status_refresh(s);
    struct list *list = &s->lists[TAB_PROBLEMS];
    if (list->count == 0) {
        app_message(s->app, MESSAGE_INFO, "%s", status_no_problems(s));
        return false;
    }
    /* From where one is: a row of the list, else the cursor in the text. */
    struct position at = {0};
    const char *path = NULL;
    size_t next = SIZE_MAX;
    if (!app_has_focus(s->app, s) && s->options.cursor != NULL) {
        path = s->options.cursor(s->options.data, &at);
    }
    if (path != NULL) {
        next = problems_beside(status_findings(s), path, at, step);
    } else {
        next = (list->cursor + (step > 0 ? 1 : list->count - 1)) % list->count;
    }
    list_set_cursor(list, next);
    status_open_row(s);
    app_redraw(s->app);
    return true;
}

static unsigned next_failure(void *data)
{
    status_next_failure(data, 1);
    return UI_DONE;
}

static unsigned previous_failure(void *data)
{
    status_next_failure(data, -1);
    return UI_DONE;
}

static unsigned next_finding(void *data)
{
    status_next_finding(data, 1);
    return UI_DONE;
}

static unsigned previous_finding(void *data)
{
    status_next_finding(data, -1);
    return UI_DONE;
}

static const struct action actions[] = {
    {"status.open", "open", "Go to the line this row is about, or show all of a line of the log",
        "enter", NULL, ACTION_KEY_LINE, open_row, why_no_place},
    {"status.expand", "explain", "Show or hide why a test failed, its cases and what it printed",
        "space", NULL, ACTION_KEY_LINE, toggle_row, why_no_tests_here},
    {"status.expand-row", "expand", "Show cases, output and explanation", "right", NULL,
        ACTION_NO_PALETTE, expand_row, NULL},
    {"status.collapse-row", "collapse", "Hide them", "left", NULL, ACTION_NO_PALETTE, collapse_row,
        NULL},
    {"status.run-one", "rerun", "Run this test again", "r", NULL, ACTION_KEY_LINE, rerun_one,
        why_no_tests_here},
    {"status.step", "step", "Run this test alone and step through what it did", "d", NULL,
        ACTION_KEY_LINE, step_test, why_no_tests_here},
    {"status.run-file", "rerun file", "Run all tests of this file", "t", NULL, 0, rerun_file,
        why_no_tests_here},
    {"status.run-failed", "rerun failed", "Run the tests that failed", "F", NULL, 0, rerun_failed,
        NULL},
    {"status.run-all", "run all", "Run all tests", "a", NULL, ACTION_KEY_LINE, rerun_all, NULL},
    {"status.run-last", "run last", "Repeat the last run", ".", NULL, 0, rerun_last, NULL},
    {"status.stop", "stop", "Stop the tests that run", "s", NULL, 0, stop, why_not_stop},
    {"status.failed-only", "failed only", "Show only tests that failed, or all", "f", NULL,
        ACTION_KEY_LINE, toggle_failed, why_no_tests_here},
    {"status.filter", "filter", "Show only tests whose name or file contains a text", "/", NULL,
        ACTION_KEY_LINE, begin_filter, why_no_tests_here},
    {"status.copy", "copy", "Copy the row with its explanation", "y", NULL, 0, copy_row, NULL},
    {"status.tests", "tests", "Show the tests", "1", NULL, 0, show_tests, NULL},
    {"status.problems", "problems", "Show what does not compile and other findings", "2", NULL, 0,
        show_problems, NULL},
    {"status.coverage", "coverage", "Show what the tests cover, file by file", "3", NULL, 0,
        show_coverage, NULL},
    {"status.log", "log", "Show what ran", "4", NULL, 0, show_log, NULL},
};

const struct action_set status_actions = ACTION_SET("status", "Tests", actions);

static const struct action global_actions[] = {
    {"tests.next-failure", "next failure", "Go to the next test that failed", "]t", NULL, 0,
        next_failure, NULL},
    {"tests.previous-failure", "previous failure", "Go to the test that failed before", "[t", NULL,
        0, previous_failure, NULL},
    {"tests.next-finding", "next problem", "Go to the next problem", "]d", NULL, 0, next_finding,
        NULL},
    {"tests.previous-finding", "previous problem", "Go to the problem before", "[d", NULL, 0,
        previous_finding, NULL},
};

const struct action_set status_global_actions = ACTION_SET("tests", "Tests", global_actions);

/* Pane */

static unsigned status_key(void *data, const struct key *key)
{
    struct status *s = data;
    if (s->filter != NULL) {
        if (key->code == K_ENTER) {
            return end_filter(s);
        }
        unsigned flags = edit_key(s->filter, key, false);
        if (flags != UI_IGNORED) {
            set_filter(s, edit_text(s->filter));
            return flags;
        }
    }
    status_refresh(s);
    unsigned flags = list_key(&s->lists[s->tab], key, s->filter == NULL);
    if (s->tab == TAB_LOG && flags != UI_IGNORED) {
        s->follow_log = s->lists[TAB_LOG].cursor + 1 >= board_log_count(s->board);
    }
    return flags;
}

static bool status_takes_text(const void *data)
{
    return ((const struct status *)data)->filter != NULL;
}

static unsigned status_paste(void *data, struct str text)
{
    struct status *s = data;
    if (s->filter == NULL) {
        return UI_IGNORED;
    }
    edit_insert(s->filter, text);
    set_filter(s, edit_text(s->filter));
    return UI_DONE;
}

static unsigned status_mouse(void *data, const struct mouse *mouse)
{
    struct status *s = data;
    bool opened = false;
    status_refresh(s);
    unsigned flags = list_mouse(&s->lists[s->tab], mouse, &opened);
    if (s->tab == TAB_LOG && flags != UI_IGNORED) {
        s->follow_log = s->lists[TAB_LOG].cursor + 1 >= board_log_count(s->board);
    }
    return opened ? status_open_row(s) : flags;
}

static unsigned status_escape(void *data)
{
    struct status *s = data;
    if (s->filter != NULL || s->view.filter != NULL) {
        end_filter(s);
        set_filter(s, str_make(NULL, 0));
        return UI_DONE;
    }
    if (s->view.failed_only && s->tab == TAB_TESTS) {
        return toggle_failed(s);
    }
    return UI_IGNORED;
}

static void status_destroy(void *data)
{
    struct status *s = data;
    board_on_change(s->board, NULL, NULL);
    runner_free(s->runner);
    board_free(s->board);
    loop_timer_free(s->save_timer);
    loop_timer_free(s->spinner);
    board_view_free(&s->view);
    edit_free(s->filter);
    VEC_FREE(&s->cover_rows);
    FREE_STRINGS(&s->wanted);
    VEC_FREE(&s->wanted);
    FREE_STRINGS(&s->saved);
    VEC_FREE(&s->saved);
    free(s->root);
    free(s->now);
    free(s->of);
    free(s->check_brief);
    free(s->check_text);
    free(s);
}

static const struct pane_ops status_ops = {.name = "status",
    .actions = &status_actions,
    .draw = status_draw,
    .key = status_key,
    .takes_text = status_takes_text,
    .mouse = status_mouse,
    .paste = status_paste,
    .escape = status_escape,
    .draw_title = status_draw_title,
    .status = status_fold,
    .destroy = status_destroy};

struct pane status_pane_new(const struct status_options *options, struct status **status)
{
    struct status *s = MEM_NEW(struct status);
    s->app = options->app;
    s->options = *options;
    s->root = mem_strdup(options->root);
    s->options.root = s->root;
    s->follow_log = true;
    s->save_timer = loop_timer_new(app_loop(s->app), on_save_timer, s);
    s->spinner = loop_timer_new(app_loop(s->app), on_spinner, s);
    make_board(s);
    *status = s;
    return (struct pane){&status_ops, s};
}
