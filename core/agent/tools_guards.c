/* guards: what no engine minds, on the laid-out proposal, read on a worker. */
#include "agent/tools_private.h"

#include "base/vec.h"
#include "policy/guard.h"

#include <stdlib.h>

struct guarding {
    struct tool_run *run; /* NULL: cancelled; the worker still reads */
    struct loop_work *work;
    struct tool_paths paths;
    char *root;
    struct findings findings;
    size_t files;
    bool ok;
    struct err err;
};

static void free_guarding(struct guarding *g)
{
    tool_paths_free(&g->paths);
    findings_free(&g->findings);
    free(g->root);
    free(g);
}

static void stop(struct tool_run *run)
{
    struct guarding *g = run->state;
    g->run = NULL;
    if (g->work == NULL) {
        free_guarding(g);
    } else {
        loop_work_cancel(g->work);
    }
}

static void work(void *data)
{
    struct guarding *g = data;
    g->ok = guards_check_folder(
        g->root, g->paths.items, g->paths.len, &g->findings, &g->files, &g->err);
}

static void print(struct buf *out, const struct guarding *g)
{
    VEC_FOREACH (const struct finding, finding, &g->findings) {
        buf_printf(out, "%s  %s:%u:%u  %s: %s\n", severity_name(finding->severity), finding->file,
            finding->at.row, finding->at.col, finding->rule, finding->message);
    }
    buf_printf(out, "%zu finding%s in %zu file%s.\n", g->findings.len,
        g->findings.len == 1 ? "" : "s", g->files, g->files == 1 ? "" : "s");
}

static void done(void *data, bool cancelled)
{
    struct guarding *g = data;
    g->work = NULL;
    if (g->run == NULL) {
        free_guarding(g);
    } else if (cancelled || !g->ok) {
        tool_fail(g->run, "The guards could not look: %s.", cancelled ? "cancelled" : g->err.text);
    } else if (g->files == 0) {
        tool_fail(g->run, "No Rego or YAML file lies there: nothing was looked at.");
    } else {
        print(&g->run->output, g);
        tool_finish(g->run, false);
    }
}

static void on_ready(void *data, const char *root, const struct err *err)
{
    struct tool_run *run = data;
    struct guarding *g = run->state;
    run->laying_out = false;
    if (root == NULL) {
        tool_fail(run, "The proposal could not be laid out: %s.", err->text);
        return;
    }
    if (!tool_paths_stand(run, root, &g->paths)) {
        return;
    }
    g->root = mem_strdup(root);
    g->work = loop_work_start(run->tools->setup.loop, work, done, g);
}

void tool_guards_start(struct tool_run *run, const cJSON *args)
{
    struct guarding *g = MEM_NEW(struct guarding);
    g->run = run;
    run->state = g;
    run->stop = stop;
    if (tool_paths(run, args, &g->paths)) {
        tool_lay_out(run, on_ready);
    }
}
