/* What the repository says about itself: branch, state, changes, author, history. Everything here
 * blocks (it reads the disk): from a worker, or through repo_status_start. `root` is the
 * workspace's folder, absolute and without links; paths are relative to it. */
#ifndef BYLAW_REPO_REPO_H
#define BYLAW_REPO_REPO_H

#include "base/err.h"
#include "base/str.h"
#include "loop/loop.h"

#define REPO_ID_SIZE 41 /* 40 hex digits and the NUL */

enum repo_kind {
    REPO_READY,
    REPO_NONE,    /* no repository: files can be written, nothing can be committed */
    REPO_BARE,    /* or its working folder is missing or elsewhere */
    REPO_FOREIGN, /* another user owns it */
    REPO_BROKEN
};

struct repo_status {
    enum repo_kind kind;
    char *problem; /* one sentence, for all kinds but REPO_READY; NULL else */
    char *branch;  /* "main"; for a detached HEAD the short id; NULL unless ready */
    bool is_unborn;
    bool is_detached;
    const char *operation;   /* "merge", "rebase", … that is under way; NULL: none. Static */
    char head[REPO_ID_SIZE]; /* "" when unborn */
    size_t changed;          /* files that differ from HEAD, untracked ones included */
    size_t staged;           /* of those, files with something staged */
};

/* Always fills *out; a repository that cannot be used is told in kind and problem. */
void repo_status_read(const char *root, struct repo_status *out);
void repo_status_free(struct repo_status *status);
/* On a worker; `done` is called once, on the loop thread; status is borrowed. */
void repo_status_start(struct loop *loop, const char *root,
    void (*done)(void *data, const struct repo_status *status), void *data);

/* Appends the file as HEAD has it, in the form the working folder has (line endings).
 * ERR_NOT_FOUND: HEAD does not have it. */
bool repo_file_at_head(const char *root, const char *path, size_t max_bytes, struct buf *out,
    struct err *err) MUST_USE;

struct repo_author {
    char *name;
    char *email;
};

/* Who commits: GIT_AUTHOR_… or GIT_COMMITTER_…, then author.… or committer.…, then user.… of the
 * configuration. ERR_NOT_FOUND says how to set them. */
bool repo_author_read(
    const char *root, bool committer, struct repo_author *out, struct err *err) MUST_USE;
void repo_author_free(struct repo_author *author);

struct repo_log_entry {
    char id[REPO_ID_SIZE];
    char *subject; /* as it stands in the commit: not made visible */
    char *body;    /* the whole message */
    char *author;
    int64_t time; /* seconds since 1970 */
};

struct repo_log {
    struct repo_log_entry *items; /* newest first, along first parents */
    size_t len, cap;
};

bool repo_log_read(const char *root, size_t limit, struct repo_log *out, struct err *err) MUST_USE;
void repo_log_free(struct repo_log *log);

#endif
