#include "test.h"

#include "loop/loop.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers_without_delay),
        cmocka_unit_test(test_slices_let_the_descriptor_in),
        cmocka_unit_test(test_a_free_runs_what_is_begun_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
