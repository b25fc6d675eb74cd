/* Gatekeeper's suites: YAML documents of the kind Suite (test.gatekeeper.sh), run by `gator
 * verify`. A file counts as one when its apiVersion is of that API group. Of a template
 * that has both CEL and Rego gator runs CEL only, so a suite with such a one is run a second time
 * with Rego: rows whose names end in GATOR_REGO. What gator's files share; others use engine_gator
 * (engine/engine.h).
 *
 * Format of `gator verify -v` as of 3.23 (pkg/gator/verify/printer_go.go): lines in the manner of
 * go test, all at the end:
 *
 *     === RUN   TEST
 *         === RUN   CASE
 *         --- FAIL: CASE	(0.004s)
 *             unexpected number of violations: …
 *     --- FAIL: TEST	(0.068s)
 *       reading ConstraintTemplate from …
 *     === SKIP  TEST
 *     FAIL	suite.yaml	0.068s
 *     FAIL
 *
 * All input here is untrusted bytes. */
#ifndef BYLAW_ENGINE_GATOR_H
#define BYLAW_ENGINE_GATOR_H

#include "engine/engine.h"

#define GATOR_REGO " (Rego)"

void gator_extend(struct run_plan *plan, const struct policy_index *index, enum run_scope scope,
    const char *const *wanted, size_t count);

/* One test, or one case of the test before which it stands. */
struct gator_outcome {
    char *test;
    char *name; /* NULL: the test itself */
    enum result_status status;
    uint64_t duration_us;
    char *message; /* or NULL */
    bool taken;
};

struct gator_report {
    struct gator_outcome *items;
    size_t len, cap;
};

void gator_parse(struct str text, struct gator_report *report);
/* It was printed to its end: the last line is the verdict on all suites, PASS or FAIL. */
bool gator_is_whole(struct str text);
void gator_report_free(struct gator_report *report);

#endif
