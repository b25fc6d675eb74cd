/* bylaw gap: which controls of a matrix have policies, and which have none. */
#include "command/command.h"
#include "command/controls_option.h"
#include "command/cost_option.h"
#include "command/folder_index.h"
#include "command/gap_ask.h"
#include "command/time_option.h"

#include "base/safe.h"
#include "base/vec.h"
#include "control/gap.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct gap_run {
    const struct args *args;
    struct controls controls;
    struct cover_map map;
    struct gaps gaps;
    struct gap_words words; /* of a model */
    struct gap_bounds bounds;
};

/* The next of "gap,partly"; false: there is none. */
static bool next_status(struct str *rest, struct str *word)
{
    if (rest->len == 0) {
        return false;
    }
    size_t end = str_find_char(*rest, ',', 0);
    *word = str_trim(str_slice(*rest, 0, end == SIZE_MAX ? rest->len : end));
    *rest = str_from(*rest, end == SIZE_MAX ? rest->len : end + 1);
    return true;
}

/* What --status leaves. */
static bool is_wanted(const char *statuses, enum gap_status status)
{
    struct str rest = str_of(statuses == NULL ? "" : statuses);
    struct str word;
    bool wanted = statuses == NULL;
    while (!wanted && next_status(&rest, &word)) {
        wanted = str_equal_c(word, gap_status_name(status));
    }
    return wanted;
}

/* Each of them is one that there is. */
static bool check_statuses(const char *statuses, struct err *err)
{
    struct str rest = str_of(statuses == NULL ? "" : statuses);
    struct str word;
    while (next_status(&rest, &word)) {
        bool known = false;
        for (int i = 0; i <= GAP_NOT_CHECKABLE; i++) {
            known = known || str_equal_c(word, gap_status_name((enum gap_status)i));
        }
        if (!known) {
            return err_set(err, ERR_INVALID,
                "--status takes gap, partly, covered and \"not checkable\", with commas between, "
                "not %.*s",
                STR_FMT(word));
        }
    }
    return true;
}

static void keep_wanted(struct gaps *gaps, const char *statuses)
{
    size_t kept = 0;
    for (size_t i = 0; i < gaps->len; i++) {
        if (is_wanted(statuses, gaps->items[i].status)) {
            gaps->items[kept++] = gaps->items[i];
        }
    }
    gaps->len = kept;
}

static size_t terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 100;
}

/* "WHAT covered, …" of controls with these statuses. */
static void print_figure(
    const size_t counts[GAP_NOT_CHECKABLE + 1], size_t only_words, const char *what)
{
    fprintf(stderr,
        "%zu of %zu %s covered, %zu partly (%zu of them by words only), %zu without a policy",
        counts[GAP_COVERED], counts[GAP_OPEN] + counts[GAP_PARTLY] + counts[GAP_COVERED], what,
        counts[GAP_PARTLY], only_words, counts[GAP_OPEN]);
}

/* What nobody says to be checkable counts for itself: it would make the figure of the others a
 * better or a worse one than it is. */
static void print_figures(const struct gaps *gaps)
{
    size_t known[GAP_NOT_CHECKABLE + 1];
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        known[i] = gaps->counts[i] - gaps->unknown[i];
    }
    size_t unknown = 0;
    for (size_t i = 0; i < GAP_NOT_CHECKABLE; i++) {
        unknown += gaps->unknown[i];
    }
    if (unknown < gaps->len || unknown == 0) {
        print_figure(known, gaps->only_words - gaps->unknown_words, "checkable controls");
        fprintf(stderr, "; %zu more no admission policy can check\n", known[GAP_NOT_CHECKABLE]);
    }
    if (unknown > 0) {
        print_figure(gaps->unknown, gaps->unknown_words, "controls");
        fprintf(stderr, "; %s\n", gap_unknown_says());
    }
}

/* What is left out is said, and numbers that policies name and nobody asks for. */
static void sum_up(const struct gap_run *run)
{
    const struct gaps *gaps = &run->gaps;
    print_figures(gaps);
    if (gaps->flagged > 0) {
        fprintf(stderr,
            "%zu control numbers are not what the benchmark means by them: see their "
            "note\n",
            gaps->flagged);
    }
    VEC_FOREACH (const struct cover, stray, &run->map.strays) {
        struct buf text = BUF_INIT;
        cover_append(stray, &text);
        buf_append_c(&text, ", which is no control of these requirements");
        size_t before = text.len;
        buf_append_c(&text, ": ");
        cover_explain_stray(stray, run->controls.benchmark, &text);
        text.len = text.len == before + 2 ? before : text.len;
        fprintf(stderr, "%.*s\n", (int)text.len, text.ptr);
        buf_free(&text);
    }
}

