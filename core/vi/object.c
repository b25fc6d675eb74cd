/* Text objects: they set where the motion begins and leave the cursor at its end. */
#include "vi/vi_rows.h"

static bool fresh(const struct vi *vi)
{
    return !vi_is_visual(vi) || vi_same(vi->cursor, vi->anchor);
}

static void begin_at(struct vi *vi, struct vi_pos start)
{
    vi->motion.has_start = true;
    vi->motion.start = start;
}

static void to_chars(struct vi *vi)
{
    if (vi->mode == VI_VISUAL_LINE) {
        vi->mode = VI_VISUAL;
    }
}

static int class_here(struct vi *vi, bool big)
{
    return vi_class(vi_char(vi), big);
}

static void back_in_line(struct vi *vi, bool big)
{
    int class = class_here(vi, big);
    struct str line = vi_here(vi);
    while (vi->cursor.col > 0) {
        struct vi_pos before = {vi->cursor.line, vi_prev_col(line, vi->cursor.col)};
        if (vi_class(vi_char_at(vi, before), big) != class) {
            return;
        }
        vi->cursor = before;
    }
}

static bool one_left(struct vi *vi)
{
    if (vi->cursor.col == 0) {
        return false;
    }
    vi->cursor.col = vi_prev_col(vi_here(vi), vi->cursor.col);
    return true;
}

static bool word_back_more(struct vi *vi, bool around, bool big)
{
    if (vi_decl(vi, &vi->cursor) == -1) {
        return false;
    }
    if (around != (class_here(vi, big) != 0)) {
        return vi_word_back(vi, 1, big, true);
    }
    if (!vi_word_end_back(vi, 1, big, true)) {
        return false;
    }
    vi_incl(vi, &vi->cursor);
    return true;
}

static bool word_more(struct vi *vi, bool around, bool big, size_t left, bool *inclusive)
{
    *inclusive = true;
    if (vi_is_visual(vi) && vi_is_before(vi->cursor, vi->anchor)) {
        return word_back_more(vi, around, big);
    }
    if (vi_incl(vi, &vi->cursor) == -1) {
        return false;
    }
    if (around == (class_here(vi, big) == 0)) {
        return vi_word_end(vi, 1, big, true, true);
    }
    if (!vi_word_forward(vi, 1, big, true) && left > 1) {
        return false;
    }
    if (!one_left(vi)) {
        *inclusive = false;
    }
    return true;
}

/* Blanks before the word, when there were none behind it. */
static void word_blanks_before(struct vi *vi, struct vi_pos start, bool big)
{
    struct vi_pos end = vi->cursor;
    vi->cursor = start;
    if (one_left(vi)) {
        back_in_line(vi, big);
        if (class_here(vi, big) == 0 && vi->cursor.col > 0) {
            begin_at(vi, vi->cursor);
        }
    }
    vi->cursor = end;
}

bool vi_object_word(struct vi *vi, struct vi_cmd *cmd)
{
    bool around = (cmd->row->arg & 1) != 0, big = (cmd->row->arg & 2) != 0;
    bool with_blanks = false, inclusive = true;
    size_t count = cmd->count;
    struct vi_pos start = vi->cursor;
    if (fresh(vi)) {
        back_in_line(vi, big);
        start = vi->cursor;
        if ((class_here(vi, big) == 0) == around) {
            if (!vi_word_end(vi, 1, big, true, true)) {
                return false;
            }
        } else {
            vi_word_forward(vi, 1, big, true);
            if (vi->cursor.col == 0) {
                vi_decl(vi, &vi->cursor);
            } else {
                one_left(vi);
            }
            with_blanks = around;
        }
        begin_at(vi, start);
        vi->anchor = vi_is_visual(vi) ? start : vi->anchor; /* also when there are too few */
        count--;
    }
    for (; count > 0; count--) {
        if (!word_more(vi, around, big, count, &inclusive)) {
            return false;
        }
    }
    if (with_blanks && (class_here(vi, big) != 0 || (vi->cursor.col == 0 && !inclusive))) {
        word_blanks_before(vi, start, big);
    }
    vi->motion.inclusive = inclusive;
    to_chars(vi);
    return true;
}

