#include "report/report_read.h"

#include "base/json.h"
#include "base/vec.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const double ROW_MAX = 1e9; /* of a place: a column of ours has 32 bits */

static char *copy_text(const cJSON *object, const char *key)
{
    return mem_strdup(json_string(object, key));
}

static size_t read_count(const cJSON *object, const char *key)
{
    double value = json_number_or(object, key, 0);
    return value >= 0 && value <= 1e15 ? (size_t)value : 0;
}

static unsigned read_number(const cJSON *object, const char *key)
{
    double value = json_number_or(object, key, 0);
    return value >= 0 && value <= ROW_MAX ? (unsigned)value : 0;
}

static bool read_status(const cJSON *object, const char *key, enum result_status *status)
{
    const char *name = json_string_or(object, key, "");
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        if (strcmp(name, result_status_name((enum result_status)i)) == 0) {
            *status = (enum result_status)i;
            return true;
        }
    }
    return false;
}

/* The name as our own table has it: rows borrow it. */
static const char *find_engine(const char *name)
{
    for (size_t i = 0; name != NULL && engines[i] != NULL; i++) {
        if (strcmp(engines[i]->name, name) == 0) {
            return engines[i]->name;
        }
    }
    return "bylaw";
}

static void read_place(
    const cJSON *object, const char *key, char **file, struct position *at, struct position *end)
{
    const cJSON *place = json_get(object, key);
    *file = copy_text(place, "file");
    *at = (struct position){read_number(place, "row"), read_number(place, "col")};
    if (end != NULL) {
        *end = (struct position){read_number(place, "end_row"), read_number(place, "end_col")};
    }
}

static bool read_row(const cJSON *object, struct report *out)
{
    struct result row = {.engine = find_engine(json_string(object, "engine"))};
    if (!read_status(object, "status", &row.status)) {
        return false;
    }
    row.suite = mem_strdup(json_string_or(object, "suite", ""));
    row.name = mem_strdup(json_string_or(object, "name", ""));
    row.depth = out->results.len == 0 ? 0 : read_number(object, "depth");
    row.count = read_number(object, "count");
    row.duration_us = read_count(object, "duration_us");
    read_place(object, "place", &row.file, &row.at, NULL);
    read_place(object, "policy", &row.policy_file, &row.policy_at, NULL);
    read_place(object, "input", &row.input_file, &row.input_at, NULL);
    row.message = copy_text(object, "message");
    row.detail = copy_text(object, "detail");
    row.output = copy_text(object, "output");
    row.expected = copy_text(object, "expected");
    row.got = copy_text(object, "got");
    VEC_PUSH(&out->results, row);
    return true;
}

static bool read_finding(const cJSON *object, struct findings *out)
{
    struct finding finding = {0};
    const char *weight = json_string_or(object, "severity", "");
    bool known = false;
    for (int i = SEVERITY_NOTE; i <= SEVERITY_ERROR && !known; i++) {
        known = strcmp(weight, severity_name((enum severity)i)) == 0;
        finding.severity = (enum severity)i;
    }
    if (!known) {
        return false;
    }
    finding.rule = mem_strdup(json_string_or(object, "rule", ""));
    finding.message = mem_strdup(json_string_or(object, "message", ""));
    finding.fix = copy_text(object, "fix");
    finding.source = copy_text(object, "source");
    read_place(object, "place", &finding.file, &finding.at, &finding.end);
    VEC_PUSH(out, finding);
    return true;
}

static bool read_ranges(
    const cJSON *file, const char *key, const char *path, bool covered, struct coverage *out)
{
    const cJSON *range;
    cJSON_ArrayForEach(range, json_get(file, key))
    {
        uint32_t at[4];
        for (int i = 0; i < 4; i++) {
            const cJSON *number = cJSON_GetArrayItem(range, i);
            if (!cJSON_IsNumber(number) || number->valuedouble < 1 ||
                number->valuedouble > ROW_MAX) {
                return false;
            }
            at[i] = (uint32_t)number->valuedouble;
        }
        if (at[2] < at[0]) {
            return false;
        }
        coverage_add(
            out, str_of(path), (struct coverage_range){at[0], at[1], at[2], at[3]}, covered);
    }
    return true;
}

