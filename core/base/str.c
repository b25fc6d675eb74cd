#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_equal_c(struct str a, const char *b)
{
    return str_equal(a, str_of(b));
}

int str_compare(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);
    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

bool str_starts(struct str s, const char *prefix)
{
    size_t len = strlen(prefix);
    return s.len >= len && (len == 0 || memcmp(s.ptr, prefix, len) == 0);
}

bool str_ends(struct str s, const char *suffix)
{
    size_t len = strlen(suffix);
    return s.len >= len && (len == 0 || memcmp(s.ptr + s.len - len, suffix, len) == 0);
}

size_t str_find(struct str s, struct str needle, size_t from)
{
    if (from > s.len || needle.len > s.len - from) {
        return SIZE_MAX;
    }
    if (needle.len == 0) {
        return from;
    }
    const char *hit = memmem(s.ptr + from, s.len - from, needle.ptr, needle.len);
    return hit == NULL ? SIZE_MAX : (size_t)(hit - s.ptr);
}

size_t str_find_char(struct str s, char c, size_t from)
{
    if (from >= s.len) {
        return SIZE_MAX;
    }
    const char *hit = memchr(s.ptr + from, c, s.len - from);
    return hit == NULL ? SIZE_MAX : (size_t)(hit - s.ptr);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

struct str str_trim_right(struct str s)
{
    while (s.len > 0 && is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

struct str str_trim(struct str s)
{
    s = str_trim_right(s);
    while (s.len > 0 && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    return s;
}

struct str str_from(struct str s, size_t from)
{
    return str_slice(s, from, s.len);
}

struct str str_slice(struct str s, size_t from, size_t to)
{
    if (to > s.len) {
        to = s.len;
    }
    if (from >= to) {
        return (struct str){s.ptr == NULL ? NULL : s.ptr + to, 0};
    }
    return (struct str){s.ptr + from, to - from};
}

bool str_next_line(struct str *rest, struct str *line)
{
    if (rest->len == 0) {
        return false;
    }
    size_t end = str_find_char(*rest, '\n', 0);
    if (end == SIZE_MAX) {
        *line = *rest;
        *rest = str_from(*rest, rest->len);
    } else {
        *line = str_slice(*rest, 0, end);
        *rest = str_from(*rest, end + 1);
    }
    return true;
}

char *str_dup(struct str s)
{
    return mem_strndup(s.ptr, s.len);
}

unsigned long long str_hash(struct str s)
{
    return str_hash_more(STR_HASH_EMPTY, s);
}

unsigned long long str_hash_more(unsigned long long before, struct str s)
{
    uint64_t hash = before;
    for (size_t i = 0; i < s.len; i++) {
        hash = (hash ^ (unsigned char)s.ptr[i]) * 1099511628211u;
    }
    return hash;
}

void buf_reserve(struct buf *buf, size_t extra)
{
    if (extra < buf->cap - buf->len) {
        return;
    }
    size_t need = buf->len + extra + 1;
    size_t cap = buf->cap < 64 ? 64 : buf->cap;
    while (cap < need) {
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    }
    buf->ptr = mem_realloc(buf->ptr, cap);
    buf->cap = cap;
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
    buf_reserve(buf, len);
    if (len > 0) {
        memcpy(buf->ptr + buf->len, data, len);
    }
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

void buf_append_str(struct buf *buf, struct str s)
{
    buf_append(buf, s.ptr, s.len);
}

void buf_append_c(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_append_char(struct buf *buf, char c)
{
    buf_append(buf, &c, 1);
}

void buf_append_repeat(struct buf *buf, char c, size_t count)
{
    buf_reserve(buf, count);
    memset(buf->ptr + buf->len, c, count);
    buf->len += count;
    buf->ptr[buf->len] = '\0';
}

void buf_vprintf(struct buf *buf, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    if (len > 0) {
        buf_reserve(buf, (size_t)len);
        vsnprintf(buf->ptr + buf->len, (size_t)len + 1, fmt, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_vprintf(buf, fmt, args);
    va_end(args);
}

void buf_insert(struct buf *buf, size_t at, const void *data, size_t len)
{
    buf_reserve(buf, len);
    memmove(buf->ptr + at + len, buf->ptr + at, buf->len - at);
    if (len > 0) {
        memcpy(buf->ptr + at, data, len);
    }
    buf->len += len;
    buf->ptr[buf->len] = '\0';
}

void buf_remove(struct buf *buf, size_t at, size_t len)
{
    if (len == 0) {
        return;
    }
    memmove(buf->ptr + at, buf->ptr + at + len, buf->len - at - len);
    buf->len -= len;
    buf->ptr[buf->len] = '\0';
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    if (buf->ptr != NULL) {
        buf->ptr[0] = '\0';
    }
}

void buf_free(struct buf *buf)
{
    free(buf->ptr);
    *buf = BUF_INIT;
}

char *buf_take(struct buf *buf)
{
    buf_reserve(buf, 0);
    buf->ptr[buf->len] = '\0';
    char *out = buf->ptr;
    *buf = BUF_INIT;
    return out;
}
