#include "desk_reach.h"

#include "base/path.h"
#include "base/vec.h"
#include "desk_private.h"
#include "keymap.h"
#include "widget/picker.h"

#include <stdlib.h>

enum { NAMED_MAX = 3 }; /* beside the cursor */

/* ---- the list ---- */

struct reach_test {
    char *name, *file;
    struct position at;
};

struct reach_list {
    struct desk *desk;
    struct {
        struct reach_test *items;
        size_t len, cap;
    } tests;
    struct buf detail;
};

static void show_item(void *data, size_t index, struct picker_item *out)
{
    struct reach_list *list = data;
    const struct reach_test *test = &list->tests.items[index];
    buf_clear(&list->detail);
    buf_printf(&list->detail, "%s:%u", test->file, test->at.row);
    out->text = str_of(test->name);
    out->detail = buf_str(&list->detail);
}

static void chosen(void *data, size_t index, struct str query)
{
    struct reach_list *list = data;
    (void)query;
    if (index < list->tests.len) {
        const struct reach_test *test = &list->tests.items[index];
        desk_show(list->desk, test->file, test->at.row, test->at.col);
    }
}

static void destroy(void *data)
{
    struct reach_list *list = data;
    VEC_FOREACH (struct reach_test, test, &list->tests) {
        free(test->name);
        free(test->file);
    }
    VEC_FREE(&list->tests);
    buf_free(&list->detail);
    free(list);
}

static void open_list(struct desk *desk, const char *path, unsigned row, bool complete,
    const struct policy_set *places)
{
    const struct run_plan *plan = runner_plan(status_runner(desk->status));
    struct reach_list *list = MEM_NEW(struct reach_list);
    list->desk = desk;
    VEC_FOREACH (size_t, place, places) {
        const struct plan_test *test = &plan->tests.items[*place];
        VEC_PUSH(&list->tests, (struct reach_test){mem_printf("%s.%s", test->suite, test->name),
                                   mem_strdup(plan->files.items[test->file].path), test->at});
    }
    char *title = mem_printf("%zu test%s reach%s %s:%u%s", places->len, places->len == 1 ? "" : "s",
        places->len == 1 ? "es" : "", path_base(path), row,
        complete ? "" : " (more may: not all were asked)");
    struct picker_options options = {.title = title,
        .hint = "Enter goes there, Esc stays",
        .count = list->tests.len,
        .item = show_item,
        .chosen = chosen,
        .destroy = destroy,
        .data = list};
    picker_open(desk->app, &options);
    free(title);
}

/* ---- asking ---- */

static void show(struct desk *desk, const char *path, unsigned row)
{
    struct policy_set tests = {0};
    bool complete = runner_reaching(status_runner(desk->status), path, row, &tests);
    if (tests.len > 0) {
        open_list(desk, path, row, complete, &tests);
    } else {
        app_message(desk->app, MESSAGE_INFO,
            complete ? "No test reaches %s:%u."
                     : "No test is known to reach %s:%u, and not all could be asked.",
            path_base(path), row);
    }
    VEC_FREE(&tests);
}

void desk_reach_changed(struct desk *desk)
{
    if (desk->reach_path == NULL || runner_is_reaching(status_runner(desk->status))) {
        return;
    }
    char *path = desk->reach_path;
    desk->reach_path = NULL;
    show(desk, path, desk->reach_row);
    free(path);
}

/* ---- beside the cursor ---- */

/* Comments, blank lines and heads without a condition are reached by nothing. */
static bool can_be_reached(const struct desk *desk, const char *path, unsigned row)
{
    const struct coverage *coverage = runner_coverage(status_runner(desk->status));
    const struct coverage_file *file = coverage == NULL ? NULL : coverage_find(coverage, path);
    return file == NULL || coverage_line(file, row) != LINE_NONE;
}

static void append_tests(const struct desk *desk, unsigned row, bool complete,
    const struct policy_set *tests, struct buf *out)
{
    const struct run_plan *plan = runner_plan(status_runner(desk->status));
    const struct action *list = keymap_action(app_keymap(desk->app), "reach.tests");
    if (tests->len == 0) {
        buf_printf(out, "line %u: no test %s it", row, complete ? "reaches" : "is known to reach");
        return;
    }
    buf_printf(out, "line %u: %s%zu test%s reach%s it", row, complete ? "" : "at least ",
        tests->len, tests->len == 1 ? "" : "s", tests->len == 1 ? "es" : "");
    for (size_t i = 0; i < tests->len && i < NAMED_MAX; i++) {
        const struct plan_test *test = &plan->tests.items[tests->items[i]];
        buf_printf(out, "%s`%s.%s`", i == 0 ? ": " : ", ", test->suite, test->name);
    }
    if (tests->len > NAMED_MAX) {
        buf_printf(out, " and %zu more", tests->len - NAMED_MAX);
    }
    struct buf keys = BUF_INIT;
    keymap_append_keys(app_keymap(desk->app), list, true, &keys);
    if (keys.len > 0) {
        buf_printf(out, " (%s lists them)", keys.ptr);
    }
    buf_free(&keys);
}

enum reach_known desk_reach_append(
    struct desk *desk, const char *path, unsigned row, struct buf *out)
{
    struct runner *runner = status_runner(desk->status);
    if (path == NULL || strcmp(path_ext(path), ".rego") != 0 || desk->tested_proposal != 0 ||
        !can_be_reached(desk, path, row)) {
        return REACH_NOTHING;
    }
    if (!runner_is_reaching(runner) && !runner_ask_reach(runner, path)) {
        return board_is_busy(status_board(desk->status)) ? REACH_ASKED : REACH_NOTHING;
    }
    if (runner_is_reaching(runner)) {
        return REACH_ASKED;
    }
    struct policy_set tests = {0};
    bool complete = runner_reaching(runner, path, row, &tests);
    append_tests(desk, row, complete, &tests, out);
    VEC_FREE(&tests);
    return REACH_SAID;
}

bool desk_reach_is_asked(const struct desk *desk)
{
    return runner_is_reaching(status_runner(desk->status));
}

static unsigned list_reaching(void *data)
{
    struct desk *desk = data;
    struct position at = {0};
    const char *path = desk_cursor(desk, &at);
    if (path == NULL) {
        return UI_IGNORED;
    }
    if (!runner_ask_reach(status_runner(desk->status), path)) {
        app_message(desk->app, MESSAGE_INFO, "Tests are running: ask again when they have ended.");
        return UI_DONE;
    }
    free(desk->reach_path);
    desk->reach_path = mem_strdup(path);
    desk->reach_row = at.row;
    desk_reach_changed(desk);
    if (desk->reach_path != NULL) {
        app_message(desk->app, MESSAGE_INFO, "asking opa which tests reach line %u…", at.row);
    }
    return UI_DONE;
}

static const char *why_not(void *data)
{
    const struct desk *desk = data;
    const char *path = editor_path(desk->editor);
    return path == NULL || strcmp(path_ext(path), ".rego") != 0
               ? "Put the cursor on a line of a Rego file."
           : desk->tested_proposal != 0 ? "The tests that ran are those of a proposal."
                                        : NULL;
}

static const struct action actions[] = {
    {"reach.tests", "reaching tests",
        "List the tests that reach the line under the cursor, also those that fail", "alt-C", NULL,
        0, list_reaching, why_not},
};

const struct action_set reach_actions = ACTION_SET("reach", "Coverage", actions);
