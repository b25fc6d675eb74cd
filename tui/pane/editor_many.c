/* Making and dropping carets: beside, at occurrences, in lines, in a block of columns. */
#include "pane/editor_commands.h"

/* A key looks no further for an occurrence: a few milliseconds' worth. */
#define LOOK_BYTES ((size_t)16 << 20)

const char *editor_why_no_more_carets(void *pane)
{
    const struct editor *editor = pane;
    return editor->view == NULL ? editor_needs_file(pane)
           : editor->vi != NULL ? "the vi key set has one cursor; its visual block edits columns"
                                : NULL;
}

const char *editor_why_one_caret(void *pane)
{
    const struct editor *editor = pane;
    return editor->view == NULL            ? editor_needs_file(pane)
           : editor->view->carets.len == 1 ? "there is but one cursor"
                                           : NULL;
}

static void say_count(const struct view *view)
{
    if (view->carets.len > 1) {
        app_message(
            view->editor->app, MESSAGE_INFO, "%zu cursors; Esc leaves one", view->carets.len);
    }
}

/* ---- above and below ---- */

unsigned editor_caret_beside(struct editor *editor, bool below)
{
    struct view *view = editor->view;
    view_settle_carets(view);
    size_t edge = below ? view->carets.len - 1 : 0, primary = view->primary;
    struct caret from = view->carets.items[edge];
    size_t goal = from.goal != SIZE_MAX ? from.goal : view_column(view, from.at.head);
    size_t line = text_line_of(view->doc->text, from.at.head);
    /* As the arrow key goes. */
    view->primary = edge;
    view_caret(view)->goal = goal;
    view_move_lines(view, below ? 1 : -1, false);
    size_t head = view_head(view);
    view->carets.items[edge] = from;
    view->primary = primary;
    if (text_line_of(view->doc->text, head) == line) {
        app_message(editor->app, MESSAGE_INFO, "there is no line %s", below ? "below" : "above");
        return UI_DONE;
    }
    if (view_add_caret(view, head, head)) {
        view->carets.items[view->newest].goal = goal;
    }
    view_bring_newest(view);
    say_count(view);
    return UI_DONE;
}

/* ---- occurrences ---- */

static struct search *search_for(struct view *view, const struct caret *caret)
{
    struct search_range range = caret_range(caret);
    struct search_options options = {.letter_case = SEARCH_EXACT, .whole_word = view->words};
    struct err err = {0};
    struct buf pattern = BUF_INIT;
    text_copy(view->doc->text, range.start, range.end, &pattern);
    struct search *search = search_new(buf_str(&pattern), &options, &err);
    if (search == NULL) {
        app_message(view->editor->app, MESSAGE_WARNING, "%s", err.text);
    }
    buf_free(&pattern);
    return search;
}

/* The first step: what a caret without a selection is in becomes what is looked for. */
static bool select_words(struct view *view)
{
    view_settle_carets(view);
    if (caret_has_selection(&view->carets.items[view->newest])) {
        return false;
    }
    editor_select_word(view->editor);
    view->words = true;
    if (!caret_has_selection(&view->carets.items[view->newest])) {
        app_message(view->editor->app, MESSAGE_INFO, "no word is at the cursor");
    }
    return true;
}

static bool is_selected(const struct view *view, const struct search_range *range)
{
    VEC_FOREACH (const struct caret, caret, &view->carets) {
        struct search_range have = caret_range(caret);
        if (have.start == range->start && have.end == range->end) {
            return true;
        }
    }
    return false;
}

/* The next match behind the newest caret, from the top after the end. */
static enum search_status find_next(
    const struct view *view, struct search *search, struct search_match *match)
{
    const struct text *text = view->doc->text;
    size_t start = caret_range(&view->carets.items[view->newest]).end, from = start;
    struct err err = {0};
    enum search_status status = search_next(search, text, &from, SIZE_MAX, LOOK_BYTES, match, &err);
    if (status == SEARCH_NONE) {
        from = 0;
        status = search_next(search, text, &from, start, LOOK_BYTES, match, &err);
    }
    return status;
}

static void add_match(struct view *view, const struct search_range *range, bool skip)
{
    if (skip) {
        view->carets.items[view->newest].at = (struct text_cursor){range->start, range->end};
        view_settle_carets(view);
    } else {
        (void)view_add_caret(view, range->start, range->end);
    }
    view_bring_newest(view);
    say_count(view);
}

unsigned editor_next_occurrence(struct editor *editor, bool skip)
{
    struct view *view = editor->view;
    struct search_match match;
    if (select_words(view)) {
        return UI_DONE;
    }
    struct search *search = search_for(view, &view->carets.items[view->newest]);
    if (search == NULL) {
        return UI_DONE;
    }
    enum search_status status = find_next(view, search, &match);
    if (status == SEARCH_FOUND && !is_selected(view, &match.groups[0])) {
        add_match(view, &match.groups[0], skip);
    } else {
        app_message(editor->app, MESSAGE_INFO, "%s",
            status == SEARCH_MORE   ? "no occurrence in the next 16 MiB"
            : view->carets.len == 1 ? "there is no other occurrence"
                                    : "all occurrences are selected");
    }
    search_free(search);
    return UI_DONE;
}

