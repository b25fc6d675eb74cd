/* Commands that move the view, and the cursor only with it. */
#include "vi/vi_rows.h"

struct vi_window vi_window_now(struct vi *vi)
{
    struct vi_window window = {.rows = 24};
    if (vi->host->window != NULL) {
        vi->host->window(vi->data, &window);
    }
    window.rows = window.rows > 0 ? window.rows : 1;
    return window;
}

static void scroll_to(struct vi *vi, size_t top)
{
    size_t last = vi_line_count(vi) - 1;
    if (vi->host->scroll != NULL) {
        vi->host->scroll(vi->data, top < last ? top : last);
    }
}

/* zt zz zb and their kin. arg: 0 top, 1 middle, 2 bottom; +4: to the first character too. */
bool vi_c_place(struct vi *vi, struct vi_cmd *cmd)
{
    if (cmd->has_count) {
        size_t last = vi_line_count(vi) - 1;
        vi->cursor.line = cmd->count - 1 < last ? cmd->count - 1 : last;
        vi_apply_want(vi);
    }
    size_t rows = vi_window_now(vi).rows, above[] = {0, rows / 2, rows - 1};
    size_t by = above[cmd->row->arg & 3];
    scroll_to(vi, vi->cursor.line > by ? vi->cursor.line - by : 0);
    if (cmd->row->arg & 4) {
        vi_first_nonblank(vi);
        vi_set_want(vi);
    }
    return true;
}

/* ^E ^Y: the view moves, the cursor only as far as it must. arg: 1 up. */
bool vi_c_scroll(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_window at = vi_window_now(vi);
    size_t last = vi_line_count(vi) - 1, top = at.top;
    if (cmd->row->arg == 1) {
        top = top > cmd->count ? top - cmd->count : 0;
    } else {
        top = last - (top < last ? top : last) > cmd->count ? top + cmd->count : last;
    }
    scroll_to(vi, top);
    size_t bottom = top + at.rows - 1;
    size_t margin = at.margin < at.rows / 2 ? at.margin : (at.rows - 1) / 2;
    size_t high = top > 0 ? top + margin : 0;
    size_t low = bottom > margin ? bottom - margin : 0;
    size_t line = vi->cursor.line < high ? high : vi->cursor.line > low ? low : vi->cursor.line;
    line = line < last ? line : last;
    if (line != vi->cursor.line) {
        vi->cursor.line = line;
        vi_apply_want(vi);
    }
    return true;
}

/* ^D ^U by half a window or as 'scroll' says, ^F ^B by a whole one. arg: 1 up, 2 whole. */
bool vi_c_page(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_window at = vi_window_now(vi);
    bool up = cmd->row->arg & 1, whole = cmd->row->arg & 2;
    size_t last = vi_line_count(vi) - 1, lines = at.rows / 2 > 0 ? at.rows / 2 : 1;
    if (whole) {
        lines = (at.rows > 2 ? at.rows - 2 : 1) * cmd->count;
    } else {
        vi->options.scroll = cmd->has_count ? cmd->count : vi->options.scroll;
        lines = vi->options.scroll > 0 ? vi->options.scroll : lines;
    }
    if (up ? vi->cursor.line == 0 : vi->cursor.line == last) {
        return false;
    }
    size_t top = up ? (at.top > lines ? at.top - lines : 0) : at.top + lines;
    scroll_to(vi, top);
    size_t now = vi->cursor.line;
    vi->cursor.line =
        up ? (now > lines ? now - lines : 0) : (last - now > lines ? now + lines : last);
    vi_land(vi);
    vi_set_want(vi);
    return true;
}

/* zs ze zl zh zL zH: lines that are longer than the view is wide move sideways. arg: 0 the cursor
 * to the first column of the view, 1 to the last one, 2 on by columns, 3 back, 4 and 5 by half of
 * the width. Where lines are wrapped they do nothing, as in Vim. */
bool vi_c_sideways(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_window at = vi_window_now(vi);
    if (at.columns == 0 || vi->host->sideways == NULL) {
        return true;
    }
    struct str line = vi_here(vi);
    size_t width, column = vi_column(vi, line, vi->cursor.col, &width);
    size_t end = column + (width > 0 ? width : 1);
    size_t by = cmd->row->arg >= 4 ? (at.columns + 1) / 2 * cmd->count : cmd->count;
    size_t left = cmd->row->arg == 0   ? column
                  : cmd->row->arg == 1 ? (end > at.columns ? end - at.columns : 0)
                  : cmd->row->arg & 1  ? (at.left > by ? at.left - by : 0)
                                       : at.left + by;
    size_t line_end = vi_column(vi, line, line.len, NULL);
    left = left < line_end ? left : line_end > 0 ? line_end - 1 : 0;
    vi->host->sideways(vi->data, left);
    size_t first = left > 0 ? left + at.side : 0, last = left + at.columns - at.side;
    if (column < first || end > last) {
        vi->cursor.col =
            vi_at_column(vi, line, column < first ? first : last - 1, vi_is_visual(vi));
        vi_set_want(vi);
    }
    return true;
}
