/* The bracket that belongs to another. Brackets in quotes are passed over as Vim does: in a line
 * with an even number of quotes, a match is looked for outside of them (or inside, when the search
 * began there by a continued line). */
#include "vi/vi_private.h"

#define LOOK_MAX 200000 /* lines */

struct hunt {
    struct vi *vi;
    struct vi_pos pos;
    struct str line;
    int32_t opens, finds; /* what nests, what is looked for */
    bool back, escaped, plain;
    int do_quotes;       /* -1: not decided for this line */
    int start_in_quotes; /* -1: not known */
    bool in_quote;
    size_t depth, lines;
};

static int byte_at(const struct hunt *hunt, size_t col)
{
    return col < hunt->line.len ? (unsigned char)hunt->line.ptr[col] : 0;
}

static bool step(struct hunt *hunt)
{
    struct vi *vi = hunt->vi;
    if (hunt->back ? hunt->pos.col > 0 : hunt->pos.col < hunt->line.len) {
        hunt->pos.col = hunt->back ? hunt->pos.col - 1 : hunt->pos.col + 1;
        return true;
    }
    if (hunt->back ? hunt->pos.line == 0 : hunt->pos.line + 1 == vi_line_count(vi)) {
        return false;
    }
    hunt->pos.line = hunt->back ? hunt->pos.line - 1 : hunt->pos.line + 1;
    hunt->line = vi_line(vi, hunt->pos.line);
    hunt->pos.col = hunt->back ? hunt->line.len : 0;
    hunt->do_quotes = -1;
    return ++hunt->lines < LOOK_MAX;
}

static bool ends_in_backslash(struct str line)
{
    return line.len > 0 && line.ptr[line.len - 1] == '\\';
}

static void count_quotes(struct hunt *hunt)
{
    int quotes = -1;
    bool at_start = false;
    size_t here = hunt->pos.col + (hunt->back ? 1 : 0);
    for (size_t i = 0; i < hunt->line.len; i++) {
        if (i == here) {
            at_start = (quotes & 1) != 0;
        }
        if (byte_at(hunt, i) == '"' &&
            (i == 0 || byte_at(hunt, i - 1) != '\'' || byte_at(hunt, i + 1) != '\'')) {
            quotes++;
        }
        if (byte_at(hunt, i) == '\\' && i + 1 < hunt->line.len) {
            i++;
        }
    }
    hunt->do_quotes = quotes & 1;
    if (hunt->do_quotes != 0) {
        return;
    }
    hunt->in_quote = false;
    if (ends_in_backslash(hunt->line)) {
        hunt->do_quotes = 1;
        hunt->in_quote = hunt->start_in_quotes == -1 || hunt->back;
        hunt->start_in_quotes = hunt->start_in_quotes == -1 ? 1 : hunt->start_in_quotes;
    }
    if (hunt->pos.line > 0 && ends_in_backslash(vi_line(hunt->vi, hunt->pos.line - 1))) {
        hunt->do_quotes = 1;
        if (hunt->start_in_quotes == -1) {
            hunt->in_quote = at_start;
            hunt->start_in_quotes = at_start ? 1 : -1;
        } else if (!hunt->back) {
            hunt->in_quote = true;
        }
    }
}

static size_t backslashes_before(const struct hunt *hunt, size_t col)
{
    size_t count = 0;
    while (col > count && byte_at(hunt, col - count - 1) == '\\') {
        count++;
    }
    return count;
}

/* Over 'x' and '\x'; true when there was one. */
static bool over_char(struct hunt *hunt)
{
    size_t col = hunt->pos.col;
    if (hunt->plain) {
        return false;
    }
    if (hunt->back) {
        if (col > 1 && byte_at(hunt, col - 2) == '\'') {
            hunt->pos.col -= 2;
            return true;
        }
        if (col > 2 && byte_at(hunt, col - 2) == '\\' && byte_at(hunt, col - 3) == '\'') {
            hunt->pos.col -= 3;
            return true;
        }
        return false;
    }
    if (byte_at(hunt, col + 1) == '\\' && byte_at(hunt, col + 2) != 0 &&
        byte_at(hunt, col + 3) == '\'') {
        hunt->pos.col += 3;
        return true;
    }
    if (byte_at(hunt, col + 1) != 0 && byte_at(hunt, col + 2) == '\'') {
        hunt->pos.col += 2;
        return true;
    }
    return false;
}

