/* Folders of our own outside the workspace, for as long as their owner lives: scratch copies of the
 * workspace (overlay.h), texts that are not saved yet and that an engine is to read.
 *
 * They lie in $XDG_CACHE_HOME/bylaw/overlays/ (where that cannot be written, in $TMPDIR), each with
 * a lock that its process holds; those whose process is gone are removed by scratch_sweep. Any
 * thread. */
#ifndef BYLAW_WORKSPACE_SCRATCH_H
#define BYLAW_WORKSPACE_SCRATCH_H

#include "base/err.h"

struct scratch {
    char *folder; /* absolute, mode 0700; NULL: there is none */
    int lock;
};

/* Makes an empty one. */
bool scratch_make(struct scratch *scratch, struct err *err) MUST_USE;
/* The same under a name of the caller's, so that it is where it was the last time; where another
 * process holds that one, under any other. `name` is one part of a path. */
bool scratch_make_named(struct scratch *scratch, const char *name, struct err *err) MUST_USE;
/* Removes it with all it holds; one that is all zero is fine. */
void scratch_remove(struct scratch *scratch);
/* Removes what dead processes left. Blocks. */
void scratch_sweep(void);

#endif
