/* What was highlighted last, kept through edits: spans move along with the text, and only the lines
 * that an edit or a parse has changed are looked up in the trees again. A query over one screen
 * costs some 800,000 instructions, one line of it a few thousand; and what is not parsed yet after
 * an edit keeps its colours meanwhile. */
#include "syntax/internal.h"

#include "base/vec.h"
#include "syntax/layer.h"

/* After so many edits that nobody looked at the spans are not worth moving (all is replaced). */
#define EDITS_MAX 64

static size_t shift_start(size_t at, const TSInputEdit *edit)
{
    if (at >= edit->old_end_byte) {
        return at - edit->old_end_byte + edit->new_end_byte;
    }
    return at <= edit->start_byte ? at : edit->new_end_byte;
}

/* What is typed at the end of a span belongs to it, until the parser says what it is. */
static size_t shift_end(size_t at, const TSInputEdit *edit)
{
    if (at >= edit->old_end_byte) {
        return at - edit->old_end_byte + edit->new_end_byte;
    }
    return at <= edit->start_byte ? at : edit->start_byte;
}

static void forget(struct shown *shown)
{
    VEC_FREE(&shown->spans);
    *shown = (struct shown){0};
}

void shown_clear(struct syntax *syntax)
{
    for (size_t i = 0; i < SHOWN_MAX; i++) {
        forget(&syntax->shown[i]);
    }
}

static void mark(struct shown *shown, size_t from, size_t to)
{
    if (from > shown->to || to < shown->from) {
        return;
    }
    from = from < shown->from ? shown->from : from;
    to = to > shown->to ? shown->to : to;
    shown->dirty_from = shown->dirty && shown->dirty_from < from ? shown->dirty_from : from;
    shown->dirty_to = shown->dirty && shown->dirty_to > to ? shown->dirty_to : to;
    shown->dirty = true;
}

void shown_mark(struct syntax *syntax, size_t from, size_t to)
{
    for (size_t i = 0; i < SHOWN_MAX; i++) {
        mark(&syntax->shown[i], from, to);
    }
}

static void edit_one(struct shown *shown, const TSInputEdit *edit)
{
    size_t kept = 0;
    if (shown->from == shown->to || edit->start_byte > shown->to) {
        return;
    }
    shown->from = shift_start(shown->from, edit);
    shown->to = shift_end(shown->to, edit);
    if (++shown->edits > EDITS_MAX || shown->from >= shown->to) {
        forget(shown);
        return;
    }
    shown->dirty_from = shift_start(shown->dirty_from, edit);
    shown->dirty_to = shift_end(shown->dirty_to, edit);
    shown->dirty_to = shown->dirty_to < shown->dirty_from ? shown->dirty_from : shown->dirty_to;
    VEC_FOREACH (const struct syntax_span, span, &shown->spans) {
        struct syntax_span moved = {
            shift_start(span->start, edit), shift_end(span->end, edit), span->capture};
        if (moved.start < moved.end) {
            shown->spans.items[kept++] = moved;
        }
    }
    shown->spans.len = kept;
    mark(shown, edit->start_byte, edit->new_end_byte);
}

void shown_edit(struct syntax *syntax, const TSInputEdit *edit)
{
    for (size_t i = 0; i < SHOWN_MAX; i++) {
        edit_one(&syntax->shown[i], edit);
    }
}

/* The one that has most of the range, else the one not used for longest (emptied). */
static struct shown *shown_for(struct syntax *syntax, size_t from, size_t to)
{
    struct shown *best = NULL;
    struct shown *oldest = &syntax->shown[0];
    size_t most = 0;
    for (size_t i = 0; i < SHOWN_MAX; i++) {
        struct shown *shown = &syntax->shown[i];
        size_t low = shown->from > from ? shown->from : from;
        size_t high = shown->to < to ? shown->to : to;
        oldest = shown->used < oldest->used ? shown : oldest;
        if (high > low && high - low > most) {
            most = high - low;
            best = shown;
        }
    }
    if (best == NULL) {
        forget(oldest);
        best = oldest;
    }
    best->used = ++syntax->shown_clock;
    return best;
}

