/* Which Kyverno has which kinds: https://kyverno.io/docs/releases, CHANGELOG and CRDs of 1.13 to
 * 1.19. */
#include "policy/guard/guard_private.h"

#include <stdio.h>
#include <stdlib.h>

enum { VERSION_MINOR = 1000, CEL_V1 = 1017 };

static const struct served {
    const char *group;
    const char *kind;                 /* NULL: any */
    const char *version;              /* NULL: any */
    unsigned since, deprecated, gone; /* 1017 is 1.17; 0: always, not yet */
    const char *instead;
} table[] = {
    {"kyverno.io", "ClusterPolicy", NULL, 0, 1017, 1020,
        "ValidatingPolicy and its siblings of policies.kyverno.io/v1 take its place"},
    {"kyverno.io", "Policy", NULL, 0, 1017, 1020,
        "NamespacedValidatingPolicy and its siblings of policies.kyverno.io/v1 take its place"},
    {"policies.kyverno.io", NULL, "v1alpha1", 1014, 1019, 0, "v1 is served since 1.17"},
    {"policies.kyverno.io", NULL, "v1beta1", 1016, 0, 0, ""},
    {"policies.kyverno.io", NULL, "v1", 1017, 0, 0, ""},
    {"policies.kyverno.io", "MutatingPolicy", NULL, 1015, 0, 0, ""},
    {"policies.kyverno.io", "GeneratingPolicy", NULL, 1015, 0, 0, ""},
    {"policies.kyverno.io", "DeletingPolicy", NULL, 1015, 0, 0, ""},
    {"policies.kyverno.io", "NamespacedValidatingPolicy", NULL, 1016, 0, 0, ""},
    {"policies.kyverno.io", "NamespacedImageValidatingPolicy", NULL, 1016, 0, 0, ""},
    {"policies.kyverno.io", "NamespacedDeletingPolicy", NULL, 1016, 0, 0, ""},
    {"policies.kyverno.io", "NamespacedMutatingPolicy", NULL, 1017, 0, 0, ""},
    {"policies.kyverno.io", "NamespacedGeneratingPolicy", NULL, 1017, 0, 0, ""},
};

static void show(char out[16], unsigned version)
{
    snprintf(out, 16, "%u.%u", version / VERSION_MINOR, version % VERSION_MINOR);
}

static void tell_target(struct guard_file *file, TSNode node, const struct served *row,
    const char *what, unsigned target)
{
    struct finding *finding = NULL;
    char asked[16];
    char limit[16];
    show(asked, target);
    if (row->gone > 0 && target >= row->gone) {
        show(limit, row->gone);
        finding = guard_find(file, node,
            "%s is announced to go with Kyverno %s, and the policies must run on %s: %s", what,
            limit, asked, row->instead);
    } else if (target < row->since) {
        show(limit, row->since);
        finding = guard_find(file, node,
            "%s comes with Kyverno %s, and the policies must run on %s: the API server refuses it",
            what, limit, asked);
    }
    if (finding != NULL) {
        finding->severity = SEVERITY_ERROR;
    }
}

static void tell_deprecated(
    struct guard_file *file, TSNode node, const struct served *row, const char *what)
{
    char since[16];
    char gone[16];
    show(since, row->deprecated);
    show(gone, row->gone);
    struct finding *finding = guard_find(file, node, "%s is deprecated since Kyverno %s%s%s: %s",
        what, since, row->gone > 0 ? " and announced to go with " : "", row->gone > 0 ? gone : "",
        row->instead);
    /* The same policy in the version that takes its place, where the Kyverno asked for has it. */
    unsigned target = file->world == NULL ? 0 : file->world->asks.kyverno;
    struct str written = rego_node_text(file->text, node);
    if (row->version != NULL && target >= CEL_V1 && str_ends(written, row->version)) {
        size_t end = ts_node_end_byte(node);
        guard_mend(file, finding, end - strlen(row->version), end, "v1", "write v1");
    }
}

static void check_row(struct guard_file *file, TSNode node, const struct served *row,
    const char *version, const char *kind)
{
    unsigned target = file->world == NULL ? 0 : file->world->asks.kyverno;
    char *what = row->kind == NULL ? mem_strdup(version) : mem_printf("Kyverno's %s", kind);
    bool wrong = target > 0 && (target < row->since || (row->gone > 0 && target >= row->gone));
    if (wrong) {
        tell_target(file, node, row, what, target);
    } else if (row->deprecated > 0 && (target == 0 || target >= row->deprecated)) {
        tell_deprecated(file, node, row, what);
    }
    free(what);
}

static void check_document(struct guard_file *file, TSNode document)
{
    TSNode node = yaml_get(file->text, document, "apiVersion", NULL);
    char *version = yaml_string(file->text, document, "apiVersion");
    char *kind = yaml_string(file->text, document, "kind");
    const char *slash = strchr(version, '/');
    size_t before = file->findings->len;
    for (size_t i = 0; i < ARRAY_LEN(table) && file->findings->len == before; i++) {
        const struct served *row = &table[i];
        bool match =
            manifest_in_group(version, row->group) &&
            (row->kind == NULL || strcmp(kind, row->kind) == 0) &&
            (row->version == NULL || (slash != NULL && strcmp(slash + 1, row->version) == 0));
        if (match) {
            check_row(file, node, row, version, kind);
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
    .fix = "writes `v1` for an older version of policies.kyverno.io, where the workspace says that "
           "its Kyverno has v1.",
    .languages = GUARD_YAML,
    .severity = SEVERITY_NOTE,
    .summary = "a Kyverno API version that is deprecated, or not in the Kyverno that is asked for",
    .explanation =
        "ClusterPolicy and Policy of kyverno.io work up to Kyverno 1.19 and are announced to be "
        "removed in 1.20; of policies.kyverno.io, v1alpha1 is served since 1.14 and deprecated "
        "since 1.19, v1beta1 since 1.16, v1 since 1.17. Where the workspace says which Kyverno its "
        "policies must run on (.bylaw/config.toml: `[guards]`, `kyverno = \"1.18\"`), a version or "
        "kind that it does not have is an error, and what is deprecated later is not told.",
    .check = check,
};
