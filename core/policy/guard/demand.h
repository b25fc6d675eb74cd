/* What rules want of objects, so far as it can be said in one line: for finding two that no object
 * can satisfy. Gathered file by file while a folder is checked, compared at its end. */
#ifndef BYLAW_POLICY_GUARD_DEMAND_H
#define BYLAW_POLICY_GUARD_DEMAND_H

#include "policy/guard/guard_private.h"

enum demand_kind {
    DEMAND_PRESENT,  /* the field must be there */
    DEMAND_ABSENT,   /* it must not */
    DEMAND_EQUALS,   /* it must have the value */
    DEMAND_IF_THERE, /* the same where it is there */
    DEMAND_DIFFERS   /* it must not have the value */
};

struct demand {
    char *subject; /* what it is about: one of the kinds of a Kyverno rule; the other conditions of
                      a rule of Rego, one a line, in order */
    char *field;   /* "spec/hostNetwork", "input.spec.x" */
    enum demand_kind kind;
    char *value; /* DEMAND_EQUALS and below */
    char *path, *name;
    struct position at;
};

struct guard_demands {
    struct demand *items;
    size_t len, cap;
};

void guard_demands_free(struct guard_demands *demands);
/* demand_rego.c: appends. */
void guard_demands_of_rego(struct guard_file *file, struct guard_demands *out);

#endif
