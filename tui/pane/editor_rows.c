/* The rows that a view's text takes on the screen. */
#include "pane/editor_private.h"

static void fill(const struct view *view, struct view_row *row, size_t line, size_t start)
{
    const struct text *text = view->doc->text;
    size_t feed = text_find_newline(text, start), end = feed;
    if (feed < text_length(text) && feed > start && text_byte(text, feed - 1) == '\r') {
        end--;
    }
    *row = (struct view_row){
        .line = line, .line_start = start, .line_end = end, .start = start, .end = end};
}

void view_row_at(struct view *view, size_t at, struct view_row *row)
{
    size_t line = text_line_of(view->doc->text, at);
    fill(view, row, line, text_line_start(view->doc->text, line));
}

bool view_row_next(struct view *view, struct view_row *row)
{
    if (row->line + 1 >= text_line_count(view->doc->text)) {
        return false;
    }
    fill(view, row, row->line + 1, text_find_newline(view->doc->text, row->line_end) + 1);
    return true;
}

bool view_row_previous(struct view *view, struct view_row *row)
{
    if (row->line == 0) {
        return false;
    }
    fill(view, row, row->line - 1, text_line_start(view->doc->text, row->line - 1));
    return true;
}

/* Goes up from the row, at most `most` rows; returns how many. */
static size_t go_up(struct view *view, struct view_row *row, size_t most)
{
    size_t count = 0;
    while (count < most && view_row_previous(view, row)) {
        count++;
    }
    return count;
}

void view_scroll(struct view *view, long rows)
{
    struct view_row row;
    view_row_at(view, view->top, &row);
    for (; rows > 0 && view_row_next(view, &row); rows--) {
    }
    if (rows < 0) {
        go_up(view, &row, (size_t)-rows);
    }
    view->top = row.start;
}

void view_fill_bottom(struct view *view)
{
    struct view_row row;
    view_row_at(view, text_length(view->doc->text), &row);
    go_up(view, &row, view->rows > 0 ? (size_t)view->rows - 1 : 0);
    view->top = view->top < row.start ? view->top : row.start;
}

void view_show(struct view *view, size_t at, enum view_place place)
{
    size_t rows = view->rows > 0 ? (size_t)view->rows : 1;
    struct view_row row;
    view_row_at(view, at, &row);
    go_up(view, &row, place == VIEW_TOP ? 0 : place == VIEW_MIDDLE ? rows / 2 : rows - 1);
    view->top = row.start;
    view->follow = false;
}

void view_follow_rows(struct view *view, size_t margin)
{
    size_t rows = (size_t)view->rows, above = 0;
    struct view_row row;
    view_row_at(view, view_head(view), &row);
    size_t at = row.start, limit = 2 * rows;
    /* How many rows lie between the top and the cursor, as far as that matters. */
    if (at >= view->top) {
        while (above < limit && row.start > view->top && view_row_previous(view, &row)) {
            above++;
        }
        bool far = row.start > view->top;
        if (far || above + margin >= rows) {
            view_row_at(view, at, &row);
            /* A jump lands in the middle, a step at the edge. */
            bool jump = far || above + margin + 1 - rows > rows;
            go_up(view, &row, jump ? rows / 2 : rows - 1 - margin);
            view->top = row.start;
            return;
        }
        if (above >= margin) {
            view->top = row.start;
            return;
        }
        go_up(view, &row, margin - above);
        view->top = row.start;
        return;
    }
    size_t below = 0;
    while (below <= rows && row.start < view->top && view_row_next(view, &row)) {
        below++;
    }
    view_row_at(view, at, &row);
    go_up(view, &row, below > rows ? rows / 2 : margin);
    view->top = row.start;
}
