/* Coverage of the whole folder, also while tests are red (`opa test --coverage` then says nothing):
 * the tests of each batch are evaluated once more as a query with coverage, and the reports are
 * summed. A batch whose files did not change keeps its report. */
#include "engine/runner_internal.h"

#include <stdlib.h>

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 1099511628211ULL;
}

/* What a batch's coverage is made from: files and their content, tests, and how they are read. */
static uint64_t batch_key(const struct run_plan *plan, const struct batch *batch)
{
    uint64_t key = 14695981039346656037ULL;
    VEC_FOREACH (size_t, place, &batch->files) {
        const struct plan_file *file = &plan->files.items[*place];
        key = mix(mix(key, str_hash(str_of(file->path))), file->hash);
    }
    VEC_FOREACH (size_t, place, &batch->units) {
        const struct plan_unit *unit = &plan->units.items[*place];
        key = mix(mix(key, str_hash(str_of(unit->label))), (uint64_t)unit->dialect);
        key = mix(key, unit->tests.len);
    }
    return key;
}

struct cover_entry *cover_find(struct runner *runner, uint64_t key)
{
    VEC_FOREACH (struct cover_entry, entry, &runner->cover_cache) {
        if (entry->key == key) {
            return entry;
        }
    }
    return NULL;
}

/* Reports of other content than this generation's, and unfinished ones, go. */
static void forget_unused(struct runner *runner, unsigned generation)
{
    size_t kept = 0;
    for (size_t i = 0; i < runner->cover_cache.len; i++) {
        struct cover_entry *entry = &runner->cover_cache.items[i];
        /* The one before is kept: workspace and overlay take turns. */
        if (entry->pending == 0 && entry->used + 2 > generation) {
            runner->cover_cache.items[kept++] = *entry;
        } else {
            coverage_free(&entry->coverage);
        }
    }
    runner->cover_cache.len = kept;
}

void run_begin_coverage(struct run *run)
{
    struct runner *runner = run->runner;
    struct batches batches = {0};
    forget_unused(runner, run->generation);
    plan_batches(run->plan, run->choose != NULL, &batches);
    VEC_FOREACH (struct batch, batch, &batches) {
        if (run->plan->units.items[batch->units.items[0]].inputs) {
            batch_free(batch);
            continue;
        }
        uint64_t key = batch_key(run->plan, batch);
        struct cover_entry *known = cover_find(runner, key);
        if (known != NULL) {
            known->used = run->generation;
            batch_free(batch);
            continue;
        }
        VEC_PUSH(&runner->cover_cache,
            (struct cover_entry){.key = key, .used = run->generation, .pending = 1});
        struct task *task = task_new(run, QUEUE_COVERAGE, ENGINE_COVERAGE);
        task->batch = *batch;
        task->cover_key = key;
        task_enqueue(task);
    }
    VEC_FREE(&batches);
}

/* What its tests reach of these files is not known. */
static void add_unknown(
    const struct run_plan *plan, const struct policy_set *files, struct coverage *coverage)
{
    coverage->incomplete = true;
    VEC_FOREACH (size_t, place, files) {
        coverage_add_unknown(coverage, plan->files.items[*place].path);
    }
}

void cover_answer(struct task *task, const struct engine_answer *answer)
{
    struct cover_entry *entry = cover_find(task->run->runner, task->cover_key);
    if (entry == NULL) {
        return;
    }
    coverage_merge(&entry->coverage, &answer->coverage);
    if (answer->coverage.len == 0) { /* it did not load */
        add_unknown(task->run->plan, &task->batch.files, &entry->coverage);
    }
}

/* All its tasks have ended: each batch of this generation has its report. */
void run_finish_coverage(struct run *run)
{
    struct runner *runner = run->runner;
    struct coverage total = {0};
    VEC_FOREACH (struct cover_entry, entry, &runner->cover_cache) {
        if (entry->used == run->generation) {
            entry->pending = 0;
            coverage_finish(&entry->coverage);
            coverage_merge(&total, &entry->coverage);
        }
    }
    VEC_FOREACH (struct plan_unit, unit, &run->plan->units) {
        if (unit->trouble != NULL && !unit->inputs && (unit->included || run->choose == NULL)) {
            add_unknown(run->plan, &unit->files, &total);
        }
    }
    coverage_finish(&total);
    coverage_free(&runner->coverage);
    runner->coverage = total;
    runner->has_coverage = true;
    if (runner->events.coverage != NULL) {
        runner->events.coverage(runner->events.data, run->generation, &runner->coverage);
    }
}
