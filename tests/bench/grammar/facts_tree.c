/* Facts from our tree. The kinds and the special cases answer to facts_opa.c. */
#include "facts.h"

struct walk {
    struct facts *facts;
    struct str source;
    bool ascii;
    /* Set inside the brace-less body of an `else`: OPA moves all its positions to the `else`. */
    const TSPoint *forced;
};

static void visit(struct walk *walk, TSNode node);

static bool is(TSNode node, const char *type)
{
    return strcmp(ts_node_type(node), type) == 0;
}

static struct str text_of(const struct walk *walk, TSNode node)
{
    return str_slice(walk->source, ts_node_start_byte(node), ts_node_end_byte(node));
}

static TSNode field(TSNode node, const char *name)
{
    return ts_node_child_by_field_name(node, name, (uint32_t)strlen(name));
}

static unsigned column(const struct walk *walk, TSNode node)
{
    uint32_t bytes = ts_node_start_point(node).column;
    if (walk->ascii) {
        return bytes + 1;
    }
    unsigned characters = 1;
    const char *line = walk->source.ptr + ts_node_start_byte(node) - bytes;
    for (uint32_t i = 0; i < bytes; i++) {
        characters += ((unsigned char)line[i] & 0xc0) != 0x80;
    }
    return characters;
}

static void add(struct walk *walk, TSNode at, const char *kind, struct str text)
{
    if (walk->forced != NULL) {
        facts_add(
            walk->facts, walk->forced->row + 1, walk->forced->column + 1, kind, (struct str){0});
        return;
    }
    facts_add(walk->facts, ts_node_start_point(at).row + 1, column(walk, at), kind, text);
}

static void add_plain(struct walk *walk, TSNode at, const char *kind)
{
    add(walk, at, kind, (struct str){0});
}

static void visit_children(struct walk *walk, TSNode node)
{
    uint32_t count = ts_node_named_child_count(node);
    for (uint32_t i = 0; i < count; i++) {
        visit(walk, ts_node_named_child(node, i));
    }
}

/* Visits every child of the field. (Through a cursor: libtree-sitter 0.20's
 * ts_node_field_name_for_child misses fields that come from hidden rules.) */
static void visit_field(struct walk *walk, TSNode node, const char *name)
{
    TSTreeCursor cursor = ts_tree_cursor_new(node);
    for (bool more = ts_tree_cursor_goto_first_child(&cursor); more;
         more = ts_tree_cursor_goto_next_sibling(&cursor)) {
        const char *field_name = ts_tree_cursor_current_field_name(&cursor);
        if (field_name != NULL && strcmp(field_name, name) == 0) {
            visit(walk, ts_tree_cursor_current_node(&cursor));
        }
    }
    ts_tree_cursor_delete(&cursor);
}

/* The first anonymous child with this text, or the first at all when text is NULL. */
static TSNode token(TSNode node, const char *text)
{
    uint32_t count = ts_node_child_count(node);
    for (uint32_t i = 0; i < count; i++) {
        TSNode child = ts_node_child(node, i);
        if (!ts_node_is_named(child) && (text == NULL || is(child, text))) {
            return child;
        }
    }
    return (TSNode){0};
}

static void add_operator(struct walk *walk, TSNode operator)
{
    if (walk->forced != NULL) { /* without positions OPA's `a + b` and `plus(a, b)` are the same */
        add_plain(walk, operator, "call");
    } else {
        add(walk, operator, "operator", text_of(walk, operator));
    }
}

static bool is_function_set(const struct walk *walk, TSNode node)
{
    TSNode function = field(node, "function");
    return is(function, "identifier") && str_equal_c(text_of(walk, function), "set") &&
           ts_node_named_child_count(field(node, "arguments")) == 0;
}

/* In parentheses OPA's text of a reference has the parentheses, and after a composite head it
 * starts late: those are compared by position only. */
static bool has_plain_text(TSNode ref)
{
    TSNode head = field(ref, "head");
    if (is(ts_node_parent(ref), "parenthesized_expression")) {
        return false;
    }
    while (is(head, "call")) {
        TSNode function = field(head, "function");
        head = is(function, "ref") ? field(function, "head") : function;
    }
    return is(head, "identifier");
}

/* OPA drops parentheses and so begins behind them. */
static TSNode start_of(TSNode ref)
{
    TSNode head = field(ref, "head");
    while (is(head, "parenthesized_expression")) {
        head = ts_node_named_child(head, 0);
    }
    return head;
}

