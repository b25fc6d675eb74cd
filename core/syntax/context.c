#include "syntax/context.h"

#include "base/safe.h"
#include "base/vec.h"
#include "syntax/layer.h"

#include <stdio.h>

#define NEAR_BYTES ((size_t)4 << 10)

static bool type_is(TSNode node, const char *type)
{
    return strcmp(ts_node_type(node), type) == 0;
}

/* The entry's name: the node's first line, made safe. */
static void set_name(
    struct context_entry *entry, const struct source_window *text, TSNode node, const char *before)
{
    struct buf raw = BUF_INIT;
    size_t from = ts_node_start_byte(node);
    size_t to = ts_node_end_byte(node);
    source_append(
        text, from, to - from > 4 * sizeof entry->name ? from + 4 * sizeof entry->name : to, &raw);
    struct str line = buf_str(&raw);
    size_t lf = str_find_char(line, '\n', 0);
    char *shown = safe_dup(str_trim(lf == SIZE_MAX ? line : str_slice(line, 0, lf)), SAFE_ONE_LINE,
        sizeof entry->name - 4);
    snprintf(entry->name, sizeof entry->name, "%s%s", before, shown);
    free(shown);
    buf_free(&raw);
}

static struct context_entry entry_of(const struct layer *layer, const char *kind, TSNode node)
{
    return (struct context_entry){
        .kind = kind,
        .language = layer->language,
        .start = layer->piece->start + ts_node_start_byte(node),
        .header_row = layer->piece->row + ts_node_start_point(node).row,
        .end_row = layer->piece->row + node_last_row(layer, node),
    };
}

static void push(struct context *out, const struct context_entry *entry)
{
    if (out->len == CONTEXT_DEPTH_MAX) {
        memmove(out->items, out->items + 1, (CONTEXT_DEPTH_MAX - 1) * sizeof *out->items);
        out->len--;
    }
    out->items[out->len++] = *entry;
}

/* The definitions of outline.scm that touch the line. */
static void by_outline(
    struct syntax *syntax, const struct layer *layer, size_t from, size_t to, struct context *out)
{
    const struct query *query = query_get(layer->language, "outline.scm");
    if (query == NULL) {
        return;
    }
    TSQueryMatch match;
    size_t begin = out->len;
    size_t row = syntax_row_of(syntax, layer->piece->start + from) - layer->piece->row;
    ts_query_cursor_set_byte_range(syntax->cursor, (uint32_t)from, (uint32_t)to);
    ts_query_cursor_exec(syntax->cursor, query_raw(query), layer->root);
    while (query_next(query, syntax->cursor, &layer->text, &match)) {
        struct context_entry entry = {0};
        for (uint16_t i = 0; i < match.capture_count; i++) {
            const char *capture = query_capture_name(query, match.captures[i].index);
            if (strncmp(capture, "definition.", 11) == 0) {
                char name[sizeof entry.name];
                memcpy(name, entry.name, sizeof name);
                entry = entry_of(layer, capture + 11, match.captures[i].node);
                memcpy(entry.name, name, sizeof name);
            } else if (strcmp(capture, "name") == 0) {
                set_name(&entry, &layer->text, match.captures[i].node, "");
            }
        }
        /* A match can touch the line by a node around its definition only. */
        bool known =
            entry.start >= layer->piece->start + to || entry.end_row < layer->piece->row + row;
        for (size_t i = begin; i < out->len; i++) {
            known = known || out->items[i].start == entry.start;
        }
        if (entry.kind != NULL && !known) {
            push(out, &entry);
        }
    }
}

/* The first pair of the mapping in a list item: what tells it from its neighbours. */
static TSNode first_pair(TSNode item)
{
    TSNode node = item;
    while (ts_node_named_child_count(node) > 0 && !type_is(node, "block_mapping_pair")) {
        TSNode child = ts_node_named_child(node, 0);
        if (type_is(child, "comment")) {
            break;
        }
        node = child;
    }
    return node;
}

/* Keys and items from the root down to the place. */
static void by_keys(const struct layer *layer, size_t from, size_t to, struct context *out)
{
    size_t begin = source_skip_blanks(&layer->text, from, to);
    size_t end = to > begin ? to - 1 : begin;
    /* Its last byte, so that "- name: x" is in its item and in its key. */
    while (end > begin &&
           (source_byte(&layer->text, end) == '\n' || source_byte(&layer->text, end) == ' ' ||
               source_byte(&layer->text, end) == '\r')) {
        end--;
    }
    struct node_path path;
    layer_path(layer, begin, end + 1, &path);
    for (size_t i = 0; i < path.len; i++) {
        TSNode part = path.nodes[i];
        if (!type_is(part, "block_mapping_pair") && !type_is(part, "block_sequence_item")) {
            continue;
        }
        bool item = type_is(part, "block_sequence_item");
        TSNode named = item ? first_pair(part) : ts_node_child_by_field_name(part, "key", 3);
        struct context_entry entry = entry_of(layer, item ? "item" : "key", part);
        if (!ts_node_is_null(named)) {
            set_name(&entry, &layer->text, named, item ? "- " : "");
        }
        push(out, &entry);
    }
}

void syntax_context(struct syntax *syntax, size_t offset, struct context *out)
{
    struct layer layers[2];
    out->len = 0;
    layer_prepare(syntax, offset, offset + 1);
    size_t count = layers_at(syntax, offset, layers);
    for (size_t i = 0; i < count; i++) {
        const struct layer *layer = &layers[i];
        size_t at = offset - layer->piece->start;
        size_t from = source_line_start(&layer->text, at);
        size_t to = source_line_end(&layer->text, at) + 1;
        if (layer->language->documents) {
            by_keys(layer, from, to, out);
        } else { /* of a very long line what is near the place */
            size_t low = at - from > NEAR_BYTES ? at - NEAR_BYTES : from;
            size_t high = to - at > NEAR_BYTES ? at + NEAR_BYTES : to;
            by_outline(syntax, layer, low, high, out);
        }
    }
}

const struct language *syntax_language_at(struct syntax *syntax, size_t offset)
{
    struct layer layers[2];
    layer_prepare(syntax, offset, offset + 1);
    size_t count = layers_at(syntax, offset, layers);
    return count == 0 ? syntax->language : layers[count - 1].language;
}
