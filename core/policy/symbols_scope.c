/* What the names in a Rego module mean, as far as the module alone can tell. Scopes are those of
 * OPA's compiler: arguments, `some`, `every` and `:=` declare for the body they stand in, a
 * comprehension and a body are scopes of their own, imports come next, and a name that is none of
 * these is a rule of the package, or a variable where there is no such rule.
 */
#include "policy/symbols_rego.h"

#include "base/vec.h"

#include <stdlib.h>

/* Deeper trees are left out: this recurses, and only an attack nests so far. */
enum { DEPTH_MAX = 400, BOUND_MAX = 160 };

struct rego_children rego_children_begin(TSNode node)
{
    if (ts_node_is_null(node)) {
        return (struct rego_children){.empty = true};
    }
    struct rego_children children = {.cursor = ts_tree_cursor_new(node)};
    children.more = ts_tree_cursor_goto_first_child(&children.cursor);
    return children;
}

bool rego_children_next(struct rego_children *children, TSNode *child, const char **field)
{
    bool found = false;
    while (children->more && !found) {
        *child = ts_tree_cursor_current_node(&children->cursor);
        found = ts_node_is_named(*child);
        if (found && field != NULL) {
            *field = ts_tree_cursor_current_field_name(&children->cursor);
        }
        children->more = ts_tree_cursor_goto_next_sibling(&children->cursor);
    }
    if (!found && !children->empty) {
        ts_tree_cursor_delete(&children->cursor);
    }
    return found;
}

size_t rego_add_use(struct rego_reader *r, TSNode node, uint32_t key, uint32_t flags)
{
    struct symbol_use use = {.start = ts_node_start_byte(node),
        .len = ts_node_end_byte(node) - ts_node_start_byte(node),
        .row = ts_node_start_point(node).row,
        .col = ts_node_start_point(node).column,
        .key = key,
        .local = NAME_NONE,
        .owner = r->owner,
        .chain = (uint32_t)r->symbols->uses.len,
        .flags = flags};
    if (use.len >= 2 && (rego_node_is(node, "string") || rego_node_is(node, "raw_string"))) {
        use.flags |= USE_QUOTED;
        use.start++;
        use.col++;
        use.len -= 2;
    }
    symbol_host_point(r->host, &use.start, &use.row, &use.col);
    VEC_PUSH(&r->symbols->uses, use);
    return r->symbols->uses.len - 1;
}

/* ---- variables ---- */

static uint32_t add_local(
    struct rego_reader *r, struct scope *scope, TSNode name, enum symbol_local_kind kind)
{
    size_t use = rego_add_use(r, name, NAME_NONE, USE_DEFINES);
    uint32_t id = (uint32_t)r->symbols->locals.len;
    r->symbols->uses.items[use].local = id;
    VEC_PUSH(
        &r->symbols->locals, (struct symbol_local){.name = str_dup(rego_node_text(r->text, name)),
                                 .kind = kind,
                                 .use = (uint32_t)use,
                                 .from = scope->from,
                                 .to = scope->to});
    VEC_PUSH(&scope->locals, id);
    return id;
}

static uint32_t find_local(const struct rego_reader *r, const struct scope *scope, struct str name)
{
    for (; scope != NULL; scope = scope->parent) {
        VEC_FOREACH (const uint32_t, id, &scope->locals) {
            if (str_equal_c(name, r->symbols->locals.items[*id].name)) {
                return *id;
            }
        }
    }
    return NAME_NONE;
}

static bool is_wildcard(struct str name)
{
    return str_equal_c(name, "_");
}

