/* From no process to a session that takes prompts. */
#include "acp/acp_private.h"
#include "base/path.h"
#include "base/vec.h"
#include "sandbox/confined.h"

#include <stdlib.h>

/* ---- the session ---- */

/* Where the sessions of this agent are remembered. The caller frees. */
static char *kind_of(const struct acp *acp)
{
    return mem_printf("acp/%s", acp->agent.name);
}

static void begun(struct acp *acp, const char *id, const cJSON *result, bool remembers)
{
    struct err err;
    char *kind = kind_of(acp);
    char *kept = mem_strdup(id);
    free(acp->session);
    acp->session = kept;
    acp->step = ACP_READY;
    acp->unknown = false;
    acp->resumed = remembers;
    acp_forget_choices(acp);
    acp_begin_offers(acp, result);
    if (!remembers) {
        acp_begin_spending(acp, false);
        free(acp->told);
        acp->told = NULL;
    }
    if (!outside_remember(kind, acp->ours, kept, &err)) {
        outside_warn(&acp->outside, "After a restart %s will not remember this session: %s",
            acp->agent.name, err.text);
    }
    free(kind);
    acp_go_on(acp);
}

/* What it is started in: runtimes take up what lies where they begin (bunfig.toml, .env), and
 * neither the repository nor the agent can put anything there. The session names the lent tree. */
static char *start_folder(const struct acp *acp)
{
    return path_dir(lent_root(acp->lent));
}

/* Beside the lent tree, where what runs in the cage may keep what is no part of the workspace. */
static char *own_folder(const struct acp *acp)
{
    char *folder = start_folder(acp);
    char *own = path_join(folder, "own");
    free(folder);
    return own;
}

static void add_variable(cJSON *env, const char *name, const char *value)
{
    cJSON *variable = mem_require(cJSON_CreateObject());
    json_set_string(variable, "name", name);
    json_set_string(variable, "value", value);
    cJSON_AddItemToArray(env, variable);
}

/* Our tools run in the cage too, where they can write neither our state nor our cache. */
static void set_places(const struct acp *acp, cJSON *env)
{
    char *own = own_folder(acp);
    char *cache = path_home_dir(PATH_CACHE, NULL);
    const char *path = getenv("PATH");
    add_variable(env, "XDG_STATE_HOME", own);
    add_variable(env, "XDG_CACHE_HOME", own);
    if (cache != NULL && path != NULL) { /* where scripts/setup puts engines */
        char *both = mem_printf("%s:%s/bin", path, cache);
        add_variable(env, "PATH", both);
        free(both);
    }
    free(cache);
    free(own);
}

static cJSON *session_params(const struct acp *acp)
{
    cJSON *params = mem_require(cJSON_CreateObject());
    json_set_string(params, "cwd", lent_root(acp->lent));
    cJSON *servers = json_set_array(params, "mcpServers");
    if (acp->host.tools != NULL) {
        cJSON *server = mem_require(cJSON_CreateObject());
        json_set_string(server, "name", "bylaw");
        json_set_string(server, "command", acp->host.tools);
        cJSON *args = json_set_array(server, "args");
        json_push_string(args, "mcp");
        json_push_string(args, "--read-only");
        json_push_string(args, lent_root(acp->lent));
        set_places(acp, json_set_array(server, "env"));
        cJSON_AddItemToArray(servers, server);
    }
    return params;
}

static void not_begun(struct acp *acp, const struct rpc_answer *answer)
{
    acp->step = ACP_IDLE;
    if (answer->status == RPC_GONE) { /* on_end says it */
        return;
    }
    if (answer->status == RPC_ANSWERED) {
        acp_fail(acp, ERR_EXTERNAL, "%s began no session: its answer is not of a shape bylaw knows",
            acp->agent.name);
    } else {
        enum err_kind kind;
        char *what = mem_printf("%s began no session", acp->agent.name);
        char *why = acp_refusal(acp, answer, what, &kind);
        if (kind != ERR_DENIED || !acp_ask_login(acp, acp_words_of(acp, answer))) {
            acp_fail(acp, kind, "%s", why);
        }
        free(why);
        free(what);
    }
}

static void on_new(void *data, struct rpc_answer *answer)
{
    struct acp *acp = data;
    const char *id =
        answer->status == RPC_ANSWERED ? json_string(answer->result, "sessionId") : NULL;
    if (id == NULL) {
        not_begun(acp, answer);
    } else {
        begun(acp, id, answer->result, false);
    }
}

