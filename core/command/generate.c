/* bylaw generate: a proposal for each control without a policy. */
#include "command/command.h"
#include "command/controls_option.h"
#include "command/cost_option.h"
#include "command/entry_line.h"
#include "command/folder_index.h"
#include "command/interrupt.h"
#include "command/time_option.h"
#include "command/untrusted.h"

#include "agent/journal.h"
#include "agent/proposal.h"
#include "base/safe.h"
#include "base/sha256.h"
#include "base/vec.h"
#include "control/gap.h"
#include "generate/generate.h"
#include "workspace/workspace.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { JOBS = 4, JOBS_MAX = 32, STATUS_MS = 500, TRIES = 2, LEFT_MAX = 20, SHOWN_MAX = 400 };

struct generate_run {
    const struct args *args;
    char *root; /* the workspace, resolved */
    struct {
        struct generate_task *items;
        size_t len, cap;
    } tasks;
    char digest[SHA256_HEX_SIZE];
    struct ledger *ledger;
    struct generate *generate;
    size_t gaps, unseen; /* found; of those not checkable */
    size_t waiting;      /* have a proposal from an earlier run, not decided yet */
    double budget;
    double minutes; /* for each */
    unsigned jobs;
    bool json;
    bool told_price;  /* that nobody knows it */
    bool is_terminal; /* a line that is written over says how it stands */
};

/* ---- which controls ---- */

static char *key_of(const struct requirement *requirement)
{
    return mem_printf("%s|%s|%s", requirement->framework, requirement->version, requirement->id);
}

/* Of the whole list, so that --only goes on with the same ledger. */
static void digest_of(const struct requirements *list, char hex[SHA256_HEX_SIZE])
{
    struct sha256 sha;
    sha256_init(&sha);
    VEC_FOREACH (const struct requirement, requirement, list) {
        char *key = key_of(requirement);
        sha256_add(&sha, str_make(key, strlen(key) + 1));
        sha256_add(&sha, str_make(requirement->text, strlen(requirement->text) + 1));
        free(key);
    }
    sha256_finish(&sha, hex);
}

static void add_task(struct generate_run *run, const struct gap *gap)
{
    const struct requirement *requirement = gap->requirement;
    struct buf evidence = BUF_INIT;
    gap_append_evidence(gap, 5, &evidence);
    VEC_PUSH(&run->tasks, (struct generate_task){.key = key_of(requirement),
                              .id = mem_strdup(requirement->id),
                              .words = requirement_words(requirement),
                              .framework = mem_strdup(requirement->framework),
                              .version = mem_strdup(requirement->version),
                              .type = mem_strdup(gap->type == NULL ? "" : gap->type),
                              .evidence = evidence.len > 0 ? buf_take(&evidence) : mem_strdup("")});
    buf_free(&evidence);
}

static bool take_gaps(
    struct generate_run *run, const struct gaps *gaps, const char *only, struct err *err)
{
    size_t count = 0;
    bool all = args_has(run->args, "all");
    VEC_FOREACH (const struct gap, gap, gaps) {
        bool named = only == NULL || requirement_is_among(gap->requirement, str_of(only));
        bool wanted = gap->status == GAP_OPEN ||
                      (all && (gap->status == GAP_PARTLY || gap->status == GAP_NOT_CHECKABLE));
        count += named;
        run->unseen += named && gap->status == GAP_NOT_CHECKABLE;
        if (named && wanted) {
            add_task(run, gap);
        }
    }
    run->gaps = run->tasks.len;
    return count > 0 || only == NULL ||
           err_set(err, ERR_NOT_FOUND, "--only %s names no control of the requirements", only);
}

static bool find_gaps(struct generate_run *run, struct err *err)
{
    struct controls controls = {0};
    struct folder_index index = {0};
    struct cover_map map = {0};
    struct gaps gaps = {0};
    /* --only narrows what is drafted: the digest is of the whole matrix. */
    bool opened = controls_option_open(run->args, run->root, NULL, &controls, err);
    bool ok = opened && folder_index_open(&index, run->root, err);
    if (ok) {
        digest_of(&controls.list, run->digest);
        cover_map_build(index.catalog, &controls.list, &map);
        gaps_find(&controls.list, &map, &gaps);
        ok = take_gaps(run, &gaps, args_get(run->args, "only"), err);
    }
    if (opened) {
        folder_index_close(&index);
        controls_free(&controls);
    }
    gaps_free(&gaps);
    cover_map_free(&map);
    return ok;
}

