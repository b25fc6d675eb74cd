/* Styled text of many lines, wrapped to the width it is drawn at, with a scroll position that stays
 * where the reader is while text is added below. For the chat, help, explanations.
 *
 * Lines are built one after another: textview_line begins one, textview_span adds text to it.
 * Streaming re-makes its last lines: textview_truncate, then add again. */
#ifndef BYLAW_WIDGET_TEXTVIEW_H
#define BYLAW_WIDGET_TEXTVIEW_H

#include "screen/grid.h"
#include "screen/input.h"

struct textview;

struct textview_line {
    int indent;        /* columns before the first row of the line */
    int hang;          /* columns before its continuation rows */
    bool no_wrap;      /* cut at the edge with "…" (tables, code) */
    struct style fill; /* behind the whole row; STYLE(TEXT) for none */
    uint64_t tag;      /* the owner's: textview_tag_at gives it back */
    struct str prefix; /* painted in front of each row inside the indent ("│ "); copied */
    struct style prefix_style;
};

struct textview *textview_new(void) MUST_USE;
void textview_free(struct textview *view);
void textview_clear(struct textview *view);
size_t textview_count(const struct textview *view);
/* Keeps the first `lines` lines. */
void textview_truncate(struct textview *view, size_t lines);
/* Begins a line; options may be NULL. */
void textview_line(struct textview *view, const struct textview_line *options);
/* Adds to the last line; an LF in text begins a line with the same options. */
void textview_span(struct textview *view, struct str text, struct style style);

/* Draws at the scroll position; a scrollbar at the right when it does not all fit. */
void textview_draw(struct textview *view, struct region region, bool focused);
unsigned textview_key(struct textview *view, const struct key *key, bool letters);
unsigned textview_mouse(struct textview *view, const struct mouse *mouse);
/* Screen rows; the view then stands still while text is added below. */
void textview_scroll(struct textview *view, long rows);
/* The end stays in view while text is added. The initial state, and again when scrolled down to it.
 */
void textview_follow(struct textview *view);
bool textview_is_following(const struct textview *view);
/* Brings a line into view, at the top when `top`. */
void textview_show_line(struct textview *view, size_t line, bool top);
/* The line and its tag under a row of the last draw; SIZE_MAX for none. */
size_t textview_line_at(const struct textview *view, int row);
uint64_t textview_tag(const struct textview *view, size_t line);
/* Rows all lines need at a width. */
size_t textview_height(struct textview *view, int cols);
/* Marks matches (case folded unless needle has capitals) and goes to the next one; false: none.
 * An empty needle ends the search. */
bool textview_search(struct textview *view, struct str needle, bool backward);
/* Plain text of lines [from, to), without prefixes. Appends. */
void textview_copy(const struct textview *view, size_t from, size_t to, struct buf *out);

#endif
