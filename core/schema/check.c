/* A value beside its schema. */
#include "schema/schema_private.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/utf8.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROBLEMS_MAX = 20, DEPTH_MAX = 200, SHOWN_MAX = 60, PATH_SHOWN_MAX = 300 };

struct checking {
    const cJSON *root;
    struct buf at;        /* of the value, a JSON pointer */
    struct buf *problems; /* NULL: only whether there is one */
    unsigned count;
    unsigned depth;
};

static bool check(struct checking *checking, const cJSON *schema, const cJSON *value);

static bool say(struct checking *checking, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool say(struct checking *checking, const char *fmt, ...)
{
    if (checking->problems == NULL || checking->count++ >= PROBLEMS_MAX) {
        return false;
    }
    struct buf line = BUF_INIT;
    buf_append_c(&line, checking->at.len == 0 ? "the value" : checking->at.ptr);
    buf_append_c(&line, ": ");
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&line, fmt, args);
    va_end(args);
    safe_append(checking->problems, utf8_head(buf_str(&line), PATH_SHOWN_MAX), SAFE_ONE_LINE);
    buf_append_char(checking->problems, '\n');
    buf_free(&line);
    return false;
}

/* Beneath, without a word. */
static bool fits(struct checking *checking, const cJSON *schema, const cJSON *value)
{
    struct checking quiet = *checking;
    quiet.at = BUF_INIT;
    quiet.problems = NULL;
    bool ok = check(&quiet, schema, value);
    buf_free(&quiet.at);
    return ok;
}

static bool check_below(
    struct checking *checking, const cJSON *schema, const cJSON *value, const char *step)
{
    size_t before = checking->at.len;
    buf_append_char(&checking->at, '/');
    for (const char *c = step; *c != '\0'; c++) {
        if (*c == '~' || *c == '/') {
            buf_append_c(&checking->at, *c == '~' ? "~0" : "~1");
        } else {
            buf_append_char(&checking->at, *c);
        }
    }
    bool ok = check(checking, schema, value);
    buf_remove(&checking->at, before, checking->at.len - before);
    return ok;
}

static bool check_item(
    struct checking *checking, const cJSON *schema, const cJSON *value, size_t index)
{
    char step[24];
    snprintf(step, sizeof step, "%zu", index);
    return check_below(checking, schema, value, step);
}

/* ---- kinds ---- */

static const char *kind_of(const cJSON *value)
{
    return cJSON_IsNull(value)     ? "null"
           : cJSON_IsBool(value)   ? "boolean"
           : cJSON_IsNumber(value) ? "number"
           : cJSON_IsString(value) ? "string"
           : cJSON_IsArray(value)  ? "array"
                                   : "object";
}

static bool is_of(const cJSON *value, const char *type)
{
    if (strcmp(type, "integer") == 0) {
        return cJSON_IsNumber(value) && floor(value->valuedouble) == value->valuedouble;
    }
    return strcmp(kind_of(value), type) == 0;
}

static bool check_type(struct checking *checking, const cJSON *type, const cJSON *value)
{
    if (cJSON_IsString(type)) {
        return is_of(value, type->valuestring) ||
               say(checking, "is of type %s, must be %s", kind_of(value), type->valuestring);
    }
    struct buf all = BUF_INIT;
    bool ok = false;
    for (const cJSON *one = type->child; one != NULL; one = one->next) {
        ok = ok || is_of(value, one->valuestring);
        buf_printf(&all, "%s%s", all.len > 0 ? " or " : "", one->valuestring);
    }
    if (!ok) {
        say(checking, "is of type %s, must be %s", kind_of(value), all.ptr);
    }
    buf_free(&all);
    return ok;
}

static char *show(const cJSON *value)
{
    char *text = json_print(value);
    char *shown = safe_dup(str_of(text), SAFE_ONE_LINE, SHOWN_MAX);
    free(text);
    return shown;
}

