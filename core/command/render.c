/* bylaw render: what a chart, an overlay or a plan file says, for a pipe. */
#include "command/command.h"

#include "base/path.h"
#include "base/safe.h"
#include "engine/renderer.h"
#include "sandbox/confined.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { RENDER_MS = 60000, MESSAGE_MAX = 600 };
#define OUTPUT_MAX_BYTES ((size_t)32 << 20)
#define ERROUT_MAX_BYTES ((size_t)64 << 10)

struct rendering {
    struct buf out, errout;
    bool ended;
    char *trouble; /* why there is no output, or NULL */
};

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct rendering *rendering = data;
    if (stream == PROCESS_STDOUT) {
        buf_append_str(&rendering->out, bytes);
    } else if (rendering->errout.len < ERROUT_MAX_BYTES) {
        buf_append_str(&rendering->errout, bytes);
    }
}

static void on_exit_(void *data, const struct confined_result *result)
{
    struct rendering *rendering = data;
    rendering->ended = true;
    if (result->refused == NULL && result->process.exit_code == 0 && !result->process.timed_out &&
        !result->process.truncated) {
        return;
    }
    char *said = safe_dup(str_trim(buf_str(&rendering->errout)), SAFE_KEEP_LINES, MESSAGE_MAX);
    const char *why = result->refused != NULL     ? result->refused
                      : result->ended != NULL     ? result->ended
                      : result->process.timed_out ? "it did not end within 60 seconds"
                      : result->process.truncated ? "it printed more than is taken"
                      : said[0] != '\0'           ? said
                                                  : "it failed and did not say why";
    rendering->trouble = mem_strdup(why);
    free(said);
}

/* False: err says why. */
static bool render(const struct renderer_call *call, struct rendering *rendering, struct err *err)
{
    struct loop *loop = loop_new(err);
    struct confined_options options = {.argv = call->argv,
        .env = renderer_environment,
        .timeout_ms = RENDER_MS,
        .max_output = OUTPUT_MAX_BYTES,
        .on_data = on_data,
        .on_exit = on_exit_,
        .data = rendering};
    struct confined *running = loop == NULL ? NULL : confined_start(loop, &options, err);
    bool ok = running != NULL && (loop_run_until(loop, &rendering->ended, 2 * RENDER_MS) ||
                                     err_set(err, ERR_TIMEOUT, "it does not end"));
    confined_free(running);
    loop_free(loop);
    if (ok && rendering->trouble != NULL) {
        ok = err_set(err, ERR_EXTERNAL, "%s", rendering->trouble);
    }
    return ok;
}

/* Becomes the command, with what was rendered on its standard input. Returns when it cannot. */
static void become(struct str rendered, char *const *argv, struct err *err)
{
    FILE *file = tmpfile();
    if (file == NULL || fwrite(rendered.ptr, 1, rendered.len, file) != rendered.len ||
        fflush(file) != 0 || lseek(fileno(file), 0, SEEK_SET) != 0 ||
        dup2(fileno(file), STDIN_FILENO) < 0) {
        err_set(err, ERR_IO, "what was rendered cannot be handed on: %s", strerror(errno));
    } else {
        execvp(argv[0], argv);
        err_set(err, ERR_NOT_FOUND, "%s: %s", argv[0], strerror(errno));
    }
    if (file != NULL) {
        fclose(file);
    }
}

/* The words after the target are a command line; getting them to end with NULL costs a copy. */
static void hand_on(struct str rendered, const struct args *args, struct err *err)
{
    char **argv = mem_zalloc((size_t)args->count * sizeof *argv);
    for (int i = 1; i < args->count; i++) {
        argv[i - 1] = args->rest[i];
    }
    become(rendered, argv, err);
    free(argv);
}

static int run(const struct args *args)
{
    if (args->count == 0) {
        return command_fail(args, "name a chart's, overlay's or plan's path: see --help");
    }
    const char *target = args->rest[0];
    char *file = renderer_file_of(".", target);
    struct renderer_call call = {0};
    struct rendering rendering = {0};
    struct err err = {0};
    int code = EXIT_YES;
    if (file == NULL) {
        code = command_fail(args,
            "%s has no Chart.yaml and no kustomization.yaml, and is no plan file (*.tfplan)",
            target);
    } else if (!renderer_find(renderer_of(file), target, &call, &err)) {
        code = command_fail(args, "%s", err.text);
    } else if (!render(&call, &rendering, &err)) {
        code = command_fail(args, "%s: %s", call.origin, err.text);
    } else if (!renderer_has_document(buf_str(&rendering.out))) {
        command_fail(args, "%s renders to no document", call.origin);
        code = RENDERED_NOTHING;
    } else if (args->count > 1) {
        hand_on(buf_str(&rendering.out), args, &err);
        code = command_fail(args, "%s", err.text);
    } else {
        fwrite(rendering.out.ptr, 1, rendering.out.len, stdout);
    }
    renderer_call_free(&call);
    buf_free(&rendering.out);
    buf_free(&rendering.errout);
    free(rendering.trouble);
    free(file);
    return code;
}

const struct command command_render = {
    .name = "render",
    .summary = "print what a Helm chart, a Kustomize folder or a Terraform plan file says",
    .usage = "FOLDER|PLAN [-- COMMAND…]",
    .description =
        "Runs `helm template` on a folder with a Chart.yaml, `kustomize build` (else `kubectl "
        "kustomize`) on one with a kustomization.yaml, `terraform show -json` (else `tofu`) on a "
        "plan file. The tool is confined: it reads the folder, writes nowhere and has no network, "
        "so that looking at a chart is not running it.\n"
        "\n"
        "After -- comes a command that gets the documents on its standard input and whose exit "
        "code is then ours: bylaw render charts/web -- conftest test -p policy -. It is not run "
        "when there is no document, which many programs would let pass.\n"
        "\n"
        "Exit code: 0 printed, 1 there is no document in it, 2 it could not be rendered.",
    .run = run,
};
