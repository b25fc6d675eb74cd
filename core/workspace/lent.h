/* A scratch copy lent to a program that writes in it by itself (an agent with tools of its own):
 * the workspace with the open proposal on top, and afterwards what the program changed there, as a
 * patch that the proposal can take.
 *
 * There are two trees: a base, which only we write, and the copy of it that is lent. So what the
 * program changed is told apart from what the engineer changed in the workspace meanwhile, and
 * whatever it left behind is put right before it is lent again. Files that the ignore rules hide,
 * and .git, are nobody's concern: they are neither copied nor proposed.
 *
 * The two trees lie where overlay.h says. One job at a time. Loop thread, but lent_read and
 * lent_write. */
#ifndef BYLAW_WORKSPACE_LENT_H
#define BYLAW_WORKSPACE_LENT_H

#include "loop/loop.h"
#include "patch/change.h"
#include "workspace/workspace.h"

struct lent;

enum {
    LENT_FILE_MAX = 8 * 1024 * 1024,  /* a larger file is not proposed, nor read or written */
    LENT_PATCH_MAX = 16 * 1024 * 1024 /* all of a patch */
};

/* What was changed in it. Borrowed until the callback returns. */
struct lent_found {
    struct str patch; /* as git prints it, against what was laid out; empty: nothing changed */
    /* What was changed and cannot be proposed (a link, something binary or too large): one line
     * each, safe to show; empty: nothing. */
    struct str left_out;
    const struct err *err; /* it could not be read; NULL: it could */
};

/* What it is lent to. */
enum lent_to {
    /* Without a network and keys of the engineer's; and Codex, which takes no settings from a
     * folder it was not told to trust */
    LENT_TO_COMMAND,
    /* With both: what agents would take for their settings (workspace/agent_settings.h) is left out
     * until the engineer has trusted exactly that */
    LENT_TO_AGENT
};

/* The workspace must outlive it. The lent tree of a workspace is in the same place each time,
 * unless another process has it: agents know their own sessions by the folder. NULL: there is no
 * room for a scratch copy. */
struct lent *lent_new(const struct workspace *workspace, struct loop *loop, enum lent_to to,
    struct err *err) MUST_USE;
/* Waits for the job that runs, by turning the loop; its callback does not come. */
void lent_free(struct lent *lent);
/* The lent tree's root: absolute, without links. Borrowed. */
const char *lent_root(const struct lent *lent);

/* Brings it up to date with the workspace and lays `changes` out (copied; NULL: none). `done` is
 * called once, later; err is NULL when all is there. */
void lent_lay_out(struct lent *lent, const struct changes *changes,
    void (*done)(void *data, const struct err *err), void *data);
/* Looks for what the program changed since. `found` is called once, later. */
void lent_collect(
    struct lent *lent, void (*found)(void *data, const struct lent_found *found), void *data);
/* In that callback: all that was found is agreed on, as by lent_agree. */
void lent_agree_found(struct lent *lent);
/* Another number than before where what a lent tree has of settings for agents is not what it was:
 * a program that runs since then does not know it. */
unsigned lent_settings(const struct lent *lent);
bool lent_is_busy(const struct lent *lent);
/* What stands at this path in the lent tree now is known to whoever collects: only what is made of
 * it afterwards is found. A small file, read and written at once; not while it is busy. */
void lent_agree(struct lent *lent, const char *relative);

/* The path below the root of an absolute path in the lent tree, by the rules of
 * path_check_relative; NULL and why. The caller frees. */
char *lent_relative(const struct lent *lent, const char *path, struct err *err) MUST_USE;
/* A text file of the lent tree, for a program that asks us to. No link is followed. Block: for a
 * worker; not while it is laid out. */
bool lent_read(
    const struct lent *lent, const char *relative, struct buf *out, struct err *err) MUST_USE;
bool lent_write(
    const struct lent *lent, const char *relative, struct str bytes, struct err *err) MUST_USE;

#endif
