#include "widget/edit.h"

#include "action.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "widget/bar.h"
#include "widget/wrap.h"

#define UNDO_MAX 200

struct snapshot {
    char *text;
    size_t len, cursor;
};

struct snapshots {
    struct snapshot *items;
    size_t len, cap;
};

struct row {
    size_t start, end; /* bytes; end without the LF */
};

struct edit {
    bool multiline;
    bool selected; /* all of it: see edit_select_all */
    struct buf text;
    size_t cursor;
    struct snapshots undo, redo;
    bool typing; /* the last change was one typed character: the next joins its undo step */
    char *killed;
    bool killing;   /* the last key killed: the next kill adds to it */
    int wish_col;   /* column Up and Down keep to; -1: the cursor's */
    int cols, rows; /* of the last draw */
    size_t top;     /* first row shown; in a one-line field the first byte */
};

struct edit *edit_new(bool multiline)
{
    struct edit *edit = MEM_NEW(struct edit);
    edit->multiline = multiline;
    edit->wish_col = -1;
    edit->cols = 80;
    edit->rows = 1;
    return edit;
}

static void clear_snapshots(struct snapshots *snapshots)
{
    VEC_FOREACH (struct snapshot, snapshot, snapshots) {
        free(snapshot->text);
    }
    VEC_FREE(snapshots);
}

void edit_free(struct edit *edit)
{
    if (edit != NULL) {
        buf_free(&edit->text);
        clear_snapshots(&edit->undo);
        clear_snapshots(&edit->redo);
        free(edit->killed);
        free(edit);
    }
}

struct str edit_text(const struct edit *edit)
{
    return buf_str(&edit->text);
}

bool edit_is_empty(const struct edit *edit)
{
    return edit->text.len == 0;
}

size_t edit_cursor(const struct edit *edit)
{
    return edit->cursor;
}

void edit_set_cursor(struct edit *edit, size_t offset)
{
    offset = offset > edit->text.len ? edit->text.len : offset;
    if (offset > 0 && offset < edit->text.len) {
        size_t start = utf8_cluster_before(buf_str(&edit->text), offset);
        size_t len = utf8_cluster(str_from(buf_str(&edit->text), start));
        offset = start + len == offset ? offset : start;
    }
    edit->cursor = offset;
    edit->wish_col = -1;
    edit->typing = false;
}

static void push_snapshot(struct edit *edit, struct snapshots *to)
{
    if (to->len >= UNDO_MAX) {
        free(to->items[0].text);
        VEC_REMOVE(to, 0);
    }
    struct snapshot snapshot = {
        .text = str_dup(buf_str(&edit->text)), .len = edit->text.len, .cursor = edit->cursor};
    VEC_PUSH(to, snapshot);
}

static bool restore(struct edit *edit, struct snapshots *from, struct snapshots *to)
{
    if (from->len == 0) {
        return false;
    }
    push_snapshot(edit, to);
    struct snapshot snapshot = from->items[--from->len];
    buf_clear(&edit->text);
    buf_append(&edit->text, snapshot.text, snapshot.len);
    edit->cursor = snapshot.cursor;
    edit->typing = false;
    edit->wish_col = -1;
    free(snapshot.text);
    return true;
}

/* Every change goes through here. */
static void change(struct edit *edit, size_t from, size_t to, struct str text, bool typed)
{
    if (!(typed && edit->typing)) {
        push_snapshot(edit, &edit->undo);
    }
    clear_snapshots(&edit->redo);
    buf_remove(&edit->text, from, to - from);
    if (text.len > 0) {
        buf_insert(&edit->text, from, text.ptr, text.len);
    }
    edit->cursor = from + text.len;
    edit->typing = typed;
    edit->wish_col = -1;
}

