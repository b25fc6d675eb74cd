/* A ClusterPolicyReport (wgpolicyk8s.io/v1alpha2, Kubernetes' policy working group) in YAML, which
 * policy-reporter and the like show. Its results know pass, fail, warn, error and skip: what was
 * not evaluated is an error there, and says so in its properties. */
#include "report/report_private.h"

#include "base/json.h"
#include "base/vec.h"

/* A JSON string is a YAML scalar. */
static void append_line(struct buf *out, const char *key, const char *text)
{
    char *shown = safe_dup(str_of(text), SAFE_KEEP_LINES, REPORT_TEXT_MAX);
    buf_append_c(out, key);
    json_append_quoted(out, str_of(shown));
    buf_append_char(out, '\n');
    free(shown);
}

static void append_result(
    struct buf *out, const struct report *report, const struct result *row, const char *severity)
{
    static const char *const words[RESULT_STATUSES] = {
        [RESULT_NOT_EVALUATED] = "error",
        [RESULT_PASS] = "pass",
        [RESULT_FAIL] = "fail",
        [RESULT_ERROR] = "error",
        [RESULT_SKIPPED] = "skip",
        [RESULT_WARNING] = "warn",
    };
    append_line(out, "  - policy: ", row->suite);
    append_line(out, "    rule: ", row->name);
    append_line(out, "    source: ", row->engine);
    buf_printf(out, "    result: %s\n    scored: true\n", words[row->status]);
    if (severity != NULL) {
        buf_printf(out, "    severity: %s\n", severity);
    }
    char *why = report_why(row);
    if (why[0] != '\0') {
        append_line(out, "    message: ", why);
    }
    free(why);
    buf_printf(out, "    timestamp: {seconds: %lld, nanos: 0}\n    properties:\n", report->ended);
    append_line(out, "      status: ", result_status_name(row->status));
    if (row->file != NULL) {
        struct buf place = BUF_INIT;
        buf_append_c(&place, row->file);
        buf_printf(&place, row->at.row > 0 ? ":%u" : "", row->at.row);
        append_line(out, "      place: ", place.ptr);
        buf_free(&place);
    }
    if (row->input_file != NULL) {
        append_line(out, "      input: ", row->input_file);
    }
}

void report_write_policy(const struct report *report, struct buf *out)
{
    struct tally tally = report->tally;
    struct result silence;
    bool is_silent = report_silence(report, &silence);
    tally.count[silence.status] += is_silent;
    VEC_FOREACH (const struct finding, finding, &report->findings) {
        tally.count[finding->severity == SEVERITY_ERROR ? RESULT_ERROR : RESULT_WARNING]++;
    }
    buf_append_c(out, "apiVersion: wgpolicyk8s.io/v1alpha2\nkind: ClusterPolicyReport\n"
                      "metadata:\n  name: bylaw\n  annotations:\n");
    append_line(out, "    bylaw/folder: ", report->folder == NULL ? "" : report->folder);
    append_line(out, "    bylaw/revision: ", report->revision == NULL ? "" : report->revision);
    append_line(out, "    bylaw/verdict: ", result_status_name(report->verdict));
    buf_printf(out, "summary: {pass: %zu, fail: %zu, warn: %zu, error: %zu, skip: %zu}\n",
        tally.count[RESULT_PASS], tally.count[RESULT_FAIL], tally.count[RESULT_WARNING],
        tally.count[RESULT_ERROR] + tally.count[RESULT_NOT_EVALUATED], tally.count[RESULT_SKIPPED]);
    bool any = is_silent || report->findings.len > 0 || report->results.len > 0;
    buf_append_c(out, any ? "results:\n" : "results: []\n");
    const struct result *row;
    for (size_t at = 0; report_next(report, &at, &row);) {
        append_result(out, report, row, row->status == RESULT_FAIL ? "high" : NULL);
    }
    VEC_FOREACH (const struct finding, finding, &report->findings) {
        struct result found = report_finding_row(finding);
        append_result(out, report, &found, finding->severity == SEVERITY_ERROR ? "high" : "low");
    }
    if (is_silent) {
        append_result(out, report, &silence, "high");
    }
}
