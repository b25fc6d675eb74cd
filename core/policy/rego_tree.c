#include "policy/rego_tree.h"

#include "base/json.h"
#include "base/vec.h"
#include "syntax/parsing.h"

#include <stdlib.h>

const TSLanguage *tree_sitter_rego(void);

TSTree *rego_tree_parse(struct str text)
{
    return parsing_parse(tree_sitter_rego(), text);
}

struct str rego_node_text(struct str text, TSNode node)
{
    return ts_node_is_null(node)
               ? str_of("")
               : str_slice(text, ts_node_start_byte(node), ts_node_end_byte(node));
}

bool rego_node_is(TSNode node, const char *type)
{
    return !ts_node_is_null(node) && strcmp(ts_node_type(node), type) == 0;
}

TSNode rego_node_field(TSNode node, const char *name)
{
    return ts_node_is_null(node) ? node
                                 : ts_node_child_by_field_name(node, name, (uint32_t)strlen(name));
}

bool rego_node_has_token(TSNode node, const char *token)
{
    for (uint32_t i = 0; i < ts_node_child_count(node); i++) {
        TSNode child = ts_node_child(node, i);
        if (!ts_node_is_named(child) && rego_node_is(child, token)) {
            return true;
        }
    }
    return false;
}

bool rego_string_value(struct str text, TSNode node, struct buf *out)
{
    struct str raw = rego_node_text(text, node);
    if (rego_node_is(node, "raw_string") && raw.len >= 2) {
        buf_append_str(out, str_slice(raw, 1, raw.len - 1));
        return true;
    }
    if (!rego_node_is(node, "string")) {
        return false;
    }
    if (raw.len >= 2 && str_find_char(raw, '\\', 0) == (size_t)-1) {
        buf_append_str(out, str_slice(raw, 1, raw.len - 1));
        return true;
    }
    cJSON *value = json_parse(raw, NULL);
    bool ok = cJSON_IsString(value);
    if (ok) {
        buf_append_c(out, value->valuestring);
    }
    cJSON_Delete(value);
    return ok;
}

void rego_path_add(struct buf *path, struct str part)
{
    if (path->len > 0) {
        buf_append_char(path, '/');
    }
    buf_append_str(path, part);
}

bool rego_path_add_fields(struct str text, TSNode ref, struct buf *path)
{
    /* A cursor: ts_node_field_name_for_child is wrong about fields of hidden nodes before 0.22. */
    TSTreeCursor cursor = ts_tree_cursor_new(ref);
    bool ground = true;
    for (bool more = ts_tree_cursor_goto_first_child(&cursor); more && ground;
         more = ts_tree_cursor_goto_next_sibling(&cursor)) {
        const char *field = ts_tree_cursor_current_field_name(&cursor);
        TSNode child = ts_tree_cursor_current_node(&cursor);
        if (field == NULL || !ts_node_is_named(child) || strcmp(field, "head") == 0) {
            continue;
        }
        if (strcmp(field, "field") == 0) {
            rego_path_add(path, rego_node_text(text, child));
            continue;
        }
        struct buf value = BUF_INIT;
        ground = rego_string_value(text, child, &value);
        if (ground) {
            rego_path_add(path, buf_str(&value));
        }
        buf_free(&value);
    }
    ts_tree_cursor_delete(&cursor);
    return ground;
}

void rego_path_read(struct str text, TSNode path, struct buf *out)
{
    if (rego_node_is(path, "ref")) {
        buf_append_str(out, rego_node_text(text, rego_node_field(path, "head")));
        rego_path_add_fields(text, path, out);
    } else if (!ts_node_is_null(path)) {
        buf_append_str(out, rego_node_text(text, path));
    }
}

bool rego_head_read(struct str text, TSNode rule, struct rego_head *out)
{
    TSNode head = rego_node_field(rule, "head");
    TSNode name = rego_node_field(head, "name");
    if (ts_node_is_null(name)) {
        return false;
    }
    struct buf path = BUF_INIT;
    bool ground = true;
    if (rego_node_is(name, "ref")) {
        buf_append_str(&path, rego_node_text(text, rego_node_field(name, "head")));
        ground = rego_path_add_fields(text, name, &path);
    } else {
        buf_append_str(&path, rego_node_text(text, name));
    }
    *out = (struct rego_head){
        .is_default = rego_node_has_token(rule, "default"),
        .has_if = rego_node_has_token(rule, "if"),
        .has_contains = rego_node_has_token(head, "contains"),
    };
    bool has_value = !ts_node_is_null(rego_node_field(head, "value"));
    bool has_parameters = !ts_node_is_null(rego_node_field(head, "parameters"));
    out->kind = out->is_default                           ? RULE_DEFAULT
                : has_parameters                          ? RULE_FUNCTION
                : out->has_contains || !ground            ? RULE_PARTIAL
                : rego_node_is(name, "ref") && !has_value ? RULE_PARTIAL
                                                          : RULE_COMPLETE;
    out->path = buf_take(&path);
    return true;
}

size_t rego_test_length(const char *path, bool *todo)
{
    size_t taken = 0;
    while (true) {
        const char *part = path + taken;
        size_t len = strcspn(part, "/");
        *todo = strncmp(part, "todo_test_", 10) == 0;
        if (*todo || strncmp(part, "test_", 5) == 0) {
            return taken + len;
        }
        if (part[len] == '\0') {
            return 0;
        }
        taken += len + 1;
    }
}
