/* The text as Vim sees it: lines whose ending is not part of them, and places as line and column.
 */
#include "vi/vi_private.h"

#include <utf8proc.h>

size_t vi_line_count(const struct vi *vi)
{
    size_t count = text_line_count(vi->text);
    return count > 1 && text_has_final_newline(vi->text) ? count - 1 : count;
}

struct str vi_line(struct vi *vi, size_t line)
{
    size_t from = text_line_start(vi->text, line), to = text_line_end(vi->text, line);
    struct str chunk = text_chunk(vi->text, from);
    if (chunk.len >= to - from) {
        return str_slice(chunk, 0, to - from);
    }
    struct buf *copy = &vi->lines[vi->lines_at++ % ARRAY_LEN(vi->lines)];
    buf_clear(copy);
    text_copy(vi->text, from, to, copy);
    return buf_str(copy);
}

size_t vi_line_len(const struct vi *vi, size_t line)
{
    return text_line_end(vi->text, line) - text_line_start(vi->text, line);
}

size_t vi_offset(const struct vi *vi, struct vi_pos pos)
{
    size_t start = text_line_start(vi->text, pos.line), end = text_line_end(vi->text, pos.line);
    return pos.col < end - start ? start + pos.col : end;
}

struct vi_pos vi_pos_of(const struct vi *vi, size_t offset)
{
    struct text_point point = text_point_of(vi->text, offset);
    size_t last = vi_line_count(vi) - 1;
    struct vi_pos pos = {point.row, point.column};
    if (pos.line > last) {
        return (struct vi_pos){last, vi_line_len(vi, last)};
    }
    size_t len = vi_line_len(vi, pos.line);
    pos.col = pos.col < len ? pos.col : len;
    return pos;
}

int32_t vi_char_at(struct vi *vi, struct vi_pos pos)
{
    struct str line = vi_line(vi, pos.line);
    if (pos.col >= line.len) {
        return 0;
    }
    size_t len;
    int32_t cp = utf8_decode(str_from(line, pos.col), &len);
    return cp == UTF8_INVALID ? 0xFFFD : cp == 0 ? 0xFFFD : cp;
}

size_t vi_next_col(struct str line, size_t col)
{
    return col >= line.len ? line.len : col + utf8_cluster(str_from(line, col));
}

size_t vi_prev_col(struct str line, size_t col)
{
    return col == 0 ? 0 : utf8_cluster_before(line, col < line.len ? col : line.len);
}

static size_t cluster_width(struct vi *vi, struct str cluster, size_t column)
{
    if (cluster.ptr[0] == '\t') {
        size_t tab = vi->options.tabstop > 0 ? vi->options.tabstop : 8;
        return tab - column % tab;
    }
    int width = utf8_width_cluster(cluster);
    return width > 0 ? (size_t)width : 0;
}

size_t vi_column(struct vi *vi, struct str line, size_t col, size_t *width)
{
    size_t column = 0, at = 0;
    while (at < line.len && at < col) {
        size_t len = utf8_cluster(str_from(line, at));
        if (at + len > col) {
            break;
        }
        column += cluster_width(vi, str_slice(line, at, at + len), column);
        at += len;
    }
    if (width != NULL) {
        size_t len = utf8_cluster(str_from(line, at));
        *width = len == 0 ? 1 : cluster_width(vi, str_slice(line, at, at + len), column);
    }
    return column;
}

size_t vi_at_column(struct vi *vi, struct str line, size_t column, bool past)
{
    size_t at = 0, now = 0, before = 0;
    while (at < line.len) {
        size_t len = utf8_cluster(str_from(line, at));
        size_t width = cluster_width(vi, str_slice(line, at, at + len), now);
        if (column < now + width) {
            return at;
        }
        now += width;
        before = at;
        at += len;
    }
    return past ? line.len : before;
}

size_t vi_indent_len(struct str line)
{
    size_t len = 0;
    while (len < line.len && vi_blank(line.ptr[len])) {
        len++;
    }
    return len;
}

size_t vi_indent_columns(struct vi *vi, struct str line)
{
    return vi_column(vi, line, vi_indent_len(line), NULL);
}

