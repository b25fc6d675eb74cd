#include "catalog/builtins.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX ((size_t)4 << 10)

void builtins_free(struct builtins *builtins)
{
    if (builtins == NULL) {
        return;
    }
    VEC_FOREACH (struct builtin, builtin, builtins) {
        free(builtin->name);
        free(builtin->signature);
        free(builtin->docs);
        free(builtin->arguments);
    }
    VEC_FREE(builtins);
    free(builtins);
}

/* A type as people write it: "string", "array[number]", "set[any]". */
static void append_type(struct buf *out, const cJSON *type, unsigned depth)
{
    const char *name = json_string_or(type, "type", "any");
    const cJSON *of = json_get(type, "of");
    const cJSON *dynamic = json_get(type, "dynamic");
    buf_append_c(out, name);
    if (depth >= 3) {
        return;
    }
    if (cJSON_IsArray(of)) { /* any of these */
        out->len -= strlen(name);
        const char *sign = "";
        const cJSON *one;
        cJSON_ArrayForEach(one, of)
        {
            buf_append_c(out, sign);
            append_type(out, one, depth + 1);
            sign = " | ";
        }
    } else if (cJSON_IsObject(of) ||
               (cJSON_IsObject(dynamic) && json_get(dynamic, "type") != NULL)) {
        buf_append_char(out, '[');
        append_type(out, cJSON_IsObject(of) ? of : dynamic, depth + 1);
        buf_append_char(out, ']');
    }
}

static void append_argument(struct buf *docs, const cJSON *argument, const char *name)
{
    const char *description = json_string(argument, "description");
    if (description != NULL) {
        buf_printf(docs, "- `%s`: %s\n", name, description);
    }
}

static struct builtin read_one(const cJSON *item, const char *name)
{
    const cJSON *declaration = json_get(item, "decl");
    const cJSON *result = json_get(declaration, "result");
    struct buf signature = BUF_INIT;
    struct buf arguments = BUF_INIT;
    struct buf docs = BUF_INIT;
    unsigned number = 0;
    buf_printf(&docs, "%s\n\n", json_string_or(item, "description", ""));
    buf_printf(&signature, "%s(", name);
    const cJSON *argument;
    cJSON_ArrayForEach(argument, json_get(declaration, "args"))
    {
        char unnamed[16];
        snprintf(unnamed, sizeof unnamed, "x%u", ++number);
        const char *called = json_string_or(argument, "name", unnamed);
        buf_printf(&signature, "%s%s: ", number > 1 ? ", " : "", called);
        append_type(&signature, argument, 0);
        buf_printf(&arguments, "%s%s", number > 1 ? ", " : "", called);
        append_argument(&docs, argument, called);
    }
    buf_append_char(&signature, ')');
    if (result != NULL) {
        buf_append_c(&signature, " -> ");
        append_type(&signature, result, 0);
        append_argument(&docs, result, "result");
    }
    struct builtin builtin = {
        .name = safe_dup(str_of(name), SAFE_ONE_LINE, 200),
        .signature = safe_dup(buf_str(&signature), SAFE_ONE_LINE, 400),
        .docs = safe_dup(str_trim(buf_str(&docs)), SAFE_KEEP_LINES, TEXT_MAX),
        .arguments = safe_dup(buf_str(&arguments), SAFE_ONE_LINE, 200),
    };
    buf_free(&signature);
    buf_free(&arguments);
    buf_free(&docs);
    return builtin;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct builtin *)a)->name, ((const struct builtin *)b)->name);
}

struct builtins *builtins_parse(struct str json, struct err *err)
{
    cJSON *root = json_parse(json, err);
    if (root == NULL) {
        return NULL;
    }
    struct builtins *builtins = MEM_NEW(struct builtins);
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(root, "builtins"))
    {
        const char *name = json_string(item, "name");
        if (name != NULL && json_get(item, "infix") == NULL && strncmp(name, "internal.", 9) != 0) {
            VEC_PUSH(builtins, read_one(item, name));
        }
    }
    cJSON_Delete(root);
    if (builtins->len == 0) {
        builtins_free(builtins);
        err_set(err, ERR_INVALID, "the engine's capabilities name no built-in functions");
        return NULL;
    }
    qsort(builtins->items, builtins->len, sizeof *builtins->items, by_name);
    return builtins;
}

const struct builtin *builtins_find(const struct builtins *builtins, struct str name)
{
    size_t low = 0;
    size_t high = builtins == NULL ? 0 : builtins->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_compare(str_of(builtins->items[mid].name), name);
        if (order == 0) {
            return &builtins->items[mid];
        }
        if (order < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}
