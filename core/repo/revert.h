/* Undoing the last commit made here, as a new commit that takes it back: history is never
 * rewritten. The plan is made from the repository; the door writes it and commit.h commits it, as
 * any other set of changes. */
#ifndef BYLAW_REPO_REVERT_H
#define BYLAW_REPO_REVERT_H

#include "patch/change.h"
#include "repo/repo.h"

struct revert {
    char id[REPO_ID_SIZE];  /* the commit that is taken back */
    char *subject;          /* its first line, not made visible */
    char *message;          /* of the new commit, as git revert words it, without trailers */
    struct changes changes; /* against the files as they are on disk */
};

/* Finds the newest commit along first parents, at most 200 back, that carries the trailer `key` and
 * has not been taken back yet, and plans its reverse. ERR_NOT_FOUND: there is none; ERR_CONFLICT:
 * later commits or uncommitted edits overlap with it, with the file's name. Blocks: from a
 * worker. */
bool revert_plan(const char *root, const char *key, struct revert *out, struct err *err) MUST_USE;
void revert_free(struct revert *revert);
/* On a worker; revert is borrowed, NULL with err on failure. */
void revert_plan_start(struct loop *loop, const char *root, const char *key,
    void (*done)(void *data, const struct revert *revert, const struct err *err), void *data);

#endif
