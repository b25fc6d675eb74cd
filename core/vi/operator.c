/* Operators: what they work on, and the ones that delete, yank, shift and join. The rules about
 * exclusive motions that end at a line's beginning are Vim's (:help exclusive). */
#include "vi/vi_rows.h"

static bool in_indent(struct vi *vi, struct vi_pos pos)
{
    return vi_indent_len(vi_line(vi, pos.line)) >= pos.col;
}

static size_t line_span(const struct vi_range *range)
{
    return range->end.line - range->start.line + 1;
}

/* An exclusive motion to the first column ends at the line before; from a line's indent on it is of
 * whole lines. */
static void adjust_end(struct vi *vi, struct vi_range *range, bool keep)
{
    if (range->kind != VI_CHARS || range->inclusive || keep || range->end.col != 0 ||
        range->visual || line_span(range) <= 1) {
        return;
    }
    range->end_adjusted = true;
    range->end.line--;
    if (in_indent(vi, range->start)) {
        range->kind = VI_LINES;
        return;
    }
    struct str line = vi_line(vi, range->end.line);
    range->end.col = vi_prev_col(line, line.len);
    range->inclusive = line.len > 0;
}

static void force_kind(struct vi *vi, struct vi_range *range, int force)
{
    range->force = force;
    if (force == 'V') {
        range->kind = VI_LINES;
    } else if (force == 'v') {
        range->inclusive = range->kind != VI_LINES && !range->inclusive;
        range->kind = VI_CHARS;
    } else if (force == VI_CTRL('v')) {
        vi_block_range(vi, range, range->start, range->end);
        range->kind = VI_BLOCK;
        range->visual = true;
    }
}

static void set_empty(struct vi *vi, struct vi_range *range, int op)
{
    bool on_end = op == OP_YANK && vi_char_at(vi, range->end) == 0;
    range->empty = range->kind == VI_CHARS && (!range->inclusive || on_end) &&
                   vi_same(range->start, range->end);
}

/* What ends on a line's end takes that along, but for operators on lines only. */
static void take_line_end(struct vi *vi, struct vi_range *range, int op)
{
    bool lines_only = op == OP_LEFT || op == OP_RIGHT || op == OP_INDENT || op == OP_FILTER ||
                      op == OP_COMMENT || op == OP_FORMAT || op == OP_JOIN || op == OP_JOIN_TIGHT ||
                      op == OP_FOLD || op == OP_FORMAT_KEEP;
    range->inclusive = false;
    if (!lines_only && range->end.line + 1 < vi_line_count(vi)) {
        range->end = (struct vi_pos){range->end.line + 1, 0};
    }
}

bool vi_op_motion(struct vi *vi, struct vi_cmd *cmd, struct vi_pos begin)
{
    struct vi_motion *motion = &vi->motion;
    struct vi_range range = {.start = motion->has_start ? motion->start : begin,
        .end = vi->cursor,
        .kind = motion->kind,
        .inclusive = motion->inclusive,
        .visual = motion->selects,
        .reg_one = motion->reg_one};
    if (vi_is_before(range.end, range.start)) {
        struct vi_pos end = range.start;
        range.start = range.end;
        range.end = end;
    }
    if (cmd->force != 0) {
        force_kind(vi, &range, cmd->force);
    }
    int op = cmd->op->arg;
    if (motion->selects && vi_char_at(vi, range.end) == 0) {
        take_line_end(vi, &range, op);
    }
    set_empty(vi, &range, op);
    adjust_end(vi, &range, motion->no_adjust || cmd->force == VI_CTRL('v'));
    bool keeps = op == OP_LEFT || op == OP_RIGHT ||
                 (op == OP_DELETE && range.kind == VI_LINES && !range.end_adjusted);
    if (keeps && !vi->options.startofline && !(cmd->row->flags & ROW_KEEP)) {
        vi->want = vi_column(vi, vi_line(vi, begin.line), begin.col, NULL);
    }
    vi->cursor = range.start;
    if (op != OP_YANK && op != OP_FOLD && op != OP_FILTER) {
        vi_remember(vi, cmd);
    }
    return vi_operate(vi, cmd, &range);
}

