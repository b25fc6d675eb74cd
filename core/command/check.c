/* bylaw check: everything a folder is checked by, and one verdict: what a pull request waits for.
 */
#include "command/command.h"

#include "base/json.h"
#include "base/safe.h"
#include "command/check_print.h"
#include "command/interrupt.h"
#include "command/progress_line.h"
#include "command/report_option.h"
#include "command/run_print.h"
#include "config/config.h"
#include "engine/opa.h"
#include "gate/gate.h"
#include "workspace/scratch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

enum { WAIT_MS = 200 }; /* an interruption is seen within it */

struct check_run {
    struct loop *loop;
    struct run_print print;
    struct report_wishes wishes;
    struct progress_line line;
    struct report *report; /* once it is done */
};

/* ---- while it runs ---- */

static void planned(void *data, const struct run_plan *plan)
{
    struct check_run *run = data;
    run_print_plan(&run->print, plan);
}

static bool is_worth_a_line(const struct result *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].status != RESULT_PASS && rows[i].status != RESULT_SKIPPED) {
            return true;
        }
    }
    return false;
}

static void result(void *data, size_t test, const struct result *rows, size_t count)
{
    struct check_run *run = data;
    if (run->print.json || run->print.verbose || is_worth_a_line(rows, count)) {
        progress_line_clear(&run->line);
        for (size_t i = 0; i < count; i++) {
            run_print_row(&run->print, test, &rows[i]);
        }
        fflush(stdout);
    }
}

static void finding(void *data, const struct finding *found)
{
    struct check_run *run = data;
    progress_line_clear(&run->line);
    run_print_finding(&run->print, found);
}

static void explained(void *data, size_t test, const char *message, const char *detail)
{
    struct check_run *run = data;
    progress_line_clear(&run->line);
    run_print_explanation(&run->print, test, message, detail);
}

static void progress(void *data, size_t done, size_t total)
{
    progress_line_show(&((struct check_run *)data)->line, done, total, "tests");
}

static void deciding(void *data, size_t done, size_t total)
{
    progress_line_show(&((struct check_run *)data)->line, done, total, "questions about fixtures");
}

static void done(void *data, struct report *report)
{
    struct check_run *run = data;
    progress_line_clear(&run->line);
    run->report = report;
}

/* ---- what was asked ---- */

static bool read_shard(const struct args *args, struct gate_options *options)
{
    const char *text = args_get(args, "shard");
    if (text == NULL) {
        return true;
    }
    char *end;
    unsigned long shard = strtoul(text, &end, 10);
    unsigned long shards = *end == '/' && end != text ? strtoul(end + 1, &end, 10) : 0;
    if (text[0] == '-' || *end != '\0' || shard < 1 || shard > shards || shards > GATE_SHARDS_MAX) {
        command_fail(args, "--shard takes I/N with I from 1 to N, as 2/4, and N up to %d, not %s",
            GATE_SHARDS_MAX, text);
        return false;
    }
    options->shard = (unsigned)shard;
    options->shards = (unsigned)shards;
    return true;
}

static bool read_threshold(
    const struct args *args, const struct config *config, struct gate_options *options)
{
    const char *text = args_get(args, "threshold");
    options->threshold = (double)config_integer(config, "coverage_threshold");
    if (text == NULL) {
        return true;
    }
    char *end;
    options->threshold = strtod(text, &end);
    if (end == text || *end != '\0' || !(options->threshold >= 0 && options->threshold <= 100)) {
        command_fail(args, "--threshold takes a number from 0 to 100, not %s", text);
        return false;
    }
    return true;
}

static bool read_weight(const struct args *args, struct gate_options *options)
{
    static const enum severity all[] = {SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE};
    const char *text = args_get(args, "fail-on");
    options->fails = SEVERITY_ERROR;
    for (size_t i = 0; text != NULL && i < ARRAY_LEN(all); i++) {
        if (strcmp(text, severity_name(all[i])) == 0) {
            options->fails = all[i];
            return true;
        }
    }
    if (text != NULL) {
        command_fail(args, "--fail-on takes error, warning or note, not %s", text);
    }
    return text == NULL;
}

/* The folder, without links. */
static bool resolve(const struct args *args, char root[PATH_MAX])
{
    const char *folder = args->count > 0 ? args->rest[0] : ".";
    if (args->count > 1) {
        command_fail(args, "one folder is checked at a time (see --help)");
        return false;
    }
    if (realpath(folder, root) == NULL) {
        command_fail(args, "%s: %s", folder, strerror(errno));
        return false;
    }
    return true;
}

static int exit_of(const struct args *args, const struct report *report)
{
    if (report->trouble != NULL) {
        return command_fail(args, "%s", report->trouble);
    }
    bool nothing = report->verdict == RESULT_SKIPPED && args_has(args, "nothing-ok");
    return report->verdict == RESULT_PASS || nothing ? EXIT_YES : EXIT_NO;
}

/* Nothing is half told: no verdict, and no report. */
static int stop(const struct args *args, struct check_run *run, struct gate *gate)
{
    progress_line_clear(&run->line);
    gate_free(gate);
    (void)command_fail(args, "interrupted: there is no verdict, and no report was written");
    return 128 + interrupt_came();
}

