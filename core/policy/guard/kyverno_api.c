#include "policy/guard/guard_private.h"

#include <stdlib.h>

static const struct {
    const char *group;
    const char *kind; /* NULL: any */
    const char *version;
    const char *message;
} old[] = {
    {"kyverno.io", "ClusterPolicy", NULL,
        "Kyverno's ClusterPolicy is deprecated since 1.17 and announced to go with 1.20: "
        "ValidatingPolicy and its siblings of policies.kyverno.io/v1 take its place"},
    {"kyverno.io", "Policy", NULL,
        "Kyverno's Policy is deprecated since 1.17 and announced to go with 1.20: "
        "NamespacedValidatingPolicy and its siblings of policies.kyverno.io/v1 take its place"},
    {"policies.kyverno.io", NULL, "v1alpha1",
        "policies.kyverno.io/v1alpha1 is deprecated since Kyverno 1.19: v1 is served since 1.17"},
};

static void check_document(struct guard_file *file, TSNode document)
{
    TSNode version_node = yaml_get(file->text, document, "apiVersion", NULL);
    char *version = yaml_string(file->text, document, "apiVersion");
    char *kind = yaml_string(file->text, document, "kind");
    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        const char *slash = strchr(version, '/');
        bool match =
            manifest_in_group(version, old[i].group) &&
            (old[i].kind == NULL || strcmp(kind, old[i].kind) == 0) &&
            (old[i].version == NULL || (slash != NULL && strcmp(slash + 1, old[i].version) == 0));
        if (match) {
            guard_find(file, version_node, "%s", old[i].message);
        }
    }
    free(version);
    free(kind);
}

static void check(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0; yaml_next_document(file->root, &at, &document);) {
        check_document(file, document);
    }
}

const struct guard guard_kyverno_api = {
    .id = "kyverno-api",
    .languages = GUARD_YAML,
    .severity = SEVERITY_NOTE,
    .summary = "a Kyverno API version that is deprecated",
    .explanation = "ClusterPolicy and Policy of kyverno.io work up to Kyverno 1.19 and are "
                   "announced to be removed in 1.20; the v1alpha1 of the CEL kinds is deprecated "
                   "since 1.19.",
    .check = check,
};
