#include "policy/guard/guard_private.h"

#include <stdlib.h>

static void check(struct guard_file *file)
{
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
    .languages = GUARD_REGO,
    .severity = SEVERITY_NOTE,
    .summary = "a policy has no # METADATA where others have",
    .explanation = "Annotations say what a policy is for: title, description, the control it "
                   "implements. Told only in a workspace where other policies have them, once a "
                   "file.",
    .check = check,
};
