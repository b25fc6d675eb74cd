/* Operators on characters: case, r, Ctrl-A; comments; filling of paragraphs. */
#include "vi/vi_rows.h"

#include <stdio.h>
#include <utf8proc.h>

#define FILL_WIDTH 79

static int32_t turned(int32_t c, enum vi_op op)
{
    if (op == OP_ROT13) {
        int32_t base = c >= 'a' && c <= 'z' ? 'a' : c >= 'A' && c <= 'Z' ? 'A' : 0;
        return base == 0 ? c : base + (c - base + 13) % 26;
    }
    int32_t upper = utf8proc_toupper(c), lower = utf8proc_tolower(c);
    if (op == OP_UPPER || (op == OP_SWAP && upper != c)) {
        return upper;
    }
    return op == OP_LOWER || op == OP_SWAP ? lower : c;
}

/* False: there was nothing to turn. */
static bool turn_span(struct vi *vi, size_t line, size_t from, size_t to, enum vi_op op)
{
    struct str bytes = vi_line(vi, line);
    struct buf with = BUF_INIT;
    to = to < bytes.len ? to : bytes.len;
    for (size_t at = from, len; at < to; at += len) {
        int32_t c = utf8_decode(str_from(bytes, at), &len);
        if (c == UTF8_INVALID) {
            buf_append_char(&with, bytes.ptr[at]);
        } else {
            vi_append_key(&with, turned(c, op));
        }
    }
    bool turns = from < to && !str_equal(buf_str(&with), str_slice(bytes, from, to));
    if (turns) {
        size_t start = text_line_start(vi->text, line);
        vi_change(vi, start + from, start + to, buf_str(&with));
    }
    buf_free(&with);
    return turns;
}

/* The bytes of one line that a range covers. */
static void span_of(
    struct vi *vi, const struct vi_range *range, size_t line, size_t *from, size_t *to)
{
    struct str bytes = vi_line(vi, line);
    *from = 0;
    *to = bytes.len;
    if (range->kind == VI_BLOCK) {
        struct vi_part part = vi_block_part(vi, range, line, false, OP_SWAP);
        *from = part.from;
        *to = part.to;
    } else if (range->kind == VI_CHARS) {
        *from = line == range->start.line ? range->start.col : 0;
        if (line == range->end.line) {
            *to = range->inclusive ? vi_next_col(bytes, range->end.col) : range->end.col;
        }
    }
}

bool vi_op_case(struct vi *vi, const struct vi_range *range, enum vi_op op)
{
    if (range->empty) {
        return true;
    }
    bool any = false;
    size_t first = range->start.line, count = range->end.line - first + 1;
    vi_gather_begin(vi, count);
    for (size_t line = first; line <= range->end.line; line++) {
        size_t from, to;
        if (!vi_breathe(vi, line - first, count)) {
            break;
        }
        span_of(vi, range, line, &from, &to);
        any = turn_span(vi, line, from, to, op) || any;
    }
    vi_gather_end(vi);
    vi->cursor = range->start;
    if (any) {
        vi_note_change(
            vi, range->kind == VI_BLOCK ? (struct vi_pos){range->start.line, 0} : range->start);
    }
    return true;
}

bool vi_op_replace(struct vi *vi, struct vi_range *range, int32_t ch)
{
    if (range->kind == VI_BLOCK) {
        return vi_block_replace(vi, range, ch);
    }
    struct buf one = BUF_INIT;
    vi_append_key(&one, ch == VI_ENTER ? '\n' : ch);
    for (size_t line = range->end.line + 1; line-- > range->start.line;) {
        size_t from, to;
        span_of(vi, range, line, &from, &to);
        struct str bytes = vi_line(vi, line);
        struct buf with = BUF_INIT;
        for (size_t at = from; at < to; at = vi_next_col(bytes, at)) {
            buf_append_str(&with, buf_str(&one));
        }
        if (to > from) {
            size_t start = text_line_start(vi->text, line);
            vi_change(vi, start + from, start + to, buf_str(&with));
        }
        buf_free(&with);
    }
    buf_free(&one);
    vi->cursor = range->start;
    vi->cursor.col = range->kind == VI_LINES ? 0 : vi->cursor.col;
    vi_note_change(vi, vi->cursor);
    return true;
}

