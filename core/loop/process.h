/* Child programs: started without a shell, in their own process group, with a scrubbed environment,
 * their output streamed as it comes, cancelled as a group.
 *
 * The job ends (on_exit) when the child has exited and both pipes are at their end, in whatever
 * order; a grandchild that keeps a pipe open is waited for 200 ms after the exit and then cut off
 * (2 s while it writes; what the child itself wrote is always read).
 * Loop thread only. */
#ifndef BYLAW_LOOP_PROCESS_H
#define BYLAW_LOOP_PROCESS_H

#include "loop/loop.h"

struct process;

enum process_stream { PROCESS_STDOUT, PROCESS_STDERR };

struct process_result {
    int exit_code;  /* -1 when a signal ended it */
    int signal;     /* 0 when none did */
    bool timed_out; /* we killed it because of timeout_ms */
    bool cancelled; /* we killed it because of process_cancel */
    bool truncated; /* we stopped reading at max_output */
    bool too_large; /* we killed it because of memory_max */
    uint64_t wall_us;
};

struct process_options {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up on PATH */
    const char *cwd;         /* NULL: ours */
    /* "NAME=value" entries added to (or replacing those of) the scrubbed environment;
     * NULL-terminated or NULL (base/env.h). */
    const char *const *env;
    struct str input;  /* written to its standard input, then closed; copied */
    bool keep_input;   /* not closed: process_write, process_close_input */
    bool leaves_child; /* what it leaves behind when it exits stays: a clipboard's owner */
    int nice;          /* how far it makes way for us and for the keys (0 to 19), with its group */
    uint64_t timeout_ms; /* 0: none. Then SIGTERM to the group, SIGKILL 2 s later */
    uint64_t memory_max; /* bytes the child itself may have in memory (looked at every 50 ms, where
                            there is /proc); 0: no end. Past it the group is killed at once */
    size_t max_output;   /* bytes of both streams together; 0: 64 MiB, SIZE_MAX: no end. Past it the
                            group is killed */
    /* Any may be NULL. on_line gets a line without its LF (the last one also without one; lines
     * over 1 MiB come in parts); on_data gets bytes as read, before on_line. Both borrow. */
    void (*on_line)(void *data, enum process_stream stream, struct str line);
    void (*on_data)(void *data, enum process_stream stream, struct str bytes);
    /* Exactly once, also after a cancel; the process is freed when it returns. */
    void (*on_exit)(void *data, const struct process_result *result);
    void *data;
};

/* Starts it. NULL: not started, on_exit is not called (not found: "opa is not on PATH"). */
struct process *process_start(
    struct loop *loop, const struct process_options *options, struct err *err) MUST_USE;
/* SIGTERM to the group now, SIGKILL after 2 s if it still lives. on_exit still comes. */
void process_cancel(struct process *process);
/* SIGKILL to the group, for a child that had its chance. on_exit still comes. */
void process_kill(struct process *process);
int process_pid(const struct process *process);
/* The memory of the child itself, as the kernel tells it now; 0: it does not. */
uint64_t process_resident_bytes(const struct process *process);

/* A conversation with a child started with keep_input. Hands the bytes over (the buf is left empty)
 * to be written as the child reads; what a child that has gone does not take is dropped. */
void process_write(struct process *process, struct buf *bytes);
/* Bytes handed over that the child has not taken yet. */
size_t process_unwritten(const struct process *process);
/* The end of its input, after all that was handed over. */
void process_close_input(struct process *process);
/* Stops reading its standard output (the child waits once the pipe is full), or goes on. Its end is
 * not told while paused. */
void process_pause(struct process *process, bool paused);

/* Runs to the end while the loop turns, output gathered: for commands, set-up steps and tests.
 * out and errout may be NULL. False when it could not start, timed out or was killed; an exit code
 * other than 0 is not a failure of this call. */
bool process_run(struct loop *loop, const struct process_options *options, struct buf *out,
    struct buf *errout, struct process_result *result, struct err *err) MUST_USE;

#endif
