#include "desk_reach.h"

#include "base/path.h"
#include "base/vec.h"
#include "desk_private.h"
#include "widget/picker.h"

#include <stdlib.h>

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
        "List the tests that reach the line under the cursor, also those that fail", "", NULL, 0,
        list_reaching, why_not},
};

const struct action_set reach_actions = ACTION_SET("reach", "Coverage", actions);
