#include "syntax/styled.h"

#include "base/utf8.h"
#include "base/vec.h"

#include <stdio.h>

/* Text keeps at least so many columns, however deep the nesting. */
#define ROOM_MIN 8

void styled_lines_truncate(struct styled_lines *lines, size_t count)
{
    while (lines->len > count) {
        lines->len--;
        free(lines->items[lines->len].text);
        free(lines->items[lines->len].spans);
    }
}

void styled_lines_free(struct styled_lines *lines)
{
    styled_lines_truncate(lines, 0);
    VEC_FREE(lines);
}

void styled_free(struct styled *styled)
{
    buf_free(&styled->text);
    VEC_FREE(&styled->spans);
}

bool styled_push(struct styled *styled, const char *first, const char *rest, enum capture capture)
{
    size_t columns = utf8_width(str_of(first));
    if (styled->depth >= PREFIX_DEPTH_MAX ||
        styled->prefix_columns + columns + ROOM_MIN > styled->width) {
        return false;
    }
    struct prefix *prefix = &styled->prefixes[styled->depth++];
    snprintf(prefix->first, sizeof prefix->first, "%s", first);
    snprintf(prefix->rest, sizeof prefix->rest, "%s", rest);
    prefix->capture = (uint8_t)capture;
    prefix->used = false;
    styled->prefix_columns += columns;
    return true;
}

void styled_pop(struct styled *styled)
{
    struct prefix *prefix = &styled->prefixes[--styled->depth];
    styled->prefix_columns -= utf8_width(str_of(prefix->first));
}

size_t styled_room(const struct styled *styled)
{
    return styled->width - styled->prefix_columns;
}

void styled_begin(struct styled *styled)
{
    buf_clear(&styled->text);
    styled->spans.len = 0;
    styled->open = true;
    for (size_t i = 0; i < styled->depth; i++) {
        struct prefix *prefix = &styled->prefixes[i];
        styled_add(styled, str_of(prefix->used ? prefix->rest : prefix->first), prefix->capture, 0);
        prefix->used = true;
    }
}

void styled_add(struct styled *styled, struct str text, unsigned capture, unsigned attrs)
{
    uint32_t start = (uint32_t)styled->text.len;
    uint32_t end = (uint32_t)(styled->text.len + text.len);
    if (text.len == 0) {
        return;
    }
    buf_append_str(&styled->text, text);
    if (capture == CAPTURE_NONE && attrs == 0) {
        return;
    }
    if (styled->spans.len > 0) {
        struct styled_span *last = &styled->spans.items[styled->spans.len - 1];
        if (last->end == start && last->capture == capture && last->attrs == attrs) {
            last->end = end;
            return;
        }
    }
    VEC_PUSH(&styled->spans, (struct styled_span){start, end, (uint8_t)capture, (uint8_t)attrs});
}

void styled_end(struct styled *styled, bool code)
{
    /* Blanks at the end would only make a selection longer. */
    while (styled->text.len > 0 && styled->text.ptr[styled->text.len - 1] == ' ') {
        styled->text.len--;
    }
    struct styled_line line = {.len = styled->text.len, .code = code};
    line.text = mem_strndup(styled->text.ptr == NULL ? "" : styled->text.ptr, styled->text.len);
    for (size_t i = 0; i < styled->spans.len; i++) {
        struct styled_span *span = &styled->spans.items[i];
        span->end = span->end > line.len ? (uint32_t)line.len : span->end;
        line.span_count += span->start < span->end;
    }
    line.spans = line.span_count == 0
                     ? NULL
                     : mem_dup(styled->spans.items, line.span_count * sizeof *line.spans);
    VEC_PUSH(&styled->lines, line);
    styled->open = false;
}

void styled_blank(struct styled *styled)
{
    styled_begin(styled);
    styled_end(styled, false);
}

/* Wrapping. A word may lie in several runs ("**bo**ld,"): its pieces are gathered, and the space
 * before it is only written once it is known to stay on this line. */
