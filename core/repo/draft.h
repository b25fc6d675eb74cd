/* Inside a commit: what it will hold, in an index of its own, so that what the engineer has staged
 * stays out of it. All functions block: from a worker. Used by commit.c and its tests only. */
#ifndef BYLAW_REPO_DRAFT_H
#define BYLAW_REPO_DRAFT_H

#include "patch/change.h"
#include "repo/repo.h"

struct draft {
    char *root;
    char *workdir;             /* with a '/' at the end */
    char *git_dir;             /* this worktree's, with a '/' at the end */
    char *hooks_dir;           /* core.hooksPath, or hooks/ of the common folder */
    char *index;               /* the private index file; NULL for a look without one */
    char *branch;              /* for people */
    char *ref;                 /* "refs/heads/main"; "HEAD" when detached */
    char parent[REPO_ID_SIZE]; /* "" when unborn */
    struct repo_author author;
    struct repo_author committer;
    bool sign; /* commit.gpgsign */
    char *sign_format;
    char *sign_program;
    char *sign_key;   /* NULL: not set */
    struct buf notes; /* one line each: what the engineer should know */
};

/* Checks that a commit can be made and, with_index, makes the private index from HEAD and the
 * changes. The blobs are written to the repository. Content is git's own (line endings converted).
 * Edits of the engineer in the same files that were there before, in HEAD's place, are kept out of
 * the commit by a three-way merge where they do not overlap. */
bool draft_prepare(const char *root, const struct changes *changes, bool with_index,
    struct draft *out, struct err *err) MUST_USE;
/* Reads the private index again (a hook may have added to it) and writes its tree. ERR_INVALID when
 * it is the parent's. */
bool draft_write_tree(const struct draft *draft, char tree[REPO_ID_SIZE], struct err *err) MUST_USE;
/* The commit's bytes, unsigned. */
bool draft_commit_buffer(const struct draft *draft, const char *tree, const char *message,
    struct buf *out, struct err *err) MUST_USE;
/* Writes the commit and moves the branch, if it is still where it was (ERR_CONFLICT). `signature`
 * may be NULL. */
bool draft_commit_write(const struct draft *draft, const char *buffer, const char *signature,
    const char *message, char id[REPO_ID_SIZE], struct err *err) MUST_USE;
/* Gives the real index what the commit has, so that status shows it clean; entries in which the
 * engineer has staged work keep it. */
bool draft_update_index(struct draft *draft, const char *id, struct err *err) MUST_USE;
/* Removes the private index. */
void draft_free(struct draft *draft);

#endif
