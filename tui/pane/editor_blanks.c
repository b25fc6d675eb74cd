/* Blanks at the ends and the beginnings of lines. */
#include "pane/editor_commands.h"

/* Without a selection a command is about the whole file. */
static struct search_range scope(const struct view *view)
{
    const struct text *text = view->doc->text;
    if (!view_any_selection(view)) {
        return (struct search_range){0, text_length(text)};
    }
    struct search_range all = {SIZE_MAX, 0};
    VEC_FOREACH (const struct caret, caret, &view->carets) {
        size_t first, last;
        caret_lines(view->doc, caret, &first, &last);
        size_t start = text_line_start(text, first), end = text_line_end(text, last);
        all.start = start < all.start ? start : all.start;
        all.end = end > all.end ? end : all.end;
    }
    return all;
}

unsigned editor_trim_blanks(struct editor *editor)
{
    struct view *view = editor->view;
    struct search_options options = {.regex = true};
    struct search_range range = scope(view);
    struct err err = {0};
    size_t count = 0;
    struct search *search = search_new(STR_LIT("[ \\t]+$"), &options, &err);
    bool ok = search != NULL;
    if (ok) {
        text_note_cursor(view->doc->text, view_caret(view)->at);
        ok = search_replace_all(
            search, view->doc->text, range.start, range.end, STR_LIT(""), &count, &err);
        view_settle_carets(view);
    }
    search_free(search);
    if (ok) {
        app_message(editor->app, MESSAGE_INFO,
            count == 0   ? "no line ends with blanks"
            : count == 1 ? "%zu line trimmed"
                         : "%zu lines trimmed",
            count);
    } else {
        app_message(editor->app, MESSAGE_ERROR, "%s", err.text);
    }
    return UI_DONE;
}

/* The blanks that begin a line as columns; *end is where they end. */
static size_t leading_columns(const struct doc *doc, size_t at, size_t *end)
{
    size_t columns = 0, tab = doc->tab_width;
    for (;; at++) {
        int byte = text_byte(doc->text, at);
        if (byte == '\t') {
            columns += tab - columns % tab;
        } else if (byte == ' ') {
            columns++;
        } else {
            *end = at;
            return columns;
        }
    }
}

unsigned editor_convert_indent(struct editor *editor, bool to_tabs)
{
    struct view *view = editor->view;
    struct doc *doc = view->doc;
    struct search_range range = scope(view);
    struct plan plan = {0};
    struct buf with = BUF_INIT, old = BUF_INIT;
    view_settle_carets(view);
    size_t level = doc->indent > 0 ? doc->indent : doc->tab_width;
    size_t length = text_length(doc->text), end;
    for (size_t at = range.start; at <= range.end && at < length;
         at = text_find_newline(doc->text, end) + 1) {
        size_t columns = leading_columns(doc, at, &end);
        buf_clear(&with);
        buf_clear(&old);
        buf_append_repeat(&with, '\t', to_tabs ? columns / level : 0);
        buf_append_repeat(&with, ' ', to_tabs ? columns % level : columns);
        text_copy(doc->text, at, end, &old);
        if (!str_equal(buf_str(&old), buf_str(&with))) {
            plan_put(&plan, at, end, buf_str(&with));
        }
    }
    size_t count = plan.parts.len;
    buf_free(&with);
    buf_free(&old);
    if (view_carry_out(view, &plan, PLAN_STEP)) {
        doc->indent = to_tabs ? 0 : (unsigned)level;
        app_message(editor->app, MESSAGE_INFO, "%zu line%s changed; Tab now gives %s", count,
            count == 1 ? "" : "s", to_tabs ? "a tab" : "blanks");
    }
    return UI_DONE;
}

const char *editor_why_no_tabs(void *pane)
{
    const struct editor *editor = pane;
    if (editor->view == NULL) {
        return editor_needs_file(pane);
    }
    const struct language *language = syntax_language(editor->view->doc->syntax);
    return language != NULL && language->documents ? "YAML must not be indented with tabs" : NULL;
}

unsigned editor_reindent(struct editor *editor)
{
    struct view *view = editor->view;
    struct doc *doc = view->doc;
    const struct indent_style style = doc_indent_style(doc);
    struct indent_edits edits = {0};
    struct plan plan = {0};
    struct line_groups groups = view_line_groups(view);
    VEC_FOREACH (struct line_group, group, &groups) {
        syntax_reindent(doc->syntax, text_line_start(doc->text, group->first),
            text_line_end(doc->text, group->last), &style, &edits);
    }
    VEC_FREE(&groups);
    VEC_FOREACH (struct indent_edit, edit, &edits) {
        plan_put(&plan, edit->start, edit->end, str_of(edit->with));
    }
    if (edits.len == 0) {
        app_message(editor->app, MESSAGE_INFO, "the indentation is right already");
    }
    indent_edits_free(&edits);
    view_carry_out(view, &plan, PLAN_STEP);
    return UI_DONE;
}