static bool check_value(struct checking *checking, const cJSON *schema, const cJSON *value)
{
    const cJSON *list = json_get(schema, "enum");
    const cJSON *constant = json_get(schema, "const");
    bool ok = list == NULL;
    struct buf all = BUF_INIT;
    for (const cJSON *one = list == NULL ? NULL : list->child; one != NULL; one = one->next) {
        ok = ok || cJSON_Compare(one, value, true);
        char *shown = show(one);
        buf_printf(&all, "%s%s", all.len > 0 ? ", " : "", shown);
        free(shown);
    }
    char *is = show(value);
    if (!ok) {
        say(checking, "is %s, must be one of %s", is, all.ptr);
    }
    if (constant != NULL && !cJSON_Compare(constant, value, true)) {
        char *must = show(constant);
        ok = say(checking, "is %s, must be %s", is, must);
        free(must);
    }
    free(is);
    buf_free(&all);
    return ok;
}

/* ---- strings and numbers ---- */

/* Below: the bound of a keyword, or NAN. No comparison with it holds. */
static double bound(const cJSON *schema, const char *key)
{
    return json_number_or(schema, key, NAN);
}

static size_t count_points(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0u) != 0x80u;
    }
    return count;
}

static bool check_string(struct checking *checking, const cJSON *schema, const char *text)
{
    double len = (double)count_points(text);
    const char *pattern = json_string(schema, "pattern");
    const char *format = json_string(schema, "format");
    bool ok = true;
    if (len < bound(schema, "minLength")) {
        ok = say(
            checking, "has %g characters, at least %g are needed", len, bound(schema, "minLength"));
    }
    if (len > bound(schema, "maxLength")) {
        ok = say(
            checking, "has %g characters, at most %g are allowed", len, bound(schema, "maxLength"));
    }
    if (pattern != NULL && !schema_matches(pattern, text)) {
        ok = say(checking, "does not match the pattern %s", pattern);
    }
    if (format != NULL && !schema_has_format(format, text)) {
        ok = say(checking, "is no %s", format);
    }
    return ok;
}

static bool is_multiple(double number, double of)
{
    double times = number / of;
    return isfinite(times) && fabs(times - round(times)) <= fabs(times) * 4 * DBL_EPSILON;
}

static bool check_number(struct checking *checking, const cJSON *schema, double number)
{
    double of = bound(schema, "multipleOf");
    bool ok = true;
    if (number < bound(schema, "minimum")) {
        ok = say(checking, "is %g, must be at least %g", number, bound(schema, "minimum"));
    }
    if (number > bound(schema, "maximum")) {
        ok = say(checking, "is %g, must be at most %g", number, bound(schema, "maximum"));
    }
    if (number <= bound(schema, "exclusiveMinimum")) {
        ok = say(checking, "is %g, must be above %g", number, bound(schema, "exclusiveMinimum"));
    }
    if (number >= bound(schema, "exclusiveMaximum")) {
        ok = say(checking, "is %g, must be below %g", number, bound(schema, "exclusiveMaximum"));
    }
    if (of > 0 && !is_multiple(number, of)) {
        ok = say(checking, "is %g, must be a multiple of %g", number, of);
    }
    return ok;
}

/* ---- arrays ---- */

static bool check_contains(struct checking *checking, const cJSON *schema, const cJSON *array)
{
    const cJSON *contains = json_get(schema, "contains");
    if (contains == NULL) {
        return true;
    }
    double count = 0;
    for (const cJSON *one = array->child; one != NULL; one = one->next) {
        count += fits(checking, contains, one);
    }
    double least = json_number_or(schema, "minContains", 1);
    double most = bound(schema, "maxContains");
    if (count < least) {
        return say(checking, "has %g items of the kind that must be there, at least %g are needed",
            count, least);
    }
    return !(count > most) ||
           say(checking, "has %g items of a kind of which at most %g are allowed", count, most);
}

static bool is_unique(const cJSON *array)
{
    for (const cJSON *one = array->child; one != NULL; one = one->next) {
        for (const cJSON *other = one->next; other != NULL; other = other->next) {
            if (cJSON_Compare(one, other, true)) {
                return false;
            }
        }
    }
    return true;
}

