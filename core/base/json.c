#include "base/json.h"

#include "base/file.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>

#define NUL_ESCAPE "\\u0000"

/* A backslash stands in strings only. */
static void replace_nuls(struct str text, struct buf *out)
{
    size_t from = 0;
    for (size_t at = 0; at + 1 < text.len; at++) {
        if (text.ptr[at] != '\\') {
            continue;
        }
        if (str_starts(str_from(text, at), NUL_ESCAPE)) {
            buf_append_str(out, str_slice(text, from, at));
            buf_append_c(out, "\\ufffd");
            at += strlen(NUL_ESCAPE) - 1;
            from = at + 1;
        } else {
            at++; /* what it escapes */
        }
    }
    buf_append_str(out, str_from(text, from));
}

/* The same length, so that places in it stay what they are. */
static cJSON *parse(struct str text, size_t *at)
{
    struct buf replaced = BUF_INIT;
    const char *end = NULL;
    if (str_find(text, STR_LIT(NUL_ESCAPE), 0) != SIZE_MAX) {
        replace_nuls(text, &replaced);
        text = buf_str(&replaced);
    }
    cJSON *value = text.len == 0 ? NULL : cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, 0);
    *at = end == NULL ? 0 : (size_t)(end - text.ptr);
    buf_free(&replaced);
    return value;
}

cJSON *json_parse(struct str text, struct err *err)
{
    if (!utf8_is_valid(text)) {
        err_set(err, ERR_INVALID, "not valid UTF-8");
        return NULL;
    }
    struct str trimmed = str_trim(text);
    size_t at;
    cJSON *value = parse(trimmed, &at);
    if (value == NULL) {
        err_set(
            err, ERR_INVALID, "not valid JSON at byte %zu", (size_t)(trimmed.ptr - text.ptr) + at);
        return NULL;
    }
    if (at != trimmed.len) {
        cJSON_Delete(value);
        err_set(err, ERR_INVALID, "text after the JSON value at byte %zu",
            (size_t)(trimmed.ptr - text.ptr) + at);
        return NULL;
    }
    return value;
}

cJSON *json_parse_file(const char *path, size_t max_bytes, struct err *err)
{
    struct buf text = BUF_INIT;
    cJSON *value = NULL;
    if (file_read(path, max_bytes, &text, err)) {
        value = json_parse(buf_str(&text), err);
        if (value == NULL) {
            err_prefix(err, "%s", path);
        }
    }
    buf_free(&text);
    return value;
}

cJSON *json_get(const cJSON *obj, const char *key)
{
    return cJSON_IsObject(obj) ? cJSON_GetObjectItemCaseSensitive(obj, key) : NULL;
}

cJSON *json_get_path(const cJSON *obj, const char *dotted)
{
    char key[128];
    const cJSON *at = obj;
    while (at != NULL && *dotted != '\0') {
        size_t len = strcspn(dotted, ".");
        if (len >= sizeof key) {
            return NULL;
        }
        memcpy(key, dotted, len);
        key[len] = '\0';
        at = json_get(at, key);
        dotted += len + (dotted[len] == '.');
    }
    return (cJSON *)at;
}

const char *json_string(const cJSON *obj, const char *key)
{
    return cJSON_GetStringValue(json_get(obj, key));
}

const char *json_string_or(const cJSON *obj, const char *key, const char *fallback)
{
    const char *text = json_string(obj, key);
    return text == NULL ? fallback : text;
}

double json_number_or(const cJSON *obj, const char *key, double fallback)
{
    const cJSON *item = json_get(obj, key);
    return cJSON_IsNumber(item) ? item->valuedouble : fallback;
}

long long json_int_or(const cJSON *obj, const char *key, long long fallback)
{
    double value = json_number_or(obj, key, (double)fallback);
    if (isnan(value) || value > 9e15 || value < -9e15) {
        return fallback;
    }
    return (long long)value;
}

bool json_bool_or(const cJSON *obj, const char *key, bool fallback)
{
    const cJSON *item = json_get(obj, key);
    return cJSON_IsBool(item) ? cJSON_IsTrue(item) : fallback;
}

void json_set_optional(cJSON *obj, const char *key, const char *text)
{
    if (text != NULL) {
        json_set_string(obj, key, text);
    }
}

void json_set_str(cJSON *obj, const char *key, struct str text)
{
    char *copy;
    if (utf8_is_valid(text)) {
        copy = str_dup(text);
    } else {
        struct buf out = BUF_INIT;
        size_t at = 0;
        while (at < text.len) {
            size_t len;
            int32_t cp = utf8_decode(str_from(text, at), &len);
            char bytes[4];
            buf_append(&out, bytes, utf8_encode(cp, bytes));
            at += len;
        }
        copy = buf_take(&out);
    }
    cJSON_AddItemToObject(obj, key, mem_require(cJSON_CreateString(copy)));
    free(copy);
}

void json_set_string(cJSON *obj, const char *key, const char *text)
{
    if (text == NULL) {
        cJSON_AddItemToObject(obj, key, mem_require(cJSON_CreateNull()));
    } else {
        json_set_str(obj, key, str_of(text));
    }
}

void json_set_int(cJSON *obj, const char *key, long long value)
{
    cJSON_AddItemToObject(obj, key, mem_require(cJSON_CreateNumber((double)value)));
}

void json_set_number(cJSON *obj, const char *key, double value)
{
    cJSON_AddItemToObject(obj, key, mem_require(cJSON_CreateNumber(value)));
}

void json_set_bool(cJSON *obj, const char *key, bool value)
{
    cJSON_AddItemToObject(obj, key, mem_require(cJSON_CreateBool(value)));
}

cJSON *json_set_object(cJSON *obj, const char *key)
{
    cJSON *item = mem_require(cJSON_CreateObject());
    cJSON_AddItemToObject(obj, key, item);
    return item;
}

cJSON *json_set_array(cJSON *obj, const char *key)
{
    cJSON *item = mem_require(cJSON_CreateArray());
    cJSON_AddItemToObject(obj, key, item);
    return item;
}

void json_push_string(cJSON *array, const char *text)
{
    cJSON_AddItemToArray(array, mem_require(cJSON_CreateString(text)));
}

char *json_print(const cJSON *value)
{
    return mem_require(cJSON_PrintUnformatted(value));
}

void json_append_quoted(struct buf *out, struct str text)
{
    buf_append_char(out, '"');
    size_t at = 0;
    while (at < text.len) {
        size_t len;
        int32_t cp = utf8_decode(str_from(text, at), &len);
        if (cp == '"' || cp == '\\') {
            buf_append_char(out, '\\');
            buf_append_char(out, (char)cp);
        } else if (cp == '\n') {
            buf_append_c(out, "\\n");
        } else if (cp == '\t') {
            buf_append_c(out, "\\t");
        } else if (cp == '\r') {
            buf_append_c(out, "\\r");
        } else if (cp >= 0 && cp < 0x20) {
            buf_printf(out, "\\u%04x", (unsigned)cp);
        } else {
            char bytes[4];
            buf_append(out, bytes, utf8_encode(cp, bytes));
        }
        at += len;
    }
    buf_append_char(out, '"');
}
