/* Finding what dead processes left behind. */
#include "text/swap.h"

#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "text/swap_format.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define HEADER_READ ((size_t)8 << 10)

/* Opens a swap file; *locked says whether its writer is dead. -1 when it cannot be opened. */
static int open_swap(const char *file, bool *locked)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    return fd;
}

/* The header of an open swap file, in bytes that `space` holds. */
static bool peek_header(int fd, struct buf *space, struct swap_header *header)
{
    buf_clear(space);
    buf_reserve(space, HEADER_READ);
    ssize_t got = pread(fd, space->ptr, HEADER_READ, 0);
    space->len = got > 0 ? (size_t)got : 0;
    return swap_read_header(buf_str(space), header, NULL);
}

/* Reads a leftover. False when it holds nothing that the file on disk does not (then it is removed)
 * or cannot be made use of (then it stays where it is, for a person to look at). */
static bool take_leftover(
    int fd, const char *file, struct str on_disk, struct buf *content, bool *damaged)
{
    struct buf bytes = BUF_INIT;
    bool readable = file_read_fd(fd, file, SWAP_FILE_MAX, &bytes, NULL);
    bool useful = readable && swap_replay(buf_str(&bytes), on_disk, content, damaged, NULL);
    if (bytes.len == 0 || (useful && str_equal(buf_str(content), on_disk))) {
        /* When it cannot be removed it is found and skipped again. */
        (void)unlink(file);
        useful = false;
    }
    buf_free(&bytes);
    return useful;
}

static void consider(
    char *file, const char *path, struct str on_disk, struct swap_found *best, uint32_t *busy)
{
    struct swap_found one = {.file = file};
    struct swap_header header = {0};
    struct buf space = BUF_INIT;
    bool locked;
    one.fd = open_swap(file, &locked);
    bool ours = one.fd >= 0 && peek_header(one.fd, &space, &header);
    one.time_ms = header.time_ms;
    if (ours && !str_equal_c(header.path, path)) {
        ours = false; /* another path with the same hash */
    } else if (one.fd >= 0 && !locked) {
        *busy = ours ? header.pid : 0;
        ours = false;
    }
    if (one.fd >= 0 && locked && (ours || space.len == 0) &&
        take_leftover(one.fd, file, on_disk, &one.content, &one.damaged) &&
        (best->file == NULL || one.time_ms > best->time_ms)) {
        if (best->file != NULL) {
            swap_found_close(best, false);
        }
        *best = one;
    } else {
        swap_found_close(&one, false);
    }
    buf_free(&space);
}

enum swap_status swap_find(
    const char *dir, const char *path, struct str on_disk, struct swap_found *found, uint32_t *pid)
{
    DIR *handle = opendir(dir);
    struct dirent *entry;
    char prefix[32];
    uint32_t busy = 0;
    *found = (struct swap_found){.fd = -1};
    snprintf(prefix, sizeof prefix, "%016llx-", str_hash(str_of(path)));
    while (handle != NULL && (entry = readdir(handle)) != NULL) {
        struct str name = str_of(entry->d_name);
        if (str_starts(name, prefix) && str_ends(name, ".swap")) {
            consider(path_join(dir, entry->d_name), path, on_disk, found, &busy);
        }
    }
    if (handle != NULL) {
        closedir(handle);
    }
    *pid = busy;
    return found->file != NULL ? SWAP_FOUND : busy != 0 ? SWAP_BUSY : SWAP_NONE;
}

void swap_found_close(struct swap_found *found, bool remove)
{
    if (remove && found->file != NULL) {
        /* One that stays is offered again, which is the safe side. */
        (void)unlink(found->file);
    }
    if (found->fd >= 0) {
        close(found->fd);
    }
    buf_free(&found->content);
    free(found->file);
    *found = (struct swap_found){.fd = -1};
}

static void add_once(struct swap_paths *out, struct str path)
{
    VEC_FOREACH (char *, item, out) {
        if (str_equal_c(path, *item)) {
            return;
        }
    }
    VEC_PUSH(out, str_dup(path));
}

void swap_list(const char *dir, struct swap_paths *out)
{
    DIR *handle = opendir(dir);
    struct dirent *entry;
    struct buf space = BUF_INIT;
    while (handle != NULL && (entry = readdir(handle)) != NULL) {
        if (!str_ends(str_of(entry->d_name), ".swap")) {
            continue;
        }
        char *file = path_join(dir, entry->d_name);
        struct swap_header header;
        bool locked;
        int fd = open_swap(file, &locked);
        if (locked && peek_header(fd, &space, &header)) {
            add_once(out, header.path);
        }
        if (fd >= 0) {
            close(fd);
        }
        free(file);
    }
    if (handle != NULL) {
        closedir(handle);
    }
    buf_free(&space);
}
