/* The workspace as a commit has it, and what has changed since. Blocks: from a worker. */
#ifndef BYLAW_REPO_PAST_TREE_H
#define BYLAW_REPO_PAST_TREE_H

#include "repo/repo.h"

struct past_change {
    char *path;   /* relative to the workspace; a removed file's as it was */
    char *before; /* renamed: where it was; else NULL */
    enum past_kind { PAST_ADDED, PAST_CHANGED, PAST_REMOVED, PAST_RENAMED } kind;
};

struct past_tree {
    char id[REPO_ID_SIZE]; /* the commit that was taken */
    bool forked;           /* REV has gone on since: it is where HEAD left it */
    struct {
        struct past_change *items;
        size_t len, cap;
    } changes; /* of the working folder since, untracked files included, ignored ones not */
};

/* Takes REV or, where REV is no ancestor of HEAD, the commit that both come from: what others did
 * there since is no change of this one. ERR_NOT_FOUND with what to do: no such revision, nothing in
 * common (a shallow clone). */
bool past_tree_find(
    const char *root, const char *rev, struct past_tree *out, struct err *err) MUST_USE;
/* Writes the workspace's files as the commit has them into an empty folder. Submodules are left
 * out. */
bool past_tree_lay(
    const char *root, const struct past_tree *tree, const char *folder, struct err *err) MUST_USE;
void past_tree_free(struct past_tree *tree);

#endif