struct wrapper {
    struct styled *styled;
    size_t room;
    size_t column;
    bool fresh; /* nothing on the line yet */
    struct runs word;
    size_t word_columns;
    bool space; /* one is due before the word */
    struct run space_style;
};

static void wrap_new_line(struct wrapper *w)
{
    if (w->styled->open) {
        styled_end(w->styled, false);
    }
    styled_begin(w->styled);
    w->column = 0;
    w->fresh = true;
    w->space = false;
}

static void wrap_piece(struct wrapper *w, const struct run *piece)
{
    struct str rest = piece->text;
    while (rest.len > 0) {
        struct str part = utf8_fit(rest, w->room - w->column);
        if (part.len == 0 && w->column > 0) {
            wrap_new_line(w);
            continue;
        }
        if (part.len == 0) {
            part = str_slice(rest, 0, utf8_cluster(rest));
        }
        styled_add(w->styled, part, piece->capture, piece->attrs);
        w->column += utf8_width(part);
        w->column = w->column > w->room ? w->room : w->column;
        w->fresh = false;
        rest = str_from(rest, part.len);
    }
}

static void wrap_word(struct wrapper *w)
{
    if (w->word.len == 0) {
        return;
    }
    if (!w->fresh && w->column + w->space + w->word_columns > w->room) {
        wrap_new_line(w);
    } else if (w->space && !w->fresh) {
        styled_add(w->styled, STR_LIT(" "), w->space_style.capture, w->space_style.attrs);
        w->column++;
    }
    w->space = false;
    VEC_FOREACH (struct run, piece, &w->word) {
        wrap_piece(w, piece);
    }
    w->word.len = 0;
    w->word_columns = 0;
}

static void wrap_run(struct wrapper *w, const struct run *run)
{
    size_t at = 0;
    while (at < run->text.len) {
        char c = run->text.ptr[at];
        if (c == ' ' || c == '\n') {
            wrap_word(w);
            if (c == '\n') {
                wrap_new_line(w);
            } else {
                w->space = true;
                w->space_style = *run;
            }
            at++;
            continue;
        }
        size_t end = at;
        while (end < run->text.len && run->text.ptr[end] != ' ' && run->text.ptr[end] != '\n') {
            end++;
        }
        struct run piece = *run;
        piece.text = str_slice(run->text, at, end);
        w->word_columns += utf8_width(piece.text);
        VEC_PUSH(&w->word, piece);
        at = end;
    }
}

void styled_wrap(struct styled *styled, const struct runs *runs)
{
    struct wrapper w = {.styled = styled, .room = styled_room(styled)};
    wrap_new_line(&w);
    VEC_FOREACH (const struct run, run, runs) {
        wrap_run(&w, run);
    }
    wrap_word(&w);
    VEC_FREE(&w.word);
    styled_end(styled, false);
}

struct styled_lines styled_wrap_alone(const struct runs *runs, size_t columns)
{
    struct styled alone = {.width = columns == 0 ? 1 : columns};
    styled_wrap(&alone, runs);
    styled_free(&alone);
    return alone.lines;
}

void styled_wrap_code(struct styled *styled, const struct runs *runs)
{
    size_t room = styled_room(styled);
    size_t column = 0;
    styled_begin(styled);
    VEC_FOREACH (const struct run, run, runs) {
        struct str rest = run->text;
        while (rest.len > 0) {
            struct str part = utf8_fit(rest, room - column);
            if (part.len == 0 && column > 0) {
                styled_end(styled, true);
                styled_begin(styled);
                column = 0;
                continue;
            }
            if (part.len == 0) {
                part = str_slice(rest, 0, utf8_cluster(rest));
            }
            styled_add(styled, part, run->capture, run->attrs);
            column += utf8_width(part);
            column = column > room ? room : column;
            rest = str_from(rest, part.len);
        }
    }
    styled_end(styled, true);
}

size_t runs_width(const struct runs *runs)
{
    size_t columns = 0;
    VEC_FOREACH (const struct run, run, runs) {
        columns += utf8_width(run->text);
    }
    return columns;
}
