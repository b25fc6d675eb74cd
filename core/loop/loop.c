#include "loop/loop.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define REST_MS     500
#define WORKER_NICE 3

/* What the loop itself calls, once a turn: timers without a delay and ends of work and processes,
 * in the order they came. */
struct soon {
    struct soon *next, *previous; /* a ring with its head; an entry by itself is in none */
    void (*run)(struct soon *soon);
};

struct loop {
    uv_loop_t uv;
    uv_check_t check;
    uv_idle_t idle; /* runs what is in `soon`; active while there is anything */
    struct soon soon;
    struct soon
        due;      /* what this turn runs; here so that a turn within one of them goes on with it */
    bool closing; /* loop_free runs what is left in `soon` itself */
    uv_timer_t trim; /* runs out when the workers have rested for a while */
    unsigned working;
    uv_timer_t wait; /* bounds one turn of loop_run_once */
    void (*on_turn)(void *data);
    void *on_turn_data;
};

struct loop_timer {
    uv_timer_t uv;
    struct loop *loop;
    struct soon soon;
    void (*callback)(void *data);
    void *data;
};

struct loop_poll {
    uv_poll_t uv;
    void (*callback)(void *data, int events);
    void *data;
};

struct loop_work {
    uv_work_t uv;
    struct loop *loop;
    void (*work)(void *data);
    void (*done)(void *data, bool cancelled);
    void *data;
    bool cancelled;
    struct soon soon;
};

struct call {
    struct soon soon;
    void (*callback)(void *data);
    void *data;
};

static void on_idle(uv_idle_t *idle);

static void on_check(uv_check_t *check)
{
    struct loop *loop = check->data;
    if (loop->on_turn != NULL) {
        loop->on_turn(loop->on_turn_data);
    }
}

static bool ring_is_empty(const struct soon *ring)
{
    return ring->next == ring;
}

static void ring_remove(struct soon *entry)
{
    entry->next->previous = entry->previous;
    entry->previous->next = entry->next;
    entry->next = entry->previous = entry;
}

static void ring_append(struct soon *ring, struct soon *entry)
{
    entry->next = ring;
    entry->previous = ring->previous;
    ring->previous->next = entry;
    ring->previous = entry;
}

/* Once a turn, so that keys and answers are looked at between two of them: libuv itself would run a
 * timer that starts itself anew without a delay again and again in the same turn.
 *
 * Where one of them turns the loop to wait for another (everything that ends its work before it is
 * freed does), that other may be due in this very turn: the turn within goes on with all of them.
 * libuv's own lists of ended work and closed handles are not so: they belong to the turn that took
 * them, which is why such ends are only noted in its callbacks, and told from here. */
static void run_soon(struct loop *loop)
{
    while (!ring_is_empty(&loop->soon)) {
        struct soon *entry = loop->soon.next;
        ring_remove(entry);
        ring_append(&loop->due, entry);
    }
    while (!ring_is_empty(&loop->due)) {
        struct soon *entry = loop->due.next;
        ring_remove(entry);
        entry->run(entry);
    }
}

static void add_soon(struct loop *loop, struct soon *entry)
{
    ring_append(&loop->soon, entry);
    if (!loop->closing) {
        uv_idle_start(&loop->idle, on_idle);
    }
}

static void on_idle(uv_idle_t *idle)
{
    struct loop *loop = idle->data;
    run_soon(loop);
    if (ring_is_empty(&loop->soon)) {
        uv_idle_stop(idle);
    }
}

