#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A cut in the middle of a UTF-8 sequence would reach the screen as garbage. */
static void cut_at_boundary(char *text, size_t size)
{
    size_t len = strlen(text);
    if (len + 1 < size) {
        return;
    }
    size_t i = len;
    while (i > 0 && ((unsigned char)text[i - 1] & 0xC0u) == 0x80u) {
        i--;
    }
    if (i > 0 && ((unsigned char)text[i - 1] & 0x80u) != 0) {
        text[i - 1] = '\0';
    }
}

static void format(struct err *err, enum err_kind kind, const char *fmt, va_list args)
{
    err->kind = kind;
    vsnprintf(err->text, sizeof err->text, fmt, args);
    cut_at_boundary(err->text, sizeof err->text);
}

bool err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, fmt);
        format(err, kind, fmt, args);
        va_end(args);
    }
    return false;
}

static enum err_kind kind_of_errno(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
    case EXDEV:
        return ERR_DENIED;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    default:
        return ERR_IO;
    }
}

bool err_set_errno(struct err *err, int errnum, const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, fmt);
        format(err, kind_of_errno(errnum), fmt, args);
        va_end(args);
        size_t len = strlen(err->text);
        snprintf(err->text + len, sizeof err->text - len, ": %s", strerror(errnum));
        cut_at_boundary(err->text, sizeof err->text);
    }
    return false;
}

bool err_prefix(struct err *err, const char *fmt, ...)
{
    if (err != NULL) {
        char rest[sizeof err->text];
        memcpy(rest, err->text, sizeof rest);
        va_list args;
        va_start(args, fmt);
        format(err, err->kind, fmt, args);
        va_end(args);
        size_t len = strlen(err->text);
        snprintf(err->text + len, sizeof err->text - len, ": %s", rest);
        cut_at_boundary(err->text, sizeof err->text);
    }
    return false;
}
