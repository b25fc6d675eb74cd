/* Insert and replace mode: the keys that erase and that move the indent. */
#include "vi/vi_rows.h"

/* An indent put in by itself stays one when a part of it is erased; as in Vim, not with its second
 * byte. */
static void keep_auto_indent(struct vi *vi)
{
    vi->insert.auto_indented = vi->insert.auto_indented && vi->cursor.col > 1;
}

static void join_before(struct vi *vi)
{
    struct vi_pos to = vi->cursor;
    if (to.line == 0) {
        vi_fail(vi);
        return;
    }
    vi->cursor = (struct vi_pos){to.line - 1, vi_line_len(vi, to.line - 1)};
    vi->insert.auto_indented = false;
    if (vi->insert.start.line == to.line) {
        vi->insert.start = vi->cursor;
    }
    vi_marks_join(vi, to.line, to.line, to.line - 1, vi->cursor.col, 0);
    vi_change(vi, vi_offset(vi, vi->cursor), text_line_start(vi->text, to.line), str_of(""));
    vi->before.lines = LINES_SPLIT;
    vi->insert.changed =
        (struct vi_mark){.pos = {to.line, 0}, .set = true}; /* the line that went */
}

static bool past_start(const struct vi *vi)
{
    struct vi_pos stop = vi->insert.stop;
    return vi->cursor.line == stop.line && vi->cursor.col > stop.col;
}

/* Replace mode: what was there comes back. */
static void unreplace(struct vi *vi)
{
    struct str line = vi_here(vi);
    if (vi->insert.over.len == 0) {
        if (vi->cursor.col > 0) {
            vi->cursor.col = vi_prev_col(line, vi->cursor.col);
        } else if (vi->cursor.line > 0) {
            vi->cursor.line--;
            vi->cursor.col = vi_here(vi).len;
        } else {
            vi_fail(vi);
        }
        return;
    }
    struct str old = vi->insert.over.items[--vi->insert.over.len];
    if (vi->cursor.col == 0) {
        join_before(vi);
    } else {
        size_t from = vi_prev_col(line, vi->cursor.col),
               start = text_line_start(vi->text, vi->cursor.line);
        vi_change(vi, start + from, start + vi->cursor.col, old);
        vi->cursor.col = from;
    }
    free((char *)old.ptr);
}

/* The column of the stop before the cursor, where Backspace behind blanks goes; false: it takes one
 * character. */
static bool stop_before(struct vi *vi, struct str line, size_t *want)
{
    size_t stop = vi->options.softtabstop, column = vi_column(vi, line, vi->cursor.col, NULL);
    char before = vi->cursor.col > 0 ? line.ptr[vi->cursor.col - 1] : 0;
    *want = stop > 0 && column > 0 ? (column - 1) / stop * stop : 0;
    return stop > 0 && (before == '\t' || (before == ' ' && !vi->insert.spaced));
}

/* The blanks that make up a tab which was erased in part. */
static void blanks_to(struct vi *vi, size_t column)
{
    size_t at = vi_column(vi, vi_here(vi), vi->cursor.col, NULL);
    struct buf blanks = BUF_INIT;
    buf_append_repeat(&blanks, ' ', at < column ? column - at : 0);
    if (blanks.len > 0) {
        vi_insert_raw(vi, buf_str(&blanks));
    }
    buf_free(&blanks);
}

static void unreplace_to_stop(struct vi *vi)
{
    size_t want;
    bool stops = stop_before(vi, vi_here(vi), &want);
    do {
        unreplace(vi);
    } while (stops && vi->cursor.col > 0 && vi_here(vi).ptr[vi->cursor.col - 1] == ' ' &&
             vi_column(vi, vi_here(vi), vi->cursor.col, NULL) > want);
}

void vi_insert_erase(struct vi *vi)
{
    if (vi->mode == VI_REPLACE) {
        unreplace_to_stop(vi);
        return;
    }
    if (vi->cursor.col == 0) {
        join_before(vi);
        return;
    }
    struct str line = vi_here(vi);
    size_t from = vi_prev_col(line, vi->cursor.col), want;
    /* Blanks go back to the last stop, as Tab put them in. */
    bool stops = stop_before(vi, line, &want);
    vi->insert.spaced = vi->insert.spaced && !stops;
    while (stops && from > 0 && vi_blank(line.ptr[from - 1]) &&
           vi_column(vi, line, from, NULL) > want) {
        from--;
    }
    vi_cut(vi, (struct vi_pos){vi->cursor.line, from}, vi->cursor);
    vi->cursor.col = from;
    vi_insert_note(vi);
    if (stops) {
        blanks_to(vi, want);
    }
    keep_auto_indent(vi);
}

