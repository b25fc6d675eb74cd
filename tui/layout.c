#include "layout.h"

#define MIN_PANE_COLS 20
#define MIN_PANE_ROWS 3

static int clamp(int value, int low, int high)
{
    return value > high ? (high < low ? low : high) : value < low ? low : value;
}

void layout_init(struct layout *layout)
{
    *layout = (struct layout){.upper_permille = 680,
        .left_permille = 420,
        .zoomed = SLOT_NONE,
        .focus = SLOT_CHAT,
        .divider_col = -1,
        .divider_row = -1};
}

static void place(struct layout *layout, enum slot slot, int row, int col, int rows, int cols)
{
    layout->title[slot] = (struct rect){row, col, rows > 0 ? 1 : 0, cols};
    layout->inside[slot] = (struct rect){row + 1, col, rows - 1, cols};
}

/* Chat and editor side by side in a band of rows, or one of them alone. */
static void place_upper(struct layout *layout, int row, int rows, bool chat, bool editor)
{
    if (chat && editor && !layout->tabs) {
        int left = clamp(layout->cols * layout->left_permille / 1000, MIN_PANE_COLS,
            layout->cols - MIN_PANE_COLS - 1);
        place(layout, SLOT_CHAT, row, 0, rows, left);
        place(layout, SLOT_EDITOR, row, left + 1, rows, layout->cols - left - 1);
        layout->divider_col = left;
        return;
    }
    enum slot alone = chat ? SLOT_CHAT : SLOT_EDITOR;
    if (chat && editor) {
        alone = layout->focus == SLOT_EDITOR ? SLOT_EDITOR : SLOT_CHAT;
        if (layout->focus == SLOT_STATUS) {
            alone = layout->upper_tab;
        }
    }
    layout->upper_tab = alone;
    place(layout, alone, row, 0, rows, layout->cols);
}

static void place_panes(struct layout *layout)
{
    int top = 1;
    int rows = layout->rows - 2;
    bool shown[SLOT_COUNT];
    for (int i = 0; i < SLOT_COUNT; i++) {
        shown[i] =
            layout->zoomed == SLOT_NONE ? !layout->hidden[i] : layout->zoomed == (enum slot)i;
    }
    bool upper = shown[SLOT_CHAT] || shown[SLOT_EDITOR];
    if (!upper) {
        place(layout, SLOT_STATUS, top, 0, rows, layout->cols);
        layout->status_folded = false;
        return;
    }
    int upper_rows = rows;
    if (shown[SLOT_STATUS]) {
        layout->status_folded = layout->rows < LAYOUT_FOLD_ROWS && layout->focus != SLOT_STATUS;
        upper_rows = layout->status_folded ? rows - 1
                                           : clamp(rows * layout->upper_permille / 1000,
                                                 MIN_PANE_ROWS, rows - MIN_PANE_ROWS);
        place(layout, SLOT_STATUS, top + upper_rows, 0, rows - upper_rows, layout->cols);
        layout->divider_row = top + upper_rows;
    }
    place_upper(layout, top, upper_rows, shown[SLOT_CHAT], shown[SLOT_EDITOR]);
}

void layout_compute(struct layout *layout, int rows, int cols)
{
    layout->rows = rows;
    layout->cols = cols;
    layout->too_small = rows < LAYOUT_MIN_ROWS || cols < LAYOUT_MIN_COLS;
    layout->tabs = cols < LAYOUT_TABS_COLS;
    layout->status_folded = false;
    layout->divider_col = -1;
    layout->divider_row = -1;
    for (int i = 0; i < SLOT_COUNT; i++) {
        layout->title[i] = layout->inside[i] = (struct rect){0, 0, 0, 0};
    }
    layout->header = (struct rect){0, 0, 1, cols};
    layout->key_line = (struct rect){rows - 1, 0, 1, cols};
    if (!layout->too_small) {
        place_panes(layout);
    }
}

bool layout_is_shown(const struct layout *layout, enum slot slot)
{
    return slot < SLOT_COUNT && layout->title[slot].cols > 0;
}

