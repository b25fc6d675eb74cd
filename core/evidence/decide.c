#include "evidence/decide.h"

#include "base/vec.h"
#include "engine/opa.h"
#include "engine/runner.h"
#include "engine/settings.h"
#include "evidence/evidence.h"
#include "policy/guard.h"

#include <stdlib.h>

struct ending;

struct decide {
    struct loop *loop;
    char *root;
    void (*done)(void *data, const struct findings *findings, const char *trouble);
    void *data;
    struct apply_run *applying;
    struct matrix *matrix;
    struct wish *wish; /* lives as long as the applying, and the ending */
    void (*progress)(void *data, size_t done, size_t total);
    struct runner *testing;
    struct results results;
    struct coverage given; /* where no tests are run */
    bool applied, tested;
    char *trouble;
    struct ending *ending; /* a worker reads the folder and the files of the findings */
    struct loop_work *work;
};

static void take_trouble(struct decide *d, const char *why)
{
    if (d->trouble == NULL) {
        d->trouble = mem_strdup(why);
    }
}

/* ---- the end ---- */

struct ending {
    struct decide *decide; /* NULL: nobody waits any more */
    char *root;
    struct matrix *matrix;
    struct results results;
    struct coverage coverage;
    struct wish_paths changed;
    bool limited;
    struct findings findings;
};

static void free_ending(struct ending *e)
{
    matrix_free(e->matrix);
    results_free(&e->results);
    coverage_free(&e->coverage);
    findings_free(&e->findings);
    wish_paths_free(&e->changed);
    free(e->root);
    free(e);
}

/* What tests and coverage show is told of changed files. */
static void keep_changed(const struct ending *e, size_t from, struct findings *findings)
{
    size_t kept = from;
    for (size_t i = from; i < findings->len; i++) {
        if (!e->limited || wish_paths_have(&e->changed, findings->items[i].file)) {
            findings->items[kept++] = findings->items[i];
        } else {
            finding_free(&findings->items[i]);
        }
    }
    findings->len = kept;
}

static void end_work(void *data)
{
    struct ending *e = data;
    struct policy_index *index = policy_index_new();
    struct err err;
    evidence_of_matrix(e->matrix, MATRIX_NOW, &e->findings);
    size_t decided = e->findings.len;
    evidence_of_results(&e->results, &e->findings);
    if (e->coverage.len > 0 && policy_index_scan(index, e->root, NULL, &err)) {
        evidence_of_coverage(index, &e->coverage, &e->findings);
    }
    keep_changed(e, decided, &e->findings);
    guards_drop_silenced(e->root, &e->findings);
    policy_index_free(index);
}

static void ended(void *data, bool cancelled)
{
    struct ending *e = data;
    struct decide *d = e->decide;
    (void)cancelled;
    if (d != NULL) {
        d->ending = NULL;
        d->done(d->data, &e->findings, d->trouble);
    }
    free_ending(e);
}

static void look(struct decide *d)
{
    if (!d->applied || !d->tested || d->matrix == NULL) {
        return;
    }
    struct ending *e = MEM_NEW(struct ending);
    e->decide = d;
    e->root = mem_strdup(d->root);
    e->matrix = d->matrix;
    e->results = d->results;
    e->limited = wish_is_limited(d->wish);
    wish_copy_changed(d->wish, &e->changed);
    d->matrix = NULL;
    d->results = (struct results){0};
    const struct coverage *coverage = d->testing == NULL ? &d->given : runner_coverage(d->testing);
    if (coverage != NULL) {
        coverage_merge(&e->coverage, coverage);
        coverage_finish(&e->coverage);
        e->coverage.incomplete = coverage->incomplete;
    }
    d->ending = e;
    d->work = loop_work_start(d->loop, end_work, ended, e);
}

/* ---- applying ---- */

static void planned(void *data, unsigned generation, const struct apply_set *set)
{
    struct decide *d = data;
    (void)generation;
    matrix_plan(d->matrix, MATRIX_NOW, set);
    VEC_FOREACH (const struct finding, note, &set->notes) {
        if (strcmp(note->rule, APPLY_BOUND_RULE) == 0) {
            take_trouble(d, note->message);
        }
    }
    if (wish_left_out(d->wish) != NULL) {
        take_trouble(d, wish_left_out(d->wish));
    }
}

static void cell(
    void *data, unsigned generation, size_t policy, size_t fixture, struct apply_cell *what)
{
    struct decide *d = data;
    (void)generation;
    wish_take(d->wish, policy, fixture, what->verdict);
    matrix_set(d->matrix, MATRIX_NOW, policy, fixture, what);
}

