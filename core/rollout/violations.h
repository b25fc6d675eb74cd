/* How often a policy is violated, as a report from a cluster or from bylaw says. Read are
 *
 *   PolicyReport and ClusterPolicyReport of wgpolicyk8s.io and openreports.io: results with `fail`,
 *   `warn` and `error` of the policy;
 *   Gatekeeper's constraints with their status (kubectl get constraints -o yaml):
 *   status.totalViolations;
 *   lists of these, in YAML (many documents) or JSON;
 *   bylaw's own report (--report json): rows that fail or warn about the policy's file.
 *
 * A policy that the report does not speak of is not known, and not free of violations. Untrusted
 * text. Any thread. */
#ifndef BYLAW_ROLLOUT_VIOLATIONS_H
#define BYLAW_ROLLOUT_VIOLATIONS_H

#include "rollout/stages.h"

struct rollout_violations {
    bool known;
    size_t count;
    char *taken; /* when, as the report says it; or NULL */
    char *why;   /* why it is not known, or NULL */
};

#define ROLLOUT_REPORT_MAX_BYTES ((size_t)64 << 20)

/* False: it is no report that is read here (err). */
bool rollout_violations_read(struct str text, const struct rollout_policy *policy,
    struct rollout_violations *out, struct err *err) MUST_USE;
void rollout_violations_free(struct rollout_violations *violations);

#endif