/* ---- what was done before ---- */

/* Its proposal is neither decided nor withdrawn. */
static bool still_waits(const struct generate_run *run, const struct ledger_item *item)
{
    cJSON *proposal =
        item->session == NULL ? NULL : journal_last(run->root, item->session, "proposal");
    bool open = proposal != NULL && json_int_or(proposal, "state", -1) == PROPOSAL_OPEN;
    cJSON_Delete(proposal);
    return open;
}

static size_t count_begun(const struct generate_run *run)
{
    size_t begun = 0;
    for (size_t i = 0; i < ledger_count(run->ledger); i++) {
        enum ledger_state state = ledger_at(run->ledger, i)->state;
        begun += state == LEDGER_WAITS || state == LEDGER_RUNS;
    }
    return begun;
}

static void forget(struct ledger_item *item)
{
    ledger_item_reset(item);
    free(item->session);
    item->session = NULL;
    item->dollars = 0;
    item->priced = true;
    item->tokens = item->ms = 0;
}

/* What failed is tried again, what was decided and is a gap still is written again; what waits for
 * its review is not. */
static void drop_done(struct generate_run *run)
{
    size_t kept = 0;
    for (size_t i = 0; i < run->tasks.len; i++) {
        struct generate_task *task = &run->tasks.items[i];
        struct ledger_item *item = ledger_find(run->ledger, task->key);
        if (item != NULL && item->state == LEDGER_PROPOSED && still_waits(run, item)) {
            run->waiting++;
            generate_task_free(task);
            continue;
        }
        if (item != NULL) {
            forget(item);
        }
        run->tasks.items[kept++] = *task;
    }
    run->tasks.len = kept;
}

/* Goes on with what the run that was cut short had begun with, and nothing else. */
static void keep_begun(struct generate_run *run)
{
    size_t kept = 0;
    for (size_t i = 0; i < run->tasks.len; i++) {
        struct generate_task *task = &run->tasks.items[i];
        if (ledger_find(run->ledger, task->key) != NULL) {
            run->tasks.items[kept++] = *task;
        } else {
            generate_task_free(task);
        }
    }
    run->tasks.len = kept;
}

static bool look_back(struct generate_run *run, struct err *err)
{
    run->ledger = ledger_open(run->root, run->digest, err);
    if (run->ledger == NULL) {
        return false;
    }
    size_t begun = count_begun(run);
    if (args_has(run->args, "resume")) {
        if (begun == 0) {
            return err_set(err, ERR_NOT_FOUND,
                "there is nothing to go on with: no earlier run for these requirements was cut "
                "short");
        }
        keep_begun(run);
        return true;
    }
    if (begun > 0) {
        return err_set(err, ERR_CONFLICT,
            "an earlier run for these requirements was cut short with %zu of %zu controls not "
            "ended: --resume goes on with them",
            begun, ledger_count(run->ledger));
    }
    drop_done(run);
    return true;
}

/* ---- while it runs ---- */

static void append_time(struct buf *out, uint64_t ms)
{
    uint64_t seconds = ms / 1000;
    if (seconds >= 60) {
        buf_printf(out, "%llu m ", (unsigned long long)(seconds / 60));
    }
    buf_printf(out, "%llu s", (unsigned long long)(seconds % 60));
}

static void append_money(
    struct buf *out, const struct generate_run *run, const struct generate_totals *totals)
{
    tokens_append(out, totals->tokens);
    buf_append_c(out, " tokens, ");
    if (totals->priced || totals->dollars > 0) {
        money_append(out, totals->dollars);
    }
    buf_append_c(out, totals->priced        ? ""
                      : totals->dollars > 0 ? " and some of unknown price"
                                            : "price unknown");
    if (run->budget >= 0) {
        buf_append_c(out, " of ");
        money_append(out, run->budget);
    }
}

static void clear_status(const struct generate_run *run)
{
    if (run->is_terminal) {
        fputs("\r\x1b[K", stderr);
    }
}