/* The text was edited since its trees were made, or they are gone: they cannot tell yet. */
static bool is_behind(const struct syntax *syntax, size_t from, size_t to)
{
    for (size_t i = piece_at(syntax, from); i < syntax->pieces.len; i++) {
        const struct piece *piece = &syntax->pieces.items[i];
        if (piece->start >= to) {
            break;
        }
        if (piece->stale || piece->tree == NULL) {
            return true;
        }
    }
    return false;
}

static void push(struct syntax_spans *out, const struct syntax_span *span, size_t from, size_t to)
{
    struct syntax_span cut = {
        span->start < from ? from : span->start, span->end > to ? to : span->end, span->capture};
    struct syntax_span *last = out->len > 0 ? &out->items[out->len - 1] : NULL;
    if (cut.start >= cut.end) {
        return;
    }
    if (last != NULL && last->end == cut.start && last->capture == cut.capture) {
        last->end = cut.end;
    } else {
        VEC_PUSH(out, cut);
    }
}

static void copy(const struct syntax_spans *spans, size_t from, size_t to, struct syntax_spans *out)
{
    VEC_FOREACH (const struct syntax_span, span, spans) {
        if (span->end > from && span->start < to) {
            push(out, span, from, to);
        }
    }
}

static void look_up(struct syntax *syntax, size_t from, size_t to, struct syntax_spans *out)
{
    struct syntax_spans found = {0};
    if (from < to) {
        highlight_look_up(syntax, from, to, &found);
        copy(&found, from, to, out);
    }
    VEC_FREE(&found);
}

/* The part that is known already: its lines that changed anew, as far as the trees can tell. */
static void take_known(
    struct syntax *syntax, struct shown *shown, size_t from, size_t to, struct syntax_spans *out)
{
    struct source_window text = {&syntax->source, 0, syntax->source.size(syntax->source.data)};
    if (!shown->dirty || is_behind(syntax, from, to)) {
        copy(&shown->spans, from, to, out);
        return;
    }
    size_t low = source_line_start(&text, shown->dirty_from);
    size_t high = source_line_end(&text, shown->dirty_to) + 1;
    low = low < from ? from : low > to ? to : low;
    high = high < low ? low : high > to ? to : high;
    copy(&shown->spans, from, low, out);
    look_up(syntax, low, high, out);
    copy(&shown->spans, high, to, out);
    shown->dirty = false;
}

void syntax_highlight(struct syntax *syntax, size_t from, size_t to, struct syntax_spans *out)
{
    if (from >= to || syntax->pieces.len == 0) {
        return;
    }
    struct shown *shown = shown_for(syntax, from, to);
    struct syntax_spans spans = {0};
    size_t low = shown->from > from ? shown->from : from;
    size_t high = shown->to < to ? shown->to : to;
    bool known = low < high;
    bool dirty = false;
    low = known ? low : to;
    high = known ? high : to;
    look_up(syntax, from, low, &spans);
    if (known) {
        take_known(syntax, shown, low, high, &spans);
        dirty = shown->dirty;
    }
    look_up(syntax, high, to, &spans);
    VEC_FREE(&shown->spans);
    shown->from = from;
    shown->to = to;
    shown->spans = spans;
    shown->edits = 0;
    shown->dirty = false;
    if (dirty) {
        mark(shown, shown->dirty_from, shown->dirty_to);
    }
    if ((low > from && is_behind(syntax, from, low)) ||
        (high < to && is_behind(syntax, high, to))) {
        mark(shown, from, to);
    }
    VEC_FOREACH (const struct syntax_span, span, &spans) {
        push(out, span, from, to);
    }
}
