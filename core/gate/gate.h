/* The gate: everything a folder is checked by, and one verdict. What `bylaw check` says, without a
 * screen; for a workspace as well as for a scratch copy of it (an overlay: give its folder as
 * root).
 *
 * The tests of every engine, what no test needs loaded all the same, opa's strict mode, the guards,
 * templates compared with their files, coverage against a threshold. Each part comes out as one of
 * five; nothing evaluated is not a pass (report_judge).
 *
 * Runs engines as processes and the rest on workers; every callback comes on the loop thread. To
 * run all checks on a copy and read what came of it:
 *
 *     struct gate_options options = {.root = folder, .offline = true, .threshold = 90};
 *     struct gate *gate = gate_start(loop, &options, &(struct gate_events){.done = mine, …});
 *     … in `mine`: report->verdict, report->parts, report->results, report->findings; then
 *     gate_free(gate), there or later.
 */
#ifndef BYLAW_GATE_GATE_H
#define BYLAW_GATE_GATE_H

#include "engine/runner.h"
#include "report/report.h"

enum { GATE_EXPLAIN_MAX = 50, GATE_SHARDS_MAX = 1000 };

struct gate_options {
    const char *root; /* absolute, without links */
    const char *base; /* a revision: only what a change since it affects; NULL: everything */
    /* Instead of a revision: the folder as it is without the change (absolute, without links), for
     * a scratch copy of it, and the files of the change, relative to both. NULL: none. */
    const char *before;
    char *const *changed;
    size_t changed_count;
    unsigned shard;      /* 1 … shards */
    unsigned shards;     /* 0: not one of several */
    double threshold;    /* of coverage, percent; 0: it is not asked for */
    enum severity fails; /* findings of this weight and more fail; SEVERITY_NOTE is 0: set it */
    bool offline;        /* no host may be reached: what runs is nobody's yet */
};

/* Any but `done` may be NULL. Borrowed for the call. */
struct gate_events {
    void *data;
    void (*planned)(void *data, const struct run_plan *plan);
    void (*result)(void *data, size_t test, const struct result *rows, size_t count);
    /* Its severity is an error where it fails the check. */
    void (*finding)(void *data, const struct finding *finding);
    void (*explained)(void *data, size_t test, const char *message, const char *detail);
    /* Tests that have ended, of how many. */
    void (*progress)(void *data, size_t done, size_t total);
    /* Then engines are asked about fixtures: questions answered, of how many. */
    void (*deciding)(void *data, size_t done, size_t total);
    /* Once: all parts, their findings and rows. The report has no folder, revision or time yet
     * (report_option.h puts them in); it lives until gate_free. `report->trouble`: it could not run
     * at all. */
    void (*done)(void *data, struct report *report);
};

struct gate;

/* Copies the options' texts. Never fails at once. */
struct gate *gate_start(struct loop *loop, const struct gate_options *options,
    const struct gate_events *events) MUST_USE;
/* Stops it; no event comes any more. What still ends in the background ends with the loop. NULL is
 * fine. */
void gate_free(struct gate *gate);
/* Of opa, once known; or NULL. Borrowed. */
const char *gate_engine_version(const struct gate *gate);

#endif
