/* Blocks: the same display columns of several lines, with tabs and wide characters in part. */
#include "vi/vi_rows.h"

struct vi_part vi_block_part(
    struct vi *vi, const struct vi_range *range, size_t line_number, bool del, enum vi_op op)
{
    struct str line = vi_line(vi, line_number);
    struct vi_part part = {0};
    size_t at = 0, previous = 0, width = 0, now = 0;
    while (now < range->left && at < line.len) {
        now = vi_column(vi, line, at, &width) + width;
        previous = at;
        at = vi_next_col(line, at);
    }
    part.start_column = part.end_column = now;
    part.start_width = part.end_width = width;
    part.from = part.to = at;
    size_t columns = range->right - range->left + 1;
    if (now < range->left) {
        part.is_short = true;
        part.after = !del || op == OP_APPEND ? columns : 0;
        return part;
    }
    part.before = now - range->left;
    if (del && part.before > 0) {
        part.before = width - part.before;
    }
    if (now > range->right) {
        part.is_one = true;
        if (op == OP_INSERT) {
            part.after = width - part.before;
        } else if (op == OP_APPEND) {
            part.before += columns;
            part.after = width > part.before ? width - part.before : 0;
        } else {
            part.before = columns;
            if (del && op != OP_LEFT) {
                part.before = width - (now - range->left);
                part.after = now - range->right - 1;
            }
        }
    } else {
        size_t last = at;
        while (part.end_column <= range->right && at < line.len) {
            vi_column(vi, line, at, &width);
            part.end_column += width;
            last = at;
            at = vi_next_col(line, at);
        }
        part.to = at;
        if (part.end_column <= range->right && (!del || op == OP_APPEND || op == OP_REPLACE)) {
            part.is_short = true;
            part.after = op == OP_APPEND ? range->right - part.end_column + 1 : 0;
        } else if (part.end_column > range->right) {
            part.after = part.end_column - range->right - 1;
            if (!del && part.after > 0) {
                part.after = width - part.after;
                part.to = last;
            }
        }
    }
    part.end_width = width;
    if (del && part.before > 0) {
        part.from = previous;
    }
    return part;
}

/* The columns from one corner to the other; to every line's end while the cursor is to stay at line
 * ends. */
void vi_block_range(struct vi *vi, struct vi_range *range, struct vi_pos a, struct vi_pos b)
{
    size_t width_a, width_b;
    size_t left_a = vi_column(vi, vi_line(vi, a.line), a.col, &width_a);
    size_t left_b = vi_column(vi, vi_line(vi, b.line), b.col, &width_b);
    bool again = vi->block_width > 0; /* from the first corner on, however short the last line is */
    range->left = left_a < left_b || again ? left_a : left_b;
    size_t right_a = left_a + (width_a > 0 ? width_a - 1 : 0);
    size_t right_b = left_b + (width_b > 0 ? width_b - 1 : 0);
    range->right = right_a > right_b ? right_a : right_b;
    range->start = a.line <= b.line ? a : b;
    range->end = a.line <= b.line ? b : a;
    if (again) {
        range->right = range->left + vi->block_width - 1;
    }
    range->to_end = vi->want == VI_LAST;
    if (range->to_end) {
        range->right = 0;
        for (size_t line = range->start.line; line <= range->end.line; line++) {
            struct str bytes = vi_line(vi, line);
            size_t end = vi_column(vi, bytes, bytes.len, NULL);
            range->right = end > range->right ? end : range->right;
        }
        range->right = range->right > range->left ? range->right : range->left;
    }
    range->end.col = vi_at_column(vi, vi_line(vi, range->end.line), range->right, true);
    range->start.col =
        vi_at_column(vi, vi_line(vi, range->start.line), range->left, !vi->repeating);
}

