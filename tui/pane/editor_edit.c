/* What the editor's keys do to the text. Every change goes through view_replace or a plan. */
#include "pane/editor_carets.h"
#include "pane/editor_commands.h"
#include "pane/editor_pairs.h"
#include "pane/editor_slow.h"
#include "pane/editor_vi.h"

#include "base/utf8.h"
#include "syntax/indent.h"

#define PAUSE_MS    1000 /* a pause this long ends a run of typing */
#define INDENT_LOOK 200  /* lines looked at to guess the indentation */

void doc_note_edit(struct doc *doc)
{
    uint64_t now = loop_now_ms();
    if (now - doc->last_edit_ms > PAUSE_MS) {
        text_break(doc->text);
    }
    doc->last_edit_ms = now;
}

bool view_replace(struct view *view, size_t from, size_t to, struct str with)
{
    struct doc *doc = view->doc;
    struct err err = {0};
    doc_note_edit(doc);
    text_note_cursor(doc->text, view_caret(view)->at);
    if (!text_replace(doc->text, from, to - from, with, &err)) {
        app_message(doc->editor->app, MESSAGE_ERROR, "%s", err.text);
        return false;
    }
    *view_caret(view) = (struct caret){{from + with.len, from + with.len}, SIZE_MAX};
    view->follow = true;
    editor_warn_swap(doc->editor);
    return true;
}

struct indent_style doc_indent_style(const struct doc *doc)
{
    return (struct indent_style){doc->indent, doc->tab_width};
}

/* ---- typing ---- */

static bool is_blank(int byte)
{
    return byte == ' ' || byte == '\t';
}

size_t doc_line_text(const struct doc *doc, size_t line)
{
    size_t at = text_line_start(doc->text, line), end = text_line_end(doc->text, line);
    while (at < end && is_blank(text_byte(doc->text, at))) {
        at++;
    }
    return at;
}

/* Whether only blanks stand between the line's start and the offset. */
static bool begins_line(const struct doc *doc, size_t at)
{
    return doc_line_text(doc, text_line_of(doc->text, at)) >= at;
}

/* A word that begins is a new step, except the first of its line. */
static void break_before_word(const struct view *view, struct str text)
{
    size_t head = view_head(view);
    if (head > 0 && text.len > 0 && !is_blank(text.ptr[0]) &&
        is_blank(text_byte(view->doc->text, head - 1)) && !begins_line(view->doc, head)) {
        text_break(view->doc->text);
    }
}

/* A closing bracket that begins a line stands where the line of its opening one does. */
static void plan_closer(const struct view *view, size_t head, struct plan *plan)
{
    const struct doc *doc = view->doc;
    const struct indent_style style = doc_indent_style(doc);
    size_t start = text_line_start(doc->text, text_line_of(doc->text, head));
    struct buf old = BUF_INIT;
    struct buf with = BUF_INIT;
    text_copy(doc->text, start, head - 1, &old);
    if (begins_line(doc, head - 1) && syntax_indent_line(doc->syntax, start, &style, &with) &&
        !str_equal(buf_str(&old), buf_str(&with))) {
        plan_put(plan, start, head - 1, buf_str(&with));
    }
    buf_free(&old);
    buf_free(&with);
}

static void place_closers(struct view *view)
{
    struct plan plan = {0};
    VEC_FOREACH (struct caret, caret, &view->carets) {
        if (caret->at.head > 0 && !caret_has_selection(caret)) {
            plan_closer(view, caret->at.head, &plan);
        }
    }
    view_carry_out(view, &plan, PLAN_STEP);
}

static bool closes_line(const struct view *view, struct str text)
{
    bool closer = text.len == 1 && strchr(")]}", text.ptr[0]) != NULL;
    for (size_t i = 0; closer && i < view->carets.len; i++) {
        if (begins_line(view->doc, caret_range(&view->carets.items[i]).start)) {
            return true;
        }
    }
    return false;
}

