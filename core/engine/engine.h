/* A policy engine as a program we run: how it is found, what it is asked, how its answers are read.
 * One implementation a file (opa.c, conftest.c, gator.c, kyverno.c), one row each in the table;
 * those that are only looked up so far, by bylaw doctor, are in known.c. The engine decides what a
 * policy means; nothing here imitates it.
 *
 * The first engine makes the plan of a run; the others add to it what is theirs (extend) and run
 * those units' tests; coverage and explanations stay with the first. */
#ifndef BYLAW_ENGINE_ENGINE_H
#define BYLAW_ENGINE_ENGINE_H

#include "base/err.h"
#include "engine/plan.h"
#include "engine/result.h"
#include "policy/coverage.h"

struct opa_builtins;

enum engine_ask {
    ENGINE_TEST,          /* run the tests of a batch: results */
    ENGINE_CHECK,         /* load it only: findings */
    ENGINE_CHECK_STRICT,  /* the same, and what is allowed but most likely a mistake */
    ENGINE_COVERAGE,      /* which expressions the tests of a batch reach: coverage */
    ENGINE_EXPLAIN_TRACE, /* why one test fails, with values: text */
    ENGINE_EXPLAIN_ERRORS /* errors of built-in functions that the test run swallows: text */
};

/* A question: a batch, and the tests of it that are meant (none: all). */
struct engine_question {
    enum engine_ask ask;
    const struct run_plan *plan;
    const struct batch *batch;
    const struct policy_set *only; /* into plan->tests; NULL or empty: all of the batch */
    bool closer;                   /* asked again because the first answer wanted it so */
    /* A line for a person (reproduce.h), whose answer is not read: just `only` also where units run
     * whole, as far as the program can be told. */
    bool typed;
    const char *capabilities; /* of `typed`: the file that says what is declared, or NULL */
};

struct engine_command {
    struct {
        char **items; /* NULL-terminated; items[0] is the program */
        size_t len, cap;
    } argv;
    const char *dir; /* below the root, borrowed from the plan; NULL: the root */
    char *before; /* of a typed one: the command line whose output it reads, in the same folder; or
                     NULL */
    const char *const *env; /* static, may be NULL */
    uint64_t timeout_ms;
};

struct engine_answer {
    bool loaded; /* false: the files do not load or compile; ask ENGINE_CHECK for the reasons */
    struct results results;
    struct findings findings; /* not loaded: why its files cannot be used; else what an engine that
                               * ran its tests says besides */
    /* ENGINE_TEST: units of the batch that the engine stopped before, or whose failures it explains
     * only when told to say more: they are asked again, the second with `closer`. */
    struct policy_set again, closer;
    struct coverage coverage;
    struct buf text;
    char *message; /* one line for the row of an explained test, or NULL */
};

struct engine {
    const char *name;    /* "opa" */
    const char *program; /* looked up on PATH, then where scripts/setup puts engines */
    const char *minimum; /* oldest version we work with */
    const char *unlocks; /* what is there with it, for people: "opa test, …" */
    bool needed;         /* nothing is checked without it */
    bool checks;         /* ENGINE_CHECK of its own units is its affair */
    unsigned units_max;  /* of one process; 0: plan_batches says */
    unsigned slow_ms;    /* its runs are not slow before they took this long; 0: the runner says */
    const char *const *version_args;
    /* The version in the output of `program version_args`; false: not found. Caller frees. */
    bool (*version)(struct str output, char **version);
    /* What it is told to be capable of (offline.h): what prints the material, how a file is made of
     * it, and the environment variables that name the file. */
    const char *const *offline_args;
    bool (*offline)(struct str output, const struct opa_builtins *declared, bool network,
        struct buf *file, struct err *err);
    const char *const *offline_env;
    /* Worker thread. `wanted` are paths or test names, as the scope says. NULL: cancelled. */
    struct run_plan *(*plan)(struct policy_index *index, enum run_scope scope,
        const char *const *wanted, size_t count, const atomic_bool *cancel);
    /* The same for what the moves can reach (opa_plan_affected). NULL: it cannot say. */
    struct run_plan *(*plan_affected)(struct policy_index *index, const struct policy_moves *moves,
        const struct plan_words *apart, const atomic_bool *cancel);
    /* Worker thread. Adds its own units to a plan, and takes the tests over that are its own; ends
     * with plan_settle. NULL: it has none. */
    void (*extend)(struct run_plan *plan, const struct policy_index *index, enum run_scope scope,
        const char *const *wanted, size_t count);
    /* The command for a question; false: it cannot be asked so (err says why). NULL: nothing is
     * asked of this engine yet. */
    bool (*command)(const struct engine_question *question, const char *program,
        struct engine_command *command, struct err *err);
    /* Reads the answer. False: the output makes no sense (err says how). */
    bool (*parse)(const struct engine_question *question, struct str out, struct str errout,
        int exit_code, struct engine_answer *answer, struct err *err);
};

extern const struct engine engine_opa;
extern const struct engine engine_conftest;
extern const struct engine engine_gator;
extern const struct engine engine_kyverno;
extern const struct engine engine_cedar, engine_regal, engine_helm, engine_kustomize;
/* All, ended by NULL. */
extern const struct engine *const engines[];

/* Lets all other engines add what is theirs to a plan that `first` made; takes it over (NULL is
 * fine). NULL: `cancel` became true. Worker thread. */
struct run_plan *engine_extend_plan(const struct engine *first, struct run_plan *plan,
    const struct policy_index *index, enum run_scope scope, const char *const *wanted, size_t count,
    const atomic_bool *cancel) MUST_USE;

/* Absolute path of the engine's program: on PATH, else $XDG_CACHE_HOME/bylaw/bin. NULL: not there
 * (err says what to do). The caller frees. */
char *engine_find(const struct engine *engine, struct err *err) MUST_USE;
/* The same for any program; NULL: it is in neither place. */
char *engine_find_program(const char *name) MUST_USE;
/* True when version `have` is at least `least` ("1.22.2"; what does not read as a number counts as
 * 0, but "dev…", which a build from source says of itself, as new). */
bool engine_version_at_least(const char *have, const char *least);
/* Appends text so that Go's regular expressions read it literally. */
void engine_append_literal(struct buf *out, const char *text);
/* The name of a test is as it was written, so that a filter finds it again: printable ASCII in
 * which nothing may stand for another byte, and none of `but`. */
bool engine_name_is_written(const char *name, const char *but);

void engine_command_free(struct engine_command *command);
void engine_answer_free(struct engine_answer *answer);

#endif
