#include "pane/editor_column.h"

#include "base/utf8.h"
#include "base/vec.h"

#define POINT_EVERY ((size_t)4 << 10) /* bytes between checkpoints */

size_t column_width(struct str cluster, size_t column, unsigned tab)
{
    if (cluster.ptr[0] == '\t') {
        return tab - column % tab;
    }
    int width = utf8_width_cluster(cluster);
    return width > 0 ? (size_t)width : 0;
}

/* Printable ASCII that is followed by ASCII is a cluster of one column: most of any policy file. */
static size_t plain_run(struct str chunk, size_t most)
{
    size_t i = 0;
    while (i < most && i + 1 < chunk.len && chunk.ptr[i] >= 0x20 && chunk.ptr[i] < 0x7f &&
           (unsigned char)chunk.ptr[i + 1] < 0x80) {
        i++;
    }
    return i;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

struct str column_cluster(const struct text *text, size_t offset, size_t end, struct buf *space)
{
    struct str near = text_chunk(text, offset);
    if (near.len < COLUMN_CLUSTER_MAX) {
        buf_clear(space);
        text_copy(text, offset, min_size(end, offset + COLUMN_CLUSTER_MAX), space);
        near = buf_str(space);
    }
    near.len = min_size(min_size(near.len, end - offset), COLUMN_CLUSTER_MAX);
    near.len = utf8_cluster(near);
    return near;
}

void column_walk(const struct text *text, unsigned tab, struct column_point *at, size_t end,
    size_t stop, size_t column)
{
    struct buf space = BUF_INIT;
    while (at->offset < end && at->offset < stop) {
        struct str chunk = text_chunk(text, at->offset);
        chunk.len = min_size(chunk.len, end - at->offset);
        size_t run = plain_run(
            chunk, min_size(stop - at->offset, column > at->column ? column - at->column : 0));
        if (run > 0) {
            at->offset += run;
            at->column += run;
            continue;
        }
        struct str cluster = column_cluster(text, at->offset, end, &space);
        size_t width = column_width(cluster, at->column, tab);
        if (at->column + width > column || at->offset + cluster.len > stop) {
            break;
        }
        at->offset += cluster.len;
        at->column += width;
    }
    buf_free(&space);
}

/* The last checkpoint before both bounds, or the line's start. */
static struct column_point begin(
    const struct column_cache *cache, size_t line_start, size_t stop, size_t column)
{
    struct column_point best = {line_start, 0};
    if (cache->line_start == line_start && cache->ambiguous == utf8_ambiguous_width()) {
        size_t low = 0, high = cache->len;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            const struct column_point *point = &cache->items[middle];
            if (point->offset <= stop && point->column <= column) {
                best = *point;
                low = middle + 1;
            } else {
                high = middle;
            }
        }
    }
    return best;
}

static void walk_noting(struct column_cache *cache, const struct text *text, unsigned tab,
    struct column_point *at, size_t line_start, size_t line_end, size_t stop, size_t column)
{
    if (line_end - line_start <= 2 * POINT_EVERY) {
        column_walk(text, tab, at, line_end, stop, column);
        return;
    }
    if (cache->line_start != line_start || cache->ambiguous != utf8_ambiguous_width()) {
        cache->line_start = line_start;
        cache->ambiguous = utf8_ambiguous_width();
        cache->len = 0;
    }
    for (;;) {
        size_t next = min_size(stop, at->offset + POINT_EVERY);
        size_t before = at->offset;
        column_walk(text, tab, at, line_end, next, column);
        bool on = next < stop && at->offset > before && at->offset + COLUMN_CLUSTER_MAX > next;
        if (!on) {
            return;
        }
        if (cache->len == 0 || cache->items[cache->len - 1].offset < at->offset) {
            VEC_PUSH(cache, *at);
        }
    }
}

size_t column_of(struct column_cache *cache, const struct text *text, unsigned tab,
    size_t line_start, size_t line_end, size_t offset)
{
    struct column_point at = begin(cache, line_start, offset, SIZE_MAX);
    walk_noting(cache, text, tab, &at, line_start, line_end, offset, SIZE_MAX);
    return at.column;
}

struct column_point column_find(struct column_cache *cache, const struct text *text, unsigned tab,
    size_t line_start, size_t line_end, size_t column)
{
    struct column_point at = begin(cache, line_start, SIZE_MAX, column);
    walk_noting(cache, text, tab, &at, line_start, line_end, line_end, column);
    return at;
}

void column_changed(struct column_cache *cache, const struct text_change *change)
{
    if (change->start < cache->line_start + 1) {
        cache->len = 0;
        cache->line_start = SIZE_MAX;
        return;
    }
    /* The edit may join the character before it. */
    while (cache->len > 0 &&
           cache->items[cache->len - 1].offset + COLUMN_CLUSTER_MAX > change->start) {
        cache->len--;
    }
}

void column_free(struct column_cache *cache)
{
    VEC_FREE(cache);
}
