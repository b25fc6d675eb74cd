/* Breaking a line of text into rows. */
#ifndef BYLAW_WIDGET_WRAP_H
#define BYLAW_WIDGET_WRAP_H

#include "base/str.h"

/* Bytes at the beginning of text (which has no LF) that go into a row of `cols` columns: up to and
 * with the last blank that fits, else as many clusters as fit, at least one. A blank at which the
 * row is broken is counted though it stands outside. */
size_t wrap_row(struct str text, int cols);

#endif
