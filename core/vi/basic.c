/* Commands of normal and visual mode that are neither motion nor operator. */
#include "vi/vi_rows.h"

/* x is dl, D is d$, ...: the table's arg says which. */
bool vi_c_short(struct vi *vi, struct vi_cmd *cmd)
{
    static const struct {
        int key;
        const char *op, *motion;
    } shorts[] = {{'x', "vi.delete", "vi.right"}, {'X', "vi.delete", "vi.left"},
        {'D', "vi.delete", "vi.line-end"}, {'C', "vi.change", "vi.line-end"},
        {'s', "vi.change", "vi.right"}, {'S', "vi.change", NULL}, {'Y', "vi.yank", NULL}};
    for (size_t i = 0; i < ARRAY_LEN(shorts); i++) {
        if (shorts[i].key == cmd->row->arg) {
            return vi_run_as(vi, cmd, shorts[i].op, shorts[i].motion);
        }
    }
    return false;
}

bool vi_c_join(struct vi *vi, struct vi_cmd *cmd)
{
    size_t count = cmd->count < 2 ? 2 : cmd->count, lines = vi_line_count(vi);
    if (vi->cursor.line + count > lines) {
        if (count <= 2) {
            return false;
        }
        count = lines - vi->cursor.line;
    }
    cmd->count = count;
    bool ok = vi_join(vi, vi->cursor.line, count, cmd->row->arg == 0);
    vi_clamp(vi);
    vi_set_want(vi);
    return ok;
}

bool vi_c_repeat(struct vi *vi, struct vi_cmd *cmd)
{
    return vi_repeat_last(vi, cmd);
}

bool vi_cmd_record(struct vi *vi, struct vi_cmd *cmd)
{
    if (vi->depth > 0) {
        return true; /* a register that is played records nothing and ends nothing */
    }
    if (vi->recording != 0) {
        vi->recording = 0;
        return true;
    }
    bool ok = (cmd->ch >= 'a' && cmd->ch <= 'z') || (cmd->ch >= 'A' && cmd->ch <= 'Z') ||
              (cmd->ch >= '0' && cmd->ch <= '9') || cmd->ch == '"';
    if (!ok) {
        return false;
    }
    vi->recording = vi->last_macro_recorded = (int)cmd->ch;
    buf_clear(&vi->recorded);
    return true;
}

bool vi_c_play(struct vi *vi, struct vi_cmd *cmd)
{
    int name = (int)cmd->ch;
    if (name == '@') {
        name = vi->last_macro;
    }
    struct vi_register reg;
    if (name == ':') {
        struct buf line = BUF_INIT;
        buf_append_str(&line, buf_str(&vi->last_command));
        bool ok = line.len > 0 || vi_say(vi, true, "no : command was typed yet");
        for (size_t n = 0; ok && n < cmd->count; n++) {
            ok = vi_ex(vi, buf_str(&line));
        }
        buf_free(&line);
        vi->last_macro = ':';
        return ok;
    }
    if (name <= 0 || name > 127) {
        return vi_say(vi, true, "no macro was played yet: q and a letter records one");
    }
    if (!vi_register_read(vi, name, &reg)) {
        return vi_say(vi, true, "nothing in register %c to play", name);
    }
    vi->last_macro = name;
    struct buf keys = BUF_INIT;
    buf_append_str(&keys, buf_str(&reg.text)); /* in which a line's end is Ctrl-J */
    for (size_t n = 0; n < cmd->count && !vi->failed; n++) {
        vi_feed(vi, buf_str(&keys));
    }
    buf_free(&keys);
    return !vi->failed;
}

static void visual_start(struct vi *vi, enum vi_mode mode)
{
    vi->anchor = vi->cursor;
    vi->mode = mode;
    vi->block_width = 0;
}

/* arg: the mode. Again: leaves it; another one: changes to that. */
bool vi_c_visual(struct vi *vi, struct vi_cmd *cmd)
{
    enum vi_mode mode = (enum vi_mode)cmd->row->arg;
    if (vi->mode == mode) {
        vi_note_visual(vi);
        vi->mode = VI_NORMAL;
    } else if (vi_is_visual(vi)) {
        vi->mode = mode;
    } else if (cmd->has_count && vi->repeat.set && vi->repeat.shape.lines > 0) {
        visual_start(vi, mode);
        size_t last = vi_line_count(vi) - 1, down = vi->repeat.shape.lines * cmd->count - 1;
        if (vi->repeat.shape.lines > 1 || mode == VI_VISUAL_LINE) {
            vi->cursor.line = last - vi->cursor.line > down ? vi->cursor.line + down : last;
            vi_apply_want(vi);
        }
    } else {
        visual_start(vi, mode);
        if (cmd->has_count && mode == VI_VISUAL && cmd->count > 1) {
            struct vi_cmd right = {.count = cmd->count - 1, .row = vi_row_by_id("vi.right")};
            vi_m_right(vi, &right);
            vi_set_want(vi);
        } else if (cmd->has_count && cmd->count > 1) {
            vi_down(vi, cmd->count - 1);
        }
    }
    return true;
}

bool vi_c_reselect(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_file *file = vi->file;
    (void)cmd;
    size_t last = vi_line_count(vi) - 1;
    if (file->visual_mode == VI_NORMAL || file->visual_anchor.line > last ||
        file->visual_head.line == SIZE_MAX) {
        return false;
    }
    struct vi_pos anchor = file->visual_anchor, head = file->visual_head;
    enum vi_mode mode = file->visual_mode;
    size_t want = file->visual_want;
    if (vi_is_visual(vi)) {
        vi_note_visual(vi);
    }
    vi->mode = mode;
    vi->anchor = anchor;
    vi->cursor = head;
    vi_clamp(vi);
    vi->want = want;
    size_t len = vi_line_len(vi, vi->anchor.line);
    vi->anchor.col = vi->anchor.col < len ? vi->anchor.col : len;
    return true;
}

