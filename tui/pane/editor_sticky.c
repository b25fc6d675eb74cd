/* The first lines of what the top of a view is in (a rule, YAML keys), kept at its top. */
#include "pane/editor_draw.h"

#include "syntax/context.h"

#define ROWS_MIN 15 /* smaller views need their rows */

/* The innermost headers above the row's line that it lies in, outermost first, each line once. */
static int headers(const struct view *view, const struct view_row *row, size_t *lines)
{
    const struct text *text = view->doc->text;
    struct context context;
    size_t at = row->line_start;
    int count = 0;
    while (at < row->line_end && (text_byte(text, at) == ' ' || text_byte(text, at) == '\t')) {
        at++;
    }
    syntax_context(view->doc->syntax, at, &context);
    for (size_t i = context.len; i-- > 0 && count < STUCK_MAX;) {
        size_t line = context.items[i].header_row;
        bool again = count > 0 && lines[count - 1] == line;
        if (line < row->line && !again && !foldset_is_hidden(view->folds, line)) {
            lines[count++] = line;
        }
    }
    for (int i = 0; i < count / 2; i++) {
        size_t line = lines[i];
        lines[i] = lines[count - 1 - i];
        lines[count - 1 - i] = line;
    }
    return count;
}

void sticky_find(struct view *view, const struct paint_row *rows, int count)
{
    view->stuck_count = 0;
    if (!view->editor->look.sticky || view->rows < ROWS_MIN ||
        syntax_language(view->doc->syntax) == NULL) {
        return;
    }
    /* As many as the first line not covered by them lies in. */
    for (int covered = 0; covered <= STUCK_MAX && covered < count; covered++) {
        int found = headers(view, &rows[covered].is, view->stuck);
        if (found <= covered || covered == STUCK_MAX) {
            view->stuck_count = found < covered ? found : covered;
            return;
        }
    }
}

void sticky_lay_out(struct view *view, struct paint_row *rows)
{
    for (int i = 0; i < view->stuck_count; i++) {
        rows[i] = (struct paint_row){.at = i, .stuck = true};
        view_row_at(view, text_line_start(view->doc->text, view->stuck[i]), &rows[i].is);
    }
}
