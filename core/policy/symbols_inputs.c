/* The fields of inputs that tests write down in Rego: `deny with input as {"kind": "Pod", …}`, also
 * where the value stands in a variable, a rule or a function of the same file. Nothing is
 * evaluated: what is put together in other ways is not followed. */
#include "policy/symbols_rego.h"

#include <stdlib.h>

enum { NODES_MAX = 20000, INPUT_DEPTH_MAX = 32 };

struct inputs {
    struct policy_symbols *symbols;
    struct str text;
    TSNode root;
    TSNode rule;   /* around the value */
    unsigned left; /* nodes that may still be looked at */
};

static enum symbol_field_type type_of(TSNode value)
{
    return rego_node_is(value, "array") || rego_node_is(value, "set")           ? FIELD_ARRAY
           : rego_node_is(value, "number")                                      ? FIELD_NUMBER
           : rego_node_is(value, "boolean")                                     ? FIELD_BOOLEAN
           : rego_node_is(value, "null")                                        ? FIELD_NULL
           : rego_node_is(value, "string") || rego_node_is(value, "raw_string") ? FIELD_STRING
                                                                                : FIELD_OBJECT;
}

/* ---- where a name has its value ---- */

/* What the name is given below the node; the null node: nothing. */
static TSNode assigned_in(struct inputs *in, TSNode node, struct str name)
{
    TSNode found = {0};
    struct rego_children children = rego_children_begin(node);
    for (TSNode child; rego_children_next(&children, &child, NULL);) {
        if (!ts_node_is_null(found) || in->left == 0) {
            continue; /* to the end, which frees the cursor */
        }
        in->left--;
        bool gives = rego_node_is(child, "assignment") || rego_node_is(child, "unification");
        if (gives && str_equal(rego_node_text(in->text, rego_node_field(child, "left")), name)) {
            found = rego_node_field(child, "right");
        } else if (rego_node_is(child, "body") || rego_node_is(child, "literal")) {
            found = assigned_in(in, child, name);
        }
    }
    return found;
}

/* What the first rule or function of the name is. */
static TSNode value_of_rule(struct inputs *in, struct str name, TSNode *rule)
{
    TSNode found = {0};
    struct rego_children children = rego_children_begin(in->root);
    for (TSNode child; rego_children_next(&children, &child, NULL);) {
        TSNode head = rego_node_field(child, "head");
        if (ts_node_is_null(found) && in->left > 0 && rego_node_is(child, "rule") &&
            str_equal(rego_node_text(in->text, rego_node_field(head, "name")), name)) {
            in->left--;
            found = rego_node_field(head, "value");
            *rule = child;
        }
    }
    return found;
}

/* ---- reading ---- */

static void read_value(struct inputs *in, uint32_t at, TSNode value, unsigned depth);

static void read_name(struct inputs *in, uint32_t at, struct str name, unsigned depth)
{
    TSNode outside = in->rule;
    TSNode value = assigned_in(in, in->rule, name);
    if (ts_node_is_null(value)) {
        value = value_of_rule(in, name, &in->rule);
    }
    read_value(in, at, value, depth + 1);
    in->rule = outside;
}

/* A function of the file, or a built-in that makes a document of others (object.union, json.patch):
 * what it is given. */
static void read_call(struct inputs *in, uint32_t at, TSNode call, unsigned depth)
{
    struct str name = rego_node_text(in->text, rego_node_field(call, "function"));
    bool joins = str_equal_c(name, "object.union") || str_equal_c(name, "object.union_n");
    bool changes = str_equal_c(name, "json.patch") || str_equal_c(name, "json.remove") ||
                   str_equal_c(name, "object.remove");
    if (!joins && !changes) {
        read_name(in, at, name, depth);
        return;
    }
    bool first = true;
    struct rego_children children = rego_children_begin(rego_node_field(call, "arguments"));
    for (TSNode child; rego_children_next(&children, &child, NULL); first = false) {
        if (joins || first) {
            read_value(in, at, child, depth + 1);
        }
    }
}

/* As the roots of fields are told apart: what a review wraps is an object, parameters are what a
 * constraint gives. */
