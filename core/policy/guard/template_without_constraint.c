#include "policy/guard/guard_private.h"

#include <stdlib.h>

static bool is_constraint(const struct manifest *m)
{
    return manifest_in_group(m->api_version, "constraints.gatekeeper.sh");
}

static bool has_constraint(const struct manifests *manifests, const char *kind, size_t *constraints)
{
    bool found = false;
    VEC_FOREACH (const struct manifest_file, file, &manifests->files) {
        VEC_FOREACH (const struct manifest, m, &file->list) {
            *constraints += is_constraint(m);
            found = found || (is_constraint(m) && strcmp(m->kind, kind) == 0);
        }
    }
    return found;
}

/* A library of templates, most of which get their constraints from elsewhere. */
static bool is_library(const struct manifests *manifests)
{
    enum { FEW = 3 };
    size_t templates = 0;
    size_t bare = 0;
    VEC_FOREACH (const struct manifest_file, file, &manifests->files) {
        VEC_FOREACH (const struct manifest, m, &file->list) {
            size_t constraints = 0;
            bool template = m->template[0] != '\0';
            templates += template;
            bare += template && !has_constraint(manifests, m->template, &constraints);
        }
    }
    return bare > FEW && bare * 2 > templates;
}

static void check(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0;
         file->manifests != NULL && yaml_next_document(file->root, &at, &document);) {
        TSNode name = yaml_get_path(file->text, document, "spec/crd/spec/names/kind");
        char *kind = yaml_string(file->text, document, "spec/crd/spec/names/kind");
        size_t constraints = 0;
        if (yaml_equals(
                file->text, yaml_get(file->text, document, "kind", NULL), "ConstraintTemplate") &&
            kind[0] != '\0' && !has_constraint(file->manifests, kind, &constraints) &&
            constraints > 0 && !is_library(file->manifests)) {
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
    .languages = GUARD_YAML,
    .severity = SEVERITY_NOTE,
    .summary = "a Gatekeeper template that no constraint uses",
    .explanation = "A ConstraintTemplate does nothing until a constraint of its kind is applied. "
                   "Told only in a workspace that has constraints, and not where most templates "
                   "have none: they get theirs from another place.",
    .check = check,
};