static int check(const struct args *args, struct check_run *run, const struct gate_options *options)
{
    struct gate_events events = {.data = run,
        .planned = planned,
        .result = result,
        .finding = finding,
        .explained = explained,
        .progress = progress,
        .deciding = deciding,
        .done = done};
    progress_line_begin(&run->line, run->print.json, "reading the folder");
    interrupt_watch();
    struct gate *gate = gate_start(run->loop, options, &events);
    while (run->report == NULL && interrupt_came() == 0) {
        loop_run_once(run->loop, WAIT_MS);
    }
    if (run->report == NULL) {
        return stop(args, run, gate);
    }
    if (!run->print.quiet) {
        check_print_report(run->report, run->print.json);
    }
    bool written = run->wishes.count == 0 ||
                   report_wishes_write(args, &run->wishes, run->report, options->root);
    int code = written ? exit_of(args, run->report) : EXIT_COULD_NOT;
    gate_free(gate);
    return code;
}

static int run_check(const struct args *args)
{
    struct err err;
    char root[PATH_MAX];
    struct check_run run = {
        .print = {.json = args_has(args, "json"), .verbose = args_has(args, "verbose")}};
    struct gate_options options = {.root = root, .base = args_get(args, "base")};
    if (!report_wishes_read(args, &run.wishes) || !resolve(args, root) ||
        !read_shard(args, &options) || !read_weight(args, &options)) {
        return EXIT_COULD_NOT;
    }
    scratch_sweep(); /* of a run that was killed */
    struct config *config = config_load(root);
    opa_use_test_timeout((unsigned)config_integer(config, "test_timeout"));
    bool ok = read_threshold(args, config, &options);
    config_free(config);
    run.loop = ok ? loop_new(&err) : NULL;
    if (run.loop == NULL) {
        return ok ? command_fail(args, "%s", err.text) : EXIT_COULD_NOT;
    }
    run.print.quiet = run.wishes.to_stdout;
    int code = check(args, &run, &options);
    loop_free(run.loop);
    return code;
}

const struct command command_check = {
    .name = "check",
    .summary = "everything a change has to pass, and one verdict",
    .usage = "[--base REV] [--shard I/N] [--json] [--report FORMAT[=FILE]]… [--threshold N] "
             "[--fail-on WEIGHT] [--nothing-ok] [DIR]",
    .options =
        {
            {"base", 'b', "REV", "only what is affected by what changed since REV"},
            {"shard", 's', "I/N", "only the I-th of N parts of it, for a CI matrix"},
            {"json", 'j', NULL, "one JSON object a line instead of text"},
            REPORT_OPTION,
            {"threshold", 't', "N",
                "coverage in percent that must be reached (default: coverage_threshold of the "
                "settings); 0: it is not measured"},
            {"fail-on", 'f', "WEIGHT",
                "findings that fail: error (default), warning or note and what weighs more"},
            {"nothing-ok", 0, NULL,
                "exit 0 also when nothing is affected, or the shard has nothing"},
            {"verbose", 'v', NULL, "a line for each test, and what passing ones print"},
        },
    .description =
        "Checks the folder DIR (default: here) in every way there is: the tests of every engine "
        "(as bylaw test), that policies without a test load, what opa check --strict minds, the "
        "guards (as bylaw guards --decide), that Gatekeeper templates say what the files they are "
        "made of "
        "say (as bylaw template check), and coverage against the threshold. Each part comes out as "
        "pass, fail, error, skipped (there is nothing it could be about) or not evaluated. The "
        "verdict is the worst of them: an error beats a failure beats \"not evaluated\" beats a "
        "pass. No test at all is \"not evaluated\" and no pass. What strict mode and guards say "
        "below the weight of --fail-on is shown and does not fail.\n\n"
        "With --base only the units (a package with its tests, a suite) run that depend on "
        "something which is not as it was at REV: a file they load was changed, added, removed or "
        "renamed, or the settings of an engine. The same is worked out from the folder as it was "
        "at "
        "REV, so nothing is guessed; when everything is affected the line \"scope\" says why. "
        "Where "
        "REV has gone on since, the commit that it and HEAD come from is taken. Untracked files "
        "count. Of the guards and templates all is told about changed files, and of others what "
        "was "
        "not so at REV. Engines are asked about fixtures that changed, and about those that a "
        "policy "
        "decides about which is affected. Coverage is judged over the policies whose every test "
        "ran.\n\n"
        "With --shard each unit and each file belongs to exactly one of the N parts, the same in "
        "every run on the same files; what engines decide about fixtures is the first one's. "
        "Coverage is then not judged, nor which rules of Rego no test reaches (rule-unreached): "
        "write --report json=FILE in each and join them with bylaw report merge, which says what "
        "one check of everything would. With --threshold 0 coverage is not measured, and no rule "
        "of Rego is said to be unreached.\n\n"
        "How far it is stands in a line on a terminal; elsewhere a line on stderr says so every "
        "ten "
        "seconds. Reports are those of bylaw test.\n\n"
        "Exits 0 when the verdict is pass; 1 when it is not: something failed or could not be "
        "evaluated, or nothing was evaluated; also when nothing is affected by the change or the "
        "shard is empty, unless --nothing-ok; 2 when it could not run: opa, the folder or the "
        "revision is missing; 130 after Ctrl-C and 143 after SIGTERM: then its engines are ended, "
        "and no report is written.",
    .run = run_check,
};
