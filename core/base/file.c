#include "base/file.h"

#include "base/path.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE = 8 << 20, LARGE_PAGE = 2 << 20 };

/* Half the time of reading a large file is the faults of 4 KiB pages. Only a hint: where it is not
 * taken, nothing changes. */
static void use_large_pages(const struct buf *buf)
{
#ifdef MADV_HUGEPAGE
    size_t skip = LARGE_PAGE - (uintptr_t)buf->ptr % LARGE_PAGE;
    if (buf->cap > skip) {
        (void)madvise(buf->ptr + skip, (buf->cap - skip) / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
    }
#else
    (void)buf;
#endif
}

static bool read_to_end(
    int fd, const char *name, size_t max_bytes, struct buf *out, struct err *err)
{
    size_t before = out->len;
    for (;;) {
        buf_reserve(out, 4096);
        ssize_t got = read(fd, out->ptr + out->len, out->cap - out->len - 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_set_errno(err, errno, "cannot read %s", name);
        }
        if (got == 0) {
            break;
        }
        out->len += (size_t)got;
        if (out->len - before > max_bytes) {
            return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", name, max_bytes);
        }
    }
    out->ptr[out->len] = '\0';
    return true;
}

bool file_read_fd(int fd, const char *name, size_t max_bytes, struct buf *out, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return err_set_errno(err, errno, "cannot read %s", name);
    }
    if (S_ISDIR(st.st_mode)) {
        return err_set(err, ERR_INVALID, "%s is a folder, not a file", name);
    }
    if (!S_ISREG(st.st_mode)) {
        return err_set(err, ERR_INVALID, "%s is a device, pipe or socket, not a file", name);
    }
    if (st.st_size > 0 && (unsigned long long)st.st_size > max_bytes) {
        return err_set(err, ERR_LIMIT, "%s is too large: %lld bytes, at most %zu are read", name,
            (long long)st.st_size, max_bytes);
    }
    buf_reserve(out, (size_t)(st.st_size > 0 ? st.st_size : 0) + 1);
    if (st.st_size >= LARGE) {
        use_large_pages(out);
    }
    return read_to_end(fd, name, max_bytes, out, err);
}

bool file_read_input(size_t max_bytes, struct buf *out, struct err *err)
{
    return read_to_end(STDIN_FILENO, "the standard input", max_bytes, out, err);
}

bool file_read(const char *path, size_t max_bytes, struct buf *out, struct err *err)
{
    /* O_NONBLOCK so that opening a fifo without a writer does not hang. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return err_set_errno(err, errno, "cannot open %s", path);
    }
    bool ok = file_read_fd(fd, path, max_bytes, out, err);
    close(fd);
    return ok;
}

bool file_write_all(int fd, struct str data, struct err *err)
{
    while (data.len > 0) {
        ssize_t put = write(fd, data.ptr, data.len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return err_set_errno(err, errno, "cannot write");
        }
        data = str_from(data, (size_t)put);
    }
    return true;
}

static void sync_folder_of(const char *path)
{
    char *dir = path_dir(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        /* Not all file systems can sync a folder; the data itself is safe already. */
        (void)fsync(fd);
        close(fd);
    }
    free(dir);
}

bool file_write_scratch(const char *path, struct str data, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_set_errno(err, errno, "cannot write %s", path);
    }
    bool ok = file_write_all(fd, data, err);
    if (!ok) {
        err_prefix(err, "%s", path);
    }
    return close(fd) == 0 ? ok : ok && err_set_errno(err, errno, "cannot write %s", path);
}

/* The descriptor of this process that a path such as /dev/stdout stands for; -1: it is none. */
static int own_descriptor(const char *path)
{
    static const char own[] = "/proc/self/fd/";
    char target[64];
    ssize_t len = readlink(path, target, sizeof target - 1);
    target[len > 0 ? len : 0] = '\0';
    bool is_own = strncmp(target, own, sizeof own - 1) == 0;
    return is_own && isdigit((unsigned char)target[sizeof own - 1])
               ? (int)strtol(target + sizeof own - 1, NULL, 10)
               : -1;
}

/* A device, a terminal or a pipe cannot be replaced by a file: it is written to. The standard
 * output under its name is our own descriptor (`own`, or -1), for another one would begin at its
 * start again. */
static bool write_stream(const char *path, int own, struct str data, struct err *err)
{
    (void)fflush(NULL);
    int fd = own >= 0 ? dup(own) : open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set_errno(err, errno, "cannot write %s", path);
    }
    bool ok = file_write_all(fd, data, err);
    if (!ok) {
        err_prefix(err, "%s", path);
    }
    close(fd);
    return ok;
}

bool file_write(const char *path, struct str data, unsigned mode, struct err *err)
{
    bool ok = false;
    struct stat st;
    bool existed = stat(path, &st) == 0;
    int own = existed ? own_descriptor(path) : -1;
    if (existed && ((!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) || own >= 0)) {
        return write_stream(path, own, data, err);
    }
    char *temp = mem_printf("%s.bylaw-XXXXXX", path);
    int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0) {
        err_set_errno(err, errno, "cannot write %s", path);
        free(temp);
        return false;
    }
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(fd, existed ? st.st_mode & 07777 : (mode_t)mode & ~mask) != 0) {
        err_set_errno(err, errno, "cannot set the mode of %s", path);
    } else if (!file_write_all(fd, data, err)) {
        err_prefix(err, "%s", path);
    } else if (fsync(fd) != 0) {
        err_set_errno(err, errno, "cannot write %s", path);
    } else if (rename(temp, path) != 0) {
        err_set_errno(err, errno, "cannot replace %s", path);
    } else {
        ok = true;
    }
    close(fd);
    if (ok) {
        sync_folder_of(path);
    } else {
        unlink(temp);
    }
    free(temp);
    return ok;
}
