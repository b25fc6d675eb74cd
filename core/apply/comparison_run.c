#include "apply/comparison_run.h"

#include "base/vec.h"

#include <stdlib.h>

struct comparison_run {
    struct comparison_events events;
    struct apply_run *run;
    struct apply_pairing *pairing; /* NULL: not started */
    const struct apply_set *set;   /* the run's; NULL: not planned */
    struct apply_cell *cells;      /* [policy * fixtures + fixture] */
    size_t cell_count;
};

/* ---- the pairing ---- */

static struct apply_pairing *pairing_new(const char *old_file, const char *new_file)
{
    struct apply_pairing *pairing = MEM_NEW(struct apply_pairing);
    *pairing = (struct apply_pairing){mem_strdup(old_file), mem_strdup(new_file)};
    return pairing;
}

static void pairing_free(void *data)
{
    struct apply_pairing *pairing = data;
    if (pairing != NULL) {
        free((char *)(uintptr_t)pairing->old_file);
        free((char *)(uintptr_t)pairing->new_file);
        free(pairing);
    }
}

/* ---- the run ---- */

static void forget(struct comparison_run *run)
{
    for (size_t i = 0; i < run->cell_count; i++) {
        apply_cell_free(&run->cells[i]);
    }
    free(run->cells);
    run->cells = NULL;
    run->cell_count = 0;
    run->set = NULL;
}

static void planned(void *data, unsigned generation, const struct apply_set *set)
{
    struct comparison_run *run = data;
    (void)generation;
    forget(run);
    run->set = set;
    run->cell_count = set->policies.len * set->fixtures.len;
    run->cells = mem_zalloc((run->cell_count + 1) * sizeof *run->cells);
    VEC_FOREACH (const struct finding, note, &set->notes) {
        if (run->events.note != NULL) {
            run->events.note(run->events.data, note);
        }
    }
}

static void cell(
    void *data, unsigned generation, size_t policy, size_t fixture, struct apply_cell *what)
{
    struct comparison_run *run = data;
    (void)generation;
    run->cells[policy * run->set->fixtures.len + fixture] = *what;
    *what = (struct apply_cell){0};
}

static bool has_policy(const struct comparison_run *run, bool old)
{
    for (size_t i = 0; run->set != NULL && i < run->set->policies.len; i++) {
        if (apply_pairing_is_old(run->pairing, &run->set->policies.items[i]) == old) {
            return true;
        }
    }
    return false;
}

/* What there is not to compare; the caller frees it. NULL: both sides are there. */
static char *missing(const struct comparison_run *run)
{
    if (!has_policy(run, true)) {
        return mem_printf("%s: there is no policy in it", run->pairing->old_file);
    }
    if (has_policy(run, false)) {
        return NULL;
    }
    return run->pairing->new_file != NULL
               ? mem_printf("%s: there is no policy in it", run->pairing->new_file)
               : mem_printf("no other file has a policy of the same name: name the file that "
                            "replaces it, after %s",
                     run->pairing->old_file);
}

static void done(void *data, unsigned generation, const char *trouble)
{
    struct comparison_run *run = data;
    (void)generation;
    char *absent = trouble == NULL ? missing(run) : NULL;
    run->events.done(run->events.data, trouble != NULL ? trouble : absent);
    free(absent);
}

static void progress(void *data, size_t answered, size_t total)
{
    struct comparison_run *run = data;
    if (run->events.progress != NULL) {
        run->events.progress(run->events.data, answered, total);
    }
}

struct comparison_run *comparison_run_new(struct loop *loop, const struct comparison_events *events)
{
    struct comparison_run *run = MEM_NEW(struct comparison_run);
    run->events = *events;
    struct apply_events own = {
        .data = run, .planned = planned, .cell = cell, .progress = progress, .done = done};
    run->run = apply_run_new(loop, &own);
    return run;
}

void comparison_run_free(struct comparison_run *run)
{
    if (run != NULL) {
        apply_run_free(run->run);
        forget(run);
        pairing_free(run->pairing);
        free(run);
    }
}

