/* Folding: which parts of the file a view hides. What can be folded comes from the syntax
 * (folds.h). */
#include "pane/editor_private.h"

#include "syntax/folds.h"

#define SLICE       ((size_t)64 << 10) /* bytes asked for at a time */
#define LINE_LOOKED ((size_t)16 << 10)
#define LOOKS_MAX   200
#define TIME_MS     200 /* for all of a file; what is not reached then stays open */

void view_reveal(struct view *view)
{
    if (foldset_is_empty(view->folds)) {
        return;
    }
    VEC_FOREACH (struct caret, caret, &view->carets) {
        foldset_reveal(view->folds, text_line_of(view->doc->text, caret->at.head));
    }
}

/* Carets in what is hidden now go to the text of its first line: its end may be far to the right.
 */
static void lift_carets(struct view *view)
{
    const struct text *text = view->doc->text;
    VEC_FOREACH (struct caret, caret, &view->carets) {
        size_t line = text_line_of(text, caret->at.head);
        size_t head = foldset_head(view->folds, line);
        if (head < line) {
            size_t start = text_line_start(text, head);
            size_t at = doc_first_text(view->doc, start, text_line_end(text, head));
            *caret = (struct caret){{at, at}, SIZE_MAX};
        }
    }
    view->follow = true;
}

/* The fold that begins in the line: what goes on in the next lines is what reaches the line's end,
 * so of a very long line the end is enough. */
static bool fold_at(struct view *view, size_t line, struct fold *out)
{
    const struct text *text = view->doc->text;
    struct folds folds = {0};
    bool found = false;
    size_t start = text_line_start(text, line), end = text_line_end(text, line);
    syntax_folds(
        view->doc->syntax, end - start > LINE_LOOKED ? end - LINE_LOOKED : start, end, &folds);
    VEC_FOREACH (struct fold, fold, &folds) {
        if (fold->first_row == line) {
            *out = *fold;
            found = true;
        }
    }
    VEC_FREE(&folds);
    return found;
}

bool view_can_fold_at(struct view *view, size_t line)
{
    struct fold fold;
    return fold_at(view, line, &fold);
}

bool view_toggle_fold_at(struct view *view, size_t line)
{
    struct fold fold;
    if (foldset_open(view->folds, line)) {
        return true;
    }
    if (!fold_at(view, line, &fold)) {
        return false;
    }
    foldset_close(view->folds, fold.first_row, fold.last_row);
    lift_carets(view);
    return true;
}

static unsigned none_here(struct editor *editor)
{
    app_message(editor->app, MESSAGE_INFO, "nothing to fold here");
    return UI_DONE;
}

unsigned editor_fold_close(struct editor *editor)
{
    struct view *view = editor->view;
    const struct text *text = view->doc->text;
    struct fold fold;
    size_t line = text_line_of(text, view_head(view)), at = view_head(view);
    /* With the innermost one closed already, the next around it: what is found further up may also
     * be beside it. */
    for (int i = 0; i < LOOKS_MAX && syntax_fold_around(view->doc->syntax, at, &fold); i++) {
        if (fold.last_row >= line && !foldset_is_closed(view->folds, fold.first_row)) {
            foldset_close(view->folds, fold.first_row, fold.last_row);
            lift_carets(view);
            return UI_DONE;
        }
        if (fold.first_row == 0) {
            break;
        }
        at = text_line_end(text, fold.first_row - 1);
    }
    return none_here(editor);
}

unsigned editor_fold_open(struct editor *editor)
{
    struct view *view = editor->view;
    view->follow = true;
    return foldset_open(view->folds, text_line_of(view->doc->text, view_head(view)))
               ? UI_DONE
               : none_here(editor);
}

unsigned editor_fold_toggle(struct editor *editor)
{
    struct view *view = editor->view;
    size_t line = text_line_of(view->doc->text, view_head(view));
    return foldset_is_closed(view->folds, line) ? editor_fold_open(editor)
                                                : editor_fold_close(editor);
}

/* Appends the folds of the whole file, as far as they are found in time. False: not all. */
static bool all_folds(struct view *view, struct folds *out)
{
    const struct text *text = view->doc->text;
    uint64_t start = loop_now_ms();
    size_t length = text_length(text);
    for (size_t from = 0; from < length;) {
        size_t to = from + SLICE < length ? from + SLICE : length;
        size_t before = out->len;
        syntax_parse(view->doc->syntax, from, to, 0);
        syntax_folds(view->doc->syntax, from, to, out);
        /* Those that begin in an earlier slice came with it. */
        size_t kept = before;
        size_t first = text_line_of(text, from);
        for (size_t i = before; i < out->len; i++) {
            if (out->items[i].first_row >= first &&
                (kept == 0 || out->items[i].first_row > out->items[kept - 1].first_row)) {
                out->items[kept++] = out->items[i];
            }
        }
        out->len = kept;
        from = to;
        if (loop_now_ms() - start > TIME_MS && from < length) {
            return false;
        }
    }
    return true;
}

/* What is around a place, outermost first, while folds are walked in order. */
struct around {
    size_t *items; /* their last rows */
    size_t len, cap;
};

/* How many folds the next one lies in. */
static size_t enter(struct around *around, const struct fold *fold)
{
    while (around->len > 0 && around->items[around->len - 1] < fold->first_row) {
        around->len--;
    }
    VEC_PUSH(around, fold->last_row);
    return around->len - 1;
}

static size_t deepest(const struct folds *folds)
{
    struct around around = {0};
    size_t most = 0;
    VEC_FOREACH (struct fold, fold, folds) {
        size_t level = enter(&around, fold) + 1;
        most = most < level ? level : most;
    }
    VEC_FREE(&around);
    return most;
}

/* Closes the folds that lie in `level` others or more, and opens the rest. */
static void set_level(struct view *view, const struct folds *folds, size_t level)
{
    struct around around = {0};
    struct {
        struct fold_range *items;
        size_t len, cap;
    } ranges = {0};
    VEC_FOREACH (struct fold, fold, folds) {
        if (enter(&around, fold) >= level) {
            VEC_PUSH(&ranges, ((struct fold_range){fold->first_row, fold->last_row}));
        }
    }
    foldset_open_all(view->folds);
    foldset_close_many(view->folds, ranges.items, ranges.len);
    view->fold_level = level;
    lift_carets(view);
    VEC_FREE(&ranges);
    VEC_FREE(&around);
}

unsigned editor_fold_step(struct editor *editor, enum fold_step step)
{
    struct view *view = editor->view;
    struct folds folds = {0};
    bool all = all_folds(view, &folds);
    size_t most = deepest(&folds), level = view->fold_level < most ? view->fold_level : most;
    switch (step) {
    case FOLD_ALL:
        level = 0;
        break;
    case FOLD_MORE:
        level -= level > 0 ? 1 : 0;
        break;
    case FOLD_LESS:
        level += level < most ? 1 : 0;
        break;
    }
    set_level(view, &folds, level);
    if (!all) {
        app_message(editor->app, MESSAGE_WARNING,
            "a large file: only what is above line %zu is folded",
            folds.len > 0 ? folds.items[folds.len - 1].last_row + 1 : 0);
    } else {
        app_message(editor->app, MESSAGE_INFO, "%zu of %zu levels are open", level, most);
    }
    VEC_FREE(&folds);
    return UI_DONE;
}

unsigned editor_fold_open_all(struct editor *editor)
{
    foldset_open_all(editor->view->folds);
    editor->view->fold_level = SIZE_MAX;
    editor->view->follow = true;
    return UI_DONE;
}
