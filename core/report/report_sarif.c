/* SARIF 2.1.0 (OASIS standard, 2020-03-27), as code hosts take it: one run, what failed and what
 * was found as results with their places. Passes are not in it, as hosts show each result as an
 * alert.
 *
 * Only lines are given: SARIF counts columns in UTF-16 or code points (3.14.15), we in bytes. */
#include "report/report_private.h"

#include "base/json.h"
#include "base/sha256.h"
#include "base/vec.h"

#include <ctype.h>

struct sarif {
    cJSON *rules, *results;
    struct rule_ids {
        char **items;
        size_t len, cap;
    } ids;
};

static const char *level_of(enum severity severity)
{
    static const char *const levels[] = {"note", "warning", "error"};
    return levels[severity];
}

static size_t rule_index(struct sarif *sarif, const char *id, const char *about)
{
    for (size_t i = 0; i < sarif->ids.len; i++) {
        if (strcmp(sarif->ids.items[i], id) == 0) {
            return i;
        }
    }
    cJSON *rule = mem_require(cJSON_CreateObject());
    json_set_string(rule, "id", id);
    json_set_string(json_set_object(rule, "shortDescription"), "text", about);
    cJSON_AddItemToArray(sarif->rules, rule);
    VEC_PUSH(&sarif->ids, mem_strdup(id));
    return sarif->ids.len - 1;
}

/* RFC 3986 path of a relative file. */
static void set_uri(cJSON *location, const char *file)
{
    struct buf uri = BUF_INIT;
    for (const char *c = file; *c != '\0'; c++) {
        bool plain = isalnum((unsigned char)*c) != 0 || strchr("-._~/", *c) != NULL;
        buf_printf(&uri, plain ? "%c" : "%%%02X", (unsigned char)*c);
    }
    cJSON *artifact = json_set_object(location, "artifactLocation");
    json_set_str(artifact, "uri", buf_str(&uri));
    json_set_string(artifact, "uriBaseId", "%SRCROOT%");
    buf_free(&uri);
}

static void add_location(cJSON *locations, const char *file, struct position at, const char *about)
{
    if (file == NULL) {
        return;
    }
    cJSON *location = mem_require(cJSON_CreateObject());
    cJSON *physical = json_set_object(location, "physicalLocation");
    set_uri(physical, file);
    if (at.row > 0) {
        json_set_int(json_set_object(physical, "region"), "startLine", at.row);
    }
    if (about != NULL) {
        json_set_string(json_set_object(location, "message"), "text", about);
    }
    cJSON_AddItemToArray(locations, location);
}

/* What makes it the same result in the next run, wherever its line has moved to. */
static void set_fingerprint(cJSON *result, const char *rule, const char *file, const char *what)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s\n%s\n%s", rule, file == NULL ? "" : file, what);
    char hex[SHA256_HEX_SIZE];
    sha256_hex(buf_str(&text), hex);
    json_set_string(json_set_object(result, "partialFingerprints"), "bylaw/v1", hex);
    buf_free(&text);
}

static cJSON *add_result(
    struct sarif *sarif, const char *rule, const char *about, const char *level, const char *text)
{
    cJSON *result = mem_require(cJSON_CreateObject());
    size_t index = rule_index(sarif, rule, about);
    json_set_string(result, "ruleId", rule);
    json_set_int(result, "ruleIndex", (long long)index);
    json_set_string(result, "level", level);
    json_set_string(json_set_object(result, "message"), "text", text);
    cJSON_AddItemToArray(sarif->results, result);
    return result;
}

