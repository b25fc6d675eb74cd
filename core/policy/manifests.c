#include "policy/manifests.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "policy/chainsaw.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

static const char *const groups[] = {"kyverno.io", "policies.kyverno.io", "cli.kyverno.io",
    "templates.gatekeeper.sh", "constraints.gatekeeper.sh", "test.gatekeeper.sh",
    "chainsaw.kyverno.io"};

bool manifest_is_suite(const struct manifest *manifest)
{
    return manifest_in_group(manifest->api_version, "test.gatekeeper.sh") ||
           ((manifest_in_group(manifest->api_version, "cli.kyverno.io") ||
                manifest_in_group(manifest->api_version, "chainsaw.kyverno.io")) &&
               strcmp(manifest->kind, "Test") == 0);
}

bool manifest_is_kyverno_policy(const struct manifest *manifest)
{
    bool group = manifest_in_group(manifest->api_version, "kyverno.io") ||
                 manifest_in_group(manifest->api_version, "policies.kyverno.io");
    return group && str_ends(str_of(manifest->kind), "Policy");
}

bool manifest_is_titled(struct str text, TSNode document)
{
    static const char *const keys[] = {
        "policies.kyverno.io/title", "policies.kyverno.io/description", "title", "description"};
    TSNode annotations = yaml_get_path(text, document, "metadata/annotations");
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (!ts_node_is_null(yaml_get(text, annotations, keys[i], NULL))) {
            return true;
        }
    }
    return false;
}

bool manifest_in_group(const char *api_version, const char *group)
{
    size_t len = strlen(group);
    return strncmp(api_version, group, len) == 0 && api_version[len] == '/';
}

static void manifest_free(struct manifest *manifest)
{
    free(manifest->api_version);
    free(manifest->kind);
    free(manifest->name);
    free(manifest->space);
    free(manifest->template);
    VEC_FOREACH (struct manifest_use, use, &manifest->uses) {
        free(use->name);
    }
    VEC_FREE(&manifest->uses);
}

void manifest_list_free(struct manifest_list *list)
{
    VEC_FOREACH (struct manifest, manifest, list) {
        manifest_free(manifest);
    }
    VEC_FREE(list);
}

static void file_free(struct manifest_file *file)
{
    manifest_list_free(&file->list);
    free(file->path);
}

void manifests_free(struct manifests *manifests)
{
    VEC_FOREACH (struct manifest_file, file, &manifests->files) {
        file_free(file);
    }
    VEC_FREE(&manifests->files);
}

static bool is_policy(const char *api_version)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        if (manifest_in_group(api_version, groups[i])) {
            return true;
        }
    }
    return false;
}

/* ---- what a suite names ---- */

static void add_use(struct str text, TSNode node, bool is_file, struct manifest *out)
{
    struct buf name = BUF_INIT;
    if (yaml_scalar(text, node, &name) && name.len > 0) {
        TSPoint at = ts_node_start_point(node);
        VEC_PUSH(&out->uses,
            (struct manifest_use){is_file, mem_strdup(name.ptr), 0, at.row + 1, at.column + 1});
    }
    buf_free(&name);
}

static bool names_file(struct str text, TSNode node)
{
    static const char *const ends[] = {".yaml", ".yml", ".json"};
    struct buf value = BUF_INIT;
    bool is = false;
    yaml_scalar(text, node, &value);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        is = is || str_ends(buf_str(&value), ends[i]);
    }
    buf_free(&value);
    return is;
}

/* Every scalar that is a file's name: which keys may name one depends on the suite's version. */
static void read_files(struct str text, TSNode node, unsigned depth, struct manifest *out)
{
    enum { DEPTH_MAX = 12 };
    TSNode key;
    TSNode value;
    uint32_t at = 0;
    if (names_file(text, node)) {
        add_use(text, node, true, out);
    }
    while (depth < DEPTH_MAX && yaml_is_mapping(node) && yaml_next_pair(node, &at, &key, &value)) {
        read_files(text, value, depth + 1, out);
    }
    while (depth < DEPTH_MAX && yaml_is_sequence(node) && yaml_next_item(node, &at, &value)) {
        read_files(text, value, depth + 1, out);
    }
}

static void read_list(
    struct str text, TSNode document, const char *list, const char *member, struct manifest *out)
{
    TSNode items = yaml_get(text, document, list, NULL);
    TSNode item;
    for (uint32_t at = 0; yaml_next_item(items, &at, &item);) {
        TSNode named = member == NULL ? item : yaml_get(text, item, member, NULL);
        if (member != NULL || !names_file(text, named)) {
            add_use(text, named, member == NULL, out);
        }
    }
}

struct told {
    struct str text;
    struct manifest *suite;
};

static void add_told(void *data, TSNode file, enum chainsaw_says says)
{
    const struct told *told = data;
    size_t before = told->suite->uses.len;
    add_use(told->text, file, true, told->suite);
    if (told->suite->uses.len > before) {
        told->suite->uses.items[before].says = says;
    }
}

