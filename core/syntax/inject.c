/* Another language inside: finds it with the language's injections.scm (in YAML with
 * inject_yaml.c), computes the byte ranges of its text, parses it in the host's coordinates through
 * included ranges.
 *
 * Besides the customary injection.language and injection.content the queries use
 * (#set! injection.lines "comments"): the comment lines that follow the content, less their sign.
 */
#include "syntax/internal.h"

#include "base/vec.h"

/* The query begins this far before the part asked for: a run of comments is found by its first. */
#define LOOK_BACK     8192
#define INJECTION_MAX 4000

static void injection_free(struct injection *injection)
{
    VEC_FREE(&injection->ranges);
    if (injection->tree != NULL) {
        ts_tree_delete(injection->tree);
    }
}

void injections_clear(struct piece *piece)
{
    VEC_FOREACH (struct injection, i, &piece->injections) {
        injection_free(i);
    }
    VEC_FREE(&piece->injections);
    piece->injected_from = piece->injected_to = 0;
}

static uint32_t shift(uint32_t at, const TSInputEdit *edit)
{
    if (at <= edit->start_byte) {
        return at;
    }
    if (at >= edit->old_end_byte) {
        return at - edit->old_end_byte + edit->new_end_byte;
    }
    return at < edit->new_end_byte ? at : edit->new_end_byte;
}

void inject_edit(struct piece *piece, const TSInputEdit *edit)
{
    VEC_FOREACH (struct injection, i, &piece->injections) {
        i->stale = true;
        i->start = i->start == edit->start_byte ? i->start : shift(i->start, edit);
        i->end = shift(i->end, edit);
        if (i->tree != NULL) {
            ts_tree_edit(i->tree, edit);
        }
        VEC_FOREACH (TSRange, r, &i->ranges) {
            r->start_byte = shift(r->start_byte, edit);
            r->end_byte = shift(r->end_byte, edit);
        }
    }
    piece->injected_from = piece->injected_to = 0;
}

void inject_add_line(
    struct injection *inj, uint32_t row, size_t line_start, size_t from, size_t to, bool with_lf)
{
    TSRange range = {
        .start_byte = (uint32_t)from,
        .end_byte = (uint32_t)to,
        .start_point = {row, (uint32_t)(from - line_start)},
        .end_point = with_lf ? (TSPoint){row + 1, 0} : (TSPoint){row, (uint32_t)(to - line_start)},
    };
    VEC_PUSH(&inj->ranges, range);
}

size_t inject_line_end(const struct source_window *text, size_t at, bool *lf)
{
    for (;;) {
        struct str chunk = source_read(text, at);
        size_t hit = str_find_char(chunk, '\n', 0);
        if (hit != SIZE_MAX || chunk.len == 0) {
            *lf = hit != SIZE_MAX;
            return hit != SIZE_MAX ? at + hit + 1 : at;
        }
        at += chunk.len;
    }
}

size_t inject_count_blanks(const struct source_window *text, size_t at)
{
    size_t count = 0;
    while (source_byte(text, at + count) == ' ') {
        count++;
    }
    return count;
}

/* The comments below `node`, line by line, as far as they have its column. */
static void comment_ranges(const struct source_window *text, TSNode node, struct injection *inj)
{
    uint32_t column = ts_node_start_point(node).column;
    uint32_t row = ts_node_start_point(node).row;
    bool lf = false;
    size_t at = inject_line_end(text, ts_node_start_byte(node), &lf);
    inj->exact = true;
    while (lf && at < text->len && row < UINT32_MAX) {
        row++;
        size_t blanks = inject_count_blanks(text, at);
        if (blanks != column || source_byte(text, at + blanks) != '#') {
            break;
        }
        size_t end = inject_line_end(text, at, &lf);
        inject_add_line(inj, row, at, at + blanks + 1, end, lf);
        at = end;
    }
}

/* The node without its children (markers of a quote or a list that a Markdown block goes through).
 */
