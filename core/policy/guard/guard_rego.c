/* What the guards that read Rego share. */
#include "policy/guard/guard_private.h"

#include <stdlib.h>

bool guard_next_rule(
    const struct guard_file *file, uint32_t *at, TSNode *rule, struct rego_head *head)
{
    uint32_t count = ts_node_named_child_count(file->root);
    while (*at < count) {
        *rule = ts_node_named_child(file->root, (*at)++);
        if (rego_node_is(*rule, "rule") && rego_head_read(file->text, *rule, head)) {
            return true;
        }
    }
    return false;
}

bool guard_name_denies(const char *name)
{
    static const char *const names[] = {"deny", "violation", "warn"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len = strlen(names[i]);
        if (strncmp(name, names[i], len) == 0 && (name[len] == '\0' || name[len] == '_')) {
            return strchr(name, '/') == NULL;
        }
    }
    return false;
}

bool guard_is_deny(const struct rego_head *head)
{
    return guard_name_denies(head->path) && !head->is_default && head->kind != RULE_FUNCTION;
}

bool guard_is_test_file(const struct guard_file *file)
{
    return file->facts->tests.len > 0;
}

void guard_walk(TSNode node, bool (*visit)(void *data, TSNode node), void *data)
{
    TSTreeCursor cursor = ts_tree_cursor_new(node);
    bool more = true;
    while (more) {
        TSNode now = ts_tree_cursor_current_node(&cursor);
        bool into = !ts_node_is_named(now) || visit(data, now);
        if (into && ts_tree_cursor_goto_first_child(&cursor)) {
            continue;
        }
        while (more && !ts_tree_cursor_goto_next_sibling(&cursor)) {
            more = ts_tree_cursor_goto_parent(&cursor);
        }
    }
    ts_tree_cursor_delete(&cursor);
}

bool guard_next_literal(TSNode rule, uint32_t *body, uint32_t *at, TSNode *literal)
{
    uint32_t count = ts_node_named_child_count(rule);
    for (; *body < count; (*body)++, *at = 0) {
        TSNode child = ts_node_named_child(rule, *body);
        if (rego_node_is(child, "literal")) {
            (*body)++;
            *at = 0;
            *literal = child;
            return true;
        }
        while (rego_node_is(child, "body") && *at < ts_node_named_child_count(child)) {
            *literal = ts_node_named_child(child, (*at)++);
            if (rego_node_is(*literal, "literal")) {
                return true;
            }
        }
    }
    return false;
}

TSNode guard_statement(TSNode literal)
{
    uint32_t count = ts_node_named_child_count(literal);
    for (uint32_t i = 0; i < count; i++) {
        TSNode child = ts_node_named_child(literal, i);
        if (!rego_node_is(child, "comment")) {
            return child;
        }
    }
    return (TSNode){0};
}

/* The last part of an import, or its alias: the name it is used by. */
static struct str import_name(const struct guard_file *file, TSNode import, struct buf *path)
{
    TSNode alias = rego_node_field(import, "alias");
    if (!ts_node_is_null(alias)) {
        return rego_node_text(file->text, alias);
    }
    struct str name = buf_str(path);
    for (size_t at; (at = str_find_char(name, '/', 0)) != SIZE_MAX;) {
        name = str_from(name, at + 1);
    }
    return name;
}

/* Appends what the import of this name stands for, below data. */
static bool resolve_import(const struct guard_file *file, struct str name, struct buf *out)
{
    uint32_t count = ts_node_named_child_count(file->root);
    for (uint32_t i = 0; i < count; i++) {
        TSNode import = ts_node_named_child(file->root, i);
        struct buf path = BUF_INIT;
        bool hit = false;
        if (rego_node_is(import, "import")) {
            rego_path_read(file->text, rego_node_field(import, "path"), &path);
            hit = str_starts(buf_str(&path), "data/") &&
                  str_equal(import_name(file, import, &path), name);
        }
        if (hit) {
            buf_append_str(out, str_from(buf_str(&path), strlen("data/")));
        }
        buf_free(&path);
        if (hit) {
            return true;
        }
    }
    return false;
}

/* The facts of the files of a package, one after another; *at begins with its first place
 * (policy_package_bound). NULL: no more. */
static const struct policy_facts *next_of_package(
    const struct policy_index *index, const char *package, size_t *at)
{
    if (*at >= index->by_package.len) {
        return NULL;
    }
    const struct policy_facts *facts = index->files.items[index->by_package.items[(*at)++]].facts;
    return strcmp(facts->package, package) == 0 ? facts : NULL;
}

