#include "policy/yaml_tree.h"

#include "syntax/parsing.h"

#include <stdlib.h>

const TSLanguage *tree_sitter_yaml(void);

TSTree *yaml_tree_parse(struct str text)
{
    return text.len > YAML_TREE_MAX ? NULL : parsing_parse(tree_sitter_yaml(), text);
}

static bool is_type(TSNode node, const char *type)
{
    return !ts_node_is_null(node) && strcmp(ts_node_type(node), type) == 0;
}

bool yaml_is_mapping(TSNode node)
{
    return is_type(node, "block_mapping") || is_type(node, "flow_mapping");
}

bool yaml_is_sequence(TSNode node)
{
    return is_type(node, "block_sequence") || is_type(node, "flow_sequence");
}

bool yaml_is_scalar(TSNode node)
{
    return is_type(node, "plain_scalar") || is_type(node, "double_quote_scalar") ||
           is_type(node, "single_quote_scalar") || is_type(node, "block_scalar");
}

/* The content in a block_node or flow_node, beside its anchor and tag. */
static TSNode unwrap(TSNode node)
{
    TSNode null = {0};
    if (ts_node_is_null(node) || yaml_is_mapping(node) || yaml_is_sequence(node) ||
        yaml_is_scalar(node)) {
        return node;
    }
    for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
        TSNode content = unwrap(ts_node_named_child(node, i));
        if (!ts_node_is_null(content)) {
            return content;
        }
    }
    return null;
}

bool yaml_next_document(TSNode stream, uint32_t *at, TSNode *content)
{
    uint32_t count = ts_node_named_child_count(stream);
    while (*at < count) {
        TSNode document = ts_node_named_child(stream, (*at)++);
        if (is_type(document, "document")) {
            *content = unwrap(document);
            return true;
        }
    }
    return false;
}

static TSNode field(TSNode node, const char *name)
{
    return unwrap(ts_node_child_by_field_name(node, name, (uint32_t)strlen(name)));
}

bool yaml_next_pair(TSNode mapping, uint32_t *at, TSNode *key, TSNode *value)
{
    uint32_t count = yaml_is_mapping(mapping) ? ts_node_named_child_count(mapping) : 0;
    while (*at < count) {
        TSNode pair = ts_node_named_child(mapping, (*at)++);
        if (is_type(pair, "block_mapping_pair") || is_type(pair, "flow_pair")) {
            *key = field(pair, "key");
            *value = field(pair, "value");
            return true;
        }
    }
    return false;
}

bool yaml_next_item(TSNode sequence, uint32_t *at, TSNode *item)
{
    uint32_t count = yaml_is_sequence(sequence) ? ts_node_named_child_count(sequence) : 0;
    while (*at < count) {
        TSNode child = ts_node_named_child(sequence, (*at)++);
        if (!is_type(child, "comment")) {
            *item = unwrap(child);
            return true;
        }
    }
    return false;
}

TSNode yaml_get(struct str text, TSNode mapping, const char *key, TSNode *key_node)
{
    TSNode name;
    TSNode value;
    uint32_t at = 0;
    while (yaml_next_pair(mapping, &at, &name, &value)) {
        if (yaml_equals(text, name, key)) {
            if (key_node != NULL) {
                *key_node = name;
            }
            return value;
        }
    }
    return (TSNode){0};
}

TSNode yaml_get_path(struct str text, TSNode mapping, const char *path)
{
    char *parts = mem_strdup(path);
    char *rest = parts;
    for (char *part = strsep(&rest, "/"); part != NULL; part = strsep(&rest, "/")) {
        mapping = yaml_get(text, mapping, part, NULL);
    }
    free(parts);
    return mapping;
}

static void append_double_quoted(struct str inner, struct buf *out)
{
    for (size_t i = 0; i < inner.len; i++) {
        char c = inner.ptr[i];
        char next = i + 1 < inner.len ? inner.ptr[i + 1] : '\0';
        if (c == '\\' && next != '\0' && strchr("\"\\/nt ", next) != NULL) {
            buf_append_char(out, next == 'n' ? '\n' : next == 't' ? '\t' : next);
            i++;
        } else {
            buf_append_char(out, c);
        }
    }
}

static void append_single_quoted(struct str inner, struct buf *out)
{
    for (size_t i = 0; i < inner.len; i++) {
        buf_append_char(out, inner.ptr[i]);
        i += inner.ptr[i] == '\'' && i + 1 < inner.len && inner.ptr[i + 1] == '\'';
    }
}

bool yaml_scalar(struct str text, TSNode node, struct buf *out)
{
    if (!yaml_is_scalar(node)) {
        return false;
    }
    struct str raw = str_slice(text, ts_node_start_byte(node), ts_node_end_byte(node));
    bool quoted = raw.len >= 2;
    if (quoted && is_type(node, "double_quote_scalar")) {
        append_double_quoted(str_slice(raw, 1, raw.len - 1), out);
    } else if (quoted && is_type(node, "single_quote_scalar")) {
        append_single_quoted(str_slice(raw, 1, raw.len - 1), out);
    } else {
        buf_append_str(out, raw);
    }
    return true;
}

bool yaml_equals(struct str text, TSNode node, const char *value)
{
    struct buf own = BUF_INIT;
    bool equal = yaml_scalar(text, node, &own) && str_equal_c(buf_str(&own), value);
    buf_free(&own);
    return equal;
}

static bool next_child(TSNode node, uint32_t *at, TSNode *child)
{
    while (*at < ts_node_child_count(node)) {
        *child = ts_node_child(node, (*at)++);
        if (!is_type(*child, "comment")) {
            return true;
        }
    }
    return false;
}

static bool same_words(struct str text, TSNode node, struct str other_text, TSNode other)
{
    struct str a = str_slice(text, ts_node_start_byte(node), ts_node_end_byte(node));
    struct str b = str_slice(other_text, ts_node_start_byte(other), ts_node_end_byte(other));
    return str_equal(a, b);
}

bool yaml_same(struct str text, TSNode node, struct str other_text, TSNode other)
{
    TSNode child;
    TSNode there;
    uint32_t at = 0;
    uint32_t other_at = 0;
    if (ts_node_is_null(node) || ts_node_is_null(other)) {
        return ts_node_is_null(node) && ts_node_is_null(other);
    }
    if (ts_node_symbol(node) != ts_node_symbol(other)) {
        return false;
    }
    if (yaml_is_scalar(node) || ts_node_child_count(node) == 0) {
        return same_words(text, node, other_text, other);
    }
    while (next_child(node, &at, &child)) {
        if (!next_child(other, &other_at, &there) || !yaml_same(text, child, other_text, there)) {
            return false;
        }
    }
    return !next_child(other, &other_at, &there);
}

char *yaml_string(struct str text, TSNode mapping, const char *path)
{
    struct buf value = BUF_INIT;
    yaml_scalar(text, yaml_get_path(text, mapping, path), &value);
    return buf_take(&value);
}
