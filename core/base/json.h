/* JSON through cJSON, with its traps closed: keys are matched with case, trailing text and invalid
 * UTF-8 are errors, a missing or mistyped member is a default and not a crash.
 *
 * cJSON holds numbers as doubles, and a string here has no NUL: a \u0000 in it is read as U+FFFD,
 * as bad bytes are, so that nothing behind it is lost. A user's own JSON (policy data, test inputs)
 * is therefore never printed again from here: it is passed on as text. */
#ifndef BYLAW_BASE_JSON_H
#define BYLAW_BASE_JSON_H

#include "base/err.h"
#include "base/str.h"

#include <cjson/cJSON.h>

/* The whole of `text` as one JSON value, or NULL. The caller frees it with cJSON_Delete. */
cJSON *json_parse(struct str text, struct err *err) MUST_USE;
/* Reads the file (at most max_bytes). */
cJSON *json_parse_file(const char *path, size_t max_bytes, struct err *err) MUST_USE;

/* Members of an object; obj may be NULL or no object. All results are borrowed from obj. */
cJSON *json_get(const cJSON *obj, const char *key);
/* Walks "a.b.c". */
cJSON *json_get_path(const cJSON *obj, const char *dotted);
const char *json_string(const cJSON *obj, const char *key); /* NULL when absent or no string */
const char *json_string_or(const cJSON *obj, const char *key, const char *fallback);
double json_number_or(const cJSON *obj, const char *key, double fallback);
long long json_int_or(const cJSON *obj, const char *key, long long fallback);
bool json_bool_or(const cJSON *obj, const char *key, bool fallback);

/* Building. Text that is not valid UTF-8 is made so (bad bytes become U+FFFD) before it goes in. */
void json_set_string(cJSON *obj, const char *key, const char *text);
/* The same; NULL: the key stays out. */
void json_set_optional(cJSON *obj, const char *key, const char *text);
void json_set_str(cJSON *obj, const char *key, struct str text);
void json_set_int(cJSON *obj, const char *key, long long value);
void json_set_number(cJSON *obj, const char *key, double value);
void json_set_bool(cJSON *obj, const char *key, bool value);
/* Adds a new empty object or array under key and returns it (borrowed). */
cJSON *json_set_object(cJSON *obj, const char *key);
cJSON *json_set_array(cJSON *obj, const char *key);
void json_push_string(cJSON *array, const char *text);
/* Compact, one line, NUL-terminated; the caller frees. */
char *json_print(const cJSON *value) MUST_USE;

/* Appends text as a JSON string with its quotes; bad UTF-8 becomes U+FFFD. */
void json_append_quoted(struct buf *out, struct str text);

#endif
