/* Keys of normal and visual mode put together: ["x][count]operator[count]motion and the like. The
 * table says what the keys mean; here is only how they combine. */
#include "vi/vi_rows.h"

#define COUNT_MAX 99999999

void vi_cmd_free(struct vi_cmd *cmd)
{
    buf_free(&cmd->line);
    *cmd = (struct vi_cmd){.count = 1};
}

void vi_cmd_copy(struct vi_cmd *to, const struct vi_cmd *from)
{
    struct buf line = BUF_INIT;
    buf_append_str(&line, buf_str(&from->line));
    vi_cmd_free(to);
    *to = *from;
    to->line = line;
}

void vi_cmd_clear(struct vi *vi)
{
    vi_cmd_free(&vi->cmd);
    vi->seq_len = 0;
    vi->want_char = vi->want_register = vi->counting = false;
    vi->op_has_count = false;
    vi->op_count = 1;
    buf_clear(&vi->pending);
}

static unsigned mask_now(const struct vi *vi)
{
    if (vi->cmd.op != NULL) {
        return ROW_MOTION | ROW_OBJECT;
    }
    return vi_is_visual(vi) ? ROW_MOTION | ROW_OBJECT | ROW_OPERATOR | ROW_VISUAL
                            : ROW_MOTION | ROW_OPERATOR | ROW_NORMAL;
}

void vi_remember(struct vi *vi, const struct vi_cmd *cmd)
{
    if (vi->repeating) {
        return;
    }
    vi_cmd_copy(&vi->repeat.cmd, cmd);
    vi->repeat.visual = false;
    vi->repeat.set = true;
    buf_clear(&vi->repeat.inserted);
}

static bool move(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_pos begin = vi->cursor;
    unsigned flags = cmd->row->flags;
    vi->motion = (struct vi_motion){.kind = flags & ROW_LINEWISE ? VI_LINES : VI_CHARS,
        .inclusive = (flags & ROW_INCLUSIVE) != 0};
    bool ok = cmd->row->run(vi, cmd);
    if (ok && (flags & ROW_JUMP) && vi->file != NULL) {
        struct vi_pos now = vi->cursor;
        vi->cursor = begin;
        vi_jump_mark(vi);
        vi->cursor = now;
    }
    if (cmd->op == NULL) {
        vi_clamp(vi);
    }
    bool moved = ok || vi->motion.aims || !vi_same(begin, vi->cursor) || (flags & ROW_OBJECT) != 0;
    if (!(flags & ROW_KEEP) && !vi->motion.keep_want && moved) {
        vi_set_want(vi);
    }
    if (vi_is_visual(vi) && ok && vi->motion.has_start) {
        vi->anchor = vi->motion.start;
    }
    return ok || vi_fail(vi);
}

/* dd, >>, gUU: whole lines from the cursor's on. */
static bool lines_motion(struct vi *vi, size_t count, int op)
{
    vi->motion = (struct vi_motion){.kind = VI_LINES};
    if (!vi_down(vi, count - 1)) { /* also where it stays: to the column that is aimed at */
        return vi_fail(vi);
    }
    if (op != OP_YANK) {
        vi_land(vi);
    }
    return true;
}

static bool run(struct vi *vi, struct vi_cmd *cmd)
{
    if (cmd->op != NULL) {
        struct vi_pos begin = vi->cursor;
        bool ok = cmd->doubled ? lines_motion(vi, cmd->count, cmd->op->arg) : move(vi, cmd);
        if (!ok) {
            vi_clamp(vi);
            return false;
        }
        return vi_op_motion(vi, cmd, begin);
    }
    unsigned flags = cmd->row->flags;
    if (vi_is_visual(vi) && flags & ROW_OPERATOR) {
        return vi_op_visual(vi, cmd);
    }
    if (flags & (ROW_MOTION | ROW_OBJECT)) {
        return move(vi, cmd);
    }
    bool ok = cmd->row->run(vi, cmd);
    bool remembers = ok || cmd->row->run == vi_c_add || cmd->row->run == vi_c_put;
    if (remembers && cmd->row->flags & ROW_REPEAT) {
        vi_remember(vi, cmd);
    }
    return ok || vi_fail(vi);
}

