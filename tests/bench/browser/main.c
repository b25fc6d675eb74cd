/* What the test browser costs the main thread with many results: each key with the frame it leads
 * to, and a run as it streams in. Nothing is run: results are told as a runner would. */
#include "app.h"
#include "base/vec.h"
#include "board_plan.h"
#include "pane/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const uint64_t frame_us = 16667;

/* Of this thread's processor: another program's load is none of the browser's. */
static uint64_t thread_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct bench {
    struct loop *loop;
    struct app *app;
    struct status *status;
    struct runner_events events;
    struct run_plan *plan;
    struct times {
        uint64_t *items;
        size_t len, cap;
    } times;
    size_t dropped; /* over all: what took longer than a frame */
};

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Prints what was measured since the last call. */
static void report(struct bench *b, const char *what)
{
    qsort(b->times.items, b->times.len, sizeof *b->times.items, by_size);
    size_t late = 0;
    VEC_FOREACH (uint64_t, time, &b->times) {
        late += *time > frame_us;
    }
    size_t median = b->times.len / 2;
    size_t last = b->times.len * 99 / 100;
    printf("%-44s %6zu  median %7.3f  p99 %7.3f  longest %7.3f ms  over a frame %zu\n", what,
        b->times.len, (double)b->times.items[median] / 1000, (double)b->times.items[last] / 1000,
        (double)b->times.items[b->times.len - 1] / 1000, late);
    b->dropped += late;
    b->times.len = 0;
}

static void paint(struct bench *b)
{
    (void)app_paint_to_grid(b->app, 40, 120);
}

static void press(struct bench *b, const char *spec)
{
    struct key key;
    if (!key_parse(str_of(spec), &key)) {
        abort();
    }
    uint64_t begin = thread_us();
    app_key(b->app, &key);
    paint(b);
    VEC_PUSH(&b->times, thread_us() - begin);
}

static void press_many(struct bench *b, const char *spec, size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++) {
        press(b, spec);
    }
    report(b, what);
}

/* The rest of a filter is matched in further frames. */
static void settle(struct bench *b)
{
    for (int i = 0; i < 20; i++) {
        uint64_t begin = thread_us();
        paint(b);
        VEC_PUSH(&b->times, thread_us() - begin);
    }
}

static void type(struct bench *b, const char *text)
{
    for (; *text != '\0'; text++) {
        press(b, (char[]){*text, '\0'});
        settle(b);
    }
}

static void stream(struct bench *b, size_t each)
{
    b->events.planned(b->events.data, 1, b->plan);
    for (size_t i = 0; i < b->plan->tests.len;) {
        uint64_t begin = thread_us();
        for (size_t k = 0; k < each && i < b->plan->tests.len; k++, i++) {
            board_plan_tell(&b->events, b->plan, i, i % 997 == 0 ? RESULT_FAIL : RESULT_PASS);
        }
        paint(b);
        VEC_PUSH(&b->times, thread_us() - begin);
    }
    board_plan_end(&b->events);
}

static void keys(struct bench *b)
{
    press_many(b, "j", 2000, "down");
    press_many(b, "pagedown", 500, "page down");
    press_many(b, "G", 1, "to the end");
    press_many(b, "+", 1, "all groups open");
    press_many(b, "pagedown", 500, "page down");
    press_many(b, "g", 1, "to the beginning");
    for (size_t i = 0; i < 200; i++) {
        press(b, i % 2 == 0 ? "left" : "right");
        press(b, "j");
    }
    report(b, "groups closed and opened");
    press_many(b, "o", 4, "the next order");
    press_many(b, "v", 1, "all in one list");
    press_many(b, "o", 4, "the next order, in one list");
    press_many(b, "v", 1, "the tree again");
    press(b, "/");
    type(b, "test_7 p1");
    press(b, "enter");
    report(b, "a filter typed, with all its frames");
    press_many(b, "j", 500, "down, filtered");
    press_many(b, "esc", 1, "no filter");
    press_many(b, "f", 2, "failed only, and all");
    for (size_t i = 0; i < 20; i++) {
        uint64_t begin = thread_us();
        status_next_failure(b->status, 1);
        paint(b);
        VEC_PUSH(&b->times, thread_us() - begin);
    }
    report(b, "the next failure");
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 50000;
    struct err err;
    struct bench b = {.loop = loop_new(&err)};
    b.app = b.loop == NULL ? NULL : app_new(b.loop, &(struct app_options){0}, &err);
    if (b.app == NULL || count < 1000) {
        fprintf(stderr, "bench-browser: %s\n", b.app == NULL ? err.text : "at least 1000 results");
        return 1;
    }
    struct status_options options = {.app = b.app, .root = "/", .threshold = 90};
    app_set_pane(b.app, SLOT_STATUS, status_pane_new(&options, &b.status));
    app_focus(b.app, SLOT_STATUS);
    b.events = board_events(status_board(b.status));
    b.plan = board_plan_make(count / 100, 100, ~0U);
    uint64_t begin = thread_us();
    b.events.planned(b.events.data, 1, b.plan);
    VEC_PUSH(&b.times, thread_us() - begin);
    report(&b, "a first plan");
    stream(&b, 100);
    report(&b, "a frame with 100 results, streaming");
    keys(&b);
    begin = thread_us();
    b.events.planned(b.events.data, 1, b.plan);
    VEC_PUSH(&b.times, thread_us() - begin);
    report(&b, "a plan of the same tests");
    board_plan_end(&b.events);
    printf(
        "%zu results; %zu keys or frames took longer than a frame (16.7 ms)\n", count, b.dropped);
    run_plan_free(b.plan);
    app_free(b.app);
    loop_free(b.loop);
    VEC_FREE(&b.times);
    return 0;
}
