/* Starts and ends runs, and leads them through their phases. What the worker does is in
 * runner_scan.c, processes are in runner_task.c, what their answers mean in runner_answer.c. */
#include "engine/runner_internal.h"

#include <stdlib.h>
#include <time.h>

enum { SLOW_EXTRA = 4 }; /* processes beyond the slots while slow ones run */

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
    runner_forget_known(runner);
    plan_words_free(&runner->apart);
    policy_moves_free(&runner->owed);
    plan_words_free(&runner->unseen);
    scratch_remove(&runner->scratch);
    result_cache_free(runner->cache);
    free(runner->cache_path);
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
    findings_free(&run->strict);
    if (run->before != NULL) {
        run_release(run->before);
    }
    policy_moves_free(&run->moves);
    run_plan_free(run->plan);
    run_free_texts(run);
    free(run->keys);
    free(run->cache_keys);
    free(run->cache_of);
    result_cache_free(run->cache);
    free(run->reported);
    free(run->broken);
    free(run->trouble);
    free(run->root);
    free(run->offline_path);
    if (run->choose_free != NULL) {
        run->choose_free(run->choose_data);
    }
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

struct run_plan *run_plan_made(const struct run *run)
{
    return run->scanning ? NULL : run->plan;
}

static void supersede(struct runner *runner)
{
    struct run *run = runner->run;
    if (runner->rest != NULL) {
        loop_timer_stop(runner->rest);
    }
    if (run != NULL) {
        const struct run_plan *plan = run_plan_made(run);
        run_owe(run);
        run_owe_unseen(run);
        runner->cut_short = runner->cut_short || (!run->done && plan != NULL && !plan->part);
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
    loop_timer_free(runner->rest);
    struct run *whole = runner->whole;
    runner->whole = NULL;
    if (whole != NULL) {
        run_release(whole);
    }
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
    for (size_t i = 0; i < options->text_count; i++) {
        struct run_text text = {.path = mem_strdup(options->texts[i].path)};
        buf_append_str(&text.text, options->texts[i].text);
        VEC_PUSH(&run->texts, text);
    }
    run->confirm = options->confirm && options->scope == RUN_AFFECTED;
    run->reuses = options->cached && (options->scope == RUN_ALL || options->scope == RUN_PATHS);
    run->cache_of = mem_strdup(options->cache_of);
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    run->started_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    run->offline = options->offline;
    run->want_coverage = options->coverage;
    run->want_reach = options->by_test;
    run->want_strict = options->strict;
    run->choose = options->scope == RUN_ALL ? options->choose : NULL;
    run->choose_free = options->choose_free;
    run->choose_data = options->choose_data;
    run->explain_max = options->explain_max;
    run->started_us = loop_now_us();
    runner->run = run;
    if (runner->scanning == NULL) {
        run_begin_scan(run);
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

static enum policy_dialect dialect_in(const struct run_plan *plan, const char *path)
{
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

enum policy_dialect runner_dialect(const struct runner *runner, const char *path)
{
    enum policy_dialect dialect =
        dialect_in(runner->run == NULL ? NULL : run_plan_made(runner->run), path);
    return dialect == DIALECT_EITHER && runner->whole != NULL
               ? dialect_in(runner->whole->plan, path)
               : dialect;
}

static void finish_done(struct run *run)
{
    struct runner *runner = run->runner;
    const struct run_plan *plan = run_plan_made(run);
    char *trouble = run->scanning ? NULL : run->trouble;
    run->done = true;
    if (run->scope == RUN_ALL || (run->reuses && run->scope != RUN_PATHS)) {
        runner->cut_short = false;
    }
    struct run_summary summary = {.tally = run->tally,
        .findings = run->findings.len,
        .cached = run->cached,
        .wall_us = loop_now_us() - run->started_us,
        .read_v0 = run->read_v0,
        .read_v1 = run->read_v1,
        .trouble = trouble};
    for (size_t i = 0; plan != NULL && i < plan->units.len; i++) {
        const struct plan_unit *unit = &plan->units.items[i];
        summary.read_v0 = summary.read_v0 || (unit->included && unit->dialect == DIALECT_V0);
        summary.read_v1 = summary.read_v1 || (unit->included && unit->dialect == DIALECT_V1);
    }
    if (plan != NULL) {
        summary.tally.count[RESULT_NOT_EVALUATED] += plan->included - run->reported_count;
    }
    summary.verdict = tally_verdict(&summary.tally);
    if (run->findings.len > 0) {
        summary.verdict = RESULT_ERROR;
    }
    if (trouble != NULL && summary.verdict == RESULT_PASS) {
        summary.verdict = RESULT_NOT_EVALUATED;
    }
    char *cached = run->cached == 0 ? mem_strdup("") : mem_printf(", %zu cached", run->cached);
    run_log(run, "run %u%s: %s in %.2f s, %zu of %zu tests ended%s", run->generation,
        run->rest ? ", the rest" : "", result_status_name(summary.verdict),
        (double)summary.wall_us / 1e6, run->reported_count,
        plan == NULL ? (size_t)0 : plan->included, cached);
    free(cached);
    run_write_cache(run);
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
    if (runner->rest != NULL) {
        loop_timer_stop(runner->rest);
    }
    if (run == NULL || run->cancelled || (run->settled && !run->confirm_begun)) {
        return;
    }
    if (run->settled) { /* it may be asked for explanations yet */
        abandon_all(run);
        run->confirm_ended = true;
        return;
    }
    run->references++;
    run_owe(run);
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
    const struct run *run = runner->run;
    run = run != NULL && run->before != NULL ? run->before : run;
    return run == NULL ? NULL : run_plan_made(run);
}

const struct run_plan *runner_whole_plan(const struct runner *runner)
{
    return runner->whole == NULL ? NULL : runner->whole->plan;
}

const struct coverage *runner_coverage(const struct runner *runner)
{
    return runner->has_coverage ? &runner->coverage : NULL;
}

void runner_set_slots(struct runner *runner, unsigned slots)
{
    runner->slots = slots > 0 ? slots : uv_available_parallelism();
}

void runner_set_memory_max(struct runner *runner, uint64_t bytes)
{
    runner->memory_max = bytes;
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
        if (run->queues[i].len > 0 && (i != QUEUE_CONFIRM || run->active.len == 0)) {
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

/* A part is answered when its tests are: the rest and coverage follow with a plan of all. */
static void advance_part(struct run *run)
{
    if (run->rest_begun || is_busy(run, QUEUE_ASKED, QUEUE_EXPLAIN)) {
        return;
    }
    run->rest_begun = true;
    if (run->confirm) {
        run_begin_rest_later(run);
    } else {
        finish_settled(run);
    }
}

static void advance_settled(struct run *run)
{
    if (!run->confirm_begun) {
        run_begin_confirm(run);
    } else if (!run->confirm_ended && !is_busy(run, QUEUE_CONFIRM, QUEUE_CONFIRM)) {
        run->confirm_ended = true;
        run_finish_confirm(run);
    }
}

/* Ends the phases that have nothing left to do, and begins what follows them. */
static void advance(struct run *run)
{
    bool ran = run->done || !is_busy(run, QUEUE_BLAME, QUEUE_CHECK);
    if (ran && run->want_strict && !run->strict_begun) {
        run->strict_begun = true;
        run_begin_strict(run);
    }
    if (!run->done && ran && !is_busy(run, QUEUE_STRICT, QUEUE_STRICT)) {
        run_begin_explanations(run);
        finish_done(run);
    }
    if (!run->done || run->cancelled) {
        return;
    }
    if (run->plan->part) {
        advance_part(run);
        return;
    }
    if (!run->coverage_begun) {
        run->coverage_begun = true;
        if (run->want_coverage) {
            run_begin_coverage(run);
        }
        if (run->want_reach) {
            run_begin_reach(run);
        }
    }
    if (run->reaching && !is_busy(run, QUEUE_REACH, QUEUE_REACH)) {
        run_finish_reach(run);
    }
    if (!run->settled && !run->cancelled &&
        !is_busy(run, QUEUE_ASKED, run->want_reach ? QUEUE_REACH : QUEUE_COVERAGE)) {
        if (run->want_coverage) {
            run_finish_coverage(run);
        }
        if (!run->cancelled) {
            finish_settled(run);
        }
    }
    if (run->settled && !run->cancelled) {
        advance_settled(run);
    }
}

static bool has_queued(const struct run *run)
{
    for (size_t i = 0; i < QUEUE_COUNT; i++) {
        if (run->queues[i].len > 0 && (i != QUEUE_CONFIRM || run->active.len == 0)) {
            return true;
        }
    }
    return false;
}

void run_pump(struct run *run)
{
    run->references++;
    while (!run->cancelled && has_slot(run)) {
        struct task *task = next_task(run);
        if (task == NULL) {
            advance(run);
            if (run->cancelled || !has_queued(run)) {
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
    if (run == NULL || run->cancelled || run_plan_made(run) == NULL || runner->program == NULL ||
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
