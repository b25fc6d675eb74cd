/* How much memory and disk a sandbox takes: looked at from outside, since an ordinary user has no
 * cgroup to put it in, and limits of one process (RLIMIT_AS, RLIMIT_DATA) bound neither what many
 * take together nor, of a program that reserves much and uses little (Go's, V8's), what it uses.
 *
 * Memory is what its processes have of their own, what is swapped out and what lies in files of
 * memory that have no name. Disk is what stands in the folders it may write to and has changed
 * since the watch began, and files there that are open and have no name any more. Where something
 * is kept from being seen (a folder without rights, a process that may not be looked into), all
 * that the disk, or the machine's shared memory, has grown by counts as its own.
 *
 * How soon one has to look again is told, by how much is left and what a look costs. Single
 * thread. */
#ifndef BYLAW_SANDBOX_BOUNDS_H
#define BYLAW_SANDBOX_BOUNDS_H

#include <stdint.h>
#include <time.h>

#include "sandbox/sandbox_private.h"

struct bounds_watch {
    uint64_t memory_max, disk_max; /* bytes */
    const struct paths *writable;  /* borrowed */
    struct timespec since;
    uint64_t disk_at_start, shared_at_start; /* used in all by everybody */
    uint64_t disk_at_walk;                   /* the same when `written` was found */
    uint64_t written;                        /* beneath the folders */
    bool hidden;                             /* not all of it could be seen */
    uint64_t walked_us, walk_cost_us;
    uint64_t look_at_us; /* when it should be looked at again */
};

void bounds_begin(struct bounds_watch *watch, const struct paths *writable, uint64_t memory_max,
    uint64_t disk_max);
/* Until the next look is due. */
uint64_t bounds_pause_us(const struct bounds_watch *watch);
/* A look at all that descends from this process, and at the folders. False: more than it may have;
 * err has the sentence. */
bool bounds_hold(struct bounds_watch *watch, struct err *err) MUST_USE;

#endif
