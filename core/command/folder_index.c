#include "command/folder_index.h"

enum { WAIT_MS = 600000 };

static void settle(void *data)
{
    struct folder_index *index = data;
    struct indexer_progress progress = indexer_progress(index->indexer);
    index->settled = index->failed || (index->listed && progress.done == progress.total);
}

static void on_event(void *data, const struct workspace_event *event)
{
    struct folder_index *index = data;
    if (event->failed != NULL) {
        index->failed = true;
        index->err = *event->failed;
    }
    indexer_take_event(index->indexer, event);
    index->listed = true;
    settle(index);
}

bool folder_index_open(struct folder_index *index, const char *folder, struct err *err)
{
    *index = (struct folder_index){.loop = loop_new(err)};
    index->workspace = index->loop == NULL ? NULL : workspace_open(folder, err);
    if (index->workspace == NULL) {
        return false;
    }
    index->indexer = indexer_new(index->loop, index->workspace, settle, index);
    index->catalog = indexer_catalog(index->indexer);
    workspace_start(index->workspace, index->loop, on_event, index);
    if (!loop_run_until(index->loop, &index->settled, WAIT_MS)) {
        return err_set(err, ERR_TIMEOUT, "reading %s takes too long", folder);
    }
    if (index->failed && err != NULL) {
        *err = index->err;
    }
    return !index->failed;
}

void folder_index_close(struct folder_index *index)
{
    if (index->workspace != NULL) {
        workspace_stop(index->workspace);
        indexer_free(index->indexer);
        workspace_free(index->workspace);
    }
    if (index->loop != NULL) {
        loop_free(index->loop);
    }
}
