/* JSON read token by token, without a tree: for output that is long (a trace of 100,000 events) or
 * whose numbers and strings must stay as they are written (json.h says why). Every token is a piece
 * of the text itself.
 *
 * The text is checked while it is read: what is not JSON (RFC 8259), nested deeper than 512, or
 * followed by more than blanks gives JSON_BAD and nothing after it. Any thread. */
#ifndef BYLAW_BASE_JSON_SCAN_H
#define BYLAW_BASE_JSON_SCAN_H

#include "base/str.h"

#include <stdint.h>

#define JSON_SCAN_DEPTH 512

enum json_token {
    JSON_END, /* the whole text was one value */
    JSON_BAD,
    JSON_OBJECT, /* { */
    JSON_OBJECT_END,
    JSON_ARRAY, /* [ */
    JSON_ARRAY_END,
    JSON_KEY,    /* of a member; its value is the next token */
    JSON_STRING, /* `raw` is what stands between the quotes, escapes and all, as for a key */
    JSON_NUMBER, /* `raw` as written */
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
};

struct json_scan {
    struct str text; /* borrowed */
    size_t at;       /* behind the last token */
    size_t start;    /* where it begins, with its quote */
    struct str raw;
    unsigned depth;
    uint8_t expect;
    bool bad;
    uint64_t objects[JSON_SCAN_DEPTH / 64]; /* a bit a level: object or array */
};

void json_scan_init(struct json_scan *scan, struct str text);
enum json_token json_scan_next(struct json_scan *scan);
/* The value that comes next, whole, as written; after a key or inside an array. False: there is
 * none (the array ends: its end is read), or it is bad. */
bool json_scan_value(struct json_scan *scan, struct str *value);
/* Inside an object: the next key, decoded into no one's memory; false at the object's end (read).
 */
bool json_scan_key(struct json_scan *scan, struct str *raw);

/* Appends a raw string with its escapes resolved, as UTF-8; a lone surrogate is U+FFFD. */
void json_unescape(struct str raw, struct buf *out);
/* The raw string as a copy the caller frees; a NUL in it ends the copy. */
char *json_unescape_dup(struct str raw) MUST_USE;
/* Appends a value's text on several lines, two blanks a level, empty containers on one, containers
 * that fit `width` columns on one line too; numbers and strings stay as written, but for <, > and
 * &, which Go escapes. The text must be a valid value. */
void json_pretty(struct str value, unsigned width, struct buf *out);
/* Appends a valid value's text without the blanks between its tokens; strings as above. */
void json_compact(struct str value, struct buf *out);

#endif