unsigned editor_type(struct editor *editor, struct str text)
{
    struct view *view = editor->view;
    struct plan plan = {0};
    bool closes = editor->auto_indent && closes_line(view, text);
    view_settle_carets(view);
    break_before_word(view, text);
    VEC_FOREACH (struct caret, caret, &view->carets) {
        struct search_range range = caret_range(caret);
        if (!editor->auto_pairs || !pairs_plan_typed(view, caret, text, &plan)) {
            plan_put_at_caret(&plan, range.start, range.end, text);
        }
    }
    if (closes) {
        text_begin(view->doc->text);
    }
    view_carry_out(view, &plan, PLAN_TYPE);
    if (closes) {
        place_closers(view);
        text_end(view->doc->text);
    }
    return UI_DONE;
}

/* Between an opening bracket and its closing one: a line further in for what is to come, and the
 * closing one in a line of its own, where the line of the opening one begins. */
static size_t append_opened(const struct doc *doc, size_t line, struct buf *bytes)
{
    struct buf outer = BUF_INIT;
    text_copy(doc->text, text_line_start(doc->text, line), doc_line_text(doc, line), &outer);
    buf_append_str(bytes, buf_str(&outer));
    doc_append_level(doc, bytes);
    size_t head = bytes->len;
    buf_append_str(bytes, text_line_ending(doc->text, line));
    buf_append_str(bytes, buf_str(&outer));
    buf_free(&outer);
    return head;
}

static void plan_new_line(const struct view *view, const struct caret *caret, struct plan *plan)
{
    const struct editor *editor = view->editor;
    const struct doc *doc = view->doc;
    const struct indent_style style = doc_indent_style(doc);
    struct search_range range = caret_range(caret);
    size_t line = text_line_of(doc->text, range.start);
    struct buf bytes = BUF_INIT;
    buf_append_str(&bytes, text_line_ending(doc->text, line));
    size_t head = bytes.len;
    if (editor->auto_indent && editor->auto_pairs && range.start == range.end &&
        pairs_between(view, range.start, true)) {
        head = append_opened(doc, line, &bytes);
    } else if (editor->auto_indent) {
        syntax_indent_new_line(doc->syntax, range.start, &style, &bytes);
        head = bytes.len;
    }
    plan_goal(plan, plan_put(plan, range.start, range.end, buf_str(&bytes)), head, head);
    buf_free(&bytes);
}

unsigned editor_new_line(struct editor *editor)
{
    struct view *view = editor->view;
    struct plan plan = {0};
    view_settle_carets(view);
    text_break(view->doc->text);
    VEC_FOREACH (struct caret, caret, &view->carets) {
        plan_new_line(view, caret, &plan);
    }
    view_carry_out(view, &plan, PLAN_TYPE);
    return UI_DONE;
}

/* ---- erasing ---- */

/* In the blanks that begin a line indented by blanks, Backspace takes a whole level. */
static size_t before_in_indent(const struct doc *doc, size_t at)
{
    size_t start = text_line_start(doc->text, text_line_of(doc->text, at));
    size_t column = at - start;
    if (doc->indent < 2 || column == 0) {
        return doc_before(doc, at);
    }
    for (size_t i = start; i < at; i++) {
        if (text_byte(doc->text, i) != ' ') {
            return doc_before(doc, at);
        }
    }
    return at - (column % doc->indent == 0 ? doc->indent : column % doc->indent);
}

/* Each caret's selection goes, or without one what `reach` says. */
static unsigned erase(struct editor *editor,
    struct search_range (*reach)(const struct view *view, size_t at), enum plan_kind kind)
{
    struct view *view = editor->view;
    struct plan plan = {0};
    view_settle_carets(view);
    VEC_FOREACH (struct caret, caret, &view->carets) {
        struct search_range range =
            caret_has_selection(caret) ? caret_range(caret) : reach(view, caret->at.head);
        plan_put_at_caret(&plan, range.start, range.end, STR_LIT(""));
    }
    view_carry_out(view, &plan, kind);
    return UI_DONE;
}

