/* Before a run's first test: which program, which version, and how it is kept off the network. */
#include "engine/offline.h"
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

struct detection {
    struct run *run;
    struct buf out;
};

static void detected(struct run *run, struct str output)
{
    struct runner *runner = run->runner;
    const struct engine *engine = runner->engine;
    char *version = NULL;
    if (!engine->version(output, &version)) {
        free(runner->program);
        runner->program = NULL;
        char *why = mem_printf("%s does not say its version", engine->program);
        run_fail(run, why);
        free(why);
        return;
    }
    if (!engine_version_at_least(version, engine->minimum)) {
        char *why =
            mem_printf("%s %s is too old: %s or newer is needed (scripts/setup installs one)",
                engine->program, version, engine->minimum);
        free(version);
        free(runner->program);
        runner->program = NULL;
        run_fail(run, why);
        free(why);
        return;
    }
    free(runner->version);
    runner->version = version;
    prepare_tests(run);
}

static void version_data(void *data, enum process_stream stream, struct str bytes)
{
    (void)stream;
    struct detection *detection = data;
    buf_append_str(&detection->out, bytes);
}

static void version_exit(void *data, const struct process_result *result)
{
    (void)result;
    struct detection *detection = data;
    struct run *run = detection->run;
    if (!run->cancelled) {
        detected(run, buf_str(&detection->out));
    }
    buf_free(&detection->out);
    free(detection);
    run_release(run);
}

void run_detect_engine(struct run *run)
{
    struct runner *runner = run->runner;
    struct err err;
    if (runner->program != NULL && access(runner->program, X_OK) == 0) {
        prepare_tests(run);
        return;
    }
    free(runner->program);
    runner->program = engine_find(runner->engine, &err);
    if (runner->program == NULL) {
        run_fail(run, err.text);
        return;
    }
    struct engine_command command = {0};
    VEC_PUSH(&command.argv, mem_strdup(runner->program));
    for (size_t i = 0; runner->engine->version_args[i] != NULL; i++) {
        VEC_PUSH(&command.argv, mem_strdup(runner->engine->version_args[i]));
    }
    VEC_PUSH(&command.argv, NULL);
    struct detection *detection = MEM_NEW(struct detection);
    detection->run = run;
    struct process_options options = {.argv = (const char *const *)command.argv.items,
        .timeout_ms = 10000,
        .max_output = 1 << 20,
        .on_data = version_data,
        .on_exit = version_exit,
        .data = detection};
    run->references++;
    if (process_start(runner->loop, &options, &err) == NULL) {
        free(detection);
        free(runner->program);
        runner->program = NULL;
        run_fail(run, err.text);
        run_release(run);
    }
    engine_command_free(&command);
}
