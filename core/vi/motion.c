/* Motions: they move the cursor, and say what kind of motion it was where the table does not. */
#include "vi/vi_rows.h"

bool vi_down(struct vi *vi, size_t count)
{
    size_t last = vi_line_count(vi) - 1;
    if (vi->cursor.line >= last && count > 0) {
        return false;
    }
    vi->cursor.line = last - vi->cursor.line > count ? vi->cursor.line + count : last;
    vi_apply_want(vi);
    return true;
}

bool vi_up(struct vi *vi, size_t count)
{
    if (vi->cursor.line == 0 && count > 0) {
        return false;
    }
    vi->cursor.line = vi->cursor.line > count ? vi->cursor.line - count : 0;
    vi_apply_want(vi);
    return true;
}

/* arg: 1 goes on to the line before, as Backspace does. */
bool vi_m_left(struct vi *vi, struct vi_cmd *cmd)
{
    /* Where nothing moves, up and down still aim where they did. */
    vi->motion.keep_want = vi->cursor.col == 0 && cmd->row->arg == 0;
    for (size_t n = 0; n < cmd->count; n++) {
        if (vi->cursor.col > 0) {
            vi->cursor.col = vi_prev_col(vi_here(vi), vi->cursor.col);
        } else if (cmd->row->arg == 1 && vi->cursor.line > 0) {
            vi->cursor.line--;
            struct str line = vi_here(vi);
            vi->cursor.col = vi_is_visual(vi) ? line.len : vi_prev_col(line, line.len);
            bool cuts = cmd->op != NULL && (cmd->op->arg == OP_DELETE || cmd->op->arg == OP_CHANGE);
            if (cuts && line.len > 0) {
                vi->cursor.col = line.len;
                vi->motion.no_adjust = true;
            }
        } else {
            return n > 0 || cmd->op != NULL;
        }
    }
    return true;
}

/* At the end of a line; false: no further. arg 1 goes on to the next line, as Space does. */
static bool right_over_end(struct vi *vi, struct vi_cmd *cmd)
{
    if (cmd->row->arg == 1 && vi->cursor.line + 1 < vi_line_count(vi)) {
        if (cmd->op != NULL && !vi->motion.inclusive && vi_char(vi) != 0) {
            vi->motion.inclusive = true;
        } else {
            vi->cursor = (struct vi_pos){vi->cursor.line + 1, 0};
            vi->motion.inclusive = false;
        }
        return true;
    }
    if (cmd->op != NULL && vi_here(vi).len > 0) {
        vi->motion.inclusive = true;
    }
    return false;
}

bool vi_m_right(struct vi *vi, struct vi_cmd *cmd)
{
    bool past = vi_is_visual(vi);
    for (size_t n = 0; n < cmd->count; n++) {
        struct str line = vi_here(vi);
        size_t next = vi_next_col(line, vi->cursor.col);
        bool stuck = past ? vi->cursor.col >= line.len : next >= line.len;
        if (!stuck) {
            vi->cursor.col = next;
        } else if (!right_over_end(vi, cmd)) {
            return n > 0 || cmd->op != NULL;
        }
    }
    return true;
}

bool vi_m_down(struct vi *vi, struct vi_cmd *cmd)
{
    return vi_down(vi, cmd->count);
}

bool vi_m_up(struct vi *vi, struct vi_cmd *cmd)
{
    return vi_up(vi, cmd->count);
}

void vi_land(struct vi *vi)
{
    if (vi->options.startofline) {
        vi_first_nonblank(vi);
    } else {
        vi_apply_want(vi);
    }
}

/* arg: lines to go by are count + arg; 1 down, -1 up (one less: _). */
bool vi_m_line_start(struct vi *vi, struct vi_cmd *cmd)
{
    bool ok = cmd->row->arg == 0  ? cmd->count == 1 || vi_down(vi, cmd->count - 1)
              : cmd->row->arg > 0 ? vi_down(vi, cmd->count)
                                  : vi_up(vi, cmd->count);
    bool yanks = cmd->op != NULL && cmd->op->arg == OP_YANK && cmd->row->arg == 0;
    if (ok && !yanks) { /* y_ is yy, which leaves the cursor where it is */
        vi_first_nonblank(vi);
    }
    return ok;
}

bool vi_m_zero(struct vi *vi, struct vi_cmd *cmd)
{
    (void)cmd;
    vi->insert.once_at_end = false; /* after Ctrl-O in a line of one character, too */
    vi->cursor.col = 0;
    return true;
}

