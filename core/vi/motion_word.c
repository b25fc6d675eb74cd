/* Words, sentences, paragraphs and sections. The rules are Vim's, also where they are strange. */
#include "vi/vi_private.h"

static int class_here(struct vi *vi, bool big)
{
    return vi_class(vi_char(vi), big);
}

static bool empty_here(struct vi *vi)
{
    return vi->cursor.col == 0 && vi_here(vi).len == 0;
}

/* Over characters of one class; true when the text ended. */
static bool skip_class(struct vi *vi, int class, bool big, bool forward)
{
    while (class_here(vi, big) == class) {
        if ((forward ? vi_inc(vi, &vi->cursor) : vi_dec(vi, &vi->cursor)) == -1) {
            return true;
        }
    }
    return false;
}

bool vi_word_forward(struct vi *vi, size_t count, bool big, bool stop_at_end)
{
    while (count-- > 0) {
        int class = class_here(vi, big);
        bool last_line = vi->cursor.line + 1 == vi_line_count(vi);
        int moved = vi_inc(vi, &vi->cursor);
        if (moved == -1 || (moved >= 1 && last_line)) {
            return false;
        }
        bool stop = stop_at_end && count == 0;
        if (moved >= 1 && stop) {
            return true;
        }
        while (class != 0 && class_here(vi, big) == class) {
            moved = vi_inc(vi, &vi->cursor);
            if (moved == -1 || (moved >= 1 && stop)) {
                return true;
            }
        }
        while (class_here(vi, big) == 0 && !empty_here(vi)) {
            moved = vi_inc(vi, &vi->cursor);
            if (moved == -1 || (moved >= 1 && (last_line || stop))) {
                return true;
            }
        }
    }
    return true;
}

/* Back over blanks; 1: an empty line stopped it, -1: the text's beginning. */
static int back_over_blanks(struct vi *vi, bool big)
{
    while (class_here(vi, big) == 0) {
        if (empty_here(vi)) {
            return 1;
        }
        if (vi_dec(vi, &vi->cursor) == -1) {
            return -1;
        }
    }
    return 0;
}

bool vi_word_back(struct vi *vi, size_t count, bool big, bool stop)
{
    for (; count-- > 0; stop = false) {
        int class = class_here(vi, big);
        if (vi_dec(vi, &vi->cursor) == -1) {
            return false;
        }
        if (!stop || class == class_here(vi, big) || class == 0) {
            int found = back_over_blanks(vi, big);
            if (found == -1) {
                return true;
            }
            if (found == 1) {
                continue;
            }
            if (skip_class(vi, class_here(vi, big), big, false)) {
                return true;
            }
        }
        vi_inc(vi, &vi->cursor);
    }
    return true;
}

bool vi_word_end(struct vi *vi, size_t count, bool big, bool stop, bool empty)
{
    for (; count-- > 0; stop = false) {
        int class = class_here(vi, big);
        if (vi_inc(vi, &vi->cursor) == -1) {
            return false;
        }
        if (class_here(vi, big) == class && class != 0) {
            if (skip_class(vi, class, big, true)) {
                return false;
            }
        } else if (!stop || class == 0) {
            bool at_empty = false;
            while (class_here(vi, big) == 0 && !at_empty) {
                at_empty = empty && empty_here(vi);
                if (!at_empty && vi_inc(vi, &vi->cursor) == -1) {
                    return false;
                }
            }
            if (at_empty) {
                continue;
            }
            if (skip_class(vi, class_here(vi, big), big, true)) {
                return false;
            }
        }
        vi_dec(vi, &vi->cursor);
    }
    return true;
}

bool vi_word_end_back(struct vi *vi, size_t count, bool big, bool eol)
{
    while (count-- > 0) {
        int class = class_here(vi, big);
        int moved = vi_dec(vi, &vi->cursor);
        if (moved == -1) {
            return false;
        }
        if (eol && moved == 1) {
            return true;
        }
        while (class != 0 && class_here(vi, big) == class) {
            moved = vi_dec(vi, &vi->cursor);
            if (moved == -1 || (eol && moved == 1)) {
                return true;
            }
        }
        while (class_here(vi, big) == 0 && !empty_here(vi)) {
            moved = vi_dec(vi, &vi->cursor);
            if (moved == -1 || (eol && moved == 1)) {
                return true;
            }
        }
    }
    return true;
}

static bool one_of(int32_t c, const char *set)
{
    return c > 0 && c < 128 && strchr(set, (char)c) != NULL;
}

/* A line where a paragraph begins: an empty one (what == 0) or one that begins with `what`. */
static bool starts_paragraph(struct vi *vi, size_t line, int32_t what, bool both)
{
    int32_t first = vi_char_at(vi, (struct vi_pos){line, 0});
    return first == what || first == '\f' || (both && first == '}');
}

