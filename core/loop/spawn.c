#include "loop/spawn.h"

#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

enum { STREAMS = 3 };

struct ends {
    int ours[STREAMS], theirs[STREAMS]; /* -1: not open */
};

static void close_ends(int *ends)
{
    for (size_t i = 0; i < STREAMS; i++) {
        if (ends[i] >= 0) {
            close(ends[i]);
            ends[i] = -1;
        }
    }
}

/* Not one of the three numbers that the child's streams get, which each would close before it is
 * used. */
static int above_streams(int fd)
{
    if (fd < 0 || fd >= STREAMS) {
        return fd;
    }
    int higher = fcntl(fd, F_DUPFD_CLOEXEC, STREAMS);
    int errnum = errno;
    close(fd);
    errno = errnum;
    return higher;
}

static int open_ends(struct ends *ends)
{
    *ends = (struct ends){{-1, -1, -1}, {-1, -1, -1}};
    for (size_t i = 0; i < STREAMS; i++) {
        int pair[2]; /* to read from, to write to */
        if (pipe2(pair, O_CLOEXEC) != 0) {
            return errno;
        }
        bool is_input = i == STDIN_FILENO;
        ends->ours[i] = pair[is_input ? 1 : 0];
        ends->theirs[i] = above_streams(pair[is_input ? 0 : 1]);
        if (ends->theirs[i] < 0) {
            return errno;
        }
    }
    return 0;
}

static int spawn(const char *program, const char *const *argv, const struct spawn_options *options,
    const struct ends *ends, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    for (int i = 0; i < STREAMS; i++) {
        posix_spawn_file_actions_adddup2(&actions, ends->theirs[i], i);
    }
    if (options->cwd != NULL) {
        posix_spawn_file_actions_addchdir_np(&actions, options->cwd);
    }
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    posix_spawnattr_setflags(
        &attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int rc = posix_spawn(
        pid, program, &actions, &attr, (char *const *)argv, (char *const *)options->env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* A script that does not say what reads it is the shell's, as for execvp. */
static int spawn_script(const struct spawn_options *options, const struct ends *ends, pid_t *pid)
{
    struct {
        const char **items;
        size_t len, cap;
    } argv = {0};
    VEC_PUSH(&argv, "/bin/sh");
    VEC_PUSH(&argv, options->program);
    for (size_t i = 0; options->argv[i] != NULL && options->argv[i + 1] != NULL; i++) {
        VEC_PUSH(&argv, options->argv[i + 1]);
    }
    VEC_PUSH(&argv, NULL);
    int rc = spawn(argv.items[0], argv.items, options, ends, pid);
    VEC_FREE(&argv);
    return rc;
}

int spawn_start(const struct spawn_options *options, pid_t *pid, int fds[3])
{
    struct ends ends;
    int rc = open_ends(&ends);
    if (rc == 0) {
        rc = spawn(options->program, options->argv, options, &ends, pid);
    }
    if (rc == ENOEXEC) {
        rc = spawn_script(options, &ends, pid);
    }
    close_ends(ends.theirs);
    if (rc != 0) {
        close_ends(ends.ours);
        return rc;
    }
    for (size_t i = 0; i < STREAMS; i++) {
        fds[i] = ends.ours[i];
    }
    return 0;
}
