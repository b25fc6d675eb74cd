/* JUnit XML as Ant's junitreport task wrote it and CI systems read it: testsuites, testsuite,
 * testcase with failure, error or skipped; with the `file` and `line` attributes that GitLab and
 * pytest know. What was not evaluated is an error there: "skipped" would be shown as harmless. */
#include "report/report_private.h"

#include "base/vec.h"

static void append_attribute(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, " %s=\"", name);
    safe_append_markup(out, value, SAFE_ONE_LINE);
    buf_append_char(out, '"');
}

static void append_element(
    struct buf *out, const char *element, const char *type, const struct result *row)
{
    char *why = report_why(row);
    char *detail = report_detail(row);
    buf_printf(out, "      <%s", element);
    append_attribute(out, "message", why);
    append_attribute(out, "type", type);
    buf_append_char(out, '>');
    safe_append_markup(out, detail, SAFE_KEEP_LINES);
    buf_printf(out, "</%s>\n", element);
    free(detail);
    free(why);
}

static void append_case(struct buf *out, const struct result *row)
{
    buf_append_c(out, "    <testcase");
    append_attribute(out, "classname", row->suite);
    append_attribute(out, "name", row->name);
    if (row->file != NULL) {
        append_attribute(out, "file", row->file);
        buf_printf(out, row->at.row > 0 ? " line=\"%u\"" : "", row->at.row);
    }
    buf_printf(out, " time=\"%.6f\"", (double)row->duration_us / 1e6);
    if (row->status == RESULT_PASS && row->output == NULL) {
        buf_append_c(out, "/>\n");
        return;
    }
    buf_append_c(out, ">\n");
    if (report_is_bad(row->status)) {
        append_element(out, row->status == RESULT_FAIL ? "failure" : "error",
            result_status_name(row->status), row);
    } else if (row->status == RESULT_SKIPPED) {
        char *why = report_why(row);
        buf_append_c(out, "      <skipped");
        append_attribute(out, "message", why);
        buf_append_c(out, "/>\n");
        free(why);
    } else {
        char *detail = report_detail(row);
        buf_append_c(out, "      <system-out>");
        buf_append_c(out, row->status == RESULT_WARNING ? "warning: " : "");
        safe_append_markup(out, detail, SAFE_KEEP_LINES);
        buf_append_c(out, "</system-out>\n");
        free(detail);
    }
    buf_append_c(out, "    </testcase>\n");
}

struct suite {
    const char *engine, *name;
    size_t cases, failures, errors, skipped;
    uint64_t time_us;
    struct buf body;
};

struct suites {
    struct suite *items;
    size_t len, cap;
};

/* Results of a suite mostly follow each other; the last one is looked at first. */
static struct suite *suite_of(struct suites *suites, const struct result *row)
{
    for (size_t i = suites->len; i-- > 0;) {
        struct suite *suite = &suites->items[i];
        if (strcmp(suite->name, row->suite) == 0 && strcmp(suite->engine, row->engine) == 0) {
            return suite;
        }
    }
    VEC_PUSH(suites, ((struct suite){.engine = row->engine, .name = row->suite}));
    return &suites->items[suites->len - 1];
}

static void add_case(struct suite *suite, const struct result *row)
{
    suite->cases++;
    suite->failures += row->status == RESULT_FAIL;
    suite->errors += row->status == RESULT_ERROR || row->status == RESULT_NOT_EVALUATED;
    suite->skipped += row->status == RESULT_SKIPPED;
    suite->time_us += row->duration_us;
    append_case(&suite->body, row);
}

static void append_counts(struct buf *out, const struct suite *suite)
{
    buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.6f\"",
        suite->cases, suite->failures, suite->errors, suite->skipped, (double)suite->time_us / 1e6);
}

/* What does not compile, and why nothing could run: suites of their own, so that it is not lost. */
static void add_findings(struct suites *suites, const struct report *report)
{
    VEC_FOREACH (const struct finding, finding, &report->findings) {
        struct result row = report_finding_row(finding);
        add_case(suite_of(suites, &row), &row);
    }
    struct result silence;
    if (report_silence(report, &silence)) {
        add_case(suite_of(suites, &silence), &silence);
    }
}

void report_write_junit(const struct report *report, struct buf *out)
{
    struct suites suites = {0};
    const struct result *row;
    for (size_t at = 0; report_next(report, &at, &row);) {
        add_case(suite_of(&suites, row), row);
    }
    add_findings(&suites, report);
    struct suite all = {.time_us = 0};
    VEC_FOREACH (const struct suite, suite, &suites) {
        all.cases += suite->cases;
        all.failures += suite->failures;
        all.errors += suite->errors;
        all.skipped += suite->skipped;
    }
    all.time_us = report->wall_us;
    char when[32];
    report_time(report, when);
    when[19] = '\0'; /* the dialect has no zone: UTC */
    buf_append_c(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"bylaw\"");
    append_counts(out, &all);
    buf_append_c(out, ">\n");
    VEC_FOREACH (struct suite, suite, &suites) {
        buf_append_c(out, "  <testsuite");
        append_attribute(out, "name", suite->name);
        append_attribute(out, "package", suite->engine);
        append_attribute(out, "timestamp", when);
        append_counts(out, suite);
        buf_append_c(out, ">\n");
        buf_append_str(out, buf_str(&suite->body));
        buf_append_c(out, "  </testsuite>\n");
        buf_free(&suite->body);
    }
    buf_append_c(out, "</testsuites>\n");
    VEC_FREE(&suites);
}
