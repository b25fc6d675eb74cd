/* Why a test failed: the failing expression with the values of its variables, and the errors of
 * built-in functions that a test run swallows. Asked for one test at a time, with only the files it
 * needs: tracing a whole run costs hundreds of megabytes and changes outcomes. */
#include "engine/runner_internal.h"

#include <stdlib.h>

static struct task *explain_task(
    struct run *run, struct explanation *explanation, enum task_queue queue, enum engine_ask ask)
{
    struct task *task = task_new(run, queue, ask);
    task->batch = batch_of(run->plan, run->plan->tests.items[explanation->test].unit);
    VEC_PUSH(&task->only, explanation->test);
    task->explanation = explanation;
    explanation->pending++;
    return task;
}

void explain_test(struct run *run, size_t test, enum task_queue queue)
{
    struct explanation *explanation = MEM_NEW(struct explanation);
    explanation->test = test;
    task_enqueue(explain_task(run, explanation, queue, ENGINE_EXPLAIN_TRACE));
    task_enqueue(explain_task(run, explanation, queue, ENGINE_EXPLAIN_ERRORS));
}

void run_begin_explanations(struct run *run)
{
    for (size_t i = 0; i < run->failed.len && i < run->explain_max; i++) {
        explain_test(run, run->failed.items[i], QUEUE_EXPLAIN);
    }
}

static void tell(struct run *run, struct explanation *e)
{
    struct buf detail = BUF_INIT;
    if (e->errors.len > 0) {
        buf_printf(&detail, "errors of built-in functions, which opa test takes for undefined:\n%s",
            e->errors.ptr);
    }
    if (e->trace.len > 0) {
        buf_printf(&detail, "%s%s", detail.len > 0 ? "\n" : "", e->trace.ptr);
    }
    if (detail.len == 0) {
        buf_append_c(&detail, "opa says no more than that the test did not evaluate to true");
    }
    const char *message = e->errors_message != NULL ? e->errors_message : e->trace_message;
    const struct runner_events *events = &run->runner->events;
    if (events->explained != NULL) {
        events->explained(events->data, run->generation, e->test, message, detail.ptr);
    }
    buf_free(&detail);
}

void explain_answer(struct task *task, struct engine_answer *answer)
{
    struct explanation *e = task->explanation;
    if (task->ask == ENGINE_EXPLAIN_TRACE) {
        buf_append_str(&e->trace, buf_str(&answer->text));
        e->trace_message = mem_strdup(answer->message);
    } else {
        buf_append_str(&e->errors, buf_str(&answer->text));
        e->errors_message = mem_strdup(answer->message);
    }
    if (e->pending == 1) { /* this task is the last; task_free lets go of it */
        tell(task->run, e);
    }
}
