/* A patch source that is a table in memory. */
#ifndef BYLAW_TEST_MEMORY_SOURCE_H
#define BYLAW_TEST_MEMORY_SOURCE_H

#include "patch/source.h"

struct memory_file {
    const char *path; /* NULL ends the table */
    struct str bytes;
};

/* data: a const struct memory_file *. A path that is the folder of a file is a folder. */
bool memory_source_read(void *data, const char *path, struct patch_file *file, struct err *err);

#endif
