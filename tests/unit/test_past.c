/* The history of tests: what it keeps, what it says, and the file it is kept in. */
#include "test.h"

#include "board_plan.h"
#include "engine/board.h"
#include "engine/test_history.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const struct test_name deny = {"opa", "p_test.rego", "p_test", "test_deny"};

static void add(struct test_history *history, const struct test_name *name,
    enum result_status status, uint32_t when, uint32_t duration, uint64_t inputs)
{
    struct test_run run = {inputs, when, duration, (unsigned char)status};
    test_history_add(history, name, &run);
}

static void flaky_is_the_same_inputs_and_another_verdict(void **state)
{
    (void)state;
    struct test_history *h = test_history_new();
    add(h, &deny, RESULT_PASS, 1, 100, 7);
    add(h, &deny, RESULT_FAIL, 2, 100, 8); /* something changed */
    assert_false(test_past_is_flaky(test_history_find(h, &deny)));
    add(h, &deny, RESULT_NOT_EVALUATED, 3, 0, 8); /* says nothing of the test */
    add(h, &deny, RESULT_SKIPPED, 4, 0, 8);
    assert_false(test_past_is_flaky(test_history_find(h, &deny)));
    add(h, &deny, RESULT_FAIL, 5, 100, 7);
    assert_true(test_past_is_flaky(test_history_find(h, &deny)));
    struct test_name unknown = {"gator", NULL, "s", "a\tb%\n"};
    add(h, &unknown, RESULT_PASS, 1, 1, 0); /* inputs not known */
    add(h, &unknown, RESULT_FAIL, 2, 1, 0);
    assert_false(test_past_is_flaky(test_history_find(h, &unknown)));
    assert_null(test_history_find(h, &(struct test_name){"opa", "q", "p_test", "test_deny"}));
    test_history_free(h);
}

static void the_last_runs_stay_in_order(void **state)
{
    (void)state;
    struct test_history *h = test_history_new();
    for (unsigned i = 0; i < 30; i++) {
        add(h, &deny, RESULT_PASS, 100 - i, i, 1);
        add(h, &deny, RESULT_PASS, 100 - i, i, 1); /* the same run again */
    }
    const struct test_past *past = test_history_find(h, &deny);
    assert_int_equal(past->count, HISTORY_RUNS);
    for (unsigned i = 0; i < past->count; i++) {
        assert_int_equal(past->runs[i].when, 100 - HISTORY_RUNS + 1 + i);
    }
    test_history_free(h);
}

static void is_the_same_after_writing_and_reading(void **state)
{
    (void)state;
    struct test_history *h = test_history_new();
    struct test_name odd = {"gator", "a b/suite.yaml", "100%\ttab", "line\nbreak"};
    for (unsigned i = 0; i < RESULT_STATUSES; i++) {
        add(h, &deny, (enum result_status)i, 10 + i, i * 1000, 0xfedcba9876543210u - i);
        add(h, &odd, (enum result_status)i, 20 + i, UINT32_MAX, i);
    }
    struct buf text = BUF_INIT;
    struct buf again = BUF_INIT;
    struct err err;
    test_history_write(h, &text);
    struct test_history *read = test_history_new();
    assert_true(test_history_read(read, buf_str(&text), &err));
    assert_true(test_history_read(read, buf_str(&text), &err)); /* twice is once */
    test_history_write(read, &again);
    assert_string_equal(text.ptr, again.ptr);
    assert_int_equal(test_history_find(read, &odd)->count, RESULT_STATUSES);
    test_history_free(h);
    test_history_free(read);
    buf_free(&text);
    buf_free(&again);
}

static void broken_and_foreign_files_do_no_harm(void **state)
{
    (void)state;
    struct test_history *h = test_history_new();
    struct err err;
    assert_false(test_history_read(h, STR_LIT(""), &err));
    assert_false(test_history_read(h, STR_LIT("{\"a\": 1}\n"), &err));
    assert_true(test_history_read(h,
        STR_LIT("bylaw test history 1\nopa\tf\ts\n\topa\tf\ts\tn\nopa\tf\ts\tn\tpass,1,2\n"
                "opa\tf\ts\tn\tpast,1,2,3\nopa\tf\ts\tn\tpass,99999999999,2,3\n"
                "opa\tf\ts\tn\tpass,1,2,12345678901234567\nopa\tf\ts\tn\tpass,-1,2,3\n"),
        &err));
    assert_int_equal(test_history_count(h), 0);
    assert_true(test_history_read(
        h, STR_LIT("bylaw test history 1\nopa\tf\ts\tn\tx\tfail,1,2,3\tpass,2,2,a"), &err));
    assert_int_equal(test_history_find(h, &(struct test_name){"opa", "f", "s", "n"})->count, 2);
    test_history_free(h);
}

static void draws_and_says_the_runs(void **state)
{
    (void)state;
    struct test_history *h = test_history_new();
    static const enum result_status runs[] = {
        RESULT_PASS, RESULT_PASS, RESULT_FAIL, RESULT_ERROR, RESULT_WARNING, RESULT_PASS};
    for (unsigned i = 0; i < ARRAY_LEN(runs); i++) {
        add(h, &deny, runs[i], i, i == 5 ? 800 : 100, 1);
    }
    const struct test_past *past = test_history_find(h, &deny);
    struct buf out = BUF_INIT;
    test_past_draw(past, 10, false, &out);
    assert_string_equal(out.ptr, "▁▁✗!▲█");
    buf_clear(&out);
    test_past_draw(past, 3, true, &out);
    assert_string_equal(out.ptr, "EWp");
    buf_clear(&out);
    test_past_say(past, &out);
    assert_string_equal(out.ptr, "pass, pass, fail, error, warning, pass");
    assert_true(test_past_trend(past) > 7.9 && test_past_trend(past) < 8.1);
    buf_free(&out);
    test_history_free(h);
}