/* Back to the last character that is no blank and no sentence end. */
static void back_to_sentence(struct vi *vi, struct vi_pos *pos, bool forward)
{
    bool dot = false;
    for (;;) {
        int32_t c = vi_char_at(vi, *pos);
        if (!vi_blank(c) && !one_of(c, ".!?)]\"'")) {
            return;
        }
        struct vi_pos before = *pos;
        if (vi_decl(vi, &before) == -1 || (vi_line_len(vi, before.line) == 0 && forward) || dot) {
            return;
        }
        dot = one_of(c, ".!?");
        if (one_of(c, ")]\"'") && !one_of(vi_char_at(vi, before), ".!?)]\"'")) {
            return;
        }
        vi_decl(vi, pos);
    }
}

/* Whether a sentence ends at pos, which is then moved behind it. */
static bool sentence_ends(struct vi *vi, struct vi_pos *pos)
{
    if (!one_of(vi_char_at(vi, *pos), ".!?")) {
        return false;
    }
    struct vi_pos at = *pos;
    int32_t c;
    do {
        if (vi_inc(vi, &at) == -1) {
            c = 0;
            break;
        }
        c = vi_char_at(vi, at);
    } while (one_of(c, ")]\"'"));
    if (c != 0 && !vi_blank(c)) {
        return false;
    }
    *pos = at;
    if (vi_char_at(vi, *pos) == 0) {
        vi_inc(vi, pos);
    }
    return true;
}

/* 1: found, 0: the text ended, -1: it ended with sentences still to go. */
static int find_sentence_end(struct vi *vi, struct vi_pos *pos, bool forward, size_t count)
{
    size_t begin = pos->line;
    for (;;) {
        int32_t c = vi_char_at(vi, *pos);
        if (c == 0 || (pos->col == 0 && starts_paragraph(vi, pos->line, 0, false))) {
            if (!forward && pos->line != begin) {
                *pos = (struct vi_pos){pos->line + 1, pos->col};
            }
            return 1;
        }
        if (sentence_ends(vi, pos)) {
            return 1;
        }
        if ((forward ? vi_incl(vi, pos) : vi_decl(vi, pos)) == -1) {
            return count > 0 ? -1 : 0;
        }
    }
}

static int one_on(struct vi *vi, struct vi_pos *pos, bool forward)
{
    return forward ? vi_incl(vi, pos) : vi_decl(vi, pos);
}

/* What stands before the search proper; true: the place is found already. */
static bool sentence_from(struct vi *vi, struct vi_pos *pos, bool forward)
{
    if (vi_char_at(vi, *pos) == 0) {
        while (one_on(vi, pos, forward) != -1 && vi_char_at(vi, *pos) == 0) {
        }
        return forward;
    }
    if (forward && pos->col == 0 && starts_paragraph(vi, pos->line, 0, false)) {
        pos->line++;
        return true;
    }
    if (!forward) {
        vi_decl(vi, pos);
    }
    return false;
}

bool vi_sentence(struct vi *vi, bool forward, size_t count)
{
    struct vi_pos pos = vi->cursor;
    bool no_skip = false;
    while (count-- > 0) {
        struct vi_pos before = pos;
        if (!sentence_from(vi, &pos, forward)) {
            back_to_sentence(vi, &pos, forward);
            int found = find_sentence_end(vi, &pos, forward, count);
            if (found == -1) {
                return false;
            }
            no_skip = no_skip || found == 0;
        }
        if (pos.line >= vi_line_count(vi)) {
            return false;
        }
        while (!no_skip && vi_blank(vi_char_at(vi, pos)) && vi_incl(vi, &pos) != -1) {
        }
        if (!vi_same(before, pos)) {
            continue;
        }
        /* Where it did not move it begins again one character further. */
        if (one_on(vi, &pos, forward) == -1) {
            if (count > 0) {
                return false;
            }
            break;
        }
        count++;
    }
    vi_jump_mark(vi);
    vi->cursor = pos;
    return true;
}

bool vi_paragraph(struct vi *vi, bool forward, size_t count, int32_t what, bool both, bool *incl)
{
    size_t line = vi->cursor.line, last = vi_line_count(vi) - 1;
    while (count-- > 0) {
        bool skipped = false;
        for (bool first = true;; first = false) {
            skipped = skipped || vi_line_len(vi, line) > 0;
            if (!first && skipped && starts_paragraph(vi, line, what, both)) {
                break;
            }
            if (forward ? line == last : line == 0) {
                if (count > 0) {
                    return false;
                }
                break;
            }
            line = forward ? line + 1 : line - 1;
        }
    }
    if (both && vi_char_at(vi, (struct vi_pos){line, 0}) == '}' && line < last) {
        line++;
    }
    vi->cursor = (struct vi_pos){line, 0};
    if (line == last && what != '}') {
        struct str bytes = vi_line(vi, line);
        vi->cursor.col = vi_prev_col(bytes, bytes.len);
        *incl = *incl || bytes.len > 0;
    }
    return true;
}
