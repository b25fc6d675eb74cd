/* Cursor, selection and mouse of the editor. */
#include "pane/editor_private.h"

#include "base/utf8.h"

#include <utf8proc.h>

#define LOOK 512 /* bytes looked at for one cluster */

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

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

enum word_class { CLASS_BLANK, CLASS_WORD, CLASS_OTHER };

static enum word_class class_at(const struct doc *doc, size_t at)
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
    while (at > 0 && class_at(doc, doc_before(doc, at)) == CLASS_BLANK) {
        at = doc_before(doc, at);
    }
    enum word_class class = at > 0 ? class_at(doc, doc_before(doc, at)) : CLASS_BLANK;
    while (at > 0 && class_at(doc, doc_before(doc, at)) == class) {
        at = doc_before(doc, at);
    }
    return at;
}

size_t doc_word_right(const struct doc *doc, size_t at)
{
    size_t length = text_length(doc->text);
    enum word_class class = at < length ? class_at(doc, at) : CLASS_BLANK;
    while (at < length && class != CLASS_BLANK && class_at(doc, at) == class) {
        at = doc_after(doc, at);
    }
    while (at < length && class_at(doc, at) == CLASS_BLANK) {
        at = doc_after(doc, at);
    }
    return at;
}

size_t doc_column(struct doc *doc, size_t at)
{
    size_t line = text_line_of(doc->text, at);
    return column_of(&doc->columns, doc->text, doc->tab_width, text_line_start(doc->text, line),
        text_line_end(doc->text, line), at);
}

size_t doc_at_column(struct doc *doc, size_t line, size_t column)
{
    size_t start = text_line_start(doc->text, line);
    size_t end = text_line_end(doc->text, line);
    return column_find(&doc->columns, doc->text, doc->tab_width, start, end, column).offset;
}

struct search_range doc_selection(const struct doc *doc)
{
    size_t a = doc->cursor.anchor, b = doc->cursor.head;
    return a < b ? (struct search_range){a, b} : (struct search_range){b, a};
}

void doc_select(struct doc *doc, size_t anchor, size_t head)
{
    size_t length = text_length(doc->text);
    doc->cursor = (struct text_cursor){min_size(anchor, length), min_size(head, length)};
    doc->goal = SIZE_MAX;
    doc->editor->follow = true;
    text_break(doc->text);
}

void doc_move(struct doc *doc, size_t at, bool select)
{
    doc_select(doc, select ? doc->cursor.anchor : at, at);
}

void doc_move_lines(struct doc *doc, long lines, bool select)
{
    size_t goal = doc->goal != SIZE_MAX ? doc->goal : doc_column(doc, doc->cursor.head);
    size_t line = text_line_of(doc->text, doc->cursor.head);
    size_t last = text_line_count(doc->text) - 1;
    size_t to;
    if (lines < 0 && line < (size_t)-lines) {
        to = 0;
        goal = line == 0 ? 0 : goal;
    } else if (lines > 0 && last - line < (size_t)lines) {
        to = last;
        goal = line == last ? SIZE_MAX - 1 : goal;
    } else {
        to = (size_t)((long)line + lines);
    }
    doc_move(doc, doc_at_column(doc, to, goal), select);
    doc->goal = goal < SIZE_MAX - 1 ? goal : SIZE_MAX;
}

static void scroll(struct doc *doc, long rows)
{
    size_t last = text_line_count(doc->text) - 1;
    if (rows < 0) {
        doc->top = doc->top > (size_t)-rows ? doc->top - (size_t)-rows : 0;
    } else {
        doc->top = min_size(doc->top + (size_t)rows, last);
    }
}

void doc_page(struct doc *doc, long lines, bool select)
{
    size_t count = text_line_count(doc->text), rows = (size_t)doc->editor->rows;
    size_t lowest = count > rows ? count - rows : 0;
    doc_move_lines(doc, lines, select);
    scroll(doc, lines);
    doc->top = min_size(doc->top, lowest);
}

static void select_unit(struct doc *doc, size_t at, int clicks)
{
    if (clicks == 2) {
        enum word_class class = class_at(doc, at);
        size_t line = text_line_of(doc->text, at);
        size_t start = text_line_start(doc->text, line), end = text_line_end(doc->text, line);
        size_t from = at, to = at;
        while (from > start && class_at(doc, doc_before(doc, from)) == class) {
            from = doc_before(doc, from);
        }
        while (to < end && class_at(doc, to) == class) {
            to = doc_after(doc, to);
        }
        doc_select(doc, from, to);
    } else {
        size_t line = text_line_of(doc->text, at);
        doc_select(doc, text_line_start(doc->text, line), text_line_start(doc->text, line + 1));
    }
}

static unsigned drag(struct editor *editor, const struct mouse *mouse)
{
    /* Past an edge the text scrolls along. */
    if (mouse->row < 0) {
        scroll(editor->now, -1);
    } else if (mouse->row >= editor->rows) {
        scroll(editor->now, 1);
    }
    int row = mouse->row < 0 ? 0 : mouse->row >= editor->rows ? editor->rows - 1 : mouse->row;
    doc_move(editor->now, editor_offset_at(editor, row, mouse->col), true);
    editor->follow = false;
    return UI_DONE;
}

unsigned editor_mouse(void *pane, const struct mouse *mouse)
{
    struct editor *editor = pane;
    struct doc *doc = editor->now;
    if (doc == NULL) {
        return UI_IGNORED;
    }
    if (mouse->action == MOUSE_WHEEL) {
        scroll(doc, 3L * mouse->button);
        editor->follow = false;
        return UI_DONE;
    }
    if (mouse->action == MOUSE_DRAG && editor->selecting) {
        return drag(editor, mouse);
    }
    if (mouse->action == MOUSE_RELEASE) {
        editor->selecting = false;
        return UI_HANDLED;
    }
    if (mouse->action != MOUSE_PRESS || mouse->button != 1 || mouse->row >= editor->rows) {
        return UI_IGNORED;
    }
    size_t at = editor_offset_at(editor, mouse->row, mouse->col);
    if (mouse->clicks > 1) {
        select_unit(doc, at, mouse->clicks);
    } else {
        doc_move(doc, at, (mouse->mods & MOD_SHIFT) != 0);
        editor->selecting = true;
    }
    editor->follow = false;
    return UI_DONE;
}
