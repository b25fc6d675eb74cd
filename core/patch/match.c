#include "patch/match.h"

#include "base/safe.h"
#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>

static bool is_space(int32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0D) || cp == 0x20 || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

struct str match_trim_right(struct str s)
{
    while (s.len > 0) {
        size_t start = s.len - 1;
        while (start > 0 && s.len - start < 4 && ((unsigned char)s.ptr[start] & 0xC0) == 0x80) {
            start--;
        }
        size_t len;
        int32_t cp = utf8_decode(str_from(s, start), &len);
        if (start + len != s.len || !is_space(cp)) {
            break;
        }
        s.len = start;
    }
    return s;
}

struct str match_trim(struct str s)
{
    s = match_trim_right(s);
    size_t len;
    while (s.len > 0 && is_space(utf8_decode(s, &len))) {
        s = str_from(s, len);
    }
    return s;
}

/* Typographic punctuation as models and editors swap it for plain ASCII. */
static int32_t plain(int32_t cp)
{
    if ((cp >= 0x2010 && cp <= 0x2015) || cp == 0x2212) {
        return '-';
    }
    if (cp >= 0x2018 && cp <= 0x201B) {
        return '\'';
    }
    if (cp >= 0x201C && cp <= 0x201F) {
        return '"';
    }
    if (cp == 0xA0 || (cp >= 0x2002 && cp <= 0x200A) || cp == 0x202F || cp == 0x205F ||
        cp == 0x3000) {
        return ' ';
    }
    return cp;
}

static bool equal_plain(struct str a, struct str b)
{
    while (a.len > 0 && b.len > 0) {
        size_t len_a;
        size_t len_b;
        int32_t cp_a = utf8_decode(a, &len_a);
        int32_t cp_b = utf8_decode(b, &len_b);
        if (plain(cp_a) != plain(cp_b) || (cp_a == UTF8_INVALID && a.ptr[0] != b.ptr[0])) {
            return false;
        }
        a = str_from(a, len_a);
        b = str_from(b, len_b);
    }
    return a.len == 0 && b.len == 0;
}

bool match_lines_equal(struct str a, struct str b, enum match_level level)
{
    switch (level) {
    case MATCH_EXACT:
        return str_equal(a, b);
    case MATCH_TRIM_RIGHT:
        return str_equal(match_trim_right(a), match_trim_right(b));
    case MATCH_TRIM:
        return str_equal(match_trim(a), match_trim(b));
    default:
        return equal_plain(match_trim(a), match_trim(b));
    }
}

static bool block_at(const struct lines *file, const struct str *block, size_t count, size_t at,
    enum match_level level)
{
    for (size_t i = 0; i < count; i++) {
        if (!match_lines_equal(file->items[at + i].text, block[i], level)) {
            return false;
        }
    }
    return true;
}

size_t match_find(
    const struct lines *file, const struct str *block, size_t count, size_t from, bool at_end)
{
    if (count == 0) {
        return from;
    }
    if (count > file->len) {
        return SIZE_MAX;
    }
    size_t last = file->len - count;
    size_t start = at_end && last > from ? last : from;
    for (int level = 0; level < MATCH_LEVELS; level++) {
        for (size_t at = start; at <= last; at++) {
            if (block_at(file, block, count, at, (enum match_level)level)) {
                return at;
            }
        }
    }
    return SIZE_MAX;
}

/* Line comparisons that match_nearest may spend. */
enum { NEAREST_WORK = 4 * 1000 * 1000 };

/* More than half of the longer line in common at its two ends. */
static bool is_alike(struct str a, struct str b)
{
    enum { LOOK_MAX = 300 };
    a = match_trim(a);
    b = match_trim(b);
    size_t longer = a.len > b.len ? a.len : b.len;
    size_t shorter = a.len < b.len ? a.len : b.len;
    shorter = shorter > LOOK_MAX ? LOOK_MAX : shorter;
    size_t head = 0;
    size_t tail = 0;
    while (head < shorter && a.ptr[head] == b.ptr[head]) {
        head++;
    }
    while (tail < shorter - head && a.ptr[a.len - 1 - tail] == b.ptr[b.len - 1 - tail]) {
        tail++;
    }
    return (head + tail) * 2 > longer;
}

bool match_nearest(
    const struct lines *file, const struct str *block, size_t count, struct match_near *near)
{
    *near = (struct match_near){0};
    if (count == 0 || file->len == 0) {
        return false;
    }
    size_t span = count < file->len ? count : file->len;
    size_t work = 0;
    size_t best_weight = 0;
    for (size_t at = 0; at + span <= file->len && work < NEAREST_WORK; at++) {
        size_t equal = 0;
        size_t weight = 0;
        for (size_t i = 0; i < span; i++, work++) {
            if (match_lines_equal(file->items[at + i].text, block[i], MATCH_PLAIN)) {
                equal++;
                /* An empty line or a lone brace says little about the place. */
                weight += match_trim(block[i]).len > 2 ? 8 : 1;
            } else if (is_alike(file->items[at + i].text, block[i])) {
                weight += 4;
            }
        }
        if (weight > best_weight) {
            best_weight = weight;
            *near = (struct match_near){at, span, equal};
        }
    }
    return best_weight > 0;
}

static void describe_line(struct buf *out, const struct lines *file, size_t at, char sign)
{
    struct str text = file->items[at].text;
    char *shown = safe_dup(text, SAFE_ONE_LINE, 300);
    /* Tabs are shown as they are: the text is meant to be copied back. */
    if (str_find_char(text, '\t', 0) != SIZE_MAX) {
        free(shown);
        shown = safe_dup(text, SAFE_KEEP_LINES, 300);
    }
    buf_printf(out, "%c%6zu  %s\n", sign, at + 1, shown);
    free(shown);
}

void match_describe(struct buf *out, const struct lines *file, const struct str *block,
    size_t count, const struct match_near *near)
{
    enum { CONTEXT = 2, MAX_LINES = 40 };
    size_t from = near->at > CONTEXT ? near->at - CONTEXT : 0;
    size_t to = near->at + near->count + CONTEXT;
    to = to < file->len ? to : file->len;
    for (size_t at = from; at < to; at++) {
        if (at - from >= MAX_LINES) {
            buf_printf(out, "        (%zu more lines)\n", to - at);
            break;
        }
        bool inside = at >= near->at && at - near->at < near->count && at - near->at < count;
        bool differs =
            inside && !match_lines_equal(file->items[at].text, block[at - near->at], MATCH_PLAIN);
        describe_line(out, file, at, differs ? '!' : ' ');
    }
}
