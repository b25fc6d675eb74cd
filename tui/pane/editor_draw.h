/* What the editor_draw*.c files share: one view being painted. */
#ifndef BYLAW_PANE_EDITOR_DRAW_H
#define BYLAW_PANE_EDITOR_DRAW_H

#include "pane/editor_private.h"
#include "syntax/brackets.h"

#define ROW_SELECTIONS 16 /* selections painted in one row; more are not seen */

struct paint {
    struct view *view;
    struct region region; /* gutter, text, scrollbar */
    struct region text;
    struct search_range selection; /* the primary caret's */
    struct bracket_pair pair;      /* around the cursor, when has_pair */
    bool has_pair;
    bool can_fold; /* a fold begins in the cursor's line */
    size_t span;   /* in editor->spans: rows are painted in order */
};

struct paint_row {
    struct view_row is;
    int at;                    /* row of the region */
    struct search_range shown; /* bytes that can be seen */
    size_t column;             /* of shown.start, in the line in one piece */
    int col;                   /* of shown.start, in the text's region */
    bool cut;                  /* goes on past the right edge */
    bool stuck;                /* a header line kept at the top, not where it is in the text */
    struct search_range selections[ROW_SELECTIONS];
    size_t selection_count;
};

/* The visible part of the row, cluster by cluster; returns the column behind it. */
int row_draw_text(struct paint *paint, const struct paint_row *row);

/* editor_draw_marks.c: what marks are about is underlined; behind the line (column `end`), unless
 * the cursor is in it, stands what the weightiest says. */
void row_draw_marks(struct paint *paint, const struct paint_row *row, int end, bool current);

/* editor_sticky.c: which header lines cover the first rows (view->stuck), and those rows. */
void sticky_find(struct view *view, const struct paint_row *rows, int count);
void sticky_lay_out(struct view *view, struct paint_row *rows);

#endif
