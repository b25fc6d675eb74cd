#include "agent/checks.h"

#include "base/vec.h"
#include "policy/names.h"

#include <stdlib.h>

enum { EXPLAIN_MAX = 8 };

/* The rows of one test among those that are kept. */
struct group {
    size_t test; /* in the last plan; SIZE_MAX: not in it */
    size_t row, count;
    uint32_t file; /* among the names; NAME_NONE: its rows say none */
};

struct checks {
    struct runner *runner;
    void (*changed)(void *data);
    void *data;
    enum checks_state state;
    struct results results;
    struct findings findings;
    struct {
        struct group *items;
        size_t len, cap;
    } groups;           /* of the results, in their order */
    struct names files; /* of the groups */
    size_t *of_test;    /* by place in the plan: its group, NOT_MEANT, or SIZE_MAX */
    size_t planned;
    size_t told_from;
    char *root;
    char *cache_of;
    bool is_kept;  /* what is kept is what was told last of root */
    bool is_part;  /* the rest of the run is still to come */
    bool affected; /* the run is of what changed */
    bool preparing;
    struct tally tally;
    enum result_status verdict;
    size_t ended, total;
    char *trouble;
    bool has_coverage;
    struct checks_choice choice; /* choose NULL: all run */
    unsigned generation;         /* of the runner's, that is kept */
    bool settled;
};

/* A test that was taken out of what runs: it lacks nothing. */
#define NOT_MEANT ((size_t)-2)

static void tell(struct checks *checks)
{
    checks->changed(checks->data);
}

/* ---- rows ---- */

static void drop_rows(struct checks *checks, const struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        result_free(&checks->results.items[group->row + i]);
    }
    if (group->file != NAME_NONE) {
        names_release(&checks->files, group->file);
    }
}

static void take_away(struct checks *checks, size_t place)
{
    struct group gone = checks->groups.items[place];
    drop_rows(checks, &gone);
    size_t after = gone.row + gone.count;
    memmove(&checks->results.items[gone.row], &checks->results.items[after],
        (checks->results.len - after) * sizeof *checks->results.items);
    checks->results.len -= gone.count;
    VEC_REMOVE(&checks->groups, place);
    for (size_t i = place; i < checks->groups.len; i++) {
        struct group *group = &checks->groups.items[i];
        group->row -= gone.count;
        if (group->test < checks->planned) {
            checks->of_test[group->test] = i;
        }
    }
}

/* By number among the files' names: all that was told of it is told again. NULL: the plan is of
 * all. */
static bool *find_replaced(const struct checks *checks, const struct run_plan *plan)
{
    bool *replaced = plan->part ? mem_zalloc(checks->files.len + 1) : NULL;
    for (size_t i = 0; plan->part && i < plan->replaced.len; i++) {
        uint32_t file = names_find(&checks->files, str_of(plan->replaced.items[i]));
        if (file != NAME_NONE) {
            replaced[file] = true;
        }
    }
    return replaced;
}

/* Stays as it was told: it is known to the plan and does not run, or the plan says nothing of it
 * (a part holds no test of other files than it replaces). */
static bool is_kept(const struct checks *checks, const struct run_plan *plan, const bool *replaced,
    struct group *group)
{
    group->test = (size_t)-1;
    if (replaced != NULL && (group->file == NAME_NONE || !replaced[group->file])) {
        return true;
    }
    group->test = plan_find_test(plan, &checks->results.items[group->row]);
    return group->test != (size_t)-1 && !plan->tests.items[group->test].included;
}

/* To where those before it end, which is where it is while none of them went. */
static void move_rows(struct checks *checks, struct group *group, size_t to)
{
    if (group->row != to) {
        memmove(&checks->results.items[to], &checks->results.items[group->row],
            group->count * sizeof *checks->results.items);
        group->row = to;
    }
}

static void keep_for(struct checks *checks, const struct run_plan *plan)
{
    size_t rows = 0;
    size_t kept = 0;
    free(checks->of_test);
    checks->planned = plan->tests.len;
    checks->of_test = mem_alloc((plan->tests.len + 1) * sizeof *checks->of_test);
    memset(checks->of_test, 0xff, (plan->tests.len + 1) * sizeof *checks->of_test);
    for (size_t i = 0; checks->choice.choose != NULL && i < plan->tests.len; i++) {
        checks->of_test[i] = plan->tests.items[i].included ? (size_t)-1 : NOT_MEANT;
    }
    bool *replaced = find_replaced(checks, plan);
    for (size_t i = 0; i < checks->groups.len; i++) {
        struct group group = checks->groups.items[i];
        if (!is_kept(checks, plan, replaced, &group)) {
            drop_rows(checks, &group);
            continue;
        }
        move_rows(checks, &group, rows);
        rows += group.count;
        if (group.test != (size_t)-1) {
            checks->of_test[group.test] = kept;
        }
        checks->groups.items[kept++] = group;
    }
    free(replaced);
    checks->groups.len = kept;
    checks->results.len = rows;
    plan_drop_findings(plan, &checks->findings);
}