static void plain_ranges(TSNode node, bool with_children, struct injection *inj)
{
    TSRange range = {ts_node_start_point(node), ts_node_end_point(node), ts_node_start_byte(node),
        ts_node_end_byte(node)};
    inj->exact = true;
    uint32_t count = with_children ? 0 : ts_node_named_child_count(node);
    TSTreeCursor cursor = ts_tree_cursor_new(node);
    if (count > 0 && ts_tree_cursor_goto_first_child(&cursor)) {
        do {
            TSNode child = ts_tree_cursor_current_node(&cursor);
            if (!ts_node_is_named(child)) {
                continue;
            }
            TSRange part = range;
            part.end_byte = ts_node_start_byte(child);
            part.end_point = ts_node_start_point(child);
            if (part.end_byte > part.start_byte) {
                VEC_PUSH(&inj->ranges, part);
            }
            range.start_byte = ts_node_end_byte(child);
            range.start_point = ts_node_end_point(child);
        } while (ts_tree_cursor_goto_next_sibling(&cursor));
    }
    ts_tree_cursor_delete(&cursor);
    if (range.end_byte > range.start_byte) {
        VEC_PUSH(&inj->ranges, range);
    }
}

static struct injection *find_old(
    struct piece *piece, const struct language *language, uint32_t start)
{
    VEC_FOREACH (struct injection, i, &piece->injections) {
        if (i->language == language && i->start == start && !i->seen) {
            return i;
        }
    }
    return NULL;
}

void inject_add(struct piece *piece, struct injection *found)
{
    size_t count = found->ranges.len;
    if (count == 0 || piece->injections.len >= INJECTION_MAX) {
        VEC_FREE(&found->ranges);
        return;
    }
    found->seen = true;
    found->start = found->ranges.items[0].start_byte;
    found->end = found->ranges.items[count - 1].end_byte;
    struct injection *old = find_old(piece, found->language, found->start);
    if (old == NULL) {
        VEC_PUSH(&piece->injections, *found);
        return;
    }
    found->tree = old->tree;
    found->stale = old->stale;
    VEC_FREE(&old->ranges);
    *old = *found;
}

static void take_content(struct piece *piece, const struct source_window *text,
    const struct language *language, TSNode node, const char *lines, bool with_children)
{
    struct injection found = {.language = language};
    if (lines != NULL && strcmp(lines, "comments") == 0) {
        comment_ranges(text, node, &found);
    } else {
        plain_ranges(node, with_children, &found);
    }
    inject_add(piece, &found);
}

/* One match of the query: its contents and their language. */
static void take_match(struct piece *piece, const struct source_window *text,
    const struct query *query, const TSQueryMatch *match)
{
    const char *name = query_property(query, match->pattern_index, "injection.language");
    struct buf written = BUF_INIT;
    if (name != NULL) {
        buf_append_c(&written, name);
    }
    for (uint16_t i = 0; i < match->capture_count && name == NULL; i++) {
        TSNode node = match->captures[i].node;
        size_t from = ts_node_start_byte(node);
        size_t to = ts_node_end_byte(node);
        if (strcmp(query_capture_name(query, match->captures[i].index), "injection.language") ==
                0 &&
            to - from <= 64) {
            source_append(text, from, to, &written);
        }
    }
    const struct language *language =
        written.len == 0 ? NULL : language_by_name(str_trim(buf_str(&written)));
    buf_free(&written);
    const char *lines = query_property(query, match->pattern_index, "injection.lines");
    bool with_children =
        query_property(query, match->pattern_index, "injection.include-children") != NULL;
    for (uint16_t i = 0; i < match->capture_count && language != NULL; i++) {
        TSNode node = match->captures[i].node;
        if (strcmp(query_capture_name(query, match->captures[i].index), "injection.content") == 0 &&
            ts_node_end_byte(node) - ts_node_start_byte(node) <= INJECT_TEXT_MAX) {
            take_content(piece, text, language, node, lines, with_children);
        }
    }
}

