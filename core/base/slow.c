#include "base/slow.h"

#include "base/mem.h"

#include <pthread.h>
#include <time.h>

#define LOOK_EVERY 16 /* breaths between two looks at the clock */

/* Whose turn it is, and what the two tell each other. Only touched by whose turn it is, but for the
 * turn itself. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool theirs; /* the work's turn */
    bool held, ended, stop;
    pthread_t thread;
    void (*work)(void *data);
    void *data;
    const void *on;
    uint64_t slice_end;
    unsigned breaths;
    size_t done, total;
} slow = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static _Thread_local bool within;

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void give_turn(bool theirs)
{
    pthread_mutex_lock(&slow.lock);
    slow.theirs = theirs;
    pthread_cond_broadcast(&slow.changed);
    pthread_mutex_unlock(&slow.lock);
}

static void wait_turn(bool theirs)
{
    pthread_mutex_lock(&slow.lock);
    while (slow.theirs != theirs) {
        pthread_cond_wait(&slow.changed, &slow.lock);
    }
    pthread_mutex_unlock(&slow.lock);
}

static void *run(void *nothing)
{
    (void)nothing;
    within = true;
    wait_turn(true);
    slow.work(slow.data);
    slow.ended = true;
    give_turn(false);
    return NULL;
}

bool slow_go_on(uint64_t slice_us)
{
    if (within || !slow.held) {
        return !slow.held;
    }
    slow.slice_end = now_us() + slice_us;
    slow.held = false;
    give_turn(true);
    wait_turn(false);
    if (slow.ended) {
        pthread_join(slow.thread, NULL);
    }
    slow.held = !slow.ended;
    return slow.ended;
}

bool slow_run(void (*work)(void *data), void *data, const void *on, uint64_t slice_us)
{
    if (within) {
        work(data);
        return true;
    }
    slow_stop();
    slow.work = work;
    slow.data = data;
    slow.on = on;
    slow.ended = slow.stop = false;
    slow.done = slow.total = 0;
    slow.breaths = 0;
    if (pthread_create(&slow.thread, NULL, run, NULL) != 0) {
        work(data); /* no thread to be had: then all at once */
        return true;
    }
    slow.held = true;
    return slow_go_on(slice_us);
}

bool slow_is_held(void)
{
    return !within && slow.held;
}

void slow_cancel(void)
{
    slow.stop = slow.stop || slow_is_held();
}

void slow_let_go(const void *on)
{
    if (slow_is_held() && slow.on == on) {
        slow_stop();
    }
}

void slow_stop(void)
{
    if (within || !slow.held) {
        return;
    }
    slow.stop = true;
    while (!slow_go_on(UINT64_MAX / 2)) {
    }
}

void slow_progress(size_t *done, size_t *total)
{
    *done = slow.done;
    *total = slow.total;
}

bool slow_breathe(size_t done, size_t total)
{
    if (!within) {
        return true;
    }
    if (total > 0) {
        slow.done = done;
        slow.total = total;
    }
    if (++slow.breaths % LOOK_EVERY == 0 && now_us() >= slow.slice_end) {
        give_turn(false);
        wait_turn(true);
    }
    return !slow.stop;
}

bool slow_is_within(void)
{
    return within;
}
