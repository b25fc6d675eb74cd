/* The objects in a YAML or JSON file: Kubernetes objects, Gatekeeper templates and constraints,
 * Kyverno policies of the old and the new kinds, and the suites that test them. Each document is
 * read apart, so that one with an error (or a Helm template) hides no other. */
#include "policy/symbols_internal.h"

#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "syntax/parsing.h"

#include <stdlib.h>

/* No manifest, fixture or policy is larger; lock files and recordings are. */
#define DOCUMENT_MAX_BYTES ((size_t)4 << 20)

struct document {
    struct policy_symbols *symbols;
    const char *path;
    struct str text; /* of the file */
    size_t start;    /* of the document in it */
    size_t len;
    uint32_t row;
    struct fy_node *root;
    struct str api, kind;
};

/* ---- positions ---- */

static bool place(const struct document *d, struct fy_node *node, struct symbol_range *range)
{
    struct fy_token *token = node == NULL ? NULL : fy_node_get_scalar_token(node);
    const struct fy_mark *from = token == NULL ? NULL : fy_token_start_mark(token);
    const struct fy_mark *to = token == NULL ? NULL : fy_token_end_mark(token);
    if (from == NULL || to == NULL || to->input_pos < from->input_pos || to->input_pos > d->len) {
        return false;
    }
    size_t start = d->start + from->input_pos;
    size_t end = d->start + to->input_pos;
    uint32_t row = d->row + (uint32_t)from->line;
    /* Marks count columns in characters. */
    size_t line = start;
    while (line > d->start && d->text.ptr[line - 1] != '\n') {
        line--;
    }
    if (end > start + 1 && (d->text.ptr[start] == '"' || d->text.ptr[start] == '\'')) {
        start++;
        end--;
    }
    *range = (struct symbol_range){
        (uint32_t)start, (uint32_t)end, row, (uint32_t)(start - line), row, (uint32_t)(end - line)};
    return true;
}

static struct symbol_range whole(const struct document *d)
{
    uint32_t rows = 0;
    for (size_t i = d->start; i < d->start + d->len; i++) {
        rows += d->text.ptr[i] == '\n';
    }
    return (struct symbol_range){
        (uint32_t)d->start, (uint32_t)(d->start + d->len), d->row, 0, d->row + rows, 0};
}

/* ---- definitions and uses ---- */

static uint32_t make_key(
    const struct document *d, const char *first, struct str name, struct str rest)
{
    struct buf key = BUF_INIT;
    buf_append_c(&key, first);
    buf_append_char(&key, '/');
    buf_append_str(&key, name);
    if (rest.len > 0) {
        buf_append_char(&key, '/');
        buf_append_str(&key, rest);
    }
    uint32_t id = symbols_key(d->symbols, buf_str(&key));
    buf_free(&key);
    return id;
}

/* `skip` bytes at the beginning of the scalar are not part of the name ("namespace/"). */
static void add_use(
    const struct document *d, struct fy_node *node, uint32_t key, uint32_t flags, size_t skip)
{
    struct symbol_range at;
    size_t definitions = d->symbols->definitions.len;
    if (place(d, node, &at) && at.end > at.start + skip) {
        uint32_t off = (uint32_t)skip;
        struct symbol_use use = {.start = at.start + off,
            .len = at.end - at.start - off,
            .row = at.row,
            .col = at.col + off,
            .key = key,
            .local = NAME_NONE,
            .owner = definitions == 0 ? NAME_NONE : (uint32_t)definitions - 1,
            .chain = (uint32_t)d->symbols->uses.len,
            .flags = flags | USE_LAST};
        VEC_PUSH(&d->symbols->uses, use);
    }
}

/* Adds the object itself; `name` is the scalar it is known by. */
static size_t define(
    const struct document *d, enum symbol_kind kind, struct fy_node *name, uint32_t key)
{
    struct symbol_definition definition = {
        .kind = kind,
        .key = key,
        .name = safe_dup(symbols_scalar(name), SAFE_ONE_LINE, 200),
        .detail = safe_dup(d->api, SAFE_ONE_LINE, 200),
        .type = safe_dup(d->kind, SAFE_ONE_LINE, 200),
        .space = symbols_scalar_dup(symbols_member(d->root, "metadata.namespace")),
        .whole = whole(d),
        .parent = SYMBOL_NONE,
    };
    if (!place(d, name, &definition.at)) {
        definition.at = definition.whole;
        definition.at.end = definition.at.start;
        definition.at.end_row = definition.at.row;
    }
    VEC_PUSH(&d->symbols->definitions, definition);
    return d->symbols->definitions.len - 1;
}

