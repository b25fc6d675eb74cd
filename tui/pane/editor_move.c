/* Places in a text (clusters, words), and the mouse. */
#include "pane/editor_commands.h"
#include "pane/editor_vi.h"

#include "base/utf8.h"

#include <utf8proc.h>

#define LOOK 512 /* bytes looked at for one cluster */

size_t doc_after(const struct doc *doc, size_t at)
{
    struct buf near = BUF_INIT;
    text_copy(doc->text, at, at + LOOK, &near);
    size_t len = utf8_cluster(buf_str(&near));
    buf_free(&near);
    return at + len;
}

size_t doc_before(const struct doc *doc, size_t at)
{
    struct buf near = BUF_INIT;
    size_t from = at > LOOK ? at - LOOK : 0;
    if (at == 0) {
        return 0;
    }
    text_copy(doc->text, from, at, &near);
    size_t before = utf8_cluster_before(buf_str(&near), near.len);
    buf_free(&near);
    return from + before;
}

enum word_class doc_class_at(const struct doc *doc, size_t at)
{
    struct buf near = BUF_INIT;
    size_t len;
    text_copy(doc->text, at, at + 4, &near);
    int32_t cp = utf8_decode(buf_str(&near), &len);
    buf_free(&near);
    if (cp == ' ' || (cp >= '\t' && cp <= '\r')) {
        return CLASS_BLANK;
    }
    if (cp == '_') {
        return CLASS_WORD;
    }
    switch (cp < 0 ? UTF8PROC_CATEGORY_CN : utf8proc_category(cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
        return CLASS_WORD;
    default:
        return CLASS_OTHER;
    }
}

size_t doc_word_left(const struct doc *doc, size_t at)
{
    while (at > 0 && doc_class_at(doc, doc_before(doc, at)) == CLASS_BLANK) {
        at = doc_before(doc, at);
    }
    enum word_class class = at > 0 ? doc_class_at(doc, doc_before(doc, at)) : CLASS_BLANK;
    while (at > 0 && doc_class_at(doc, doc_before(doc, at)) == class) {
        at = doc_before(doc, at);
    }
    return at;
}

size_t doc_word_right(const struct doc *doc, size_t at)
{
    size_t length = text_length(doc->text);
    enum word_class class = at < length ? doc_class_at(doc, at) : CLASS_BLANK;
    while (at < length && class != CLASS_BLANK && doc_class_at(doc, at) == class) {
        at = doc_after(doc, at);
    }
    while (at < length && doc_class_at(doc, at) == CLASS_BLANK) {
        at = doc_after(doc, at);
    }
    return at;
}

/* The word (or what is between two) or the line around a place. */
static struct search_range unit_at(const struct view *view, size_t at, enum selecting by)
{
    const struct doc *doc = view->doc;
    size_t line = text_line_of(doc->text, at);
    size_t start = text_line_start(doc->text, line);
    if (by == SELECTING_LINES) {
        return (struct search_range){start, text_line_start(doc->text, line + 1)};
    }
    enum word_class class = doc_class_at(doc, at);
    size_t end = text_line_end(doc->text, line), from = at, to = at;
    while (from > start && doc_class_at(doc, doc_before(doc, from)) == class) {
        from = doc_before(doc, from);
    }
    while (to < end && doc_class_at(doc, to) == class) {
        to = doc_after(doc, to);
    }
    return (struct search_range){from, to};
}

/* From the unit it began with to the one at `at`, both whole. */
static void select_units(struct view *view, size_t at)
{
    struct search_range first = view->editor->unit;
    struct search_range last = unit_at(view, at, view->editor->selecting);
    if (last.start < first.start) {
        view_select(view, first.end, last.start);
    } else {
        view_select(view, first.start, last.end > first.end ? last.end : first.end);
    }
}

/* The display column of a cell, also past the line's end. */
static size_t column_under(const struct view *view, int col)
{
    return view->left + (size_t)(col > view->gutter ? col - view->gutter : 0);
}

/* With Alt or Ctrl: one more caret, or the one that is there goes; dragging with Alt makes a block.
 */
static void press_more(struct view *view, const struct mouse *mouse, size_t at, int col)
{
    struct editor *editor = view->editor;
    for (size_t i = 0; i < view->carets.len && view->carets.len > 1; i++) {
        if (view->carets.items[i].at.head == at) {
            view->newest = i;
            editor_drop_newest(editor);
            return;
        }
    }
    if (view_add_caret(view, at, at)) {
        view->primary = view->newest;
    }
    bool block = (mouse->mods & MOD_ALT) != 0;
    view->block.from_line = text_line_of(view->doc->text, at);
    view->block.from_column = column_under(view, col);
    editor->selecting = block ? SELECTING_BLOCK : SELECTING_TEXT;
}

static unsigned drag(struct view *view, int row, int col)
{
    /* Past an edge the text scrolls along. */
    if (row < 0) {
        view_scroll(view, -1);
    } else if (row >= view->rows) {
        view_scroll(view, 1);
    }
    row = row < 0 ? 0 : row >= view->rows ? view->rows - 1 : row;
    size_t at = view_offset_at(view, row, col);
    if (view->editor->selecting == SELECTING_BLOCK) {
        view->block.line = text_line_of(view->doc->text, at);
        view->block.column = column_under(view, col);
        view_select_block(view);
    } else if (view->editor->selecting != SELECTING_TEXT) {
        select_units(view, at);
    } else {
        view_move(view, at, true);
        view_settle_carets(view);
    }
    view->follow = false;
    return UI_DONE;
}

static unsigned press_text(struct editor *editor, const struct mouse *mouse, int row, int col)
{
    struct view *view = editor->view;
    size_t at = view_offset_at(view, row, col);
    if (col == view->gutter - 1 && mouse->clicks == 1 &&
        view_toggle_fold_at(view, text_line_of(view->doc->text, at))) {
        return UI_DONE;
    }
    if ((mouse->mods & (MOD_ALT | MOD_CTRL)) != 0 && editor->vi == NULL) {
        press_more(view, mouse, at, col);
    } else {
        view_one_caret(view);
        editor->selecting = mouse->clicks > 2   ? SELECTING_LINES
                            : mouse->clicks > 1 ? SELECTING_WORDS
                                                : SELECTING_TEXT;
        if (mouse->clicks > 1) {
            editor->unit = unit_at(view, at, editor->selecting);
            select_units(view, at);
        } else {
            view_move(view, at, (mouse->mods & MOD_SHIFT) != 0);
        }
    }
    view->follow = false;
    return UI_DONE;
}

/* The leaf under the mouse; when the splits do not fit there is but one view. */
static struct view *view_under(struct editor *editor, const struct mouse *mouse)
{
    if (!editor->splits_fit) {
        return editor->view;
    }
    const struct split *leaf = split_leaf_at(editor->split, mouse->row, mouse->col);
    return leaf == NULL ? NULL : leaf->view;
}

static unsigned press(struct editor *editor, const struct mouse *mouse)
{
    struct view *view = view_under(editor, mouse);
    editor->drag =
        editor->splits_fit ? split_divider_at(editor->split, mouse->row, mouse->col) : NULL;
    if (view == NULL) {
        return editor->drag != NULL ? UI_HANDLED : UI_IGNORED;
    }
    if (view != editor->view) {
        editor_focus_view(editor, view);
    }
    int row = mouse->row - view->row;
    if (editor->drag != NULL || row < 0 || row >= view->rows) {
        return UI_DONE;
    }
    return press_text(editor, mouse, row, mouse->col - view->col);
}

/* What the mouse selected is the primary selection. */
static void note_primary(struct editor *editor)
{
    struct search_range range = view_selection(editor->view);
    struct buf bytes = BUF_INIT;
    bool text = editor->selecting != SELECTING_NOTHING && editor->selecting != SELECTING_BLOCK;
    if (text && range.end > range.start && range.end - range.start <= INPUT_PASTE_MAX) {
        text_copy(editor->view->doc->text, range.start, range.end, &bytes);
        app_copy_primary(editor->app, buf_str(&bytes));
    }
    buf_free(&bytes);
}

/* The middle button pastes the primary selection where it is pressed. */
static unsigned press_middle(struct editor *editor, const struct mouse *mouse)
{
    struct view *view = view_under(editor, mouse);
    int row = view == NULL ? -1 : mouse->row - view->row;
    if (row < 0 || row >= view->rows || find_is_open(editor)) {
        return UI_IGNORED;
    }
    if (view != editor->view) {
        editor_focus_view(editor, view);
    }
    view_one_caret(view);
    view_move(view, view_offset_at(view, row, mouse->col - view->col), false);
    view->follow = false;
    editor_vi_follow(editor);
    app_paste_from(editor->app, true);
    return UI_DONE;
}

unsigned editor_mouse(void *pane, const struct mouse *mouse)
{
    struct editor *editor = pane;
    struct view *view = editor->view;
    if (view == NULL) {
        return UI_IGNORED;
    }
    if (mouse->action == MOUSE_WHEEL) {
        struct view *under = view_under(editor, mouse);
        under = under != NULL ? under : view;
        view_scroll(under, 3L * mouse->button);
        under->follow = false;
        return UI_DONE;
    }
    if (mouse->action == MOUSE_DRAG && editor->drag != NULL) {
        split_drag(editor->drag, mouse->row, mouse->col);
        return UI_DONE;
    }
    if (mouse->action == MOUSE_DRAG && editor->selecting != SELECTING_NOTHING) {
        return drag(view, mouse->row - view->row, mouse->col - view->col);
    }
    if (mouse->action == MOUSE_RELEASE) {
        note_primary(editor);
        editor->selecting = SELECTING_NOTHING;
        editor->drag = NULL;
        return UI_HANDLED;
    }
    if (mouse->action == MOUSE_PRESS && mouse->button == 2) {
        return press_middle(editor, mouse);
    }
    return mouse->action == MOUSE_PRESS && mouse->button == 1 ? press(editor, mouse) : UI_IGNORED;
}
