/* Marks of the gutter, by file and owner, kept in place while the text is edited. */
#ifndef BYLAW_PANE_EDITOR_MARKS_H
#define BYLAW_PANE_EDITOR_MARKS_H

#include "pane/editor.h"
#include "text/text.h"

struct file_marks; /* a list of files; NULL is the empty one */

void marks_set(struct file_marks **files, const char *path, const char *owner,
    const struct editor_mark *marks, size_t count);
void marks_clear(struct file_marks **files, const char *owner);
void marks_changed(struct file_marks *files, const char *path, const struct text_change *change);
void marks_free(struct file_marks **files);

/* The weightiest mark of a line (an error over a warning over coverage); NULL: none. Borrowed. */
const struct editor_mark *marks_at(const struct file_marks *files, const char *path, size_t line);
/* The weightiest mark with a message. */
const struct editor_mark *marks_message(
    const struct file_marks *files, const char *path, size_t line);
/* Appends the messages of all marks of a line: the weightiest whole, the first line of each of the
 * others. Returns how many there are. */
size_t marks_append_messages(
    const struct file_marks *files, const char *path, size_t line, struct buf *out);
/* Whether the line counts as covered or not; NULL: neither. */
const struct editor_mark *marks_coverage(
    const struct file_marks *files, const char *path, size_t line);
/* The next mark with a range in the line after the one before (NULL: the first); NULL: no more. */
const struct editor_mark *marks_next_range(const struct file_marks *files, const char *path,
    size_t line, const struct editor_mark *before);
/* How the line differs from HEAD; NULL: it does not. */
const struct editor_mark *marks_change(
    const struct file_marks *files, const char *path, size_t line);
/* The nearest line after (or before) `line` with a warning, an error or no coverage; SIZE_MAX:
 * none. */
size_t marks_next(const struct file_marks *files, const char *path, size_t line, bool backward);
/* The same for the first lines of what differs from HEAD. */
size_t marks_next_change(
    const struct file_marks *files, const char *path, size_t line, bool backward);

#endif
