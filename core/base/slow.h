/* Long work that has to be done on the loop thread, because it changes what that thread reads,
 * written as a plain function and yet done in slices: it asks slow_breathe now and then, and when
 * its slice is used up it is held there until the loop comes back to it. Keys are looked at and the
 * screen is painted in between, so whatever the work changes must be in order wherever it breathes.
 *
 * It runs on a thread of its own that and the caller's never run at the same time; what it calls
 * may use everything that the loop thread uses. There is one such work at a time.
 *
 * All functions but slow_breathe are called by the loop thread, or do nothing from within the work.
 */
#ifndef BYLAW_BASE_SLOW_H
#define BYLAW_BASE_SLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLOW_SLICE_US 4000

/* Runs the work for a slice. True: it is done; false: it is held, and slow_go_on goes on with it.
 * `data` must live until it is done; `on` is what it changes, for slow_let_go. Work that was held
 * before is stopped first. */
bool slow_run(void (*work)(void *data), void *data, const void *on, uint64_t slice_us);
/* Another slice; true: it is done (or none is held). */
bool slow_go_on(uint64_t slice_us);
/* Work is held (false from within it). */
bool slow_is_held(void);
/* Tells the work to stop; it does within the next slices, after what it has to put right. */
void slow_cancel(void);
/* Tells the work to stop and runs it to its end. Does nothing when none is held. */
void slow_stop(void);
/* The same for work on just this: called by whoever is about to change it. */
void slow_let_go(const void *on);
/* How far it is, as it said last: `done` of `total`; both 0: it did not say. */
void slow_progress(size_t *done, size_t *total);

/* Within the work: its slice may end here. False: it was told to stop. Outside of one always true.
 */
bool slow_breathe(size_t done, size_t total);
/* The caller is within such work: it can be stopped, so it needs no bound of its own. */
bool slow_is_within(void);

#endif
