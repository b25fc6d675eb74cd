/* Bringing a policy to another stage: the change, and what speaks for it. Blocks: from a worker. */
#ifndef BYLAW_ROLLOUT_PROMOTE_H
#define BYLAW_ROLLOUT_PROMOTE_H

#include "patch/change.h"
#include "report/report.h"
#include "rollout/history.h"
#include "rollout/violations.h"

/* [rollout] of the workspace's .bylaw/config.toml. */
struct rollout_terms {
    long long days;           /* at the present stage; 14 */
    long long max_violations; /* 0 */
    char *report;             /* where a report lies when none is named, below the root; or NULL */
};

void rollout_terms_read(const char *root, struct rollout_terms *out);
void rollout_terms_free(struct rollout_terms *terms);

enum evidence_state { EVIDENCE_NOT_KNOWN, EVIDENCE_PASS, EVIDENCE_FAIL };

/* "not known", "pass", "fail". */
const char *evidence_state_name(enum evidence_state state);

struct rollout_evidence {
    const char *what; /* static: "days", "violations", "checks" */
    enum evidence_state state;
    char *said; /* one line */
};

struct rollout_case {
    struct rollout_evidence items[3];
    size_t len;
};

/* Whether the step is one towards refusing, which needs its evidence. A step back does not. */
bool rollout_is_promotion(enum rollout_stage from, enum rollout_stage to);
/* The step after its own that its kind has; STAGE_NONE: there is none. */
enum rollout_stage rollout_next_stage(const struct rollout_policy *policy);
/* The stages it can be brought to: what makes a change, as rollout_change has it; the next one
 * first, then others towards refusing, then steps back. Returns how many; reads files. */
size_t rollout_stages_for(
    const char *root, const struct rollout_policy *policy, enum rollout_stage out[STAGE_COUNT]);

void rollout_case_days(struct rollout_case *c, const struct rollout_terms *terms,
    const struct rollout_since *since, int64_t now_s);
/* `violations` NULL: no report was given. */
void rollout_case_violations(struct rollout_case *c, const struct rollout_terms *terms,
    const struct rollout_violations *violations);
/* The first two at once, from git and the report: `report` (a path) or NULL for that of the terms.
 * False: the report cannot be read. */
bool rollout_case_gather(struct rollout_case *c, const char *root,
    const struct rollout_policy *policy, const char *report, struct err *err) MUST_USE;
/* Of the gate (gate/gate.h). NULL: it was not asked, for another piece does not pass. */
void rollout_case_checks(struct rollout_case *c, const struct report *report);
/* What is there so far passes. */
bool rollout_case_passes(const struct rollout_case *c);
/* All three are there, and pass: what is not known is no yes. */
bool rollout_case_holds(const struct rollout_case *c);
void rollout_case_free(struct rollout_case *c);

/* Appends the change that brings the policy to the stage; of a Conftest rule its new name, in all
 * files that name it. Nothing is written. */
bool rollout_change(const char *root, const struct rollout_policy *policy, enum rollout_stage stage,
    struct changes *out, struct err *err) MUST_USE;

#endif
