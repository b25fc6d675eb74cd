#include "syntax/indent.h"

#include "base/vec.h"
#include "syntax/indent_yaml.h"
#include "syntax/layer.h"

/* One question: how far in is the text that begins at `at`, when a line begins there? */
struct place {
    struct syntax *syntax;
    struct layer layer;
    size_t at, first; /* of the piece; `first`: what is no blank there */
    const struct indent_style *style;
    const struct indent_edits *done; /* lines above that will be different; may be NULL */
    bool ignored;                    /* in a string of many lines */
    bool found, branch;              /* a node indents it; its closing bracket begins the line */
    size_t open;                     /* where that node begins */
};

void indent_add_level(const struct indent_style *style, bool yaml, struct buf *out)
{
    if (style->width == 0 && !yaml) {
        buf_append_char(out, '\t');
    } else {
        buf_append_repeat(out, ' ', style->width == 0 ? 2 : style->width);
    }
}

/* The indentation of the line that `at` is in, as it will be. */
static void append_line_indent(const struct place *place, size_t at, struct buf *out)
{
    const struct source_window *text = &place->layer.text;
    size_t start = source_line_start(text, at);
    size_t whole = place->layer.piece->start + start;
    size_t low = 0;
    size_t high = place->done == NULL ? 0 : place->done->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (place->done->items[mid].start == whole) {
            buf_append_c(out, place->done->items[mid].with);
            return;
        }
        if (place->done->items[mid].start < whole) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    source_append(text, start, source_skip_blanks(text, start, at), out);
}

/* indents.scm over what touches the place: the innermost node that indents it. */
static void ask_query(struct place *place)
{
    const struct query *query = query_get(place->layer.language, "indents.scm");
    if (query == NULL) {
        return;
    }
    TSQueryCursor *cursor = place->syntax->cursor;
    TSQueryMatch match;
    size_t branch = SIZE_MAX;
    ts_query_cursor_set_byte_range(cursor, (uint32_t)place->at, (uint32_t)place->first + 1);
    ts_query_cursor_exec(cursor, query_raw(query), place->layer.root);
    while (query_next(query, cursor, &place->layer.text, &match)) {
        for (uint16_t i = 0; i < match.capture_count; i++) {
            TSNode node = match.captures[i].node;
            const char *name = query_capture_name(query, match.captures[i].index);
            size_t start = ts_node_start_byte(node);
            bool holds = start < place->at && ts_node_end_byte(node) > place->first;
            if (strcmp(name, "indent.begin") == 0 && holds &&
                (!place->found || start >= place->open)) {
                place->found = true;
                place->open = start;
            } else if (strcmp(name, "indent.branch") == 0 && start == place->first) {
                branch = start;
            } else if (strcmp(name, "indent.ignore") == 0 && holds) {
                place->ignored = true;
            }
        }
    }
    place->branch = branch != SIZE_MAX;
}

/* What is half typed has no node that could indent: an open bracket does. */
static void ask_brackets(struct place *place)
{
    size_t open = 0;
    if (ts_node_has_error(place->layer.root) && !place->ignored &&
        layer_open_bracket(&place->layer, place->at, &open) &&
        (!place->found || open > place->open)) {
        int c = source_byte(&place->layer.text, place->first);
        place->found = true;
        place->open = open;
        place->branch = c == ')' || c == ']' || c == '}';
    }
}

/* The columns in which the lines of an injection begin. */
static size_t left_edge(const struct layer *layer)
{
    return layer->injection == NULL ? 0 : layer->injection->ranges.items[0].start_point.column;
}

/* An injection whose lines are lines of the inner text decides itself; in the others (a scalar in
 * quotes, YAML in Rego's comments) the host does. */
static bool decides(const struct layer *inner, const struct layer *host)
{
    return !inner->language->documents &&
           (inner->injection->blank_gaps || !host->language->documents);
}

static struct place place_at(
    struct syntax *syntax, size_t offset, const struct indent_style *style, bool *known)
{
    struct layer layers[2];
    size_t count = layers_at(syntax, offset, layers);
    struct place place = {.syntax = syntax, .style = style};
    *known = count > 0;
    if (count == 0) {
        return place;
    }
    place.layer = layers[count == 2 && decides(&layers[1], &layers[0])];
    place.at = offset - place.layer.piece->start;
    place.first = source_skip_blanks(&place.layer.text, place.at, place.layer.text.len);
    ask_query(&place);
    ask_brackets(&place);
    return place;
}