void vi_block_copy(struct vi *vi, const struct vi_range *range, struct buf *out)
{
    size_t first = range->start.line, count = range->end.line - first + 1;
    for (size_t line = first; line <= range->end.line && vi_breathe(vi, line - first, count);
         line++) {
        struct vi_part part = vi_block_part(vi, range, line, false, OP_YANK);
        struct str bytes = vi_line(vi, line);
        if (line > range->start.line) {
            buf_append_char(out, '\n');
        }
        buf_append_repeat(out, ' ', part.before);
        buf_append_str(out, str_slice(bytes, part.from, part.to));
        buf_append_repeat(out, ' ', part.after);
    }
}

bool vi_block_delete(struct vi *vi, struct vi_range *range)
{
    bool ok = true;
    vi->cursor = range->start;
    size_t first = range->start.line, count = range->end.line - first + 1;
    vi_gather_begin(vi, count);
    for (size_t line = first; ok && line <= range->end.line && vi_breathe(vi, line - first, count);
         line++) {
        struct vi_part part = vi_block_part(vi, range, line, true, OP_DELETE);
        if (part.to == part.from && !part.is_one) {
            continue;
        }
        if (line == range->start.line) {
            vi->cursor.col = part.from + part.before;
        }
        struct buf blanks = BUF_INIT;
        buf_append_repeat(&blanks, ' ', part.before + part.after);
        size_t start = text_line_start(vi->text, line);
        ok = vi_change(vi, start + part.from, start + part.to, buf_str(&blanks));
        buf_free(&blanks);
    }
    return vi_gather_end(vi) && ok;
}

/* v, V with I and A: before the first selected character and behind the last. */
static void insert_at_end(struct vi *vi, const struct vi_range *range, enum vi_op op)
{
    vi->cursor = range->start;
    if (op == OP_INSERT) {
        vi->cursor.col = vi->repeating ? vi->visual_column : vi->cursor.col;
        return;
    }
    vi->cursor = range->end;
    struct str line = vi_here(vi);
    size_t width;
    vi_column(vi, line, vi->cursor.col, &width);
    /* Vim goes before a line's first character when that is what the selection ends with. */
    bool first = vi->cursor.col == 0 && width == 1 && !vi->repeating;
    vi->cursor.col = first ? 0 : vi_next_col(line, vi->cursor.col);
}

static void insert_place(struct vi *vi, struct vi_range *range, enum vi_op op)
{
    if (range->kind != VI_BLOCK) {
        insert_at_end(vi, range, op);
        return;
    }
    struct vi_part part = vi_block_part(vi, range, range->start.line, true, op);
    vi->cursor = range->start;
    if (op == OP_INSERT) {
        return;
    }
    struct str line = vi_here(vi);
    vi->cursor.col = range->to_end ? line.len : part.to;
    if (part.is_short && !range->to_end) {
        struct buf blanks = BUF_INIT;
        buf_append_repeat(&blanks, ' ', part.after);
        size_t at = text_line_end(vi->text, range->start.line);
        vi_change(vi, at, at, buf_str(&blanks));
        vi->cursor.col = line.len + blanks.len;
        buf_free(&blanks);
    }
}

bool vi_block_insert(struct vi *vi, struct vi_cmd *cmd, struct vi_range *range, enum vi_op op)
{
    if (op == OP_CHANGE) {
        vi_change_open(vi);
        if (!vi_op_delete(vi, cmd->reg, range, true)) {
            return false;
        }
    } else {
        insert_place(vi, range, op);
    }
    vi->mode = VI_INSERT;
    vi_insert_begin(vi, op == OP_CHANGE ? 1 : cmd->count, false);
    if (range->kind == VI_BLOCK) {
        vi->insert.block = op;
        vi->insert.range = *range;
        vi->insert.block_column = vi->cursor.col;
        vi->insert.block_rest = vi_line_len(vi, vi->cursor.line) - vi->cursor.col;
    }
    return true;
}

