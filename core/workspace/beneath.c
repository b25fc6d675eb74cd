#include "workspace/beneath.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

static atomic_bool no_openat2;
static atomic_bool walk_only;

void beneath_force_walk(bool force)
{
    walk_only = force;
}

struct file_stamp file_stamp_of(const struct stat *st)
{
    return (struct file_stamp){
        .exists = true,
        .size = (uint64_t)st->st_size,
        .mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
        .inode = (uint64_t)st->st_ino,
        .mode = st->st_mode & 07777u,
    };
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->exists == b->exists && a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->inode == b->inode && a->mode == b->mode;
}

int beneath_open_root(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        err_set_errno(err, errno, "cannot open folder %s", path);
    }
    return fd;
}

/* Opens part after part, each without following a link. */
static int open_walking(int root, const char *path, int flags)
{
    int dir = root;
    const char *part = path;
    for (;;) {
        const char *slash = strchr(part, '/');
        char *name = slash == NULL ? mem_strdup(part) : mem_strndup(part, (size_t)(slash - part));
        int wanted = slash == NULL ? flags : O_RDONLY | O_DIRECTORY | O_CLOEXEC;
        int fd = openat(dir, name, wanted | O_NOFOLLOW);
        int errnum = errno;
        struct stat st;
        /* O_DIRECTORY on a link says ENOTDIR: the reason the user needs is the link. */
        if (fd < 0 && errnum == ENOTDIR && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISLNK(st.st_mode)) {
            errnum = ELOOP;
        }
        free(name);
        if (dir != root) {
            close(dir);
        }
        errno = errnum;
        if (fd < 0 || slash == NULL) {
            return fd;
        }
        dir = fd;
        part = slash + 1;
    }
}

static int open_below(int root, const char *path, int flags)
{
#ifdef SYS_openat2
    if (!no_openat2 && !walk_only) {
        struct open_how how = {
            .flags = (uint64_t)(unsigned)flags,
            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        for (int tries = 0; tries < 100; tries++) {
            long fd = syscall(SYS_openat2, root, path, &how, sizeof how);
            if (fd >= 0) {
                return (int)fd;
            }
            if (errno != EAGAIN && errno != EINTR) {
                break; /* EAGAIN: a rename elsewhere raced with the look-up */
            }
        }
        /* An old kernel says ENOSYS, a container's filter EPERM. */
        if (errno != ENOSYS && errno != EPERM) {
            return -1;
        }
        no_openat2 = errno == ENOSYS;
    }
#endif
    return open_walking(root, path, flags);
}

static char *checked(const char *path, struct err *err)
{
    char *clean = NULL;
    return path_check_relative(str_of(path), &clean, err) ? clean : NULL;
}

static void say_errno(struct err *err, int errnum, const char *path)
{
    if (errnum == ELOOP) {
        err_set(err, ERR_DENIED,
            "%s is a symbolic link, or is reached through one: links are not followed", path);
    } else if (errnum == EXDEV) {
        err_set(err, ERR_DENIED, "%s leaves the workspace", path);
    } else if (errnum == ENXIO || errnum == EOPNOTSUPP) {
        err_set(err, ERR_INVALID, "%s is a device, pipe or socket, not a file", path);
    } else {
        err_set_errno(err, errnum, "cannot open %s", path);
    }
}

/* O_NONBLOCK: opening a fifo must not wait for a writer; O_NOCTTY: a terminal must not become
 * ours. */
int beneath_open(int root, const char *path, struct stat *st, struct err *err)
{
    char *clean = checked(path, err);
    if (clean == NULL) {
        return -1;
    }
    struct stat own;
    int fd = open_below(root, clean, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        say_errno(err, errno, clean);
    } else if (fstat(fd, &own) != 0) {
        err_set_errno(err, errno, "cannot open %s", clean);
        close(fd);
        fd = -1;
    } else if (!S_ISREG(own.st_mode)) {
        err_set(err, ERR_INVALID,
            S_ISDIR(own.st_mode) ? "%s is a folder, not a file"
                                 : "%s is a device, pipe or socket, not a file",
            clean);
        close(fd);
        fd = -1;
    } else if (st != NULL) {
        *st = own;
    }
    free(clean);
    return fd;
}

int beneath_open_dir(int root, const char *path, struct err *err)
{
    if (path[0] == '\0' || strcmp(path, ".") == 0) {
        int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
            err_set_errno(err, errno, "cannot open the workspace folder");
        }
        return fd;
    }
    char *clean = checked(path, err);
    if (clean == NULL) {
        return -1;
    }
    int fd = open_below(root, clean, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        say_errno(err, errno, clean);
    }
    free(clean);
    return fd;
}

