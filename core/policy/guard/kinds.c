#include "policy/guard/kinds.h"

#include <stdlib.h>

static size_t folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path);
}

/* Without the path: 0 for those that replace each other when the folder is applied. */
static int compare(const struct guard_document *a, const struct guard_document *b)
{
    if (a->folder != b->folder) {
        return a->folder < b->folder ? -1 : 1;
    }
    int order = strncmp(a->path, b->path, a->folder);
    order = order != 0 ? order : strcmp(a->manifest->kind, b->manifest->kind);
    order = order != 0 ? order : strcmp(a->manifest->name, b->manifest->name);
    return order != 0 ? order : strcmp(a->manifest->space, b->manifest->space);
}

static int by_place(const void *a, const void *b)
{
    const struct guard_document *x = a;
    const struct guard_document *y = b;
    int order = compare(x, y);
    order = order != 0 ? order : strcmp(x->path, y->path);
    return order != 0 ? order : (x->manifest->row > y->manifest->row) * 2 - 1;
}

static void take(struct guard_kinds *kinds, const char *path, const struct manifest *manifest)
{
    if (manifest->template[0] != '\0' || strcmp(manifest->kind, "ConstraintTemplate") == 0) {
        VEC_PUSH(&kinds->templates, mem_strdup(manifest->template));
        kinds->template_count++;
    }
    if (manifest_in_group(manifest->api_version, "constraints.gatekeeper.sh")) {
        VEC_PUSH(&kinds->constraints, mem_strdup(manifest->kind));
        kinds->constraint_count++;
    }
    if (manifest->name[0] != '\0') {
        struct guard_document document = {path, folder_of(path), manifest};
        VEC_PUSH(&kinds->documents, document);
    }
}

static struct guard_kinds *read_kinds(const struct manifests *manifests)
{
    struct guard_kinds *kinds = MEM_NEW(struct guard_kinds);
    VEC_FOREACH (const struct manifest_file, file, &manifests->files) {
        VEC_FOREACH (const struct manifest, manifest, &file->list) {
            take(kinds, file->path, manifest);
        }
    }
    guard_names_sort(&kinds->constraints);
    VEC_FOREACH (char *, template, &kinds->templates) {
        kinds->bare += (*template)[0] != '\0' && !guard_names_have(&kinds->constraints, *template);
    }
    guard_names_sort(&kinds->templates);
    if (kinds->documents.len > 1) {
        qsort(
            kinds->documents.items, kinds->documents.len, sizeof *kinds->documents.items, by_place);
    }
    return kinds;
}

const struct guard_kinds *guard_kinds(struct guard_world *world)
{
    if (world == NULL || world->manifests == NULL) {
        return NULL;
    }
    if (world->kinds == NULL) {
        world->kinds = read_kinds(world->manifests);
    }
    return world->kinds;
}

void guard_kinds_free(struct guard_kinds *kinds)
{
    if (kinds != NULL) {
        guard_names_free(&kinds->templates);
        guard_names_free(&kinds->constraints);
        VEC_FREE(&kinds->documents);
        free(kinds);
    }
}

size_t guard_kinds_same(const struct guard_kinds *kinds, const char *path,
    const struct manifest *manifest, size_t *from)
{
    const struct guard_documents *all = &kinds->documents;
    const struct guard_document wanted = {path, folder_of(path), manifest};
    size_t low = 0;
    size_t high = all->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&all->items[middle], &wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *from = low;
    while (low < all->len && compare(&all->items[low], &wanted) == 0) {
        low++;
    }
    return low;
}
