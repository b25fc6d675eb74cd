#include "test.h"

#include "loop/loop.h"
#include "loop/process.h"

#include <unistd.h>

struct fixture {
    struct loop *loop;
    struct loop_timer *timers[3];
    char order[16];
    size_t len;
    unsigned runs;
    bool seen; /* the descriptor's byte */
    int fd;
};

static void note(struct fixture *f, char c)
{
    f->order[f->len++] = c;
}

static void on_first(void *data)
{
    struct fixture *f = data;
    note(f, 'a');
    loop_timer_stop(f->timers[1]);
    loop_timer_start(f->timers[0], 0, 0);
}

static void on_second(void *data)
{
    note(data, 'b');
}

static void on_third(void *data)
{
    struct fixture *f = data;
    note(f, 'c');
    loop_timer_free(f->timers[2]);
    f->timers[2] = NULL;
}

/* In the order they were started, each once a turn; stopped and freed from callbacks. */
static void test_timers_without_delay(void **state)
{
    (void)state;
    struct err err = {0};
    struct fixture f = {.loop = loop_new(&err)};
    f.timers[0] = loop_timer_new(f.loop, on_first, &f);
    f.timers[1] = loop_timer_new(f.loop, on_second, &f);
    f.timers[2] = loop_timer_new(f.loop, on_third, &f);
    for (size_t i = 0; i < 3; i++) {
        loop_timer_start(f.timers[i], 0, 0);
        loop_timer_start(f.timers[i], 0, 0); /* again is once */
        assert_true(loop_timer_is_active(f.timers[i]));
    }
    loop_run_once(f.loop, 0);
    assert_string_equal(f.order, "ac");
    assert_false(loop_timer_is_active(f.timers[1]));
    loop_run_once(f.loop, 0);
    loop_run_once(f.loop, 0);
    assert_string_equal(f.order, "acaa");
    loop_timer_stop(f.timers[0]);
    loop_run_once(f.loop, 0);
    assert_string_equal(f.order, "acaa");
    /* With a delay it is a timer as any other. */
    loop_timer_start(f.timers[1], 0, 0);
    loop_timer_start(f.timers[1], 1, 0);
    while (loop_timer_is_active(f.timers[1])) {
        loop_run_once(f.loop, 5);
    }
    assert_string_equal(f.order, "acaab");
    loop_timer_free(f.timers[0]);
    loop_timer_free(f.timers[1]);
    loop_free(f.loop);
}

static void on_byte(void *data, int events)
{
    struct fixture *f = data;
    char byte;
    (void)events;
    f->seen = read(f->fd, &byte, 1) == 1;
}

/* Work in slices that never ends by itself. */
static void on_slice(void *data)
{
    struct fixture *f = data;
    f->runs++;
    assert_true(f->runs < 1000);
    loop_timer_start(f->timers[0], 0, 0);
}

static void test_slices_let_the_descriptor_in(void **state)
{
    (void)state;
    struct err err = {0};
    int pair[2];
    struct fixture f = {.loop = loop_new(&err)};
    assert_int_equal(pipe(pair), 0);
    f.fd = pair[0];
    struct loop_poll *poll = loop_poll_new(f.loop, pair[0], UV_READABLE, on_byte, &f, &err);
    assert_non_null(poll);
    f.timers[0] = loop_timer_new(f.loop, on_slice, &f);
    loop_timer_start(f.timers[0], 0, 0);
    loop_run_once(f.loop, 0);
    assert_int_equal(write(pair[1], "x", 1), 1);
    loop_run_once(f.loop, 0);
    loop_run_once(f.loop, 0);
    assert_true(f.seen);
    assert_true(f.runs <= 3);
    loop_timer_free(f.timers[0]);
    loop_poll_free(poll);
    loop_free(f.loop);
    close(pair[0]);
    close(pair[1]);
}

static void finish(void *data)
{
    struct loop_timer **timer = data;
    loop_timer_free(*timer);
    *timer = NULL;
}

static void nothing(void *data)
{
    (void)data;
}

static void begin_to_finish(void *data, bool cancelled)
{
    (void)cancelled;
    loop_timer_start(*(struct loop_timer **)data, 0, 0);
}

/* What ends while the loop is freed may still want a turn. */
static void test_a_free_runs_what_is_begun_in_it(void **state)
{
    (void)state;
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    struct loop_timer *timer = NULL;
    timer = loop_timer_new(loop, finish, &timer);
    loop_work_start(loop, nothing, begin_to_finish, &timer);
    loop_free(loop);
    assert_null(timer);
}

static void finish_the_watch(void *data, bool cancelled)
{
    (void)cancelled;
    finish(data);
}

/* What a turn of the free leaves to be told ends the timer that would go on for ever: the program
 * stood still at its end. */
static void test_a_free_does_not_wait_for_what_it_ends(void **state)
{
    (void)state;
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    struct loop_timer *watch = NULL;
    watch = loop_timer_new(loop, nothing, &watch);
    loop_timer_start(watch, 10, 10);
    loop_work_start(loop, nothing, finish_the_watch, &watch);
    loop_free(loop);
    assert_null(watch);
}

/* One that waits for the others, as whatever ends its work before it is freed: whichever of them is
 * told first, the others are told in the turns that it runs. */
struct waiter {
    struct loop *loop;
    struct loop_timer *timers[3];
    unsigned told;
    bool all, waited, came;
};

static void tell(struct waiter *waiter)
{
    waiter->all = ++waiter->told == 3;
    if (waiter->told == 1) {
        waiter->came = loop_run_until(waiter->loop, &waiter->all, 20000);
        waiter->waited = true;
    }
}

static void tell_timer(void *data)
{
    tell(data);
}

static void tell_work(void *data, bool cancelled)
{
    assert_false(cancelled);
    tell(data);
}

static void tell_exit(void *data, const struct process_result *result)
{
    assert_int_equal(result->exit_code, 0);
    tell(data);
}

static void start_timers(struct waiter *waiter)
{
    for (size_t i = 0; i < 3; i++) {
        waiter->timers[i] = loop_timer_new(waiter->loop, tell_timer, waiter);
        loop_timer_start(waiter->timers[i], 0, 0);
    }
}

static void start_work(struct waiter *waiter)
{
    for (size_t i = 0; i < 3; i++) {
        loop_work_start(waiter->loop, nothing, tell_work, waiter);
    }
}

static void start_processes(struct waiter *waiter)
{
    static const char *const argv[] = {"true", NULL};
    struct process_options options = {.argv = argv, .on_exit = tell_exit, .data = waiter};
    struct err err = {0};
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(process_start(waiter->loop, &options, &err));
    }
}

static void test_waiting_within_a_turn(void **state)
{
    (void)state;
    void (*const starts[])(struct waiter *) = {start_timers, start_work, start_processes};
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        struct err err = {0};
        struct waiter waiter = {.loop = loop_new(&err)};
        starts[i](&waiter);
        usleep(200000); /* so that the ends come in one turn; the test holds for any number */
        assert_true(loop_run_until(waiter.loop, &waiter.waited, 30000));
        assert_true(waiter.came);
        for (size_t k = 0; k < 3; k++) {
            loop_timer_free(waiter.timers[k]);
        }
        loop_free(waiter.loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers_without_delay),
        cmocka_unit_test(test_slices_let_the_descriptor_in),
        cmocka_unit_test(test_a_free_runs_what_is_begun_in_it),
        cmocka_unit_test(test_a_free_does_not_wait_for_what_it_ends),
        cmocka_unit_test(test_waiting_within_a_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
