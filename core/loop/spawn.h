/* Starts a child program with a pipe on each of its standard streams (a socket could not be opened
 * again: scripts write to /dev/stderr). For process.h, which is what everybody else uses.
 *
 * posix_spawn and not libuv's uv_spawn: that one forks (up to libuv 1.44 at least), and a fork
 * copies the page tables of all we have in memory, on the loop's thread, to throw them away a
 * moment later: with an index of two thousand files longer than all else between a key and a test's
 * start. Any thread. */
#ifndef BYLAW_LOOP_SPAWN_H
#define BYLAW_LOOP_SPAWN_H

#include "base/mem.h"

#include <sys/types.h>

struct spawn_options {
    const char *program;     /* a path */
    const char *const *argv; /* NULL-terminated */
    const char *const *env;  /* all of it, NULL-terminated */
    const char *cwd;         /* NULL: ours */
};

/* The child leads a session of its own, with no signal blocked or ignored. fds: our ends of what it
 * has for standard input, output and error; no child inherits them. The caller closes them, and
 * waits for the child. 0, or an errno: there is no child then, and fds are not set. */
int spawn_start(const struct spawn_options *options, pid_t *pid, int fds[3]) MUST_USE;

#endif
