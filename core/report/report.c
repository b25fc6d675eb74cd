#include "report/report_private.h"

#include "base/vec.h"

#include <time.h>

static const struct {
    const char *name;
    void (*write)(const struct report *report, struct buf *out);
} formats[REPORT_FORMATS] = {
    [REPORT_JUNIT] = {"junit", report_write_junit},
    [REPORT_SARIF] = {"sarif", report_write_sarif},
    [REPORT_TAP] = {"tap", report_write_tap},
    [REPORT_JSON] = {"json", report_write_json},
    [REPORT_GITHUB] = {"github", report_write_github},
    [REPORT_MARKDOWN] = {"markdown", report_write_markdown},
    [REPORT_POLICY] = {"policyreport", report_write_policy},
};

void report_free(struct report *report)
{
    results_free(&report->results);
    findings_free(&report->findings);
    findings_free(&report->awaited);
    free(report->folder);
    free(report->revision);
    free(report->opa);
    free(report->trouble);
    free(report->bylaw);
    coverage_free(&report->covered);
    for (size_t i = 0; i < REPORT_PARTS; i++) {
        free(report->parts[i].why);
    }
    free(report->scope.base);
    free(report->scope.why);
    VEC_FOREACH (char *, name, &report->scope.names) {
        free(*name);
    }
    VEC_FREE(&report->scope.names);
    *report = (struct report){0};
}

void report_add(struct report *report, const struct result *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        VEC_PUSH(&report->results, result_copy(&rows[i]));
    }
}

/* The row that a report shows for the test whose row this is: its first bad sub-test, where those
 * speak for it. */
static struct result *bad_row(struct report *report, size_t at)
{
    size_t next;
    bool counts = results_row_counts(&report->results, at, &next);
    for (size_t i = at + 1; !counts && i < report->results.len; i++) {
        struct result *row = &report->results.items[i];
        if (row->depth == 0) {
            break;
        }
        if (report_is_bad(row->status) && results_row_counts(&report->results, i, &next)) {
            return row;
        }
    }
    return &report->results.items[at];
}

void report_explain(struct report *report, const char *suite, const char *name, const char *message,
    const char *detail)
{
    for (size_t i = 0; i < report->results.len; i++) {
        const struct result *test = &report->results.items[i];
        if (test->depth == 0 && report_is_bad(test->status) && strcmp(test->suite, suite) == 0 &&
            strcmp(test->name, name) == 0) {
            struct result *row = bad_row(report, i);
            free(row->detail);
            row->detail = mem_strdup(detail);
            if (row->message == NULL) {
                row->message = mem_strdup(message);
            }
        }
    }
}

static void put_below(char **path, const char *folder)
{
    if (*path != NULL) {
        struct buf whole = BUF_INIT;
        buf_printf(&whole, "%s/%s", folder, *path);
        free(*path);
        *path = buf_take(&whole);
    }
}

void report_put_below(struct report *report, const char *folder)
{
    VEC_FOREACH (struct result, row, &report->results) {
        put_below(&row->file, folder);
        put_below(&row->policy_file, folder);
        put_below(&row->input_file, folder);
    }
    VEC_FOREACH (struct finding, finding, &report->findings) {
        put_below(&finding->file, folder);
    }
    VEC_FOREACH (struct finding, finding, &report->awaited) {
        put_below(&finding->file, folder);
    }
    VEC_FOREACH (struct coverage_file, file, &report->covered) {
        put_below(&file->path, folder);
    }
}

const char *report_format_name(enum report_format format)
{
    return format < REPORT_FORMATS ? formats[format].name : NULL;
}

bool report_format_find(struct str name, enum report_format *format, struct err *err)
{
    struct buf known = BUF_INIT;
    for (size_t i = 0; i < REPORT_FORMATS; i++) {
        if (str_equal_c(name, formats[i].name)) {
            *format = (enum report_format)i;
            buf_free(&known);
            return true;
        }
        buf_printf(&known, "%s%s", i == 0 ? "" : ", ", formats[i].name);
    }
    char *shown = safe_dup(name, SAFE_ONE_LINE, 60);
    err_set(err, ERR_INVALID, "no report is named %s: use %s", shown, known.ptr);
    free(shown);
    buf_free(&known);
    return false;
}

void report_write(const struct report *report, enum report_format format, struct buf *out)
{
    formats[format].write(report, out);
}

