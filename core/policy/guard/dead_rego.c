#include "policy/guard/guard_private.h"

static TSNode engine_of(struct guard_file *file, TSNode code, const char *name)
{
    TSNode entry;
    for (uint32_t at = 0; yaml_next_item(code, &at, &entry);) {
        TSNode engine = yaml_get(file->text, entry, "engine", NULL);
        if (yaml_equals(file->text, engine, name)) {
            return engine;
        }
    }
    return (TSNode){0};
}

static void check_target(struct guard_file *file, TSNode target)
{
    TSNode key = {0};
    TSNode code = yaml_get(file->text, target, "code", NULL);
    TSNode legacy = yaml_get(file->text, target, "rego", &key);
    TSNode rego = ts_node_is_null(legacy) ? engine_of(file, code, "Rego") : key;
    if (!ts_node_is_null(rego) && !ts_node_is_null(engine_of(file, code, "K8sNativeValidation"))) {
        guard_find(file, rego,
            "Gatekeeper runs the CEL of this template, not this Rego: what tests say of the Rego "
            "is "
            "not what is enforced, and it is not evaluated unless CEL is switched off");
    }
}

static void check(struct guard_file *file)
{
    TSNode document;
    for (uint32_t at = 0; yaml_next_document(file->root, &at, &document);) {
        if (yaml_equals(
                file->text, yaml_get(file->text, document, "kind", NULL), "ConstraintTemplate")) {
            TSNode targets = yaml_get_path(file->text, document, "spec/targets");
            TSNode target;
            for (uint32_t i = 0; yaml_next_item(targets, &i, &target);) {
                check_target(file, target);
            }
        }
    }
}

const struct guard guard_dead_rego = {
    .id = "dead-rego",
    .no_fix = "which of the two languages is to go is a decision.",
    .languages = GUARD_YAML,
    .reads = GUARD_READS_OWN_FILE,
    .severity = SEVERITY_NOTE,
    .summary = "Rego of a ConstraintTemplate that has CEL too",
    .explanation = "Where a template has both, Gatekeeper and gator run K8sNativeValidation only, "
                   "without falling back: a mistake in the Rego is seen by nobody. A suite of such "
                   "a template is run with each here, and where they differ it is a finding.",
    .check = check,
};
