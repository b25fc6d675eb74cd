/* Quoted text as an object: within one line; in visual mode a selection grows by it. The cases are
 * Vim's (current_quote in its textobject.c). */
#include "vi/vi_rows.h"

static size_t next_quote(struct str line, size_t col, char quote, bool escapes)
{
    for (; col < line.len; col++) {
        if (escapes && line.ptr[col] == '\\' && col + 1 < line.len) {
            col++;
        } else if (line.ptr[col] == quote) {
            return col;
        }
    }
    return SIZE_MAX;
}

static size_t previous_quote(struct str line, size_t col, char quote, bool escapes)
{
    while (col > 0) {
        col--;
        size_t slashes = 0;
        while (escapes && col > slashes && line.ptr[col - slashes - 1] == '\\') {
            slashes++;
        }
        if (slashes & 1) {
            col -= slashes;
        } else if (line.ptr[col] == quote) {
            break;
        }
    }
    return col;
}

/* The quoted text that the column is in, on or before. */
static bool quoted_at(struct str line, size_t at, char quote, size_t *from, size_t *to)
{
    if (at < line.len && line.ptr[at] == quote) {
        for (size_t col = 0;; col = *to + 1) {
            *from = next_quote(line, col, quote, false);
            if (*from == SIZE_MAX || *from > at) {
                return false;
            }
            *to = next_quote(line, *from + 1, quote, true);
            if (*to == SIZE_MAX || *to >= at) {
                return *to != SIZE_MAX;
            }
        }
    }
    *from = previous_quote(line, at, quote, true);
    if (*from >= line.len || line.ptr[*from] != quote) {
        *from = next_quote(line, *from, quote, false);
    }
    *to = *from == SIZE_MAX ? SIZE_MAX : next_quote(line, *from + 1, quote, true);
    return *to != SIZE_MAX;
}

/* What a selection says about quotes before it grows. */
struct selected {
    bool empty;  /* nothing but the cursor is selected */
    bool inside; /* it stands just inside of two quotes, as after the object without them */
    bool quote;  /* it has one */
    bool back;   /* the cursor is where it begins */
};

static struct selected look_at(struct vi *vi, struct str line, char quote)
{
    struct selected out = {.empty = !vi_is_visual(vi) || vi_same(vi->anchor, vi->cursor)};
    if (out.empty) {
        return out;
    }
    out.back = vi_is_before(vi->cursor, vi->anchor);
    size_t from = out.back ? vi->cursor.col : vi->anchor.col;
    size_t to = out.back ? vi->anchor.col : vi->cursor.col;
    out.inside =
        from > 0 && line.ptr[from - 1] == quote && to + 1 < line.len && line.ptr[to + 1] == quote;
    for (size_t at = from; at <= to && at < line.len; at++) {
        out.quote = out.quote || line.ptr[at] == quote;
    }
    return out;
}

/* The next quoted text behind a quote that is selected already. */
static bool quoted_behind(struct str line, size_t at, char quote, size_t *from, size_t *to)
{
    *from = next_quote(line, at + 1, quote, false);
    if (*from == SIZE_MAX) {
        return false;
    }
    *to = next_quote(line, *from + 1, quote, true);
    if (*to == SIZE_MAX) {
        /* It was an opening one. */
        *to = *from;
        *from = at;
    }
    return true;
}

/* The one before. */
static bool quoted_before(struct str line, size_t at, char quote, size_t *from, size_t *to)
{
    *to = previous_quote(line, at, quote, false);
    if (line.ptr[*to] != quote) {
        return false;
    }
    *from = previous_quote(line, *to, quote, true);
    if (line.ptr[*from] != quote) {
        /* It was a closing one. */
        *from = *to;
        *to = at;
    }
    return true;
}

static bool find_quoted(const struct selected *selected, struct str line, size_t at, char quote,
    size_t *from, size_t *to)
{
    bool on_quote = at < line.len && line.ptr[at] == quote;
    if (selected->empty) {
        return quoted_at(line, at, quote, from, to);
    }
    if (on_quote) {
        return selected->back ? quoted_before(line, at, quote, from, to)
                              : quoted_behind(line, at, quote, from, to);
    }
    size_t next = selected->back ? previous_quote(line, at, quote, false)
                                 : next_quote(line, at, quote, false);
    return next < line.len && line.ptr[next] == quote && quoted_at(line, next, quote, from, to);
}

static void with_blanks(struct str line, size_t *from, size_t *to)
{
    if (*to + 1 < line.len && vi_blank(line.ptr[*to + 1])) {
        while (*to + 1 < line.len && vi_blank(line.ptr[*to + 1])) {
            ++*to;
        }
        return;
    }
    while (*from > 0 && vi_blank(line.ptr[*from - 1])) {
        --*from;
    }
}

/* Whether the selection begins anew at the quoted text. */
static bool restarts(const struct vi *vi, const struct selected *selected, struct str line, char q)
{
    size_t at = vi->anchor.col;
    bool touches =
        (at < line.len && line.ptr[at] == q) || (at > 0 && at <= line.len && line.ptr[at - 1] == q);
    return selected->empty || (!selected->quote && (selected->inside || !touches));
}

/* The same for the other end of a selection whose cursor is where it begins. */
static bool restarts_back(
    const struct vi *vi, const struct selected *selected, struct str line, char q)
{
    size_t at = vi->anchor.col;
    bool touches =
        (at < line.len && line.ptr[at] == q) || (at + 1 < line.len && line.ptr[at + 1] == q);
    return selected->inside || (!selected->quote && !touches);
}

bool vi_object_quote(struct vi *vi, struct vi_cmd *cmd)
{
    bool around = (cmd->row->arg >> 8) != 0;
    char quote = (char)(cmd->row->arg & 0xff);
    struct str line = vi_here(vi);
    size_t from, to, at = vi->cursor.col;
    if (vi_is_visual(vi) && vi->anchor.line != vi->cursor.line) {
        return false;
    }
    struct selected selected = look_at(vi, line, quote);
    if (!find_quoted(&selected, line, at, quote, &from, &to)) {
        return false;
    }
    if (around) {
        with_blanks(line, &from, &to);
    }
    /* Once more after the object without them takes the quotes. */
    bool with_quotes = around || cmd->count > 1 || selected.inside;
    from += with_quotes ? 0 : 1;
    if (!vi_is_visual(vi)) {
        vi->motion.has_start = true;
        vi->motion.start = (struct vi_pos){vi->cursor.line, from};
        vi->cursor.col = to;
        vi->motion.inclusive = with_quotes;
        return true;
    }
    size_t last = with_quotes || to == 0 ? to : vi_prev_col(line, to);
    bool resets = selected.back ? restarts_back(vi, &selected, line, quote)
                                : restarts(vi, &selected, line, quote);
    if (resets) {
        vi->motion.has_start = true;
        vi->motion.start = (struct vi_pos){vi->cursor.line, selected.back ? last : from};
    }
    vi->cursor.col = selected.back ? from : last;
    vi->mode = vi->mode == VI_VISUAL_LINE ? VI_VISUAL : vi->mode;
    return true;
}