/* The selection as what an operator works on. Visual mode ends. */
static struct vi_range visual_range(struct vi *vi, int op)
{
    if (vi->mode == VI_VISUAL_LINE && !vi->repeating) {
        vi->anchor.col = 0;
    }
    struct vi_range range = {.start = vi->anchor, .end = vi->cursor, .visual = true};
    if (vi_is_before(range.end, range.start)) {
        range.start = vi->cursor;
        range.end = vi->anchor;
    }
    range.inclusive = true;
    if (vi->mode == VI_VISUAL_LINE) {
        range.kind = VI_LINES;
    } else if (vi->mode == VI_VISUAL_BLOCK) {
        vi_block_range(vi, &range, vi->anchor, vi->cursor);
        range.kind = VI_BLOCK;
    } else if (vi_char_at(vi, range.end) == 0) {
        take_line_end(vi, &range, op);
    }
    vi->mode = VI_NORMAL;
    return range;
}

static void note_shape(struct vi *vi, struct vi_shape *shape)
{
    struct vi_pos a = vi->anchor, b = vi->cursor;
    if (vi_is_before(b, a)) {
        a = vi->cursor;
        b = vi->anchor;
    }
    *shape = (struct vi_shape){.mode = vi->mode, .lines = b.line - a.line + 1};
    struct vi_range range = {.kind = VI_BLOCK};
    vi_block_range(vi, &range, vi->anchor, vi->cursor);
    if (vi->want == VI_LAST) {
        shape->columns = VI_LAST;
    } else if (vi->mode == VI_VISUAL_BLOCK) {
        shape->columns = range.right - range.left + 1;
    } else {
        size_t width, end = vi_column(vi, vi_line(vi, b.line), b.col, &width) + width - 1;
        size_t start = vi_column(vi, vi_line(vi, a.line), a.col, NULL);
        shape->columns = shape->lines <= 1 ? end - start + 1 : end;
    }
}

/* A selection of the same shape from the cursor on. */
static void apply_shape(struct vi *vi, const struct vi_shape *shape)
{
    size_t last = vi_line_count(vi) - 1, down = shape->lines - 1;
    size_t column = vi_column(vi, vi_here(vi), vi->cursor.col, NULL);
    vi->anchor = vi->cursor;
    vi->cursor.line = last - vi->cursor.line > down ? vi->cursor.line + down : last;
    vi->mode = shape->mode;
    if (shape->columns == VI_LAST) {
        vi->want = VI_LAST;
    } else if (shape->mode == VI_VISUAL && shape->lines > 1) {
        vi->want = shape->columns;
    } else if (shape->mode == VI_VISUAL_LINE) {
        vi->want = column;
    } else {
        vi->want = column + shape->columns - 1;
    }
    if (shape->mode == VI_VISUAL_BLOCK && shape->columns != VI_LAST) {
        vi->block_width = shape->columns;
    }
    vi_apply_want(vi);
}

static void to_end_of_block(struct vi *vi, int arg)
{
    if (arg & VI_OP_TO_END && vi->mode == VI_VISUAL_BLOCK) {
        vi->want = VI_LAST;
    }
}

bool vi_op_visual_now(struct vi *vi, struct vi_cmd *cmd)
{
    int arg = cmd->row->arg, op = arg & 0xff;
    if (arg & VI_OP_LINES && vi->mode != VI_VISUAL_BLOCK) {
        vi->mode = VI_VISUAL_LINE;
    }
    if (arg & VI_OP_ALL_LINES) {
        vi->mode = VI_VISUAL_LINE;
    }
    to_end_of_block(vi, arg);
    vi->visual_column = vi->anchor.col;
    size_t low = vi_is_before(vi->cursor, vi->anchor) ? vi->cursor.col : vi->anchor.col;
    struct vi_range range = visual_range(vi, op);
    vi->block_width = 0;
    set_empty(vi, &range, op);
    vi->cursor = range.start;
    bool ok = vi_operate(vi, cmd, &range);
    if (!ok && vi->repeating && vi->mode == VI_NORMAL) {
        vi->cursor.col = low;
        vi_clamp(vi);
    }
    return ok;
}

