/* What a reference stands for in documents: follows it from `input` (or a variable, or a rule, as
 * far as these are plain references themselves) down the fields that the workspace's documents
 * have.
 */
#include "catalog/complete_internal.h"

#include "base/vec.h"

#include <ctype.h>

enum { FOLLOW_MAX = 8 };

struct place {
    uint32_t file;
    size_t offset;  /* which variables are in scope */
    size_t package; /* definition */
};

static struct field_set resolve(
    const struct catalog *catalog, struct place place, struct str reference, unsigned depth);

/* ---- cutting a reference into parts ---- */

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Takes the next part off: "name", ".name", "[\"name\"]", or "[]" for any other index. */
static bool next_part(struct str *rest, struct str *part)
{
    if (rest->len > 0 && rest->ptr[0] == '[') {
        size_t depth = 0;
        size_t end = 0;
        do {
            depth += rest->ptr[end] == '[';
            depth -= rest->ptr[end] == ']';
            end++;
        } while (end < rest->len && depth > 0);
        struct str inside = str_trim(str_slice(*rest, 1, end - 1));
        *part = STR_LIT("[]");
        if (inside.len >= 2 && (inside.ptr[0] == '"' || inside.ptr[0] == '`')) {
            *part = str_slice(inside, 1, inside.len - 1);
        }
        *rest = str_from(*rest, end);
        return depth == 0;
    }
    size_t from = rest->len > 0 && rest->ptr[0] == '.';
    size_t end = from;
    while (end < rest->len && is_name_char(rest->ptr[end])) {
        end++;
    }
    *part = str_slice(*rest, from, end);
    *rest = str_from(*rest, end);
    return part->len > 0;
}

/* ---- sets of fields ---- */

static void add_field(struct field_set *set, uint32_t field)
{
    if (field != NAME_NONE && set->len < FIELD_SET_MAX) {
        set->items[set->len++] = field;
    }
}

static void add_child(
    const struct catalog *catalog, struct field_set *set, uint32_t parent, struct str name)
{
    if (parent != NAME_NONE) {
        add_field(set, catalog_field_child(catalog, parent, name));
    }
}

static struct field_set step(
    const struct catalog *catalog, const struct field_set *from, struct str part)
{
    struct field_set next = {0};
    bool index = str_equal_c(part, "[]");
    if (from->collection && index) {
        next = *from;
        next.collection = false;
        return next;
    }
    for (size_t i = 0; i < from->len; i++) {
        add_child(catalog, &next, from->items[i], part);
        /* An index of an object is one of its members. */
        if (index && next.len == 0) {
            uint32_t at = catalog->fields.items[from->items[i]].first_child;
            for (; at != NAME_NONE; at = catalog->fields.items[at].next_sibling) {
                add_field(&next, at);
            }
        }
    }
    return next;
}

static struct field_set follow(const struct catalog *catalog, struct field_set set, struct str rest)
{
    struct str part;
    while (set.len > 0 && rest.len > 0) {
        if (!next_part(&rest, &part)) {
            return (struct field_set){0};
        }
        set = step(catalog, &set, part);
    }
    return set;
}

/* ---- where references begin ---- */

/* The constraints' parameters: of the kind that this file's template defines, else of all. */
static void add_parameters(const struct catalog *catalog, uint32_t file, struct field_set *set)
{
    const struct policy_symbols *symbols = catalog->files.items[file].symbols;
    VEC_FOREACH (const struct symbol_definition, definition, &symbols->definitions) {
        if (definition->kind == SYMBOL_TEMPLATE) {
            char *root = mem_printf("parameters/%s", definition->name);
            add_field(set, catalog_field_child(catalog, NAME_NONE, str_of(root)));
            free(root);
            return;
        }
    }
    uint32_t at = catalog->field_roots;
    for (; at != NAME_NONE; at = catalog->fields.items[at].next_sibling) {
        if (strncmp(catalog->fields.items[at].name, "parameters/", 11) == 0) {
            add_field(set, at);
        }
    }
}

/* What `input` is depends on who asks: Gatekeeper wraps the object in a review, the API server in a
 * request, conftest hands it over as it is. All of them count. */
static struct field_set resolve_input(const struct catalog *catalog, uint32_t file, struct str rest)
{
    static const char *const wrapped[] = {
        ".review.object", ".review.oldObject", ".request.object", ".request.oldObject"};
    struct field_set set = {0};
    uint32_t object = catalog_field_child(catalog, NAME_NONE, STR_LIT("object"));
    uint32_t input = catalog_field_child(catalog, NAME_NONE, STR_LIT("input"));
    for (size_t i = 0; i < ARRAY_LEN(wrapped); i++) {
        size_t len = strlen(wrapped[i]);
        if (str_starts(rest, wrapped[i]) && (rest.len == len || !is_name_char(rest.ptr[len]))) {
            add_field(&set, object);
            return follow(catalog, set, str_from(rest, len));
        }
    }
    if (str_starts(rest, ".parameters")) {
        add_parameters(catalog, file, &set);
        return follow(catalog, set, str_from(rest, strlen(".parameters")));
    }
    add_field(&set, object);
    add_field(&set, input);
    return follow(catalog, set, rest);
}

