#include "policy/guard/suite.h"

static bool is_empty(const struct guard_file *file, TSNode mapping, const char *key)
{
    TSNode list = yaml_get(file->text, mapping, key, NULL);
    TSNode item;
    uint32_t at = 0;
    return !yaml_next_item(list, &at, &item);
}

static void check_test(struct guard_file *file, TSNode test)
{
    bool refused = yaml_equals(file->text, yaml_get(file->text, test, "invalid", NULL), "true") ||
                   yaml_equals(file->text, yaml_get(file->text, test, "skip", NULL), "true");
    if (!refused && is_empty(file, test, "cases")) {
        guard_find(file, test,
            "the test has no cases: that the template and the constraint load is all it shows");
    }
}

static void check(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0; yaml_next_document(file->root, &at, &document);) {
        enum guard_suite kind = guard_suite_kind(file, document);
        TSNode tests = yaml_get(file->text, document, "tests", NULL);
        TSNode test;
        if (kind == SUITE_NONE || ts_node_has_error(document)) {
            continue;
        }
        if (kind == SUITE_KYVERNO && is_empty(file, document, "results") &&
            is_empty(file, document, "checks")) {
            guard_find(file, yaml_get(file->text, document, "kind", NULL),
                "the test has no results: Kyverno loads nothing and passes it");
        } else if (kind == SUITE_GATOR && is_empty(file, document, "tests")) {
            guard_find(file, yaml_get(file->text, document, "kind", NULL),
                "the suite has no tests: gator passes it");
        }
        for (uint32_t i = 0; kind == SUITE_GATOR && yaml_next_item(tests, &i, &test);) {
            check_test(file, test);
        }
    }
}

const struct guard guard_suite_empty = {
    .id = "suite-empty",
    .no_fix = "what the suite should expect, it does not say.",
    .languages = GUARD_YAML,
    .reads = GUARD_READS_OWN_FILE,
    .severity = SEVERITY_ERROR,
    .summary = "a suite of Kyverno's or gator's evaluates nothing",
    .explanation =
        "A test without results, a suite without tests, a test without cases: the engine "
        "says that it passed. A gator test that is to be "
        "refused (`invalid: true`) or skipped needs no cases.",
    .check = check,
};