static void first_blank(struct vi *vi, struct vi_pos *pos)
{
    while (vi_decl(vi, pos) != -1) {
        if (!vi_blank(vi_char_at(vi, *pos))) {
            vi_incl(vi, pos);
            return;
        }
    }
}

static void sentences_forward(struct vi *vi, size_t count, bool at_start)
{
    while (count-- > 0) {
        vi_sentence(vi, true, 1);
        if (at_start) {
            first_blank(vi, &vi->cursor);
        }
        if (count == 0 || at_start) {
            vi_decl(vi, &vi->cursor);
        }
        at_start = !at_start;
    }
}

/* Whether there are only blanks from pos up to the cursor; pos moves on. */
static bool blanks_to_cursor(struct vi *vi, struct vi_pos pos)
{
    while (vi_is_before(pos, vi->cursor)) {
        if (!vi_blank(vi_char_at(vi, pos))) {
            return false;
        }
        vi_incl(vi, &pos);
    }
    return true;
}

static void sentence_extend_back(struct vi *vi, struct vi_pos from, size_t count, bool around)
{
    struct vi_pos pos = from;
    vi_decl(vi, &pos);
    bool at_start = blanks_to_cursor(vi, pos);
    if (!at_start) {
        vi_sentence(vi, false, 1);
        if (vi_same(vi->cursor, from)) {
            at_start = true;
        } else {
            vi_sentence(vi, true, 1);
        }
    }
    for (count *= around ? 2 : 1; count > 0; count--) {
        if (at_start) {
            first_blank(vi, &vi->cursor);
        }
        if (!at_start || (!around && !vi_blank(vi_char(vi)))) {
            vi_sentence(vi, false, 1);
        }
        at_start = !at_start;
    }
}

static void sentence_extend(struct vi *vi, struct vi_pos from, size_t count, bool around)
{
    if (vi_is_before(from, vi->anchor)) {
        sentence_extend_back(vi, from, count, around);
        return;
    }
    struct vi_pos pos = from;
    vi_incl(vi, &pos);
    bool at_start = true;
    if (!vi_same(pos, vi->cursor)) {
        at_start = !blanks_to_cursor(vi, pos);
        if (at_start) {
            vi_sentence(vi, false, 1);
        } else {
            vi->cursor = from;
        }
    }
    sentences_forward(vi, around ? count * 2 : count, at_start);
}

/* The blanks that "as" takes along, at the end or else in front. */
static void sentence_blanks(struct vi *vi, bool from_blank, struct vi_pos *start)
{
    if (from_blank) {
        first_blank(vi, &vi->cursor);
        if (vi_blank(vi_char(vi))) {
            vi_decl(vi, &vi->cursor);
        }
    } else if (!vi_blank(vi_char(vi))) {
        first_blank(vi, start);
    }
}

bool vi_object_sentence(struct vi *vi, struct vi_cmd *cmd)
{
    bool around = cmd->row->arg & 1;
    struct vi_pos start = vi->cursor, pos = start, from = start;
    vi_sentence(vi, true, 1);
    if (vi_is_visual(vi) && !vi_same(from, vi->anchor)) {
        sentence_extend(vi, from, cmd->count, around);
        return true;
    }
    while (vi_blank(vi_char_at(vi, pos)) && vi_incl(vi, &pos) != -1) {
    }
    bool from_blank = vi_same(pos, vi->cursor);
    if (from_blank) {
        first_blank(vi, &start);
    } else {
        vi_sentence(vi, false, 1);
        start = vi->cursor;
    }
    size_t count = around ? cmd->count * 2 : cmd->count - (from_blank ? 1 : 0);
    if (count > 0) {
        sentences_forward(vi, count, true);
    } else {
        vi_decl(vi, &vi->cursor);
    }
    if (around) {
        sentence_blanks(vi, from_blank, &start);
    }
    if (vi_is_visual(vi)) {
        if (vi_same(start, vi->cursor)) {
            sentence_extend(vi, from, cmd->count, around);
            return true;
        }
        begin_at(vi, start);
        vi->mode = VI_VISUAL;
        return true;
    }
    vi->motion.inclusive = vi_incl(vi, &vi->cursor) == -1;
    begin_at(vi, start);
    return true;
}

