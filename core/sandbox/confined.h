/* Running a program confined from the loop: `bylaw sandbox` as a child, its output streamed, with
 * limits of time and size, ended with all it started.
 *
 * What it is confined to is sandbox.h's: it reads the file system but no secrets, writes beneath
 * `writable` and in a temporary folder of its own, has no network unless `network`. Where the
 * kernel cannot confine it, it does not run. It ends with us, also when we are killed. Loop thread
 * only, which is the program's first. */
#ifndef BYLAW_SANDBOX_CONFINED_H
#define BYLAW_SANDBOX_CONFINED_H

#include "loop/process.h"

struct confined;

struct confined_result {
    struct process_result process; /* exit_code: the program's; 128 + N where signal N ended it */
    /* Why nothing ran ("this kernel has no Landlock …"), or NULL. Borrowed until on_exit
     * returns. */
    const char *refused;
    /* Why it was ended by the sandbox: it passed a bound ("ended: it and all it started …"), or
     * NULL. Borrowed likewise. */
    const char *ended;
};

struct confined_options {
    const char *const *argv; /* ended by NULL; argv[0] is looked up on PATH, never by a shell */
    const char *cwd;         /* absolute, or NULL: ours */
    const char *writable;    /* the one folder it may write beneath; NULL: none */
    const char *const *env;  /* as process_options' */
    struct str input;        /* its standard input; copied */
    bool network;
    uint64_t timeout_ms; /* 0: none. SIGTERM to all of it, SIGKILL a second later */
    size_t max_output;   /* as process_options'; it is ended past it */
    /* Bytes as they come: its own, from the two streams. May be NULL. */
    void (*on_data)(void *data, enum process_stream stream, struct str bytes);
    /* Exactly once, unless confined_free came first. */
    void (*on_exit)(void *data, const struct confined_result *result);
    void *data;
};

/* What a command line confines to; lists are ended by NULL, NULL for none. */
struct confined_cage {
    const char *const *writable;  /* folders */
    const char *const *variables; /* names that are handed on although they look like secrets */
    bool network;
};

/* The words of a command line; `own` is theirs. */
struct confined_words {
    const char **items;
    size_t len, cap;
    char *own, *parent, *memory, *disk;
};

/* The command line that runs argv so, for who starts processes by himself (rpc/). Words are
 * borrowed from cage and argv. Free with confined_words_free. False: we do not find ourselves. */
bool confined_wrap(const struct confined_cage *cage, const char *const *argv,
    struct confined_words *out, struct err *err) MUST_USE;
void confined_words_free(struct confined_words *words);

/* NULL: not started, on_exit is not called. */
struct confined *confined_start(
    struct loop *loop, const struct confined_options *options, struct err *err) MUST_USE;
/* Ends it; on_exit still comes. */
void confined_stop(struct confined *confined);
/* Ends it if it still runs; nothing is called any more. NULL is allowed. Also from on_exit, and
 * needed after it. */
void confined_free(struct confined *confined);

/* What each that is started from now on may have in memory and write, in MB; before this is called,
 * as the settings have it where it runs. */
void confined_use_bounds(long long memory_mb, long long disk_mb);
/* The bylaw that confines, where this process is another program (a test). Copied; NULL: this
 * one. */
void confined_use_program(const char *path);
/* The bylaw that confines. The caller frees. NULL: we do not find ourselves. */
char *confined_program(struct err *err) MUST_USE;

#endif
