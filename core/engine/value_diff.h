/* Two values side by side, compared by what they are and not by how they are written: JSON, YAML or
 * a term as OPA prints it (sets too). The order of an object's keys and of a set's elements does
 * not count; parts that are equal take one line. Text that is none of these is compared line by
 * line. Bounded whatever comes; any thread. */
#ifndef BYLAW_ENGINE_VALUE_DIFF_H
#define BYLAW_ENGINE_VALUE_DIFF_H

#include "base/str.h"

enum value_diff_kind {
    VALUE_SAME,    /* left and right the same */
    VALUE_CHANGED, /* both are there */
    VALUE_LEFT,    /* only left */
    VALUE_RIGHT
};

struct value_diff_row {
    enum value_diff_kind kind;
    unsigned depth;
    char *left, *right; /* "name: \"web\""; NULL: nothing on that side. Safe to show, one line */
};

struct value_diff {
    struct value_diff_row *items;
    size_t len, cap;
    bool equal; /* they say the same */
    bool cut;   /* there is more than VALUE_DIFF_ROWS_MAX */
};

enum { VALUE_DIFF_ROWS_MAX = 300, VALUE_TEXT_MAX = 4000 };

void value_diff_make(struct str left, struct str right, struct value_diff *out);
void value_diff_free(struct value_diff *diff);

#endif
