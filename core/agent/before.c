#include "agent/before.h"

#include "base/path.h"
#include "base/vec.h"
#include "policy/guard.h"
#include "workspace/overlay.h"

#include <stdlib.h>
#include <unistd.h>

/* The guards, on a worker. */
struct look {
    struct before *before; /* NULL: not wanted any more */
    char *root;
    struct {
        char **items;
        size_t len, cap;
    } paths;
    struct findings findings;
};

struct before {
    const struct workspace *workspace;
    struct loop *loop;
    struct overlay *overlay; /* NULL: none yet */
    struct checks *checks;
    struct loop_timer *later;
    struct look *look;      /* what it is about, or NULL */
    bool guarding;          /* look is with a worker */
    bool again;             /* asked for while the copy was laid out */
    struct findings guards; /* what they found */
    void (*done)(void *data);
    void *data;
};

static void free_look(struct look *look)
{
    VEC_FOREACH (char *, path, &look->paths) {
        free(*path);
    }
    VEC_FREE(&look->paths);
    findings_free(&look->findings);
    free(look->root);
    free(look);
}

static void finish(void *data)
{
    struct before *before = data;
    void (*done)(void *) = before->done;
    before->done = NULL;
    if (done != NULL) {
        done(before->data);
    }
}

/* ---- the guards ---- */

static void work(void *data)
{
    struct look *look = data;
    struct err err;
    size_t files = 0;
    (void)!guards_check_folder(
        look->root, look->paths.items, look->paths.len, &look->findings, &files, &err);
}

static void worked(void *data, bool cancelled)
{
    struct look *look = data;
    struct before *before = look->before;
    (void)cancelled;
    if (before != NULL) {
        findings_free(&before->guards);
        before->guards = look->findings;
        look->findings = (struct findings){0};
        before->look = NULL;
        before->guarding = false;
        finish(before);
    }
    free_look(look);
}

static void on_checks(void *data)
{
    struct before *before = data;
    struct look *look = before->look;
    if (before->done == NULL || look == NULL || before->guarding || before->again ||
        checks_state(before->checks) != CHECKS_DONE) {
        return;
    }
    for (size_t i = look->paths.len; i > 0; i--) {
        char *path = path_join(look->root, look->paths.items[i - 1]);
        if (access(path, R_OK) != 0) { /* the proposal adds it */
            free(look->paths.items[i - 1]);
            VEC_REMOVE(&look->paths, i - 1);
        }
        free(path);
    }
    before->guarding = true;
    loop_work_start(before->loop, work, worked, look);
}

/* ---- the tests ---- */

static void on_laid(void *data, const struct err *err);

static void lay_out(struct before *before)
{
    overlay_start(before->overlay, before->loop, NULL, on_laid, before);
}

static void on_laid(void *data, const struct err *err)
{
    struct before *before = data;
    if (before->done == NULL) {
        before->again = false;
    } else if (before->again) {
        before->again = false;
        lay_out(before);
    } else if (err != NULL) {
        finish(before);
    } else {
        checks_start(before->checks, overlay_root(before->overlay));
    }
}

void before_look(
    struct before *before, char *const *paths, size_t count, void (*done)(void *data), void *data)
{
    struct err err;
    before_stop(before);
    before->done = done;
    before->data = data;
    if (before->overlay == NULL) {
        before->overlay = overlay_new(before->workspace, &err);
    }
    if (before->overlay == NULL) {
        loop_timer_start(before->later, 0, 0);
        return;
    }
    before->look = MEM_NEW(struct look);
    before->look->before = before;
    before->look->root = mem_strdup(overlay_root(before->overlay));
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&before->look->paths, mem_strdup(paths[i]));
    }
    before->again = overlay_is_busy(before->overlay);
    if (!before->again) {
        lay_out(before);
    }
}

void before_stop(struct before *before)
{
    before->done = NULL;
    before->again = false;
    loop_timer_stop(before->later);
    checks_invalidate(before->checks);
    findings_free(&before->guards);
    before->guards = (struct findings){0};
    if (before->overlay != NULL && overlay_is_busy(before->overlay)) {
        overlay_cancel(before->overlay);
    }
    if (before->look != NULL && before->guarding) {
        before->look->before = NULL; /* the worker's */
    } else if (before->look != NULL) {
        free_look(before->look);
    }
    before->look = NULL;
    before->guarding = false;
}

struct before *before_new(const struct workspace *workspace, struct loop *loop)
{
    struct before *before = MEM_NEW(struct before);
    before->workspace = workspace;
    before->loop = loop;
    before->checks = checks_new(loop, on_checks, before);
    checks_keep_results(before->checks, workspace_root(workspace));
    before->later = loop_timer_new(loop, finish, before);
    return before;
}

void before_free(struct before *before)
{
    if (before == NULL) {
        return;
    }
    before_stop(before);
    while (before->overlay != NULL && overlay_is_busy(before->overlay)) {
        loop_run_once(before->loop, 100);
    }
    checks_free(before->checks);
    overlay_free(before->overlay);
    loop_timer_free(before->later);
    free(before);
}

/* ---- what it knows ---- */

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool before_failed(const struct before *before, const struct result *row)
{
    VEC_FOREACH (const struct result, was, checks_results(before->checks)) {
        bool failed = was->status == RESULT_FAIL || was->status == RESULT_ERROR;
        if (failed && same(was->engine, row->engine) && same(was->suite, row->suite) &&
            same(was->name, row->name) &&
            (row->status != RESULT_ERROR || same(was->message, row->message))) {
            return true;
        }
    }
    return false;
}

static bool holds(const struct findings *findings, const struct finding *finding)
{
    VEC_FOREACH (const struct finding, was, findings) {
        if (same(was->rule, finding->rule) && same(was->file, finding->file) &&
            same(was->message, finding->message)) {
            return true;
        }
    }
    return false;
}

bool before_found(const struct before *before, const struct finding *finding)
{
    return holds(checks_findings(before->checks), finding) || holds(&before->guards, finding);
}

const struct checks *before_checks(const struct before *before)
{
    return before->checks;
}

const struct findings *before_guards(const struct before *before)
{
    return &before->guards;
}

void before_choose(struct before *before, const struct checks_choice *choice)
{
    checks_choose(before->checks, choice);
}
