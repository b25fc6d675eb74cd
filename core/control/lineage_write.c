/* The trace as CSV, Markdown and JSON. */
#include "control/lineage.h"

#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"
#include "control/csv.h"

#include <stdlib.h>
#include <time.h>

/* "p/a.rego:4". */
static void append_place(struct buf *out, const struct lineage_place *place)
{
    safe_append(out, str_of(place->path), SAFE_ONE_LINE);
    buf_printf(out, ":%u", place->row + 1);
}

static void append_places(struct buf *out, const struct lineage_places *places, bool names)
{
    VEC_FOREACH (const struct lineage_place, place, places) {
        buf_append_c(out, place == places->items ? "" : "; ");
        if (names) {
            buf_printf(out, "%s ", place->name);
            append_place(out, place);
        } else {
            safe_append(out, str_of(place->path), SAFE_ONE_LINE);
        }
    }
}

static void append_date(struct buf *out, int64_t when)
{
    struct tm day;
    time_t at = (time_t)when;
    if (gmtime_r(&at, &day) != NULL) {
        buf_printf(out, "%04d-%02d-%02d", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
    }
}

/* "3f2a1b9c 2026-11-26 Ann: subject", "not committed". */
static void append_commit(struct buf *out, const struct last_commit *commit)
{
    if (commit == NULL) {
        return;
    }
    if (commit->id[0] != '\0') {
        buf_printf(out, "%.8s ", commit->id);
        append_date(out, commit->time);
        buf_append_char(out, ' ');
        safe_append(out, str_of(commit->author), SAFE_ONE_LINE);
        buf_append_c(out, ": ");
        safe_append(out, str_of(commit->subject), SAFE_ONE_LINE);
    }
    if (commit->is_changed) {
        buf_append_c(out, commit->id[0] == '\0' ? "not committed" : " (changed since)");
    }
}

enum { CELLS = 12 };

static const char *const heads[CELLS] = {"state", "control_id", "control_description", "framework",
    "version", "policy", "rule", "place", "tests", "fixtures", "commit", "note"};

/* The cells of a row, one behind the other in *text; ends says where each ends. */
static void write_cells(const struct lineage *lineage, const struct lineage_row *row,
    struct buf *text, size_t ends[CELLS])
{
    const struct requirement *asked =
        row->control == SIZE_MAX ? NULL : &lineage->requirements->items[row->control];
    char *words = lineage_control_words(lineage, row);
    const char *plain[] = {lineage_state_name(row->state), lineage_control_id(lineage, row), words,
        asked == NULL ? "" : asked->framework, asked == NULL ? "" : asked->version, row->policy,
        row->rule.name};
    size_t n = 0;
    buf_clear(text);
    for (; n < ARRAY_LEN(plain); n++) {
        buf_append_c(text, plain[n]);
        ends[n] = text->len;
    }
    if (*row->rule.path != '\0') {
        append_place(text, &row->rule);
    }
    ends[n++] = text->len;
    append_places(text, &row->tests, true);
    ends[n++] = text->len;
    append_places(text, &row->fixtures, false);
    ends[n++] = text->len;
    append_commit(text, row->commit);
    ends[n++] = text->len;
    buf_append_c(text, row->note);
    ends[n] = text->len;
    free(words);
}

static struct str cell(const struct buf *text, const size_t ends[CELLS], size_t at)
{
    return str_slice(buf_str(text), at == 0 ? 0 : ends[at - 1], ends[at]);
}

void lineage_write_csv(const struct lineage *lineage, struct buf *out)
{
    struct buf text = BUF_INIT;
    size_t ends[CELLS];
    for (size_t i = 0; i < CELLS; i++) {
        csv_append(out, str_of(heads[i]), i == 0);
    }
    buf_append_c(out, "\r\n");
    VEC_FOREACH (const struct lineage_row, row, &lineage->rows) {
        write_cells(lineage, row, &text, ends);
        for (size_t i = 0; i < CELLS; i++) {
            csv_append(out, cell(&text, ends, i), i == 0);
        }
        buf_append_c(out, "\r\n");
    }
    buf_free(&text);
}

/* Text in a table of Markdown: no markup, no end of the cell. */
static void append_markdown(struct buf *out, struct str text)
{
    struct buf shown = BUF_INIT;
    for (size_t i = 0; i < text.len; i++) {
        buf_append_char(&shown, text.ptr[i] == '\n' || text.ptr[i] == '\r' ? ' ' : text.ptr[i]);
    }
    struct buf safe = BUF_INIT;
    safe_append(&safe, buf_str(&shown), SAFE_ONE_LINE);
    for (size_t i = 0; i < safe.len; i++) {
        if (strchr("\\|`*_[]<>#&~", safe.ptr[i]) != NULL) {
            buf_append_char(out, '\\');
        }
        buf_append_char(out, safe.ptr[i]);
    }
    buf_free(&shown);
    buf_free(&safe);
}

void lineage_append_figure(const struct lineage *lineage, bool unknown, struct buf *out)
{
    static const enum lineage_state order[] = {
        LINEAGE_TRACED, LINEAGE_PARTLY, LINEAGE_UNTESTED, LINEAGE_UNCOVERED, LINEAGE_NOT_CHECKABLE};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        size_t of_these = lineage->unknown[order[i]];
        if (!unknown || order[i] != LINEAGE_NOT_CHECKABLE) {
            buf_printf(out, "%s%zu %s", i == 0 ? "" : ", ",
                unknown ? of_these : lineage->controls[order[i]] - of_these,
                lineage_state_name(order[i]));
        }
    }
}

