/* The one event loop (libuv): timers, work on other threads, and the "after this turn" callback in
 * which the screen is painted. Everything runs on the loop thread unless it says otherwise. Nothing
 * on this thread may block for more than a frame (16 ms).
 *
 * Long pieces of work are jobs that can be cancelled; what comes back for an older generation is
 * dropped by whoever started it. */
#ifndef BYLAW_LOOP_LOOP_H
#define BYLAW_LOOP_LOOP_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <uv.h>

struct loop;
struct loop_timer;
struct loop_poll;
struct loop_work;

/* One per thread that wants one; the program has one. Also sets SIGPIPE and SIGXFSZ to
 * ignored. */
struct loop *loop_new(struct err *err) MUST_USE;
/* Runs what is left of closing handles, then frees. All timers, polls and processes must be gone.
 */
void loop_free(struct loop *loop);
/* Until loop_stop, or until nothing is left to wait for. */
void loop_run(struct loop *loop);
/* One turn: waits for an event at most timeout_ms (-1: as long as it takes; 0: do not wait). */
void loop_run_once(struct loop *loop, int timeout_ms);
/* Turns until *flag is true or timeout_ms has passed; returns *flag. From a timer without a delay,
 * an end of work or of a process it may be called, too: what else was due then is run in it. */
bool loop_run_until(struct loop *loop, const bool *flag, int timeout_ms);
void loop_stop(struct loop *loop);
uv_loop_t *loop_uv(struct loop *loop);
/* Called at the end of each turn in which anything happened (NULL: none). */
void loop_on_turn(struct loop *loop, void (*callback)(void *data), void *data);

/* Monotonic clock, fresh (not the loop's cached time). */
uint64_t loop_now_us(void);
uint64_t loop_now_ms(void);
/* Wall clock, ms since 1970; BYLAW_FAKE_TIME (seconds) fixes it for tests and golden screens. */
int64_t loop_wall_ms(void);

/* Calls back after delay_ms, then every repeat_ms (0: once). Without either, in the next turn of
 * the loop: a callback that starts its own timer so works in slices, with keys and answers looked
 * at in between. The timer is freed by loop_timer_free, which may be called from its own callback.
 */
struct loop_timer *loop_timer_new(
    struct loop *loop, void (*callback)(void *data), void *data) MUST_USE;
void loop_timer_start(struct loop_timer *timer, uint64_t delay_ms, uint64_t repeat_ms);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_is_active(const struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

/* Once, in the next turn. */
void loop_call_soon(struct loop *loop, void (*callback)(void *data), void *data);

/* Watches a descriptor (terminal, pipe, socket; not a regular file): events is UV_READABLE |
 * UV_WRITABLE. The descriptor stays the caller's. */
struct loop_poll *loop_poll_new(struct loop *loop, int fd, int events,
    void (*callback)(void *data, int events), void *data, struct err *err) MUST_USE;
void loop_poll_set(struct loop_poll *poll, int events);
void loop_poll_free(struct loop_poll *poll);

/* Runs `work` on a worker thread, then `done` on the loop thread (always, also after a cancel: then
 * with cancelled = true). `data` belongs to the caller until done has run. */
struct loop_work *loop_work_start(struct loop *loop, void (*work)(void *data),
    void (*done)(void *data, bool cancelled), void *data);
/* Marks it cancelled: if it has not begun it will not; a worker that should stop early looks at a
 * flag of its own (atomic) in `data`. The handle is gone once done has run. */
void loop_work_cancel(struct loop_work *work);

#endif
