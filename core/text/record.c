#include "text/record.h"

#define FRAME_HEAD 5 /* kind and length */
#define FRAME_TAIL 8 /* hash */

void record_put_number(struct buf *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        buf_append_char(out, (char)(value >> (8 * i)));
    }
}

uint64_t record_get_number(const char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes; i-- > 0;) {
        value = value << 8 | (unsigned char)at[i];
    }
    return value;
}

bool record_take_number(struct str *rest, uint64_t *value, int bytes)
{
    if (rest->len < (size_t)bytes) {
        return false;
    }
    *value = record_get_number(rest->ptr, bytes);
    *rest = str_from(*rest, (size_t)bytes);
    return true;
}

size_t record_begin(struct buf *out, char kind, size_t len)
{
    size_t start = out->len;
    buf_reserve(out, FRAME_HEAD + len + FRAME_TAIL);
    buf_append_char(out, kind);
    record_put_number(out, len, 4);
    return start;
}

void record_end(struct buf *out, size_t start)
{
    record_put_number(out, str_hash(str_from(buf_str(out), start)), FRAME_TAIL);
}

bool record_next(struct str *rest, char *kind, struct str *payload)
{
    if (rest->len < FRAME_HEAD + FRAME_TAIL) {
        return false;
    }
    size_t len = (size_t)record_get_number(rest->ptr + 1, 4);
    if (rest->len - FRAME_HEAD - FRAME_TAIL < len) {
        return false;
    }
    struct str framed = str_slice(*rest, 0, FRAME_HEAD + len);
    if (record_get_number(rest->ptr + framed.len, FRAME_TAIL) != str_hash(framed)) {
        return false;
    }
    *kind = rest->ptr[0];
    *payload = str_slice(*rest, FRAME_HEAD, FRAME_HEAD + len);
    *rest = str_from(*rest, framed.len + FRAME_TAIL);
    return true;
}
