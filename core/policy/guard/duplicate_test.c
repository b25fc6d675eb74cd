#include "policy/guard/guard_private.h"

static bool is_taken(const struct guard_file *file, const char *name)
{
    const struct policy_index *index = file->index;
    const char *package = file->facts->package;
    VEC_FOREACH (const struct policy_test, test, &file->facts->tests) {
        if (strcmp(test->name, name) == 0) {
            return true;
        }
    }
    size_t from = index == NULL || package == NULL ? 0 : policy_package_bound(index, package);
    size_t end = index == NULL || package == NULL || from >= index->by_package.len
                     ? from
                     : policy_package_end(index, from);
    for (; from < end; from++) {
        const struct policy_file *other = &index->files.items[index->by_package.items[from]];
        VEC_FOREACH (const struct policy_test, test, &other->facts->tests) {
            if (strcmp(test->name, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Its number among those of the name that do not follow each other: cases of one test do. */
static unsigned number_of(const struct guard_file *file, size_t i)
{
    const struct policy_test *tests = file->facts->tests.items;
    unsigned number = 0;
    for (size_t k = 0; k <= i; k++) {
        bool same = strcmp(tests[k].name, tests[i].name) == 0;
        number += same && (k == 0 || strcmp(tests[k - 1].name, tests[i].name) != 0);
    }
    return number;
}

/* Gives it a name of its own, where the name stands for nothing but this test. */
static void mend(const struct guard_file *file, struct finding *finding, TSNode node, size_t i)
{
    const char *name = file->facts->tests.items[i].name;
    unsigned number = number_of(file, i);
    char *other = mem_printf("%s_%u", name, number);
    if (number > 1 && !is_taken(file, other) &&
        str_equal_c(rego_node_text(file->text, node), name)) {
        char *title = mem_printf("call it %s", other);
        guard_mend(file, finding, ts_node_start_byte(node), ts_node_end_byte(node), other, title);
        free(title);
    }
    free(other);
}

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
            struct finding *finding = guard_find(file, node,
                "%s is the name of the test in line %u, too: one of them is "
                "overlooked in every report",
                test->name, first->row);
            mend(file, finding, node, i);
            break;
        }
    }
}

const struct guard guard_duplicate_test = {
    .id = "duplicate-test",
    .fix = "gives the second a name of its own (`test_x_2`) where they do not follow each other, "
           "which cases of one test do.",
    .languages = GUARD_REGO,
    .severity = SEVERITY_WARNING,
    .summary = "two tests of one file have the same name",
    .explanation =
        "opa runs both and calls the second `test_x#01`; who runs or reads test_x by its "
        "name sees one. Most often it is a copy whose name was forgotten.",
    .check = check,
};
