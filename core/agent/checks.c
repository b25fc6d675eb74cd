#include "agent/checks.h"

#include "base/vec.h"

#include <stdlib.h>

enum { EXPLAIN_MAX = 8 };

/* Where a planned test's rows begin in the kept results, to put an explanation there later. */
struct place {
    size_t test;
    size_t row;
};

struct checks {
    struct runner *runner;
    void (*changed)(void *data);
    void *data;
    enum checks_state state;
    struct results results;
    struct findings findings;
    struct {
        struct place *items;
        size_t len, cap;
    } places;
    struct tally tally;
    enum result_status verdict;
    size_t ended, total;
    char *trouble;
    bool has_coverage;
    unsigned generation; /* of the runner's, that is kept */
    bool settled;
};

static void tell(struct checks *checks)
{
    checks->changed(checks->data);
}

static void on_result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t count)
{
    (void)generation;
    struct checks *checks = data;
    VEC_PUSH(&checks->places, (struct place){test, checks->results.len});
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

static void on_done(void *data, unsigned generation, const struct run_summary *summary)
{
    (void)generation;
    struct checks *checks = data;
    checks->tally = summary->tally;
    checks->verdict = summary->verdict;
    free(checks->trouble);
    checks->trouble = mem_strdup(summary->trouble);
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
    VEC_FOREACH (struct place, place, &checks->places) {
        if (place->test == test && place->row < checks->results.len) {
            struct result *row = &checks->results.items[place->row];
            free(row->message);
            free(row->detail);
            row->message = mem_strdup(message);
            row->detail = mem_strdup(detail);
        }
    }
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
    VEC_FREE(&checks->places);
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
    free(checks);
}

void checks_start(struct checks *checks, const char *root)
{
    drop(checks);
    checks->state = CHECKS_RUNNING;
    struct run_options options = {.root = root,
        .scope = RUN_ALL,
        .cached = true,
        .offline = true,
        .coverage = true,
        .explain_max = EXPLAIN_MAX};
    checks->settled = false;
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
