/* run_tests and check: the runner on the laid-out proposal, its outcome as text for the model. */
#include "agent/tools_private.h"

#include "base/path.h"
#include "base/vec.h"
#include "engine/runner.h"
#include "workspace/beneath.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FAILURES_EXPLAINED = 5, ROWS_MAX = 60, PATHS_MAX = 200 };

struct test_run {
    struct runner *runner;
    struct tool_paths paths;
    struct buf rows; /* what is not a pass, one line each */
    size_t row_count;
    struct buf findings;
    size_t finding_count;
    struct buf explained;
    struct run_summary summary;
    char *trouble;
    double coverage;
    bool has_coverage;
    bool check_only;
    size_t checked; /* policies and suites that were looked at */
};

static void free_state(struct tool_run *run)
{
    struct test_run *state = run->state;
    runner_free(state->runner);
    tool_paths_free(&state->paths);
    buf_free(&state->rows);
    buf_free(&state->findings);
    buf_free(&state->explained);
    free(state->trouble);
    free(state);
    run->state = NULL;
}

static bool is_wanted(const struct test_run *state, const char *path)
{
    VEC_FOREACH (char *, wanted, &state->paths) {
        if (plan_path_wanted(path, *wanted)) {
            return true;
        }
    }
    return state->paths.len == 0;
}

static void on_planned(void *data, unsigned generation, const struct run_plan *plan)
{
    (void)generation;
    struct test_run *state = ((struct tool_run *)data)->state;
    state->checked = 0;
    VEC_FOREACH (const struct plan_file, file, &plan->files) {
        state->checked += !file->is_data && is_wanted(state, file->path);
    }
    VEC_FOREACH (const struct plan_test, test, &plan->tests) {
        state->checked += plan->units.items[test->unit].engine != NULL &&
                          is_wanted(state, plan->files.items[test->file].path);
    }
}

static void on_result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t count)
{
    (void)generation;
    (void)test;
    struct test_run *state = ((struct tool_run *)data)->state;
    for (size_t i = 0; i < count; i++) {
        const struct result *row = &rows[i];
        if (row->status == RESULT_PASS || state->row_count++ >= ROWS_MAX) {
            continue;
        }
        buf_printf(&state->rows, "%s  %s.%s  %s:%u%s%s\n", result_status_name(row->status),
            row->suite == NULL ? "" : row->suite, row->name, row->file == NULL ? "" : row->file,
            row->at.row, row->message == NULL ? "" : "  ",
            row->message == NULL ? "" : row->message);
    }
}

static void on_finding(void *data, unsigned generation, const struct finding *finding)
{
    (void)generation;
    struct test_run *state = ((struct tool_run *)data)->state;
    state->finding_count += finding->severity == SEVERITY_ERROR;
    buf_printf(&state->findings, "%s  %s:%u:%u  %s: %s\n", severity_name(finding->severity),
        finding->file == NULL ? "" : finding->file, finding->at.row, finding->at.col, finding->rule,
        finding->message);
}

static void on_done(void *data, unsigned generation, const struct run_summary *summary)
{
    (void)generation;
    struct test_run *state = ((struct tool_run *)data)->state;
    state->summary = *summary;
    state->trouble = mem_strdup(summary->trouble);
}

static void on_explained(
    void *data, unsigned generation, size_t test, const char *message, const char *detail)
{
    (void)generation;
    (void)test;
    struct test_run *state = ((struct tool_run *)data)->state;
    buf_printf(&state->explained, "\n%s\n%s\n", message == NULL ? "" : message,
        detail == NULL ? "" : detail);
}

static void on_coverage(void *data, unsigned generation, const struct coverage *coverage)
{
    (void)generation;
    struct test_run *state = ((struct tool_run *)data)->state;
    state->has_coverage = !coverage->incomplete && !coverage_is_empty(coverage);
    state->coverage = coverage_percent(coverage);
}

static void print_tests(struct buf *out, const struct test_run *state)
{
    const size_t *count = state->summary.tally.count;
    buf_printf(out, "%s: %zu passed, %zu failed, %zu errors, %zu skipped, %zu not evaluated\n",
        result_status_name(state->summary.verdict), count[RESULT_PASS], count[RESULT_FAIL],
        count[RESULT_ERROR], count[RESULT_SKIPPED], count[RESULT_NOT_EVALUATED]);
    if (state->row_count == 0 && count[RESULT_PASS] == 0) {
        buf_printf(out, "There is no test%s: nothing was tested.\n",
            state->paths.len > 0 ? " in these files or folders" : "");
    }
    buf_append_str(out, buf_str(&state->rows));
    if (state->row_count > ROWS_MAX) {
        buf_printf(out, "[%zu more rows cut]\n", state->row_count - ROWS_MAX);
    }
}