/* ~ on characters. */
bool vi_c_swap(struct vi *vi, struct vi_cmd *cmd)
{
    struct str line = vi_here(vi);
    if (line.len == 0) {
        return false;
    }
    size_t from = vi->cursor.col, to = from;
    for (size_t n = 0; n < cmd->count && to < line.len; n++) {
        to = vi_next_col(line, to);
    }
    size_t left = line.len - to;
    struct vi_mark begin = {.pos = vi->cursor, .set = true};
    bool turned = turn_span(vi, vi->cursor.line, from, to, OP_SWAP);
    vi->cursor.col = vi_here(vi).len - left;
    if (turned) {
        vi_note_change(vi, begin.pos);
        vi->file->start = vi->file->end = begin;
        vi->file->end.pos.col = vi_prev_col(vi_here(vi), vi->cursor.col);
    }
    vi_clamp(vi);
    vi_set_want(vi);
    return true;
}

bool vi_c_replace_char(struct vi *vi, struct vi_cmd *cmd)
{
    struct str line = vi_here(vi);
    size_t to = vi->cursor.col, last = to;
    for (size_t n = 0; n < cmd->count; n++) {
        if (to >= line.len) {
            return false;
        }
        last = to;
        to = vi_next_col(line, to);
    }
    if (cmd->ch == VI_TAB && vi->options.expandtab) {
        /* As many columns as R and Tab make of it, which is also what . does again. */
        struct buf keys = BUF_INIT;
        buf_printf(&keys, "%zuR\t\033", cmd->count);
        vi_feed(vi, buf_str(&keys));
        buf_free(&keys);
        cmd->row = vi_row_by_id("vi.repeat");
        return true;
    }
    if (cmd->ch == VI_ENTER) {
        vi_cut(vi, vi->cursor, (struct vi_pos){vi->cursor.line, to});
        vi->mode = VI_INSERT;
        vi->insert.auto_indented = false;
        vi->file->start = (struct vi_mark){.pos = vi->cursor, .set = true};
        bool ok = vi_insert_newline(vi);
        vi_set_want(vi); /* an indent taken away: up and down still aim there */
        size_t indent = vi->cursor.col;
        vi_strip_auto_indent(vi);
        bool stripped = vi->cursor.col != indent;
        vi_note_change(vi, vi->insert.changed.pos);
        vi->insert.changed.set = false;
        buf_clear(&vi->last_inserted);
        buf_append_char(&vi->last_inserted, '\n');
        vi->file->insert = vi->file->end = (struct vi_mark){.pos = vi->cursor, .set = true};
        vi->mode = VI_NORMAL;
        if (vi->cursor.col > 0) {
            vi->cursor.col = vi_prev_col(vi_here(vi), vi->cursor.col);
        }
        if (!stripped) {
            vi_set_want(vi);
        }
        return ok;
    }
    struct vi_range range = {
        .start = vi->cursor, .end = {vi->cursor.line, last}, .kind = VI_CHARS, .inclusive = true};
    vi_op_replace(vi, &range, cmd->ch);
    struct buf one = BUF_INIT;
    vi_append_key(&one, cmd->ch);
    buf_clear(&vi->last_inserted);
    buf_append_str(&vi->last_inserted, buf_str(&one));
    vi->cursor.col = range.start.col + (cmd->count - 1) * one.len;
    vi->file->start = (struct vi_mark){.pos = range.start, .set = true};
    vi->file->end = (struct vi_mark){.pos = vi->cursor, .set = true};
    vi_note_change(vi, vi->cursor);
    buf_free(&one);
    vi_set_want(vi);
    return true;
}

