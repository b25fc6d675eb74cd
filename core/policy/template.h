/* The Rego inside Gatekeeper ConstraintTemplates (templates.gatekeeper.sh): for each target the
 * policy's source and its libraries, as Gatekeeper loads them. `rego` and `libs` of a target are
 * v0; a `code` entry of the engine Rego is v0 unless its source says `version: v1`.
 * https://open-policy-agent.github.io/gatekeeper/website/docs/constrainttemplates */
#ifndef BYLAW_POLICY_TEMPLATE_H
#define BYLAW_POLICY_TEMPLATE_H

#include "syntax/syntax.h"

struct template_source {
    struct buf text;
    struct syntax_injection injection; /* where it stands; range_count 0: not a literal block, its
                                          places cannot be told */
};

struct template_policy {
    bool v1;
    struct {
        struct template_source *items; /* the first is the policy, the others are libraries */
        size_t len, cap;
    } sources;
};

struct template_policies {
    struct template_policy *items;
    size_t len, cap;
};

/* Appends those of a YAML stream. Any thread. */
void template_policies_read(struct str text, struct template_policies *out);
void template_policies_free(struct template_policies *policies);

#endif
