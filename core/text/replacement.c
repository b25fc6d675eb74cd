#include "text/replacement.h"

#include <string.h>

/* The group that a $ at `at` names, moving past it; -1 when it names none. */
static int group_named(struct str with, size_t *at)
{
    bool braced = *at + 1 < with.len && with.ptr[*at + 1] == '{';
    size_t digit = *at + (braced ? 2 : 1);
    if (digit >= with.len || with.ptr[digit] < '0' || with.ptr[digit] > '9') {
        return -1;
    }
    if (braced && (digit + 1 >= with.len || with.ptr[digit + 1] != '}')) {
        return -1;
    }
    *at = digit + (braced ? 2 : 1);
    return with.ptr[digit] - '0';
}

bool replacement_expand(struct str with, void (*group)(void *data, int number, struct buf *out),
    void *data, struct buf *out, struct err *err)
{
    static const char escapes[] = "n\nt\tr\r\\\\";
    for (size_t at = 0; at < with.len;) {
        char c = with.ptr[at];
        char next = at + 1 < with.len ? with.ptr[at + 1] : '\0';
        if (c == '$' && next == '$') {
            buf_append_char(out, '$');
            at += 2;
        } else if (c == '$') {
            int number = group_named(with, &at);
            if (number < 0) {
                return err_set(err, ERR_INVALID,
                    "in the replacement, $ needs a group ($0 … $9, ${1}) or another $");
            }
            group(data, number, out);
        } else if (c == '\\' && next != '\0' && strchr("ntr\\", next) != NULL) {
            buf_append_char(out, strchr(escapes, next)[1]);
            at += 2;
        } else {
            buf_append_char(out, c);
            at++;
        }
    }
    return true;
}
