#include "policy/guard/kinds.h"

#include <stdlib.h>

/* A library of templates, most of which get their constraints from elsewhere. */
static bool is_library(const struct guard_kinds *kinds)
{
    enum { FEW = 3 };
    return kinds->bare > FEW && kinds->bare * 2 > kinds->template_count;
}

static void check(struct guard_file *file)
{
    const struct guard_kinds *kinds = guard_kinds(file->world);
    bool any = kinds != NULL && kinds->constraint_count > 0 && !is_library(kinds);
    TSNode document;
    for (uint32_t at = 0; any && yaml_next_document(file->root, &at, &document);) {
        TSNode name = yaml_get_path(file->text, document, "spec/crd/spec/names/kind");
        char *kind = yaml_string(file->text, document, "spec/crd/spec/names/kind");
        if (yaml_equals(
                file->text, yaml_get(file->text, document, "kind", NULL), "ConstraintTemplate") &&
            kind[0] != '\0' && !guard_names_have(&kinds->constraints, kind)) {
            guard_find(file, name,
                "no constraint of this workspace is of the kind %s: the template alone denies "
                "nothing",
                kind);
        }
        free(kind);
    }
}

const struct guard guard_template_without_constraint = {
    .id = "template-without-constraint",
    .no_fix = "what it is to be applied to is a decision.",
    .languages = GUARD_YAML,
    .severity = SEVERITY_NOTE,
    .summary = "a Gatekeeper template that no constraint uses",
    .explanation = "A ConstraintTemplate does nothing until a constraint of its kind is applied. "
                   "Told only in a workspace that has constraints, and not where most templates "
                   "have none: they get theirs from another place.",
    .check = check,
};
