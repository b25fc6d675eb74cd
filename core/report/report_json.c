/* Our own form: one object with all there is, the words and units of `bylaw test --json`. */
#include "report/report_private.h"

#include "base/json.h"
#include "base/vec.h"

static void set_place(
    cJSON *object, const char *key, const char *file, struct position at, struct position end)
{
    if (file == NULL) {
        return;
    }
    cJSON *place = json_set_object(object, key);
    json_set_string(place, "file", file);
    if (at.row > 0) {
        json_set_int(place, "row", at.row);
        json_set_int(place, "col", at.col);
    }
    if (end.row > 0) {
        json_set_int(place, "end_row", end.row);
        json_set_int(place, "end_col", end.col);
    }
}

static void add_row(cJSON *rows, const struct result *row)
{
    static const struct position none;
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "engine", row->engine);
    json_set_string(object, "suite", row->suite);
    json_set_string(object, "name", row->name);
    json_set_string(object, "status", result_status_name(row->status));
    json_set_int(object, "depth", row->depth);
    if (row->count > 1) {
        json_set_int(object, "count", row->count);
    }
    json_set_int(object, "duration_us", (long long)row->duration_us);
    set_place(object, "place", row->file, row->at, none);
    set_place(object, "policy", row->policy_file, row->policy_at, none);
    set_place(object, "input", row->input_file, row->input_at, none);
    json_set_optional(object, "message", row->message);
    json_set_optional(object, "detail", row->detail);
    json_set_optional(object, "output", row->output);
    json_set_optional(object, "expected", row->expected);
    json_set_optional(object, "got", row->got);
    cJSON_AddItemToArray(rows, object);
}

static void add_finding(cJSON *findings, const struct finding *finding)
{
    cJSON *object = mem_require(cJSON_CreateObject());
    json_set_string(object, "rule", finding->rule);
    json_set_string(object, "severity", severity_name(finding->severity));
    set_place(object, "place", finding->file, finding->at, finding->end);
    json_set_string(object, "message", finding->message);
    json_set_optional(object, "fix", finding->fix);
    json_set_optional(object, "source", finding->source);
    cJSON_AddItemToArray(findings, object);
}

static void add_ranges(cJSON *file, const char *key, const struct coverage_ranges *ranges)
{
    cJSON *list = json_set_array(file, key);
    VEC_FOREACH (const struct coverage_range, range, ranges) {
        const int at[] = {
            (int)range->row, (int)range->col, (int)range->end_row, (int)range->end_col};
        cJSON_AddItemToArray(list, mem_require(cJSON_CreateIntArray(at, 4)));
    }
}

/* By ranges and not by rows, so that several reports can be joined without loss. */
static void add_covered(cJSON *root, const struct coverage *coverage)
{
    cJSON *files = json_set_object(root, "covered");
    VEC_FOREACH (const struct coverage_file, file, coverage) {
        cJSON *object = json_set_object(files, file->path);
        add_ranges(object, "covered", &file->covered);
        add_ranges(object, "missed", &file->missed);
    }
}

static void add_parts(cJSON *root, const struct report *report)
{
    cJSON *parts = json_set_object(root, "parts");
    for (size_t i = 0; i < REPORT_PARTS; i++) {
        const struct report_part_outcome *outcome = &report->parts[i];
        cJSON *part = json_set_object(parts, report_part_name((enum report_part)i));
        json_set_string(part, "status", result_status_name(outcome->status));
        json_set_int(part, "looked_at", (long long)outcome->looked_at);
        json_set_optional(part, "why", outcome->why);
    }
}

static void add_scope(cJSON *root, const struct report *report)
{
    const struct report_scope *scope = &report->scope;
    cJSON *awaited;
    cJSON *object = json_set_object(root, "scope");
    json_set_optional(object, "base", scope->base);
    json_set_optional(object, "why", scope->why);
    json_set_int(object, "units", (long long)scope->units);
    if (scope->count > 0) {
        json_set_int(object, "shard", scope->shard);
        json_set_int(object, "shards", scope->count);
        json_set_int(object, "of", (long long)scope->of);
        json_set_string(object, "plan", scope->plan);
        json_set_number(object, "threshold", report->threshold);
        json_set_bool(object, "incomplete", report->coverage_incomplete);
        json_set_bool(object, "anything", report->covered.anything);
        cJSON *unknown = json_set_array(object, "unknown");
        VEC_FOREACH (char *, path, &report->covered.unknown) {
            json_push_string(unknown, *path);
        }
        cJSON *names = json_set_array(object, "names");
        VEC_FOREACH (char *, name, &scope->names) {
            json_push_string(names, *name);
        }
        awaited = json_set_array(object, "awaited");
        VEC_FOREACH (const struct finding, finding, &report->awaited) {
            add_finding(awaited, finding);
        }
    }
}

void report_write_json(const struct report *report, struct buf *out)
{
    cJSON *root = mem_require(cJSON_CreateObject());
    char when[32];
    report_time(report, when);
    json_set_int(root, "version", 1);
    json_set_optional(root, "bylaw", report->bylaw);
    json_set_optional(root, "opa", report->opa);
    json_set_optional(root, "folder", report->folder);
    json_set_optional(root, "revision", report->revision);
    json_set_string(root, "ended", when);
    json_set_int(root, "wall_us", (long long)report->wall_us);
    json_set_string(root, "verdict", result_status_name(report->verdict));
    json_set_optional(root, "trouble", report->trouble);
    cJSON *counts = json_set_object(root, "counts");
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        json_set_int(
            counts, result_status_name((enum result_status)i), (long long)report->tally.count[i]);
    }
    if (report->has_coverage) {
        cJSON *coverage = json_set_object(root, "coverage");
        json_set_number(coverage, "percent", report->coverage);
        json_set_number(coverage, "threshold", report->threshold);
        json_set_bool(coverage, "met", report->coverage_met);
        json_set_bool(coverage, "incomplete", report->coverage_incomplete);
    }
    if (report->coverage_empty) {
        cJSON *coverage = json_set_object(root, "coverage");
        json_set_bool(coverage, "evaluated", false);
        json_set_number(coverage, "threshold", report->threshold);
    }
    if (report->covered.len > 0) {
        add_covered(root, &report->covered);
    }
    if (report->has_parts) {
        add_parts(root, report);
    }
    if (report->has_parts || report->scope.count > 0) {
        add_scope(root, report);
    }
    cJSON *rows = json_set_array(root, "results");
    VEC_FOREACH (const struct result, row, &report->results) {
        add_row(rows, row);
    }
    cJSON *findings = json_set_array(root, "findings");
    VEC_FOREACH (const struct finding, finding, &report->findings) {
        add_finding(findings, finding);
    }
    char *text = json_print(root);
    buf_append_c(out, text);
    buf_append_char(out, '\n');
    free(text);
    cJSON_Delete(root);
}
