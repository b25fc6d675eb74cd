/* The rows of the Tests tab: where they lead, what is open, what of them runs again. */
#include "pane/status_private.h"

#include "base/path.h"
#include "base/vec.h"

#include <stdlib.h>

enum { GROUP_FILES_MAX = 400 }; /* named one by one when a group runs again */

bool status_current_row(struct status *s, struct board_row *row)
{
    status_refresh(s);
    size_t at = s->lists[TAB_TESTS].cursor;
    if (s->tab != TAB_TESTS || at >= board_view_count(&s->view)) {
        return false;
    }
    *row = board_view_row(&s->view, s->board, at);
    return true;
}

struct board_test *status_current_test(struct status *s)
{
    struct board_row row;
    return status_current_row(s, &row) && row.kind != BOARD_ROW_GROUP ? board_at(s->board, row.test)
                                                                      : NULL;
}

/* ---- where rows lead ---- */

unsigned status_open_place(struct status *s, const char *path, struct position at)
{
    if (path == NULL || s->options.open == NULL) {
        app_message(s->app, MESSAGE_INFO, "this row names no file");
        return UI_DONE;
    }
    s->options.open(s->options.data, path, at.row == 0 ? 1 : at.row, at.col);
    return UI_DONE;
}

/* What a row is about: a sub-test stands for itself. */
static const struct result *result_of(struct status *s, const struct board_row *row)
{
    const struct board_test *test = board_at(s->board, row->test);
    size_t index = row->kind == BOARD_ROW_SUB ? row->index : 0;
    return index < test->count ? &test->rows[index] : NULL;
}

static unsigned toggle_group(struct status *s, size_t group)
{
    bool open = board_view_is_open(&s->view, s->board, group);
    board_view_open(&s->view, s->board, group, !open);
    return UI_DONE;
}

unsigned status_open_test_row(struct status *s)
{
    struct board_row row;
    if (!status_current_row(s, &row)) {
        return UI_IGNORED;
    }
    if (row.kind == BOARD_ROW_GROUP) {
        return toggle_group(s, row.group);
    }
    const struct board_test *test = board_at(s->board, row.test);
    char *path = NULL;
    struct position at;
    if (row.kind == BOARD_ROW_TEXT && board_place_in(row.text, &path, &at)) {
        unsigned flags = status_open_place(s, path, at);
        free(path);
        return flags;
    }
    free(path);
    const struct result *sub = row.kind == BOARD_ROW_SUB ? &test->rows[row.index] : NULL;
    if (sub != NULL && sub->file != NULL && sub->at.row > 0) {
        return status_open_place(s, sub->file, sub->at);
    }
    return status_open_place(s, test->file, test->at);
}

unsigned status_open_rule(void *data)
{
    struct status *s = data;
    struct board_row row;
    if (!status_current_row(s, &row) || row.kind == BOARD_ROW_GROUP) {
        app_message(s->app, MESSAGE_INFO, "Put the cursor on a test to see what it tests.");
        return UI_DONE;
    }
    const struct result *result = result_of(s, &row);
    const struct board_test *test = board_at(s->board, row.test);
    if (result != NULL && result->policy_file != NULL) {
        return status_open_place(s, result->policy_file, result->policy_at);
    }
    if (s->options.open_rule == NULL ||
        !s->options.open_rule(s->options.data, test->file, test->at)) {
        app_message(s->app, MESSAGE_INFO, "which rule %s tests is not known", test->name);
    }
    return UI_DONE;
}

unsigned status_open_fixture(void *data)
{
    struct status *s = data;
    struct board_row row;
    if (!status_current_row(s, &row) || row.kind == BOARD_ROW_GROUP) {
        app_message(s->app, MESSAGE_INFO, "Put the cursor on a test to see its input.");
        return UI_DONE;
    }
    const struct result *result = result_of(s, &row);
    const struct board_test *test = board_at(s->board, row.test);
    if (result != NULL && result->input_file != NULL) {
        return status_open_place(s, result->input_file, result->input_at);
    }
    if (s->options.open_fixture == NULL ||
        !s->options.open_fixture(s->options.data, test->file, test->at)) {
        app_message(s->app, MESSAGE_INFO, "%s names no fixture: its input is in the test itself",
            test->name);
    }
    return UI_DONE;
}

