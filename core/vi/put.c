/* p and P in all their forms. */
#include "vi/vi_rows.h"

struct put {
    const struct vi_register *reg;
    size_t count;
    bool before, cursor_end, indent;
};

/* Where text put after (or before) the cursor goes. */
static size_t put_column(struct vi *vi, const struct put *put)
{
    return put->before ? vi->cursor.col : vi_next_col(vi_here(vi), vi->cursor.col);
}

static bool put_chars(struct vi *vi, const struct put *put, struct str text)
{
    struct vi_pos at = {vi->cursor.line, put_column(vi, put)};
    struct buf all = BUF_INIT;
    for (size_t i = 0; i < put->count; i++) {
        buf_append_str(&all, text);
    }
    size_t offset = vi_offset(vi, at), newlines = 0, tail = 0;
    for (size_t i = 0; i < all.len; i++) {
        newlines += all.ptr[i] == '\n' ? 1 : 0;
        tail = all.ptr[i] == '\n' ? 0 : tail + 1;
    }
    vi_note_line(vi, at.line);
    vi->splits_line = newlines > 0;
    vi->keeps_line = true;
    bool ok = vi_change(vi, offset, offset, buf_str(&all));
    vi->splits_line = vi->keeps_line = false;
    vi->before.lines = newlines > 0 ? LINES_SPLIT : vi->before.lines;
    struct vi_pos end = {at.line + newlines, newlines > 0 ? tail : at.col + tail};
    vi->file->start = (struct vi_mark){.pos = at, .set = true};
    size_t last = all.len > 0 ? vi_prev_col(vi_line(vi, end.line), end.col) : end.col;
    vi->file->end = (struct vi_mark){.pos = {end.line, last}, .set = true};
    if (all.len == 0) { /* nothing came: the cursor stays, and that is where it would be */
        vi->file->start.pos = vi->file->end.pos = vi->cursor;
    } else if (put->cursor_end) {
        vi->cursor = end;
    } else if (newlines > 0) {
        vi->cursor = at;
    } else {
        vi->cursor = (struct vi_pos){end.line, last};
        vi->insert.once_behind = true;
    }
    buf_free(&all);
    return ok;
}

/* ]p: the first line that is not empty gets the cursor line's indent, the others move by as much.
 */
static void reindent(struct vi *vi, struct str text, size_t columns, struct buf *out)
{
    struct str line;
    long shift = 0;
    bool found = false; /* a line with something in it, by which the others go */
    while (str_next_line(&text, &line)) {
        long own = (long)vi_indent_columns(vi, line);
        shift = found ? shift : (long)columns - own;
        found = found || line.len > 0;
        long want = own + shift > 0 ? own + shift : 0;
        struct str rest = str_from(line, vi_indent_len(line));
        if (line.len > 0) {
            vi_append_indent(vi, (size_t)want, out);
        }
        buf_append_str(out, rest);
        buf_append_char(out, '\n');
    }
}

/* The same for characters of several lines that were put: the lines behind the first, with what
 * stands behind them. */
static void reindent_lines(struct vi *vi, size_t columns)
{
    struct vi_pos *end = &vi->file->end.pos;
    long shift = 0;
    bool found = false;
    vi->keeps_line = true;
    for (size_t line = vi->file->start.pos.line + 1; line <= end->line; line++) {
        struct str bytes = vi_line(vi, line);
        long own = (long)vi_indent_columns(vi, bytes);
        size_t before = bytes.len;
        shift = found ? shift : (long)columns - own;
        found = found || before > 0;
        vi_set_indent(vi, line, before > 0 && own + shift > 0 ? (size_t)(own + shift) : 0);
        size_t now = vi_line_len(vi, line);
        if (line == end->line) {
            end->col = end->col + now > before ? end->col + now - before : 0;
        }
    }
    vi->keeps_line = false;
}

static bool put_lines(struct vi *vi, const struct put *put, struct str text, bool split)
{
    size_t line = vi->cursor.line + (put->before ? 0 : 1);
    struct buf all = BUF_INIT, moved = BUF_INIT;
    if (put->indent) {
        reindent(vi, text, vi_indent_columns(vi, vi_here(vi)), &moved);
        text = buf_str(&moved);
    }
    for (size_t i = 0; i < put->count; i++) {
        buf_append_str(&all, text);
        if (put->reg->kind != VI_LINES || !str_ends(text, "\n")) {
            buf_append_char(&all, '\n');
        }
    }
    size_t lines = 0;
    for (size_t i = 0; i < all.len; i++) {
        lines += all.ptr[i] == '\n' ? 1 : 0;
    }
    bool ok = true;
    if (split) {
        size_t at = vi_offset(vi, (struct vi_pos){vi->cursor.line, put_column(vi, put)});
        vi_note_line(vi, vi->cursor.line);
        vi->splits_line = vi->keeps_line = true;
        ok = vi_change(vi, at, at, STR_LIT("\n"));
        vi->splits_line = vi->keeps_line = false;
        line = vi->cursor.line + 1;
    }
    ok = ok && vi_insert_lines(vi, line, buf_str(&all));
    vi->file->start = (struct vi_mark){.pos = {line, 0}, .set = true};
    struct str tail = vi_line(vi, line + lines - 1);
    vi->file->end =
        (struct vi_mark){.pos = {line + lines - 1, vi_prev_col(tail, tail.len)}, .set = true};
    if (put->cursor_end) {
        size_t last = vi_line_count(vi) - 1;
        vi->cursor = (struct vi_pos){line + lines < last ? line + lines : last, 0};
    } else {
        vi->cursor = (struct vi_pos){line, 0};
        vi_first_nonblank(vi);
    }
    buf_free(&all);
    buf_free(&moved);
    return ok;
}

