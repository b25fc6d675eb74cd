/* What follows the answer to a change: a look at the whole folder for what else has changed, and
 * the proof that the rest is as it was told. */
#include "engine/runner_internal.h"

#include <stdlib.h>

enum {
    REST_DELAY_MS = 500,
    CONFIRM_FILES_MAX = 4000, /* loaded by one process: opa takes some 160 KB for each */
};
#define CONFIRM_ARGS_MAX ((size_t)1 << 20)

/* ---- the rest ---- */

static void on_rest(void *data)
{
    struct runner *runner = data;
    struct run *part = runner->run;
    if (part == NULL || part->cancelled) {
        return;
    }
    if (part->active.len > 0) { /* an explanation somebody asked for */
        loop_timer_start(runner->rest, REST_DELAY_MS, 0);
        return;
    }
    struct run *run = MEM_NEW(struct run);
    run->runner = runner;
    runner->references++;
    run->references = 1;
    run->generation = part->generation;
    run->root = mem_strdup(part->root);
    run->scope = RUN_AFFECTED;
    run->rest = run->confirm = true;
    run->offline = part->offline;
    run->cache_of = mem_strdup(part->cache_of);
    run->started_ns = part->started_ns;
    run->want_coverage = part->want_coverage;
    run->explain_max = part->explain_max;
    run->started_us = loop_now_us();
    VEC_FOREACH (char *, path, &part->wanted) {
        VEC_PUSH(&run->wanted, mem_strdup(*path));
    }
    VEC_FOREACH (struct run_text, text, &part->texts) { /* the part has laid them out */
        VEC_PUSH(
            &run->texts, (struct run_text){.path = mem_strdup(text->path), .text = text->text});
        text->text = BUF_INIT;
    }
    runner->run = run;
    run->before = part; /* its plan is the one that was told */
    if (runner->scanning == NULL) {
        run_begin_scan(run);
    }
}

void run_begin_rest_later(struct run *run)
{
    struct runner *runner = run->runner;
    if (runner->rest == NULL) {
        runner->rest = loop_timer_new(runner->loop, on_rest, runner);
    }
    loop_timer_start(runner->rest, REST_DELAY_MS, 0);
}

void run_choose_rest(struct run *run)
{
    struct run_plan *plan = run->plan;
    bool all = run->runner->cut_short;
    run->reuses = all;
    plan->included = 0;
    for (size_t i = 0; i < plan->units.len; i++) {
        struct plan_unit *unit = &plan->units.items[i];
        bool own = unit->engine == NULL;
        bool named = unit->included && !(own && run->rest);
        unit->included = all || named || (own && !run_knows(run, i));
        VEC_FOREACH (size_t, test, &unit->tests) {
            plan->tests.items[*test].included = unit->included;
            plan->included += unit->included;
        }
    }
}

/* ---- confirmation ---- */

/* What is loaded together with all the rest. Packages that are split by folder cannot be. */
static bool is_confirmed(const struct run *run, size_t place)
{
    const struct plan_unit *unit = &run->plan->units.items[place];
    return unit->engine == NULL && unit->trouble == NULL && !unit->alone && run_knows(run, place);
}

static bool loads(const struct run *run, const struct plan_unit *unit)
{
    VEC_FOREACH (size_t, file, &unit->files) {
        if (run->broken[*file] > 0) {
            return false;
        }
    }
    return true;
}

struct gathered {
    struct batch batch;
    bool *in; /* by file */
    size_t bytes;
};

static void gathered_end(struct run *run, struct gathered *gathered)
{
    if (gathered->batch.tests > 0) {
        struct task *task = task_new(run, QUEUE_CONFIRM, ENGINE_TEST);
        plan_mark_files(run->plan, gathered->in, &gathered->batch.files);
        task->batch = gathered->batch;
        task_enqueue(task);
    } else {
        batch_free(&gathered->batch);
    }
    free(gathered->in);
    *gathered = (struct gathered){.in = mem_zalloc(run->plan->files.len + 1)};
}