static void on_planned(void *data, unsigned generation, const struct run_plan *plan)
{
    (void)generation;
    struct checks *checks = data;
    keep_for(checks, plan);
    bool follows = checks->is_part; /* what the part told is told by this run */
    checks->is_part = plan->part;
    checks->is_kept = true;
    if (!follows) {
        checks->told_from = checks->results.len;
    }
    checks->told_from =
        checks->told_from > checks->results.len ? checks->results.len : checks->told_from;
    tell(checks);
}

static void on_result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t count)
{
    (void)generation;
    struct checks *checks = data;
    bool foreseen = test < checks->planned;
    if (foreseen && checks->of_test[test] < checks->groups.len) {
        take_away(checks, checks->of_test[test]);
    }
    if (foreseen) {
        checks->of_test[test] = checks->groups.len;
    }
    uint32_t file =
        rows[0].file == NULL ? NAME_NONE : names_hold(&checks->files, str_of(rows[0].file));
    VEC_PUSH(&checks->groups,
        (struct group){foreseen ? test : (size_t)-1, checks->results.len, count, file});
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&checks->results, result_copy(&rows[i]));
    }
    tell(checks);
}

static void on_finding(void *data, unsigned generation, const struct finding *finding)
{
    (void)generation;
    struct checks *checks = data;
    (void)findings_add(&checks->findings, finding);
    tell(checks);
}

static void on_progress(void *data, unsigned generation, size_t done, size_t total)
{
    (void)generation;
    struct checks *checks = data;
    checks->ended = done;
    checks->total = total;
    tell(checks);
}

/* Over all that is kept: a run of what changed tells but some of it. */
static void sum_up(struct checks *checks)
{
    checks->tally = results_tally(&checks->results);
    for (size_t i = 0; i < checks->planned; i++) {
        checks->tally.count[RESULT_NOT_EVALUATED] += checks->of_test[i] == (size_t)-1;
    }
    checks->verdict = tally_verdict(&checks->tally);
    VEC_FOREACH (const struct finding, finding, &checks->findings) {
        checks->verdict = finding->severity == SEVERITY_ERROR ? RESULT_ERROR : checks->verdict;
    }
    if (checks->trouble != NULL && checks->verdict == RESULT_PASS) {
        checks->verdict = RESULT_NOT_EVALUATED;
    }
}

static bool is_all_told(const struct checks *checks)
{
    for (size_t i = 0; i < checks->planned; i++) {
        if (checks->of_test[i] == (size_t)-1) {
            return false;
        }
    }
    return true;
}

static void on_done(void *data, unsigned generation, const struct run_summary *summary)
{
    (void)generation;
    struct checks *checks = data;
    if (checks->preparing) {
        checks->preparing = false;
        return;
    }
    free(checks->trouble);
    checks->trouble = mem_strdup(summary->trouble);
    if (checks->is_part && summary->trouble == NULL) {
        tell(checks);
        return;
    }
    if (checks->state == CHECKS_RUNNING && checks->affected && summary->trouble == NULL &&
        !is_all_told(checks)) { /* a test that came back as it was before it went */
        char *root = mem_strdup(checks->root);
        checks_start(checks, root);
        free(root);
        return;
    }
    sum_up(checks);
    if (checks->state == CHECKS_RUNNING) {
        checks->state = CHECKS_DONE;
    }
    tell(checks);
}

static void on_explained(
    void *data, unsigned generation, size_t test, const char *message, const char *detail)
{
    (void)generation;
    struct checks *checks = data;
    size_t place = test < checks->planned ? checks->of_test[test] : (size_t)-1;
    if (place >= checks->groups.len) {
        return;
    }
    struct result *row = &checks->results.items[checks->groups.items[place].row];
    free(row->message);
    free(row->detail);
    row->message = mem_strdup(message);
    row->detail = mem_strdup(detail);
    tell(checks);
}

static void on_coverage(void *data, unsigned generation, const struct coverage *coverage)
{
    (void)generation;
    (void)coverage;
    struct checks *checks = data;
    checks->has_coverage = true;
    tell(checks);
}

static void on_settled(void *data, unsigned generation)
{
    struct checks *checks = data;
    if (generation == checks->generation) {
        checks->settled = true;
        tell(checks);
    }
}

struct checks *checks_new(struct loop *loop, void (*changed)(void *data), void *data)
{
    struct checks *checks = MEM_NEW(struct checks);
    checks->changed = changed;
    checks->data = data;
    struct runner_events events = {
        .data = checks,
        .planned = on_planned,
        .planned_part = on_planned,
        .result = on_result,
        .finding = on_finding,
        .progress = on_progress,
        .done = on_done,
        .explained = on_explained,
        .coverage = on_coverage,
        .settled = on_settled,
    };
    checks->runner = runner_new(loop, &engine_opa, &events);
    return checks;
}

