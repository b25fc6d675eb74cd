/* The board: what several runs say together, and the rows a list shows of it. */
#include "test.h"

#include "board_plan.h"
#include "engine/board.h"

#include <stdio.h>
#include <stdlib.h>

static void green_is_earned(void **state)
{
    (void)state;
    struct board *board = board_new();
    struct runner_events events = board_events(board);
    assert_int_equal(board_verdict(board), RESULT_NOT_EVALUATED);
    struct run_plan *plan = board_plan_make(2, 2, 3);
    events.planned(events.data, 1, plan);
    assert_true(board_is_running(board));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(board_verdict(board), RESULT_NOT_EVALUATED);
        board_plan_tell(&events, plan, i, RESULT_PASS);
    }
    assert_int_equal(board_verdict(board), RESULT_NOT_EVALUATED); /* not done yet */
    board_plan_end(&events);
    assert_int_equal(board_verdict(board), RESULT_PASS);
    /* Again, stopped half-way: the two that did not run are not what they were. */
    events.planned(events.data, 2, plan);
    assert_int_equal(board_tally(board).count[RESULT_PASS], 0);
    board_plan_tell(&events, plan, 0, RESULT_PASS);
    board_plan_tell(&events, plan, 1, RESULT_PASS);
    board_plan_end(&events);
    assert_int_equal(board_tally(board).count[RESULT_PASS], 2);
    assert_int_equal(board_tally(board).count[RESULT_NOT_EVALUATED], 2);
    assert_int_equal(board_verdict(board), RESULT_NOT_EVALUATED);
    run_plan_free(plan);
    board_free(board);
}

/* The folder went away: what its tests said before is no result of now. */
static void a_run_that_cannot_begin_leaves_no_green(void **state)
{
    (void)state;
    struct board *board = board_new();
    struct runner_events events = board_events(board);
    struct run_plan *plan = board_plan_make(2, 2, 3);
    events.planned(events.data, 1, plan);
    for (size_t i = 0; i < 4; i++) {
        board_plan_tell(&events, plan, i, RESULT_PASS);
    }
    board_plan_end(&events);
    assert_int_equal(board_verdict(board), RESULT_PASS);
    struct run_summary summary = {.trouble = "cannot open the folder /w"};
    events.done(events.data, 2, &summary);
    events.settled(events.data, 2);
    assert_int_equal(board_verdict(board), RESULT_NOT_EVALUATED);
    assert_int_equal(board_tally(board).count[RESULT_PASS], 0);
    assert_int_equal(board_tally(board).count[RESULT_NOT_EVALUATED], 4);
    assert_true(board_coverage_is_old(board));
    run_plan_free(plan);
    board_free(board);
}

/* 0.00 percent of nothing is no figure. */
static void coverage_of_nothing_is_not_evaluated(void **state)
{
    (void)state;
    struct board *board = board_new();
    struct runner_events events = board_events(board);
    struct run_plan *plan = board_plan_make(1, 1, 3);
    struct coverage coverage = {0};
    events.planned(events.data, 1, plan);
    board_plan_end(&events);
    events.coverage(events.data, 1, &coverage);
    assert_null(board_coverage(board));
    coverage_add(&coverage, STR_LIT("p.rego"), (struct coverage_range){1, 1, 2, 1}, false);
    coverage_finish(&coverage);
    events.coverage(events.data, 1, &coverage);
    assert_non_null(board_coverage(board));
    run_plan_free(plan);
    board_free(board);
    /* There is Rego, and no test of it. */
    board = board_new();
    events = board_events(board);
    plan = board_plan_make(0, 0, 3);
    events.planned(events.data, 1, plan);
    events.coverage(events.data, 1, &coverage);
    assert_null(board_coverage(board));
    coverage_free(&coverage);
    run_plan_free(plan);
    board_free(board);
}

static void a_part_replaces_only_that_part(void **state)
{
    (void)state;
    struct board *board = board_new();
    struct runner_events events = board_events(board);
    struct run_plan *plan = board_plan_make(2, 2, 3);
    struct finding finding = {.rule = (char[]){"x"},
        .file = (char[]){"p000_test.rego"},
        .severity = SEVERITY_ERROR,
        .at = {3, 1},
        .message = (char[]){"bad"}};
    events.planned(events.data, 1, plan);
    for (size_t i = 0; i < 4; i++) {
        board_plan_tell(&events, plan, i, i == 0 ? RESULT_FAIL : RESULT_PASS);
    }
    events.finding(events.data, 1, &finding);
    events.finding(events.data, 1, &finding);
    board_plan_end(&events);
    events.explained(events.data, 1, 0, "x == 1", "because\nof this");
    assert_int_equal(board_findings(board)->len, 1);
    assert_int_equal(board_verdict(board), RESULT_ERROR);
    assert_string_equal(board_text(board, board_at(board, 0)), "because\nof this");
    run_plan_free(plan);
    plan = board_plan_make(2, 2, 2); /* the second file only */
    events.planned(events.data, 2, plan);
    assert_int_equal(board_findings(board)->len, 1);
    assert_int_equal(board_status(board_at(board, 0)), RESULT_FAIL);
    assert_string_equal(board_text(board, board_at(board, 0)), "because\nof this");
    board_plan_tell(&events, plan, 2, RESULT_ERROR);
    board_plan_tell(&events, plan, 3, RESULT_PASS);
    board_plan_end(&events);
    struct tally tally = board_tally(board);
    assert_int_equal(tally.count[RESULT_FAIL], 1);
    assert_int_equal(tally.count[RESULT_ERROR], 1);
    assert_int_equal(tally.count[RESULT_PASS], 2);
    run_plan_free(plan);
    plan = board_plan_make(2, 2, 1); /* the first: its finding is not told again */
    events.planned(events.data, 3, plan);
    assert_int_equal(board_findings(board)->len, 0);
    board_plan_tell(&events, plan, 0, RESULT_PASS);
    board_plan_tell(&events, plan, 1, RESULT_PASS);
    board_plan_end(&events);
    assert_int_equal(board_verdict(board), RESULT_ERROR);
    assert_int_equal(board_status(board_at(board, 2)), RESULT_ERROR);
    run_plan_free(plan);
    board_free(board);
}

