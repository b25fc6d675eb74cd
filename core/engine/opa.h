/* What the opa files share; others use engine_opa (engine/engine.h). Formats as of opa 1.22:
 * `opa test --format json`, `opa check --format json`, `opa eval --coverage --format json`, and the
 * FAILURES section of `opa test --var-values`. All input here is untrusted bytes. */
#ifndef BYLAW_ENGINE_OPA_H
#define BYLAW_ENGINE_OPA_H

#include "engine/engine.h"

/* How long one test may take, for all runs from now on; opa's own limit (5 s) until it is called.
 * Loop thread. */
void opa_use_test_timeout(unsigned seconds);
unsigned opa_test_timeout(void);

struct run_plan *opa_plan(struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count, const atomic_bool *cancel);

/* The part of the plan that the moves (of policy_index_update) can reach, all of it included. The
 * tests in files of `apart` (by path) are another engine's: those packages are left out. NULL:
 * cancelled. Worker thread. */
struct run_plan *opa_plan_affected(struct policy_index *index, const struct policy_moves *moves,
    const struct plan_words *apart, const atomic_bool *cancel) MUST_USE;

/* What must be loaded to check one file: the first unit is the file and all it needs; the others
 * are the files that refer to its package, with all they need, where they need not be kept apart
 * together. `unchecked` counts files that refer to it and are in no unit (there are too many).
 * NULL: the index does not hold the file, or cancelled. Worker thread. */
struct run_plan *opa_plan_check(struct policy_index *index, const char *path, size_t *unchecked,
    const atomic_bool *cancel) MUST_USE;
/* A plan of one unit without tests: the seeds with all they need. No unit when there is no seed. */
struct run_plan *opa_plan_closure(
    struct policy_index *index, const struct policy_set *seeds) MUST_USE;

/* Appends the results of `opa test --format json`; sub-tests follow their test, one deeper. */
bool opa_parse_tests(struct str json, struct results *results, struct err *err) MUST_USE;
/* Appends the errors of {"errors": […]} (opa check, opa eval), without duplicates. Columns become
 * bytes by the lines of the files that opa was given, below `root`, which may be NULL
 * (opa_columns.h). */
bool opa_parse_errors(
    struct str json, const char *root, struct findings *findings, struct err *err) MUST_USE;
/* Adds the coverage of `opa eval --coverage`; *failed says that the query ended with an error. */
bool opa_parse_coverage(
    struct str json, struct coverage *coverage, bool *failed, struct err *err) MUST_USE;
/* The part that explains out of `opa test --var-values`; *message is its first line of substance.
 */
bool opa_parse_trace(struct str text, struct buf *detail, char **message);
/* The errors of `opa eval --show-builtin-errors`, a line each; false when there were none. */
bool opa_parse_builtin_errors(
    struct str json, const char *root, struct buf *detail, char **message);

#endif