bool vi_m_nonblank(struct vi *vi, struct vi_cmd *cmd)
{
    (void)cmd;
    vi->insert.once_at_end = false;
    vi_first_nonblank(vi);
    return true;
}

bool vi_m_end(struct vi *vi, struct vi_cmd *cmd)
{
    vi->want = VI_LAST;
    if (cmd->count > 1) {
        return vi_down(vi, cmd->count - 1);
    }
    vi_apply_want(vi);
    return true;
}

bool vi_m_last_nonblank(struct vi *vi, struct vi_cmd *cmd)
{
    if (cmd->count > 1 && !vi_down(vi, cmd->count - 1)) {
        vi->want = VI_LAST;
        return false;
    }
    struct str line = vi_here(vi);
    size_t col = line.len;
    while (col > 0 && vi_blank(line.ptr[col - 1])) {
        col--;
    }
    vi->cursor.col = vi_prev_col(line, col);
    return true;
}

bool vi_m_column(struct vi *vi, struct vi_cmd *cmd)
{
    size_t column = cmd->has_count ? cmd->count - 1 : 0;
    vi->want = column;
    vi_apply_want(vi);
    vi->want = column;
    return true;
}

/* arg: 0 G (the last line), 1 gg (the first). */
bool vi_m_go_line(struct vi *vi, struct vi_cmd *cmd)
{
    size_t last = vi_line_count(vi) - 1, line = cmd->row->arg == 0 ? last : 0;
    if (cmd->has_count) {
        line = cmd->count - 1 < last ? cmd->count - 1 : last;
    }
    vi->cursor.line = line;
    vi_land(vi);
    return true;
}

bool vi_m_go_byte(struct vi *vi, struct vi_cmd *cmd)
{
    vi->cursor = vi_pos_of(vi, cmd->count - 1);
    struct str line = vi_here(vi);
    if (vi->cursor.col >= line.len) {
        vi->cursor.col = vi_prev_col(line, line.len);
    }
    vi_clamp(vi);
    return true;
}

bool vi_m_middle(struct vi *vi, struct vi_cmd *cmd)
{
    struct str line = vi_here(vi);
    size_t percent = cmd->has_count && cmd->count <= 100 ? cmd->count : 50;
    size_t width = vi_column(vi, line, line.len, NULL);
    vi->cursor.col = vi_at_column(vi, line, width * percent / 100, false);
    return true;
}

bool vi_m_percent(struct vi *vi, struct vi_cmd *cmd)
{
    if (cmd->has_count) {
        size_t lines = vi_line_count(vi);
        if (cmd->count > 100) {
            return false;
        }
        vi->cursor.line = (cmd->count * lines + 99) / 100 - 1;
        vi_land(vi);
        vi->motion.kind = VI_LINES;
        return true;
    }
    vi->motion.inclusive = true;
    vi->motion.reg_one = true;
    return vi_match_pair(vi, vi->cursor, &vi->cursor);
}

/* arg: the bracket. */
bool vi_m_unmatched(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_pos at = vi->cursor;
    size_t n = 0;
    while (n < cmd->count && vi_match_open(vi, at, cmd->row->arg, false, &at)) {
        n++;
    }
    vi->cursor = n > 0 ? at : vi->cursor;
    return n > 0;
}

/* An operator up to behind the last character of a line takes that character. */
static void adjust(struct vi *vi, struct vi_cmd *cmd)
{
    struct str line = vi_here(vi);
    if (vi->cursor.col > 0 && vi->cursor.col >= line.len && !vi_is_visual(vi)) {
        vi->cursor.col = vi_prev_col(line, line.len);
        vi->motion.inclusive = vi->motion.inclusive || cmd->op != NULL;
    }
}

/* arg: 1 back, 2 big, 4 end. */
bool vi_m_word(struct vi *vi, struct vi_cmd *cmd)
{
    bool back = cmd->row->arg & 1, big = cmd->row->arg & 2, end = cmd->row->arg & 4;
    bool op = cmd->op != NULL, stop = false;
    struct vi_pos begin = vi->cursor;
    vi->motion.aims = true;
    if (back) {
        return end ? vi_word_end_back(vi, cmd->count, big, false)
                   : vi_word_back(vi, cmd->count, big, false);
    }
    if (!end && op && cmd->op->arg == OP_CHANGE && vi_char(vi) != 0 && !vi_blank(vi_char(vi))) {
        end = stop = true;
        vi->motion.inclusive = true;
    }
    bool ok = end ? vi_word_end(vi, cmd->count, big, stop, false)
                  : vi_word_forward(vi, cmd->count, big, op);
    if (vi_is_before(begin, vi->cursor)) {
        adjust(vi, cmd);
    }
    return ok || op;
}

