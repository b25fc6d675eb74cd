#include "policy/facts.h"

#include "base/json.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdlib.h>
#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_rego(void);

/* What the walk gathers besides the facts. */
struct walk {
    struct str text;
    struct policy_facts *facts;
    struct {
        struct alias {
            char *name;
            char *path; /* below data */
        } * items;
        size_t len, cap;
    } aliases;
    bool import_v1;                             /* import rego.v1 (or v2): v0 reads it as v1 */
    bool import_all;                            /* import future.keywords */
    bool import_in, import_if, import_contains; /* import future.keywords.NAME */
    bool uses_in, uses_if, uses_contains, uses_every, uses_v0;
};

const char *policy_dialect_name(enum policy_dialect dialect)
{
    return dialect == DIALECT_V0 ? "v0" : dialect == DIALECT_V1 ? "v1" : "v0 or v1";
}

static struct str node_text(const struct walk *w, TSNode node)
{
    return str_slice(w->text, ts_node_start_byte(node), ts_node_end_byte(node));
}

static bool node_is(TSNode node, const char *type)
{
    return !ts_node_is_null(node) && strcmp(ts_node_type(node), type) == 0;
}

static TSNode node_field(TSNode node, const char *name)
{
    return ts_node_child_by_field_name(node, name, (uint32_t)strlen(name));
}

static bool has_token(TSNode node, const char *token)
{
    for (uint32_t i = 0; i < ts_node_child_count(node); i++) {
        TSNode child = ts_node_child(node, i);
        if (!ts_node_is_named(child) && node_is(child, token)) {
            return true;
        }
    }
    return false;
}

/* The value of a string literal, or false for anything that is not one. */
static bool string_value(const struct walk *w, TSNode node, struct buf *out)
{
    struct str text = node_text(w, node);
    if (node_is(node, "raw_string") && text.len >= 2) {
        buf_append_str(out, str_slice(text, 1, text.len - 1));
        return true;
    }
    if (!node_is(node, "string")) {
        return false;
    }
    cJSON *value = json_parse(text, NULL);
    bool ok = cJSON_IsString(value);
    if (ok) {
        buf_append_c(out, value->valuestring);
    }
    cJSON_Delete(value);
    return ok;
}

static void append_part(struct buf *path, struct str part)
{
    if (path->len > 0) {
        buf_append_char(path, '/');
    }
    buf_append_str(path, part);
}

/* Appends the ground parts of a ref after its head; stops at the first that is not a constant.
 * True when all were ground. */
static bool append_fields(const struct walk *w, TSNode ref, struct buf *path)
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
            append_part(path, node_text(w, child));
            continue;
        }
        struct buf value = BUF_INIT;
        ground = string_value(w, child, &value);
        if (ground) {
            append_part(path, buf_str(&value));
        }
        buf_free(&value);
    }
    ts_tree_cursor_delete(&cursor);
    return ground;
}

static void add_ref(struct walk *w, struct str path)
{
    struct policy_facts *facts = w->facts;
    VEC_FOREACH (struct policy_ref, ref, &facts->refs) {
        if (str_equal_c(path, ref->path)) {
            return;
        }
    }
    VEC_PUSH(&facts->refs, (struct policy_ref){str_dup(path)});
}

static const struct alias *find_alias(const struct walk *w, struct str name)
{
    VEC_FOREACH (struct alias, alias, &w->aliases) {
        if (str_equal_c(name, alias->name)) {
            return alias;
        }
    }
    return NULL;
}

static void take_import(struct walk *w, TSNode node)
{
    TSNode path = node_field(node, "path");
    TSNode alias = node_field(node, "alias");
    if (ts_node_is_null(path)) {
        return;
    }
    struct str head = node_text(w, path);
    struct buf rest = BUF_INIT;
    if (node_is(path, "ref")) {
        head = node_text(w, node_field(path, "head"));
        append_fields(w, path, &rest);
    }
    if (str_equal_c(head, "rego")) {
        w->import_v1 = true;
    } else if (str_equal_c(head, "future")) {
        const char *name = rest.ptr == NULL ? "" : rest.ptr;
        w->import_all = w->import_all || strcmp(name, "keywords") == 0;
        w->import_if = w->import_if || strcmp(name, "keywords/if") == 0;
        w->import_contains = w->import_contains || strcmp(name, "keywords/contains") == 0;
        w->import_in =
            w->import_in || strcmp(name, "keywords/in") == 0 || strcmp(name, "keywords/every") == 0;
    } else if (str_equal_c(head, "data")) {
        struct str name = str_make("data", 4);
        if (!ts_node_is_null(alias)) {
            name = node_text(w, alias);
        } else if (rest.len > 0) {
            name = buf_str(&rest);
            for (size_t at; (at = str_find_char(name, '/', 0)) != (size_t)-1;) {
                name = str_from(name, at + 1);
            }
        }
        VEC_PUSH(&w->aliases, (struct alias){str_dup(name), str_dup(buf_str(&rest))});
    }
    buf_free(&rest);
}

