/* Growing arrays of any type: a struct with the members `items`, `len` and `cap`.
 *
 *     struct hunks { struct hunk *items; size_t len, cap; } hunks = {0};
 *     VEC_PUSH(&hunks, hunk);
 *     VEC_FOREACH (struct hunk, h, &hunks) { ... }
 *     VEC_FREE(&hunks);                        -- frees the array, not what its items own */
#ifndef BYLAW_BASE_VEC_H
#define BYLAW_BASE_VEC_H

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static inline size_t vec_next_cap(size_t cap, size_t need)
{
    size_t next = cap < 8 ? 8 : cap;
    while (next < need) {
        next += next / 2;
    }
    return next;
}

#define VEC_RESERVE(v, extra)                                                                      \
    do {                                                                                           \
        if ((v)->items == NULL || (v)->len + (extra) > (v)->cap) {                                 \
            (v)->cap = vec_next_cap((v)->cap, (v)->len + (extra));                                 \
            (v)->items = mem_realloc_array((v)->items, (v)->cap, sizeof *(v)->items);              \
        }                                                                                          \
    } while (0)

#define VEC_PUSH(v, ...)                                                                           \
    do {                                                                                           \
        VEC_RESERVE(v, 1);                                                                         \
        (v)->items[(v)->len++] = (__VA_ARGS__);                                                    \
    } while (0)

#define VEC_INSERT(v, at, ...)                                                                     \
    do {                                                                                           \
        size_t vec_at_ = (at);                                                                     \
        VEC_RESERVE(v, 1);                                                                         \
        memmove((v)->items + vec_at_ + 1, (v)->items + vec_at_,                                    \
            ((v)->len - vec_at_) * sizeof *(v)->items);                                            \
        (v)->items[vec_at_] = (__VA_ARGS__);                                                       \
        (v)->len++;                                                                                \
    } while (0)

#define VEC_REMOVE(v, at)                                                                          \
    do {                                                                                           \
        size_t vec_at_ = (at);                                                                     \
        memmove((v)->items + vec_at_, (v)->items + vec_at_ + 1,                                    \
            ((v)->len - vec_at_ - 1) * sizeof *(v)->items);                                        \
        (v)->len--;                                                                                \
    } while (0)

#define VEC_FOREACH(type, name, v)                                                                 \
    for (type *name = (v)->items; name != NULL && name != (v)->items + (v)->len; name++)

#define VEC_FREE(v)                                                                                \
    do {                                                                                           \
        free((v)->items);                                                                          \
        (v)->items = NULL;                                                                         \
        (v)->len = (v)->cap = 0;                                                                   \
    } while (0)

#endif
