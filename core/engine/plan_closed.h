/* Units of engines beside the first whose tests say the same as long as their files are the same
 * (plan_unit.closed), so that what they said can be told again without a run.
 *
 * A unit is closed when every file it names is known to the plan, and none of them names anything
 * that changes by itself: the time, chance, the network, a registry, a cluster. That is read from
 * the texts as words, so that nothing a grammar does not know hides one; a comment that has such a
 * word costs a kept result, no more.
 *
 * Sources: `opa capabilities` (nondeterministic built-in functions), Gatekeeper's external data,
 * Kyverno's JMESPath functions (pkg/engine/jmespath) and CEL libraries (pkg/cel/libs). */
#ifndef BYLAW_ENGINE_PLAN_CLOSED_H
#define BYLAW_ENGINE_PLAN_CLOSED_H

#include "engine/plan.h"

/* What is known of a plan's files while its units are made: each is read once. Worker thread. */
struct closed_files {
    const struct run_plan *plan; /* its files stay where they are until closed_files_end */
    unsigned char *looks;        /* by file */
};

void closed_files_begin(struct closed_files *closed, const struct run_plan *plan);
/* None of the files (into plan->files) depends on more than its text; false too for one that cannot
 * be read or is over 8 MiB. */
bool closed_files_all(struct closed_files *closed, const struct policy_set *files) MUST_USE;
void closed_files_end(struct closed_files *closed);

/* The same of a text. */
bool closed_text(struct str text) MUST_USE;
/* Nothing in the text of a suite stands for what is written elsewhere in it (an anchor of YAML), so
 * that the files it names are those that were read from it. */
bool closed_suite(struct str text) MUST_USE;

#endif
