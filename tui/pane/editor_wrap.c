#include "pane/editor_wrap.h"

#include "base/utf8.h"
#include "base/vec.h"

#define HANG        2 /* columns more than the line's own indent */
#define LOOK_ROWS   6 /* where a row begins is settled by what comes this many rows later */
#define POINT_EVERY ((size_t)512)     /* bytes between checkpoints */
#define LONG        ((size_t)4 << 10) /* a line of more bytes is worth them */

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

struct wrap_shape wrap_shape_of(
    const struct text *text, unsigned tab, size_t width, size_t line_start, size_t line_end)
{
    size_t indent = 0, most = width / 2;
    for (size_t at = line_start; at < line_end && indent < most; at++) {
        int byte = text_byte(text, at);
        if (byte != ' ' && byte != '\t') {
            break;
        }
        indent += byte == ' ' ? 1 : tab - indent % tab;
    }
    return (struct wrap_shape){tab, width, min_size(indent + HANG, most), utf8_ambiguous_width()};
}

/* A walk along a row, cluster by cluster. */
struct walk {
    const struct text *text;
    const struct wrap_shape *shape;
    size_t line_end;
    size_t limit; /* column the row's text must not pass */
    struct column_point at, brk;
    struct buf space;
};

/* Takes the clusters of plain ASCII in this piece; false: something else comes next, or the edge.
 */
static bool take_plain(struct walk *walk)
{
    struct str chunk = text_chunk(walk->text, walk->at.offset);
    size_t most = min_size(min_size(chunk.len, walk->line_end - walk->at.offset),
               walk->limit - walk->at.column),
           i = 0;
    /* The byte after it must be ASCII too, or it might belong to the same cluster. */
    for (; i < most && i + 1 < chunk.len && chunk.ptr[i] >= 0x20 && chunk.ptr[i] < 0x7f &&
           (unsigned char)chunk.ptr[i + 1] < 0x80;
         i++) {
        if (chunk.ptr[i] == ' ') {
            walk->brk = (struct column_point){walk->at.offset + i + 1, walk->at.column + i + 1};
        }
    }
    walk->at.offset += i;
    walk->at.column += i;
    return i > 0;
}

/* Takes one cluster of any kind; false: the row ends before it, or behind it when it is a blank. */
static bool take_cluster(struct walk *walk, size_t row_start)
{
    struct str cluster = column_cluster(walk->text, walk->at.offset, walk->line_end, &walk->space);
    size_t width = column_width(cluster, walk->at.column, walk->shape->tab);
    bool blank = cluster.ptr[0] == ' ' || cluster.ptr[0] == '\t';
    bool fits = walk->at.column + width <= walk->limit;
    if (fits || blank || walk->at.offset == row_start) {
        walk->at.offset += cluster.len;
        walk->at.column += width;
        walk->brk = blank || !fits ? walk->at : walk->brk;
    }
    return fits;
}

bool wrap_next(const struct text *text, const struct wrap_shape *shape, size_t line_start,
    size_t line_end, struct column_point *at)
{
    size_t indent = at->offset == line_start ? 0 : shape->indent;
    struct walk walk = {.text = text,
        .shape = shape,
        .line_end = line_end,
        .limit = at->column + (shape->width > indent ? shape->width - indent : 1),
        .at = *at,
        .brk = *at};
    bool fits = true;
    while (walk.at.offset < line_end && fits) {
        fits =
            (walk.at.column < walk.limit && take_plain(&walk)) || take_cluster(&walk, at->offset);
    }
    buf_free(&walk.space);
    if (fits || walk.at.offset >= line_end) {
        return false;
    }
    *at = walk.brk.offset > at->offset ? walk.brk : walk.at;
    return true;
}

static bool shape_equal(const struct wrap_shape *a, const struct wrap_shape *b)
{
    return a->tab == b->tab && a->width == b->width && a->indent == b->indent &&
           a->ambiguous == b->ambiguous;
}

static size_t last_point(const struct wrap_cache *cache)
{
    return cache->len == 0 ? cache->line_start : cache->items[cache->len - 1].at.offset;
}

struct column_point wrap_find(struct wrap_cache *cache, const struct text *text,
    const struct wrap_shape *shape, size_t line_start, size_t line_end, size_t offset)
{
    struct wrap_cache none = {.line_start = line_start, .shape = *shape};
    if (line_end - line_start <= LONG) {
        cache = &none; /* not worth another line's points */
    }
    if (cache->line_start != line_start || !shape_equal(&cache->shape, shape)) {
        cache->line_start = line_start;
        cache->shape = *shape;
        cache->len = 0;
    }
    size_t low = 0, high = cache->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cache->items[middle].at.offset <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    struct column_point at =
        low == 0 ? (struct column_point){line_start, 0} : cache->items[low - 1].at;
    struct column_point next = at;
    struct column_point candidate = at;
    int rows = 0; /* since the candidate */
    while (wrap_next(text, shape, line_start, line_end, &next) && next.offset <= offset) {
        at = next;
        rows += rows > 0 ? 1 : 0;
        if (rows > LOOK_ROWS) {
            VEC_PUSH(cache, ((struct wrap_point){candidate, at.offset}));
            rows = 0;
        }
        if (rows == 0 && cache != &none && at.offset >= last_point(cache) + POINT_EVERY) {
            candidate = at;
            rows = 1;
        }
    }
    return at;
}

void wrap_changed(struct wrap_cache *cache, const struct text_change *change)
{
    if (change->start < cache->line_start + 1) {
        cache->len = 0;
        cache->line_start = SIZE_MAX;
        return;
    }
    while (cache->len > 0 && cache->items[cache->len - 1].reach > change->start) {
        cache->len--;
    }
}

void wrap_free(struct wrap_cache *cache)
{
    VEC_FREE(cache);
}
