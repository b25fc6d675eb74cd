/* bylaw rollout: the stage of every policy, and the change that brings one to the next. */
#include "command/command.h"

#include "agent/workbench.h"
#include "base/file.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/vec.h"
#include "command/interrupt.h"
#include "command/progress_line.h"
#include "command/rollout_print.h"
#include "config/config.h"
#include "gate/gate.h"
#include "patch/unified.h"
#include "rollout/promote.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

enum { CONTEXT = 3, WAIT_MS = 200 }; /* an interruption is seen within it */

/* ---- the table ---- */

static int list(const struct args *args, const char *root)
{
    struct rollout rollout = {0};
    struct progress_line line;
    struct err err;
    progress_line_begin(&line, args_has(args, "json"), "reading the folder");
    if (!rollout_find(root, &rollout, &err)) {
        progress_line_clear(&line);
        return command_fail(args, "%s", err.text);
    }
    enum rollout_format format = args_has(args, "json")       ? ROLLOUT_JSON
                                 : args_has(args, "csv")      ? ROLLOUT_CSV
                                 : args_has(args, "markdown") ? ROLLOUT_MARKDOWN
                                                              : ROLLOUT_TEXT;
    struct rollout_since *since = mem_zalloc((rollout.len + 1) * sizeof *since);
    progress_line_say(&line, "reading the history");
    rollout_since_read(root, rollout.items, rollout.len, since);
    progress_line_clear(&line);
    rollout_print_table(&rollout, since, format);
    for (size_t i = 0; i < rollout.len; i++) {
        rollout_since_free(&since[i]);
    }
    free(since);
    int code = rollout.len > 0 ? EXIT_YES : EXIT_NO;
    if (rollout.len == 0) {
        fputs("no policy with a stage is here: no Gatekeeper constraint, Kyverno policy or rule of "
              "Conftest\n",
            stderr);
    }
    rollout_free(&rollout);
    return code;
}

/* ---- a promotion ---- */

struct promotion {
    const struct args *args;
    const char *root;
    const struct rollout_policy *policy;
    enum rollout_stage stage;
    struct loop *loop;
    struct rollout_case evidence;
    struct changes changes;
    bool done;
    struct progress_line line;
};

static void checked(void *data, struct report *report)
{
    struct promotion *p = data;
    rollout_case_checks(&p->evidence, report);
    p->done = true;
}

static void progress(void *data, size_t done, size_t total)
{
    progress_line_show(&((struct promotion *)data)->line, done, total, "tests");
}

static void deciding(void *data, size_t done, size_t total)
{
    progress_line_show(&((struct promotion *)data)->line, done, total, "questions about fixtures");
}

static void run_checks(struct promotion *p)
{
    struct config *config = config_load(p->root);
    struct gate_options options = {.root = p->root,
        .threshold = (double)config_integer(config, "coverage_threshold"),
        .fails = SEVERITY_ERROR};
    config_free(config);
    struct gate_events events = {
        .data = p, .progress = progress, .deciding = deciding, .done = checked};
    progress_line_begin(&p->line, args_has(p->args, "json"), "bylaw check: reading the folder");
    interrupt_watch();
    struct gate *gate = gate_start(p->loop, &options, &events);
    while (!p->done && interrupt_came() == 0) {
        loop_run_once(p->loop, WAIT_MS);
    }
    progress_line_clear(&p->line);
    gate_free(gate);
}

/* The three pieces, the cheap ones first: false: the report cannot be read, or it was interrupted.
 */
static bool gather(struct promotion *p, struct err *err)
{
    const char *report = args_get(p->args, "report");
    if (!rollout_case_gather(&p->evidence, p->root, p->policy, report, err)) {
        return false;
    }
    if (!rollout_case_passes(&p->evidence)) {
        rollout_case_checks(&p->evidence, NULL);
        return true;
    }
    run_checks(p);
    return p->done || err_set(err, ERR_CANCELLED, "interrupted: nothing is proposed");
}

static bool write_patch(struct promotion *p, const char *path, struct err *err)
{
    struct buf patch = BUF_INIT;
    unified_write(&p->changes, CONTEXT, &patch);
    bool ok = true;
    if (strcmp(path, "-") == 0) {
        fwrite(patch.ptr, 1, patch.len, stdout);
        ok = fflush(stdout) == 0 || err_set_errno(err, errno, "the patch was not written");
    } else {
        ok = file_write(path, buf_str(&patch), 0666, err);
    }
    buf_free(&patch);
    return ok;
}

/* Saved in a session of its own: the app opens it for review. */
static bool save_proposal(struct promotion *p, struct err *err)
{
    struct workbench_options options = {
        .loop = p->loop, .folder = p->root, .fresh = true, .without_model = true};
    struct workbench *wb = workbench_new(&options, err);
    if (wb == NULL) {
        return false;
    }
    char *origin = mem_printf("%s %s: %s to %s",
        rollout_is_promotion(p->policy->stage, p->stage) ? "promote" : "take back", p->policy->name,
        rollout_stage_name(p->policy->stage), rollout_stage_name(p->stage));
    bool ok = workbench_propose(wb, &p->changes, origin, err);
    if (ok) {
        fprintf(stderr, "proposed: %s; it waits for its review: bylaw --session %s\n", origin,
            session_id(workbench_session(wb)));
    }
    free(origin);
    workbench_free(wb);
    return ok;
}