static void to_column(struct vi *vi, struct vi_pos *pos, size_t column)
{
    pos->col = vi_at_column(vi, vi_line(vi, pos->line), column, true);
}

/* The cursor goes to the block's right edge, or to the left when it was at the right. */
static void swap_corners(struct vi *vi)
{
    struct vi_range block = {.kind = VI_BLOCK};
    size_t old = vi->cursor.col;
    vi->want = 0; /* the edges are where the corners are */
    vi_block_range(vi, &block, vi->anchor, vi->cursor);
    to_column(vi, &vi->anchor, block.left);
    to_column(vi, &vi->cursor, block.right);
    vi->want = block.right;
    if (vi->cursor.col == old) {
        to_column(vi, &vi->anchor, block.right);
        to_column(vi, &vi->cursor, block.left);
        vi->want = block.left;
    }
}

/* arg: 0 o, 1 O (in a block: the other corner of the line). */
bool vi_c_other_end(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_pos head = vi->cursor;
    if (cmd->row->arg == 1 && vi->mode == VI_VISUAL_BLOCK) {
        swap_corners(vi);
        return true;
    }
    vi->cursor = vi->anchor;
    vi->anchor = head;
    vi_set_want(vi);
    return true;
}

/* arg: which of vi_host_actions. */
bool vi_c_host(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_pos begin = vi->cursor;
    const char *what = vi_host_actions[cmd->row->arg];
    if (cmd->row->flags & ROW_JUMP) {
        vi_jump_mark(vi);
    }
    bool ok = vi_act(vi, what, str_of(""), false, cmd->count);
    if (ok && vi->text != NULL && !vi_same(begin, vi->cursor)) {
        vi_set_want(vi);
    }
    return ok;
}

/* arg: 0 `:`; in visual mode with its lines as the range. */
bool vi_c_colon(struct vi *vi, struct vi_cmd *cmd)
{
    struct buf preset = BUF_INIT;
    if (vi_is_visual(vi)) {
        buf_append_c(&preset, "'<,'>");
    } else if (cmd->has_count) {
        buf_append_c(&preset, ".");
        if (cmd->count > 1) {
            buf_printf(&preset, ",.+%zu", cmd->count - 1);
        }
    }
    struct vi_cmd none = {.count = 1};
    vi_typing_begin(vi, ':', &none, buf_str(&preset));
    buf_free(&preset);
    return true;
}

/* arg: 0 ZZ, 1 ZQ. */
bool vi_c_leave(struct vi *vi, struct vi_cmd *cmd)
{
    return vi_ex(vi, cmd->row->arg == 0 ? STR_LIT("x") : STR_LIT("q!"));
}

/* arg: 0 &, 1 g&. */
bool vi_c_substitute_again(struct vi *vi, struct vi_cmd *cmd)
{
    (void)vi;
    return vi_ex(vi, cmd->row->arg == 0 ? STR_LIT("s") : STR_LIT("%s//~/&"));
}

bool vi_c_describe(struct vi *vi, struct vi_cmd *cmd)
{
    (void)cmd;
    int32_t c = vi_char(vi);
    struct buf one = BUF_INIT;
    vi_append_key(&one, c);
    vi_say(vi, false, "%s  U+%04X  %d", c == 0 ? "end of line" : one.ptr, (unsigned)c, c);
    buf_free(&one);
    return true;
}

/* On to the next byte that is no UTF-8. */
static bool to_bad_byte(struct vi *vi)
{
    size_t lines = vi_line_count(vi);
    for (size_t at = vi->cursor.line; at < lines && slow_breathe(at, lines); at++) {
        struct str line = vi_line(vi, at);
        size_t col = at == vi->cursor.line ? vi->cursor.col : 0, len;
        if (utf8_is_valid(line)) {
            continue;
        }
        for (; col < line.len; col += len) {
            if (utf8_decode(str_from(line, col), &len) == UTF8_INVALID) {
                vi->cursor = (struct vi_pos){at, col};
                vi_set_want(vi);
                return true;
            }
        }
    }
    return vi_say(vi, true, "from here on all is UTF-8");
}

/* g8 the bytes of a character, 8g8 to one that is none. */
bool vi_c_bytes(struct vi *vi, struct vi_cmd *cmd)
{
    if (cmd->count == 8) {
        return to_bad_byte(vi);
    }
    struct str line = vi_here(vi);
    size_t col = vi->cursor.col;
    struct buf bytes = BUF_INIT;
    for (size_t i = col; col < line.len && i < vi_next_col(line, col); i++) {
        buf_printf(&bytes, "%s%02x", i > col ? " " : "", (unsigned char)line.ptr[i]);
    }
    vi_say(vi, false, "%s", bytes.len == 0 ? "no character here" : bytes.ptr);
    buf_free(&bytes);
    return true;
}

bool vi_c_count(struct vi *vi, struct vi_cmd *cmd)
{
    (void)cmd;
    vi_say(vi, false, "line %zu of %zu, byte %zu of %zu", vi->cursor.line + 1, vi_line_count(vi),
        vi_cursor(vi) + 1, text_length(vi->text));
    return true;
}

bool vi_c_nothing(struct vi *vi, struct vi_cmd *cmd)
{
    (void)vi;
    (void)cmd;
    return true;
}
