#include "model/wire.h"

#include "base/json.h"
#include "base/utf8.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdlib.h>

const struct wire_ops *wire_find(const char *name)
{
    static const struct wire_ops *const all[] = {&wire_responses, &wire_chat};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (strcmp(all[i]->name, name) == 0) {
            return all[i];
        }
    }
    return NULL;
}

void wire_freeform_init(struct wire_freeform *list, const struct request *request)
{
    *list = (struct wire_freeform){0};
    for (size_t i = 0; i < request->tool_count; i++) {
        if (request->tools[i].freeform) {
            VEC_PUSH(list, mem_strdup(request->tools[i].name));
        }
    }
}

void wire_freeform_free(struct wire_freeform *list)
{
    VEC_FOREACH (char *, name, list) {
        free(*name);
    }
    VEC_FREE(list);
}

bool wire_is_freeform(const struct wire_freeform *list, const char *name)
{
    for (size_t i = 0; name != NULL && i < list->len; i++) {
        if (strcmp(list->items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* --- JSON that is nearly right ------------------------------------------------------------------
 */

/* The four hex digits of a \u escape at `at` (which points at the backslash), or -1. */
static int escape_at(struct str text, size_t at)
{
    if (at + 6 > text.len || text.ptr[at] != '\\' || text.ptr[at + 1] != 'u') {
        return -1;
    }
    int value = 0;
    for (size_t i = at + 2; i < at + 6; i++) {
        char c = text.ptr[i];
        if (!isxdigit((unsigned char)c)) {
            return -1;
        }
        value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static void repair_escapes(struct buf *out, struct str text)
{
    for (size_t at = 0; at < text.len;) {
        int unit = escape_at(text, at);
        if (unit < 0) {
            size_t step = text.ptr[at] == '\\' && at + 1 < text.len ? 2 : 1;
            buf_append(out, text.ptr + at, step);
            at += step;
            continue;
        }
        int next = escape_at(text, at + 6);
        if (unit >= 0xD800 && unit < 0xDC00 && next >= 0xDC00 && next < 0xE000) {
            buf_append(out, text.ptr + at, 12);
            at += 12;
        } else {
            bool bad = unit == 0 || (unit >= 0xD800 && unit < 0xE000);
            buf_append(out, bad ? "\\ufffd" : text.ptr + at, 6);
            at += 6;
        }
    }
}

static void repair_utf8(struct buf *out, struct str text)
{
    for (size_t at = 0; at < text.len;) {
        size_t len;
        int32_t cp = utf8_decode(str_from(text, at), &len);
        char bytes[4];
        buf_append(out, bytes, utf8_encode(cp, bytes));
        at += len;
    }
}

cJSON *wire_parse_json(struct str text, struct err *err)
{
    struct buf valid = BUF_INIT;
    struct buf repaired = BUF_INIT;
    if (!utf8_is_valid(text)) {
        repair_utf8(&valid, text);
        text = buf_str(&valid);
    }
    if (str_find(text, STR_LIT("\\u"), 0) != SIZE_MAX) {
        repair_escapes(&repaired, text);
        text = buf_str(&repaired);
    }
    cJSON *json = json_parse(text, err);
    buf_free(&valid);
    buf_free(&repaired);
    return json;
}

bool wire_set_schema(
    cJSON *obj, const char *key, const char *schema, const char *what, struct err *err)
{
    cJSON *parsed = json_parse(str_of(schema), err);
    if (parsed == NULL) {
        return err_prefix(err, "the JSON Schema of %s", what);
    }
    cJSON_Delete(parsed);
    cJSON_AddItemToObject(obj, key, mem_require(cJSON_CreateRaw(schema)));
    return true;
}

char *wire_sendable_arguments(const char *text)
{
    struct str trimmed = str_trim(str_of(text));
    if (trimmed.len == 0) {
        return mem_strdup("{}");
    }
    cJSON *parsed = json_parse(trimmed, NULL);
    bool is_object = cJSON_IsObject(parsed);
    cJSON_Delete(parsed);
    if (is_object) {
        return str_dup(trimmed);
    }
    struct buf out = BUF_INIT;
    buf_append_c(&out, "{\"invalid_arguments\":");
    json_append_quoted(&out, trimmed);
    buf_append_char(&out, '}');
    return buf_take(&out);
}

char *wire_unwrap_input(const char *arguments)
{
    cJSON *parsed = wire_parse_json(str_of(arguments), NULL);
    const char *input = json_string(parsed, "input");
    char *out = mem_strdup(input == NULL ? arguments : input);
    cJSON_Delete(parsed);
    return out;
}

char *wire_wrap_input(const char *text)
{
    struct buf out = BUF_INIT;
    buf_append_c(&out, "{\"input\":");
    json_append_quoted(&out, str_of(text));
    buf_append_char(&out, '}');
    return buf_take(&out);
}

static const struct item *find_item(
    const struct items *items, enum item_kind kind, const char *call_id)
{
    VEC_FOREACH (const struct item, item, items) {
        if (item->kind == kind && item->call_id != NULL && call_id != NULL &&
            strcmp(item->call_id, call_id) == 0) {
            return item;
        }
    }
    return NULL;
}

const struct item *wire_result_of(const struct items *items, const char *call_id)
{
    return find_item(items, ITEM_TOOL_RESULT, call_id);
}

const struct item *wire_call_of(const struct items *items, const char *call_id)
{
    return find_item(items, ITEM_TOOL_CALL, call_id);
}

/* --- what parsers say ---------------------------------------------------------------------------
 */

void wire_say(const struct wire_out *out, enum event_kind kind, struct str text)
{
    if (text.len > 0 || kind == EVENT_STARTED) {
        struct event event = {.kind = kind, .text = text};
        out->event(out->data, &event);
    }
}

void wire_done(const struct wire_out *out, enum stop_reason stop)
{
    struct event event = {.kind = EVENT_DONE, .stop = stop};
    out->event(out->data, &event);
}

void wire_fail_code(const struct wire_out *out, const char *code, const char *message)
{
    struct failure failure;
    failure_from_code(&failure, &out->names, code, message);
    out->failed(out->data, &failure);
}

void wire_fail_cut(const struct wire_out *out)
{
    struct failure failure;
    struct http_result result = {.failure = HTTP_OK};
    failure_from_transport(&failure, &out->names, &result);
    out->failed(out->data, &failure);
}

void wire_warn_skipped(const struct wire_out *out, const struct err *err)
{
    char *text = mem_printf(
        "%s sent an event that cannot be read, it was skipped: %s", out->names.host, err->text);
    wire_say(out, EVENT_WARNING, str_of(text));
    free(text);
}
