#include "syntax/objects.h"

#include "syntax/layer.h"

/* Captures of textobjects.scm that make each object: "NAME.around" and "NAME.inside". */
static const char *const object_names[OBJECT_COUNT][2] = {
    [OBJECT_RULE] = {"function", "class"},
    [OBJECT_BLOCK] = {"block", NULL},
    [OBJECT_ARGUMENT] = {"parameter", "entry"},
    [OBJECT_COMMENT] = {"comment", NULL},
    [OBJECT_EXPRESSION] = {"statement", NULL},
};

struct span {
    size_t start, end;
    bool set;
};

static void widen(struct span *span, TSNode node)
{
    size_t start = ts_node_start_byte(node);
    size_t end = ts_node_end_byte(node);
    span->start = span->set && span->start < start ? span->start : start;
    span->end = span->set && span->end > end ? span->end : end;
    span->set = true;
}

/* "NAME.around" or "NAME.inside" of the object: 1 or 2; 0: something else. */
static int part_of(enum text_object kind, const char *capture)
{
    for (size_t i = 0; i < ARRAY_LEN(object_names[kind]); i++) {
        const char *name = object_names[kind][i];
        size_t len = name == NULL ? 0 : strlen(name);
        if (len > 0 && strncmp(capture, name, len) == 0 && capture[len] == '.') {
            return strcmp(capture + len, ".around") == 0   ? 1
                   : strcmp(capture + len, ".inside") == 0 ? 2
                                                           : 0;
        }
    }
    return 0;
}

