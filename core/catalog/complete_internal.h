/* What the files of completion share; not for others. */
#ifndef BYLAW_CATALOG_COMPLETE_INTERNAL_H
#define BYLAW_CATALOG_COMPLETE_INTERNAL_H

#include "catalog/catalog_internal.h"

struct completing {
    const struct catalog *catalog;
    uint32_t file;
    const struct policy_symbols *symbols;
    const char *path;
    size_t offset; /* of the cursor in the text */
    size_t row;
    struct str line;   /* of the cursor, up to it */
    size_t indent;     /* columns that were cut off the line: a block's in YAML */
    struct str before; /* the text up to the cursor */
    struct str typed;  /* what is written of the name */
    size_t package;    /* the definition of the module around the cursor, or SYMBOL_NONE */
    struct completions *out;
};

/* Adds a candidate whose label fits what is typed; takes insert, detail and docs over (detail and
 * docs may be NULL; insert NULL: the label). `weight` orders kinds that fit alike. */
void complete_add(struct completing *c, enum completion_kind kind, const char *label, char *insert,
    char *detail, char *docs, int weight);

/* ---- fields (complete_fields.c) ---- */

enum { FIELD_SET_MAX = 16 };

/* Fields that a reference may mean, over all kinds of documents. */
struct field_set {
    uint32_t items[FIELD_SET_MAX];
    size_t len;
    bool collection; /* of a set of them: an index takes one, and is none of the path */
};

/* The fields that the reference means where the cursor is: "input.review.object.spec", "c.image".
 */
struct field_set complete_resolve(const struct completing *c, struct str reference);
/* Adds the children of the fields. */
void complete_add_fields(struct completing *c, const struct field_set *fields);

/* complete_yaml.c */
void complete_yaml(struct completing *c);

#endif
