/* Lets the engines decide, so that guards have something to read: policies are applied to the
 * fixtures of a folder as far as a guard needs it (evidence/wish.h), all its tests are run with
 * coverage. Loop thread. */
#ifndef BYLAW_EVIDENCE_DECIDE_H
#define BYLAW_EVIDENCE_DECIDE_H

#include "engine/result.h"
#include "evidence/wish.h"
#include "loop/loop.h"
#include "policy/coverage.h"

struct decide;

/* Guards whose say is not whole, and why. */
struct decided_gap {
    struct buf guards; /* "fixture-denied, rule-unreached" */
    char *why;         /* one sentence */
};

/* What came of it. */
struct decided {
    struct findings findings; /* what the guards found, silenced ones left out */
    struct findings awaited;  /* with decide_given's `awaits` (evidence_await_coverage), so too */
    struct decided_gaps {
        struct decided_gap *items;
        size_t len, cap;
    } gaps;
    bool failed; /* one of the gaps: something could not be run at all */
};

/* `done` is called once, from the loop; what it is given is borrowed for the call. `root` is
 * absolute; copied. */
struct decide *decide_start(struct loop *loop, const char *root,
    void (*done)(void *data, const struct decided *decided), void *data) MUST_USE;
/* What was found out already, and what is to be looked at. */
struct decide_given {
    /* The tests have run: their rows and coverage (both copied). */
    const struct results *results;
    const struct coverage *coverage;
    /* Other shards measure, too: which rules are reached is known when they are joined. */
    bool awaits;
    bool no_fixtures; /* another shard decides about them */
    /* After a change (evidence/wish.h): both are taken over. NULL: everything. Then what is said of
     * tests and rules is said of changed files, and of documents what a change can have made so. */
    struct wish_paths *changed, *affected;
    /* Questions that engines have answered, of how many; with `data`. May be NULL. */
    void (*progress)(void *data, size_t done, size_t total);
};
/* The same where the tests have run: only the fixtures are decided about. */
struct decide *decide_start_with(struct loop *loop, const char *root,
    const struct decide_given *given, void (*done)(void *data, const struct decided *decided),
    void *data) MUST_USE;
/* Stops it; `done` comes no more. NULL is fine. */
void decide_free(struct decide *decide);

#endif
