#include "check/problems.h"

#include "base/vec.h"

#include <stdlib.h>

struct owned {
    char *owner;
    struct finding finding;
};

struct problems {
    struct {
        struct owned *items;
        size_t len, cap;
    } all;
    struct findings shown; /* of all; its fields are borrowed from there */
    bool stale;
    uint64_t version;
};

struct problems *problems_new(void)
{
    return MEM_NEW(struct problems);
}

static void owned_free(struct owned *owned)
{
    free(owned->owner);
    finding_free(&owned->finding);
}

void problems_free(struct problems *problems)
{
    if (problems == NULL) {
        return;
    }
    VEC_FOREACH (struct owned, owned, &problems->all) {
        owned_free(owned);
    }
    VEC_FREE(&problems->all);
    VEC_FREE(&problems->shown);
    free(problems);
}

static bool is_about(const struct finding *finding, const char *const *paths, size_t count)
{
    for (size_t i = 0; paths != NULL && i < count && finding->file != NULL; i++) {
        if (strcmp(finding->file, paths[i]) == 0) {
            return true;
        }
    }
    return finding->file == NULL || paths == NULL;
}

void problems_set(struct problems *problems, const char *owner, const char *const *paths,
    size_t path_count, const struct findings *findings)
{
    size_t kept = 0;
    for (size_t i = 0; i < problems->all.len; i++) {
        struct owned *owned = &problems->all.items[i];
        if (strcmp(owned->owner, owner) == 0 && is_about(&owned->finding, paths, path_count)) {
            owned_free(owned);
        } else {
            problems->all.items[kept++] = *owned;
        }
    }
    problems->all.len = kept;
    VEC_FOREACH (const struct finding, finding, findings) {
        struct owned owned = {mem_strdup(owner), finding_copy(finding)};
        if (owned.finding.source == NULL) {
            owned.finding.source = mem_strdup(owner);
        }
        VEC_PUSH(&problems->all, owned);
    }
    problems->stale = true;
    problems->version++;
}

uint64_t problems_version(const struct problems *problems)
{
    return problems->version;
}

static const char *file_of(const struct finding *finding)
{
    return finding->file == NULL ? "" : finding->file;
}

static bool is_said_by(const struct finding *finding, const char *other_file, unsigned row)
{
    return finding->at.row == row && strcmp(file_of(finding), other_file) == 0;
}

/* A source that names no end, or only a line, may mean the same place as one that does. */
static bool may_be_same(struct position a, struct position b)
{
    return a.row == 0 || b.row == 0 ||
           (a.row == b.row && (a.col == b.col || a.col == 0 || b.col == 0));
}

static bool is_same(const struct finding *a, const struct finding *b)
{
    size_t line = strcspn(a->message, "\n");
    return may_be_same(a->at, b->at) && may_be_same(a->end, b->end) &&
           strncmp(a->message, b->message, line) == 0 && strcspn(b->message, "\n") == line;
}

/* What one of the others says better, or first. */
static bool is_repeated(const struct problems *problems, size_t index)
{
    const struct owned *own = &problems->all.items[index];
    const struct finding *finding = &own->finding;
    bool syntax = strcmp(own->owner, "syntax") == 0;
    for (size_t i = 0; i < problems->all.len; i++) {
        const struct owned *other = &problems->all.items[i];
        if (i == index || !is_said_by(&other->finding, file_of(finding), finding->at.row)) {
            continue;
        }
        bool better = syntax &&
                      (strcmp(other->owner, "opa") == 0 || strcmp(other->owner, "tests") == 0) &&
                      other->finding.severity == SEVERITY_ERROR;
        if (better || (i < index && is_same(&other->finding, finding))) {
            return true;
        }
    }
    return false;
}

static enum severity worst_of(const struct findings *findings, const char *file)
{
    enum severity worst = SEVERITY_NOTE;
    VEC_FOREACH (const struct finding, finding, findings) {
        if (strcmp(file_of(finding), file) == 0 && finding->severity > worst) {
            worst = finding->severity;
        }
    }
    return worst;
}

