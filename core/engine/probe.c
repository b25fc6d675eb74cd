#include "engine/probe.h"

#include "base/vec.h"
#include "loop/process.h"

#include <stdlib.h>

struct probe {
    const struct engine *engine;
    char *program;
    struct buf out;
    void (*done)(void *data, const struct probe_result *result);
    void *data;
};

static void finish(struct probe *probe, struct probe_result *result)
{
    probe->done(probe->data, result);
    free(probe->program);
    buf_free(&probe->out);
    free(probe);
}

static void fail(struct probe *probe, const struct err *err)
{
    struct probe_result result = {.err = *err};
    finish(probe, &result);
}

static void version_data(void *data, enum process_stream stream, struct str bytes)
{
    (void)stream;
    struct probe *probe = data;
    buf_append_str(&probe->out, bytes);
}

static void version_exit(void *data, const struct process_result *ended)
{
    struct probe *probe = data;
    const struct engine *engine = probe->engine;
    struct probe_result result = {0};
    char *version = NULL;
    if (ended->timed_out) {
        err_set(&result.err, ERR_TIMEOUT, "%s hangs: it did not say its version within %llu s",
            engine->program, (unsigned long long)(ended->wall_us / 1000000));
    } else if (!engine->version(buf_str(&probe->out), &version)) {
        err_set(&result.err, ERR_EXTERNAL, "%s does not say its version", engine->program);
    } else if (!engine_version_at_least(version, engine->minimum)) {
        err_set(&result.err, ERR_UNSUPPORTED,
            "%s %s is too old: %s or newer is needed (scripts/setup --engines %s "
            "installs one where none is on PATH)",
            engine->program, version, engine->minimum, engine->name);
    } else {
        result.program = probe->program;
        result.version = version;
    }
    finish(probe, &result);
    free(version);
}

void probe_start(struct loop *loop, const struct engine *engine,
    void (*done)(void *data, const struct probe_result *result), void *data)
{
    struct err err;
    struct probe *probe = MEM_NEW(struct probe);
    *probe = (struct probe){.engine = engine, .done = done, .data = data};
    probe->program = engine_find(engine, &err);
    if (probe->program == NULL) {
        fail(probe, &err);
        return;
    }
    struct engine_command command = {0};
    VEC_PUSH(&command.argv, mem_strdup(probe->program));
    for (size_t i = 0; engine->version_args[i] != NULL; i++) {
        VEC_PUSH(&command.argv, mem_strdup(engine->version_args[i]));
    }
    VEC_PUSH(&command.argv, NULL);
    struct process_options options = {.argv = (const char *const *)command.argv.items,
        .timeout_ms = 10000,
        .max_output = 1 << 20,
        .on_data = version_data,
        .on_exit = version_exit,
        .data = probe};
    if (process_start(loop, &options, &err) == NULL) {
        fail(probe, &err);
    }
    engine_command_free(&command);
}