/* True when the match is here. */
static bool look(struct hunt *hunt)
{
    int c = byte_at(hunt, hunt->pos.col);
    if (c == 0) {
        if (hunt->pos.col == 0 || byte_at(hunt, hunt->pos.col - 1) != '\\') {
            hunt->in_quote = false;
            hunt->start_in_quotes = 0;
        }
        return false;
    }
    if (c == '"') {
        if (hunt->do_quotes != 0 && (backslashes_before(hunt, hunt->pos.col) & 1) == 0) {
            hunt->in_quote = !hunt->in_quote;
            hunt->start_in_quotes = 0;
        }
        return false;
    }
    if (c == '\'' && over_char(hunt)) {
        return false;
    }
    bool counts = (!hunt->in_quote || hunt->start_in_quotes == 1) &&
                  (c == hunt->opens || c == hunt->finds) &&
                  ((backslashes_before(hunt, hunt->pos.col) & 1) != 0) == hunt->escaped;
    if (!counts) {
        return false;
    }
    if (c == hunt->opens) {
        hunt->depth++;
        return false;
    }
    return hunt->depth-- == 0;
}

static bool find(struct hunt *hunt, struct vi_pos *to)
{
    while (step(hunt)) {
        if (hunt->plain) {
            hunt->do_quotes = 0;
        } else if (hunt->do_quotes == -1) {
            count_quotes(hunt);
        }
        hunt->start_in_quotes = hunt->start_in_quotes == -1 ? 0 : hunt->start_in_quotes;
        if (look(hunt)) {
            *to = hunt->pos;
            return true;
        }
    }
    return false;
}

static const char pairs[] = "()[]{}<>";

static struct hunt hunt_from(struct vi *vi, struct vi_pos from)
{
    return (struct hunt){.vi = vi,
        .pos = from,
        .line = vi_line(vi, from.line),
        .do_quotes = -1,
        .start_in_quotes = -1};
}

/* want '(': back to the one not closed; ')': on to the one not opened; with 'plain' quotes are
 * nothing special. */
bool vi_match_open(struct vi *vi, struct vi_pos from, int32_t want, bool plain, struct vi_pos *to)
{
    const char *at = want > 0 && want < 128 ? strchr(pairs, (char)want) : NULL;
    if (at == NULL) {
        return false;
    }
    struct hunt hunt = hunt_from(vi, from);
    hunt.back = (at - pairs) % 2 == 0;
    hunt.finds = want;
    hunt.opens = hunt.back ? at[1] : at[-1];
    hunt.plain = plain;
    return find(&hunt, to);
}

/* The next opening bracket ahead, those in pairs passed over; quotes are nothing special. */
bool vi_match_ahead(struct vi *vi, struct vi_pos from, int32_t open, struct vi_pos *to)
{
    const char *at = open > 0 && open < 128 ? strchr(pairs, (char)open) : NULL;
    if (at == NULL) {
        return false;
    }
    struct hunt hunt = hunt_from(vi, from);
    hunt.finds = open;
    hunt.opens = (unsigned char)at[1];
    hunt.plain = true;
    return find(&hunt, to);
}

/* The partner of the first of ()[]{} at or behind `from` in its line. */
bool vi_match_pair(struct vi *vi, struct vi_pos from, struct vi_pos *to)
{
    struct hunt hunt = hunt_from(vi, from);
    size_t col = from.col;
    if (col >= hunt.line.len && hunt.line.len > 0) {
        col = hunt.line.len - 1;
    }
    for (; col < hunt.line.len; col++) {
        const char *at = strchr("()[]{}", hunt.line.ptr[col]);
        if (at != NULL && *at != '\0') {
            bool opening = strchr("([{", *at) != NULL;
            hunt.pos.col = col;
            hunt.back = !opening;
            hunt.opens = (unsigned char)*at;
            hunt.finds = (unsigned char)(opening ? at[1] : at[-1]);
            hunt.escaped = (backslashes_before(&hunt, col) & 1) != 0;
            return find(&hunt, to);
        }
    }
    return false;
}
