/* bylaw test: the status pane's run without a screen. */
#include "command/command.h"
#include "command/reach_option.h"

#include "base/json.h"
#include "base/path.h"
#include "base/safe.h"
#include "base/vec.h"
#include "command/report_option.h"
#include "command/run_print.h"
#include "engine/opa.h"
#include "engine/runner.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TIMEOUT_MAX_S = 3600, EXPLAIN_MAX = 50 };
static const double THRESHOLD_DEFAULT = 90;

struct test_run {
    struct runner *runner;
    struct run_print print;
    bool want_coverage, by_test;
    struct report_wishes wishes;
    struct report report;
    double threshold; /* negative: none was asked for */
    bool settled;
    bool met;
    struct run_summary summary;
    char *trouble;
    struct {
        char **items;
        size_t len, cap;
    } wanted;
};

static void planned(void *data, unsigned generation, const struct run_plan *plan)
{
    (void)generation;
    struct test_run *run = data;
    run_print_plan(&run->print, plan);
}

static void result(
    void *data, unsigned generation, size_t test, const struct result *rows, size_t count)
{
    (void)generation;
    struct test_run *run = data;
    report_add(&run->report, rows, run->wishes.count > 0 ? count : 0);
    for (size_t i = 0; i < count; i++) {
        run_print_row(&run->print, test, &rows[i]);
    }
    fflush(stdout);
}

static void finding(void *data, unsigned generation, const struct finding *found)
{
    (void)generation;
    struct test_run *run = data;
    if (run->wishes.count > 0) {
        findings_add(&run->report.findings, found);
    }
    run_print_finding(&run->print, found);
}

static void explained(
    void *data, unsigned generation, size_t test, const char *message, const char *detail)
{
    (void)generation;
    struct test_run *run = data;
    const struct plan_test *known = &run->print.plan->tests.items[test];
    report_explain(&run->report, known->suite, known->name, message, detail);
    run_print_explanation(&run->print, test, message, detail);
}

static cJSON *rows_json(const struct coverage_ranges *ranges)
{
    cJSON *rows = mem_require(cJSON_CreateArray());
    uint32_t next = 1;
    VEC_FOREACH (struct coverage_range, range, ranges) {
        for (uint32_t row = range->row > next ? range->row : next; row <= range->end_row; row++) {
            cJSON_AddItemToArray(rows, mem_require(cJSON_CreateNumber(row)));
            next = row + 1;
        }
    }
    return rows;
}

static void coverage_told(void *data, unsigned generation, const struct coverage *coverage)
{
    (void)generation;
    struct test_run *run = data;
    double threshold = run->threshold < 0 ? THRESHOLD_DEFAULT : run->threshold;
    bool empty = coverage_is_empty(coverage);
    report_set_coverage(&run->report, coverage, threshold);
    run->met = run->report.coverage_met || empty;
    if (run->print.quiet) {
        return;
    }
    char *percent = coverage_show(coverage_percent(coverage));
    if (run->print.json) {
        cJSON *event = run_print_event("coverage");
        cJSON_AddItemToObject(event, "percent",
            mem_require(
                empty ? cJSON_CreateNull() : cJSON_CreateNumber(coverage_percent(coverage))));
        json_set_int(event, "covered_rows", (long long)coverage->covered_rows);
        json_set_int(event, "missed_rows", (long long)coverage->missed_rows);
        cJSON_AddItemToObject(event, "threshold", mem_require(cJSON_CreateNumber(threshold)));
        mem_require(empty ? cJSON_AddNullToObject(event, "met")
                          : cJSON_AddBoolToObject(event, "met", run->met));
        json_set_bool(event, "incomplete", coverage->incomplete);
        cJSON *files = json_set_object(event, "files");
        VEC_FOREACH (struct coverage_file, file, coverage) {
            cJSON *entry = json_set_object(files, file->path);
            cJSON_AddItemToObject(entry, "covered", rows_json(&file->covered));
            cJSON_AddItemToObject(entry, "missed", rows_json(&file->missed));
        }
        run_print_object(event);
    } else if (empty) {
        printf("\ncoverage: " REPORT_COVERAGE_EMPTY "\n", threshold);
    } else {
        printf("\ncoverage %s %%  threshold %g %s%s\n", percent, threshold,
            run->met ? "met" : "not met",
            coverage->incomplete ? "  (incomplete: not everything could be loaded)" : "");
    }
    free(percent);
}

static void done(void *data, unsigned generation, const struct run_summary *summary)
{
    (void)generation;
    struct test_run *run = data;
    run->summary = *summary;
    run->trouble = mem_strdup(summary->trouble);
}

static void settled(void *data, unsigned generation)
{
    (void)generation;
    struct test_run *run = data;
    run->settled = true;
}

static const char *rego_of(const struct run_summary *summary)
{
    return summary->read_v0 && summary->read_v1 ? "v0 and v1" : summary->read_v0 ? "v0" : "v1";
}