static void visit_ref(struct walk *walk, TSNode node)
{
    add(walk, start_of(node), "ref", has_plain_text(node) ? text_of(walk, node) : (struct str){0});
    visit_children(walk, node);
}

static void visit_call(struct walk *walk, TSNode node)
{
    if (is_function_set(walk, node)) {
        add_plain(walk, node, "set");
        return;
    }
    add_plain(walk, node, "call");
    if (walk->forced == NULL) {
        visit_field(walk, node, "function");
    }
    visit_children(walk, field(node, "arguments"));
}

static const char *rule_kind(TSNode rule, TSNode head)
{
    TSNode name = field(head, "name");
    TSNode parameters = field(head, "parameters");
    if (!ts_node_is_null(parameters) && ts_node_named_child_count(parameters) > 0) {
        return "function"; /* OPA's AST does not show empty parentheses */
    }
    if (!ts_node_is_null(field(head, "key"))) {
        return "set";
    }
    /* v0's `p[x] { … }`: name, one field or index, neither value nor `if`. */
    bool short_ref = is(name, "ref") &&
                     ts_node_named_child_count(name) == 2; /* the head and one part, no comments */
    return short_ref && ts_node_is_null(field(head, "value")) && ts_node_is_null(token(rule, "if"))
               ? "set"
               : "value";
}

static struct str rule_name(const struct walk *walk, TSNode head)
{
    TSNode name = field(head, "name");
    return text_of(walk, is(name, "ref") ? field(name, "head") : name);
}

static void visit_head(struct walk *walk, TSNode head)
{
    TSNode name = field(head, "name");
    if (is(name, "ref")) {
        visit_children(walk, name);
    } else {
        visit(walk, name);
    }
    TSNode parameters = field(head, "parameters");
    if (!ts_node_is_null(parameters)) {
        visit_children(walk, parameters);
    }
    visit_field(walk, head, "key");
    visit_field(walk, head, "value");
}

static void visit_else(struct walk *walk, TSNode node)
{
    add_plain(walk, node, "else");
    visit_field(walk, node, "value");
    TSNode body = field(node, "body");
    if (!ts_node_is_null(body) && is(body, "literal")) {
        TSPoint at = ts_node_start_point(node);
        walk->forced = &at;
        visit(walk, body);
        walk->forced = NULL;
    } else if (!ts_node_is_null(body)) {
        visit(walk, body);
    }
}

static void visit_rule(struct walk *walk, TSNode node)
{
    TSNode head = field(node, "head");
    const char *kind = rule_kind(node, head);
    add(walk, node, kind, rule_name(walk, head));
    if (!ts_node_is_null(token(node, "default"))) {
        add_plain(walk, node, "default");
    }
    visit_head(walk, head);
    unsigned bodies = 0;
    uint32_t count = ts_node_named_child_count(node);
    for (uint32_t i = 0; i < count; i++) {
        TSNode child = ts_node_named_child(node, i);
        if (is(child, "body") && bodies++ > 0) {
            /* Each further body is a rule of its own to OPA. */
            add(walk, child, kind, rule_name(walk, head));
        }
        if (!is(child, "rule_head")) {
            visit(walk, child);
        }
    }
}

static void visit_literal(struct walk *walk, TSNode node)
{
    bool negated = is(ts_node_named_child(node, 0), "negation");
    add(walk, node, "expression", str_of(negated ? "not" : ""));
    visit_children(walk, node);
}

/* Strings and other scalars straight in the braces are parts of the template to OPA, unless a
 * comment comes first. */
static void visit_interpolation(struct walk *walk, TSNode node)
{
    TSNode literal = field(node, "expression");
    TSNode value = ts_node_named_child(literal, 0);
    bool part = is(value, "string") || is(value, "raw_string") || is(value, "number") ||
                is(value, "boolean") || is(value, "null");
    part = part && ts_node_named_child_count(literal) == 1 &&
           !is(ts_node_named_child(node, 0), "comment");
    if (!part) {
        visit(walk, literal);
    }
}

static void visit_package(struct walk *walk, TSNode node)
{
    add_plain(walk, node, "package");
    TSNode path = field(node, "path");
    TSNode first = is(path, "ref") ? field(path, "head") : path;
    add_plain(walk, first, "string");
    if (is(path, "ref")) {
        uint32_t count = ts_node_named_child_count(path);
        for (uint32_t i = 1; i < count; i++) {
            visit(walk, ts_node_named_child(path, i));
        }
    }
}

