/* Words, letters and selections along the tree. */
#include "pane/editor_commands.h"

#include "base/utf8.h"
#include "syntax/brackets.h"
#include "syntax/objects.h"

#include <utf8proc.h>

/* ---- words ---- */

static bool is_word_at(const struct doc *doc, size_t at)
{
    return doc_class_at(doc, at) == CLASS_WORD;
}

bool doc_word_at(const struct doc *doc, size_t at, struct search_range *word)
{
    size_t length = text_length(doc->text);
    size_t from = at, to = at;
    while (from > 0 && is_word_at(doc, doc_before(doc, from))) {
        from = doc_before(doc, from);
    }
    while (to < length && is_word_at(doc, to)) {
        to = doc_after(doc, to);
    }
    *word = (struct search_range){from, to};
    return to > from;
}

static void select_word(struct view *view, void *data)
{
    struct search_range word;
    (void)data;
    if (doc_word_at(view->doc, view_head(view), &word)) {
        view_select(view, word.start, word.end);
    }
}

unsigned editor_select_word(struct editor *editor)
{
    view_each_caret(editor->view, select_word, NULL);
    return UI_DONE;
}

/* The whole lines; again: one line more. */
static void select_line(struct view *view, void *data)
{
    const struct text *text = view->doc->text;
    size_t first, last;
    (void)data;
    caret_lines(view->doc, view_caret(view), &first, &last);
    size_t from = text_line_start(text, first), to = text_line_start(text, last + 1);
    struct search_range now = view_selection(view);
    if (now.start == from && now.end == to) {
        to = text_line_start(text, last + 2);
    }
    view_select(view, from, to);
}

unsigned editor_select_line(struct editor *editor)
{
    view_each_caret(editor->view, select_line, NULL);
    return UI_DONE;
}

const char *editor_why_no_selection(void *pane)
{
    const struct editor *editor = pane;
    return editor->view == NULL               ? editor_needs_file(pane)
           : view_any_selection(editor->view) ? NULL
                                              : "nothing is selected";
}

unsigned editor_duplicate_selection(struct editor *editor)
{
    struct view *view = editor->view;
    struct plan plan = {0};
    struct buf bytes = BUF_INIT;
    view_settle_carets(view);
    VEC_FOREACH (struct caret, caret, &view->carets) {
        struct search_range range = caret_range(caret);
        bool backward = caret->at.head < caret->at.anchor;
        buf_clear(&bytes);
        text_copy(view->doc->text, range.start, range.end, &bytes);
        plan_goal(&plan, plan_put(&plan, range.end, range.end, buf_str(&bytes)),
            backward ? bytes.len : 0, backward ? 0 : bytes.len);
    }
    buf_free(&bytes);
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}

/* ---- letters ---- */

static int32_t changed(int32_t cp, enum letter_case to, bool first)
{
    if (to == CASE_TITLE) {
        return first ? utf8proc_totitle(cp) : utf8proc_tolower(cp);
    }
    return to == CASE_UPPER ? utf8proc_toupper(cp) : utf8proc_tolower(cp);
}

static bool is_letter(int32_t cp)
{
    utf8proc_category_t category = utf8proc_category(cp);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_ME) ||
           category == UTF8PROC_CATEGORY_ND;
}

/* Bytes that are not UTF-8 stay. */
static void append_changed(struct str bytes, enum letter_case to, struct buf *out)
{
    bool first = true;
    for (size_t i = 0; i < bytes.len;) {
        size_t len;
        char utf8[4];
        int32_t cp = utf8_decode(str_from(bytes, i), &len);
        if (cp < 0) {
            buf_append_str(out, str_slice(bytes, i, i + len));
            first = true;
        } else {
            buf_append(out, utf8, utf8_encode(changed(cp, to, first), utf8));
            first = !is_letter(cp);
        }
        i += len;
    }
}

/* Of the selections, or without one of the word; they stay selected. */
unsigned editor_change_case(struct editor *editor, enum letter_case to)
{
    struct view *view = editor->view;
    struct plan plan = {0};
    struct buf old = BUF_INIT, with = BUF_INIT;
    view_settle_carets(view);
    VEC_FOREACH (struct caret, caret, &view->carets) {
        struct search_range range = caret_range(caret);
        bool selected = caret_has_selection(caret);
        if (!selected && !doc_word_at(view->doc, range.start, &range)) {
            plan_goal(&plan, PLAN_MOVED, caret->at.anchor, caret->at.head);
            continue;
        }
        buf_clear(&old);
        buf_clear(&with);
        text_copy(view->doc->text, range.start, range.end, &old);
        append_changed(buf_str(&old), to, &with);
        bool same = str_equal(buf_str(&old), buf_str(&with));
        size_t part = same ? PLAN_MOVED : plan_put(&plan, range.start, range.end, buf_str(&with));
        size_t from = same ? range.start : 0, end = from + with.len;
        size_t within = from + caret->at.head - range.start;
        bool backward = caret->at.head < caret->at.anchor;
        within = within < end ? within : end;
        plan_goal(&plan, part,
            !selected  ? within
            : backward ? end
                       : from,
            !selected  ? within
            : backward ? from
                       : end);
    }
    buf_free(&old);
    buf_free(&with);
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}

