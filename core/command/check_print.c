#include "command/check_print.h"

#include "base/safe.h"
#include "base/vec.h"
#include "command/run_print.h"

#include <stdio.h>
#include <stdlib.h>

static void set_scope(cJSON *event, const struct report_scope *scope)
{
    json_set_optional(event, "base", scope->base);
    json_set_optional(event, "scope", scope->why);
    json_set_int(event, "units", (long long)scope->units);
    if (scope->count > 0) {
        json_set_int(event, "shard", scope->shard);
        json_set_int(event, "shards", scope->count);
        json_set_int(event, "units_of_all_shards", (long long)scope->of);
    }
}

static void print_json(const struct report *report)
{
    cJSON *event = run_print_event("verdict");
    json_set_string(event, "verdict", result_status_name(report->verdict));
    json_set_optional(event, "trouble", report->trouble);
    set_scope(event, &report->scope);
    cJSON *parts = json_set_object(event, "parts");
    for (size_t i = 0; report->has_parts && i < REPORT_PARTS; i++) {
        const struct report_part_outcome *outcome = &report->parts[i];
        cJSON *part = json_set_object(parts, report_part_name((enum report_part)i));
        json_set_string(part, "status", result_status_name(outcome->status));
        json_set_int(part, "looked_at", (long long)outcome->looked_at);
        json_set_optional(part, "why", outcome->why);
    }
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        json_set_int(
            event, result_status_name((enum result_status)i), (long long)report->tally.count[i]);
    }
    json_set_int(event, "findings", (long long)report->findings.len);
    if (report->has_coverage) {
        json_set_number(event, "coverage", report->coverage);
        json_set_number(event, "threshold", report->threshold);
    } else if (report->coverage_empty) {
        mem_require(cJSON_AddNullToObject(event, "coverage"));
        json_set_number(event, "threshold", report->threshold);
    }
    json_set_int(event, "wall_us", (long long)report->wall_us);
    json_set_optional(event, "opa", report->opa);
    run_print_object(event);
}

static void print_line(const char *name, const char *status, const char *why)
{
    char *shown = safe_dup(str_of(why == NULL ? "" : why), SAFE_ONE_LINE, 1000);
    printf("%-10s %-14s %s\n", name, status, shown);
    free(shown);
}

void check_print_report(const struct report *report, bool json)
{
    if (json) {
        print_json(report);
        return;
    }
    if (report->trouble != NULL && !report->has_parts) {
        return; /* said on stderr */
    }
    putchar('\n');
    for (size_t i = 0; report->has_parts && i < REPORT_PARTS; i++) {
        const struct report_part_outcome *outcome = &report->parts[i];
        print_line(report_part_name((enum report_part)i), result_status_name(outcome->status),
            outcome->why);
    }
    if (report->scope.why != NULL) {
        print_line("scope", "", report->scope.why);
    }
    if (report->scope.count > 0) {
        printf("%-10s %-14s shard %u of %u: %zu of %zu units\n", "shard", "", report->scope.shard,
            report->scope.count, report->scope.units, report->scope.of);
    }
    printf("\n%s  (%.2f s%s%s)\n", result_status_name(report->verdict),
        (double)report->wall_us / 1e6, report->opa == NULL ? "" : ", opa ",
        report->opa == NULL ? "" : report->opa);
}

/* Without a plan: a report that was read has none. */
static void print_row(const struct result *row, bool json)
{
    if (json) {
        cJSON *event = run_print_event("result");
        json_set_string(event, "engine", row->engine);
        json_set_string(event, "suite", row->suite);
        json_set_string(event, "name", row->name);
        json_set_string(event, "status", result_status_name(row->status));
        json_set_optional(event, "file", row->file);
        json_set_int(event, "row", row->at.row);
        json_set_optional(event, "message", row->message);
        run_print_object(event);
        return;
    }
    static const struct run_print lines = {.json = false};
    run_print_row(&lines, (size_t)-1, row);
}

void check_print_findings(const struct report *report, bool json)
{
    struct run_print print = {.json = json};
    VEC_FOREACH (const struct result, row, &report->results) {
        if (row->status != RESULT_PASS && row->status != RESULT_SKIPPED) {
            print_row(row, json);
        }
    }
    VEC_FOREACH (const struct finding, finding, &report->findings) {
        run_print_finding(&print, finding);
    }
}