enum { UNIT_LINES = 100, UNIT_MAX = 8 };

/* One level as the text inside has it: what its first line that is further in has more than its
 * edge. A host's width is the host's. False: no line is. */
static bool add_inner_level(const struct place *place, struct buf *out)
{
    const struct source_window *text = &place->layer.text;
    const struct injection *injection = place->layer.injection;
    if (injection == NULL || place->done != NULL) {
        return false;
    }
    size_t edge = left_edge(&place->layer);
    size_t at = source_line_start(text, injection->ranges.items[0].start_byte);
    size_t end = injection->ranges.items[injection->ranges.len - 1].end_byte;
    for (size_t i = 0; i < UNIT_LINES && at < end; i++) {
        size_t first = source_skip_blanks(text, at, text->len);
        int c = source_byte(text, first);
        bool is_blank = c == -1 || c == '\n' || c == '\r';
        if (!is_blank && first - at > edge && first - at - edge <= UNIT_MAX) {
            source_append(text, at + edge, first, out);
            return true;
        }
        at = source_line_end(text, at) + 1;
    }
    return false;
}

static void append_indent(const struct place *place, struct buf *out)
{
    bool yaml = place->layer.language->documents;
    if (place->found) {
        append_line_indent(place, place->open, out);
        if (!place->branch && !add_inner_level(place, out)) {
            indent_add_level(place->style, yaml, out);
        }
    } else if (yaml) {
        indent_yaml(&place->layer, place->at, place->style, out);
    } else {
        buf_append_repeat(out, ' ', left_edge(&place->layer));
    }
}

/* Without a tree: as the line is. */
static void copy_line(const struct syntax *syntax, size_t offset, struct buf *out)
{
    struct source_window text = {&syntax->source, 0, syntax->source.size(syntax->source.data)};
    size_t start = source_line_start(&text, offset);
    source_append(&text, start, source_skip_blanks(&text, start, offset), out);
}

void syntax_indent_new_line(
    struct syntax *syntax, size_t offset, const struct indent_style *style, struct buf *out)
{
    bool known;
    layer_prepare(syntax, offset, offset + 1);
    struct place place = place_at(syntax, offset, style, &known);
    bool indents = known && query_get(place.layer.language, "indents.scm") != NULL;
    if (!indents || place.ignored) {
        copy_line(syntax, offset, out);
    } else {
        append_indent(&place, out);
    }
}

static bool indent_of_line(struct syntax *syntax, size_t start, const struct indent_style *style,
    const struct indent_edits *done, struct buf *out)
{
    bool known;
    struct place place = place_at(syntax, start, style, &known);
    if (!known || place.ignored || query_get(place.layer.language, "indents.scm") == NULL ||
        (place.layer.language->documents && !place.found)) {
        return false;
    }
    int c = source_byte(&place.layer.text, place.first);
    if (c == -1 || c == '\n' || c == '\r') {
        return false;
    }
    place.done = done;
    append_indent(&place, out);
    return true;
}

bool syntax_indent_line(
    struct syntax *syntax, size_t offset, const struct indent_style *style, struct buf *out)
{
    struct source_window text = {&syntax->source, 0, syntax->source.size(syntax->source.data)};
    size_t start = source_line_start(&text, offset);
    layer_prepare(syntax, start, start + 1);
    return indent_of_line(syntax, start, style, NULL, out);
}

void syntax_reindent(struct syntax *syntax, size_t from, size_t to,
    const struct indent_style *style, struct indent_edits *out)
{
    struct source_window text = {&syntax->source, 0, syntax->source.size(syntax->source.data)};
    struct buf with = BUF_INIT;
    struct buf old = BUF_INIT;
    layer_prepare(syntax, from, to);
    size_t at = source_line_start(&text, from);
    while (at < text.len && (at < to || at <= from)) {
        buf_clear(&with);
        buf_clear(&old);
        size_t end = source_skip_blanks(&text, at, text.len);
        source_append(&text, at, end, &old);
        if (indent_of_line(syntax, at, style, out, &with) &&
            !str_equal(buf_str(&with), buf_str(&old))) {
            VEC_PUSH(out, (struct indent_edit){at, end, str_dup(buf_str(&with))});
        }
        at = source_line_end(&text, at) + 1;
    }
    buf_free(&with);
    buf_free(&old);
}

void indent_edits_free(struct indent_edits *edits)
{
    VEC_FOREACH (struct indent_edit, e, edits) {
        free(e->with);
    }
    VEC_FREE(edits);
}
