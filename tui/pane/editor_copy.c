/* Copying and pasting, with a piece for each caret. */
#include "pane/editor_commands.h"
#include "pane/editor_vi.h"

#include "screen/clipboard.h"

/* What a caret gives: its selection, or without one the whole line. */
static struct search_range copied(const struct view *view, const struct caret *caret)
{
    const struct doc *doc = view->doc;
    if (caret_has_selection(caret)) {
        return caret_range(caret);
    }
    size_t line = text_line_of(doc->text, caret->at.head);
    return (struct search_range){
        text_line_start(doc->text, line), text_line_start(doc->text, line + 1)};
}

static void append_piece(
    struct editor *editor, struct str piece, struct str ending, bool last, struct buf *out)
{
    struct copied *note = &editor->copied;
    VEC_PUSH(&note->lens, piece.len);
    buf_append_str(out, piece);
    bool ended = piece.len > 0 && piece.ptr[piece.len - 1] == '\n';
    if (!last && !ended) {
        buf_append_str(out, ending);
    }
}

unsigned editor_copy(struct editor *editor)
{
    struct view *view = editor->view;
    const struct text *text = view->doc->text;
    struct copied *note = &editor->copied;
    struct buf bytes = BUF_INIT, piece = BUF_INIT;
    view_settle_carets(view);
    size_t count = view->carets.len;
    note->lens.len = 0;
    note->lines = !view_any_selection(view);
    struct str ending = text_line_ending(text, text_line_of(text, view_head(view)));
    for (size_t i = 0; i < count; i++) {
        struct search_range range = copied(view, &view->carets.items[i]);
        buf_clear(&piece);
        text_copy(text, range.start, range.end, &piece);
        append_piece(editor, buf_str(&piece), ending, i + 1 == count, &bytes);
    }
    if (bytes.len > 0) {
        note->hash = str_hash(buf_str(&bytes));
        note->len = bytes.len;
        app_copy(editor->app, buf_str(&bytes));
        if (count > 1) {
            app_message(editor->app, MESSAGE_INFO, "copied %zu pieces", count);
        }
    }
    buf_free(&bytes);
    buf_free(&piece);
    return UI_DONE;
}

unsigned editor_cut(struct editor *editor)
{
    struct view *view = editor->view;
    struct plan plan = {0};
    editor_copy(editor);
    VEC_FOREACH (struct caret, caret, &view->carets) {
        struct search_range range = copied(view, caret);
        plan_put_at_caret(&plan, range.start, range.end, STR_LIT(""));
    }
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}

/* ---- pasting ---- */

/* With the line endings that the place has. */
static void append_with_endings(struct str text, struct str ending, struct buf *out)
{
    size_t done = 0;
    for (size_t at = 0; ending.len > 1 && (at = str_find_char(text, '\n', at)) != SIZE_MAX; at++) {
        if (at == 0 || text.ptr[at - 1] != '\r') {
            buf_append_str(out, str_slice(text, done, at));
            buf_append_str(out, ending);
            done = at + 1;
        }
    }
    buf_append_str(out, str_from(text, done));
}

struct pieces {
    struct str text;
    struct str rest;    /* not given out yet */
    const size_t *lens; /* of each, as they were copied; NULL: a line each */
    bool one;           /* all of it for each caret */
    size_t next;
};

static size_t count_lines(struct str text)
{
    size_t count = 0;
    struct str line;
    while (str_next_line(&text, &line)) {
        count++;
    }
    return count;
}

/* As many pieces as carets: one for each. */
static struct pieces divide(const struct editor *editor, struct str text)
{
    const struct copied *note = &editor->copied;
    size_t carets = editor->view->carets.len;
    struct pieces pieces = {.text = text, .rest = text, .one = true};
    if (carets == 1) {
        return pieces;
    }
    if (note->lens.len == carets && note->len == text.len && note->hash == str_hash(text)) {
        pieces.one = false;
        pieces.lens = note->lens.items;
    } else if (count_lines(text) == carets) {
        pieces.one = false;
    }
    return pieces;
}

static struct str next_piece(struct pieces *pieces)
{
    struct str line = {0};
    if (pieces->one) {
        return pieces->text;
    }
    if (pieces->lens == NULL) {
        (void)str_next_line(&pieces->rest, &line);
        return line.len > 0 && line.ptr[line.len - 1] == '\r' ? str_slice(line, 0, line.len - 1)
                                                              : line;
    }
    line = str_slice(pieces->rest, 0, pieces->lens[pieces->next]);
    pieces->rest = str_from(pieces->rest, line.len);
    bool ended = line.len > 0 && line.ptr[line.len - 1] == '\n';
    if (!ended) { /* the ending that parted it from the next */
        pieces->rest = str_from(pieces->rest, str_starts(pieces->rest, "\r\n") ? 2 : 1);
    }
    pieces->next++;
    return line;
}

/* A line that was copied as one goes above the line, and the caret stays in its place. */
static bool is_copied_line(const struct editor *editor, struct str text)
{
    const struct copied *note = &editor->copied;
    return note->lines && note->len == text.len && text.len > 0 && text.ptr[text.len - 1] == '\n' &&
           note->hash == str_hash(text);
}

static void plan_pasted(const struct editor *editor, struct str text, struct plan *plan)
{
    const struct view *view = editor->view;
    const struct doc *doc = view->doc;
    struct pieces pieces = divide(editor, text);
    bool as_line = is_copied_line(editor, text);
    struct buf bytes = BUF_INIT;
    VEC_FOREACH (const struct caret, caret, &view->carets) {
        struct search_range range = caret_range(caret);
        size_t line = text_line_of(doc->text, range.start);
        buf_clear(&bytes);
        append_with_endings(next_piece(&pieces), text_line_ending(doc->text, line), &bytes);
        if (as_line && !caret_has_selection(caret)) {
            size_t start = text_line_start(doc->text, line);
            plan_put(plan, start, start, buf_str(&bytes));
            plan_goal(plan, PLAN_MOVED, range.start, range.start);
        } else {
            plan_put_at_caret(plan, range.start, range.end, buf_str(&bytes));
        }
    }
    buf_free(&bytes);
}

unsigned editor_paste(void *pane, struct str text)
{
    struct editor *editor = pane;
    struct plan plan = {0};
    if (find_is_open(editor)) {
        return find_paste(editor, text);
    }
    if (editor->view == NULL || text.len == 0) {
        return UI_IGNORED;
    }
    if (editor->vi != NULL) {
        return editor_vi_paste(editor, text);
    }
    view_settle_carets(editor->view);
    plan_pasted(editor, text, &plan);
    view_carry_out(editor->view, &plan, PLAN_STEP);
    return UI_DONE;
}

/* Pasting, then the indentation of what came: two steps, so that undo can take the second back. */
unsigned editor_paste_indented(struct editor *editor, struct str text)
{
    struct view *view = editor->view;
    struct doc *doc = view->doc;
    struct plan plan = {0};
    struct indent_edits edits = {0};
    const struct indent_style style = doc_indent_style(doc);
    if (text.len == 0) {
        app_message(editor->app, MESSAGE_INFO, "nothing was copied here yet");
        return UI_DONE;
    }
    view_one_caret(view);
    size_t from = view_selection(view).start;
    unsigned flags = editor_paste(editor, text);
    syntax_reindent(doc->syntax, from, view_head(view), &style, &edits);
    VEC_FOREACH (struct indent_edit, edit, &edits) {
        plan_put(&plan, edit->start, edit->end, str_of(edit->with));
    }
    indent_edits_free(&edits);
    view_carry_out(view, &plan, PLAN_STEP);
    return flags;
}
