/* The whole program on a fresh copy of the sample workspace, in a terminal, with a state folder of
 * its own and the bundled recording. */
#ifndef BYLAW_TEST_SAMPLE_RUN_H
#define BYLAW_TEST_SAMPLE_RUN_H

#include "term.h"

#define SAMPLE_PROMPT                                                                              \
    "Deny any Deployment in production whose image tag is latest or missing. Tests too."

/* policies/lib/k8s/k8s.rego after the review that the tests of the whole program make: of its three
 * hunks the first declined, the second accepted, the third edited. */
extern const char sample_helpers_decided[];

struct sample_run {
    char *dir; /* the copy */
    char *state;
    char *xdg_state; /* for env */
    struct term *term;
};

/* Copies the sample. No repository yet: see sample_run_init. */
struct sample_run *sample_run_new(void) MUST_USE;
void sample_run_free(struct sample_run *run);
/* A repository with the sample as its first commit, by "Engineer". */
void sample_run_init(struct sample_run *run);
/* `sh -ec` in the copy, with a git identity; its output is compared unless want is NULL. */
void sample_run_sh(struct sample_run *run, const char *script, const char *want);
/* Starts (again). */
void sample_run_start(struct sample_run *run, int rows, int cols);
/* Asks the recorded prompt and waits for its proposal. */
void sample_run_propose(struct sample_run *run);

#endif