bool vi_op_visual(struct vi *vi, struct vi_cmd *cmd)
{
    int op = cmd->row->arg & 0xff;
    if (vi->repeating) {
        apply_shape(vi, &vi->repeat.shape);
    } else {
        to_end_of_block(vi, cmd->row->arg); /* gv has it so, too */
        vi_note_visual(vi);
        if (op != OP_YANK && op != OP_FOLD && op != OP_FILTER) {
            vi_remember(vi, cmd);
            vi->repeat.visual = true;
            note_shape(vi, &vi->repeat.shape);
        }
    }
    return vi_op_visual_now(vi, cmd);
}

/* Copies what the range covers. */
static void copy_range(struct vi *vi, struct vi_range *range, struct buf *out, size_t *width)
{
    *width = 0;
    if (range->kind == VI_LINES) {
        vi_copy_lines(vi, range->start.line, range->end.line, out);
    } else if (range->kind == VI_BLOCK) {
        vi_block_copy(vi, range, out);
        *width = range->right - range->left + 1 - (range->to_end && range->right > range->left);
    } else if (!range->empty) {
        struct vi_pos end = range->end;
        end.col = range->inclusive ? vi_next_col(vi_line(vi, end.line), end.col) : end.col;
        vi_copy(vi, range->start, end, out);
    }
}

void vi_yank(struct vi *vi, int reg, struct vi_range *range, bool del)
{
    struct buf bytes = BUF_INIT;
    size_t width;
    enum vi_kind kind = range->kind;
    copy_range(vi, range, &bytes, &width);
    /* From a line's indent to the end of another's blanks is yanked as lines. */
    bool whole = !del && kind == VI_CHARS && range->start.col == 0 && !range->inclusive &&
                 (!range->visual) && range->end.col == 0 && line_span(range) > 1;
    if (whole) {
        kind = VI_LINES;
    }
    if (!vi->failed) { /* stopped: not a part of it */
        vi_register_write(vi, reg, buf_str(&bytes), kind, width);
    }
    buf_free(&bytes);
}

/* The registers that a deletion fills. */
static void save_deleted(struct vi *vi, int reg, struct vi_range *range)
{
    bool lines = range->kind == VI_LINES || line_span(range) > 1 || range->reg_one;
    if (reg == '_') {
        return;
    }
    int named = vi->unnamed;
    if (reg != 0 && reg != '"') {
        vi_yank(vi, reg, range, true);
        named = vi->unnamed;
    }
    if (lines) {
        vi_registers_shift(vi);
        vi_yank(vi, '1', range, true);
    }
    if ((reg == 0 || reg == '"') && range->kind != VI_LINES && line_span(range) == 1) {
        vi_yank(vi, '-', range, true);
    }
    if (reg >= 'A' && reg <= 'Z') {
        vi->unnamed = named;
    }
}

/* Over several lines, leaving nothing but blanks: whole lines are meant. */
static void widen(struct vi *vi, struct vi_range *range)
{
    if (range->kind != VI_CHARS || range->visual || line_span(range) <= 1 || range->force != 0) {
        return;
    }
    struct str line = vi_line(vi, range->end.line);
    size_t at = range->inclusive ? vi_next_col(line, range->end.col) : range->end.col;
    struct str rest = str_from(line, at);
    if (vi_indent_len(rest) == rest.len && in_indent(vi, range->start)) {
        range->kind = VI_LINES;
    }
}

static bool change_lines(struct vi *vi, struct vi_range *range)
{
    size_t first = range->start.line, count = line_span(range);
    vi->cursor.line = first;
    if (count > 1) {
        vi_delete_lines(vi, first + 1, count - 1);
    }
    struct str line = vi_line(vi, first);
    size_t keep = vi->options.autoindent ? vi_indent_len(line) : 0;
    vi->insert.auto_indented = vi->options.autoindent;
    size_t start = text_line_start(vi->text, first);
    bool ok = vi_change(vi, start + keep, start + line.len, str_of(""));
    vi->cursor = (struct vi_pos){first, keep};
    if (count > 1) {
        vi_forget_line(vi);
    }
    return ok;
}

