#include "review/evidence.h"

#include "agent/before.h"
#include "base/path.h"
#include "base/vec.h"
#include "gate/gate_scope.h"
#include "policy/guard.h"
#include "workspace/overlay.h"
#include "workspace/scratch.h"

#include <stdlib.h>

struct paths {
    char **items;
    size_t len, cap;
};

/* The units of one side that are not on the other side as they are here: only their tests can end
 * otherwise. Outlives the runs that ask it. */
struct affected {
    struct gate_scope scope; /* read before any run */
    size_t all, left;        /* units: of the side that is looked at, and those that run */
    unsigned holders;
};

/* A selection beside the proposal. */
struct trying {
    struct overlay *overlay;
    struct checks *checks;
    struct changes next; /* asked for while another one was laid out */
    bool again;
};

struct evidence {
    struct loop *loop;
    const struct subject *subject;
    void (*changed)(void *data);
    void *data;
    enum evidence_state state;
    struct err err; /* of the workers, and why it failed */
    bool working;   /* a worker has it */
    bool closing;

    struct scratch base; /* the base side's files */
    struct workspace *workspace;
    struct changes changes; /* those that engines can be given */
    struct paths paths;     /* of them, that the guards look at */
    struct overlay *overlay;
    struct checks *checks;
    struct before *before;
    struct affected *by_base; /* of the proposed side: what the base has not */
    struct affected *by_now;  /* of the base side: what the proposed side has not */
    bool guarded;             /* the guards have looked at the proposed side */
    struct findings guards;
    struct findings brought;
    size_t old_findings;
    struct evidence_flips flips;
    struct trying trying;
};

static void tell(struct evidence *evidence)
{
    if (!evidence->closing) {
        evidence->changed(evidence->data);
    }
}

static void fail(struct evidence *evidence)
{
    evidence->state = EVIDENCE_FAILED;
    tell(evidence);
}

/* ---- which tests can end otherwise ---- */

static void hold(void *data)
{
    struct affected *affected = data;
    affected->holders++;
}

static void release(void *data)
{
    struct affected *affected = data;
    if (affected != NULL && --affected->holders == 0) {
        gate_scope_free(&affected->scope);
        free(affected);
    }
}

/* The units known of the other side are only read: several runs may ask at once. */
static void choose_with(
    const struct affected *affected, struct run_plan *plan, size_t *all, size_t *left)
{
    struct gate_scope scope = {
        .base_folder = affected->scope.base_folder, .declared = affected->scope.declared};
    scope.known.items = affected->scope.known.items;
    scope.known.len = affected->scope.known.len;
    gate_scope_choose(&scope, plan);
    *all = scope.all;
    *left = scope.affected;
    scope.base_folder = NULL;
    scope.known.items = NULL;
    scope.known.len = 0;
    gate_scope_free(&scope);
}

static void choose(void *data, struct run_plan *plan)
{
    struct affected *affected = data;
    choose_with(affected, plan, &affected->all, &affected->left);
}

static void choose_for_try(void *data, struct run_plan *plan)
{
    size_t all;
    size_t left;
    choose_with(data, plan, &all, &left);
}

static struct affected *affected_new(void)
{
    struct affected *affected = MEM_NEW(struct affected);
    affected->holders = 1;
    return affected;
}

static struct checks_choice choice_of(struct affected *affected)
{
    return (struct checks_choice){choose, hold, release, affected};
}

/* ---- what differs ---- */

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const struct result *find_result(const struct results *results, const struct result *row)
{
    VEC_FOREACH (const struct result, other, results) {
        if (other->depth == 0 && same(other->engine, row->engine) &&
            same(other->suite, row->suite) && same(other->name, row->name)) {
            return other;
        }
    }
    return NULL;
}

/* Worse than what: a test that is not evaluated says nothing, so it is next to a failure. */
static int badness(enum result_status status)
{
    switch (status) {
    case RESULT_ERROR:
        return 4;
    case RESULT_FAIL:
        return 3;
    case RESULT_NOT_EVALUATED:
        return 2;
    case RESULT_SKIPPED:
        return 1;
    default:
        return 0;
    }
}