static void print_summary(const struct test_run *run)
{
    const struct tally *tally = &run->summary.tally;
    const char *version = runner_engine_version(run->runner);
    if (run->print.json) {
        cJSON *event = run_print_event("summary");
        json_set_string(event, "verdict", result_status_name(run->summary.verdict));
        for (size_t i = 0; i < RESULT_STATUSES; i++) {
            json_set_int(
                event, result_status_name((enum result_status)i), (long long)tally->count[i]);
        }
        json_set_int(event, "findings", (long long)run->summary.findings);
        json_set_int(event, "cached", (long long)run->summary.cached);
        json_set_int(event, "wall_us", (long long)run->summary.wall_us);
        json_set_optional(event, "opa", version);
        json_set_string(event, "rego", rego_of(&run->summary));
        json_set_optional(event, "trouble", run->trouble);
        run_print_object(event);
        return;
    }
    size_t told = 0;
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        told += tally->count[i];
    }
    if (told == 0 && run->trouble == NULL) {
        puts("no test was found: bylaw runs rules named test_… in Rego files, Kyverno's and "
             "Gatekeeper's suites, Cedar's tests and what is given to Conftest");
    }
    printf("\n%s: %zu passed, %zu failed, %zu errors, %zu skipped, %zu not evaluated",
        result_status_name(run->summary.verdict), tally->count[RESULT_PASS],
        tally->count[RESULT_FAIL], tally->count[RESULT_ERROR], tally->count[RESULT_SKIPPED],
        tally->count[RESULT_NOT_EVALUATED]);
    if (tally->count[RESULT_WARNING] > 0) {
        printf(", %zu warnings", tally->count[RESULT_WARNING]);
    }
    if (run->summary.findings > 0) {
        printf(", %zu problems", run->summary.findings);
    }
    printf("  (%.2f s, opa %s, Rego %s)\n", (double)run->summary.wall_us / 1e6,
        version == NULL ? "?" : version, rego_of(&run->summary));
    if (run->summary.cached > 0) {
        printf("%zu of %zu tests are cached: nothing they depend on has changed since they ran "
               "(--fresh runs them again)\n",
            run->summary.cached, run->print.plan == NULL ? 0 : run->print.plan->included);
    }
}

/* The folder to run in and the paths below it; false: said on stderr. */
static bool resolve(const struct args *args, struct test_run *run, char *root)
{
    const char *given = args_get(args, "root");
    if (realpath(given == NULL ? "." : given, root) == NULL) {
        command_fail(args, "%s: %s", given == NULL ? "." : given, strerror(errno));
        return false;
    }
    for (int i = 0; i < args->count; i++) {
        char path[PATH_MAX];
        struct stat st;
        if (realpath(args->rest[i], path) == NULL || stat(path, &st) != 0) {
            command_fail(args, "%s: %s", args->rest[i], strerror(errno));
            return false;
        }
        size_t len = strlen(root);
        bool below = strncmp(path, root, len) == 0 && (path[len] == '/' || path[len] == '\0');
        if (!below && given == NULL && args->count == 1 && S_ISDIR(st.st_mode)) {
            memcpy(root, path, strlen(path) + 1);
            return true;
        }
        if (!below) {
            command_fail(
                args, "%s is not below %s: name the folder with --root", args->rest[i], root);
            return false;
        }
        VEC_PUSH(&run->wanted, mem_strdup(path[len] == '\0' ? "." : path + len + 1));
    }
    return true;
}

static bool read_threshold(const struct args *args, struct test_run *run)
{
    const char *text = args_get(args, "threshold");
    run->threshold = -1;
    if (text != NULL) {
        char *end;
        run->threshold = strtod(text, &end);
        if (end == text || *end != '\0' || !(run->threshold >= 0 && run->threshold <= 100)) {
            command_fail(args, "--threshold takes a number from 0 to 100, not %s", text);
            return false;
        }
    }
    return true;
}

static bool write_reports(const struct args *args, struct test_run *run, const char *root)
{
    const char *version = runner_engine_version(run->runner);
    run->report.tally = run->summary.tally;
    run->report.verdict = run->summary.verdict;
    run->report.wall_us = run->summary.wall_us;
    run->report.opa = mem_strdup(version);
    run->report.trouble = mem_strdup(run->trouble);
    return run->wishes.count == 0 || report_wishes_write(args, &run->wishes, &run->report, root);
}

static bool read_timeout(const struct args *args)
{
    const char *text = args_get(args, "timeout");
    if (text == NULL) {
        return true;
    }
    char *end;
    long seconds = strtol(text, &end, 10);
    if (end == text || *end != '\0' || seconds < 1 || seconds > TIMEOUT_MAX_S) {
        command_fail(args, "--timeout takes seconds from 1 to %d, not %s", TIMEOUT_MAX_S, text);
        return false;
    }
    opa_use_test_timeout((unsigned)seconds);
    return true;
}