/* CR LF and CR become LF; in a one-line field all of them a blank. */
static void clean(const struct edit *edit, struct str text, struct buf *out)
{
    char line_break = edit->multiline ? '\n' : ' ';
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\r') {
            if (i + 1 < text.len && text.ptr[i + 1] == '\n') {
                i++;
            }
            c = '\n';
        }
        buf_append_char(out, c == '\n' ? line_break : c);
    }
}

void edit_replace(struct edit *edit, size_t from, size_t to, struct str text)
{
    struct buf cleaned = BUF_INIT;
    clean(edit, text, &cleaned);
    to = to > edit->text.len ? edit->text.len : to;
    from = from > to ? to : from;
    change(edit, from, to, buf_str(&cleaned), false);
    buf_free(&cleaned);
}

void edit_select_all(struct edit *edit)
{
    edit->selected = !edit->multiline && edit->text.len > 0;
}

/* True: what was selected is gone. */
static bool take_selected(struct edit *edit)
{
    bool selected = edit->selected;
    edit->selected = false;
    if (selected) {
        change(edit, 0, edit->text.len, (struct str){0}, false);
    }
    return selected;
}

void edit_insert(struct edit *edit, struct str text)
{
    take_selected(edit);
    edit_replace(edit, edit->cursor, edit->cursor, text);
}

void edit_set(struct edit *edit, struct str text)
{
    struct buf cleaned = BUF_INIT;
    clean(edit, text, &cleaned);
    buf_free(&edit->text);
    edit->text = cleaned;
    edit->cursor = cleaned.len;
    edit->selected = false;
    edit->top = 0;
    edit->typing = false;
    edit->wish_col = -1;
    clear_snapshots(&edit->undo);
    clear_snapshots(&edit->redo);
}

void edit_clear(struct edit *edit)
{
    edit_set(edit, STR_LIT(""));
}

/* Rows at a width: how many, and which one holds `offset`. */
static size_t find_row(
    const struct edit *edit, int cols, size_t offset, struct row *found, size_t *found_index)
{
    struct str text = buf_str(&edit->text);
    size_t count = 0;
    size_t at = 0;
    bool done = false;
    for (;;) {
        size_t lf = str_find_char(text, '\n', at);
        size_t end = lf == SIZE_MAX ? text.len : lf;
        do {
            size_t len = wrap_row(str_slice(text, at, end), cols);
            struct row row = {at, at + len};
            bool last = row.end == end;
            if (!done && offset >= row.start && (offset < row.end || (last && offset == row.end))) {
                *found = row;
                *found_index = count;
                done = true;
            }
            count++;
            at += len;
        } while (at < end);
        if (lf == SIZE_MAX) {
            return count;
        }
        at = lf + 1;
    }
}

static bool row_at(const struct edit *edit, int cols, size_t index, struct row *row)
{
    struct str text = buf_str(&edit->text);
    size_t at = 0;
    for (;;) {
        size_t lf = str_find_char(text, '\n', at);
        size_t end = lf == SIZE_MAX ? text.len : lf;
        do {
            size_t len = wrap_row(str_slice(text, at, end), cols);
            if (index-- == 0) {
                *row = (struct row){at, at + len};
                return true;
            }
            at += len;
        } while (at < end);
        if (lf == SIZE_MAX) {
            return false;
        }
        at = lf + 1;
    }
}

int edit_height(const struct edit *edit, int cols)
{
    if (!edit->multiline) {
        return 1;
    }
    struct row row;
    size_t index;
    /* One column stays free for the cursor behind the last character. */
    size_t count = find_row(edit, cols > 1 ? cols - 1 : 1, edit->cursor, &row, &index);
    return count > 1000 ? 1000 : (int)count;
}

static size_t offset_in_row(const struct edit *edit, struct row row, int col)
{
    struct str text = str_slice(buf_str(&edit->text), row.start, row.end);
    size_t len = utf8_fit(text, col < 0 ? 0 : (size_t)col).len;
    /* At the end of a wrapped row the cursor would belong to the next one. */
    if (len == text.len && len > 0 && row.end < edit->text.len && edit->text.ptr[row.end] != '\n') {
        len = utf8_cluster_before(text, len);
    }
    return row.start + len;
}

