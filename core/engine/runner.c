/* Starts runs, keeps their queues and processes. What the answers mean is in runner_answer.c. */
#include "engine/runner_internal.h"

#include "engine/offline.h"

#include "base/path.h"
#include "sandbox/confined.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SLOW_EXTRA = 4,       /* processes beyond the slots while slow ones run */
    SLOW_BASE_MS = 1000,  /* a batch that takes longer than this … */
    SLOW_PER_FILE_MS = 5, /* … and this for each of its files is taken apart */
    LOAD_BASE_MS = 15,
    LOAD_PER_FILE_MS = 2,
    SPLIT_COST_MAX_MS = 10000, /* taking apart must not cost more than this in loading alone */
    SLOW_UNITS_MAX = 200
};

static void begin_scan(struct run *run);

struct runner *runner_new(
    struct loop *loop, const struct engine *engine, const struct runner_events *events)
{
    struct runner *runner = MEM_NEW(struct runner);
    runner->loop = loop;
    runner->engine = engine;
    runner->events = *events;
    runner->references = 1;
    runner->index = policy_index_new();
    runner_set_slots(runner, 0);
    return runner;
}

static void runner_release(struct runner *runner)
{
    if (--runner->references > 0) {
        return;
    }
    VEC_FOREACH (struct cover_entry, entry, &runner->cover_cache) {
        coverage_free(&entry->coverage);
    }
    VEC_FREE(&runner->cover_cache);
    coverage_free(&runner->coverage);
    VEC_FOREACH (char *, label, &runner->slow_units) {
        free(*label);
    }
    VEC_FREE(&runner->slow_units);
    policy_index_free(runner->index);
    free(runner->program);
    free(runner->version);
    VEC_FOREACH (struct companion, companion, &runner->companions) {
        companion_free(companion);
    }
    VEC_FREE(&runner->companions);
    free(runner);
}

void run_release(struct run *run)
{
    if (--run->references > 0) {
        return;
    }
    VEC_FOREACH (char *, item, &run->wanted) {
        free(*item);
    }
    VEC_FREE(&run->wanted);
    VEC_FOREACH (char *, item, &run->extra) {
        free(*item);
    }
    VEC_FREE(&run->extra);
    for (size_t i = 0; i < QUEUE_COUNT; i++) {
        VEC_FOREACH (struct task *, task, &run->queues[i]) {
            task_free(*task);
        }
        VEC_FREE(&run->queues[i]);
    }
    VEC_FREE(&run->active);
    VEC_FREE(&run->failed);
    findings_free(&run->findings);
    run_plan_free(run->plan);
    free(run->reported);
    free(run->broken);
    free(run->trouble);
    free(run->root);
    free(run->offline_path);
    runner_release(run->runner);
    free(run);
}

void run_log(const struct run *run, const char *fmt, ...)
{
    if (run->runner->events.log == NULL || run->runner->closing) {
        return;
    }
    struct buf line = BUF_INIT;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&line, fmt, args);
    va_end(args);
    run->runner->events.log(run->runner->events.data, line.ptr);
    buf_free(&line);
}

struct task *task_new(struct run *run, enum task_queue queue, enum engine_ask ask)
{
    struct task *task = MEM_NEW(struct task);
    task->run = run;
    task->queue = queue;
    task->ask = ask;
    task->engine = run->runner->engine;
    return task;
}

static void explanation_release(struct explanation *explanation)
{
    if (explanation == NULL || --explanation->pending > 0) {
        return;
    }
    buf_free(&explanation->trace);
    buf_free(&explanation->errors);
    free(explanation->trace_message);
    free(explanation->errors_message);
    free(explanation);
}

void task_free(struct task *task)
{
    loop_timer_free(task->timer);
    explanation_release(task->explanation);
    batch_free(&task->batch);
    VEC_FREE(&task->only);
    buf_free(&task->out);
    buf_free(&task->errout);
    free(task->loading);
    free(task);
}

void task_enqueue(struct task *task)
{
    VEC_PUSH(&task->run->queues[task->queue], task);
}