static void take_package(struct walk *w, TSNode node)
{
    TSNode path = node_field(node, "path");
    struct buf name = BUF_INIT;
    if (node_is(path, "ref")) {
        buf_append_str(&name, node_text(w, node_field(path, "head")));
        append_fields(w, path, &name);
    } else if (!ts_node_is_null(path)) {
        buf_append_str(&name, node_text(w, path));
    }
    if (name.len > 0 && w->facts->package == NULL) {
        w->facts->package = buf_take(&name);
    }
    buf_free(&name);
}

/* The name of a test: the ground head up to its first part that begins with test_ or todo_test_. */
static void take_test(struct walk *w, const char *head, TSNode rule)
{
    struct str rest = str_of(head);
    size_t taken = 0;
    while (true) {
        size_t end = str_find_char(rest, '/', taken);
        struct str part = str_slice(rest, taken, end == (size_t)-1 ? rest.len : end);
        bool todo = str_starts(part, "todo_test_");
        if (todo || str_starts(part, "test_")) {
            char *path = mem_strndup(head, taken + part.len);
            TSPoint at = ts_node_start_point(rule);
            VEC_PUSH(&w->facts->tests,
                (struct policy_test){policy_path_show(path), at.row + 1, at.column + 1, todo});
            free(path);
            return;
        }
        if (end == (size_t)-1) {
            return;
        }
        taken = end + 1;
    }
}

static void take_rule(struct walk *w, TSNode node)
{
    TSNode head = node_field(node, "head");
    TSNode name = node_field(head, "name");
    if (ts_node_is_null(head) || ts_node_is_null(name)) {
        return;
    }
    struct buf path = BUF_INIT;
    bool ground = true;
    if (node_is(name, "ref")) {
        buf_append_str(&path, node_text(w, node_field(name, "head")));
        ground = append_fields(w, name, &path);
    } else {
        buf_append_str(&path, node_text(w, name));
    }
    bool is_default = has_token(node, "default");
    bool has_if = has_token(node, "if");
    bool has_contains = has_token(head, "contains");
    TSNode value = node_field(head, "value");
    TSNode body = node_field(node, "body");
    bool has_parameters = !ts_node_is_null(node_field(head, "parameters"));
    w->uses_if = w->uses_if || has_if;
    w->uses_contains = w->uses_contains || has_contains;
    if (!is_default && !has_if) {
        bool v0_body = !ts_node_is_null(body);
        bool v0_set = !has_contains && ts_node_is_null(value) && node_is(name, "ref") &&
                      node_text(w, name).len > 0 && str_ends(node_text(w, name), "]");
        w->uses_v0 = w->uses_v0 || v0_body || v0_set;
    }
    enum policy_rule_kind kind = is_default                                       ? RULE_DEFAULT
                                 : has_parameters                                 ? RULE_FUNCTION
                                 : has_contains || !ground                        ? RULE_PARTIAL
                                 : node_is(name, "ref") && ts_node_is_null(value) ? RULE_PARTIAL
                                                                                  : RULE_COMPLETE;
    VEC_PUSH(
        &w->facts->rules, (struct policy_rule){mem_strdup(path.ptr), kind,
                              ts_node_start_point(node).row + 1, ts_node_end_point(node).row + 1});
    take_test(w, path.ptr, node);
    buf_free(&path);
}

/* A ref, or a lone identifier, that leads below data. */
static void take_ref(struct walk *w, TSNode node)
{
    bool is_ref = node_is(node, "ref");
    TSNode head = is_ref ? node_field(node, "head") : node;
    if (!node_is(head, "identifier")) {
        return;
    }
    struct str name = node_text(w, head);
    const struct alias *alias = find_alias(w, name);
    if (alias == NULL && !str_equal_c(name, "data")) {
        return;
    }
    struct buf path = BUF_INIT;
    if (alias != NULL) {
        buf_append_c(&path, alias->path);
    }
    if (is_ref) {
        append_fields(w, node, &path);
    }
    add_ref(w, buf_str(&path));
    buf_free(&path);
}

static void take_node(struct walk *w, TSTreeCursor *cursor, TSNode node)
{
    const char *type = ts_node_type(node);
    if (strcmp(type, "rule") == 0) {
        take_rule(w, node);
    } else if (strcmp(type, "ref") == 0) {
        take_ref(w, node);
    } else if (strcmp(type, "identifier") == 0) {
        const char *field = ts_tree_cursor_current_field_name(cursor);
        if (field == NULL || (strcmp(field, "head") != 0 && strcmp(field, "name") != 0)) {
            take_ref(w, node);
        }
    } else if (strcmp(type, "membership") == 0 || strcmp(type, "some_in") == 0) {
        w->uses_in = true;
    } else if (strcmp(type, "every") == 0) {
        w->uses_every = true;
    } else if (strcmp(type, "else_clause") == 0) {
        if (has_token(node, "if")) {
            w->uses_if = true;
        } else if (!ts_node_is_null(node_field(node, "body"))) {
            w->uses_v0 = true;
        }
    }
}