static bool delete_lines(struct vi *vi, struct vi_range *range)
{
    size_t first = range->start.line;
    bool ok = vi_delete_lines(vi, first, line_span(range));
    vi_forget_line(vi);
    size_t last = vi_line_count(vi) - 1;
    vi->cursor = (struct vi_pos){first < last ? first : last, 0};
    vi_land(vi);
    return ok;
}

bool vi_op_delete(struct vi *vi, int reg, struct vi_range *range, bool change)
{
    bool nothing = text_length(vi->text) == 0 || text_version(vi->text) == vi->file->emptied;
    if (range->empty || nothing) {
        return true;
    }
    if (!change) {
        widen(vi, range);
    }
    if (range->kind != VI_LINES && line_span(range) == 1 && !change &&
        vi_line_len(vi, range->start.line) == 0) {
        return true;
    }
    save_deleted(vi, reg, range);
    bool ok;
    vi->cursor = range->start;
    if (range->kind == VI_BLOCK) {
        ok = vi_block_delete(vi, range);
    } else if (range->kind == VI_LINES) {
        ok = change ? change_lines(vi, range) : delete_lines(vi, range);
    } else {
        struct vi_pos end = range->end;
        end.col = range->inclusive ? vi_next_col(vi_line(vi, end.line), end.col) : end.col;
        if (line_span(range) > 1) {
            vi_marks_join(
                vi, range->start.line + 1, end.line, range->start.line, range->start.col, 0);
        }
        vi->splits_line = true;
        ok = vi_cut(vi, range->start, end);
        vi->splits_line = false;
        vi->before.lines = line_span(range) > 1 ? LINES_SPLIT : vi->before.lines;
        vi->insert.once_behind = vi->cursor.col >= vi_here(vi).len; /* for what goes on there */
    }
    vi->file->start = vi->file->end = (struct vi_mark){.pos = range->start, .set = true};
    if (range->kind == VI_BLOCK) {
        vi->file->end.pos.line = range->end.line;
    }
    bool joined = range->kind == VI_CHARS && line_span(range) > 1;
    vi_note_change(vi, joined                    ? (struct vi_pos){range->start.line + 1, 0}
                       : range->kind == VI_LINES ? (struct vi_pos){range->start.line, 0}
                                                 : range->start);
    return ok;
}

void vi_set_indent(struct vi *vi, size_t line, size_t columns)
{
    struct str bytes = vi_line(vi, line);
    struct buf indent = BUF_INIT;
    vi_append_indent(vi, columns, &indent);
    size_t start = text_line_start(vi->text, line), len = vi_indent_len(bytes);
    if (!str_equal(buf_str(&indent), str_slice(bytes, 0, len))) {
        vi_change(vi, start, start + len, buf_str(&indent));
    }
    buf_free(&indent);
}

void vi_shift(struct vi *vi, size_t first, size_t last, bool right, size_t amount)
{
    size_t unit = vi->options.shiftwidth > 0 ? vi->options.shiftwidth : vi->options.tabstop;
    size_t by = unit * amount;
    vi_gather_begin(vi, last - first);
    for (size_t line = first; line <= last && vi_breathe(vi, line - first, last - first); line++) {
        struct str bytes = vi_line(vi, line);
        if (bytes.len == 0) {
            continue;
        }
        size_t now = vi_indent_columns(vi, bytes);
        if (vi->options.shiftround) {
            size_t steps = right ? now / unit + amount : (now + unit - 1) / unit;
            now = right ? steps * unit : (steps > amount ? (steps - amount) * unit : 0);
        } else {
            now = right ? now + by : (now > by ? now - by : 0);
        }
        vi_set_indent(vi, line, now);
    }
    vi_gather_end(vi);
}