static void write_sums(const struct lineage *lineage, struct buf *out)
{
    for (size_t i = 0; i < LINEAGE_STATES; i++) {
        size_t count = i == LINEAGE_ORPHANED ? lineage->counts[LINEAGE_ORPHANED]
                                             : lineage->controls[i] - lineage->unknown[i];
        buf_printf(out, "- %s: %zu %s\n", lineage_state_name((enum lineage_state)i), count,
            i == LINEAGE_ORPHANED ? "rules" : "controls");
    }
    if (lineage->unknown_count > 0) {
        buf_printf(out, "- %zu more controls: ", lineage->unknown_count);
        lineage_append_figure(lineage, true, out);
        buf_printf(out, "; %s\n", gap_unknown_says());
    }
}

void lineage_write_markdown(const struct lineage *lineage, struct buf *out)
{
    static const size_t shown[] = {1, 2, 0, 5, 6, 7, 8, 9, 10, 11};
    struct buf text = BUF_INIT;
    size_t ends[CELLS];
    buf_append_c(out, "# Controls and what implements them\n\n");
    write_sums(lineage, out);
    buf_append_c(out, "\n|");
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        buf_printf(out, " %s |", heads[shown[i]]);
    }
    buf_append_c(out, "\n|");
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        buf_append_c(out, " --- |");
    }
    buf_append_char(out, '\n');
    VEC_FOREACH (const struct lineage_row, row, &lineage->rows) {
        write_cells(lineage, row, &text, ends);
        buf_append_char(out, '|');
        for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
            buf_append_char(out, ' ');
            append_markdown(out, cell(&text, ends, shown[i]));
            buf_append_c(out, " |");
        }
        buf_append_char(out, '\n');
    }
    buf_free(&text);
}

/* ---- JSON ---- */

static cJSON *place_json(const struct lineage_place *place)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "name", place->name);
    json_set_string(object, "path", place->path);
    json_set_int(object, "row", (long long)place->row + 1);
    json_set_int(object, "col", (long long)place->col + 1);
    return object;
}

static void set_places(cJSON *object, const char *key, const struct lineage_places *places)
{
    cJSON *array = json_set_array(object, key);
    VEC_FOREACH (const struct lineage_place, place, places) {
        cJSON_AddItemToArray(array, place_json(place));
    }
}

static void set_commit(cJSON *object, const struct last_commit *commit)
{
    if (commit == NULL) {
        return;
    }
    cJSON *json = json_set_object(object, "commit");
    if (commit->id[0] != '\0') {
        json_set_string(json, "id", commit->id);
        json_set_int(json, "time", commit->time);
        json_set_string(json, "author", commit->author);
        json_set_string(json, "subject", commit->subject);
    }
    json_set_bool(json, "changed", commit->is_changed);
}

static void write_row(const struct lineage *lineage, const struct lineage_row *row, struct buf *out)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "state", lineage_state_name(row->state));
    if (row->control != SIZE_MAX) {
        const struct requirement *asked = &lineage->requirements->items[row->control];
        char *words = requirement_words(asked);
        json_set_string(object, "control_id", asked->id);
        json_set_string(object, "control_description", words);
        json_set_string(object, "framework", asked->framework);
        json_set_string(object, "version", asked->version);
        free(words);
    }
    if (*row->rule.path != '\0') {
        json_set_string(object, "policy", row->policy);
        cJSON_AddItemToObject(object, "rule", place_json(&row->rule));
    }
    set_places(object, "tests", &row->tests);
    set_places(object, "fixtures", &row->fixtures);
    set_commit(object, row->commit);
    json_set_string(object, "note", row->note);
    char *text = json_print(object);
    buf_append_c(out, text);
    free(text);
    cJSON_Delete(object);
}

static void write_counts(const size_t counts[LINEAGE_STATES], struct buf *out)
{
    const char *between = "{";
    for (size_t i = 0; i < LINEAGE_STATES; i++) {
        if (i != LINEAGE_ORPHANED) {
            buf_printf(
                out, "%s\"%s\":%zu", between, lineage_state_name((enum lineage_state)i), counts[i]);
            between = ",";
        }
    }
    buf_append_char(out, '}');
}

/* Row by row: the whole as a tree would be many times the text. */
void lineage_write_json(const struct lineage *lineage, struct buf *out)
{
    buf_append_c(out, "{\"controls\":");
    write_counts(lineage->controls, out);
    buf_append_c(out, ",\"unknown\":");
    write_counts(lineage->unknown, out);
    buf_printf(out, ",\"orphaned\":%zu,\"rows\":[", lineage->counts[LINEAGE_ORPHANED]);
    VEC_FOREACH (const struct lineage_row, row, &lineage->rows) {
        buf_append_c(out, row == lineage->rows.items ? "\n" : ",\n");
        write_row(lineage, row, out);
    }
    buf_append_c(out, "\n]}\n");
}
