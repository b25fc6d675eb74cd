/* Keeps the catalog up to date in the background: files are read on workers, a slice at a time, at
 * the start all of them and afterwards those that changed; unsaved buffers count instead of their
 * files. Loop thread only; nothing here blocks. */
#ifndef BYLAW_CATALOG_INDEXER_H
#define BYLAW_CATALOG_INDEXER_H

#include "catalog/catalog.h"
#include "loop/loop.h"
#include "workspace/workspace.h"

struct indexer;

struct indexer_progress {
    size_t done, total; /* files, of the burst under way; equal: all is known */
    unsigned generation;
};

/* `on_change` (may be NULL) is called after each slice that went into the catalog. The workspace
 * must outlive it. */
struct indexer *indexer_new(struct loop *loop, const struct workspace *workspace,
    void (*on_change)(void *data), void *data) MUST_USE;
/* Waits for the slices under way by turning the loop. */
void indexer_free(struct indexer *indexer);
/* To be called in the workspace's on_event. The first event begins the index. */
void indexer_take_event(struct indexer *indexer, const struct workspace_event *event);

/* The text of an editor with unsaved changes, copied; call it again with each change worth knowing
 * (a pause in typing). Questions with a cursor's text do not need it first. */
void indexer_set_buffer(struct indexer *indexer, const char *path, struct str text);
/* The file counts again. */
void indexer_drop_buffer(struct indexer *indexer, const char *path);

/* Borrowed. It also gets the engine's built-in functions: opa is looked for at the first event and
 * asked once a binary; without opa there are none. */
struct catalog *indexer_catalog(struct indexer *indexer);
struct indexer_progress indexer_progress(const struct indexer *indexer);

#endif