static void unforeseen_tests_stay(void **state)
{
    (void)state;
    struct board *board = board_new();
    struct runner_events events = board_events(board);
    struct run_plan *plan = board_plan_make(2, 1, 3);
    struct result row = {.engine = "opa",
        .suite = (char[]){"p000_test"},
        .name = (char[]){"test_0#01"},
        .status = RESULT_FAIL,
        .file = (char[]){"p000_test.rego"},
        .at = {9, 1}};
    events.planned(events.data, 1, plan);
    board_plan_tell(&events, plan, 0, RESULT_PASS);
    board_plan_tell(&events, plan, 1, RESULT_PASS);
    events.result(events.data, 1, SIZE_MAX, &row, 1);
    board_plan_end(&events);
    assert_int_equal(board_verdict(board), RESULT_FAIL);
    run_plan_free(plan);
    plan = board_plan_make(2, 1, 2);
    events.planned(events.data, 2, plan);
    board_plan_tell(&events, plan, 1, RESULT_PASS);
    board_plan_end(&events);
    assert_int_equal(board_verdict(board), RESULT_FAIL);
    run_plan_free(plan);
    plan = board_plan_make(2, 1, 1);
    events.planned(events.data, 3, plan);
    board_plan_tell(&events, plan, 0, RESULT_PASS);
    board_plan_end(&events);
    assert_int_equal(board_verdict(board), RESULT_PASS);
    run_plan_free(plan);
    board_free(board);
}

/* A plan of a part: what it does not name stays as it was told. */
static void a_plan_of_a_part_leaves_the_rest(void **state)
{
    (void)state;
    struct board *board = board_new();
    struct runner_events events = board_events(board);
    struct run_plan *plan = board_plan_make(3, 2, 7);
    struct finding finding = {.rule = (char[]){"x"},
        .file = (char[]){"p002_test.rego"},
        .severity = SEVERITY_ERROR,
        .at = {3, 1},
        .message = (char[]){"bad"}};
    events.planned(events.data, 1, plan);
    for (size_t i = 0; i < 6; i++) {
        board_plan_tell(&events, plan, i, i == 4 ? RESULT_FAIL : RESULT_PASS);
    }
    events.finding(events.data, 1, &finding);
    board_plan_end(&events);
    uint64_t id = board_at(board, 1)->id;
    run_plan_free(plan);
    plan = board_plan_make(1, 3, 1); /* the first file, where a test came */
    plan->part = true;
    events.planned_part(events.data, 2, plan);
    assert_int_equal(board_count(board), 7);
    assert_int_equal(board_findings(board)->len, 1);
    assert_int_equal(board_tree(board)->items[0].sum.pending, 3);
    assert_int_equal(board_tally(board).count[RESULT_PASS], 3);
    for (size_t i = 0; i < 3; i++) {
        board_plan_tell(&events, plan, i, RESULT_FAIL);
    }
    board_plan_end(&events);
    assert_int_equal(board_at(board, 1)->id, id);
    assert_int_equal(board_status(board_at(board, 1)), RESULT_FAIL);
    assert_int_equal(board_status(board_at(board, 4)), RESULT_FAIL);
    assert_int_equal(board_tally(board).count[RESULT_FAIL], 4);
    assert_int_equal(board_tally(board).count[RESULT_PASS], 3);
    events.planned_part(events.data, 3, plan); /* the same again: no test twice */
    assert_int_equal(board_count(board), 7);
    board_plan_end(&events);
    run_plan_free(plan);
    plan = board_plan_make(3, 2, 7); /* and the rest */
    events.planned(events.data, 3, plan);
    assert_int_equal(board_count(board), 6);
    board_plan_end(&events);
    run_plan_free(plan);
    board_free(board);
}

static void the_log_keeps_its_end(void **state)
{
    (void)state;
    struct board *board = board_new();
    for (int i = 0; i < BOARD_LOG_MAX + 5; i++) {
        char line[32];
        snprintf(line, sizeof line, "line %d", i);
        board_log(board, line);
    }
    assert_int_equal(board_log_count(board), BOARD_LOG_MAX);
    assert_string_equal(board_log_at(board, 0), "line 5");
    board_free(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(green_is_earned),
        cmocka_unit_test(a_run_that_cannot_begin_leaves_no_green),
        cmocka_unit_test(coverage_of_nothing_is_not_evaluated),
        cmocka_unit_test(a_part_replaces_only_that_part),
        cmocka_unit_test(unforeseen_tests_stay),
        cmocka_unit_test(a_plan_of_a_part_leaves_the_rest),
        cmocka_unit_test(the_log_keeps_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
