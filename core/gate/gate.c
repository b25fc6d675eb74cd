#include "gate/gate_private.h"

#include "base/vec.h"

#include <stdlib.h>

bool gate_has_base(const struct gate *gate)
{
    return gate->base != NULL || gate->before != NULL;
}

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
    buf_free(&gate->undecided);
    free(gate);
}

/* ---- what comes of the parts ---- */

/* As it is told: an error where it fails the check. */
static struct finding weighed(const struct gate *gate, const struct finding *finding)
{
    struct finding own = finding_copy(finding);
    own.severity = own.severity >= gate->fails ? SEVERITY_ERROR : own.severity;
    return own;
}

static void take_finding(struct gate *gate, const struct finding *finding)
{
    struct finding own = weighed(gate, finding);
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

/* ---- the end ---- */

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
    gate_judge(gate);
    take_scope(gate);
    gate->report.opa = mem_strdup(runner_engine_version(gate->runner));
    gate->report.wall_us = loop_now_us() - gate->started_us;
    gate->report.verdict = report_judge(&gate->report);
    gate->events.done(gate->events.data, &gate->report);
}

static void on_decided(void *data, const struct decided *decided)
{
    struct gate *gate = data;
    VEC_FOREACH (const struct decided_gap, gap, &decided->gaps) {
        buf_printf(&gate->undecided, "%s%s not evaluated in full: %s",
            gate->undecided.len > 0 ? "; " : "", gap->guards.ptr, gap->why);
    }
    VEC_FOREACH (const struct finding, finding, &decided->findings) {
        count(&gate->decided, &gate->decided_failing, gate, finding->severity);
        take_finding(gate, finding);
    }
    VEC_FOREACH (const struct finding, finding, &decided->awaited) {
        VEC_PUSH(&gate->report.awaited, weighed(gate, finding));
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
    bool may = !gate_has_base(gate);
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
    bool limited = gate_has_base(gate) && plan != NULL;
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

/* Of shards the first decides about all fixtures, and says what is to be said of rules that none
 * reaches; each looks at its own tests. */
static void start_deciding(struct gate *gate)
{
    struct coverage known = {0};
    struct wish_paths changed = {0};
    struct wish_paths affected = {0};
    bool later = gate->scope.shard > 1;
    gate->decide_ended = gate->report.trouble != NULL || !may_decide_otherwise(gate);
    if (gate->decide_ended) {
        return;
    }
    if (gate->scope.shards == 0) {
        gate_collect_coverage(gate, &known);
    }
    bool limited = list_affected(gate, &changed, &affected);
    struct decide_given given = {.results = &gate->report.results,
        .coverage = &known,
        .awaits = gate->scope.shard == 1 && gate->threshold > 0,
        .no_fixtures = later,
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

/* What was so before: with an index of its own, for the folder's stays as it is. */
static void subtract_before(struct gate *gate, const char *before)
{
    struct policy_index *index = policy_index_new();
    gate->ok = gate_static_read_before(index, before, gate->root, &gate->now, is_changed,
        &gate->scope, &gate->stop, &gate->then, &gate->err);
    gate_static_subtract(&gate->now.guards, &gate->then.guards, is_changed, &gate->scope);
    gate_static_subtract(&gate->now.templates, &gate->then.templates, is_changed, &gate->scope);
    policy_index_free(index);
}

static void read_work(void *data)
{
    struct gate *gate = data;
    const char *before = gate->scope.base_folder;
    gate->ok =
        gate_static_read(gate->index, gate->root, before, &gate->stop, &gate->now, &gate->err);
    if (gate->ok && before != NULL) {
        subtract_before(gate, before);
    }
    gate_static_keep(&gate->now.guards, has_file, &gate->scope);
    gate_static_keep(&gate->now.templates, has_file, &gate->scope);
}

static void read_done(void *data, bool cancelled)
{
    (void)cancelled;
    struct gate *gate = data;
    gate->read_ended = true;
    if (!gate->closing && !gate->told) {
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

static void start_job(struct gate *gate, void (*work)(void *), void (*done)(void *, bool))
{
    gate->references++;
    loop_work_start(gate->loop, work, done, gate);
}

static void start_runner(struct gate *gate)
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
}

/* ---- the base ----
 *
 * It is laid while the folder is read. Then what depends on a change is found, and the guards look
 * at the folder meanwhile; the run comes last. */

static void fail_base(struct gate *gate)
{
    atomic_store(&gate->stop, true);
    gate->told = true;
    take_scope(gate);
    gate->report.trouble = mem_strdup(gate->base_err.text);
    gate->report.verdict = RESULT_NOT_EVALUATED;
    gate->events.done(gate->events.data, &gate->report);
}

static void plan_work(void *data)
{
    struct gate *gate = data;
    gate->base_ok =
        gate_scope_read_base(&gate->scope, gate->scope.base_folder, &gate->stop, &gate->base_err);
}

static void plan_done(void *data, bool cancelled)
{
    (void)cancelled;
    struct gate *gate = data;
    if (!gate->closing && gate->base_ok) {
        start_runner(gate);
    } else if (!gate->closing) {
        fail_base(gate);
    }
    gate_release(gate);
}

static void compare(struct gate *gate)
{
    if (!gate->closing && gate->laid && gate->scanned) {
        start_job(gate, plan_work, plan_done);
        start_job(gate, read_work, read_done);
    }
}

static void base_work(void *data)
{
    struct gate *gate = data;
    struct gate_scope *scope = &gate->scope;
    gate->base_ok =
        gate->before != NULL ||
        (past_tree_find(gate->root, gate->base, &scope->past, &gate->base_err) &&
            scratch_make(&gate->scratch, &gate->base_err) &&
            past_tree_lay(gate->root, &scope->past, gate->scratch.folder, &gate->base_err));
    if (gate->base_ok) {
        scope->base_folder = mem_strdup(gate->before != NULL ? gate->before : gate->scratch.folder);
    }
}

static void base_done(void *data, bool cancelled)
{
    (void)cancelled;
    struct gate *gate = data;
    gate->laid = gate->base_ok;
    if (!gate->closing && !gate->base_ok) {
        fail_base(gate);
    }
    compare(gate);
    gate_release(gate);
}

/* Where it fails, reading the folder does, which says so. */
static void scan_work(void *data)
{
    struct gate *gate = data;
    struct err err;
    (void)!policy_index_scan(gate->index, gate->root, &gate->stop, &err);
}

static void scan_done(void *data, bool cancelled)
{
    (void)cancelled;
    struct gate *gate = data;
    gate->scanned = true;
    compare(gate);
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
    if (!gate_has_base(gate)) {
        start_runner(gate);
        start_job(gate, read_work, read_done);
    } else {
        start_job(gate, base_work, base_done);
        start_job(gate, scan_work, scan_done);
    }
    return gate;
}

void gate_free(struct gate *gate)
{
    if (gate == NULL) {
        return;
    }
    gate->closing = true;
    atomic_store(&gate->stop, true);
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