/* ---- open and closed ---- */

/* A failure that nobody asked about yet is explained when it is opened. */
static void expand(struct status *s, size_t index, bool on)
{
    struct board_test *test = board_at(s->board, index);
    if (test->expanded == on) {
        return;
    }
    test->expanded = on;
    board_touch(s->board, index);
    if (on && board_status(test) != RESULT_PASS && test->count > 0) {
        status_ask_input(s, test);
    }
    if (on && !test->pending && board_status(test) == RESULT_FAIL && test->detail == NULL &&
        !test->explaining && runner_explain(s->runner, test->plan)) {
        board_explaining(s->board, index);
    }
}

unsigned status_toggle_row(void *data)
{
    struct status *s = data;
    struct board_row row;
    if (!status_current_row(s, &row)) {
        return UI_IGNORED;
    }
    if (row.kind == BOARD_ROW_GROUP) {
        return toggle_group(s, row.group);
    }
    expand(s, row.test, !board_at(s->board, row.test)->expanded);
    return UI_DONE;
}

unsigned status_expand_row(void *data)
{
    struct status *s = data;
    struct board_row row;
    if (!status_current_row(s, &row)) {
        return UI_IGNORED;
    }
    if (row.kind == BOARD_ROW_GROUP) {
        board_view_open(&s->view, s->board, row.group, true);
    } else {
        expand(s, row.test, true);
    }
    return UI_DONE;
}

/* To the row of the group that a row is in. */
static void go_up(struct status *s, const struct board_row *row)
{
    const struct board_tree *tree = board_tree(s->board);
    size_t group = row->kind == BOARD_ROW_GROUP ? tree->items[row->group].parent : row->group;
    for (; group != 0; group = tree->items[group].parent) {
        struct board_row up = {.kind = BOARD_ROW_GROUP, .group = group};
        size_t at = board_view_find(&s->view, s->board, &up);
        if (at < s->lists[TAB_TESTS].cursor) {
            list_set_cursor(&s->lists[TAB_TESTS], at);
            status_remember(s);
            return;
        }
    }
}

unsigned status_collapse_row(void *data)
{
    struct status *s = data;
    struct board_row row;
    if (!status_current_row(s, &row)) {
        return UI_IGNORED;
    }
    bool group = row.kind == BOARD_ROW_GROUP;
    if (group && board_view_is_open(&s->view, s->board, row.group)) {
        board_view_open(&s->view, s->board, row.group, false);
    } else if (!group && board_at(s->board, row.test)->expanded) {
        row.kind = BOARD_ROW_TEST;
        expand(s, row.test, false);
        status_refresh(s);
        size_t at = board_view_find(&s->view, s->board, &row);
        list_set_cursor(&s->lists[TAB_TESTS], at == (size_t)-1 ? 0 : at);
        status_remember(s);
    } else {
        go_up(s, &row);
    }
    return UI_DONE;
}

static unsigned open_all(struct status *s, bool open)
{
    for (size_t i = 1; i < board_tree(s->board)->len; i++) {
        board_view_open(&s->view, s->board, i, open);
    }
    return UI_DONE;
}

unsigned status_expand_all(void *data)
{
    return open_all(data, true);
}

unsigned status_collapse_all(void *data)
{
    return open_all(data, false);
}

static void put_cursor(struct status *s, size_t test)
{
    board_view_reveal(&s->view, s->board, test);
    status_refresh(s);
    struct board_row row = {
        .kind = BOARD_ROW_TEST, .test = test, .id = board_at(s->board, test)->id};
    size_t at = board_view_find(&s->view, s->board, &row);
    list_set_cursor(&s->lists[TAB_TESTS], at == (size_t)-1 ? 0 : at);
    status_remember(s);
}

bool status_next_failure(struct status *s, int step)
{
    s->tab = TAB_TESTS;
    status_refresh(s);
    size_t cursor = s->lists[TAB_TESTS].cursor;
    size_t test = board_view_next_failure(&s->view, s->board, cursor, step);
    if (test == (size_t)-1) {
        app_message(s->app, MESSAGE_INFO, "no test has failed");
        return false;
    }
    expand(s, test, true);
    put_cursor(s, test);
    status_open_place(s, board_at(s->board, test)->file, board_at(s->board, test)->at);
    app_redraw(s->app);
    return true;
}

