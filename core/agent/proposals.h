/* The proposals of a session and the review of the one that is open: patches come in, decisions are
 * kept, edits of the workspace underneath are merged in. At most one proposal is open; a patch goes
 * on with it, or begins the next.
 *
 * All that happens is handed to `record` (the session's journal) before it counts, and comes back
 * through proposals_replay. Loop thread only. */
#ifndef BYLAW_AGENT_PROPOSALS_H
#define BYLAW_AGENT_PROPOSALS_H

#include "agent/proposal.h"
#include "patch/review.h"

struct proposals;

struct proposals_setup {
    const struct patch_source *workspace; /* borrowed */
    /* Takes `record`. `sync`: wait for the disk. */
    void (*record)(void *data, const char *kind, cJSON *record, bool sync);
    void *data;
};

struct proposals *proposals_new(const struct proposals_setup *setup) MUST_USE;
void proposals_free(struct proposals *proposals);

/* Reads a patch into the open proposal, or a new one. *answer is what the model is told, also on
 * failure. Decisions on lines that are still proposed stay. */
bool proposals_patch(struct proposals *proposals, struct str patch, struct buf *answer) MUST_USE;
/* Begins a proposal of the engineer's own (a replacement, a rename); `origin` says in a few words
 * what it does. ERR_CONFLICT while one is open, ERR_INVALID when nothing would change. */
bool proposals_add(struct proposals *proposals, const struct changes *changes, const char *origin,
    struct err *err) MUST_USE;
/* What the open one is about has become something else: decisions on lines that are still the same
 * stay. Returns how many items are decided in the new one. */
size_t proposals_replace(struct proposals *proposals, const struct changes *changes);
/* The open one, or NULL. Borrowed until the next patch or decision. */
const struct proposal *proposals_open(const struct proposals *proposals);
/* Its review, or NULL. Decide with review_do: every op is recorded. Borrowed until the next patch
 * (which makes a new one) or proposals_close. */
struct review *proposals_review(struct proposals *proposals);
/* Grows whenever proposals_review gives another review than before. */
unsigned proposals_generation(const struct proposals *proposals);

/* Looks at the workspace: files of the proposal that changed underneath are merged into the review.
 * Returns how many were. What cannot be read counts as deleted and is said in *problem (may be
 * NULL). */
size_t proposals_rebase(struct proposals *proposals, struct buf *problem);

/* The engineer has decided and what was accepted is written: the proposal is closed. */
void proposals_close(struct proposals *proposals);

/* It is not to be reviewed after all: whoever made it did not come to an end. */
void proposals_withdraw(struct proposals *proposals);

/* True when the record was one of ours. */
bool proposals_replay(struct proposals *proposals, const char *kind, const cJSON *record);
/* After the last record. Returns how many recorded decisions did not fit (said to the engineer). */
size_t proposals_settle(struct proposals *proposals);

#endif
