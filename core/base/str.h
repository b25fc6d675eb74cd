/* Byte strings: a view (struct str) and a growing buffer (struct buf).
 *
 * Lengths travel with pointers and are in bytes; no encoding is implied unless a function says so.
 * A buf always has a NUL after its last byte once something was put in, so buf.ptr can go to C APIs
 * when its content has no NUL. Initialise with BUF_INIT or zeroes; free with buf_free. */
#ifndef BYLAW_BASE_STR_H
#define BYLAW_BASE_STR_H

#include "base/mem.h"

#include <stdarg.h>
#include <string.h>

struct str {
    const char *ptr; /* borrowed */
    size_t len;
};

struct buf {
    char *ptr; /* owned */
    size_t len;
    size_t cap;
};

#define BUF_INIT      ((struct buf){NULL, 0, 0})
#define STR_LIT(text) ((struct str){"" text, sizeof(text) - 1})
/* For printf("%.*s", STR_FMT(s)). */
#define STR_FMT(s) (int)(s).len, (s).ptr

static inline struct str str_of(const char *text)
{
    return (struct str){text, text == NULL ? 0 : strlen(text)};
}

static inline struct str str_make(const char *ptr, size_t len)
{
    return (struct str){ptr, len};
}

static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->ptr, buf->len};
}

bool str_equal(struct str a, struct str b);
bool str_equal_c(struct str a, const char *b);
/* As memcmp, the shorter first when one is the other's beginning. */
int str_compare(struct str a, struct str b);
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
/* Offset of the first `needle` at or after `from`, or SIZE_MAX. An empty needle is found at `from`.
 */
size_t str_find(struct str s, struct str needle, size_t from);
size_t str_find_char(struct str s, char c, size_t from);
struct str str_trim(struct str s);
struct str str_trim_right(struct str s);
/* From `from` to the end; empty past the end. */
struct str str_from(struct str s, size_t from);
struct str str_slice(struct str s, size_t from, size_t to);
/* Cuts the next line off *rest (without its LF; a CR stays). False when nothing is left. */
bool str_next_line(struct str *rest, struct str *line);
/* A NUL-terminated copy the caller frees. */
char *str_dup(struct str s) MUST_USE;
/* FNV-1a, 64 bits: for hash tables and change detection, not against an adversary. */
unsigned long long str_hash(struct str s);
/* The same in parts: the hash of what came before (at first STR_HASH_EMPTY) and the next part. */
#define STR_HASH_EMPTY 14695981039346656037u
unsigned long long str_hash_more(unsigned long long before, struct str s);

void buf_reserve(struct buf *buf, size_t extra);
void buf_append(struct buf *buf, const void *data, size_t len);
void buf_append_str(struct buf *buf, struct str s);
void buf_append_c(struct buf *buf, const char *text);
void buf_append_char(struct buf *buf, char c);
void buf_append_repeat(struct buf *buf, char c, size_t count);
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *buf, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
void buf_insert(struct buf *buf, size_t at, const void *data, size_t len);
void buf_remove(struct buf *buf, size_t at, size_t len);
/* Keeps the memory. */
void buf_clear(struct buf *buf);
void buf_free(struct buf *buf);
/* Hands the bytes over (never NULL, NUL-terminated; the caller frees) and leaves the buf empty. */
char *buf_take(struct buf *buf) MUST_USE;

#endif
