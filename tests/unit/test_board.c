/* The board: what several runs say together, and the rows a list shows of it. */
#include "test.h"

#include "base/vec.h"
#include "engine/board.h"

#include <stdio.h>
#include <stdlib.h>

/* A plan of one file a unit, `tests` tests in each; included as the mask says (by unit). */
static struct run_plan *make_plan(size_t units, size_t tests, unsigned included)
{
    struct run_plan *plan = MEM_NEW(struct run_plan);
    plan->root = mem_strdup("/w");
    for (size_t u = 0; u < units; u++) {
        struct plan_file file = {.path = mem_printf("p%03zu_test.rego", u)};
        file.load = mem_strdup(file.path);
        VEC_PUSH(&plan->files, file);
        struct plan_unit unit = {.label = mem_printf("p%03zu_test", u)};
        unit.included = u >= 32 || (included >> u & 1) != 0;
        VEC_PUSH(&unit.files, u);
        for (size_t t = 0; t < tests; t++) {
            struct plan_test test = {.suite = mem_strdup(unit.label),
                .name = mem_printf("test_%zu", t),
                .file = u,
                .at = {(unsigned)t + 3, 1},
                .unit = u,
                .included = unit.included};
            VEC_PUSH(&unit.tests, plan->tests.len);
            VEC_PUSH(&plan->tests, test);
            plan->included += unit.included;
        }
        VEC_PUSH(&plan->units, unit);
    }
    return plan;
}

static void tell(struct runner_events *events, const struct run_plan *plan, size_t test,
    enum result_status status)
{
    const struct plan_test *known = &plan->tests.items[test];
    struct result row = {.engine = "opa",
        .suite = known->suite,
        .name = known->name,
        .status = status,
        .file = plan->files.items[known->file].path,
        .at = known->at};
    events->result(events->data, 1, test, &row, 1);
}

static void end_run(struct runner_events *events)
{
    struct run_summary summary = {0};
    events->done(events->data, 1, &summary);
    events->settled(events->data, 1);
}

static void green_is_earned(void **state)
{
    (void)state;
    struct board *board = board_new();
    struct runner_events events = board_events(board);
    assert_int_equal(board_verdict(board), RESULT_NOT_EVALUATED);
    struct run_plan *plan = make_plan(2, 2, 3);
    events.planned(events.data, 1, plan);
    assert_true(board_is_running(board));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(board_verdict(board), RESULT_NOT_EVALUATED);
        tell(&events, plan, i, RESULT_PASS);
    }
    assert_int_equal(board_verdict(board), RESULT_NOT_EVALUATED); /* not done yet */
    end_run(&events);
    assert_int_equal(board_verdict(board), RESULT_PASS);
    /* Again, stopped half-way: the two that did not run are not what they were. */
    events.planned(events.data, 2, plan);
    assert_int_equal(board_tally(board).count[RESULT_PASS], 0);
    tell(&events, plan, 0, RESULT_PASS);
    tell(&events, plan, 1, RESULT_PASS);
    end_run(&events);
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
    struct run_plan *plan = make_plan(2, 2, 3);
    events.planned(events.data, 1, plan);
    for (size_t i = 0; i < 4; i++) {
        tell(&events, plan, i, RESULT_PASS);
    }
    end_run(&events);
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