void vi_append_indent(struct vi *vi, size_t columns, struct buf *out)
{
    size_t tab = vi->options.tabstop > 0 ? vi->options.tabstop : 8;
    if (!vi->options.expandtab) {
        buf_append_repeat(out, '\t', columns / tab);
        columns %= tab;
    }
    buf_append_repeat(out, ' ', columns);
}

bool vi_is_before(struct vi_pos a, struct vi_pos b)
{
    return a.line != b.line ? a.line < b.line : a.col < b.col;
}

int vi_class(int32_t c, bool big)
{
    if (c == 0 || vi_blank(c) || c == 0xA0 || c == 0x3000) {
        return 0;
    }
    if (big) {
        return 1;
    }
    if (c < 0x100) {
        bool word = c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                    (c >= 'A' && c <= 'Z') || c == 0xB5 || (c >= 0xC0 && c <= 0xFF);
        return word ? 2 : 1;
    }
    if (c >= 0x2000 && c <= 0x2BFF) {
        return 1;
    }
    if (c >= 0x3001 && c <= 0x3020) {
        return 1;
    }
    if (c >= 0x3040 && c <= 0x309F) {
        return 0x3040;
    }
    if (c >= 0x30A0 && c <= 0x30FF) {
        return 0x30A0;
    }
    if ((c >= 0x3300 && c <= 0x9FFF) || (c >= 0x20000 && c <= 0x2FA1F)) {
        return 0x4E00;
    }
    if (c >= 0xAC00 && c <= 0xD7A3) {
        return 0xAC00;
    }
    return c >= 0x1F000 && c <= 0x1FAFF ? 3 : 2;
}

void vi_clamp(struct vi *vi)
{
    size_t last = vi_line_count(vi) - 1;
    vi->cursor.line = vi->cursor.line < last ? vi->cursor.line : last;
    struct str line = vi_here(vi);
    bool past = vi->mode == VI_INSERT || vi->mode == VI_REPLACE || vi_is_visual(vi) ||
                (vi->mode == VI_COMMAND);
    if (vi->cursor.col >= line.len) {
        vi->cursor.col = past ? line.len : vi_prev_col(line, line.len);
    }
    while (vi->cursor.col > 0 && vi->cursor.col < line.len &&
           ((unsigned char)line.ptr[vi->cursor.col] & 0xC0) == 0x80) {
        vi->cursor.col--; /* a column of another line may be within a character of this one */
    }
}

void vi_first_nonblank(struct vi *vi)
{
    struct str line = vi_here(vi);
    size_t len = vi_indent_len(line);
    /* All blank: on the last one, unless the cursor may stand behind it. */
    vi->cursor.col = len < line.len || len == 0 ? len : vi_prev_col(line, len);
}

void vi_set_want(struct vi *vi)
{
    size_t width;
    struct str line = vi_here(vi);
    size_t column = vi_column(vi, line, vi->cursor.col, &width);
    /* On a tab the cursor stands at its end, except where text is selected or typed. */
    bool tab = vi->cursor.col < line.len && line.ptr[vi->cursor.col] == '\t';
    bool at_end = tab && vi->mode == VI_NORMAL;
    vi->screen.at.line = SIZE_MAX;
    vi->want = at_end ? column + width - 1 : column;
}

void vi_apply_want(struct vi *vi)
{
    struct str line = vi_here(vi);
    bool past = vi_is_visual(vi) && vi->mode != VI_VISUAL_BLOCK;
    past = past || vi->mode == VI_INSERT || vi->mode == VI_REPLACE;
    if (vi->want == VI_LAST) {
        vi->cursor.col = past || vi_is_visual(vi) ? line.len : vi_prev_col(line, line.len);
    } else {
        vi->cursor.col = vi_at_column(vi, line, vi->want, past || vi_is_visual(vi));
    }
}

int vi_inc(struct vi *vi, struct vi_pos *pos)
{
    struct str line = vi_line(vi, pos->line);
    if (pos->col < line.len) {
        pos->col = vi_next_col(line, pos->col);
        return pos->col < line.len ? 0 : 2;
    }
    if (pos->line + 1 < vi_line_count(vi)) {
        *pos = (struct vi_pos){pos->line + 1, 0};
        return 1;
    }
    return -1;
}

