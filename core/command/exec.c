/* bylaw exec: one prompt to the agent, without a screen and with nobody to ask. */
#include "command/command.h"
#include "command/cost_option.h"
#include "command/entry_line.h"
#include "command/interrupt.h"
#include "command/time_option.h"
#include "command/untrusted.h"

#include "agent/errand.h"
#include "agent/review_queue.h"
#include "base/file.h"
#include "base/safe.h"
#include "base/vec.h"
#include "schema/schema.h"

#include <stdlib.h>
#include <unistd.h>

enum { PROMPT_MAX = 1 << 20, TRIES = 2 };

struct exec_run {
    const struct args *args;
    struct loop *loop;
    struct errand *errand;
    struct schema *schema;
    cJSON *output; /* the answer as the schema has it; NULL: it does not match, or there is none */
    struct buf problems; /* of the last answer that did not match */
    size_t shown;        /* entries of the transcript that were told */
    bool json;
    bool over;
    bool told_session;
    bool written;
};

/* ---- while it runs ---- */

static void tell_session(struct exec_run *run)
{
    struct workbench *wb = errand_workbench(run->errand);
    const char *id = session_id(workbench_session(wb));
    run->told_session = true;
    if (run->json) {
        cJSON *event = mem_require(cJSON_CreateObject());
        json_set_string(event, "type", "session");
        json_set_string(event, "id", id);
        json_set_string(event, "workspace", workspace_root(workbench_workspace(wb)));
        json_print_line(event);
    } else {
        fprintf(stderr, "session %s\n", id);
    }
}

/* Says what is closed; what is behind an open entry waits for it. */
static void follow(struct exec_run *run)
{
    if (run->errand == NULL) {
        return;
    }
    struct session *session = workbench_session(errand_workbench(run->errand));
    const struct transcript *all = session_transcript(session);
    if (!run->told_session) {
        tell_session(run);
    }
    while (run->shown < all->len && all->items[run->shown].status != ENTRY_OPEN) {
        const struct entry *entry = &all->items[run->shown++];
        if (run->json) {
            json_print_line(entry_to_json(entry));
        } else {
            entry_print(entry, stderr);
        }
    }
}

static void on_change(void *data)
{
    follow(data);
}

static void on_done(void *data)
{
    struct exec_run *run = data;
    run->over = true;
}

static bool judge(void *data, struct errand *errand, struct buf *told)
{
    struct exec_run *run = data;
    cJSON_Delete(run->output);
    buf_clear(&run->problems);
    bool ok = schema_check_text(run->schema, errand_answer(errand), &run->output, &run->problems);
    if (!ok) {
        cJSON_Delete(run->output);
        run->output = NULL;
        buf_printf(told,
            "The answer does not match the JSON Schema that was asked for:\n%s\nAnswer again, "
            "with one JSON value that matches it and nothing else.\n",
            run->problems.ptr);
    }
    return ok;
}

/* ---- how it ended ---- */

struct verdict_line {
    const char *status; /* "done", "checks_red", "schema_not_met", "not_applied", "failed" */
    int code;           /* enum exit_code, or as a shell has it of a signal */
    struct buf why;     /* one or more lines */
};

static bool is_failed(const struct verdict_line *verdict)
{
    return strcmp(verdict->status, "failed") == 0;
}

static void judge_proposal(struct exec_run *run, struct verdict_line *out)
{
    struct err err;
    bool apply = args_has(run->args, "apply");
    struct workbench *wb = errand_workbench(run->errand);
    const struct proposal *open = proposals_open(workbench_proposals(wb));
    if (open == NULL) {
        if (apply) {
            buf_append_c(&out->why, "nothing was proposed, so nothing is written");
        }
        return;
    }
    if (!errand_checks_passed(run->errand, &out->why)) {
        out->status = "checks_red";
        out->code = EXIT_NO;
    } else if (apply && checks_verdict(workbench_evidence(wb)) != RESULT_PASS) {
        out->status = "checks_red";
        out->code = EXIT_NO;
        buf_append_c(&out->why, "nothing is written: tests that it does not reach are not green");
    } else if (apply &&
               strcmp(config_string(workbench_config(wb), "apply_without_review"), "green") != 0) {
        out->status = "not_applied";
        out->code = EXIT_NO;
        buf_append_c(&out->why, "nothing is written: apply_without_review is \"never\" (see bylaw "
                                "config); the proposal waits for its review");
    } else if (apply && !errand_apply(run->errand, &err)) {
        out->status = "not_applied";
        out->code = EXIT_NO;
        buf_printf(&out->why, "nothing is written: %s", err.text);
    } else {
        run->written = apply;
    }
}