static void a_part_replaces_only_that_part(void **state)
{
    (void)state;
    struct board *board = board_new();
    struct runner_events events = board_events(board);
    struct run_plan *plan = make_plan(2, 2, 3);
    struct finding finding = {.rule = (char[]){"x"},
        .file = (char[]){"p000_test.rego"},
        .severity = SEVERITY_ERROR,
        .at = {3, 1},
        .message = (char[]){"bad"}};
    events.planned(events.data, 1, plan);
    for (size_t i = 0; i < 4; i++) {
        tell(&events, plan, i, i == 0 ? RESULT_FAIL : RESULT_PASS);
    }
    events.finding(events.data, 1, &finding);
    events.finding(events.data, 1, &finding);
    end_run(&events);
    events.explained(events.data, 1, 0, "x == 1", "because\nof this");
    assert_int_equal(board_findings(board)->len, 1);
    assert_int_equal(board_verdict(board), RESULT_ERROR);
    assert_string_equal(board_text(board_at(board, 0)), "because\nof this");
    run_plan_free(plan);
    plan = make_plan(2, 2, 2); /* the second file only */
    events.planned(events.data, 2, plan);
    assert_int_equal(board_findings(board)->len, 1);
    assert_int_equal(board_status(board_at(board, 0)), RESULT_FAIL);
    assert_string_equal(board_text(board_at(board, 0)), "because\nof this");
    tell(&events, plan, 2, RESULT_ERROR);
    tell(&events, plan, 3, RESULT_PASS);
    end_run(&events);
    struct tally tally = board_tally(board);
    assert_int_equal(tally.count[RESULT_FAIL], 1);
    assert_int_equal(tally.count[RESULT_ERROR], 1);
    assert_int_equal(tally.count[RESULT_PASS], 2);
    run_plan_free(plan);
    plan = make_plan(2, 2, 1); /* the first: its finding is not told again */
    events.planned(events.data, 3, plan);
    assert_int_equal(board_findings(board)->len, 0);
    tell(&events, plan, 0, RESULT_PASS);
    tell(&events, plan, 1, RESULT_PASS);
    end_run(&events);
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
    struct run_plan *plan = make_plan(2, 1, 3);
    struct result row = {.engine = "opa",
        .suite = (char[]){"p000_test"},
        .name = (char[]){"test_0#01"},
        .status = RESULT_FAIL,
        .file = (char[]){"p000_test.rego"},
        .at = {9, 1}};
    events.planned(events.data, 1, plan);
    tell(&events, plan, 0, RESULT_PASS);
    tell(&events, plan, 1, RESULT_PASS);
    events.result(events.data, 1, SIZE_MAX, &row, 1);
    end_run(&events);
    assert_int_equal(board_verdict(board), RESULT_FAIL);
    run_plan_free(plan);
    plan = make_plan(2, 1, 2);
    events.planned(events.data, 2, plan);
    tell(&events, plan, 1, RESULT_PASS);
    end_run(&events);
    assert_int_equal(board_verdict(board), RESULT_FAIL);
    run_plan_free(plan);
    plan = make_plan(2, 1, 1);
    events.planned(events.data, 3, plan);
    tell(&events, plan, 0, RESULT_PASS);
    end_run(&events);
    assert_int_equal(board_verdict(board), RESULT_PASS);
    run_plan_free(plan);
    board_free(board);
}

static void rows_are_filtered_and_expanded(void **state)
{
    (void)state;
    struct board *board = board_new();
    struct runner_events events = board_events(board);
    struct run_plan *plan = make_plan(3, 2, 7);
    events.planned(events.data, 1, plan);
    for (size_t i = 0; i < 6; i++) {
        tell(&events, plan, i, i == 3 ? RESULT_FAIL : RESULT_PASS);
    }
    events.explained(events.data, 1, 3, "m", "one\ntwo");
    struct board_view view = {0};
    assert_true(board_view_refresh(&view, board));
    assert_false(board_view_refresh(&view, board));
    assert_int_equal(view.rows.len, 6);
    board_at(board, 3)->expanded = true;
    view.failed_only = true;
    view.stale = true;
    assert_true(board_view_refresh(&view, board));
    assert_int_equal(view.rows.len, 3);
    assert_true(str_equal_c(view.rows.items[2].text, "two"));
    assert_int_equal(board_view_next_failure(&view, board, 1, 1), 0);
    view.failed_only = false;
    view.filter = mem_strdup("P002_TEST.test_1");
    view.stale = true;
    board_view_refresh(&view, board);
    assert_int_equal(view.rows.len, 1);
    assert_int_equal(board_view_next_failure(&view, board, 0, -1), SIZE_MAX);
    board_view_free(&view);
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

/* 50,000 results and a hundred looks at them: far less than a frame each. */
static void fifty_thousand_tests(void **state)
{
    (void)state;
    struct board *board = board_new();
    struct runner_events events = board_events(board);
    struct run_plan *plan = make_plan(500, 100, ~0U);
    struct board_view view = {.filter = mem_strdup("test_7")};
    uint64_t begin = loop_now_ms();
    events.planned(events.data, 1, plan);
    for (size_t i = 0; i < plan->tests.len; i++) {
        tell(&events, plan, i, RESULT_PASS);
        if (i % 5000 == 0) {
            board_view_refresh(&view, board);
        }
    }
    end_run(&events);
    events.planned(events.data, 2, plan);
    assert_true(loop_now_ms() - begin < 60000); /* quadratic work would take much longer */
    assert_int_equal(board_count(board), 50000);
    board_view_free(&view);
    run_plan_free(plan);
    board_free(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(green_is_earned),
        cmocka_unit_test(a_run_that_cannot_begin_leaves_no_green),
        cmocka_unit_test(a_part_replaces_only_that_part),
        cmocka_unit_test(unforeseen_tests_stay),
        cmocka_unit_test(rows_are_filtered_and_expanded),
        cmocka_unit_test(the_log_keeps_its_end),
        cmocka_unit_test(fifty_thousand_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