bool vi_run(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_file *file = vi->file;
    bool ok = run(vi, cmd);
    if (vi->file == file && vi->insert.open && vi->mode != VI_NORMAL) {
        vi->insert.checks_jump = true; /* when what the command began is at its end */
    } else if (vi->file == file) {
        vi_check_jump(vi);
    }
    return ok;
}

bool vi_run_as(struct vi *vi, struct vi_cmd *cmd, const char *op, const char *motion)
{
    struct vi_cmd as = {.count = cmd->count, .has_count = cmd->has_count, .reg = cmd->reg};
    as.op = vi_row_by_id(op);
    as.row = motion == NULL ? as.op : vi_row_by_id(motion);
    as.doubled = motion == NULL;
    return vi_run(vi, &as);
}

static void feed_inserted(struct vi *vi)
{
    struct buf keys = BUF_INIT, done = BUF_INIT;
    buf_append_str(&keys, buf_str(&vi->repeat.inserted));
    struct str rest = buf_str(&keys);
    while (rest.len > 0 && (vi->mode == VI_INSERT || vi->mode == VI_REPLACE)) {
        int32_t key = vi_take_key(&rest);
        if (!vi_insert_does_nothing(vi, key)) {
            vi_append_key(&done, key); /* what does nothing is not done the next time */
        }
        vi_insert_key(vi, key);
    }
    buf_append_str(&done, rest);
    buf_clear(&vi->repeat.inserted);
    buf_append_str(&vi->repeat.inserted, buf_str(&done));
    buf_free(&done);
    if (vi->mode == VI_INSERT || vi->mode == VI_REPLACE) {
        vi_insert_end(vi);
    }
    buf_free(&keys);
}

bool vi_repeat_last(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_repeat *repeat = &vi->repeat;
    if (!repeat->set || vi->repeating) {
        return false;
    }
    size_t count = repeat->cmd.count;
    bool has_count = repeat->cmd.has_count;
    if (cmd->has_count && !repeat->visual) {
        repeat->cmd.count = cmd->count;
        repeat->cmd.has_count = true;
    }
    if (repeat->cmd.reg >= '1' && repeat->cmd.reg < '9') {
        repeat->cmd.reg++;
    }
    struct vi_cmd again = {.count = 1};
    vi_cmd_copy(&again, &repeat->cmd);
    vi->repeating = true;
    bool ok = repeat->visual ? vi_op_visual(vi, &again) : vi_run(vi, &again);
    if (vi->mode == VI_INSERT || vi->mode == VI_REPLACE) {
        feed_inserted(vi);
    }
    vi->repeating = false;
    if (!ok) {
        repeat->cmd.count = count; /* a count that led nowhere is not kept */
        repeat->cmd.has_count = has_count;
    }
    vi_cmd_free(&again);
    return ok;
}

/* The command is whole. */
static void finish(struct vi *vi)
{
    struct vi_cmd cmd = vi->cmd;
    vi->cmd = (struct vi_cmd){.count = 1};
    if (vi->op_has_count) {
        cmd.count *= vi->op_count;
        cmd.count = cmd.count < COUNT_MAX ? cmd.count : COUNT_MAX;
        cmd.has_count = true;
    }
    vi_cmd_clear(vi);
    vi_run(vi, &cmd);
    vi_cmd_free(&cmd);
    vi_insert_resume(vi);
}

static void cancel(struct vi *vi)
{
    bool had = vi->pending.len > 0;
    vi_cmd_clear(vi);
    if (!had && vi_is_visual(vi)) {
        vi_note_visual(vi);
        vi->mode = VI_NORMAL;
        vi_clamp(vi);
        vi_set_want(vi);
    }
    vi_insert_resume(vi);
}

