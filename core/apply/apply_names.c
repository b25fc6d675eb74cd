#include "apply/apply_names.h"

#include <stdlib.h>

struct apply_names {
    size_t count;  /* documents */
    size_t *of;    /* by document: a number that those of its name have */
    size_t *taken; /* by such a number: the document that took it, for now */
    size_t *when;  /* by such a number: the group in which it did */
    size_t group;
};

struct named {
    const struct apply_fixture *fixture;
    size_t place;
};

static const char *space_of(const struct apply_fixture *fixture)
{
    return fixture->space[0] == '\0' ? "default" : fixture->space;
}

static int by_name(const void *a, const void *b)
{
    const struct apply_fixture *x = ((const struct named *)a)->fixture;
    const struct apply_fixture *y = ((const struct named *)b)->fixture;
    int order = strcmp(x->object_name, y->object_name);
    order = order != 0 ? order : strcmp(x->object_kind, y->object_kind);
    return order != 0 ? order : strcmp(space_of(x), space_of(y));
}

struct apply_names *apply_names_new(const struct apply_set *set)
{
    struct apply_names *names = MEM_NEW(struct apply_names);
    struct named *sorted = mem_alloc((set->fixtures.len + 1) * sizeof *sorted);
    names->count = set->fixtures.len;
    names->of = mem_zalloc((names->count + 1) * sizeof *names->of);
    names->taken = mem_zalloc((names->count + 1) * sizeof *names->taken);
    names->when = mem_zalloc((names->count + 1) * sizeof *names->when);
    for (size_t i = 0; i < names->count; i++) {
        sorted[i] = (struct named){&set->fixtures.items[i], i};
    }
    if (names->count > 1) {
        qsort(sorted, names->count, sizeof *sorted, by_name);
    }
    size_t number = 0;
    for (size_t i = 0; i < names->count; i++) {
        number += i > 0 && by_name(&sorted[i - 1], &sorted[i]) != 0;
        names->of[sorted[i].place] = number;
    }
    free(sorted);
    return names;
}

void apply_names_free(struct apply_names *names)
{
    if (names != NULL) {
        free(names->of);
        free(names->taken);
        free(names->when);
        free(names);
    }
}

void apply_names_begin(struct apply_names *names)
{
    names->group++;
}

bool apply_names_fit(const struct apply_names *names, const size_t *fixtures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t number = names->of[fixtures[i]];
        if (names->when[number] == names->group && names->taken[number] != fixtures[i]) {
            return false;
        }
    }
    return true;
}

void apply_names_take(struct apply_names *names, const size_t *fixtures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t number = names->of[fixtures[i]];
        names->when[number] = names->group;
        names->taken[number] = fixtures[i];
    }
}