static void visit_import(struct walk *walk, TSNode node)
{
    TSNode alias = field(node, "alias");
    add(walk, node, "import", ts_node_is_null(alias) ? str_of("") : text_of(walk, alias));
    visit_field(walk, node, "path");
}

static void visit_unary(struct walk *walk, TSNode node)
{
    TSNode operand = field(node, "operand");
    if (is(operand, "number")) {
        add_plain(walk, node, "number");
        return;
    }
    add_plain(walk, node, "minus");
    visit(walk, operand);
}

static void visit_membership(struct walk *walk, TSNode node)
{
    add_operator(walk, token(node, "in"));
    visit_children(walk, node);
}

static void visit_infix(struct walk *walk, TSNode node)
{
    add_operator(walk, token(node, NULL));
    visit_children(walk, node);
}

static void visit_some_in(struct walk *walk, TSNode node)
{
    add_plain(walk, node, "some");
    visit_membership(walk, node);
}

static void visit_every(struct walk *walk, TSNode node)
{
    add_plain(walk, node, "every");
    visit_children(walk, node);
}

static void visit_some(struct walk *walk, TSNode node)
{
    add_plain(walk, node, "some");
    visit_children(walk, node);
}

static void visit_with(struct walk *walk, TSNode node)
{
    add_plain(walk, node, "with");
    visit_children(walk, node);
}

static void collect_comments(struct walk *walk, TSNode node)
{
    if (is(node, "comment")) {
        add(walk, node, "comment", str_from(text_of(walk, node), 1));
    }
    uint32_t count = ts_node_named_child_count(node);
    for (uint32_t i = 0; i < count; i++) {
        collect_comments(walk, ts_node_named_child(node, i));
    }
}

static void visit_template(struct walk *walk, TSNode node)
{
    add_plain(walk, node, "template");
    visit_children(walk, node);
}

static const struct {
    const char *type;
    void (*visit)(struct walk *walk, TSNode node);
    const char *kind; /* with no function: add this and visit the children */
} visitors[] = {
    {"identifier", NULL, "var"},
    {"property", NULL, "string"},
    {"string", NULL, "string"},
    {"raw_string", NULL, "string"},
    {"number", NULL, "number"},
    {"boolean", NULL, "boolean"},
    {"null", NULL, "null"},
    {"array", NULL, "array"},
    {"set", NULL, "set"},
    {"object", NULL, "object"},
    {"array_comprehension", NULL, "arraycomprehension"},
    {"set_comprehension", NULL, "setcomprehension"},
    {"object_comprehension", NULL, "objectcomprehension"},
    {"ref", visit_ref, NULL},
    {"call", visit_call, NULL},
    {"literal", visit_literal, NULL},
    {"assignment", visit_infix, NULL},
    {"unification", visit_infix, NULL},
    {"binary_expression", visit_infix, NULL},
    {"membership", visit_membership, NULL},
    {"unary_expression", visit_unary, NULL},
    {"template_string", visit_template, NULL},
    {"interpolation", visit_interpolation, NULL},
    {"with_modifier", visit_with, NULL},
    {"some_declaration", visit_some, NULL},
    {"some_in", visit_some_in, NULL},
    {"every", visit_every, NULL},
    {"rule", visit_rule, NULL},
    {"else_clause", visit_else, NULL},
    {"package", visit_package, NULL},
    {"import", visit_import, NULL},
};

static void visit(struct walk *walk, TSNode node)
{
    if (!ts_node_is_named(node)) {
        return;
    }
    for (size_t i = 0; i < sizeof visitors / sizeof *visitors; i++) {
        if (is(node, visitors[i].type)) {
            if (visitors[i].visit != NULL) {
                visitors[i].visit(walk, node);
                return;
            }
            add_plain(walk, node, visitors[i].kind);
            break;
        }
    }
    visit_children(walk, node);
}

void facts_from_tree(struct facts *facts, const TSTree *tree, struct str source)
{
    struct walk walk = {facts, source, true, NULL};
    for (size_t i = 0; i < source.len && walk.ascii; i++) {
        walk.ascii = (unsigned char)source.ptr[i] < 0x80;
    }
    visit(&walk, ts_tree_root_node(tree));
    collect_comments(&walk, ts_tree_root_node(tree));
}