static void judge_end(struct exec_run *run, struct verdict_line *out)
{
    const char *trouble = errand_trouble(run->errand);
    *out = (struct verdict_line){.status = "done", .code = EXIT_YES};
    switch (errand_end(run->errand)) {
    case ERRAND_DONE:
        judge_proposal(run, out);
        break;
    case ERRAND_REFUSED:
        out->status = "schema_not_met";
        out->code = EXIT_NO;
        buf_printf(&out->why, "the answer still does not match the JSON Schema: %.*s",
            STR_FMT(str_trim_right(buf_str(&run->problems))));
        break;
    case ERRAND_FAILED:
    case ERRAND_RUNS:
    default:
        out->status = "failed";
        out->code = interrupt_came() != 0 ? 128 + interrupt_came() : EXIT_COULD_NOT;
        buf_append_c(&out->why, trouble == NULL ? "it did not end" : trouble);
    }
}

static void add_proposal(cJSON *event, const struct proposal *open, const struct checks *checks)
{
    cJSON *proposal = json_set_object(event, "proposal");
    json_set_int(proposal, "number", open->number);
    cJSON *files = json_set_array(proposal, "files");
    VEC_FOREACH (const struct change, change, &open->changes) {
        json_push_string(files, change->path);
    }
    cJSON *tests = json_set_object(proposal, "tests");
    struct tally tally = checks_tally(checks);
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        json_set_int(tests, result_status_name((enum result_status)i), (long long)tally.count[i]);
    }
}

static void print_result(struct exec_run *run, const struct verdict_line *verdict)
{
    struct workbench *wb = errand_workbench(run->errand);
    struct session *session = workbench_session(wb);
    const struct proposal *open = proposals_open(workbench_proposals(wb));
    const struct spend *spend = session_spend(session);
    cJSON *event = mem_require(cJSON_CreateObject());
    json_set_string(event, "type", "result");
    json_set_string(event, "status", verdict->status);
    json_set_int(event, "exit", verdict->code);
    json_set_optional(event, "message", verdict->why.len > 0 ? verdict->why.ptr : NULL);
    json_set_string(event, "session", session_id(session));
    json_set_str(event, "answer", errand_answer(run->errand));
    if (run->output != NULL) {
        cJSON_AddItemToObject(event, "output", mem_require(cJSON_Duplicate(run->output, true)));
    }
    if (open != NULL) {
        add_proposal(event, open, workbench_evidence(wb));
    }
    json_set_bool(event, "written", run->written);
    json_set_int(event, "declined", errand_declined(run->errand));
    cJSON *usage = json_set_object(event, "usage");
    json_set_int(usage, "input_tokens", spend->usage.input_tokens);
    json_set_int(usage, "cached_tokens", spend->usage.cached_tokens);
    json_set_int(usage, "output_tokens", spend->usage.output_tokens);
    json_set_int(usage, "requests", spend->requests);
    if (spend->uncounted > 0) {
        json_set_int(usage, "uncounted_answers", spend->uncounted);
    }
    if (errand_cost_is_known(run->errand)) {
        json_set_number(usage, "dollars", spend->dollars);
    }
    json_print_line(event);
}

static void print_answer(struct exec_run *run)
{
    struct buf shown = BUF_INIT;
    if (run->output != NULL) {
        cJSON *copy = mem_require(cJSON_Duplicate(run->output, true));
        json_print_line(copy);
        return;
    }
    struct str answer = str_trim_right(errand_answer(run->errand));
    if (isatty(STDOUT_FILENO)) {
        safe_append(&shown, answer, SAFE_KEEP_LINES);
    } else {
        buf_append_str(&shown, answer);
    }
    if (shown.len > 0) {
        puts(shown.ptr);
    }
    buf_free(&shown);
}

