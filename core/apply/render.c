#include "apply/render.h"

#include "apply/fixtures.h"
#include "base/safe.h"
#include "base/vec.h"
#include "engine/renderer.h"
#include "sandbox/confined.h"

#include <stdlib.h>

enum { RENDER_MS = 60000, MESSAGE_MAX = 600 };
#define OUTPUT_MAX_BYTES ((size_t)32 << 20)
#define ERROUT_MAX_BYTES ((size_t)64 << 10)

struct task {
    enum renderer renderer;
    char *path; /* the folder, or the plan file */
    char *file; /* that is opened for it */
};

struct render {
    struct loop *loop;
    struct apply_set *set;
    void (*done)(void *data);
    void *data;
    struct {
        struct task *items;
        size_t len, cap;
    } tasks;
    size_t next;
    bool lacking[RENDERERS];   /* its tool is not there */
    struct renderer_call call; /* that runs */
    struct confined *running;
    struct buf out, errout;
    struct loop_timer *timer; /* tells the end in a turn of its own */
};

/* ---- what there is ---- */

static void note(
    struct render *r, enum severity severity, const char *file, char *message, const char *fix)
{
    VEC_PUSH(&r->set->notes, (struct finding){.rule = mem_strdup("render"),
                                 .severity = severity,
                                 .file = mem_strdup(file),
                                 .at = {1, 1},
                                 .message = message,
                                 .fix = mem_strdup(fix)});
}

static void take(struct render *r, const char *path)
{
    enum renderer renderer = renderer_of(path);
    if (renderer == RENDERERS ||
        (renderer == RENDERER_CHART && renderer_is_carried(r->set->index, path))) {
        return;
    }
    if (r->tasks.len >= RENDER_MAX) {
        note(r, SEVERITY_WARNING, path,
            mem_printf("more than %d charts, overlays and plans: this one is not rendered",
                (int)RENDER_MAX),
            NULL);
        return;
    }
    struct task task = {
        .renderer = renderer, .path = renderer_target(path), .file = mem_strdup(path)};
    VEC_PUSH(&r->tasks, task);
}

static void find_tasks(struct render *r)
{
    const struct policy_index *index = r->set->index;
    for (size_t i = 0; i < index->files.len; i++) {
        take(r, index->files.items[i].path);
    }
    for (size_t i = 0; i < index->others.len; i++) {
        take(r, index->others.items[i]);
    }
}

/* A tool that is not there is said once, for all that it would render. */
static void find_lacking(struct render *r)
{
    VEC_FOREACH (struct task, task, &r->tasks) {
        struct renderer_call call;
        struct err err;
        size_t wanted = 0;
        if (r->lacking[task->renderer] || renderer_find(task->renderer, task->path, &call, &err)) {
            renderer_call_free(&call);
            continue;
        }
        VEC_FOREACH (struct task, other, &r->tasks) {
            wanted += other->renderer == task->renderer;
        }
        r->lacking[task->renderer] = true;
        note(r, SEVERITY_NOTE, task->file,
            mem_printf("%zu %s here are not rendered, so not evaluated: %s is not on PATH", wanted,
                renderer_what(task->renderer), renderer_program(task->renderer)),
            renderer_get(task->renderer));
    }
}

/* ---- running ---- */

static void next(struct render *r);

static void take_output(struct render *r, const struct task *task)
{
    size_t before = r->set->fixtures.len;
    bool any = task->renderer == RENDERER_PLAN;
    fixtures_add(r->set, task->file, r->call.origin, buf_str(&r->out), any);
    if (r->set->fixtures.len == before) {
        note(r, SEVERITY_WARNING, task->file,
            mem_printf("%s renders to no Kubernetes object", r->call.origin), NULL);
    }
}

static void on_exit_(void *data, const struct confined_result *result)
{
    struct render *r = data;
    const struct task *task = &r->tasks.items[r->next - 1];
    const char *why = result->refused != NULL     ? result->refused
                      : result->ended != NULL     ? result->ended
                      : result->process.timed_out ? "it did not end within 60 seconds"
                      : result->process.truncated ? "it printed more than is taken"
                                                  : NULL;
    if (why == NULL && result->process.exit_code == 0) {
        take_output(r, task);
    } else {
        char *said = safe_dup(str_trim(buf_str(&r->errout)), SAFE_KEEP_LINES, MESSAGE_MAX);
        note(r, SEVERITY_ERROR, task->file,
            mem_printf("%s: %s", r->call.origin,
                why != NULL       ? why
                : said[0] == '\0' ? "it failed and did not say why"
                                  : said),
            NULL);
        free(said);
    }
    confined_free(r->running);
    r->running = NULL;
    next(r);
}

static void on_data(void *data, enum process_stream stream, struct str bytes)
{
    struct render *r = data;
    if (stream == PROCESS_STDOUT) {
        buf_append_str(&r->out, bytes);
    } else if (r->errout.len < ERROUT_MAX_BYTES) {
        buf_append_str(&r->errout, bytes);
    }
}

static void start(struct render *r, const struct task *task)
{
    struct err err;
    renderer_call_free(&r->call);
    buf_clear(&r->out);
    buf_clear(&r->errout);
    if (renderer_find(task->renderer, task->path, &r->call, &err)) {
        struct confined_options options = {.argv = r->call.argv,
            .cwd = r->set->root,
            .env = renderer_environment,
            .timeout_ms = RENDER_MS,
            .max_output = OUTPUT_MAX_BYTES,
            .on_data = on_data,
            .on_exit = on_exit_,
            .data = r};
        r->running = confined_start(r->loop, &options, &err);
    }
    if (r->running == NULL) {
        note(r, SEVERITY_ERROR, task->file, mem_printf("%s: %s", task->path, err.text), NULL);
    }
}

static void next(struct render *r)
{
    while (r->running == NULL && r->next < r->tasks.len) {
        const struct task *task = &r->tasks.items[r->next++];
        if (!r->lacking[task->renderer]) {
            start(r, task);
        }
    }
    if (r->running == NULL) {
        loop_timer_start(r->timer, 0, 0);
    }
}

static void on_end(void *data)
{
    struct render *r = data;
    r->done(r->data);
}

struct render *render_start(
    struct loop *loop, struct apply_set *set, void (*done)(void *data), void *data)
{
    struct render *r = MEM_NEW(struct render);
    r->loop = loop;
    r->set = set;
    r->done = done;
    r->data = data;
    r->timer = loop_timer_new(loop, on_end, r);
    find_tasks(r);
    find_lacking(r);
    next(r);
    return r;
}

void render_free(struct render *r)
{
    if (r == NULL) {
        return;
    }
    confined_free(r->running);
    VEC_FOREACH (struct task, task, &r->tasks) {
        free(task->path);
        free(task->file);
    }
    VEC_FREE(&r->tasks);
    renderer_call_free(&r->call);
    buf_free(&r->out);
    buf_free(&r->errout);
    loop_timer_free(r->timer);
    free(r);
}