struct number {
    size_t from, to; /* with the sign or the prefix */
    int base;
    bool negative;
    unsigned long long value;
    size_t digits;
};

static bool is_digit(int c, int base)
{
    return base == 2    ? c == '0' || c == '1'
           : base == 16 ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
                        : c >= '0' && c <= '9';
}

static int byte_at(struct str line, size_t at)
{
    return at < line.len ? (unsigned char)line.ptr[at] : 0;
}

/* Whether the digits around `at` are of 0x or 0b; *from is then the 0. */
static bool prefixed(struct str line, size_t at, int base, size_t *from)
{
    int letter = base == 16 ? 'x' : 'b';
    size_t begin = at;
    while (is_digit(byte_at(line, at), base) && begin > 0 &&
           is_digit(byte_at(line, begin - 1), base)) {
        begin--;
    }
    begin = is_digit(byte_at(line, at), base) ? begin : 0;
    /* On the letter or the 0 itself. */
    if ((byte_at(line, at) | 0x20) == letter && at > 0 && byte_at(line, at - 1) == '0') {
        begin = at + 1;
    } else if (byte_at(line, at) == '0' && (byte_at(line, at + 1) | 0x20) == letter) {
        begin = at + 2;
    }
    if (begin < 2 || (byte_at(line, begin - 1) | 0x20) != letter ||
        byte_at(line, begin - 2) != '0' || !is_digit(byte_at(line, begin), base)) {
        return false;
    }
    *from = begin - 2;
    return true;
}

/* The number at or behind a column. */
static bool number_at(struct str line, size_t col, size_t end, bool visual, struct number *out)
{
    size_t at = col;
    *out = (struct number){.base = 10};
    if (!visual && (prefixed(line, col, 16, &out->from) || prefixed(line, col, 2, &out->from))) {
        out->base = (byte_at(line, out->from + 1) | 0x20) == 'x' ? 16 : 2;
    } else {
        while (!visual && at > 0 && is_digit(byte_at(line, at), 10) &&
               is_digit(byte_at(line, at - 1), 10)) {
            at--;
        }
        while (at < end && !is_digit(byte_at(line, at), 10)) {
            at++;
        }
        if (at >= end) {
            return false;
        }
        out->from = at;
        int letter = byte_at(line, at + 1) | 0x20;
        bool room = !visual || at + 2 < end;
        bool zero = room && byte_at(line, at) == '0';
        if (zero && letter == 'x' && is_digit(byte_at(line, at + 2), 16)) {
            out->base = 16;
        } else if (zero && letter == 'b' && is_digit(byte_at(line, at + 2), 2)) {
            out->base = 2;
        }
        out->negative = out->base == 10 && at > (visual ? col : 0) && byte_at(line, at - 1) == '-';
    }
    size_t digit = out->from + (out->base == 10 ? 0 : 2);
    for (; digit < end && is_digit(byte_at(line, digit), out->base); digit++) {
        int c = byte_at(line, digit);
        int value = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        out->value = out->value * (unsigned)out->base + (unsigned)value;
        out->digits++;
    }
    out->to = digit;
    out->from -= out->negative ? 1 : 0;
    return true;
}