/* What was typed into the first line, put into another; behind the last ends what was put in. */
static void insert_into(struct vi *vi, size_t line_number, struct str typed)
{
    const struct vi_range *range = &vi->insert.range;
    enum vi_op op = vi->insert.block;
    struct str line = vi_line(vi, line_number);
    struct vi_part part = vi_block_part(vi, range, line_number, true, op);
    size_t offset = part.from, spaces = part.before, width = part.start_width;
    if (part.is_short && op != OP_APPEND) {
        return;
    }
    if (op == OP_CHANGE) {
        spaces = 0;
    } else if (op == OP_APPEND) {
        width = part.end_width;
        offset = part.to;
        if (!part.is_short) {
            spaces = part.after > 0 ? width - part.after : 0;
            offset -= spaces > 0 ? 1 : 0;
        } else {
            spaces = range->to_end ? 0 : range->right - part.end_column + 1;
            offset = range->to_end ? line.len : offset;
        }
    }
    struct buf new = BUF_INIT;
    size_t drop = 0;
    buf_append_repeat(&new, ' ', spaces);
    buf_append_str(&new, typed);
    if (spaces > 0 && !part.is_short && offset < line.len && line.ptr[offset] == '\t') {
        buf_append_repeat(&new, ' ', width - spaces);
        drop = 1;
    }
    size_t at = text_line_start(vi->text, line_number) + offset;
    vi_change(vi, at, at + drop, buf_str(&new));
    if (line_number == range->end.line && op != OP_CHANGE) {
        vi->file->end = (struct vi_mark){.pos = {line_number, offset + new.len}, .set = true};
    }
    buf_free(&new);
}

void vi_block_finish(struct vi *vi)
{
    struct vi_range *range = &vi->insert.range;
    enum vi_op op = vi->insert.block;
    struct str line = vi_line(vi, range->start.line);
    size_t column = vi->insert.block_column, rest = vi->insert.block_rest;
    bool here = vi->cursor.line == range->start.line || op == OP_CHANGE;
    bool some = here && line.len > column + rest;
    if (some) {
        struct buf typed = BUF_INIT;
        buf_append_str(&typed, str_slice(line, column, line.len - rest));
        size_t first = range->start.line, count = range->end.line - first;
        if (op != OP_CHANGE && count == 1) {
            vi_note_line(vi, first + 1);
        }
        vi->keeps_line = true;
        vi_gather_begin(vi, count);
        for (size_t at = first + 1; at <= range->end.line && vi_breathe(vi, at - first, count);
             at++) {
            insert_into(vi, at, buf_str(&typed));
        }
        vi_gather_end(vi);
        vi->keeps_line = false;
        buf_free(&typed);
        if (op != OP_CHANGE || count > 0) {
            vi_note_change(vi, (struct vi_pos){range->start.line + 1, 0});
        }
        if (op != OP_CHANGE) {
            vi->cursor = range->start;
        }
    }
    vi->insert.block = OP_NONE;
}

/* r Enter: each line is broken there. */
static bool block_break(struct vi *vi, const struct vi_range *range)
{
    size_t last = range->end.line, count = last - range->start.line + 1;
    for (size_t line = last + 1;
         line-- > range->start.line && vi_breathe(vi, last - line, count);) {
        struct vi_part part = vi_block_part(vi, range, line, true, OP_REPLACE);
        size_t start = text_line_start(vi->text, line);
        if (part.to > part.from) {
            vi_change(vi, start + part.from, start + part.to, STR_LIT("\n"));
        }
    }
    vi->cursor = range->start;
    return true;
}