static void take(struct vi *vi, const struct vi_row *row)
{
    vi->seq_len = 0;
    vi->counting = false;
    bool stops = row->run == vi_cmd_record && (vi->recording != 0 || vi->depth > 0);
    if (row->flags & ROW_OPERATOR && vi->cmd.op == NULL && !vi_is_visual(vi)) {
        vi->cmd.op = row;
        vi->op_count = vi->cmd.count;
        vi->op_has_count = vi->cmd.has_count;
        vi->cmd.count = 1;
        vi->cmd.has_count = false;
        return;
    }
    vi->cmd.row = row;
    if (row->flags & ROW_CHAR && !stops) {
        vi->want_char = true;
    } else if (row->flags & ROW_LINE) {
        struct vi_cmd cmd = vi->cmd;
        if (vi->op_has_count) {
            cmd.count *= vi->op_count;
            cmd.has_count = true;
        }
        vi->cmd = (struct vi_cmd){.count = 1};
        vi_typing_begin(vi, row->arg, &cmd, str_of(""));
    } else {
        finish(vi);
    }
}

/* The operator's own keys again: "dd", "gUU", "gUgU", "gcc". */
static bool is_doubled(const struct vi *vi)
{
    for (size_t i = 0; i < vi->bindings.len; i++) {
        const struct vi_binding *binding = &vi->bindings.items[i];
        if (binding->row != vi->cmd.op) {
            continue;
        }
        if (vi->seq_len == 1 && vi->seq[0] == binding->keys[binding->len - 1]) {
            return true;
        }
        if (vi->seq_len == binding->len &&
            memcmp(vi->seq, binding->keys, binding->len * sizeof vi->seq[0]) == 0) {
            return true;
        }
    }
    return false;
}

static bool take_count(struct vi *vi, int32_t key)
{
    bool digit = (key >= '1' && key <= '9') || (key == '0' && vi->counting);
    if (!digit || vi->seq_len > 0) {
        return false;
    }
    size_t value = (vi->counting ? vi->cmd.count * 10 : 0) + (size_t)(key - '0');
    vi->cmd.count = value < COUNT_MAX ? value : COUNT_MAX;
    vi->cmd.has_count = vi->counting = true;
    return true;
}

static void look(struct vi *vi, int32_t key)
{
    vi->seq[vi->seq_len++] = key;
    if (vi->cmd.op != NULL && is_doubled(vi)) {
        vi->cmd.row = vi->cmd.op;
        vi->cmd.doubled = true;
        finish(vi);
        return;
    }
    bool more = false;
    const struct vi_row *row = vi_lookup(vi, vi->seq, vi->seq_len, mask_now(vi), &more);
    if (row != NULL) {
        take(vi, row);
    } else if (!more || vi->seq_len == ARRAY_LEN(vi->seq)) {
        struct buf keys = BUF_INIT;
        vi_append_pending(vi, &keys);
        vi_cmd_clear(vi);
        vi_say(vi, true, "\"%s\" is no command here; :help lists them", keys.ptr);
        buf_free(&keys);
        vi_insert_resume(vi);
    }
}

void vi_normal_key(struct vi *vi, int32_t key)
{
    if (key == VI_ESC || key == VI_CTRL('c')) {
        bool idle = vi->pending.len == 0 && !vi_is_visual(vi);
        cancel(vi);
        if (idle && key == VI_CTRL('c') && vi->mode == VI_NORMAL) {
            vi_say(vi, false, ":q closes the file, :qa all of them and the program");
        }
        return;
    }
    vi_append_key(&vi->pending, key);
    if (vi->want_register) {
        vi->want_register = false;
        vi->cmd.reg = key < 128 ? (int)key : 0;
        if (!vi_register_ok(vi->cmd.reg, false)) {
            vi_cmd_clear(vi);
            vi_fail(vi);
        }
        return;
    }
    if (vi->want_char) {
        vi->want_char = false;
        vi->cmd.ch = key;
        finish(vi);
        return;
    }
    if (take_count(vi, key)) {
        return;
    }
    if (vi->seq_len == 0 && key == '"' && vi->cmd.op == NULL) {
        vi->want_register = true;
        return;
    }
    if (vi->seq_len == 0 && vi->cmd.op != NULL &&
        (key == 'v' || key == 'V' || key == VI_CTRL('v'))) {
        vi->cmd.force = key;
        return;
    }
    look(vi, key);
}
