#include "policy/guard/guard_private.h"

#include <stdlib.h>

static void check(struct guard_file *file)
{
    if (!file->habits.mostly_v1 || file->facts->dialect != DIALECT_V0) {
        return;
    }
    TSNode rule;
    struct rego_head head;
    bool found = false;
    for (uint32_t at = 0; !found && guard_next_rule(file, &at, &rule, &head);) {
        TSNode body = rego_node_field(rule, "body");
        found = !head.is_default && !head.has_if && !ts_node_is_null(body);
        if (found) {
            guard_find(file, rego_node_field(rule, "head"),
                "v0 Rego in a workspace of v1: %s has a body without `if`. `opa fmt --v0-v1` "
                "rewrites the file",
                head.path);
        }
        free(head.path);
    }
}

const struct guard guard_v0_syntax = {
    .id = "v0-syntax",
    .languages = GUARD_REGO,
    .severity = SEVERITY_WARNING,
    .summary = "v0 Rego in a v1 workspace",
    .explanation = "Old Rego is what models have seen most of. OPA 1.0 does not load a rule body "
                   "without `if`; one run of opa cannot read v0 and v1 files together. Told where "
                   "most files are v1.",
    .check = check,
};
