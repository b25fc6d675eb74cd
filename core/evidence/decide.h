/* Lets the engines decide, so that guards have something to read: all policies are applied to all
 * fixtures of a folder, all its tests are run with coverage. Loop thread. */
#ifndef BYLAW_EVIDENCE_DECIDE_H
#define BYLAW_EVIDENCE_DECIDE_H

#include "engine/result.h"
#include "loop/loop.h"
#include "policy/coverage.h"

struct decide;

/* `done` is called once, from the loop: what the guards found, silenced ones left out (borrowed for
 * the call), and why something could not be run, or NULL. `root` is absolute; copied. */
struct decide *decide_start(struct loop *loop, const char *root,
    void (*done)(void *data, const struct findings *findings, const char *trouble),
    void *data) MUST_USE;
/* The same where the tests have run: their rows and coverage are given (copied), and only the
 * fixtures are decided about. */
struct decide *decide_start_with(struct loop *loop, const char *root, const struct results *results,
    const struct coverage *coverage,
    void (*done)(void *data, const struct findings *findings, const char *trouble),
    void *data) MUST_USE;
/* Stops it; `done` comes no more. NULL is fine. */
void decide_free(struct decide *decide);

#endif
