#include "policy/dependents.h"

#include "base/vec.h"
#include "policy/index_internal.h"

#include <stdlib.h>

struct search {
    struct policy_index *index;
    bool *in;                /* by place */
    struct policy_set found; /* where it is set, in no order */
    struct policy_set queue; /* first file of each package that was entered, in by_package */
    const char *broad;
};

/* ---- who refers to what ---- */

static int by_ref(const void *a, const void *b)
{
    const struct policy_edge *x = a;
    const struct policy_edge *y = b;
    int order = strcmp(x->ref, y->ref);
    return order != 0 ? order : strcmp(x->path, y->path);
}

/* The first edge that is not before `ref`. */
static size_t edge_bound(const struct policy_index *index, const char *ref)
{
    size_t low = 0;
    size_t high = index->referrers.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(index->referrers.items[mid].ref, ref) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

void policy_dependents_prepare(struct policy_index *index)
{
    if (index->has_referrers) {
        return;
    }
    index->has_referrers = true;
    index->referrers.len = 0;
    VEC_FOREACH (const struct policy_file, file, &index->files) {
        for (size_t i = 0; file->facts != NULL && i < file->facts->refs.len; i++) {
            VEC_PUSH(&index->referrers,
                (struct policy_edge){file->facts->refs.items[i].path, file->path});
        }
    }
    if (index->referrers.len > 0) {
        qsort(index->referrers.items, index->referrers.len, sizeof *index->referrers.items, by_ref);
    }
}

void policy_referrers_drop(struct policy_index *index, const struct policy_file *file)
{
    size_t kept = 0;
    for (size_t i = 0; i < index->referrers.len; i++) {
        if (index->referrers.items[i].path != file->path) {
            index->referrers.items[kept++] = index->referrers.items[i];
        }
    }
    index->referrers.len = kept;
}

void policy_referrers_add(struct policy_index *index, const struct policy_file *file)
{
    if (!index->has_referrers || file->facts == NULL) {
        return;
    }
    VEC_FOREACH (struct policy_ref, ref, &file->facts->refs) {
        struct policy_edge edge = {ref->path, file->path};
        size_t at = edge_bound(index, edge.ref);
        while (at < index->referrers.len && by_ref(&index->referrers.items[at], &edge) < 0) {
            at++;
        }
        VEC_INSERT(&index->referrers, at, edge);
    }
}

/* ---- the search ---- */

static const struct policy_file *at_order(const struct policy_index *index, size_t i)
{
    return &index->files.items[index->by_package.items[i]];
}

static void enter(struct search *search, size_t place)
{
    if (!search->in[place]) {
        search->in[place] = true;
        VEC_PUSH(&search->found, place);
    }
}

/* All files of a package are loaded together. */
static void enter_package(struct search *search, const char *package)
{
    struct policy_index *index = search->index;
    size_t from = policy_package_bound(index, package);
    for (size_t i = from;
         i < index->by_package.len && strcmp(at_order(index, i)->facts->package, package) == 0;
         i++) {
        size_t place = index->by_package.items[i];
        if (i == from && !search->in[place]) {
            VEC_PUSH(&search->queue, from);
        }
        enter(search, place);
    }
}

static void enter_referrer(struct search *search, const struct policy_edge *edge, bool broad)
{
    size_t place = policy_index_find(search->index, edge->path);
    const struct policy_file *file = &search->index->files.items[place];
    if (broad && search->broad == NULL) {
        search->broad = file->path;
    }
    if (file->facts != NULL && file->facts->package != NULL) {
        enter_package(search, file->facts->package);
    } else {
        enter(search, place);
    }
}

/* Those whose reference lies at or below `name`, or leads to it. */
static void enter_referrers(struct search *search, const char *name)
{
    const struct policy_edges *edges = &search->index->referrers;
    for (size_t i = edge_bound(search->index, name);
         i < edges->len && strncmp(edges->items[i].ref, name, strlen(name)) == 0; i++) {
        if (policy_path_below(edges->items[i].ref, name)) {
            enter_referrer(search, &edges->items[i], false);
        }
    }
    char *above = mem_strdup(name);
    while (above[0] != '\0') {
        char *slash = strrchr(above, '/');
        *(slash == NULL ? above : slash) = '\0';
        for (size_t i = edge_bound(search->index, above);
             i < edges->len && strcmp(edges->items[i].ref, above) == 0; i++) {
            enter_referrer(search, &edges->items[i], true);
        }
    }
    free(above);
}

static void enter_move(struct search *search, const struct policy_move *move)
{
    size_t place = policy_index_find(search->index, move->path);
    const struct policy_file *file =
        place == (size_t)-1 ? NULL : &search->index->files.items[place];
    const char *now = file == NULL || file->facts == NULL ? NULL : file->facts->package;
    if (file != NULL && file->kind == POLICY_REGO && now == NULL) {
        enter(search, place);
    }
    if (now != NULL) {
        enter_package(search, now);
    }
    if (move->package != NULL && (now == NULL || strcmp(now, move->package) != 0)) {
        enter_package(search, move->package);
        enter_referrers(search, move->package);
    }
    if (move->mount != NULL) {
        enter_referrers(search, move->mount);
    }
}

void policy_dependents(struct policy_index *index, const struct policy_moves *moves,
    struct policy_set *files, const char **broad)
{
    struct search search = {.index = index, .in = mem_zalloc(index->files.len + 1)};
    policy_dependents_prepare(index);
    VEC_FOREACH (const struct policy_move, move, moves) {
        enter_move(&search, move);
    }
    for (size_t i = 0; i < search.queue.len; i++) {
        char *package = mem_strdup(at_order(index, search.queue.items[i])->facts->package);
        enter_referrers(&search, package);
        free(package);
    }
    size_t before = files->len;
    VEC_FOREACH (size_t, place, &search.found) {
        if (index->files.items[*place].kind == POLICY_REGO) {
            VEC_PUSH(files, *place);
        }
    }
    policy_set_sort(files, before);
    VEC_FREE(&search.found);
    *broad = search.broad;
    VEC_FREE(&search.queue);
    free(search.in);
}
