/* :s with c: each match is asked about. */
#include "vi/substitute.h"

static void ask_end(struct vi *vi)
{
    struct vi_ask *ask = &vi->ask;
    ask->on = false;
    if (ask->replaced_line == SIZE_MAX) {
        return;
    }
    vi->cursor = (struct vi_pos){ask->replaced_line, 0};
    vi_clamp(vi);
    vi_note_change(vi, vi->cursor);
    vi_first_nonblank(vi);
    vi_set_want(vi);
    if (ask->found > 2) {
        vi_say(vi, false, "%zu substitutions in %zu lines", ask->found, ask->lines);
    }
}

static size_t ask_last_line(const struct vi *vi)
{
    size_t lines = vi_line_count(vi);
    return lines > vi->ask.below ? lines - 1 - vi->ask.below : 0;
}

/* The next match from an offset on becomes the one asked about. */
static bool ask_find(struct vi *vi, size_t from)
{
    struct vi_ask *ask = &vi->ask;
    struct search *search = vi_compile_quietly(vi, buf_str(&ask->pattern));
    size_t end = text_line_end(vi->text, ask_last_line(vi));
    struct err err = {0};
    while (search != NULL && from <= end) {
        struct search_match match;
        enum search_status status =
            search_next(search, vi->text, &from, end + 1, SIZE_MAX, &match, &err);
        if (status == SEARCH_FAILED) {
            return vi_say(vi, true, "%s", err.text);
        }
        if (status != SEARCH_FOUND) {
            return false;
        }
        struct search_range all = match.groups[0];
        size_t number = text_line_of(vi->text, all.start);
        bool at_end = number == ask->line && all.start >= text_line_end(vi->text, number);
        if (number <= ask_last_line(vi) && !at_end &&
            !(all.start == all.end && all.start == ask->last_end)) {
            ask->match = match;
            ask->line = number;
            vi->cursor = vi_pos_of(vi, all.start);
            return true;
        }
        from = search_after(vi->text, &match);
    }
    return false;
}

/* On behind the match, which now ends at `end`; an empty one is `step` bytes before what follows.
 */
static bool ask_on(struct vi *vi, size_t end, size_t step)
{
    struct vi_ask *ask = &vi->ask;
    size_t number = text_line_of(vi->text, end);
    ask->last_end = end;
    ask->line = number;
    if (ask->all) {
        return ask_find(vi, end + step);
    }
    return number < ask_last_line(vi) && ask_find(vi, text_line_start(vi->text, number + 1));
}

static size_t ask_step(const struct vi *vi)
{
    return search_after(vi->text, &vi->ask.match) - vi->ask.match.groups[0].end;
}

/* The match becomes the replacement; where that ends. */
static size_t ask_replace(struct vi *vi)
{
    struct vi_ask *ask = &vi->ask;
    struct search_range all = ask->match.groups[0];
    struct vi_sub sub = {.vi = vi};
    buf_append_str(&sub.with, buf_str(&vi->substitute.with));
    vi_sub_expand(&sub, &ask->match);
    size_t before = text_length(vi->text), first = text_line_of(vi->text, all.start);
    size_t below = before - all.end;
    vi_change(vi, all.start, all.end, buf_str(&sub.out));
    size_t end = text_length(vi->text) - below;
    ask->found++;
    ask->lines += first == ask->replaced_line ? 0 : 1;
    ask->replaced_line = text_line_of(vi->text, end);
    buf_free(&sub.out);
    buf_free(&sub.with);
    return end;
}

/* This match and all that follow, as one change. */
static bool ask_rest(struct vi *vi)
{
    struct vi_ask *ask = &vi->ask;
    size_t at = text_line_of(vi->text, ask->match.groups[0].start), last = ask_last_line(vi);
    struct vi_sub sub = {.vi = vi,
        .search = vi_compile_quietly(vi, buf_str(&ask->pattern)),
        .all = ask->all,
        .any = true,
        .from = ask->match.groups[0].start,
        .copied = ask->match.groups[0].start};
    size_t shared = at == ask->replaced_line ? 1 : 0;
    buf_append_str(&sub.with, buf_str(&vi->substitute.with));
    bool ok = sub.search != NULL;
    while (ok && at <= last) {
        ok = vi_sub_line(&sub, at, &at) && vi_breathe(vi, at, last + 1);
    }
    size_t end = vi_sub_last_line(&sub);
    ok = ok && sub.found > 0 && vi_change(vi, sub.from, sub.copied, buf_str(&sub.out));
    if (ok) {
        ask->found += sub.found;
        ask->lines += sub.lines - shared;
        ask->replaced_line = end;
    }
    buf_free(&sub.out);
    buf_free(&sub.with);
    return ok;
}

void vi_ask_key(struct vi *vi, int32_t key)
{
    bool more = true;
    size_t step = ask_step(vi);
    switch (key) {
    case 'y':
    case 'l': {
        size_t end = ask_replace(vi);
        more = key == 'y' && ask_on(vi, end, step);
        break;
    }
    case 'n':
        more = ask_on(vi, vi->ask.match.groups[0].end, step);
        break;
    case 'a':
        ask_rest(vi);
        more = false;
        break;
    case 'q':
    case VI_ESC:
    case VI_CTRL('c'):
        more = false;
        break;
    default:
        vi_say(vi, false, "y this, n not this, a all that follow, l this and no more, q no more");
        break;
    }
    if (!more) {
        ask_end(vi);
    }
}

bool vi_ask_begin(struct vi *vi, const struct vi_ex *ex, struct str pattern, bool all)
{
    if (vi->in_global) {
        return vi_say(vi, true, ":g cannot ask at each match: give :s a range instead");
    }
    struct vi_ask *ask = &vi->ask;
    buf_clear(&ask->pattern);
    buf_append_str(&ask->pattern, pattern);
    struct buf kept = ask->pattern;
    *ask = (struct vi_ask){.all = all,
        .pattern = kept,
        .below = vi_line_count(vi) - 1 - ex->last,
        .last_end = SIZE_MAX,
        .line = SIZE_MAX,
        .replaced_line = SIZE_MAX};
    if (!ask_find(vi, text_line_start(vi->text, ex->first))) {
        return vi_say(vi, true, "not found: %.*s", STR_FMT(buf_str(&vi->last_search)));
    }
    struct buf question = BUF_INIT;
    buf_printf(&question, "replace with %.*s? y n a q l ", STR_FMT(buf_str(&vi->substitute.with)));
    struct vi_cmd none = {.count = 1};
    vi_typing_begin(vi, ':', &none, buf_str(&question));
    buf_free(&question);
    ask->on = true;
    return true;
}