/* What is kept and where, and what it took. */
static void print_rest(struct exec_run *run, const struct verdict_line *verdict)
{
    struct workbench *wb = errand_workbench(run->errand);
    struct session *session = workbench_session(wb);
    const struct proposal *open = proposals_open(workbench_proposals(wb));
    struct buf took = BUF_INIT;
    bool known = errand_cost_is_known(run->errand);
    const struct spend *spend = session_spend(session);
    if (!known && spend->requests == 0) {
        buf_append_c(&took, "what it cost was not told");
    } else {
        spend_describe(spend, &took);
    }
    fprintf(stderr, "%s\n", took.ptr);
    buf_free(&took);
    if (!known) {
        (void)cost_option_tell_unknown(run->args);
    }
    if (open != NULL) {
        fprintf(stderr, "proposal %u, %zu file%s, waits for its review: bylaw --session %s\n",
            open->number, open->changes.len, open->changes.len == 1 ? "" : "s",
            session_id(session));
    } else if (verdict->code != EXIT_YES && errand_has_received(run->errand)) {
        fprintf(stderr, "what was received is kept: bylaw --session %s\n", session_id(session));
    }
}

/* What waits for its review says so in its session. */
static void mark_proposal(struct exec_run *run, const struct verdict_line *verdict)
{
    struct workbench *wb = errand_workbench(run->errand);
    if (proposals_open(workbench_proposals(wb)) != NULL) {
        bool red = strcmp(verdict->status, "checks_red") == 0 || is_failed(verdict);
        review_queue_mark(workbench_session(wb), QUEUE_READY, NULL, red ? verdict->why.ptr : NULL);
    }
}

static int finish(struct exec_run *run)
{
    struct verdict_line verdict;
    follow(run);
    judge_end(run, &verdict);
    mark_proposal(run, &verdict);
    follow(run);
    if (run->json) {
        print_result(run, &verdict);
    } else {
        if (!is_failed(&verdict) && (run->schema == NULL || run->output != NULL)) {
            print_answer(run);
        }
        print_rest(run, &verdict);
    }
    if (verdict.why.len > 0) {
        command_fail(run->args, "%s", verdict.why.ptr);
    }
    buf_free(&verdict.why);
    return verdict.code;
}

/* ---- the arguments ---- */

/* The prompt, and with a schema what the answer must be; the caller frees. */
static char *read_prompt(const struct exec_run *run, struct err *err)
{
    struct buf text = BUF_INIT;
    const char *given = run->args->rest[0];
    if (strcmp(given, "-") != 0) {
        buf_append_c(&text, given);
    } else if (!file_read_input(PROMPT_MAX, &text, err)) {
        buf_free(&text);
        return NULL;
    }
    if (str_trim(buf_str(&text)).len == 0) {
        buf_free(&text);
        err_set(err, ERR_INVALID, "the prompt is empty");
        return NULL;
    }
    if (run->schema != NULL) {
        buf_printf(&text,
            "\n\nYour last message must be one JSON value that matches this JSON Schema, and "
            "nothing else:\n%s\n",
            schema_text(run->schema));
    }
    return buf_take(&text);
}

static bool begin(struct exec_run *run, struct err *err)
{
    const struct args *args = run->args;
    const char *schema = args_get(args, "output-schema");
    const char *sandbox = args_get(args, "sandbox");
    const char *folder = args_get(args, "dir");
    double cost;
    double minutes;
    if (args->count != 1) {
        return err_set(
            err, ERR_INVALID, "takes one PROMPT (in quotes), or - for the standard input");
    }
    if (sandbox != NULL && strcmp(sandbox, "read-only") != 0) {
        return err_set(err, ERR_INVALID,
            "--sandbox takes read-only alone: more is for sandbox_mode to say, in a file");
    }
    if (!cost_option_read(args, &cost, err) || !time_option_read(args, &minutes, err)) {
        return false;
    }
    if (schema != NULL && (run->schema = schema_read(schema, err)) == NULL) {
        return false;
    }
    char *prompt = read_prompt(run, err);
    if (prompt == NULL) {
        return false;
    }
    struct errand_setup setup = {.loop = run->loop,
        .folder = folder == NULL ? "." : folder,
        .provider = args_get(args, "provider"),
        .profile = args_get(args, "profile"),
        .sandbox = sandbox,
        .is_program = true,
        .prompt = prompt,
        .schema =
            run->schema != NULL && schema_is_strict(run->schema) ? schema_text(run->schema) : NULL,
        .budget = cost,
        .minutes = minutes,
        .tries = TRIES,
        .judge = run->schema == NULL ? NULL : judge,
        .gated = true,
        .changed = on_change,
        .done = on_done,
        .data = run};
    run->errand = errand_start(&setup, err);
    free(prompt);
    if (run->errand == NULL) {
        return false;
    }
    untrusted_say(setup.folder, workbench_config(errand_workbench(run->errand)));
    return true;
}

