/* What opa's strict mode minds beyond what keeps a policy from loading. It is asked when the tests
 * have ended, so that what does not load is known and not asked about, and the version of Rego that
 * loads is. */
#include "engine/runner_internal.h"

#include <stdlib.h>

void run_begin_strict(struct run *run)
{
    struct batches batches = {0};
    plan_batches(run->plan, true, &batches);
    VEC_FOREACH (struct batch, batch, &batches) {
        if (run->plan->units.items[batch->units.items[0]].engine != NULL) {
            batch_free(batch); /* its functions may be that engine's own */
            continue;
        }
        struct task *task = task_new(run, QUEUE_STRICT, ENGINE_CHECK_STRICT);
        task->batch = *batch;
        task_enqueue(task);
    }
    VEC_FREE(&batches);
}

static void tell(struct run *run, const struct finding *said, enum severity severity)
{
    const struct runner_events *events = &run->runner->events;
    struct finding finding = finding_copy(said);
    free(finding.rule);
    finding.rule = mem_strdup(RUNNER_STRICT_RULE);
    finding.severity = severity;
    if (findings_add(&run->strict, &finding) && events->finding != NULL) {
        events->finding(events->data, run->generation, &finding);
    }
    finding_free(&finding);
}

void strict_answer(struct task *task, const struct engine_answer *answer)
{
    if (answer->loaded) {
        return;
    }
    if (task->batch.units.len > 1) {
        task_split(task); /* errors of one stage hide those of the next in other files */
        return;
    }
    VEC_FOREACH (const struct finding, said, &answer->findings) {
        tell(task->run, said, SEVERITY_WARNING);
    }
}

void strict_failed(struct task *task, const char *why)
{
    struct run *run = task->run;
    size_t unit = task->batch.units.items[0];
    size_t file = run->plan->units.items[unit].files.items[0];
    struct finding finding = {.file = run->plan->files.items[file].path,
        .message = (char *)(uintptr_t)why,
        .source = (char *)(uintptr_t) "opa"};
    tell(run, &finding, SEVERITY_ERROR);
}