bool vi_join(struct vi *vi, size_t first, size_t count, bool spaces)
{
    struct buf joined = BUF_INIT;
    size_t column = 0, first_len = vi_line_len(vi, first), joined_len;
    int last = 0; /* byte the piece before ended with */
    for (size_t i = 0; i < count; i++) {
        struct str piece = vi_line(vi, first + i);
        if (spaces && i > 0) {
            piece = str_from(piece, vi_indent_len(piece));
        }
        column = joined.len;
        if (spaces && i > 0 && piece.len > 0 && piece.ptr[0] != ')' && joined.len > 0 &&
            !vi_blank(last)) {
            buf_append_char(&joined, ' ');
        }
        if (i > 0) {
            long removed =
                (long)(vi_line_len(vi, first + i) - piece.len) - (long)(joined.len - column);
            vi_marks_join(vi, first + i, first + i, first, column, removed);
        }
        buf_append_str(&joined, piece);
        last = piece.len > 0 ? piece.ptr[piece.len - 1] : 0;
    }
    size_t from = text_line_start(vi->text, first);
    vi->joins = true;
    bool ok = vi_change(vi, from, text_line_end(vi->text, first + count - 1), buf_str(&joined));
    vi->joins = false;
    vi->file->start = (struct vi_mark){.pos = {first, first_len}, .set = true};
    joined_len = joined.len;
    vi->file->end = (struct vi_mark){.pos = {first, joined_len}, .set = true};
    buf_free(&joined);
    vi->cursor = (struct vi_pos){first, column};
    /* The lines that went are what changed last. */
    vi_note_change(
        vi, count > 1 ? (struct vi_pos){first + 1, 0} : (struct vi_pos){first, joined_len});
    return ok;
}

static bool join_range(struct vi *vi, struct vi_range *range, bool spaces)
{
    size_t count = line_span(range) < 2 ? 2 : line_span(range);
    if (range->start.line + count > vi_line_count(vi)) {
        return false;
    }
    return vi_join(vi, range->start.line, count, spaces);
}

static bool shift_range(struct vi *vi, struct vi_cmd *cmd, struct vi_range *range, bool right)
{
    size_t amount = range->visual ? cmd->count : 1;
    if (range->kind == VI_BLOCK) {
        return vi_block_shift(vi, range, right, amount);
    }
    vi_shift(vi, range->start.line, range->end.line, right, amount);
    vi->cursor = range->start;
    vi_land(vi);
    vi_note_change(vi, (struct vi_pos){range->start.line, 0});
    return true;
}

static bool indent_range(struct vi *vi, struct vi_range *range)
{
    size_t first = range->start.line, count = range->end.line - first + 1;
    for (size_t line = first; line <= range->end.line && vi_breathe(vi, line - first, count);
         line++) {
        size_t columns = vi_indent_columns(vi, vi_line(vi, line > 0 ? line - 1 : 0));
        if (line > 0 && vi->host->indent != NULL) {
            vi->host->indent(vi->data, line - 1, true, &columns);
        }
        vi_set_indent(vi, line, vi_line_len(vi, line) == 0 ? 0 : columns);
    }
    vi->cursor = range->start;
    vi_first_nonblank(vi);
    return true;
}

static bool change_range(struct vi *vi, struct vi_cmd *cmd, struct vi_range *range)
{
    vi->insert.auto_indented = false;
    if (range->kind == VI_BLOCK) {
        return vi_block_insert(vi, cmd, range, OP_CHANGE);
    }
    /* Undo goes back to the second of several lines, as in Vim, which takes those first. */
    if (range->kind == VI_LINES && line_span(range) > 1) {
        vi->cursor.line++;
    }
    if (range->kind == VI_LINES && range->visual && vi->repeating) {
        vi->cursor.col = vi->visual_column;
    }
    vi_change_open(vi);
    bool auto_indented = false;
    if (!range->empty) {
        vi_op_delete(vi, cmd->reg, range, true);
        auto_indented = vi->insert.auto_indented;
    }
    vi->mode = VI_INSERT; /* so that the cursor may stand behind the last character */
    vi_insert_begin(vi, 1, false);
    vi->insert.auto_indented = auto_indented;
    return true;
}

static bool yank_range(struct vi *vi, struct vi_cmd *cmd, struct vi_range *range)
{
    if (range->kind == VI_BLOCK) {
        vi->cursor = range->start;
    }
    if (cmd->reg == '_') {
        return true;
    }
    vi_yank(vi, cmd->reg, range, false);
    vi->file->start = (struct vi_mark){.pos = range->start, .set = true};
    vi->file->end = (struct vi_mark){.pos = range->end, .set = true};
    if (range->kind == VI_LINES) {
        vi->file->start.pos.col = 0;
        vi->file->end.pos.col = SIZE_MAX / 2;
    }
    return true;
}

