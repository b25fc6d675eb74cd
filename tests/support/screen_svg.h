/* Pictures of screens: what a terminal of the test harness shows, as SVG, for the README and for
 * one's own eyes (rsvg-convert makes PNG). Frames and blocks are drawn as shapes, so that they join
 * whatever font the reader has. */
#ifndef BYLAW_TEST_SCREEN_SVG_H
#define BYLAW_TEST_SCREEN_SVG_H

#include "term.h"

#include "screen/grid.h"
#include "screen/theme.h"

struct svg_options {
    const char *title;         /* in the window's bar; NULL: no bar */
    uint32_t fg, bg;           /* of the terminal itself */
    const struct theme *theme; /* svg_of_grid only */
};

/* Append a whole SVG document. */
void svg_of_term(const struct term *term, const struct svg_options *options, struct buf *out);
void svg_of_grid(const struct grid *grid, const struct svg_options *options, struct buf *out);

#endif
