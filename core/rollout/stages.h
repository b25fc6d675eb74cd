/* How far each policy is rolled out: whether what it denies is only recorded, warned of, or
 * refused. Read from the policy's own text:
 *
 *   Gatekeeper  spec.enforcementAction of a constraint (dryrun, warn, deny; without it deny), and
 *               with `scoped` each of spec.scopedEnforcementActions;
 *   Kyverno     a rule's validate.failureAction and verifyImages[].failureAction, else the policy's
 *               spec.validationFailureAction (Audit, Enforce; without either Audit), with their
 *               …Overrides; of the newer kinds spec.validationActions (Audit, Warn, Deny; without
 *               it Deny), as of a ValidatingAdmissionPolicyBinding;
 *   Conftest    rules named warn…, and deny… or violation….
 *
 * Any thread. The texts are untrusted. */
#ifndef BYLAW_ROLLOUT_STAGES_H
#define BYLAW_ROLLOUT_STAGES_H

#include "base/err.h"
#include "base/str.h"

enum rollout_stage {
    STAGE_NONE,    /* it refuses nothing: it mutates, generates, cleans up */
    STAGE_AUDIT,   /* recorded only: dryrun, Audit */
    STAGE_WARN,    /* the user is warned */
    STAGE_ENFORCE, /* refused: deny, Enforce */
    STAGE_MIXED,   /* not the same everywhere: see `note` */
    STAGE_COUNT
};

enum rollout_engine { ROLLOUT_GATEKEEPER, ROLLOUT_KYVERNO, ROLLOUT_KUBERNETES, ROLLOUT_CONFTEST };

struct rollout_policy {
    enum rollout_engine engine;
    char *kind;   /* "K8sRequiredLabels", "ClusterPolicy"; of Conftest the package, "main" */
    char *name;   /* its own; of Conftest the rule's */
    char *space;  /* its namespace, or "" */
    char *file;   /* below the root */
    unsigned row; /* of the document or rule, from 1 */
    enum rollout_stage stage;
    char *word; /* as it is written: "dryrun", "Audit, Enforce in prod-*", "deny (by default)" */
};

struct rollout {
    struct rollout_policy *items; /* by file, then row */
    size_t len, cap;
};

/* "audit", "warn", "enforce", "mixed", "none". */
const char *rollout_stage_name(enum rollout_stage stage);
/* Takes also the engines' own words (dryrun, Audit, deny, Enforce, …). False: none of them. */
bool rollout_stage_find(struct str word, enum rollout_stage *stage);
const char *rollout_engine_name(enum rollout_engine engine);

void rollout_free(struct rollout *rollout);
/* Appends the policies of one text. `conftest`: a Rego file is Conftest's. */
void rollout_read(const char *path, struct str text, bool conftest, struct rollout *out);
/* All of a folder. */
bool rollout_find(const char *root, struct rollout *out, struct err *err) MUST_USE;
/* The one of these that is meant: by "KIND/NAME", "NAME", or "FILE" where that has one. NULL: none,
 * or several (err says which). */
const struct rollout_policy *rollout_named(
    const struct rollout *rollout, const char *name, struct err *err);

/* Appends the text with the policy at another stage and nothing else changed. ERR_INVALID: it has
 * no such stage, or it cannot be written there. Not for Conftest, where a rule is renamed. */
bool rollout_set(struct str text, const struct rollout_policy *policy, enum rollout_stage stage,
    struct buf *out, struct err *err) MUST_USE;

#endif