static int by_weight(const void *a, const void *b, void *data)
{
    const struct finding *x = a;
    const struct finding *y = b;
    int order = strcmp(file_of(x), file_of(y));
    if (order != 0) {
        enum severity of_x = worst_of(data, file_of(x));
        enum severity of_y = worst_of(data, file_of(y));
        return of_x != of_y ? (of_x > of_y ? -1 : 1) : order;
    }
    if (x->severity != y->severity) {
        return x->severity > y->severity ? -1 : 1;
    }
    if (x->at.row != y->at.row) {
        return x->at.row < y->at.row ? -1 : 1;
    }
    return x->at.col < y->at.col ? -1 : x->at.col > y->at.col;
}

const struct findings *problems_all(struct problems *problems)
{
    if (!problems->stale) {
        return &problems->shown;
    }
    problems->stale = false;
    problems->shown.len = 0;
    for (size_t i = 0; i < problems->all.len; i++) {
        if (!is_repeated(problems, i)) {
            VEC_PUSH(&problems->shown, problems->all.items[i].finding);
        }
    }
    if (problems->shown.len > 1) {
        struct findings before = {
            mem_dup(problems->shown.items, problems->shown.len * sizeof *problems->shown.items),
            problems->shown.len, problems->shown.len};
        qsort_r(problems->shown.items, problems->shown.len, sizeof *problems->shown.items,
            by_weight, &before);
        VEC_FREE(&before);
    }
    return &problems->shown;
}

/* ---- the next one ---- */

static int by_position(struct position a, struct position b)
{
    return a.row != b.row ? (a.row < b.row ? -1 : 1) : a.col < b.col ? -1 : a.col > b.col;
}

/* Of the findings [from, to) the nearest one past `at` in the direction of step; at NULL: the first
 * in that direction. */
static size_t nearest(
    const struct findings *all, size_t from, size_t to, const struct position *at, int step)
{
    size_t best = SIZE_MAX;
    for (size_t i = from; i < to; i++) {
        struct position place = all->items[i].at;
        bool is_past = at == NULL || by_position(place, *at) * step > 0;
        if (is_past && (best == SIZE_MAX || by_position(place, all->items[best].at) * step < 0)) {
            best = i;
        }
    }
    return best;
}

/* The end of the file's group that begins at `from`. */
static size_t group_end(const struct findings *all, size_t from)
{
    size_t to = from;
    while (to < all->len && strcmp(file_of(&all->items[to]), file_of(&all->items[from])) == 0) {
        to++;
    }
    return to;
}

size_t problems_beside(const struct findings *all, const char *path, struct position at, int step)
{
    size_t from = 0;
    if (all->len == 0) {
        return SIZE_MAX;
    }
    while (path != NULL && from < all->len && strcmp(file_of(&all->items[from]), path) != 0) {
        from++;
    }
    bool is_there = path != NULL && from < all->len;
    size_t to = is_there ? group_end(all, from) : 0;
    size_t found = is_there ? nearest(all, from, to, &at, step) : SIZE_MAX;
    if (found != SIZE_MAX) {
        return found;
    }
    if (step > 0) {
        from = is_there && to < all->len ? to : 0;
        to = group_end(all, from);
    } else {
        to = is_there && from > 0 ? from : all->len;
        for (from = to - 1; from > 0 && group_end(all, from - 1) == to; from--) {
        }
    }
    return nearest(all, from, to, NULL, step);
}

struct problem_counts problems_count(struct problems *problems)
{
    struct problem_counts counts = {{0}};
    const struct findings *all = problems_all(problems);
    VEC_FOREACH (const struct finding, finding, all) {
        counts.count[finding->severity]++;
    }
    return counts;
}

const struct finding *problems_fix_at(struct problems *problems, const char *path, unsigned row)
{
    const struct findings *all = problems_all(problems);
    VEC_FOREACH (const struct finding, finding, all) {
        if (finding->edit.from.row > 0 && is_said_by(finding, path, row)) {
            return finding;
        }
    }
    return NULL;
}
