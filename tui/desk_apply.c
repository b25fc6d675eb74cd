#include "desk_apply.h"

#include "base/path.h"
#include "base/vec.h"
#include "desk_decided.h"
#include "desk_private.h"
#include "engine/opa_eval.h"
#include "pane/apply.h"

#include <stdlib.h>

enum { SETTLE_MS = 300, FOLLOW_MAX_US = 1000000 };

struct apply_side {
    struct desk_apply *owner;
    enum matrix_side side;
    struct apply_run *run;
    const struct apply_set *set; /* of the run; NULL: not planned */
    unsigned generation;
    bool known;                   /* computed, or being computed, for what is there now */
    uint64_t started_us, took_us; /* took 0: never to its end */
};

struct desk_apply {
    struct desk *desk;
    struct matrix *matrix;
    struct apply_side sides[MATRIX_SIDES];
    struct apply_pane *pane; /* NULL: not shown */
    struct apply_view view;
    uint64_t texts;    /* of the unsaved texts that were applied */
    unsigned proposal; /* that the proposed side is of */
    char *root;        /* and where it is laid out */
    struct buf notes;
    struct loop_timer *settle;
};

static void changed(struct desk_apply *a)
{
    if (a->pane != NULL) {
        apply_pane_changed(a->pane);
    }
}

/* ---- events ---- */

static void planned(void *data, unsigned generation, const struct apply_set *set)
{
    struct apply_side *side = data;
    (void)generation;
    side->set = set;
    matrix_plan(side->owner->matrix, side->side, set);
    if (side->owner->pane != NULL) {
        apply_pane_planned(side->owner->pane);
    }
}

static void cell(
    void *data, unsigned generation, size_t policy, size_t fixture, struct apply_cell *what)
{
    struct apply_side *side = data;
    (void)generation;
    matrix_set(side->owner->matrix, side->side, policy, fixture, what);
    changed(side->owner);
}

static void done(void *data, unsigned generation, const char *trouble)
{
    struct apply_side *side = data;
    (void)generation;
    side->took_us = trouble != NULL ? 0 : loop_now_us() - side->started_us;
    if (trouble != NULL) {
        app_message(
            side->owner->desk->app, MESSAGE_ERROR, "Policies could not be applied: %s", trouble);
    }
    if (side->side == MATRIX_NOW && trouble != NULL) {
        desk_decided_troubled(side->owner->desk->decided);
    } else if (side->side == MATRIX_NOW) {
        desk_decided_tell(side->owner->desk->decided, side->owner->matrix);
    }
    changed(side->owner);
}

static void log_line(void *data, const char *line)
{
    const struct apply_side *side = data;
    status_log(side->owner->desk->status, line);
}

/* ---- computing ---- */

static uint64_t hash_of(const struct eval_sources *texts)
{
    unsigned long long hash = str_hash(STR_LIT(""));
    VEC_FOREACH (const struct eval_source, text, texts) {
        hash = str_hash_more(hash, str_of(text->path));
        hash = str_hash_more(hash, buf_str(&text->text));
    }
    return hash;
}

static void start(
    struct apply_side *side, const char *root, bool offline, const struct eval_sources *texts)
{
    struct policy_text *view = texts == NULL ? NULL : eval_sources_view(texts);
    struct apply_options options = {.root = root,
        .offline = offline,
        .texts = view,
        .text_count = texts == NULL ? 0 : texts->len};
    side->known = true;
    side->set = NULL;
    side->started_us = loop_now_us();
    side->generation = apply_run_start(side->run, &options);
    free(view);
}

static void start_now(struct desk_apply *a)
{
    struct apply_side *side = &a->sides[MATRIX_NOW];
    struct eval_sources texts = {0};
    desk_gather_unsaved(a->desk, &texts);
    uint64_t hash = hash_of(&texts);
    if (!side->known || hash != a->texts) {
        a->texts = hash;
        desk_decided_applying(a->desk->decided);
        start(side, workspace_root(workbench_workspace(a->desk->workbench)), false, &texts);
    } else {
        desk_decided_unmoved(a->desk->decided);
    }
    eval_sources_free(&texts);
}