static void show_status(const struct generate_run *run)
{
    if (!run->is_terminal || run->generate == NULL) {
        return;
    }
    struct generate_totals totals = generate_totals(run->generate);
    struct buf line = BUF_INIT;
    buf_printf(&line, "%zu of %zu, %zu at work, ", totals.green + totals.red + totals.failed,
        totals.all, totals.running);
    append_money(&line, run, &totals);
    buf_append_c(&line, ", ");
    append_time(&line, totals.wall_ms);
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    /* One row, or it would not be written over. */
    fprintf(stderr, "\r\x1b[K%.*s", known ? size.ws_col - 1 : 78, line.ptr);
    fflush(stderr);
    buf_free(&line);
}

static void tell_json(const struct generate_task *task, const struct ledger_item *item)
{
    cJSON *event = mem_require(cJSON_CreateObject());
    json_set_string(event, "type", "control");
    json_set_string(event, "control_id", task->id);
    json_set_string(event, "state", ledger_state_name(item->state));
    if (item->state == LEDGER_PROPOSED) {
        json_set_string(event, "checks", item->red ? "red" : "green");
    }
    json_set_optional(event, "message", item->why);
    json_set_optional(event, "session", item->session);
    if (item->state != LEDGER_RUNS) {
        json_set_int(event, "tokens", item->tokens);
        json_set_int(event, "ms", item->ms);
        if (item->priced) {
            json_set_number(event, "dollars", item->dollars);
        }
    }
    json_print_line(event);
}

static void told(void *data, const struct generate_task *task, const struct ledger_item *item)
{
    struct generate_run *run = data;
    if (!item->priced && !run->told_price) {
        clear_status(run);
        run->told_price = cost_option_tell_unknown(run->args);
    }
    if (run->json) {
        tell_json(task, item);
    }
    if (item->state == LEDGER_RUNS && run->is_terminal) {
        show_status(run);
        return;
    }
    char *id = safe_dup(str_of(task->id), SAFE_ONE_LINE, 60);
    char *why = safe_dup(str_of(item->why), SAFE_ONE_LINE, SHOWN_MAX);
    struct buf line = BUF_INIT;
    buf_printf(&line, "%s: %s", id,
        item->state == LEDGER_RUNS     ? "begun"
        : item->state == LEDGER_WAITS  ? "not ended"
        : item->state == LEDGER_FAILED ? "failed"
        : item->red                    ? "proposal, red"
                                       : "proposal, green");
    if (item->state != LEDGER_RUNS) {
        buf_printf(&line, ", %.1f s", (double)item->ms / 1000);
    }
    clear_status(run);
    fprintf(stderr, "%s%s%s\n", line.ptr, why[0] == '\0' ? "" : ": ", why);
    fflush(stderr);
    show_status(run);
    buf_free(&line);
    free(why);
    free(id);
}

/* ---- what it comes to ---- */

static void list_left(const struct generate_run *run, struct buf *out)
{
    size_t count = 0;
    VEC_FOREACH (const struct generate_task, task, &run->tasks) {
        const struct ledger_item *item = ledger_find(run->ledger, task->key);
        if (item == NULL || item->state == LEDGER_WAITS || item->state == LEDGER_RUNS) {
            if (count++ < LEFT_MAX) {
                char *id = safe_dup(str_of(task->id), SAFE_ONE_LINE, 60);
                buf_printf(out, "%s%s", out->len > 0 ? ", " : "", id);
                free(id);
            }
        }
    }
    if (count > LEFT_MAX) {
        buf_printf(out, " and %zu more", count - LEFT_MAX);
    }
}

/* Why some are left; NULL: none is. */
static const char *why_stopped(const struct generate_run *run)
{
    return interrupt_came() != 0 ? "stopped, and what ran is kept"
                                 : generate_stopped(run->generate);
}

static void print_summary_json(
    const struct generate_run *run, const struct generate_totals *totals, const char *left)
{
    cJSON *event = mem_require(cJSON_CreateObject());
    json_set_string(event, "type", "summary");
    json_set_int(event, "controls", (long long)totals->all);
    json_set_int(event, "green", (long long)totals->green);
    json_set_int(event, "red", (long long)totals->red);
    json_set_int(event, "failed", (long long)totals->failed);
    size_t left_count = totals->waiting + totals->running;
    json_set_int(event, "left", (long long)left_count);
    json_set_int(event, "already_waiting", (long long)run->waiting);
    json_set_optional(event, "left_controls", left);
    json_set_optional(event, "message", why_stopped(run));
    json_set_int(event, "tokens", totals->tokens);
    if (totals->priced) {
        json_set_number(event, "dollars", totals->dollars);
    }
    json_set_int(event, "wall_ms", (long long)totals->wall_ms);
    json_print_line(event);
}