/* Stops all processes and forgets what is queued. */
static void abandon_all(struct run *run)
{
    for (size_t i = 0; i < QUEUE_COUNT; i++) {
        VEC_FOREACH (struct task *, task, &run->queues[i]) {
            task_free(*task);
        }
        run->queues[i].len = 0;
    }
    VEC_FOREACH (struct task *, task, &run->active) {
        if (!(*task)->abandoned) {
            (*task)->abandoned = true;
            process_cancel((*task)->process);
        }
    }
    atomic_store(&run->stop_scan, true);
}

static void supersede(struct runner *runner)
{
    struct run *run = runner->run;
    if (run != NULL) {
        run->cancelled = true;
        abandon_all(run);
        runner->run = NULL;
        run_release(run);
    }
}

void runner_free(struct runner *runner)
{
    if (runner == NULL) {
        return;
    }
    runner->closing = true;
    supersede(runner);
    runner_release(runner);
}

unsigned runner_start(struct runner *runner, const struct run_options *options)
{
    supersede(runner);
    struct run *run = MEM_NEW(struct run);
    run->runner = runner;
    runner->references++;
    run->references = 1;
    run->generation = ++runner->generation;
    run->root = mem_strdup(options->root);
    run->scope = options->scope;
    for (size_t i = 0; i < options->wanted_count; i++) {
        VEC_PUSH(&run->wanted, mem_strdup(options->wanted[i]));
    }
    run->offline = options->offline;
    run->want_coverage = options->coverage;
    run->explain_max = options->explain_max;
    run->started_us = loop_now_us();
    runner->run = run;
    if (runner->scanning == NULL) {
        begin_scan(run);
    }
    return run->generation;
}

static int compare_places(const void *a, const void *b)
{
    const size_t *x = a;
    const size_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

static int compare_paths(const void *path, const void *file)
{
    return strcmp(path, ((const struct plan_file *)file)->path);
}

enum policy_dialect runner_dialect(const struct runner *runner, const char *path)
{
    const struct run_plan *plan = runner->run == NULL ? NULL : runner->run->plan;
    if (plan == NULL || plan->files.len == 0) {
        return DIALECT_EITHER;
    }
    const struct plan_file *file =
        bsearch(path, plan->files.items, plan->files.len, sizeof *plan->files.items, compare_paths);
    if (file == NULL || file->is_data) {
        return DIALECT_EITHER;
    }
    size_t place = (size_t)(file - plan->files.items);
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        if (unit->files.len > 0 && bsearch(&place, unit->files.items, unit->files.len, sizeof place,
                                       compare_places) != NULL) {
            return unit->dialect;
        }
    }
    return DIALECT_EITHER;
}

static void finish_done(struct run *run)
{
    struct runner *runner = run->runner;
    run->done = true;
    struct run_summary summary = {.tally = run->tally,
        .findings = run->findings.len,
        .wall_us = loop_now_us() - run->started_us,
        .trouble = run->trouble};
    for (size_t i = 0; run->plan != NULL && i < run->plan->units.len; i++) {
        const struct plan_unit *unit = &run->plan->units.items[i];
        summary.read_v0 = summary.read_v0 || (unit->included && unit->dialect == DIALECT_V0);
        summary.read_v1 = summary.read_v1 || (unit->included && unit->dialect == DIALECT_V1);
    }
    if (run->plan != NULL) {
        summary.tally.count[RESULT_NOT_EVALUATED] += run->plan->included - run->reported_count;
    }
    summary.verdict = tally_verdict(&summary.tally);
    if (run->findings.len > 0) {
        summary.verdict = RESULT_ERROR;
    }
    if (run->trouble != NULL && summary.verdict == RESULT_PASS) {
        summary.verdict = RESULT_NOT_EVALUATED;
    }
    run_log(run, "run %u: %s in %.2f s, %zu of %zu tests ended", run->generation,
        result_status_name(summary.verdict), (double)summary.wall_us / 1e6, run->reported_count,
        run->plan == NULL ? (size_t)0 : run->plan->included);
    if (runner->events.done != NULL) {
        runner->events.done(runner->events.data, run->generation, &summary);
    }
}

