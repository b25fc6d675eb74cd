/* A rule that denies where a field is there wants it absent, and so on: of bodies whose every line
 * is about the input alone. */
#include "policy/guard/demand.h"

#include <ctype.h>
#include <stdlib.h>

/* The body of a rule: its conditions, and what only makes the message left out. */
struct body {
    const struct guard_file *file;
    TSNode rule;
    struct guard_names conditions; /* as written, blanks made one */
    struct nodes {
        TSNode *items;
        size_t len, cap;
    } nodes; /* of each condition, in the order of the text */
    bool plain;
};

static char *squeeze(struct str text)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < text.len; i++) {
        bool blank = isspace((unsigned char)text.ptr[i]) != 0;
        if (!blank) {
            buf_append_char(&out, text.ptr[i]);
        } else if (out.len > 0 && out.ptr[out.len - 1] != ' ') {
            buf_append_char(&out, ' ');
        }
    }
    return out.ptr == NULL ? mem_strdup("") : buf_take(&out);
}

/* Every name in it is the input's. */
static bool only_input(void *data, TSNode node)
{
    struct body *body = data;
    bool name = rego_node_is(node, "identifier");
    if (name && !str_equal_c(rego_node_text(body->file->text, node), "input")) {
        body->plain = false;
    }
    if (rego_node_is(node, "with_modifier") || rego_node_is(node, "some_declaration") ||
        rego_node_is(node, "call")) {
        body->plain = false;
    }
    return body->plain;
}

static bool is_name(const struct body *body, TSNode node, TSNode name)
{
    return rego_node_is(node, "identifier") && rego_node_is(name, "identifier") &&
           str_equal(
               rego_node_text(body->file->text, node), rego_node_text(body->file->text, name));
}

/* What the head gives: its key, in v0 the index of its name. */
static TSNode given(const struct body *body)
{
    TSNode head = rego_node_field(body->rule, "head");
    TSNode key = rego_node_field(head, "key");
    return ts_node_is_null(key) ? rego_node_field(rego_node_field(head, "name"), "index") : key;
}

static void read_literal(struct body *body, TSNode literal)
{
    TSNode statement = guard_statement(literal);
    bool binds = rego_node_is(statement, "assignment") || rego_node_is(statement, "unification");
    if (binds && is_name(body, rego_node_field(statement, "left"), given(body))) {
        return; /* the message */
    }
    guard_walk(literal, only_input, body);
    if (body->plain && !ts_node_is_null(statement)) {
        VEC_PUSH(&body->conditions, squeeze(rego_node_text(body->file->text, literal)));
        VEC_PUSH(&body->nodes, statement);
    }
}

static bool is_input_path(const struct body *body, TSNode node)
{
    struct buf path = BUF_INIT;
    bool is = rego_node_is(node, "ref") && rego_path_add_fields(body->file->text, node, &path);
    buf_free(&path);
    return is;
}

static bool is_constant(TSNode node)
{
    return rego_node_is(node, "string") || rego_node_is(node, "number") ||
           rego_node_is(node, "boolean");
}

/* What is wanted where the condition must not hold. False: more than one thing. */
static bool want(const struct body *body, TSNode condition, struct demand *demand)
{
    struct str text = body->file->text;
    TSNode left = rego_node_field(condition, "left");
    TSNode right = rego_node_field(condition, "right");
    TSNode sign = rego_node_field(condition, "operator");
    if (rego_node_is(condition, "negation")) {
        TSNode operand = rego_node_field(condition, "operand");
        demand->kind = DEMAND_PRESENT;
        demand->field =
            is_input_path(body, operand) ? squeeze(rego_node_text(text, operand)) : NULL;
    } else if (is_input_path(body, condition)) {
        demand->kind = DEMAND_ABSENT;
        demand->field = squeeze(rego_node_text(text, condition));
    } else if (rego_node_is(condition, "binary_expression") && !ts_node_is_null(sign) &&
               is_input_path(body, left) && is_constant(right)) {
        /* What is not there is undefined, and denied by neither. */
        bool not_equal = str_equal_c(rego_node_text(text, sign), "!=");
        bool equal = str_equal_c(rego_node_text(text, sign), "==");
        demand->kind = equal ? DEMAND_DIFFERS : DEMAND_IF_THERE;
        demand->field = not_equal || equal ? squeeze(rego_node_text(text, left)) : NULL;
        demand->value = not_equal || equal ? squeeze(rego_node_text(text, right)) : NULL;
    }
    return demand->field != NULL;
}

/* One demand for each condition that could be the point, the others being what it is about. */
static void add_demands(
    const struct body *body, const struct rego_head *head, struct guard_demands *out)
{
    TSNode name = rego_node_field(rego_node_field(body->rule, "head"), "name");
    TSPoint at = ts_node_start_point(name);
    for (size_t i = 0; i < body->nodes.len; i++) {
        struct demand demand = {0};
        if (!want(body, body->nodes.items[i], &demand)) {
            continue;
        }
        struct guard_names others = {0};
        struct buf subject = BUF_INIT;
        for (size_t k = 0; k < body->conditions.len; k++) {
            if (k != i) {
                VEC_PUSH(&others, mem_strdup(body->conditions.items[k]));
            }
        }
        guard_names_sort(&others);
        VEC_FOREACH (char *, other, &others) {
            buf_printf(&subject, "%s\n", *other);
        }
        demand.subject = subject.ptr == NULL ? mem_strdup("") : buf_take(&subject);
        demand.path = mem_strdup(body->file->path);
        demand.name = mem_strdup(head->path);
        demand.at = (struct position){at.row + 1, at.column + 1};
        VEC_PUSH(out, demand);
        guard_names_free(&others);
    }
}

void guard_demands_of_rego(struct guard_file *file, struct guard_demands *out)
{
    struct body body = {.file = file};
    struct rego_head head;
    for (uint32_t at = 0; guard_next_rule(file, &at, &body.rule, &head);) {
        TSNode literal;
        uint32_t which = 0;
        body.plain = guard_is_deny(&head) && head.kind == RULE_PARTIAL &&
                     !ts_node_has_error(body.rule) &&
                     ts_node_is_null(rego_node_field(body.rule, "else"));
        for (uint32_t i = 0; body.plain && guard_next_literal(body.rule, &which, &i, &literal);) {
            read_literal(&body, literal);
        }
        if (body.plain) {
            add_demands(&body, &head, out);
        }
        guard_names_free(&body.conditions);
        VEC_FREE(&body.nodes);
        free(head.path);
    }
}
