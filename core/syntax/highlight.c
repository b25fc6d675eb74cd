/* Highlight spans: captures painted into an array of styles, one byte a byte of text, outer nodes
 * first, then read off as runs. */
#include "syntax/internal.h"

#include "base/vec.h"

/* So much text is painted at a time. */
#define WINDOW ((size_t)128 << 10)

_Static_assert(CAPTURE_COUNT <= 255, "styles are kept in a byte");

struct paint {
    uint32_t start, end;
    uint32_t pattern;
    bool whole; /* wins over what is inside, see query.h */
    uint8_t style;
};

struct paints {
    struct paint *items;
    size_t len, cap;
};

static int compare(const void *a, const void *b)
{
    const struct paint *x = a;
    const struct paint *y = b;
    if (x->whole != y->whole) {
        return x->whole - y->whole;
    }
    if (x->start != y->start) {
        return x->start < y->start ? -1 : 1;
    }
    if (x->end != y->end) {
        return x->end > y->end ? -1 : 1;
    }
    return (x->pattern > y->pattern) - (x->pattern < y->pattern);
}

/* Styles of [from, to) (bytes of the piece) by one tree. */
static void paint_tree(struct syntax *syntax, const struct piece *piece, const TSTree *tree,
    const struct language *language, uint32_t from, uint32_t to, uint8_t *styles)
{
    const struct query *query = query_get(language, "highlights.scm");
    if (query == NULL) {
        return;
    }
    struct source_window text = piece_window(syntax, piece);
    struct paints paints = {0};
    TSQueryMatch match;
    ts_query_cursor_set_byte_range(syntax->cursor, from, to);
    ts_query_cursor_exec(syntax->cursor, query_raw(query), ts_tree_root_node(tree));
    while (query_next(query, syntax->cursor, &text, &match)) {
        bool whole = query_property(query, match.pattern_index, "highlight.whole") != NULL;
        for (uint16_t i = 0; i < match.capture_count; i++) {
            enum capture style;
            uint32_t start = ts_node_start_byte(match.captures[i].node);
            uint32_t end = ts_node_end_byte(match.captures[i].node);
            if (query_capture_style(query, match.captures[i].index, &style) && start < to &&
                end > from) {
                VEC_PUSH(&paints,
                    (struct paint){start, end, match.pattern_index, whole, (uint8_t)style});
            }
        }
    }
    if (paints.len > 0) {
        qsort(paints.items, paints.len, sizeof *paints.items, compare);
    }
    VEC_FOREACH (struct paint, p, &paints) {
        uint32_t start = p->start < from ? from : p->start;
        uint32_t end = p->end > to ? to : p->end;
        memset(styles + (start - from), p->style, end - start);
    }
    VEC_FREE(&paints);
}

/* Inner text takes the inner language's styles, whole; inline Markdown adds to its block's. */
static void paint_injection(struct syntax *syntax, const struct piece *piece,
    const struct injection *inj, uint32_t from, uint32_t to, uint8_t *styles)
{
    uint32_t low = inj->start > from ? inj->start : from;
    uint32_t high = inj->end < to ? inj->end : to;
    if (inj->tree == NULL || low >= high) {
        return;
    }
    bool adds = strcmp(inj->language->name, "markdown_inline") == 0;
    if (inj->blank_gaps) {
        const TSRange *first = &inj->ranges.items[0];
        uint32_t line = first->start_byte - first->start_point.column;
        uint32_t begin = line > from ? line : from;
        memset(styles + (begin - from), CAPTURE_NONE, high - begin);
    }
    uint8_t *inner = mem_zalloc(high - low);
    paint_tree(syntax, piece, inj->tree, inj->language, low, high, inner);
    VEC_FOREACH (const TSRange, r, &inj->ranges) {
        uint32_t start = r->start_byte > low ? r->start_byte : low;
        uint32_t end = r->end_byte < high ? r->end_byte : high;
        for (uint32_t i = start; i < end; i++) {
            if (!adds || inner[i - low] != CAPTURE_NONE) {
                styles[i - from] = inner[i - low];
            }
        }
    }
    free(inner);
}

static void push_span(struct syntax_spans *out, size_t start, size_t end, uint8_t style)
{
    if (out->len > 0) {
        struct syntax_span *last = &out->items[out->len - 1];
        if (last->end == start && last->capture == (enum capture)style) {
            last->end = end;
            return;
        }
    }
    VEC_PUSH(out, (struct syntax_span){start, end, (enum capture)style});
}

static void highlight_piece(struct syntax *syntax, const struct piece *piece, uint32_t from,
    uint32_t to, struct syntax_spans *out)
{
    uint8_t *styles = mem_zalloc(to - from);
    paint_tree(syntax, piece, piece->tree, syntax->language, from, to, styles);
    VEC_FOREACH (const struct injection, inj, &piece->injections) {
        paint_injection(syntax, piece, inj, from, to, styles);
    }
    for (uint32_t i = 0; i < to - from;) {
        uint32_t end = i + 1;
        while (end < to - from && styles[end] == styles[i]) {
            end++;
        }
        if (styles[i] != CAPTURE_NONE) {
            push_span(out, piece->start + from + i, piece->start + from + end, styles[i]);
        }
        i = end;
    }
    free(styles);
}

void highlight_look_up(struct syntax *syntax, size_t from, size_t to, struct syntax_spans *out)
{
    for (size_t i = piece_at(syntax, from); i < syntax->pieces.len; i++) {
        const struct piece *piece = &syntax->pieces.items[i];
        if (piece->start >= to) {
            break;
        }
        size_t low = from > piece->start ? from - piece->start : 0;
        size_t high = to - piece->start < piece->len ? to - piece->start : piece->len;
        for (; piece->tree != NULL && low < high; low += WINDOW) {
            size_t end = high - low > WINDOW ? low + WINDOW : high;
            highlight_piece(syntax, piece, (uint32_t)low, (uint32_t)end, out);
        }
    }
}
