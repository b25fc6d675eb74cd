/* Files below one folder, reached without ever following a symbolic link and without leaving it:
 * what a model, a patch or an engine names is opened only from here.
 *
 * On Linux the kernel checks it (openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
 * RESOLVE_NO_MAGICLINKS); elsewhere, and where a sandbox refuses that call, each part of the path
 * is opened with O_NOFOLLOW from the descriptor of the part before, so a link swapped in meanwhile
 * is an error and never followed.
 *
 * Paths are relative and pass path_check_relative first ("..", absolute, ".git", control characters
 * and invalid UTF-8 are refused with a reason). `root` is a descriptor from beneath_open_root. Only
 * regular files are opened for reading. Any thread. */
#ifndef BYLAW_WORKSPACE_BENEATH_H
#define BYLAW_WORKSPACE_BENEATH_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/stat.h>

/* A file as it was when looked at: enough to see that it changed. All zero: there was none. */
struct file_stamp {
    bool exists;
    uint64_t size;
    int64_t mtime_ns;
    uint64_t inode;
    unsigned mode; /* permission bits */
};

struct file_stamp file_stamp_of(const struct stat *st);
bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b);

/* The folder itself, which may be reached through links (the user named it). -1 on failure; the
 * caller closes it. */
int beneath_open_root(const char *path, struct err *err) MUST_USE;
/* A descriptor (O_RDONLY) of a regular file; -1 on failure. `st` may be NULL. */
int beneath_open(int root, const char *path, struct stat *st, struct err *err) MUST_USE;
/* A folder below root; "" or "." is root itself (a new descriptor). -1 on failure. */
int beneath_open_dir(int root, const char *path, struct err *err) MUST_USE;
/* The folder that holds `path`, and in *base the last part of path (borrowed from it). */
int beneath_open_parent(int root, const char *path, const char **base, struct err *err) MUST_USE;
/* lstat: what stands there, whatever its type. ERR_NOT_FOUND when nothing does. */
bool beneath_stat(int root, const char *path, struct stat *st, struct err *err) MUST_USE;
/* Appends the bytes of a regular file of at most max_bytes to out; `stamp` may be NULL.
 * ERR_CONFLICT when it changed while it was read. */
bool beneath_read(int root, const char *path, size_t max_bytes, struct buf *out,
    struct file_stamp *stamp, struct err *err) MUST_USE;
/* Creates the folders above `path` (mode 0777 less umask). `made` is called with each one that did
 * not exist, outermost first; it may be NULL. */
bool beneath_make_parents(int root, const char *path, void (*made)(void *data, const char *folder),
    void *data, struct err *err) MUST_USE;

/* For tests: never ask the kernel, walk. */
void beneath_force_walk(bool force);

#endif
