#include "base/json_scan.h"

#include "base/utf8.h"

#include <stdlib.h>

enum expect {
    EXPECT_VALUE,
    EXPECT_FIRST, /* a value or the end of the array; a key or the end of the object */
    EXPECT_KEY,
    EXPECT_NEXT, /* a comma or the end of the container */
    EXPECT_END
};

void json_scan_init(struct json_scan *scan, struct str text)
{
    *scan = (struct json_scan){.text = text, .expect = EXPECT_VALUE};
}

static bool in_object(const struct json_scan *scan)
{
    unsigned level = scan->depth - 1;
    return scan->depth > 0 && (scan->objects[level / 64] >> level % 64 & 1) != 0;
}

static enum json_token bad(struct json_scan *scan)
{
    scan->bad = true;
    return JSON_BAD;
}

static void skip_blanks(struct json_scan *scan)
{
    while (scan->at < scan->text.len && strchr(" \t\r\n", scan->text.ptr[scan->at]) != NULL &&
           scan->text.ptr[scan->at] != '\0') {
        scan->at++;
    }
}

static void after_value(struct json_scan *scan)
{
    scan->expect = scan->depth == 0 ? EXPECT_END : EXPECT_NEXT;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Past the closing quote; scan->at is behind the opening one. */
static bool take_string(struct json_scan *scan)
{
    struct str text = scan->text;
    size_t from = scan->at;
    for (size_t i = from; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"') {
            scan->raw = str_slice(text, from, i);
            scan->at = i + 1;
            return true;
        }
        if (c < 0x20) {
            return false;
        }
        if (c != '\\') {
            continue;
        }
        i++;
        if (i >= text.len || strchr("\"\\/bfnrtu", text.ptr[i]) == NULL || text.ptr[i] == '\0') {
            return false;
        }
        for (size_t digit = 0; text.ptr[i] == 'u' && digit < 4; digit++) {
            if (i + 1 + digit >= text.len || !is_hex(text.ptr[i + 1 + digit])) {
                return false;
            }
        }
    }
    return false;
}

static size_t digits_at(struct str text, size_t at)
{
    size_t end = at;
    while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9') {
        end++;
    }
    return end - at;
}

static bool take_number(struct json_scan *scan)
{
    struct str text = scan->text;
    size_t at = scan->at + (text.ptr[scan->at] == '-' ? 1 : 0);
    size_t whole = digits_at(text, at);
    if (whole == 0 || (whole > 1 && text.ptr[at] == '0')) {
        return false;
    }
    at += whole;
    if (at < text.len && text.ptr[at] == '.') {
        size_t part = digits_at(text, at + 1);
        if (part == 0) {
            return false;
        }
        at += 1 + part;
    }
    if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        at++;
        at += at < text.len && (text.ptr[at] == '+' || text.ptr[at] == '-') ? 1 : 0;
        size_t part = digits_at(text, at);
        if (part == 0) {
            return false;
        }
        at += part;
    }
    scan->raw = str_slice(text, scan->at, at);
    scan->at = at;
    return true;
}

static enum json_token open_container(struct json_scan *scan, bool object)
{
    if (scan->depth >= JSON_SCAN_DEPTH) {
        return bad(scan);
    }
    unsigned level = scan->depth++;
    uint64_t bit = (uint64_t)1 << level % 64;
    if (object) {
        scan->objects[level / 64] |= bit;
    } else {
        scan->objects[level / 64] &= ~bit;
    }
    scan->at++;
    scan->expect = EXPECT_FIRST;
    return object ? JSON_OBJECT : JSON_ARRAY;
}

static enum json_token take_word(struct json_scan *scan)
{
    static const struct {
        const char *word;
        enum json_token token;
    } words[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};
    struct str rest = str_from(scan->text, scan->at);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_starts(rest, words[i].word)) {
            scan->at += strlen(words[i].word);
            after_value(scan);
            return words[i].token;
        }
    }
    return bad(scan);
}

