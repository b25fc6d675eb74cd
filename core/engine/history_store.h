/* The history of a workspace's tests, kept in the state folder (tests/WORKSPACE-HASH) from session
 * to session. Read once and written after each run, both on a worker; before it is written the file
 * is read again under a lock, so that two sessions in one folder add to each other's. Only results
 * of the workspace itself belong in it: those of a proposal are never recorded. Loop thread only.
 */
#ifndef BYLAW_ENGINE_HISTORY_STORE_H
#define BYLAW_ENGINE_HISTORY_STORE_H

#include "engine/test_history.h"
#include "loop/loop.h"

struct history_store;

/* `root` is the workspace's folder. `ready` is called when what was kept is there, `trouble` (one
 * line) when it could not be read or written: the tests run all the same. Both may be NULL. */
struct history_store *history_store_new(struct loop *loop, const char *root,
    void (*ready)(void *data), void (*trouble)(void *data, const char *line), void *data) MUST_USE;
/* What was recorded and not written is still written, at the latest while the loop ends. */
void history_store_free(struct history_store *store);
/* Records a run, known at once to history_store_find and written by history_store_save. */
void history_store_add(
    struct history_store *store, const struct test_name *name, const struct test_run *run);
const struct test_past *history_store_find(
    const struct history_store *store, const struct test_name *name);
void history_store_save(struct history_store *store);

#endif
