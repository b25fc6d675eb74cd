/* Every policy applied to every fixture, said line by line. */
#include "plain/plain_private.h"

#include "apply/matrix.h"

#include <stdlib.h>

struct plain_side {
    struct plain *plain;
    enum matrix_side side;
    struct apply_run *run;
};

struct plain_apply {
    struct matrix *matrix;
    struct plain_side sides[MATRIX_SIDES];
    char *filter;
    size_t running; /* sides that are not done */
};

static void planned(void *data, unsigned generation, const struct apply_set *set)
{
    const struct plain_side *side = data;
    (void)generation;
    matrix_plan(side->plain->apply->matrix, side->side, set);
    VEC_FOREACH (const struct finding, note, &set->notes) {
        if (side->side == MATRIX_NOW) {
            plain_say_finding(side->plain, 0, note);
        }
    }
}

static void cell(
    void *data, unsigned generation, size_t policy, size_t fixture, struct apply_cell *what)
{
    const struct plain_side *side = data;
    (void)generation;
    matrix_set(side->plain->apply->matrix, side->side, policy, fixture, what);
}

static const char *name_of(const struct apply_cell *what)
{
    return what == NULL ? "absent" : apply_verdict_name(what->verdict);
}

static void say_cell(struct plain *plain, size_t policy, size_t fixture)
{
    const struct matrix *matrix = plain->apply->matrix;
    const struct matrix_head *of = matrix_policy(matrix, policy);
    const struct matrix_head *on = matrix_fixture(matrix, fixture);
    const struct apply_cell *what = matrix_shown(matrix, policy, fixture);
    const struct apply_cell *now = matrix_cell(matrix, MATRIX_NOW, policy, fixture);
    const struct apply_cell *then = matrix_cell(matrix, MATRIX_PROPOSED, policy, fixture);
    if (matrix_changed(matrix, policy, fixture)) {
        plain_say(plain, "changed by the proposal, %s before, %s with it: %s %s on %s, %s",
            name_of(now), name_of(then), of->engine, of->name, on->id, on->name);
    } else {
        plain_say(
            plain, "%s: %s %s on %s, %s", name_of(what), of->engine, of->name, on->id, on->name);
    }
    if (what != NULL && what->message != NULL) {
        plain_lines(plain, "  ", str_of(what->message));
    }
}

/* Without a name: what somebody has to look at. */
static bool is_told(const struct plain_apply *apply, size_t policy, size_t fixture)
{
    const struct apply_cell *what = matrix_shown(apply->matrix, policy, fixture);
    if (apply->filter[0] != '\0') {
        return what != NULL && what->verdict != APPLY_NO_MATCH;
    }
    if (matrix_has(apply->matrix, MATRIX_PROPOSED)) {
        return matrix_changed(apply->matrix, policy, fixture);
    }
    return what != NULL && what->verdict >= APPLY_WARN;
}

static void say_counts(struct plain *plain)
{
    struct matrix *matrix = plain->apply->matrix;
    struct matrix_counts counts = matrix_count(matrix);
    struct buf text = BUF_INIT;
    buf_printf(
        &text, "%zu policies, %zu documents:", matrix_policies(matrix), matrix_fixtures(matrix));
    for (size_t i = APPLY_VERDICTS; i > APPLY_NO_MATCH; i--) {
        enum apply_verdict verdict = (enum apply_verdict)(i - 1);
        if (counts.of[verdict] > 0) {
            buf_printf(&text, " %zu %s,", counts.of[verdict], apply_verdict_name(verdict));
        }
    }
    if (matrix_has(matrix, MATRIX_PROPOSED)) {
        buf_printf(&text, " %zu changed by the proposal,", counts.changed);
    }
    text.ptr[text.len - 1] = '.';
    plain_line(plain, buf_str(&text));
    buf_free(&text);
}

static void say_all(struct plain *plain)
{
    const struct plain_apply *apply = plain->apply;
    size_t said = 0;
    size_t left = 0;
    say_counts(plain);
    matrix_show(apply->matrix, MATRIX_ALL, str_of(apply->filter));
    for (size_t f = 0; f < matrix_rows(apply->matrix); f++) {
        for (size_t p = 0; p < matrix_columns(apply->matrix); p++) {
            size_t policy = matrix_column(apply->matrix, p);
            size_t fixture = matrix_row(apply->matrix, f);
            if (is_told(apply, policy, fixture) && said < PLAIN_LIST_MAX) {
                say_cell(plain, policy, fixture);
                said++;
            } else {
                left += is_told(apply, policy, fixture);
            }
        }
    }
    if (left > 0) {
        plain_say(plain, "There are %zu more: name a policy or a document.", left);
    } else if (said == 0 && apply->filter[0] != '\0') {
        plain_say(plain, "No decision has all of these words in its policy or document.");
    }
}

static void done(void *data, unsigned generation, const char *trouble)
{
    const struct plain_side *side = data;
    struct plain *plain = side->plain;
    (void)generation;
    if (trouble != NULL) {
        plain_say(plain, "Policies could not be applied: %s", trouble);
    }
    if (--plain->apply->running == 0) {
        plain->doing = NULL;
        say_all(plain);
    }
}

static struct plain_apply *apply_new(struct plain *plain)
{
    struct plain_apply *apply = MEM_NEW(struct plain_apply);
    apply->matrix = matrix_new();
    for (int i = 0; i < MATRIX_SIDES; i++) {
        apply->sides[i].plain = plain;
        apply->sides[i].side = (enum matrix_side)i;
        struct apply_events events = {
            .data = &apply->sides[i], .planned = planned, .cell = cell, .done = done};
        apply->sides[i].run = apply_run_new(plain->loop, &events);
    }
    return apply;
}

static void start(struct plain *plain, enum matrix_side side, const char *root)
{
    struct apply_options options = {.root = root, .offline = side == MATRIX_PROPOSED};
    plain->apply->running++;
    (void)apply_run_start(plain->apply->sides[side].run, &options);
}

bool plain_apply(struct plain *plain, struct str args, struct err *err)
{
    unsigned proposal = 0;
    const char *root = workbench_checked_root(plain->wb, &proposal);
    if (root == NULL) {
        return err_set(err, ERR_CONFLICT, "The proposal is being laid out: try again in a moment.");
    }
    if (plain->apply == NULL) {
        plain->apply = apply_new(plain);
    }
    (void)plain_apply_stop(plain);
    free(plain->apply->filter);
    plain->apply->filter = str_dup(str_trim(args));
    if (matrix_has(plain->apply->matrix, MATRIX_PROPOSED)) {
        matrix_drop(plain->apply->matrix, MATRIX_PROPOSED);
    }
    plain->doing = "policies are applied";
    start(plain, MATRIX_NOW, workspace_root(workbench_workspace(plain->wb)));
    if (proposal > 0) {
        start(plain, MATRIX_PROPOSED, root);
    }
    return true;
}

bool plain_apply_stop(struct plain *plain)
{
    if (plain->apply == NULL || plain->apply->running == 0) {
        return false;
    }
    for (int i = 0; i < MATRIX_SIDES; i++) {
        apply_run_cancel(plain->apply->sides[i].run);
    }
    plain->apply->running = 0;
    return true;
}

void plain_apply_free(struct plain_apply *apply)
{
    if (apply != NULL) {
        for (int i = 0; i < MATRIX_SIDES; i++) {
            apply_run_free(apply->sides[i].run);
        }
        matrix_free(apply->matrix);
        free(apply->filter);
        free(apply);
    }
}
