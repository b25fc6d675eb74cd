#include "engine/plan.h"

#include "base/vec.h"
#include "engine/engine.h"

enum {
    UNITS_FIRST = 4, /* of the first batches */
    UNITS_MAX = 16,  /* of later ones */
    FIRST_BATCHES = 4,
    FILES_MAX = 64, /* loaded by one batch, unless one unit alone has more */
    GROWTH_MAX = 6, /* files a unit may add to a batch that is already that large */
    TESTS_MAX = 400
};

void plan_unit_free(struct plan_unit *unit)
{
    free(unit->label);
    free(unit->trouble);
    free(unit->dir);
    plan_words_free(&unit->args);
    if (unit->own != NULL) {
        unit->own_free(unit->own);
    }
    VEC_FREE(&unit->files);
    VEC_FREE(&unit->tests);
}

void plan_words_free(struct plan_words *words)
{
    VEC_FOREACH (char *, word, words) {
        free(*word);
    }
    VEC_FREE(words);
}

void plan_words_push(struct plan_words *words, const char *text)
{
    VEC_PUSH(words, mem_strdup(text));
}

bool plan_words_have(const struct plan_words *words, const char *text)
{
    VEC_FOREACH (char *, word, words) {
        if (strcmp(*word, text) == 0) {
            return true;
        }
    }
    return false;
}

void plan_drop_findings(const struct run_plan *plan, struct findings *findings)
{
    bool *again = mem_zalloc(plan->files.len + 1);
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        for (size_t i = 0; unit->included && i < unit->files.len; i++) {
            again[unit->files.items[i]] = true;
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < findings->len; i++) {
        struct finding *finding = &findings->items[i];
        bool keep = plan->part && /* of files that it does not name nothing is said */
                    !(finding->file != NULL && plan_words_have(&plan->replaced, finding->file));
        size_t file = finding->file == NULL ? (size_t)-1 : plan_find_file(plan, finding->file);
        if (file != (size_t)-1) {
            keep = !again[file];
        }
        if (keep) {
            findings->items[kept++] = *finding;
        } else {
            finding_free(finding);
        }
    }
    findings->len = kept;
    free(again);
}

bool plan_is_unwanted(const struct run_plan *plan)
{
    return plan->cancel != NULL && atomic_load(plan->cancel);
}

void run_plan_free(struct run_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    VEC_FOREACH (struct plan_file, file, &plan->files) {
        free(file->path);
        free(file->load);
    }
    VEC_FOREACH (struct plan_test, test, &plan->tests) {
        free(test->suite);
        free(test->name);
    }
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        plan_unit_free(unit);
    }
    VEC_FREE(&plan->files);
    VEC_FREE(&plan->tests);
    VEC_FREE(&plan->units);
    findings_free(&plan->notes);
    plan_words_free(&plan->replaced);
    free(plan->why);
    free(plan->root);
    free(plan);
}

void batch_free(struct batch *batch)
{
    VEC_FREE(&batch->units);
    VEC_FREE(&batch->files);
}

void batches_free(struct batches *batches)
{
    VEC_FOREACH (struct batch, batch, batches) {
        batch_free(batch);
    }
    VEC_FREE(batches);
}

/* Union of two growing sets. */
static void set_merge(struct policy_set *into, const struct policy_set *other)
{
    struct policy_set merged = {0};
    size_t i = 0;
    size_t k = 0;
    while (i < into->len || k < other->len) {
        bool left = k >= other->len || (i < into->len && into->items[i] <= other->items[k]);
        size_t item = left ? into->items[i] : other->items[k];
        if (i < into->len && into->items[i] == item) {
            i++;
        }
        if (k < other->len && other->items[k] == item) {
            k++;
        }
        VEC_PUSH(&merged, item);
    }
    VEC_FREE(into);
    *into = merged;
}