unsigned editor_all_occurrences(struct editor *editor)
{
    struct view *view = editor->view;
    struct search_match match;
    struct err err = {0};
    (void)select_words(view);
    const struct caret mine = view->carets.items[view->newest];
    struct search *search = caret_has_selection(&mine) ? search_for(view, &mine) : NULL;
    if (search == NULL) {
        return UI_DONE;
    }
    size_t from = 0, kept = 0, count = 0;
    view->carets.len = 0;
    enum search_status status = SEARCH_NONE;
    while (count < CARETS_MAX && (status = search_next(search, view->doc->text, &from, SIZE_MAX,
                                      LOOK_BYTES, &match, &err)) == SEARCH_FOUND) {
        struct search_range range = match.groups[0];
        kept = range.start <= caret_range(&mine).start ? count : kept;
        VEC_PUSH(&view->carets, ((struct caret){{range.start, range.end}, SIZE_MAX}));
        count++;
        from = search_after(view->doc->text, &match);
    }
    if (count == 0) {
        VEC_PUSH(&view->carets, mine);
    }
    view->primary = view->newest = kept;
    text_break(view->doc->text);
    view_settle_carets(view);
    app_message(editor->app, MESSAGE_INFO, "%zu occurrence%s%s", count, count == 1 ? "" : "s",
        status == SEARCH_MORE || count == CARETS_MAX ? " (and more further on)" : "");
    search_free(search);
    return UI_DONE;
}

unsigned editor_drop_newest(struct editor *editor)
{
    struct view *view = editor->view;
    if (view->carets.len > 1) {
        size_t gone = view->newest;
        VEC_REMOVE(&view->carets, gone);
        view->primary -= view->primary > gone || view->primary == view->carets.len ? 1 : 0;
        view->newest = gone > 0 ? gone - 1 : 0;
        view_bring_newest(view);
        say_count(view);
    }
    return UI_DONE;
}

/* ---- lines and blocks ---- */

/* One caret for each line of the selections, at the end of what is selected of it. */
unsigned editor_split_selection(struct editor *editor)
{
    struct view *view = editor->view;
    const struct text *text = view->doc->text;
    struct caret primary = *view_caret(view);
    struct line_groups groups = view_line_groups(view);
    struct {
        struct caret *items;
        size_t len, cap;
    } made = {0};
    for (size_t i = 0; i < view->carets.len; i++) {
        struct search_range range = caret_range(&view->carets.items[i]);
        size_t first, last;
        caret_lines(view->doc, &view->carets.items[i], &first, &last);
        for (size_t line = first; line <= last && made.len < CARETS_MAX; line++) {
            size_t end = text_line_end(text, line);
            end = end < range.end ? end : range.end;
            VEC_PUSH(&made, ((struct caret){{end, end}, SIZE_MAX}));
        }
    }
    VEC_FREE(&groups);
    view->carets.len = 0;
    view->primary = 0;
    VEC_FOREACH (struct caret, caret, &made) {
        view->primary = caret->at.anchor <= primary.at.head ? view->carets.len : view->primary;
        VEC_PUSH(&view->carets, *caret);
    }
    VEC_FREE(&made);
    view->newest = view->primary;
    text_break(view->doc->text);
    view_settle_carets(view);
    say_count(view);
    return UI_DONE;
}

void view_select_block(struct view *view)
{
    size_t a = view->block.from_line, b = view->block.line;
    size_t first = a < b ? a : b, last = a < b ? b : a;
    size_t from = view->block.from_column, to = view->block.column;
    size_t left = from < to ? from : to;
    view->carets.len = 0;
    view->primary = 0;
    for (size_t line = first; line <= last && view->carets.len < CARETS_MAX; line++) {
        size_t end = text_line_end(view->doc->text, line);
        size_t width = view_column(view, end);
        bool hidden = foldset_head(view->folds, line) != line;
        /* A line that ends before the block has no part in it. */
        if (hidden || (width < left && line != a && line != b)) {
            continue;
        }
        view->primary = line == b ? view->carets.len : view->primary;
        VEC_PUSH(&view->carets,
            ((struct caret){
                {view_at_column(view, line, from), view_at_column(view, line, to)}, SIZE_MAX}));
    }
    view->newest = view->primary;
    view->follow = true;
    text_break(view->doc->text);
    view_settle_carets(view);
    view->block.on = true;
}

unsigned editor_block_step(struct editor *editor, int lines, int columns)
{
    struct view *view = editor->view;
    if (!view->block.on) {
        const struct text_cursor *at = &view_caret(view)->at;
        view->block.from_line = text_line_of(view->doc->text, at->anchor);
        view->block.from_column = view_column(view, at->anchor);
        view->block.line = text_line_of(view->doc->text, at->head);
        view->block.column = view_column(view, at->head);
    }
    size_t last = text_line_count(view->doc->text) - 1;
    if (lines < 0) {
        view->block.line -= view->block.line > 0 ? 1 : 0;
    } else if (lines > 0) {
        view->block.line += view->block.line < last ? 1 : 0;
    } else if (columns < 0) {
        view->block.column -= view->block.column > 0 ? 1 : 0;
    } else {
        view->block.column++;
    }
    view_select_block(view);
    say_count(view);
    return UI_DONE;
}
