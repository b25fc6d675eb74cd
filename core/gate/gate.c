#include "gate/gate.h"

#include "base/vec.h"
#include "evidence/decide.h"
#include "gate/gate_scope.h"
#include "gate/gate_static.h"
#include "workspace/scratch.h"

#include <stdlib.h>

struct gate {
    struct loop *loop;
    struct gate_events events;
    unsigned references; /* the owner, each job, the run */
    bool closing;
    char *root, *base, *before;
    double threshold;
    enum severity fails;
    bool offline;

    /* A job's until it is done. */
    struct scratch scratch;
    struct gate_scope scope;
    /* Of the base, then of the folder. Kept to the end: what others read of the folder afterwards,
     * they find in it (policy/facts_pool.h). */
    struct policy_index *index;
    struct gate_static now, then;
    struct err err;
    bool ok;

    struct runner *runner;
    struct report report;
    struct decide *deciding;
    size_t decided, decided_failing;
    char *undecided; /* why the engines could not decide about fixtures */
    bool run_ended, read_ended, decide_ended, told;
    struct {
        size_t count, failing;
    } strict, loading, other;
    bool strict_failed;
    uint64_t started_us;
};

static void gate_release(struct gate *gate)
{
    if (--gate->references > 0) {
        return;
    }
    scratch_remove(&gate->scratch);
    policy_index_free(gate->index);
    gate_scope_free(&gate->scope);
    gate_static_free(&gate->now);
    gate_static_free(&gate->then);
    report_free(&gate->report);
    free(gate->root);
    free(gate->base);
    free(gate->before);
    free(gate->undecided);
    free(gate);
}

/* ---- what comes of the parts ---- */

/* As it is told: an error where it fails the check. */
static void take_finding(struct gate *gate, const struct finding *finding)
{
    struct finding own = finding_copy(finding);
    own.severity = own.severity >= gate->fails ? SEVERITY_ERROR : own.severity;
    VEC_PUSH(&gate->report.findings, own);
    if (gate->events.finding != NULL) {
        gate->events.finding(gate->events.data, &own);
    }
}

static void count(size_t *all, size_t *failing, const struct gate *gate, enum severity severity)
{
    (*all)++;
    *failing += severity >= gate->fails;
}

static void on_finding(void *data, unsigned generation, const struct finding *finding)
{
    (void)generation;
    struct gate *gate = data;
    if (strcmp(finding->rule, RUNNER_STRICT_RULE) == 0) {
        count(&gate->strict.count, &gate->strict.failing, gate, finding->severity);
        gate->strict_failed = gate->strict_failed || finding->severity == SEVERITY_ERROR;
    } else if (finding->severity == SEVERITY_ERROR) {
        count(&gate->loading.count, &gate->loading.failing, gate, finding->severity);
    } else {
        count(&gate->other.count, &gate->other.failing, gate, finding->severity);
    }
    take_finding(gate, finding);
}

static void on_planned(void *data, unsigned generation, const struct run_plan *plan)
{
    (void)generation;
    struct gate *gate = data;
    if (gate->events.planned != NULL) {
        gate->events.planned(gate->events.data, plan);
    }
}

static void on_result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t row_count)
{
    (void)generation;
    struct gate *gate = data;
    report_add(&gate->report, rows, row_count);
    if (gate->events.result != NULL) {
        gate->events.result(gate->events.data, test, rows, row_count);
    }
}

static void on_progress(void *data, unsigned generation, size_t done, size_t total)
{
    (void)generation;
    struct gate *gate = data;
    if (gate->events.progress != NULL) {
        gate->events.progress(gate->events.data, done, total);
    }
}

static void on_explained(
    void *data, unsigned generation, size_t test, const char *message, const char *detail)
{
    (void)generation;
    struct gate *gate = data;
    const struct plan_test *known = &runner_plan(gate->runner)->tests.items[test];
    report_explain(&gate->report, known->suite, known->name, message, detail);
    if (gate->events.explained != NULL) {
        gate->events.explained(gate->events.data, test, message, detail);
    }
}