static void add_row(struct sarif *sarif, const struct result *row)
{
    static const struct {
        const char *id, *about, *level;
    } kinds[RESULT_STATUSES] = {
        [RESULT_FAIL] = {"test-fail", "A policy test failed", "error"},
        [RESULT_ERROR] = {"test-error", "A policy test could not be evaluated", "error"},
        [RESULT_NOT_EVALUATED] = {"test-not-evaluated",
            "A policy test evaluated nothing: it can neither pass nor fail", "error"},
        [RESULT_WARNING] = {"policy-warning", "A policy warns about an input", "warning"},
    };
    if (kinds[row->status].id == NULL) {
        return;
    }
    char *label = report_label(row);
    char *why = report_why(row);
    char *detail = report_detail(row);
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s %s: %s", row->engine, label, why);
    if (detail[0] != '\0' && strcmp(detail, why) != 0) {
        buf_printf(&text, "\n%s", detail);
    }
    cJSON *result = add_result(
        sarif, kinds[row->status].id, kinds[row->status].about, kinds[row->status].level, text.ptr);
    add_location(json_set_array(result, "locations"), row->file, row->at, NULL);
    cJSON *related = json_set_array(result, "relatedLocations");
    add_location(related, row->policy_file, row->policy_at, "the policy");
    add_location(related, row->input_file, row->input_at, "the input");
    set_fingerprint(result, kinds[row->status].id, row->file, label);
    buf_free(&text);
    free(detail);
    free(why);
    free(label);
}

static void add_finding(struct sarif *sarif, const struct finding *finding)
{
    char *text = safe_dup(str_of(finding->message), SAFE_KEEP_LINES, REPORT_TEXT_MAX);
    cJSON *result =
        add_result(sarif, finding->rule, finding->rule, level_of(finding->severity), text);
    add_location(json_set_array(result, "locations"), finding->file, finding->at, NULL);
    set_fingerprint(result, finding->rule, finding->file, text);
    free(text);
}

static void add_invocation(cJSON *run, const struct report *report)
{
    cJSON *invocation = mem_require(cJSON_CreateObject());
    char when[32];
    report_time(report, when);
    json_set_bool(invocation, "executionSuccessful", report->trouble == NULL);
    json_set_string(invocation, "endTimeUtc", when);
    if (report->trouble != NULL) {
        cJSON *note = mem_require(cJSON_CreateObject());
        char *text = safe_dup(str_of(report->trouble), SAFE_ONE_LINE, REPORT_TEXT_MAX);
        json_set_string(note, "level", "error");
        json_set_string(json_set_object(note, "message"), "text", text);
        cJSON_AddItemToArray(json_set_array(invocation, "toolExecutionNotifications"), note);
        free(text);
    }
    cJSON_AddItemToArray(json_set_array(run, "invocations"), invocation);
}

void report_write_sarif(const struct report *report, struct buf *out)
{
    cJSON *log = mem_require(cJSON_CreateObject());
    json_set_string(log, "$schema",
        "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
        "sarif-schema-2.1.0.json");
    json_set_string(log, "version", "2.1.0");
    cJSON *run = mem_require(cJSON_CreateObject());
    cJSON_AddItemToArray(json_set_array(log, "runs"), run);
    cJSON *driver = json_set_object(json_set_object(run, "tool"), "driver");
    json_set_string(driver, "name", "bylaw");
    json_set_string(driver, "version", report->bylaw);
    struct sarif sarif = {.rules = json_set_array(driver, "rules")};
    add_invocation(run, report);
    sarif.results = json_set_array(run, "results");
    const struct result *row;
    for (size_t at = 0; report_next(report, &at, &row);) {
        add_row(&sarif, row);
    }
    VEC_FOREACH (const struct finding, finding, &report->findings) {
        add_finding(&sarif, finding);
    }
    struct result silence;
    if (report_silence(report, &silence)) {
        add_row(&sarif, &silence);
    }
    char *text = json_print(log);
    buf_append_c(out, text);
    buf_append_char(out, '\n');
    free(text);
    cJSON_Delete(log);
    VEC_FOREACH (char *, id, &sarif.ids) {
        free(*id);
    }
    VEC_FREE(&sarif.ids);
}