static uint32_t child_of(struct inputs *in, uint32_t at, struct str name, TSNode value)
{
    const struct symbol_field *here = &in->symbols->fields.items[at];
    bool is_top = here->parent == NAME_NONE && strcmp(here->name, "input") == 0;
    bool is_review = here->parent != NAME_NONE &&
                     in->symbols->fields.items[here->parent].parent == NAME_NONE &&
                     strcmp(in->symbols->fields.items[here->parent].name, "input") == 0 &&
                     (strcmp(here->name, "review") == 0 || strcmp(here->name, "request") == 0);
    if (is_review && (str_equal_c(name, "object") || str_equal_c(name, "oldObject"))) {
        return symbols_field_root(in->symbols, "object");
    }
    if (is_top && str_equal_c(name, "parameters")) {
        return symbols_field_root(in->symbols, "parameters/(tests)");
    }
    return symbols_field(in->symbols, at, name, type_of(value));
}

static void read_pair(struct inputs *in, uint32_t at, TSNode pair, unsigned depth)
{
    struct buf key = BUF_INIT;
    TSNode value = rego_node_field(pair, "value");
    if (rego_string_value(in->text, rego_node_field(pair, "key"), &key)) {
        uint32_t child = child_of(in, at, buf_str(&key), value);
        read_value(in, child, value, depth + 1);
    }
    buf_free(&key);
}

static void read_items(struct inputs *in, uint32_t at, TSNode collection, unsigned depth)
{
    struct rego_children children = rego_children_begin(collection);
    for (TSNode child; rego_children_next(&children, &child, NULL);) {
        if (rego_node_is(child, "pair")) {
            read_pair(in, at, child, depth);
        } else if (!rego_node_is(child, "comment")) {
            uint32_t item = symbols_field(in->symbols, at, STR_LIT("[]"), type_of(child));
            read_value(in, item, child, depth + 1);
        }
    }
}

static void read_value(struct inputs *in, uint32_t at, TSNode value, unsigned depth)
{
    struct buf text = BUF_INIT;
    if (ts_node_is_null(value) || at == NAME_NONE || depth > INPUT_DEPTH_MAX || in->left == 0) {
        return;
    }
    in->left--;
    if (rego_node_is(value, "object") || rego_node_is(value, "array") ||
        rego_node_is(value, "set")) {
        read_items(in, at, value, depth);
    } else if (rego_node_is(value, "identifier")) {
        read_name(in, at, rego_node_text(in->text, value), depth);
    } else if (rego_node_is(value, "call")) {
        read_call(in, at, value, depth);
    } else if (rego_string_value(in->text, value, &text)) {
        symbols_field_sample(in->symbols, at, buf_str(&text));
    } else if (rego_node_is(value, "number") || rego_node_is(value, "boolean")) {
        symbols_field_sample(in->symbols, at, rego_node_text(in->text, value));
    }
    buf_free(&text);
}

/* `input` itself, or `input.a.b`. */
static void read_modifier(struct inputs *in, TSNode with)
{
    TSNode target = rego_node_field(with, "target");
    bool is_ref = rego_node_is(target, "ref");
    TSNode head = is_ref ? rego_node_field(target, "head") : target;
    struct buf path = BUF_INIT;
    if (str_equal_c(rego_node_text(in->text, head), "input") &&
        (!is_ref || rego_path_add_fields(in->text, target, &path))) {
        uint32_t at = symbols_field_root(in->symbols, "input");
        struct str rest = buf_str(&path);
        while (rest.len > 0 && at != NAME_NONE) {
            size_t slash = str_find_char(rest, '/', 0);
            at = child_of(in, at, str_slice(rest, 0, slash), (TSNode){0});
            rest = slash == SIZE_MAX ? str_make("", 0) : str_from(rest, slash + 1);
        }
        read_value(in, at, rego_node_field(with, "value"), 0);
    }
    buf_free(&path);
}

static void search(struct inputs *in, TSNode node, unsigned depth)
{
    if (in->left == 0 || depth > 200) {
        return;
    }
    in->left--;
    if (rego_node_is(node, "with_modifier")) {
        read_modifier(in, node);
        return;
    }
    struct rego_children children = rego_children_begin(node);
    for (TSNode child; rego_children_next(&children, &child, NULL);) {
        search(in, child, depth + 1);
    }
}

void symbols_read_inputs(struct policy_symbols *symbols, struct str text, TSNode root)
{
    if (str_find(text, STR_LIT("with input"), 0) == SIZE_MAX) {
        return;
    }
    struct inputs in = {.symbols = symbols, .text = text, .root = root, .left = NODES_MAX};
    struct rego_children children = rego_children_begin(root);
    for (TSNode child; rego_children_next(&children, &child, NULL);) {
        if (rego_node_is(child, "rule")) {
            in.rule = child;
            search(&in, child, 0);
        }
    }
}
