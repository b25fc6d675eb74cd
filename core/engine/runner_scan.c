/* The worker's part of a run: the index brought up to date, the plan made. Then the tests begin. */
#include "engine/runner_internal.h"

#include "policy/dependents.h"

#include <stdlib.h>

/* The texts as the index takes them; the caller frees the array. */
static struct policy_text *view_texts(const struct run *run)
{
    struct policy_text *view = mem_alloc((run->texts.len + 1) * sizeof *view);
    for (size_t i = 0; i < run->texts.len; i++) {
        view[i] =
            (struct policy_text){run->texts.items[i].path, buf_str(&run->texts.items[i].text)};
    }
    return view;
}

static bool has_move(const struct policy_moves *moves, const char *path)
{
    VEC_FOREACH (const struct policy_move, move, moves) {
        if (strcmp(move->path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* A path that was named is meant, also when nothing moved there since it was last looked at. */
static void add_named(struct run *run)
{
    const struct policy_index *index = run->runner->index;
    VEC_FOREACH (char *, path, &run->wanted) {
        size_t place = policy_index_find(index, *path);
        if (place == (size_t)-1 || has_move(&run->moves, *path)) {
            continue;
        }
        struct policy_move move = {.path = mem_strdup(*path)};
        if (index->files.items[place].mount != NULL) {
            move.mount = mem_strdup(index->files.items[place].mount);
        }
        VEC_PUSH(&run->moves, move);
    }
}

/* Only what the change can reach. False: that cannot be told without a look at the folder. */
static bool plan_part(struct run *run)
{
    struct runner *runner = run->runner;
    if (run->scope != RUN_AFFECTED || run->rest || runner->events.planned_part == NULL ||
        runner->engine->plan_affected == NULL || !run->after_whole || runner->index->root == NULL ||
        strcmp(runner->index->root, run->root) != 0) {
        return false;
    }
    struct policy_text *texts = view_texts(run);
    bool ok = policy_index_update(runner->index, (const char *const *)run->wanted.items,
        run->wanted.len, texts, run->texts.len, &run->moves);
    free(texts);
    if (ok) {
        add_named(run);
        run->plan = runner->engine->plan_affected(
            runner->index, &run->moves, &runner->apart, &run->stop_scan);
    }
    return run->plan != NULL || atomic_load(&run->stop_scan);
}

static void plan_whole(struct run *run)
{
    struct runner *runner = run->runner;
    struct err err;
    run->scanned_all = true;
    if (!policy_index_scan(runner->index, run->root, &run->stop_scan, &err)) {
        run->trouble = mem_strdup(err.text);
        return;
    }
    struct policy_text *texts = view_texts(run);
    struct policy_moves none = {0};
    if (run->texts.len > 0 &&
        !policy_index_update(runner->index, NULL, 0, texts, run->texts.len, &none)) {
        policy_index_lay(runner->index, texts, run->texts.len);
    }
    policy_moves_free(&none);
    free(texts);
    run->plan = runner->engine->plan(runner->index, run->scope,
        (const char *const *)run->wanted.items, run->wanted.len, &run->stop_scan);
    run->plan = engine_extend_plan(runner->engine, run->plan, runner->index, run->scope,
        (const char *const *)run->wanted.items, run->wanted.len, &run->stop_scan);
    if (run->plan != NULL && run->choose != NULL) {
        run->choose(run->choose_data, run->plan);
    }
    if (runner->events.planned_part != NULL) {
        policy_dependents_prepare(runner->index);
    }
}

static void scan_work(void *data)
{
    struct run *run = data;
    struct err err;
    if (!plan_part(run)) {
        plan_whole(run);
    }
    if (run->plan == NULL) {
        return;
    }
    run_hold_unsaved(run);
    run_make_keys(run);
    run_read_cache(run);
    if (!run_lay_texts(run, &err)) {
        run->trouble = mem_printf("the unsaved texts cannot be handed to opa: %s", err.text);
        run_plan_free(run->plan);
        run->plan = NULL;
    }
    if (run->rest) { /* nothing follows that would read them */
        run_forget_texts(run);
    }
}

bool runner_is_slow_unit(const struct runner *runner, const char *label)
{
    VEC_FOREACH (char *, slow, &runner->slow_units) {
        if (strcmp(*slow, label) == 0) {
            return true;
        }
    }
    return false;
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

static void add_batches(struct run *run)
{
    struct run_plan *plan = run->plan;
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
}

/* Units whose results can be taken from the last time: told now, and not run. */
static void reuse_known(struct run *run)
{
    struct run_plan *plan = run->plan;
    for (size_t i = 0; i < plan->units.len && run->reuses && !run->cancelled; i++) {
        struct plan_unit *unit = &plan->units.items[i];
        if (unit->included && unit->trouble == NULL && !run_may_reuse(run, i)) {
            run_adopt_cached(run, i);
        }
        if (!unit->included || unit->trouble != NULL || !run_may_reuse(run, i)) {
            continue;
        }
        VEC_FOREACH (size_t, test, &unit->tests) {
            if (!run->cancelled && plan->tests.items[*test].included) {
                run_tell_known(run, *test);
            }
        }
        run->read_v0 = run->read_v0 || unit->dialect == DIALECT_V0;
        run->read_v1 = run->read_v1 || unit->dialect == DIALECT_V1;
        unit->included = false;
    }
}

void run_begin_tests(struct run *run)
{
    struct run_plan *plan = run->plan;
    run->references++;
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        unit->alone = unit->alone || runner_is_slow_unit(run->runner, unit->label);
    }
    reuse_known(run);
    if (!run->cancelled) {
        add_batches(run);
    }
    for (size_t place = 0; place < plan->units.len && !run->cancelled; place++) {
        const struct plan_unit *unit = &plan->units.items[place];
        if (unit->included && unit->trouble != NULL) {
            run_report_trouble(run, place, unit->trouble);
        }
    }
    if (!run->cancelled) {
        run_pump(run);
    }
    run_release(run);
}

/* What later parts need to know of a plan of all. */
static void keep_whole(struct run *run)
{
    struct runner *runner = run->runner;
    struct run *before = runner->whole;
    run->references++;
    runner->whole = run;
    if (before != NULL) {
        run_release(before);
    }
    plan_words_free(&runner->apart);
    size_t last = (size_t)-1;
    VEC_FOREACH (const struct plan_test, test, &run->plan->tests) {
        if (run->plan->units.items[test->unit].engine != NULL && test->file != last) {
            last = test->file;
            VEC_PUSH(&runner->apart, mem_strdup(run->plan->files.items[last].path));
        }
    }
}

/* What was found to have moved and is not told of by this run is owed by the next. */
static void owe(struct run *run)
{
    VEC_FOREACH (struct policy_move, move, &run->moves) {
        VEC_PUSH(&run->runner->owed, *move);
    }
    run->moves.len = 0;
}

/* It waited for another's scan to end, and nobody has looked at what it named. */
void run_owe_unseen(struct run *run)
{
    struct runner *runner = run->runner;
    if (run->begun || run->done) {
        return;
    }
    runner->cut_short = runner->cut_short || run->scope == RUN_ALL;
    for (size_t i = 0; run->scope == RUN_AFFECTED && i < run->wanted.len; i++) {
        if (!plan_words_have(&runner->unseen, run->wanted.items[i])) {
            plan_words_push(&runner->unseen, run->wanted.items[i]);
        }
    }
}

/* A run of all looks at everything; another, at what the ones before it named, too. */
static void take_unseen(struct run *run)
{
    struct plan_words *unseen = &run->runner->unseen;
    for (size_t i = 0; run->scope == RUN_AFFECTED && i < unseen->len; i++) {
        if (!plan_words_have(&run->wanted, unseen->items[i])) {
            plan_words_push(&run->wanted, unseen->items[i]);
        }
    }
    if (run->scope == RUN_AFFECTED) {
        plan_words_free(unseen);
    }
}

void run_owe(struct run *run)
{
    const struct run_plan *plan = run_plan_made(run);
    if (!run->done && plan != NULL && plan->part) {
        owe(run);
    }
}

/* An error among them counts: what it keeps from being planned would be missed by nobody. */
static void tell_notes(struct run *run)
{
    const struct runner_events *events = &run->runner->events;
    VEC_FOREACH (struct finding, note, &run->plan->notes) {
        if (run->cancelled) {
            return;
        }
        if (note->severity == SEVERITY_ERROR) {
            run_add_finding(run, note);
        } else if (events->finding != NULL) {
            events->finding(events->data, run->generation, note);
        }
    }
}

static void begin_planned(struct run *run)
{
    struct runner *runner = run->runner;
    const struct runner_events *events = &runner->events;
    run->reported = mem_zalloc(run->plan->tests.len * sizeof *run->reported);
    run->broken = mem_zalloc(run->plan->files.len * sizeof *run->broken);
    if (!run->plan->part) {
        keep_whole(run);
    }
    bool fallen_back = run->scope == RUN_AFFECTED && !run->plan->part &&
                       (run->confirm || events->planned_part != NULL);
    if (run->rest || fallen_back) {
        run_choose_rest(run);
    }
    if (run->plan->part && events->planned_part != NULL) { /* else there are no parts */
        run_log(run, "affected: %s", run->plan->why);
        events->planned_part(events->data, run->generation, run->plan);
    } else if (events->planned != NULL) {
        events->planned(events->data, run->generation, run->plan);
    }
    struct run *before = run->before;
    run->before = NULL;
    if (before != NULL) {
        run_release(before);
    }
    tell_notes(run);
    if (!run->cancelled) {
        run_detect_engine(run);
    }
}

static void scan_done(void *data, bool cancelled)
{
    (void)cancelled;
    struct run *run = data;
    struct runner *runner = run->runner;
    runner->scanning = NULL;
    run->scanning = false;
    run_take_cache(run);
    if (!run->cancelled && run->scope == RUN_ALL) {
        plan_words_free(&runner->unseen);
    }
    if (run->cancelled) {
        owe(run);
        /* The index knows what has moved, and nobody was told. */
        runner->cut_short = runner->cut_short || run->scanned_all;
    }
    if (runner->run != NULL && runner->run != run) {
        run_begin_scan(runner->run);
    } else if (!run->cancelled && run->plan == NULL) {
        char *why =
            run->trouble == NULL ? mem_strdup("the folder could not be read") : run->trouble;
        run->trouble = NULL;
        run_fail(run, why);
        free(why);
    } else if (!run->cancelled) {
        begin_planned(run);
    }
    run_release(run);
}

void run_begin_scan(struct run *run)
{
    struct runner *runner = run->runner;
    run->references++;
    run->resumes = runner->cut_short;
    runner->scanning = run;
    run->begun = true;
    take_unseen(run);
    run->scanning = true;
    run->after_whole = runner->whole != NULL;
    VEC_FOREACH (struct policy_move, move, &runner->owed) {
        VEC_PUSH(&run->moves, *move);
    }
    runner->owed.len = 0;
    loop_work_start(runner->loop, scan_work, scan_done, run);
}