/* ---- on the board, and from session to session ---- */

struct session {
    struct loop *loop;
    struct history_store *store;
    struct board *board;
    struct runner_events events;
    struct run_plan *plan;
    bool ready;
    unsigned troubles;
};

static void ready(void *data)
{
    struct session *s = data;
    s->ready = true;
    board_history_ready(s->board);
}

static void trouble(void *data, const char *line)
{
    struct session *s = data;
    assert_non_null(strstr(line, "history of the tests: "));
    s->troubles++;
}

static void begin(struct session *s, const char *root, bool kept)
{
    struct err err;
    *s = (struct session){.loop = loop_new(&err), .board = board_new()};
    s->store = history_store_new(s->loop, root, ready, trouble, s);
    while (!s->ready) {
        loop_run_once(s->loop, 100);
    }
    board_keep_history(s->board, kept ? s->store : NULL);
    s->events = board_events(s->board);
    s->plan = board_plan_make(1, 2, 1);
    s->plan->files.items[0].hash = 77;
    s->events.planned(s->events.data, 1, s->plan);
}

static void run(struct session *s, enum result_status status)
{
    s->events.planned(s->events.data, 1, s->plan);
    board_plan_tell(&s->events, s->plan, 0, status);
    board_plan_tell(&s->events, s->plan, 1, RESULT_PASS);
    board_plan_end(&s->events);
}

static void end(struct session *s)
{
    run_plan_free(s->plan);
    board_free(s->board);
    history_store_free(s->store);
    loop_free(s->loop);
}

static void sessions_go_on_where_the_last_ended(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    setenv("XDG_STATE_HOME", dir, 1);
    struct session one;
    begin(&one, "/w/a", true);
    run(&one, RESULT_PASS);
    assert_false(board_at(one.board, 0)->flaky);
    end(&one);
    struct session two; /* a proposal: neither told nor kept */
    begin(&two, "/w/a", false);
    run(&two, RESULT_FAIL);
    assert_null(board_past(two.board, board_at(two.board, 0)));
    assert_false(board_at(two.board, 0)->flaky);
    end(&two);
    struct session three;
    begin(&three, "/w/a", true);
    assert_int_equal(board_past(three.board, board_at(three.board, 0))->count, 1);
    run(&three, RESULT_FAIL);
    assert_true(board_at(three.board, 0)->flaky);
    assert_false(board_at(three.board, 1)->flaky);
    assert_int_equal(board_tree(three.board)->items[0].sum.flaky, 1);
    assert_non_null(strstr(board_text(three.board, board_at(three.board, 0)), "flaky: "));
    end(&three);
    struct session other; /* another workspace */
    begin(&other, "/w/b", true);
    assert_null(board_past(other.board, board_at(other.board, 0)));
    end(&other);
    begin(&one, "/w/a", true); /* known before anything runs */
    assert_true(board_at(one.board, 0)->flaky);
    end(&one);
    assert_int_equal(one.troubles, 0);
    test_dir_remove(dir);
}

static void two_sessions_add_to_each_other(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    setenv("XDG_STATE_HOME", dir, 1);
    struct session one, two;
    begin(&one, "/w/a", true);
    begin(&two, "/w/a", true);
    run(&one, RESULT_PASS);
    run(&two, RESULT_FAIL);
    end(&one);
    end(&two);
    begin(&one, "/w/a", true);
    assert_int_equal(board_past(one.board, board_at(one.board, 0))->count, 2);
    end(&one);
    test_dir_remove(dir);
}

static void a_foreign_file_is_left_alone(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    setenv("XDG_STATE_HOME", dir, 1);
    struct session s;
    begin(&s, "/w/a", true);
    run(&s, RESULT_PASS);
    end(&s);
    const char *find[] = {
        "find", "bylaw/tests", "-type", "f", "-name", "a-*", "!", "-name", "*.lock", NULL};
    char *path = test_run(dir, find);
    path[strcspn(path, "\n")] = '\0';
    test_write(dir, path, "somebody else's\n");
    begin(&s, "/w/a", true);
    run(&s, RESULT_PASS);
    end(&s);
    assert_int_not_equal(s.troubles, 0);
    char *text = test_read(dir, path);
    assert_string_equal(text, "somebody else's\n");
    free(text);
    free(path);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flaky_is_the_same_inputs_and_another_verdict),
        cmocka_unit_test(the_last_runs_stay_in_order),
        cmocka_unit_test(is_the_same_after_writing_and_reading),
        cmocka_unit_test(broken_and_foreign_files_do_no_harm),
        cmocka_unit_test(draws_and_says_the_runs),
        cmocka_unit_test(sessions_go_on_where_the_last_ended),
        cmocka_unit_test(two_sessions_add_to_each_other),
        cmocka_unit_test(a_foreign_file_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
