/* A line of rendered Markdown (syntax/markdown.h) in cells. */
#ifndef BYLAW_WIDGET_STYLED_DRAW_H
#define BYLAW_WIDGET_STYLED_DRAW_H

#include "screen/grid.h"
#include "syntax/markdown.h"

/* `plain`: of what has no style of its own; its background lies under all of it. */
void styled_line_draw(
    const struct styled_line *line, struct region region, int row, int col, struct style plain);

#endif