/* Removes what was there before the edit and is no more. */
static void sweep(struct syntax *syntax, struct piece *piece, uint32_t from, uint32_t to)
{
    size_t kept = 0;
    for (size_t i = 0; i < piece->injections.len; i++) {
        struct injection *inj = &piece->injections.items[i];
        bool gone = !inj->seen && inj->stale && inj->start <= to && inj->end >= from;
        if (gone) {
            shown_mark(syntax, piece->start + inj->start, piece->start + inj->end);
            injection_free(inj);
        } else {
            piece->injections.items[kept++] = *inj;
        }
    }
    piece->injections.len = kept;
}

static int by_start(const void *a, const void *b)
{
    const struct injection *x = a;
    const struct injection *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

uint32_t injection_begin(const struct injection *injection)
{
    uint32_t column = injection->ranges.items[0].start_point.column;
    return injection->blank_gaps && column <= injection->start ? injection->start - column
                                                               : injection->start;
}

/* What of the injection looks different with its new tree. */
static void note_changes(struct syntax *syntax, const struct piece *piece,
    const struct injection *inj, const TSTree *tree)
{
    if (inj->tree == NULL || tree == NULL || inj->language->afresh) {
        shown_mark(syntax, piece->start + injection_begin(inj), piece->start + inj->end);
        return;
    }
    uint32_t count;
    TSRange *ranges = ts_tree_get_changed_ranges(inj->tree, tree, &count);
    for (uint32_t i = 0; i < count; i++) {
        size_t end = ranges[i].end_byte < inj->end ? ranges[i].end_byte : inj->end;
        shown_mark(syntax, piece->start + ranges[i].start_byte, piece->start + end);
    }
    free(ranges);
}

static bool parse_found(struct syntax *syntax, size_t index, uint32_t from, uint32_t to)
{
    struct piece *piece = &syntax->pieces.items[index];
    for (size_t i = 0; i < piece->injections.len; i++) {
        struct injection *inj = &piece->injections.items[i];
        if ((inj->tree != NULL && !inj->stale) || injection_begin(inj) > to || inj->end < from) {
            continue;
        }
        TSTree *tree = syntax_run_parser(syntax, index, i, inj->language, &inj->ranges,
            inj->language->afresh ? NULL : inj->tree);
        if (tree == NULL && syntax->pending_piece != SIZE_MAX) {
            return false;
        }
        note_changes(syntax, piece, inj, tree);
        if (inj->tree != NULL) {
            ts_tree_delete(inj->tree);
        }
        inj->tree = tree;
        inj->stale = false;
    }
    return true;
}

/* The matches of injections.scm that touch [from, to). */
static void find_by_query(struct syntax *syntax, struct piece *piece, const struct query *query,
    uint32_t from, uint32_t to)
{
    struct source_window text = piece_window(syntax, piece);
    TSQueryMatch match;
    ts_query_cursor_set_byte_range(syntax->cursor, from > LOOK_BACK ? from - LOOK_BACK : 0, to);
    ts_query_cursor_exec(syntax->cursor, query_raw(query), ts_tree_root_node(piece->tree));
    while (query_next(query, syntax->cursor, &text, &match)) {
        take_match(piece, &text, query, &match);
    }
}

static void find_all(struct syntax *syntax, size_t index, uint32_t from, uint32_t to)
{
    struct piece *piece = &syntax->pieces.items[index];
    const struct query *query =
        syntax->language->documents ? NULL : query_get(syntax->language, "injections.scm");
    if (syntax->pending_piece == index) {
        /* It names its injection by a place that is about to change. */
        syntax_forget_pending(syntax);
    }
    VEC_FOREACH (struct injection, i, &piece->injections) {
        i->seen = false;
    }
    if (syntax->language->documents) {
        inject_yaml(syntax, piece, from, to);
    } else if (query != NULL) {
        find_by_query(syntax, piece, query, from, to);
    }
    sweep(syntax, piece, from, to);
    if (piece->injections.len > 0) {
        qsort(piece->injections.items, piece->injections.len, sizeof *piece->injections.items,
            by_start);
    }
}

bool inject_refresh(struct syntax *syntax, size_t index, uint32_t from, uint32_t to)
{
    struct piece *piece = &syntax->pieces.items[index];
    if (piece->tree == NULL) {
        return true;
    }
    if (from < piece->injected_from || to > piece->injected_to) {
        find_all(syntax, index, from, to);
        bool joins = from <= piece->injected_to && to >= piece->injected_from;
        piece->injected_from = joins && piece->injected_from < from ? piece->injected_from : from;
        piece->injected_to = joins && piece->injected_to > to ? piece->injected_to : to;
    }
    return parse_found(syntax, index, from, to);
}

void syntax_injections(struct syntax *syntax, size_t from, size_t to, struct syntax_injections *out)
{
    syntax_parse(syntax, from, to, 0);
    for (size_t p = 0; p < syntax->pieces.len; p++) {
        struct piece *piece = &syntax->pieces.items[p];
        VEC_FOREACH (struct injection, i, &piece->injections) {
            if (i->stale || piece->start + i->start >= to || piece->start + i->end <= from) {
                continue;
            }
            struct syntax_injection item = {i->language, piece->start + i->start,
                piece->start + i->end, i->exact,
                mem_dup(i->ranges.items, i->ranges.len * sizeof(TSRange)), i->ranges.len};
            for (size_t r = 0; r < item.range_count; r++) {
                item.ranges[r].start_byte += (uint32_t)piece->start;
                item.ranges[r].end_byte += (uint32_t)piece->start;
                item.ranges[r].start_point.row += (uint32_t)piece->row;
                item.ranges[r].end_point.row += (uint32_t)piece->row;
            }
            VEC_PUSH(out, item);
        }
    }
}

void syntax_injections_free(struct syntax_injections *injections)
{
    VEC_FOREACH (struct syntax_injection, i, injections) {
        free(i->ranges);
    }
    VEC_FREE(injections);
}

void syntax_injection_text(
    const struct syntax_injection *injection, const struct syntax_source *source, struct buf *out)
{
    struct source_window text = {source, 0, source->size(source->data)};
    for (size_t i = 0; i < injection->range_count; i++) {
        source_append(&text, injection->ranges[i].start_byte, injection->ranges[i].end_byte, out);
    }
}

/* Goes through the ranges with the inner position at which each begins. */
struct walk {
    size_t row, column;
};

static void walk_on(struct walk *walk, const TSRange *range)
{
    uint32_t rows = range->end_point.row - range->start_point.row;
    walk->row += rows;
    walk->column = rows == 0 ? walk->column + range->end_point.column - range->start_point.column
                             : range->end_point.column;
}

bool syntax_injection_to_host(const struct syntax_injection *injection, size_t row, size_t column,
    size_t *host_row, size_t *host_column)
{
    struct walk at = {0, 0};
    for (size_t i = 0; i < injection->range_count && injection->exact; i++) {
        const TSRange *r = &injection->ranges[i];
        struct walk next = at;
        walk_on(&next, r);
        bool last = i + 1 == injection->range_count;
        bool begun = row > at.row || (row == at.row && column >= at.column);
        bool inside = row < next.row || (row == next.row && (column < next.column || last));
        if (begun && inside) {
            *host_row = r->start_point.row + (row - at.row);
            *host_column = row == at.row ? r->start_point.column + (column - at.column) : column;
            return true;
        }
        at = next;
    }
    return false;
}

bool syntax_injection_from_host(const struct syntax_injection *injection, size_t host_row,
    size_t host_column, size_t *row, size_t *column)
{
    struct walk at = {0, 0};
    for (size_t i = 0; i < injection->range_count && injection->exact; i++) {
        const TSRange *r = &injection->ranges[i];
        bool last = i + 1 == injection->range_count;
        bool begun = host_row > r->start_point.row ||
                     (host_row == r->start_point.row && host_column >= r->start_point.column);
        bool inside = host_row < r->end_point.row ||
                      (host_row == r->end_point.row && (host_column < r->end_point.column || last));
        if (begun && inside) {
            bool first_row = host_row == r->start_point.row;
            *row = at.row + (host_row - r->start_point.row);
            *column = first_row ? at.column + (host_column - r->start_point.column) : host_column;
            return true;
        }
        walk_on(&at, r);
    }
    return false;
}