/* Can it be focused without unhiding it? A tab behind the other can. */
static bool can_focus(const struct layout *layout, enum slot slot)
{
    return layout->zoomed == SLOT_NONE ? !layout->hidden[slot] : true;
}

enum slot layout_next(const struct layout *layout, int step)
{
    int slot = (int)layout->focus;
    for (int i = 0; i < SLOT_COUNT; i++) {
        slot = (slot + step + SLOT_COUNT) % SLOT_COUNT;
        if (can_focus(layout, (enum slot)slot) && !layout->hidden[slot]) {
            return (enum slot)slot;
        }
    }
    return layout->focus;
}

static void recompute(struct layout *layout)
{
    if (layout->rows > 0) {
        layout_compute(layout, layout->rows, layout->cols);
    }
}

void layout_focus(struct layout *layout, enum slot slot)
{
    if (slot >= SLOT_COUNT) {
        return;
    }
    layout->hidden[slot] = false;
    layout->focus = slot;
    if (layout->zoomed != SLOT_NONE) {
        layout->zoomed = slot; /* the zoom goes along, as in tmux' zoomed next-pane -Z */
    }
    recompute(layout);
}

void layout_toggle_zoom(struct layout *layout)
{
    layout->zoomed = layout->zoomed == SLOT_NONE ? layout->focus : SLOT_NONE;
    recompute(layout);
}

void layout_toggle_hidden(struct layout *layout, enum slot slot)
{
    if (layout->hidden[slot]) {
        layout->hidden[slot] = false;
        recompute(layout);
        return;
    }
    int visible = 0;
    for (int i = 0; i < SLOT_COUNT; i++) {
        visible += layout->hidden[i] ? 0 : 1;
    }
    if (visible < 2) {
        return;
    }
    layout->hidden[slot] = true;
    layout->zoomed = SLOT_NONE;
    if (layout->focus == slot) {
        layout->focus = layout_next(layout, 1);
    }
    recompute(layout);
}

static void set_upper_rows(struct layout *layout, int upper)
{
    int rows = layout->rows - 2;
    upper = clamp(upper, MIN_PANE_ROWS, rows - MIN_PANE_ROWS);
    layout->upper_permille = (upper * 1000 + rows - 1) / rows;
    recompute(layout);
}

static void set_left_cols(struct layout *layout, int left)
{
    left = clamp(left, MIN_PANE_COLS, layout->cols - MIN_PANE_COLS - 1);
    layout->left_permille = (left * 1000 + layout->cols - 1) / layout->cols;
    recompute(layout);
}

void layout_grow(struct layout *layout, int rows, int cols)
{
    if (rows != 0 && layout->divider_row >= 0 && !layout->status_folded) {
        int sign = layout->focus == SLOT_STATUS ? -1 : 1;
        set_upper_rows(layout, layout->divider_row - 1 + sign * rows);
    }
    if (cols != 0 && layout->divider_col >= 0 && layout->focus != SLOT_STATUS) {
        int sign = layout->focus == SLOT_EDITOR ? -1 : 1;
        set_left_cols(layout, layout->divider_col + sign * cols);
    }
}

void layout_drag_divider(struct layout *layout, bool vertical, int row, int col)
{
    if (vertical && layout->divider_col >= 0) {
        set_left_cols(layout, col);
    } else if (!vertical && layout->divider_row >= 0 && !layout->status_folded) {
        set_upper_rows(layout, row - 1);
    }
}

static bool contains(struct rect rect, int row, int col)
{
    return row >= rect.row && row < rect.row + rect.rows && col >= rect.col &&
           col < rect.col + rect.cols;
}

enum slot layout_at(const struct layout *layout, int row, int col)
{
    for (int i = 0; i < SLOT_COUNT; i++) {
        if (contains(layout->title[i], row, col) || contains(layout->inside[i], row, col)) {
            return (enum slot)i;
        }
    }
    return SLOT_NONE;
}