static void ask_new(struct acp *acp)
{
    acp->step = ACP_SESSION;
    rpc_call(acp->rpc, "session/new", session_params(acp), outside_patience(), on_new, acp);
}

static void on_loaded(void *data, struct rpc_answer *answer)
{
    struct acp *acp = data;
    if (answer->status == RPC_ANSWERED) {
        begun(acp, acp->session, answer->result, true);
    } else if (answer->status == RPC_REFUSED &&
               answer->code != ACP_AUTH_REQUIRED) { /* it is gone: a new one is better than none */
        outside_warn(&acp->outside,
            "%s no longer has this session and begins anew, told what was said so far (%s)",
            acp->agent.name, answer->message);
        ask_new(acp);
    } else {
        not_begun(acp, answer);
    }
}

void acp_ask_session(struct acp *acp)
{
    char *kind = kind_of(acp);
    if (acp->session == NULL && !acp->unknown) {
        acp->session = outside_known(kind, acp->ours);
    }
    free(kind);
    if (acp->session == NULL || (!acp->can_load && !acp->can_resume)) {
        ask_new(acp);
        return;
    }
    cJSON *params = session_params(acp);
    json_set_string(params, "sessionId", acp->session);
    acp->step = ACP_SESSION;
    acp_begin_spending(acp, true);
    /* Resumed rather than loaded: a load tells all that was said once more. */
    rpc_call(acp->rpc, acp->can_resume ? "session/resume" : "session/load", params,
        outside_patience(), on_loaded, acp);
}

/* ---- the process ---- */

static void read_capabilities(struct acp *acp, const cJSON *result)
{
    const cJSON *can = json_get(result, "agentCapabilities");
    acp->can_load = json_bool_or(can, "loadSession", false);
    acp->can_resume = cJSON_IsObject(json_get_path(can, "sessionCapabilities.resume"));
    acp_take_logins(acp, result);
}

/* As one would type it. The caller frees. */
static char *command_line(const struct acp *acp)
{
    struct buf out = BUF_INIT;
    VEC_FOREACH (char *const, word, &acp->agent.command) {
        buf_printf(&out, "%s%s", out.len > 0 ? " " : "", *word);
    }
    return buf_take(&out);
}

static void on_initialized(void *data, struct rpc_answer *answer)
{
    struct acp *acp = data;
    if (answer->status == RPC_GONE) {
        return;
    }
    if (answer->status != RPC_ANSWERED) {
        char *command = command_line(acp);
        const char *why = answer->status == RPC_TIMEOUT
                              ? "is still starting, or does not speak the Agent Client Protocol"
                              : "does not speak the Agent Client Protocol";
        acp_fail(acp, ERR_EXTERNAL, "%s %s (%s): try again, or see what its command says: %s",
            acp->agent.name, why, answer->message, command);
        free(command);
        rpc_kill(acp->rpc, "does not speak the Agent Client Protocol");
        return;
    }
    long long version = json_int_or(answer->result, "protocolVersion", -1);
    if (version != ACP_PROTOCOL_VERSION) {
        acp_fail(acp, ERR_UNSUPPORTED,
            "%s speaks version %lld of the Agent Client Protocol, bylaw speaks %d: %s",
            acp->agent.name, version, ACP_PROTOCOL_VERSION,
            version < ACP_PROTOCOL_VERSION ? "install a newer one" : "a newer bylaw is needed");
        rpc_kill(acp->rpc, "speaks another version of the protocol");
        return;
    }
    read_capabilities(acp, answer->result);
    acp->step = ACP_IDLE;
    acp_go_on(acp);
}

static void on_end(void *data, const struct rpc_end *end)
{
    struct acp *acp = data;
    char *why =
        mem_printf("%s. What it had changed is kept; the next prompt starts it again", end->why);
    rpc_free(acp->rpc);
    acp->rpc = NULL;
    acp->step = ACP_DOWN;
    outside_heard(&acp->outside);
    acp->logging_in = false;
    if (acp->login_call != NULL) {
        outside_emit(
            &acp->outside, &(struct event){.kind = EVENT_UNASK, .call_id = acp->login_call});
        free(acp->login_call);
        acp->login_call = NULL;
    }
    if (acp->prompting) {
        acp_prompt_over(acp, STOP_OTHER, why, ERR_EXTERNAL);
        return;
    }
    if (acp->input != NULL && !acp->laying_out) {
        acp_fail(acp, ERR_EXTERNAL, "%s", why);
    }
    free(why);
}

