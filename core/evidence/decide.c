#include "evidence/decide.h"

#include "base/vec.h"
#include "engine/opa.h"
#include "engine/runner.h"
#include "engine/settings.h"
#include "evidence/evidence.h"
#include "policy/guard.h"

#include <stdatomic.h>
#include <stdlib.h>

struct ending;

struct decide {
    struct loop *loop;
    char *root;
    void (*done)(void *data, const struct decided *decided);
    void *data;
    struct apply_run *applying; /* NULL: another shard's */
    struct matrix *matrix;
    struct wish *wish; /* the applying's; without one its own */
    void (*progress)(void *data, size_t done, size_t total);
    struct runner *testing;
    struct results results;
    struct coverage given; /* where no tests are run */
    bool applied, tested, awaits;
    struct decided_gaps gaps;
    bool failed;
    struct ending *ending; /* a worker reads the folder and the files of the findings */
    struct loop_work *work;
};

/* ---- what is not known ---- */

static struct decided_gap *add_gap(struct decided_gaps *gaps, const char *why)
{
    VEC_PUSH(gaps, ((struct decided_gap){.guards = BUF_INIT, .why = mem_strdup(why)}));
    return &gaps->items[gaps->len - 1];
}

/* All guards that need this evidence (enum guard_evidence). */
static void gap_of(struct decided_gaps *gaps, unsigned evidence, const char *why)
{
    (void)guards_by_evidence(evidence, &add_gap(gaps, why)->guards);
}

static void gap_of_one(struct decided_gaps *gaps, const char *names, const char *why)
{
    buf_append_c(&add_gap(gaps, why)->guards, names);
}

static void free_gaps(struct decided_gaps *gaps)
{
    VEC_FOREACH (struct decided_gap, gap, gaps) {
        buf_free(&gap->guards);
        free(gap->why);
    }
    VEC_FREE(gaps);
}

/* ---- the end ---- */

struct ending {
    struct decide *decide; /* NULL: nobody waits any more */
    char *root;
    struct matrix *matrix;
    struct results results;
    struct coverage coverage;
    struct wish_paths changed;
    bool limited, awaits;
    atomic_bool stop; /* nobody waits */
    struct decided decided;
};

static void free_ending(struct ending *e)
{
    matrix_free(e->matrix);
    results_free(&e->results);
    coverage_free(&e->coverage);
    findings_free(&e->decided.findings);
    findings_free(&e->decided.awaited);
    free_gaps(&e->decided.gaps);
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

/* Takes `why` over; NULL: there is none. */
static void gap_if(struct ending *e, const char *names, char *why)
{
    if (why != NULL) {
        gap_of_one(&e->decided.gaps, names, why);
    }
    free(why);
}

/* Where nothing was measured, nothing was asked for. */
static void look_at_rules(struct ending *e)
{
    struct policy_index *index = policy_index_new();
    struct findings rules = {0};
    struct err err;
    bool read = policy_index_scan(index, e->root, &e->stop, &err);
    if (read) {
        evidence_await_coverage(index, &rules);
    }
    keep_changed(e, 0, &rules);
    if (!read) {
        gap_of_one(&e->decided.gaps, "rule-unreached", err.text);
    }
    if (e->awaits) {
        guards_drop_silenced(e->root, &rules);
        e->decided.awaited = rules;
    } else {
        gap_if(
            e, "rule-unreached", evidence_of_coverage(&rules, &e->coverage, &e->decided.findings));
    }
    policy_index_free(index);
}

static void end_work(void *data)
{
    struct ending *e = data;
    struct findings *findings = &e->decided.findings;
    gap_if(e, "fixture-denied, fixture-not-denied",
        evidence_unsettled_fixtures(e->matrix, MATRIX_NOW, &e->results));
    gap_if(e, "rule-unreached", evidence_unsettled_policies(e->matrix, MATRIX_NOW));
    gap_if(e, "test-not-evaluated", evidence_unasked_tests(&e->results));
    evidence_of_matrix(e->matrix, MATRIX_NOW, findings);
    size_t decided = findings->len;
    evidence_of_results(&e->results, findings);
    keep_changed(e, decided, findings);
    if (e->awaits || e->coverage.len > 0 || e->coverage.incomplete) {
        look_at_rules(e);
    }
    guards_drop_silenced(e->root, findings);
}

static void ended(void *data, bool cancelled)
{
    struct ending *e = data;
    struct decide *d = e->decide;
    (void)cancelled;
    if (d != NULL) {
        d->ending = NULL;
        d->done(d->data, &e->decided);
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
    e->awaits = d->awaits;
    e->decided.gaps = d->gaps;
    e->decided.failed = d->failed;
    d->matrix = NULL;
    d->results = (struct results){0};
    d->gaps = (struct decided_gaps){0};
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
        if (strcmp(note->rule, APPLY_BOUND_RULE) == 0 || note->severity == SEVERITY_ERROR) {
            gap_of(&d->gaps, GUARD_BY_FIXTURES, note->message);
        }
    }
    if (wish_left_out(d->wish) != NULL) {
        gap_of_one(&d->gaps, "fixture-denied", wish_left_out(d->wish));
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
        gap_of(&d->gaps, GUARD_BY_FIXTURES, trouble);
        d->failed = true;
    }
    char *unmatched = wish_unmatched(d->wish);
    if (unmatched != NULL) {
        gap_of_one(&d->gaps, "rule-unreached", unmatched);
    }
    free(unmatched);
    look(d);
}

/* ---- testing ---- */

static void on_result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t count)
{
    struct decide *d = data;
    (void)generation;
    (void)test;
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&d->results, result_copy(&rows[i]));
    }
}