static size_t set_missing(const struct policy_set *in, const struct policy_set *other)
{
    size_t missing = 0;
    size_t i = 0;
    for (size_t k = 0; k < other->len; k++) {
        while (i < in->len && in->items[i] < other->items[k]) {
            i++;
        }
        missing += i >= in->len || in->items[i] != other->items[k];
    }
    return missing;
}

void batch_add(struct batch *batch, const struct run_plan *plan, size_t unit)
{
    VEC_PUSH(&batch->units, unit);
    set_merge(&batch->files, &plan->units.items[unit].files);
    batch->tests += plan->units.items[unit].tests.len;
}

struct batch batch_of(const struct run_plan *plan, size_t unit)
{
    struct batch batch = {0};
    batch_add(&batch, plan, unit);
    return batch;
}

/* The units of one engine that are called alike can be one call. */
static bool called_alike(const struct plan_unit *a, const struct plan_unit *b)
{
    if (a->engine != b->engine || a->args.len != b->args.len) {
        return false;
    }
    for (size_t i = 0; i < a->args.len; i++) {
        if (strcmp(a->args.items[i], b->args.items[i]) != 0) {
            return false;
        }
    }
    return a->engine == NULL || strcmp(a->dir, b->dir) == 0;
}

static bool fits(const struct run_plan *plan, const struct batch *batch,
    const struct plan_unit *unit, size_t max_units)
{
    const struct plan_unit *first = &plan->units.items[batch->units.items[0]];
    if (first->alone || unit->alone || first->dialect != unit->dialect ||
        !called_alike(first, unit) || batch->units.len >= max_units ||
        batch->tests + unit->tests.len > TESTS_MAX ||
        (first->tests.len == 0) != (unit->tests.len == 0)) {
        return false;
    }
    size_t growth = set_missing(&batch->files, &unit->files);
    return batch->files.len + growth <= FILES_MAX || growth <= GROWTH_MAX;
}

void plan_exclude(struct run_plan *plan, size_t unit)
{
    plan->units.items[unit].included = false;
    VEC_FOREACH (size_t, test, &plan->units.items[unit].tests) {
        plan->included -= plan->tests.items[*test].included;
        plan->tests.items[*test].included = false;
    }
}

void plan_batches(const struct run_plan *plan, bool only_included, struct batches *out)
{
    for (size_t i = 0; i < plan->units.len; i++) {
        const struct plan_unit *unit = &plan->units.items[i];
        if (unit->trouble != NULL || (only_included && !unit->included)) {
            continue;
        }
        size_t most = unit->engine != NULL && unit->engine->units_max > 0 ? unit->engine->units_max
                                                                          : UNITS_MAX;
        size_t max_units = only_included && out->len <= FIRST_BATCHES ? UNITS_FIRST : most;
        if (out->len == 0 || !fits(plan, &out->items[out->len - 1], unit, max_units)) {
            VEC_PUSH(out, (struct batch){0});
        }
        batch_add(&out->items[out->len - 1], plan, i);
    }
}

/* opa numbers tests of one name: "test_x#01" is a "test_x". */
static bool same_name(const char *shown, const char *known)
{
    size_t len = strlen(known);
    return strncmp(shown, known, len) == 0 && (shown[len] == '\0' || shown[len] == '#');
}

size_t plan_find_test(const struct run_plan *plan, const struct result *row)
{
    size_t file = row->file == NULL ? (size_t)-1 : plan_find_file(plan, row->file);
    if (file == (size_t)-1) {
        return (size_t)-1;
    }
    size_t low = 0;
    size_t high = plan->tests.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct plan_test *test = &plan->tests.items[mid];
        if (test->file < file || (test->file == file && test->at.row < row->at.row)) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    for (size_t i = low; i < plan->tests.len; i++) {
        const struct plan_test *test = &plan->tests.items[i];
        if (test->file != file || test->at.row != row->at.row) {
            break;
        }
        if (same_name(row->name, test->name) && (row->at.col == 0 || row->at.col == test->at.col)) {
            return i;
        }
    }
    return (size_t)-1;
}