bool vi_block_replace(struct vi *vi, const struct vi_range *range, int32_t ch)
{
    if (ch == VI_ENTER) {
        return block_break(vi, range);
    }
    struct buf with = BUF_INIT, one = BUF_INIT;
    vi_append_key(&one, ch);
    size_t width = vi_column(vi, buf_str(&one), one.len, NULL);
    width = width > 0 ? width : 1;
    size_t first = range->start.line, count = range->end.line - first + 1;
    vi_gather_begin(vi, count);
    for (size_t line = first; line <= range->end.line && vi_breathe(vi, line - first, count);
         line++) {
        struct vi_part part = vi_block_part(vi, range, line, true, OP_REPLACE);
        if (part.to == part.from) {
            continue;
        }
        size_t columns = range->right - range->left + 1;
        if (part.is_short) {
            columns = part.end_column - range->left;
        }
        buf_clear(&with);
        buf_append_repeat(&with, ' ', part.before);
        for (size_t i = 0; i < columns / width; i++) {
            buf_append_str(&with, buf_str(&one));
        }
        buf_append_repeat(&with, ' ', part.after + columns % width);
        size_t start = text_line_start(vi->text, line);
        vi_change(vi, start + part.from, start + part.to, buf_str(&with));
    }
    buf_free(&with);
    buf_free(&one);
    vi->cursor = range->start;
    vi_note_change(vi, (struct vi_pos){range->start.line, 0});
    return vi_gather_end(vi);
}

/* > on a block: blanks go in at its left edge, and those there become what they would be by
 * themselves. */
static void shift_right(struct vi *vi, const struct vi_part *part, size_t line, size_t amount)
{
    struct str bytes = vi_line(vi, line);
    size_t start = text_line_start(vi->text, line), at = part->from;
    size_t end = at + vi_indent_len(str_from(bytes, at));
    while (at > 0 && vi_blank(bytes.ptr[at - 1])) {
        at--;
    }
    size_t from = vi_column(vi, bytes, at, NULL);
    size_t blanks = vi_column(vi, bytes, end, NULL) - from + amount;
    struct buf with = BUF_INIT;
    size_t tab = vi->options.tabstop > 0 ? vi->options.tabstop : 8;
    while (!vi->options.expandtab && blanks >= tab - from % tab) {
        buf_append_char(&with, '\t');
        blanks -= tab - from % tab;
        from += tab - from % tab;
    }
    buf_append_repeat(&with, ' ', blanks);
    vi_change(vi, start + at, start + end, buf_str(&with));
    buf_free(&with);
}

/* < on a block: blanks that begin at its left edge are taken away; what is left of a tab are
 * blanks.
 */
static void shift_left(struct vi *vi, const struct vi_range *range, const struct vi_part *part,
    size_t line, size_t amount)
{
    struct str bytes = vi_line(vi, line);
    size_t start = text_line_start(vi->text, line), at = part->from;
    size_t end = part->before > 0 ? vi_next_col(bytes, at) : at;
    end += vi_indent_len(str_from(bytes, end));
    size_t column = vi_column(vi, bytes, at, NULL), to = vi_column(vi, bytes, end, NULL), width;
    size_t blanks = to > range->left ? to - range->left : 0;
    to -= blanks < amount ? blanks : amount;
    while (at < end && (vi_column(vi, bytes, at, &width), column + width <= to)) {
        column += width;
        at = vi_next_col(bytes, at);
    }
    struct buf with = BUF_INIT;
    buf_append_repeat(&with, ' ', at < end ? to - column : 0);
    vi_change(vi, start + at, start + end, buf_str(&with));
    buf_free(&with);
}

bool vi_block_shift(struct vi *vi, const struct vi_range *range, bool right, size_t amount)
{
    size_t unit = vi->options.shiftwidth > 0 ? vi->options.shiftwidth : vi->options.tabstop;
    size_t first = range->start.line, count = range->end.line - first + 1;
    vi_gather_begin(vi, count);
    for (size_t line = first; line <= range->end.line && vi_breathe(vi, line - first, count);
         line++) {
        struct vi_part part = vi_block_part(vi, range, line, true, OP_LEFT);
        if (part.is_short || vi_line_len(vi, line) == 0) {
            continue;
        }
        if (right) {
            shift_right(vi, &part, line, unit * amount);
        } else {
            shift_left(vi, range, &part, line, unit * amount);
        }
    }
    bool ok = vi_gather_end(vi);
    vi->cursor = range->start;
    vi_note_change(vi, (struct vi_pos){range->start.line, 0});
    return ok;
}
