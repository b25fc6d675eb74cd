#include "schema/schema_private.h"

#include "base/file.h"
#include "base/json.h"
#include "base/safe.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 64, SHOWN_MAX = 80 };

/* What a keyword's value must be. */
enum form {
    FORM_ANY, /* an annotation, or checked by hand */
    FORM_STRING,
    FORM_NUMBER,
    FORM_COUNT, /* a whole number from 0 */
    FORM_BOOL,
    FORM_STRINGS, /* an array of them */
    FORM_LISTS,   /* an object of such arrays */
    FORM_SCHEMA,
    FORM_SCHEMAS, /* an array of them, not empty */
    FORM_NAMED,   /* an object of them */
    FORM_TYPE,
    FORM_VALUES, /* an array, not empty */
    FORM_REF,
    FORM_PATTERN,
    FORM_FORMAT,
    FORM_POSITIVE
};

static const struct keyword {
    const char *name;
    enum form form;
} keywords[] = {
    {"$schema", FORM_STRING},
    {"$id", FORM_STRING},
    {"$comment", FORM_STRING},
    {"title", FORM_STRING},
    {"description", FORM_STRING},
    {"default", FORM_ANY},
    {"examples", FORM_ANY},
    {"deprecated", FORM_BOOL},
    {"readOnly", FORM_BOOL},
    {"writeOnly", FORM_BOOL},
    {"type", FORM_TYPE},
    {"enum", FORM_VALUES},
    {"const", FORM_ANY},
    {"properties", FORM_NAMED},
    {"patternProperties", FORM_NAMED},
    {"additionalProperties", FORM_SCHEMA},
    {"propertyNames", FORM_SCHEMA},
    {"required", FORM_STRINGS},
    {"dependentRequired", FORM_LISTS},
    {"dependentSchemas", FORM_NAMED},
    {"minProperties", FORM_COUNT},
    {"maxProperties", FORM_COUNT},
    {"items", FORM_SCHEMA},
    {"prefixItems", FORM_SCHEMAS},
    {"contains", FORM_SCHEMA},
    {"minContains", FORM_COUNT},
    {"maxContains", FORM_COUNT},
    {"minItems", FORM_COUNT},
    {"maxItems", FORM_COUNT},
    {"uniqueItems", FORM_BOOL},
    {"minimum", FORM_NUMBER},
    {"maximum", FORM_NUMBER},
    {"exclusiveMinimum", FORM_NUMBER},
    {"exclusiveMaximum", FORM_NUMBER},
    {"multipleOf", FORM_POSITIVE},
    {"minLength", FORM_COUNT},
    {"maxLength", FORM_COUNT},
    {"pattern", FORM_PATTERN},
    {"format", FORM_FORMAT},
    {"allOf", FORM_SCHEMAS},
    {"anyOf", FORM_SCHEMAS},
    {"oneOf", FORM_SCHEMAS},
    {"not", FORM_SCHEMA},
    {"if", FORM_SCHEMA},
    {"then", FORM_SCHEMA},
    {"else", FORM_SCHEMA},
    {"$ref", FORM_REF},
    {"$defs", FORM_NAMED},
    {"definitions", FORM_NAMED},
};

/* ---- the known forms ---- */

/* Reading one: where it is, and what is wrong with it. */
struct reading {
    const cJSON *root;
    struct buf at;
    struct err *err;
    unsigned depth;
};

static bool read_schema(struct reading *reading, const cJSON *schema);

static bool refuse(struct reading *reading, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool refuse(struct reading *reading, const char *fmt, ...)
{
    struct buf why = BUF_INIT;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&why, fmt, args);
    va_end(args);
    char *at = safe_dup(buf_str(&reading->at), SAFE_ONE_LINE, 4 * (size_t)SHOWN_MAX);
    char *shown = safe_dup(buf_str(&why), SAFE_ONE_LINE, 4 * (size_t)SHOWN_MAX);
    err_set(reading->err, ERR_INVALID, "%s: %s", at[0] == '\0' ? "the schema" : at, shown);
    free(shown);
    free(at);
    buf_free(&why);
    return false;
}

static size_t enter(struct reading *reading, const char *name)
{
    size_t before = reading->at.len;
    buf_append_char(&reading->at, '/');
    buf_append_c(&reading->at, name);
    return before;
}

