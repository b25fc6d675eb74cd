/* Kyverno's and Gatekeeper's suites as guards read them. */
#ifndef BYLAW_POLICY_GUARD_SUITE_H
#define BYLAW_POLICY_GUARD_SUITE_H

#include "policy/guard/guard_private.h"

enum guard_suite { SUITE_NONE, SUITE_KYVERNO, SUITE_GATOR };
enum guard_suite guard_suite_kind(const struct guard_file *file, TSNode document);

/* What the files that a Test of Kyverno's loads define. */
struct guard_loaded {
    bool all_policies, all_resources; /* each file it names was read: nothing else is loaded */
    struct guard_names policies;      /* names */
    struct guard_names old;           /* those of the kinds that have named rules */
    struct guard_names rules;         /* "policy/rule" of those */
    struct guard_names validating;    /* "policy/rule" that validate; of the new kinds "policy/" */
    struct guard_names resources;     /* names */
};
void guard_loaded_read(const struct guard_file *file, TSNode document, struct guard_loaded *loaded);
void guard_loaded_free(struct guard_loaded *loaded);

/* "ns/name": "name". Borrowed. */
const char *guard_base_name(const char *name);
/* "autogen-x": "x"; borrowed. */
const char *guard_rule_written(const char *rule);

#endif
