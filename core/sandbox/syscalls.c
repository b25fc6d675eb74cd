/* System calls that are refused. What Landlock covers is left to it: here is what it does not see.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fsverity.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "sandbox/sandbox_private.h"

/* Other processes, the kernel, mounts and name spaces. */
static const char *const never[] = {
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "process_mrelease",
    "move_pages",
    "migrate_pages",
    "kcmp",
    "pidfd_getfd",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "open_tree",
    "open_tree_attr",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "setns",
    "unshare",
    "open_by_handle_at",
    "name_to_handle_at",
    "reboot",
    "swapon",
    "swapoff",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "acct",
    "quotactl",
    "quotactl_fd",
    "sethostname",
    "setdomainname",
    "iopl",
    "ioperm",
    "modify_ldt",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "syslog",
    "vhangup",
    "nfsservctl",
    "lookup_dcookie",
    "mknod",
    "mknodat",
    "fanotify_init",
};

/* They do what other calls do, past this filter (io_uring) or with flags that it cannot see
 * (clone3): ENOSYS makes the C library use the old way. */
static const char *const unknown[] = {
    "io_uring_setup", "io_uring_enter", "io_uring_register", "clone3"};

/* Landlock has no rights for these, and without a read-only mount they reach every file of the
 * user's. */
static const char *const metadata[] = {
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "chown32",
    "fchown32",
    "lchown32",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "setxattrat",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "removexattrat",
    "utime",
    "utimes",
    "futimesat",
    "utimensat",
    "utimensat_time64",
    "file_setattr",
};

/* Memory that is nobody's: no look at processes and files finds it (bounds.h). */
static const char *const uncounted[] = {"shmget"};

/* What name spaces keep apart otherwise: memory, semaphores and queues that all programs of the
 * machine share. */
static const char *const shared[] = {"shmat", "shmctl", "semget", "semop", "semtimedop", "semctl",
    "msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink"};

/* Calls that take a process in their first argument, 0 being the caller's own: limits and the
 * scheduler's rules of other programs of the same user. */
static const char *const others[] = {
    "prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr"};

static const char *const signals[] = {
    "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"};

/* A call that this architecture or this libseccomp does not know cannot be made by name either; the
 * kernel's own answer to an unknown number is ENOSYS. */
static int deny(scmp_filter_ctx filter, const char *const *names, size_t count, int errnum)
{
    for (size_t i = 0; i < count; i++) {
        int call = seccomp_syscall_resolve_name(names[i]);
        if (call == __NR_SCMP_ERROR) {
            continue;
        }
        int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)errnum), call, 0);
        if (rc != 0 && rc != -EDOM) {
            return rc;
        }
    }
    return 0;
}

static int deny_sockets(scmp_filter_ctx filter, bool network)
{
    uint32_t action = SCMP_ACT_ERRNO(EACCES);
    if (!network) {
        return seccomp_rule_add(filter, action, SCMP_SYS(socket), 0);
    }
    /* Rules are joined by "or": all families below, between and above the ones that stay. AF_UNIX
     * is not among them: a container daemon's or a key agent's socket is a way out. AF_NETLINK is
     * how interfaces are listed. */
    static const unsigned stay[] = {AF_INET, AF_INET6, AF_NETLINK};
    int rc = seccomp_rule_add(filter, action, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_LT, stay[0]));
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(stay); i++) {
        unsigned next = i + 1 < ARRAY_LEN(stay) ? stay[i + 1] : 256;
        for (unsigned family = stay[i] + 1; rc == 0 && family < next; family++) {
            rc =
                seccomp_rule_add(filter, action, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, family));
        }
    }
    return rc != 0
               ? rc
               : seccomp_rule_add(filter, action, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GE, 256));
}

/* A pair of datagram sockets is a way past deny_sockets: each of the two may be given another
 * address, and sends to any socket in the file system (SOCK_RAW is another name for it). Pairs that
 * are connected for good stay. */
