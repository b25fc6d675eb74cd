#include "policy/guard/guard_private.h"

#include <stdlib.h>

struct iteration {
    const struct guard_file *file;
    bool found;
};

/* `some x in xs`, `some i`, `xs[_]`: the rule looks at several things. */
static bool find_iteration(void *data, TSNode node)
{
    struct iteration *iteration = data;
    bool inner = rego_node_is(node, "array_comprehension") ||
                 rego_node_is(node, "set_comprehension") ||
                 rego_node_is(node, "object_comprehension") || rego_node_is(node, "every");
    if (inner) {
        return false;
    }
    bool wild = rego_node_is(node, "identifier") &&
                str_equal_c(rego_node_text(iteration->file->text, node), "_");
    iteration->found = iteration->found || wild || rego_node_is(node, "some_in");
    return !iteration->found;
}

static bool find_name(void *data, TSNode node)
{
    struct iteration *names = data;
    names->found = names->found || rego_node_is(node, "identifier");
    return !names->found;
}

static bool is_string(TSNode node)
{
    return rego_node_is(node, "string") || rego_node_is(node, "raw_string");
}

static bool is_constant(const struct guard_file *file, TSNode message)
{
    if (!rego_node_is(message, "call") ||
        !str_equal_c(rego_node_text(file->text, rego_node_field(message, "function")), "sprintf")) {
        return is_string(message);
    }
    TSNode arguments = rego_node_field(message, "arguments");
    TSNode list =
        ts_node_named_child_count(arguments) == 2 ? ts_node_named_child(arguments, 1) : (TSNode){0};
    bool constant = rego_node_is(list, "array");
    for (uint32_t i = 0; constant && i < ts_node_named_child_count(list); i++) {
        constant = is_string(ts_node_named_child(list, i));
    }
    return constant;
}

/* What else the result holds tells two of them apart: `"_loc": call.line`, `"details": …`. */
static bool is_told_apart(const struct guard_file *file, TSNode rule, TSNode message)
{
    TSNode result = guard_result(file, rule);
    uint32_t count = rego_node_is(result, "object") ? ts_node_named_child_count(result) : 0;
    for (uint32_t i = 0; i < count; i++) {
        TSNode value = rego_node_field(ts_node_named_child(result, i), "value");
        struct iteration names = {.file = file};
        if (!ts_node_is_null(value) && !ts_node_eq(value, message)) {
            guard_walk(value, find_name, &names);
        }
        TSNode key = rego_node_field(ts_node_named_child(result, i), "key");
        if (names.found && !str_equal_c(rego_node_text(file->text, key), "\"msg\"")) {
            return true;
        }
    }
    return false;
}

static void check(struct guard_file *file)
{
    TSNode rule;
    struct rego_head head;
    for (uint32_t at = 0; guard_next_rule(file, &at, &rule, &head);) {
        bool looks = guard_is_deny(&head) && head.kind == RULE_PARTIAL &&
                     !guard_is_test_file(file) && !ts_node_has_error(rule);
        TSNode message = looks ? guard_message(file, rule) : (TSNode){0};
        if (!ts_node_is_null(message) && is_constant(file, message) &&
            !is_told_apart(file, rule, message)) {
            struct iteration iteration = {.file = file};
            guard_walk(rule, find_iteration, &iteration);
            if (iteration.found) {
                guard_find(file, message,
                    "the rule looks at several things, and its message is the same for each: it "
                    "does not say which one is meant");
            }
        }
        free(head.path);
    }
}

const struct guard guard_message_without_resource = {
    .id = "message-without-resource",
    .no_fix = "which of the names at hand is the one is a choice.",
    .languages = GUARD_REGO,
    .reads = GUARD_READS_OWN_FILE,
    .severity = SEVERITY_NOTE,
    .summary = "the message does not name what it is about",
    .explanation =
        "A deny, violation or warn rule goes through containers, resources or rules, but "
        "gives one constant message: results of two of them are one, and who reads it "
        "must search. Put the name in: `sprintf(\"%s: …\", [container.name])`.",
    .check = check,
};
