/* The gate over what an agent proposes with nobody watching: the verdict that `bylaw check
 * --base` would give of the workspace with the proposal in it, asked before the engineer sees it.
 * What is red without it, too, and out of its reach, is not held against it.
 *
 * Loop thread only. */
#ifndef BYLAW_AGENT_PROPOSAL_GATE_H
#define BYLAW_AGENT_PROPOSAL_GATE_H

#include "agent/workbench.h"

struct proposal_gate;

/* For the open proposal, laid out and at rest (workbench_is_at_rest). `done` comes once, from the
 * loop. NULL: there is no proposal that is laid out. */
struct proposal_gate *proposal_gate_start(
    struct workbench *wb, struct loop *loop, void (*done)(void *data), void *data) MUST_USE;
/* Stops it; `done` comes no more. NULL is fine. */
void proposal_gate_free(struct proposal_gate *gate);

/* It has not ended, and is about what is open now. */
bool proposal_gate_runs(const struct proposal_gate *gate);
/* It has ended, and was about what is open now: not about a proposal that has changed since. */
bool proposal_gate_holds(const struct proposal_gate *gate);
/* It has ended with a pass. */
bool proposal_gate_passed(const struct proposal_gate *gate);
/* One line: the parts that are no pass. */
void proposal_gate_describe(const struct proposal_gate *gate, struct buf *why);
/* What the agent can mend of it: the parts and the findings; false: there is no finding, and what
 * is red has gone back to it as tests that failed. */
bool proposal_gate_tell(const struct proposal_gate *gate, struct buf *told) MUST_USE;

#endif
