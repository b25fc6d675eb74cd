/* The rows of the test browser, against a list made the simple way; and what they cost. */
#include "dice.h"
#include "test.h"

#include "base/vec.h"
#include "board_plan.h"
#include "engine/board_view.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct board *board;
    struct runner_events events;
    struct run_plan *plan;
    struct board_view view;
};

/* Files in `folders` folders. */
static void begin(struct fixture *f, size_t units, size_t tests, size_t folders)
{
    *f = (struct fixture){.board = board_new(), .plan = board_plan_make(units, tests, ~0U)};
    struct runner_events events = board_events(f->board);
    VEC_FOREACH (struct plan_file, file, &f->plan->files) {
        size_t number = (size_t)(file - f->plan->files.items);
        char *path = folders == 0 ? mem_strdup(file->path)
                                  : mem_printf("d%02zu/%s", number * folders / units, file->path);
        free(file->path);
        file->path = path;
    }
    events.planned(events.data, 1, f->plan);
    f->events = events;
}

static void end(struct fixture *f)
{
    board_view_free(&f->view);
    run_plan_free(f->plan);
    board_free(f->board);
}

static void tell_all(struct fixture *f, size_t red)
{
    for (size_t i = 0; i < f->plan->tests.len; i++) {
        board_plan_tell(&f->events, f->plan, i, i == red ? RESULT_FAIL : RESULT_PASS);
    }
    board_plan_end(&f->events);
}

/* "d00|  p001_test|    ✗test_3" */
static char *shown(struct fixture *f)
{
    struct buf out = BUF_INIT;
    board_view_refresh(&f->view, f->board);
    for (size_t i = 0; i < board_view_count(&f->view); i++) {
        struct board_row row = board_view_row(&f->view, f->board, i);
        buf_printf(&out, "%s%*s", i > 0 ? "|" : "", (int)(2 * row.depth), "");
        const struct board_test *test = board_at(f->board, row.test);
        const char *labels[3];
        size_t count;
        switch (row.kind) {
        case BOARD_ROW_GROUP:
            count = board_view_labels(f->board, row.group, labels);
            for (size_t k = 0; k < count; k++) {
                buf_printf(&out, "%s%s", k > 0 ? " " : "", labels[k]);
            }
            break;
        case BOARD_ROW_TEST:
            buf_printf(&out, "%s%s", test->name, board_status(test) == RESULT_FAIL ? "!" : "");
            break;
        case BOARD_ROW_SUB:
            buf_printf(&out, "sub %zu", row.index);
            break;
        case BOARD_ROW_DIFF:
            buf_printf(&out, "diff %d %zu", (int)row.part, row.index);
            break;
        case BOARD_ROW_TEXT:
            buf_printf(&out, "text %.*s", STR_FMT(row.text));
            break;
        }
        assert_int_equal(board_view_find(&f->view, f->board, &row), i);
    }
    return buf_take(&out);
}

static void expect(struct fixture *f, const char *want)
{
    char *have = shown(f);
    assert_string_equal(have, want);
    free(have);
}

static void small_trees_are_open_and_joined(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 1, 2, 0);
    tell_all(&f, 1);
    expect(&f, "opa p000_test|  test_0|  test_1!");
    end(&f);
    begin(&f, 2, 1, 0); /* two packages in the one folder: no row for it */
    tell_all(&f, 0);
    expect(&f, "opa p000_test|  test_0!|opa p001_test|  test_0");
    end(&f);
    begin(&f, 4, 1, 2);
    tell_all(&f, 3);
    expect(&f, "opa d00|  p000_test|    test_0|  p001_test|    test_0|opa d01|  p002_test|    "
               "test_0|  p003_test|    test_0!");
    end(&f);
}

static void passing_groups_of_large_trees_are_closed(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 4, 20, 2);
    tell_all(&f, SIZE_MAX);
    expect(&f, "opa d00|opa d01");
    board_view_open(&f.view, f.board, board_view_row(&f.view, f.board, 1).group, true);
    expect(&f, "opa d00|opa d01|  p002_test|  p003_test");
    f.events.planned(f.events.data, 2, f.plan);
    tell_all(&f, 21); /* the group of a failure opens, and what is open stays */
    board_view_refresh(&f.view, f.board);
    assert_int_equal(board_view_count(&f.view), 2 + 2 + 20 + 2);
    end(&f);
}

