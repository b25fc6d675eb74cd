/* The functions that the engine has, as `opa capabilities --current` tells them (opa 1.22: names,
 * declarations, descriptions). Read once for each engine binary and kept in the cache folder. */
#ifndef BYLAW_CATALOG_BUILTINS_H
#define BYLAW_CATALOG_BUILTINS_H

#include "base/err.h"
#include "base/str.h"

struct builtin {
    char *name;      /* "io.jwt.decode" */
    char *signature; /* "startswith(search: string, base: string) -> boolean" */
    char *docs;      /* Markdown: what it does, arguments, result; safe to show */
    char *arguments; /* "search, base" */
};

struct builtins {
    struct builtin *items; /* by name; operators and internal ones are left out */
    size_t len, cap;
};

/* Reads a capabilities document (untrusted). Any thread. The caller frees. */
struct builtins *builtins_parse(struct str json, struct err *err) MUST_USE;
void builtins_free(struct builtins *builtins);
/* NULL when there is none (also of a NULL list). */
const struct builtin *builtins_find(const struct builtins *builtins, struct str name);

#endif