bool comparison_run_start(
    struct comparison_run *run, const struct comparison_request *request, struct err *err)
{
    const char *old_file = request->old_file;
    const char *new_file = request->new_file;
    if (new_file != NULL && strcmp(old_file, new_file) == 0) {
        return err_set(err, ERR_INVALID, "OLD and NEW are one file: %s", old_file);
    }
    apply_run_cancel(run->run);
    forget(run);
    pairing_free(run->pairing);
    run->pairing = pairing_new(old_file, new_file);
    struct apply_options options = {.root = request->root,
        .offline = request->offline,
        .wanted = apply_pairing_wants,
        .wanted_data = pairing_new(old_file, new_file), /* a worker of a run let go may keep it */
        .wanted_free = pairing_free};
    (void)apply_run_start(run->run, &options);
    return true;
}

bool comparison_run_cancel(struct comparison_run *run)
{
    bool running = apply_run_is_running(run->run);
    apply_run_cancel(run->run);
    if (running) {
        forget(run);
    }
    return running;
}

/* ---- telling ---- */

static const struct apply_cell *cell_of(const void *data, size_t policy, size_t fixture)
{
    const struct comparison_run *run = data;
    return &run->cells[policy * run->set->fixtures.len + fixture];
}

/* Which replace the policy (or, where it is a new one, which it replaces): into `out`. */
static size_t partners_of(const struct comparison_run *run, size_t policy, bool old, size_t *out)
{
    size_t count = 0;
    for (size_t q = 0; q < run->set->policies.len; q++) {
        if (apply_pairing_replaces(
                run->pairing, &run->set->policies, old ? q : policy, old ? policy : q)) {
            out[count++] = q;
        }
    }
    return count;
}

static void tell_policy(const struct comparison_run *run, const struct comparison_teller *teller,
    size_t older, const size_t *newer, size_t newer_count, struct comparison_totals *totals)
{
    struct comparison_cells cells = {cell_of, run};
    struct comparison made;
    size_t *fixtures = mem_zalloc((run->set->fixtures.len + 1) * sizeof *fixtures);
    for (size_t i = 0; i < run->set->fixtures.len; i++) {
        fixtures[i] = i;
    }
    comparison_make(&cells, older, newer, newer_count, fixtures, run->set->fixtures.len, &made);
    VEC_FOREACH (const struct comparison_row, row, &made.rows) {
        teller->row(teller->data, &run->set->policies.items[older],
            &run->set->fixtures.items[row->fixture], row);
    }
    for (size_t i = 0; i < APPLY_DIFFERENCES; i++) {
        totals->counts[i] += made.counts[i];
    }
    comparison_free(&made);
    free(fixtures);
}

void comparison_run_tell(const struct comparison_run *run, const struct comparison_teller *teller,
    struct comparison_totals *totals)
{
    size_t *partners = mem_zalloc((run->set->policies.len + 1) * sizeof *partners);
    *totals = (struct comparison_totals){.fixtures = run->set->fixtures.len};
    for (size_t p = 0; p < run->set->policies.len; p++) {
        const struct apply_policy *policy = &run->set->policies.items[p];
        bool old = apply_pairing_is_old(run->pairing, policy);
        size_t count = partners_of(run, p, old, partners);
        if (count == 0) {
            teller->alone(teller->data, policy, old);
            totals->alone++;
        } else if (old) {
            tell_policy(run, teller, p, partners, count, totals);
            totals->compared++;
        }
    }
    free(partners);
}

bool comparison_totals_agree(const struct comparison_totals *totals)
{
    const size_t *counts = totals->counts;
    size_t against = counts[APPLY_DIFFERS] + counts[APPLY_ONE_SIDED] + counts[APPLY_UNDECIDED] +
                     counts[APPLY_PENDING] + totals->alone;
    return against == 0 && counts[APPLY_SAME] > 0;
}

void comparison_append_totals(const struct comparison_totals *totals, struct buf *out)
{
    const size_t *counts = totals->counts;
    buf_printf(out,
        "%zu policies compared, %zu alone, %zu documents: %zu the same, %zu different, %zu "
        "evaluated by one only, %zu undecided, %zu for neither",
        totals->compared, totals->alone, totals->fixtures, counts[APPLY_SAME],
        counts[APPLY_DIFFERS], counts[APPLY_ONE_SIDED], counts[APPLY_UNDECIDED],
        counts[APPLY_NEITHER]);
}
