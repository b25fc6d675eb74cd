#include "syntax/layer.h"

#include "base/vec.h"
#include "loop/loop.h"

void layer_prepare(struct syntax *syntax, size_t from, size_t to)
{
    if (syntax->held || syntax->asked_us >= LAYER_BUDGET_US) {
        return;
    }
    uint64_t outer = syntax->deadline_us;
    uint64_t begun = loop_now_us();
    syntax->deadline_us = begun + LAYER_BUDGET_US - syntax->asked_us;
    syntax_parse_range(syntax, from, to);
    syntax->deadline_us = outer;
    syntax->asked_us += syntax->pending_piece == SIZE_MAX ? 0 : loop_now_us() - begun;
}

size_t source_line_start(const struct source_window *text, size_t offset)
{
    size_t at = offset < text->len ? offset : text->len;
    while (at > 0) {
        size_t from = at > 256 ? at - 256 : 0;
        size_t found = SIZE_MAX;
        for (size_t i = from; i < at;) {
            struct str chunk = source_read(text, i);
            chunk = chunk.len > at - i ? str_slice(chunk, 0, at - i) : chunk;
            for (size_t k = 0; k < chunk.len; k++) {
                found = chunk.ptr[k] == '\n' ? i + k + 1 : found;
            }
            i += chunk.len > 0 ? chunk.len : at - i;
        }
        if (found != SIZE_MAX) {
            return found;
        }
        at = from;
    }
    return 0;
}

size_t source_line_end(const struct source_window *text, size_t offset)
{
    for (size_t at = offset;;) {
        struct str chunk = source_read(text, at);
        size_t hit = str_find_char(chunk, '\n', 0);
        if (hit != SIZE_MAX || chunk.len == 0) {
            return hit != SIZE_MAX ? at + hit : at;
        }
        at += chunk.len;
    }
}

size_t source_skip_blanks(const struct source_window *text, size_t at, size_t end)
{
    while (at < end) {
        int c = source_byte(text, at);
        if (c != ' ' && c != '\t') {
            break;
        }
        at++;
    }
    return at;
}

size_t syntax_row_of(const struct syntax *syntax, size_t offset)
{
    if (syntax->pieces.len == 0) {
        return 0;
    }
    const struct piece *piece = &syntax->pieces.items[piece_at(syntax, offset)];
    struct source_window text = piece_window(syntax, piece);
    size_t end = offset > piece->start ? offset - piece->start : 0;
    size_t row = piece->row;
    for (size_t at = 0; at < end;) {
        struct str chunk = source_read(&text, at);
        if (chunk.len == 0) {
            break;
        }
        chunk = chunk.len > end - at ? str_slice(chunk, 0, end - at) : chunk;
        for (size_t hit = 0; (hit = str_find_char(chunk, '\n', hit)) != SIZE_MAX; hit++) {
            row++;
        }
        at += chunk.len;
    }
    return row;
}

const struct injection *injection_at(const struct piece *piece, size_t offset)
{
    const struct injection *found = NULL;
    VEC_FOREACH (const struct injection, i, &piece->injections) {
        const TSRange *last = &i->ranges.items[i->ranges.len - 1];
        bool open_end = last->end_point.column != 0;
        if (injection_begin(i) > offset) {
            break;
        }
        if (offset < i->end || (offset == i->end && open_end)) {
            found = i;
        }
    }
    return found;
}

size_t layers_at(const struct syntax *syntax, size_t offset, struct layer layers[2])
{
    if (syntax->pieces.len == 0) {
        return 0;
    }
    const struct piece *piece = &syntax->pieces.items[piece_at(syntax, offset)];
    if (piece->tree == NULL) {
        return 0;
    }
    struct source_window text = piece_window(syntax, piece);
    uint64_t stop = loop_now_us() + LAYER_SCAN_US;
    layers[0] =
        (struct layer){syntax->language, piece, NULL, ts_tree_root_node(piece->tree), text, stop};
    const struct injection *inside = injection_at(piece, offset - piece->start);
    if (inside == NULL || inside->tree == NULL) {
        return 1;
    }
    layers[1] = (struct layer){
        inside->language, piece, inside, ts_tree_root_node(inside->tree), text, stop};
    return 2;
}

