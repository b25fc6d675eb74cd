#include "policy/facts.h"

#include "base/json.h"
#include "base/vec.h"
#include "policy/facts_pool.h"
#include "policy/rego_tree.h"

#include <ctype.h>
#include <stdlib.h>

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
    TSNode path = rego_node_field(node, "path");
    TSNode alias = rego_node_field(node, "alias");
    if (ts_node_is_null(path)) {
        return;
    }
    struct str head = rego_node_text(w->text, path);
    struct buf rest = BUF_INIT;
    if (rego_node_is(path, "ref")) {
        head = rego_node_text(w->text, rego_node_field(path, "head"));
        rego_path_add_fields(w->text, path, &rest);
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
            name = rego_node_text(w->text, alias);
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
    struct buf name = BUF_INIT;
    rego_path_read(w->text, rego_node_field(node, "path"), &name);
    if (name.len > 0 && w->facts->package == NULL) {
        w->facts->package = buf_take(&name);
    }
    buf_free(&name);
}

static void take_test(struct walk *w, const char *head, TSNode rule)
{
    bool todo;
    size_t len = rego_test_length(head, &todo);
    if (len > 0) {
        char *path = mem_strndup(head, len);
        TSPoint at = ts_node_start_point(rule);
        VEC_PUSH(&w->facts->tests,
            (struct policy_test){policy_path_show(path), at.row + 1, at.column + 1, todo});
        free(path);
    }
}

static void take_rule(struct walk *w, TSNode node)
{
    struct rego_head head;
    if (!rego_head_read(w->text, node, &head)) {
        return;
    }
    w->uses_if = w->uses_if || head.has_if;
    w->uses_contains = w->uses_contains || head.has_contains;
    if (!head.is_default && !head.has_if) {
        TSNode part = rego_node_field(node, "head");
        TSNode name = rego_node_field(part, "name");
        bool v0_body = !ts_node_is_null(rego_node_field(node, "body"));
        bool v0_set = !head.has_contains && ts_node_is_null(rego_node_field(part, "value")) &&
                      rego_node_is(name, "ref") && str_ends(rego_node_text(w->text, name), "]");
        w->uses_v0 = w->uses_v0 || v0_body || v0_set;
    }
    VEC_PUSH(
        &w->facts->rules, (struct policy_rule){mem_strdup(head.path), head.kind,
                              ts_node_start_point(node).row + 1, ts_node_end_point(node).row + 1});
    take_test(w, head.path, node);
    free(head.path);
}

/* A ref, or a lone identifier, that leads below data. */
static void take_ref(struct walk *w, TSNode node)
{
    bool is_ref = rego_node_is(node, "ref");
    TSNode head = is_ref ? rego_node_field(node, "head") : node;
    if (!rego_node_is(head, "identifier")) {
        return;
    }
    struct str name = rego_node_text(w->text, head);
    const struct alias *alias = find_alias(w, name);
    if (alias == NULL && !str_equal_c(name, "data")) {
        return;
    }
    struct buf path = BUF_INIT;
    if (alias != NULL) {
        buf_append_c(&path, alias->path);
    }
    if (is_ref) {
        rego_path_add_fields(w->text, node, &path);
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
        if (rego_node_has_token(node, "if")) {
            w->uses_if = true;
        } else if (!ts_node_is_null(rego_node_field(node, "body"))) {
            w->uses_v0 = true;
        }
    }
}

static void walk_tree(struct walk *w, TSNode root)
{
    for (uint32_t i = 0; i < ts_node_named_child_count(root); i++) {
        TSNode child = ts_node_named_child(root, i);
        if (rego_node_is(child, "package")) {
            take_package(w, child);
        } else if (rego_node_is(child, "import")) {
            take_import(w, child);
        } else if (rego_node_is(child, "comment")) {
            struct str comment = str_trim(str_from(rego_node_text(w->text, child), 1));
            w->facts->has_metadata = w->facts->has_metadata || str_equal_c(comment, "METADATA");
        }
    }
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    bool more = ts_tree_cursor_goto_first_child(&cursor);
    while (more) {
        TSNode node = ts_tree_cursor_current_node(&cursor);
        bool skip = rego_node_is(node, "import") || rego_node_is(node, "package");
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

/* By the text, so that nothing the grammar does not know hides one; a comment that names one costs
 * no more than a kept result. As `opa capabilities` marks them, and those that look at the time
 * themselves. */
bool policy_text_is_volatile(struct str text)
{
    static const char *const words[] = {"http.send", "http[", "now_ns", "rand.intn", "rand[",
        "uuid.rfc4122", "uuid[", "opa.runtime", "opa[", "lookup_ip_addr", "decode_verify",
        "encode_sign", "match_schema", "verify_schema", "parse_and_verify_certificates"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_find(text, str_of(words[i]), 0) != (size_t)-1) {
            return true;
        }
    }
    return false;
}

static struct policy_facts *parse(struct str text, const char digest[SHA256_HEX_SIZE])
{
    struct policy_facts *facts = MEM_NEW(struct policy_facts);
    facts->hash = str_hash(text);
    memcpy(facts->digest, digest, SHA256_HEX_SIZE);
    facts->is_volatile = policy_text_is_volatile(text);
    struct walk w = {.text = text, .facts = facts};
    TSTree *tree = rego_tree_parse(text);
    facts->has_errors = tree == NULL;
    if (tree != NULL) {
        TSNode root = ts_tree_root_node(tree);
        facts->has_errors = ts_node_has_error(root);
        walk_tree(&w, root);
        facts->dialect = choose_dialect(&w);
        facts->imports_v1 = w.import_v1 || w.import_all;
        ts_tree_delete(tree);
    }
    VEC_FOREACH (struct alias, alias, &w.aliases) {
        free(alias->name);
        free(alias->path);
    }
    VEC_FREE(&w.aliases);
    return facts;
}

static void free_facts(struct policy_facts *facts)
{
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

struct policy_facts *policy_facts_parse(struct str text)
{
    char digest[SHA256_HEX_SIZE];
    sha256_hex(text, digest);
    struct policy_facts *known = facts_pool_find(digest);
    if (known == NULL) {
        struct policy_facts *facts = parse(text, digest);
        known = facts_pool_add(facts);
        if (known != facts) {
            free_facts(facts);
        }
    }
    return known;
}

struct policy_facts *policy_facts_share(struct policy_facts *facts)
{
    facts_pool_share(facts);
    return facts;
}

void policy_facts_release(struct policy_facts *facts)
{
    if (facts != NULL && facts_pool_release(facts)) {
        free_facts(facts);
    }
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
