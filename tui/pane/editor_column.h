/* Display columns in a line of a text: tabs to the next stop, wide characters 2, hidden characters
 * as they are shown (safe.h). Very long lines (a JSON file in one line) keep checkpoints, so that a
 * key far out costs no walk from the line's start. */
#ifndef BYLAW_PANE_EDITOR_COLUMN_H
#define BYLAW_PANE_EDITOR_COLUMN_H

#include "text/text.h"

struct column_point {
    size_t offset;
    size_t column;
};

struct column_cache {
    size_t line_start; /* whose line the points are in */
    int ambiguous;     /* utf8_ambiguous_width they were made with */
    struct column_point *items;
    size_t len, cap;
};

#define COLUMN_CLUSTER_MAX 256 /* bytes; a longer cluster is taken in parts */

/* The cluster at `offset`, before `end` (offset < end); in `space` or the text's memory. */
struct str column_cluster(
    const struct text *text, size_t offset, size_t end, struct buf *space) MUST_USE;
/* Columns of the cluster at the beginning of s when it begins in `column`. */
size_t column_width(struct str cluster, size_t column, unsigned tab);

/* From *at on to the last cluster start that is not past `stop` (an offset) and not past `column`.
 */
void column_walk(const struct text *text, unsigned tab, struct column_point *at, size_t end,
    size_t stop, size_t column);

/* The column of `offset` in the line that starts at line_start and ends at line_end. */
size_t column_of(struct column_cache *cache, const struct text *text, unsigned tab,
    size_t line_start, size_t line_end, size_t offset);
/* The last cluster start (or line_end) whose column is not past `column`. */
struct column_point column_find(struct column_cache *cache, const struct text *text, unsigned tab,
    size_t line_start, size_t line_end, size_t column);
/* To be told of every change of the text. */
void column_changed(struct column_cache *cache, const struct text_change *change);
void column_free(struct column_cache *cache);

#endif