static void on_done(void *data, unsigned generation, const struct run_summary *summary)
{
    (void)generation;
    struct gate *gate = data;
    gate->report.trouble = mem_strdup(summary->trouble);
    gate->report.tally = summary->tally;
}

/* ---- the verdict ---- */

static bool has_base(const struct gate *gate)
{
    return gate->base != NULL || gate->before != NULL;
}

static bool is_limited(const struct gate *gate)
{
    return has_base(gate) || gate->scope.shards > 0;
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

static void judge_loading(struct gate *gate)
{
    size_t units = gate->scope.own;
    struct buf why = BUF_INIT;
    enum result_status status = gate->loading.count > 0 ? RESULT_ERROR
                                : units == 0            ? RESULT_SKIPPED
                                                        : RESULT_PASS;
    if (gate->report.trouble != NULL) {
        status = RESULT_NOT_EVALUATED;
        buf_append_c(&why, "it could not be run");
    } else if (gate->loading.count > 0) {
        buf_printf(&why, "%zu error%s", gate->loading.count, gate->loading.count == 1 ? "" : "s");
    } else {
        buf_printf(
            &why, units == 0 ? "nothing to load" : "%zu unit%s load", units, units == 1 ? "" : "s");
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
    if (guards && gate->undecided != NULL && status != RESULT_FAIL) {
        status = RESULT_NOT_EVALUATED;
        buf_printf(&why, "; fixtures were not decided about: %s", gate->undecided);
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

/* Of the files whose every test was among those that ran. */
static void collect_coverage(const struct gate *gate, struct coverage *out)
{
    const struct coverage *all = gate->run_ended ? runner_coverage(gate->runner) : NULL;
    for (size_t i = 0; all != NULL && i < all->len; i++) {
        if (gate_scope_knows_coverage(&gate->scope, all->items[i].path)) {
            struct coverage one = {.items = &all->items[i], .len = 1};
            coverage_merge(out, &one);
        }
    }
    coverage_finish(out);
    out->incomplete = all != NULL && all->incomplete;
}

static void judge_coverage(struct gate *gate)
{
    struct coverage judged = {0};
    collect_coverage(gate, &judged);
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

static void take_scope(struct gate *gate)
{
    struct report_scope *scope = &gate->report.scope;
    struct gate_scope *own = &gate->scope;
    scope->base = own->past.id[0] == '\0' ? NULL : mem_strdup(own->past.id);
    scope->why = own->why;
    scope->shard = own->shard;
    scope->count = own->shards;
    scope->units = own->own;
    scope->of = own->affected;
    memcpy(scope->plan, own->plan, sizeof scope->plan);
    scope->names = own->names;
    own->why = NULL;
    own->names = (struct report_units){0};
}

static void finish(struct gate *gate)
{
    if (gate->closing || gate->told || !gate->run_ended || !gate->read_ended ||
        !gate->decide_ended) {
        return;
    }
    gate->told = true;
    judge_tests(gate);
    judge_loading(gate);
    judge_strict(gate, runner_plan(gate->runner));
    judge_static(gate);
    judge_coverage(gate);
    take_scope(gate);
    gate->report.opa = mem_strdup(runner_engine_version(gate->runner));
    gate->report.wall_us = loop_now_us() - gate->started_us;
    gate->report.verdict = report_judge(&gate->report);
    gate->events.done(gate->events.data, &gate->report);
}

static void on_decided(void *data, const struct findings *findings, const char *trouble)
{
    struct gate *gate = data;
    gate->undecided = mem_strdup(trouble);
    VEC_FOREACH (const struct finding, finding, findings) {
        count(&gate->decided, &gate->decided_failing, gate, finding->severity);
        take_finding(gate, finding);
    }
    gate->decide_ended = true;
    finish(gate);
}

static void on_deciding(void *data, size_t done, size_t total)
{
    struct gate *gate = data;
    if (gate->events.deciding != NULL) {
        gate->events.deciding(gate->events.data, done, total);
    }
}

static bool is_settings(const char *path)
{
    return str_starts(str_of(path), ".bylaw/");
}

/* Something changed that a policy or a fixture may be. */
static bool may_decide_otherwise(const struct gate *gate)
{
    static const char *const ends[] = {".rego", ".yaml", ".yml", ".json", ".cedar"};
    bool may = !has_base(gate);
    VEC_FOREACH (const struct past_change, change, &gate->scope.past.changes) {
        for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
            may = may || str_ends(str_of(change->path), ends[i]);
        }
        may = may || is_settings(change->path);
    }
    return may;
}

/* The files that differ, and all that units load which depend on one. False: everything is looked
 * at. */
static bool list_affected(
    const struct gate *gate, struct wish_paths *changed, struct wish_paths *affected)
{
    const struct run_plan *plan = runner_plan(gate->runner);
    bool limited = has_base(gate) && plan != NULL;
    VEC_FOREACH (const struct past_change, change, &gate->scope.past.changes) {
        limited = limited && !is_settings(change->path);
        wish_paths_add(changed, change->path);
        wish_paths_add(changed, change->before);
    }
    for (size_t i = 0; limited && i < plan->units.len; i++) {
        const struct plan_unit *unit = &plan->units.items[i];
        for (size_t k = 0; unit->included && k < unit->files.len; k++) {
            wish_paths_add(affected, plan->files.items[unit->files.items[k]].path);
        }
    }
    return limited;
}

/* Fixtures are the first shard's: one decision about all of them. */
static void start_deciding(struct gate *gate)
{
    struct coverage known = {0};
    struct wish_paths changed = {0};
    struct wish_paths affected = {0};
    gate->decide_ended =
        gate->scope.shard > 1 || gate->report.trouble != NULL || !may_decide_otherwise(gate);
    if (gate->decide_ended) {
        return;
    }
    if (gate->scope.shards == 0) {
        collect_coverage(gate, &known);
    }
    bool limited = list_affected(gate, &changed, &affected);
    struct decide_given given = {.results = &gate->report.results,
        .coverage = &known,
        .changed = limited ? &changed : NULL,
        .affected = limited ? &affected : NULL,
        .progress = on_deciding};
    gate->deciding = decide_start_with(gate->loop, gate->root, &given, on_decided, gate);
    wish_paths_free(&changed);
    wish_paths_free(&affected);
    coverage_free(&known);
}

static void on_settled(void *data, unsigned generation)
{
    (void)generation;
    struct gate *gate = data;
    gate->run_ended = true;
    start_deciding(gate);
    finish(gate);
}

/* ---- the jobs ---- */

static void release_data(void *data)
{
    gate_release(data);
}

static void choose(void *data, struct run_plan *plan)
{
    struct gate *gate = data;
    gate_scope_choose(&gate->scope, plan);
}

static bool has_file(void *data, const char *path)
{
    return gate_scope_has_file(data, path);
}

static bool is_changed(void *data, const char *path)
{
    return gate_scope_changed(data, path);
}

static void read_work(void *data)
{
    struct gate *gate = data;
    const char *before = gate->scope.base_folder;
    gate->ok = gate_static_read(gate->index, gate->root, before, &gate->now, &gate->err);
    if (gate->ok && before != NULL) {
        gate->ok = gate_static_read_before(gate->index, before, gate->root, &gate->now, is_changed,
            &gate->scope, &gate->then, &gate->err);
        gate_static_subtract(&gate->now.guards, &gate->then.guards, is_changed, &gate->scope);
        gate_static_subtract(&gate->now.templates, &gate->then.templates, is_changed, &gate->scope);
    }
    gate_static_keep(&gate->now.guards, has_file, &gate->scope);
    gate_static_keep(&gate->now.templates, has_file, &gate->scope);
}

static void read_done(void *data, bool cancelled)
{
    (void)cancelled;
    struct gate *gate = data;
    gate->read_ended = true;
    if (!gate->closing) {
        VEC_FOREACH (const struct finding, finding, &gate->now.guards) {
            take_finding(gate, finding);
        }
        VEC_FOREACH (const struct finding, finding, &gate->now.templates) {
            take_finding(gate, finding);
        }
        finish(gate);
    }
    gate_release(gate);
}

static void start_both(struct gate *gate)
{
    struct runner_events events = {.data = gate,
        .planned = on_planned,
        .result = on_result,
        .finding = on_finding,
        .progress = on_progress,
        .done = on_done,
        .explained = on_explained,
        .settled = on_settled};
    struct run_options options = {.root = gate->root,
        .scope = RUN_ALL,
        .offline = gate->offline,
        .coverage = gate->threshold > 0,
        .strict = true,
        .explain_max = GATE_EXPLAIN_MAX,
        .choose = choose,
        .choose_free = release_data,
        .choose_data = gate};
    gate->references++;
    gate->runner = runner_new(gate->loop, &engine_opa, &events);
    runner_start(gate->runner, &options);
    gate->references++;
    loop_work_start(gate->loop, read_work, read_done, gate);
}

static void base_work(void *data)
{
    struct gate *gate = data;
    if (gate->before != NULL) {
        gate->ok = gate_scope_read_base_with(&gate->scope, gate->index, gate->before, &gate->err);
        return;
    }
    gate->ok =
        past_tree_find(gate->root, gate->base, &gate->scope.past, &gate->err) &&
        scratch_make(&gate->scratch, &gate->err) &&
        past_tree_lay(gate->root, &gate->scope.past, gate->scratch.folder, &gate->err) &&
        gate_scope_read_base_with(&gate->scope, gate->index, gate->scratch.folder, &gate->err);
}

static void base_done(void *data, bool cancelled)
{
    (void)cancelled;
    struct gate *gate = data;
    if (!gate->closing && gate->ok) {
        start_both(gate);
    } else if (!gate->closing) {
        gate->told = true;
        take_scope(gate);
        gate->report.trouble = mem_strdup(gate->err.text);
        gate->report.verdict = RESULT_NOT_EVALUATED;
        gate->events.done(gate->events.data, &gate->report);
    }
    gate_release(gate);
}

struct gate *gate_start(
    struct loop *loop, const struct gate_options *options, const struct gate_events *events)
{
    struct gate *gate = MEM_NEW(struct gate);
    gate->loop = loop;
    gate->events = *events;
    gate->references = 1;
    gate->started_us = loop_now_us();
    gate->index = policy_index_new();
    gate->root = mem_strdup(options->root);
    gate->base = mem_strdup(options->base);
    gate->before = mem_strdup(options->before);
    for (size_t i = 0; i < options->changed_count; i++) {
        VEC_PUSH(&gate->scope.past.changes,
            (struct past_change){.path = mem_strdup(options->changed[i]), .kind = PAST_CHANGED});
    }
    gate->threshold = options->threshold;
    gate->fails = options->fails;
    gate->offline = options->offline;
    gate->scope.shard = options->shard;
    gate->scope.shards = options->shards;
    if (!has_base(gate)) {
        start_both(gate);
    } else {
        gate->references++;
        loop_work_start(loop, base_work, base_done, gate);
    }
    return gate;
}

void gate_free(struct gate *gate)
{
    if (gate == NULL) {
        return;
    }
    gate->closing = true;
    decide_free(gate->deciding);
    gate->deciding = NULL;
    runner_free(gate->runner);
    gate->runner = NULL;
    gate_release(gate);
}

const char *gate_engine_version(const struct gate *gate)
{
    return gate->runner == NULL ? NULL : runner_engine_version(gate->runner);
}
