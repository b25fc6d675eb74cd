/* A view of a file: its carets, its selection, what part of it is shown. */
#include "pane/editor_private.h"

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

struct view *view_new(struct doc *doc)
{
    struct view *view = MEM_NEW(struct view);
    *view = (struct view){.editor = doc->editor, .doc = doc, .follow = true};
    view->columns.line_start = view->wraps[0].line_start = view->wraps[1].line_start = SIZE_MAX;
    view->folds = foldset_new();
    view->fold_level = SIZE_MAX;
    view->wrap = editor_wraps(doc->editor, syntax_language(doc->syntax));
    VEC_PUSH(&view->carets, ((struct caret){{0, 0}, SIZE_MAX}));
    VEC_PUSH(&doc->views, view);
    return view;
}

void view_free(struct view *view)
{
    for (size_t i = 0; i < view->doc->views.len; i++) {
        if (view->doc->views.items[i] == view) {
            VEC_REMOVE(&view->doc->views, i);
            break;
        }
    }
    VEC_FREE(&view->carets);
    column_free(&view->columns);
    wrap_free(&view->wraps[0]);
    wrap_free(&view->wraps[1]);
    foldset_free(view->folds);
    free(view);
}

/* Where an offset is after the change. One where bytes were only inserted stays before them. */
static size_t moved(size_t at, const struct text_change *change)
{
    if (at <= change->start) {
        return at;
    }
    return at >= change->old_end ? at - change->old_end + change->new_end
                                 : min_size(at, change->new_end);
}

void view_changed(struct view *view, const struct text_change *change)
{
    column_changed(&view->columns, change);
    wrap_changed(&view->wraps[0], change);
    wrap_changed(&view->wraps[1], change);
    foldset_changed(view->folds, change);
    VEC_FOREACH (struct caret, caret, &view->carets) {
        caret->at.anchor = moved(caret->at.anchor, change);
        caret->at.head = moved(caret->at.head, change);
    }
    view->block.on = false;
    view->top = moved(view->top, change);
}

void view_one_caret(struct view *view)
{
    view->carets.items[0] = *view_caret(view);
    view->carets.len = 1;
    view->primary = view->newest = 0;
    view->block.on = view->words = false;
}

struct search_range view_selection(const struct view *view)
{
    size_t a = view_caret(view)->at.anchor, b = view_caret(view)->at.head;
    return a < b ? (struct search_range){a, b} : (struct search_range){b, a};
}

void view_select(struct view *view, size_t anchor, size_t head)
{
    size_t length = text_length(view->doc->text);
    *view_caret(view) =
        (struct caret){{min_size(anchor, length), min_size(head, length)}, SIZE_MAX};
    view->follow = true;
    view->block.on = view->words = false;
    text_break(view->doc->text);
}

void view_move(struct view *view, size_t at, bool select)
{
    view_select(view, select ? view_caret(view)->at.anchor : at, at);
}

size_t view_column(struct view *view, size_t at)
{
    const struct text *text = view->doc->text;
    size_t line = text_line_of(text, at);
    return column_of(&view->columns, text, view->doc->tab_width, text_line_start(text, line),
        text_line_end(text, line), at);
}

size_t view_at_column(struct view *view, size_t line, size_t column)
{
    const struct text *text = view->doc->text;
    size_t start = text_line_start(text, line), end = text_line_end(text, line);
    return column_find(&view->columns, text, view->doc->tab_width, start, end, column).offset;
}

void view_move_lines(struct view *view, long lines, bool select)
{
    const struct text *text = view->doc->text;
    size_t goal = view_caret(view)->goal;
    size_t line = foldset_head(view->folds, text_line_of(text, view_head(view)));
    size_t last = foldset_head(view->folds, text_line_count(text) - 1);
    /* Counted in lines that are visible. */
    size_t at = line - foldset_hidden_before(view->folds, line);
    size_t end = last - foldset_hidden_before(view->folds, last);
    size_t to;
    goal = goal != SIZE_MAX ? goal : view_column(view, view_head(view));
    if (lines < 0 && at < (size_t)-lines) {
        to = 0;
        goal = at == 0 ? 0 : goal;
    } else if (lines > 0 && end - at < (size_t)lines) {
        to = end;
        goal = at == end ? SIZE_MAX - 1 : goal;
    } else {
        to = (size_t)((long)at + lines);
    }
    to = foldset_row_at(view->folds, to);
    view_move(view, view_at_column(view, to, goal), select);
    view_caret(view)->goal = goal < SIZE_MAX - 1 ? goal : SIZE_MAX;
}

void view_page(struct view *view, long rows, bool select)
{
    view_move_rows(view, rows, select);
    view_scroll(view, rows);
    view_fill_bottom(view);
}