static void drop(struct checks *checks)
{
    results_free(&checks->results);
    findings_free(&checks->findings);
    VEC_FREE(&checks->groups);
    names_free(&checks->files);
    free(checks->of_test);
    checks->of_test = NULL;
    checks->planned = 0;
    checks->told_from = 0;
    checks->is_kept = checks->is_part = checks->affected = checks->preparing = false;
    free(checks->trouble);
    checks->trouble = NULL;
    checks->tally = (struct tally){0};
    checks->verdict = RESULT_NOT_EVALUATED;
    checks->ended = checks->total = 0;
    checks->has_coverage = false;
}

void checks_free(struct checks *checks)
{
    if (checks == NULL) {
        return;
    }
    runner_free(checks->runner);
    drop(checks);
    free(checks->root);
    free(checks->cache_of);
    free(checks);
}

void checks_keep_results(struct checks *checks, const char *workspace)
{
    free(checks->cache_of);
    checks->cache_of = mem_strdup(workspace);
}

static void set_root(struct checks *checks, const char *root)
{
    char *copy = mem_strdup(root); /* which may be our own */
    free(checks->root);
    checks->root = copy;
}

void checks_choose(struct checks *checks, const struct checks_choice *choice)
{
    checks->choice = *choice;
}

void checks_start(struct checks *checks, const char *root)
{
    drop(checks);
    set_root(checks, root);
    checks->state = CHECKS_RUNNING;
    struct run_options options = {.root = root,
        .scope = RUN_ALL,
        .cached = checks->choice.choose == NULL,
        .cache_of = checks->cache_of,
        .offline = true,
        .coverage = true,
        .explain_max = EXPLAIN_MAX,
        .choose = checks->choice.choose,
        .choose_free = checks->choice.release,
        .choose_data = checks->choice.data};
    if (checks->choice.hold != NULL) {
        checks->choice.hold(checks->choice.data);
    }
    checks->settled = false;
    checks->generation = runner_start(checks->runner, &options);
    tell(checks);
}

void checks_prepare(struct checks *checks, const char *root)
{
    drop(checks);
    set_root(checks, root);
    checks->state = CHECKS_NONE;
    checks->preparing = true;
    struct run_options options = {.root = root, .scope = RUN_PATHS, .offline = true};
    (void)runner_start(checks->runner, &options);
}

void checks_start_affected(
    struct checks *checks, const char *root, const char *const *paths, size_t count)
{
    if (!checks->is_kept || checks->root == NULL || strcmp(checks->root, root) != 0) {
        checks_start(checks, root);
        return;
    }
    free(checks->trouble);
    checks->trouble = NULL;
    checks->state = CHECKS_RUNNING;
    checks->affected = true;
    checks->is_part = checks->preparing = checks->settled = checks->has_coverage = false;
    checks->told_from = checks->results.len;
    checks->ended = checks->total = 0;
    struct run_options options = {.root = root,
        .scope = RUN_AFFECTED,
        .wanted = paths,
        .wanted_count = count,
        .confirm = true,
        .cache_of = checks->cache_of,
        .offline = true,
        .coverage = true,
        .explain_max = EXPLAIN_MAX};
    checks->generation = runner_start(checks->runner, &options);
    tell(checks);
}

void checks_invalidate(struct checks *checks)
{
    if (checks->state == CHECKS_NONE || checks->state == CHECKS_STALE) {
        return;
    }
    checks->state = CHECKS_STALE;
    runner_cancel(checks->runner);
    tell(checks);
}

void checks_fail(struct checks *checks, const char *why)
{
    runner_cancel(checks->runner);
    drop(checks);
    checks->state = CHECKS_FAILED;
    checks->trouble = mem_strdup(why);
    tell(checks);
}

bool checks_is_settled(const struct checks *checks)
{
    return checks->state == CHECKS_DONE && checks->settled;
}

enum checks_state checks_state(const struct checks *checks)
{
    return checks->state;
}

const struct results *checks_results(const struct checks *checks)
{
    return &checks->results;
}

const struct findings *checks_findings(const struct checks *checks)
{
    return &checks->findings;
}

size_t checks_told_from(const struct checks *checks)
{
    return checks->told_from;
}

bool checks_is_part(const struct checks *checks)
{
    return checks->is_part;
}

size_t checks_ended(const struct checks *checks)
{
    return checks->ended;
}

size_t checks_total(const struct checks *checks)
{
    return checks->total;
}

enum result_status checks_verdict(const struct checks *checks)
{
    return checks->state == CHECKS_DONE ? checks->verdict : RESULT_NOT_EVALUATED;
}

struct tally checks_tally(const struct checks *checks)
{
    return checks->tally;
}

const struct coverage *checks_coverage(const struct checks *checks)
{
    return checks->has_coverage ? runner_coverage(checks->runner) : NULL;
}

const char *checks_trouble(const struct checks *checks)
{
    return checks->trouble;
}
