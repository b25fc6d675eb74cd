/* Decisions of a review of somebody's change, kept in a session file (agent/journal.h) until it is
 * finished, and there again when the same change is opened: also when it has moved on since. Each
 * decision is on the disk before it counts. One process at a time. Loop thread. */
#ifndef BYLAW_REVIEW_KEPT_H
#define BYLAW_REVIEW_KEPT_H

#include "review/subject.h"

struct kept;

enum kept_state {
    KEPT_NEW,     /* nothing was kept of it */
    KEPT_RESUMED, /* it is as it was: all decisions are there */
    KEPT_MOVED    /* it has moved on: decisions about lines that are still there are */
};

/* The review belongs to the kept. The subject has changes. ERR_CONFLICT: another bylaw has this
 * review open. */
struct kept *kept_open(const struct subject *subject, struct err *err) MUST_USE;
void kept_free(struct kept *kept);
struct review *kept_review(struct kept *kept);
enum kept_state kept_state(const struct kept *kept);
/* One sentence on what was found; NULL: nothing was kept. Borrowed. */
const char *kept_said(const struct kept *kept);
/* The disk takes what is decided. */
bool kept_is_saved(const struct kept *kept);
/* Its decisions are carried out: the next time it begins anew. */
void kept_finish(struct kept *kept);

#endif
