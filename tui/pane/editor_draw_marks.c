#include "pane/editor_draw.h"
#include "pane/editor_hints.h"

enum { MESSAGE_COLS_MIN = 12 /* less of a message says nothing */ };

static int column_at(struct paint *paint, const struct paint_row *row, size_t at)
{
    size_t column = view_row_column(paint->view, &row->is, at);
    return column > paint->view->left ? (int)(column - paint->view->left) : 0;
}

static void underline(struct paint *paint, const struct paint_row *row)
{
    const struct view *view = paint->view;
    const struct editor_mark *mark = NULL;
    while ((mark = marks_next_range(view->editor->marks, view->doc->path, row->is.line, mark)) !=
           NULL) {
        size_t from = row->is.line_start + mark->from, to = row->is.line_start + mark->to;
        from = from < row->shown.start ? row->shown.start : from;
        to = to > row->shown.end ? row->shown.end : to;
        if (from < to) {
            int col = column_at(paint, row, from);
            grid_overlay(paint->text, row->at, col, column_at(paint, row, to) - col, STYLE_NONE,
                ATTR_UNDERLINE);
        }
    }
}

/* Under the cursor it is one of them, and is not marked: the cursor marks it. */
static void occurrences(struct paint *paint, const struct paint_row *row)
{
    const struct view *view = paint->view;
    const struct editor *editor = view->editor;
    if (editor->occurrences_of != view->doc ||
        editor->occurrences_version != text_version(view->doc->text)) {
        return;
    }
    VEC_FOREACH (const struct search_range, range, &editor->occurrences) {
        size_t from = range->start < row->shown.start ? row->shown.start : range->start;
        size_t to = range->end > row->shown.end ? row->shown.end : range->end;
        if (from < to) {
            int col = column_at(paint, row, from);
            grid_overlay(
                paint->text, row->at, col, column_at(paint, row, to) - col, STYLE_OCCURRENCE, 0);
        }
    }
}

void row_draw_marks(struct paint *paint, const struct paint_row *row, int end, bool current)
{
    const struct view *view = paint->view;
    const struct editor *editor = view->editor;
    underline(paint, row);
    occurrences(paint, row);
    const struct editor_mark *mark = marks_message(editor->marks, view->doc->path, row->is.line);
    bool elsewhere = current || row->cut || row->is.end < row->is.line_end ||
                     foldset_hidden_below(view->folds, row->is.line) > 0 ||
                     hints_at(editor->hints, view->doc->path, row->is.line) != NULL;
    int room = view->cols - end - 3;
    if (mark == NULL || mark->kind < EDITOR_MARK_WARNING || editor->no_messages || elsewhere ||
        room < MESSAGE_COLS_MIN) {
        return;
    }
    struct str text = str_make(mark->message, strcspn(mark->message, "\n"));
    bool error = mark->kind == EDITOR_MARK_ERROR;
    grid_put_fit(paint->text, row->at, end + 3, room, text,
        style_with(error ? STYLE(ERROR) : STYLE(WARNING), ATTR_DIM));
}
