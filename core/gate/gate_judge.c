#include "gate/gate_private.h"

#include "base/vec.h"

static bool is_limited(const struct gate *gate)
{
    return gate_has_base(gate) || gate->scope.shards > 0;
}

static void judge_tests(struct gate *gate)
{
    struct buf why = BUF_INIT;
    enum result_status status = tally_verdict(&gate->report.tally);
    size_t told = 0;
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        told += gate->report.tally.count[i];
    }
    report_headline(&(struct report){.tally = gate->report.tally}, &why);
    if (told == 0 && gate->report.trouble == NULL && is_limited(gate)) {
        status = RESULT_SKIPPED;
        buf_clear(&why);
        buf_append_c(
            &why, gate->scope.shards > 0 ? "none in this shard" : "none depends on what changed");
    } else if (told == 0) {
        buf_clear(&why);
        buf_append_c(&why, "no test was found");
    }
    if (gate->other.failing > 0 && status != RESULT_ERROR) {
        status = RESULT_FAIL;
        buf_printf(&why, ", %zu remarks on how they are run", gate->other.failing);
    }
    report_set_part(&gate->report, REPORT_TESTS, status, told, why.ptr);
    buf_free(&why);
}

/* Units whose engine was not asked, and why not. */
static size_t count_unasked(const struct run_plan *plan, const char **why)
{
    size_t count = 0;
    for (size_t i = 0; plan != NULL && i < plan->units.len; i++) {
        const struct plan_unit *unit = &plan->units.items[i];
        if (unit->included && unit->unasked && count++ == 0) {
            *why = unit->trouble;
        }
    }
    return count;
}

static void judge_loading(struct gate *gate)
{
    size_t units = gate->scope.own;
    struct buf why = BUF_INIT;
    const char *trouble = NULL;
    size_t unasked = count_unasked(runner_plan(gate->runner), &trouble);
    enum result_status status = gate->loading.count > 0 ? RESULT_ERROR
                                : unasked > 0           ? RESULT_NOT_EVALUATED
                                : units == 0            ? RESULT_SKIPPED
                                                        : RESULT_PASS;
    if (gate->report.trouble != NULL) {
        status = RESULT_NOT_EVALUATED;
        buf_append_c(&why, "it could not be run");
    } else if (gate->loading.count > 0) {
        buf_printf(&why, "%zu error%s", gate->loading.count, gate->loading.count == 1 ? "" : "s");
    } else if (unasked > 0) {
        buf_printf(&why, "%zu of %zu unit%s could not be loaded: %s", unasked, units,
            units == 1 ? "" : "s", trouble == NULL ? "its engine is not there" : trouble);
    } else {
        buf_printf(&why, units == 0 ? "nothing to load" : "%zu unit%s", units,
            units == 1 ? " loads" : "s load");
    }
    report_set_part(&gate->report, REPORT_LOADING, status, units, why.ptr);
    buf_free(&why);
}

/* "3 findings, 1 of them fails" */
static void say_findings(
    struct buf *why, size_t all, size_t failing, size_t looked_at, const char *what)
{
    buf_printf(why, "%zu finding%s in %zu %s%s", all, all == 1 ? "" : "s", looked_at, what,
        looked_at == 1 ? "" : "s");
    if (failing > 0) {
        buf_printf(why, ", %zu fail", failing);
    }
}

static void judge_strict(struct gate *gate, const struct run_plan *plan)
{
    struct buf why = BUF_INIT;
    size_t units = 0;
    for (size_t i = 0; plan != NULL && i < plan->units.len; i++) {
        const struct plan_unit *unit = &plan->units.items[i];
        units += unit->included && unit->engine == NULL && unit->trouble == NULL;
    }
    bool asked = gate->report.trouble == NULL;
    enum result_status status = !asked                     ? RESULT_NOT_EVALUATED
                                : units == 0               ? RESULT_SKIPPED
                                : gate->strict_failed      ? RESULT_ERROR
                                : gate->strict.failing > 0 ? RESULT_FAIL
                                                           : RESULT_PASS;
    if (asked && units > 0) {
        say_findings(&why, gate->strict.count, gate->strict.failing, units, "unit");
    } else {
        buf_append_c(&why, asked ? "no Rego that opa runs" : "it could not be run");
    }
    report_set_part(&gate->report, REPORT_STRICT, status, units, why.ptr);
    buf_free(&why);
}