static void finish_settled(struct run *run)
{
    run->settled = true;
    if (run->runner->events.settled != NULL) {
        run->runner->events.settled(run->runner->events.data, run->generation);
    }
}

void runner_cancel(struct runner *runner)
{
    struct run *run = runner->run;
    if (run == NULL || run->settled) {
        return;
    }
    run->references++;
    abandon_all(run);
    run->cancelled = true;
    if (!run->done) {
        finish_done(run);
    }
    if (!run->settled) {
        finish_settled(run);
    }
    run_release(run);
}

bool runner_is_running(const struct runner *runner)
{
    return runner->run != NULL && !runner->run->settled;
}

const char *runner_engine_version(const struct runner *runner)
{
    return runner->version;
}

const struct run_plan *runner_plan(const struct runner *runner)
{
    return runner->run == NULL ? NULL : runner->run->plan;
}

const struct coverage *runner_coverage(const struct runner *runner)
{
    return runner->has_coverage ? &runner->coverage : NULL;
}

void runner_set_slots(struct runner *runner, unsigned slots)
{
    runner->slots = slots > 0 ? slots : uv_available_parallelism();
}

/* Ends a run that cannot go on. */
void run_fail(struct run *run, const char *why)
{
    run->trouble = mem_strdup(why);
    finish_done(run);
    if (!run->cancelled) {
        finish_settled(run);
    }
}

/* Scanning, on a worker thread */

static void scan_work(void *data)
{
    struct run *run = data;
    struct runner *runner = run->runner;
    struct err err;
    if (!policy_index_scan(runner->index, run->root, &run->stop_scan, &err)) {
        run->trouble = mem_strdup(err.text);
        return;
    }
    run->plan = runner->engine->plan(runner->index, run->scope,
        (const char *const *)run->wanted.items, run->wanted.len, &run->stop_scan);
    for (size_t i = 0; run->plan != NULL && engines[i] != NULL; i++) {
        if (engines[i] != runner->engine && engines[i]->extend != NULL) {
            engines[i]->extend(run->plan, runner->index, run->scope,
                (const char *const *)run->wanted.items, run->wanted.len);
        }
    }
}

static bool is_slow_unit(const struct runner *runner, const char *label)
{
    VEC_FOREACH (char *, slow, &runner->slow_units) {
        if (strcmp(*slow, label) == 0) {
            return true;
        }
    }
    return false;
}

static void remember_slow(struct runner *runner, const char *label)
{
    if (!is_slow_unit(runner, label) && runner->slow_units.len < SLOW_UNITS_MAX) {
        VEC_PUSH(&runner->slow_units, mem_strdup(label));
    }
}

/* All included tests of the batch; empty when that is all it has. */
static void choose_only(const struct run_plan *plan, struct task *task)
{
    bool all = true;
    const struct plan_unit *units = plan->units.items;
    for (size_t i = 0; units != NULL && i < task->batch.units.len; i++) {
        VEC_FOREACH (size_t, test, &units[task->batch.units.items[i]].tests) {
            bool included = plan->tests.items[*test].included;
            all = all && included;
            if (included) {
                VEC_PUSH(&task->only, *test);
            }
        }
    }
    if (all) {
        task->only.len = 0;
    }
}

void run_begin_tests(struct run *run)
{
    struct run_plan *plan = run->plan;
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        unit->alone = unit->alone || is_slow_unit(run->runner, unit->label);
    }
    struct batches batches = {0};
    plan_batches(plan, true, &batches);
    VEC_FOREACH (struct batch, batch, &batches) {
        bool check = batch->tests == 0;
        struct task *task = check ? task_new(run, QUEUE_CHECK, ENGINE_CHECK)
                                  : task_new(run, QUEUE_TEST, ENGINE_TEST);
        task->batch = *batch;
        choose_only(plan, task);
        task_enqueue(task);
    }
    VEC_FREE(&batches);
    size_t place = 0;
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        if (unit->included && unit->trouble != NULL) {
            run_report_trouble(run, place, unit->trouble);
        }
        place++;
    }
    run_pump(run);
}