static void read_suite(struct str text, TSNode document, struct manifest *out)
{
    if (manifest_in_group(out->api_version, "chainsaw.kyverno.io")) {
        struct told told = {text, out};
        chainsaw_each(text, document, add_told, &told);
    }
    read_files(text, document, 0, out);
    read_list(text, document, "policies", NULL, out); /* folders */
    read_list(text, document, "resources", NULL, out);
    read_list(text, document, "results", "policy", out);
}

/* ---- documents ---- */

/* Kyverno's tests had no apiVersion once. */
static void read_old_test(struct str text, TSNode document, struct manifest *out)
{
    if (out->api_version[0] == '\0' && out->kind[0] == '\0' &&
        yaml_is_sequence(yaml_get(text, document, "policies", NULL)) &&
        yaml_is_sequence(yaml_get(text, document, "results", NULL))) {
        free(out->api_version);
        free(out->kind);
        out->api_version = mem_strdup("cli.kyverno.io/v1alpha1");
        out->kind = mem_strdup("Test");
    }
}

void manifests_read(struct str text, struct manifest_list *out)
{
    /* Most YAML is no policy, and a tree costs more than a look. */
    bool may_be = str_find(text, STR_LIT("kyverno.io"), 0) != SIZE_MAX ||
                  str_find(text, STR_LIT("gatekeeper.sh"), 0) != SIZE_MAX ||
                  str_find(text, STR_LIT("\nresults:"), 0) != SIZE_MAX;
    TSTree *tree = may_be ? yaml_tree_parse(text) : NULL;
    if (tree == NULL) {
        return;
    }
    TSNode content;
    for (uint32_t at = 0; yaml_next_document(ts_tree_root_node(tree), &at, &content);) {
        struct manifest manifest = {.api_version = yaml_string(text, content, "apiVersion"),
            .kind = yaml_string(text, content, "kind"),
            .name = yaml_string(text, content, "metadata/name"),
            .space = yaml_string(text, content, "metadata/namespace"),
            .template = yaml_string(text, content, "spec/crd/spec/names/kind")};
        read_old_test(text, content, &manifest);
        if (is_policy(manifest.api_version) && manifest.kind[0] != '\0') {
            manifest.row = ts_node_start_point(content).row + 1;
            manifest.titled = manifest_is_titled(text, content);
            if (manifest_is_suite(&manifest)) {
                read_suite(text, content, &manifest);
            }
            VEC_PUSH(out, manifest);
        } else {
            manifest_free(&manifest);
        }
    }
    ts_tree_delete(tree);
}

static size_t find_file(const struct manifests *manifests, const char *path)
{
    size_t low = 0;
    size_t high = manifests->files.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(manifests->files.items[mid].path, path) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static struct manifest_file *file_at(struct manifests *manifests, const char *path)
{
    size_t at = find_file(manifests, path);
    bool known = at < manifests->files.len && strcmp(manifests->files.items[at].path, path) == 0;
    return known ? &manifests->files.items[at] : NULL;
}

static bool is_as_read(const struct manifest_file *old, const struct policy_file *file)
{
    return old->mtime_ns == file->mtime_ns && old->size == file->size && old->inode == file->inode;
}

static struct manifest_file read_file(
    const struct policy_index *index, const struct policy_file *file)
{
    struct manifest_file entry = {.path = mem_strdup(file->path),
        .mtime_ns = file->mtime_ns,
        .size = file->size,
        .inode = file->inode};
    struct buf text = BUF_INIT;
    char *path = path_join(index->root, file->path);
    if (file_read(path, YAML_TREE_MAX, &text, NULL)) {
        manifests_read(buf_str(&text), &entry.list);
    }
    free(path);
    buf_free(&text);
    return entry;
}

void manifests_update(
    struct manifests *manifests, const struct policy_index *index, const atomic_bool *cancel)
{
    struct manifests fresh = {0};
    VEC_FOREACH (const struct policy_file, file, &index->files) {
        bool stopped = cancel != NULL && atomic_load(cancel);
        if (file->kind != POLICY_DATA || !path_is_yaml(file->path) || file->size > YAML_TREE_MAX) {
            continue;
        }
        struct manifest_file *old = file_at(manifests, file->path);
        if (old != NULL && (stopped || is_as_read(old, file))) {
            VEC_PUSH(&fresh.files, *old);
            *old = (struct manifest_file){.path = mem_strdup(file->path)};
        } else if (!stopped) {
            VEC_PUSH(&fresh.files, read_file(index, file));
        }
    }
    manifests_free(manifests);
    *manifests = fresh;
}

void manifests_lay(struct manifests *manifests, const char *path, struct str text)
{
    if (!path_is_yaml(path)) {
        return;
    }
    size_t at = find_file(manifests, path);
    if (at >= manifests->files.len || strcmp(manifests->files.items[at].path, path) != 0) {
        VEC_INSERT(&manifests->files, at, (struct manifest_file){.path = mem_strdup(path)});
    }
    struct manifest_file *file = &manifests->files.items[at];
    manifest_list_free(&file->list);
    manifests_read(text, &file->list);
    file->mtime_ns = INT64_MIN; /* the next update reads the disk */
}
