/* The part of a plan that a change can reach, made from the index without a look at the rest. */
#include "engine/opa_plan.h"

#include "base/vec.h"
#include "policy/dependents.h"

#include <stdlib.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(a, *(char *const *)b);
}

static bool is_apart(const struct plan_words *apart, const char *path)
{
    return apart->len > 0 &&
           bsearch(path, apart->items, apart->len, sizeof *apart->items, by_text) != NULL;
}

static bool has(const struct policy_set *set, size_t item)
{
    VEC_FOREACH (size_t, own, set) {
        if (*own == item) {
            return true;
        }
    }
    return false;
}

/* Where no closure can be another than before, one without a changed file is not reached. */
static bool is_reached(
    const struct opa_planner *p, const struct plan_unit *unit, const struct policy_moves *moves)
{
    VEC_FOREACH (const struct policy_move, move, moves) {
        size_t place = policy_index_find(p->index, move->path);
        if (move->reshaped || (place != (size_t)-1 && has(&unit->files, place))) {
            return true;
        }
    }
    return false;
}

static const struct policy_file *ordered(const struct opa_planner *p, size_t i)
{
    return &p->index->files.items[p->index->by_package.items[i]];
}

/* The package at [from, to) of by_package; one whose tests another engine runs is left alone. */
static void add_package(struct opa_planner *p, size_t from, size_t to,
    const struct policy_moves *moves, const struct plan_words *apart)
{
    for (size_t i = from; i < to; i++) {
        if (is_apart(apart, ordered(p, i)->path)) {
            return;
        }
    }
    size_t units = p->plan->units.len;
    size_t tests = p->plan->tests.len;
    opa_planner_package(p, from, to);
    size_t kept = units;
    for (size_t i = units; i < p->plan->units.len; i++) {
        struct plan_unit unit = p->plan->units.items[i];
        bool reached = is_reached(p, &unit, moves);
        size_t test = tests;
        for (size_t t = tests; t < p->plan->tests.len; t++) {
            struct plan_test *own = &p->plan->tests.items[t];
            if (own->unit == i && !reached) {
                free(own->suite);
                free(own->name);
                continue;
            }
            own->unit = own->unit == i ? kept : own->unit;
            p->plan->tests.items[test++] = *own;
        }
        p->plan->tests.len = test;
        if (reached) {
            p->plan->units.items[kept++] = unit;
        } else {
            plan_unit_free(&unit);
        }
    }
    p->plan->units.len = kept;
}

/* The packages of these files, each once, in the order of by_package. */
static void add_packages(struct opa_planner *p, const struct policy_set *files,
    const struct policy_moves *moves, const struct plan_words *apart)
{
    struct policy_set packages = {0}; /* where they begin */
    VEC_FOREACH (size_t, place, files) {
        const struct policy_facts *facts = p->index->files.items[*place].facts;
        if (facts != NULL && facts->package != NULL) {
            VEC_PUSH(&packages, policy_package_bound(p->index, facts->package));
        }
    }
    policy_set_sort(&packages, 0);
    for (size_t i = 0; i < packages.len && !opa_planner_is_cancelled(p); i++) {
        size_t from = packages.items[i];
        if (i == 0 || from != packages.items[i - 1]) {
            add_package(p, from, policy_package_end(p->index, from), moves, apart);
        }
    }
    VEC_FREE(&packages);
}

/* A changed policy that no test needs is loaded all the same. */
static void add_untested(struct opa_planner *p, const struct policy_moves *moves)
{
    VEC_FOREACH (const struct policy_move, move, moves) {
        size_t place = policy_index_find(p->index, move->path);
        bool checked = place == (size_t)-1 || p->index->files.items[place].kind != POLICY_REGO;
        for (size_t i = 0; i < p->plan->units.len && !checked; i++) {
            checked = has(&p->plan->units.items[i].files, place);
        }
        if (!checked) {
            struct policy_set seeds = {0};
            VEC_PUSH(&seeds, place);
            opa_planner_unit(p, &seeds);
            VEC_FREE(&seeds);
        }
    }
}

struct ranked {
    struct plan_unit unit;
    size_t from;
};

/* What needs least first: it answers soonest, and most likely it is what the change is about. */
static int by_size(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    bool checked = x->unit.tests.len == 0;
    if (checked != (y->unit.tests.len == 0)) {
        return checked ? 1 : -1;
    }
    if (x->unit.files.len != y->unit.files.len) {
        return x->unit.files.len < y->unit.files.len ? -1 : 1;
    }
    return x->from < y->from ? -1 : x->from > y->from;
}