static const struct symbol_local *local_at(
    const struct policy_symbols *symbols, struct str name, size_t offset)
{
    const struct symbol_local *found = NULL;
    VEC_FOREACH (const struct symbol_local, local, &symbols->locals) {
        bool inside = offset >= local->from && offset <= local->to;
        if (inside && local->kind != LOCAL_IMPLICIT && str_equal_c(name, local->name) &&
            (found == NULL || local->from >= found->from)) {
            found = local;
        }
    }
    return found;
}

/* The rules of a key: what they are or contain. */
static struct field_set resolve_rules(
    const struct catalog *catalog, uint32_t key, struct str rest, unsigned depth)
{
    struct field_set all = {0};
    struct catalog_spots spots = {0};
    if (key == NAME_NONE) {
        return all;
    }
    catalog_definitions(catalog, key, &spots);
    VEC_FOREACH (const struct catalog_spot, spot, &spots) {
        const struct symbol_definition *rule =
            &catalog->files.items[spot->file].symbols->definitions.items[spot->index];
        if (rule->value == NULL || rule->kind != SYMBOL_RULE) {
            continue;
        }
        struct place there = {spot->file, rule->whole.end, rule->parent};
        struct field_set one = resolve(catalog, there, str_of(rule->value), depth + 1);
        one.collection = rule->rule_kind == RULE_PARTIAL;
        one = follow(catalog, one, rest);
        for (size_t i = 0; i < one.len; i++) {
            add_field(&all, one.items[i]);
        }
        all.collection = all.collection || one.collection;
    }
    VEC_FREE(&spots);
    return all;
}

/* A rule of this package or behind an import; the rule may stand several parts into the rest. */
static struct field_set resolve_name(const struct catalog *catalog, struct place place,
    struct str name, struct str rest, unsigned depth)
{
    const struct policy_symbols *symbols = catalog->files.items[place.file].symbols;
    struct buf key = BUF_INIT;
    if (str_equal_c(name, "data")) {
        buf_append_c(&key, "data");
    }
    VEC_FOREACH (const struct symbol_import, import, &symbols->imports) {
        if (key.len == 0 && import->module == place.package && str_equal_c(name, import->name)) {
            buf_append_c(&key, policy_symbols_key(symbols, import->key));
        }
    }
    if (key.len == 0 && place.package != SYMBOL_NONE) {
        buf_append_c(
            &key, policy_symbols_key(symbols, symbols->definitions.items[place.package].key));
        buf_append_char(&key, '/');
        buf_append_str(&key, name);
    }
    struct field_set set = {0};
    struct str part;
    for (bool more = key.len > 0; more && set.len == 0;) {
        set = resolve_rules(catalog, names_find(&catalog->keys, buf_str(&key)), rest, depth);
        more = rest.len > 0 && next_part(&rest, &part);
        buf_append_char(&key, '/');
        buf_append_str(&key, more ? part : str_make("", 0));
    }
    buf_free(&key);
    return set;
}

static struct field_set resolve(
    const struct catalog *catalog, struct place place, struct str reference, unsigned depth)
{
    struct str rest = reference;
    struct str head;
    if (depth > FOLLOW_MAX || !next_part(&rest, &head)) {
        return (struct field_set){0};
    }
    if (str_equal_c(head, "input")) {
        return resolve_input(catalog, place.file, rest);
    }
    const struct policy_symbols *symbols = catalog->files.items[place.file].symbols;
    const struct symbol_local *local = local_at(symbols, head, place.offset);
    if (local != NULL && local->bound == NULL) {
        return (struct field_set){0};
    }
    if (local != NULL) {
        place.offset = symbols->uses.items[local->use].start;
        struct field_set set = resolve(catalog, place, str_of(local->bound), depth + 1);
        if (local->element) {
            set = step(catalog, &set, STR_LIT("[]"));
        }
        return follow(catalog, set, rest);
    }
    return resolve_name(catalog, place, head, rest, depth);
}

struct field_set complete_resolve(const struct completing *c, struct str reference)
{
    struct place place = {c->file, c->offset, c->package};
    return resolve(c->catalog, place, reference, 0);
}

static bool is_plain(const char *name)
{
    bool plain = *name != '\0' && !isdigit((unsigned char)*name);
    for (; plain && *name != '\0'; name++) {
        plain = is_name_char(*name);
    }
    return plain;
}

void complete_add_fields(struct completing *c, const struct field_set *fields)
{
    for (size_t i = 0; i < fields->len && !fields->collection; i++) {
        uint32_t at = c->catalog->fields.items[fields->items[i]].first_child;
        for (; at != NAME_NONE; at = c->catalog->fields.items[at].next_sibling) {
            const struct catalog_field *field = &c->catalog->fields.items[at];
            if (strcmp(field->name, "[]") == 0) {
                continue;
            }
            char *detail =
                field->sample == NULL
                    ? mem_strdup(symbol_field_type_name(field->type))
                    : mem_printf("%s · %s", symbol_field_type_name(field->type), field->sample);
            char *insert = is_plain(field->name) ? NULL : mem_printf("[\"%s\"]", field->name);
            int often = field->files > 40 ? 40 : (int)field->files;
            complete_add(c, COMPLETION_FIELD, field->name, insert, detail, NULL, 40 + often);
        }
    }
}
