/* Where a line too long for a view is continued on the next row: behind a blank where there is one,
 * else at the edge. Rows that go on begin under the line's text (a hanging indent). Long lines keep
 * checkpoints as editor_column.h does, so that a place far out costs no walk from the line's start.
 *
 * Columns are those of the line in one piece (tabs count from the line's start). */
#ifndef BYLAW_PANE_EDITOR_WRAP_H
#define BYLAW_PANE_EDITOR_WRAP_H

#include "pane/editor_column.h"

/* How a line is wrapped; all in columns. */
struct wrap_shape {
    unsigned tab;
    size_t width;  /* of a row; at least 1. One blank more may hang over the edge */
    size_t indent; /* of the rows that go on */
    int ambiguous; /* utf8_ambiguous_width it is measured with */
};

struct wrap_point {
    struct column_point at; /* where a row begins */
    size_t reach;           /* a change from here on leaves that so */
};

struct wrap_cache {
    size_t line_start; /* whose line the points are in */
    struct wrap_shape shape;
    struct wrap_point *items; /* one in a few KiB */
    size_t len, cap;
};

/* The shape for a line: its indent is that of its own text and a little more, at most half of the
 * width. */
struct wrap_shape wrap_shape_of(
    const struct text *text, unsigned tab, size_t width, size_t line_start, size_t line_end);
/* *at is where a row of the line begins: to where the next one does. False: it is the last. */
bool wrap_next(const struct text *text, const struct wrap_shape *shape, size_t line_start,
    size_t line_end, struct column_point *at);
/* Where the row begins that holds an offset of the line (its end: the last row). */
struct column_point wrap_find(struct wrap_cache *cache, const struct text *text,
    const struct wrap_shape *shape, size_t line_start, size_t line_end, size_t offset);
/* To be told of every change of the text. */
void wrap_changed(struct wrap_cache *cache, const struct text_change *change);
void wrap_free(struct wrap_cache *cache);

#endif
