#include "policy/guard/guard_private.h"

#include <stdlib.h>

static void look_at(struct guard_file *file, TSNode literal)
{
    TSNode statement = guard_statement(literal);
    struct buf path = BUF_INIT;
    bool term = rego_node_is(statement, "identifier") || rego_node_is(statement, "ref");
    if (term && guard_resolve(file, statement, &path) && guard_is_set(file, path.ptr)) {
        guard_find(file, statement,
            "%.*s is a set, and a set is true even when it is empty: this line cannot fail. "
            "Compare it (`count(…) > 0`)",
            STR_FMT(rego_node_text(file->text, statement)));
    }
    buf_free(&path);
}

static void check(struct guard_file *file)
{
    TSNode rule;
    struct rego_head head;
    for (uint32_t at = 0; file->index != NULL && guard_next_rule(file, &at, &rule, &head);) {
        bool todo;
        bool is_test = rego_test_length(head.path, &todo) > 0 && !todo;
        free(head.path);
        TSNode literal;
        uint32_t body = 0;
        for (uint32_t i = 0; is_test && guard_next_literal(rule, &body, &i, &literal);) {
            look_at(file, literal);
        }
    }
}

const struct guard guard_test_set_always_true = {
    .id = "test-set-always-true",
    .no_fix = "whether something or nothing should be denied, the test does not say.",
    .languages = GUARD_REGO,
    .severity = SEVERITY_ERROR,
    .summary = "a test takes a set for true or false",
    .explanation = "`deny with input as x` holds also when nothing is denied: a rule built with "
                   "`contains` is always defined, and an empty set is true. Compare with what "
                   "should be in it, or its count.",
    .check = check,
};
