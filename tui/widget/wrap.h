/* Breaking a line of text into rows. */
#ifndef BYLAW_WIDGET_WRAP_H
#define BYLAW_WIDGET_WRAP_H

#include "screen/grid.h"

/* Bytes at the beginning of text (which has no LF) that go into a row of `cols` columns: up to and
 * with the last blank that fits, else as many clusters as fit, at least one. A blank at which the
 * row is broken is counted though it stands outside. */
size_t wrap_row(struct str text, int cols);

/* Rows that text (which may have LFs) takes in `cols` columns, counted up to `most`. */
int wrap_height(struct str text, int cols, int most);
/* Fills the region with it from the top; the last row ends in "…" when there is more. Returns the
 * rows painted. */
int wrap_put(struct region region, struct str text, struct style style);

#endif