static struct search_range reach_back(const struct view *view, size_t at)
{
    if (view->editor->auto_pairs && pairs_between(view, at, false)) {
        return (struct search_range){at - 1, at + 1};
    }
    return (struct search_range){before_in_indent(view->doc, at), at};
}

static struct search_range reach_forward(const struct view *view, size_t at)
{
    return (struct search_range){at, doc_after(view->doc, at)};
}

static struct search_range reach_word_back(const struct view *view, size_t at)
{
    return (struct search_range){doc_word_left(view->doc, at), at};
}

static struct search_range reach_word_forward(const struct view *view, size_t at)
{
    return (struct search_range){at, doc_word_right(view->doc, at)};
}

/* To the line's end; at the end, the line's ending. */
static struct search_range reach_line_end(const struct view *view, size_t at)
{
    const struct text *text = view->doc->text;
    size_t end = text_line_end(text, text_line_of(text, at));
    return (struct search_range){at, at < end ? end : doc_after(view->doc, at)};
}

static struct search_range reach_line_start(const struct view *view, size_t at)
{
    const struct text *text = view->doc->text;
    size_t start = text_line_start(text, text_line_of(text, at));
    return (struct search_range){at > start ? start : doc_before(view->doc, at), at};
}

unsigned editor_erase_word(struct editor *editor, bool forward)
{
    return erase(editor, forward ? reach_word_forward : reach_word_back, PLAN_STEP);
}

unsigned editor_erase_to_line_edge(struct editor *editor, bool end)
{
    return erase(editor, end ? reach_line_end : reach_line_start, PLAN_STEP);
}

/* ---- undo ---- */

unsigned editor_undo(struct editor *editor, bool redo)
{
    struct view *view = editor->view;
    struct doc *doc = view->doc;
    struct text_cursor cursor;
    size_t step = text_step(doc->text);
    if (!(redo ? text_redo(doc->text, &cursor) : text_undo(doc->text, &cursor))) {
        app_message(editor->app, MESSAGE_INFO, redo ? "nothing to redo" : "nothing to undo");
        return UI_DONE;
    }
    view_one_caret(view);
    view_select(view, cursor.anchor, cursor.head);
    doc_recall_carets(doc, redo ? text_step(doc->text) : step, !redo, view);
    return UI_DONE;
}

unsigned editor_edit_key(struct editor *editor, const struct key *key)
{
    if (key_is_plain_text(key)) {
        return editor_type(editor, str_make(key->text, key->len));
    }
    bool plain = (key->mods & ~(unsigned)MOD_SHIFT) == 0;
    switch (plain ? key->code : K_NONE) {
    case K_ENTER:
        return editor_new_line(editor);
    case K_TAB:
        return editor_slow_act(editor, "indent", editor_indent);
    case K_BACKSPACE:
        return erase(editor, reach_back, PLAN_ERASE);
    case K_DELETE:
        return erase(editor, reach_forward, PLAN_ERASE);
    default:
        return UI_IGNORED;
    }
}

void doc_guess_indent(struct doc *doc)
{
    const struct language *language = syntax_language(doc->syntax);
    bool rego = language != NULL && strcmp(language->name, "rego") == 0;
    size_t lines = text_line_count(doc->text), smallest = 0;
    doc->indent = rego ? 0 : 2;
    for (size_t line = 0; line < lines && line < INDENT_LOOK; line++) {
        size_t start = text_line_start(doc->text, line), end = text_line_end(doc->text, line);
        size_t blanks = 0;
        if (start < end && text_byte(doc->text, start) == '\t') {
            doc->indent = 0;
            return;
        }
        while (blanks < 16 && start + blanks < end && text_byte(doc->text, start + blanks) == ' ') {
            blanks++;
        }
        if (blanks >= 2 && blanks <= 8 && (smallest == 0 || blanks < smallest)) {
            smallest = blanks;
        }
    }
    if (smallest > 0) {
        doc->indent = (unsigned)smallest;
    }
}
