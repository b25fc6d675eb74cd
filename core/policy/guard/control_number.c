#include "policy/guard/guard_private.h"

#include "control/controls.h"
#include "control/framework.h"
#include "policy/symbols.h"

#include <stdlib.h>

const struct controls *guard_controls(struct guard_world *world)
{
    if (world->controls == NULL) {
        const struct controls_wish wish = {.root = world->index->root};
        struct err err;
        world->controls = MEM_NEW(struct controls);
        world->has_matrix = controls_open(&wish, world->controls, &err);
        if (!world->has_matrix) {
            world->controls->benchmark = benchmark_builtin();
        }
    }
    return world->controls;
}

/* The policy names no framework, or one that the matrix has: a number that is not in it is none. */
static bool is_matrix_framework(const struct controls *controls, const char *framework)
{
    if (!framework_is_named(str_of(framework))) {
        return true;
    }
    VEC_FOREACH (const struct requirement, r, &controls->list) {
        if (r->framework[0] != '\0' &&
            framework_relate(str_of(framework), str_of(""), str_of(r->framework),
                str_of(r->version)) == FRAMEWORK_SAME) {
            return true;
        }
    }
    return false;
}

static void judge(struct guard_file *file, const struct policy_symbols *symbols,
    const struct symbol_control *control)
{
    const struct controls *controls = guard_controls(file->world);
    if (control->source == CONTROL_NAME) {
        return; /* nobody said that it is one */
    }
    struct position at = {control->row + 1, 1};
    struct buf why = BUF_INIT;
    const struct requirement *is = NULL;
    if (file->world->has_matrix &&
        requirements_find(&controls->list, str_of(control->id)) != NULL) {
        return;
    }
    enum benchmark_judgement judgement =
        benchmark_judge_id(controls->benchmark, str_of(control->framework), str_of(control->id),
            str_of(symbols->definitions.items[control->definition].name), &is);
    if (judgement != BENCHMARK_OTHER) {
        benchmark_explain(
            controls->benchmark, judgement, control->id, control->framework, is, &why);
    }
    if (why.len > 0) {
        guard_find_at(file, at, at, "%s", why.ptr);
    } else if (judgement == BENCHMARK_FOREIGN && file->world->has_matrix &&
               is_matrix_framework(controls, control->framework)) {
        guard_find_at(file, at, at, "the workspace's requirements have no control %s", control->id);
    }
    buf_free(&why);
}

/* Rego names its controls in the `custom` of METADATA blocks: where the words are not, nothing has
 * to be read. */
static bool may_name_controls(struct str text)
{
    size_t block = str_find(text, STR_LIT("METADATA"), 0);
    return block != SIZE_MAX && str_find(text, STR_LIT("custom"), block) != SIZE_MAX;
}

static void check(struct guard_file *file)
{
    if (file->world == NULL || (file->is_rego && !may_name_controls(file->text))) {
        return;
    }
    struct policy_symbols *symbols = policy_symbols_parse(file->path, file->text);
    VEC_FOREACH (const struct symbol_control, control, &symbols->controls) {
        if (control->definition < symbols->definitions.len) {
            judge(file, symbols, control);
        }
    }
    policy_symbols_release(symbols);
}

const struct guard guard_control_number = {
    .id = "control-number",
    .no_fix = "which control is meant stands in the benchmark, not here.",
    .languages = GUARD_REGO | GUARD_YAML,
    .severity = SEVERITY_WARNING,
    .summary = "a control number that is unknown, or of another version",
    .explanation =
        "What a policy says it implements (METADATA's `custom`, annotations) is looked up in the "
        "workspace's requirements (the setting `requirements`, or requirements.csv) and in the "
        "CIS Kubernetes Benchmark 1.9, whose numbers are compiled in. Numbers move between "
        "versions of a benchmark: one of another version may mean another control. Frameworks that "
        "neither knows are left alone.",
    .check = check,
};
