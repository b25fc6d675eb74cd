/* What a run is going to do: the tests that are known beforehand, and the units they are run in. A
 * plan is made on a worker thread from the index and owns all it says, so the index may move on. */
#ifndef BYLAW_ENGINE_PLAN_H
#define BYLAW_ENGINE_PLAN_H

#include "engine/result.h"
#include "policy/index.h"

enum run_scope {
    RUN_ALL,
    RUN_PATHS,   /* the tests in these files and folders */
    RUN_TESTS,   /* these tests, "FILE:ROW" or "package.name" */
    RUN_AFFECTED /* the tests that one of these changed files can reach */
};

struct plan_file {
    char *path; /* relative to the root */
    char *load; /* what the engine is given: the path, for data with its place below `data` */
    uint64_t hash;
    bool is_data;
    enum policy_dialect dialect;
};

struct plan_test {
    char *suite; /* package as the engine shows it, without "data." */
    char *name;
    size_t file; /* index into files */
    struct position at;
    size_t unit;   /* index into units */
    bool included; /* runs now; else it is only known */
    bool todo;
};

/* What must be loaded together: the tests of one package and all they need. */
struct plan_unit {
    char *label;                 /* the package, with its folder where it is split by folder */
    struct policy_set files;     /* into plan.files */
    struct policy_set tests;     /* into plan.tests; empty: only checked */
    enum policy_dialect dialect; /* V0 or V1: how the engine is told to read it */
    bool alone;                  /* must not share a process with other units */
    bool included;
    /* Nothing in its files says that the other version would not do: it is tried when this one does
     * not load. */
    bool may_be_other, tried_other;
    char *trouble; /* why it cannot run at all, or NULL */
};

struct run_plan {
    char *root;
    struct {
        struct plan_file *items;
        size_t len, cap;
    } files;
    struct {
        struct plan_test *items;
        size_t len, cap;
    } tests; /* by file, then row */
    struct {
        struct plan_unit *items;
        size_t len, cap;
    } units;
    struct findings notes; /* what the engineer should know about how it is run */
    size_t included;       /* tests that run now */
};

void run_plan_free(struct run_plan *plan); /* NULL is fine */

struct batch {
    struct policy_set units; /* into plan.units */
    struct policy_set files; /* their union, into plan.files */
    size_t tests;
};

struct batches {
    struct batch *items;
    size_t len, cap;
};

/* Groups units for processes: small ones together, because starting a process costs as much as
 * thirty files; the first few smaller, so that something is seen at once. `only_included` leaves
 * out the rest. Deterministic. */
void plan_batches(const struct run_plan *plan, bool only_included, struct batches *out);
void batches_free(struct batches *batches);
void batch_free(struct batch *batch);
/* One batch of one unit. */
struct batch batch_of(const struct run_plan *plan, size_t unit) MUST_USE;

#endif