static int deny_pairs(scmp_filter_ctx filter)
{
    enum { TYPE_BITS = 0xF }; /* without SOCK_CLOEXEC and SOCK_NONBLOCK */
    static const uint64_t loose[] = {SOCK_DGRAM, SOCK_RAW};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(loose); i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socketpair), 1,
            SCMP_A1(SCMP_CMP_MASKED_EQ, TYPE_BITS, loose[i]));
    }
    return rc;
}

static int deny_values(
    scmp_filter_ctx filter, int call, unsigned argument, const uint64_t *values, size_t count)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 1,
            SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, UINT32_MAX, values[i]));
    }
    return rc;
}

/* Other programs, by what needs neither a signal nor ptrace, and a file's flags (chattr), for which
 * it is enough to have it open for reading. */
static int deny_reaching(scmp_filter_ctx filter)
{
    static const uint64_t owner[] = {F_SETOWN, F_SETOWN_EX}; /* who is signalled of a pipe */
    static const uint64_t control[] = {FIOSETOWN, SIOCSPGRP, FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR,
        FS_IOC_SET_ENCRYPTION_POLICY, FS_IOC_ENABLE_VERITY};
    int rc = deny(filter, shared, ARRAY_LEN(shared), EPERM);
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(others); i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
            seccomp_syscall_resolve_name(others[i]), 1, SCMP_A0(SCMP_CMP_NE, 0));
    }
    static const struct {
        int call;
        uint64_t of_a_process; /* not of a group or of all of the user's */
    } ranks[] = {{SCMP_SYS(setpriority), PRIO_PROCESS}, {SCMP_SYS(ioprio_set), 1}};
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(ranks); i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), ranks[i].call, 1,
            SCMP_A0(SCMP_CMP_NE, ranks[i].of_a_process));
        rc = rc != 0 ? rc
                     : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), ranks[i].call, 1,
                           SCMP_A1(SCMP_CMP_NE, 0));
    }
    rc = rc != 0 ? rc : deny_values(filter, SCMP_SYS(fcntl), 1, owner, ARRAY_LEN(owner));
    return rc != 0 ? rc : deny_values(filter, SCMP_SYS(ioctl), 1, control, ARRAY_LEN(control));
}

static int deny_flags(scmp_filter_ctx filter)
{
    static const uint64_t spaces[] = {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
        CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(spaces); i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
            SCMP_A0(SCMP_CMP_MASKED_EQ, spaces[i], spaces[i]));
    }
    /* Typing into the terminal we share with it. */
    static const uint64_t typing[] = {TIOCSTI, TIOCLINUX};
    return rc != 0 ? rc : deny_values(filter, SCMP_SYS(ioctl), 1, typing, ARRAY_LEN(typing));
}

static int add_rules(scmp_filter_ctx filter, const struct cage *cage)
{
    int rc = deny(filter, never, ARRAY_LEN(never), EPERM);
    rc = rc != 0 ? rc : deny(filter, uncounted, ARRAY_LEN(uncounted), EPERM);
    rc = rc != 0 ? rc : deny(filter, unknown, ARRAY_LEN(unknown), ENOSYS);
    rc = rc != 0 ? rc : deny_flags(filter);
    rc = rc != 0 ? rc : deny_sockets(filter, cage->network);
    rc = rc != 0 ? rc : deny_pairs(filter);
    if (rc == 0 && !cage->spaces) {
        rc = deny(filter, metadata, ARRAY_LEN(metadata), EPERM);
        rc = rc != 0 ? rc : deny_reaching(filter);
    }
    if (rc == 0 && !cage->spaces && cage->abi < LANDLOCK_ABI_SCOPES) {
        rc = deny(filter, signals, ARRAY_LEN(signals), EPERM);
    }
    return rc;
}

bool syscalls_confine(const struct cage *cage, struct err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL) {
        return err_set(err, ERR_UNSUPPORTED, "cannot make a seccomp filter");
    }
    /* Calls of another architecture (32 bit, x32) are not looked up in these tables: the program is
     * killed. */
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    rc = rc != 0 ? rc : add_rules(filter, cage);
    rc = rc != 0 ? rc : seccomp_load(filter);
    seccomp_release(filter);
    return rc == 0 || err_set_errno(err, -rc, "seccomp did not confine the program");
}
