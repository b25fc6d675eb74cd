/* Where undo histories are kept: one file for each edited file in $XDG_STATE_HOME/bylaw/undo, named
 * by the hash of its path, folder 0700, file 0600. At most HISTORY_FILES_MAX are kept, the newest.
 */
#ifndef BYLAW_TEXT_HISTORY_FILE_H
#define BYLAW_TEXT_HISTORY_FILE_H

#include "loop/loop.h"
#include "text/history.h"

#define HISTORY_FILES_MAX 300

/* The folder's name; the caller frees. NULL: see path.h. */
char *history_default_dir(struct err *err) MUST_USE;
/* Gives a text that was just opened from `path` (absolute) its undo steps back. False when there
 * are none, or they do not fit the content; err (may be NULL) says why. Blocks for at most one read
 * of HISTORY_BYTES_MAX. */
bool history_load(const char *dir, const char *path, struct text *text, struct err *err) MUST_USE;
/* Keeps the steps of a text whose content is on disk now, on a worker; nothing waits for it but
 * history_wait. A failure is logged: undo in the program is not touched by it. Copies all it needs.
 */
void history_store(struct loop *loop, const char *dir, const char *path, const struct text *text);
/* Turns the loop until no store is under way, at most timeout_ms. */
void history_wait(struct loop *loop, uint64_t timeout_ms);

#endif