static bool operate_chars(struct vi *vi, struct vi_cmd *cmd, struct vi_range *range, enum vi_op op)
{
    switch (op) {
    case OP_LOWER:
    case OP_UPPER:
    case OP_SWAP:
    case OP_ROT13:
        return vi_op_case(vi, range, op);
    case OP_REPLACE:
        return vi_op_replace(vi, range, cmd->ch);
    case OP_INSERT:
    case OP_APPEND:
        return vi_block_insert(vi, cmd, range, op);
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_ADD_MORE:
    case OP_SUBTRACT_MORE:
        return vi_op_add(vi, range, op, cmd->count);
    case OP_COMMENT:
        return vi_op_comment(vi, range->start.line, range->end.line);
    case OP_FORMAT:
        return vi_op_format(vi, range->start.line, range->end.line);
    case OP_FORMAT_KEEP: {
        struct vi_pos keep = vi->cursor;
        bool ok = vi_op_format(vi, range->start.line, range->end.line);
        vi->cursor = keep;
        return ok;
    }
    case OP_FOLD:
        return vi_say(vi, true, "folds are those of the grammar: zc closes one, zo opens it");
    default:
        return vi_say(vi, true, "lines are not given to other programs here");
    }
}

static bool operate(struct vi *vi, struct vi_cmd *cmd, struct vi_range *range)
{
    enum vi_op op = (enum vi_op)((cmd->op != NULL ? cmd->op : cmd->row)->arg & 0xff);
    bool ok;
    bool adds = op == OP_ADD || op == OP_SUBTRACT || op == OP_ADD_MORE || op == OP_SUBTRACT_MORE;
    bool joins = op == OP_JOIN || op == OP_JOIN_TIGHT; /* which may fail, and sees to the marks */
    if (op >= OP_LEFT && !adds && !joins) {
        vi->file->start = (struct vi_mark){.pos = range->start, .set = true};
        vi->file->end = (struct vi_mark){.pos = range->end, .set = true};
        if (range->kind == VI_LINES || op == OP_LEFT || op == OP_RIGHT || op == OP_INDENT) {
            bool moves = op == OP_LEFT || op == OP_RIGHT || op == OP_INDENT;
            vi->file->start.pos.col = moves || range->kind != VI_LINES ? range->start.col : 0;
            vi->file->end.pos.col = SIZE_MAX / 2;
        } else if (range->kind == VI_CHARS && !range->inclusive) {
            vi_dec(vi, &vi->file->end.pos);
        }
    }
    switch (op) {
    case OP_DELETE:
        ok = vi_op_delete(vi, cmd->reg, range, false);
        break;
    case OP_CHANGE:
        return change_range(vi, cmd, range);
    case OP_YANK:
        ok = yank_range(vi, cmd, range);
        break;
    case OP_LEFT:
    case OP_RIGHT:
        ok = shift_range(vi, cmd, range, op == OP_RIGHT);
        break;
    case OP_INDENT:
        ok = indent_range(vi, range);
        break;
    case OP_JOIN:
    case OP_JOIN_TIGHT:
        ok = join_range(vi, range, op == OP_JOIN);
        break;
    default:
        ok = operate_chars(vi, cmd, range, op);
        break;
    }
    if (vi->mode != VI_INSERT) {
        vi_clamp(vi);
        vi_set_want(vi);
    }
    return ok;
}

bool vi_operate(struct vi *vi, struct vi_cmd *cmd, struct vi_range *range)
{
    int op = (cmd->op != NULL ? cmd->op : cmd->row)->arg & 0xff;
    bool types = (op == OP_INSERT || op == OP_APPEND) && range->kind != VI_BLOCK; /* into one */
    vi->many_lines = line_span(range) > 1 && !types;
    vi->op_first = range->start.line;
    vi->op_last = range->end.line;
    bool ok = operate(vi, cmd, range);
    vi->many_lines = false;
    return ok;
}
