/* Strings as small numbers, counted: a name lives as long as somebody holds it. One thread at a
 * time. */
#ifndef BYLAW_POLICY_NAMES_H
#define BYLAW_POLICY_NAMES_H

#include "base/str.h"

#include <stdint.h>

#define NAME_NONE UINT32_MAX

struct names {
    struct name_entry {
        char *text; /* NULL: free */
        uint32_t references;
        uint32_t next; /* in its bucket, or of the free ones */
        uint64_t hash;
    } * items;
    size_t len, cap; /* numbers given out so far, free ones included */
    uint32_t *buckets;
    size_t bucket_count;
    uint32_t free_head; /* NAME_NONE when none is free; set by the first names_hold */
    size_t used;
};

void names_free(struct names *names);
/* The number of `text`, new or known, with one more reference. */
uint32_t names_hold(struct names *names, struct str text);
/* NAME_NONE when it is not known. */
uint32_t names_find(const struct names *names, struct str text);
void names_release(struct names *names, uint32_t name);

static inline const char *names_text(const struct names *names, uint32_t name)
{
    return names->items[name].text;
}

#endif
