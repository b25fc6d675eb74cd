#include "policy/guard/guard_private.h"

#include <ctype.h>
#include <stdlib.h>

static void find_case(struct guard_file *file, TSNode value, const char *where)
{
    struct buf word = BUF_INIT;
    yaml_scalar(file->text, value, &word);
    bool lower = str_equal_c(buf_str(&word), "audit") || str_equal_c(buf_str(&word), "enforce");
    if (lower) {
        char *right = mem_strdup(word.ptr);
        right[0] = (char)toupper((unsigned char)right[0]);
        struct finding *finding = guard_find(file, value,
            "%s: %s is not taken, it must be %s. Kyverno's CLI then leaves the policy out without "
            "a word",
            where, word.ptr, right);
        if (strcmp(ts_node_type(value), "plain_scalar") == 0) {
            guard_mend(file, finding, ts_node_start_byte(value), ts_node_end_byte(value), right,
                "write it with a capital");
        }
        free(right);
    }
    buf_free(&word);
}

static void check_rule(struct guard_file *file, TSNode rule)
{
    TSNode validate = yaml_get(file->text, rule, "validate", NULL);
    TSNode action = yaml_get(file->text, validate, "failureAction", NULL);
    if (!ts_node_is_null(action)) {
        find_case(file, action, "failureAction");
    }
}

static void find_key(struct guard_file *file, TSNode spec, const char *key, const char *message)
{
    TSNode name = {0};
    yaml_get(file->text, spec, key, &name);
    if (!ts_node_is_null(name)) {
        guard_find(file, name, "%s", message);
    }
}

static void check_cluster_policy(struct guard_file *file, TSNode spec)
{
    find_key(file, spec, "validationFailureAction",
        "spec.validationFailureAction is deprecated since Kyverno 1.13: each rule says it as "
        "validate.failureAction");
    find_key(file, spec, "validationFailureActionOverrides",
        "spec.validationFailureActionOverrides is deprecated since Kyverno 1.13: each rule says it "
        "as validate.failureActionOverrides");
    find_key(file, spec, "failureAction",
        "spec.failureAction does not exist: it is validate.failureAction of a rule. Kyverno's CLI "
        "leaves a policy with an unknown field out without a word");
    TSNode rules = yaml_get(file->text, spec, "rules", NULL);
    TSNode rule;
    for (uint32_t at = 0; yaml_next_item(rules, &at, &rule);) {
        check_rule(file, rule);
    }
}

static void check_cel_policy(struct guard_file *file, TSNode spec)
{
    static const char *const unknown[][2] = {
        {"rules", "spec.rules does not exist here: validations, without names"},
        {"background", "spec.background does not exist here: evaluation.background.enabled"},
        {"validationFailureAction",
            "spec.validationFailureAction does not exist here: validationActions, a list of Deny, "
            "Audit, Warn"},
        {"failureAction",
            "spec.failureAction does not exist here: validationActions, a list of Deny, Audit, "
            "Warn"},
        {"validationAction",
            "spec.validationAction does not exist: validationActions, a list of Deny, Audit, Warn"},
    };
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        find_key(file, spec, unknown[i][0], unknown[i][1]);
    }
}

static void check(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0; yaml_next_document(file->root, &at, &document);) {
        TSNode spec = yaml_get(file->text, document, "spec", NULL);
        char *version = yaml_string(file->text, document, "apiVersion");
        char *kind = yaml_string(file->text, document, "kind");
        if (manifest_in_group(version, "kyverno.io") &&
            (strcmp(kind, "ClusterPolicy") == 0 || strcmp(kind, "Policy") == 0)) {
            check_cluster_policy(file, spec);
        } else if (manifest_in_group(version, "policies.kyverno.io") &&
                   strstr(kind, "ValidatingPolicy") != NULL) {
            check_cel_policy(file, spec);
        }
        free(version);
        free(kind);
    }
}

const struct guard guard_kyverno_field = {
    .id = "kyverno-field",
    .languages = GUARD_YAML,
    .severity = SEVERITY_WARNING,
    .summary = "a Kyverno field that is deprecated or does not exist",
    .explanation = "Fields of one kind written into another, the old "
                   "spec.validationFailureAction, and actions in lower case. `kyverno apply` says "
                   "nothing about a policy it cannot read: it applies zero rules and ends well.",
    .check = check,
};
