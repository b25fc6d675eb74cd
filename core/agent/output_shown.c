#include "agent/output_shown.h"

#include <stdlib.h>

#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"

enum {
    SHOWN_MAX = 64 * 1024,
    SHOW_EVERY_MS = 60,
    HELD_MAX = 4096 /* of a line that does not end */
};

struct output_shown {
    void (*show)(void *data, struct str text);
    void *data;
    struct loop_timer *timer;
    struct buf raw;
    size_t shown; /* of it */
    bool cut;
};

const char *const *output_plain_env(void)
{
    static const char *env[] = {"NO_COLOR=1", "TERM=dumb", "PAGER=cat", "GIT_PAGER=cat",
        "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", NULL, NULL};
    static char *path; /* made once */
    const char *ours = getenv("PATH");
    char *cache = path == NULL && ours != NULL ? path_home_dir(PATH_CACHE, NULL) : NULL;
    if (cache != NULL) {
        path = mem_printf("PATH=%s:%s/bin", ours, cache);
        env[ARRAY_LEN(env) - 2] = path;
    }
    free(cache);
    return env;
}

/* Whole lines; of one that does not end, whole characters. */
static size_t showable(struct str rest)
{
    size_t take = rest.len;
    while (take > 0 && rest.ptr[take - 1] != '\n') {
        take--;
    }
    if (take > 0 || rest.len <= HELD_MAX) {
        return take;
    }
    take = rest.len;
    while (take > rest.len - 4 && ((unsigned char)rest.ptr[take - 1] & 0xC0u) == 0x80u) {
        take--;
    }
    return take - ((unsigned char)rest.ptr[take - 1] >= 0xC0u);
}

static void show(struct output_shown *output, size_t take)
{
    if (take == 0 || output->cut) {
        return;
    }
    struct buf safe = BUF_INIT;
    safe_append(&safe, str_slice(buf_str(&output->raw), output->shown, output->shown + take),
        SAFE_KEEP_LINES);
    output->shown += take;
    if (output->shown >= SHOWN_MAX) {
        output->cut = true;
        buf_append_c(&safe, "[there is more than is shown here]\n");
    }
    output->show(output->data, buf_str(&safe));
    buf_free(&safe);
}

static void show_some(void *data)
{
    struct output_shown *output = data;
    show(output, showable(str_from(buf_str(&output->raw), output->shown)));
}

struct output_shown *output_shown_new(
    struct loop *loop, void (*show_text)(void *data, struct str text), void *data)
{
    struct output_shown *output = MEM_NEW(struct output_shown);
    output->show = show_text;
    output->data = data;
    output->timer = loop_timer_new(loop, show_some, output);
    return output;
}

void output_shown_free(struct output_shown *output)
{
    if (output != NULL) {
        loop_timer_free(output->timer);
        buf_free(&output->raw);
        free(output);
    }
}

void output_shown_add(struct output_shown *output, struct str bytes)
{
    buf_append_str(&output->raw, bytes);
    if (!output->cut && !loop_timer_is_active(output->timer)) {
        loop_timer_start(output->timer, SHOW_EVERY_MS, 0);
    }
}

void output_shown_flush(struct output_shown *output)
{
    loop_timer_stop(output->timer);
    show(output, output->raw.len - output->shown);
}

struct str output_shown_text(const struct output_shown *output)
{
    return buf_str(&output->raw);
}

void output_shown_end(
    struct buf *out, const struct confined_result *result, long long timeout_s, size_t max_output)
{
    const struct process_result *process = &result->process;
    if (result->ended != NULL) {
        buf_printf(out, "It was %s.", result->ended);
    } else if (process->timed_out) {
        buf_printf(out, "It was ended after %lld s.", timeout_s);
    } else if (process->truncated) {
        buf_printf(out, "It was ended: it printed more than %zu bytes.", max_output);
    } else if (process->exit_code > 128 && process->exit_code <= 128 + 64) {
        buf_printf(out, "Exit code %d, as signal %d leaves it.", process->exit_code,
            process->exit_code - 128);
    } else if (process->exit_code < 0) {
        buf_printf(out, "Signal %d ended it.", process->signal);
    } else {
        buf_printf(out, "Exit code %d.", process->exit_code);
    }
}
