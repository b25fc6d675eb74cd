/* The definitions of a Rego module: package, imports, rules. */
#include "policy/symbols_rego.h"

#include "base/safe.h"
#include "base/vec.h"

#include <stdlib.h>

enum { DETAIL_MAX = 240, LONG_HEAD = 100 };

static char *shown_text(const struct rego_reader *r, uint32_t from, uint32_t to)
{
    struct buf line = BUF_INIT;
    struct str raw = str_slice(r->text, from, to - from > 4096 ? from + 4096 : to);
    for (size_t i = 0; i < raw.len; i++) {
        bool blank = strchr(" \t\r\n", raw.ptr[i]) != NULL && raw.ptr[i] != '\0';
        if (!blank) {
            buf_append_char(&line, raw.ptr[i]);
        } else if (line.len > 0 && line.ptr[line.len - 1] != ' ') {
            buf_append_char(&line, ' ');
        }
    }
    char *shown = safe_dup(str_trim(buf_str(&line)), SAFE_ONE_LINE, DETAIL_MAX);
    buf_free(&line);
    return shown;
}

static void take_package(struct rego_reader *r, TSNode node, struct buf *path)
{
    rego_path_read(r->text, rego_node_field(node, "path"), path);
    if (path->len == 0) {
        return;
    }
    r->package = path->ptr;
    r->package_definition = r->symbols->definitions.len;
    r->owner = (uint32_t)r->package_definition;
    struct buf key = BUF_INIT;
    buf_printf(&key, "data/%s", path->ptr);
    TSNode name = rego_node_field(node, "path");
    VEC_PUSH(&r->symbols->definitions, (struct symbol_definition){.kind = SYMBOL_PACKAGE,
                                           .key = symbols_key(r->symbols, buf_str(&key)),
                                           .name = policy_path_show(path->ptr),
                                           .at = symbol_host_range(r->host, name),
                                           .whole = symbol_host_range(r->host, node),
                                           .parent = SYMBOL_NONE});
    buf_clear(&key);
    TSNode head = rego_node_is(name, "ref") ? rego_node_field(name, "head") : name;
    buf_append_c(&key, "data/");
    buf_append_str(&key, rego_node_text(r->text, head));
    size_t first = rego_add_use(r, head, symbols_key(r->symbols, buf_str(&key)), USE_DEFINES);
    if (rego_node_is(name, "ref")) {
        rego_use_parts(r, name, NULL, USE_DEFINES, &key, first);
    } else {
        r->symbols->uses.items[first].flags |= USE_LAST;
    }
    r->owner = NAME_NONE;
    buf_free(&key);
}

static void take_import(struct rego_reader *r, TSNode node)
{
    TSNode path = rego_node_field(node, "path");
    TSNode alias = rego_node_field(node, "alias");
    if (ts_node_is_null(path)) {
        return;
    }
    struct buf key = BUF_INIT;
    rego_path_read(r->text, path, &key);
    const char *slash = strrchr(key.ptr, '/');
    struct symbol_import import = {.key = NAME_NONE,
        .path = policy_path_show(key.ptr),
        .name = ts_node_is_null(alias) ? mem_strdup(slash == NULL ? key.ptr : slash + 1)
                                       : str_dup(rego_node_text(r->text, alias)),
        .has_alias = !ts_node_is_null(alias),
        .module = r->package_definition,
        .row = symbol_host_range(r->host, node).row};
    if (policy_path_below(key.ptr, "data")) {
        import.key = symbols_key(r->symbols, buf_str(&key));
        buf_clear(&key);
        buf_append_c(&key, "data");
        TSNode head = rego_node_is(path, "ref") ? rego_node_field(path, "head") : path;
        size_t first = rego_add_use(r, head, symbols_key(r->symbols, buf_str(&key)), USE_IMPORT);
        if (rego_node_is(path, "ref")) {
            rego_use_parts(r, path, NULL, USE_IMPORT, &key, first);
        }
        if (import.has_alias) {
            rego_add_use(r, alias, import.key, USE_IMPORT | USE_ALIAS);
        }
    }
    VEC_PUSH(&r->symbols->imports, import);
    buf_free(&key);
}

/* The parts of a rule's name are uses that define; an index that is no constant is resolved. */
static void use_name(struct rego_reader *r, TSNode name, struct scope *scope)
{
    struct buf key = BUF_INIT;
    bool is_ref = rego_node_is(name, "ref");
    TSNode head = is_ref ? rego_node_field(name, "head") : name;
    rego_data_key(&key, r->package, rego_node_text(r->text, head));
    size_t first = rego_add_use(r, head, symbols_key(r->symbols, buf_str(&key)), USE_DEFINES);
    if (is_ref) {
        rego_use_parts(r, name, scope, USE_DEFINES, &key, first);
    } else {
        r->symbols->uses.items[first].flags |= USE_LAST;
    }
    buf_free(&key);
}

/* The head as written; without its value where that is long. */
static char *shown_head(const struct rego_reader *r, TSNode head)
{
    uint32_t from = ts_node_start_byte(head);
    uint32_t to = ts_node_end_byte(head);
    TSNode value = rego_node_field(head, "value");
    if (!ts_node_is_null(value) && to - from > LONG_HEAD) {
        TSNode sign = ts_node_prev_sibling(value);
        to = ts_node_is_null(sign) ? ts_node_start_byte(value) : ts_node_start_byte(sign);
    }
    return shown_text(r, from, to);
}

/* What a rule is (`p := x`) or contains (`p contains x`, `p[x] { … }`). */
static TSNode value_of(TSNode head)
{
    TSNode value = rego_node_field(head, "value");
    TSNode key = rego_node_field(head, "key");
    TSNode name = rego_node_field(head, "name");
    if (!ts_node_is_null(value) || !ts_node_is_null(key)) {
        return ts_node_is_null(value) ? key : value;
    }
    TSNode none = {0};
    return rego_node_is(name, "ref") ? rego_node_field(name, "index") : none;
}

