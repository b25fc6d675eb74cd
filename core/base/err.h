/* Errors are values. A function that can fail returns bool (true: done) or a pointer (NULL: failed)
 * and takes a struct err * as its last argument; on failure it holds a kind to branch on and one
 * sentence for the user: what, where, what to do. The pointer may be NULL when the caller does not
 * care for the text. A function that succeeds leaves the err untouched. */
#ifndef BYLAW_BASE_ERR_H
#define BYLAW_BASE_ERR_H

#include "base/mem.h"

enum err_kind {
    ERR_NONE = 0,
    ERR_INVALID, /* bad input: syntax, encoding, a value out of range */
    ERR_NOT_FOUND,
    ERR_EXISTS,
    ERR_DENIED,      /* permission, trust, a path that leaves the workspace */
    ERR_IO,          /* the system said no: disk, pipe, file system */
    ERR_CONFLICT,    /* something changed underneath */
    ERR_LIMIT,       /* larger than we take */
    ERR_UNSUPPORTED, /* valid, but not something we do here */
    ERR_CANCELLED,
    ERR_TIMEOUT,
    ERR_NETWORK,
    ERR_EXTERNAL /* another program failed or answered nonsense */
};

struct err {
    enum err_kind kind;
    char text[1024];
};

/* Always returns false, so that a failing function can `return err_set(err, ...)`. Text is cut at a
 * code point boundary when it does not fit. */
bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_set with ": " and strerror(errno) added; maps ENOENT, EEXIST, EACCES, EPERM, EROFS to
 * their kinds, all else to ERR_IO. */
bool err_set_errno(struct err *err, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "what: " before the text that err already has. Always returns false. */
bool err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
