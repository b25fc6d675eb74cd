/* Runs the tests of a folder (the workspace, or an overlay of it) and tells what comes of them as
 * it comes: passes as well as failures, then what does not compile, why the first failures failed,
 * and coverage.
 *
 * opa prints passes only when all its tests are done, so the tests are run in many short processes,
 * each with just the files it needs, a few at a time. One that takes long is taken apart, so that
 * it does not hold the others back. Verdicts are opa's own.
 *
 * After a change RUN_AFFECTED runs at once what the change can reach: only the files named are
 * looked at again, and the plan holds only those tests (plan->part), so that the answer takes as
 * long in a large folder as in a small one. With `confirm` the rest follows in the background:
 * first whatever else is found to have changed, coverage, and then every other test, all files
 * loaded together as a bare `opa test` would. What that finds to be another than was told is told
 * now, with a finding
 * ("affected-missed"): either the test does not depend on its inputs alone, or we have a bug.
 *
 * opa is started for each batch (20 ms for a closure of three files, 13 of them the start; 5 ms by
 * a resident server). A resident server does not give the verdicts of `opa test`: no cases of a
 * test, no print(), no numbers for equal names, one conflict takes the whole package with it, an
 * undefined test is simply not there. So there is none.
 *
 * One run at a time: starting another cancels it, and nothing of an older generation is told any
 * more. Loop thread only. */
#ifndef BYLAW_ENGINE_RUNNER_H
#define BYLAW_ENGINE_RUNNER_H

#include "engine/engine.h"
#include "loop/loop.h"

struct run_summary {
    struct tally tally;         /* of this run's tests; what never ran is "not evaluated" */
    enum result_status verdict; /* also "not evaluated" when there was no test at all */
    size_t findings;            /* errors of loading and compiling */
    size_t cached;              /* tests that were not run, for their results are known */
    bool read_v0, read_v1;      /* versions of Rego that files were read as */
    uint64_t wall_us;
    char *trouble; /* why it could not run at all (no opa, folder gone), or NULL; borrowed */
};

/* Any may be NULL. What they are handed is borrowed for the call. `test` is a place in the plan's
 * tests, or SIZE_MAX for a test the index did not foresee. */
struct runner_events {
    void *data;
    /* The tests that are known, before the first of them runs. The plan lives until the next
     * start. */
    void (*planned)(void *data, unsigned generation, const struct run_plan *plan);
    /* The same of a part (plan->part): all that it does not name stays as it was told. NULL: then
     * there are no parts. A whole plan may follow in the same generation, when the rest is begun.
     */
    void (*planned_part)(void *data, unsigned generation, const struct run_plan *plan);
    /* One test has ended: its row and those of its sub-tests. After done: it was told otherwise
     * before. */
    void (*result)(
        void *data, unsigned generation, size_t test, const struct result *rows, size_t count);
    void (*finding)(void *data, unsigned generation, const struct finding *finding);
    /* Tests that have ended, of how many that run. */
    void (*progress)(void *data, unsigned generation, size_t done, size_t total);
    /* All tests have ended and everything was compiled. */
    void (*done)(void *data, unsigned generation, const struct run_summary *summary);
    /* After done, for the first failures, and whenever runner_explain was called. */
    void (*explained)(
        void *data, unsigned generation, size_t test, const char *message, const char *detail);
    void (*coverage)(void *data, unsigned generation, const struct coverage *coverage);
    /* What runner_ask_reach asked for is there. */
    void (*reached)(void *data, unsigned generation);
    /* Nothing more comes of this generation, but what confirming the rest finds. */
    void (*settled)(void *data, unsigned generation);
    /* A line for the log: which command ran, how long it took, how it ended. */
    void (*log)(void *data, const char *line);
};