int vi_dec(struct vi *vi, struct vi_pos *pos)
{
    if (pos->col > 0) {
        pos->col = vi_prev_col(vi_line(vi, pos->line), pos->col);
        return 0;
    }
    if (pos->line > 0) {
        pos->line--;
        pos->col = vi_line_len(vi, pos->line);
        return 1;
    }
    return -1;
}

int vi_incl(struct vi *vi, struct vi_pos *pos)
{
    int moved = vi_inc(vi, pos);
    if (moved >= 1 && pos->col > 0) {
        moved = vi_inc(vi, pos);
    }
    return moved;
}

int vi_decl(struct vi *vi, struct vi_pos *pos)
{
    int moved = vi_dec(vi, pos);
    if (moved == 1 && pos->col > 0) {
        moved = vi_dec(vi, pos);
    }
    return moved;
}

void vi_change_open(struct vi *vi)
{
    if (!vi->changing) {
        vi->changing = true;
        size_t at = vi_offset(vi, vi->cursor);
        vi_undo_begin(vi);
        text_note_cursor(vi->text, (struct text_cursor){at, at});
        text_begin(vi->text);
    }
}

void vi_change_close(struct vi *vi)
{
    if (vi->changing) {
        vi->changing = false;
        text_end(vi->text);
        vi_undo_end(vi);
    }
}

static size_t count_lines(struct str bytes)
{
    size_t count = 0;
    for (size_t at = 0; (at = str_find_char(bytes, '\n', at)) != SIZE_MAX; at++) {
        count++;
    }
    return count;
}

void vi_note_line(struct vi *vi, size_t line)
{
    struct vi_file *file = vi->file;
    if (line != file->line_undo_line) {
        buf_clear(&file->line_undo);
        buf_append_str(&file->line_undo, vi_line(vi, line));
        file->line_undo_line = line;
        file->line_undo_col = vi->cursor.line == line ? vi->cursor.col : 0;
    }
}

/* U gives a line back as it was before the changes to it that came one after the other. */
static void note_line(struct vi *vi, size_t from, size_t to, struct str with)
{
    struct vi_file *file = vi->file;
    bool typing = vi->mode == VI_INSERT || vi->mode == VI_REPLACE;
    if (vi->keeps_line || (typing && vi->insert.saved)) {
        return;
    }
    vi->insert.saved = typing;
    size_t line = text_line_of(vi->text, from);
    bool broken = str_find_char(with, '\n', 0) != SIZE_MAX;
    bool within = to <= text_line_end(vi->text, line) && !broken;
    if (broken && vi->many_lines && line <= file->line_undo_line &&
        count_lines(with) == text_line_of(vi->text, to) - line) {
        return; /* many lines changed, and each is where it was */
    }
    if (broken) {
        file->line_undo_line = line <= file->line_undo_line ? SIZE_MAX : file->line_undo_line;
    } else if (within && !vi->many_lines) {
        vi_note_line(vi, line);
    }
}

void vi_forget_line(struct vi *vi)
{
    vi->file->line_undo_line = SIZE_MAX;
}

#define GATHER_MIN 1000 /* lines; fewer are changed one by one */

void vi_gather_begin(struct vi *vi, size_t lines)
{
    vi->gather.on = lines >= GATHER_MIN;
    vi->gather.any = false;
}

bool vi_gather_end(struct vi *vi)
{
    bool on = vi->gather.on && vi->gather.any && !vi->failed;
    vi->gather.on = false;
    bool ok = !on || vi_change(vi, vi->gather.from, vi->gather.copied, buf_str(&vi->gather.out));
    buf_free(&vi->gather.out);
    return ok && !vi->failed;
}

static void gather(struct vi *vi, size_t from, size_t to, struct str with)
{
    if (!vi->gather.any) {
        vi->gather.any = true;
        vi->gather.from = vi->gather.copied = from;
    }
    text_copy(vi->text, vi->gather.copied, from, &vi->gather.out);
    buf_append_str(&vi->gather.out, with);
    vi->gather.copied = to;
}