struct block_line {
    size_t text_col;      /* bytes kept before */
    size_t before, after; /* blanks around */
    size_t drop;          /* bytes of a tab that gives way */
    bool is_short;
};

static struct block_line block_place(struct vi *vi, struct str line, size_t column)
{
    struct block_line out = {0};
    size_t at = 0, now = 0, width = 0, previous = 0;
    while (now < column && at < line.len) {
        vi_column(vi, line, at, &width);
        previous = at;
        now += width;
        at = vi_next_col(line, at);
    }
    out.text_col = at;
    out.is_short = now < column || (now == column && at >= line.len);
    if (now < column) {
        out.before = column - now;
    } else if (now > column) {
        out.after = now - column;
        out.before = width - out.after;
        out.text_col = previous;
        out.drop = 1;
        if (line.ptr[previous] != '\t') {
            out.drop = out.after = 0;
        }
    }
    return out;
}

static size_t put_block_line(struct vi *vi, const struct put *put, struct str text, size_t line,
    const struct block_line *place)
{
    size_t width = vi_column(vi, text, text.len, NULL);
    size_t fill = put->reg->width > width ? put->reg->width - width : 0;
    struct buf new = BUF_INIT;
    buf_append_repeat(&new, ' ', place->before);
    for (size_t i = 0; i < put->count; i++) {
        buf_append_str(&new, text);
        if (i + 1 < put->count || !place->is_short) {
            buf_append_repeat(&new, ' ', fill);
        }
    }
    buf_append_repeat(&new, ' ', place->after);
    size_t from = vi_offset(vi, (struct vi_pos){line, place->text_col});
    vi_change(vi, from, from + place->drop, buf_str(&new));
    size_t end = place->text_col + new.len;
    buf_free(&new);
    return end;
}

static bool put_block(struct vi *vi, const struct put *put)
{
    struct str line = vi_here(vi), rest = buf_str(&put->reg->text), text;
    size_t width, column = vi_column(vi, line, vi->cursor.col, &width);
    struct vi_pos begin = vi->cursor;
    if (!put->before && vi->cursor.col < line.len) {
        column += width;
        begin.col = vi_next_col(line, vi->cursor.col);
    }
    size_t end = 0, at = begin.line, below = vi_line_count(vi) - at, lines = 2;
    for (size_t i = 0; i < put->reg->text.len; i++) {
        lines += put->reg->text.ptr[i] == '\n' ? 1 : 0;
    }
    vi_undo_about(vi, at, lines < below ? lines : below); /* one more than it puts into */
    vi->many_lines = true;
    for (bool more = true; more; at++) {
        size_t stop = str_find_char(rest, '\n', 0);
        more = stop != SIZE_MAX;
        text = str_slice(rest, 0, more ? stop : rest.len);
        rest = more ? str_from(rest, stop + 1) : str_of("");
        if (at >= vi_line_count(vi)) {
            vi_insert_lines(vi, at, STR_LIT("\n"));
        }
        struct block_line place = block_place(vi, vi_line(vi, at), column);
        end = put_block_line(vi, put, text, at, &place);
        begin.col += at == begin.line ? place.before : 0;
    }
    vi->many_lines = false;
    vi->file->start = (struct vi_mark){.pos = begin, .set = true};
    vi->file->end = (struct vi_mark){.pos = {at - 1, end > 0 ? end - 1 : 0}, .set = true};
    vi->cursor = begin;
    if (put->cursor_end) {
        vi->cursor = (struct vi_pos){at - 1, end};
    }
    return true;
}

bool vi_put(struct vi *vi, const struct vi_register *reg, size_t count, unsigned flags)
{
    struct put put = {.reg = reg,
        .count = count,
        .before = (flags & PUT_BEFORE) != 0,
        .cursor_end = (flags & PUT_CURSOR_END) != 0,
        .indent = (flags & PUT_INDENT) != 0};
    struct str text = buf_str(&reg->text);
    if (text.len > 0 && text.len > TEXT_MAX / count) {
        return vi_say(vi, true, "that would be larger than a text can be");
    }
    bool lines = reg->kind == VI_LINES || (flags & PUT_LINES);
    bool ok;
    vi_change_open(vi);
    vi->before.put_below = vi->cursor.line + 1;
    if (reg->kind == VI_BLOCK && !(flags & PUT_LINES)) {
        ok = put_block(vi, &put);
    } else if (lines) {
        ok = put_lines(vi, &put, text, (flags & PUT_SPLIT) && reg->kind == VI_LINES);
    } else {
        ok = put_chars(vi, &put, text);
    }
    if (lines || text.len > 0) {
        vi_note_change(vi, vi->file->start.pos);
    }
    vi_set_want(vi);
    return ok;
}

