/* Whole files outside the workspace: configuration, state, caches. Files of the workspace are read
 * and written through workspace/ (beneath.h, door.h). */
#ifndef BYLAW_BASE_FILE_H
#define BYLAW_BASE_FILE_H

#include "base/err.h"
#include "base/str.h"

/* Appends the file's bytes to out. Only regular files (ERR_INVALID else: a fifo would block);
 * ERR_LIMIT when it is larger than max_bytes. Follows links. */
bool file_read(const char *path, size_t max_bytes, struct buf *out, struct err *err) MUST_USE;
/* The same from an open descriptor, which stays open; `name` is for the message. */
bool file_read_fd(
    int fd, const char *name, size_t max_bytes, struct buf *out, struct err *err) MUST_USE;
/* The standard input to its end, a pipe or a terminal, too: `-` of a command. */
bool file_read_input(size_t max_bytes, struct buf *out, struct err *err) MUST_USE;
/* Writes atomically: temporary file beside it, fsync, rename, fsync of the folder. A new file gets
 * `mode` (less umask), an existing one keeps its own. What is no file (/dev/null, /dev/stdout, a
 * pipe that somebody reads) is written to and stays what it is. */
bool file_write(const char *path, struct str data, unsigned mode, struct err *err) MUST_USE;
/* Writes a file of a folder of our own that is removed again (workspace/scratch.h): not by way of
 * another one, and not waiting until it is on the disk. Follows no link; its mode is 0600. */
bool file_write_scratch(const char *path, struct str data, struct err *err) MUST_USE;
/* write(2) until all is out, over EINTR and short writes. */
bool file_write_all(int fd, struct str data, struct err *err) MUST_USE;

#endif
