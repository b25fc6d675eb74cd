/* The trace as an OSCAL component definition:
 * https://pages.nist.gov/OSCAL-Reference/models/v1.1.2/component-definition/json-reference/ */
#include "control/lineage.h"

#include "base/json.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "base/vec.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define OSCAL_VERSION "1.1.2"
/* Whose the names of our properties are. */
#define OSCAL_NS "urn:bylaw:trace"

/* A UUID that the same name always gets. Its form is that of version 5, as the schema asks; it is
 * made with SHA-256. */
static void set_uuid(cJSON *object, const char *kind, const char *name)
{
    char hex[SHA256_HEX_SIZE];
    char *whole = mem_printf("bylaw\n%s\n%s", kind, name);
    sha256_hex(str_of(whole), hex);
    char *uuid =
        mem_printf("%.8s-%.4s-5%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17, hex + 20);
    json_set_string(object, "uuid", uuid);
    free(uuid);
    free(whole);
}

/* What OSCAL calls a token begins with a letter: "5.2.2" is "c-5.2.2", with the number as label. */
static char *token_of(const char *id)
{
    struct buf out = BUF_INIT;
    if (!isalpha((unsigned char)*id)) {
        buf_append_c(&out, "c-");
    }
    for (; *id != '\0'; id++) {
        bool fits = isalnum((unsigned char)*id) || strchr(".-_", *id) != NULL;
        buf_append_char(&out, fits ? *id : '_');
    }
    return buf_take(&out);
}

/* One line without blanks at its ends, and not empty. */
static char *line_of(const char *text)
{
    char *shown = safe_dup(str_of(text), SAFE_ONE_LINE, 2000);
    char *line = str_dup(str_trim(str_of(shown)));
    free(shown);
    if (*line == '\0') {
        free(line);
        return mem_strdup("-");
    }
    return line;
}

static void add_prop(cJSON *props, const char *name, const char *value, bool ours)
{
    cJSON *prop = mem_require(cJSON_CreateObject());
    char *line = line_of(value);
    json_set_string(prop, "name", name);
    if (ours) {
        json_set_string(prop, "ns", OSCAL_NS);
    }
    json_set_string(prop, "value", line);
    free(line);
    cJSON_AddItemToArray(props, prop);
}

static void add_place(cJSON *props, const char *name, const struct lineage_place *place)
{
    char *text = mem_printf("%s %s:%u", place->name, place->path, place->row + 1);
    add_prop(props, name, text, true);
    free(text);
}

/* ---- what a policy implements ---- */

static cJSON *requirement_json(const struct lineage *lineage, const struct lineage_row *row)
{
    const struct requirement *asked = &lineage->requirements->items[row->control];
    cJSON *object = mem_require(cJSON_CreateObject());
    char *name = mem_printf("%s\n%s\n%s\n%s\n%s\n%s:%u", asked->framework, asked->version,
        asked->id, row->policy, row->rule.name, row->rule.path, row->rule.row);
    char *token = token_of(asked->id);
    char *words = requirement_words(asked);
    char *line = line_of(words);
    set_uuid(object, "requirement", name);
    json_set_string(object, "control-id", token);
    json_set_string(object, "description", line);
    cJSON *props = json_set_array(object, "props");
    add_prop(props, "label", asked->id, false);
    add_prop(props, "state", lineage_state_name(row->state), true);
    add_place(props, "rule", &row->rule);
    VEC_FOREACH (const struct lineage_place, test, &row->tests) {
        add_place(props, "test", test);
    }
    VEC_FOREACH (const struct lineage_place, fixture, &row->fixtures) {
        add_prop(props, "fixture", fixture->path, true);
    }
    if (row->commit != NULL && row->commit->id[0] != '\0') {
        add_prop(props, "commit", row->commit->id, true);
    }
    if (*row->note != '\0') {
        char *note = line_of(row->note);
        json_set_string(object, "remarks", note);
        free(note);
    }
    free(line);
    free(words);
    free(token);
    free(name);
    return object;
}

/* Rows of one policy, those of one framework behind each other. */
struct implemented {
    const struct lineage_row **items;
    size_t len, cap;
};

static int compare_requirements(
    const struct lineage *lineage, const struct lineage_row *a, const struct lineage_row *b)
{
    const struct requirement *x = &lineage->requirements->items[a->control];
    const struct requirement *y = &lineage->requirements->items[b->control];
    int order = strcmp(x->framework, y->framework);
    order = order != 0 ? order : strcmp(x->version, y->version);
    return order != 0 ? order : (a->control > b->control) - (a->control < b->control);
}

static int by_policy(const void *left, const void *right, void *data)
{
    const struct lineage_row *a = *(const struct lineage_row *const *)left;
    const struct lineage_row *b = *(const struct lineage_row *const *)right;
    int order = strcmp(a->rule.path, b->rule.path);
    order = order != 0 ? order : strcmp(a->policy, b->policy);
    return order != 0 ? order : compare_requirements(data, a, b);
}

static bool same_policy(const struct lineage_row *a, const struct lineage_row *b)
{
    return strcmp(a->rule.path, b->rule.path) == 0 && strcmp(a->policy, b->policy) == 0;
}

static bool same_framework(
    const struct lineage *lineage, const struct lineage_row *a, const struct lineage_row *b)
{
    const struct requirement *x = &lineage->requirements->items[a->control];
    const struct requirement *y = &lineage->requirements->items[b->control];
    return strcmp(x->framework, y->framework) == 0 && strcmp(x->version, y->version) == 0;
}

/* A URI reference to where the controls are defined: the matrix, as a file beside. */
static char *source_of(const struct lineage *lineage)
{
    struct buf out = BUF_INIT;
    for (const char *c = path_base(lineage->requirements->name); *c != '\0'; c++) {
        if (isalnum((unsigned char)*c) || strchr("-._~", *c) != NULL) {
            buf_append_char(&out, *c);
        } else {
            buf_printf(&out, "%%%02X", (unsigned char)*c);
        }
    }
    return buf_take(&out);
}

static cJSON *implementation_json(
    const struct lineage *lineage, const struct implemented *rows, size_t from, size_t to)
{
    const struct lineage_row *first = rows->items[from];
    const struct requirement *asked = &lineage->requirements->items[first->control];
    cJSON *object = mem_require(cJSON_CreateObject());
    char *name = mem_printf(
        "%s\n%s\n%s\n%s", asked->framework, asked->version, first->policy, first->rule.path);
    char *words = mem_printf("%s %s", asked->framework, asked->version);
    char *line = line_of(words);
    char *source = source_of(lineage);
    set_uuid(object, "implementation", name);
    json_set_string(object, "source", source);
    json_set_string(object, "description", line);
    cJSON *list = json_set_array(object, "implemented-requirements");
    for (size_t i = from; i < to; i++) {
        cJSON_AddItemToArray(list, requirement_json(lineage, rows->items[i]));
    }
    free(source);
    free(line);
    free(words);
    free(name);
    return object;
}

static cJSON *component_json(
    const struct lineage *lineage, const struct implemented *rows, size_t from, size_t to)
{
    const struct lineage_row *first = rows->items[from];
    cJSON *object = mem_require(cJSON_CreateObject());
    char *name = mem_printf("%s\n%s", first->rule.path, first->policy);
    char *title = line_of(first->policy);
    char *where = mem_printf("policy in %s", first->rule.path);
    char *line = line_of(where);
    set_uuid(object, "component", name);
    json_set_string(object, "type", "policy");
    json_set_string(object, "title", title);
    json_set_string(object, "description", line);
    cJSON *list = json_set_array(object, "control-implementations");
    for (size_t i = from; i < to;) {
        size_t end = i + 1;
        while (end < to && same_framework(lineage, rows->items[i], rows->items[end])) {
            end++;
        }
        cJSON_AddItemToArray(list, implementation_json(lineage, rows, i, end));
        i = end;
    }
    free(line);
    free(where);
    free(title);
    free(name);
    return object;
}

/* ---- the document ---- */

static void set_metadata(cJSON *definition, const char *name, int64_t now)
{
    cJSON *metadata = json_set_object(definition, "metadata");
    char *words = mem_printf("Policies of %s", name);
    char *title = line_of(words);
    struct tm day = {0};
    time_t at = (time_t)now;
    gmtime_r(&at, &day);
    char *modified = mem_printf("%04d-%02d-%02dT%02d:%02d:%02dZ", day.tm_year + 1900,
        day.tm_mon + 1, day.tm_mday, day.tm_hour, day.tm_min, day.tm_sec);
    json_set_string(metadata, "title", title);
    json_set_string(metadata, "last-modified", modified);
    json_set_string(metadata, "version", "1");
    json_set_string(metadata, "oscal-version", OSCAL_VERSION);
    free(modified);
    free(title);
    free(words);
}

static void add_components(
    const struct lineage *lineage, const struct implemented *rows, cJSON *list)
{
    for (size_t i = 0; i < rows->len;) {
        size_t end = i + 1;
        while (end < rows->len && same_policy(rows->items[i], rows->items[end])) {
            end++;
        }
        cJSON_AddItemToArray(list, component_json(lineage, rows, i, end));
        i = end;
    }
}

void lineage_write_oscal(
    const struct lineage *lineage, const char *name, int64_t now, struct buf *out)
{
    struct implemented rows = {0};
    VEC_FOREACH (const struct lineage_row, row, &lineage->rows) {
        if (row->control != SIZE_MAX && *row->rule.path != '\0') {
            VEC_PUSH(&rows, row);
        }
    }
    if (rows.len > 0) {
        qsort_r(rows.items, rows.len, sizeof *rows.items, by_policy, (void *)lineage);
    }
    cJSON *root = mem_require(cJSON_CreateObject());
    cJSON *definition = json_set_object(root, "component-definition");
    set_uuid(definition, "definition", name);
    set_metadata(definition, name, now);
    if (rows.len > 0) {
        add_components(lineage, &rows, json_set_array(definition, "components"));
    }
    char *text = json_print(root);
    buf_append_c(out, text);
    buf_append_char(out, '\n');
    free(text);
    cJSON_Delete(root);
    VEC_FREE(&rows);
}
