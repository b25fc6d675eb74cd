/* An errand: one prompt to an agent with nobody watching, to its settled end. A workbench of its
 * own (session, overlay, tools, hooks, bounds) runs the turn as on the screen; what the agent asks
 * is declined, since nobody can answer; failed checks go back to it (mend_attempts); what the
 * caller's judge finds goes back too, up to a bound, and what the gate finds within the same. What
 * it proposes stays in its session, for the review.
 *
 * Loop thread only. */
#ifndef BYLAW_AGENT_ERRAND_H
#define BYLAW_AGENT_ERRAND_H

#include "agent/proposal_gate.h"
#include "agent/workbench.h"

struct errand;

enum errand_end {
    ERRAND_RUNS,
    ERRAND_DONE,    /* the agent has ended, and what it proposed was checked */
    ERRAND_REFUSED, /* the judge still found something after the last attempt: errand_trouble */
    ERRAND_SPENT,   /* stopped because `spent` said so: it can go on in its session */
    ERRAND_FAILED   /* it could not: no model, an error of it, a bound: errand_trouble says why */
};

struct errand_setup {
    struct loop *loop;
    const char *folder;
    const char *session;  /* goes on with this one; NULL: a new one */
    const char *provider; /* as in workbench_options */
    const char *profile;
    const char *sandbox; /* "read-only", or NULL: as configured */
    bool is_program;
    const char *prompt; /* copied */
    const char *schema; /* of the answer, for a server that takes one; borrowed; or NULL */
    double budget; /* US dollars for all of it, where the price is known; below 0: as configured */
    bool (*spent)(void *data); /* of what it shares with others nothing is left; asked before each
                                * request. NULL: it shares nothing */
    double minutes; /* it may take so long, then it is stopped and has failed; 0: without end */
    unsigned tries; /* how often what the judge finds goes back */
    /* All is at rest and checked: is it what was wanted? False: *told is what the agent is told.
     * NULL: it always is. */
    bool (*judge)(void *data, struct errand *errand, struct buf *told);
    /* What is proposed is held against the gate at the end: errand_checks_passed has its verdict.
     */
    bool gated;
    /* The transcript has changed. May be NULL. */
    void (*changed)(void *data);
    /* It has an end; called once, and the errand may be freed in it. */
    void (*done)(void *data);
    void *data;
};

/* Opens the session and begins; the prompt is sent once a model is chosen. NULL: the folder or the
 * session cannot be used. */
struct errand *errand_start(const struct errand_setup *setup, struct err *err) MUST_USE;
/* Stops what runs. The loop must turn once more afterwards. */
void errand_free(struct errand *errand);
/* Stops what runs as at the end of its time: what came until then is kept, and it has failed. */
void errand_stop(struct errand *errand);

enum errand_end errand_end(const struct errand *errand);
/* What went wrong, one or more lines, or NULL. Borrowed. */
const char *errand_trouble(const struct errand *errand);
struct workbench *errand_workbench(struct errand *errand);
/* The agent's last message since it was last told something; "" when there is none. Borrowed until
 * the session changes. */
struct str errand_answer(struct errand *errand);
/* Whether anything came from the agent or the model in this session. */
bool errand_has_received(const struct errand *errand);
/* What its session has spent is all it cost: each request has a price, and where there was an
 * answer its tokens were told (an agent of its own need not tell them). */
bool errand_cost_is_known(const struct errand *errand);
/* Questions that were declined. */
unsigned errand_declined(const struct errand *errand);

/* Whether what is proposed passes the gate, which must have been asked for: the verdict of
 * `bylaw check --base`. Else *why gets one line. */
bool errand_checks_passed(struct errand *errand, struct buf *why) MUST_USE;
/* Writes all that is proposed to the workspace and closes the proposal; for a caller that may. */
bool errand_apply(struct errand *errand, struct err *err) MUST_USE;

#endif