/* Into the other lines of a block that was put over: text of one line, at the same column. */
static void put_below(struct vi *vi, const struct vi_register *reg, size_t count, size_t last)
{
    struct vi_pos at = vi->file->start.pos;
    size_t column = vi_column(vi, vi_line(vi, at.line), at.col, NULL);
    struct buf all = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        buf_append_str(&all, buf_str(&reg->text));
    }
    vi->many_lines = true;
    for (size_t line = at.line + 1; line <= last && line < vi_line_count(vi); line++) {
        struct str there = vi_line(vi, line);
        if (vi_column(vi, there, there.len, NULL) < column) {
            continue;
        }
        size_t col = vi_at_column(vi, there, column, true);
        size_t offset = vi_offset(vi, (struct vi_pos){line, col});
        vi_change(vi, offset, offset, buf_str(&all));
    }
    vi->many_lines = false;
    buf_free(&all);
}

/* Visual p: what was selected goes, the register comes; without `keep` the selection is then in
 * the unnamed register. */
static bool put_over(struct vi *vi, struct vi_cmd *cmd, unsigned flags, bool keep)
{
    struct vi_register source, copy = {0};
    bool found = vi_register_read(vi, cmd->reg, &source);
    if (found) {
        copy = source;
        copy.text = BUF_INIT;
        buf_append_str(&copy.text, buf_str(&source.text));
    }
    enum vi_mode mode = vi->mode;
    struct vi_cmd del = {.count = 1, .reg = keep ? '_' : 0, .row = vi_row_by_id("vi.delete")};
    size_t head = vi->cursor.line, bottom = vi->anchor.line > head ? vi->anchor.line : head;
    vi_note_visual(vi);
    vi_op_visual_now(vi, &del);
    bool all = text_version(vi->text) == vi->file->emptied;
    flags |= mode == VI_VISUAL_LINE ? PUT_LINES : mode == VI_VISUAL ? PUT_SPLIT : 0;
    struct vi_pos start = vi->file->start.pos;
    vi_clamp(vi);
    bool behind =
        mode == VI_VISUAL_LINE ? vi->cursor.line < start.line : vi->cursor.col < start.col;
    flags |= behind ? 0 : PUT_BEFORE;
    if (found && mode == VI_VISUAL_BLOCK && copy.kind == VI_LINES && !(cmd->row->arg & 1)) {
        /* Lines over a block go below where the cursor was. */
        vi->cursor.line = head;
        flags &= ~(unsigned)PUT_BEFORE;
    }
    bool ok =
        found ? vi_put(vi, &copy, cmd->count, flags) : vi_say(vi, true, "nothing in that register");
    if (found && mode == VI_VISUAL_BLOCK && copy.kind == VI_CHARS &&
        str_find_char(buf_str(&copy.text), '\n', 0) == SIZE_MAX) {
        put_below(vi, &copy, cmd->count, bottom);
    }
    vi_register_free(&copy);
    size_t last = vi_line_count(vi) - 1;
    if (all && last > 0 && vi_line_len(vi, last) == 0) {
        bool there = vi->cursor.line == last;
        vi_delete_lines(vi, last, 1);
        vi->cursor.col = there ? SIZE_MAX : vi->cursor.col;
        vi_clamp(vi);
    }
    vi->file->visual_anchor = vi->file->start.pos;
    vi->file->visual_head = vi->file->end.pos;
    return ok;
}

/* arg: 1 before, 2 cursor behind (gp), 4 with the line's indent (]p). */
bool vi_c_put(struct vi *vi, struct vi_cmd *cmd)
{
    unsigned flags =
        (cmd->row->arg & 1 ? PUT_BEFORE : 0) | (cmd->row->arg & 2 ? PUT_CURSOR_END : 0);
    if (vi_is_visual(vi)) {
        return put_over(vi, cmd, flags & ~(unsigned)PUT_BEFORE, cmd->row->arg == 1);
    }
    struct vi_register reg;
    if (!vi_register_read(vi, cmd->reg, &reg)) {
        return vi_say(vi, true, "nothing in register %c", cmd->reg == 0 ? '"' : cmd->reg);
    }
    if (cmd->row->arg & 4 && reg.kind == VI_LINES) {
        flags |= PUT_INDENT;
    }
    size_t columns = vi_indent_columns(vi, vi_here(vi));
    bool ok = vi_put(vi, &reg, cmd->count, flags);
    if (!vi->insert
             .once) { /* gp: not behind the last character, and that is what up and down aim at */
        vi_clamp(vi);
        vi_set_want(vi);
    }
    if (cmd->row->arg & 4 && reg.kind == VI_CHARS) {
        reindent_lines(vi, columns);
    }
    return ok;
}
