/* One run of the tests in a folder, with all that came of it kept: the evidence beside a proposal
 * or a selection of it. Loop thread only. */
#ifndef BYLAW_AGENT_CHECKS_H
#define BYLAW_AGENT_CHECKS_H

#include "engine/runner.h"

struct checks;

enum checks_state {
    CHECKS_NONE, /* never ran */
    CHECKS_RUNNING,
    CHECKS_DONE,
    CHECKS_STALE, /* what was tested has changed since */
    CHECKS_FAILED /* there was nothing to run in: checks_trouble says why */
};

/* `changed` is called on every change, from the loop. */
struct checks *checks_new(struct loop *loop, void (*changed)(void *data), void *data) MUST_USE;
void checks_free(struct checks *checks);
/* Results are kept from session to session with those of this workspace's folder (copied), and
 * taken from there. */
void checks_keep_results(struct checks *checks, const char *workspace);

/* Takes units out of what runs from the next start on. */
struct checks_choice {
    void (*choose)(void *data, struct run_plan *plan); /* on a worker: run_options.choose */
    /* For each start: before it, and once nothing of it works any more. */
    void (*hold)(void *data);
    void (*release)(void *data);
    void *data;
};
void checks_choose(struct checks *checks, const struct checks_choice *choice);
/* Drops what was kept and runs all tests below root. */
void checks_start(struct checks *checks, const char *root);
/* Makes ready for checks_start_affected: what there is below root is found out, nothing runs and
 * nothing is told. */
void checks_prepare(struct checks *checks, const char *root);
/* These files below root (copied), and no others, are not what they were when the last run or
 * preparation began: what they can reach runs at once, then all that was not told as it is now. The
 * state is CHECKS_RUNNING until all is known. As checks_start when nothing is known of root. */
void checks_start_affected(
    struct checks *checks, const char *root, const char *const *paths, size_t count);
/* Stops a run; what was kept is marked stale. */
void checks_invalidate(struct checks *checks);

/* Drops what was kept: nothing could be run, and why. */
void checks_fail(struct checks *checks, const char *why);

enum checks_state checks_state(const struct checks *checks);
/* Done, and why tests failed is known as far as it ever will be. */
bool checks_is_settled(const struct checks *checks);
/* Rows as they came (a test's sub-tests behind it); borrowed until the next change. */
const struct results *checks_results(const struct checks *checks);
const struct findings *checks_findings(const struct checks *checks);
/* Where in the rows those begin that the running run has told; before them are those of earlier
 * runs that still hold as far as is known. */
size_t checks_told_from(const struct checks *checks);
/* Of a run of what changed: only what it can reach is told yet. */
bool checks_is_part(const struct checks *checks);
/* Tests ended and known so far. */
size_t checks_ended(const struct checks *checks);
size_t checks_total(const struct checks *checks);
/* Not evaluated until the run has ended. */
enum result_status checks_verdict(const struct checks *checks);
struct tally checks_tally(const struct checks *checks);
/* NULL when it was not measured. */
const struct coverage *checks_coverage(const struct checks *checks);
/* Why nothing could run, or NULL. */
const char *checks_trouble(const struct checks *checks);

#endif