static int run_exec(const struct args *args)
{
    struct err err;
    struct exec_run run = {.args = args, .json = args_has(args, "json"), .loop = loop_new(&err)};
    if (run.loop == NULL) {
        return command_fail(args, "%s", err.text);
    }
    int code;
    if (begin(&run, &err)) {
        interrupt_watch();
        while (!run.over) {
            loop_run_once(run.loop, 1000);
            if (interrupt_came() != 0) {
                errand_stop(run.errand);
            }
        }
        code = finish(&run);
    } else {
        code = command_fail(args, "%s", err.text);
    }
    errand_free(run.errand);
    loop_free(run.loop);
    schema_free(run.schema);
    buf_free(&run.problems);
    cJSON_Delete(run.output);
    return code;
}

const struct command command_exec = {
    .name = "exec",
    .summary = "one prompt to the agent without a screen; its answer on the standard output",
    .usage = "[-p PROFILE] [--output-schema FILE] [--json] [--sandbox read-only] [--apply] "
             "[--max-cost DOLLARS] [--max-time MINUTES] [--dir DIR] PROMPT|-",
    .options =
        {
            {"profile", 'p', "NAME", "a [profiles.NAME]"},
            {"provider", 0, "NAME", "a [model_providers] name, codex, acp:NAME or recording"},
            {"output-schema", 0, "FILE", "the answer must match this JSON Schema"},
            {"json", 'j', NULL, "one JSON object a line: what happens, and at last the result"},
            {"sandbox", 0, "read-only", "commands of the agent write nothing, whatever is set"},
            {"apply", 0, NULL,
                "write what is proposed, if every check passes and "
                "apply_without_review allows it"},
            COST_OPTION,
            TIME_OPTION("it"),
            {"dir", 'd', "DIR", "the workspace (default: the current folder)"},
        },
    .description =
        "Sends the prompt in a new session, with the same agent, tools, hooks, sandbox and bounds "
        "as on the screen, and waits until it has ended and what it proposes was checked; failed "
        "checks go back to it as mend_attempts has it. What the agent would ask you is declined: "
        "nobody is there. What happens is told on the standard error, the answer is printed on the "
        "standard output.\n\n"
        "What it proposes is saved for your review: bylaw opens it. With --apply it is written, "
        "but only when bylaw check --base would pass the workspace with it and every test in it "
        "passes, and only "
        "where the setting apply_without_review is \"green\".\n\n"
        "With --output-schema the answer is given to the server as the form of its output where it "
        "takes one (OpenAI's strict mode), and checked here in any case; an answer that does not "
        "match goes back with what is wrong, twice. A keyword that is not known is refused before "
        "anything is sent: known are those of OpenAI's structured outputs and what is common of "
        "drafts 7 and 2020-12.\n\n"
        "Whatever goes wrong, what was received is kept in the session.\n\n"
        "It always ends: max_turns, max_tokens and max_cost bound what it asks of a model, and "
        "what "
        "is not over after --max-time is stopped, whatever it is busy with. An agent of its own "
        "(codex, acp:NAME) asks its model by itself, so that its time is the bound; one over ACP "
        "is "
        "also stopped when it says more than 8 MiB, puts out more than 256 MiB, or uses more than "
        "10,000 tools in one turn.\n\n"
        "Exit codes: 0 done; 1 what is proposed would not pass bylaw check --base, the answer does "
        "not match "
        "the schema, or --apply was not allowed; 2 it could not: no model, an error of it, a bound "
        "was reached, a bad schema; 130 it was stopped by Ctrl-C (what came until then is kept).",
    .run = run_exec,
};