static void filters_by_words_and_status(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 3, 2, 3);
    tell_all(&f, 3);
    board_view_set_filter(&f.view, STR_LIT("P002_TEST.test_1"));
    expect(&f, "opa d02 p002_test|  test_1");
    board_view_set_filter(&f.view, STR_LIT("d01 opa 1"));
    expect(&f, "opa d01 p001_test|  test_0|  test_1!");
    board_view_set_filter(&f.view, STR_LIT("@fail"));
    expect(&f, "opa d01 p001_test|  test_1!");
    board_view_set_filter(&f.view, STR_LIT("@fail @pass d01"));
    expect(&f, "opa d01 p001_test|  test_0|  test_1!");
    board_view_set_statuses(&f.view, 1U << RESULT_PASS);
    expect(&f, "opa d01 p001_test|  test_0");
    board_view_open(&f.view, f.board, board_view_row(&f.view, f.board, 0).group, false);
    expect(&f, "opa d01 p001_test");
    board_view_set_statuses(&f.view, BOARD_FLAKY);
    expect(&f, "");
    end(&f);
}

static void orders_groups_by_what_is_in_them(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 3, 2, 3);
    tell_all(&f, 3);
    board_view_set_order(&f.view, ORDER_FAILED, false);
    expect(&f, "opa d01 p001_test|  test_1!|  test_0|opa d00 p000_test|  test_0|  test_1|opa d02 "
               "p002_test|  test_0|  test_1");
    board_view_set_order(&f.view, ORDER_FAILED, true);
    expect(&f, "test_1!|test_0|test_1|test_0|test_0|test_1");
    board_view_set_order(&f.view, ORDER_FILE, true);
    expect(&f, "test_0|test_1|test_0|test_1!|test_0|test_1");
    end(&f);
}

static void explanations_are_rows(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 2, 1, 0);
    tell_all(&f, 1);
    f.events.explained(f.events.data, 1, 1, "m", "one\ntwo");
    board_at(f.board, 1)->expanded = true;
    board_touch(f.board, 1);
    expect(&f, "opa p000_test|  test_0|opa p001_test|  test_0!|  text one|  text two");
    f.events.explained(f.events.data, 1, 1, "m", "one");
    expect(&f, "opa p000_test|  test_0|opa p001_test|  test_0!|  text one");
    end(&f);
}

static void failures_are_met_in_order(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 4, 20, 2);
    for (size_t i = 0; i < f.plan->tests.len; i++) {
        bool red = i == 5 || i == 45 || i == 46;
        board_plan_tell(&f.events, f.plan, i, red ? RESULT_FAIL : RESULT_PASS);
    }
    board_plan_end(&f.events);
    board_view_refresh(&f.view, f.board);
    size_t row = SIZE_MAX;
    static const size_t forward[] = {5, 45, 46, 5};
    for (size_t i = 0; i < ARRAY_LEN(forward); i++) {
        size_t test = board_view_next_failure(&f.view, f.board, row, 1);
        assert_int_equal(test, forward[i]);
        struct board_row at = {
            .kind = BOARD_ROW_TEST, .test = test, .id = board_at(f.board, test)->id};
        row = board_view_find(&f.view, f.board, &at);
    }
    assert_int_equal(board_view_next_failure(&f.view, f.board, row, -1), 46);
    assert_int_equal(board_view_next_failure(&f.view, f.board, 0, 1), 5);
    /* From the row of the second folder. */
    struct board_row second = {.kind = BOARD_ROW_GROUP,
        .group = board_tree(f.board)->items[board_at(f.board, 45)->group].parent};
    row = board_view_find(&f.view, f.board, &second);
    assert_int_equal(board_view_next_failure(&f.view, f.board, row, 1), 45);
    assert_int_equal(board_view_next_failure(&f.view, f.board, row, -1), 5);
    end(&f);
}

/* ---- against the simple way ---- */

static uint64_t seed = 88172645463325252u;

static size_t dice(size_t sides)
{
    return (size_t)(dice_roll(&seed) % sides);
}

/* Whatever was done, a view made from nothing shows the same rows. */
static void check(struct fixture *f)
{
    char *have = shown(f);
    struct fixture other = *f;
    other.view = (struct board_view){
        .order = f->view.order, .flat = f->view.flat, .statuses = f->view.statuses};
    board_view_set_filter(&other.view, str_of(f->view.filter));
    char *want = shown(&other);
    assert_string_equal(have, want);
    struct tally tally = {0};
    size_t pending = 0;
    for (size_t i = 0; i < board_count(f->board); i++) {
        const struct board_test *test = board_at(f->board, i);
        tally.count[board_status(test)] += !test->pending;
        pending += test->pending;
    }
    const struct board_sum *sum = &board_tree(f->board)->items[0].sum;
    assert_memory_equal(&tally, &sum->tally, sizeof tally);
    assert_int_equal(pending, sum->pending);
    board_view_free(&other.view);
    free(have);
    free(want);
}

