/* The closure the other way round: which files a change may reach. By the same constant beginnings
 * of references as policy_closure, and without regard to which rule of a package is meant: no file
 * that a change reaches is left out, some may be in it that it does not reach.
 *
 * The referrers it looks in are made at its first call and kept up to date by policy_index_update,
 * so that a call costs what the answer is long, not what the folder is large. Any one thread. */
#ifndef BYLAW_POLICY_DEPENDENTS_H
#define BYLAW_POLICY_DEPENDENTS_H

#include "policy/index.h"

/* Adds the policies that the moves may reach, with all of their packages, by place. *broad is the
 * path of a policy whose reference cannot be told before evaluation (`data[x]`, `data.lib[x]`) and
 * through which the change may reach what it names; NULL: there is none. Borrowed from the index.
 */
void policy_dependents(struct policy_index *index, const struct policy_moves *moves,
    struct policy_set *files, const char **broad);
/* Makes the referrers now, so that the next call need not. */
void policy_dependents_prepare(struct policy_index *index);

#endif
