#include "syntax/folds.h"

#include "base/vec.h"
#include "syntax/layer.h"

struct fold_search {
    struct syntax *syntax;
    struct folds *out;
    struct layer layer;
    size_t run_first, run_last; /* rows (of the piece) of the run found last; first > last: none */
};

static void add_fold(struct fold_search *search, size_t first, size_t last, enum fold_kind kind)
{
    if (last > first) {
        size_t row = search->layer.piece->row;
        VEC_PUSH(search->out, (struct fold){row + first, row + last, kind, search->layer.language});
    }
}

/* The run of lines that `node` is in, once. */
static void add_run(struct fold_search *search, TSNode node, enum fold_kind kind)
{
    const char *sign = kind == FOLD_IMPORTS ? "import" : search->layer.language->comment;
    size_t row = ts_node_start_point(node).row;
    bool known = row >= search->run_first && row <= search->run_last;
    struct line_run run;
    if (known || sign == NULL || !layer_line_run(&search->layer, node, sign, &run)) {
        return;
    }
    search->run_first = run.first_row;
    search->run_last = run.last_row;
    add_fold(search, run.first_row, run.last_row, kind);
}

static void take_capture(struct fold_search *search, const char *name, TSNode node)
{
    if (strcmp(name, "fold") == 0) {
        add_fold(
            search, ts_node_start_point(node).row, node_last_row(&search->layer, node), FOLD_BLOCK);
    } else if (strcmp(name, "fold.comment") == 0) {
        add_run(search, node, FOLD_COMMENT);
    } else if (strcmp(name, "fold.imports") == 0) {
        add_run(search, node, FOLD_IMPORTS);
    } else if (strcmp(name, "fold.document") == 0 && search->syntax->pieces.len > 1) {
        add_fold(
            search, ts_node_start_point(node).row, node_last_row(&search->layer, node), FOLD_BLOCK);
    }
}

/* Folds of one tree for [from, to) of its piece. */
static void search_layer(struct fold_search *search, uint32_t from, uint32_t to)
{
    const struct query *query = query_get(search->layer.language, "folds.scm");
    if (query == NULL) {
        return;
    }
    TSQueryCursor *cursor = search->syntax->cursor;
    TSQueryMatch match;
    search->run_first = 1;
    search->run_last = 0;
    ts_query_cursor_set_byte_range(cursor, from, to > from ? to : from + 1);
    ts_query_cursor_exec(cursor, query_raw(query), search->layer.root);
    while (query_next(query, cursor, &search->layer.text, &match)) {
        for (uint16_t i = 0; i < match.capture_count; i++) {
            take_capture(
                search, query_capture_name(query, match.captures[i].index), match.captures[i].node);
        }
    }
}

static void search_piece(
    struct syntax *syntax, const struct piece *piece, size_t from, size_t to, struct folds *out)
{
    struct source_window text = piece_window(syntax, piece);
    struct fold_search search = {.syntax = syntax, .out = out};
    search.layer =
        (struct layer){syntax->language, piece, NULL, ts_tree_root_node(piece->tree), text, 0};
    search_layer(&search, (uint32_t)from, (uint32_t)to);
    VEC_FOREACH (const struct injection, i, &piece->injections) {
        uint32_t low = i->start > from ? i->start : (uint32_t)from;
        uint32_t high = i->end < to ? i->end : (uint32_t)to;
        if (i->tree != NULL && low < high) {
            search.layer =
                (struct layer){i->language, piece, i, ts_tree_root_node(i->tree), text, 0};
            search_layer(&search, low, high);
        }
    }
}

static int by_rows(const void *a, const void *b)
{
    const struct fold *x = a;
    const struct fold *y = b;
    if (x->first_row != y->first_row) {
        return x->first_row < y->first_row ? -1 : 1;
    }
    return (x->last_row < y->last_row) - (x->last_row > y->last_row);
}

void syntax_folds(struct syntax *syntax, size_t from, size_t to, struct folds *out)
{
    size_t begin = out->len;
    layer_prepare(syntax, from, to);
    for (size_t i = syntax->pieces.len > 0 ? piece_at(syntax, from) : 0; i < syntax->pieces.len;
         i++) {
        const struct piece *piece = &syntax->pieces.items[i];
        if (piece->start >= to && piece->start > from) {
            break;
        }
        size_t low = from > piece->start ? from - piece->start : 0;
        size_t high = to - piece->start < piece->len ? to - piece->start : piece->len;
        if (piece->tree != NULL) {
            search_piece(syntax, piece, low, high, out);
        }
    }
    if (out->len == begin) {
        return;
    }
    qsort(out->items + begin, out->len - begin, sizeof *out->items, by_rows);
    size_t kept = begin + 1;
    for (size_t i = begin + 1; i < out->len; i++) {
        if (out->items[i].first_row != out->items[kept - 1].first_row) {
            out->items[kept++] = out->items[i];
        }
    }
    out->len = kept;
}

bool syntax_fold_around(struct syntax *syntax, size_t offset, struct fold *out)
{
    struct source_window text = {&syntax->source, 0, syntax->source.size(syntax->source.data)};
    size_t from = source_line_start(&text, offset);
    size_t to = source_line_end(&text, offset);
    struct folds folds = {0};
    bool found = false;
    syntax_folds(syntax, from, to + 1, &folds);
    size_t row = syntax_row_of(syntax, from);
    VEC_FOREACH (const struct fold, fold, &folds) {
        if (fold->first_row <= row && fold->last_row >= row) {
            *out = *fold;
            found = true;
        }
    }
    VEC_FREE(&folds);
    return found;
}
