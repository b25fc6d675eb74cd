/* Three-way merge of texts by line (git's, through libgit2). Pure, any thread. */
#ifndef BYLAW_PATCH_MERGE_H
#define BYLAW_PATCH_MERGE_H

#include "base/err.h"
#include "base/str.h"

enum merge_favor { MERGE_MINE, MERGE_THEIRS };

/* Appends to *out what `base` becomes with both sides' changes; where they collide the favoured
 * side's lines stand, with no markers. *clean tells whether none collided. */
bool merge_texts(struct str base, struct str mine, struct str theirs, enum merge_favor favor,
    struct buf *out, bool *clean, struct err *err) MUST_USE;

#endif
