/* Unsaved edits, kept safe from a crash: while a text differs from its file, a swap file in the
 * state folder holds the text as it was at the last save and every edit since.
 *
 * It is written as the edits come, at most 300 ms (or 64 KiB) behind, with write(2): a kill of the
 * program loses no more than that. It is not synced, so a power cut may lose more. The file is made
 * at the first edit (folder 0700, file 0600), removed at a save and at a clean close, and locked
 * (flock) by the process that writes it: a lock that can be had means that its writer is dead.
 * Format: swap_format.h. Loop thread only. */
#ifndef BYLAW_TEXT_SWAP_H
#define BYLAW_TEXT_SWAP_H

#include "loop/loop.h"
#include "text/text.h"

struct swap;

/* The folder swap files are in: $XDG_STATE_HOME/bylaw/swap. The caller frees; NULL: see path.h. */
char *swap_default_dir(struct err *err) MUST_USE;

/* Watches `text` (which must outlive it, and be as on disk now) for the file `path`, which should
 * be absolute and without links so that it is found again. `loop` may be NULL: then only
 * swap_flush writes. Copies dir and path. */
struct swap *swap_new(
    struct loop *loop, struct text *text, const char *path, const char *dir) MUST_USE;
/* The text was written to its file: the swap file is removed. When the text was edited while it
 * was being written (it is dirty still), a new one takes its place first. */
void swap_saved(struct swap *swap);
/* Stops watching. The swap file is removed when `remove` is true (a clean close), else brought up
 * to date and left for the next start (a signal, a lost terminal). NULL is fine. */
void swap_free(struct swap *swap, bool remove);

/* Writes all that is not written yet. */
bool swap_flush(struct swap *swap, struct err *err);
void swap_flush_all(void);
/* Writes what has gathered of every swap: for handlers of fatal signals and of mem_set_handler;
 * neither allocates nor locks. */
void swap_flush_crash(void);
/* Why unsaved edits are not being kept at the moment (disk full, no folder), or NULL. Borrowed
 * until the next call. It goes on trying once a second. */
const char *swap_error(const struct swap *swap);

/* What a crash left behind for one file. Holds the lock, so that no other process offers it too. */
struct swap_found {
    struct buf content; /* the text with its unsaved edits */
    bool damaged;       /* the swap file's end could not be read: content is what came before */
    int64_t time_ms;    /* when it was begun, wall clock */
    char *file;         /* the swap file */
    int fd;
};

enum swap_status {
    SWAP_NONE,
    SWAP_FOUND,
    SWAP_BUSY /* a living process has unsaved edits of this file (only when there is no leftover) */
};

/* Looks for unsaved edits of `path`, whose content is `on_disk` now (empty when it is gone). A
 * leftover equal to it is removed on the way; of several the newest is given, the others stay for
 * the next call. SWAP_BUSY sets *pid. */
enum swap_status swap_find(
    const char *dir, const char *path, struct str on_disk, struct swap_found *found, uint32_t *pid);
/* Done with it: removes the swap file, or leaves it to be found again. Frees what found holds. */
void swap_found_close(struct swap_found *found, bool remove);

/* Paths of all files that have a leftover (of dead processes), each once, without checking whether
 * anything is lost. The caller frees each and the array. */
struct swap_paths {
    char **items;
    size_t len, cap;
};
void swap_list(const char *dir, struct swap_paths *out);

#endif