static bool white(struct vi *vi, size_t line)
{
    struct str bytes = vi_line(vi, line);
    return vi_indent_len(bytes) == bytes.len;
}

static bool is_last(struct vi *vi, size_t line, bool forward)
{
    return forward ? line + 1 == vi_line_count(vi) : line == 0;
}

static size_t paragraph_run(struct vi *vi, size_t line, bool forward)
{
    bool blank = white(vi, line);
    while (!is_last(vi, line, forward) && white(vi, forward ? line + 1 : line - 1) == blank) {
        line = forward ? line + 1 : line - 1;
    }
    return line;
}

static bool paragraph_extend(struct vi *vi, size_t count, bool around)
{
    size_t line = vi->cursor.line;
    bool forward = line >= vi->anchor.line, ok = true;
    for (; count > 0 && ok; count--) {
        ok = !is_last(vi, line, forward);
        for (int i = 0; ok && i < (around ? 2 : 1); i++) {
            if (is_last(vi, line, forward)) {
                break;
            }
            line = paragraph_run(vi, forward ? line + 1 : line - 1, forward);
        }
    }
    vi->cursor = (struct vi_pos){line, 0};
    return ok;
}

bool vi_object_paragraph(struct vi *vi, struct vi_cmd *cmd)
{
    bool around = cmd->row->arg & 1;
    size_t last = vi_line_count(vi) - 1;
    if (vi_is_visual(vi) && vi->cursor.line != vi->anchor.line) {
        return paragraph_extend(vi, cmd->count, around);
    }
    size_t from = paragraph_run(vi, vi->cursor.line, false);
    bool blank = white(vi, from);
    size_t runs = around ? 2 * cmd->count : cmd->count;
    size_t to = paragraph_run(vi, from, true);
    for (size_t i = 1; i < runs; i++) {
        if (to == last) {
            if (!around || i + 1 < runs || blank) {
                return false;
            }
            break;
        }
        to = paragraph_run(vi, to + 1, true);
    }
    if (around && !blank && !white(vi, to) && from > 0) {
        from = paragraph_run(vi, from - 1, false);
    }
    if (vi->mode == VI_VISUAL_LINE && from == vi->cursor.line) {
        return paragraph_extend(vi, cmd->count, around);
    }
    vi->motion.kind = VI_LINES;
    bool keeps = vi_is_visual(vi) && from == vi->anchor.line;
    begin_at(vi, (struct vi_pos){from, keeps ? vi->anchor.col : 0});
    vi->cursor = (struct vi_pos){to, 0};
    if (vi_is_visual(vi)) {
        vi->mode = VI_VISUAL_LINE;
    }
    return true;
}

/* Line ends around it are none of it, so that a whole line is one. */
static void trim_line_ends(struct vi *vi, size_t *from, size_t *to)
{
    while (*from < *to && strchr("\r\n", text_byte(vi->text, *from)) != NULL) {
        (*from)++;
    }
    while (*from < *to && strchr("\r\n", text_byte(vi->text, *to - 1)) != NULL) {
        (*to)--;
    }
}

/* What the host's grammar knows. arg: which; + 0x100: around. */
bool vi_object_grammar(struct vi *vi, struct vi_cmd *cmd)
{
    size_t from = vi_offset(vi, vi->cursor), to = from, start, end;
    if (!fresh(vi)) {
        size_t anchor = vi_offset(vi, vi->anchor);
        to = (from > anchor ? from : anchor) + 1;
        from = from < anchor ? from : anchor;
    }
    if (vi->host->object == NULL || !vi->host->object(vi->data, (char)(cmd->row->arg & 0xff),
                                        (cmd->row->arg & 0x100) != 0, from, to, &start, &end)) {
        return vi_say(vi, true, "no rule is here");
    }
    trim_line_ends(vi, &start, &end);
    struct vi_pos first = vi_pos_of(vi, start), last = vi_pos_of(vi, end);
    bool lines = start < end && vi_indent_len(vi_line(vi, first.line)) >= first.col &&
                 last.col == vi_line_len(vi, last.line);
    if (lines) {
        first.col = 0;
    }
    if (start == end) {
        last = first;
    } else if (!lines || vi_is_visual(vi)) {
        vi_dec(vi, &last);
    }
    begin_at(vi, first);
    vi->cursor = last;
    vi->motion.kind = lines ? VI_LINES : VI_CHARS;
    vi->motion.inclusive = !lines && start < end;
    if (vi_is_visual(vi)) {
        vi->mode = lines ? VI_VISUAL_LINE : VI_VISUAL;
    }
    return true;
}

