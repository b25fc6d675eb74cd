/* Small things drawn at an edge: scrollbar, tabs, progress. */
#ifndef BYLAW_WIDGET_BAR_H
#define BYLAW_WIDGET_BAR_H

#include "screen/grid.h"

#include <stdint.h>

/* In the region's last column: `shown` of `total` rows from `top`. Nothing when all fits. */
void scrollbar_draw(struct region region, size_t total, size_t top, size_t shown);

struct tab {
    struct str label;
    int count; /* shown after the label; -1: none */
};
/* " Tests 45 ── Problems 2 " from col on; returns the columns used. `starts` (count entries, may be
 * NULL) gets the first column of each, for mouse clicks. */
int tabs_draw(struct region region, int row, int col, const struct tab *tabs, size_t count,
    size_t active, int *starts);
/* A bar of `cols` columns, part of it full. */
void progress_draw(struct region region, int row, int col, int cols, size_t done, size_t total);
/* One of a few frames of a spinner; `ascii` for poor terminals. Only while something runs. */
const char *spinner_frame(uint64_t now_ms, bool ascii);

#endif
