/* What a run is going to do: the tests that are known beforehand, and the units they are run in. A
 * plan is made on a worker thread from the index and owns all it says, so the index may move on. */
#ifndef BYLAW_ENGINE_PLAN_H
#define BYLAW_ENGINE_PLAN_H

#include "engine/result.h"
#include "policy/index.h"

#include <stdatomic.h>

struct engine;

enum run_scope {
    RUN_ALL,
    RUN_PATHS,   /* the tests in these files and folders */
    RUN_TESTS,   /* these tests, "FILE:ROW" or "package.name" */
    RUN_AFFECTED /* the tests that one of these changed files can reach */
};

struct plan_words {
    char **items;
    size_t len, cap;
};

struct plan_file {
    char *path; /* relative to the root */
    char *load; /* what the engine is given: the path, for data with its place below `data` */
    uint64_t hash;
    char digest[SHA256_HEX_SIZE]; /* of its content; of a document on disk: of its stamp */
    bool is_data;
    bool is_volatile; /* policy_facts.is_volatile */
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
    bool hollow; /* its file is an input that holds nothing but blanks and comments */
};

/* What must be loaded together: the tests of one package and all they need. */
struct plan_unit {
    char *label;                 /* the package, with its folder where it is split by folder */
    struct policy_set files;     /* into plan.files */
    struct policy_set tests;     /* into plan.tests; empty: only checked */
    enum policy_dialect dialect; /* V0 or V1: how the engine is told to read it */
    bool alone;                  /* must not share a process with other units */
    bool twins;                  /* several of its tests have one name */
    bool included;
    /* Nothing in its files says that the other version would not do: it is tried when this one does
     * not load. */
    bool may_be_other, tried_other;
    char *trouble; /* why it cannot run at all, or NULL */
    /* Who runs its tests; NULL: the runner's engine, which is also asked for coverage and for why a
     * test of any unit failed. The others say themselves how they are called, and take all tests of
     * a unit or (`whole` is false) any of them. */
    const struct engine *engine;
    struct plan_words args;
    char *dir; /* where it is called, relative to the root; "" the root; NULL without `engine` */
    void *own; /* what its engine keeps of it, or NULL */
    void (*own_free)(void *own);
    bool whole;
    bool inputs;  /* its tests are files that policies are applied to: no rules to ask about */
    bool closed;  /* of a unit with `engine`: what its tests say depends on its files, the engine
                   * and `args` alone (plan_closed.h) */
    bool dropped; /* goes with the next plan_settle */
    bool unasked; /* `trouble` is no fault of its files (the engine is not there, a text is not
                   * saved): its tests are not evaluated */
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
    struct findings notes;       /* what the engineer should know about how it is run */
    size_t included;             /* tests that run now */
    unsigned long long declared; /* tells the built-in functions that the settings declare apart */
    /* Only what a change can reach is in it: what it does not name stays as it was. Of the files in
     * `replaced` (those that changed, and those whose tests are here) all tests are here. */
    bool part;
    struct plan_words replaced;
    char *why; /* "12 tests can reach lib/k8s.rego", for people; of a part */
    /* While it is extended (engine_extend_plan): true, and nobody waits for it. Else NULL. */
    const atomic_bool *cancel;
};
bool plan_is_unwanted(const struct run_plan *plan);

void run_plan_free(struct run_plan *plan); /* NULL is fine */
void plan_unit_free(struct plan_unit *unit);
void plan_words_free(struct plan_words *words);
/* Adds a copy. */
void plan_words_push(struct plan_words *words, const char *text);
bool plan_words_have(const struct plan_words *words, const char *text);

struct batch {
    struct policy_set units; /* into plan.units */
    struct policy_set files; /* their union, into plan.files */
    size_t tests;
};

struct batches {
    struct batch *items;
    size_t len, cap;
};

/* For engines that add to the plan of the first one (plan_extend.c). Paths that it does not know
 * yet become files of it (data, which no one loads); places in it change, so ask for them
 * afterwards. */
void plan_add_files(struct run_plan *plan, const struct plan_words *paths);
/* Suites are written by hand: a larger one is told, and not run. */
#define PLAN_SUITE_MAX ((size_t)1 << 20)
/* A file names `word` (in its first PLAN_SUITE_MAX bytes): what kind of document it may be, before
 * it is read. Not in its head only: a licence may stand there. */
bool plan_file_has(const char *root, const char *path, const char *word);
/* All of the file is blanks, comments and what begins or ends a document that is not there, in
 * whatever of Conftest's formats. Not told of files over 2 KiB. */
bool plan_is_hollow(const char *root, const char *path);
/* Drops what the plan's run tells again if it still holds: findings in files that it loads, in
 * those it replaces and, of a plan of all, in those that are gone. */
void plan_drop_findings(const struct run_plan *plan, struct findings *findings);
/* Place of a file, or SIZE_MAX. */
size_t plan_find_file(const struct run_plan *plan, const char *path);
/* The test that a row is about (its file and row, and the name where several share a row), or
 * SIZE_MAX. */
size_t plan_find_test(const struct run_plan *plan, const struct result *row);
/* Adds the marked files, marked by place. */
void plan_mark_files(const struct run_plan *plan, const bool *marked, struct policy_set *files);
/* After tests were added, moved to another unit or taken away (unit SIZE_MAX): sorts them, gives
 * each unit its own, drops units whose `dropped` is set, and says which of the added units run. */
void plan_settle(
    struct run_plan *plan, enum run_scope scope, const char *const *wanted, size_t count);
/* Takes a unit out of what runs: its tests are known only. */
void plan_exclude(struct run_plan *plan, size_t unit);
/* By file, then place in it. */
void plan_sort_tests(struct run_plan *plan);
/* `name` is a folder of the path, or the path. */
bool plan_path_wanted(const char *path, const char *name);
bool plan_test_wanted(const struct run_plan *plan, const struct plan_test *test,
    enum run_scope scope, const char *const *wanted, size_t count);

/* Groups units for processes: small ones together, because starting a process costs as much as
 * thirty files; the first few smaller, so that something is seen at once. `only_included` leaves
 * out the rest. Deterministic. */
void plan_batches(const struct run_plan *plan, bool only_included, struct batches *out);
void batches_free(struct batches *batches);
void batch_free(struct batch *batch);
void batch_add(struct batch *batch, const struct run_plan *plan, size_t unit);
/* One batch of one unit. */
struct batch batch_of(const struct run_plan *plan, size_t unit) MUST_USE;

#endif
