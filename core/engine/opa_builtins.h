/* Built-in functions that opa itself does not have: programs that embed it bring their own, and
 * policies written for them do not compile without. Declared, they compile; called, they cannot be
 * evaluated, which opa says ("unsupported built-in").
 *
 *     [engines.opa]                              # in the workspace's .bylaw/config.toml
 *     builtins_of = ["trivy", "conforma"]        # programs whose functions are known here
 *
 *     [engines.opa.builtins]                     # and one's own
 *     "acme.lookup" = { args = ["string", "array[string]"], result = "object" }
 *
 * Types: any, string, number, boolean, null, object, array, set, array[TYPE], set[TYPE]. Any
 * thread; the settings are anybody's. */
#ifndef BYLAW_ENGINE_OPA_BUILTINS_H
#define BYLAW_ENGINE_OPA_BUILTINS_H

#include "base/json.h"
#include "engine/result.h"

struct opa_builtins {
    struct opa_builtin {
        char *name;
        char *args; /* types, comma separated; "" none */
        char *result;
    } * items;
    size_t len, cap;
};

/* What the settings of a folder declare; empty when they declare nothing. What is wrong with them
 * is added to `problems` (may be NULL). */
void opa_builtins_read(const char *root, struct opa_builtins *out, struct findings *problems);
void opa_builtins_free(struct opa_builtins *builtins);
/* Adds them to what `opa capabilities` prints; those that are there already stay as they are. */
bool opa_builtins_add(cJSON *capabilities, const struct opa_builtins *builtins, struct err *err);
/* Tells sets of declarations apart; 0: there are none. */
unsigned long long opa_builtins_hash(const struct opa_builtins *builtins);

/* Whose function this is, of the programs known here ("trivy"), or NULL. */
const char *opa_builtin_owner(struct str name);
/* "trivy, conforma, conftest, regal" */
const char *opa_builtin_owners(void);
/* "unsupported built-in: result.new" as a sentence that says what to do; NULL: it is another
 * message. The caller frees. */
char *opa_builtin_explain(const char *message);
/* The change of the settings that would declare what an error is about ("undefined function
 * result.new", or `with` a function that is not there; `line` is the line it stands in, or NULL).
 * NULL: it is about something else. The caller frees. */
char *opa_builtin_advise(const char *message, const char *line);

#endif
