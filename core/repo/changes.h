/* What differs from the last commit in the working folder, as one unified diff. Blocks: from a
 * worker. */
#ifndef BYLAW_REPO_CHANGES_H
#define BYLAW_REPO_CHANGES_H

#include "base/err.h"
#include "base/str.h"

/* Appends the diff of the workspace's files (untracked ones included, staged or not) against HEAD,
 * cut at a line when it is longer than max_bytes. *files is how many differ. */
bool repo_changes_read(
    const char *root, size_t max_bytes, struct buf *out, size_t *files, struct err *err) MUST_USE;

#endif