static void erase_to(struct vi *vi, size_t col)
{
    /* No further than where the insertion began, when it comes by there; a second time past it. */
    if (past_start(vi) && col < vi->insert.stop.col) {
        size_t at = vi->cursor.col;
        while (at > vi->insert.stop.col) {
            at = vi_prev_col(vi_here(vi), at);
        }
        col = at == vi->insert.stop.col ? at : col;
    }
    if (vi->mode == VI_REPLACE) {
        while (vi->cursor.col > col) {
            unreplace(vi);
        }
        return;
    }
    vi_cut(vi, (struct vi_pos){vi->cursor.line, col}, vi->cursor);
    vi->cursor.col = col;
    vi_insert_note(vi);
    keep_auto_indent(vi);
}

void vi_insert_erase_word(struct vi *vi)
{
    if (vi->cursor.col == 0) {
        vi_insert_erase(vi);
        return;
    }
    struct str line = vi_here(vi);
    struct vi_pos at = vi->cursor;
    size_t before = vi_prev_col(line, at.col);
    while (at.col > 0 && vi_blank(vi_char_at(vi, (struct vi_pos){at.line, before}))) {
        at.col = before;
        before = vi_prev_col(line, at.col);
    }
    int class = at.col > 0 ? vi_class(vi_char_at(vi, (struct vi_pos){at.line, before}), false) : 0;
    while (
        at.col > 0 && vi_class(vi_char_at(vi, (struct vi_pos){at.line, before}), false) == class) {
        at.col = before;
        before = vi_prev_col(line, at.col);
    }
    erase_to(vi, at.col);
}

void vi_insert_erase_line(struct vi *vi)
{
    struct str line = vi_here(vi);
    if (vi->cursor.col == 0) {
        vi_insert_erase(vi);
        return;
    }
    /* What was typed first; then up to the indent; then the indent. */
    size_t indent = vi_indent_len(line);
    bool in_indent = vi->cursor.col <= indent || !vi->options.autoindent;
    erase_to(vi, in_indent ? 0 : indent);
}

/* Where the insertion began moves with the indent, which had `before` bytes; with the cursor in it
 * or behind it, that is the line's beginning. */
static void start_shifted(struct vi *vi, size_t before)
{
    struct vi_pos *start = &vi->insert.start;
    size_t now = vi_indent_len(vi_here(vi));
    if (start->line != vi->cursor.line || start->col == 0) {
        return;
    }
    if (vi->cursor.col <= before) {
        start->col = 0;
    } else {
        start->col = start->col + now > before ? start->col + now - before : 0;
    }
}

/* The cursor within an indent that has changed goes to a column of it; in a tab, blanks make it. */
static void to_indent_column(struct vi *vi, size_t column)
{
    vi->cursor.col = vi_at_column(vi, vi_here(vi), column, true);
    blanks_to(vi, column);
}

void vi_insert_shift(struct vi *vi, bool right)
{
    struct str line = vi_here(vi);
    size_t len = vi_indent_len(line), left = line.len - vi->cursor.col;
    size_t unit = vi->options.shiftwidth > 0 ? vi->options.shiftwidth : vi->options.tabstop;
    size_t columns = vi_indent_columns(vi, line);
    size_t before = columns - vi_column(vi, str_slice(line, 0, len), vi->cursor.col, NULL);
    bool in_indent = vi->cursor.col < len;
    size_t to = right          ? (columns / unit + 1) * unit
                : columns == 0 ? 0
                               : (columns - 1) / unit * unit;
    vi_set_indent(vi, vi->cursor.line, to);
    start_shifted(vi, len);
    size_t now = vi_here(vi).len;
    vi->cursor.col = now > left ? now - left : 0;
    if (in_indent) {
        to_indent_column(vi, to > before ? to - before : 0);
    }
    struct str now_here = vi_here(vi);
    vi->insert.auto_indented = vi->insert.auto_indented && vi_indent_len(now_here) == now_here.len;
}
