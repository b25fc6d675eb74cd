/* A value as a tree: JSON, YAML, or a term as OPA prints it. For value_diff.c. Any thread. */
#ifndef BYLAW_ENGINE_VALUE_TREE_H
#define BYLAW_ENGINE_VALUE_TREE_H

#include "base/str.h"

#include <stdint.h>

enum value_kind { VALUE_SCALAR, VALUE_ARRAY, VALUE_OBJECT, VALUE_SET };

struct value {
    enum value_kind kind;
    char *key;  /* of a member of an object, as it is shown; else NULL */
    char *text; /* SCALAR, as it is shown: strings with their quotes */
    struct values {
        struct value *items;
        size_t len, cap;
    } children;
    uint64_t hash; /* the same for equal values; without the key */
};

enum { VALUE_NODES_MAX = 50000, VALUE_DEPTH_MAX = 60, VALUE_BYTES_MAX = 1 << 20 };

/* False: it is no such value, or too large; then nothing is to be freed. */
bool value_read(struct str text, struct value *value) MUST_USE;
void value_free(struct value *value);
/* Appends it on one line, at most about `max` bytes, "…" where it goes on. */
void value_append(const struct value *value, size_t max, struct buf *out);

#endif