static void append_number(const struct number *number, struct str line, struct buf *out)
{
    if (number->base == 2) {
        buf_append_str(out, str_slice(line, number->from, number->from + 2));
        size_t bits = 1;
        while (bits < 64 && number->value >> bits != 0) {
            bits++;
        }
        bits = bits > number->digits ? bits : number->digits;
        while (bits-- > 0) {
            buf_append_char(out, bits < 64 && (number->value >> bits & 1) ? '1' : '0');
        }
    } else if (number->base == 16) {
        bool upper = false;
        for (size_t i = number->from + 2; i < number->to; i++) {
            char c = line.ptr[i];
            upper = c >= 'A' && c <= 'F' ? true : c >= 'a' && c <= 'f' ? false : upper;
        }
        buf_append_str(out, str_slice(line, number->from, number->from + 2));
        buf_printf(out, upper ? "%0*llX" : "%0*llx", (int)number->digits, number->value);
    } else {
        bool zero_led = number->digits > 1 && line.ptr[number->to - number->digits] == '0';
        buf_append_c(out, number->negative && number->value != 0 ? "-" : "");
        buf_printf(out, "%0*llu", zero_led ? (int)number->digits : 1, number->value);
    }
}

bool vi_add_at(
    struct vi *vi, size_t line_number, size_t col, long long delta, bool visual, size_t end)
{
    struct str line = vi_line(vi, line_number);
    struct number number;
    if (!number_at(line, col, end < line.len ? end : line.len, visual, &number)) {
        return false;
    }
    if (number.base != 10) {
        number.value += (unsigned long long)delta;
    } else {
        long long value = (long long)number.value;
        value = (number.negative ? -value : value) + delta;
        number.negative = value < 0;
        number.value = value < 0 ? 0ULL - (unsigned long long)value : (unsigned long long)value;
    }
    struct buf with = BUF_INIT;
    append_number(&number, line, &with);
    size_t start = text_line_start(vi->text, line_number);
    bool ok = vi_change(vi, start + number.from, start + number.to, buf_str(&with));
    vi->cursor = (struct vi_pos){line_number, number.from + with.len - 1};
    vi->file->start = (struct vi_mark){.pos = {line_number, number.from}, .set = true};
    vi->file->end = (struct vi_mark){.pos = vi->cursor, .set = true};
    buf_free(&with);
    vi_note_change(vi, (struct vi_pos){line_number, 0});
    return ok;
}

bool vi_c_add(struct vi *vi, struct vi_cmd *cmd)
{
    long long delta = cmd->row->arg == OP_SUBTRACT ? -(long long)cmd->count : (long long)cmd->count;
    bool ok = vi_add_at(vi, vi->cursor.line, vi->cursor.col, delta, false, SIZE_MAX);
    vi_set_want(vi);
    return ok;
}

bool vi_op_add(struct vi *vi, const struct vi_range *range, enum vi_op op, size_t count)
{
    long long step =
        op == OP_SUBTRACT || op == OP_SUBTRACT_MORE ? -(long long)count : (long long)count;
    bool more = op == OP_ADD_MORE || op == OP_SUBTRACT_MORE;
    long long delta = step;
    struct vi_mark first = {0};
    size_t start = range->start.line, lines = range->end.line - start + 1;
    for (size_t line = start; line <= range->end.line && vi_breathe(vi, line - start, lines);
         line++) {
        size_t from, to;
        span_of(vi, range, line, &from, &to);
        if (!vi_add_at(vi, line, from, delta, true, to)) {
            continue;
        }
        delta += more ? step : 0;
        first = first.set ? first : vi->file->start;
    }
    vi->file->start = first.set ? first : vi->file->start;
    vi->cursor = range->start;
    vi->cursor.col = range->kind == VI_LINES ? 0 : vi->cursor.col;
    return true;
}

static bool is_commented(struct str line, const char *mark)
{
    return str_starts(str_from(line, vi_indent_len(line)), mark);
}

static void comment_line(struct vi *vi, size_t line, const char *mark, size_t column, bool off)
{
    struct str bytes = vi_line(vi, line);
    size_t at = off ? vi_indent_len(bytes) : vi_at_column(vi, bytes, column, true);
    size_t start = text_line_start(vi->text, line) + at;
    if (off) {
        size_t len = strlen(mark);
        len += at + len < bytes.len && bytes.ptr[at + len] == ' ' ? 1 : 0;
        vi_change(vi, start, start + len, str_of(""));
    } else {
        struct buf with = BUF_INIT;
        buf_printf(&with, "%s ", mark);
        vi_change(vi, start, start, buf_str(&with));
        buf_free(&with);
    }
}