static void leave(struct reading *reading, size_t before)
{
    buf_remove(&reading->at, before, reading->at.len - before);
}

static bool read_children(struct reading *reading, const cJSON *list)
{
    size_t index = 0;
    for (const cJSON *child = list->child; child != NULL; child = child->next, index++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", index);
        size_t before = enter(reading, child->string == NULL ? number : child->string);
        if (!read_schema(reading, child)) {
            return false;
        }
        leave(reading, before);
    }
    return true;
}

static bool are_strings(const cJSON *list)
{
    if (!cJSON_IsArray(list)) {
        return false;
    }
    for (const cJSON *child = list->child; child != NULL; child = child->next) {
        if (!cJSON_IsString(child)) {
            return false;
        }
    }
    return true;
}

static bool is_type(const cJSON *value)
{
    static const char *const types[] = {
        "null", "boolean", "object", "array", "number", "string", "integer"};
    for (size_t i = 0; cJSON_IsString(value) && i < ARRAY_LEN(types); i++) {
        if (strcmp(types[i], value->valuestring) == 0) {
            return true;
        }
    }
    return false;
}

static bool are_types(const cJSON *value)
{
    bool ok = cJSON_IsArray(value) && value->child != NULL;
    for (const cJSON *child = ok ? value->child : NULL; child != NULL; child = child->next) {
        ok = ok && is_type(child);
    }
    return ok || is_type(value);
}

static bool are_lists(const cJSON *value)
{
    bool ok = cJSON_IsObject(value);
    for (const cJSON *child = ok ? value->child : NULL; child != NULL; child = child->next) {
        ok = ok && are_strings(child);
    }
    return ok;
}

static bool read_patterns(struct reading *reading, const cJSON *named)
{
    for (const cJSON *child = named->child; child != NULL; child = child->next) {
        struct err err;
        if (!schema_pattern_is_good(child->string, &err)) {
            return refuse(reading, "%s", err.text);
        }
    }
    return true;
}

/* The forms that hold no schema. */
static bool read_plain(struct reading *reading, enum form form, const cJSON *value)
{
    struct err err;
    double number = cJSON_IsNumber(value) ? value->valuedouble : -1;
    switch (form) {
    case FORM_STRING:
        return cJSON_IsString(value) || refuse(reading, "must be a string");
    case FORM_NUMBER:
        return cJSON_IsNumber(value) || refuse(reading, "must be a number");
    case FORM_POSITIVE:
        return number > 0 || refuse(reading, "must be a number above 0");
    case FORM_COUNT:
        return (number >= 0 && floor(number) == number) ||
               refuse(reading, "must be a whole number from 0");
    case FORM_BOOL:
        return cJSON_IsBool(value) || refuse(reading, "must be true or false");
    case FORM_STRINGS:
        return are_strings(value) || refuse(reading, "must be an array of strings");
    case FORM_LISTS:
        return are_lists(value) || refuse(reading, "must be an object of arrays of strings");
    case FORM_TYPE:
        return are_types(value) || refuse(reading, "names no type (string, number, integer, "
                                                   "boolean, object, array, null)");
    case FORM_VALUES:
        return (cJSON_IsArray(value) && value->child != NULL) ||
               refuse(reading, "must be an array of values");
    case FORM_PATTERN:
        return (cJSON_IsString(value) && schema_pattern_is_good(value->valuestring, &err)) ||
               refuse(reading, "%s", cJSON_IsString(value) ? err.text : "must be a string");
    case FORM_FORMAT:
        return (cJSON_IsString(value) && schema_knows_format(value->valuestring)) ||
               refuse(reading, "this format is not known here: date-time, date, time, duration, "
                               "email, hostname, ipv4, ipv6 and uuid are");
    case FORM_REF:
        return (cJSON_IsString(value) &&
                   schema_resolve(reading->root, value->valuestring) != NULL) ||
               refuse(reading, "names no schema of this document (\"#/$defs/NAME\")");
    default:
        return true;
    }
}

