/* A summary for people in GitHub-flavoured Markdown: verdict, counts, what is wrong with its
 * explanation folded, the slowest tests. Short enough for a step summary (1 MiB). */
#include "report/report_private.h"

#include "base/vec.h"

#include <stdlib.h>

enum { SHOWN_MAX = 50, DETAIL_MAX = 4000, SLOWEST = 5 };

/* Text that Markdown and HTML take as it stands. */
static void append_text(struct buf *out, const char *text)
{
    char *shown = safe_dup(str_of(text), SAFE_ONE_LINE, 1000);
    for (const char *c = shown; *c != '\0'; c++) {
        if (*c == '<' || *c == '&') {
            buf_append_c(out, *c == '<' ? "&lt;" : "&amp;");
            continue;
        }
        buf_append_c(out, strchr("\\`*_[]|~#>@", *c) != NULL ? "\\" : "");
        buf_append_char(out, *c);
    }
    free(shown);
}

/* A fence that the text cannot close. */
static void append_fenced(struct buf *out, const char *text)
{
    char *shown = safe_dup(str_of(text), SAFE_KEEP_LINES, DETAIL_MAX);
    size_t longest = 2;
    for (const char *c = shown; *c != '\0';) {
        size_t run = strspn(c, "`");
        longest = run > longest ? run : longest;
        c += run > 0 ? run : 1;
    }
    buf_append_repeat(out, '`', longest + 1);
    buf_printf(out, "\n%s\n", shown);
    buf_append_repeat(out, '`', longest + 1);
    buf_append_char(out, '\n');
    free(shown);
}

static void append_place(struct buf *out, const char *file, struct position at)
{
    if (file != NULL) {
        append_text(out, file);
        buf_printf(out, at.row > 0 ? ":%u" : "", at.row);
    }
}

static void append_row(struct buf *out, const char *word, const struct result *row)
{
    char *label = report_label(row);
    char *why = report_why(row);
    char *detail = report_detail(row);
    buf_printf(out, "- **%s** ", word);
    append_text(out, row->engine);
    buf_append_char(out, ' ');
    append_text(out, label);
    buf_append_c(out, row->file != NULL ? " (" : "");
    append_place(out, row->file, row->at);
    buf_append_c(out, row->file != NULL ? "): " : ": ");
    append_text(out, why);
    buf_append_char(out, '\n');
    if (detail[0] != '\0' && strcmp(detail, why) != 0) {
        buf_append_c(out, "\n<details><summary>why</summary>\n\n");
        append_fenced(out, detail);
        buf_append_c(out, "\n</details>\n\n");
    }
    free(detail);
    free(why);
    free(label);
}

static void append_bad(const struct report *report, struct buf *out)
{
    static const enum result_status order[] = {
        RESULT_ERROR, RESULT_FAIL, RESULT_NOT_EVALUATED, RESULT_WARNING};
    size_t shown = 0;
    size_t all = 0;
    const struct result *row;
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        for (size_t at = 0; report_next(report, &at, &row);) {
            if (row->status != order[i]) {
                continue;
            }
            buf_append_c(out, all == 0 ? "\n### What is wrong\n\n" : "");
            if (shown < SHOWN_MAX) {
                append_row(out, result_status_name(row->status), row);
                shown++;
            }
            all++;
        }
    }
    if (all > shown) {
        buf_printf(out, "- and %zu more\n", all - shown);
    }
}

static void append_findings(const struct report *report, struct buf *out)
{
    static char nowhere[] = "";
    size_t shown = 0;
    VEC_FOREACH (const struct finding, finding, &report->findings) {
        buf_append_c(out, shown == 0 ? "\n### Findings\n\n" : "");
        if (++shown > SHOWN_MAX) {
            buf_printf(out, "- and %zu more\n", report->findings.len - SHOWN_MAX);
            break;
        }
        struct result row = report_finding_row(finding);
        row.suite = nowhere; /* the title says it */
        append_row(out, severity_name(finding->severity), &row);
    }
}

static void append_slowest(const struct report *report, struct buf *out)
{
    const struct result *slowest[SLOWEST] = {NULL};
    const struct result *row;
    for (size_t at = 0; report_next(report, &at, &row);) {
        for (size_t i = 0; i < SLOWEST; i++) {
            if (slowest[i] == NULL || row->duration_us > slowest[i]->duration_us) {
                memmove(slowest + i + 1, slowest + i, (SLOWEST - i - 1) * sizeof slowest[0]);
                slowest[i] = row;
                break;
            }
        }
    }
    if (slowest[0] == NULL || slowest[0]->duration_us == 0) {
        return;
    }
    buf_append_c(out, "\n<details><summary>The slowest tests</summary>\n\n");
    for (size_t i = 0; i < SLOWEST && slowest[i] != NULL; i++) {
        char *label = report_label(slowest[i]);
        buf_printf(out, "- %.1f ms ", (double)slowest[i]->duration_us / 1000);
        append_text(out, label);
        buf_append_char(out, '\n');
        free(label);
    }
    buf_append_c(out, "\n</details>\n");
}

static void append_parts(const struct report *report, struct buf *out)
{
    if (!report->has_parts) {
        return;
    }
    if (report->scope.why != NULL) {
        buf_append_char(out, '\n');
        append_text(out, report->scope.why);
        buf_append_c(out, ".\n");
    }
    buf_append_c(out, "\n| Part | Verdict | |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < REPORT_PARTS; i++) {
        buf_printf(out, "| %s | %s | ", report_part_name((enum report_part)i),
            result_status_name(report->parts[i].status));
        append_text(out, report->parts[i].why == NULL ? "" : report->parts[i].why);
        buf_append_c(out, " |\n");
    }
}

void report_write_markdown(const struct report *report, struct buf *out)
{
    buf_printf(out, "## Policy %s: %s\n\n", report->has_parts ? "check" : "tests",
        report->trouble != NULL ? "could not run" : result_status_name(report->verdict));
    if (report->trouble != NULL) {
        append_text(out, report->trouble);
        buf_append_c(out, "\n\n");
    }
    report_headline(report, out);
    buf_printf(out, ", in %.2f s", (double)report->wall_us / 1e6);
    if (report->opa != NULL) {
        buf_printf(out, " with opa %s", report->opa);
    }
    buf_append_c(out, ".\n");
    if (report->has_coverage) {
        char *percent = coverage_show(report->coverage);
        buf_printf(out, "\nCoverage %s %%, %g %% wanted: **%s**%s.\n", percent, report->threshold,
            report->coverage_met ? "met" : "not met",
            report->coverage_incomplete ? " (incomplete: not everything could be loaded)" : "");
        free(percent);
    } else if (report->coverage_empty) {
        buf_printf(out, "\nCoverage: " REPORT_COVERAGE_EMPTY ".\n", report->threshold);
    }
    append_parts(report, out);
    append_bad(report, out);
    append_findings(report, out);
    append_slowest(report, out);
    if (report->revision != NULL) {
        buf_append_c(out, "\nCommit ");
        append_text(out, report->revision);
        buf_append_c(out, ".\n");
    }
}
