/* Overlays and the checks that run in them: the whole proposal in one, a tried selection in
 * another. */
#include "agent/workbench_private.h"

#include "base/vec.h"

#include <stdlib.h>

static void start_layout(struct workbench *wb);

void workbench_changed(struct workbench *wb)
{
    wb->stamp++;
    checks_invalidate(wb->evidence);
}

/* ---- the whole proposal ---- */

static void answer_wants(struct workbench *wb, const char *root, const struct err *err)
{
    /* A ready may ask again: take what waits first. */
    struct layout_want *items = wb->wants.items;
    size_t len = wb->wants.len;
    wb->wants.items = NULL;
    wb->wants.len = wb->wants.cap = 0;
    for (size_t i = 0; i < len; i++) {
        items[i].ready(items[i].tool, root, err);
    }
    free(items);
}

static void on_laid(void *data, const struct err *err)
{
    struct workbench *wb = data;
    if (wb->closing) {
        return;
    }
    if (err != NULL && err->kind != ERR_CANCELLED) {
        wb->overlay_err = *err;
        answer_wants(wb, NULL, err);
        wb->wanted = false;
        checks_fail(wb->evidence, err->text);
        return;
    }
    if (err == NULL) {
        wb->laid_stamp = wb->laying_stamp;
    }
    if (err != NULL || wb->laid_stamp != wb->stamp) {
        start_layout(wb);
        return;
    }
    answer_wants(wb, overlay_root(wb->overlay), NULL);
    if (wb->wanted) {
        wb->wanted = false;
        checks_start(wb->evidence, overlay_root(wb->overlay));
        workbench_tell(wb, WORKBENCH_LAID_OUT);
    }
}

static void start_layout(struct workbench *wb)
{
    const struct proposal *open = proposals_open(wb->proposals);
    /* Nothing may run in a folder while it is changed. */
    checks_invalidate(wb->evidence);
    wb->laying_stamp = wb->stamp;
    overlay_start(wb->overlay, wb->options.loop, open == NULL ? NULL : &open->changes, on_laid, wb);
}

/* Made when it is first needed: the folders cost the start what they are not needed for. */
static bool make_overlay(struct workbench *wb)
{
    if (wb->overlay == NULL) {
        wb->overlay = overlay_new(wb->workspace, &wb->overlay_err);
        wb->overlay_failed = wb->overlay == NULL;
    }
    return wb->overlay != NULL;
}

static void deliver(void *data)
{
    struct workbench *wb = data;
    if (!make_overlay(wb)) {
        answer_wants(wb, NULL, &wb->overlay_err);
    } else if (overlay_is_busy(wb->overlay)) {
        return; /* on_laid answers */
    } else if (wb->laid_stamp == wb->stamp && wb->laid_stamp != 0) {
        answer_wants(wb, overlay_root(wb->overlay), NULL);
    } else {
        start_layout(wb);
    }
}

void workbench_want_layout(
    void *data, void (*ready)(void *tool, const char *root, const struct err *err), void *tool)
{
    struct workbench *wb = data;
    VEC_PUSH(&wb->wants, (struct layout_want){ready, tool});
    loop_timer_start(wb->deliver, 0, 0);
}

void workbench_unwant_layout(void *data, void *tool)
{
    struct workbench *wb = data;
    for (size_t i = wb->wants.len; i > 0; i--) {
        if (wb->wants.items[i - 1].tool == tool) {
            VEC_REMOVE(&wb->wants, i - 1);
        }
    }
}

void workbench_lay_out(struct workbench *wb)
{
    if (proposals_open(wb->proposals) == NULL) {
        wb->wanted = false;
        workbench_tell(wb, WORKBENCH_LAID_OUT);
        return;
    }
    if (!make_overlay(wb)) {
        checks_fail(wb->evidence, wb->overlay_err.text);
        return;
    }
    if (wb->laid_stamp == wb->stamp && checks_state(wb->evidence) != CHECKS_STALE &&
        checks_state(wb->evidence) != CHECKS_NONE) {
        return;
    }
    wb->wanted = true;
    if (overlay_is_busy(wb->overlay)) {
        return;
    }
    if (wb->laid_stamp == wb->stamp && wb->laid_stamp != 0) {
        wb->wanted = false;
        checks_start(wb->evidence, overlay_root(wb->overlay));
        workbench_tell(wb, WORKBENCH_LAID_OUT);
        return;
    }
    start_layout(wb);
}