static int rank(const struct evidence_flip *flip)
{
    if (flip->now == NULL) {
        return 1;
    }
    int now = badness(flip->now->status);
    return flip->is_new ? (now > 1 ? 0 : 3) : now > badness(flip->before) ? 0 : 2;
}

static int by_rank(const void *a, const void *b)
{
    return rank(a) - rank(b);
}

static void find_flips(struct evidence *evidence)
{
    const struct results *was = checks_results(before_checks(evidence->before));
    const struct results *is = checks_results(evidence->checks);
    evidence->flips.len = 0;
    VEC_FOREACH (const struct result, row, is) {
        const struct result *old = row->depth == 0 ? find_result(was, row) : NULL;
        if (row->depth == 0 && (old == NULL || old->status != row->status)) {
            VEC_PUSH(&evidence->flips,
                (struct evidence_flip){
                    row, old == NULL ? RESULT_NOT_EVALUATED : old->status, old == NULL});
        }
    }
    VEC_FOREACH (const struct result, row, was) {
        if (row->depth == 0 && find_result(is, row) == NULL) {
            VEC_PUSH(&evidence->flips, (struct evidence_flip){NULL, row->status, false});
        }
    }
    if (evidence->flips.len > 1) {
        qsort(evidence->flips.items, evidence->flips.len, sizeof *evidence->flips.items, by_rank);
    }
}

static void sort_findings(struct evidence *evidence, const struct findings *findings)
{
    VEC_FOREACH (const struct finding, finding, findings) {
        if (before_found(evidence->before, finding)) {
            evidence->old_findings++;
        } else {
            (void)findings_add(&evidence->brought, finding);
        }
    }
}

static bool knows_before(const struct evidence *evidence)
{
    return checks_state(before_checks(evidence->before)) == CHECKS_DONE &&
           checks_trouble(before_checks(evidence->before)) == NULL;
}

static void on_before(void *data)
{
    struct evidence *evidence = data;
    sort_findings(evidence, checks_findings(evidence->checks));
    sort_findings(evidence, &evidence->guards);
    if (knows_before(evidence)) {
        find_flips(evidence);
    }
    evidence->state = EVIDENCE_DONE;
    tell(evidence);
}

/* ---- the proposed side, then the base ---- */

static void work_guards(void *data)
{
    struct evidence *evidence = data;
    struct err err;
    size_t files = 0;
    if (evidence->paths.len > 0) {
        (void)!guards_check_folder(overlay_root(evidence->overlay), evidence->paths.items,
            evidence->paths.len, &evidence->guards, &files, &err);
    }
    (void)!gate_scope_read_base(
        &evidence->by_now->scope, overlay_root(evidence->overlay), NULL, &err);
}

static void on_guards(void *data, bool cancelled)
{
    struct evidence *evidence = data;
    evidence->working = false;
    if (!cancelled && !evidence->closing) {
        before_look(
            evidence->before, evidence->paths.items, evidence->paths.len, on_before, evidence);
    }
}

static void on_checks(void *data)
{
    struct evidence *evidence = data;
    enum checks_state state = checks_state(evidence->checks);
    if (state == CHECKS_DONE && !evidence->guarded && !evidence->closing) {
        evidence->guarded = true;
        evidence->working = true;
        loop_work_start(evidence->loop, work_guards, on_guards, evidence);
    }
    tell(evidence);
}

static void on_laid(void *data, const struct err *err)
{
    struct evidence *evidence = data;
    if (evidence->closing) {
        return;
    }
    if (err != NULL) {
        evidence->err = *err;
        fail(evidence);
    } else {
        checks_start(evidence->checks, overlay_root(evidence->overlay));
    }
}

static void work_lay_out(void *data)
{
    struct evidence *evidence = data;
    evidence->err = (struct err){0};
    if (evidence->subject->has_git) {
        (void)(scratch_make(&evidence->base, &evidence->err) &&
               subject_lay_out(evidence->subject, evidence->base.folder, &evidence->err));
    }
    struct err err;
    if (evidence->err.kind == ERR_NONE) { /* not known: all tests run */
        (void)!gate_scope_read_base(&evidence->by_base->scope,
            evidence->subject->has_git ? evidence->base.folder : evidence->subject->root, NULL,
            &err);
    }
}

