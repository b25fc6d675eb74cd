#include "command/reach_option.h"

#include "base/json.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>

static void print_row(
    const struct run_plan *plan, const char *path, unsigned row, const struct policy_set *tests)
{
    printf("%s:%u  ", path, row);
    for (size_t i = 0; i < tests->len; i++) {
        const struct plan_test *test = &plan->tests.items[tests->items[i]];
        printf("%s%s.%s", i > 0 ? ", " : "", test->suite, test->name);
    }
    putchar('\n');
}

static void add_row(
    const struct run_plan *plan, cJSON *rows, unsigned row, const struct policy_set *tests)
{
    char *key = mem_printf("%u", row);
    cJSON *names = json_set_array(rows, key);
    free(key);
    VEC_FOREACH (size_t, place, tests) {
        const struct plan_test *test = &plan->tests.items[*place];
        char *name = mem_printf("%s.%s", test->suite, test->name);
        cJSON_AddItemToArray(names, mem_require(cJSON_CreateString(name)));
        free(name);
    }
}

/* False: of some tests it is not known. */
static bool print_file(
    const struct runner *runner, const struct run_plan *plan, const char *path, cJSON *files)
{
    unsigned last = runner_reached_rows(runner, path);
    cJSON *rows = files == NULL || last == 0 ? NULL : json_set_object(files, path);
    bool complete = true;
    for (unsigned row = 1; row <= last; row++) {
        struct policy_set tests = {0};
        complete = runner_reaching(runner, path, row, &tests) && complete;
        if (tests.len > 0 && rows != NULL) {
            add_row(plan, rows, row, &tests);
        } else if (tests.len > 0) {
            print_row(plan, path, row, &tests);
        }
        VEC_FREE(&tests);
    }
    return complete;
}

void reach_print(const struct runner *runner, bool json)
{
    const struct run_plan *plan = runner_plan(runner);
    bool complete = plan != NULL;
    cJSON *event = NULL;
    cJSON *files = NULL;
    if (json) {
        event = mem_require(cJSON_CreateObject());
        json_set_string(event, "type", "coverage-by-test");
        files = json_set_object(event, "files");
    } else {
        puts("\nlines and the tests that reach them:");
    }
    for (size_t i = 0; plan != NULL && i < plan->files.len; i++) {
        if (!plan->files.items[i].is_data) {
            complete = print_file(runner, plan, plan->files.items[i].path, files) && complete;
        }
    }
    if (json) {
        json_set_bool(event, "complete", complete);
        char *line = json_print(event);
        puts(line);
        free(line);
        cJSON_Delete(event);
    } else if (!complete) {
        puts("(incomplete: some tests were not asked, or could not be evaluated)");
    }
}
