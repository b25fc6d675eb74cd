#include "policy/guard/kinds.h"

#include <stdlib.h>

static bool is_same(const struct manifest *a, const struct manifest *b)
{
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->name, b->name) == 0 &&
           strcmp(a->space, b->space) == 0 && a->name[0] != '\0';
}

/* The rules of one Kyverno policy. */
static void check_rules(struct guard_file *file, TSNode document)
{
    TSNode rules = yaml_get_path(file->text, document, "spec/rules");
    TSNode rule;
    for (uint32_t at = 0; yaml_next_item(rules, &at, &rule);) {
        char *name = yaml_string(file->text, rule, "name");
        TSNode before;
        for (uint32_t k = 0; yaml_next_item(rules, &k, &before) && k < at;) {
            if (name[0] != '\0' &&
                yaml_equals(file->text, yaml_get(file->text, before, "name", NULL), name)) {
                guard_find(file, yaml_get(file->text, rule, "name", NULL),
                    "a second rule %s in this policy: Kyverno refuses it", name);
                break;
            }
        }
        free(name);
    }
}

/* Constraints of one kind lie beside each other as alternatives, as do files of hidden test
 * folders: across files, only policies and templates count. */
static bool counts_across(const char *path, const struct manifest *manifest)
{
    bool hidden = path[0] == '.' || strstr(path, "/.") != NULL;
    return !hidden && !manifest_in_group(manifest->api_version, "constraints.gatekeeper.sh");
}

/* Another document of the same name: before it in the file, or in another file of the folder. */
static const struct manifest *find_before(const struct guard_file *file,
    const struct manifest *manifest, const struct manifest_list *own, const char **path)
{
    VEC_FOREACH (const struct manifest, m, own) {
        if (m->row < manifest->row && is_same(m, manifest)) {
            *path = file->path;
            return m;
        }
    }
    const struct guard_kinds *kinds = guard_kinds(file->world);
    size_t from = 0;
    size_t to = kinds != NULL && manifest->name[0] != '\0' && counts_across(file->path, manifest)
                    ? guard_kinds_same(kinds, file->path, manifest, &from)
                    : 0;
    for (; from < to; from++) {
        const struct guard_document *other = &kinds->documents.items[from];
        if (strcmp(other->path, file->path) != 0 && !guard_is_expected(file->world, other->path)) {
            *path = other->path;
            return other->manifest;
        }
    }
    return NULL;
}

static void check(struct guard_file *file)
{
    struct manifest_list own = {0};
    manifests_read(file->text, &own);
    TSNode document;
    for (uint32_t at = 0; yaml_next_document(file->root, &at, &document);) {
        unsigned row = ts_node_is_null(document) ? 0 : ts_node_start_point(document).row + 1;
        VEC_FOREACH (const struct manifest, m, &own) {
            const char *path = NULL;
            const struct manifest *before =
                m->row == row ? find_before(file, m, &own, &path) : NULL;
            if (before != NULL) {
                guard_find(file, yaml_get_path(file->text, document, "metadata/name"),
                    "%s %s is also in %s:%u: applied together, one replaces the other", m->kind,
                    m->name, path, before->row);
            }
        }
        check_rules(file, document);
    }
    manifest_list_free(&own);
}

const struct guard guard_duplicate_name = {
    .id = "duplicate-name",
    .no_fix = "which of the two is to go or to be renamed is a decision.",
    .languages = GUARD_YAML,
    .severity = SEVERITY_WARNING,
    .summary = "two policies, constraints or rules of one policy have the same name",
    .explanation = "Documents of the same kind and name in one file or one folder replace each "
                   "other when the folder is applied; two rules of a Kyverno policy must not share "
                   "a name. Other folders (variants, overlays) are left alone.",
    .check = check,
};
