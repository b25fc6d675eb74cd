/* What the cedar files share; others use engine_cedar (engine/engine.h) and cedar_apply.h. The
 * cedar program is asked four things, each a unit of a run:
 *
 * - `validate`: a set's policies against its schema: one row, and a finding for each diagnostic. A
 *   set without a schema is only parsed (`check-parse`), which is no validation: not evaluated.
 * - `run-tests`: a file of tests: a row for each. One that expects deny and names no policy passes
 *   where no policy applies at all: a warning, not a pass. A file without tests is not evaluated.
 * - `authorize`: a request whose folder says what is expected: a row, with the policies that
 *   decided. Where the entities do not keep to the schema it is decided without: a warning. */
#ifndef BYLAW_ENGINE_CEDAR_H
#define BYLAW_ENGINE_CEDAR_H

#include "engine/cedar_parse.h"
#include "engine/cedar_set.h"
#include "engine/cedar_text.h"
#include "engine/engine.h"

enum cedar_kind { CEDAR_VALIDATE, CEDAR_PARSE, CEDAR_TESTS, CEDAR_REQUEST };

/* What a unit keeps (plan_unit.own). */
struct cedar_unit {
    enum cedar_kind kind;
    struct cedar_text {
        unsigned references;
        struct plan_words policies; /* paths */
        struct cedar_source source;
    } * text;                           /* shared by the units of a set */
    char *schema;                       /* path, or NULL */
    char *no_schema;                    /* why there is none, where that is to be said; or NULL */
    bool allow;                         /* CEDAR_REQUEST: what is expected */
    bool no_tests;                      /* CEDAR_TESTS: the row stands for a file without any */
    struct plan_words expected, reason; /* CEDAR_TESTS: of each test; a reason may be "" */
};

/* A diagnostic of cedar's as a finding: of a place in the policies or (NULL: none is known) in the
 * schema, else of the file `path`. */
struct finding cedar_finding(const struct cedar_diagnostic *diagnostic,
    const struct cedar_source *policies, const struct cedar_source *schema,
    const char *path) MUST_USE;

void cedar_extend(struct run_plan *plan, const struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count);

/* Words of a command line, for a call in the root. What cedar takes one file of is put together in
 * the cache: several files of policies, entities where a set has none. False: it could not be
 * written. */
bool cedar_push_policies(const char *root, const char *const *policies, size_t count,
    const char *links, struct plan_words *args, struct err *err) MUST_USE;
void cedar_push_schema(const char *schema, struct plan_words *args);
bool cedar_push_entities(const char *entities, struct plan_words *args, struct err *err) MUST_USE;

#endif
