/* The fields of documents: what completion offers after `input.`. */
#include "policy/symbols_internal.h"

#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

enum { DEPTH_MAX = 24, SAMPLE_MAX = 60, NAME_MAX_BYTES = 200, FIELDS_MAX = 20000 };

uint32_t symbols_field(
    struct policy_symbols *symbols, uint32_t parent, struct str name, enum symbol_field_type type)
{
    struct symbol_fields *fields = &symbols->fields;
    /* Parents come first, and siblings mostly come together: looked for from the end. */
    size_t stop = parent == NAME_NONE ? 0 : parent + 1;
    for (size_t i = fields->len; i > stop; i--) {
        struct symbol_field *known = &fields->items[i - 1];
        if (known->parent == parent && str_equal_c(name, known->name)) {
            known->type = known->type == FIELD_NULL ? type : known->type;
            return (uint32_t)(i - 1);
        }
    }
    if (fields->len >= FIELDS_MAX || name.len == 0 || name.len > NAME_MAX_BYTES) {
        return NAME_NONE;
    }
    VEC_PUSH(fields,
        (struct symbol_field){parent, safe_dup(name, SAFE_ONE_LINE, NAME_MAX_BYTES), type, NULL});
    return (uint32_t)(fields->len - 1);
}

void symbols_field_sample(struct policy_symbols *symbols, uint32_t field, struct str text)
{
    struct symbol_field *here = &symbols->fields.items[field];
    if (here->sample == NULL && text.len > 0) {
        here->sample = safe_dup(text, SAFE_ONE_LINE, SAMPLE_MAX);
    }
}

uint32_t symbols_field_root(struct policy_symbols *symbols, const char *name)
{
    return symbols_field(symbols, NAME_NONE, str_of(name), FIELD_OBJECT);
}

static bool is_number(struct str text)
{
    char copy[64];
    char *end;
    if (text.len == 0 || text.len >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    strtod(copy, &end);
    return *end == '\0' && strchr("-.0123456789", copy[0]) != NULL;
}

static enum symbol_field_type type_of(struct fy_node *value)
{
    struct str text = symbols_scalar(value);
    if (value == NULL) {
        return FIELD_NULL;
    }
    if (fy_node_get_type(value) != FYNT_SCALAR) {
        return fy_node_get_type(value) == FYNT_MAPPING ? FIELD_OBJECT : FIELD_ARRAY;
    }
    enum fy_node_style style = fy_node_get_style(value);
    if (style != FYNS_PLAIN) {
        return FIELD_STRING;
    }
    if (text.len == 0 || str_equal_c(text, "null") || str_equal_c(text, "~")) {
        return FIELD_NULL;
    }
    if (str_equal_c(text, "true") || str_equal_c(text, "false")) {
        return FIELD_BOOLEAN;
    }
    return is_number(text) ? FIELD_NUMBER : FIELD_STRING;
}

static void read_value(
    struct policy_symbols *symbols, uint32_t at, struct fy_node *value, unsigned depth);

static void read_child(struct policy_symbols *symbols, uint32_t parent, struct str name,
    struct fy_node *value, unsigned depth)
{
    uint32_t child = symbols_field(symbols, parent, name, type_of(value));
    if (child != NAME_NONE) {
        read_value(symbols, child, value, depth + 1);
    }
}

static void read_value(
    struct policy_symbols *symbols, uint32_t at, struct fy_node *value, unsigned depth)
{
    void *state = NULL;
    if (value == NULL || depth > DEPTH_MAX) {
        return;
    }
    switch (fy_node_get_type(value)) {
    case FYNT_SCALAR:
        if (!fy_node_is_alias(value)) {
            symbols_field_sample(symbols, at, symbols_scalar(value));
        }
        break;
    case FYNT_SEQUENCE:
        for (struct fy_node *item; (item = fy_node_sequence_iterate(value, &state)) != NULL;) {
            read_child(symbols, at, STR_LIT("[]"), item, depth);
        }
        break;
    case FYNT_MAPPING:
        for (struct fy_node_pair *pair; (pair = fy_node_mapping_iterate(value, &state)) != NULL;) {
            read_child(symbols, at, symbols_scalar(fy_node_pair_key(pair)),
                fy_node_pair_value(pair), depth);
        }
        break;
    }
}

void symbols_read_fields(struct policy_symbols *symbols, uint32_t parent, struct fy_node *value)
{
    if (parent != NAME_NONE) {
        read_value(symbols, parent, value, 0);
    }
}
