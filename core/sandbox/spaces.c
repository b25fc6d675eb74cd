/* The third layer: what an ordinary user may have of a container. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "sandbox/sandbox_private.h"

/* mount_setattr(2), Linux 5.12, for C libraries whose headers are older. */
struct setattr {
    uint64_t attr_set, attr_clr, propagation, userns_fd;
};
#define SETATTR_RDONLY    1ULL
#define SETATTR_RECURSIVE 0x8000U

static bool set_mounts(const char *path, uint64_t set, uint64_t clear, struct err *err)
{
    struct setattr attr = {.attr_set = set, .attr_clr = clear};
    return syscall(SYS_mount_setattr, AT_FDCWD, path, SETATTR_RECURSIVE, &attr, sizeof attr) == 0 ||
           err_set_errno(err, errno, "cannot make %s %s in the sandbox", path,
               set != 0 ? "read-only" : "writable");
}

static bool write_text(const char *path, const char *text, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set_errno(err, errno, "cannot open %s", path);
    }
    bool done = file_write_all(fd, str_of(text), err);
    close(fd);
    return done;
}

/* The same user inside as outside: files keep their owner. */
static bool map_user(uid_t uid, gid_t gid, struct err *err)
{
    char text[64];
    if (!write_text("/proc/self/setgroups", "deny", err)) {
        return false;
    }
    snprintf(text, sizeof text, "%u %u 1", (unsigned)uid, (unsigned)uid);
    if (!write_text("/proc/self/uid_map", text, err)) {
        return false;
    }
    snprintf(text, sizeof text, "%u %u 1", (unsigned)gid, (unsigned)gid);
    return write_text("/proc/self/gid_map", text, err);
}

static bool arrange_mounts(const struct cage *cage, struct err *err)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return err_set_errno(err, errno, "cannot part the sandbox's mounts from ours");
    }
    VEC_FOREACH (char *, path, &cage->writable) {
        if (mount(*path, *path, NULL, MS_BIND | MS_REC, NULL) != 0) {
            return err_set_errno(err, errno, "cannot mount %s in the sandbox", *path);
        }
    }
    if (!set_mounts("/", SETATTR_RDONLY, 0, err)) {
        return false;
    }
    VEC_FOREACH (char *, path, &cage->writable) {
        if (!set_mounts(*path, 0, SETATTR_RDONLY, err)) {
            return false;
        }
    }
    return true;
}

pid_t spaces_fork(bool network)
{
    long flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID |
                 (network ? 0 : CLONE_NEWNET) | SIGCHLD;
    return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

bool spaces_arrange(const struct cage *cage, uid_t uid, gid_t gid, struct err *err)
{
    if (!map_user(uid, gid, err) || !arrange_mounts(cage, err)) {
        return false;
    }
    /* Refused where parts of /proc are hidden already, as in containers: Landlock then keeps the
     * old one's processes from being looked into. */
    (void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    return true;
}

bool spaces_drop_capabilities(struct err *err)
{
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
        prctl(PR_CAPBSET_DROP, cap, 0, 0,
            0); /* without CAP_SETPCAP there is nothing to drop either */
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    return syscall(SYS_capset, &header, none) == 0 ||
           err_set_errno(err, errno, "cannot give up capabilities");
}
