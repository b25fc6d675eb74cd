/* What a prompt names with "@" is read from the workspace. */
#include "agent/mention.h"
#include "agent/workbench_private.h"
#include "workspace/beneath.h"

#include <sys/stat.h>

static bool read_mentioned(void *data, const char *path, struct buf *out, struct err *err)
{
    struct workbench *wb = data;
    struct file_stamp stamp;
    struct stat st;
    if (beneath_stat(workspace_fd(wb->workspace), path, &st, err) &&
        st.st_size > MENTION_READ_MAX) {
        return err_set(err, ERR_LIMIT, "%s is too long", path);
    }
    return workspace_read(wb->workspace, path, out, &stamp, err);
}

/* A recording knows its prompts word for word. */
void workbench_mentioned(void *data, struct str prompt, struct buf *out, struct buf *said)
{
    struct workbench *wb = data;
    struct mention_source source = {.read = read_mentioned,
        .catalog = wb->indexer == NULL ? NULL : indexer_catalog(wb->indexer),
        .data = wb};
    if (!workbench_is_recording(wb)) {
        mention_append(prompt, &source, out, said);
    }
}