static cJSON *initialize_params(void)
{
    cJSON *params = mem_require(cJSON_CreateObject());
    json_set_int(params, "protocolVersion", ACP_PROTOCOL_VERSION);
    cJSON *can = json_set_object(params, "clientCapabilities");
    cJSON *files = json_set_object(can, "fs");
    /* It reads its copy by itself: nothing of ours is newer. And Gemini cannot tell, of a file that
     * it asks us for, that there is none yet, and so makes none. */
    json_set_bool(files, "readTextFile", false);
    json_set_bool(files, "writeTextFile", true);
    json_set_bool(can, "terminal", false);
    json_set_bool(json_set_object(can, "auth"), "terminal", true);
    (void)json_set_object(json_set_object(can, "session"), "notices");
    cJSON *client = json_set_object(params, "clientInfo");
    json_set_string(client, "name", "bylaw");
    json_set_string(client, "title", "bylaw");
    json_set_string(client, "version", BYLAW_VERSION);
    return params;
}

/* Its own folders, made where they are missing; false and why. */
static bool find_folders(const struct acp *acp, struct acp_words *out, struct err *err)
{
    char *own = own_folder(acp);
    VEC_PUSH(out, mem_strdup(lent_root(acp->lent)));
    VEC_PUSH(out, own);
    if (!path_make_dirs(own, err)) {
        return false;
    }
    VEC_FOREACH (char *, written, &acp->agent.folders) {
        char *folder = acp_agent_folder(*written, err);
        if (folder == NULL) {
            return false;
        }
        VEC_PUSH(out, folder);
        if (!path_make_dirs(folder, err)) {
            return false;
        }
    }
    VEC_PUSH(out, NULL);
    return true;
}

/* "NAME=value" of the variables that are handed on. */
static void find_variables(const struct acp *acp, struct acp_words *out)
{
    VEC_FOREACH (char *, name, &acp->agent.env) {
        const char *value = getenv(*name);
        if (value != NULL) {
            VEC_PUSH(out, mem_printf("%s=%s", *name, value));
        }
    }
    VEC_PUSH(out, NULL);
}

static void free_words(struct acp_words *words)
{
    VEC_FOREACH (char *, word, words) {
        free(*word);
    }
    VEC_FREE(words);
}

static bool start_confined(struct acp *acp, const struct acp_words *folders, struct err *err)
{
    struct confined_words line = {0};
    struct acp_words command = {0};
    struct acp_words env = {0};
    VEC_PUSH(&command, acp->program);
    for (size_t i = 1; i < acp->agent.command.len; i++) {
        VEC_PUSH(&command, acp->agent.command.items[i]);
    }
    VEC_PUSH(&command, NULL);
    VEC_PUSH(&acp->agent.env, NULL);
    struct confined_cage cage = {.writable = (const char *const *)folders->items,
        .variables = (const char *const *)acp->agent.env.items,
        .network = acp->agent.network};
    bool ok = confined_wrap(&cage, (const char *const *)command.items, &line, err);
    acp->agent.env.len--;
    if (ok) {
        char *folder = start_folder(acp);
        find_variables(acp, &env);
        struct rpc_options options = {.name = acp->agent.name,
            .argv = line.items,
            .cwd = folder,
            .env = (const char *const *)env.items,
            .framing = FRAMING_LINES,
            .on_notification = acp_on_notification,
            .on_request = acp_on_request,
            .on_end = on_end,
            .data = acp};
        acp->rpc = rpc_start(acp->loop, &options, err);
        free_words(&env);
        free(folder);
    }
    VEC_FREE(&command);
    confined_words_free(&line);
    return ok && acp->rpc != NULL;
}

bool acp_start_process(struct acp *acp, struct err *err)
{
    struct acp_words folders = {0};
    bool ok = find_folders(acp, &folders, err) && start_confined(acp, &folders, err);
    free_words(&folders);
    if (!ok) {
        return false;
    }
    acp->step = ACP_HANDSHAKE;
    rpc_call(acp->rpc, "initialize", initialize_params(), outside_patience(), on_initialized, acp);
    return true;
}