static void start_proposed(struct desk_apply *a)
{
    struct apply_side *side = &a->sides[MATRIX_PROPOSED];
    unsigned proposal = 0;
    const char *root = workbench_checked_root(a->desk->workbench, &proposal);
    if (root == NULL) {
        return; /* told again when it is laid out */
    }
    if (proposal == 0) {
        apply_run_cancel(side->run);
        side->known = false;
        side->set = NULL;
        if (matrix_has(a->matrix, MATRIX_PROPOSED)) {
            matrix_drop(a->matrix, MATRIX_PROPOSED);
        }
        if (a->pane != NULL) {
            apply_pane_planned(a->pane);
        }
        return;
    }
    bool same = a->root != NULL && a->proposal == proposal && strcmp(a->root, root) == 0;
    if (!side->known || !same) {
        free(a->root);
        a->root = mem_strdup(root);
        a->proposal = proposal;
        start(side, root, true, NULL);
    }
}

static void compute(struct desk_apply *a)
{
    start_now(a);
    start_proposed(a);
}

/* Once asked for, what guards say of decisions follows the files, while that is cheap. */
static void on_settle(void *data)
{
    struct desk_apply *a = data;
    uint64_t took = a->sides[MATRIX_NOW].took_us;
    if (a->pane != NULL) {
        compute(a);
    } else if (took > 0 && took <= FOLLOW_MAX_US) {
        start_now(a);
    }
}

void desk_apply_files_changed(struct desk_apply *a)
{
    a->sides[MATRIX_NOW].known = false;
    desk_decided_moved(a->desk->decided);
    loop_timer_start(a->settle, SETTLE_MS, 0);
}

void desk_apply_text_changed(struct desk_apply *a)
{
    desk_decided_moved(a->desk->decided);
    loop_timer_start(a->settle, SETTLE_MS, 0);
}

void desk_apply_proposal_changed(struct desk_apply *a)
{
    a->sides[MATRIX_PROPOSED].known = false;
    loop_timer_start(a->settle, SETTLE_MS, 0);
}

/* ---- the pane ---- */

static bool on_progress(void *data, size_t *known, size_t *total)
{
    const struct desk_apply *a = data;
    bool running = false;
    *known = *total = 0;
    for (int i = 0; i < MATRIX_SIDES; i++) {
        size_t some;
        size_t all;
        if (apply_run_is_running(a->sides[i].run)) {
            apply_run_progress(a->sides[i].run, &some, &all);
            *known += some;
            *total += all;
            running = true;
        }
    }
    return running;
}

/* The document as the side that is shown has it. */
static const struct apply_fixture *fixture_of(
    const struct desk_apply *a, size_t fixture, enum matrix_side *side)
{
    const char *id = matrix_fixture(a->matrix, fixture)->id;
    for (int i = MATRIX_SIDES; i > 0; i--) {
        const struct apply_set *set = a->sides[i - 1].set;
        for (size_t k = 0; set != NULL && k < set->fixtures.len; k++) {
            if (strcmp(set->fixtures.items[k].id, id) == 0) {
                *side = (enum matrix_side)(i - 1);
                return &set->fixtures.items[k];
            }
        }
    }
    return NULL;
}

static void on_input(void *data, size_t fixture, struct buf *out)
{
    enum matrix_side side;
    const struct apply_fixture *found = fixture_of(data, fixture, &side);
    if (found != NULL) {
        buf_append_str(out, str_slice(buf_str(&found->text), 0, (size_t)1 << 20));
    }
}

static bool is_rego(const struct matrix_head *policy)
{
    return policy->file != NULL && strcmp(path_ext(policy->file), ".rego") == 0;
}

