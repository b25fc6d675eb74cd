#include "base/utf8.h"

#include "base/ambiguous.h"
#include "base/safe.h"

#include <stdatomic.h>
#include <utf8proc.h>

static atomic_bool ambiguous_is_wide;

int32_t utf8_decode(struct str s, size_t *len)
{
    if (s.len == 0) {
        *len = 0;
        return UTF8_INVALID;
    }
    unsigned char first = (unsigned char)s.ptr[0];
    if (first < 0x80) {
        *len = 1;
        return first;
    }
    utf8proc_int32_t cp;
    utf8proc_ssize_t used = utf8proc_iterate(
        (const utf8proc_uint8_t *)s.ptr, (utf8proc_ssize_t)(s.len > 4 ? 4 : s.len), &cp);
    if (used <= 0) {
        *len = 1;
        return UTF8_INVALID;
    }
    *len = (size_t)used;
    return cp;
}

size_t utf8_encode(int32_t cp, char out[4])
{
    if (!utf8proc_codepoint_valid(cp)) {
        cp = 0xFFFD;
    }
    return (size_t)utf8proc_encode_char(cp, (utf8proc_uint8_t *)out);
}

bool utf8_is_valid(struct str s)
{
    size_t i = 0;
    while (i < s.len) {
        if ((unsigned char)s.ptr[i] < 0x80) {
            i++;
            continue;
        }
        size_t len;
        if (utf8_decode(str_from(s, i), &len) == UTF8_INVALID) {
            return false;
        }
        i += len;
    }
    return true;
}

size_t utf8_cluster(struct str s)
{
    if (s.len == 0) {
        return 0;
    }
    /* The common case, and the fast one: ASCII followed by ASCII. */
    unsigned char first = (unsigned char)s.ptr[0];
    if (first < 0x80 && (s.len == 1 || (unsigned char)s.ptr[1] < 0x80)) {
        return first == '\r' && s.len > 1 && s.ptr[1] == '\n' ? 2 : 1;
    }
    size_t len;
    int32_t cp = utf8_decode(s, &len);
    if (cp == UTF8_INVALID) {
        return len;
    }
    size_t end = len;
    utf8proc_int32_t state = 0;
    /* A bound keeps a megabyte of combining marks from being one cluster and quadratic. */
    while (end < s.len && end < 256) {
        int32_t next = utf8_decode(str_from(s, end), &len);
        if (next == UTF8_INVALID || utf8proc_grapheme_break_stateful(cp, next, &state)) {
            break;
        }
        end += len;
        cp = next;
    }
    return end;
}

static size_t code_point_before(struct str s, size_t pos)
{
    size_t start = pos - 1;
    while (start > 0 && pos - start < 4 && ((unsigned char)s.ptr[start] & 0xC0u) == 0x80u) {
        start--;
    }
    size_t len;
    if (utf8_decode(str_from(s, start), &len) != UTF8_INVALID && start + len == pos) {
        return start;
    }
    return pos - 1;
}

size_t utf8_cluster_before(struct str s, size_t pos)
{
    if (pos == 0) {
        return 0;
    }
    if ((unsigned char)s.ptr[pos - 1] < 0x80) {
        return s.ptr[pos - 1] == '\n' && pos > 1 && s.ptr[pos - 2] == '\r' ? pos - 2 : pos - 1;
    }
    /* Cluster breaks depend on what comes before: start at an ASCII character and walk forward. */
    size_t start = pos;
    while (start > 0 && pos - start < 256) {
        start = code_point_before(s, start);
        if ((unsigned char)s.ptr[start] < 0x80) {
            break;
        }
    }
    struct str part = str_slice(s, start, pos);
    size_t at = 0;
    for (;;) {
        size_t len = utf8_cluster(str_from(part, at));
        if (len == 0 || at + len >= part.len) {
            return start + at;
        }
        at += len;
    }
}

int utf8_ambiguous_width(void)
{
    return ambiguous_is_wide ? 2 : 1;
}

void utf8_set_ambiguous_width(int columns)
{
    ambiguous_is_wide = columns == 2;
}

static bool is_ambiguous(int32_t cp)
{
    size_t low = 0, high = ambiguous_range_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cp > ambiguous_ranges[middle][1]) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < ambiguous_range_count && cp >= ambiguous_ranges[low][0];
}

int utf8_width_cp(int32_t cp)
{
    if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) {
        return -1;
    }
    if (cp < 0x7F) {
        return 1;
    }
    if (cp == 0xAD) {
        return 1;
    }
    int width = utf8proc_charwidth(cp);
    return width == 1 && ambiguous_is_wide && is_ambiguous(cp) ? 2 : width;
}

int utf8_width_cluster(struct str cluster)
{
    int total = 0;
    int run = -1; /* width of the visible code points since the last hidden one; -1: none */
    size_t at = 0;
    while (at < cluster.len) {
        size_t len;
        int32_t cp = utf8_decode(str_from(cluster, at), &len);
        if (cp != '\t' && safe_is_hidden(cp)) {
            char shown[SAFE_SHOWN_MAX];
            /* A mark without a base stands on a blank of its own. */
            total += (run == 0     ? 1
                         : run < 0 ? 0
                                   : run) +
                     (int)safe_show(cp, (unsigned char)cluster.ptr[at], shown);
            run = -1;
        } else {
            int own = cp == '\t' ? 1 : utf8_width_cp(cp);
            bool grows = cp == 0xFE0F || (cp >= 0x1F1E6 && cp <= 0x1F1FF); /* flag's second half */
            own = grows && run == 1 ? 2 : own;
            run = own > run ? own : run;
        }
        at += len;
    }
    return total + (run == 0 ? 1 : run < 0 ? 0 : run);
}

size_t utf8_width(struct str s)
{
    size_t width = 0;
    size_t at = 0;
    while (at < s.len) {
        size_t len = utf8_cluster(str_from(s, at));
        width += (size_t)utf8_width_cluster(str_slice(s, at, at + len));
        at += len;
    }
    return width;
}

struct str utf8_fit(struct str s, size_t columns)
{
    size_t width = 0;
    size_t at = 0;
    while (at < s.len) {
        size_t len = utf8_cluster(str_from(s, at));
        width += (size_t)utf8_width_cluster(str_slice(s, at, at + len));
        if (width > columns) {
            break;
        }
        at += len;
    }
    return str_slice(s, 0, at);
}

size_t utf8_count(struct str s)
{
    size_t count = 0;
    size_t at = 0;
    while (at < s.len) {
        size_t len;
        utf8_decode(str_from(s, at), &len);
        at += len;
        count++;
    }
    return count;
}

struct str utf8_head(struct str s, size_t bytes)
{
    if (s.len <= bytes) {
        return s;
    }
    size_t end = bytes;
    for (int i = 0; i < 3 && end > 0 && ((unsigned char)s.ptr[end] & 0xc0) == 0x80; i++) {
        end--;
    }
    return str_slice(s, 0, end);
}