static int finish(const struct generate_run *run)
{
    struct generate_totals totals = generate_totals(run->generate);
    struct buf left = BUF_INIT;
    struct buf line = BUF_INIT;
    list_left(run, &left);
    if (run->json) {
        print_summary_json(run, &totals, left.len > 0 ? left.ptr : NULL);
    }
    clear_status(run);
    buf_printf(&line, "%zu control%s: %zu green proposal%s, %zu red, %zu failed, %zu left; ",
        totals.all, totals.all == 1 ? "" : "s", totals.green, totals.green == 1 ? "" : "s",
        totals.red, totals.failed, totals.waiting + totals.running);
    append_money(&line, run, &totals);
    buf_append_c(&line, ", ");
    append_time(&line, totals.wall_ms);
    fprintf(stderr, "%s\n", line.ptr);
    if (totals.green + totals.red > 0) {
        fputs("bylaw opens them for review, one after another\n", stderr);
    }
    if (left.len > 0) {
        command_fail(run->args, "%s; left: %s (--resume%s goes on with them)", why_stopped(run),
            left.ptr, totals.at_budget ? " with a higher --max-cost" : "");
    }
    buf_free(&line);
    buf_free(&left);
    return totals.green == totals.all ? EXIT_YES : EXIT_NO;
}

/* Once, not by each of the workbenches. */
static void say_untrusted(const struct generate_setup *setup)
{
    struct err err;
    struct config *config = config_load(setup->folder);
    if (setup->provider != NULL) {
        config_set(config, "model_provider", setup->provider, "--provider");
    }
    if (setup->profile == NULL || config_set_profile(config, setup->profile, "--profile", &err)) {
        untrusted_say(setup->folder, config);
    } /* else no workbench opens, and says so */
    config_free(config);
}

static bool start(struct generate_run *run, struct loop *loop, struct err *err)
{
    struct generate_setup setup = {.loop = loop,
        .folder = run->root,
        .provider = args_get(run->args, "provider"),
        .profile = args_get(run->args, "profile"),
        .is_program = true,
        .jobs = run->jobs,
        .tries = TRIES,
        .budget = run->budget,
        .minutes = run->minutes,
        .ledger = run->ledger,
        .tasks = run->tasks.items,
        .count = run->tasks.len,
        .told = told,
        .data = run};
    say_untrusted(&setup);
    run->generate = generate_start(&setup, err);
    return run->generate != NULL;
}

static int generate_all(struct generate_run *run)
{
    struct err err;
    struct loop *loop = loop_new(&err);
    int code = EXIT_COULD_NOT;
    if (loop != NULL && start(run, loop, &err)) {
        interrupt_watch();
        while (!generate_is_over(run->generate) && interrupt_came() == 0) {
            loop_run_once(loop, STATUS_MS);
            show_status(run);
        }
        code = finish(run);
    } else {
        command_fail(run->args, "%s", err.text);
    }
    generate_free(run->generate);
    if (loop != NULL) {
        loop_free(loop);
    }
    return code;
}

/* ---- the arguments ---- */

static bool read_jobs(struct generate_run *run, struct err *err)
{
    const char *given = args_get(run->args, "jobs");
    char *end = NULL;
    long jobs = given == NULL ? JOBS : strtol(given, &end, 10);
    if (given != NULL && (end == given || *end != '\0' || jobs < 1 || jobs > JOBS_MAX)) {
        return err_set(
            err, ERR_INVALID, "--jobs is a number from 1 to %d, not %s", JOBS_MAX, given);
    }
    run->jobs = (unsigned)jobs;
    return true;
}

