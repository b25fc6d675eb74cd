/* The one door: the only functions in the program that write to the workspace. They are called for
 * an accepted decision and for the engineer's own save, and by nothing else.
 *
 * A set is written whole or not at all, also over kill -9 and power loss: every new content goes to
 * a temporary file beside its target and to the disk, an intent record names them all, and only
 * then are they switched, each in one atomic step (renameat2 RENAME_EXCHANGE where there is one).
 * What came out of a switch is compared with the base once more, so an edit that slipped in between
 * is seen and put back. A failure on the way switches back. An intent that a killed process left is
 * finished or undone by door_recover.
 *
 * Kept: permission bits, owner and group and extended attributes where the system lets us, and the
 * content byte for byte. Refused with a reason: links, hard-linked files (the other names would
 * keep the old content), read-only files, anything that is not a regular file, paths that
 * path_check_relative refuses.
 *
 * Any thread; two processes at once are kept apart by a lock in the state folder. */
#ifndef BYLAW_WORKSPACE_DOOR_H
#define BYLAW_WORKSPACE_DOOR_H

#include "patch/change.h"
#include "workspace/workspace.h"

/* Blocks (it waits for the disk): from a worker, or through door_start. ERR_CONFLICT names the
 * first file that is not as its base says. */
bool door_write(
    const struct workspace *workspace, const struct changes *changes, struct err *err) MUST_USE;

/* The same on a worker; `changes` is copied. `done` is called once, on the loop thread; err is NULL
 * when all was written. A write that has begun cannot be cancelled. */
void door_start(const struct workspace *workspace, struct loop *loop, const struct changes *changes,
    void (*done)(void *data, const struct err *err), void *data);

/* One file as it stands in the editor. `expected` is the stamp it was read with: another one on
 * disk is ERR_CONFLICT; NULL writes over whatever is there. On success *now is the new stamp.
 * Blocks. */
bool door_save(const struct workspace *workspace, const char *path, struct str content,
    const struct file_stamp *expected, struct file_stamp *now, struct err *err) MUST_USE;
/* On a worker; path and content are copied. */
void door_start_save(const struct workspace *workspace, struct loop *loop, const char *path,
    struct str content, const struct file_stamp *expected,
    void (*done)(void *data, const struct file_stamp *now, const struct err *err), void *data);

struct door_recovery {
    enum {
        DOOR_CLEAN,       /* nothing was left over */
        DOOR_ROLLED_BACK, /* a write had begun: none of it is there */
        DOOR_FINISHED     /* a write had been decided: all of it is there now */
    } outcome;
    size_t files;
    struct buf note; /* one line a file that was left as found because somebody else changed it */
};

/* After a crash: before anything else looks at the workspace. The caller frees note. */
bool door_recover(
    const struct workspace *workspace, struct door_recovery *out, struct err *err) MUST_USE;

/* For tests: `hook` is called between all steps (it may edit, fail by killing, …); plain_renames
 * does without RENAME_EXCHANGE and RENAME_NOREPLACE. */
void door_set_test_hook(void (*hook)(void *data, const char *step), void *data);
void door_set_plain_renames(bool plain);

#endif
