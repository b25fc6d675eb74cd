/* Policies that replace others: which do, and whether they decide the same. */
#include "test.h"

#include "apply/comparison.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct apply_policy policy(const char *engine, const char *name, const char *file)
{
    return (struct apply_policy){
        .engine = engine, .name = mem_strdup(name), .file = mem_strdup(file)};
}

static void by_name_or_by_file(void **state)
{
    (void)state;
    struct apply_policy items[] = {policy("kyverno", "a", "old.yaml"),
        policy("kyverno", "a", "new.yaml"), policy("kyverno", "b", "new.yaml"),
        policy("kyverno", "a", "other.yaml"), policy("opa", "a", "a.rego"),
        policy("kyverno", "b", "old.yaml")};
    struct apply_policies one = {.items = items, .len = 5};
    struct apply_policies two = {.items = items, .len = 6};
    struct apply_pairing named = {"old.yaml", "new.yaml"};
    struct apply_pairing any = {"old.yaml", NULL};
    static const bool wanted_named[] = {true, true, true, false, false};
    static const bool wanted_any[] = {true, true, false, true, false};
    for (size_t i = 0; i < one.len; i++) {
        assert_int_equal(apply_pairing_wants(&named, &one, i), wanted_named[i]);
        assert_int_equal(apply_pairing_wants(&any, &one, i), wanted_any[i]);
    }
    assert_true(apply_pairing_replaces(&named, &one, 1, 0));
    assert_true(apply_pairing_replaces(&named, &one, 2, 0)); /* it was the only one */
    assert_false(apply_pairing_replaces(&named, &two, 2, 0));
    assert_true(apply_pairing_replaces(&named, &two, 2, 5));
    assert_false(apply_pairing_replaces(&any, &one, 2, 0));
    assert_false(apply_pairing_replaces(&any, &one, 4, 0));
    assert_false(apply_pairing_replaces(&any, &one, 0, 3)); /* the other way round */
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        apply_policy_free(&items[i]);
    }
}

static enum apply_difference between(
    enum apply_verdict a, const char *makes_a, enum apply_verdict b, const char *makes_b)
{
    struct apply_cell older = {.verdict = a, .detail = mem_strdup(makes_a)};
    struct apply_cell newer = {.verdict = b, .detail = mem_strdup(makes_b)};
    enum apply_difference difference = apply_difference_of(&older, &newer);
    struct apply_cell back_older = newer;
    assert_int_equal(apply_difference_of(&back_older, &older), difference);
    apply_cell_free(&older);
    apply_cell_free(&newer);
    return difference;
}

/* Each pair of verdicts, both ways round: never "same" unless both evaluated it. */
static void of_two_verdicts(void **state)
{
    (void)state;
    for (int i = APPLY_NO_MATCH; i < APPLY_VERDICTS; i++) {
        for (int k = APPLY_NO_MATCH; k < APPLY_VERDICTS; k++) {
            enum apply_difference expected =
                i == APPLY_ERROR || k == APPLY_ERROR         ? APPLY_UNDECIDED
                : (i < APPLY_ALLOW) != (k < APPLY_ALLOW)     ? APPLY_ONE_SIDED
                : i == APPLY_NO_MATCH && k == APPLY_NO_MATCH ? APPLY_NEITHER
                : i < APPLY_ALLOW                            ? APPLY_UNDECIDED
                : i == k                                     ? APPLY_SAME
                                                             : APPLY_DIFFERS;
            assert_int_equal(
                between((enum apply_verdict)i, NULL, (enum apply_verdict)k, NULL), expected);
        }
    }
    assert_int_equal(between(APPLY_MUTATE, "a: 1", APPLY_MUTATE, "a: 1"), APPLY_SAME);
    assert_int_equal(between(APPLY_MUTATE, "a: 1", APPLY_MUTATE, "a: 2"), APPLY_DIFFERS);
    assert_int_equal(between(APPLY_GENERATE, "a: 1", APPLY_GENERATE, NULL), APPLY_DIFFERS);
    assert_int_equal(between(APPLY_DENY, "trace", APPLY_DENY, NULL), APPLY_SAME);
}

static void several_are_one(void **state)
{
    (void)state;
    struct apply_cell joined = {0};
    char no[] = "no";
    char text[] = "a: 1";
    struct apply_cell deny = {.verdict = APPLY_DENY, .message = no};
    struct apply_cell mutate = {.verdict = APPLY_MUTATE, .detail = text};
    apply_cell_join(&joined, &mutate);
    apply_cell_join(&joined, &deny);
    apply_cell_join(&joined, &mutate);
    assert_int_equal(joined.verdict, APPLY_DENY);
    assert_string_equal(joined.message, "no");
    assert_string_equal(joined.detail, "a: 1\na: 1");
    apply_cell_free(&joined);
}

/* [policy][document] */
static const enum apply_verdict decided[3][6] = {
    {APPLY_DENY, APPLY_DENY, APPLY_NO_MATCH, APPLY_DENY, APPLY_ALLOW, APPLY_ERROR},
    {APPLY_DENY, APPLY_ALLOW, APPLY_NO_MATCH, APPLY_NO_MATCH, APPLY_ALLOW, APPLY_ALLOW},
    {APPLY_NO_MATCH, APPLY_MUTATE, APPLY_NO_MATCH, APPLY_NO_MATCH, APPLY_WAITING, APPLY_ALLOW}};
static struct apply_cell cells[3][6];

static const struct apply_cell *cell_of(const void *data, size_t policy, size_t fixture)
{
    (void)data;
    return policy == 1 && decided[1][fixture] == APPLY_NO_MATCH ? NULL : &cells[policy][fixture];
}

/* Those that differ come first, each kind in the order given; what waits is none of them. */
static void documents_that_differ_come_first(void **state)
{
    static const size_t newer[] = {1, 2};
    static const size_t fixtures[] = {0, 1, 2, 3, 4, 5};
    static const size_t order[] = {1, 3, 5, 4, 0, 2};
    static const enum apply_difference kinds[] = {
        APPLY_DIFFERS, APPLY_ONE_SIDED, APPLY_UNDECIDED, APPLY_PENDING, APPLY_SAME, APPLY_NEITHER};
    struct comparison_cells from = {.cell = cell_of};
    struct comparison made;
    (void)state;
    for (size_t p = 0; p < 3; p++) {
        for (size_t f = 0; f < 6; f++) {
            cells[p][f] = (struct apply_cell){.verdict = decided[p][f]};
        }
    }
    comparison_make(&from, 0, newer, ARRAY_LEN(newer), fixtures, ARRAY_LEN(fixtures), &made);
    assert_int_equal(made.rows.len, ARRAY_LEN(order));
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        assert_int_equal(made.rows.items[i].fixture, order[i]);
        assert_int_equal(made.rows.items[i].difference, kinds[i]);
        assert_int_equal(comparison_row_differs(&made.rows.items[i]), i < 3);
        assert_int_equal(made.counts[kinds[i]], 1);
    }
    assert_int_equal(made.rows.items[0].newer.verdict, APPLY_MUTATE);
    comparison_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_name_or_by_file),
        cmocka_unit_test(of_two_verdicts), cmocka_unit_test(several_are_one),
        cmocka_unit_test(documents_that_differ_come_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
