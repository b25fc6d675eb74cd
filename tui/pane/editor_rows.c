/* The rows that a view's text takes on the screen: with wrapping a line takes several, and lines in
 * closed folds take none. */
#include "pane/editor_private.h"
#include "pane/editor_vi.h"

/* The line that begins at `start`, as one row. */
static void whole_line(const struct view *view, struct view_row *row, size_t line, size_t start)
{
    const struct text *text = view->doc->text;
    size_t feed = text_find_newline(text, start), end = feed;
    if (feed < text_length(text) && feed > start && text_byte(text, feed - 1) == '\r') {
        end--;
    }
    *row = (struct view_row){
        .line = line, .line_start = start, .line_end = end, .start = start, .end = end};
}

static struct wrap_shape shape_of(const struct view *view, const struct view_row *row)
{
    /* One column stays for the cursor behind the last character, or a blank that hangs over. */
    size_t width = view->cols > 1 ? (size_t)view->cols - 1 : 1;
    return wrap_shape_of(
        view->doc->text, view->doc->tab_width, width, row->line_start, row->line_end);
}

/* Cuts the line's row down to the one that begins at `at`. */
static void cut_row(const struct view *view, struct view_row *row, const struct wrap_shape *shape,
    struct column_point at)
{
    row->start = at.offset;
    row->column = at.column;
    row->indent = at.offset == row->line_start ? 0 : shape->indent;
    row->end = wrap_next(view->doc->text, shape, row->line_start, row->line_end, &at)
                   ? at.offset
                   : row->line_end;
    row->next_column = at.column;
}

/* The cache that has the line's checkpoints, or the one to be given up for them. */
static struct wrap_cache *cache_for(struct view *view, size_t line_start)
{
    struct wrap_cache *caches = view->wraps;
    if (caches[0].line_start != line_start && caches[1].line_start == line_start) {
        struct wrap_cache other = caches[0];
        caches[0] = caches[1];
        caches[1] = other;
    } else if (caches[0].line_start != line_start) {
        struct wrap_cache oldest = caches[1];
        caches[1] = caches[0];
        caches[0] = oldest;
    }
    return &caches[0];
}

static void wrap_at(struct view *view, struct view_row *row, size_t at)
{
    if (!view->wrap) {
        return;
    }
    struct wrap_shape shape = shape_of(view, row);
    /* A line that fits needs no look for where its rows begin. */
    struct column_point point = {row->line_start, 0};
    if (row->line_end - row->line_start >= shape.width) {
        point = wrap_find(cache_for(view, row->line_start), view->doc->text, &shape,
            row->line_start, row->line_end, at);
    }
    cut_row(view, row, &shape, point);
}

void view_row_at(struct view *view, size_t at, struct view_row *row)
{
    const struct text *text = view->doc->text;
    size_t line = text_line_of(text, at), head = foldset_head(view->folds, line);
    whole_line(view, row, head, text_line_start(text, head));
    at = head < line || at > row->line_end ? row->line_end : at;
    wrap_at(view, row, at);
}

bool view_row_next(struct view *view, struct view_row *row)
{
    const struct text *text = view->doc->text;
    if (row->end < row->line_end) {
        struct wrap_shape shape = shape_of(view, row);
        cut_row(view, row, &shape, (struct column_point){row->end, row->next_column});
        return true;
    }
    size_t hidden = foldset_hidden_below(view->folds, row->line);
    size_t next = row->line + hidden + 1;
    if (next >= text_line_count(text)) {
        return false;
    }
    size_t start =
        hidden > 0 ? text_line_start(text, next) : text_find_newline(text, row->line_end) + 1;
    whole_line(view, row, next, start);
    if (view->wrap) {
        struct wrap_shape shape = shape_of(view, row);
        cut_row(view, row, &shape, (struct column_point){start, 0});
    }
    return true;
}