void rego_declare(
    struct rego_reader *r, struct scope *scope, TSNode pattern, enum symbol_local_kind kind)
{
    if (rego_node_is(pattern, "identifier")) {
        struct str name = rego_node_text(r->text, pattern);
        struct scope alone = *scope;
        alone.parent = NULL;
        if (!is_wildcard(name) && find_local(r, &alone, name) == NAME_NONE) {
            add_local(r, scope, pattern, kind);
        }
    } else if (rego_node_is(pattern, "pair")) {
        rego_declare(r, scope, rego_node_field(pattern, "value"), kind);
    } else if (rego_node_is(pattern, "array") || rego_node_is(pattern, "object") ||
               rego_node_is(pattern, "parameters") || rego_node_is(pattern, "set")) {
        struct rego_children children = rego_children_begin(pattern);
        for (TSNode child; rego_children_next(&children, &child, NULL);) {
            rego_declare(r, scope, child, kind);
        }
    }
}

char *rego_short_text(const struct rego_reader *r, TSNode node)
{
    bool path = rego_node_is(node, "ref") || rego_node_is(node, "identifier");
    struct str text = path ? rego_node_text(r->text, node) : str_make("", 0);
    return text.len == 0 || text.len > BOUND_MAX ? NULL : str_dup(text);
}

/* Notes what a variable that was just declared stands for. */
static void bind(
    struct rego_reader *r, const struct scope *scope, TSNode name, TSNode value, bool element)
{
    struct scope alone = *scope;
    alone.parent = NULL;
    uint32_t local = rego_node_is(name, "identifier")
                         ? find_local(r, &alone, rego_node_text(r->text, name))
                         : NAME_NONE;
    if (local != NAME_NONE && r->symbols->locals.items[local].bound == NULL) {
        r->symbols->locals.items[local].bound = rego_short_text(r, value);
        r->symbols->locals.items[local].element = element;
    }
}

static bool is_comprehension(TSNode node)
{
    return rego_node_is(node, "array_comprehension") || rego_node_is(node, "set_comprehension") ||
           rego_node_is(node, "object_comprehension");
}

/* Declares what the literals of one body declare, before any name in it is looked up. */
static void collect(struct rego_reader *r, struct scope *scope, TSNode node)
{
    if (is_comprehension(node) || rego_node_is(node, "body") || rego_node_is(node, "ref")) {
        return;
    }
    if (rego_node_is(node, "every")) {
        collect(r, scope, rego_node_field(node, "domain"));
    } else if (rego_node_is(node, "some_declaration")) {
        struct rego_children children = rego_children_begin(node);
        for (TSNode child; rego_children_next(&children, &child, NULL);) {
            rego_declare(r, scope, child, LOCAL_SOME);
        }
    } else if (rego_node_is(node, "some_in")) {
        rego_declare(r, scope, rego_node_field(node, "key"), LOCAL_SOME);
        rego_declare(r, scope, rego_node_field(node, "value"), LOCAL_SOME);
        bind(r, scope, rego_node_field(node, "value"), rego_node_field(node, "collection"), true);
    } else if (rego_node_is(node, "assignment")) {
        rego_declare(r, scope, rego_node_field(node, "left"), LOCAL_ASSIGNED);
        bind(r, scope, rego_node_field(node, "left"), rego_node_field(node, "right"), false);
    } else {
        rego_collect(r, scope, node);
    }
}

void rego_collect(struct rego_reader *r, struct scope *scope, TSNode node)
{
    if (r->depth >= DEPTH_MAX) {
        return;
    }
    r->depth++;
    struct rego_children children = rego_children_begin(node);
    for (TSNode child; rego_children_next(&children, &child, NULL);) {
        collect(r, scope, child);
    }
    r->depth--;
}

struct scope rego_scope(const struct rego_reader *r, struct scope *parent, TSNode extent, bool body)
{
    struct symbol_range range = symbol_host_range(r->host, extent);
    return (struct scope){.parent = parent, .body = body, .from = range.start, .to = range.end};
}

/* ---- references ---- */

static const struct symbol_import *find_import(const struct rego_reader *r, struct str name)
{
    for (size_t i = r->first_import; i < r->symbols->imports.len; i++) {
        const struct symbol_import *import = &r->symbols->imports.items[i];
        if (str_equal_c(name, import->name)) {
            return import;
        }
    }
    return NULL;
}

