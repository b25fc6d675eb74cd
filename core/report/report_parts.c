#include "report/report_private.h"

#include "base/vec.h"

#include <stdlib.h>

static const char *const names[REPORT_PARTS] = {
    [REPORT_TESTS] = "tests",
    [REPORT_LOADING] = "loading",
    [REPORT_STRICT] = "strict",
    [REPORT_GUARDS] = "guards",
    [REPORT_TEMPLATES] = "templates",
    [REPORT_COVERAGE] = "coverage",
};

const char *report_part_name(enum report_part part)
{
    return part < REPORT_PARTS ? names[part] : NULL;
}

void report_set_part(struct report *report, enum report_part part, enum result_status status,
    size_t looked_at, const char *why)
{
    struct report_part_outcome *outcome = &report->parts[part];
    char *copy = mem_strdup(why);
    free(outcome->why);
    *outcome = (struct report_part_outcome){.status = status, .looked_at = looked_at, .why = copy};
    report->has_parts = true;
}

enum result_status report_judge(const struct report *report)
{
    struct tally tally = {0};
    for (size_t i = 0; i < REPORT_PARTS; i++) {
        tally.count[report->parts[i].status]++;
    }
    if (tally.count[RESULT_SKIPPED] == REPORT_PARTS) {
        return RESULT_SKIPPED;
    }
    return tally_verdict(&tally);
}

static void find(struct report *report, struct buf *message)
{
    struct finding finding = {.rule = (char *)(uintptr_t) "coverage",
        .severity = SEVERITY_ERROR,
        .message = message->ptr,
        .source = (char *)(uintptr_t) "bylaw"};
    (void)findings_add(&report->findings, &finding);
}

void report_set_coverage(struct report *report, const struct coverage *coverage, double threshold)
{
    report->coverage_empty = coverage_is_empty(coverage);
    report->has_coverage = !report->coverage_empty;
    report->coverage = coverage_percent(coverage);
    report->threshold = threshold;
    report->coverage_incomplete = coverage->incomplete;
    report->coverage_met = coverage_meets(coverage, threshold);
}

void report_judge_coverage(struct report *report, struct coverage *coverage, double threshold)
{
    struct buf why = BUF_INIT;
    coverage_finish(coverage);
    size_t rows = coverage->covered_rows + coverage->missed_rows;
    char *percent = coverage_show(coverage_percent(coverage));
    enum result_status status = RESULT_SKIPPED;
    coverage_free(&report->covered);
    report->covered = *coverage;
    *coverage = (struct coverage){0};
    coverage = &report->covered;
    if (threshold <= 0) {
        buf_append_c(&why, "not asked for");
    } else if (coverage_is_empty(coverage)) {
        report_set_coverage(report, coverage, threshold);
        buf_printf(&why, REPORT_COVERAGE_EMPTY, threshold);
    } else {
        report_set_coverage(report, coverage, threshold);
        status = report->coverage_met   ? RESULT_PASS
                 : coverage->incomplete ? RESULT_NOT_EVALUATED
                                        : RESULT_FAIL;
        buf_printf(&why, "%s %% of %zu rows, %g %% wanted%s", percent, rows, threshold,
            coverage->incomplete ? ": not everything could be loaded" : "");
    }
    report_set_part(report, REPORT_COVERAGE, status, rows, why.ptr);
    if (report_is_bad(status)) {
        find(report, &why);
    }
    free(percent);
    buf_free(&why);
}
