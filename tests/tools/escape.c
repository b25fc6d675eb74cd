/* Tries one way out of a sandbox: escape NAME [ARGUMENT…]. Exit code 0: the way is open; 1: it is
 * not (why, on standard error); 2: no such way. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static bool write_to(int fd)
{
    bool done = fd >= 0 && write(fd, "escaped\n", 8) == 8;
    if (fd >= 0) {
        close(fd);
    }
    return done;
}

static bool try_write(char **arg)
{
    return write_to(open(arg[0], O_WRONLY | O_CLOEXEC));
}

static bool try_create(char **arg)
{
    return write_to(open(arg[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

static bool try_truncate(char **arg)
{
    return truncate(arg[0], 0) == 0;
}

/* Read-only to open, and yet it truncates. */
static bool try_open_truncate(char **arg)
{
    struct stat st;
    int fd = open(arg[0], O_RDONLY | O_TRUNC | O_CLOEXEC);
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_size == 0;
}

static bool try_unlink(char **arg)
{
    return unlink(arg[0]) == 0;
}

static bool try_mkdir(char **arg)
{
    return mkdir(arg[0], 0700) == 0;
}

static bool try_rename(char **arg)
{
    return rename(arg[0], arg[1]) == 0;
}

static bool try_link(char **arg)
{
    return link(arg[0], arg[1]) == 0 && write_to(open(arg[1], O_WRONLY | O_CLOEXEC));
}

/* A folder the sandbox may write to, swapped for a link to one it may not. */
static bool try_symlink(char **arg)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/swap", arg[1]);
    if (symlink(arg[0], path) != 0) {
        return false;
    }
    snprintf(path, sizeof path, "%s/swap/file", arg[1]);
    return write_to(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static bool try_chmod(char **arg)
{
    return chmod(arg[0], 0777) == 0;
}

static bool try_fchmod(char **arg)
{
    int fd = open(arg[0], O_RDONLY | O_CLOEXEC);
    return fd >= 0 && fchmod(fd, 0777) == 0;
}

static bool try_times(char **arg)
{
    static const struct timespec old[2] = {{1, 0}, {1, 0}};
    return utimensat(AT_FDCWD, arg[0], old, 0) == 0;
}

static bool try_xattr(char **arg)
{
    return setxattr(arg[0], "user.escaped", "1", 1, 0) == 0;
}

static bool try_read(char **arg)
{
    char byte;
    int fd = open(arg[0], O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, &byte, 1) == 1;
}

static bool try_environment(char **arg)
{
    char text[16384];
    int fd = open(arg[0], O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
    return got > 0 && memmem(text, (size_t)got, "PARENT_HAS_IT", 13) != NULL;
}

static bool own_variable(char **arg)
{
    return getenv(arg[0]) != NULL;
}

static bool try_descriptor(char **arg)
{
    return write_to(atoi(arg[0]));
}

static bool try_ptrace(char **arg)
{
    return ptrace(PTRACE_ATTACH, (pid_t)atoi(arg[0]), NULL, NULL) == 0;
}

static bool try_peek(char **arg)
{
    char byte;
    struct iovec here = {&byte, 1};
    struct iovec there = {(void *)strtoull(arg[1], NULL, 16), 1};
    return process_vm_readv((pid_t)atoi(arg[0]), &here, 1, &there, 1, 0) == 1;
}

static bool try_signal(char **arg)
{
    return kill((pid_t)atoi(arg[0]), SIGUSR1) == 0;
}

static bool try_signal_group(char **arg)
{
    return kill(-(pid_t)atoi(arg[0]), 0) == 0;
}

static bool try_unix(char **arg)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    bool abstract = arg[0][0] == '@';
    strncpy(to.sun_path, arg[0], sizeof to.sun_path - 1);
    if (abstract) {
        to.sun_path[0] = '\0';
    }
    socklen_t len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(arg[0]) + (abstract ? 0 : 1));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&to, len) == 0;
}

/* Half of a pair, given another address. */
static bool try_pair(char **arg)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int pair[2];
    strncpy(to.sun_path, arg[1], sizeof to.sun_path - 1);
    return socketpair(AF_UNIX, strcmp(arg[0], "raw") == 0 ? SOCK_RAW : SOCK_DGRAM, 0, pair) == 0 &&
           sendto(pair[0], "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1;
}

/* What somebody types there would come here. */
static bool try_terminal(char **arg)
{
    return open(arg[0], O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) >= 0;
}

static bool try_limit(char **arg)
{
    static const struct rlimit few = {100, 100};
    return prlimit((pid_t)atoi(arg[0]), RLIMIT_NOFILE, &few, NULL) == 0;
}

static bool try_priority(char **arg)
{
    return setpriority(PRIO_PROCESS, (id_t)atoi(arg[0]), 19) == 0;
}

