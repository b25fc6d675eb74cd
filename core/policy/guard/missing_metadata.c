#include "policy/guard/guard_private.h"

#include <stdlib.h>

static void check_kyverno(struct guard_file *file)
{
    TSNode document;
    bool told = file->world == NULL || !file->world->habits.titles || guard_is_aside(file->path);
    for (uint32_t at = 0; !told && yaml_next_document(file->root, &at, &document);) {
        if (guard_is_kyverno_policy(file, document) && !manifest_is_titled(file->text, document)) {
            guard_find(file, yaml_get_path(file->text, document, "metadata/name"),
                "no title or description among its annotations, as most policies of this "
                "workspace have: what it is for is not recorded");
        }
    }
}

static void check(struct guard_file *file)
{
    if (!file->is_rego) {
        check_kyverno(file);
        return;
    }
    if (!file->habits.metadata || file->facts->has_metadata || guard_is_test_file(file)) {
        return;
    }
    TSNode rule;
    struct rego_head head;
    bool found = false;
    for (uint32_t at = 0; !found && guard_next_rule(file, &at, &rule, &head);) {
        found = guard_is_deny(&head);
        if (found) {
            guard_find(file, rego_node_field(rego_node_field(rule, "head"), "name"),
                "%s has no `# METADATA`, as other policies of this workspace have: its title, "
                "severity and control are not recorded",
                head.path);
        }
        free(head.path);
    }
}

const struct guard guard_missing_metadata = {
    .id = "missing-metadata",
    .no_fix = "an empty title would only silence the guard.",
    .languages = GUARD_REGO | GUARD_YAML,
    .severity = SEVERITY_NOTE,
    .summary = "a policy has no # METADATA, or no annotations, where others have",
    .explanation = "Annotations say what a policy is for: title, description, the control it "
                   "implements. Told only in a workspace where at least half of the policies "
                   "have them, once a file; of Kyverno's policies, where most have "
                   "`policies.kyverno.io/title` or "
                   "`…/description`.",
    .check = check,
};