static int exit_of(const struct args *args, const struct test_run *run)
{
    if (run->trouble != NULL) {
        return command_fail(args, "%s", run->trouble);
    }
    if (run->summary.verdict != RESULT_PASS) {
        return EXIT_NO;
    }
    return run->threshold >= 0 && !run->met ? EXIT_NO : EXIT_YES;
}

static int run_test(const struct args *args)
{
    struct err err;
    char root[PATH_MAX];
    struct test_run run = {
        .print = {.json = args_has(args, "json"), .verbose = args_has(args, "verbose")},
        .want_coverage = args_has(args, "coverage") || args_has(args, "threshold"),
        .by_test = args_has(args, "coverage-by-test")};
    int code = EXIT_COULD_NOT;
    struct loop *loop = NULL;
    if (!report_wishes_read(args, &run.wishes) || !read_threshold(args, &run) ||
        !read_timeout(args) || !resolve(args, &run, root)) {
        goto out;
    }
    run.print.quiet = run.wishes.to_stdout;
    loop = loop_new(&err);
    if (loop == NULL) {
        command_fail(args, "%s", err.text);
        goto out;
    }
    struct runner_events events = {.data = &run,
        .planned = planned,
        .result = result,
        .finding = finding,
        .explained = explained,
        .coverage = coverage_told,
        .done = done,
        .settled = settled};
    run.runner = runner_new(loop, &engine_opa, &events);
    struct run_options options = {.root = root,
        .scope = run.wanted.len > 0 ? RUN_PATHS : RUN_ALL,
        .wanted = (const char *const *)run.wanted.items,
        .wanted_count = run.wanted.len,
        .coverage = run.want_coverage,
        .by_test = run.by_test,
        .cached = !args_has(args, "fresh"),
        .cache_of = root,
        .explain_max = EXPLAIN_MAX};
    runner_start(run.runner, &options);
    while (!run.settled) {
        loop_run_once(loop, 1000);
    }
    if (run.by_test && !run.print.quiet) {
        reach_print(run.runner, run.print.json);
    }
    if (!run.print.quiet) {
        print_summary(&run);
    }
    code = write_reports(args, &run, root) ? exit_of(args, &run) : EXIT_COULD_NOT;
    runner_free(run.runner);
out:
    if (loop != NULL) {
        loop_free(loop);
    }
    VEC_FOREACH (char *, path, &run.wanted) {
        free(*path);
    }
    VEC_FREE(&run.wanted);
    report_free(&run.report);
    free(run.trouble);
    return code;
}

const struct command command_test = {
    .name = "test",
    .summary = "run the policy tests, with results as they finish",
    .usage = "[--json] [--report FORMAT[=FILE]]… [--coverage] [--coverage-by-test] [--threshold N] "
             "[--timeout N] [--fresh] [--root DIR] [PATH…]",
    .options =
        {
            {"json", 'j', NULL, "one JSON object a line instead of text"},
            {"coverage", 'c', NULL, "say what the tests cover, also when some fail"},
            {"coverage-by-test", 0, NULL,
                "say which tests reach each line of the policies, also when some fail"},
            {"threshold", 't', "N",
                "coverage in percent that must be reached (implies --coverage)"},
            REPORT_OPTION,
            {"timeout", 0, "N", "seconds one Rego test may take (default: opa's own 5)"},
            {"fresh", 0, NULL, "run every test again, also where the result is known"},
            {"root", 'C', "DIR", "the folder that imports are looked up in (default: here)"},
            {"verbose", 'v', NULL, "print() output of passing tests too"},
        },
    .description =
        "Runs the tests below the PATHs (default: all below the folder) with opa, each with just "
        "the files it needs, and prints each result as it finishes. PATHs only choose which tests "
        "run: imports and data documents are looked up in the whole folder, whose place they have "
        "below data as when opa is given that folder. Rego v0 and v1 are told apart "
        "file by file. What does not compile is reported with its place while the rest still "
        "runs; the first failures are explained. Folders with a conftest.toml are Conftest's "
        "(conftest "
        "verify, and conftest test on the inputs that .bylaw/config.toml names), and Gatekeeper's "
        "suites are gator's.\n\n"
        "A test whose files, opa and way of being called are what they were when it last passed or "
        "failed is not run again: its row says cached, and --fresh runs it all the same. Never one "
        "that may look at the time, the network, chance or the machine. Results are kept in "
        "$XDG_CACHE_HOME/bylaw/results.\n\n"
        "Reports: junit (XML), sarif (2.1.0, failures and findings), tap (version 14), json (one "
        "object), github (annotations), markdown (a summary for people), policyreport "
        "(wgpolicyk8s.io/v1alpha2). Where a format has no word for \"not evaluated\" it is an "
        "error there.\n\n"
        "Exits 0 when every test passed and everything compiles (and the threshold, if given, is "
        "met; where no rule of Rego could be covered it is not applied, which is said); 1 when a "
        "test failed, ended with an error or was not evaluated, or when no test was "
        "found: nothing evaluated is not a pass; 2 when it could not run, because opa or the "
        "folder is missing.",
    .run = run_test,
};