static bool try_processor(char **arg)
{
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    return sched_setaffinity((pid_t)atoi(arg[0]), sizeof first, &first) == 0;
}

/* A signal that the kernel is asked to send. */
static bool try_owner(char **arg)
{
    int ends[2];
    return pipe(ends) == 0 && fcntl(ends[0], F_SETOWN, atoi(arg[0])) == 0;
}

/* chattr */
static bool try_flags(char **arg)
{
    int flags;
    int fd = open(arg[0], O_RDONLY | O_CLOEXEC);
    return fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 &&
           ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

static bool try_memory(char **arg)
{
    int id = shmget((key_t)atoi(arg[0]), 1, 0);
    return id >= 0 && shmat(id, NULL, 0) != (void *)-1;
}

static int internet(char **arg, int type, struct sockaddr_in *to)
{
    *to = (struct sockaddr_in){.sin_family = AF_INET,
        .sin_port = htons((unsigned short)atoi(arg[0])),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return socket(AF_INET, type | SOCK_CLOEXEC, 0);
}

static bool try_tcp(char **arg)
{
    struct sockaddr_in to;
    int fd = internet(arg, SOCK_STREAM, &to);
    return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
}

static bool try_udp(char **arg)
{
    struct sockaddr_in to;
    int fd = internet(arg, SOCK_DGRAM, &to);
    return fd >= 0 && sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1;
}

static bool try_listen(char **arg)
{
    struct sockaddr_in at;
    int fd = internet(arg, SOCK_STREAM, &at);
    return fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0;
}

static bool try_ring(char **arg)
{
    (void)arg;
    char params[256] = {0};
    return syscall(SYS_io_uring_setup, 4, params) >= 0;
}

static bool try_unshare(char **arg)
{
    (void)arg;
    return unshare(CLONE_NEWUSER) == 0;
}

static bool try_clone(char **arg)
{
    (void)arg;
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        _exit(0);
    }
    return pid > 0;
}

/* Back to writable, if the mount tree were all that holds. */
static bool try_remount(char **arg)
{
    return mount("escape", arg[0], "tmpfs", 0, NULL) == 0 && umount2(arg[0], MNT_DETACH) == 0;
}

static bool try_chroot(char **arg)
{
    return chroot(arg[0]) == 0;
}

static bool try_device(char **arg)
{
    return mknod(arg[0], S_IFCHR | 0600, 0x103) == 0;
}

/* A program that leaves its session and outlives the one that was run; the test waits for the end
 * of its output. */
static bool try_outlive(char **arg)
{
    (void)arg;
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        if (fork() == 0) {
            signal(SIGHUP, SIG_IGN);
            signal(SIGTERM, SIG_IGN);
            pause();
        }
        _exit(0);
    }
    return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static const struct way {
    const char *name;
    int arguments;
    bool (*go)(char **arg);
} ways[] = {
    {"write", 1, try_write},
    {"create", 1, try_create},
    {"truncate", 1, try_truncate},
    {"open-truncate", 1, try_open_truncate},
    {"unlink", 1, try_unlink},
    {"mkdir", 1, try_mkdir},
    {"rename", 2, try_rename},
    {"link", 2, try_link},
    {"symlink", 2, try_symlink},
    {"chmod", 1, try_chmod},
    {"fchmod", 1, try_fchmod},
    {"times", 1, try_times},
    {"xattr", 1, try_xattr},
    {"read", 1, try_read},
    {"environment", 1, try_environment},
    {"variable", 1, own_variable},
    {"descriptor", 1, try_descriptor},
    {"ptrace", 1, try_ptrace},
    {"peek", 2, try_peek},
    {"signal", 1, try_signal},
    {"signal-group", 1, try_signal_group},
    {"unix", 1, try_unix},
    {"pair", 2, try_pair},
    {"terminal", 1, try_terminal},
    {"limit", 1, try_limit},
    {"priority", 1, try_priority},
    {"processor", 1, try_processor},
    {"owner", 1, try_owner},
    {"flags", 1, try_flags},
    {"memory", 1, try_memory},
    {"tcp", 1, try_tcp},
    {"udp", 1, try_udp},
    {"listen", 1, try_listen},
    {"ring", 0, try_ring},
    {"unshare", 0, try_unshare},
    {"clone", 0, try_clone},
    {"mount", 1, try_remount},
    {"chroot", 1, try_chroot},
    {"device", 1, try_device},
    {"outlive", 0, try_outlive},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(ways[i].name, argv[1]) == 0 && argc - 2 == ways[i].arguments) {
            errno = 0;
            if (ways[i].go(argv + 2)) {
                return 0;
            }
            fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
            return 1;
        }
    }
    fprintf(stderr, "escape: no such way\n");
    return 2;
}