int beneath_open_parent(int root, const char *path, const char **base, struct err *err)
{
    char *clean = checked(path, err);
    if (clean == NULL) {
        return -1;
    }
    free(clean);
    *base = path_base(path);
    char *dir = path_dir(path);
    int fd = beneath_open_dir(root, dir, err);
    free(dir);
    return fd;
}

bool beneath_stat(int root, const char *path, struct stat *st, struct err *err)
{
    const char *base;
    int dir = beneath_open_parent(root, path, &base, err);
    if (dir < 0) {
        return false;
    }
    bool ok = fstatat(dir, base, st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!ok) {
        err_set_errno(err, errno, "cannot find %s", path);
    }
    close(dir);
    return ok;
}

bool beneath_read(int root, const char *path, size_t max_bytes, struct buf *out,
    struct file_stamp *stamp, struct err *err)
{
    struct stat before;
    int fd = beneath_open(root, path, &before, err);
    if (fd < 0) {
        return false;
    }
    size_t had = out->len;
    bool ok = file_read_fd(fd, path, max_bytes, out, err);
    struct stat after;
    if (ok && fstat(fd, &after) == 0) {
        struct file_stamp a = file_stamp_of(&before);
        struct file_stamp b = file_stamp_of(&after);
        if (!file_stamp_equal(&a, &b)) {
            ok = err_set(err, ERR_CONFLICT, "%s changed while it was read: try again", path);
        } else if (stamp != NULL) {
            *stamp = a;
        }
    }
    if (!ok && out->ptr != NULL) {
        buf_remove(out, had, out->len - had);
    }
    close(fd);
    return ok;
}

static bool make_part(
    int *dir, int root, const char *name, const char *folder, bool *made, struct err *err)
{
    *made = mkdirat(*dir, name, 0777) == 0;
    if (!*made && errno != EEXIST) {
        return err_set_errno(err, errno, "cannot create folder %s", folder);
    }
    int next = openat(*dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) {
        int errnum = errno;
        struct stat st;
        if (errnum == ELOOP ||
            (fstatat(*dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))) {
            return err_set(
                err, ERR_DENIED, "folder %s is a symbolic link: links are not followed", folder);
        }
        if (errnum == ENOTDIR) {
            return err_set(err, ERR_EXISTS, "%s is a file: no folder can be made there", folder);
        }
        return err_set_errno(err, errnum, "cannot open folder %s", folder);
    }
    if (*dir != root) {
        close(*dir);
    }
    *dir = next;
    return true;
}

bool beneath_make_parents(int root, const char *path, void (*made)(void *data, const char *folder),
    void *data, struct err *err)
{
    char *clean = checked(path, err);
    if (clean == NULL) {
        return false;
    }
    int dir = root;
    bool ok = true;
    char *part = clean;
    for (char *slash = strchr(part, '/'); ok && slash != NULL; slash = strchr(part, '/')) {
        *slash = '\0';
        bool is_new;
        ok = make_part(&dir, root, part, clean, &is_new, err);
        if (ok && is_new && made != NULL) {
            made(data, clean);
        }
        *slash = '/';
        part = slash + 1;
    }
    if (dir != root) {
        close(dir);
    }
    free(clean);
    return ok;
}
