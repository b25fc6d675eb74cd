#include "sandbox/confined.h"

#include <signal.h>
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
    struct buf held;                 /* of it, the last line, where it may be the sandbox's own */
    bool freed;                      /* nobody listens any more */
};

static char *program;
static long long memory_max_mb, disk_max_mb; /* 0: nobody said */

void confined_use_program(const char *path)
{
    free(program);
    program = mem_strdup(path);
}

void confined_use_bounds(long long memory_mb, long long disk_mb)
{
    memory_max_mb = memory_mb;
    disk_max_mb = disk_mb;
}

static const char refusal_mark[] = "bylaw sandbox: ";

static void hand_on(struct confined *confined, enum process_stream stream, struct str bytes)
{
    if (bytes.len > 0 && !confined->freed && confined->options.on_data != NULL) {
        confined->options.on_data(confined->options.data, stream, bytes);
    }
}

/* May be, or become, words of the sandbox's own. */
static bool is_marked(struct str line)
{
    size_t len = line.len < sizeof refusal_mark - 1 ? line.len : sizeof refusal_mark - 1;
    return len > 0 && line.len < REFUSAL_MAX && memcmp(line.ptr, refusal_mark, len) == 0;
}

/* A last line of the sandbox's own is held back: it is told as why it ended. */
static void hold_last(struct confined *confined, struct str bytes)
{
    buf_append_str(&confined->held, bytes);
    struct str all = buf_str(&confined->held);
    size_t begin = all.len;
    while (begin > 0 && (all.ptr[begin - 1] != '\n' || begin == all.len)) {
        begin--;
    }
    begin = is_marked(str_from(all, begin)) ? begin : all.len;
    char *last = str_dup(str_from(all, begin));
    hand_on(confined, PROCESS_STDERR, str_slice(all, 0, begin));
    buf_clear(&confined->held);
    buf_append_c(&confined->held, last);
    free(last);
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct confined *confined = data;
    if (stream == PROCESS_STDOUT) {
        hand_on(confined, stream, bytes);
        return;
    }
    if (confined->refusal.len < REFUSAL_MAX) {
        buf_append_str(&confined->refusal, str_slice(bytes, 0, REFUSAL_MAX));
    }
    hold_last(confined, bytes);
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

/* The same where it ended the program. */
static char *end_of(const struct confined *confined, const struct process_result *result)
{
    struct str said = str_trim(buf_str(&confined->held));
    bool killed = result->exit_code == SANDBOX_SIGNAL + SIGKILL ||
                  result->exit_code == SANDBOX_SIGNAL + SIGXFSZ;
    return killed && str_starts(said, refusal_mark)
               ? str_dup(str_from(said, sizeof refusal_mark - 1))
               : NULL;
}

static void release(struct confined *confined)
{
    buf_free(&confined->refusal);
    buf_free(&confined->held);
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
    char *ended = end_of(confined, process);
    if (refused == NULL && ended == NULL) {
        hand_on(confined, PROCESS_STDERR, buf_str(&confined->held));
    }
    struct confined_result result = {.process = *process, .refused = refused, .ended = ended};
    confined->options.on_exit(confined->options.data, &result);
    free(refused);
    free(ended);
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
    free(words->memory);
    free(words->disk);
    words->own = words->parent = words->memory = words->disk = NULL;
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
    if (memory_max_mb > 0) {
        out->memory = mem_printf("--memory=%lld", memory_max_mb);
        out->disk = mem_printf("--disk=%lld", disk_max_mb);
        VEC_PUSH(out, out->memory);
        VEC_PUSH(out, out->disk);
    }
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
