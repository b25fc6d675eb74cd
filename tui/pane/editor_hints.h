/* Text at the end of lines that is not in the file, by file and owner. */
#ifndef BYLAW_PANE_EDITOR_HINTS_H
#define BYLAW_PANE_EDITOR_HINTS_H

#include "pane/editor.h"

struct file_hints; /* a list of files; NULL is the empty one */

void hints_set(struct file_hints **files, const char *path, const char *owner,
    const struct editor_hint *hints, size_t count);
void hints_clear(struct file_hints **files, const char *owner);
void hints_free(struct file_hints **files);
/* The first hint of a line; NULL: none. Borrowed. */
const struct editor_hint *hints_at(const struct file_hints *files, const char *path, size_t line);

#endif