static bool check_array(struct checking *checking, const cJSON *schema, const cJSON *array)
{
    double len = cJSON_GetArraySize(array);
    const cJSON *first = json_get(schema, "prefixItems");
    const cJSON *items = json_get(schema, "items");
    const cJSON *prefix = first == NULL ? NULL : first->child;
    bool ok = true;
    size_t index = 0;
    for (const cJSON *one = array->child; one != NULL; one = one->next, index++) {
        const cJSON *its = prefix != NULL ? prefix : items;
        ok = (its == NULL || check_item(checking, its, one, index)) && ok;
        prefix = prefix == NULL ? NULL : prefix->next;
    }
    if (len < bound(schema, "minItems")) {
        ok = say(checking, "has %g items, at least %g are needed", len, bound(schema, "minItems"));
    }
    if (len > bound(schema, "maxItems")) {
        ok = say(checking, "has %g items, at most %g are allowed", len, bound(schema, "maxItems"));
    }
    if (json_bool_or(schema, "uniqueItems", false) && !is_unique(array)) {
        ok = say(checking, "has the same item twice");
    }
    return check_contains(checking, schema, array) && ok;
}

/* ---- objects ---- */

static bool check_required(struct checking *checking, const cJSON *required, const cJSON *object)
{
    bool ok = true;
    for (const cJSON *one = required == NULL ? NULL : required->child; one != NULL;
         one = one->next) {
        if (json_get(object, one->valuestring) == NULL) {
            ok = say(checking, "has no \"%s\", which is required", one->valuestring);
        }
    }
    return ok;
}

static bool check_member(struct checking *checking, const cJSON *schema, const cJSON *member)
{
    const cJSON *own = json_get(json_get(schema, "properties"), member->string);
    const cJSON *patterns = json_get(schema, "patternProperties");
    const cJSON *others = json_get(schema, "additionalProperties");
    bool known = own != NULL;
    bool ok = own == NULL || check_below(checking, own, member, member->string);
    for (const cJSON *one = patterns == NULL ? NULL : patterns->child; one != NULL;
         one = one->next) {
        if (schema_matches(one->string, member->string)) {
            known = true;
            ok = check_below(checking, one, member, member->string) && ok;
        }
    }
    if (known || others == NULL) {
        return ok;
    }
    return cJSON_IsFalse(others) ? say(checking, "has \"%s\", which is not allowed", member->string)
                                 : check_below(checking, others, member, member->string);
}

static bool check_names(struct checking *checking, const cJSON *schema, const char *name)
{
    const cJSON *names = json_get(schema, "propertyNames");
    if (names == NULL) {
        return true;
    }
    cJSON *value = mem_require(cJSON_CreateString(name));
    bool ok = fits(checking, names, value) ||
              say(checking, "has \"%s\", and no member may be called so", name);
    cJSON_Delete(value);
    return ok;
}

static bool check_dependents(struct checking *checking, const cJSON *schema, const cJSON *object)
{
    const cJSON *lists = json_get(schema, "dependentRequired");
    const cJSON *schemas = json_get(schema, "dependentSchemas");
    bool ok = true;
    for (const cJSON *one = lists == NULL ? NULL : lists->child; one != NULL; one = one->next) {
        bool there = json_get(object, one->string) != NULL;
        ok = (!there || check_required(checking, one, object)) && ok;
    }
    for (const cJSON *one = schemas == NULL ? NULL : schemas->child; one != NULL; one = one->next) {
        bool there = json_get(object, one->string) != NULL;
        ok = (!there || check(checking, one, object)) && ok;
    }
    return ok;
}

static bool check_object(struct checking *checking, const cJSON *schema, const cJSON *object)
{
    double len = cJSON_GetArraySize(object);
    bool ok = check_required(checking, json_get(schema, "required"), object);
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        ok = check_names(checking, schema, member->string) && ok;
        ok = check_member(checking, schema, member) && ok;
    }
    if (len < bound(schema, "minProperties")) {
        ok = say(checking, "has %g members, at least %g are needed", len,
            bound(schema, "minProperties"));
    }
    if (len > bound(schema, "maxProperties")) {
        ok = say(checking, "has %g members, at most %g are allowed", len,
            bound(schema, "maxProperties"));
    }
    return check_dependents(checking, schema, object) && ok;
}

/* ---- schemas of schemas ---- */

