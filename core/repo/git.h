/* What all users of libgit2 share: start it once, open the workspace's repository, and make its
 * errors ours. A git_repository belongs to one thread: each job opens its own (about 1 ms). */
#ifndef BYLAW_REPO_GIT_H
#define BYLAW_REPO_GIT_H

#include "base/err.h"
#include "base/str.h"

#include <git2.h>

/* Any number of times, any thread. */
void git_start(void);
/* "what: libgit2's message"; false always. rc is the call's result. */
bool git_fail(struct err *err, int rc, const char *fmt, ...) PRINTF_LIKE(3, 4);

struct git {
    git_repository *repository;
    char *workdir; /* with a '/' at the end, without links; NULL when bare */
    char *prefix;  /* the workspace's folder below workdir with a '/' at the end, or "" */
};

/* Opens the repository that `root` (absolute, without links) lies in. ERR_NOT_FOUND: there is none;
 * ERR_DENIED: somebody else owns it, with what to do; ERR_UNSUPPORTED: bare. */
bool git_open(const char *root, struct git *git, struct err *err) MUST_USE;
void git_close(struct git *git);
/* The caller frees. */
char *git_repo_path(const struct git *git, const char *path) MUST_USE;
/* HEAD's commit; NULL with true when it is unborn. */
bool git_head_commit(const struct git *git, git_commit **commit, struct err *err) MUST_USE;

/* Git's view of a file's bytes (line endings, ident) and back. */
bool git_to_odb(const struct git *git, const char *repo_path, struct str bytes, struct buf *out,
    struct err *err) MUST_USE;
bool git_to_worktree(const struct git *git, const char *repo_path, git_blob *blob, struct buf *out,
    struct err *err) MUST_USE;
/* Three-way merge of one file's text; false with *clean = false when it conflicts. */
bool git_merge_text(struct str ancestor, struct str ours, struct str theirs, struct buf *out,
    bool *clean, struct err *err) MUST_USE;

#endif
