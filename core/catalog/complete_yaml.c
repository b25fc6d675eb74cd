/* Completion in YAML: the keys that documents of the kind have elsewhere in the workspace, and the
 * names of kinds, policies and rules. */
#include "catalog/complete_internal.h"

#include "base/vec.h"

#include <ctype.h>
#include <stdlib.h>

enum { DEPTH_MAX = 24 };

struct yaml_line {
    size_t indent; /* of the key, behind "- " */
    bool item;     /* begins with "- " */
    struct str key, value;
};

static struct yaml_line read_line(struct str line)
{
    struct yaml_line out = {0};
    size_t at = 0;
    while (at < line.len && line.ptr[at] == ' ') {
        at++;
    }
    while (at + 1 < line.len && line.ptr[at] == '-' && line.ptr[at + 1] == ' ') {
        out.item = true;
        for (at++; at < line.len && line.ptr[at] == ' '; at++) {
        }
    }
    out.indent = at;
    size_t colon = str_find_char(line, ':', at);
    if (colon != SIZE_MAX && line.ptr[at] != '#') {
        out.key = str_trim(str_slice(line, at, colon));
        out.value = str_trim(str_from(line, colon + 1));
        if (out.key.len >= 2 && (out.key.ptr[0] == '"' || out.key.ptr[0] == '\'')) {
            out.key = str_slice(out.key, 1, out.key.len - 1);
        }
    }
    return out;
}

/* The lines above the cursor from its document, nearest first. */
struct upward {
    struct str rest;
};

static bool line_above(struct upward *up, struct str *line)
{
    if (up->rest.len == 0) {
        return false;
    }
    size_t end = up->rest.len - 1;
    size_t start = end;
    while (start > 0 && up->rest.ptr[start - 1] != '\n') {
        start--;
    }
    *line = str_slice(up->rest, start, end);
    up->rest = str_slice(up->rest, 0, start);
    return !str_starts(*line, "---");
}

/* The keys above the cursor, the nearest first; "[]" where a list is between. */
struct key_path {
    struct str items[DEPTH_MAX];
    size_t len;
};

static void push(struct key_path *path, struct str part)
{
    if (path->len < DEPTH_MAX) {
        path->items[path->len++] = part;
    }
}

static struct key_path path_of(const struct completing *c, const struct yaml_line *here)
{
    struct key_path path = {0};
    struct upward up = {str_slice(c->before, 0, c->before.len - c->line.len)};
    size_t indent = here->indent;
    bool item = here->item;
    struct str text;
    if (item) {
        push(&path, STR_LIT("[]"));
    }
    while (line_above(&up, &text)) {
        struct yaml_line line = read_line(text);
        if (line.key.len == 0 || line.indent > indent) {
            continue;
        }
        /* The key of a list may stand in the column of its items. */
        bool holder = line.indent < indent && line.value.len == 0;
        if (item && !line.item && line.indent + 2 == indent && line.value.len == 0) {
            holder = true;
        }
        if (line.indent == indent && line.item && !item) {
            push(&path, STR_LIT("[]"));
            item = true;
        } else if (holder) {
            push(&path, line.key);
            indent = line.indent;
            item = line.item;
            if (item) {
                push(&path, STR_LIT("[]"));
            }
        }
    }
    return path;
}

static struct str top_value(const struct completing *c, const char *key)
{
    struct upward up = {c->before};
    struct str line;
    while (line_above(&up, &line)) {
        struct yaml_line read = read_line(line);
        if (read.indent == 0 && str_equal_c(read.key, key)) {
            return read.value;
        }
    }
    return str_make("", 0);
}

static void add_keys(struct completing *c, const struct yaml_line *here)
{
    struct str kind = top_value(c, "kind");
    struct buf root = BUF_INIT;
    buf_append_c(&root, "kind/");
    buf_append_str(&root, kind);
    uint32_t at = catalog_field_child(c->catalog, NAME_NONE, buf_str(&root));
    if (at == NAME_NONE) {
        at = catalog_field_child(c->catalog, NAME_NONE, STR_LIT("object"));
    }
    buf_free(&root);
    struct key_path path = path_of(c, here);
    for (size_t i = path.len; at != NAME_NONE && i-- > 0;) {
        at = catalog_field_child(c->catalog, at, path.items[i]);
    }
    uint32_t child = at == NAME_NONE ? NAME_NONE : c->catalog->fields.items[at].first_child;
    for (; child != NAME_NONE; child = c->catalog->fields.items[child].next_sibling) {
        const struct catalog_field *field = &c->catalog->fields.items[child];
        if (strcmp(field->name, "[]") != 0) {
            bool scalar = field->type >= FIELD_STRING;
            char *detail =
                field->sample == NULL
                    ? mem_strdup(symbol_field_type_name(field->type))
                    : mem_printf("%s · %s", symbol_field_type_name(field->type), field->sample);
            int often = field->files > 40 ? 40 : (int)field->files;
            complete_add(c, COMPLETION_FIELD, field->name,
                mem_printf("%s:%s", field->name, scalar ? " " : ""), detail, NULL, often);
        }
    }
}

static bool add_definition(void *data, const struct catalog_entry *entry)
{
    struct completing *c = data;
    const struct symbol_definition *definition = entry->definition;
    complete_add(c, COMPLETION_NAME, definition->name, NULL, mem_strdup(entry->path), NULL, 50);
    return true;
}

struct kind_filter {
    struct completing *c;
    enum symbol_kind kind;
};

static bool add_of_kind(void *data, const struct catalog_entry *entry)
{
    const struct kind_filter *filter = data;
    return entry->definition->kind != filter->kind || add_definition(filter->c, entry);
}

static void add_names(struct completing *c, enum symbol_kind kind)
{
    catalog_each(c->catalog, add_of_kind, &(struct kind_filter){c, kind});
}

void complete_yaml(struct completing *c)
{
    struct yaml_line here = read_line(c->line);
    size_t colon = str_find_char(c->line, ':', here.indent);
    bool value = colon != SIZE_MAX;
    size_t from = value ? colon + 1 : here.indent;
    while (from < c->line.len && c->line.ptr[from] == ' ') {
        from++;
    }
    if (c->line.len > 0 && str_starts(str_trim(c->line), "#")) {
        return;
    }
    c->typed = str_from(c->line, from);
    c->out->replace_from = from;
    if (!value) {
        add_keys(c, &here);
    } else if (str_equal_c(here.key, "kind")) {
        add_names(c, SYMBOL_TEMPLATE);
    } else if (str_equal_c(here.key, "policy") || str_equal_c(here.key, "policyName")) {
        add_names(c, SYMBOL_POLICY);
    } else if (str_equal_c(here.key, "rule")) {
        add_names(c, SYMBOL_POLICY_RULE);
    }
}
