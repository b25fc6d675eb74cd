#include "policy/guard/guard_private.h"

#include "base/path.h"

#include <stdlib.h>

/* Another file of the folder is named by a suite: then this one was meant to be, too. */
static bool has_used_sibling(const struct guard_suites *suites, const char *dir)
{
    size_t len = strlen(dir);
    VEC_FOREACH (char *, file, &suites->files) {
        if (strncmp(*file, dir, len) == 0 && (*file)[len] == '/' &&
            strchr(*file + len + 1, '/') == NULL) {
            return true;
        }
    }
    return false;
}

/* Policies, suites and what belongs to them are no fixtures. */
static bool is_object(const struct guard_file *file, TSNode document)
{
    static const char *const others[] = {"kyverno.io", "gatekeeper.sh", "kustomize.config.k8s.io"};
    char *version = yaml_string(file->text, document, "apiVersion");
    char *kind = yaml_string(file->text, document, "kind");
    bool object = version[0] != '\0' && kind[0] != '\0' && strcmp(kind, "Values") != 0 &&
                  strcmp(kind, "UserInfo") != 0 && strcmp(kind, "CustomResourceDefinition") != 0;
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        object = object && strstr(version, others[i]) == NULL;
    }
    free(version);
    free(kind);
    return object;
}

static void check(struct guard_file *file)
{
    TSNode document;
    uint32_t at = 0;
    if (file->world == NULL || guard_is_aside(file->path) ||
        !yaml_next_document(file->root, &at, &document) || !is_object(file, document)) {
        return;
    }
    const struct guard_suites *suites = guard_suites(file->world);
    char *dir = path_dir(file->path);
    if (suites->count > 0 && !guard_suites_name(suites, file->path) &&
        has_used_sibling(suites, dir)) {
        guard_find(file, document,
            "no test or suite names this file, as they name others of the folder: what it should "
            "show is not tested");
    }
    free(dir);
}

const struct guard guard_fixture_unused = {
    .id = "fixture-unused",
    .no_fix = "it is to be used or to be deleted.",
    .languages = GUARD_YAML,
    .severity = SEVERITY_WARNING,
    .summary = "a fixture that no test uses",
    .explanation =
        "A Kubernetes object beside others that a Kyverno test or a gator suite names, and that "
        "none names: it was forgotten, or its case was dropped. Name it in a suite or delete it. "
        "Files called valid… or invalid… are left to `fixture-denied` and `fixture-not-denied`, "
        "which evaluate them without a suite.",
    .check = check,
};
