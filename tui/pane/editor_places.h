/* What the editor has to go to: its open files, the lines and symbols of the one that is shown. For
 * the finder. Loop thread only. */
#ifndef BYLAW_PANE_EDITOR_PLACES_H
#define BYLAW_PANE_EDITOR_PLACES_H

#include "pane/editor.h"
#include "syntax/syntax.h"

/* In the order they were opened. Paths are borrowed until a file is opened or closed. */
size_t editor_open_count(const struct editor *editor);
const char *editor_open_at(const struct editor *editor, size_t index, bool *unsaved);

/* Of the file shown; 0 when there is none. */
size_t editor_line_count(const struct editor *editor);
/* Appends a line without its end. */
void editor_line(const struct editor *editor, size_t row, struct buf *out);
/* Appends its symbols, as far as they are known within a few ms; false: not all of them. */
bool editor_outline(struct editor *editor, struct outline *out);

#endif