static void judge_findings(struct gate *gate, enum report_part part,
    const struct findings *findings, size_t looked_at, const char *what)
{
    struct buf why = BUF_INIT;
    bool guards = part == REPORT_GUARDS;
    size_t all = findings->len + (guards ? gate->decided : 0);
    size_t failing = guards ? gate->decided_failing : 0;
    VEC_FOREACH (const struct finding, finding, findings) {
        failing += finding->severity >= gate->fails;
    }
    enum result_status status = failing > 0                  ? RESULT_FAIL
                                : looked_at == 0 && all == 0 ? RESULT_SKIPPED
                                                             : RESULT_PASS;
    say_findings(&why, all, failing, looked_at, what);
    if (guards && gate->report.trouble != NULL) {
        status = status == RESULT_FAIL ? status : RESULT_NOT_EVALUATED;
        buf_append_c(&why, "; those that read decisions could not be run");
    } else if (guards && gate->undecided.len > 0) {
        status = status == RESULT_FAIL ? status : RESULT_NOT_EVALUATED;
        buf_printf(&why, "; %s", gate->undecided.ptr);
    }
    report_set_part(&gate->report, part, status, looked_at, why.ptr);
    buf_free(&why);
}

/* How many of the files this is about. */
static size_t count_own(const struct gate *gate, const struct gate_paths *paths)
{
    size_t count = 0;
    VEC_FOREACH (char *, path, paths) {
        count +=
            gate_scope_changed(&gate->scope, *path) && gate_scope_has_file(&gate->scope, *path);
    }
    return count;
}

static void judge_static(struct gate *gate)
{
    if (!gate->ok) {
        report_set_part(&gate->report, REPORT_GUARDS, RESULT_ERROR, 0, gate->err.text);
        report_set_part(&gate->report, REPORT_TEMPLATES, RESULT_ERROR, 0, gate->err.text);
        return;
    }
    judge_findings(
        gate, REPORT_GUARDS, &gate->now.guards, count_own(gate, &gate->now.files), "file");
    judge_findings(gate, REPORT_TEMPLATES, &gate->now.templates,
        count_own(gate, &gate->now.layouts), "template");
    if (gate->now.uncompared > 0) {
        gate->report.parts[REPORT_TEMPLATES].status = RESULT_ERROR;
    }
}

void gate_collect_coverage(const struct gate *gate, struct coverage *out)
{
    const struct coverage *all = gate->run_ended ? runner_coverage(gate->runner) : NULL;
    for (size_t i = 0; all != NULL && i < all->len; i++) {
        if (gate_scope_knows_coverage(&gate->scope, all->items[i].path)) {
            struct coverage one = {.items = &all->items[i], .len = 1};
            coverage_merge(out, &one);
        }
    }
    if (all != NULL) { /* what it does not know */
        coverage_merge(out,
            &(struct coverage){
                .unknown = all->unknown, .anything = all->anything, .incomplete = all->incomplete});
    }
    coverage_finish(out);
}

static void judge_coverage(struct gate *gate)
{
    struct coverage judged = {0};
    gate_collect_coverage(gate, &judged);
    if (gate->scope.shards == 0 && gate->report.trouble != NULL) {
        coverage_free(&judged);
        report_set_part(&gate->report, REPORT_COVERAGE,
            gate->threshold > 0 ? RESULT_NOT_EVALUATED : RESULT_SKIPPED, 0,
            gate->threshold > 0 ? "it could not be run" : "not asked for");
        return;
    }
    if (gate->scope.shards == 0) {
        size_t before = gate->report.findings.len;
        report_judge_coverage(&gate->report, &judged, gate->threshold);
        if (gate->report.findings.len > before && gate->events.finding != NULL) {
            gate->events.finding(gate->events.data, &gate->report.findings.items[before]);
        }
        return;
    }
    gate->report.threshold = gate->threshold;
    gate->report.coverage_incomplete = judged.incomplete;
    gate->report.covered = judged;
    report_set_part(&gate->report, REPORT_COVERAGE, RESULT_SKIPPED, 0,
        gate->threshold > 0 ? "is judged when the shards are joined" : "not asked for");
}

void gate_judge(struct gate *gate)
{
    judge_tests(gate);
    judge_loading(gate);
    judge_strict(gate, runner_plan(gate->runner));
    judge_static(gate);
    judge_coverage(gate);
}
