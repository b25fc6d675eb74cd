/* Tells that something in a set of folders changed (uv_fs_event on each folder, so that atomic
 * replacements are seen), a while after the last of a burst. What changed is for the caller to find
 * out by looking. Loop thread only. */
#ifndef BYLAW_WORKSPACE_WATCH_H
#define BYLAW_WORKSPACE_WATCH_H

#include "loop/loop.h"
#include "workspace/files.h"

struct watch;

/* `git` says that something in the git folder changed. */
struct watch *watch_new(
    struct loop *loop, void (*on_change)(void *data, bool git), void *data) MUST_USE;
/* The folders to watch from now on: those of `files` below root, and its git folder. */
void watch_set(struct watch *watch, const char *root, const struct files *files);
/* True when the system gives us no more watches: on_change then comes every two seconds. */
bool watch_is_polling(const struct watch *watch);
void watch_free(struct watch *watch);

#endif