static void do_something(struct fixture *f)
{
    static const char *const filters[] = {"", "test_1", "@fail", "d01", "p00 @pass", "nothing"};
    size_t count = board_count(f->board);
    size_t test = dice(count);
    size_t groups = board_tree(f->board)->len;
    switch (dice(10)) {
    case 0:
        f->events.planned(f->events.data, 1, f->plan);
        break;
    case 1:
        board_plan_end(&f->events);
        break;
    case 2:
        board_view_set_filter(&f->view, str_of(filters[dice(ARRAY_LEN(filters))]));
        break;
    case 3:
        board_view_set_order(&f->view, (enum board_order)dice(ORDER_COUNT), dice(3) == 0);
        break;
    case 4:
        board_view_open(&f->view, f->board, 1 + dice(groups - 1), dice(2) == 0);
        break;
    case 5:
        board_at(f->board, test)->expanded = dice(2) == 0;
        board_touch(f->board, test);
        break;
    case 6:
        board_view_set_statuses(&f->view, dice(2) == 0 ? 0 : BOARD_RED);
        break;
    default:
        board_plan_tell(&f->events, f->plan, dice(f->plan->tests.len),
            dice(3) == 0 ? RESULT_FAIL : RESULT_PASS);
    }
}

static void any_sequence_shows_what_is_there(void **state)
{
    (void)state;
    for (size_t round = 0; round < 12; round++) {
        struct fixture f;
        begin(&f, 1 + dice(8), 1 + dice(9), dice(4));
        for (size_t i = 0; i < 120; i++) {
            do_something(&f);
            check(&f);
        }
        end(&f);
    }
}

/* ---- 50,000 results: what is looked at, counted ---- */

static void fifty_thousand_results(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 500, 100, 50);
    tell_all(&f, 31234);
    f.view.budget = 8000;
    board_view_refresh(&f.view, f.board);
    size_t work = f.view.work;
    /* Moving about costs nothing. */
    for (size_t i = 0; i < 1000; i++) {
        (void)board_view_row(&f.view, f.board, i % board_view_count(&f.view));
        assert_false(board_view_refresh(&f.view, f.board));
    }
    assert_int_equal(f.view.work, work);
    /* A result, and opening a group: the groups it is in. */
    board_plan_tell(&f.events, f.plan, 777, RESULT_FAIL);
    board_view_refresh(&f.view, f.board);
    assert_in_range(f.view.work - work, 1, 100 + 10 + 50 + 1);
    work = f.view.work;
    board_view_open(&f.view, f.board, board_at(f.board, 40000)->group, true);
    board_view_refresh(&f.view, f.board);
    assert_in_range(f.view.work - work, 1, 100 + 10 + 50 + 1);
    /* A filter takes slices that are bounded, and comes to an end. */
    board_view_set_filter(&f.view, STR_LIT("test_7"));
    size_t slices = 0;
    do {
        work = f.view.work;
        board_view_refresh(&f.view, f.board);
        assert_in_range(f.view.work - work, 1, 8000 + 50000 + 600);
        slices++;
    } while (f.view.unfinished);
    assert_in_range(slices, 6, 8);
    assert_int_equal(f.view.matched, 500 * 11);
    /* Typed on: only what matched before is looked at again. */
    board_view_set_filter(&f.view, STR_LIT("test_77"));
    work = f.view.work;
    board_view_refresh(&f.view, f.board);
    assert_false(f.view.unfinished);
    assert_in_range(f.view.work - work, 1, 5500 + 50000 + 600);
    assert_int_equal(f.view.matched, 500);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_trees_are_open_and_joined),
        cmocka_unit_test(passing_groups_of_large_trees_are_closed),
        cmocka_unit_test(filters_by_words_and_status),
        cmocka_unit_test(orders_groups_by_what_is_in_them),
        cmocka_unit_test(explanations_are_rows),
        cmocka_unit_test(failures_are_met_in_order),
        cmocka_unit_test(any_sequence_shows_what_is_there),
        cmocka_unit_test(fifty_thousand_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
