/* The apply view's matrix: random plans and cells of both sides against a simple model, and what
 * filters leave. */
#include "test.h"

#include "apply/matrix.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>

enum { POLICIES = 6, FIXTURES = 7 };

/* What a person would write down: by side, who is there, and what was decided. */
struct model {
    bool planned[MATRIX_SIDES];
    bool policy[MATRIX_SIDES][POLICIES], fixture[MATRIX_SIDES][FIXTURES];
    enum apply_verdict verdict[MATRIX_SIDES][POLICIES][FIXTURES];
};

struct table {
    struct matrix *matrix;
    struct model model;
    /* Of the set last planned for the side, in its order. */
    size_t policies[MATRIX_SIDES][POLICIES], fixtures[MATRIX_SIDES][FIXTURES];
    size_t policy_count[MATRIX_SIDES], fixture_count[MATRIX_SIDES];
};

static unsigned next(unsigned *seed, unsigned below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

static size_t shuffle(unsigned *seed, bool *there, size_t count, size_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        there[i] = next(seed, 4) > 0;
        if (there[i]) {
            out[len++] = i;
        }
    }
    for (size_t i = len; i > 1; i--) {
        size_t k = next(seed, (unsigned)i);
        size_t kept = out[i - 1];
        out[i - 1] = out[k];
        out[k] = kept;
    }
    return len;
}

static void plan(struct table *t, unsigned *seed, enum matrix_side side)
{
    struct apply_set *set = MEM_NEW(struct apply_set);
    struct model *m = &t->model;
    t->policy_count[side] = shuffle(seed, m->policy[side], POLICIES, t->policies[side]);
    t->fixture_count[side] = shuffle(seed, m->fixture[side], FIXTURES, t->fixtures[side]);
    for (size_t i = 0; i < t->policy_count[side]; i++) {
        size_t number = t->policies[side][i];
        VEC_PUSH(&set->policies, (struct apply_policy){.engine = number % 2 == 0 ? "opa" : "gator",
                                     .id = mem_printf("p%zu", number),
                                     .name = mem_printf("policy.%zu", number)});
    }
    for (size_t i = 0; i < t->fixture_count[side]; i++) {
        size_t number = t->fixtures[side][i];
        VEC_PUSH(&set->fixtures, (struct apply_fixture){.id = mem_printf("f%zu", number),
                                     .name = mem_printf("fixture-%zu", number),
                                     .file = mem_printf("testdata/%zu.yaml", number)});
    }
    matrix_plan(t->matrix, side, set);
    apply_set_free(set);
    m->planned[side] = true;
    memset(m->verdict[side], 0, sizeof m->verdict[side]);
}

static void set_cell(struct table *t, unsigned *seed, enum matrix_side side)
{
    if (t->policy_count[side] == 0 || t->fixture_count[side] == 0 || !t->model.planned[side]) {
        return;
    }
    size_t p = next(seed, (unsigned)t->policy_count[side]);
    size_t f = next(seed, (unsigned)t->fixture_count[side]);
    enum apply_verdict verdict = (enum apply_verdict)(1 + next(seed, APPLY_VERDICTS - 1));
    struct apply_cell cell = {.verdict = verdict, .message = mem_printf("says %d", (int)verdict)};
    matrix_set(t->matrix, side, p, f, &cell);
    assert_null(cell.message); /* taken */
    t->model.verdict[side][t->policies[side][p]][t->fixtures[side][f]] = verdict;
}

static bool is_on(const struct model *m, int side, size_t p, size_t f)
{
    return m->planned[side] && m->policy[side][p] && m->fixture[side][f];
}

static bool model_changed(const struct model *m, size_t p, size_t f)
{
    bool now = is_on(m, MATRIX_NOW, p, f);
    bool proposed = is_on(m, MATRIX_PROPOSED, p, f);
    enum apply_verdict a = now ? m->verdict[MATRIX_NOW][p][f] : APPLY_ALLOW;
    enum apply_verdict b = proposed ? m->verdict[MATRIX_PROPOSED][p][f] : APPLY_ALLOW;
    if (!m->planned[0] || !m->planned[1] || a == APPLY_WAITING || b == APPLY_WAITING) {
        return false;
    }
    if (now && proposed) {
        return a != b;
    }
    return (now && a > APPLY_ALLOW) || (proposed && b > APPLY_ALLOW);
}

static size_t number_of(const struct matrix_head *head)
{
    return (size_t)strtoul(head->id + 1, NULL, 10);
}