struct loop *loop_new(struct err *err)
{
    struct loop *loop = MEM_NEW(struct loop);
    int rc = uv_loop_init(&loop->uv);
    if (rc != 0) {
        err_set(err, ERR_IO, "cannot start the event loop: %s", uv_strerror(rc));
        free(loop);
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is then a failed write, told as such */
    uv_check_init(&loop->uv, &loop->check);
    loop->check.data = loop;
    uv_check_start(&loop->check, on_check);
    uv_unref((uv_handle_t *)&loop->check);
    uv_timer_init(&loop->uv, &loop->wait);
    uv_timer_init(&loop->uv, &loop->trim);
    uv_unref((uv_handle_t *)&loop->trim);
    uv_idle_init(&loop->uv, &loop->idle);
    loop->idle.data = loop;
    loop->soon = (struct soon){&loop->soon, &loop->soon, NULL};
    loop->due = (struct soon){&loop->due, &loop->due, NULL};
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    loop->on_turn = NULL;
    loop->closing = true;
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->wait, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    uv_close((uv_handle_t *)&loop->trim, NULL);
    /* Turn by turn: what a turn leaves to be told may be what ends the rest (a process' end stops
     * the timer that watched it), which a run to the end would wait for for ever. */
    do {
        run_soon(loop);
        uv_run(&loop->uv, ring_is_empty(&loop->soon) ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    } while (!ring_is_empty(&loop->soon) || uv_loop_close(&loop->uv) == UV_EBUSY);
    free(loop);
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

static void on_wait_over(uv_timer_t *timer)
{
    (void)timer; /* its only purpose is to end the wait */
}

void loop_run_once(struct loop *loop, int timeout_ms)
{
    if (timeout_ms > 0) {
        uv_timer_start(&loop->wait, on_wait_over, (uint64_t)timeout_ms, 0);
    }
    uv_run(&loop->uv, timeout_ms == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    uv_timer_stop(&loop->wait);
}

bool loop_run_until(struct loop *loop, const bool *flag, int timeout_ms)
{
    uint64_t end = loop_now_ms() + (uint64_t)timeout_ms;
    while (!*flag) {
        uint64_t now = loop_now_ms();
        if (now >= end) {
            break;
        }
        uint64_t left = end - now;
        loop_run_once(loop, left > 1000 ? 1000 : (int)left);
    }
    return *flag;
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

void loop_on_turn(struct loop *loop, void (*callback)(void *data), void *data)
{
    loop->on_turn = callback;
    loop->on_turn_data = data;
}

uint64_t loop_now_us(void)
{
    return uv_hrtime() / 1000;
}

uint64_t loop_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

int64_t loop_wall_ms(void)
{
    const char *fake = getenv("BYLAW_FAKE_TIME");
    if (fake != NULL) {
        char *end;
        long long seconds = strtoll(fake, &end, 10);
        if (end != fake && *end == '\0') {
            return seconds * 1000;
        }
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void run_call(struct soon *soon)
{
    struct call *call = (struct call *)((char *)soon - offsetof(struct call, soon));
    call->callback(call->data);
    free(call);
}

void loop_call_soon(struct loop *loop, void (*callback)(void *data), void *data)
{
    struct call *call = MEM_NEW(struct call);
    call->soon.run = run_call;
    call->callback = callback;
    call->data = data;
    add_soon(loop, &call->soon);
}

static void on_timer(uv_timer_t *uv)
{
    struct loop_timer *timer = uv->data;
    timer->callback(timer->data);
}

static void run_timer(struct soon *soon)
{
    struct loop_timer *timer =
        (struct loop_timer *)((char *)soon - offsetof(struct loop_timer, soon));
    timer->callback(timer->data);
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*callback)(void *data), void *data)
{
    struct loop_timer *timer = MEM_NEW(struct loop_timer);
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    timer->loop = loop;
    timer->soon = (struct soon){&timer->soon, &timer->soon, run_timer};
    timer->callback = callback;
    timer->data = data;
    return timer;
}

void loop_timer_start(struct loop_timer *timer, uint64_t delay_ms, uint64_t repeat_ms)
{
    loop_timer_stop(timer);
    if (delay_ms == 0 && repeat_ms == 0) {
        add_soon(timer->loop, &timer->soon);
        return;
    }
    uv_update_time(timer->uv.loop);
    uv_timer_start(&timer->uv, on_timer, delay_ms, repeat_ms);
}

void loop_timer_stop(struct loop_timer *timer)
{
    uv_timer_stop(&timer->uv);
    if (!ring_is_empty(&timer->soon)) {
        ring_remove(&timer->soon);
    }
}

bool loop_timer_is_active(const struct loop_timer *timer)
{
    return !ring_is_empty(&timer->soon) || uv_is_active((const uv_handle_t *)&timer->uv) != 0;
}

static void free_data(uv_handle_t *handle)
{
    free(handle->data);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (timer != NULL) {
        loop_timer_stop(timer);
        uv_close((uv_handle_t *)&timer->uv, free_data);
    }
}

static void on_poll(uv_poll_t *uv, int status, int events)
{
    struct loop_poll *poll = uv->data;
    /* An error (EBADF, hang-up) is told as readable: the read then says what is wrong. */
    poll->callback(poll->data, status < 0 ? UV_READABLE : events);
}

struct loop_poll *loop_poll_new(struct loop *loop, int fd, int events,
    void (*callback)(void *data, int events), void *data, struct err *err)
{
    struct loop_poll *poll = MEM_NEW(struct loop_poll);
    int rc = uv_poll_init(&loop->uv, &poll->uv, fd);
    if (rc != 0) {
        err_set(err, ERR_IO, "cannot watch descriptor %d: %s", fd, uv_strerror(rc));
        free(poll);
        return NULL;
    }
    poll->uv.data = poll;
    poll->callback = callback;
    poll->data = data;
    uv_poll_start(&poll->uv, events, on_poll);
    return poll;
}

void loop_poll_set(struct loop_poll *poll, int events)
{
    if (events == 0) {
        uv_poll_stop(&poll->uv);
    } else {
        uv_poll_start(&poll->uv, events, on_poll);
    }
}

void loop_poll_free(struct loop_poll *poll)
{
    if (poll != NULL) {
        uv_close((uv_handle_t *)&poll->uv, free_data);
    }
}

/* Keys first: a worker makes way for the loop's thread where there are too few processors. */
static void make_way(void)
{
#ifdef __linux__
    static _Thread_local bool done;
    if (!done) {
        /* There a priority is a thread's own (elsewhere it would be all of the program's). */
        (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + WORKER_NICE);
        done = true;
    }
#endif
}

static void run_work(uv_work_t *uv)
{
    struct loop_work *work = uv->data;
    make_way();
    work->work(work->data);
}

static void trim_work(uv_work_t *uv)
{
    (void)uv;
    mem_trim();
}

static void trim_done(uv_work_t *uv, int status)
{
    (void)status;
    free(uv);
}

/* The C library keeps what each worker freed: a parse of a large file would stay in our size for
 * ever.
 */
static void on_rested(uv_timer_t *timer)
{
    uv_work_t *uv = MEM_NEW(uv_work_t);
    uv_queue_work(timer->loop, uv, trim_work, trim_done);
}

static void tell_work(struct soon *soon)
{
    struct loop_work *work = (struct loop_work *)((char *)soon - offsetof(struct loop_work, soon));
    work->done(work->data, work->cancelled);
    free(work);
}

static void finish_work(uv_work_t *uv, int status)
{
    struct loop_work *work = uv->data;
    work->cancelled = work->cancelled || status == UV_ECANCELED;
    if (--work->loop->working == 0) {
        uv_timer_start(&work->loop->trim, on_rested, REST_MS, 0);
    }
    work->soon.run = tell_work;
    add_soon(work->loop, &work->soon);
}

struct loop_work *loop_work_start(struct loop *loop, void (*work)(void *data),
    void (*done)(void *data, bool cancelled), void *data)
{
    struct loop_work *handle = MEM_NEW(struct loop_work);
    handle->uv.data = handle;
    handle->loop = loop;
    handle->work = work;
    handle->done = done;
    handle->data = data;
    loop->working++;
    uv_timer_stop(&loop->trim);
    uv_queue_work(&loop->uv, &handle->uv, run_work, finish_work);
    return handle;
}

void loop_work_cancel(struct loop_work *work)
{
    if (!work->cancelled) { /* libuv must not be told twice */
        work->cancelled = true;
        uv_cancel((uv_req_t *)&work->uv);
    }
}
