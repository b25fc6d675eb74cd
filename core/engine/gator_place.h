/* ConstraintTemplates as gator sees them, and where in their YAML its errors stand: gator counts
 * rows from the first line of the embedded Rego ("template:2: rego_parse_error: …", a library:
 * `libs["lib_0"]:2: …`). The YAML is untrusted. Any thread. */
#ifndef BYLAW_ENGINE_GATOR_PLACE_H
#define BYLAW_ENGINE_GATOR_PLACE_H

#include "engine/result.h"

struct gator_template {
    char *name;  /* metadata.name */
    char *makes; /* the kind of its constraints */
    bool cel, rego;
    struct position at;      /* of its first key */
    struct position rego_at; /* of the policy's first line; row 0: no Rego */
};

struct gator_templates {
    struct gator_template *items;
    size_t len, cap;
};

/* Appends those of a YAML stream. */
void gator_templates_read(struct str yaml, struct gator_templates *out);
void gator_templates_free(struct gator_templates *templates);

/* Where the first place that `message` names stands in the YAML: of the template `name` (NULL: the
 * first). Row 0: it names none, or none that is in a literal block. */
struct position gator_error_place(struct str yaml, const char *name, const char *message);
/* The message as one line, each "template:2" in it said as "FILE:38". The caller frees. */
char *gator_error_say(
    struct str yaml, const char *file, const char *name, const char *message) MUST_USE;

#endif