bool vi_op_comment(struct vi *vi, size_t first, size_t last)
{
    const char *mark = vi->host->comment == NULL ? "#" : vi->host->comment(vi->data);
    if (mark == NULL) {
        return vi_say(vi, true, "no comments in this kind of file");
    }
    bool all = true;
    size_t column = SIZE_MAX, count = last - first + 1;
    for (size_t line = first; line <= last && vi_breathe(vi, line - first, count * 2); line++) {
        struct str bytes = vi_line(vi, line);
        if (vi_indent_len(bytes) < bytes.len) {
            size_t indent = vi_indent_columns(vi, bytes);
            all = all && is_commented(bytes, mark);
            column = indent < column ? indent : column;
        }
    }
    vi_gather_begin(vi, count);
    for (size_t line = first; line <= last && column != SIZE_MAX; line++) {
        struct str bytes = vi_line(vi, line);
        if (!vi_breathe(vi, count + line - first, count * 2)) {
            break;
        }
        if (vi_indent_len(bytes) < bytes.len) {
            comment_line(vi, line, mark, column, all);
        }
    }
    return vi_gather_end(vi);
}

/* The words of lines [first, last] filled to 79 columns with the first line's indent. */
static void fill(struct vi *vi, size_t first, size_t last, struct buf *out)
{
    struct str head = vi_line(vi, first);
    struct buf indent = BUF_INIT;
    buf_append_str(&indent, str_slice(head, 0, vi_indent_len(head)));
    size_t column = 0, left = vi_indent_columns(vi, head);
    for (size_t line = first; line <= last && vi_breathe(vi, 0, 0); line++) {
        struct str rest = vi_line(vi, line);
        for (;;) {
            rest = str_from(rest, vi_indent_len(rest));
            size_t len = 0;
            while (len < rest.len && !vi_blank(rest.ptr[len])) {
                len++;
            }
            if (len == 0) {
                break;
            }
            size_t width = utf8_width(str_slice(rest, 0, len));
            if (column > 0 && column + 1 + width > FILL_WIDTH) {
                buf_append_char(out, '\n');
                column = 0;
            }
            if (column == 0) {
                buf_append_str(out, buf_str(&indent));
                column = left;
            } else {
                buf_append_char(out, ' ');
                column++;
            }
            buf_append_str(out, str_slice(rest, 0, len));
            column += width;
            rest = str_from(rest, len);
        }
    }
    buf_append_char(out, '\n');
    buf_free(&indent);
}

bool vi_op_format(struct vi *vi, size_t first, size_t last)
{
    struct buf out = BUF_INIT;
    for (size_t line = first; line <= last;) {
        struct str bytes = vi_line(vi, line);
        if (vi_indent_len(bytes) == bytes.len) {
            vi_copy_lines(vi, line, line, &out);
            line++;
            continue;
        }
        size_t end = line;
        if (!vi_breathe(vi, line - first, last - first + 1)) {
            buf_free(&out);
            return false;
        }
        while (end < last && vi_indent_len(vi_line(vi, end + 1)) < vi_line_len(vi, end + 1)) {
            end++;
        }
        fill(vi, line, end, &out);
        line = end + 1;
    }
    size_t lines = 0;
    for (size_t i = 0; i < out.len; i++) {
        lines += out.ptr[i] == '\n' ? 1 : 0;
    }
    size_t from = text_line_start(vi->text, first), to = text_line_end(vi->text, last);
    bool ok = !vi->failed && vi_change(vi, from, to, str_slice(buf_str(&out), 0, out.len - 1));
    buf_free(&out);
    vi->cursor = (struct vi_pos){first + lines - 1, 0};
    vi_first_nonblank(vi);
    return ok;
}
