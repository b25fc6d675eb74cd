/* The Test Anything Protocol, version 14 (testanything.org). What was not evaluated is "not ok"; a
 * warning is "ok" with what it says below it. */
#include "report/report_private.h"

#include "base/json.h"
#include "base/vec.h"

/* A description holds no unescaped # (it begins a directive). */
static void append_description(struct buf *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        buf_append_c(out, *c == '#' || *c == '\\' ? "\\" : "");
        buf_append_char(out, *c);
    }
}

/* A line of the YAML block; a JSON string is a YAML string. */
static void append_yaml(struct buf *out, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        char *shown = safe_dup(str_of(text), SAFE_KEEP_LINES, REPORT_TEXT_MAX);
        buf_printf(out, "  %s: ", key);
        json_append_quoted(out, str_of(shown));
        buf_append_char(out, '\n');
        free(shown);
    }
}

static void append_block(struct buf *out, const struct result *row)
{
    char *why = report_why(row);
    char *detail = report_detail(row);
    buf_append_c(out, "  ---\n");
    append_yaml(out, "status", result_status_name(row->status));
    append_yaml(out, "message", why);
    append_yaml(out, "detail", strcmp(detail, why) == 0 ? NULL : detail);
    append_yaml(out, "file", row->file);
    buf_printf(out, row->at.row > 0 ? "  line: %u\n" : "", row->at.row);
    buf_printf(out, "  duration_ms: %.3f\n  ...\n", (double)row->duration_us / 1000);
    free(detail);
    free(why);
}

static void append_point(struct buf *out, size_t number, const struct result *row)
{
    char *label = report_label(row);
    buf_printf(out, "%sok %zu - ", report_is_bad(row->status) ? "not " : "", number);
    append_description(out, label);
    if (row->status == RESULT_SKIPPED) {
        char *why = report_why(row);
        buf_append_c(out, " # SKIP ");
        append_description(out, why);
        free(why);
    }
    buf_append_char(out, '\n');
    if (row->status != RESULT_PASS && row->status != RESULT_SKIPPED) {
        append_block(out, row);
    }
    free(label);
}

void report_write_tap(const struct report *report, struct buf *out)
{
    struct buf points = BUF_INIT;
    size_t number = 0;
    const struct result *row;
    for (size_t at = 0; report_next(report, &at, &row);) {
        append_point(&points, ++number, row);
    }
    VEC_FOREACH (const struct finding, finding, &report->findings) {
        struct result found = report_finding_row(finding);
        append_point(&points, ++number, &found);
    }
    struct result silence;
    if (report_silence(report, &silence) && report->trouble == NULL) {
        append_point(&points, ++number, &silence);
    }
    buf_printf(out, "TAP version 14\n1..%zu\n", number);
    buf_append_str(out, buf_str(&points));
    if (report->trouble != NULL) {
        char *trouble = safe_dup(str_of(report->trouble), SAFE_ONE_LINE, REPORT_TEXT_MAX);
        buf_printf(out, "Bail out! %s\n", trouble);
        free(trouble);
    }
    buf_free(&points);
}