static bool check_choice(struct checking *checking, const cJSON *schema, const cJSON *value)
{
    const cJSON *any = json_get(schema, "anyOf");
    const cJSON *one = json_get(schema, "oneOf");
    const cJSON *no = json_get(schema, "not");
    bool ok = true;
    size_t any_count = 0;
    size_t one_count = 0;
    for (const cJSON *s = any == NULL ? NULL : any->child; s != NULL; s = s->next) {
        any_count += fits(checking, s, value);
    }
    for (const cJSON *s = one == NULL ? NULL : one->child; s != NULL; s = s->next) {
        one_count += fits(checking, s, value);
    }
    if (any != NULL && any_count == 0) {
        ok = say(checking, "fits none of the %d schemas of anyOf", cJSON_GetArraySize(any));
    }
    if (one != NULL && one_count != 1) {
        ok = say(checking, "fits %zu of the %d schemas of oneOf, must fit one", one_count,
            cJSON_GetArraySize(one));
    }
    if (no != NULL && fits(checking, no, value)) {
        ok = say(checking, "fits the schema under not");
    }
    return ok;
}

static bool check_combined(struct checking *checking, const cJSON *schema, const cJSON *value)
{
    const cJSON *all = json_get(schema, "allOf");
    const cJSON *when = json_get(schema, "if");
    const char *ref = json_string(schema, "$ref");
    bool ok = check_choice(checking, schema, value);
    for (const cJSON *s = all == NULL ? NULL : all->child; s != NULL; s = s->next) {
        ok = check(checking, s, value) && ok;
    }
    if (when != NULL) {
        const cJSON *next = json_get(schema, fits(checking, when, value) ? "then" : "else");
        ok = (next == NULL || check(checking, next, value)) && ok;
    }
    if (ref != NULL) {
        ok = check(checking, schema_resolve(checking->root, ref), value) && ok;
    }
    return ok;
}

static bool check_all(struct checking *checking, const cJSON *schema, const cJSON *value)
{
    const cJSON *type = json_get(schema, "type");
    bool ok = type == NULL || check_type(checking, type, value);
    ok = check_value(checking, schema, value) && ok;
    if (cJSON_IsString(value)) {
        ok = check_string(checking, schema, value->valuestring) && ok;
    } else if (cJSON_IsNumber(value)) {
        ok = check_number(checking, schema, value->valuedouble) && ok;
    } else if (cJSON_IsArray(value)) {
        ok = check_array(checking, schema, value) && ok;
    } else if (cJSON_IsObject(value)) {
        ok = check_object(checking, schema, value) && ok;
    }
    return check_combined(checking, schema, value) && ok;
}

static bool check(struct checking *checking, const cJSON *schema, const cJSON *value)
{
    if (cJSON_IsBool(schema)) {
        return cJSON_IsTrue(schema) || say(checking, "must not be there");
    }
    if (checking->depth == DEPTH_MAX) {
        return say(checking, "is too deep for the schema, which may refer to itself without end");
    }
    checking->depth++;
    bool ok = check_all(checking, schema, value);
    checking->depth--;
    return ok;
}

bool schema_check(const struct schema *schema, const cJSON *value, struct buf *problems)
{
    struct checking checking = {.root = schema->root, .problems = problems};
    bool ok = check(&checking, schema->root, value);
    if (checking.count > PROBLEMS_MAX) {
        buf_printf(problems, "(%u more)\n", checking.count - PROBLEMS_MAX);
    }
    buf_free(&checking.at);
    return ok;
}

/* What stands in the only fence, where the text is one. */
static struct str without_fence(struct str text)
{
    struct str line;
    struct str rest = str_trim(text);
    struct str whole = rest;
    bool fenced = str_starts(rest, "```") && str_next_line(&rest, &line) && str_ends(rest, "```");
    return fenced ? str_trim(str_slice(rest, 0, rest.len - 3)) : whole;
}

bool schema_check_text(
    const struct schema *schema, struct str text, cJSON **value, struct buf *problems)
{
    struct err err;
    *value = json_parse(without_fence(text), &err);
    if (*value == NULL) {
        buf_printf(problems, "the answer is no JSON value: %s\n", err.text);
        return false;
    }
    return schema_check(schema, *value, problems);
}
