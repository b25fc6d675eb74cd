/* Where things are on the main screen: header line, chat | editor, status, key line.
 *
 * Pure arithmetic: sizes in, rectangles out. The splits are kept as fractions, so that a resize
 * keeps proportions. Below 100 columns the two upper panes become tabs; below 24 rows the status
 * pane folds to one line; below 40 × 10 there is only a message. */
#ifndef BYLAW_LAYOUT_H
#define BYLAW_LAYOUT_H

#include "screen/grid.h"

enum slot { SLOT_CHAT, SLOT_EDITOR, SLOT_STATUS, SLOT_COUNT, SLOT_NONE = SLOT_COUNT };

#define LAYOUT_MIN_COLS  40
#define LAYOUT_MIN_ROWS  10
#define LAYOUT_TABS_COLS 100
#define LAYOUT_FOLD_ROWS 24

struct layout {
    /* Wishes, changed by layout_ functions below. */
    int upper_permille; /* rows of the upper panes of all */
    int left_permille;  /* columns of the chat of all */
    bool hidden[SLOT_COUNT];
    enum slot zoomed; /* SLOT_NONE: none */
    enum slot focus;
    enum slot upper_tab; /* which of chat and editor is in front when they are tabs */

    /* Computed by layout_compute. */
    int rows, cols;
    bool too_small;
    bool tabs;          /* the upper panes share one place */
    bool status_folded; /* one line */
    struct rect header, key_line;
    struct rect title[SLOT_COUNT];  /* one row; cols 0: not shown */
    struct rect inside[SLOT_COUNT]; /* rows 0: not shown */
    int divider_col;                /* between chat and editor, -1: none */
    int divider_row;                /* the status pane's title row, -1: none */
};

void layout_init(struct layout *layout);
void layout_compute(struct layout *layout, int rows, int cols);
bool layout_is_shown(const struct layout *layout, enum slot slot);
/* The next or previous pane that can be shown; step is 1 or -1. */
enum slot layout_next(const struct layout *layout, int step);
/* Makes it visible (unhides, leaves another's zoom) and focused. */
void layout_focus(struct layout *layout, enum slot slot);
void layout_toggle_zoom(struct layout *layout);
/* The last visible pane stays. */
void layout_toggle_hidden(struct layout *layout, enum slot slot);
/* Makes the focused pane wider/narrower or higher/lower by that many cells. */
void layout_grow(struct layout *layout, int rows, int cols);
/* Dragging a divider to a place. */
void layout_drag_divider(struct layout *layout, bool vertical, int row, int col);
/* The pane whose title or inside is at row, col; SLOT_NONE else. */
enum slot layout_at(const struct layout *layout, int row, int col);

#endif