static void print(const struct gap_run *run)
{
    struct buf out = BUF_INIT;
    bool table = isatty(STDOUT_FILENO) && !args_has(run->args, "csv");
    if (args_has(run->args, "json")) {
        gaps_write_json(&run->gaps, &out);
    } else if (table) {
        gaps_write_table(&run->gaps, terminal_columns(), &out);
    } else {
        gaps_write_csv(&run->gaps, &out);
    }
    fwrite(out.ptr, 1, out.len, stdout);
    fflush(stdout);
    buf_free(&out);
    sum_up(run);
}

static int run_gap(const struct args *args)
{
    const char *dir = args_get(args, "dir");
    struct gap_run run = {.args = args};
    struct folder_index index;
    struct err err;
    if (args->count > 0) {
        return command_fail(args, "takes no arguments: see --help");
    }
    dir = dir == NULL ? "." : dir;
    if (!gap_ask_bounds(args, &run.bounds, &err) ||
        !check_statuses(args_get(args, "status"), &err)) {
        return command_fail(args, "%s", err.text);
    }
    if (!controls_option_open(args, dir, args_get(args, "only"), &run.controls, &err)) {
        return command_fail(args, "%s", err.text);
    }
    int code = EXIT_COULD_NOT;
    if (folder_index_open(&index, dir, &err)) {
        cover_map_build(index.catalog, &run.controls.list, &run.map);
        gaps_find(&run.controls.list, &run.map, &run.gaps);
        code = run.gaps.counts[GAP_OPEN] + run.gaps.counts[GAP_PARTLY] > 0 ? EXIT_NO : EXIT_YES;
        keep_wanted(&run.gaps, args_get(args, "status"));
        bool asks =
            args_has(args, "model") || args_has(args, "profile") || args_has(args, "provider");
        bool answered = !asks || gap_ask(args, &run.bounds, &run.gaps, &run.words, &err);
        print(&run);
        if (!answered) { /* what is known without it was printed */
            code = command_fail(args, "the model's suggestions are not all there: %s", err.text);
        }
    } else {
        command_fail(args, "%s", err.text);
    }
    folder_index_close(&index);
    gaps_free(&run.gaps);
    gap_words_free(&run.words);
    cover_map_free(&run.map);
    controls_free(&run.controls);
    return code;
}

const struct command command_gap = {
    .name = "gap",
    .summary = "which controls of a requirements matrix have policies, and which have none",
    .usage = "[--requirements FILE] [--benchmark FILE] [--map id=COLUMN,…] "
             "[--model] [-p PROFILE] [--json|--csv]",
    .options =
        {
            CONTROLS_OPTIONS,
            {"status", 's', "STATUSES", "only these: gap,partly,covered,not checkable"},
            {"model", '\0', NULL, "ask the model which policy suits each gap, and how hard it is"},
            {"profile", 'p', "NAME", "ask with a [profiles.NAME]"},
            {"provider", '\0', "NAME", "ask a [model_providers] name, codex or acp:NAME"},
            COST_OPTION,
            TIME_OPTION("an answer"),
            {"json", 'j', NULL, "one JSON array"},
            {"csv", '\0', NULL, "CSV also on a terminal"},
            {"dir", 'd', "DIR", "the workspace (default: the current folder)"},
        },
    .description =
        "Compares the controls of a requirements matrix with what the workspace's policies say "
        "they "
        "implement: `custom` of METADATA blocks, annotations of Kyverno policies, Gatekeeper "
        "templates and constraints, numbers in names; and what merely reads like a control. No "
        "policy is run, and no model is asked unless you want it: the suggested type and "
        "complexity "
        "are then told by the control's words and by what engines the workspace has.\n\n"
        "With --model, -p or --provider a model suggests both for each gap and each control that "
        "is "
        "covered partly, and says why (evidence: \"the model: …\"). It reads the workspace and "
        "writes nothing; an answer that is not about each control once goes back twice. Whether a "
        "control is covered is never a model's word. When it cannot, all else is printed and the "
        "exit code is 2.\n\n"
        "Without --requirements it is the setting requirements, requirements.csv, or the one file "
        "in requirements/. Columns are found by their usual names (control_id, id, control …); "
        "--map or the setting requirements_map say others.\n\n"
        "Each control is covered (named by its number, and a policy sees all of it), partly (a "
        "policy sees a part; or only a name has the number, or it is numbered as in another "
        "version, or a policy merely reads like it), a gap, or not checkable (a node's file or "
        "flag, a decision of the organisation). Where neither the file nor the benchmark says what "
        "an admission policy sees of a control (a catalogue of OSCAL says it of none), it counts "
        "for itself and not among the checkable ones. A number that the benchmark does not have, "
        "or by "
        "which it means something else, has a note.\n\n"
        "On a terminal it is a table, elsewhere CSV (RFC 4180) with the columns control_id, "
        "control_description, suggested_policy_type, complexity, evidence, status, framework, "
        "version, note. What it comes to goes to the standard error, and numbers that policies "
        "name and nobody asks for.\n\n"
        "Exit code: 0 every control that can be checked is covered, 1 some are gaps or covered "
        "partly, 2 it could not run.",
    .run = run_gap,
};
