/* A box of Markdown beside the cursor: what is known of a name, the arguments of a call. */
#ifndef BYLAW_WIDGET_NOTE_H
#define BYLAW_WIDGET_NOTE_H

#include "screen/grid.h"

struct note;

struct note *note_new(void) MUST_USE;
void note_free(struct note *note);
/* Untrusted; copied. */
void note_set(struct note *note, struct str markdown);
/* Rows to go down (or up) in what does not fit; false: all fits. */
bool note_scroll(struct note *note, int rows);
/* In a frame beside the cell; `above`: rather above it than below. */
void note_draw_at(struct note *note, struct region region, int row, int col, bool above);
/* Without a frame, filling the region. */
void note_draw_in(struct note *note, struct region region);

#endif
