/* bylaw mcp: our tools for other agents, on standard input and output. */
#include "command/command.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/workbench.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "mcp/mcp.h"

static const char proposing[] =
    "Tools for policy-as-code (Rego, Gatekeeper, Kyverno, Conftest, Cedar). apply_patch proposes a "
    "change: it is not written to the workspace, the engineer reviews it line by line in bylaw. "
    "The other tools see the workspace with the proposal on top. Run the tests and the guards on "
    "what you propose before you say that it is done.";
static const char looking[] =
    "Tools for policy-as-code (Rego, Gatekeeper, Kyverno, Conftest, Cedar), on the files as they "
    "stand. None of them changes anything. Run the tests and the guards on what you have changed "
    "before you say that it is done.";

static const char handed_over[] =
    "[bylaw] The engineer has taken what you proposed so far for review. The tools see the "
    "workspace without it now, and with what of it is accepted once that is written. Propose what "
    "else is needed as a change of its own, and read a file again before you change it.";

/* How soon a workbench gets what it wants. */
enum { LOOK_MS = 500 };

struct serving {
    struct loop *loop;
    struct workbench *workbench;
    struct mcp *mcp;
    struct loop_poll *input;
    struct loop_timer *look; /* whether a workbench wants what is proposed */
    bool over;               /* the client closed our input, or does not read any more */
    bool told;               /* the transcript says who proposes */
};

static void on_change(void *data, enum workbench_change what)
{
    struct serving *serving = data;
    if (what == WORKBENCH_FILES) { /* they are known: tools may run */
        mcp_set_ready(serving->mcp, true);
    }
}

/* A workbench beside wants to review what is proposed so far: it gets the session, and what the
 * client proposes next is another one. Between two calls only: no change is torn. */
static void on_look(void *data)
{
    struct serving *serving = data;
    struct err err;
    struct session *session = workbench_session(serving->workbench);
    if (mcp_open_calls(serving->mcp) > 0 || !session_is_wanted(session)) {
        return;
    }
    if (!workbench_open_session(serving->workbench, NULL, &err)) {
        log_write("mcp", "what is proposed is not handed over: %s", err.text);
        return;
    }
    serving->told = false;
    mcp_note(serving->mcp, handed_over);
}

static void write_out(void *data, struct str line)
{
    struct serving *serving = data;
    if (!serving->over && !file_write_all(STDOUT_FILENO, line, NULL)) {
        serving->over = true;
    }
}

/* The change joins the proposal, as at the end of a turn. */
static void on_called(void *data, const char *name, bool failed)
{
    struct serving *serving = data;
    (void)name;
    (void)failed;
    if (!serving->told && proposals_open(workbench_proposals(serving->workbench)) != NULL) {
        struct session *session = workbench_session(serving->workbench);
        struct entry entry = {.kind = ENTRY_NOTICE, .status = ENTRY_DONE};
        buf_printf(&entry.text, "Proposed by %s, through bylaw mcp.", mcp_client(serving->mcp));
        cJSON *title = mem_require(cJSON_CreateObject());
        json_set_str(title, "text", buf_str(&entry.text));
        session_record(session, "title", title, true);
        session_add_entry(session, entry);
        serving->told = true;
    }
    workbench_show_proposal(serving->workbench);
}

/* False at the end. */
static bool read_in(struct serving *serving)
{
    char bytes[65536];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got > 0) {
        mcp_feed(serving->mcp, str_make(bytes, (size_t)got));
    }
    return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

static void on_readable(void *data, int events)
{
    struct serving *serving = data;
    (void)events;
    if (!read_in(serving)) {
        loop_poll_set(serving->input, 0);
        serving->over = true;
    }
}

static int serve(struct serving *serving)
{
    struct err err;
    serving->input =
        loop_poll_new(serving->loop, STDIN_FILENO, UV_READABLE, on_readable, serving, &err);
    if (serving->input != NULL) {
        while (!serving->over) {
            loop_run_once(serving->loop, -1);
        }
        loop_poll_free(serving->input);
        return EXIT_YES;
    }
    /* A regular file is not waited for, and its calls are answered though its end has been read. */
    while (read_in(serving)) {
    }
    while (mcp_open_calls(serving->mcp) > 0 && !serving->over) {
        loop_run_once(serving->loop, -1);
    }
    return EXIT_YES;
}

static int run(const struct args *args)
{
    struct err err;
    struct serving serving = {.loop = loop_new(&err)};
    if (serving.loop == NULL) {
        return command_fail(args, "%s", err.text);
    }
    struct workbench_options options = {.loop = serving.loop,
        .folder = args->count > 0 ? args->rest[0] : ".",
        .fresh = true,
        .without_model = true,
        .changed = on_change,
        .data = &serving};
    serving.workbench = workbench_new(&options, &err);
    if (serving.workbench == NULL) {
        loop_free(serving.loop);
        return command_fail(args, "%s", err.text);
    }
    struct mcp_setup setup = {.toolbox = workbench_toolbox(serving.workbench),
        .instructions = args_has(args, "read-only") ? looking : proposing,
        .read_only = args_has(args, "read-only"),
        .write = write_out,
        .called = on_called,
        .data = &serving};
    serving.mcp = mcp_new(&setup);
    serving.look = loop_timer_new(serving.loop, on_look, &serving);
    loop_timer_start(serving.look, LOOK_MS, LOOK_MS);
    int code = serve(&serving);
    loop_timer_free(serving.look);
    mcp_free(serving.mcp);
    workbench_free(serving.workbench);
    loop_free(serving.loop);
    return code;
}

const struct command command_mcp = {
    .name = "mcp",
    .summary = "offer the policy tools to another agent (Model Context Protocol on standard input "
               "and output)",
    .usage = "[--read-only] [FOLDER]",
    .options = {{"read-only", '\0', NULL, "without apply_patch: nothing is proposed"}},
    .description = "For Codex and other MCP clients, which start it themselves:\n\n"
                   "codex mcp add bylaw -- bylaw mcp\n\n"
                   "It offers the tools of our own agent on FOLDER (default: the current one): "
                   "list, read and search files, run "
                   "tests with coverage, check, guards, evaluate, find symbols, and apply_patch, "
                   "which proposes a change. "
                   "Nothing is written to the folder: the proposal is kept as a session of it, and "
                   "`bylaw` opens it for review when the client has ended; one that is open says "
                   "that it waits, and takes it over at once when you go to it (Alt-N, /reviews): "
                   "what the client proposes afterwards is a change of its own.\n\n"
                   "Exit code: 0 the client closed the connection, 2 the folder cannot be used.",
    .run = run,
};