/* Lines a run is followed each way. */
#define RUN_MAX 2000

/* Blank, or a comment that is no further in than `column`. */
static bool is_outside(const struct source_window *text, size_t line, size_t column)
{
    size_t at = source_skip_blanks(text, line, text->len);
    int c = source_byte(text, at);
    return c == -1 || c == '\n' || c == '\r' || (c == '#' && at - line <= column);
}

uint32_t node_last_row(const struct layer *layer, TSNode node)
{
    TSPoint start = ts_node_start_point(node);
    TSPoint end = ts_node_end_point(node);
    uint32_t last = end.column == 0 && end.row > start.row ? end.row - 1 : end.row;
    if (layer->language->documents && last > start.row) {
        size_t line = ts_node_end_byte(node) - end.column;
        line = last < end.row && line > 0 ? source_line_start(&layer->text, line - 1) : line;
        for (int i = 0;
             i < RUN_MAX && last > start.row && is_outside(&layer->text, line, start.column); i++) {
            line = source_line_start(&layer->text, line - 1);
            last--;
        }
    }
    return last;
}

void layer_path(const struct layer *layer, size_t from, size_t to, struct node_path *path)
{
    TSTreeCursor cursor = ts_tree_cursor_new(layer->root);
    path->len = 0;
    path->nodes[path->len++] = layer->root;
    /* The first child that ends behind `from` may still begin behind it, or end before `to`. */
    while (path->len < PATH_MAX_NODES &&
           ts_tree_cursor_goto_first_child_for_byte(&cursor, (uint32_t)from) >= 0) {
        TSNode node = ts_tree_cursor_current_node(&cursor);
        if (ts_node_start_byte(node) > from || ts_node_end_byte(node) < to) {
            break;
        }
        path->nodes[path->len++] = node;
    }
    ts_tree_cursor_delete(&cursor);
}

int node_bracket(TSNode node)
{
    const char *type = ts_node_type(node);
    bool one =
        !ts_node_is_named(node) && !ts_node_is_missing(node) && type[0] != '\0' && type[1] == '\0';
    return one && strchr("()[]{}", type[0]) != NULL ? type[0] : 0;
}

/* True when the line that begins at `start` has `sign` at `column`, after blanks only. */
static bool line_has_sign(
    const struct source_window *text, size_t start, size_t column, const char *sign)
{
    size_t at = source_skip_blanks(text, start, start + column);
    bool has = at == start + column;
    for (size_t i = 0; has && sign[i] != '\0'; i++) {
        has = source_byte(text, at + i) == sign[i];
    }
    return has;
}

bool layer_line_run(const struct layer *layer, TSNode node, const char *sign, struct line_run *run)
{
    const struct source_window *text = &layer->text;
    TSPoint point = ts_node_start_point(node);
    size_t line = ts_node_start_byte(node) - point.column;
    if (!line_has_sign(text, line, point.column, sign)) {
        return false;
    }
    *run = (struct line_run){point.row, point.row, line, source_line_end(text, line)};
    while (run->start > 0 && point.row - run->first_row < RUN_MAX) {
        size_t before = source_line_start(text, run->start - 1);
        if (!line_has_sign(text, before, point.column, sign)) {
            break;
        }
        run->start = before;
        run->first_row--;
    }
    while (run->end + 1 < text->len && run->last_row - point.row < RUN_MAX &&
           line_has_sign(text, run->end + 1, point.column, sign)) {
        run->end = source_line_end(text, run->end + 1);
        run->last_row++;
    }
    return true;
}
