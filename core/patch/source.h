/* Where a patch reads the files it changes: the workspace, a folder, a test's table. */
#ifndef BYLAW_PATCH_SOURCE_H
#define BYLAW_PATCH_SOURCE_H

#include "base/err.h"
#include "base/str.h"

enum patch_found { PATCH_ABSENT, PATCH_FILE, PATCH_FOLDER };

struct patch_file {
    enum patch_found found;
    struct buf bytes; /* of a PATCH_FILE; the asker's to free */
    unsigned mode;    /* its permission bits */
};

struct patch_source {
    /* Looks up a clean relative path (path_check_relative). *file comes in zeroed. False with a
     * reason when it may not or cannot be read: a link that leaves, a device, too large. */
    bool (*read)(void *data, const char *path, struct patch_file *file, struct err *err);
    void *data;
};

/* Regular files below an open folder, no link followed out of it (openat2, RESOLVE_BENEATH; links
 * within are refused too: a patch changes files, not what a link points at). */
struct patch_folder {
    int fd;
    size_t max_bytes; /* per file */
};
bool patch_folder_read(void *folder, const char *path, struct patch_file *file, struct err *err);

#endif