/* Annotations with a '.' in their names, so not for symbols_member. */
static void read_annotations(const struct document *d, size_t definition)
{
    struct fy_node *annotations = symbols_member(d->root, "metadata.annotations");
    void *at = NULL;
    if (annotations == NULL || fy_node_get_type(annotations) != FYNT_MAPPING) {
        return;
    }
    symbols_read_controls(d->symbols, definition, d->row, CONTROL_ANNOTATION, annotations);
    struct buf doc = BUF_INIT;
    for (struct fy_node_pair *pair; (pair = fy_node_mapping_iterate(annotations, &at)) != NULL;) {
        struct str key = symbols_scalar(fy_node_pair_key(pair));
        struct str value = str_trim(symbols_scalar(fy_node_pair_value(pair)));
        bool title = str_ends(key, "/title");
        bool description = str_ends(key, "/description") || str_equal_c(key, "description");
        if (title || description) {
            buf_printf(&doc, title ? "**%.*s**" : "%.*s",
                (int)(value.len > 4000 ? 4000 : value.len), value.ptr);
            buf_append_c(&doc, "\n\n");
        }
    }
    if (doc.len > 0) {
        d->symbols->definitions.items[definition].doc =
            safe_dup(str_trim(buf_str(&doc)), SAFE_KEEP_LINES, (size_t)8 << 10);
    }
    buf_free(&doc);
}

/* The keys that documents of a kind have, for completion in YAML. */
static void learn_keys(const struct document *d, const char *kind)
{
    char *root = mem_printf("kind/%s", kind);
    symbols_read_fields(d->symbols, symbols_field_root(d->symbols, root), d->root);
    free(root);
}

/* ---- Gatekeeper ---- */

static void read_template(const struct document *d)
{
    struct fy_node *kind = symbols_member(d->root, "spec.crd.spec.names.kind");
    struct str name = symbols_scalar(kind);
    if (name.len > 0) {
        uint32_t key = make_key(d, "gatekeeper", name, str_make("", 0));
        size_t definition = define(d, SYMBOL_TEMPLATE, kind, key);
        add_use(d, kind, key, USE_DEFINES, 0);
        /* Its own name must be the kind in small letters: a rename changes both. */
        add_use(d, symbols_member(d->root, "metadata.name"),
            make_key(d, "gatekeeper", name, STR_LIT("name")), 0, 0);
        read_annotations(d, definition);
        symbols_read_control_name(d->symbols, definition);
        learn_keys(d, d->symbols->definitions.items[definition].type);
    }
}

static void read_constraint(const struct document *d)
{
    size_t definition =
        define(d, SYMBOL_CONSTRAINT, symbols_member(d->root, "metadata.name"), NAME_NONE);
    add_use(d, symbols_member(d->root, "kind"), make_key(d, "gatekeeper", d->kind, str_make("", 0)),
        0, 0);
    read_annotations(d, definition);
    struct buf root = BUF_INIT;
    buf_append_c(&root, "parameters/");
    buf_append_str(&root, d->kind);
    symbols_read_fields(d->symbols, symbols_field_root(d->symbols, root.ptr),
        symbols_member(d->root, "spec.parameters"));
    learn_keys(d, d->symbols->definitions.items[definition].type);
    buf_free(&root);
}

/* ---- Kyverno ---- */

static void define_rule(const struct document *d, size_t policy, struct fy_node *rule,
    struct fy_node *name, struct str called)
{
    struct str of = str_of(d->symbols->definitions.items[policy].name);
    uint32_t key = make_key(d, "kyverno", of, called);
    size_t definition = define(d, SYMBOL_POLICY_RULE, name, key);
    struct symbol_definition *made = &d->symbols->definitions.items[definition];
    free(made->name);
    made->name = safe_dup(called, SAFE_ONE_LINE, 200);
    made->parent = policy;
    made->doc = symbols_scalar_dup(symbols_member(rule, "validate.message"));
    if (made->doc == NULL) {
        made->doc = symbols_scalar_dup(symbols_member(rule, "message"));
    }
    made->whole = made->at;
    if (symbols_scalar(symbols_member(rule, "name")).len > 0) {
        add_use(d, name, key, USE_DEFINES, 0);
    }
}

/* The parts of the new kinds have no names: "validation 1" is its first. */
static void read_parts(const struct document *d, size_t policy, const char *list, const char *word)
{
    struct fy_node *parts = symbols_member(d->root, list);
    void *at = NULL;
    unsigned number = 0;
    if (parts == NULL || fy_node_get_type(parts) != FYNT_SEQUENCE) {
        return;
    }
    for (struct fy_node *part; (part = fy_node_sequence_iterate(parts, &at)) != NULL;) {
        struct fy_node *name = symbols_member(part, "name");
        struct fy_node *shown = name != NULL ? name : symbols_member(part, "expression");
        char *called = symbols_scalar(name).len > 0 ? str_dup(symbols_scalar(name))
                                                    : mem_printf("%s %u", word, ++number);
        define_rule(d, policy, part, shown, str_of(called));
        free(called);
    }
}