static void scan_done(void *data, bool cancelled)
{
    (void)cancelled;
    struct run *run = data;
    struct runner *runner = run->runner;
    runner->scanning = NULL;
    if (runner->run != NULL && runner->run != run) {
        begin_scan(runner->run);
    } else if (!run->cancelled && run->plan == NULL) {
        char *why =
            run->trouble == NULL ? mem_strdup("the folder could not be read") : run->trouble;
        run->trouble = NULL;
        run_fail(run, why);
        free(why);
    } else if (!run->cancelled) {
        run->reported = mem_zalloc(run->plan->tests.len * sizeof *run->reported);
        run->broken = mem_zalloc(run->plan->files.len * sizeof *run->broken);
        if (runner->events.planned != NULL) {
            runner->events.planned(runner->events.data, run->generation, run->plan);
        }
        VEC_FOREACH (struct finding, note, &run->plan->notes) {
            if (runner->events.finding != NULL) {
                runner->events.finding(runner->events.data, run->generation, note);
            }
        }
        run_detect_engine(run);
    }
    run_release(run);
}

static void begin_scan(struct run *run)
{
    run->references++;
    run->runner->scanning = run;
    loop_work_start(run->runner->loop, scan_work, scan_done, run);
}

/* Processes */

static void task_remove_active(struct task *task)
{
    struct tasks *active = &task->run->active;
    for (size_t i = 0; i < active->len; i++) {
        if (active->items[i] == task) {
            VEC_REMOVE(active, i);
            return;
        }
    }
}

static void task_data(void *data, enum process_stream stream, struct str bytes)
{
    struct task *task = data;
    buf_append_str(stream == PROCESS_STDOUT ? &task->out : &task->errout, bytes);
}

/* "test 12 tests of k8s.latest_tag_test and 3 more, 9 files: exit 0, 31 ms" */
static void log_task(const struct task *task, const struct process_result *result)
{
    static const char *const words[] = {[ENGINE_TEST] = "test",
        [ENGINE_CHECK] = "check",
        [ENGINE_CHECK_STRICT] = "strict check",
        [ENGINE_COVERAGE] = "coverage",
        [ENGINE_EXPLAIN_TRACE] = "trace",
        [ENGINE_EXPLAIN_ERRORS] = "built-in errors"};
    const struct run_plan *plan = task->run->plan;
    const struct plan_unit *unit = &plan->units.items[task->batch.units.items[0]];
    char more[40] = "";
    if (task->batch.units.len > 1) {
        snprintf(more, sizeof more, " and %zu more", task->batch.units.len - 1);
    }
    run_log(task->run, "%s %s: %s%s, %zu tests, %zu files, Rego %s: exit %d, %llu ms",
        task->engine->name, words[task->ask], unit->label, more,
        task->only.len > 0 ? task->only.len : task->batch.tests, task->batch.files.len,
        policy_dialect_name(unit->dialect), result->exit_code,
        (unsigned long long)(result->wall_us / 1000));
}

static void task_exit(void *data, const struct process_result *result)
{
    struct task *task = data;
    struct run *run = task->run;
    task_remove_active(task);
    if (!run->cancelled && !task->abandoned) {
        log_task(task, result);
        task_answer(task, result, NULL);
    }
    task_free(task);
    run_pump(run);
    run_release(run);
}

static struct task *split_part(struct task *task, struct batch batch)
{
    struct task *part = task_new(task->run, task->queue, task->ask);
    part->batch = batch;
    part->cover_key = task->cover_key;
    return part;
}

static bool in_set(const struct policy_set *set, size_t item)
{
    VEC_FOREACH (size_t, own, set) {
        if (*own == item) {
            return true;
        }
    }
    return false;
}

static void split_units(struct task *task)
{
    const struct run_plan *plan = task->run->plan;
    VEC_FOREACH (size_t, unit, &task->batch.units) {
        struct task *part = split_part(task, batch_of(plan, *unit));
        bool wanted = task->only.len == 0;
        VEC_FOREACH (size_t, test, &plan->units.items[*unit].tests) {
            if (in_set(&task->only, *test)) {
                VEC_PUSH(&part->only, *test);
                wanted = true;
            }
        }
        if (wanted) {
            task_enqueue(part);
        } else {
            task_free(part);
        }
    }
}