static enum json_token take_value(struct json_scan *scan)
{
    char c = scan->text.ptr[scan->at];
    if (c == '{' || c == '[') {
        return open_container(scan, c == '{');
    }
    if (c == '"') {
        scan->at++;
        if (!take_string(scan)) {
            return bad(scan);
        }
        after_value(scan);
        return JSON_STRING;
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        if (!take_number(scan)) {
            return bad(scan);
        }
        after_value(scan);
        return JSON_NUMBER;
    }
    return take_word(scan);
}

static enum json_token take_key(struct json_scan *scan)
{
    if (scan->text.ptr[scan->at] != '"') {
        return bad(scan);
    }
    scan->at++;
    if (!take_string(scan)) {
        return bad(scan);
    }
    skip_blanks(scan);
    if (scan->at >= scan->text.len || scan->text.ptr[scan->at] != ':') {
        return bad(scan);
    }
    scan->at++;
    scan->expect = EXPECT_VALUE;
    return JSON_KEY;
}

enum json_token json_scan_next(struct json_scan *scan)
{
    if (scan->bad) {
        return JSON_BAD;
    }
    skip_blanks(scan);
    if (scan->at >= scan->text.len) {
        return scan->expect == EXPECT_END ? JSON_END : bad(scan);
    }
    bool object = in_object(scan);
    char c = scan->text.ptr[scan->at];
    scan->start = scan->at;
    if ((scan->expect == EXPECT_FIRST || scan->expect == EXPECT_NEXT) &&
        c == (object ? '}' : ']')) {
        scan->at++;
        scan->depth--;
        after_value(scan);
        return object ? JSON_OBJECT_END : JSON_ARRAY_END;
    }
    if (scan->expect == EXPECT_NEXT) {
        if (c != ',') {
            return bad(scan);
        }
        scan->at++;
        scan->expect = object ? EXPECT_KEY : EXPECT_VALUE;
        skip_blanks(scan);
        if (scan->at >= scan->text.len) {
            return bad(scan);
        }
        scan->start = scan->at;
    }
    if (scan->expect == EXPECT_END) {
        return bad(scan);
    }
    bool key = object && (scan->expect == EXPECT_FIRST || scan->expect == EXPECT_KEY);
    return key ? take_key(scan) : take_value(scan);
}

bool json_scan_value(struct json_scan *scan, struct str *value)
{
    unsigned depth = scan->depth;
    enum json_token token = json_scan_next(scan);
    size_t from = scan->start;
    if (token == JSON_BAD || token == JSON_END || token == JSON_ARRAY_END ||
        token == JSON_OBJECT_END) {
        return false;
    }
    while (scan->depth > depth) {
        if (json_scan_next(scan) == JSON_BAD) {
            return false;
        }
    }
    *value = str_slice(scan->text, from, scan->at);
    return true;
}

bool json_scan_key(struct json_scan *scan, struct str *raw)
{
    if (json_scan_next(scan) != JSON_KEY) {
        return false;
    }
    *raw = scan->raw;
    return true;
}

static int32_t hex4(struct str raw, size_t at)
{
    char digits[5] = {0};
    if (at + 4 > raw.len) {
        return -1;
    }
    memcpy(digits, raw.ptr + at, 4);
    return (int32_t)strtol(digits, NULL, 16);
}

/* \uXXXX at `at` (the digits), with the second half of a pair; returns the bytes used. */
static size_t unescape_code(struct str raw, size_t at, struct buf *out)
{
    int32_t cp = hex4(raw, at);
    size_t used = 4;
    if (cp >= 0xd800 && cp < 0xdc00 && at + 10 <= raw.len && raw.ptr[at + 4] == '\\' &&
        raw.ptr[at + 5] == 'u') {
        int32_t low = hex4(raw, at + 6);
        if (low >= 0xdc00 && low < 0xe000) {
            cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
            used = 10;
        }
    }
    char bytes[4];
    buf_append(
        out, bytes, utf8_encode(cp < 0 || (cp >= 0xd800 && cp < 0xe000) ? 0xfffd : cp, bytes));
    return used;
}

void json_unescape(struct str raw, struct buf *out)
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] != '\\' || i + 1 >= raw.len) {
            buf_append_char(out, raw.ptr[i]);
            continue;
        }
        i++;
        if (raw.ptr[i] == 'u') {
            i += unescape_code(raw, i + 1, out);
            continue;
        }
        const char *at = strchr(from, raw.ptr[i]);
        buf_append_char(out, at != NULL && *at != '\0' ? to[at - from] : raw.ptr[i]);
    }
}

