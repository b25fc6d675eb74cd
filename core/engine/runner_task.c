/* Tasks: how they become processes, are taken apart when they take long, and end. */
#include "engine/runner_internal.h"

#include "base/path.h"
#include "engine/offline.h"
#include "sandbox/confined.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SLOW_BASE_MS = 1000,  /* a batch that takes longer than this … */
    SLOW_PER_FILE_MS = 5, /* … and this for each of its files is taken apart */
    LOAD_BASE_MS = 15,
    LOAD_PER_FILE_MS = 2,
    SPLIT_COST_MAX_MS = 10000, /* taking apart must not cost more than this in loading alone */
    SLOW_UNITS_MAX = 200
};

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

static void remember_slow(struct runner *runner, const char *label)
{
    if (!runner_is_slow_unit(runner, label) && runner->slow_units.len < SLOW_UNITS_MAX) {
        VEC_PUSH(&runner->slow_units, mem_strdup(label));
    }
}

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

/* A quarter of the machine, at least 1 GB and at most 4 GB: several run side by side, and opa takes
 * a hundred bytes for each byte of Rego. */
uint64_t task_memory_max(const struct task *task)
{
    if (task->run->runner->memory_max > 0) {
        return task->run->runner->memory_max;
    }
    const uint64_t gigabyte = (uint64_t)1 << 30;
    long pages = sysconf(_SC_PHYS_PAGES);
    uint64_t quarter = pages <= 0 ? 0 : (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) / 4;
    return quarter < gigabyte ? gigabyte : quarter > 4 * gigabyte ? 4 * gigabyte : quarter;
}

static bool start_process(struct task *task, const struct engine_command *command,
    const char *const *argv, const char *const *env, struct err *err)
{
    struct run *run = task->run;
    char *cwd = command->dir == NULL ? mem_strdup(run->root) : path_join(run->root, command->dir);
    struct process_options options = {.argv = argv,
        .cwd = cwd,
        .env = env,
        .nice = task->queue >= QUEUE_REACH ? 19 : 5, /* keys first */
        .memory_max = task_memory_max(task),
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
    if (task->engine->offline_env != NULL) { /* told what is declared, too */
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

void task_start(struct task *task)
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
    if (ok && (run->offline || task->engine->offline_env != NULL)) {
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
    if (task->ask == ENGINE_TEST && task->queue != QUEUE_CONFIRM) {
        task->timer = loop_timer_new(runner->loop, task_is_slow, task);
        uint64_t base = task->engine->slow_ms > 0 ? task->engine->slow_ms : SLOW_BASE_MS;
        loop_timer_start(task->timer, base + SLOW_PER_FILE_MS * (uint64_t)task->batch.files.len, 0);
    }
}