static void check(struct table *t)
{
    const struct model *m = &t->model;
    size_t changed = 0;
    size_t policies = 0;
    size_t fixtures = 0;
    for (size_t p = 0; p < POLICIES; p++) {
        policies += (m->planned[0] && m->policy[0][p]) || (m->planned[1] && m->policy[1][p]);
    }
    for (size_t f = 0; f < FIXTURES; f++) {
        fixtures += (m->planned[0] && m->fixture[0][f]) || (m->planned[1] && m->fixture[1][f]);
    }
    assert_int_equal(matrix_policies(t->matrix), policies);
    assert_int_equal(matrix_fixtures(t->matrix), fixtures);
    for (size_t i = 0; i < matrix_policies(t->matrix); i++) {
        for (size_t k = 0; k < matrix_fixtures(t->matrix); k++) {
            size_t p = number_of(matrix_policy(t->matrix, i));
            size_t f = number_of(matrix_fixture(t->matrix, k));
            for (int side = 0; side < MATRIX_SIDES; side++) {
                const struct apply_cell *cell =
                    matrix_cell(t->matrix, (enum matrix_side)side, i, k);
                assert_int_equal(cell != NULL, is_on(m, side, p, f));
                if (cell != NULL) {
                    assert_int_equal(cell->verdict, m->verdict[side][p][f]);
                }
            }
            assert_int_equal(matrix_changed(t->matrix, i, k), model_changed(m, p, f));
            changed += model_changed(m, p, f);
        }
    }
    assert_int_equal(matrix_count(t->matrix).changed, changed);
}

/* What is shown is what the model would show: each row and column with a wanted cell, in order. */
static void check_shown(struct table *t, enum matrix_only only)
{
    matrix_show(t->matrix, only, STR_LIT(""));
    size_t rows = 0;
    for (size_t f = 0; f < matrix_fixtures(t->matrix); f++) {
        bool wanted = only == MATRIX_ALL;
        for (size_t p = 0; p < matrix_policies(t->matrix) && !wanted; p++) {
            const struct apply_cell *cell = matrix_shown(t->matrix, p, f);
            wanted = only == MATRIX_CHANGED ? matrix_changed(t->matrix, p, f)
                                            : cell != NULL && cell->verdict >= APPLY_DENY;
        }
        if (wanted) {
            assert_true(rows < matrix_rows(t->matrix));
            assert_int_equal(matrix_row(t->matrix, rows), f);
            rows++;
        }
    }
    assert_int_equal(matrix_rows(t->matrix), rows);
}

static void random_sides_are_as_the_model(void **state)
{
    (void)state;
    for (unsigned run = 1; run <= 60; run++) {
        unsigned seed = run;
        struct table t = {.matrix = matrix_new()};
        for (int step = 0; step < 60; step++) {
            enum matrix_side side = (enum matrix_side)next(&seed, 2);
            unsigned what = next(&seed, 20);
            if (what == 0) {
                plan(&t, &seed, side);
            } else if (what == 1) {
                matrix_drop(t.matrix, side);
                t.model.planned[side] = false;
                t.policy_count[side] = t.fixture_count[side] = 0;
            } else {
                set_cell(&t, &seed, side);
            }
            check(&t);
            check_shown(&t, (enum matrix_only)next(&seed, 3));
        }
        matrix_free(t.matrix);
    }
}

static void words_narrow_what_has_them(void **state)
{
    (void)state;
    unsigned seed = 7;
    struct table t = {.matrix = matrix_new()};
    while (matrix_policies(t.matrix) < POLICIES || matrix_fixtures(t.matrix) < FIXTURES) {
        plan(&t, &seed, MATRIX_NOW);
    }
    matrix_show(t.matrix, MATRIX_ALL, STR_LIT("POLICY.3"));
    assert_int_equal(matrix_columns(t.matrix), 1);
    assert_int_equal(matrix_rows(t.matrix), FIXTURES);
    matrix_show(t.matrix, MATRIX_ALL, STR_LIT(" fixture-2   policy.3 "));
    assert_int_equal(matrix_columns(t.matrix), 1);
    assert_int_equal(matrix_rows(t.matrix), 1);
    assert_string_equal(matrix_fixture(t.matrix, matrix_row(t.matrix, 0))->id, "f2");
    matrix_show(t.matrix, MATRIX_ALL, STR_LIT("nothing-is-called-so"));
    assert_int_equal(matrix_rows(t.matrix), 0);
    matrix_free(t.matrix);
}

static void the_worse_verdict_wins(void **state)
{
    (void)state;
    struct apply_cell cell = {0};
    apply_cell_add(&cell, APPLY_ALLOW, NULL);
    apply_cell_add(&cell, APPLY_WARN, mem_strdup("look"));
    apply_cell_add(&cell, APPLY_ALLOW, NULL);
    assert_int_equal(cell.verdict, APPLY_WARN);
    assert_string_equal(cell.message, "look");
    apply_cell_add(&cell, APPLY_DENY, mem_strdup("no"));
    assert_int_equal(cell.verdict, APPLY_DENY);
    assert_string_equal(cell.message, "no\nlook");
    apply_cell_free(&cell);
    apply_cell_add(&cell, APPLY_EXCEPTED, mem_strdup("excused"));
    apply_cell_add(&cell, APPLY_DENY, mem_strdup("no"));
    assert_string_equal(cell.message, "no");
    apply_cell_free(&cell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_sides_are_as_the_model),
        cmocka_unit_test(words_narrow_what_has_them),
        cmocka_unit_test(the_worse_verdict_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