static bool read_keyword(struct reading *reading, enum form form, const cJSON *value)
{
    switch (form) {
    case FORM_SCHEMA:
        return read_schema(reading, value);
    case FORM_SCHEMAS:
        if (!cJSON_IsArray(value) || value->child == NULL) {
            return refuse(reading, "must be an array of schemas, not empty");
        }
        return read_children(reading, value);
    case FORM_NAMED:
        if (!cJSON_IsObject(value)) {
            return refuse(reading, "must be an object of schemas");
        }
        return read_children(reading, value);
    default:
        return read_plain(reading, form, value);
    }
}

static const struct keyword *find_keyword(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
        if (strcmp(keywords[i].name, name) == 0) {
            return &keywords[i];
        }
    }
    return NULL;
}

static bool read_member(struct reading *reading, const cJSON *member)
{
    const struct keyword *keyword = find_keyword(member->string);
    if (keyword == NULL) {
        return refuse(reading,
            "the keyword \"%s\" is not known here, so it could not be checked: take it out or say "
            "it another way",
            member->string);
    }
    size_t before = enter(reading, member->string);
    if (strcmp(member->string, "$id") == 0 && reading->depth > 1) {
        return refuse(reading, "an $id below the root is not known here");
    }
    if (strcmp(member->string, "patternProperties") == 0 && cJSON_IsObject(member) &&
        !read_patterns(reading, member)) {
        return false;
    }
    if (!read_keyword(reading, keyword->form, member)) {
        return false;
    }
    leave(reading, before);
    return true;
}

static bool read_schema(struct reading *reading, const cJSON *schema)
{
    if (cJSON_IsBool(schema)) {
        return true;
    }
    if (!cJSON_IsObject(schema)) {
        return refuse(reading, "must be a schema: an object, true or false");
    }
    if (reading->depth == DEPTH_MAX) {
        return refuse(reading, "is more than %d schemas deep", DEPTH_MAX);
    }
    reading->depth++;
    for (const cJSON *member = schema->child; member != NULL; member = member->next) {
        if (!read_member(reading, member)) {
            return false;
        }
    }
    reading->depth--;
    return true;
}

/* ---- references ---- */

/* One step of a JSON pointer (RFC 6901), with the escapes of a URI fragment. */
static char *unescape_step(struct str step)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < step.len; i++) {
        char hex[3] = {0};
        if (step.ptr[i] == '%' && i + 2 < step.len) {
            memcpy(hex, step.ptr + i + 1, 2);
            buf_append_char(&out, (char)strtol(hex, NULL, 16));
            i += 2;
        } else {
            buf_append_char(&out, step.ptr[i]);
        }
    }
    struct buf plain = BUF_INIT;
    for (size_t i = 0; i < out.len; i++) {
        bool escape = out.ptr[i] == '~' && i + 1 < out.len;
        buf_append_char(&plain, !escape ? out.ptr[i] : out.ptr[i + 1] == '1' ? '/' : '~');
        i += escape;
    }
    buf_free(&out);
    return buf_take(&plain);
}

/* From what is of this form to what the step names in it, NULL when there is nothing or no schema
 * can be found that way. */
static const cJSON *take_step(const cJSON *at, const char *step, enum form *form)
{
    if (*form == FORM_SCHEMA) {
        const struct keyword *keyword = find_keyword(step);
        bool leads =
            keyword != NULL && (keyword->form == FORM_SCHEMA || keyword->form == FORM_SCHEMAS ||
                                   keyword->form == FORM_NAMED);
        *form = leads ? keyword->form : FORM_ANY;
        return leads ? json_get(at, step) : NULL;
    }
    bool named = *form == FORM_NAMED;
    char *end = NULL;
    long index = strtol(step, &end, 10);
    bool is_index = step[0] != '\0' && *end == '\0' && index >= 0 && index <= INT_MAX;
    *form = FORM_SCHEMA;
    return named ? json_get(at, step) : is_index ? cJSON_GetArrayItem(at, (int)index) : NULL;
}

const cJSON *schema_resolve(const cJSON *root, const char *ref)
{
    struct str rest = str_of(ref);
    if (str_equal_c(rest, "#")) {
        return root;
    }
    if (!str_starts(rest, "#/")) {
        return NULL;
    }
    rest = str_from(rest, 2);
    /* Steps go from a schema to a keyword that holds schemas, and from that to one of them: what
     * stands elsewhere (an example, a constant) was not read as a schema. */
    const cJSON *at = root;
    enum form form = FORM_SCHEMA;
    size_t slash;
    do {
        slash = str_find_char(rest, '/', 0);
        char *step = unescape_step(slash == SIZE_MAX ? rest : str_slice(rest, 0, slash));
        at = take_step(at, step, &form);
        free(step);
        rest = slash == SIZE_MAX ? rest : str_from(rest, slash + 1);
    } while (slash != SIZE_MAX && at != NULL);
    return form == FORM_SCHEMA ? at : NULL;
}

