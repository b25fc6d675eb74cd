#include "policy/guard/guard_private.h"

static void check(struct guard_file *file)
{
    for (size_t i = 1; i < file->facts->tests.len; i++) {
        const struct policy_test *test = &file->facts->tests.items[i];
        for (size_t k = 0; k < i; k++) {
            const struct policy_test *first = &file->facts->tests.items[k];
            /* Cases of one test (`test_x["a"]`, `test_x[note] if`) follow each other. */
            if (strcmp(test->name, first->name) != 0 || k + 1 == i) {
                continue;
            }
            TSPoint at = {test->row - 1, test->col - 1};
            TSNode node = ts_node_descendant_for_point_range(file->root, at, at);
            guard_find(file, node,
                "%s is the name of the test in line %u, too: one of them is "
                "overlooked in every report",
                test->name, first->row);
            break;
        }
    }
}

const struct guard guard_duplicate_test = {
    .id = "duplicate-test",
    .languages = GUARD_REGO,
    .severity = SEVERITY_WARNING,
    .summary = "two tests of one file have the same name",
    .explanation =
        "opa runs both and calls the second `test_x#01`; who runs or reads test_x by its "
        "name sees one. Most often it is a copy whose name was forgotten.",
    .check = check,
};