static bool split_tests(struct task *task)
{
    const struct run_plan *plan = task->run->plan;
    size_t unit = task->batch.units.items[0];
    const struct policy_set *tests =
        task->only.len > 0 ? &task->only : &plan->units.items[unit].tests;
    if (tests->len < 2 || (plan->units.items[unit].whole && task->queue == QUEUE_TEST)) {
        return false;
    }
    VEC_FOREACH (size_t, test, tests) {
        if (task->queue == QUEUE_TEST && task->run->reported[*test]) {
            continue;
        }
        struct task *part = split_part(task, batch_of(plan, unit));
        VEC_PUSH(&part->only, *test);
        task_enqueue(part);
    }
    return true;
}

bool task_split(struct task *task)
{
    if (task->batch.units.len > 1) {
        split_units(task);
        return true;
    }
    return split_tests(task);
}

/* A task that takes long is taken apart where that is worth its cost; otherwise it keeps running,
 * beside the others. */
static void task_is_slow(void *data)
{
    struct task *task = data;
    struct run *run = task->run;
    const struct run_plan *plan = run->plan;
    if (run->cancelled || task->abandoned) {
        return;
    }
    size_t unit = task->batch.units.items[0];
    size_t parts = task->batch.units.len > 1 ? task->batch.units.len
                   : task->only.len > 0      ? task->only.len
                                             : plan->units.items[unit].tests.len;
    size_t cost =
        (LOAD_BASE_MS + LOAD_PER_FILE_MS * task->batch.files.len) * parts / run->runner->slots;
    if (task->batch.units.len == 1) {
        remember_slow(run->runner, plan->units.items[unit].label);
    }
    if (task->ask == ENGINE_TEST && task->engine == run->runner->engine &&
        cost <= SPLIT_COST_MAX_MS && task_split(task)) {
        run_log(run, "taking apart a slow run of %zu tests", task->batch.tests);
        task->abandoned = true;
        process_cancel(task->process);
    }
    task->slow = true;
    run_pump(run);
}

/* Who answers: a unit's own engine runs its tests, the runner's does all else. */
static const char *choose_engine(struct task *task)
{
    struct runner *runner = task->run->runner;
    const struct plan_unit *unit = &task->run->plan->units.items[task->batch.units.items[0]];
    bool own = task->ask == ENGINE_TEST ||
               (task->ask == ENGINE_CHECK && unit->engine != NULL && unit->engine->checks);
    if (!own || unit->engine == NULL) {
        return runner->program;
    }
    task->engine = unit->engine;
    return runner_companion(runner, unit->engine)->program;
}

static bool start_process(struct task *task, const struct engine_command *command,
    const char *const *argv, const char *const *env, struct err *err)
{
    struct run *run = task->run;
    char *cwd = command->dir == NULL ? mem_strdup(run->root) : path_join(run->root, command->dir);
    struct process_options options = {.argv = argv,
        .cwd = cwd,
        .env = env,
        .nice = 5, /* keys first */
        .timeout_ms = command->timeout_ms,
        .on_data = task_data,
        .on_exit = task_exit,
        .data = task};
    task->process = process_start(run->runner->loop, &options, err);
    free(cwd);
    return task->process != NULL;
}

/* Off the network: told so, where the engine can be told; else confined by the system. */
static bool start_offline(struct task *task, const struct engine_command *command, struct err *err)
{
    const char *const *argv = (const char *const *)command->argv.items;
    if (task->engine->offline_env != NULL) {
        char **env = offline_environment(task->engine, task->run->offline_path, command->env);
        bool ok = start_process(task, command, argv, (const char *const *)env, err);
        offline_environment_free(env);
        return ok;
    }
    struct confined_cage cage = {0};
    struct confined_words words = {0};
    bool ok = confined_wrap(&cage, argv, &words, err) &&
              start_process(task, command, words.items, command->env, err);
    confined_words_free(&words);
    return ok;
}