static void on_base(void *data, bool cancelled)
{
    struct evidence *evidence = data;
    const struct subject *subject = evidence->subject;
    evidence->working = false;
    if (cancelled || evidence->closing) {
        return;
    }
    bool ok = evidence->err.kind == ERR_NONE;
    if (ok) {
        evidence->workspace = workspace_open(
            subject->has_git ? evidence->base.folder : subject->root, &evidence->err);
        evidence->overlay =
            evidence->workspace == NULL ? NULL : overlay_new(evidence->workspace, &evidence->err);
        ok = evidence->overlay != NULL;
    }
    if (!ok) {
        fail(evidence);
        return;
    }
    struct checks_choice choice = choice_of(evidence->by_now);
    evidence->before = before_new(evidence->workspace, evidence->loop);
    before_choose(evidence->before, &choice);
    overlay_start(evidence->overlay, evidence->loop, &evidence->changes, on_laid, evidence);
}

/* Links, submodules and names that the door would not write are nothing for an engine. */
static void take_changes(const struct changes *from, struct changes *to, struct paths *paths)
{
    VEC_FOREACH (struct change, change, from) {
        char *clean;
        if (change_special(change) != NULL ||
            !path_check_relative(str_of(change->path), &clean, NULL)) {
            continue;
        }
        free(clean);
        VEC_PUSH(to, change_copy(change));
        if (paths != NULL && change->kind != CHANGE_DELETE) {
            VEC_PUSH(paths, mem_strdup(change->path));
        }
    }
}

struct evidence *evidence_new(
    struct loop *loop, const struct subject *subject, void (*changed)(void *data), void *data)
{
    struct evidence *evidence = MEM_NEW(struct evidence);
    evidence->loop = loop;
    evidence->subject = subject;
    evidence->changed = changed;
    evidence->data = data;
    evidence->by_base = affected_new();
    evidence->by_now = affected_new();
    struct checks_choice choice = choice_of(evidence->by_base);
    evidence->checks = checks_new(loop, on_checks, evidence);
    checks_choose(evidence->checks, &choice);
    take_changes(&subject->changes, &evidence->changes, &evidence->paths);
    return evidence;
}

void evidence_start(struct evidence *evidence)
{
    if (evidence->state == EVIDENCE_NONE) {
        evidence->state = EVIDENCE_RUNNING;
        evidence->working = true;
        loop_work_start(evidence->loop, work_lay_out, on_base, evidence);
    }
}

/* ---- a selection ---- */

static void on_tried(void *data)
{
    tell(data);
}

static void lay_out_try(struct evidence *evidence, const struct changes *chosen);

static void on_try_laid(void *data, const struct err *err)
{
    struct evidence *evidence = data;
    struct trying *trying = &evidence->trying;
    if (evidence->closing) {
        return;
    }
    if (trying->again) {
        struct changes next = trying->next;
        trying->next = (struct changes){0};
        trying->again = false;
        lay_out_try(evidence, &next);
        changes_free(&next);
    } else if (err != NULL) {
        checks_fail(trying->checks, err->text);
    } else {
        checks_start(trying->checks, overlay_root(trying->overlay));
    }
}

static void lay_out_try(struct evidence *evidence, const struct changes *chosen)
{
    struct changes laid = {0};
    take_changes(chosen, &laid, NULL);
    overlay_start(evidence->trying.overlay, evidence->loop, &laid, on_try_laid, evidence);
    changes_free(&laid);
}

bool evidence_try(struct evidence *evidence, const struct changes *chosen)
{
    struct trying *trying = &evidence->trying;
    if (evidence->workspace == NULL) {
        return false;
    }
    if (trying->overlay == NULL) {
        trying->overlay = overlay_new(evidence->workspace, &evidence->err);
    }
    if (trying->overlay == NULL) {
        return false;
    }
    if (trying->checks == NULL) {
        struct checks_choice choice = choice_of(evidence->by_base);
        choice.choose = choose_for_try;
        trying->checks = checks_new(evidence->loop, on_tried, evidence);
        checks_choose(trying->checks, &choice);
    }
    checks_invalidate(trying->checks);
    if (overlay_is_busy(trying->overlay)) {
        changes_free(&trying->next);
        trying->next = changes_copy(chosen);
        trying->again = true;
    } else {
        lay_out_try(evidence, chosen);
    }
    return true;
}

