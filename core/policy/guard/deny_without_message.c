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

/* Kubescape's rules say it in `alertMessage`, and its filters give an `alertObject` alone; what
 * Gatekeeper was before its templates says it in `resolution`. */
static bool says_elsewhere(const struct guard_file *file, TSNode object)
{
    static const char *const keys[] = {"alertMessage", "alertObject", "resolution"};
    uint32_t count = ts_node_named_child_count(object);
    bool found = false;
    for (uint32_t i = 0; i < count && !found; i++) {
        struct buf key = BUF_INIT;
        TSNode name = rego_node_field(ts_node_named_child(object, i), "key");
        rego_string_value(file->text, name, &key);
        for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
            found = found || str_equal_c(buf_str(&key), keys[k]);
        }
        buf_free(&key);
    }
    return found;
}

/* `deny if { false }` denies nobody. */
static bool never_holds(const struct guard_file *file, TSNode rule)
{
    TSNode literal;
    uint32_t body = 0;
    for (uint32_t i = 0; guard_next_literal(rule, &body, &i, &literal);) {
        if (str_equal_c(rego_node_text(file->text, guard_statement(literal)), "false")) {
            return true;
        }
    }
    return false;
}

/* `deny contains true`. */
static bool is_no_text(TSNode message)
{
    return rego_node_is(message, "boolean") || rego_node_is(message, "null") ||
           rego_node_is(message, "number");
}

static void check_rule(struct guard_file *file, TSNode rule, const struct rego_head *head)
{
    TSNode name = rego_node_field(rego_node_field(rule, "head"), "name");
    TSNode value = rego_node_field(rego_node_field(rule, "head"), "value");
    TSNode message = guard_message(file, rule);
    bool says_true =
        ts_node_is_null(value) || str_equal_c(rego_node_text(file->text, value), "true");
    if (head->kind == RULE_COMPLETE && says_true && !is_condition(file, head->path) &&
        !never_holds(file, rule)) {
        guard_find(file, name,
            "%s is only true: who is denied is not told why. Write `%s contains msg if { … }`",
            head->path, head->path);
    } else if (head->kind == RULE_PARTIAL && !ts_node_is_null(message) &&
               is_empty_string(file, message)) {
        guard_find(file, message, "the message is empty: who is denied is not told why");
    } else if (head->kind == RULE_PARTIAL && is_no_text(message)) {
        guard_find(file, message, "%.*s is no message: who is denied is not told why",
            STR_FMT(rego_node_text(file->text, message)));
    } else if (head->kind == RULE_PARTIAL && rego_node_is(message, "object") &&
               !says_elsewhere(file, message)) {
        /* guard_message gives the object itself only when it has no msg. */
        guard_find(file, message, "the object has no msg: who is denied is not told why");
    }
}

/* ---- YAML ---- */

static bool has(const struct guard_file *file, TSNode mapping, const char *key)
{
    return !ts_node_is_null(yaml_get(file->text, mapping, key, NULL));
}

static void check_expressions(struct guard_file *file, TSNode list)
{
    TSNode item;
    for (uint32_t at = 0; yaml_next_item(list, &at, &item);) {
        TSNode key = {0};
        yaml_get(file->text, item, "expression", &key);
        if (!ts_node_is_null(key) && !has(file, item, "message") &&
            !has(file, item, "messageExpression")) {
            guard_find(file, key,
                "no message: who is denied is told the expression. Write `message` or "
                "`messageExpression`");
        }
    }
}

/* The other ways to validate make their own messages. */
static void check_validate(struct guard_file *file, TSNode validate)
{
    static const char *const ways[] = {"pattern", "anyPattern", "deny"};
    TSNode cel = yaml_get_path(file->text, validate, "cel/expressions");
    if (has(file, validate, "message")) {
        return;
    }
    check_expressions(file, cel);
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        TSNode key = {0};
        yaml_get(file->text, validate, ways[i], &key);
        if (!ts_node_is_null(key)) {
            guard_find(file, key,
                "no message beside the %s: who is denied is told a path and no reason", ways[i]);
        }
    }
}

static void check_kyverno(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0; yaml_next_document(file->root, &at, &document);) {
        TSNode rules = yaml_get_path(file->text, document, "spec/rules");
        TSNode rule;
        if (!guard_is_kyverno_policy(file, document)) {
            continue;
        }
        check_expressions(file, yaml_get_path(file->text, document, "spec/validations"));
        for (uint32_t i = 0; yaml_next_item(rules, &i, &rule);) {
            check_validate(file, yaml_get(file->text, rule, "validate", NULL));
        }
    }
}

static void check(struct guard_file *file)
{
    if (!file->is_rego) {
        check_kyverno(file);
        return;
    }
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
    .no_fix = "what to tell who is denied, the policy does not say.",
    .languages = GUARD_REGO | GUARD_YAML | GUARD_TEMPLATE,
    .reads = GUARD_READS_OWN_FILE,
    .severity = SEVERITY_WARNING,
    .summary = "a rule that denies says nothing to who is denied",
    .explanation =
        "A deny, violation or warn rule that is only true, whose message is empty or no text, or "
        "whose object has no `msg`. A boolean deny that another rule uses, or that has a "
        "default, is a condition and left alone, and so are the objects that Kubescape reads "
        "(`alertMessage`, `alertObject`). Of Kyverno's policies: a pattern, a deny or a CEL "
        "expression without one.",
    .check = check,
};