static bool is_own_rule(const struct guard_file *file, struct str name)
{
    const char *package = file->facts->package;
    if (file->index == NULL || package == NULL) {
        return false;
    }
    size_t at = policy_package_bound(file->index, package);
    for (const struct policy_facts *facts;
         (facts = next_of_package(file->index, package, &at)) != NULL;) {
        VEC_FOREACH (const struct policy_rule, rule, &facts->rules) {
            if (str_equal_c(name, rule->name)) {
                return true;
            }
        }
    }
    return false;
}

bool guard_resolve(const struct guard_file *file, TSNode node, struct buf *path)
{
    bool is_ref = rego_node_is(node, "ref");
    TSNode head = is_ref ? rego_node_field(node, "head") : node;
    struct str name = rego_node_text(file->text, head);
    if (!rego_node_is(head, "identifier")) {
        return false;
    }
    if (!str_equal_c(name, "data") && !resolve_import(file, name, path)) {
        if (is_ref || file->facts->package == NULL || !is_own_rule(file, name)) {
            return false;
        }
        buf_append_c(path, file->facts->package);
        rego_path_add(path, name);
        return true;
    }
    return !is_ref || rego_path_add_fields(file->text, node, path);
}

bool guard_is_set(const struct guard_file *file, const char *path)
{
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    if (slash == NULL) {
        return false;
    }
    char *package = mem_strndup(path, (size_t)(slash - path));
    size_t at = policy_package_bound(file->index, package);
    bool partial = false;
    bool other = false;
    for (const struct policy_facts *facts;
         (facts = next_of_package(file->index, package, &at)) != NULL;) {
        VEC_FOREACH (const struct policy_rule, rule, &facts->rules) {
            if (strcmp(rule->name, slash + 1) == 0) {
                partial = partial || rule->kind == RULE_PARTIAL;
                other = other || rule->kind != RULE_PARTIAL;
            }
        }
    }
    free(package);
    return partial && !other;
}

/* The value of "msg" in an object; the object itself when it has none. */
static TSNode message_in(const struct guard_file *file, TSNode object)
{
    uint32_t count = ts_node_named_child_count(object);
    for (uint32_t i = 0; i < count; i++) {
        TSNode pair = ts_node_named_child(object, i);
        struct buf key = BUF_INIT;
        bool is_msg = rego_string_value(file->text, rego_node_field(pair, "key"), &key) &&
                      str_equal_c(buf_str(&key), "msg");
        buf_free(&key);
        if (is_msg) {
            return rego_node_field(pair, "value");
        }
    }
    return object;
}

/* What a variable is given in a rule's body; the null node: nothing, or several things. */
static TSNode assigned(const struct guard_file *file, TSNode rule, struct str name)
{
    TSNode found = {0};
    TSNode literal;
    uint32_t body = 0;
    size_t times = 0;
    for (uint32_t i = 0; guard_next_literal(rule, &body, &i, &literal);) {
        TSNode statement = guard_statement(literal);
        if ((rego_node_is(statement, "assignment") || rego_node_is(statement, "unification")) &&
            str_equal(rego_node_text(file->text, rego_node_field(statement, "left")), name)) {
            found = rego_node_field(statement, "right");
            times++;
        }
    }
    return times == 1 ? found : (TSNode){0};
}

/* What an identifier stands for in the rule, through others. */
static TSNode follow(const struct guard_file *file, TSNode rule, TSNode node)
{
    enum { DEPTH = 3 };
    for (int depth = 0; depth < DEPTH && rego_node_is(node, "identifier"); depth++) {
        node = assigned(file, rule, rego_node_text(file->text, node));
    }
    return node;
}

TSNode guard_result(const struct guard_file *file, TSNode rule)
{
    TSNode head = rego_node_field(rule, "head");
    TSNode name = rego_node_field(head, "name");
    TSNode result = rego_node_field(head, "key");
    if (ts_node_is_null(result) && rego_node_is(name, "ref")) {
        result = rego_node_field(name, "index"); /* v0: deny[msg] */
    }
    return follow(file, rule, result);
}

TSNode guard_message(const struct guard_file *file, TSNode rule)
{
    TSNode result = guard_result(file, rule);
    return rego_node_is(result, "object") ? follow(file, rule, message_in(file, result)) : result;
}
