/* From no process to a thread that takes turns. */
#include "base/safe.h"
#include "codex/codex_private.h"
#include "engine/engine.h"

#include <stdlib.h>

enum { START_MS = 30000 };

/* A test may be less patient. */
static uint64_t start_ms(void)
{
    return outside_patience() < START_MS ? outside_patience() : START_MS;
}

/* ---- asking for it ---- */

/* `heard`: the thread was told our instructions as they are now, and knows no more than them. */
static void answered(struct codex *codex, struct rpc_answer *answer, bool heard)
{
    const char *id = json_string(json_get(answer->result, "thread"), "id");
    if (id == NULL) {
        codex_fail(
            codex, ERR_EXTERNAL, "Codex began no thread: its answer is not of a shape bylaw knows");
        return;
    }
    free(codex->thread);
    codex->thread = mem_strdup(id);
    codex->step = STEP_READY;
    free(codex->kept);
    codex->kept = heard ? mem_strdup(codex->instructions == NULL ? "" : codex->instructions) : NULL;
    free(codex->kept_files); /* Codex reads them whenever it loads a thread */
    codex->kept_files = mem_strdup(codex->files == NULL ? "" : codex->files);
    codex_remember_kept(codex);
    if (!heard) {
        free(codex->history);
        codex->history = NULL;
    }
    struct err err;
    if (!outside_remember("codex", codex->session, id, &err)) {
        outside_warn(
            &codex->outside, "After a restart Codex will not remember this session: %s", err.text);
    }
    codex_go_on(codex);
}

void codex_remember_kept(struct codex *codex)
{
    mem_replace(&codex->told, codex->kept);
    mem_replace(&codex->told_files, codex->kept_files);
}

const char *codex_approval(const struct codex *codex)
{
    return codex->host.approval == NULL ? "on-request" : codex->host.approval(codex->host.data);
}

/* Our instructions name the tools as the built-in agent has them. */
static const char where_tools_are[] =
    "\n\nIn this session list_files, read_file, search, run_tests, check, guards, find_symbol and "
    "evaluate are tools of the MCP server bylaw: where they are not listed, find them with "
    "tool_search. opa and the other engines need not be on your shell's PATH; run_tests and check "
    "have them. You work in a scratch copy of the workspace, which your shell only reads; it is "
    "made to agree with the engineer's files before each turn: read a file again before you change "
    "it.";

static cJSON *thread_params(struct codex *codex)
{
    cJSON *params = mem_require(cJSON_CreateObject());
    json_set_string(params, "cwd", codex->root);
    json_set_string(params, "approvalPolicy", codex_approval(codex));
    json_set_string(params, "approvalsReviewer", "user"); /* whatever its own config.toml says */
    json_set_string(params, "sandbox", "read-only");
    if (codex->instructions != NULL) {
        char *text = mem_printf(
            "%s%s", codex->instructions, codex->host.tools == NULL ? "" : where_tools_are);
        json_set_string(params, "developerInstructions", text);
        free(text);
    }
    if (codex->model != NULL) {
        json_set_string(params, "model", codex->model);
    }
    /* Codex would tell the model of a repository's skills whether they are trusted or not: we do.
     */
    cJSON *config = json_set_object(params, "config");
    json_set_bool(config, "skills.include_instructions", false);
    if (codex->host.tools != NULL) {
        cJSON *server = json_set_object(config, "mcp_servers.bylaw");
        json_set_string(server, "command", codex->host.tools);
        cJSON *args = json_set_array(server, "args");
        json_push_string(args, "mcp");
        json_push_string(args, "--read-only");
        json_push_string(args, codex->root);
    }
    return params;
}

static void on_started(void *data, struct rpc_answer *answer)
{
    struct codex *codex = data;
    if (answer->status == RPC_ANSWERED) {
        answered(codex, answer, true);
        return;
    }
    codex->step = STEP_IDLE;
    if (answer->status != RPC_GONE) { /* then on_end says it */
        bool of_config = strstr(answer->message, "config") != NULL;
        codex_fail(codex, ERR_EXTERNAL, "Codex began no thread: %s%s", answer->message,
            of_config ? ". `bylaw doctor` says what to change in its config.toml" : "");
    }
}

static void start_thread(struct codex *codex)
{
    codex->step = STEP_THREAD;
    rpc_call(codex->rpc, "thread/start", thread_params(codex), START_MS, on_started, codex);
}

static void on_resumed(void *data, struct rpc_answer *answer)
{
    struct codex *codex = data;
    if (answer->status == RPC_ANSWERED) {
        answered(codex, answer, false);
        return;
    }
    if (answer->status == RPC_REFUSED && codex->compacts) {
        codex->step = STEP_IDLE;
        codex_fail(codex, ERR_NOT_FOUND,
            "Codex no longer has the thread of this session; the next prompt begins a new one (%s)",
            answer->message);
        return;
    }
    if (answer->status == RPC_REFUSED) { /* its files are gone: a new thread is better than none */
        outside_warn(&codex->outside,
            "Codex no longer has the thread of this session and begins a new one, told what was "
            "said so far (%s)",
            answer->message);
        start_thread(codex);
        return;
    }
    codex->step = STEP_IDLE;
    if (answer->status == RPC_GONE) {
        return;
    }
    codex_fail(codex, ERR_EXTERNAL, "Codex did not take up its thread: %s", answer->message);
}