bool report_next(const struct report *report, size_t *at, const struct result **row)
{
    while (*at < report->results.len) {
        size_t next;
        *row = &report->results.items[*at];
        bool counts = results_row_counts(&report->results, *at, &next);
        *at = next;
        if (counts) {
            return true;
        }
    }
    return false;
}

struct result report_finding_row(const struct finding *finding)
{
    static char suite[] = "findings";
    return (struct result){.engine = finding->source == NULL ? "bylaw" : finding->source,
        .suite = suite,
        .name = finding->rule,
        .status = finding->severity == SEVERITY_ERROR ? RESULT_ERROR : RESULT_WARNING,
        .file = finding->file,
        .at = finding->at,
        .message = finding->message};
}

bool report_silence(const struct report *report, struct result *row)
{
    static char suite[] = "run";
    static char name[] = "tests";
    static char no_test[] = "no test was found";
    bool stopped = report->trouble != NULL;
    *row = (struct result){.engine = "bylaw",
        .suite = suite,
        .name = name,
        .status = stopped ? RESULT_ERROR : RESULT_NOT_EVALUATED,
        .message = stopped ? report->trouble : no_test};
    return stopped || report->results.len == 0;
}

char *report_label(const struct result *row)
{
    struct buf label = BUF_INIT;
    safe_append(&label, str_of(row->suite), SAFE_ONE_LINE);
    buf_append_c(&label, label.len > 0 ? "." : "");
    safe_append(&label, str_of(row->name), SAFE_ONE_LINE);
    return buf_take(&label);
}

char *report_why(const struct result *row)
{
    static const char *const otherwise[RESULT_STATUSES] = {
        [RESULT_NOT_EVALUATED] = "was not evaluated: nothing is known of it",
        [RESULT_PASS] = "",
        [RESULT_FAIL] = "failed",
        [RESULT_ERROR] = "ended with an error",
        [RESULT_SKIPPED] = "skipped",
        [RESULT_WARNING] = "the engine warns",
    };
    struct str rest = str_of(row->message);
    struct str first = {0};
    while (first.len == 0 && str_next_line(&rest, &first)) {
        first = str_trim(first);
    }
    return safe_dup(first.len > 0 ? first : str_of(otherwise[row->status]), SAFE_ONE_LINE, 1000);
}

static void append_part(struct buf *out, const char *title, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        buf_append_c(out, out->len > 0 ? "\n" : "");
        buf_append_c(out, title);
        char *shown = safe_dup(str_of(text), SAFE_KEEP_LINES, REPORT_TEXT_MAX);
        buf_append_str(out, str_trim_right(str_of(shown)));
        free(shown);
    }
}

char *report_detail(const struct result *row)
{
    struct buf detail = BUF_INIT;
    append_part(&detail, "", row->detail != NULL ? row->detail : row->message);
    if (row->status != RESULT_PASS) {
        append_part(&detail, "expected:\n", row->expected);
        append_part(&detail, "got:\n", row->got);
    }
    append_part(&detail, "printed:\n", row->output);
    return buf_take(&detail);
}

void report_headline(const struct report *report, struct buf *out)
{
    static const struct {
        enum result_status status;
        const char *word;
    } order[] = {{RESULT_ERROR, "with an error"}, {RESULT_FAIL, "failed"},
        {RESULT_NOT_EVALUATED, "not evaluated"}, {RESULT_WARNING, "with a warning"},
        {RESULT_SKIPPED, "skipped"}, {RESULT_PASS, "passed"}};
    size_t before = out->len;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        size_t count = report->tally.count[order[i].status];
        if (count > 0) {
            buf_printf(out, "%s%zu %s", out->len > before ? ", " : "", count, order[i].word);
        }
    }
    if (out->len == before) {
        buf_append_c(out, "no test");
    }
    if (report->findings.len > 0) {
        buf_printf(
            out, ", %zu finding%s", report->findings.len, report->findings.len == 1 ? "" : "s");
    }
}

void report_time(const struct report *report, char out[32])
{
    time_t when = (time_t)report->ended;
    struct tm utc;
    gmtime_r(&when, &utc);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

bool report_is_bad(enum result_status status)
{
    return status == RESULT_FAIL || status == RESULT_ERROR || status == RESULT_NOT_EVALUATED;
}
