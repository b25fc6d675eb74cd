/* One line of a text with its syntax colours, cut at the edge. */
#ifndef BYLAW_WIDGET_CODE_H
#define BYLAW_WIDGET_CODE_H

#include "screen/grid.h"
#include "syntax/syntax.h"

struct code_line {
    struct str text;       /* without its end */
    size_t offset;         /* of it in the text the syntax is of */
    struct syntax *syntax; /* as far as it is parsed; may be NULL */
    enum style_id under;   /* STYLE_NONE, or a background */
    size_t from, to;       /* bytes of the line shown as a match; equal: none */
};

enum style_id code_style(enum capture capture);
/* In row 0 of the region, from text column `shift` on. */
void code_draw_line(const struct code_line *line, struct region region, int shift);

#endif