static void read_policy(const struct document *d)
{
    static const struct {
        const char *list, *word;
    } parts[] = {
        {"spec.rules", "rule"},
        {"spec.validations", "validation"},
        {"spec.mutations", "mutation"},
        {"spec.generate", "generation"},
    };
    struct fy_node *name = symbols_member(d->root, "metadata.name");
    struct str called = symbols_scalar(name);
    uint32_t key = called.len == 0 ? NAME_NONE : make_key(d, "kyverno", called, str_make("", 0));
    size_t policy = define(d, SYMBOL_POLICY, name, key);
    if (key != NAME_NONE) {
        add_use(d, name, key, USE_DEFINES, 0);
    }
    read_annotations(d, policy);
    symbols_read_control_name(d->symbols, policy);
    learn_keys(d, d->symbols->definitions.items[policy].type);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        read_parts(d, policy, parts[i].list, parts[i].word);
    }
}

/* A policy's name in a suite or an exception: maybe with its namespace before it. */
static void use_policy(const struct document *d, struct fy_node *policy, struct fy_node *rule)
{
    struct str written = symbols_scalar(policy);
    size_t slash = str_find_char(written, '/', 0);
    size_t skip = slash == SIZE_MAX ? 0 : slash + 1;
    struct str name = str_from(written, skip);
    struct str part = symbols_scalar(rule);
    if (name.len == 0) {
        return;
    }
    if (rule == NULL) {
        add_use(d, policy, make_key(d, "kyverno", name, str_make("", 0)), 0, skip);
    } else if (part.len > 0) {
        /* Kyverno makes rules for Pod controllers of its own, named so. */
        size_t made = str_starts(part, "autogen-cronjob-") ? 16
                      : str_starts(part, "autogen-")       ? 8
                                                           : 0;
        add_use(d, rule, make_key(d, "kyverno", name, str_from(part, made)), 0, made);
    }
}

static void read_exception(const struct document *d)
{
    struct fy_node *list = symbols_member(d->root, "spec.exceptions");
    void *at = NULL;
    define(d, SYMBOL_OBJECT, symbols_member(d->root, "metadata.name"), NAME_NONE);
    for (struct fy_node *item;
         list != NULL && (item = fy_node_sequence_iterate(list, &at)) != NULL;) {
        struct fy_node *policy = symbols_member(item, "policyName");
        struct fy_node *rules = symbols_member(item, "ruleNames");
        void *rule_at = NULL;
        use_policy(d, policy, NULL);
        for (struct fy_node *rule;
             rules != NULL && (rule = fy_node_sequence_iterate(rules, &rule_at)) != NULL;) {
            use_policy(d, policy, rule);
        }
    }
}

/* ---- suites ---- */

static void add_link(const struct document *d, struct fy_node *node)
{
    struct symbol_range at;
    struct str relative = symbols_scalar(node);
    if (relative.len == 0 || !place(d, node, &at)) {
        return;
    }
    char *dir = path_dir(d->path);
    char *path = path_resolve(dir, relative);
    free(dir);
    if (path == NULL) {
        return;
    }
    VEC_PUSH(&d->symbols->links,
        (struct symbol_link){path, d->symbols->definitions.len - 1, at.row, at.col});
}

static void add_links(const struct document *d, struct fy_node *list)
{
    void *at = NULL;
    if (list == NULL || fy_node_get_type(list) != FYNT_SEQUENCE) {
        add_link(d, list);
        return;
    }
    for (struct fy_node *item; (item = fy_node_sequence_iterate(list, &at)) != NULL;) {
        add_link(d, item);
    }
}

static void read_kyverno_suite(const struct document *d)
{
    static const char *const files[] = {"policies", "resources", "variables", "userinfo",
        "exceptions", "targetResources", "clusterResources", "jsonPayload", "context"};
    struct fy_node *results = symbols_member(d->root, "results");
    void *at = NULL;
    define(d, SYMBOL_SUITE, symbols_member(d->root, "metadata.name"), NAME_NONE);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        add_links(d, symbols_member(d->root, files[i]));
    }
    for (struct fy_node *row;
         results != NULL && (row = fy_node_sequence_iterate(results, &at)) != NULL;) {
        struct fy_node *policy = symbols_member(row, "policy");
        struct fy_node *rule = symbols_member(row, "rule");
        use_policy(d, policy, NULL);
        if (rule != NULL) {
            use_policy(d, policy, rule);
        }
    }
}

