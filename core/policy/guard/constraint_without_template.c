#include "policy/guard/guard_private.h"

#include <stdlib.h>

static bool has_template(const struct manifests *manifests, const char *kind, size_t *templates)
{
    bool found = false;
    VEC_FOREACH (const struct manifest_file, file, &manifests->files) {
        VEC_FOREACH (const struct manifest, m, &file->list) {
            bool is_template = strcmp(m->kind, "ConstraintTemplate") == 0;
            *templates += is_template;
            found = found || (is_template && strcmp(m->template, kind) == 0);
        }
    }
    return found;
}

static void check(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0;
         file->manifests != NULL && yaml_next_document(file->root, &at, &document);) {
        char *version = yaml_string(file->text, document, "apiVersion");
        char *kind = yaml_string(file->text, document, "kind");
        size_t templates = 0;
        if (manifest_in_group(version, "constraints.gatekeeper.sh") &&
            !has_template(file->manifests, kind, &templates) && templates > 0) {
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
    .languages = GUARD_YAML,
    .severity = SEVERITY_ERROR,
    .summary = "a Gatekeeper constraint whose template is not here",
    .explanation = "The kind of a constraint is made by a ConstraintTemplate. Told only in a "
                   "workspace that has templates: elsewhere they are installed from another place.",
    .check = check,
};