void rego_data_key(struct buf *key, const char *package, struct str name)
{
    buf_append_c(key, "data");
    rego_path_add(key, str_of(package));
    rego_path_add(key, name);
}

/* A name that is nothing declared: of the package, or a variable of the outermost body. */
static size_t use_free(struct rego_reader *r, TSNode node, struct scope *scope, uint32_t flags)
{
    struct str name = rego_node_text(r->text, node);
    struct buf key = BUF_INIT;
    rego_data_key(&key, r->package, name);
    size_t use = rego_add_use(r, node, symbols_key(r->symbols, buf_str(&key)), flags | USE_FREE);
    buf_free(&key);
    struct scope *home = NULL;
    for (struct scope *s = scope; s != NULL; s = s->parent) {
        home = s->body ? s : home;
    }
    if (home == NULL || (flags & USE_CALL) != 0) {
        return use;
    }
    uint32_t id = (uint32_t)r->symbols->locals.len;
    VEC_PUSH(&r->symbols->locals, (struct symbol_local){.name = str_dup(name),
                                      .kind = LOCAL_IMPLICIT,
                                      .use = (uint32_t)use,
                                      .from = home->from,
                                      .to = home->to});
    VEC_PUSH(&home->locals, id);
    r->symbols->uses.items[use].local = id;
    return use;
}

/* The head of a reference; *key gets what its parts go on from (empty: nothing we follow). */
static size_t use_head(
    struct rego_reader *r, TSNode node, struct scope *scope, uint32_t flags, struct buf *key)
{
    struct str name = rego_node_text(r->text, node);
    if (is_wildcard(name) || str_equal_c(name, "input")) {
        return SYMBOL_NONE;
    }
    if (str_equal_c(name, "data")) {
        buf_append_c(key, "data");
        return rego_add_use(r, node, symbols_key(r->symbols, buf_str(key)), flags);
    }
    uint32_t local = find_local(r, scope, name);
    bool declared = local != NAME_NONE && r->symbols->locals.items[local].kind != LOCAL_IMPLICIT;
    if (declared) {
        size_t use = rego_add_use(r, node, NAME_NONE, flags);
        r->symbols->uses.items[use].local = local;
        return use;
    }
    const struct symbol_import *import = find_import(r, name);
    if (import != NULL) {
        if (import->key == NAME_NONE) {
            return SYMBOL_NONE;
        }
        buf_append_c(key, policy_symbols_key(r->symbols, import->key));
        flags |= USE_ALIAS | (import->has_alias ? 0 : USE_IMPLIED);
        return rego_add_use(r, node, symbols_key(r->symbols, buf_str(key)), flags);
    }
    size_t use;
    if (local != NAME_NONE && (flags & USE_CALL) == 0) {
        rego_data_key(key, r->package, name);
        use = rego_add_use(r, node, symbols_key(r->symbols, buf_str(key)), flags | USE_FREE);
        r->symbols->uses.items[use].local = local;
    } else {
        use = use_free(r, node, scope, flags);
        buf_append_c(key, policy_symbols_key(r->symbols, r->symbols->uses.items[use].key));
    }
    return use;
}

/* The parts of a reference after its head. */
void rego_use_parts(struct rego_reader *r, TSNode ref, struct scope *scope, uint32_t flags,
    struct buf *key, size_t first)
{
    bool follow = key->len > 0;
    size_t last = first;
    const char *field;
    struct rego_children children = rego_children_begin(ref);
    for (TSNode part; rego_children_next(&children, &part, &field);) {
        if (field == NULL || strcmp(field, "head") == 0) {
            continue;
        }
        struct buf value = BUF_INIT;
        if (strcmp(field, "field") == 0) {
            buf_append_str(&value, rego_node_text(r->text, part));
        } else if (!rego_string_value(r->text, part, &value)) {
            rego_resolve(r, part, scope);
            follow = false;
        }
        if (follow && value.len > 0) {
            rego_path_add(key, buf_str(&value));
            last = rego_add_use(r, part, symbols_key(r->symbols, buf_str(key)), flags);
            r->symbols->uses.items[last].chain = (uint32_t)first;
        }
        buf_free(&value);
    }
    if (last != SYMBOL_NONE) {
        r->symbols->uses.items[last].flags |= USE_LAST;
    }
}

