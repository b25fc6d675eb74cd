/* A proposal for each of many controls: so many errands at a time, each in a session and an overlay
 * of its own, kept in a ledger (ledger.h) so that a kill -9 loses nothing: what ran goes on in its
 * session, what had ended is not asked again. Every control ends in exactly one proposal, green or
 * red, or in one failure that says why.
 *
 * Loop thread only. */
#ifndef BYLAW_GENERATE_GENERATE_H
#define BYLAW_GENERATE_GENERATE_H

#include "generate/ledger.h"
#include "generate/task.h"
#include "loop/loop.h"

struct generate;

struct generate_totals {
    size_t all, waiting, running;
    size_t green, red, failed;
    double dollars; /* of all that was ever spent on them, running ones too, where it is known */
    bool priced;    /* that is all of it */
    long long tokens;
    bool at_budget;   /* it was stopped because the budget has no room for another request */
    uint64_t wall_ms; /* since generate_start */
};

struct generate_setup {
    struct loop *loop;
    const char *folder;   /* the workspace */
    const char *provider; /* as in workbench_options */
    const char *profile;
    bool is_program;
    unsigned jobs;  /* at a time, at least 1 */
    unsigned tries; /* how often what lacks goes back to the model */
    double minutes; /* each may take so long, then it has failed; 0: without end */
    /* US dollars for all; below 0: any. No request is begun that would pass it if it took what they
     * took so far; what is cut short waits, to go on in its session. */
    double budget;
    struct ledger *ledger; /* borrowed */
    const struct generate_task
        *tasks; /* borrowed; those whose ledger item waits or runs are done */
    size_t count;
    /* A control has begun, has ended, or was cut short (it waits); borrowed. */
    void (*told)(void *data, const struct generate_task *task, const struct ledger_item *item);
    void *data;
};

/* False: the ledger could not be saved. */
struct generate *generate_start(const struct generate_setup *setup, struct err *err) MUST_USE;
void generate_free(struct generate *generate);

/* Nothing runs any more and nothing more begins. */
bool generate_is_over(const struct generate *generate);
struct generate_totals generate_totals(const struct generate *generate);
/* Why controls are left that did not begin, a sentence; NULL: none is. */
const char *generate_stopped(const struct generate *generate);

#endif