static void define_rule(struct rego_reader *r, TSNode node, const struct rego_head *head)
{
    TSNode head_node = rego_node_field(node, "head");
    bool todo;
    struct buf key = BUF_INIT;
    rego_data_key(&key, r->package, str_of(head->path));
    struct symbol_definition definition = {
        .kind = rego_test_length(head->path, &todo) > 0 ? SYMBOL_TEST
                : head->kind == RULE_FUNCTION           ? SYMBOL_FUNCTION
                                                        : SYMBOL_RULE,
        .rule_kind = head->kind,
        .key = symbols_key(r->symbols, buf_str(&key)),
        .name = policy_path_show(head->path),
        .detail = shown_head(r, head_node),
        .at = symbol_host_range(r->host, rego_node_field(head_node, "name")),
        .whole = symbol_host_range(r->host, node),
        .value = rego_short_text(r, value_of(head_node)),
        .parent = r->package_definition,
    };
    buf_free(&key);
    if (head->is_default) {
        char *plain = definition.detail;
        definition.detail = mem_printf("default %s", plain);
        free(plain);
    }
    r->owner = (uint32_t)r->symbols->definitions.len;
    VEC_PUSH(&r->symbols->definitions, definition);
}

static void resolve_else(struct rego_reader *r, TSNode node, struct scope *parameters)
{
    struct scope scope = rego_scope(r, parameters, node, true);
    TSNode body = rego_node_field(node, "body");
    rego_collect(r, &scope, body);
    rego_resolve(r, rego_node_field(node, "value"), &scope);
    rego_resolve_children(r, body, &scope);
    VEC_FREE(&scope.locals);
}

/* What follows the head: the first body shares its scope with the head's value, bodies chained
 * behind it and `else` have their own. */
static void resolve_bodies(
    struct rego_reader *r, TSNode node, struct scope *parameters, struct scope *first)
{
    bool done = false;
    const char *field;
    struct rego_children children = rego_children_begin(node);
    for (TSNode child; rego_children_next(&children, &child, &field);) {
        if (field == NULL) {
            continue;
        }
        if (strcmp(field, "else") == 0) {
            resolve_else(r, child, parameters);
        } else if (strcmp(field, "body") == 0 && !done) {
            rego_resolve_children(r, child, first);
            done = true;
        } else if (strcmp(field, "body") == 0) {
            rego_resolve(r, child, parameters);
        }
    }
}

static void take_rule(struct rego_reader *r, TSNode node)
{
    struct rego_head head;
    if (!rego_head_read(r->text, node, &head)) {
        return;
    }
    define_rule(r, node, &head);
    TSNode head_node = rego_node_field(node, "head");
    TSNode arguments = rego_node_field(head_node, "parameters");
    struct scope parameters = rego_scope(r, NULL, node, false);
    rego_declare(r, &parameters, arguments, LOCAL_PARAMETER);
    struct scope body = rego_scope(r, &parameters, node, true);
    if (!ts_node_is_null(rego_node_field(node, "body"))) {
        rego_collect(r, &body, rego_node_field(node, "body"));
    }
    use_name(r, rego_node_field(head_node, "name"), &body);
    if (!ts_node_is_null(arguments)) {
        rego_resolve_children(r, arguments, &parameters);
    }
    rego_resolve(r, rego_node_field(head_node, "key"), &body);
    rego_resolve(r, rego_node_field(head_node, "value"), &body);
    resolve_bodies(r, node, &parameters, &body);
    r->owner = NAME_NONE;
    VEC_FREE(&body.locals);
    VEC_FREE(&parameters.locals);
    free(head.path);
}

static void take_module(struct rego_reader *r, TSNode root)
{
    struct buf path = BUF_INIT;
    struct rego_children children = rego_children_begin(root);
    for (TSNode child; rego_children_next(&children, &child, NULL);) {
        if (rego_node_is(child, "package") && r->package_definition == SYMBOL_NONE) {
            take_package(r, child, &path);
        } else if (rego_node_is(child, "import")) {
            take_import(r, child);
        }
    }
    children = rego_children_begin(root);
    for (TSNode child; rego_children_next(&children, &child, NULL);) {
        if (rego_node_is(child, "rule")) {
            take_rule(r, child);
        } else if (rego_node_is(child, "ERROR")) {
            struct scope scope = rego_scope(r, NULL, child, true);
            rego_collect(r, &scope, child);
            rego_resolve_children(r, child, &scope);
            VEC_FREE(&scope.locals);
        }
    }
    buf_free(&path);
}

void symbols_read_rego(
    struct policy_symbols *symbols, struct str text, const struct symbol_host *host)
{
    struct rego_reader r = {.symbols = symbols,
        .text = text,
        .host = host,
        .package = "?",
        .package_definition = SYMBOL_NONE,
        .first_import = symbols->imports.len,
        .owner = NAME_NONE};
    TSTree *tree = rego_tree_parse(text);
    if (tree == NULL) {
        symbols->has_errors = true;
        return;
    }
    size_t first = symbols->definitions.len;
    TSNode root = ts_tree_root_node(tree);
    symbols->has_errors = symbols->has_errors || ts_node_has_error(root);
    take_module(&r, root);
    symbols_read_notes(symbols, text, root, host, first);
    for (size_t i = first; i < symbols->definitions.len; i++) {
        if (symbols->definitions.items[i].kind == SYMBOL_PACKAGE) {
            symbols_read_control_name(symbols, i);
        }
    }
    symbols_read_inputs(symbols, text, root);
    ts_tree_delete(tree);
}