static void task_start(struct task *task)
{
    struct run *run = task->run;
    struct runner *runner = run->runner;
    struct err err;
    struct engine_command command = {0};
    struct engine_question question = {.ask = task->ask,
        .plan = run->plan,
        .batch = &task->batch,
        .only = &task->only,
        .closer = task->closer};
    const char *program = choose_engine(task);
    bool ok = task->engine->command(&question, program, &command, &err);
    if (ok && run->offline_path != NULL) {
        ok = start_offline(task, &command, &err);
    } else if (ok) {
        ok = start_process(
            task, &command, (const char *const *)command.argv.items, command.env, &err);
    }
    engine_command_free(&command);
    if (!ok) {
        task_answer(task, NULL, err.text);
        task_free(task);
        return;
    }
    run->references++;
    VEC_PUSH(&run->active, task);
    if (task->ask == ENGINE_TEST) {
        task->timer = loop_timer_new(runner->loop, task_is_slow, task);
        uint64_t base = task->engine->slow_ms > 0 ? task->engine->slow_ms : SLOW_BASE_MS;
        loop_timer_start(task->timer, base + SLOW_PER_FILE_MS * (uint64_t)task->batch.files.len, 0);
    }
}

static bool has_slot(const struct run *run)
{
    size_t fast = 0;
    VEC_FOREACH (struct task *, task, &run->active) {
        fast += !(*task)->slow && !(*task)->abandoned;
    }
    return fast < run->runner->slots && run->active.len < run->runner->slots + SLOW_EXTRA;
}

static struct task *next_task(struct run *run)
{
    for (size_t i = 0; i < QUEUE_COUNT; i++) {
        if (run->queues[i].len > 0) {
            struct task *task = run->queues[i].items[0];
            VEC_REMOVE(&run->queues[i], 0);
            return task;
        }
    }
    return NULL;
}

static bool is_busy(const struct run *run, enum task_queue from, enum task_queue to)
{
    for (size_t i = from; i <= to; i++) {
        if (run->queues[i].len > 0) {
            return true;
        }
    }
    VEC_FOREACH (struct task *, task, &run->active) {
        if ((*task)->queue >= from && (*task)->queue <= to && !(*task)->abandoned) {
            return true;
        }
    }
    return false;
}

/* Ends the phases that have nothing left to do. */
static void advance(struct run *run)
{
    if (!run->done && !is_busy(run, QUEUE_BLAME, QUEUE_CHECK)) {
        run_begin_explanations(run);
        finish_done(run);
    }
    if (run->done && !run->cancelled && !run->coverage_begun) {
        run->coverage_begun = true;
        if (run->want_coverage) {
            run_begin_coverage(run);
        }
    }
    if (run->done && !run->cancelled && !run->settled &&
        !is_busy(run, QUEUE_ASKED, QUEUE_COVERAGE)) {
        if (run->want_coverage) {
            run_finish_coverage(run);
        }
        if (!run->cancelled) {
            finish_settled(run);
        }
    }
}

void run_pump(struct run *run)
{
    run->references++;
    while (!run->cancelled && has_slot(run)) {
        struct task *task = next_task(run);
        if (task == NULL) {
            bool was_done = run->coverage_begun;
            advance(run);
            if (was_done == run->coverage_begun) {
                break;
            }
            continue;
        }
        const struct finding *broken = task_broken(task);
        if (broken == NULL) {
            task_start(task);
        } else {
            if (task->batch.units.len < 2 || !task_split(task)) {
                task_fail_broken(task, broken);
            }
            task_free(task);
        }
    }
    run_release(run);
}

bool runner_explain(struct runner *runner, size_t test)
{
    struct run *run = runner->run;
    if (run == NULL || run->cancelled || run->plan == NULL || runner->program == NULL ||
        test >= run->plan->tests.len ||
        run->plan->units.items[run->plan->tests.items[test].unit].inputs ||
        run->plan->units.items[run->plan->tests.items[test].unit].trouble != NULL) {
        return false;
    }
    run->settled = false;
    explain_test(run, test, QUEUE_ASKED);
    run_pump(run);
    return true;
}
