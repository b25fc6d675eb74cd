/* One policy beside those that are to replace it: what either side decides about each document, the
 * documents about which they differ first. Pure: it is made of cells that are known (matrix.h,
 * comparison_run.h), and asks nobody. */
#ifndef BYLAW_APPLY_COMPARISON_H
#define BYLAW_APPLY_COMPARISON_H

#include "apply/apply_pairs.h"

/* Where the cells are. NULL from `cell`: there is none, which decides as "no match". */
struct comparison_cells {
    const struct apply_cell *(*cell)(const void *data, size_t policy, size_t fixture);
    const void *data;
};

struct comparison_row {
    size_t fixture;
    enum apply_difference difference;
    struct apply_cell older; /* copies, the row's own */
    struct apply_cell newer; /* of all that replace it, joined */
};

struct comparison {
    struct comparison_rows {
        struct comparison_row *items;
        size_t len, cap;
    } rows;
    size_t counts[APPLY_DIFFERENCES];
};

/* `fixtures` in the order that rows which differ alike keep. */
void comparison_make(const struct comparison_cells *cells, size_t older, const size_t *newer,
    size_t newer_count, const size_t *fixtures, size_t fixture_count, struct comparison *out);
void comparison_free(struct comparison *comparison);
/* Somebody has to look at it: another decision, one that only one side makes, or one that a side
 * could not make. */
bool comparison_row_differs(const struct comparison_row *row);

#endif
