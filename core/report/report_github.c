/* Workflow commands of GitHub Actions ("Workflow commands for GitHub Actions", ::error …), which
 * the runner turns into annotations when they are printed. It shows ten of a kind for a step, so
 * what is worst comes first. */
#include "report/report_private.h"

#include "base/vec.h"

#include <stdlib.h>

/* The escapes of the runner's command parser; a property's value has two more. */
static void append_escaped(struct buf *out, const char *text, bool property)
{
    for (const char *c = text; *c != '\0'; c++) {
        bool escaped =
            *c == '%' || *c == '\r' || *c == '\n' || (property && (*c == ':' || *c == ','));
        buf_printf(out, escaped ? "%%%02X" : "%c", (unsigned char)*c);
    }
}

static void append_command(struct buf *out, const char *command, const char *file,
    struct position at, const char *title, const char *text)
{
    char *shown_title = safe_dup(str_of(title), SAFE_ONE_LINE, 200);
    char *shown = safe_dup(str_of(text), SAFE_KEEP_LINES, REPORT_TEXT_MAX);
    buf_printf(out, "::%s ", command);
    if (file != NULL) {
        buf_append_c(out, "file=");
        append_escaped(out, file, true);
        buf_printf(out, at.row > 0 ? ",line=%u," : ",", at.row);
    }
    buf_append_c(out, "title=");
    append_escaped(out, shown_title, true);
    buf_append_c(out, "::");
    append_escaped(out, shown, false);
    buf_append_char(out, '\n');
    free(shown);
    free(shown_title);
}

static void append_rows(const struct report *report, enum result_status status, struct buf *out)
{
    const struct result *row;
    for (size_t at = 0; report_next(report, &at, &row);) {
        if (row->status == status) {
            char *label = report_label(row);
            char *detail = report_detail(row);
            char *why = report_why(row);
            struct buf title = BUF_INIT;
            buf_printf(&title, "%s: %s", result_status_name(status), label);
            append_command(out, status == RESULT_WARNING ? "warning" : "error", row->file, row->at,
                title.ptr, detail[0] != '\0' ? detail : why);
            buf_free(&title);
            free(why);
            free(detail);
            free(label);
        }
    }
}

static void append_findings(const struct report *report, enum severity severity, struct buf *out)
{
    static const char *const commands[] = {"notice", "warning", "error"};
    VEC_FOREACH (const struct finding, finding, &report->findings) {
        if (finding->severity == severity) {
            append_command(out, commands[severity], finding->file, finding->at, finding->rule,
                finding->message);
        }
    }
}

void report_write_github(const struct report *report, struct buf *out)
{
    static const struct position none;
    if (report->trouble != NULL) {
        append_command(out, "error", NULL, none, "bylaw could not run", report->trouble);
    }
    append_findings(report, SEVERITY_ERROR, out);
    append_rows(report, RESULT_ERROR, out);
    append_rows(report, RESULT_FAIL, out);
    append_rows(report, RESULT_NOT_EVALUATED, out);
    if (report->has_coverage && !report->coverage_met) {
        struct buf text = BUF_INIT;
        char *percent = coverage_show(report->coverage);
        buf_printf(&text, "%s %% of the expressions are covered, %g %% are wanted", percent,
            report->threshold);
        free(percent);
        append_command(out, "error", NULL, none, "coverage", text.ptr);
        buf_free(&text);
    }
    append_findings(report, SEVERITY_WARNING, out);
    append_rows(report, RESULT_WARNING, out);
    append_findings(report, SEVERITY_NOTE, out);
    struct buf headline = BUF_INIT;
    report_headline(report, &headline);
    append_command(out, "notice", NULL, none, "bylaw", headline.ptr);
    buf_free(&headline);
}
