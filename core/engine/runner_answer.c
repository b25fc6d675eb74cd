/* What comes of a task: rows, findings, another task that asks more closely. */
#include "engine/runner_internal.h"

#include "base/safe.h"

#include <stdlib.h>

enum { WHY_MAX = 500 };

static void tell_progress(const struct run *run)
{
    const struct runner_events *events = &run->runner->events;
    if (events->progress != NULL) {
        events->progress(events->data, run->generation, run->reported_count, run->plan->included);
    }
}

static void tell_result(struct run *run, size_t test, const struct result *rows, size_t count)
{
    const struct runner_events *events = &run->runner->events;
    struct tally tally =
        results_tally(&(struct results){.items = (struct result *)(uintptr_t)rows, .len = count});
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        run->tally.count[i] += tally.count[i];
    }
    if (test != (size_t)-1) {
        run->reported[test] = true;
        run->reported_count++;
        const struct plan_test *known = &run->plan->tests.items[test];
        if (rows[0].status == RESULT_FAIL && !run->plan->units.items[known->unit].inputs) {
            VEC_PUSH(&run->failed, test);
        }
    }
    if (test != (size_t)-1) {
        run_keep_rows(run, test, rows, count);
    }
    if (events->result != NULL) {
        events->result(events->data, run->generation, test, rows, count);
    }
}

void run_tell_known(struct run *run, size_t test)
{
    const struct results *known = run_known_rows(run, test);
    if (known == NULL || known->len == 0) {
        return;
    }
    struct results rows = {0};
    VEC_FOREACH (const struct result, row, known) {
        VEC_PUSH(&rows, result_copy(row));
        rows.items[rows.len - 1].cached = true;
    }
    run->cached++;
    tell_result(run, test, rows.items, rows.len);
    results_free(&rows);
    tell_progress(run);
}

/* A row for a test that opa did not report. */
static void tell_missing(
    struct run *run, size_t test, enum result_status status, const char *message)
{
    const struct plan_test *known = &run->plan->tests.items[test];
    const struct plan_unit *unit = &run->plan->units.items[known->unit];
    const struct engine *engine = unit->engine;
    struct result row = {.engine = engine != NULL ? engine->name : run->runner->engine->name,
        .suite = known->suite,
        .name = known->name,
        .status = status,
        .unasked = unit->unasked,
        .file = run->plan->files.items[known->file].path,
        .at = known->at,
        .message = (char *)(uintptr_t)message};
    tell_result(run, test, &row, 1);
}

/* The included tests a task stands for. */
static void each_test(const struct task *task, struct policy_set *tests)
{
    const struct run_plan *plan = task->run->plan;
    VEC_FOREACH (size_t, unit, &task->batch.units) {
        VEC_FOREACH (size_t, test, &plan->units.items[*unit].tests) {
            bool wanted = task->only.len == 0;
            VEC_FOREACH (size_t, only, &task->only) {
                wanted = wanted || *only == *test;
            }
            if (wanted && plan->tests.items[*test].included && !task->run->reported[*test]) {
                VEC_PUSH(tests, *test);
            }
        }
    }
}

void task_fail_tests(struct task *task, enum result_status status, const char *message)
{
    struct policy_set tests = {0};
    char *shown = safe_dup(str_of(message), SAFE_ONE_LINE, WHY_MAX);
    each_test(task, &tests);
    VEC_FOREACH (size_t, test, &tests) {
        tell_missing(task->run, *test, status, shown);
    }
    if (tests.len > 0) {
        tell_progress(task->run);
    }
    free(shown);
    VEC_FREE(&tests);
}

static bool is_new_extra(struct run *run, const struct result *row)
{
    char *key = mem_printf(
        "%s:%u:%u:%s", row->file == NULL ? "" : row->file, row->at.row, row->at.col, row->name);
    VEC_FOREACH (char *, known, &run->extra) {
        if (strcmp(*known, key) == 0) {
            free(key);
            return false;
        }
    }
    VEC_PUSH(&run->extra, key);
    return true;
}

