#include "memory_source.h"

bool memory_source_read(void *data, const char *path, struct patch_file *file, struct err *err)
{
    (void)err;
    size_t len = strlen(path);
    for (const struct memory_file *entry = data; entry->path != NULL; entry++) {
        if (strcmp(entry->path, path) == 0) {
            file->found = PATCH_FILE;
            file->mode = 0644;
            buf_append_str(&file->bytes, entry->bytes);
            return true;
        }
        if (strncmp(entry->path, path, len) == 0 && entry->path[len] == '/') {
            file->found = PATCH_FOLDER;
            return true;
        }
    }
    return true;
}