static void gather(struct run *run, struct gathered *gathered, size_t place)
{
    const struct plan_unit *unit = &run->plan->units.items[place];
    VEC_PUSH(&gathered->batch.units, place);
    gathered->batch.tests += unit->tests.len;
    size_t files = 0;
    VEC_FOREACH (size_t, file, &unit->files) {
        if (!gathered->in[*file]) {
            gathered->in[*file] = true;
            gathered->bytes += strlen(run->plan->files.items[*file].path) + 1;
        }
        files++;
    }
    gathered->batch.files.len = 0;
    if (gathered->bytes > CONFIRM_ARGS_MAX || gathered->batch.units.len > CONFIRM_FILES_MAX) {
        gathered_end(run, gathered);
    }
}

static void confirm_dialect(struct run *run, enum policy_dialect dialect)
{
    struct gathered gathered = {.in = mem_zalloc(run->plan->files.len + 1)};
    for (size_t i = 0; i < run->plan->units.len; i++) {
        const struct plan_unit *unit = &run->plan->units.items[i];
        if (unit->dialect == dialect && is_confirmed(run, i) && loads(run, unit)) {
            gather(run, &gathered, i);
        }
    }
    gathered_end(run, &gathered);
    free(gathered.in);
}

void run_begin_confirm(struct run *run)
{
    run->confirm_begun = true;
    if (run->confirm && run->keys != NULL) {
        confirm_dialect(run, DIALECT_V1);
        confirm_dialect(run, DIALECT_V0);
    }
}

static bool same_rows(const struct results *before, const struct result *rows, size_t count)
{
    bool same = before->len == count;
    for (size_t i = 0; i < count && same; i++) {
        same = before->items[i].status == rows[i].status &&
               strcmp(before->items[i].name, rows[i].name) == 0;
    }
    return same;
}

static void tell_missed(
    struct run *run, size_t test, const struct results *before, const struct result *rows)
{
    const struct plan_test *known = &run->plan->tests.items[test];
    bool is_volatile = false;
    VEC_FOREACH (size_t, file, &run->plan->units.items[known->unit].files) {
        is_volatile = is_volatile || run->plan->files.items[*file].is_volatile;
    }
    struct finding finding = {.rule = mem_strdup("affected-missed"),
        .severity = SEVERITY_WARNING,
        .file = mem_strdup(run->plan->files.items[known->file].path),
        .at = known->at,
        .message = mem_printf("%s.%s: %s with all files loaded, %s with those it needs%s",
            known->suite, known->name, result_status_name(rows[0].status),
            result_status_name(before->items[0].status),
            is_volatile ? ": it may look at the time, the network or chance"
                        : ": bylaw did not see something it depends on, which is a bug of bylaw "
                          "unless the test does not depend on its inputs alone")};
    run->missed++;
    run_add_finding(run, &finding);
    finding_free(&finding);
}

void confirm_answer(struct task *task, const struct engine_answer *answer)
{
    struct run *run = task->run;
    const struct runner_events *events = &run->runner->events;
    if (!answer->loaded) {
        run_log(run, "the rest cannot be confirmed: its %zu files do not load together",
            task->batch.files.len);
        return;
    }
    for (size_t i = 0; i < answer->results.len && !run->cancelled;) {
        size_t end = i + 1;
        while (end < answer->results.len && answer->results.items[end].depth > 0) {
            end++;
        }
        const struct result *rows = &answer->results.items[i];
        size_t test = plan_find_test(run->plan, rows);
        const struct results *before = test == (size_t)-1 ? NULL : run_known_rows(run, test);
        if (before != NULL) {
            run->confirming++;
        }
        if (before != NULL && !same_rows(before, rows, end - i)) {
            tell_missed(run, test, before, rows);
            run_keep_rows(run, test, rows, end - i);
            if (events->result != NULL && !run->cancelled) {
                events->result(events->data, run->generation, test, rows, end - i);
            }
        }
        i = end;
    }
}

void run_finish_confirm(struct run *run)
{
    if (run->confirm && run->confirming > 0) {
        run_log(run, "confirmed: %zu of %zu tests, %zu otherwise than told", run->confirming,
            run->plan->tests.len, run->missed);
    }
}
