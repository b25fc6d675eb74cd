/* Which tests reach a line: opa gives coverage of a query, so each test is a query of its own
 * (`opa eval --coverage`, which answers for a failing test too). Kept with what is known of the
 * unit, for as long as nothing it depends on changes. */
#include "engine/runner_internal.h"

#include <stdlib.h>

enum { REACH_TESTS_MAX = 500 }; /* asked at once: each is a process of some 20 ms */

static bool may_ask(const struct run *run, size_t test)
{
    const struct plan_test *known = &run->plan->tests.items[test];
    const struct plan_unit *unit = &run->plan->units.items[known->unit];
    return unit->engine == NULL && !unit->inputs && unit->trouble == NULL && !known->todo &&
           run_knows(run, known->unit) && run_known_reach(run, test) == NULL;
}

static bool loads(const struct run *run, size_t unit, const char *path)
{
    VEC_FOREACH (size_t, file, &run->plan->units.items[unit].files) {
        if (strcmp(run->plan->files.items[*file].path, path) == 0) {
            return true;
        }
    }
    return false;
}

static size_t ask(struct run *run, const char *path, enum task_queue queue)
{
    size_t asked = 0;
    for (size_t i = 0; i < run->plan->tests.len && asked < REACH_TESTS_MAX; i++) {
        size_t unit = run->plan->tests.items[i].unit;
        if (!may_ask(run, i) || (path != NULL && !loads(run, unit, path))) {
            continue;
        }
        struct task *task = task_new(run, queue, ENGINE_COVERAGE);
        task->batch = batch_of(run->plan, unit);
        VEC_PUSH(&task->only, i);
        task_enqueue(task);
        asked++;
    }
    return asked;
}

void run_begin_reach(struct run *run)
{
    (void)ask(run, NULL, QUEUE_REACH);
}

void reach_answer(struct task *task, const struct engine_answer *answer)
{
    struct coverage reached = {.incomplete = answer->coverage.len == 0};
    coverage_merge(&reached, &answer->coverage);
    coverage_finish(&reached);
    run_keep_reach(task->run, task->only.items[0], &reached);
}

void run_finish_reach(struct run *run)
{
    const struct runner_events *events = &run->runner->events;
    run->reaching = false;
    if (events->reached != NULL) {
        events->reached(events->data, run->generation);
    }
}

static const struct run *told_run(const struct runner *runner)
{
    const struct run *run = runner->run;
    run = run != NULL && run->before != NULL ? run->before : run;
    return run != NULL && run_plan_made(run) != NULL && run->keys != NULL ? run : NULL;
}

bool runner_ask_reach(struct runner *runner, const char *path)
{
    struct run *run = runner->run;
    if (run == NULL || run->cancelled || !run->done || told_run(runner) != run || run->plan->part ||
        runner->program == NULL) {
        return false;
    }
    if (ask(run, path, QUEUE_REACH) > 0) {
        run->reaching = true;
        run_pump(run);
    }
    return true;
}

bool runner_is_reaching(const struct runner *runner)
{
    return runner->run != NULL && runner->run->reaching;
}

bool runner_reaching(
    const struct runner *runner, const char *path, unsigned row, struct policy_set *tests)
{
    const struct run *run = told_run(runner);
    bool complete = run != NULL && !run->plan->part;
    for (size_t i = 0; run != NULL && i < run->plan->tests.len; i++) {
        size_t unit = run->plan->tests.items[i].unit;
        if (run->plan->units.items[unit].engine != NULL || !loads(run, unit, path)) {
            continue;
        }
        const struct coverage *reached = run_known_reach(run, i);
        complete = complete &&
                   (run->plan->tests.items[i].todo || (reached != NULL && !reached->incomplete));
        if (reached == NULL) {
            continue;
        }
        enum coverage_line line = coverage_line(coverage_find(reached, path), row);
        if (line == LINE_COVERED || line == LINE_PARTLY) {
            VEC_PUSH(tests, i);
        }
    }
    return complete;
}

unsigned runner_reached_rows(const struct runner *runner, const char *path)
{
    const struct run *run = told_run(runner);
    unsigned last = 0;
    for (size_t i = 0; run != NULL && i < run->plan->tests.len; i++) {
        const struct coverage *reached = run_known_reach(run, i);
        const struct coverage_file *file = reached == NULL ? NULL : coverage_find(reached, path);
        for (size_t r = 0; file != NULL && r < file->covered.len; r++) {
            unsigned row = file->covered.items[r].end_row;
            last = row > last ? row : last;
        }
    }
    return last;
}