bool vi_change(struct vi *vi, size_t from, size_t to, struct str with)
{
    struct err err = {0};
    struct buf converted = BUF_INIT;
    if (from == to && with.len == 0) {
        return true;
    }
    if (vi->gather.on) {
        gather(vi, from, to, with);
        return true;
    }
    note_line(vi, from, to, with);
    vi_change_open(vi);
    if (text_ending(vi->text) == TEXT_ENDING_CRLF && str_find_char(with, '\n', 0) != SIZE_MAX) {
        for (size_t i = 0; i < with.len; i++) {
            buf_append_c(&converted, with.ptr[i] == '\n' ? "\r" : "");
            buf_append_char(&converted, with.ptr[i]);
        }
        with = buf_str(&converted);
    }
    bool ended = text_has_final_newline(vi->text);
    bool ok = text_replace(vi->text, from, to - from, with, &err);
    buf_free(&converted);
    if (ok && !ended && text_has_final_newline(vi->text)) {
        /* What ends now is the line before: the last one is empty, and a line too. */
        bool crlf = text_ending(vi->text) == TEXT_ENDING_CRLF;
        struct str ending = crlf ? STR_LIT("\r\n") : STR_LIT("\n");
        ok = text_replace(vi->text, text_length(vi->text), 0, ending, &err);
    }
    return ok || vi_say(vi, true, "%s", err.text);
}

bool vi_set_line(struct vi *vi, size_t line, struct str with)
{
    return vi_change(vi, text_line_start(vi->text, line), text_line_end(vi->text, line), with);
}

bool vi_delete_lines(struct vi *vi, size_t first, size_t count)
{
    size_t total = vi_line_count(vi), last = first + count;
    last = last < total ? last : total;
    size_t from = text_line_start(vi->text, first);
    size_t to = last < total ? text_line_start(vi->text, last) : text_length(vi->text);
    if (last == total && !text_has_final_newline(vi->text) && first > 0) {
        from = text_line_end(vi->text, first - 1);
    }
    bool all = first == 0 && last == total && text_has_final_newline(vi->text);
    bool ok = vi_change(vi, from, to, all ? STR_LIT("\n") : str_of(""));
    if (all) {
        vi->file->emptied = text_version(vi->text);
        vi_marks_clear(vi->file);
    }
    return ok;
}

bool vi_insert_lines(struct vi *vi, size_t before, struct str lines)
{
    size_t total = vi_line_count(vi);
    if (before < total || (total == 1 && text_length(vi->text) == 0 && before == 0)) {
        size_t at = text_line_start(vi->text, before);
        return vi_change(vi, at, at, lines);
    }
    size_t end = text_length(vi->text);
    if (text_has_final_newline(vi->text)) {
        return vi_change(vi, end, end, lines);
    }
    struct buf bytes = BUF_INIT;
    buf_append_char(&bytes, '\n');
    buf_append(&bytes, lines.ptr, lines.len > 0 ? lines.len - 1 : 0);
    bool ok = vi_change(vi, end, end, buf_str(&bytes));
    buf_free(&bytes);
    return ok;
}

bool vi_cut(struct vi *vi, struct vi_pos from, struct vi_pos to)
{
    return vi_change(vi, vi_offset(vi, from), vi_offset(vi, to), str_of(""));
}

void vi_copy(struct vi *vi, struct vi_pos from, struct vi_pos to, struct buf *out)
{
    for (size_t line = from.line; line <= to.line; line++) {
        size_t a = line == from.line ? vi_offset(vi, from) : text_line_start(vi->text, line);
        size_t b = line == to.line ? vi_offset(vi, to) : text_line_end(vi->text, line);
        text_copy(vi->text, a, b > a ? b : a, out);
        if (line < to.line) {
            buf_append_char(out, '\n');
        }
    }
}

void vi_copy_lines(struct vi *vi, size_t first, size_t last, struct buf *out)
{
    vi_copy(vi, (struct vi_pos){first, 0}, (struct vi_pos){last, SIZE_MAX}, out);
    buf_append_char(out, '\n');
}
