/* A folder as the workbench knows it, for a command that asks one thing and ends: all files read,
 * all symbols known. */
#ifndef BYLAW_COMMAND_FOLDER_INDEX_H
#define BYLAW_COMMAND_FOLDER_INDEX_H

#include "catalog/indexer.h"

struct folder_index {
    struct loop *loop;
    struct workspace *workspace;
    struct indexer *indexer;
    struct catalog *catalog;
    bool listed, settled, failed;
    struct err err;
};

/* Waits until everything is read. To be closed also after a failure. */
bool folder_index_open(struct folder_index *index, const char *folder, struct err *err) MUST_USE;
void folder_index_close(struct folder_index *index);

#endif
