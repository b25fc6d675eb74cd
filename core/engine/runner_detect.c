/* Before a run's first test: which program, which version, and how it is kept off the network. */
#include "engine/offline.h"
#include "engine/probe.h"
#include "engine/runner_internal.h"

#include <stdlib.h>
#include <unistd.h>

void companion_free(struct companion *companion)
{
    free(companion->program);
    free(companion->version);
    free(companion->trouble);
}

const struct companion *runner_companion(const struct runner *runner, const struct engine *engine)
{
    VEC_FOREACH (struct companion, companion, &runner->companions) {
        if (companion->engine == engine) {
            return companion;
        }
    }
    return NULL;
}

struct detection {
    struct run *run;
    const struct engine *engine;
};

static void detect_companions(struct run *run);

static void companion_detected(void *data, const struct probe_result *result)
{
    struct detection *detection = data;
    struct run *run = detection->run;
    struct runner *runner = run->runner;
    struct companion found = {.engine = detection->engine,
        .program = mem_strdup(result->program),
        .version = mem_strdup(result->version),
        .trouble = result->program == NULL ? mem_strdup(result->err.text) : NULL,
        .generation = run->generation};
    size_t at = 0;
    while (at < runner->companions.len && runner->companions.items[at].engine != found.engine) {
        at++;
    }
    if (at < runner->companions.len) {
        companion_free(&runner->companions.items[at]);
        runner->companions.items[at] = found;
    } else {
        VEC_PUSH(&runner->companions, found);
    }
    free(detection);
    if (!run->cancelled) {
        detect_companions(run);
    }
    run_release(run);
}

/* Once for as long as its program stands there; each run looks again for one that did not. */
static bool is_detected(const struct run *run, const struct engine *engine)
{
    const struct companion *known = runner_companion(run->runner, engine);
    return known != NULL && (known->generation == run->generation ||
                                (known->program != NULL && access(known->program, X_OK) == 0));
}

static void begin_tests(struct run *run)
{
    VEC_FOREACH (struct plan_unit, unit, &run->plan->units) {
        const struct companion *companion =
            unit->engine == NULL ? NULL : runner_companion(run->runner, unit->engine);
        if (companion != NULL && companion->program == NULL) {
            unit->unasked = true;
            free(unit->trouble);
            unit->trouble = mem_strdup(companion->trouble);
        }
    }
    run_begin_tests(run);
}

static void on_offline(void *data, const char *path, const struct err *err)
{
    struct run *run = data;
    if (!run->cancelled && path == NULL) {
        /* Not run at all rather than run with the network. */
        char *why = mem_printf("opa cannot be told what it is capable of: %s", err->text);
        run_fail(run, why);
        free(why);
    } else if (!run->cancelled) {
        run->offline_path = mem_strdup(path);
        begin_tests(run);
    }
    run_release(run);
}

static void prepare_tests(struct run *run)
{
    run->references++;
    offline_start(run->runner->loop, run->runner->engine, run->runner->program, run->root,
        !run->offline, on_offline, run);
}

/* The engines that units of this run need, one after the other. */
static void detect_companions(struct run *run)
{
    VEC_FOREACH (struct plan_unit, unit, &run->plan->units) {
        if (unit->included && unit->engine != NULL && !is_detected(run, unit->engine)) {
            struct detection *detection = MEM_NEW(struct detection);
            *detection = (struct detection){run, unit->engine};
            run->references++;
            probe_start(run->runner->loop, unit->engine, companion_detected, detection);
            return;
        }
    }
    prepare_tests(run);
}

static void detected(void *data, const struct probe_result *result)
{
    struct run *run = data;
    struct runner *runner = run->runner;
    if (run->cancelled) {
        run_release(run);
        return;
    }
    free(runner->program);
    runner->program = mem_strdup(result->program);
    if (result->program == NULL) {
        run_fail(run, result->err.text);
    } else {
        if (runner->version == NULL || strcmp(runner->version, result->version) != 0) {
            runner_forget_known(runner);
        }
        free(runner->version);
        runner->version = mem_strdup(result->version);
        detect_companions(run);
    }
    run_release(run);
}

void run_detect_engine(struct run *run)
{
    struct runner *runner = run->runner;
    if (runner->program != NULL && access(runner->program, X_OK) == 0) {
        detect_companions(run);
        return;
    }
    run->references++;
    probe_start(runner->loop, runner->engine, detected, run);
}
