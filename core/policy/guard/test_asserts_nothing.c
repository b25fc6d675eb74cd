#include "policy/guard/guard_private.h"

#include <stdlib.h>

static bool is_constant(TSNode node)
{
    static const char *const types[] = {"boolean", "number", "string", "raw_string", "null"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (rego_node_is(node, types[i])) {
            return true;
        }
    }
    return false;
}

static bool is_count(const struct guard_file *file, TSNode node)
{
    return rego_node_is(node, "call") &&
           str_equal_c(rego_node_text(file->text, rego_node_field(node, "function")), "count");
}

/* There is never less than nothing: `count(x) >= 0`, `0 <= count(x)`, `count(x) > -1`. */
static bool is_any_count(const struct guard_file *file, TSNode node, struct str sign)
{
    TSNode left = rego_node_field(node, "left");
    TSNode right = rego_node_field(node, "right");
    bool forward = is_count(file, left);
    if (!forward && !is_count(file, right)) {
        return false;
    }
    struct str bound = rego_node_text(file->text, forward ? right : left);
    bool negative = bound.len > 1 && bound.ptr[0] == '-';
    bool greater = str_equal_c(sign, forward ? ">" : "<");
    bool least = str_equal_c(sign, forward ? ">=" : "<=");
    return ((greater || least || str_equal_c(sign, "!=")) && negative) ||
           (least && str_equal_c(bound, "0"));
}

/* `x == x`, `1 == 1`. */
static bool is_trivial_comparison(const struct guard_file *file, TSNode node)
{
    if (!rego_node_is(node, "binary_expression")) {
        return false;
    }
    struct str sign = rego_node_text(file->text, rego_node_field(node, "operator"));
    struct str left = rego_node_text(file->text, rego_node_field(node, "left"));
    struct str right = rego_node_text(file->text, rego_node_field(node, "right"));
    return (str_equal_c(sign, "==") && str_equal(left, right)) || is_any_count(file, node, sign);
}

static bool is_not_false(const struct guard_file *file, TSNode node)
{
    return rego_node_is(node, "negation") &&
           str_equal_c(rego_node_text(file->text, rego_node_field(node, "operand")), "false");
}

/* Says something that can be false. What has no value for some input (an assignment, `some`) ends
 * the test too, but is not what anybody would call checking. */
static bool asserts(const struct guard_file *file, TSNode literal)
{
    TSNode statement = guard_statement(literal);
    if (ts_node_is_null(statement) || rego_node_is(statement, "assignment") ||
        rego_node_is(statement, "some_declaration") || rego_node_is(statement, "some_in") ||
        is_trivial_comparison(file, statement) || is_not_false(file, statement)) {
        return false;
    }
    if (is_constant(statement)) {
        /* `false` and `null` never hold, which the run shows. */
        return str_equal_c(rego_node_text(file->text, statement), "false");
    }
    if (rego_node_is(statement, "call")) {
        struct str name = rego_node_text(file->text, rego_node_field(statement, "function"));
        return !str_equal_c(name, "print") && !str_equal_c(name, "trace");
    }
    return true;
}

static void check(struct guard_file *file)
{
    TSNode rule;
    struct rego_head head;
    for (uint32_t at = 0; guard_next_rule(file, &at, &rule, &head);) {
        bool todo = false;
        bool is_test = rego_test_length(head.path, &todo) > 0 && !todo && !head.is_default &&
                       head.kind != RULE_FUNCTION && !ts_node_has_error(rule);
        TSNode value = rego_node_field(rego_node_field(rule, "head"), "value");
        TSNode key = rego_node_field(rego_node_field(rule, "head"), "key");
        bool checks =
            (!ts_node_is_null(value) && !str_equal_c(rego_node_text(file->text, value), "true")) ||
            !ts_node_is_null(key) || !ts_node_is_null(rego_node_field(rule, "else"));
        bool assigns = false;
        TSNode literal;
        uint32_t body = 0;
        for (uint32_t i = 0; is_test && !checks && guard_next_literal(rule, &body, &i, &literal);) {
            checks = asserts(file, literal);
            assigns = assigns || rego_node_is(guard_statement(literal), "assignment") ||
                      rego_node_is(guard_statement(literal), "some_in");
        }
        if (is_test && !checks) {
            guard_find(file, rego_node_field(rego_node_field(rule, "head"), "name"),
                assigns ? "%s compares nothing: it passes whatever the values it assigns are"
                        : "%s is always true: it cannot fail",
                head.path);
        }
        free(head.path);
    }
}

const struct guard guard_test_asserts_nothing = {
    .id = "test-asserts-nothing",
    .no_fix = "what the test should expect, it does not say.",
    .languages = GUARD_REGO,
    .reads = GUARD_READS_OWN_FILE,
    .severity = SEVERITY_ERROR,
    .summary = "a test compares nothing, so it cannot fail",
    .explanation = "The body of the test is empty, `true`, made of assignments only, or compares "
                   "what cannot be otherwise (`count(deny) >= 0`). It is "
                   "green whatever the policy says. Compare the result with what it should be: "
                   "`count(deny) == 1 with input as …`.",
    .check = check,
};