/* A task of these units of the task's, which are then no longer its own. */
static void ask_again(struct task *task, const struct policy_set *units, bool closer)
{
    struct batch rest = {0};
    struct batch again = {0};
    for (size_t i = 0; i < task->batch.units.len; i++) {
        size_t unit = task->batch.units.items[i];
        bool wanted = false;
        VEC_FOREACH (size_t, other, units) {
            wanted = wanted || *other == unit;
        }
        batch_add(wanted ? &again : &rest, task->run->plan, unit);
    }
    /* Never the same question twice. */
    if (again.units.len == 0 || (rest.units.len == 0 && closer == task->closer)) {
        batch_free(&again);
        batch_free(&rest);
        return;
    }
    struct task *next = task_new(task->run, task->queue, task->ask);
    next->batch = again;
    next->closer = closer;
    VEC_FOREACH (size_t, test, &task->only) {
        VEC_PUSH(&next->only, *test);
    }
    task_enqueue(next);
    batch_free(&task->batch);
    task->batch = rest;
}

static void take_results(struct task *task, const struct results *results)
{
    struct run *run = task->run;
    for (size_t i = 0; i < results->len && !run->cancelled;) {
        size_t end = i + 1;
        while (end < results->len && results->items[end].depth > 0) {
            end++;
        }
        const struct result *row = &results->items[i];
        size_t test = plan_find_test(run->plan, row);
        bool wanted = test != (size_t)-1
                          ? run->plan->tests.items[test].included && !run->reported[test]
                          : run->scope != RUN_TESTS && is_new_extra(run, row);
        if (test == (size_t)-1) {
            run_keep_nothing(run, &task->batch);
        }
        if (wanted) {
            tell_result(run, test, row, end - i);
        }
        i = end;
    }
    tell_progress(run);
    char *why = mem_printf("%s did not run it", task->engine->name);
    task_fail_tests(task, RESULT_NOT_EVALUATED, why);
    free(why);
}

void run_add_finding(struct run *run, const struct finding *finding)
{
    if (!findings_add(&run->findings, finding)) {
        return;
    }
    size_t file = finding->file == NULL ? (size_t)-1 : plan_find_file(run->plan, finding->file);
    if (file != (size_t)-1 && run->broken[file] == 0) {
        run->broken[file] = run->findings.len;
    }
    const struct runner_events *events = &run->runner->events;
    if (events->finding != NULL) {
        events->finding(events->data, run->generation, finding);
    }
}

const struct finding *task_broken(const struct task *task)
{
    const struct run *run = task->run;
    if (task->queue == QUEUE_ASKED || task->queue == QUEUE_BLAME) {
        return NULL;
    }
    VEC_FOREACH (size_t, file, &task->batch.files) {
        if (run->broken[*file] > 0) {
            return &run->findings.items[run->broken[*file] - 1];
        }
    }
    return NULL;
}

void task_fail_broken(struct task *task, const struct finding *why)
{
    if (task->queue == QUEUE_COVERAGE) {
        struct engine_answer none = {.coverage.incomplete = true};
        cover_answer(task, &none);
        return;
    }
    if (task->queue == QUEUE_TEST || task->queue == QUEUE_CHECK) {
        run_keep_loaded(task->run, &task->batch, false);
    }
    if (task->queue != QUEUE_TEST) {
        return;
    }
    char *message = mem_printf("does not compile: %s:%u:%u: %.*s", why->file, why->at.row,
        why->at.col, (int)strcspn(why->message, "\n"), why->message);
    task_fail_tests(task, RESULT_ERROR, message);
    free(message);
}

void run_report_trouble(struct run *run, size_t unit, const char *message)
{
    const struct plan_unit *planned = &run->plan->units.items[unit];
    size_t first = planned->files.len > 0 ? planned->files.items[0] : (size_t)-1;
    if (planned->tests.len > 0) {
        first = run->plan->tests.items[planned->tests.items[0]].file;
    }
    if (planned->unasked) {
        struct task *unasked = task_new(run, QUEUE_TEST, ENGINE_TEST);
        unasked->batch = batch_of(run->plan, unit);
        task_fail_tests(unasked, RESULT_NOT_EVALUATED, message);
        task_free(unasked);
        return;
    }
    struct finding finding = {.rule = (char *)(uintptr_t) "opa-cannot-load",
        .severity = SEVERITY_ERROR,
        .file = first == (size_t)-1 ? NULL : run->plan->files.items[first].path,
        .message = (char *)(uintptr_t)message};
    run_add_finding(run, &finding);
    struct task *task = task_new(run, QUEUE_TEST, ENGINE_TEST);
    task->batch = batch_of(run->plan, unit);
    task_fail_tests(task, RESULT_ERROR, message);
    task_free(task);
}

