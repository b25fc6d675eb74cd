/* Decisions of one review taken over into another, of a change that has moved on. */
#ifndef BYLAW_PATCH_REVIEW_CARRY_H
#define BYLAW_PATCH_REVIEW_CARRY_H

#include "patch/review.h"

/* What was decided about lines that are still there, between the same lines of the base, holds in
 * `review` too, and comments whose line is still there go along; edits become comments. Files are
 * found by path. Every step is a review_do of `review`. Returns how many items are decided. */
size_t review_carry(struct review *review, const struct review *old);

#endif
