#include "policy/guard/suite.h"

#include "base/path.h"

#include <stdlib.h>

enum guard_suite guard_suite_kind(const struct guard_file *file, TSNode document)
{
    struct manifest manifest = {.api_version = yaml_string(file->text, document, "apiVersion"),
        .kind = yaml_string(file->text, document, "kind")};
    enum guard_suite kind = SUITE_NONE;
    if (manifest_is_suite(&manifest) &&
        !manifest_in_group(manifest.api_version, "chainsaw.kyverno.io")) {
        bool gator = manifest_in_group(manifest.api_version, "test.gatekeeper.sh");
        kind = gator ? SUITE_GATOR : SUITE_KYVERNO;
    }
    free(manifest.api_version);
    free(manifest.kind);
    return kind;
}

const char *guard_base_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash == NULL ? name : slash + 1;
}

const char *guard_rule_written(const char *rule)
{
    static const char *const made[] = {"autogen-cronjob-", "autogen-"};
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        if (strncmp(rule, made[i], strlen(made[i])) == 0) {
            return rule + strlen(made[i]);
        }
    }
    return rule;
}

static bool has(struct str text, TSNode mapping, const char *path)
{
    return !ts_node_is_null(yaml_get_path(text, mapping, path));
}

static void read_rule(struct str text, TSNode rule, const char *policy, struct guard_loaded *loaded)
{
    char *name = yaml_string(text, rule, "name");
    VEC_PUSH(&loaded->rules, mem_printf("%s/%s", policy, name));
    if (has(text, rule, "validate")) {
        VEC_PUSH(&loaded->validating, mem_printf("%s/%s", policy, name));
    }
    free(name);
}

static void read_policy(struct str text, TSNode document, struct guard_loaded *loaded)
{
    char *version = yaml_string(text, document, "apiVersion");
    char *kind = yaml_string(text, document, "kind");
    char *name = yaml_string(text, document, "metadata/name");
    TSNode rules = yaml_get_path(text, document, "spec/rules");
    TSNode rule;
    bool old = manifest_in_group(version, "kyverno.io") && yaml_is_sequence(rules);
    if (name[0] != '\0') {
        VEC_PUSH(&loaded->policies, mem_strdup(name));
    }
    if (old) {
        VEC_PUSH(&loaded->old, mem_strdup(name));
    } else if (str_ends(str_of(kind), "ValidatingPolicy")) {
        VEC_PUSH(&loaded->validating, mem_printf("%s/", name));
    }
    for (uint32_t at = 0; old && yaml_next_item(rules, &at, &rule);) {
        read_rule(text, rule, name, loaded);
    }
    free(version);
    free(kind);
    free(name);
}

static void read_resource(struct str text, TSNode document, struct guard_loaded *loaded)
{
    TSNode items = yaml_get(text, document, "items", NULL);
    TSNode item;
    uint32_t at = 0;
    if (ts_node_is_null(document)) {
        return;
    }
    VEC_PUSH(&loaded->resources, yaml_string(text, document, "metadata/name"));
    if (!ts_node_is_null(yaml_get_path(text, document, "metadata/generateName")) ||
        ts_node_has_error(document)) {
        loaded->all_resources = false;
    }
    while (yaml_is_sequence(items) && yaml_next_item(items, &at, &item)) {
        VEC_PUSH(&loaded->resources, yaml_string(text, item, "metadata/name"));
    }
}

/* False: not a file that can be read as YAML. */
static bool read_documents(const struct guard_file *file, const char *path,
    void (*read)(struct str text, TSNode document, struct guard_loaded *loaded),
    struct guard_loaded *loaded)
{
    struct buf text = BUF_INIT;
    bool ok = guard_read(file->world, path, &text);
    TSTree *tree = ok ? yaml_tree_parse(buf_str(&text)) : NULL;
    TSNode document;
    if (tree != NULL) {
        for (uint32_t at = 0; yaml_next_document(ts_tree_root_node(tree), &at, &document);) {
            read(buf_str(&text), document, loaded);
        }
        ok = !ts_node_has_error(ts_tree_root_node(tree));
        ts_tree_delete(tree);
    }
    buf_free(&text);
    return ok && tree != NULL;
}

static bool read_list(const struct guard_file *file, TSNode document, const char *list,
    void (*read)(struct str text, TSNode document, struct guard_loaded *loaded),
    struct guard_loaded *loaded)
{
    TSNode items = yaml_get(file->text, document, list, NULL);
    TSNode item;
    bool all = true;
    char *dir = path_dir(file->path);
    for (uint32_t at = 0; yaml_next_item(items, &at, &item);) {
        struct buf name = BUF_INIT;
        char *path = yaml_scalar(file->text, item, &name) && path_ext(name.ptr)[0] != '\0'
                         ? path_resolve(dir, buf_str(&name))
                         : NULL;
        all = path != NULL && read_documents(file, path, read, loaded) && all;
        free(path);
        buf_free(&name);
    }
    free(dir);
    return all;
}

void guard_loaded_read(const struct guard_file *file, TSNode document, struct guard_loaded *loaded)
{
    *loaded = (struct guard_loaded){.all_resources = true};
    loaded->all_policies = read_list(file, document, "policies", read_policy, loaded);
    bool all = read_list(file, document, "resources", read_resource, loaded);
    all = read_list(file, document, "targetResources", read_resource, loaded) && all;
    loaded->all_resources = loaded->all_resources && all;
    guard_names_sort(&loaded->policies);
    guard_names_sort(&loaded->old);
    guard_names_sort(&loaded->rules);
    guard_names_sort(&loaded->validating);
    guard_names_sort(&loaded->resources);
}

void guard_loaded_free(struct guard_loaded *loaded)
{
    guard_names_free(&loaded->policies);
    guard_names_free(&loaded->old);
    guard_names_free(&loaded->rules);
    guard_names_free(&loaded->validating);
    guard_names_free(&loaded->resources);
}
