#include "sandbox/confined.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/vec.h"
#include "sandbox/sandbox.h"

enum { REFUSAL_MAX = 2000 };

struct confined {
    struct confined_options options; /* arrays and input are not kept */
    struct process *process;         /* NULL once it has ended */
    struct buf refusal;              /* the beginning of its standard error */
    bool freed;                      /* nobody listens any more */
};

static char *program;

void confined_use_program(const char *path)
{
    free(program);
    program = mem_strdup(path);
}

static const char refusal_mark[] = "bylaw sandbox: ";

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct confined *confined = data;
    if (stream == PROCESS_STDERR && confined->refusal.len < REFUSAL_MAX) {
        buf_append_str(&confined->refusal, str_slice(bytes, 0, REFUSAL_MAX));
    }
    if (!confined->freed && confined->options.on_data != NULL) {
        confined->options.on_data(confined->options.data, stream, bytes);
    }
}

/* The sandbox's own words, where it could not run the program. A program that says the same and
 * ends with the same code deceives about itself only. */
static char *refusal_of(const struct confined *confined, const struct process_result *result)
{
    struct str said = str_trim(buf_str(&confined->refusal));
    if (result->exit_code < SANDBOX_FAILED || result->exit_code > SANDBOX_NOT_FOUND ||
        !str_starts(said, refusal_mark)) {
        return NULL;
    }
    return str_dup(str_from(said, sizeof refusal_mark - 1));
}

static void release(struct confined *confined)
{
    buf_free(&confined->refusal);
    free(confined);
}

static void on_exit_of_it(void *data, const struct process_result *process)
{
    struct confined *confined = data;
    confined->process = NULL;
    if (confined->freed) {
        release(confined);
        return;
    }
    char *refused = refusal_of(confined, process);
    struct confined_result result = {.process = *process, .refused = refused};
    confined->options.on_exit(confined->options.data, &result);
    free(refused);
}

static void push_each(struct confined_words *words, const char *option, const char *const *values)
{
    for (; values != NULL && *values != NULL; values++) {
        VEC_PUSH(words, option);
        VEC_PUSH(words, *values);
    }
}

void confined_words_free(struct confined_words *words)
{
    VEC_FREE(words);
    free(words->own);
    free(words->parent);
    words->own = words->parent = NULL;
}

char *confined_program(struct err *err)
{
    char *own = program == NULL ? path_own_program() : mem_strdup(program);
    if (own == NULL) {
        err_set(err, ERR_UNSUPPORTED,
            "bylaw does not find its own file, which confines commands: nothing is run unconfined");
    } else if (str_ends(str_of(own), " (deleted)")) {
        err_set(err, ERR_CONFLICT,
            "bylaw was replaced by another version while it runs: start it again");
        free(own);
        own = NULL;
    }
    return own;
}

bool confined_wrap(const struct confined_cage *cage, const char *const *argv,
    struct confined_words *out, struct err *err)
{
    *out = (struct confined_words){.own = confined_program(err)};
    if (out->own == NULL) {
        return false;
    }
    VEC_PUSH(out, out->own);
    VEC_PUSH(out, "sandbox");
    out->parent = mem_printf("--parent=%d", (int)getpid());
    VEC_PUSH(out, out->parent);
    push_each(out, "--write", cage->writable);
    push_each(out, "--env", cage->variables);
    if (cage->network) {
        VEC_PUSH(out, "--network");
    }
    VEC_PUSH(out, "--");
    for (; *argv != NULL; argv++) {
        VEC_PUSH(out, *argv);
    }
    VEC_PUSH(out, NULL);
    return true;
}

struct confined *confined_start(
    struct loop *loop, const struct confined_options *options, struct err *err)
{
    struct confined_words words;
    const char *const folders[] = {options->writable, NULL};
    struct confined_cage cage = {.writable = folders, .network = options->network};
    if (!confined_wrap(&cage, options->argv, &words, err)) {
        return NULL;
    }
    struct confined *confined = MEM_NEW(struct confined);
    confined->options = *options;
    struct process_options how = {
        .argv = words.items,
        .cwd = options->cwd,
        .env = options->env,
        .input = options->input,
        .timeout_ms = options->timeout_ms,
        .max_output = options->max_output,
        .on_data = on_data,
        .on_exit = on_exit_of_it,
        .data = confined,
    };
    confined->process = process_start(loop, &how, err);
    confined_words_free(&words);
    if (confined->process == NULL) {
        release(confined);
        return NULL;
    }
    return confined;
}

void confined_stop(struct confined *confined)
{
    if (confined->process != NULL) {
        process_cancel(confined->process);
    }
}

void confined_free(struct confined *confined)
{
    if (confined == NULL) {
        return;
    }
    if (confined->process == NULL) {
        release(confined);
        return;
    }
    if (!confined->freed) {
        confined->freed = true;
        process_cancel(confined->process);
    }
}