static void on_done(void *data, unsigned generation, const struct run_summary *summary)
{
    struct decide *d = data;
    (void)generation;
    if (summary->trouble != NULL) {
        gap_of(&d->gaps, GUARD_BY_TESTS, summary->trouble);
        d->failed = true;
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

/* Takes over the wish. */
static struct decide *start(struct loop *loop, const char *root, struct wish *wish,
    void (*done)(void *data, const struct decided *decided), void *data)
{
    struct decide *d = MEM_NEW(struct decide);
    d->loop = loop;
    d->root = mem_strdup(root);
    d->done = done;
    d->data = data;
    d->wish = wish;
    d->matrix = matrix_new();
    return d;
}

static void start_applying(struct decide *d)
{
    const struct apply_events applying = {
        .data = d, .planned = planned, .cell = cell, .progress = on_applying, .done = applied};
    const struct apply_needs needs = {need_cell, need_policy, d->wish, free_wish};
    const struct apply_options what = {.root = d->root, .needs = &needs};
    d->applying = apply_run_new(d->loop, &applying);
    (void)apply_run_start(d->applying, &what);
}

struct decide *decide_start(struct loop *loop, const char *root,
    void (*done)(void *data, const struct decided *decided), void *data)
{
    struct decide *d = start(loop, root, wish_new(NULL, NULL, read_bound(root)), done, data);
    const struct runner_events testing = {
        .data = d, .result = on_result, .done = on_done, .settled = on_settled};
    const struct run_options tests = {.root = d->root, .scope = RUN_ALL, .coverage = true};
    start_applying(d);
    d->testing = runner_new(loop, &engine_opa, &testing);
    (void)runner_start(d->testing, &tests);
    return d;
}

struct decide *decide_start_with(struct loop *loop, const char *root,
    const struct decide_given *given, void (*done)(void *data, const struct decided *decided),
    void *data)
{
    struct wish *wish = wish_new(given->changed, given->affected, read_bound(root));
    wish_tested(wish, given->results);
    struct decide *d = start(loop, root, wish, done, data);
    d->progress = given->progress;
    d->awaits = given->awaits;
    VEC_FOREACH (const struct result, row, given->results) {
        VEC_PUSH(&d->results, result_copy(row));
    }
    coverage_merge(&d->given, given->coverage);
    coverage_finish(&d->given);
    d->given.incomplete = given->coverage->incomplete;
    d->tested = true;
    d->applied = given->no_fixtures;
    if (d->applied) {
        look(d);
    } else {
        start_applying(d);
    }
    return d;
}

void decide_free(struct decide *d)
{
    if (d == NULL) {
        return;
    }
    if (d->ending != NULL) {
        d->ending->decide = NULL;
        atomic_store(&d->ending->stop, true);
        loop_work_cancel(d->work);
    }
    if (d->applying == NULL) {
        wish_free(d->wish);
    }
    apply_run_free(d->applying);
    runner_free(d->testing);
    coverage_free(&d->given);
    matrix_free(d->matrix);
    results_free(&d->results);
    free_gaps(&d->gaps);
    free(d->root);
    free(d);
}
