/* A small text field, one line or many: the prompt, a commit message, a comment, a search. Emacs
 * keys, whole clusters, kill and yank, undo. (Files are edited in pane/editor.) */
#ifndef BYLAW_WIDGET_EDIT_H
#define BYLAW_WIDGET_EDIT_H

#include "screen/grid.h"
#include "screen/input.h"

struct edit;

struct edit *edit_new(bool multiline) MUST_USE;
void edit_free(struct edit *edit);
/* Borrowed until the next change. */
struct str edit_text(const struct edit *edit);
/* Cursor to the end; the undo history begins anew. */
void edit_set(struct edit *edit, struct str text);
void edit_clear(struct edit *edit);
/* All of a one-line field counts as selected, and is shown so: what is typed or pasted next takes
 * its place, any other key leaves it as it is. */
void edit_select_all(struct edit *edit);
bool edit_is_empty(const struct edit *edit);
size_t edit_cursor(const struct edit *edit); /* byte offset, between clusters */
void edit_set_cursor(struct edit *edit, size_t offset);
/* At the cursor, replacing nothing. One undo step. CR LF and CR become LF, in a one-line field a
 * blank. */
void edit_insert(struct edit *edit, struct str text);
/* Replaces bytes [from, to). */
void edit_replace(struct edit *edit, size_t from, size_t to, struct str text);
/* UI_IGNORED for keys it has no use for: Enter in a one-line field, Up in the first row, Down in
 * the last, Tab, Esc. In a multi-line field Alt-Enter, ^J and Shift-Enter break the line; plain
 * Enter does only when `enter_breaks`. */
unsigned edit_key(struct edit *edit, const struct key *key, bool enter_breaks);
unsigned edit_mouse(struct edit *edit, const struct mouse *mouse);
/* Rows needed at a width (at least 1). */
int edit_height(const struct edit *edit, int cols);
/* Draws, scrolls to the cursor, sets it when focused. `hint` is shown while it is empty. */
void edit_draw(
    struct edit *edit, struct region region, bool focused, struct style style, const char *hint);

#endif