static bool begin(struct generate_run *run, struct err *err)
{
    const char *folder = args_get(run->args, "dir");
    if (run->args->count > 0) {
        return err_set(err, ERR_INVALID, "takes no arguments: see --help");
    }
    if (!read_jobs(run, err) || !cost_option_read(run->args, &run->budget, err) ||
        !time_option_read(run->args, &run->minutes, err)) {
        return false;
    }
    struct workspace *workspace = workspace_open(folder == NULL ? "." : folder, err);
    if (workspace == NULL) {
        return false;
    }
    run->root = mem_strdup(workspace_root(workspace));
    workspace_free(workspace);
    return find_gaps(run, err) && look_back(run, err);
}

static int run_generate(const struct args *args)
{
    struct err err;
    struct generate_run run = {.args = args, .json = args_has(args, "json")};
    run.is_terminal = isatty(STDERR_FILENO) && !run.json;
    int code = EXIT_YES;
    if (!begin(&run, &err)) {
        code = command_fail(args, "%s", err.text);
    } else if (run.tasks.len > 0) {
        code = generate_all(&run);
    } else {
        fprintf(stderr,
            "nothing to write: %zu gaps, of which %zu have a proposal that waits for its review; "
            "%zu controls that no admission policy can check (--all takes them, too)\n",
            run.gaps, run.waiting, run.unseen);
    }
    VEC_FOREACH (struct generate_task, task, &run.tasks) {
        generate_task_free(task);
    }
    VEC_FREE(&run.tasks);
    ledger_free(run.ledger);
    free(run.root);
    return code;
}

const struct command command_generate = {
    .name = "generate",
    .summary = "a proposal for each control of a requirements matrix that has no policy",
    .usage = "[--requirements FILE] [--only IDS] [--jobs N] [--max-cost DOLLARS] "
             "[--max-time MINUTES] [--resume] "
             "[-p PROFILE] [--json]",
    .options =
        {
            {"requirements", 'r', "FILE",
                "the matrix: CSV, an OSCAL catalogue, or cis-k8s-1.9, which is compiled in"},
            {"benchmark", 'b', "FILE", "what the numbers mean, as for bylaw gap"},
            {"map", 'm', "FIELD=COLUMN,…", "which column is id, description, title, framework, …"},
            {"only", 'o', "IDS", "only these controls: 5.2.*,K8S-01"},
            {"all", 'a', NULL,
                "also those that are covered partly, and those no admission policy can check"},
            {"jobs", 'n', "N", "so many at a time (default: 4)"},
            COST_OPTION,
            TIME_OPTION("a control"),
            {"resume", 0, NULL, "go on with a run that was cut short"},
            {"profile", 'p', "NAME", "a [profiles.NAME]"},
            {"provider", 0, "NAME", "a [model_providers] name, codex, acp:NAME or recording"},
            {"json", 'j', NULL, "one JSON object a line: each control as it begins and ends"},
            {"dir", 'd', "DIR", "the workspace (default: the current folder)"},
        },
    .description =
        "Looks for the gaps as bylaw gap does, and has the agent write a policy for each: policy, "
        "tests, at least two fixtures that are allowed and two that are denied, metadata that "
        "names "
        "the control. So many run at a time, each in a session and a scratch copy of its own, with "
        "its commands read-only and nobody to ask. Each is checked as bylaw check --base would "
        "check "
        "the workspace with it: a proposal is green where that passes, and nothing lacks. What "
        "fails or lacks goes back to the agent, a few times. Nothing is written to the "
        "workspace.\n\n"
        "Each control ends in exactly one proposal, green or red, or in one failure that says why. "
        "bylaw opens the proposals for review, one after another.\n\n"
        "What was done is kept in the state folder after each step. A run that was cut short, by "
        "Ctrl-C or kill -9, goes on with --resume: what had ended is not asked again, what ran "
        "goes on "
        "in "
        "its session. Run again without it, what failed is tried again, and what waits for its "
        "review is left alone.\n\n"
        "With --max-cost no control begins and none asks the model again where a request would "
        "pass "
        "the bound, if it takes what requests took so far, those under way included; the price of "
        "the model must be known. What is left is named, and --resume with a higher bound, of "
        "which "
        "what was spent before is a part, goes on with it. A control that takes longer than "
        "--max-time is stopped and has failed. It also stops when ten controls in a row fail in "
        "the "
        "same way.\n\n"
        "Exit codes: 0 every control has a green proposal, or nothing was to be written; 1 some "
        "are "
        "red, failed or left; 2 it could not run.",
    .run = run_generate,
};
