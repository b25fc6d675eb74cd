/* Files compiled into the program (Embed.cmake): a table that ends with a NULL name. The bytes are
 * followed by a NUL that `len` does not count. */
#ifndef BYLAW_EMBEDDED_H
#define BYLAW_EMBEDDED_H

#include <stddef.h>

struct embedded {
    const char *name; /* "rego/highlights.scm" */
    const char *bytes;
    size_t len;
};

/* Queries of all grammars, by "language/file.scm". */
extern const struct embedded grammar_queries[];
/* Built-in themes, by "dark.toml". */
extern const struct embedded builtin_themes[];

/* What `bylaw init` writes: "common/AGENTS.md", "kyverno/policies/…", "parts/opa/agents.md"
 * (core/starter/starter.h). */
extern const struct embedded builtin_starter[];

/* What models cost: "prices.toml" (core/model/prices.h). */
extern const struct embedded builtin_prices[];

#endif