bool vi_object_tag(struct vi *vi, struct vi_cmd *cmd)
{
    (void)cmd;
    return vi_say(vi, true, "it and at: the files here have no tags");
}

/* Inside brackets: without them, and without the indent of a last line of its own. */
static bool block_inside(struct vi *vi, struct vi_pos *start)
{
    vi_incl(vi, start);
    bool at_line_start = vi->cursor.col == 0;
    vi_decl(vi, &vi->cursor);
    while (vi_indent_len(vi_here(vi)) > vi->cursor.col) {
        at_line_start = true;
        if (vi_decl(vi, &vi->cursor) != 0) {
            break;
        }
    }
    return at_line_start;
}

static bool block_ends(
    struct vi *vi, size_t count, int32_t open, int32_t close, struct vi_pos *start)
{
    /* Around the cursor, else the next ones. */
    bool back = vi_match_open(vi, vi->cursor, open, true, start);
    for (; count > 0; count--) {
        if (!(back ? vi_match_open(vi, vi->cursor, open, true, start)
                   : vi_match_ahead(vi, vi->cursor, open, start))) {
            return false;
        }
        vi->cursor = *start;
    }
    return vi_match_open(vi, vi->cursor, close, false, &vi->cursor);
}

static bool block_range(
    struct vi *vi, struct vi_cmd *cmd, struct vi_pos *start, bool around, bool *at_line_start)
{
    int32_t open = cmd->row->arg & 0xff, close = (cmd->row->arg >> 8) & 0xff;
    struct vi_pos old_start = vi->cursor, old_end = vi->cursor;
    if (fresh(vi)) {
        vi_jump_mark(vi);
        while (open == '{' && vi_indent_len(vi_here(vi)) > vi->cursor.col) {
            if (vi_inc(vi, &vi->cursor) != 0) {
                break;
            }
        }
        vi->cursor.col += vi_char(vi) == open ? 1 : 0;
    } else if (vi_is_before(vi->anchor, vi->cursor)) {
        old_start = vi->cursor = vi->anchor;
    } else {
        old_end = vi->anchor;
    }
    if (!block_ends(vi, cmd->count, open, close, start)) {
        return false;
    }
    while (!around) {
        *at_line_start = block_inside(vi, start);
        bool grew = vi_is_before(*start, old_start) || vi_is_before(old_end, vi->cursor);
        if (grew || vi_same(*start, vi->cursor) || !vi_is_visual(vi)) {
            break;
        }
        vi->cursor = old_start;
        vi_decl(vi, &vi->cursor);
        if (!vi_match_open(vi, vi->cursor, open, true, start)) {
            return false;
        }
        vi->cursor = *start;
        if (!vi_match_open(vi, vi->cursor, close, false, &vi->cursor)) {
            return false;
        }
    }
    return true;
}

bool vi_object_block(struct vi *vi, struct vi_cmd *cmd)
{
    bool around = (cmd->row->arg >> 16) != 0, at_line_start = false;
    struct vi_pos old = vi->cursor, start = vi->cursor;
    if (!block_range(vi, cmd, &start, around, &at_line_start)) {
        vi->cursor = old;
        return false;
    }
    begin_at(vi, start);
    if (vi_is_visual(vi)) {
        if (at_line_start && vi_char(vi) != 0) {
            vi_inc(vi, &vi->cursor);
        }
        vi->mode = VI_VISUAL;
        return true;
    }
    vi->motion.inclusive = false;
    if (at_line_start) {
        vi_incl(vi, &vi->cursor);
    } else if (!vi_is_before(vi->cursor, start)) {
        vi->motion.inclusive = true;
    } else {
        vi->cursor = start;
    }
    return true;
}