const struct checks *evidence_tried(const struct evidence *evidence)
{
    return evidence->trying.checks;
}

/* ---- what it knows ---- */

void evidence_free(struct evidence *evidence)
{
    if (evidence == NULL) {
        return;
    }
    evidence->closing = true;
    before_free(evidence->before);
    while (evidence->working || (evidence->overlay != NULL && overlay_is_busy(evidence->overlay)) ||
           (evidence->trying.overlay != NULL && overlay_is_busy(evidence->trying.overlay))) {
        loop_run_once(evidence->loop, 100);
    }
    checks_free(evidence->checks);
    checks_free(evidence->trying.checks);
    overlay_free(evidence->overlay);
    release(evidence->by_base);
    release(evidence->by_now);
    overlay_free(evidence->trying.overlay);
    changes_free(&evidence->trying.next);
    workspace_free(evidence->workspace);
    scratch_remove(&evidence->base);
    changes_free(&evidence->changes);
    VEC_FOREACH (char *, path, &evidence->paths) {
        free(*path);
    }
    VEC_FREE(&evidence->paths);
    findings_free(&evidence->guards);
    findings_free(&evidence->brought);
    VEC_FREE(&evidence->flips);
    free(evidence);
}

enum evidence_state evidence_state(const struct evidence *evidence)
{
    return evidence->state;
}

const char *evidence_trouble(const struct evidence *evidence)
{
    return evidence->state == EVIDENCE_FAILED ? evidence->err.text
                                              : checks_trouble(evidence->checks);
}

const struct changes *evidence_changes(const struct evidence *evidence)
{
    return &evidence->changes;
}

const struct checks *evidence_checks(const struct evidence *evidence)
{
    return evidence->checks;
}

const struct checks *evidence_before(const struct evidence *evidence)
{
    return evidence->state == EVIDENCE_DONE && knows_before(evidence)
               ? before_checks(evidence->before)
               : NULL;
}

const struct evidence_flips *evidence_flips(const struct evidence *evidence)
{
    return &evidence->flips;
}

const struct findings *evidence_brought(const struct evidence *evidence)
{
    return &evidence->brought;
}

size_t evidence_untouched(const struct evidence *evidence)
{
    const struct affected *affected = evidence->by_base;
    return evidence->state == EVIDENCE_DONE && affected->left == 0 ? affected->all : 0;
}

size_t evidence_findings_before(const struct evidence *evidence)
{
    return evidence->old_findings;
}

static void describe_count(struct buf *out, size_t count, const char *what)
{
    if (count > 0) {
        buf_printf(out, " · %zu %s", count, what);
    }
}

/* "11 of 15 tests pass" */
static void describe_passed(struct buf *out, const struct checks *checks)
{
    struct tally tally = checks_tally(checks);
    size_t all = 0;
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        all += tally.count[i];
    }
    buf_printf(out, "%zu of %zu pass", tally.count[RESULT_PASS], all);
}

void evidence_describe(const struct evidence *evidence, struct buf *out)
{
    const struct checks *before = evidence_before(evidence);
    size_t ranks[4] = {0};
    if (evidence->state != EVIDENCE_DONE) {
        return;
    }
    if (evidence_untouched(evidence) > 0 && evidence->flips.len == 0) {
        buf_append_c(out, "no test depends on what changed");
        describe_count(out, evidence->brought.len,
            evidence->brought.len == 1 ? "finding brought" : "findings brought");
        return;
    }
    describe_passed(out, evidence->checks);
    buf_append_c(out, " now, ");
    if (before == NULL) {
        buf_append_c(out, "before is not known");
    } else {
        describe_passed(out, before);
        buf_append_c(out, " before");
    }
    VEC_FOREACH (const struct evidence_flip, flip, &evidence->flips) {
        ranks[rank(flip)]++;
    }
    describe_count(out, ranks[0], "got worse");
    describe_count(out, ranks[1], "gone");
    describe_count(out, ranks[2], "got better");
    describe_count(out, ranks[3], "new");
    describe_count(out, evidence->brought.len,
        evidence->brought.len == 1 ? "finding brought" : "findings brought");
}
