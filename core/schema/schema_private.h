/* Inside of core/schema: reading a schema (schema.c), comparing a value with it (check.c), formats
 * (format.c). Nobody else includes it. */
#ifndef BYLAW_SCHEMA_PRIVATE_H
#define BYLAW_SCHEMA_PRIVATE_H

#include "schema/schema.h"

struct schema {
    cJSON *root;
    char *text;
    bool strict;
};

/* The schema that "#/a/b" names, or NULL. */
const cJSON *schema_resolve(const cJSON *root, const char *ref);

/* Whether the pattern is found in the text; false too when it takes too long. */
bool schema_matches(const char *pattern, const char *text);
bool schema_pattern_is_good(const char *pattern, struct err *err) MUST_USE;

bool schema_knows_format(const char *name);
/* The format is known. */
bool schema_has_format(const char *name, const char *text);

#endif
