/* From what a search found to what would be written: the changes that replacing the matches comes
 * down to, to be proposed. Nothing is written here. */
#ifndef BYLAW_WORKSPACE_REPLACE_H
#define BYLAW_WORKSPACE_REPLACE_H

#include "patch/change.h"
#include "workspace/grep.h"
#include "workspace/workspace.h"

struct replace_file {
    char *path;
    unsigned long long hash; /* as grep_hit.hash: another content now is refused */
    size_t *keep;            /* offsets of matches that are left as they are, ascending */
    size_t keep_count;
};

/* On a worker; options and files are copied. `done` is called once, on the loop thread: changes are
 * borrowed (the callee may take them by leaving the struct empty), NULL with an err when a file
 * changed since it was searched (ERR_CONFLICT) or cannot be read. The workspace must live until
 * then. */
void replace_start(struct loop *loop, const struct workspace *workspace,
    const struct grep_options *options, const struct replace_file *files, size_t count,
    void (*done)(void *data, struct changes *changes, const struct err *err), void *data);

#endif