static bool move_vertical(struct edit *edit, int step)
{
    struct row row;
    size_t index;
    size_t count = find_row(edit, edit->cols, edit->cursor, &row, &index);
    if ((step < 0 && index == 0) || (step > 0 && index + 1 >= count)) {
        return false;
    }
    int col = edit->wish_col >= 0
                  ? edit->wish_col
                  : (int)utf8_width(str_slice(buf_str(&edit->text), row.start, edit->cursor));
    if (!row_at(edit, edit->cols, step < 0 ? index - 1 : index + 1, &row)) {
        return false;
    }
    edit_set_cursor(edit, offset_in_row(edit, row, col));
    edit->wish_col = col;
    return true;
}

static size_t previous(const struct edit *edit)
{
    return edit->cursor == 0 ? 0 : utf8_cluster_before(buf_str(&edit->text), edit->cursor);
}

static size_t next(const struct edit *edit)
{
    return edit->cursor + utf8_cluster(str_from(buf_str(&edit->text), edit->cursor));
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static size_t word_left(const struct edit *edit)
{
    size_t at = edit->cursor;
    while (at > 0 && !is_word(edit->text.ptr[at - 1])) {
        at--;
    }
    while (at > 0 && is_word(edit->text.ptr[at - 1])) {
        at--;
    }
    return at;
}

static size_t word_right(const struct edit *edit)
{
    size_t at = edit->cursor;
    while (at < edit->text.len && !is_word(edit->text.ptr[at])) {
        at++;
    }
    while (at < edit->text.len && is_word(edit->text.ptr[at])) {
        at++;
    }
    return at;
}

/* As ^W of a shell: back to the last blank. */
static size_t blank_left(const struct edit *edit)
{
    size_t at = edit->cursor;
    while (at > 0 && (edit->text.ptr[at - 1] == ' ' || edit->text.ptr[at - 1] == '\n')) {
        at--;
    }
    while (at > 0 && edit->text.ptr[at - 1] != ' ' && edit->text.ptr[at - 1] != '\n') {
        at--;
    }
    return at;
}

static size_t line_start(const struct edit *edit)
{
    size_t at = edit->cursor;
    while (at > 0 && edit->text.ptr[at - 1] != '\n') {
        at--;
    }
    return at;
}

static size_t line_end(const struct edit *edit)
{
    size_t lf = str_find_char(buf_str(&edit->text), '\n', edit->cursor);
    return lf == SIZE_MAX ? edit->text.len : lf;
}

static void kill_range(struct edit *edit, size_t from, size_t to, bool was_killing)
{
    if (from == to) {
        return;
    }
    struct str part = str_slice(buf_str(&edit->text), from, to);
    struct buf killed = BUF_INIT;
    bool before = from < edit->cursor;
    if (was_killing && edit->killed != NULL && !before) {
        buf_append_c(&killed, edit->killed);
    }
    buf_append_str(&killed, part);
    if (was_killing && edit->killed != NULL && before) {
        buf_append_c(&killed, edit->killed);
    }
    free(edit->killed);
    edit->killed = buf_take(&killed);
    edit->killing = true;
    change(edit, from, to, STR_LIT(""), false);
}

static unsigned ctrl_key(struct edit *edit, char c, bool was_killing)
{
    switch (c) {
    case 'a':
        edit_set_cursor(edit, line_start(edit));
        break;
    case 'e':
        edit_set_cursor(edit, line_end(edit));
        break;
    case 'b':
        edit_set_cursor(edit, previous(edit));
        break;
    case 'f':
        edit_set_cursor(edit, next(edit));
        break;
    case 'd':
        if (edit->cursor == edit->text.len) {
            return UI_IGNORED;
        }
        change(edit, edit->cursor, next(edit), STR_LIT(""), false);
        break;
    case 'h':
        change(edit, previous(edit), edit->cursor, STR_LIT(""), false);
        break;
    case 'k': {
        size_t end = line_end(edit);
        kill_range(edit, edit->cursor, end == edit->cursor && end < edit->text.len ? end + 1 : end,
            was_killing);
        break;
    }
    case 'u':
        kill_range(edit, line_start(edit), edit->cursor, was_killing);
        break;
    case 'w':
        kill_range(edit, blank_left(edit), edit->cursor, was_killing);
        break;
    case 'y':
        if (edit->killed != NULL) {
            change(edit, edit->cursor, edit->cursor, str_of(edit->killed), false);
        }
        break;
    case '_':
        restore(edit, &edit->undo, &edit->redo);
        break;
    case 'j':
        if (!edit->multiline) {
            return UI_IGNORED;
        }
        change(edit, edit->cursor, edit->cursor, STR_LIT("\n"), false);
        break;
    default:
        return UI_IGNORED;
    }
    return UI_DONE;
}

static unsigned alt_key(struct edit *edit, const struct key *key, bool was_killing)
{
    if (key->code == K_BACKSPACE) {
        kill_range(edit, word_left(edit), edit->cursor, was_killing);
        return UI_DONE;
    }
    if (key->code == K_LEFT || (key->code == K_TEXT && key->text[0] == 'b')) {
        edit_set_cursor(edit, word_left(edit));
        return UI_DONE;
    }
    if (key->code == K_RIGHT || (key->code == K_TEXT && key->text[0] == 'f')) {
        edit_set_cursor(edit, word_right(edit));
        return UI_DONE;
    }
    if (key->code == K_TEXT && key->text[0] == 'd') {
        kill_range(edit, edit->cursor, word_right(edit), was_killing);
        return UI_DONE;
    }
    if (key->code == K_TEXT && key->text[0] == '_') {
        restore(edit, &edit->redo, &edit->undo);
        return UI_DONE;
    }
    return UI_IGNORED;
}

static unsigned plain_code(struct edit *edit, const struct key *key, bool enter_breaks)
{
    switch (key->code) {
    case K_ENTER:
        if (!edit->multiline || !enter_breaks) {
            return UI_IGNORED;
        }
        change(edit, edit->cursor, edit->cursor, STR_LIT("\n"), false);
        return UI_DONE;
    case K_BACKSPACE:
        if (edit->cursor > 0) {
            change(edit, previous(edit), edit->cursor, STR_LIT(""), false);
        }
        return UI_DONE;
    case K_DELETE:
        if (edit->cursor < edit->text.len) {
            change(edit, edit->cursor, next(edit), STR_LIT(""), false);
        }
        return UI_DONE;
    case K_LEFT:
        edit_set_cursor(edit, previous(edit));
        return UI_DONE;
    case K_RIGHT:
        edit_set_cursor(edit, next(edit));
        return UI_DONE;
    case K_HOME:
        edit_set_cursor(edit, line_start(edit));
        return UI_DONE;
    case K_END:
        edit_set_cursor(edit, line_end(edit));
        return UI_DONE;
    case K_UP:
        return edit->multiline && move_vertical(edit, -1) ? UI_DONE : UI_IGNORED;
    case K_DOWN:
        return edit->multiline && move_vertical(edit, 1) ? UI_DONE : UI_IGNORED;
    default:
        return UI_IGNORED;
    }
}

unsigned edit_key(struct edit *edit, const struct key *key, bool enter_breaks)
{
    bool was_killing = edit->killing;
    bool erases = key->mods == 0 && (key->code == K_BACKSPACE || key->code == K_DELETE);
    edit->killing = false;
    if ((key_is_plain_text(key) || erases) && take_selected(edit) && erases) {
        return UI_DONE;
    }
    edit->selected = false;
    if (key_is_plain_text(key)) {
        change(edit, edit->cursor, edit->cursor, str_make(key->text, key->len), true);
        return UI_DONE;
    }
    if (edit->multiline && key->code == K_ENTER && (key->mods & (MOD_ALT | MOD_SHIFT)) != 0) {
        change(edit, edit->cursor, edit->cursor, STR_LIT("\n"), false);
        return UI_DONE;
    }
    if (key->code == K_TEXT && key->mods == MOD_CTRL && key->len == 1) {
        return ctrl_key(edit, key->text[0], was_killing);
    }
    if (key->mods == MOD_ALT) {
        return alt_key(edit, key, was_killing);
    }
    if (key->mods == MOD_CTRL && (key->code == K_LEFT || key->code == K_RIGHT)) {
        edit_set_cursor(edit, key->code == K_LEFT ? word_left(edit) : word_right(edit));
        return UI_DONE;
    }
    return key->mods == 0 ? plain_code(edit, key, enter_breaks) : UI_IGNORED;
}

unsigned edit_mouse(struct edit *edit, const struct mouse *mouse)
{
    if (mouse->action != MOUSE_PRESS || mouse->button != 1) {
        return UI_IGNORED;
    }
    if (!edit->multiline) {
        struct row row = {edit->top, edit->text.len};
        edit_set_cursor(edit, offset_in_row(edit, row, mouse->col));
        return UI_DONE;
    }
    struct row row;
    if (mouse->row >= 0 && row_at(edit, edit->cols, edit->top + (size_t)mouse->row, &row)) {
        edit_set_cursor(edit, offset_in_row(edit, row, mouse->col));
    } else {
        edit_set_cursor(edit, edit->text.len);
    }
    return UI_DONE;
}

static void draw_one_line(struct edit *edit, struct region region, bool focused, struct style style)
{
    struct str text = buf_str(&edit->text);
    size_t room = (size_t)edit->cols;
    if (edit->top > edit->cursor) {
        edit->top = edit->cursor;
    }
    while (utf8_width(str_slice(text, edit->top, edit->cursor)) > room) {
        edit->top += utf8_cluster(str_from(text, edit->top));
    }
    grid_put(region, 0, 0, str_from(text, edit->top), style);
    if (focused) {
        grid_set_cursor(region, 0, (int)utf8_width(str_slice(text, edit->top, edit->cursor)));
    }
}

static void draw_lines(struct edit *edit, struct region region, bool focused, struct style style)
{
    struct row row;
    size_t index = 0;
    size_t count = find_row(edit, edit->cols, edit->cursor, &row, &index);
    size_t shown = (size_t)edit->rows;
    if (index < edit->top) {
        edit->top = index;
    } else if (index >= edit->top + shown) {
        edit->top = index + 1 - shown;
    }
    if (edit->top + shown > count) {
        edit->top = count > shown ? count - shown : 0;
    }
    for (size_t i = 0; i < shown; i++) {
        if (!row_at(edit, edit->cols, edit->top + i, &row)) {
            break;
        }
        grid_put(region, (int)i, 0, str_slice(buf_str(&edit->text), row.start, row.end), style);
        if (focused && edit->top + i == index) {
            grid_set_cursor(region, (int)i,
                (int)utf8_width(str_slice(buf_str(&edit->text), row.start, edit->cursor)));
        }
    }
    scrollbar_draw(region, count, edit->top, shown);
}

void edit_draw(
    struct edit *edit, struct region region, bool focused, struct style style, const char *hint)
{
    edit->cols = region_cols(region) > 1 ? region_cols(region) - 1 : 1;
    edit->rows = region_rows(region) > 0 ? region_rows(region) : 1;
    if (edit->text.len == 0 && hint != NULL) {
        grid_put_fit(region, 0, 0, edit->cols, str_of(hint), style_on(STYLE(HINT), style.fg));
    }
    if (edit->selected) {
        style = style_on(style, STYLE_SELECTION);
    }
    if (edit->multiline) {
        draw_lines(edit, region, focused, style);
    } else {
        draw_one_line(edit, region, focused, style);
    }
}
