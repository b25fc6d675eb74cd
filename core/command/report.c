/* bylaw report: what is done with finished reports. */
#include "command/command.h"

#include "base/file.h"
#include "base/vec.h"
#include "command/check_print.h"
#include "command/report_option.h"
#include "report/report_merge.h"
#include "report/report_read.h"

#include <stdlib.h>

struct joining {
    struct {
        struct report *items;
        size_t len, cap;
    } reports;
    const char **names;
    struct report whole;
};

static bool read_file(struct joining *joining, const char *path, struct err *err)
{
    struct buf text = BUF_INIT;
    struct report report;
    struct err why;
    bool ok = file_read(path, REPORT_READ_MAX_BYTES, &text, err);
    if (ok && !report_read_json(buf_str(&text), &report, &why)) {
        ok = err_set(err, ERR_INVALID, "%s: %s", path, why.text);
    } else if (ok) {
        joining->names[joining->reports.len] = path;
        VEC_PUSH(&joining->reports, report);
    }
    buf_free(&text);
    return ok;
}

static int merge(const struct args *args, struct joining *joining)
{
    struct err err;
    struct report_wishes wishes;
    if (!report_wishes_read(args, &wishes)) {
        return EXIT_COULD_NOT;
    }
    for (int i = 1; i < args->count; i++) {
        if (!read_file(joining, args->rest[i], &err)) {
            return command_fail(args, "%s", err.text);
        }
    }
    if (!report_merge(
            joining->reports.items, joining->names, joining->reports.len, &joining->whole, &err)) {
        return command_fail(args, "%s", err.text);
    }
    if (!wishes.to_stdout) {
        check_print_findings(&joining->whole, args_has(args, "json"));
        check_print_report(&joining->whole, args_has(args, "json"));
    }
    if (!report_wishes_put(args, &wishes, &joining->whole)) {
        return EXIT_COULD_NOT;
    }
    bool nothing = joining->whole.verdict == RESULT_SKIPPED && args_has(args, "nothing-ok");
    return joining->whole.verdict == RESULT_PASS || nothing ? EXIT_YES : EXIT_NO;
}

static int run_report(const struct args *args)
{
    if (args->count < 2 || strcmp(args->rest[0], "merge") != 0) {
        return command_fail(args, "say merge and the files (see --help)");
    }
    struct joining joining = {
        .names = mem_zalloc(((size_t)args->count + 1) * sizeof *joining.names)};
    int code = merge(args, &joining);
    VEC_FOREACH (struct report, report, &joining.reports) {
        report_free(report);
    }
    VEC_FREE(&joining.reports);
    report_free(&joining.whole);
    free(joining.names);
    return code;
}

const struct command command_report = {
    .name = "report",
    .summary = "join the reports of shards, and judge them as one run",
    .usage = "merge [--json] [--report FORMAT[=FILE]]… [--nothing-ok] FILE…",
    .options =
        {
            {"json", 'j', NULL, "one JSON object a line instead of text"},
            REPORT_OPTION,
            {"nothing-ok", 0, NULL, "exit 0 also when the change affects nothing"},
        },
    .description =
        "Joins what bylaw check --shard I/N --report json=FILE wrote to the report that one run "
        "would have written, and judges that: coverage is summed over all shards and then compared "
        "with the threshold, and what no shard's tests reach is said of its rule "
        "(rule-unreached).\n\n"
        "A shard that is missing, or that could not run, is a finding, and what it had to do was "
        "not evaluated: there is a report and no green. Files that are not of one whole are "
        "refused: another commit, base, version of bylaw or opa, or split; a shard given twice; a "
        "unit that two shards ran.\n\n"
        "Exits 0 when the verdict of the whole is pass, 1 when it is not, 2 when the files cannot "
        "be read or joined.",
    .run = run_report,
};