char *json_unescape_dup(struct str raw)
{
    struct buf out = BUF_INIT;
    json_unescape(raw, &out);
    return buf_take(&out);
}

/* What Go's encoder escapes for the sake of HTML is read by people here. */
static void append_string(struct str raw, struct buf *out)
{
    static const struct {
        const char *escape, *plain;
    } html[] = {{"\\u003c", "<"}, {"\\u003e", ">"}, {"\\u0026", "&"}};
    buf_append_char(out, '"');
    while (raw.len > 0) {
        size_t len = raw.ptr[0] == '\\' && raw.len > 1 ? 2 : 1;
        struct str piece = str_slice(raw, 0, len);
        for (size_t i = 0; len == 2 && i < ARRAY_LEN(html); i++) {
            if (str_starts(raw, html[i].escape)) {
                len = strlen(html[i].escape);
                piece = str_of(html[i].plain);
            }
        }
        buf_append_str(out, piece);
        raw = str_from(raw, len);
    }
    buf_append_char(out, '"');
}

static void append_token(enum json_token token, const struct json_scan *scan, struct buf *out)
{
    if (token == JSON_KEY || token == JSON_STRING) {
        append_string(scan->raw, out);
        return;
    }
    buf_append_str(out, str_slice(scan->text, scan->start, scan->at));
}

void json_compact(struct str value, struct buf *out)
{
    struct json_scan scan;
    json_scan_init(&scan, value);
    bool comma = false;
    for (enum json_token token; (token = json_scan_next(&scan)) != JSON_END && token != JSON_BAD;) {
        bool end = token == JSON_OBJECT_END || token == JSON_ARRAY_END;
        if (comma && !end) {
            buf_append_c(out, ", ");
        }
        append_token(token, &scan, out);
        if (token == JSON_KEY) {
            buf_append_c(out, ": ");
        }
        comma = token != JSON_KEY && token != JSON_OBJECT && token != JSON_ARRAY;
    }
}

/* The container that begins at the last token, when it fits on a line: its text in `line`. */
static bool fits(const struct json_scan *scan, unsigned room, struct buf *line)
{
    struct json_scan ahead;
    struct str value;
    /* No further than what could fit: a long container costs no more than a short one. */
    size_t end = scan->start + (size_t)4 * room + 64;
    json_scan_init(&ahead, str_slice(scan->text, scan->start, end));
    if (!json_scan_value(&ahead, &value)) {
        return false;
    }
    buf_clear(line);
    json_compact(value, line);
    return line->len <= room;
}

static void new_line(struct buf *out, unsigned depth)
{
    buf_append_char(out, '\n');
    buf_append_repeat(out, ' ', (size_t)depth * 2);
}

void json_pretty(struct str value, unsigned width, struct buf *out)
{
    struct json_scan scan;
    struct buf line = BUF_INIT;
    json_scan_init(&scan, value);
    bool comma = false;
    bool after_key = false;
    for (enum json_token token; (token = json_scan_next(&scan)) != JSON_END && token != JSON_BAD;) {
        bool end = token == JSON_OBJECT_END || token == JSON_ARRAY_END;
        bool begin = token == JSON_OBJECT || token == JSON_ARRAY;
        unsigned level = scan.depth - (begin ? 1 : 0);
        if (comma && !end) {
            buf_append_char(out, ',');
        }
        if (!after_key && (scan.depth > (begin ? 1 : 0) || end)) {
            new_line(out, level);
        }
        unsigned used = level * 2 + 24;
        if (begin && fits(&scan, width > used ? width - used : 0, &line)) {
            buf_append_str(out, buf_str(&line));
            struct json_scan before = scan;
            while (scan.depth >= before.depth && json_scan_next(&scan) != JSON_BAD) {
            }
        } else {
            append_token(token, &scan, out);
        }
        if (token == JSON_KEY) {
            buf_append_c(out, ": ");
        }
        after_key = token == JSON_KEY;
        comma = token != JSON_KEY && (!begin || scan.depth < level + 1);
    }
    buf_free(&line);
}