void codex_ask_thread(struct codex *codex)
{
    char *id =
        codex->thread != NULL ? mem_strdup(codex->thread) : outside_known("codex", codex->session);
    if (id == NULL && codex->compacts) {
        codex_fail(codex, ERR_NOT_FOUND, "Codex has heard nothing of this session yet");
        return;
    }
    if (id == NULL) {
        start_thread(codex);
        return;
    }
    bool forks = str_starts(str_of(id), CODEX_FORK_OF);
    cJSON *params = thread_params(codex);
    json_set_string(params, "threadId", forks ? id + strlen(CODEX_FORK_OF) : id);
    json_set_bool(params, "excludeTurns", true);
    codex->step = STEP_THREAD;
    rpc_call(
        codex->rpc, forks ? "thread/fork" : "thread/resume", params, START_MS, on_resumed, codex);
    free(id);
}

/* ---- the process ---- */

/* "polterm/0.169.0 (Debian …)": the version stands behind our own name. */
static bool is_new_enough(const char *agent, char **version)
{
    const char *slash = agent == NULL ? NULL : strchr(agent, '/');
    struct str rest = str_of(slash == NULL ? "" : slash + 1);
    *version = str_dup(str_slice(rest, 0, strcspn(rest.ptr, " ")));
    return (*version)[0] == '\0' || engine_version_at_least(*version, CODEX_LEAST_VERSION);
}

/* Without a login it would go on to try the server. It reads one when it starts. */
static void on_account(void *data, struct rpc_answer *answer)
{
    struct codex *codex = data;
    if (answer->status == RPC_GONE) {
        return;
    }
    if (answer->status == RPC_ANSWERED &&
        json_bool_or(answer->result, "requiresOpenaiAuth", false) &&
        !cJSON_IsObject(json_get(answer->result, "account"))) {
        codex_fail(codex, ERR_DENIED,
            "Codex is not logged in: run codex login in a terminal, then try again");
        rpc_kill(codex->rpc, "it is not logged in");
        return;
    }
    codex->step = STEP_IDLE;
    codex_go_on(codex);
}

static void on_initialized(void *data, struct rpc_answer *answer)
{
    struct codex *codex = data;
    char *version = NULL;
    if (answer->status == RPC_GONE) {
        return;
    }
    if (answer->status != RPC_ANSWERED) {
        if (answer->status == RPC_TIMEOUT) {
            codex_fail(codex, ERR_EXTERNAL,
                "Codex did not answer within %g s of its start and was stopped: `codex app-server` "
                "in a terminal may say why",
                (double)start_ms() / 1000);
            rpc_kill(codex->rpc, "it does not answer");
        } else {
            codex_fail(codex, ERR_EXTERNAL, "Codex does not speak its app-server protocol: %s",
                answer->message);
        }
        return;
    }
    if (!is_new_enough(json_string(answer->result, "userAgent"), &version)) {
        char *shown = safe_dup(str_of(version), SAFE_ONE_LINE, 40);
        codex_fail(codex, ERR_UNSUPPORTED,
            "Codex is version %s; %s or newer is needed: npm install -g @openai/codex", shown,
            CODEX_LEAST_VERSION);
        rpc_kill(codex->rpc, "too old");
        free(shown);
    } else {
        rpc_notify(codex->rpc, "initialized", NULL);
        rpc_call(codex->rpc, "account/read", mem_require(cJSON_CreateObject()), START_MS,
            on_account, codex);
    }
    free(version);
}

static void on_end(void *data, const struct rpc_end *end)
{
    struct codex *codex = data;
    char *why = mem_strdup(end->why);
    rpc_free(codex->rpc);
    codex->rpc = NULL;
    codex->step = STEP_DOWN;
    codex->heard = 0; /* it may not have kept what it was told last */
    char *said =
        mem_printf("%s. What it had proposed is kept; the next prompt starts it again", why);
    if (codex->turn != NULL) {
        codex_end_turn(codex, STOP_OTHER, ERR_EXTERNAL, said);
    } else {
        codex_turn_over(codex);
        codex_fail(codex, ERR_EXTERNAL, "%s", said);
        free(said);
    }
    free(why);
}

bool codex_start_process(struct codex *codex, struct err *err)
{
    /* The model may show a plan, ask a question and ask for permissions: whoever reads answers. */
    const char *argv[] = {codex->program, "app-server", "-c", "tools.update_plan.enabled=true",
        "-c", "features.default_mode_request_user_input=true", "-c",
        "features.request_permissions_tool=true", "-c", "suppress_unstable_features_warning=true",
        /* One thread asks at a time, and its turn is ours. */
        "-c", "features.multi_agent=false", "-c", "features.multi_agent_v2=false", NULL};
    struct rpc_options options = {.name = "codex",
        .argv = argv,
        .cwd = codex->root,
        .env = (const char *const *)codex->env.items,
        .framing = FRAMING_LINES,
        .bare = true,
        .on_notification = codex_on_notification,
        .on_request = codex_on_request,
        .on_end = on_end,
        .data = codex};
    codex->rpc = rpc_start(codex->loop, &options, err);
    if (codex->rpc == NULL) {
        return false;
    }
    codex->step = STEP_HANDSHAKE;
    cJSON *params = mem_require(cJSON_CreateObject());
    cJSON *client = json_set_object(params, "clientInfo");
    json_set_string(client, "name", "bylaw");
    json_set_string(client, "title", "bylaw");
    json_set_string(client, "version", BYLAW_VERSION);
    /* For additionalContext: instructions that change while a thread goes on. */
    json_set_bool(json_set_object(params, "capabilities"), "experimentalApi", true);
    rpc_call(codex->rpc, "initialize", params, start_ms(), on_initialized, codex);
    return true;
}