static void walk_tree(struct walk *w, TSNode root)
{
    for (uint32_t i = 0; i < ts_node_named_child_count(root); i++) {
        TSNode child = ts_node_named_child(root, i);
        if (node_is(child, "package")) {
            take_package(w, child);
        } else if (node_is(child, "import")) {
            take_import(w, child);
        }
    }
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    bool more = ts_tree_cursor_goto_first_child(&cursor);
    while (more) {
        TSNode node = ts_tree_cursor_current_node(&cursor);
        bool skip = node_is(node, "import") || node_is(node, "package");
        if (!skip && ts_node_is_named(node)) {
            take_node(w, &cursor, node);
        }
        if (!skip && ts_tree_cursor_goto_first_child(&cursor)) {
            continue;
        }
        while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
            if (!ts_tree_cursor_goto_parent(&cursor)) {
                more = false;
                break;
            }
        }
    }
    ts_tree_cursor_delete(&cursor);
}

static enum policy_dialect choose_dialect(const struct walk *w)
{
    if (w->import_v1) {
        return DIALECT_EITHER;
    }
    bool needs_v1 = (w->uses_if && !w->import_if && !w->import_all) ||
                    (w->uses_contains && !w->import_contains && !w->import_all) ||
                    ((w->uses_in || w->uses_every) && !w->import_in && !w->import_all);
    if (needs_v1) {
        return DIALECT_V1;
    }
    return w->uses_v0 ? DIALECT_V0 : DIALECT_EITHER;
}

struct policy_facts *policy_facts_parse(struct str text)
{
    struct policy_facts *facts = MEM_NEW(struct policy_facts);
    facts->references = 1;
    facts->hash = str_hash(text);
    struct walk w = {.text = text, .facts = facts};
    TSParser *parser = mem_require(ts_parser_new());
    TSTree *tree = NULL;
    if (ts_parser_set_language(parser, tree_sitter_rego())) {
        tree = ts_parser_parse_string(parser, NULL, text.ptr, (uint32_t)text.len);
    }
    facts->has_errors = tree == NULL;
    if (tree != NULL) {
        TSNode root = ts_tree_root_node(tree);
        facts->has_errors = ts_node_has_error(root);
        walk_tree(&w, root);
        facts->dialect = choose_dialect(&w);
        ts_tree_delete(tree);
    }
    ts_parser_delete(parser);
    VEC_FOREACH (struct alias, alias, &w.aliases) {
        free(alias->name);
        free(alias->path);
    }
    VEC_FREE(&w.aliases);
    return facts;
}

struct policy_facts *policy_facts_share(struct policy_facts *facts)
{
    facts->references++;
    return facts;
}

void policy_facts_release(struct policy_facts *facts)
{
    if (facts == NULL || --facts->references > 0) {
        return;
    }
    VEC_FOREACH (struct policy_rule, rule, &facts->rules) {
        free(rule->name);
    }
    VEC_FOREACH (struct policy_test, test, &facts->tests) {
        free(test->name);
    }
    VEC_FOREACH (struct policy_ref, ref, &facts->refs) {
        free(ref->path);
    }
    VEC_FREE(&facts->rules);
    VEC_FREE(&facts->tests);
    VEC_FREE(&facts->refs);
    free(facts->package);
    free(facts);
}

static bool is_identifier(struct str part)
{
    if (part.len == 0 || isdigit((unsigned char)part.ptr[0])) {
        return false;
    }
    for (size_t i = 0; i < part.len; i++) {
        if (!isalnum((unsigned char)part.ptr[i]) && part.ptr[i] != '_') {
            return false;
        }
    }
    return true;
}

char *policy_path_show(const char *path)
{
    struct buf out = BUF_INIT;
    struct str rest = str_of(path);
    while (rest.len > 0) {
        size_t end = str_find_char(rest, '/', 0);
        struct str part = str_slice(rest, 0, end == (size_t)-1 ? rest.len : end);
        if (is_identifier(part)) {
            if (out.len > 0) {
                buf_append_char(&out, '.');
            }
            buf_append_str(&out, part);
        } else {
            buf_append_char(&out, '[');
            json_append_quoted(&out, part);
            buf_append_char(&out, ']');
        }
        rest = end == (size_t)-1 ? str_make(NULL, 0) : str_from(rest, end + 1);
    }
    return buf_take(&out);
}

bool policy_path_below(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);
    return len == 0 || (strncmp(path, prefix, len) == 0 && (path[len] == '\0' || path[len] == '/'));
}
