/* The last commit that touched each of many files: one walk through the history for all of them, as
 * `git log -1 -- FILE` of each would say. Blocks: from a worker, or where nothing waits. */
#ifndef BYLAW_REPO_LAST_COMMIT_H
#define BYLAW_REPO_LAST_COMMIT_H

#include "repo/repo.h"

#include <stdatomic.h>

struct last_commit {
    char *path;             /* below root; the caller's, sorted by it, each once */
    char id[REPO_ID_SIZE];  /* "": HEAD does not have the file, or the walk ended before */
    char *author, *subject; /* as they stand in the commit: not made visible; NULL without an id */
    int64_t time;
    bool is_changed; /* the file is not committed as it is */
};

/* Fills in all but the paths. At most `limit` commits are looked at, the newest first: *complete is
 * false when some file's was not among them. ERR_NOT_FOUND: no repository. Cancelled: what is found
 * so far. `cancel` may be NULL. */
bool last_commits_read(const char *root, struct last_commit *items, size_t count, size_t limit,
    const atomic_bool *cancel, bool *complete, struct err *err) MUST_USE;
/* Frees what each holds, its path too. */
void last_commits_free(struct last_commit *items, size_t count);

#endif