/* A unit did not load: ask opa for the places. */
static void ask_why(struct task *task)
{
    struct task *blame = task_new(task->run, QUEUE_BLAME, ENGINE_CHECK);
    blame->batch = batch_of(task->run->plan, task->batch.units.items[0]);
    VEC_FOREACH (size_t, test, &task->only) {
        VEC_PUSH(&blame->only, *test);
    }
    struct str said = str_trim(buf_str(&task->errout));
    blame->loading = said.len > 0 ? safe_dup(said, SAFE_KEEP_LINES, 4096)
                                  : mem_strdup("opa did not load it and did not say why");
    task_enqueue(blame);
}

/* The engine could not be used for this task at all. */
static void task_failed(struct task *task, const char *why)
{
    run_log(task->run, "%s", why);
    if (task->queue == QUEUE_CONFIRM) {
        return;
    }
    if (task->queue == QUEUE_REACH) {
        struct engine_answer none = {0};
        reach_answer(task, &none);
    } else if (task->queue == QUEUE_EXPLAIN || task->queue == QUEUE_ASKED) {
        struct engine_answer none = {0};
        explain_answer(task, &none);
    } else if (task->batch.units.len > 1 && task_split(task)) {
        return;
    } else if (task->queue == QUEUE_STRICT) {
        strict_failed(task, why);
    } else if (task->queue == QUEUE_COVERAGE) {
        if (!task_split(task)) {
            struct engine_answer none = {.coverage.incomplete = true};
            cover_answer(task, &none);
        }
    } else if (task->queue == QUEUE_TEST) {
        task_fail_tests(task, RESULT_ERROR, why);
    } else {
        run_report_trouble(
            task->run, task->batch.units.items[0], task->loading != NULL ? task->loading : why);
    }
}

/* Neither version of Rego was certain for this unit and the one taken does not load: the other gets
 * its try. When that fails too, the first one's errors are asked for again: they are told. */
static bool try_other_version(struct task *task)
{
    struct plan_unit *unit = &task->run->plan->units.items[task->batch.units.items[0]];
    if (!unit->may_be_other || task->batch.units.len > 1) {
        return false;
    }
    unit->dialect = unit->dialect == DIALECT_V0 ? DIALECT_V1 : DIALECT_V0;
    unit->may_be_other = !unit->tried_other;
    bool back = unit->tried_other;
    unit->tried_other = true;
    if (back) {
        unit->may_be_other = false;
        if (task->queue != QUEUE_CHECK) {
            ask_why(task);
            return true;
        }
    }
    struct task *again = task->queue == QUEUE_CHECK ? task_new(task->run, QUEUE_CHECK, ENGINE_CHECK)
                                                    : task_new(task->run, QUEUE_TEST, ENGINE_TEST);
    again->batch = batch_of(task->run->plan, task->batch.units.items[0]);
    VEC_FOREACH (size_t, test, &task->only) {
        VEC_PUSH(&again->only, *test);
    }
    task_enqueue(again);
    return true;
}

static void take_check(struct task *task, const struct engine_answer *answer)
{
    struct run *run = task->run;
    if (!answer->loaded && task->queue == QUEUE_CHECK && task->batch.units.len > 1) {
        task_split(task); /* errors of one stage hide those of the next in other files */
        return;
    }
    if (!answer->loaded && task->queue == QUEUE_CHECK && try_other_version(task)) {
        return;
    }
    ask_again(task, &answer->again, false);
    VEC_FOREACH (struct finding, finding, &answer->findings) {
        run_add_finding(run, finding);
    }
    run_keep_loaded(run, &task->batch, answer->loaded);
    if (task->queue != QUEUE_BLAME || task->batch.units.len == 0) {
        return;
    }
    if (answer->findings.len == 0) {
        /* It compiles, so opa test stumbled over something else: documents, a duplicate. */
        run_report_trouble(run, task->batch.units.items[0],
            task->loading == NULL ? "opa did not load it" : task->loading);
        return;
    }
    task->queue = QUEUE_TEST;
    const struct finding *why = task_broken(task);
    if (why != NULL) {
        task_fail_broken(task, why);
    } else {
        task_fail_tests(task, RESULT_ERROR, answer->findings.items[0].message);
    }
}