static bool on_decide(void *data, size_t policy, size_t fixture)
{
    struct desk_apply *a = data;
    const struct matrix_head *head = matrix_policy(a->matrix, policy);
    enum matrix_side side;
    const struct apply_fixture *found = fixture_of(a, fixture, &side);
    if (found == NULL || !is_rego(head) || found->kind == APPLY_FILE ||
        found->kind == APPLY_REQUEST) {
        return false;
    }
    struct eval_input input = {
        .kind = EVAL_INPUT_FILE, .path = found->file, .document = found->document};
    if (found->origin != NULL) {
        input = (struct eval_input){.kind = EVAL_INPUT_TEXT, .text = found->text.ptr};
    }
    char *file = mem_strdup(head->file);
    struct eval_input copy = eval_input_copy(&input);
    unsigned row = head->at.row;
    apply_pane_close(a->pane);
    desk_evaluate_decision(
        a->desk->evaluate, file, row, &copy, side == MATRIX_PROPOSED ? a->root : NULL);
    eval_input_free(&copy);
    free(file);
    return true;
}

static void on_open(void *data, const char *path, unsigned row)
{
    struct desk_apply *a = data;
    char *file = mem_strdup(path);
    apply_pane_close(a->pane);
    desk_show(a->desk, file, row, 1);
    free(file);
}

static void append_notes(struct desk_apply *a, const struct apply_set *set)
{
    for (size_t i = 0; set != NULL && i < set->notes.len; i++) {
        const struct finding *note = &set->notes.items[i];
        buf_printf(&a->notes, "%s%s%s%s%s\n\n", note->file == NULL ? "" : note->file,
            note->file == NULL ? "" : ": ", note->message, note->fix == NULL ? "" : "\n  ",
            note->fix == NULL ? "" : note->fix);
    }
}

static const char *on_notes(void *data)
{
    struct desk_apply *a = data;
    buf_clear(&a->notes);
    const struct apply_set *proposed = a->sides[MATRIX_PROPOSED].set;
    append_notes(a, proposed != NULL ? proposed : a->sides[MATRIX_NOW].set);
    return a->notes.len == 0 ? "" : a->notes.ptr;
}

static void on_again(void *data)
{
    struct desk_apply *a = data;
    a->sides[MATRIX_NOW].known = a->sides[MATRIX_PROPOSED].known = false;
    compute(a);
}

static void on_closed(void *data)
{
    struct desk_apply *a = data;
    a->pane = NULL;
}

void desk_apply_show(struct desk_apply *a)
{
    if (a->pane != NULL) {
        return;
    }
    struct apply_pane_options options = {.app = a->desk->app,
        .matrix = a->matrix,
        .view = &a->view,
        .progress = on_progress,
        .decide = on_decide,
        .open = on_open,
        .input = on_input,
        .notes = on_notes,
        .again = on_again,
        .closed = on_closed,
        .data = a};
    a->pane = apply_pane_open(&options);
    compute(a);
}

static unsigned show(void *data)
{
    desk_apply_show(data);
    return UI_DONE;
}

static const struct action actions[] = {
    {"desk.apply", "apply",
        "Apply every policy to every fixture: a matrix of what is decided, and what the open "
        "proposal changes",
        "alt-A", NULL, 0, show, NULL},
};

const struct action_set desk_apply_actions = ACTION_SET("desk", "Apply everything", actions);

/* ---- life ---- */

struct desk_apply *desk_apply_new(struct desk *desk)
{
    struct desk_apply *a = MEM_NEW(struct desk_apply);
    a->desk = desk;
    a->matrix = matrix_new();
    a->settle = loop_timer_new(desk->loop, on_settle, a);
    for (int i = 0; i < MATRIX_SIDES; i++) {
        struct apply_side *side = &a->sides[i];
        side->owner = a;
        side->side = (enum matrix_side)i;
        struct apply_events events = {
            .data = side, .planned = planned, .cell = cell, .done = done, .log = log_line};
        side->run = apply_run_new(desk->loop, &events);
    }
    return a;
}

void desk_apply_stop(struct desk_apply *a)
{
    for (int i = 0; a != NULL && i < MATRIX_SIDES; i++) {
        apply_run_free(a->sides[i].run);
        a->sides[i].run = NULL;
        a->sides[i].set = NULL;
    }
}

void desk_apply_free(struct desk_apply *a)
{
    if (a != NULL) {
        loop_timer_free(a->settle);
        matrix_free(a->matrix);
        apply_view_free(&a->view);
        buf_free(&a->notes);
        free(a->root);
        free(a);
    }
}