void status_go_to_failure(struct status *s)
{
    status_refresh(s);
    struct board_row row;
    if (status_current_row(s, &row) && row.kind != BOARD_ROW_GROUP) {
        return;
    }
    size_t cursor = s->lists[TAB_TESTS].cursor;
    size_t test = board_view_next_failure(&s->view, s->board, cursor, 1);
    if (test != (size_t)-1) {
        put_cursor(s, test);
    }
}

/* ---- runs ---- */

/* Every test of the group. */
static void each_test(struct status *s, size_t group, struct policy_set *out)
{
    const struct board_group *known = &board_tree(s->board)->items[group];
    for (size_t i = 0; i < known->tests.len; i++) {
        VEC_PUSH(out, known->tests.items[i]);
    }
    for (size_t i = 0; i < known->groups.len; i++) {
        each_test(s, known->groups.items[i], out);
    }
}

static void run_group(struct status *s, size_t group)
{
    struct policy_set tests = {0};
    struct status_words files = {0};
    each_test(s, group, &tests);
    const char *last = NULL;
    for (size_t i = 0; i < tests.len && files.len <= GROUP_FILES_MAX; i++) {
        const char *file = board_at(s->board, tests.items[i])->file;
        if (file != NULL && (last == NULL || strcmp(last, file) != 0)) {
            VEC_PUSH(&files, mem_strdup(file));
            last = file;
        }
    }
    if (files.len == 0 || files.len > GROUP_FILES_MAX || tests.len == board_count(s->board)) {
        status_run(s, RUN_ALL, NULL, 0);
    } else {
        status_run(s, RUN_PATHS, (const char *const *)files.items, files.len);
    }
    status_words_free(&files);
    VEC_FREE(&tests);
}

unsigned status_rerun_one(void *data)
{
    struct status *s = data;
    struct board_row row;
    if (!status_current_row(s, &row)) {
        status_run(s, RUN_ALL, NULL, 0);
        return UI_DONE;
    }
    if (row.kind == BOARD_ROW_GROUP) {
        run_group(s, row.group);
        return UI_DONE;
    }
    const struct board_test *test = board_at(s->board, row.test);
    char *place =
        test->foreseen ? mem_printf("%s:%u", test->file, test->at.row) : mem_strdup(test->file);
    const char *wanted = place;
    status_run(s, test->foreseen ? RUN_TESTS : RUN_PATHS, &wanted, 1);
    free(place);
    return UI_DONE;
}

unsigned status_rerun_group(void *data)
{
    struct status *s = data;
    struct board_row row;
    if (status_current_row(s, &row)) {
        run_group(s, row.group);
    } else {
        status_run(s, RUN_ALL, NULL, 0);
    }
    return UI_DONE;
}

unsigned status_rerun_file(void *data)
{
    struct status *s = data;
    const struct board_test *test = status_current_test(s);
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

/* What changed and did not run yet (watch is off); else what the editor's file can reach. */
unsigned status_rerun_affected(void *data)
{
    struct status *s = data;
    if (s->saved.len > 0) {
        struct status_words saved = s->saved;
        s->saved = (struct status_words){0};
        status_run(s, RUN_AFFECTED, (const char *const *)saved.items, saved.len);
        status_words_free(&saved);
        return UI_DONE;
    }
    const char *file =
        s->options.current_file == NULL ? NULL : s->options.current_file(s->options.data);
    if (file == NULL) {
        app_message(
            s->app, MESSAGE_INFO, "nothing changed since the last run, and no file is open");
        return UI_DONE;
    }
    char *copy = mem_strdup(file);
    const char *wanted = copy;
    status_run(s, RUN_AFFECTED, &wanted, 1);
    free(copy);
    return UI_DONE;
}

unsigned status_rerun_failed(void *data)
{
    struct status *s = data;
    struct status_words places = {0};
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
    status_words_free(&places);
    return UI_DONE;
}