/* An engine that is not asked why: it said so at once. One input that cannot be read keeps it from
 * all others, so those get their own try. */
static void take_refusal(struct task *task, const struct engine_answer *answer)
{
    VEC_FOREACH (struct finding, finding, &answer->findings) {
        run_add_finding(task->run, finding);
    }
    if (answer->findings.len == 0 && task_split(task)) {
        return;
    }
    task_fail_tests(task, RESULT_ERROR,
        answer->message != NULL ? answer->message : "the engine did not say why it ran nothing");
}

/* Of an engine that ran its tests all the same: its rows say what fails, and the files can be used.
 */
static void tell_findings(struct run *run, const struct findings *findings)
{
    const struct runner_events *events = &run->runner->events;
    VEC_FOREACH (struct finding, finding, findings) {
        if (events->finding != NULL) {
            events->finding(events->data, run->generation, finding);
        }
    }
}

static void take_answer(struct task *task, struct engine_answer *answer)
{
    switch (task->ask) {
    case ENGINE_TEST:
        if (task->queue == QUEUE_CONFIRM) {
            confirm_answer(task, answer);
        } else if (answer->loaded) {
            ask_again(task, &answer->again, false);
            ask_again(task, &answer->closer, true);
            if (answer->findings.len > 0) { /* they would not be told again */
                run_keep_nothing(task->run, &task->batch);
            }
            tell_findings(task->run, &answer->findings);
            take_results(task, &answer->results);
        } else if (task->engine != task->run->runner->engine) {
            take_refusal(task, answer);
        } else if (task->batch.units.len > 1) {
            task_split(task);
        } else if (!try_other_version(task)) {
            ask_why(task);
        }
        break;
    case ENGINE_CHECK:
        take_check(task, answer);
        break;
    case ENGINE_CHECK_STRICT:
        strict_answer(task, answer);
        break;
    case ENGINE_COVERAGE:
        /* An error ends the query: what comes after it was not evaluated. */
        if (task->queue == QUEUE_REACH) {
            reach_answer(task, answer);
        } else if (answer->loaded || !task_split(task)) {
            cover_answer(task, answer);
        }
        break;
    case ENGINE_EXPLAIN_TRACE:
    case ENGINE_EXPLAIN_ERRORS:
        explain_answer(task, answer);
        break;
    }
}

void task_answer(struct task *task, const struct process_result *result, const char *failure)
{
    const char *program = task->engine->program;
    char why[200];
    if (failure == NULL && result->too_large) {
        snprintf(why, sizeof why, "%s needed more than %llu MB of memory and was stopped", program,
            (unsigned long long)(task_memory_max(task) >> 20));
        failure = why;
    } else if (failure == NULL && result->timed_out) {
        snprintf(why, sizeof why, "%s did not end within %llu s and was stopped", program,
            (unsigned long long)(result->wall_us / 1000000));
        failure = why;
    } else if (failure == NULL && result->truncated) {
        snprintf(why, sizeof why, "%s printed more than we take (64 MiB) and was stopped", program);
        failure = why;
    } else if (failure == NULL && result->signal != 0) {
        snprintf(why, sizeof why, "%s was ended by signal %d", program, result->signal);
        failure = why;
    }
    if (failure != NULL) {
        task_failed(task, failure);
        return;
    }
    struct err err;
    struct engine_answer answer = {0};
    struct engine_question question = {.ask = task->ask,
        .plan = task->run->plan,
        .batch = &task->batch,
        .only = &task->only,
        .closer = task->closer};
    if (task->engine->parse(&question, buf_str(&task->out), buf_str(&task->errout),
            result->exit_code, &answer, &err)) {
        run_place_back(task->run, &answer);
        take_answer(task, &answer);
    } else {
        task_failed(task, err.text);
    }
    engine_answer_free(&answer);
}