bool view_row_previous(struct view *view, struct view_row *row)
{
    if (row->start > row->line_start) {
        wrap_at(view, row, row->start - 1);
        return true;
    }
    if (row->line == 0) {
        return false;
    }
    size_t line = foldset_head(view->folds, row->line - 1);
    whole_line(view, row, line, text_line_start(view->doc->text, line));
    wrap_at(view, row, row->line_end);
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

static size_t go_down(struct view *view, struct view_row *row, size_t most)
{
    size_t count = 0;
    while (count < most && view_row_next(view, row)) {
        count++;
    }
    return count;
}

size_t view_row_column(struct view *view, const struct view_row *row, size_t at)
{
    size_t column = column_of(&view->columns, view->doc->text, view->doc->tab_width,
        row->line_start, row->line_end, at < row->start ? row->start : at);
    return column - row->column + row->indent;
}

size_t view_row_offset(struct view *view, const struct view_row *row, size_t column)
{
    const struct text *text = view->doc->text;
    column = column > row->indent ? column - row->indent + row->column : row->column;
    size_t at = column_find(
        &view->columns, text, view->doc->tab_width, row->line_start, row->line_end, column)
                    .offset;
    at = at < row->start ? row->start : at;
    /* Where a row goes on, its end is the next one's start. */
    return at >= row->end && row->end < row->line_end ? doc_before(view->doc, row->end) : at;
}

void view_move_rows(struct view *view, long rows, bool select)
{
    if (!view->wrap) {
        view_move_lines(view, rows, select);
        return;
    }
    struct view_row row;
    size_t goal = view_caret(view)->goal;
    view_row_at(view, view_head(view), &row);
    goal = goal != SIZE_MAX ? goal : view_row_column(view, &row, view_head(view));
    size_t moved = rows < 0 ? go_up(view, &row, (size_t)-rows) : go_down(view, &row, (size_t)rows);
    /* From the first row up is the beginning, from the last down the end. */
    if (moved == 0 && rows != 0) {
        view_move(view, rows < 0 ? 0 : text_length(view->doc->text), select);
        return;
    }
    view_move(view, view_row_offset(view, &row, goal), select);
    view_caret(view)->goal = goal;
}

void view_scroll(struct view *view, long rows)
{
    struct view_row row;
    view_row_at(view, view->top, &row);
    if (rows < 0) {
        go_up(view, &row, (size_t)-rows);
    } else {
        go_down(view, &row, (size_t)rows);
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

size_t view_margin(const struct view *view)
{
    size_t rows = view->rows > 0 ? (size_t)view->rows : 1;
    size_t margin = view->rows > 3 * STUCK_MAX ? STUCK_MAX : 0;
    size_t asked = editor_vi_margin(view->editor), half = (rows - 1) / 2;
    asked = asked < half ? asked : half;
    return asked > margin ? asked : margin;
}

void view_show(struct view *view, size_t at, enum view_place place)
{
    size_t rows = view->rows > 0 ? (size_t)view->rows : 1, margin = view_margin(view);
    struct view_row row;
    view_row_at(view, at, &row);
    size_t above = place == VIEW_TOP ? margin : place == VIEW_MIDDLE ? rows / 2 : rows - 1 - margin;
    go_up(view, &row, above);
    view->top = row.start;
    view->follow = false;
}

/* Rows from the top down to the row; more than `most` count as that. The row ends up there. */
static size_t rows_above(struct view *view, struct view_row *row, size_t most)
{
    size_t count = 0;
    while (count < most && row->start > view->top && view_row_previous(view, row)) {
        count++;
    }
    return count;
}

bool view_shows_caret(struct view *view)
{
    struct view_row row;
    view_row_at(view, view_head(view), &row);
    return row.start >= view->top &&
           rows_above(view, &row, (size_t)view->rows) < (size_t)view->rows;
}

void view_follow_rows(struct view *view, size_t above, size_t below)
{
    size_t rows = (size_t)view->rows;
    struct view_row at, row;
    view_row_at(view, view_head(view), &at);
    row = at;
    if (at.start >= view->top) {
        size_t distance = rows_above(view, &row, 2 * rows);
        if (distance >= above && distance + below < rows) {
            view->top = row.start;
            return;
        }
        /* A jump lands in the middle, a step at the edge. */
        bool jump = distance + below + 1 > 2 * rows;
        row = at;
        go_up(view, &row, jump ? rows / 2 : distance < above ? above : rows - 1 - below);
    } else {
        while (row.start < view->top && view_row_next(view, &row) && rows > 0) {
            rows--;
        }
        row = at;
        go_up(view, &row, rows == 0 ? (size_t)view->rows / 2 : above);
    }
    view->top = row.start;
}
