/* A run without an engine: a plan, and what a runner would tell of it. */
#ifndef BYLAW_TESTS_BOARD_PLAN_H
#define BYLAW_TESTS_BOARD_PLAN_H

#include "engine/runner.h"

/* A plan of one file a unit ("p000_test.rego"), `tests` tests in each; included as the mask says
 * (by unit; all from the 32nd on). Free with run_plan_free. */
struct run_plan *board_plan_make(size_t units, size_t tests, unsigned included);
/* The result of a test, by its place in the plan. */
void board_plan_tell(struct runner_events *events, const struct run_plan *plan, size_t test,
    enum result_status status);
void board_plan_end(struct runner_events *events);

#endif
