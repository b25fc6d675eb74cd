#include "policy/guard/kinds.h"

#include <stdlib.h>

static void check(struct guard_file *file)
{
    const struct guard_kinds *kinds = guard_kinds(file->world);
    bool any = kinds != NULL && kinds->template_count > 0;
    TSNode document;
    for (uint32_t at = 0; any && yaml_next_document(file->root, &at, &document);) {
        char *version = yaml_string(file->text, document, "apiVersion");
        char *kind = yaml_string(file->text, document, "kind");
        if (manifest_in_group(version, "constraints.gatekeeper.sh") &&
            !guard_names_have(&kinds->templates, kind)) {
            guard_find(file, yaml_get(file->text, document, "kind", NULL),
                "no ConstraintTemplate of this workspace makes the kind %s: the API server refuses "
                "the constraint",
                kind);
        }
        free(version);
        free(kind);
    }
}

const struct guard guard_constraint_without_template = {
    .id = "constraint-without-template",
    .no_fix = "the template must be written, or the kind is misspelt: nobody but you knows.",
    .languages = GUARD_YAML,
    .severity = SEVERITY_ERROR,
    .summary = "a Gatekeeper constraint whose template is not here",
    .explanation = "The kind of a constraint is made by a ConstraintTemplate. Told only in a "
                   "workspace that has templates: elsewhere they are installed from another place.",
    .check = check,
};