static void rank_units(struct run_plan *plan)
{
    struct ranked *ranked = mem_alloc((plan->units.len + 1) * sizeof *ranked);
    size_t *to = mem_alloc((plan->units.len + 1) * sizeof *to);
    for (size_t i = 0; i < plan->units.len; i++) {
        ranked[i] = (struct ranked){plan->units.items[i], i};
    }
    qsort(ranked, plan->units.len, sizeof *ranked, by_size);
    for (size_t i = 0; i < plan->units.len; i++) {
        plan->units.items[i] = ranked[i].unit;
        to[ranked[i].from] = i;
    }
    VEC_FOREACH (struct plan_test, test, &plan->tests) {
        test->unit = to[test->unit];
    }
    free(ranked);
    free(to);
}

/* Leaves only the files that are in a unit. */
static void drop_files(struct opa_planner *p)
{
    struct run_plan *plan = p->plan;
    bool *used = mem_zalloc(plan->files.len + 1);
    size_t *to = mem_alloc((plan->files.len + 1) * sizeof *to); /* only of those that are used */
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        VEC_FOREACH (size_t, place, &unit->files) {
            used[*place] = true;
        }
    }
    VEC_FOREACH (struct plan_test, test, &plan->tests) {
        used[test->file] = true;
    }
    policy_set_sort(&p->filled, 0);
    size_t kept = 0;
    VEC_FOREACH (size_t, place, &p->filled) {
        struct plan_file file = plan->files.items[*place];
        to[*place] = kept;
        if (used[*place]) {
            plan->files.items[kept++] = file;
        } else {
            free(file.path);
            free(file.load);
        }
    }
    plan->files.len = kept;
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        VEC_FOREACH (size_t, place, &unit->files) {
            *place = to[*place];
        }
    }
    VEC_FOREACH (struct plan_test, test, &plan->tests) {
        test->file = to[test->file];
    }
    free(used);
    free(to);
}

static void include_all(struct run_plan *plan)
{
    plan_sort_tests(plan);
    for (size_t i = 0; i < plan->tests.len; i++) {
        plan->tests.items[i].included = true;
        VEC_PUSH(&plan->units.items[plan->tests.items[i].unit].tests, i);
    }
    VEC_FOREACH (struct plan_unit, unit, &plan->units) {
        unit->included = true;
    }
    plan->included = plan->tests.len;
}

static void name_replaced(struct run_plan *plan, const struct policy_moves *moves)
{
    VEC_FOREACH (const struct policy_move, move, moves) {
        VEC_PUSH(&plan->replaced, mem_strdup(move->path));
    }
    for (size_t i = 0; i < plan->tests.len; i++) {
        size_t file = plan->tests.items[i].file;
        if (i == 0 || plan->tests.items[i - 1].file != file) {
            VEC_PUSH(&plan->replaced, mem_strdup(plan->files.items[file].path));
        }
    }
}

static void say_why(struct opa_planner *p, const struct policy_moves *moves, const char *broad)
{
    struct run_plan *plan = p->plan;
    bool all = plan->tests.len > 0 && plan->tests.len == p->index->tests;
    struct buf why = BUF_INIT;
    if (all) {
        buf_printf(&why, "all %zu tests", plan->tests.len);
    } else {
        buf_printf(&why, "%zu of %zu tests", plan->tests.len, p->index->tests);
    }
    buf_printf(
        &why, " can reach %s", moves->len == 0 ? "nothing that changed" : moves->items[0].path);
    if (moves->len > 1) {
        buf_printf(&why, " and %zu more", moves->len - 1);
    }
    if (broad != NULL && plan->tests.len > 0) {
        buf_printf(&why, ": dynamic references in %s", broad);
    }
    plan->why = buf_take(&why);
}

struct run_plan *opa_plan_affected(struct policy_index *index, const struct policy_moves *moves,
    const struct plan_words *apart, const atomic_bool *cancel)
{
    struct opa_planner p = {.index = index, .scope = RUN_AFFECTED, .cancel = cancel};
    struct policy_set files = {0};
    const char *broad = NULL;
    opa_planner_begin(&p);
    p.plan->part = true;
    policy_dependents(index, moves, &files, &broad);
    add_packages(&p, &files, moves, apart);
    add_untested(&p, moves);
    VEC_FREE(&files);
    if (opa_planner_is_cancelled(&p)) {
        opa_planner_end(&p);
        run_plan_free(p.plan);
        return NULL;
    }
    say_why(&p, moves, broad);
    drop_files(&p);
    opa_planner_end(&p);
    include_all(p.plan);
    rank_units(p.plan);
    name_replaced(p.plan, moves);
    return p.plan;
}
