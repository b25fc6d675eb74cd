/* The folder the engineer works in: its name, its descriptor, its files and what changes in them.
 *
 * What is set at opening (root, name, descriptor) never changes, so a worker thread may use it
 * while the workspace is open; the file list and its events belong to the loop thread. */
#ifndef BYLAW_WORKSPACE_WORKSPACE_H
#define BYLAW_WORKSPACE_WORKSPACE_H

#include "loop/loop.h"
#include "workspace/files.h"

struct workspace;

/* `path` may be relative or reached through links. */
struct workspace *workspace_open(const char *path, struct err *err) MUST_USE;
/* Waits for nothing: what runs on workers must be finished or cancelled by its owner before. */
void workspace_free(struct workspace *workspace);
/* Absolute, without links. */
const char *workspace_root(const struct workspace *workspace);
/* The last part of root. */
const char *workspace_name(const struct workspace *workspace);
/* Open on root, for beneath.h. Borrowed. */
int workspace_fd(const struct workspace *workspace);

/* Reads a file of the workspace (as beneath_read, at most 64 MiB). Any thread. */
bool workspace_read(const struct workspace *workspace, const char *path, struct buf *out,
    struct file_stamp *stamp, struct err *err) MUST_USE;

/* What came with a new listing, by path, in the order of the list. */
struct workspace_changed {
    const char *path; /* borrowed until the callback returns */
    enum { WORKSPACE_ADDED, WORKSPACE_CHANGED, WORKSPACE_REMOVED } what;
};

struct workspace_event {
    bool first; /* the listing after workspace_start: changed is empty */
    const struct workspace_changed *changed;
    size_t changed_count;
    bool git_changed; /* HEAD, the index or a ref moved */
    bool polling;     /* the system cannot tell us about changes: we look every two seconds */
    /* The listing could not be made, or the folder is not where it was; told once, until it works
     * again. NULL: it works. */
    const struct err *failed;
};

/* Lists the files on a worker, then watches: on_event is called on the loop thread after each
 * listing that differs. Changes that come together (a checkout) come as one event. */
void workspace_start(struct workspace *workspace, struct loop *loop,
    void (*on_event)(void *data, const struct workspace_event *event), void *data);
/* Looks again now (after a write of our own, or when the terminal gets the focus). */
void workspace_refresh(struct workspace *workspace);
/* Stops watching. When it returns on_event is not called any more; a listing under way is waited
 * for by turning the loop. */
void workspace_stop(struct workspace *workspace);
/* The newest listing, empty before the first; borrowed until the next event. */
const struct files *workspace_files(const struct workspace *workspace);
/* Counts listings that differed. */
unsigned workspace_generation(const struct workspace *workspace);

#endif
