/* What the opa planners share; not for others. */
#ifndef BYLAW_ENGINE_OPA_PLAN_H
#define BYLAW_ENGINE_OPA_PLAN_H

#include "engine/opa.h"
#include "engine/rego_version.h"

struct opa_planner {
    struct policy_index *index;
    struct run_plan *plan; /* its files have the places of the index's */
    enum run_scope scope;
    const char *const *wanted;
    size_t wanted_count;
    const atomic_bool *cancel;
    bool *checked;            /* by file: in some unit already */
    struct policy_set filled; /* files that are not empty, in no order */
    struct rego_versions *versions;
};

/* Makes `plan`, `checked` and `versions` of a planner that has its index; the plan's files are
 * empty yet. All but the plan goes with opa_planner_end. */
void opa_planner_begin(struct opa_planner *p);
void opa_planner_end(struct opa_planner *p);
bool opa_planner_is_cancelled(const struct opa_planner *p);
/* Fills a file in, unless it is. */
void opa_planner_file(struct opa_planner *p, size_t place);
/* Makes the unit of the seeds (files of one package), which is told of no tests yet. */
size_t opa_planner_unit(struct opa_planner *p, const struct policy_set *seeds);
/* Units of one package (the files [from, to) of by_package), with their tests: one for each folder
 * where it is split, else one. None where it has no test. */
void opa_planner_package(struct opa_planner *p, size_t from, size_t to);

#endif
