#include "facts.h"

#include "base/vec.h"

#include <stdio.h>

void facts_add(struct facts *facts, unsigned row, unsigned col, const char *kind, struct str text)
{
    struct fact fact = {row, col, kind, text.ptr == NULL ? NULL : str_dup(text)};
    VEC_PUSH(facts, fact);
}

void facts_free(struct facts *facts)
{
    VEC_FOREACH (struct fact, fact, facts) {
        free(fact->text);
    }
    VEC_FREE(facts);
}

static int compare(const void *left, const void *right)
{
    const struct fact *a = left, *b = right;
    if (a->row != b->row) {
        return a->row < b->row ? -1 : 1;
    }
    if (a->col != b->col) {
        return a->col < b->col ? -1 : 1;
    }
    int order = strcmp(a->kind, b->kind);
    if (order != 0) {
        return order;
    }
    return strcmp(a->text == NULL ? "" : a->text, b->text == NULL ? "" : b->text);
}

static void show(const char *mark, const char *name, const struct fact *fact)
{
    printf("%s %s:%u:%u %s %.80s\n", mark, name, fact->row, fact->col, fact->kind,
        fact->text == NULL ? "" : fact->text);
}

size_t facts_compare(struct facts *opa, struct facts *ours, const char *name, size_t limit)
{
    if (opa->len > 0) {
        qsort(opa->items, opa->len, sizeof *opa->items, compare);
    }
    if (ours->len > 0) {
        qsort(ours->items, ours->len, sizeof *ours->items, compare);
    }
    size_t i = 0, j = 0, different = 0;
    while (i < opa->len || j < ours->len) {
        int order = i == opa->len    ? 1
                    : j == ours->len ? -1
                                     : compare(&opa->items[i], &ours->items[j]);
        if (order != 0 && different++ < limit) {
            show(order < 0 ? "-" : "+", name, order < 0 ? &opa->items[i] : &ours->items[j]);
        }
        i += order <= 0;
        j += order >= 0;
    }
    return different;
}