/* Exchanges the characters before and after the caret; at a line's end the two before it. */
static void plan_transposed(const struct doc *doc, const struct caret *caret, struct plan *plan)
{
    size_t at = caret->at.head, line = text_line_of(doc->text, at);
    size_t start = text_line_start(doc->text, line), end = text_line_end(doc->text, line);
    at = at >= end && at > start ? doc_before(doc, at) : at;
    if (at <= start || at >= end || caret_has_selection(caret)) {
        plan_goal(plan, PLAN_MOVED, caret->at.anchor, caret->at.head);
        return;
    }
    size_t before = doc_before(doc, at), after = doc_after(doc, at);
    struct buf bytes = BUF_INIT;
    text_copy(doc->text, at, after, &bytes);
    text_copy(doc->text, before, at, &bytes);
    plan_put_at_caret(plan, before, after, buf_str(&bytes));
    buf_free(&bytes);
}

unsigned editor_transpose(struct editor *editor)
{
    struct view *view = editor->view;
    struct plan plan = {0};
    view_settle_carets(view);
    VEC_FOREACH (struct caret, caret, &view->carets) {
        plan_transposed(view->doc, caret, &plan);
    }
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}

/* ---- the tree ---- */

static void grow(struct view *view, void *data)
{
    struct search_range now = view_selection(view), word;
    struct syntax_range node = {0, 0};
    (void)data;
    /* The word first: a name with dots is one node for many grammars. */
    if (now.start == now.end && doc_word_at(view->doc, now.start, &word)) {
        node = (struct syntax_range){word.start, word.end};
    } else if (!syntax_expand(view->doc->syntax, now.start, now.end, &node)) {
        node = (struct syntax_range){0, text_length(view->doc->text)};
    }
    view_select(view, node.start, node.end);
}

unsigned editor_select_more(struct editor *editor)
{
    struct view *view = editor->view;
    bool begins = !view_any_selection(view);
    size_t at = view_head(view);
    view_each_caret(view, grow, NULL);
    if (begins) {
        view->shrink_to = at;
    }
    return UI_DONE;
}

static void shrink(struct view *view, void *data)
{
    struct search_range now = view_selection(view);
    struct syntax_range node;
    size_t at = view->shrink_to;
    (void)data;
    at = at >= now.start && at <= now.end && view->carets.len == 1 ? at : now.start;
    if (syntax_shrink(view->doc->syntax, now.start, now.end, at, &node)) {
        view_select(view, node.start, node.end);
    } else {
        view_select(view, at, at);
    }
}

unsigned editor_select_less(struct editor *editor)
{
    view_each_caret(editor->view, shrink, NULL);
    return UI_DONE;
}

struct bracket_wish {
    bool select;
    bool found;
};

/* From one bracket of a pair to the other; from between them to the opening one. */
static void go_to_bracket(struct view *view, void *data)
{
    struct bracket_wish *wish = data;
    struct syntax *syntax = view->doc->syntax;
    struct bracket_pair pair;
    size_t head = view_head(view), to;
    if (syntax_bracket_at(syntax, head, &pair)) {
        to = head == pair.open ? pair.close : pair.open;
    } else if (head > 0 && syntax_bracket_at(syntax, head - 1, &pair)) {
        to = head - 1 == pair.open ? pair.close : pair.open;
    } else if (syntax_bracket_around(syntax, head, true, &pair)) {
        to = pair.open;
    } else {
        return;
    }
    wish->found = true;
    if (wish->select) {
        view_select(view, pair.open + pair.open_len, pair.close);
    } else {
        view_move(view, to, false);
    }
}

unsigned editor_go_to_bracket(struct editor *editor, bool select)
{
    struct bracket_wish wish = {select, false};
    view_each_caret(editor->view, go_to_bracket, &wish);
    if (!wish.found) {
        app_message(editor->app, MESSAGE_INFO, "no brackets are around the cursor");
    }
    return UI_DONE;
}