static void use_ref(struct rego_reader *r, TSNode node, struct scope *scope, uint32_t flags)
{
    struct buf key = BUF_INIT;
    bool is_ref = rego_node_is(node, "ref");
    TSNode head = is_ref ? rego_node_field(node, "head") : node;
    size_t first = SYMBOL_NONE;
    if (rego_node_is(head, "identifier")) {
        first = use_head(r, head, scope, flags, &key);
    } else {
        rego_resolve(r, head, scope);
    }
    if (is_ref) {
        rego_use_parts(r, node, scope, flags, &key, first);
    } else if (first != SYMBOL_NONE) {
        r->symbols->uses.items[first].flags |= USE_LAST;
    }
    buf_free(&key);
}

/* ---- bodies ---- */

void rego_resolve_children(struct rego_reader *r, TSNode node, struct scope *scope)
{
    if (r->depth >= DEPTH_MAX) {
        return;
    }
    r->depth++;
    struct rego_children children = rego_children_begin(node);
    for (TSNode child; rego_children_next(&children, &child, NULL);) {
        rego_resolve(r, child, scope);
    }
    r->depth--;
}

static void resolve_inner(struct rego_reader *r, TSNode node, struct scope *parent)
{
    struct scope scope = rego_scope(r, parent, node, true);
    if (is_comprehension(node)) {
        rego_collect(r, &scope, rego_node_field(node, "body"));
    } else {
        rego_collect(r, &scope, node);
    }
    rego_resolve_children(r, node, &scope);
    VEC_FREE(&scope.locals);
}

static void resolve_every(struct rego_reader *r, TSNode node, struct scope *parent)
{
    rego_resolve(r, rego_node_field(node, "domain"), parent);
    struct scope scope = rego_scope(r, parent, node, false);
    rego_declare(r, &scope, rego_node_field(node, "key"), LOCAL_EVERY);
    rego_declare(r, &scope, rego_node_field(node, "value"), LOCAL_EVERY);
    bind(r, &scope, rego_node_field(node, "value"), rego_node_field(node, "domain"), true);
    rego_resolve(r, rego_node_field(node, "body"), &scope);
    VEC_FREE(&scope.locals);
}

/* True for a name that stands where it is declared: its use is there already. */
static bool is_declared_here(const struct rego_reader *r, TSNode node, const struct scope *scope)
{
    uint32_t local = find_local(r, scope, rego_node_text(r->text, node));
    if (local == NAME_NONE) {
        return false;
    }
    uint32_t byte = ts_node_start_byte(node);
    uint32_t row = ts_node_start_point(node).row;
    uint32_t col = ts_node_start_point(node).column;
    symbol_host_point(r->host, &byte, &row, &col);
    return r->symbols->uses.items[r->symbols->locals.items[local].use].start == byte;
}

void rego_resolve(struct rego_reader *r, TSNode node, struct scope *scope)
{
    if (ts_node_is_null(node)) {
        return;
    }
    if (rego_node_is(node, "identifier")) {
        if (!is_declared_here(r, node, scope)) {
            use_ref(r, node, scope, 0);
        }
    } else if (rego_node_is(node, "ref")) {
        use_ref(r, node, scope, 0);
    } else if (rego_node_is(node, "call")) {
        use_ref(r, rego_node_field(node, "function"), scope, USE_CALL);
        rego_resolve_children(r, rego_node_field(node, "arguments"), scope);
    } else if (is_comprehension(node) || rego_node_is(node, "body")) {
        resolve_inner(r, node, scope);
    } else if (rego_node_is(node, "every")) {
        resolve_every(r, node, scope);
    } else {
        rego_resolve_children(r, node, scope);
    }
}
