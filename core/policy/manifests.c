#include "policy/manifests.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "policy/yaml_tree.h"

#include <stdlib.h>

static const char *const groups[] = {
    "kyverno.io", "policies.kyverno.io", "templates.gatekeeper.sh", "constraints.gatekeeper.sh"};

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

void manifests_read(struct str text, struct manifest_list *out)
{
    /* Most YAML is no policy, and a tree costs more than a look. */
    bool may_be = str_find(text, STR_LIT("kyverno.io"), 0) != SIZE_MAX ||
                  str_find(text, STR_LIT("gatekeeper.sh"), 0) != SIZE_MAX;
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
        if (is_policy(manifest.api_version) && manifest.kind[0] != '\0') {
            manifest.row = ts_node_start_point(content).row + 1;
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

static bool is_yaml(const char *path)
{
    return strcmp(path_ext(path), ".yaml") == 0 || strcmp(path_ext(path), ".yml") == 0;
}

void manifests_update(
    struct manifests *manifests, const struct policy_index *index, const atomic_bool *cancel)
{
    struct manifests fresh = {0};
    VEC_FOREACH (const struct policy_file, file, &index->files) {
        if (cancel != NULL && atomic_load(cancel)) {
            manifests_free(&fresh);
            return;
        }
        if (file->kind != POLICY_DATA || !is_yaml(file->path) || file->size > YAML_TREE_MAX) {
            continue;
        }
        struct manifest_file entry = {.path = mem_strdup(file->path),
            .mtime_ns = file->mtime_ns,
            .size = file->size,
            .inode = file->inode};
        struct manifest_file *old = file_at(manifests, file->path);
        if (old != NULL && old->mtime_ns == file->mtime_ns && old->size == file->size &&
            old->inode == file->inode) {
            for (size_t i = 0; i < old->list.len; i++) {
                const struct manifest *m = &old->list.items[i];
                VEC_PUSH(&entry.list, (struct manifest){mem_strdup(m->api_version),
                                          mem_strdup(m->kind), mem_strdup(m->name),
                                          mem_strdup(m->space), mem_strdup(m->template), m->row});
            }
        } else {
            struct buf text = BUF_INIT;
            char *path = path_join(index->root, file->path);
            if (file_read(path, YAML_TREE_MAX, &text, NULL)) {
                manifests_read(buf_str(&text), &entry.list);
            }
            free(path);
            buf_free(&text);
        }
        VEC_PUSH(&fresh.files, entry);
    }
    manifests_free(manifests);
    *manifests = fresh;
}

void manifests_lay(struct manifests *manifests, const char *path, struct str text)
{
    if (!is_yaml(path)) {
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
