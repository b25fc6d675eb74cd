/* Before a run's first test: which program, which version, and how it is kept off the network. */
#include "engine/offline.h"
#include "engine/probe.h"
#include "engine/runner_internal.h"

#include <stdlib.h>
#include <unistd.h>

static void on_offline(void *data, const char *path, const struct err *err)
{
    struct run *run = data;
    if (!run->cancelled && path == NULL) {
        /* Not run at all rather than run with the network. */
        char *why = mem_printf("the tests cannot be kept off the network: %s", err->text);
        run_fail(run, why);
        free(why);
    } else if (!run->cancelled) {
        run->offline_path = mem_strdup(path);
        run_begin_tests(run);
    }
    run_release(run);
}

static void prepare_tests(struct run *run)
{
    if (!run->offline) {
        run_begin_tests(run);
        return;
    }
    run->references++;
    offline_start(run->runner->loop, run->runner->engine, run->runner->program, on_offline, run);
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
        free(runner->version);
        runner->version = mem_strdup(result->version);
        prepare_tests(run);
    }
    run_release(run);
}

void run_detect_engine(struct run *run)
{
    struct runner *runner = run->runner;
    if (runner->program != NULL && access(runner->program, X_OK) == 0) {
        prepare_tests(run);
        return;
    }
    run->references++;
    probe_start(runner->loop, runner->engine, detected, run);
}