static bool read_coverage(const cJSON *root, struct report *out)
{
    const cJSON *coverage = json_get(root, "coverage");
    const cJSON *file;
    out->has_coverage = coverage != NULL && json_bool_or(coverage, "evaluated", true);
    out->coverage_empty = coverage != NULL && !out->has_coverage;
    out->coverage = json_number_or(coverage, "percent", 0);
    const cJSON *scope = json_get(root, "scope"); /* of a shard, whose own is not judged */
    out->threshold = json_number_or(coverage, "threshold", json_number_or(scope, "threshold", 0));
    out->coverage_met = json_bool_or(coverage, "met", false);
    out->coverage_incomplete =
        json_bool_or(coverage, "incomplete", json_bool_or(scope, "incomplete", false));
    out->covered.incomplete = out->coverage_incomplete;
    out->covered.anything = json_bool_or(scope, "anything", false);
    cJSON_ArrayForEach(file, json_get(scope, "unknown"))
    {
        if (!cJSON_IsString(file)) {
            return false;
        }
        coverage_add_unknown(&out->covered, file->valuestring);
    }
    cJSON_ArrayForEach(file, json_get(root, "covered"))
    {
        coverage_touch(&out->covered, str_of(file->string));
        if (!read_ranges(file, "covered", file->string, true, &out->covered) ||
            !read_ranges(file, "missed", file->string, false, &out->covered)) {
            return false;
        }
    }
    coverage_finish(&out->covered);
    return true;
}

static bool read_parts(const cJSON *root, struct report *out)
{
    const cJSON *parts = json_get(root, "parts");
    for (size_t i = 0; parts != NULL && i < REPORT_PARTS; i++) {
        const cJSON *part = json_get(parts, report_part_name((enum report_part)i));
        enum result_status status;
        if (!read_status(part, "status", &status)) {
            return false;
        }
        report_set_part(out, (enum report_part)i, status, read_count(part, "looked_at"),
            json_string(part, "why"));
    }
    return true;
}

static void read_scope(const cJSON *root, struct report_scope *out)
{
    const cJSON *scope = json_get(root, "scope");
    const cJSON *name;
    out->base = copy_text(scope, "base");
    out->why = copy_text(scope, "why");
    out->units = read_count(scope, "units");
    out->shard = read_number(scope, "shard");
    out->count = read_number(scope, "shards");
    out->of = read_count(scope, "of");
    snprintf(out->plan, sizeof out->plan, "%s", json_string_or(scope, "plan", ""));
    cJSON_ArrayForEach(name, json_get(scope, "names"))
    {
        if (cJSON_IsString(name)) {
            VEC_PUSH(&out->names, mem_strdup(name->valuestring));
        }
    }
}

static void read_surroundings(const cJSON *root, struct report *out)
{
    struct tm utc = {0};
    const char *ended = json_string_or(root, "ended", "");
    out->bylaw = copy_text(root, "bylaw");
    out->opa = copy_text(root, "opa");
    out->folder = copy_text(root, "folder");
    out->revision = copy_text(root, "revision");
    out->trouble = copy_text(root, "trouble");
    out->wall_us = read_count(root, "wall_us");
    out->ended = strptime(ended, "%Y-%m-%dT%H:%M:%SZ", &utc) == NULL ? 0 : (long long)timegm(&utc);
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        out->tally.count[i] =
            read_count(json_get(root, "counts"), result_status_name((enum result_status)i));
    }
}

static bool read_lists(const cJSON *root, struct report *out, struct err *err)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(root, "results"))
    {
        if (!read_row(item, out)) {
            return err_set(err, ERR_INVALID, "a result in it has no status that is known");
        }
    }
    bool known = true;
    cJSON_ArrayForEach(item, json_get(root, "findings"))
    {
        known = known && read_finding(item, &out->findings);
    }
    cJSON_ArrayForEach(item, json_get(json_get(root, "scope"), "awaited"))
    {
        known = known && read_finding(item, &out->awaited);
    }
    return known || err_set(err, ERR_INVALID, "a finding in it has no severity that is known");
}

static bool read_root(const cJSON *root, struct report *out, struct err *err)
{
    if (json_int_or(root, "version", 0) != 1 || json_get(root, "counts") == NULL) {
        return err_set(err, ERR_INVALID,
            "it is no report of bylaw (bylaw check --report json=FILE writes one)");
    }
    if (!read_status(root, "verdict", &out->verdict)) {
        return err_set(err, ERR_INVALID, "it has no verdict that is known");
    }
    read_surroundings(root, out);
    read_scope(root, &out->scope);
    if (!read_parts(root, out) || !read_coverage(root, out)) {
        return err_set(err, ERR_INVALID, "its parts or its coverage make no sense");
    }
    return read_lists(root, out, err);
}

bool report_read_json(struct str text, struct report *out, struct err *err)
{
    *out = (struct report){0};
    cJSON *root = json_parse(text, err);
    bool ok = root != NULL && read_root(root, out, err);
    cJSON_Delete(root);
    if (!ok) {
        report_free(out);
    }
    return ok;
}