static bool is_white(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What is in a node's brackets, without the white space at both ends; a node without brackets
 * whole. */
static struct span without_brackets(const struct layer *layer, struct span span)
{
    int first = source_byte(&layer->text, span.start);
    int last = span.end > span.start ? source_byte(&layer->text, span.end - 1) : -1;
    if (span.end - span.start < 2 ||
        !((first == '{' && last == '}') || (first == '[' && last == ']') ||
            (first == '(' && last == ')'))) {
        return span;
    }
    span.start++;
    span.end--;
    while (span.start < span.end && is_white(source_byte(&layer->text, span.start))) {
        span.start++;
    }
    while (span.end > span.start && is_white(source_byte(&layer->text, span.end - 1))) {
        span.end--;
    }
    return span;
}

/* An argument with the comma and the blanks that go with it. */
static struct span with_comma(const struct layer *layer, struct span span)
{
    const struct source_window *text = &layer->text;
    size_t end = source_skip_blanks(text, span.end, text->len);
    if (source_byte(text, end) == ',') {
        span.end = source_skip_blanks(text, end + 1, text->len);
        return span;
    }
    size_t start = span.start;
    while (start > 0 && is_white(source_byte(text, start - 1))) {
        start--;
    }
    if (start > 0 && source_byte(text, start - 1) == ',') {
        span.start = start - 1;
    }
    return span;
}

/* All lines of the comment. */
static struct span whole_comment(const struct layer *layer, TSNode node, struct span span)
{
    struct line_run run;
    if (layer->language->comment != NULL &&
        layer_line_run(layer, node, layer->language->comment, &run)) {
        span.start = run.start;
        span.end = run.end;
    }
    return span;
}

struct object_search {
    struct syntax *syntax;
    struct layer layer;
    enum text_object kind;
    bool around;
};

/* One match: the object (`result`) and what must hold the place (`holder`). */
static bool read_match(const struct object_search *search, const struct query *query,
    const TSQueryMatch *match, struct span *holder, struct span *result)
{
    struct span around = {0};
    struct span inside = {0};
    TSNode last = {0};
    for (uint16_t i = 0; i < match->capture_count; i++) {
        int part = part_of(search->kind, query_capture_name(query, match->captures[i].index));
        if (part != 0) {
            last = match->captures[i].node;
            widen(part == 1 ? &around : &inside, last);
        }
    }
    if (search->kind == OBJECT_ARGUMENT) {
        *holder = inside;
        *result = search->around && inside.set ? with_comma(&search->layer, inside) : inside;
        return inside.set;
    }
    if (search->kind == OBJECT_COMMENT) {
        *holder = inside;
        *result =
            search->around && inside.set ? whole_comment(&search->layer, last, inside) : inside;
        return inside.set;
    }
    *holder = around.set ? around : inside;
    *result = search->around || !inside.set ? *holder : without_brackets(&search->layer, inside);
    return holder->set;
}

/* The innermost object in the layer that holds [from, to) and is not just that. */
static bool object_in(const struct object_search *search, size_t from, size_t to, struct span *best)
{
    const struct query *query = query_get(search->layer.language, "textobjects.scm");
    TSQueryCursor *cursor = search->syntax->cursor;
    TSQueryMatch match;
    bool found = false;
    size_t least = SIZE_MAX;
    if (query == NULL) {
        return false;
    }
    ts_query_cursor_set_byte_range(cursor, (uint32_t)from, (uint32_t)(to > from ? to : from + 1));
    ts_query_cursor_exec(cursor, query_raw(query), search->layer.root);
    while (query_next(query, cursor, &search->layer.text, &match)) {
        struct span holder;
        struct span result;
        if (read_match(search, query, &match, &holder, &result) && holder.start <= from &&
            holder.end >= to && (result.start != from || result.end != to) &&
            holder.end - holder.start < least) {
            least = holder.end - holder.start;
            *best = result;
            found = true;
        }
    }
    return found;
}

bool syntax_object(struct syntax *syntax, enum text_object kind, bool around, size_t from,
    size_t to, struct syntax_range *out)
{
    struct layer layers[2];
    layer_prepare(syntax, from, to + 1);
    size_t count = layers_at(syntax, from, layers);
    for (size_t i = count; i > 0; i--) {
        struct object_search search = {syntax, layers[i - 1], kind, around};
        size_t base = search.layer.piece->start;
        struct span span;
        size_t end = to - base;
        if (to >= base && object_in(&search, from - base, end, &span)) {
            *out = (struct syntax_range){base + span.start, base + span.end};
            return true;
        }
    }
    return false;
}

bool syntax_object_next(struct syntax *syntax, enum text_object kind, bool backward, size_t offset,
    struct syntax_range *out)
{
    struct layer layers[2];
    size_t low = backward && offset > OBJECT_LOOK_MAX ? offset - OBJECT_LOOK_MAX : 0;
    size_t from = backward ? low : offset;
    size_t to = backward ? offset : offset + OBJECT_LOOK_MAX;
    layer_prepare(syntax, from, to);
    bool found = false;
    for (size_t i = layers_at(syntax, offset, layers); i > 0 && !found; i--) {
        struct object_search search = {syntax, layers[i - 1], kind, true};
        const struct query *query = query_get(search.layer.language, "textobjects.scm");
        size_t base = search.layer.piece->start;
        TSQueryMatch match;
        if (query == NULL) {
            continue;
        }
        ts_query_cursor_set_byte_range(
            syntax->cursor, (uint32_t)(from > base ? from - base : 0), (uint32_t)(to - base));
        ts_query_cursor_exec(syntax->cursor, query_raw(query), search.layer.root);
        while (query_next(query, syntax->cursor, &search.layer.text, &match)) {
            struct span holder;
            struct span result;
            if (!read_match(&search, query, &match, &holder, &result)) {
                continue;
            }
            size_t start = base + holder.start;
            bool fits = backward ? start < offset : start > offset;
            bool nearer = !found || (backward ? start > out->start : start < out->start);
            if (fits && nearer) {
                *out = (struct syntax_range){start, base + holder.end};
                found = true;
            }
        }
    }
    return found;
}

bool syntax_expand(struct syntax *syntax, size_t from, size_t to, struct syntax_range *out)
{
    struct layer layers[2];
    layer_prepare(syntax, from, to);
    for (size_t k = layers_at(syntax, from, layers); k > 0; k--) {
        const struct layer *layer = &layers[k - 1];
        size_t base = layer->piece->start;
        struct node_path path;
        if (to < base) {
            continue;
        }
        layer_path(layer, from - base, to - base, &path);
        for (size_t i = path.len; i > 0; i--) {
            TSNode node = path.nodes[i - 1];
            size_t start = base + ts_node_start_byte(node);
            size_t end = base + ts_node_end_byte(node);
            if (ts_node_is_named(node) && start <= from && end >= to &&
                (start < from || end > to)) {
                *out = (struct syntax_range){start, end};
                return true;
            }
        }
    }
    return false;
}

bool syntax_shrink(
    struct syntax *syntax, size_t from, size_t to, size_t at, struct syntax_range *out)
{
    struct layer layers[2];
    layer_prepare(syntax, from, to);
    size_t count = layers_at(syntax, at, layers);
    for (size_t k = 0; k < count; k++) {
        size_t base = layers[k].piece->start;
        struct node_path path;
        layer_path(&layers[k], at - base, at - base, &path);
        for (size_t i = 0; i < path.len; i++) {
            size_t start = base + ts_node_start_byte(path.nodes[i]);
            size_t end = base + ts_node_end_byte(path.nodes[i]);
            if (ts_node_is_named(path.nodes[i]) && start >= from && end <= to &&
                end - start < to - from) {
                *out = (struct syntax_range){start, end};
                return true;
            }
        }
    }
    return false;
}
