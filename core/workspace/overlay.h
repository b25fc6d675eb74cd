/* A scratch copy of the workspace, outside it, in which proposals are laid out and engines, hooks
 * and "try selection" run. The workspace is only read. Several overlays of one workspace may live
 * at once.
 *
 * Copied are the files that files_list names, up to 64 MiB each and 2 GiB together; links are made
 * again when they point inside the workspace. Copies share their blocks with the original where the
 * file system can (FICLONE), but are never hard links: a program that writes into its scratch copy
 * must not reach the workspace. Bringing an overlay up to date copies only what differs from last
 * time, by stamp.
 *
 * Where the workspace lies in a git repository the copy looks as if it did too (repo/shadow.h): git
 * shows what the copy changes against the real history, and writes nothing there.
 *
 * They lie in $XDG_CACHE_HOME/bylaw/overlays/, each with a lock that its process holds; those whose
 * process is gone are removed by overlay_sweep. */
#ifndef BYLAW_WORKSPACE_OVERLAY_H
#define BYLAW_WORKSPACE_OVERLAY_H

#include "patch/change.h"
#include "workspace/workspace.h"

struct overlay;

/* Makes an empty folder; nothing is copied before the first overlay_apply. The workspace must
 * outlive it. */
struct overlay *overlay_new(const struct workspace *workspace, struct err *err) MUST_USE;
/* The same under a name (scratch_make_named), so that it is where it was the last time. */
struct overlay *overlay_new_named(
    const struct workspace *workspace, const char *name, struct err *err) MUST_USE;
/* Whose repository git shows there, if not the workspace's: that of the folder `root` (borrowed);
 * NULL: none. Before the first overlay_apply. */
void overlay_use_git(struct overlay *overlay, const char *root);
/* Leaves out of the copy the workspace's files that this says so of: asked by every apply from then
 * on, on its thread. */
void overlay_leave_out(struct overlay *overlay,
    bool (*left_out)(const void *data, const char *path), const void *data);
/* Removes the folder. Not while an overlay_start is under way. */
void overlay_free(struct overlay *overlay);
/* The copy's root: absolute, without links. */
const char *overlay_root(const struct overlay *overlay);

/* Brings the copy up to date with the workspace, undoes what an earlier call laid out and lays
 * `changes` out (NULL: none). Each content is put as it is: that the workspace has moved on from a
 * change's base is the caller's business. On failure what the folder holds is unspecified until the
 * next call succeeds. Blocks: from a worker, or through overlay_start. `cancel` may be NULL. */
bool overlay_apply(struct overlay *overlay, const struct changes *changes,
    const atomic_bool *cancel, struct err *err) MUST_USE;

/* Lays another set out over what the last call left, without a look at the workspace (whose files
 * are taken to be as they were then): as quick in a large workspace as in a small one. What both
 * sets have is not written again. Everything as overlay_apply when there was no such call, or it
 * failed. */
bool overlay_apply_again(
    struct overlay *overlay, const struct changes *changes, struct err *err) MUST_USE;
/* The paths that the last overlay_apply_again put otherwise than they were; NULL past the end, and
 * after an overlay_apply. Borrowed until the next. */
const char *overlay_moved(const struct overlay *overlay, size_t index);
/* The last call laid its set out. Not while an overlay_start is under way. */
bool overlay_is_known(const struct overlay *overlay);

/* overlay_apply on a worker, one at a time an overlay; `changes` is copied. `done` is called once,
 * on the loop thread; err is NULL when it was laid out, of kind ERR_CANCELLED after overlay_cancel.
 */
void overlay_start(struct overlay *overlay, struct loop *loop, const struct changes *changes,
    void (*done)(void *data, const struct err *err), void *data);
/* The same of overlay_apply_again, which no overlay_cancel stops. */
void overlay_start_again(struct overlay *overlay, struct loop *loop, const struct changes *changes,
    void (*done)(void *data, const struct err *err), void *data);
void overlay_cancel(struct overlay *overlay);
bool overlay_is_busy(const struct overlay *overlay);

/* What stands at `path` may not be what was laid out (somebody wrote there): the next apply puts it
 * right. Not while an overlay_start is under way. */
void overlay_doubt(struct overlay *overlay, const char *path);

/* Of the last overlay_apply: files copied by it, and files left out because of their size. */
size_t overlay_copied(const struct overlay *overlay);
size_t overlay_skipped(const struct overlay *overlay);

/* Removes what dead processes left. At the start of the program, from a worker: blocks. */
void overlay_sweep(void);

#endif
