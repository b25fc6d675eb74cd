#include "policy/guard/guard_private.h"

#include <stdlib.h>

struct use {
    const struct guard_file *file;
    const char *name;
    bool found;
};

/* A use of the name outside of rule heads. */
static bool find_use(void *data, TSNode node)
{
    struct use *use = data;
    if (rego_node_is(node, "rule_head")) {
        return false;
    }
    use->found = use->found || (rego_node_is(node, "identifier") &&
                                   str_equal_c(rego_node_text(use->file->text, node), use->name));
    return !use->found;
}

/* A deny that is true or false is what `allow if not deny` wants: then it is used or has a default.
 */
static bool is_condition(const struct guard_file *file, const char *name)
{
    VEC_FOREACH (const struct policy_rule, rule, &file->facts->rules) {
        if (rule->kind == RULE_DEFAULT && strcmp(rule->name, name) == 0) {
            return true;
        }
    }
    struct use use = {.file = file, .name = name};
    guard_walk(file->root, find_use, &use);
    return use.found;
}

static bool is_empty_string(const struct guard_file *file, TSNode node)
{
    struct buf value = BUF_INIT;
    bool empty = rego_string_value(file->text, node, &value) && str_trim(buf_str(&value)).len == 0;
    buf_free(&value);
    return empty;
}

static void check_rule(struct guard_file *file, TSNode rule, const struct rego_head *head)
{
    TSNode name = rego_node_field(rego_node_field(rule, "head"), "name");
    TSNode value = rego_node_field(rego_node_field(rule, "head"), "value");
    TSNode message = guard_message(file, rule);
    bool says_true =
        ts_node_is_null(value) || str_equal_c(rego_node_text(file->text, value), "true");
    if (head->kind == RULE_COMPLETE && says_true && !is_condition(file, head->path)) {
        guard_find(file, name,
            "%s is only true: who is denied is not told why. Write `%s contains msg if { … }`",
            head->path, head->path);
    } else if (head->kind == RULE_PARTIAL && !ts_node_is_null(message) &&
               is_empty_string(file, message)) {
        guard_find(file, message, "the message is empty: who is denied is not told why");
    } else if (head->kind == RULE_PARTIAL && rego_node_is(message, "object")) {
        /* guard_message gives the object itself only when it has no msg. */
        guard_find(file, message, "the object has no msg: who is denied is not told why");
    }
}

static void check(struct guard_file *file)
{
    TSNode rule;
    struct rego_head head;
    for (uint32_t at = 0; guard_next_rule(file, &at, &rule, &head);) {
        if (guard_is_deny(&head) && !guard_is_test_file(file) && !ts_node_has_error(rule)) {
            check_rule(file, rule, &head);
        }
        free(head.path);
    }
}

const struct guard guard_deny_without_message = {
    .id = "deny-without-message",
    .languages = GUARD_REGO | GUARD_TEMPLATE,
    .severity = SEVERITY_WARNING,
    .summary = "a rule that denies says nothing to who is denied",
    .explanation =
        "A deny, violation or warn rule that is only true, whose message is empty, or "
        "whose object has no `msg`. A boolean deny that another rule uses, or that has a "
        "default, is a condition and left alone.",
    .check = check,
};
