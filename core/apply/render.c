#include "apply/render.h"

#include "apply/fixtures.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "sandbox/confined.h"

#include <stdlib.h>

enum { RENDER_MS = 60000, MESSAGE_MAX = 600 };
#define OUTPUT_MAX_BYTES ((size_t)32 << 20)
#define ERROUT_MAX_BYTES ((size_t)64 << 10)

/* What can be rendered, and by which commands, the first whose program is there. "%" is the folder
 * (or the plan file), "@" its name. */
struct renderer {
    const char *what; /* for people */
    const char *file; /* the file that makes a folder one */
    const char *const commands[2][6];
    const char *get; /* how it is had */
};

enum { CHART, OVERLAY, PLAN, RENDERERS };

static const struct renderer renderers[RENDERERS] = {
    [CHART] = {"Helm charts", "Chart.yaml", {{"helm", "template", "@", "%", NULL}, {NULL}},
        "scripts/setup --engines helm"},
    [OVERLAY] = {"Kustomize folders", "kustomization.yaml",
        {{"kustomize", "build", "%", NULL}, {"kubectl", "kustomize", "%", NULL}},
        "scripts/setup --engines kustomize, or kubectl"},
    [PLAN] = {"Terraform plan files", NULL,
        {{"terraform", "show", "-json", "-no-color", "%", NULL},
            {"tofu", "show", "-json", "-no-color", "%", NULL}},
        "install terraform or OpenTofu, or keep the plan as JSON: terraform show -json PLAN"},
};

struct task {
    size_t renderer;
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
    char *programs[RENDERERS]; /* NULL: not there */
    size_t command[RENDERERS];
    char *origin; /* of what runs: "helm template charts/web" */
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

/* A chart in the charts folder of another is rendered with it. */
static bool is_carried(const struct policy_index *index, const char *path)
{
    const char *charts = strstr(path, "/charts/");
    if (charts == NULL) {
        return false;
    }
    char *owner = mem_printf("%.*s/Chart.yaml", (int)(charts - path), path);
    bool carried = policy_index_find(index, owner) != SIZE_MAX;
    free(owner);
    return carried;
}

static size_t renderer_of(const char *path)
{
    const char *base = path_base(path);
    if (strcmp(base, "Chart.yaml") == 0) {
        return CHART;
    }
    if (strcmp(base, "kustomization.yaml") == 0 || strcmp(base, "kustomization.yml") == 0 ||
        strcmp(base, "Kustomization") == 0) {
        return OVERLAY;
    }
    if (strcmp(path_ext(path), ".tfplan") == 0 || strcmp(base, "tfplan") == 0) {
        return PLAN;
    }
    return RENDERERS;
}

static void take(struct render *r, const char *path)
{
    size_t renderer = renderer_of(path);
    if (renderer == RENDERERS || (renderer == CHART && is_carried(r->set->index, path))) {
        return;
    }
    if (r->tasks.len >= RENDER_MAX) {
        note(r, SEVERITY_WARNING, path,
            mem_printf("more than %d charts, overlays and plans: this one is not rendered",
                (int)RENDER_MAX),
            NULL);
        return;
    }
    struct task task = {.renderer = renderer,
        .path = renderer == PLAN ? mem_strdup(path) : path_dir(path),
        .file = mem_strdup(path)};
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

static void find_programs(struct render *r)
{
    size_t wanted[RENDERERS] = {0};
    const char *first[RENDERERS] = {NULL};
    VEC_FOREACH (struct task, task, &r->tasks) {
        first[task->renderer] = wanted[task->renderer]++ == 0 ? task->file : first[task->renderer];
    }
    for (size_t i = 0; i < RENDERERS; i++) {
        for (size_t k = 0; k < 2 && wanted[i] > 0 && r->programs[i] == NULL; k++) {
            const char *name = renderers[i].commands[k][0];
            r->programs[i] = name == NULL ? NULL : engine_find_program(name);
            r->command[i] = k;
        }
        if (wanted[i] > 0 && r->programs[i] == NULL) {
            note(r, SEVERITY_NOTE, first[i],
                mem_printf("%zu %s here are not rendered, so not evaluated: %s is not on PATH",
                    wanted[i], renderers[i].what, renderers[i].commands[0][0]),
                renderers[i].get);
        }
    }
}

/* ---- running ---- */

static void next(struct render *r);

static void take_output(struct render *r, const struct task *task)
{
    size_t before = r->set->fixtures.len;
    bool any = task->renderer == PLAN;
    fixtures_add(r->set, task->file, r->origin, buf_str(&r->out), any);
    if (r->set->fixtures.len == before) {
        note(r, SEVERITY_WARNING, task->file,
            mem_printf("%s renders to no Kubernetes object", r->origin), NULL);
    }
}

static void on_exit_(void *data, const struct confined_result *result)
{
    struct render *r = data;
    const struct task *task = &r->tasks.items[r->next - 1];
    const char *why = result->refused != NULL     ? result->refused
                      : result->process.timed_out ? "it did not end within 60 seconds"
                      : result->process.truncated ? "it printed more than is taken"
                                                  : NULL;
    if (why == NULL && result->process.exit_code == 0) {
        take_output(r, task);
    } else {
        char *said = safe_dup(str_trim(buf_str(&r->errout)), SAFE_KEEP_LINES, MESSAGE_MAX);
        note(r, SEVERITY_ERROR, task->file,
            mem_printf("%s: %s", r->origin,
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
    static const char *const environment[] = {"NO_COLOR=1", "TF_IN_AUTOMATION=1",
        "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=/dev/null", NULL};
    const char *const *pattern = renderers[task->renderer].commands[r->command[task->renderer]];
    const char *argv[6] = {r->programs[task->renderer]};
    struct err err;
    struct buf origin = BUF_INIT;
    buf_append_c(&origin, pattern[0]);
    char *dir = mem_printf("./%s", task->path);
    for (size_t i = 1; pattern[i] != NULL; i++) {
        argv[i] = strcmp(pattern[i], "%") == 0   ? dir
                  : strcmp(pattern[i], "@") == 0 ? path_base(task->path)
                                                 : pattern[i];
        bool own = strcmp(pattern[i], "%") == 0;
        if (strcmp(pattern[i], "@") != 0) {
            buf_printf(&origin, " %s", own ? task->path : argv[i]);
        }
    }
    if (task->renderer == CHART && strcmp(task->path, ".") == 0) {
        argv[2] = "release";
    }
    free(r->origin);
    r->origin = safe_dup(buf_str(&origin), SAFE_ONE_LINE, 300);
    buf_free(&origin);
    buf_clear(&r->out);
    buf_clear(&r->errout);
    struct confined_options options = {.argv = argv,
        .cwd = r->set->root,
        .env = environment,
        .timeout_ms = RENDER_MS,
        .max_output = OUTPUT_MAX_BYTES,
        .on_data = on_data,
        .on_exit = on_exit_,
        .data = r};
    r->running = confined_start(r->loop, &options, &err);
    if (r->running == NULL) {
        note(r, SEVERITY_ERROR, task->file, mem_printf("%s: %s", r->origin, err.text), NULL);
    }
    free(dir);
}

static void next(struct render *r)
{
    while (r->running == NULL && r->next < r->tasks.len) {
        const struct task *task = &r->tasks.items[r->next++];
        if (r->programs[task->renderer] != NULL) {
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
    find_programs(r);
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
    for (size_t i = 0; i < RENDERERS; i++) {
        free(r->programs[i]);
    }
    free(r->origin);
    buf_free(&r->out);
    buf_free(&r->errout);
    loop_timer_free(r->timer);
    free(r);
}