static void print_outcome(struct tool_run *run)
{
    const struct test_run *state = run->state;
    if (state->trouble != NULL) {
        buf_printf(&run->output, "The tests could not run: %s.\n", state->trouble);
        return;
    }
    if (!state->check_only) {
        print_tests(&run->output, state);
    }
    if (state->findings.len > 0) {
        buf_append_str(&run->output, buf_str(&state->findings));
    } else if (state->check_only && state->checked == 0) {
        buf_printf(&run->output, "There is no Rego and no suite%s: nothing was checked.\n",
            state->paths.len > 0 ? " in these files or folders" : "");
    } else if (state->check_only) {
        buf_append_c(&run->output, "No errors.\n");
    }
    if (!state->check_only) {
        buf_append_str(&run->output, buf_str(&state->explained));
        if (state->has_coverage) {
            char *shown = coverage_show(state->coverage);
            buf_printf(&run->output, "coverage of the whole workspace %s %%\n", shown);
            free(shown);
        }
    }
}

static void on_settled(void *data, unsigned generation)
{
    (void)generation;
    struct tool_run *run = data;
    struct test_run *state = run->state;
    print_outcome(run);
    tool_finish(run, state->trouble != NULL);
}

static void on_ready(void *data, const char *root, const struct err *err)
{
    struct tool_run *run = data;
    struct test_run *state = run->state;
    run->laying_out = false;
    if (root == NULL) {
        tool_fail(run, "The proposal could not be laid out for a run: %s.", err->text);
        return;
    }
    if (!tool_paths_stand(run, root, &state->paths)) {
        return;
    }
    struct run_options options = {
        .root = root,
        .scope = state->paths.len > 0 ? RUN_PATHS : RUN_ALL,
        .wanted = (const char *const *)state->paths.items,
        .wanted_count = state->paths.len,
        .offline = true,
        .coverage = !state->check_only,
        .explain_max = state->check_only ? 0 : FAILURES_EXPLAINED,
    };
    (void)runner_start(state->runner, &options);
}

bool tool_paths(struct tool_run *run, const cJSON *args, struct tool_paths *out)
{
    const cJSON *list = json_get(args, "paths");
    const cJSON *item;
    if (list != NULL && !cJSON_IsNull(list) && !cJSON_IsArray(list)) {
        tool_fail(run, "The argument \"paths\" must be an array of strings, or null.");
        return false;
    }
    cJSON_ArrayForEach(item, list)
    {
        struct err err;
        char *clean;
        const char *text = cJSON_GetStringValue(item);
        /* A folder's trailing slash is no fault here. */
        struct str path = str_of(text == NULL ? "" : text);
        while (path.len > 1 && path.ptr[path.len - 1] == '/') {
            path.len--;
        }
        if (str_equal_c(path, ".")) {
            continue;
        }
        if (!path_check_relative(path, &clean, &err) || out->len >= PATHS_MAX) {
            tool_fail(run, "%s.", out->len >= PATHS_MAX ? "Too many paths" : err.text);
            return false;
        }
        VEC_PUSH(out, clean);
    }
    return true;
}

bool tool_paths_stand(struct tool_run *run, const char *root, const struct tool_paths *paths)
{
    struct err err;
    struct stat st;
    const char *missing = NULL;
    int fd = beneath_open_root(root, &err);
    if (fd < 0) {
        tool_fail(run, "%s.", err.text);
        return false;
    }
    for (size_t i = 0; missing == NULL && i < paths->len; i++) {
        missing = beneath_stat(fd, paths->items[i], &st, &err) ? NULL : paths->items[i];
    }
    close(fd);
    if (missing != NULL) {
        tool_fail(run, "%s: there is no such file or folder: nothing was run.", missing);
    }
    return missing == NULL;
}

void tool_paths_free(struct tool_paths *paths)
{
    VEC_FOREACH (char *, path, paths) {
        free(*path);
    }
    VEC_FREE(paths);
}

static void begin(struct tool_run *run, const cJSON *args, bool check_only)
{
    static const struct runner_events events = {
        .planned = on_planned,
        .result = on_result,
        .finding = on_finding,
        .done = on_done,
        .explained = on_explained,
        .coverage = on_coverage,
        .settled = on_settled,
    };
    struct runner_events own = events;
    own.data = run;
    struct test_run *state = MEM_NEW(struct test_run);
    state->check_only = check_only;
    state->runner = runner_new(run->tools->setup.loop, &engine_opa, &own);
    run->state = state;
    run->stop = free_state;
    if (tool_paths(run, args, &state->paths)) {
        tool_lay_out(run, on_ready);
    }
}

void tool_tests_start(struct tool_run *run, const cJSON *args)
{
    begin(run, args, false);
}

void tool_check_start(struct tool_run *run, const cJSON *args)
{
    begin(run, args, true);
}