static int hand_over(struct promotion *p)
{
    struct err err;
    const char *patch = args_get(p->args, "patch");
    bool ok = patch != NULL ? write_patch(p, patch, &err) : save_proposal(p, &err);
    return ok ? EXIT_YES : command_fail(p->args, "%s", err.text);
}

static int promote(struct promotion *p)
{
    struct err err;
    bool needs = rollout_is_promotion(p->policy->stage, p->stage);
    if (!rollout_change(p->root, p->policy, p->stage, &p->changes, &err) ||
        (needs && !gather(p, &err))) {
        (void)command_fail(p->args, "%s", err.text);
        return interrupt_came() != 0 ? 128 + interrupt_came() : EXIT_COULD_NOT;
    }
    FILE *out = args_get(p->args, "patch") != NULL ? stderr : stdout;
    rollout_print_case(
        p->policy, p->stage, needs ? &p->evidence : NULL, args_has(p->args, "json"), out);
    if (needs && !rollout_case_holds(&p->evidence)) {
        fputs("nothing is proposed: each piece of evidence has to pass\n", stderr);
        return EXIT_NO;
    }
    return hand_over(p);
}

static int run_promote(const struct args *args, const char *root)
{
    struct err err;
    struct rollout rollout = {0};
    struct promotion p = {.args = args, .root = root};
    const char *to = args_get(args, "to");
    if (args->count != 2 || to == NULL) {
        return command_fail(args, "say which: bylaw rollout promote POLICY --to STAGE");
    }
    if (!rollout_stage_find(str_of(to), &p.stage)) {
        return command_fail(args, "--to takes audit, warn or enforce, not %s", to);
    }
    int code = EXIT_COULD_NOT;
    bool ok = rollout_find(root, &rollout, &err);
    p.policy = ok ? rollout_named(&rollout, args->rest[1], &err) : NULL;
    p.loop = p.policy == NULL ? NULL : loop_new(&err);
    if (p.loop == NULL) {
        command_fail(args, "%s", err.text);
    } else {
        code = promote(&p);
        loop_free(p.loop);
    }
    rollout_case_free(&p.evidence);
    changes_free(&p.changes);
    rollout_free(&rollout);
    return code;
}

static int run_rollout(const struct args *args)
{
    const char *dir = args_get(args, "dir");
    char root[PATH_MAX];
    if (realpath(dir == NULL ? "." : dir, root) == NULL) {
        return command_fail(args, "%s: %s", dir == NULL ? "." : dir, strerror(errno));
    }
    if (args->count > 0 && strcmp(args->rest[0], "promote") == 0) {
        return run_promote(args, root);
    }
    return args->count == 0 ? list(args, root)
                            : command_fail(args, "say promote, or nothing (see --help)");
}

const struct command command_rollout = {
    .name = "rollout",
    .summary = "how far each policy is rolled out, and the change that promotes one",
    .usage =
        "[--json | --csv | --markdown] [--dir DIR] | promote POLICY --to STAGE [--report FILE] "
        "[--patch FILE] [--json] [--dir DIR]",
    .options =
        {
            {"json", 'j', NULL, "one JSON object a policy, or a piece of evidence"},
            {"csv", 0, NULL, "the table as CSV"},
            {"markdown", 'm', NULL, "the table in Markdown"},
            {"dir", 'd', "DIR", "the workspace (default: the current folder)"},
            {"to", 't', "STAGE", "audit, warn or enforce; the engines' words do, too"},
            {"report", 'r', "FILE", "what a cluster or bylaw says of violations"},
            {"patch", 'p', "FILE",
                "write the change as a unified diff (-: to the standard output) instead of saving "
                "a proposal"},
        },
    .description =
        "Lists each Gatekeeper constraint (enforcementAction, scoped actions), Kyverno policy "
        "(failureAction and validationFailureAction with their overrides, validationActions of the "
        "newer kinds), ValidatingAdmissionPolicyBinding and Conftest rule (warn, deny, violation) "
        "with its stage, and since when it has stood there as the commits say: audit records, warn "
        "tells the user, enforce refuses; mixed: not the same everywhere; none: it refuses "
        "nothing.\n\n"
        "promote makes the change that brings POLICY (KIND/NAME, NAME or its file) to another "
        "stage "
        "and saves it as a proposal, which waits for its review in the app; the file itself is not "
        "written. A step towards refusing needs its evidence, and each piece is said with pass, "
        "fail or not known, which is no pass:\n\n"
        "days: how long it has stood at its present stage, from the first commit where that stage "
        "stood on, through renames of its file (14, or `days` in [rollout] of "
        ".bylaw/config.toml);\n\n"
        "violations: in the report (none, or up to `max_violations`): PolicyReport or "
        "ClusterPolicyReport, Gatekeeper constraints with their status, as YAML or JSON, or a "
        "report of bylaw (--report json=FILE); without --report the file that `report` in "
        "[rollout] "
        "names;\n\n"
        "checks: bylaw check is green; it is run only when the two above pass.\n\n"
        "A step back needs none.\n\n"
        "Exits 0 when there is a table, or the change is proposed; 1 when there is no policy, or "
        "the evidence does not hold: then nothing is proposed; 2 when it could not be done.",
    .run = run_rollout,
};