static void read_gator_suite(const struct document *d)
{
    struct fy_node *tests = symbols_member(d->root, "tests");
    void *at = NULL;
    define(d, SYMBOL_SUITE, symbols_member(d->root, "metadata.name"), NAME_NONE);
    for (struct fy_node *test;
         tests != NULL && (test = fy_node_sequence_iterate(tests, &at)) != NULL;) {
        struct fy_node *cases = symbols_member(test, "cases");
        void *case_at = NULL;
        add_link(d, symbols_member(test, "template"));
        add_link(d, symbols_member(test, "constraint"));
        for (struct fy_node *one;
             cases != NULL && (one = fy_node_sequence_iterate(cases, &case_at)) != NULL;) {
            add_link(d, symbols_member(one, "object"));
            add_links(d, symbols_member(one, "inventory"));
        }
    }
}

/* ---- which it is ---- */

static bool is_fixture_path(const char *path)
{
    static const char *const words[] = {
        "testdata", "fixture", "example", "sample", "input", "tfplan", "mock"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strstr(path, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void read_object(const struct document *d)
{
    define(d, SYMBOL_OBJECT, symbols_member(d->root, "metadata.name"), NAME_NONE);
    symbols_read_fields(d->symbols, symbols_field_root(d->symbols, "object"), d->root);
}

static void read_plain(const struct document *d)
{
    static const char *const reviews[] = {"review.object", "request.object"};
    bool review = false;
    for (size_t i = 0; i < ARRAY_LEN(reviews); i++) {
        struct fy_node *object = symbols_member(d->root, reviews[i]);
        if (object != NULL) {
            review = true;
            symbols_read_fields(d->symbols, symbols_field_root(d->symbols, "object"), object);
        }
    }
    if (review || is_fixture_path(d->path)) {
        symbols_read_fields(d->symbols, symbols_field_root(d->symbols, "input"), d->root);
    }
}

static void read_document(struct document *d)
{
    d->api = symbols_scalar(symbols_member(d->root, "apiVersion"));
    d->kind = symbols_scalar(symbols_member(d->root, "kind"));
    bool kyverno_policy =
        (str_starts(d->api, "kyverno.io/") && str_ends(d->kind, "Policy")) ||
        (str_starts(d->api, "policies.kyverno.io/") && str_ends(d->kind, "Policy"));
    if (d->api.len == 0 || d->kind.len == 0 ||
        symbols_scalar(symbols_member(d->root, "request.uid")).len > 0) {
        read_plain(d);
    } else if (str_equal_c(d->kind, "ConstraintTemplate")) {
        read_template(d);
    } else if (str_starts(d->api, "constraints.gatekeeper.sh/")) {
        read_constraint(d);
    } else if (kyverno_policy) {
        read_policy(d);
    } else if (str_equal_c(d->kind, "PolicyException")) {
        read_exception(d);
    } else if (str_starts(d->api, "cli.kyverno.io/") && str_equal_c(d->kind, "Test")) {
        read_kyverno_suite(d);
    } else if (str_starts(d->api, "test.gatekeeper.sh/") && str_equal_c(d->kind, "Suite")) {
        read_gator_suite(d);
    } else {
        read_object(d);
    }
}

/* True for blank lines and comments alone, between two separators: no document. */
static bool is_empty(struct str text)
{
    struct str line;
    while (str_next_line(&text, &line)) {
        line = str_trim(line);
        if (line.len > 0 && line.ptr[0] != '#') {
            return false;
        }
    }
    return true;
}

static void read_one(struct document *d)
{
    struct str text = str_slice(d->text, d->start, d->start + d->len);
    if (text.len > DOCUMENT_MAX_BYTES || parsing_is_stopped() || is_empty(text)) {
        return;
    }
    struct fy_document *document = symbols_document(text, d->symbols->kind == FILE_JSON);
    if (document == NULL) {
        d->symbols->has_errors = true;
        return;
    }
    d->root = fy_document_root(document);
    if (d->root != NULL) {
        read_document(d);
    }
    fy_document_destroy(document);
}

void symbols_read_documents(struct policy_symbols *symbols, const char *path, struct str text)
{
    struct document d = {.symbols = symbols, .path = path, .text = text};
    if (symbols->kind == FILE_JSON) {
        d.len = text.len;
        read_one(&d);
        return;
    }
    struct str rest = text;
    struct str line;
    uint32_t row = 0;
    while (str_next_line(&rest, &line)) {
        size_t at = (size_t)(line.ptr - text.ptr);
        row++;
        if (str_starts(line, "---") || str_starts(line, "...")) {
            d.len = at - d.start;
            read_one(&d);
            d.start = at + line.len + (at + line.len < text.len);
            d.row = row;
        }
    }
    d.len = text.len - d.start;
    read_one(&d);
}