bool vi_m_sentence(struct vi *vi, struct vi_cmd *cmd)
{
    vi->motion.reg_one = vi->motion.aims = true;
    if (!vi_sentence(vi, cmd->row->arg == 0, cmd->count)) {
        return false;
    }
    adjust(vi, cmd);
    return true;
}

bool vi_m_paragraph(struct vi *vi, struct vi_cmd *cmd)
{
    vi->motion.reg_one = vi->motion.aims = true;
    return vi_paragraph(vi, cmd->row->arg == 0, cmd->count, 0, false, &vi->motion.inclusive);
}

/* arg: 1 back, 2 ends of sections ('}'). */
bool vi_m_section(struct vi *vi, struct vi_cmd *cmd)
{
    bool back = cmd->row->arg & 1;
    int32_t what = cmd->row->arg & 2 ? '}' : '{';
    vi->motion.aims = true;
    bool both = cmd->op != NULL && !back && what == '{';
    if (!vi_paragraph(vi, !back, cmd->count, what, both, &vi->motion.inclusive)) {
        return false;
    }
    if (cmd->op == NULL) {
        vi_first_nonblank(vi);
    }
    return true;
}

/* `stop`: the very next character counts too. */
static bool find_char(struct vi *vi, struct vi_cmd *cmd, bool forward, bool stop)
{
    struct str line = vi_here(vi);
    size_t line_number = vi->cursor.line, col = vi->cursor.col;
    for (size_t n = cmd->count; n > 0;) {
        if (forward ? vi_next_col(line, col) >= line.len : col == 0) {
            return false;
        }
        col = forward ? vi_next_col(line, col) : vi_prev_col(line, col);
        if (vi_char_at(vi, (struct vi_pos){line_number, col}) == vi->find.ch && stop) {
            n--;
        }
        stop = true;
    }
    if (vi->find.till) {
        col = forward ? vi_prev_col(line, col) : vi_next_col(line, col);
    }
    vi->cursor.col = col;
    vi->motion.inclusive = forward;
    return true;
}

/* arg: 1 back, 2 till. */
bool vi_m_find(struct vi *vi, struct vi_cmd *cmd)
{
    vi->find.ch = cmd->ch;
    vi->find.forward = !(cmd->row->arg & 1);
    vi->find.till = (cmd->row->arg & 2) != 0;
    return find_char(vi, cmd, vi->find.forward, true);
}

/* arg: 1 the other way. A repeated t looks past the character it stands before. */
bool vi_m_find_again(struct vi *vi, struct vi_cmd *cmd)
{
    bool forward = vi->find.forward != (cmd->row->arg == 1);
    return vi->find.ch != 0 && find_char(vi, cmd, forward, !(vi->find.till && cmd->count == 1));
}

/* arg: '\'' to the line, '`' to the place. */
bool vi_m_mark(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_pos to;
    const char *path = NULL;
    if (!vi_mark_get(vi, cmd->ch, &to, &path)) {
        return vi_say(vi, true, "mark %c is not set", cmd->ch < 128 ? (char)cmd->ch : '?');
    }
    if (path != NULL) {
        struct err err = {0};
        if (cmd->op != NULL || vi->host->open == NULL ||
            !vi->host->open(vi->data, path, to.line, to.col, &err)) {
            return vi_say(
                vi, true, "%s", err.text[0] != '\0' ? err.text : "that mark is in another file");
        }
        return true;
    }
    vi->cursor = to;
    vi->motion.reg_one = cmd->row->arg != '\'';
    if (cmd->row->arg == '\'') {
        vi_first_nonblank(vi);
    } else {
        struct str line = vi_here(vi);
        vi->cursor.col = vi->cursor.col < line.len ? vi->cursor.col : vi_prev_col(line, line.len);
    }
    return true;
}

/* arg: 0 H, 1 M, 2 L. */
bool vi_m_screen(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_window at = vi_window_now(vi);
    size_t last = vi_line_count(vi) - 1, bottom = at.top + at.rows - 1;
    bottom = bottom < last ? bottom : last;
    size_t line = at.top + (bottom - at.top) / 2;
    if (cmd->row->arg != 1) {
        size_t by = cmd->count - 1 < bottom - at.top ? cmd->count - 1 : bottom - at.top;
        line = cmd->row->arg == 0 ? at.top + by : bottom - by;
    }
    vi->cursor.line = line;
    vi_land(vi);
    return true;
}

/* The screen's row that the cursor is in, or `by` 1 or -1 from one at an offset. Without a screen a
 * row has 80 columns. */