const char *workbench_checked_root(const struct workbench *wb, unsigned *proposal)
{
    const struct proposal *open = proposals_open(wb->proposals);
    *proposal = open == NULL ? 0 : open->number;
    if (open == NULL || wb->overlay_failed) {
        *proposal = 0;
        return workspace_root(wb->workspace);
    }
    return wb->overlay != NULL && wb->laid_stamp == wb->stamp && !overlay_is_busy(wb->overlay)
               ? overlay_root(wb->overlay)
               : NULL;
}

bool workbench_is_at_rest(const struct workbench *wb)
{
    const struct session *session = wb->session;
    if (session_state(session) != SESSION_IDLE || session_queue_count(session) > 0 ||
        session_runs_hooks(session)) {
        return false;
    }
    if (proposals_open(wb->proposals) == NULL) {
        return true;
    }
    bool ran = wb->laid_stamp == wb->stamp && !wb->wanted && checks_is_settled(wb->evidence);
    bool could_not = checks_state(wb->evidence) == CHECKS_FAILED ||
                     (ran && checks_trouble(wb->evidence) != NULL);
    return could_not || (ran && !workbench_is_mending(wb));
}

bool workbench_is_ending(const struct workbench *wb)
{
    return wb->provider != NULL && provider_is_ending(wb->provider);
}

const struct checks *workbench_evidence(const struct workbench *wb)
{
    return wb->evidence;
}

/* ---- a tried selection ---- */

static unsigned long long mix(unsigned long long hash, unsigned long long more)
{
    return (hash ^ more) * 1099511628211u;
}

unsigned long long changes_hash(const struct changes *changes)
{
    unsigned long long hash = 14695981039346656037u;
    VEC_FOREACH (struct change, change, changes) {
        hash = mix(hash, (unsigned long long)change->kind);
        hash = mix(hash, str_hash(str_of(change->path)));
        hash = mix(hash, change->moved_from == NULL ? 0 : str_hash(str_of(change->moved_from)));
        hash = mix(hash, str_hash(buf_str(&change->content)));
    }
    return hash;
}

static void start_try(struct workbench *wb);

static void forget_moved(struct workbench *wb)
{
    VEC_FOREACH (char *, path, &wb->try_moved) {
        free(*path);
    }
    VEC_FREE(&wb->try_moved);
}

static void run_try(struct workbench *wb)
{
    const char *root = overlay_root(wb->try_overlay);
    if (wb->try_preparing) {
        wb->try_preparing = false;
        checks_prepare(wb->tried, root);
    } else if (wb->try_moved.len > 0) {
        checks_start_affected(
            wb->tried, root, (const char *const *)wb->try_moved.items, wb->try_moved.len);
    } else {
        checks_start(wb->tried, root);
    }
    forget_moved(wb);
}

static void on_try_laid(void *data, const struct err *err)
{
    struct workbench *wb = data;
    if (wb->closing) {
        return;
    }
    const char *moved;
    for (size_t i = 0; (moved = overlay_moved(wb->try_overlay, i)) != NULL; i++) {
        VEC_PUSH(&wb->try_moved, mem_strdup(moved));
    }
    if (wb->try_again) {
        start_try(wb);
        return;
    }
    if (err != NULL) {
        wb->try_preparing = false;
        forget_moved(wb);
        checks_fail(wb->tried, err->text);
        return;
    }
    wb->tried_hash = wb->trying_hash;
    run_try(wb);
}

/* With the files of the workspace as they were the last time only the selection is laid out anew.
 */
static void start_try(struct workbench *wb)
{
    wb->try_again = false;
    checks_invalidate(wb->tried);
    if (wb->try_stamp == wb->files_stamp && overlay_is_known(wb->try_overlay)) {
        overlay_start_again(wb->try_overlay, wb->options.loop, &wb->try_changes, on_try_laid, wb);
        return;
    }
    forget_moved(wb);
    wb->try_stamp = wb->files_stamp;
    overlay_start(wb->try_overlay, wb->options.loop, &wb->try_changes, on_try_laid, wb);
}

