#include "apply/apply_pairs.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static bool stands_in(const struct apply_policy *policy, const char *file)
{
    return policy->file != NULL && strcmp(policy->file, file) == 0;
}

static bool is_named_alike(const struct apply_policy *a, const struct apply_policy *b)
{
    return strcmp(a->engine, b->engine) == 0 && strcmp(a->name, b->name) == 0;
}

bool apply_pairing_is_old(const struct apply_pairing *pairing, const struct apply_policy *policy)
{
    return stands_in(policy, pairing->old_file);
}

bool apply_pairing_wants(const void *data, const struct apply_policies *found, size_t policy)
{
    const struct apply_pairing *pairing = data;
    const struct apply_policy *asked = &found->items[policy];
    if (apply_pairing_is_old(pairing, asked)) {
        return true;
    }
    if (pairing->new_file != NULL) {
        return stands_in(asked, pairing->new_file);
    }
    for (size_t i = 0; i < found->len; i++) {
        const struct apply_policy *other = &found->items[i];
        if (apply_pairing_is_old(pairing, other) && is_named_alike(asked, other)) {
            return true;
        }
    }
    return false;
}

bool apply_pairing_replaces(const struct apply_pairing *pairing,
    const struct apply_policies *policies, size_t newer, size_t older)
{
    const struct apply_policy *n = &policies->items[newer];
    const struct apply_policy *o = &policies->items[older];
    size_t olds = 0;
    for (size_t i = 0; i < policies->len; i++) {
        olds += apply_pairing_is_old(pairing, &policies->items[i]);
    }
    if (apply_pairing_is_old(pairing, n) || !apply_pairing_is_old(pairing, o)) {
        return false;
    }
    return is_named_alike(n, o) || (pairing->new_file != NULL && olds == 1);
}

/* ---- one document ---- */

const char *apply_difference_name(enum apply_difference difference)
{
    static const char *const names[APPLY_DIFFERENCES] = {
        "neither", "same", "differs", "one-sided", "undecided", "waiting"};
    return names[difference];
}

static bool is_evaluated(const struct apply_cell *cell)
{
    return cell->verdict >= APPLY_ALLOW;
}

static bool makes_the_same(const struct apply_cell *a, const struct apply_cell *b)
{
    bool makes = a->verdict == APPLY_MUTATE || a->verdict == APPLY_GENERATE;
    return !makes ||
           strcmp(a->detail == NULL ? "" : a->detail, b->detail == NULL ? "" : b->detail) == 0;
}

enum apply_difference apply_difference_of(
    const struct apply_cell *older, const struct apply_cell *newer)
{
    if (older->verdict == APPLY_ERROR || newer->verdict == APPLY_ERROR) {
        return APPLY_UNDECIDED;
    }
    if (is_evaluated(older) != is_evaluated(newer)) {
        return APPLY_ONE_SIDED;
    }
    if (!is_evaluated(older)) {
        bool neither = older->verdict == APPLY_NO_MATCH && newer->verdict == APPLY_NO_MATCH;
        return neither ? APPLY_NEITHER : APPLY_UNDECIDED;
    }
    bool same = older->verdict == newer->verdict && makes_the_same(older, newer);
    return same ? APPLY_SAME : APPLY_DIFFERS;
}

void apply_cell_join(struct apply_cell *cell, const struct apply_cell *more)
{
    apply_cell_add(cell, more->verdict, mem_strdup(more->message));
    if (more->detail != NULL) {
        char *detail = mem_printf("%s%s%s", cell->detail == NULL ? "" : cell->detail,
            cell->detail == NULL ? "" : "\n", more->detail);
        free(cell->detail);
        cell->detail = detail;
    }
}
