/* Committing what was accepted: the changes the door has just written, and nothing else. The
 * engineer's staged work stays staged, edits of theirs in the same files stay uncommitted where
 * they do not overlap, the repository's own hooks run as git would run them (after the engineer was
 * asked once; libgit2 runs none), and commit.gpgsign is honoured: a commit that should be signed
 * and cannot be is not made.
 *
 * Works on workers and in child processes; every callback comes on the loop thread. */
#ifndef BYLAW_REPO_COMMIT_H
#define BYLAW_REPO_COMMIT_H

#include "patch/change.h"
#include "repo/message.h"
#include "repo/repo.h"

struct commit_hook {
    const char *name; /* "pre-commit" */
    const char *path;
};

/* What the dialog shows before anything is done. */
struct commit_preview {
    bool possible;
    struct err problem; /* why not */
    const char *branch;
    const char *author; /* "Name <mail>" */
    bool will_sign;
    const char *sign_with; /* "gpg", "ssh-keygen", …; NULL unless will_sign */
    const struct commit_hook *hooks;
    size_t hook_count;
    bool hooks_trusted; /* all have been allowed before, in exactly this content */
    const char *notes;  /* lines; "" when there is nothing to know */
};

/* `root` is the workspace's. `done` is called once; preview is borrowed. */
void commit_preview_start(struct loop *loop, const char *root, const struct changes *changes,
    void (*done)(void *data, const struct commit_preview *preview), void *data);

enum commit_stage {
    COMMIT_STAGING,
    COMMIT_ASKING, /* waits for commit_answer */
    COMMIT_HOOK,
    COMMIT_SIGNING,
    COMMIT_WRITING,
    COMMIT_DONE
};

enum commit_answer {
    COMMIT_RUN_HOOKS,  /* and remember it for this content */
    COMMIT_SKIP_HOOKS, /* this time, as git commit --no-verify; all four are skipped */
    COMMIT_ABORT
};

struct commit_outcome {
    const struct err *err; /* NULL: committed */
    const char *id;        /* 40 hex digits; NULL on failure */
    const char *branch;
    bool is_signed;
    const char *message; /* as committed: hooks may have changed it */
    const char *notes;   /* lines: skipped hooks, a failed post-commit, an index that could not be
                            updated, …; "" when there are none */
};

struct commit_request {
    const char *root;
    const struct changes *changes;
    struct str message; /* goes through message_compose with the trailers */
    const struct message_trailer *trailers;
    size_t trailer_count;
};

struct commit_callbacks {
    /* what: the hook's name, the signing program, or NULL. */
    void (*on_stage)(void *data, enum commit_stage stage, const char *what);
    /* A line a hook printed, as it came: not made visible. */
    void (*on_output)(void *data, struct str line);
    /* Hooks that were not allowed before. Answer with commit_answer, now or later. */
    void (*on_ask)(void *data, const struct commit_hook *hooks, size_t count);
    /* Once, last; the outcome is borrowed and the commit is freed when it returns. */
    void (*on_done)(void *data, const struct commit_outcome *outcome);
};

struct commit;

/* Copies the request. on_ask and on_done must be there, the others may be NULL. */
struct commit *commit_start(struct loop *loop, const struct commit_request *request,
    const struct commit_callbacks *callbacks, void *data);
void commit_answer(struct commit *commit, enum commit_answer answer);
/* Ends it at the next point where nothing is half done; on_done still comes: with ERR_CANCELLED, or
 * with the commit when it was made already. */
void commit_cancel(struct commit *commit);

#endif
