#include "board_plan.h"

#include "base/vec.h"

struct run_plan *board_plan_make(size_t units, size_t tests, unsigned included)
{
    struct run_plan *plan = MEM_NEW(struct run_plan);
    plan->root = mem_strdup("/w");
    for (size_t u = 0; u < units; u++) {
        struct plan_file file = {.path = mem_printf("p%03zu_test.rego", u)};
        file.load = mem_strdup(file.path);
        VEC_PUSH(&plan->files, file);
        struct plan_unit unit = {.label = mem_printf("p%03zu_test", u)};
        unit.included = u >= 32 || (included >> u & 1) != 0;
        VEC_PUSH(&unit.files, u);
        for (size_t t = 0; t < tests; t++) {
            struct plan_test test = {.suite = mem_strdup(unit.label),
                .name = mem_printf("test_%zu", t),
                .file = u,
                .at = {(unsigned)t + 3, 1},
                .unit = u,
                .included = unit.included};
            VEC_PUSH(&unit.tests, plan->tests.len);
            VEC_PUSH(&plan->tests, test);
            plan->included += unit.included;
        }
        VEC_PUSH(&plan->units, unit);
    }
    return plan;
}

void board_plan_tell(struct runner_events *events, const struct run_plan *plan, size_t test,
    enum result_status status)
{
    const struct plan_test *known = &plan->tests.items[test];
    struct result row = {.engine = "opa",
        .suite = known->suite,
        .name = known->name,
        .status = status,
        .file = plan->files.items[known->file].path,
        .at = known->at};
    events->result(events->data, 1, test, &row, 1);
}

void board_plan_end(struct runner_events *events)
{
    struct run_summary summary = {0};
    events->done(events->data, 1, &summary);
    events->settled(events->data, 1);
}
