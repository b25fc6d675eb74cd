/* What the editor's keys do to the text. Every change goes through view_replace. */
#include "pane/editor_vi.h"

#include "base/utf8.h"
#include "syntax/context.h"
#include "syntax/indent.h"

#define PAUSE_MS    1000 /* a pause this long ends a run of typing */
#define INDENT_LOOK 200  /* lines looked at to guess the indentation */

bool view_replace(struct view *view, size_t from, size_t to, struct str with)
{
    struct doc *doc = view->doc;
    struct err err = {0};
    uint64_t now = loop_now_ms();
    if (now - doc->last_edit_ms > PAUSE_MS) {
        text_break(doc->text);
    }
    doc->last_edit_ms = now;
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

static unsigned replace_selection(struct editor *editor, struct str with)
{
    struct search_range range = view_selection(editor->view);
    view_replace(editor->view, range.start, range.end, with);
    return UI_DONE;
}

/* A closing bracket that begins a line stands where the line of its opening one does. */
static void place_closer(struct view *view)
{
    struct doc *doc = view->doc;
    size_t head = view_head(view);
    size_t start = text_line_start(doc->text, text_line_of(doc->text, head));
    const struct indent_style style = {doc->indent, doc->tab_width};
    struct buf old = BUF_INIT;
    struct buf with = BUF_INIT;
    text_copy(doc->text, start, head - 1, &old);
    bool blank = str_trim(buf_str(&old)).len == 0;
    if (blank && syntax_indent_line(doc->syntax, start, &style, &with) &&
        !str_equal(buf_str(&old), buf_str(&with)) &&
        view_replace(view, start, head - 1, buf_str(&with))) {
        view_select(view, start + with.len + 1, start + with.len + 1);
    }
    buf_free(&old);
    buf_free(&with);
}

/* Only blanks stand before the cursor in its line. */
static bool begins_line(const struct view *view)
{
    const struct text *text = view->doc->text;
    size_t at = view_head(view);
    size_t start = text_line_start(text, text_line_of(text, at));
    while (at > start && (text_byte(text, at - 1) == ' ' || text_byte(text, at - 1) == '\t')) {
        at--;
    }
    return at == start;
}

unsigned editor_type(struct editor *editor, struct str text)
{
    struct view *view = editor->view;
    /* Elsewhere it is typed text as any other, in one step with it. */
    if (text.len != 1 || strchr(")]}", text.ptr[0]) == NULL || view->carets.len > 1 ||
        !begins_line(view)) {
        return replace_selection(editor, text);
    }
    text_begin(view->doc->text);
    replace_selection(editor, text);
    place_closer(view);
    text_end(view->doc->text);
    return UI_DONE;
}

static void append_level(const struct doc *doc, struct buf *out)
{
    if (doc->indent == 0) {
        buf_append_char(out, '\t');
    } else {
        buf_append_repeat(out, ' ', doc->indent);
    }
}

static unsigned new_line(struct editor *editor)
{
    const struct doc *doc = editor->view->doc;
    struct search_range range = view_selection(editor->view);
    size_t line = text_line_of(doc->text, range.start);
    struct buf bytes = BUF_INIT;
    buf_append_str(&bytes, text_line_ending(doc->text, line));
    const struct indent_style style = {doc->indent, doc->tab_width};
    syntax_indent_new_line(doc->syntax, range.start, &style, &bytes);
    replace_selection(editor, buf_str(&bytes));
    buf_free(&bytes);
    return UI_DONE;
}

static unsigned erase(struct editor *editor, size_t from, size_t to)
{
    if (view_has_selection(editor->view)) {
        return replace_selection(editor, STR_LIT(""));
    }
    if (from < to) {
        view_replace(editor->view, from, to, STR_LIT(""));
    }
    return UI_DONE;
}

/* In the blanks that begin a line indented by blanks, Backspace takes a whole level. */
static size_t before_in_indent(const struct doc *doc, size_t at)
{
    size_t start = text_line_start(doc->text, text_line_of(doc->text, at));
    size_t column = at - start;
    for (size_t i = start; i < at; i++) {
        if (text_byte(doc->text, i) != ' ') {
            return doc_before(doc, at);
        }
    }
    if (doc->indent < 2 || column == 0) {
        return doc_before(doc, at);
    }
    return at - (column % doc->indent == 0 ? doc->indent : column % doc->indent);
}

static unsigned backspace(struct editor *editor)
{
    size_t at = view_head(editor->view);
    return erase(editor, before_in_indent(editor->view->doc, at), at);
}

static unsigned delete_forward(struct editor *editor)
{
    size_t at = view_head(editor->view);
    return erase(editor, at, doc_after(editor->view->doc, at));
}

unsigned editor_erase_word(struct editor *editor, bool forward)
{
    const struct doc *doc = editor->view->doc;
    size_t at = view_head(editor->view);
    return forward ? erase(editor, at, doc_word_right(doc, at))
                   : erase(editor, doc_word_left(doc, at), at);
}

/* Lines that the selection touches: one that it only ends at the start of does not count. */
static void selected_lines(const struct view *view, size_t *first, size_t *last)
{
    const struct doc *doc = view->doc;
    struct search_range range = view_selection(view);
    *first = text_line_of(doc->text, range.start);
    *last = text_line_of(doc->text, range.end);
    if (*last > *first && range.end == text_line_start(doc->text, *last)) {
        --*last;
    }
}

/* Changes the lines' beginnings, keeping the selection on them. `edit` says how many bytes at the
 * line's offset go, and what comes in their place. */
static void change_lines(struct view *view,
    void (*edit)(const struct doc *doc, size_t start, size_t end, size_t *at, size_t *gone,
        struct buf *with, void *data),
    void *data)
{
    const struct doc *doc = view->doc;
    size_t first, last;
    struct text_cursor cursor = view_caret(view)->at;
    selected_lines(view, &first, &last);
    text_begin(doc->text);
    for (size_t line = last + 1; line-- > first;) {
        size_t start = text_line_start(doc->text, line), at = start, gone = 0;
        struct buf with = BUF_INIT;
        edit(doc, start, text_line_end(doc->text, line), &at, &gone, &with, data);
        if ((gone > 0 || with.len > 0) && view_replace(view, at, at + gone, buf_str(&with))) {
            size_t *ends[] = {&cursor.anchor, &cursor.head};
            for (size_t i = 0; i < 2; i++) {
                if (*ends[i] >= at + gone) {
                    *ends[i] = *ends[i] - gone + with.len;
                } else if (*ends[i] > at) {
                    *ends[i] = at;
                }
            }
        }
        buf_free(&with);
    }
    text_end(doc->text);
    view_select(view, cursor.anchor, cursor.head);
}

static void indent_line(const struct doc *doc, size_t start, size_t end, size_t *at, size_t *gone,
    struct buf *with, void *data)
{
    (void)at;
    (void)gone;
    (void)data;
    if (end > start) {
        append_level(doc, with);
    }
}

static void dedent_line(const struct doc *doc, size_t start, size_t end, size_t *at, size_t *gone,
    struct buf *with, void *data)
{
    (void)at;
    (void)with;
    (void)data;
    size_t most = doc->indent == 0 ? doc->tab_width : doc->indent;
    if (start < end && text_byte(doc->text, start) == '\t') {
        *gone = 1;
        return;
    }
    while (*gone < most && start + *gone < end && text_byte(doc->text, start + *gone) == ' ') {
        ++*gone;
    }
}

unsigned editor_indent(struct editor *editor)
{
    struct view *view = editor->view;
    struct doc *doc = view->doc;
    size_t first, last;
    selected_lines(view, &first, &last);
    if (last > first) {
        change_lines(view, indent_line, NULL);
        return UI_DONE;
    }
    struct buf bytes = BUF_INIT;
    if (doc->indent == 0) {
        buf_append_char(&bytes, '\t');
    } else {
        size_t column = view_column(view, view_selection(view).start);
        buf_append_repeat(&bytes, ' ', doc->indent - column % doc->indent);
    }
    replace_selection(editor, buf_str(&bytes));
    buf_free(&bytes);
    return UI_DONE;
}

unsigned editor_dedent(struct editor *editor)
{
    change_lines(editor->view, dedent_line, NULL);
    return UI_DONE;
}

static size_t first_text(const struct doc *doc, size_t start, size_t end)
{
    while (start < end &&
           (text_byte(doc->text, start) == ' ' || text_byte(doc->text, start) == '\t')) {
        start++;
    }
    return start;
}

struct comment {
    struct str mark;
    bool remove;
};

static bool is_commented(const struct doc *doc, size_t at, size_t end, struct str mark)
{
    struct buf bytes = BUF_INIT;
    text_copy(doc->text, at, at + mark.len < end ? at + mark.len : end, &bytes);
    bool is = str_equal(buf_str(&bytes), mark);
    buf_free(&bytes);
    return is;
}

static void comment_line(const struct doc *doc, size_t start, size_t end, size_t *at, size_t *gone,
    struct buf *with, void *data)
{
    const struct comment *comment = data;
    size_t text = first_text(doc, start, end);
    if (text == end) {
        return;
    }
    *at = text;
    if (!comment->remove) {
        buf_append_str(with, comment->mark);
        buf_append_char(with, ' ');
    } else if (is_commented(doc, text, end, comment->mark)) {
        *gone = comment->mark.len;
        *gone += text_byte(doc->text, text + *gone) == ' ' ? 1 : 0;
    }
}

unsigned editor_toggle_comment(struct editor *editor)
{
    struct view *view = editor->view;
    struct doc *doc = view->doc;
    size_t first, last;
    selected_lines(view, &first, &last);
    /* The language the lines are in: Rego's in a ConstraintTemplate, CEL's in a block of its own.
     */
    const struct language *language = syntax_language_at(doc->syntax,
        first_text(doc, text_line_start(doc->text, first), text_line_end(doc->text, first)));
    if (language == NULL || language->comment == NULL) {
        app_message(editor->app, MESSAGE_WARNING, "there are no line comments here");
        return UI_DONE;
    }
    struct comment comment = {str_of(language->comment), true};
    for (size_t line = first; line <= last && comment.remove; line++) {
        size_t end = text_line_end(doc->text, line);
        size_t at = first_text(doc, text_line_start(doc->text, line), end);
        comment.remove = at == end || is_commented(doc, at, end, comment.mark);
    }
    change_lines(view, comment_line, &comment);
    return UI_DONE;
}

unsigned editor_delete_line(struct editor *editor)
{
    struct view *view = editor->view;
    struct doc *doc = view->doc;
    size_t first, last;
    selected_lines(view, &first, &last);
    size_t from = text_line_start(doc->text, first), to = text_line_start(doc->text, last + 1);
    if (last + 1 >= text_line_count(doc->text) && first > 0) {
        from = text_line_end(doc->text, first - 1); /* the last line has no ending of its own */
    }
    if (from < to) {
        text_break(doc->text);
        view_replace(view, from, to, STR_LIT(""));
        text_break(doc->text);
    }
    return UI_DONE;
}

unsigned editor_duplicate_line(struct editor *editor)
{
    struct view *view = editor->view;
    struct doc *doc = view->doc;
    struct text_cursor cursor = view_caret(view)->at;
    struct buf bytes = BUF_INIT;
    size_t first, last;
    selected_lines(view, &first, &last);
    size_t from = text_line_start(doc->text, first), to = text_line_end(doc->text, last);
    buf_append_str(&bytes, text_line_ending(doc->text, last));
    text_copy(doc->text, from, to, &bytes);
    text_begin(doc->text);
    if (view_replace(view, to, to, buf_str(&bytes))) {
        view_select(view, cursor.anchor + bytes.len, cursor.head + bytes.len);
    }
    text_end(doc->text);
    buf_free(&bytes);
    return UI_DONE;
}

/* Exchanges the selected lines with the one above or below. The last line may lack its ending: the
 * ending goes with the place, not with the line. */
unsigned editor_move_line(struct editor *editor, bool down)
{
    struct view *view = editor->view;
    struct text *text = view->doc->text;
    size_t first, last;
    selected_lines(view, &first, &last);
    if (down ? last + 1 >= text_line_count(text) : first == 0) {
        return UI_DONE;
    }
    size_t upper = down ? first : first - 1, lower_first = down ? last + 1 : first;
    size_t lower_last = down ? last + 1 : last, upper_last = lower_first - 1;
    size_t a = text_line_start(text, upper), a_end = text_line_end(text, upper_last);
    size_t b = text_line_start(text, lower_first), b_end = text_line_end(text, lower_last);
    struct text_cursor cursor = view_caret(view)->at;
    struct buf bytes = BUF_INIT;
    text_copy(text, b, b_end, &bytes);
    text_copy(text, a_end, b, &bytes);
    text_copy(text, a, a_end, &bytes);
    text_begin(text);
    if (view_replace(view, a, b_end, buf_str(&bytes))) {
        size_t shift = down ? b_end - b + (b - a_end) : b - a;
        cursor.anchor = down ? cursor.anchor + shift : cursor.anchor - shift;
        cursor.head = down ? cursor.head + shift : cursor.head - shift;
        view_select(view, cursor.anchor, cursor.head);
    }
    text_end(text);
    buf_free(&bytes);
    return UI_DONE;
}

/* What copy and cut take: the selection, or without one the whole line. */
static struct search_range copied(const struct view *view)
{
    const struct doc *doc = view->doc;
    if (view_has_selection(view)) {
        return view_selection(view);
    }
    size_t line = text_line_of(doc->text, view_head(view));
    return (struct search_range){
        text_line_start(doc->text, line), text_line_start(doc->text, line + 1)};
}

unsigned editor_copy(struct editor *editor)
{
    struct view *view = editor->view;
    struct doc *doc = view->doc;
    struct search_range range = copied(view);
    struct buf bytes = BUF_INIT;
    text_copy(doc->text, range.start, range.end, &bytes);
    if (bytes.len > 0) {
        app_copy(editor->app, buf_str(&bytes));
    }
    buf_free(&bytes);
    return UI_DONE;
}

unsigned editor_cut(struct editor *editor)
{
    struct view *view = editor->view;
    struct doc *doc = view->doc;
    struct search_range range = copied(view);
    editor_copy(editor);
    if (range.end > range.start) {
        text_break(doc->text);
        view_replace(view, range.start, range.end, STR_LIT(""));
        text_break(doc->text);
    }
    return UI_DONE;
}

unsigned editor_paste(void *pane, struct str text)
{
    struct editor *editor = pane;
    if (find_is_open(editor)) {
        return find_paste(editor, text);
    }
    if (editor->view == NULL || text.len == 0) {
        return UI_IGNORED;
    }
    if (editor->vi != NULL) {
        return editor_vi_paste(editor, text);
    }
    const struct doc *doc = editor->view->doc;
    struct str ending =
        text_line_ending(doc->text, text_line_of(doc->text, view_head(editor->view)));
    struct buf bytes = BUF_INIT;
    if (ending.len == 1) {
        buf_append_str(&bytes, text);
    } else {
        for (size_t i = 0; i < text.len; i++) {
            bool bare = text.ptr[i] == '\n' && (i == 0 || text.ptr[i - 1] != '\r');
            buf_append_str(&bytes, bare ? ending : str_slice(text, i, i + 1));
        }
    }
    text_begin(doc->text);
    replace_selection(editor, buf_str(&bytes));
    text_end(doc->text);
    buf_free(&bytes);
    return UI_DONE;
}

unsigned editor_undo(struct editor *editor, bool redo)
{
    struct view *view = editor->view;
    struct doc *doc = view->doc;
    struct text_cursor cursor;
    if (redo ? text_redo(doc->text, &cursor) : text_undo(doc->text, &cursor)) {
        view_select(view, cursor.anchor, cursor.head);
    } else {
        app_message(editor->app, MESSAGE_INFO, redo ? "nothing to redo" : "nothing to undo");
    }
    return UI_DONE;
}

unsigned editor_edit_key(struct editor *editor, const struct key *key)
{
    if (key_is_plain_text(key)) {
        return editor_type(editor, str_make(key->text, key->len));
    }
    switch (key->mods == 0 ? key->code : K_NONE) {
    case K_ENTER:
        return new_line(editor);
    case K_TAB:
        return editor_indent(editor);
    case K_BACKSPACE:
        return backspace(editor);
    case K_DELETE:
        return delete_forward(editor);
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