static bool make_try_overlay(struct workbench *wb)
{
    if (wb->try_overlay == NULL) {
        wb->try_overlay = overlay_new(wb->workspace, &wb->overlay_err);
    }
    return wb->try_overlay != NULL;
}

void workbench_try(struct workbench *wb, size_t file, size_t hunk)
{
    struct review *review = proposals_review(wb->proposals);
    if (review == NULL) {
        return;
    }
    if (!make_try_overlay(wb)) {
        checks_fail(wb->tried, wb->overlay_err.text);
        return;
    }
    changes_free(&wb->try_changes);
    review_selected(review, file, hunk, &wb->try_changes);
    wb->trying_hash = changes_hash(&wb->try_changes);
    bool preparing = wb->try_preparing;
    wb->try_preparing = false;
    if (overlay_is_busy(wb->try_overlay)) {
        wb->try_again = true;
        if (!preparing) { /* else what is copied for it is what this one needs, too */
            overlay_cancel(wb->try_overlay);
        }
        return;
    }
    start_try(wb);
}

bool workbench_try_accepted(struct workbench *wb)
{
    struct review *review = proposals_review(wb->proposals);
    const struct proposal *open = proposals_open(wb->proposals);
    if (review == NULL || open == NULL) {
        return false;
    }
    struct changes accepted = {0};
    review_selected(review, (size_t)-1, (size_t)-1, &accepted);
    unsigned long long hash = changes_hash(&accepted);
    bool some = accepted.len > 0 && hash != changes_hash(&open->changes);
    changes_free(&accepted);
    enum checks_state state = checks_state(wb->tried);
    bool busy = wb->try_overlay != NULL && overlay_is_busy(wb->try_overlay);
    bool tried = busy ? hash == wb->trying_hash && !wb->try_preparing
                      : hash == wb->tried_hash && (state == CHECKS_RUNNING || state == CHECKS_DONE);
    if (some && !tried) {
        workbench_try(wb, (size_t)-1, (size_t)-1);
    }
    return some;
}

void workbench_prepare_try(struct workbench *wb)
{
    struct review *review = proposals_review(wb->proposals);
    bool ready = wb->try_overlay != NULL && wb->try_stamp == wb->files_stamp;
    if (review == NULL || ready || checks_state(wb->tried) == CHECKS_RUNNING || wb->closing ||
        !make_try_overlay(wb) || overlay_is_busy(wb->try_overlay)) {
        return;
    }
    changes_free(&wb->try_changes);
    review_selected(review, (size_t)-1, (size_t)-1, &wb->try_changes);
    wb->trying_hash = 0;
    wb->try_preparing = true;
    start_try(wb);
}

const struct checks *workbench_tried(const struct workbench *wb)
{
    return wb->tried;
}

/* ---- life ---- */

static void on_checks(void *data)
{
    workbench_tell(data, WORKBENCH_EVIDENCE);
}

static void on_evidence(void *data)
{
    workbench_tell(data, WORKBENCH_EVIDENCE);
    workbench_mend_look(data);
}

void workbench_make_layout(struct workbench *wb)
{
    wb->stamp = 1;
    wb->deliver = loop_timer_new(wb->options.loop, deliver, wb);
    wb->evidence = checks_new(wb->options.loop, on_evidence, wb);
    wb->tried = checks_new(wb->options.loop, on_checks, wb);
    checks_keep_results(wb->evidence, workspace_root(wb->workspace));
    checks_keep_results(wb->tried, workspace_root(wb->workspace));
}

static void free_overlay(struct workbench *wb, struct overlay *overlay)
{
    if (overlay == NULL) {
        return;
    }
    overlay_cancel(overlay);
    while (overlay_is_busy(overlay)) {
        loop_run_once(wb->options.loop, 100);
    }
    overlay_free(overlay);
}

void workbench_free_layout(struct workbench *wb)
{
    wb->wanted = false;
    wb->try_again = false;
    checks_free(wb->evidence);
    checks_free(wb->tried);
    wb->evidence = wb->tried = NULL;
    loop_timer_free(wb->deliver);
    free_overlay(wb, wb->overlay);
    free_overlay(wb, wb->try_overlay);
    changes_free(&wb->try_changes);
    forget_moved(wb);
    VEC_FREE(&wb->wants);
}