static void applied(void *data, unsigned generation, const char *trouble)
{
    struct decide *d = data;
    (void)generation;
    d->applied = true;
    if (trouble != NULL) {
        take_trouble(d, trouble);
    }
    look(d);
}

/* ---- testing ---- */

static void on_result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t count)
{
    struct decide *d = data;
    const struct run_plan *plan = runner_plan(d->testing);
    (void)generation;
    if (plan != NULL && test < plan->tests.len &&
        plan->units.items[plan->tests.items[test].unit].absent) {
        return; /* no engine, nothing decided */
    }
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&d->results, result_copy(&rows[i]));
    }
}

static void on_done(void *data, unsigned generation, const struct run_summary *summary)
{
    struct decide *d = data;
    (void)generation;
    if (summary->trouble != NULL) {
        take_trouble(d, summary->trouble);
    }
}

static void on_settled(void *data, unsigned generation)
{
    struct decide *d = data;
    (void)generation;
    d->tested = true;
    look(d);
}

/* ---- life ---- */

static enum apply_need need_cell(
    void *data, const struct apply_set *set, size_t policy, size_t fixture)
{
    return wish_cell(data, set, policy, fixture);
}

static bool need_policy(
    void *data, const struct apply_set *set, const struct engine *engine, const char *file)
{
    return wish_policy(data, set, engine, file);
}

static void free_wish(void *data)
{
    wish_free(data);
}

static void on_applying(void *data, size_t done, size_t total)
{
    const struct decide *d = data;
    if (d->progress != NULL) {
        d->progress(d->data, done, total);
    }
}

/* [guards] decisions, of a file that is anybody's. */
static size_t read_bound(const char *root)
{
    struct toml *toml = settings_read(root, ".bylaw/config.toml");
    long long bound = toml_integer_or(toml_get(toml, "guards"), "decisions", WISH_DECISIONS_MAX);
    toml_free(toml);
    return bound >= 0 ? (size_t)bound : WISH_DECISIONS_MAX;
}

static struct decide *start(struct loop *loop, const char *root, struct wish *wish,
    void (*done)(void *data, const struct findings *findings, const char *trouble), void *data)
{
    struct decide *d = MEM_NEW(struct decide);
    d->loop = loop;
    d->root = mem_strdup(root);
    d->done = done;
    d->data = data;
    d->wish = wish;
    d->matrix = matrix_new();
    const struct apply_events applying = {
        .data = d, .planned = planned, .cell = cell, .progress = on_applying, .done = applied};
    const struct apply_needs needs = {need_cell, need_policy, wish, free_wish};
    const struct apply_options what = {.root = d->root, .needs = &needs};
    d->applying = apply_run_new(loop, &applying);
    (void)apply_run_start(d->applying, &what);
    return d;
}

struct decide *decide_start(struct loop *loop, const char *root,
    void (*done)(void *data, const struct findings *findings, const char *trouble), void *data)
{
    struct decide *d = start(loop, root, wish_new(NULL, NULL, read_bound(root)), done, data);
    const struct runner_events testing = {
        .data = d, .result = on_result, .done = on_done, .settled = on_settled};
    const struct run_options tests = {.root = d->root, .scope = RUN_ALL, .coverage = true};
    d->testing = runner_new(loop, &engine_opa, &testing);
    (void)runner_start(d->testing, &tests);
    return d;
}

struct decide *decide_start_with(struct loop *loop, const char *root,
    const struct decide_given *given,
    void (*done)(void *data, const struct findings *findings, const char *trouble), void *data)
{
    struct decide *d =
        start(loop, root, wish_new(given->changed, given->affected, read_bound(root)), done, data);
    d->progress = given->progress;
    VEC_FOREACH (const struct result, row, given->results) {
        VEC_PUSH(&d->results, result_copy(row));
    }
    coverage_merge(&d->given, given->coverage);
    coverage_finish(&d->given);
    d->given.incomplete = given->coverage->incomplete;
    d->tested = true;
    return d;
}

void decide_free(struct decide *d)
{
    if (d == NULL) {
        return;
    }
    if (d->ending != NULL) {
        d->ending->decide = NULL;
        loop_work_cancel(d->work);
    }
    apply_run_free(d->applying);
    runner_free(d->testing);
    coverage_free(&d->given);
    matrix_free(d->matrix);
    results_free(&d->results);
    free(d->trouble);
    free(d->root);
    free(d);
}
