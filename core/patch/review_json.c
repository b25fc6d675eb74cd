/* Ops as JSON, for the journal. Bytes that JSON text cannot carry travel as base64. */
#include "patch/review_internal.h"

#include "base/utf8.h"
#include "base/vec.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const verbs[] = {
    [REVIEW_DECIDE] = "decide",
    [REVIEW_SPLIT] = "split",
    [REVIEW_EDIT] = "edit",
    [REVIEW_COMMENT] = "comment",
    [REVIEW_UNCOMMENT] = "uncomment",
    [REVIEW_REBASE] = "rebase",
    [REVIEW_UNDO] = "undo",
    [REVIEW_REDO] = "redo",
};
static const char *const decisions[] = {
    [REVIEW_OPEN] = "open",
    [REVIEW_ACCEPTED] = "accept",
    [REVIEW_DECLINED] = "decline",
};
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *base64_encode(struct str in)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < in.len; i += 3) {
        uint32_t group = 0;
        for (size_t j = 0; j < 3; j++) {
            group = group << 8 | (i + j < in.len ? (unsigned char)in.ptr[i + j] : 0u);
        }
        for (size_t j = 0; j < 4; j++) {
            bool used = i + j <= in.len;
            buf_append_char(&out, used ? base64[group >> (18 - 6 * j) & 63] : '=');
        }
    }
    return buf_take(&out);
}

static bool base64_decode(const char *text, struct buf *out)
{
    uint32_t bits = 0;
    unsigned count = 0;
    for (; *text != '\0' && *text != '='; text++) {
        const char *at = strchr(base64, *text);
        if (at == NULL) {
            return false;
        }
        bits = bits << 6 | (uint32_t)(at - base64);
        count += 6;
        if (count >= 8) {
            count -= 8;
            buf_append_char(out, (char)(bits >> count & 0xFF));
        }
    }
    return true;
}

static void set_text(cJSON *json, struct str text)
{
    if (utf8_is_valid(text) && (text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL)) {
        json_set_str(json, "text", text);
        return;
    }
    char *encoded = base64_encode(text);
    json_set_string(json, "base64", encoded);
    free(encoded);
}

static void set_place(cJSON *json, const struct review_op *op, const struct review_file *file)
{
    json_set_int(json, "file", (long long)op->file);
    if (file != NULL) {
        json_set_string(json, "path", file->change->path);
    }
    if (op->from != SIZE_MAX) {
        json_set_int(json, "from", (long long)op->from);
    }
}

cJSON *review_op_to_json(
    const struct review_op *op, unsigned long long check, const struct review_file *file)
{
    cJSON *json = mem_require(cJSON_CreateObject());
    json_set_string(json, "op", verbs[op->verb]);
    if (op->verb == REVIEW_UNDO || op->verb == REVIEW_REDO) {
        return json;
    }
    set_place(json, op, file);
    char digits[20];
    snprintf(digits, sizeof digits, "%016llx", check);
    json_set_string(json, "check", digits);
    if (op->verb == REVIEW_DECIDE) {
        json_set_int(json, "to", (long long)op->to);
        json_set_string(json, "decision", decisions[op->decision]);
        json_set_bool(json, "only_open", op->only_open);
    } else if (op->verb == REVIEW_COMMENT) {
        json_set_string(json, "side", op->side == REVIEW_BASE ? "base" : "proposed");
        json_set_bool(json, "question", op->question);
    } else if (op->verb == REVIEW_REBASE) {
        json_set_bool(json, "exists", op->exists);
    }
    if (op->text.len > 0) {
        set_text(json, op->text);
    }
    return json;
}

static bool find_name(const char *const *names, size_t count, const char *name, unsigned *out)
{
    for (unsigned i = 0; name != NULL && i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool get_size(const cJSON *json, const char *key, size_t fallback, size_t *out)
{
    long long value = json_int_or(json, key, -1);
    *out = value < 0 ? fallback : (size_t)value;
    return value >= 0 || json_get(json, key) == NULL;
}

bool review_op_from_json(const cJSON *json, struct review_step *step)
{
    struct review_op *op = &step->op;
    unsigned index;
    *op = (struct review_op){0};
    if (!find_name(verbs, ARRAY_LEN(verbs), json_string(json, "op"), &index)) {
        return false;
    }
    op->verb = (enum review_verb)index;
    if (op->verb == REVIEW_UNDO || op->verb == REVIEW_REDO) {
        return true;
    }
    if (!get_size(json, "file", 0, &op->file) || !get_size(json, "from", SIZE_MAX, &op->from) ||
        !get_size(json, "to", 0, &op->to)) {
        return false;
    }
    const char *decision = json_string(json, "decision");
    if (op->verb == REVIEW_DECIDE) {
        if (!find_name(decisions, ARRAY_LEN(decisions), decision, &index)) {
            return false;
        }
        op->decision = (enum review_decision)index;
    }
    op->only_open = json_bool_or(json, "only_open", false);
    op->question = json_bool_or(json, "question", false);
    op->exists = json_bool_or(json, "exists", false);
    op->side = strcmp(json_string_or(json, "side", "proposed"), "base") == 0 ? REVIEW_BASE
                                                                             : REVIEW_PROPOSED;
    step->check = strtoull(json_string_or(json, "check", "0"), NULL, 16);
    const char *encoded = json_string(json, "base64");
    if (encoded != NULL) {
        if (!base64_decode(encoded, &step->text)) {
            return false;
        }
    } else {
        buf_append_c(&step->text, json_string_or(json, "text", ""));
    }
    op->text = buf_str(&step->text);
    return true;
}