struct run_options {
    const char *root; /* absolute */
    enum run_scope scope;
    const char *const *wanted; /* RUN_PATHS: paths below the root; RUN_TESTS: "FILE:ROW" or
                                  "package.name"; RUN_AFFECTED: changed paths; copied */
    size_t wanted_count;
    /* Not saved yet: tested in place of what is on disk (policies and documents). Copied. Texts of
     * the run before that are not among them count as changed. */
    const struct policy_text *texts;
    size_t text_count;
    bool confirm; /* RUN_AFFECTED: the rest too */
    /* RUN_ALL and RUN_PATHS: a test is not run again when it passed or failed before and nothing it
     * depends on is another: the files, the engine, how it is called. Never one that may look at
     * the time, the network, chance or the machine. Its rows have `cached` set. */
    bool cached;
    /* The workspace whose folder in the cache keeps results from session to session
     * (result_cache.h): with `cached` those are taken, too; what this run finds is added. NULL:
     * none. Copied. */
    const char *cache_of;
    bool offline;  /* no host may be reached: what runs is nobody's yet (offline.h) */
    bool coverage; /* of the whole folder, whatever the scope */
    bool by_test;  /* and which lines each test reaches (runner_reaching), up to 500 tests */
    /* Before `done` also what only opa's strict mode minds, in what runs and loads: findings of the
     * rule RUNNER_STRICT_RULE, warnings, which do not count for the verdict. */
    bool strict;
    unsigned explain_max; /* failures explained unasked */
    /* RUN_ALL, may be NULL: takes units out of the plan (plan_exclude), on the worker thread that
     * made it. Coverage is then of what is left. */
    void (*choose)(void *data, struct run_plan *plan);
    void (*choose_free)(void *data); /* once, when the run is gone; may be NULL */
    void *choose_data;
};

#define RUNNER_STRICT_RULE "opa-strict"

struct runner;

struct runner *runner_new(
    struct loop *loop, const struct engine *engine, const struct runner_events *events) MUST_USE;
/* Cancels; no event comes any more. What still ends in the background ends with the loop. */
void runner_free(struct runner *runner);
/* Cancels the running run and starts this one; returns its generation. Never fails at once: what is
 * wrong is said by `done`. */
unsigned runner_start(struct runner *runner, const struct run_options *options);
/* Stops it: `done` comes with what there is, then `settled`. No-op when nothing runs. */
void runner_cancel(struct runner *runner);
bool runner_is_running(const struct runner *runner);
/* Asks why a test of the last run failed; `explained` follows. False: no such test now. */
bool runner_explain(struct runner *runner, size_t test);
/* The engine's version once known, or NULL. Borrowed. */
const char *runner_engine_version(const struct runner *runner);
/* How the last run reads a file: DIALECT_V0 or DIALECT_V1; DIALECT_EITHER when it does not. */
enum policy_dialect runner_dialect(const struct runner *runner, const char *path);
/* What the last run was going to do; NULL: none, or it is being made. Borrowed until the next event
 * or start. */
const struct run_plan *runner_plan(const struct runner *runner);
/* The last that was of all there is to test; NULL: none yet. Borrowed as runner_plan's. */
const struct run_plan *runner_whole_plan(const struct runner *runner);
/* The last coverage told, or NULL. */
const struct coverage *runner_coverage(const struct runner *runner);
/* Asks which lines the tests that load a file reach, where it is not known yet (up to 500 tests);
 * `reached` follows unless all is known already. False: not now, for tests are running. */
bool runner_ask_reach(struct runner *runner, const char *path);
/* What was asked for is not there yet. */
bool runner_is_reaching(const struct runner *runner);
/* The tests that reach a line, by place in the last plan, as far as it was asked for; also those
 * that fail. False: of some tests that load the file it is not known. */
bool runner_reaching(
    const struct runner *runner, const char *path, unsigned row, struct policy_set *tests);
/* The last row of a file that a test is known to reach; 0: none is. */
unsigned runner_reached_rows(const struct runner *runner, const char *path);
/* How many processes at a time; 0: one for each core. */
void runner_set_slots(struct runner *runner, unsigned slots);
/* Bytes of memory that one process may have; 0: a quarter of the machine's, at least 1 GB and at
 * most 4 GB. Past it the process is stopped, and the rows of its tests say so. */
void runner_set_memory_max(struct runner *runner, uint64_t bytes);

#endif
