#include "policy/guard/guard_private.h"

#include <stdlib.h>

static const char *const system_spaces[] = {"kube-system", "kube-public", "kube-node-lease"};

static bool is_wildcard(const struct guard_file *file, TSNode node)
{
    return yaml_equals(file->text, node, "*") || yaml_equals(file->text, node, "*/*");
}

static TSNode find_wildcard(const struct guard_file *file, TSNode list)
{
    TSNode item;
    for (uint32_t at = 0; yaml_next_item(list, &at, &item);) {
        if (is_wildcard(file, item)) {
            return item;
        }
    }
    return (TSNode){0};
}

static bool is_system(const struct guard_file *file, TSNode item)
{
    for (size_t i = 0; i < ARRAY_LEN(system_spaces); i++) {
        if (yaml_equals(file->text, item, system_spaces[i])) {
            return true;
        }
    }
    return false;
}

/* What is for a system namespace and no other, and names its kinds, was meant to be. */
static bool is_meant(const struct guard_file *file, TSNode namespaces, bool wild)
{
    TSNode item;
    for (uint32_t at = 0; yaml_next_item(namespaces, &at, &item);) {
        if (!is_system(file, item)) {
            return false;
        }
    }
    return !wild;
}

static void find_system(struct guard_file *file, TSNode namespaces, bool wild)
{
    TSNode item;
    if (is_meant(file, namespaces, wild)) {
        return;
    }
    for (uint32_t at = 0; yaml_next_item(namespaces, &at, &item);) {
        if (is_system(file, item)) {
            guard_find(file, item,
                "matches %.*s: a policy that denies there can keep the cluster from starting again",
                STR_FMT(rego_node_text(file->text, item)));
        }
    }
}

static bool narrows(const struct guard_file *file, TSNode match)
{
    static const char *const keys[] = {"namespaces", "namespaceSelector", "selector", "names",
        "name", "labelSelector", "annotations", "excludedNamespaces", "source"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (!ts_node_is_null(yaml_get(file->text, match, keys[i], NULL))) {
            return true;
        }
    }
    return false;
}

/* One `resources` block of a Kyverno rule. */
static void check_resources(struct guard_file *file, TSNode resources)
{
    TSNode wild = find_wildcard(file, yaml_get(file->text, resources, "kinds", NULL));
    if (!ts_node_is_null(wild) && !narrows(file, resources)) {
        guard_find(file, wild,
            "matches every kind in every namespace: name the kinds the requirement is about");
    }
    find_system(file, yaml_get(file->text, resources, "namespaces", NULL), !ts_node_is_null(wild));
}

static void check_kyverno_match(struct guard_file *file, TSNode match)
{
    static const char *const lists[] = {"any", "all"};
    TSNode item;
    check_resources(file, yaml_get(file->text, match, "resources", NULL));
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        TSNode list = yaml_get(file->text, match, lists[i], NULL);
        bool alone = strcmp(lists[i], "any") == 0;
        for (uint32_t at = 0; yaml_next_item(list, &at, &item);) {
            if (alone || ts_node_named_child_count(list) == 1) {
                check_resources(file, yaml_get(file->text, item, "resources", NULL));
            }
        }
    }
}

static void check_kyverno(struct guard_file *file, TSNode document)
{
    TSNode rules = yaml_get_path(file->text, document, "spec/rules");
    TSNode rule;
    for (uint32_t at = 0; yaml_next_item(rules, &at, &rule);) {
        /* Deny conditions, an exclude and preconditions narrow it as well. */
        bool narrowed = !ts_node_is_null(yaml_get(file->text, rule, "exclude", NULL)) ||
                        !ts_node_is_null(yaml_get(file->text, rule, "preconditions", NULL)) ||
                        !ts_node_is_null(yaml_get(file->text, rule, "celPreconditions", NULL));
        if (!narrowed) {
            check_kyverno_match(file, yaml_get(file->text, rule, "match", NULL));
        }
    }
}

static void check_constraint(struct guard_file *file, TSNode document)
{
    TSNode kind = yaml_get(file->text, document, "kind", NULL);
    TSNode match = yaml_get_path(file->text, document, "spec/match");
    if (ts_node_is_null(match)) {
        guard_find(file, kind,
            "the constraint has no match: it is asked about every object of the cluster");
        return;
    }
    TSNode kinds = yaml_get(file->text, match, "kinds", NULL);
    TSNode entry;
    bool every = ts_node_is_null(kinds);
    for (uint32_t at = 0; yaml_next_item(kinds, &at, &entry);) {
        TSNode wild = find_wildcard(file, yaml_get(file->text, entry, "kinds", NULL));
        every = every || !ts_node_is_null(wild);
        TSNode group = find_wildcard(file, yaml_get(file->text, entry, "apiGroups", NULL));
        if (!ts_node_is_null(wild) && !ts_node_is_null(group) && !narrows(file, match)) {
            guard_find(file, wild,
                "matches every kind in every namespace: name the kinds the requirement is about");
        }
    }
    find_system(file, yaml_get(file->text, match, "namespaces", NULL), every);
}

static void check(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0; yaml_next_document(file->root, &at, &document);) {
        char *version = yaml_string(file->text, document, "apiVersion");
        if (manifest_in_group(version, "kyverno.io")) {
            check_kyverno(file, document);
        } else if (manifest_in_group(version, "constraints.gatekeeper.sh")) {
            check_constraint(file, document);
        }
        free(version);
    }
}

const struct guard guard_match_too_broad = {
    .id = "match-too-broad",
    .no_fix = "what is to be matched, the policy does not say.",
    .languages = GUARD_YAML,
    .reads = GUARD_READS_OWN_FILE,
    .severity = SEVERITY_WARNING,
    .summary = "a match block covers all kinds, or system namespaces",
    .explanation = "A Kyverno rule or a Gatekeeper constraint that matches `*` without anything "
                   "that narrows it, a constraint without a match, or one that names kube-system "
                   "among other namespaces or for every kind. Models like to match too much.",
    .check = check,
};