/* ---- the strict mode ---- */

static bool is_required(const cJSON *schema, const char *name)
{
    const cJSON *required = json_get(schema, "required");
    for (const cJSON *one = required == NULL ? NULL : required->child; one != NULL;
         one = one->next) {
        if (strcmp(one->valuestring, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_strict_object(const cJSON *schema)
{
    const cJSON *properties = json_get(schema, "properties");
    const cJSON *type = json_get(schema, "type");
    bool is_object =
        properties != NULL || (cJSON_IsString(type) && strcmp(type->valuestring, "object") == 0);
    if (!is_object) {
        return true;
    }
    for (const cJSON *one = properties == NULL ? NULL : properties->child; one != NULL;
         one = one->next) {
        if (!is_required(schema, one->string)) {
            return false;
        }
    }
    return cJSON_IsFalse(json_get(schema, "additionalProperties"));
}

/* Keywords that the strict mode does not take. */
static bool has_loose_keyword(const cJSON *schema)
{
    static const char *const loose[] = {"allOf", "oneOf", "not", "if", "then", "else",
        "patternProperties", "propertyNames", "dependentRequired", "dependentSchemas",
        "minProperties", "maxProperties", "prefixItems", "contains", "minContains", "maxContains",
        "uniqueItems", "default"};
    for (size_t i = 0; i < ARRAY_LEN(loose); i++) {
        if (json_get(schema, loose[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool is_strict(const cJSON *schema)
{
    if (!cJSON_IsObject(schema) || has_loose_keyword(schema) || !is_strict_object(schema)) {
        return false;
    }
    for (const cJSON *member = schema->child; member != NULL; member = member->next) {
        const struct keyword *keyword = find_keyword(member->string);
        bool many = keyword->form == FORM_SCHEMAS || keyword->form == FORM_NAMED;
        bool one = keyword->form == FORM_SCHEMA && cJSON_IsObject(member);
        if (one && !is_strict(member)) {
            return false;
        }
        for (const cJSON *child = many ? member->child : NULL; child != NULL; child = child->next) {
            if (!is_strict(child)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- the schema ---- */

struct schema *schema_parse(struct str text, struct err *err)
{
    if (text.len > SCHEMA_MAX) {
        err_set(err, ERR_LIMIT, "the schema has more than %d bytes", SCHEMA_MAX);
        return NULL;
    }
    cJSON *root = json_parse(text, err);
    if (root == NULL) {
        err_prefix(err, "the schema is no JSON");
        return NULL;
    }
    struct reading reading = {.root = root, .err = err};
    bool ok = read_schema(&reading, root);
    buf_free(&reading.at);
    if (!ok) {
        cJSON_Delete(root);
        return NULL;
    }
    struct schema *schema = MEM_NEW(struct schema);
    const cJSON *type = json_get(root, "type");
    schema->root = root;
    schema->text = json_print(root);
    schema->strict = cJSON_IsString(type) && strcmp(type->valuestring, "object") == 0 &&
                     json_get(root, "anyOf") == NULL && is_strict(root);
    return schema;
}

struct schema *schema_read(const char *path, struct err *err)
{
    struct buf text = BUF_INIT;
    struct schema *schema = NULL;
    if (file_read(path, SCHEMA_MAX, &text, err)) {
        schema = schema_parse(buf_str(&text), err);
        if (schema == NULL) {
            err_prefix(err, "%s", path);
        }
    }
    buf_free(&text);
    return schema;
}

void schema_free(struct schema *schema)
{
    if (schema != NULL) {
        cJSON_Delete(schema->root);
        free(schema->text);
        free(schema);
    }
}

const char *schema_text(const struct schema *schema)
{
    return schema->text;
}

bool schema_is_strict(const struct schema *schema)
{
    return schema->strict;
}