static bool screen_row(struct vi *vi, size_t at, int by, struct vi_screen_row *out)
{
    if (vi->host->screen_row == NULL) {
        size_t line = text_line_of(vi->text, at);
        *out = (struct vi_screen_row){.start = text_line_start(vi->text, line),
            .end = text_line_end(vi->text, line),
            .width = 80};
        return by == 0;
    }
    return vi->host->screen_row(vi->data, at, by, out) &&
           text_line_of(vi->text, out->start) < vi_line_count(vi);
}

/* The column of the line that stands at a column of the row. */
static size_t column_in(const struct vi_screen_row *row, size_t column)
{
    return row->column + (column > row->indent ? column - row->indent : 0);
}

/* Onto the character at a column of the row, or the row's last. */
static void land_in(struct vi *vi, const struct vi_screen_row *row, size_t column)
{
    vi->cursor.line = text_line_of(vi->text, row->start);
    struct str line = vi_here(vi);
    size_t start = text_line_start(vi->text, vi->cursor.line);
    size_t from = row->start - start, to = row->end - start;
    size_t col = vi_at_column(vi, line, column_in(row, column), vi_is_visual(vi));
    bool goes_on = vi->options.wrap && to < line.len;
    col = goes_on && col >= to ? vi_prev_col(line, to) : col;
    vi->cursor.col = col > from ? col : from;
}

/* gj and gk: up and down aim at a column of the row, and of the line, on the way through short
 * ones, or stay at the rows' ends. */
static bool screen_go(struct vi *vi, bool down, size_t count)
{
    struct vi_screen_row row;
    bool at_end = vi->want == VI_LAST, ok = screen_row(vi, vi_cursor(vi), 0, &row);
    if (!ok) {
        return false;
    }
    size_t here = vi_column(vi, vi_here(vi), vi->cursor.col, NULL);
    size_t want = vi->want >= row.column ? vi->want : here, column = row.width - 1;
    bool again = vi_same(vi->screen.at, vi->cursor) && vi->screen.want == vi->want;
    if (!at_end && again) {
        column = vi->screen.column;
    } else if (!at_end && want - row.column + row.indent < column) {
        column = want - row.column + row.indent;
    }
    for (; ok && count > 0; count--) {
        struct vi_screen_row next;
        ok = screen_row(vi, row.start, down ? 1 : -1, &next);
        row = ok ? next : row;
    }
    land_in(vi, &row, column);
    vi->want = at_end ? VI_LAST : column_in(&row, column);
    vi->screen.at = vi->cursor;
    vi->screen.want = vi->want;
    vi->screen.column = column;
    vi->motion.keep_want = true;
    vi->motion.inclusive = at_end;
    return ok;
}

/* Without wrapping a row is a line. */
static bool line_go(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_cmd as = *cmd;
    as.row = vi_row_by_id(cmd->row->arg == VI_SCREEN_DOWN ? "vi.down" : "vi.up");
    vi->motion.kind = VI_LINES;
    vi->motion.keep_want = true;
    return as.row->run(vi, &as);
}

/* arg: enum vi_screen. */
bool vi_m_display(struct vi *vi, struct vi_cmd *cmd)
{
    enum vi_screen how = (enum vi_screen)cmd->row->arg;
    bool rows = vi->options.wrap && vi->host->screen_row != NULL;
    if (how == VI_SCREEN_DOWN || how == VI_SCREEN_UP) {
        return rows ? screen_go(vi, how == VI_SCREEN_DOWN, cmd->count) : line_go(vi, cmd);
    }
    if (how == VI_SCREEN_END && cmd->count > 1 && rows) {
        vi->want = VI_LAST;
        bool ok = screen_go(vi, true, cmd->count - 1);
        vi->motion.inclusive = true;
        return ok;
    }
    if (how == VI_SCREEN_END && cmd->count > 1) {
        (void)vi_down(vi, cmd->count - 1); /* as far as there are lines */
    }
    struct vi_screen_row row;
    if (!screen_row(vi, vi_cursor(vi), 0, &row)) {
        return false;
    }
    size_t column = how == VI_SCREEN_END      ? row.width - 1
                    : how == VI_SCREEN_MIDDLE ? row.width / 2
                                              : 0;
    land_in(vi, &row, column);
    struct str line = vi_here(vi);
    while (how == VI_SCREEN_NONBLANK && vi_blank(vi_char(vi)) &&
           vi_next_col(line, vi->cursor.col) < line.len) {
        vi->cursor.col = vi_next_col(line, vi->cursor.col);
    }
    return true;
}
