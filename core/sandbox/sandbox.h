/* Running a program that nobody has vouched for: confined by the operating system, or not at all.
 *
 * What the program gets, and everything it starts:
 *  - the file system to read, without the places where keys and passwords lie (secrets.c) and
 * without devices but /dev/null and its like; to write
 * only what the policy names and a temporary folder of its own ($TMPDIR), which is removed
 * afterwards (by the next workbench where we are killed: workspace/scratch.h);
 *  - no socket of any kind (TCP, UDP, Unix, abstract, netlink) but pairs of its own, unless
 * `network`;
 *  - no view of, signal to, or tracing of processes outside, nor of their limits and priorities; no
 * mounts, no name spaces, no kernel interfaces that a program of this kind does not need
 * (syscalls.c);
 *  - no capabilities, no way to gain any (no_new_privs); our environment without secrets
 * (base/env.h) and without the sockets of agents; no open files but the standard three. All of its
 * processes end when it does; with name spaces there are at most 4096. What they have in memory and
 * what they write is bounded, for all of them together (bounds.h): past it they are ended. Where
 * memory runs out before, they are what the kernel ends first.
 *
 * Three layers: Landlock (Linux 6.2 or newer, always), seccomp (always), and name spaces with a
 * read-only mount tree where the kernel lets an ordinary user make them. Without name spaces what
 * Landlock does not cover is refused by seccomp: changing modes, owners, times and extended
 * attributes anywhere, semaphores and queues of System V, and before Linux 6.12 every signal; and
 * it is seen which processes there are. Where Landlock or seccomp cannot be had, nothing runs.
 *
 * Sources: Landlock user-space API (docs.kernel.org/userspace-api/landlock.html), seccomp(2),
 * libseccomp's manual, mount_setattr(2), user_namespaces(7). */
#ifndef BYLAW_SANDBOX_SANDBOX_H
#define BYLAW_SANDBOX_SANDBOX_H

#include "base/err.h"

#include <sys/types.h>

struct sandbox_policy {
    const char *const *writable; /* folders it may write beneath; ended by NULL, or NULL for none */
    const char *const *env;      /* as env_scrubbed's extra; NULL: none */
    const char *cwd;             /* NULL: ours */
    bool network;                /* IP sockets are allowed */
    bool no_namespaces; /* do without the third layer, as on a kernel that has none for us */
    long long memory_mb, disk_mb; /* what all of it may have and write, at least 1 */
    pid_t parent; /* ours: when it is gone, all ends as with SIGTERM. 0: as long as it likes */
};

/* What the kernel offers here, as a sentence ("Landlock 7, seccomp, name spaces"). False and why
 * when nothing could be run. *text is the caller's. Starts a short child to find out. */
bool sandbox_probe(char **text, struct err *err) MUST_USE;

enum {
    SANDBOX_FAILED = 125, /* could not confine: nothing ran */
    SANDBOX_NOT_EXECUTABLE = 126,
    SANDBOX_NOT_FOUND = 127,
    SANDBOX_SIGNAL = 128 /* and the number of the signal that ended it */
};

/* Runs argv (ended by NULL; argv[0] looked up on PATH) with our standard input and outputs, and
 * waits for it. Returns its exit code, or 128 + the signal that ended it, or one of the above with
 * err set; that is set, too, where it was ended because it passed a bound. For a program of one
 * thread: `bylaw sandbox`, which is also how the workbench confines what an agent runs. */
int sandbox_run(const struct sandbox_policy *policy, char *const *argv, struct err *err);

#endif
