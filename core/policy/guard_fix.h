/* What the fixes of findings come to: for each file its text before and after, to be shown,
 * reviewed and written by somebody else. */
#ifndef BYLAW_POLICY_GUARD_FIX_H
#define BYLAW_POLICY_GUARD_FIX_H

#include "engine/result.h"
#include "patch/change.h"

/* Appends a change for each file of `findings` (below root, as it is on disk) that one of them has
 * an edit for; *fixed grows by the edits taken. Of two that overlap the later one is left: it is
 * found again in what comes of the first. Files that cannot be read are left out. Any thread. */
void guards_fix(
    const char *root, const struct findings *findings, struct changes *changes, size_t *fixed);

#endif
