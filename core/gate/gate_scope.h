/* Which units of a plan a check is about: those that depend on something that is not as it was at a
 * commit, and of these the ones of one shard.
 *
 * Affected is decided by what a unit depends on, not by what looks as if it could reach a change:
 * all files that it loads and their content, how its engine is called, what the settings declare.
 * The same plan is made of the folder as the commit has it; a unit that is not in that one exactly
 * so is affected. So a file that went away or changed its name counts like any other.
 *
 * Any one thread; takes a while. */
#ifndef BYLAW_GATE_GATE_SCOPE_H
#define BYLAW_GATE_GATE_SCOPE_H

#include "engine/plan.h"
#include "repo/past_tree.h"
#include "report/report.h"

#include <stdatomic.h>

struct gate_scope {
    struct past_tree past;  /* "" without a base */
    char *base_folder;      /* where the base was laid, or NULL; own */
    unsigned shard, shards; /* from 1; 0: none */

    /* Of the units as they were at the base: sorted. */
    struct {
        char (*items)[SHA256_HEX_SIZE];
        size_t len, cap;
    } known;
    unsigned long long declared; /* by the settings then */

    /* What gate_scope_choose found. */
    size_t all, affected, own; /* units: of the folder, of those, of the shard */
    struct {
        char **items;
        size_t len, cap;
    } partial; /* sorted: files that also units which do not run load: their coverage is not known
                */
    char plan[17];
    struct report_units names;
    char *why;
};

/* Makes the plan of the folder the base was laid in and remembers its units. Where base_folder is
 * set already others may meanwhile ask what changed. `cancel` may be NULL; when it becomes true:
 * false with ERR_CANCELLED. */
bool gate_scope_read_base(struct gate_scope *scope, const char *folder, const atomic_bool *cancel,
    struct err *err) MUST_USE;
/* Takes out of the plan what is not meant, and says how much is left and why. */
void gate_scope_choose(struct gate_scope *scope, struct run_plan *plan);
/* A file's shard when it is about files and not units: true when it is this one. Without shards:
 * always. NULL: the first. */
bool gate_scope_has_file(const struct gate_scope *scope, const char *path);
/* The file differs from the base; true without one. */
bool gate_scope_changed(const struct gate_scope *scope, const char *path);
/* All tests that can reach the file are among the units of all shards. */
bool gate_scope_knows_coverage(const struct gate_scope *scope, const char *path);
void gate_scope_free(struct gate_scope *scope);

#endif
