/* Runs the tests of a folder (the workspace, or an overlay of it) and tells what comes of them as
 * it comes: passes as well as failures, then what does not compile, why the first failures failed,
 * and coverage.
 *
 * opa prints passes only when all its tests are done, so the tests are run in many short processes,
 * each with just the files it needs, a few at a time. One that takes long is taken apart, so that
 * it does not hold the others back. Verdicts are opa's own.
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
    /* One test has ended: its row and those of its sub-tests. */
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
    /* Nothing more comes of this generation. */
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
    bool offline;         /* no host may be reached: what runs is nobody's yet (offline.h) */
    bool coverage;        /* of the whole folder, whatever the scope */
    unsigned explain_max; /* failures explained unasked */
};

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
/* The last coverage told, or NULL. */
const struct coverage *runner_coverage(const struct runner *runner);
/* How many processes at a time; 0: one for each core. */
void runner_set_slots(struct runner *runner, unsigned slots);

#endif
