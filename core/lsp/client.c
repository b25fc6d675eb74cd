/* One server's life: started, introduced, restarted after a crash, stopped. */
#include "base/log.h"
#include "base/safe.h"
#include "lsp/lsp_private.h"
#include "lsp/uri.h"

#include <unistd.h>

enum {
    SERVER_NICE = 10,          /* Regal works for ten seconds of CPU after its start: keys first */
    START_TIMEOUT_MS = 120000, /* a server that reads a large folder first, on a busy machine */
    IDLE_MS = 60000,
    CRASHES_MAX = 3,
    HEALTHY_MS = 600000 /* one that lived so long may crash three times again */
};

/* What we take, LSP 3.17. Nothing may be registered later but what we have anyway, and no edit is
 * applied by itself. */
static const char capabilities[] =
    "{\"general\":{\"positionEncodings\":[\"utf-8\",\"utf-16\"]},"
    "\"workspace\":{\"applyEdit\":true,\"workspaceEdit\":{\"documentChanges\":true,"
    "\"resourceOperations\":[\"create\",\"rename\",\"delete\"]},\"configuration\":true,"
    "\"workspaceFolders\":true,\"executeCommand\":{},\"diagnostics\":{\"refreshSupport\":true},"
    "\"didChangeConfiguration\":{},\"didChangeWatchedFiles\":{\"dynamicRegistration\":true}},"
    "\"textDocument\":{\"synchronization\":{\"didSave\":true},"
    "\"publishDiagnostics\":{\"versionSupport\":true,\"codeDescriptionSupport\":true,"
    "\"dataSupport\":true},\"diagnostic\":{},"
    "\"hover\":{\"contentFormat\":[\"plaintext\",\"markdown\"]},"
    "\"completion\":{\"completionItem\":{\"snippetSupport\":true,\"documentationFormat\":"
    "[\"plaintext\",\"markdown\"],\"insertReplaceSupport\":true,\"resolveSupport\":"
    "{\"properties\":[\"documentation\",\"detail\",\"additionalTextEdits\"]}},"
    "\"contextSupport\":true},"
    "\"signatureHelp\":{\"signatureInformation\":{\"documentationFormat\":[\"plaintext\","
    "\"markdown\"],\"parameterInformation\":{\"labelOffsetSupport\":true},"
    "\"activeParameterSupport\":true}},"
    "\"definition\":{\"linkSupport\":true},\"references\":{},"
    "\"documentSymbol\":{\"hierarchicalDocumentSymbolSupport\":true},"
    "\"codeAction\":{\"codeActionLiteralSupport\":{\"codeActionKind\":{\"valueSet\":"
    "[\"quickfix\",\"refactor\",\"source\"]}},\"disabledSupport\":true,\"dataSupport\":true,"
    "\"resolveSupport\":{\"properties\":[\"edit\"]}},"
    "\"formatting\":{\"dynamicRegistration\":true},\"rename\":{}},"
    "\"window\":{\"workDoneProgress\":true,\"showMessage\":{}}}";

struct lsp_client *lsp_client_new(struct lsp_service *service, const struct lsp_server *row)
{
    struct lsp_client *client = MEM_NEW(struct lsp_client);
    struct buf languages = BUF_INIT;
    client->service = service;
    client->row = row;
    VEC_FOREACH (char *, language, &row->languages) {
        buf_printf(&languages, "%s%s", languages.len == 0 ? "" : ", ", *language);
    }
    client->languages = buf_take(&languages);
    return client;
}

static void set_text(char **text, const char *to)
{
    char *copy = mem_strdup(to);
    free(*text);
    *text = copy;
}

static void set_state(struct lsp_client *client, enum lsp_state state, const char *why)
{
    client->state = state;
    set_text(&client->why, why);
    if (state != LSP_READY) {
        set_text(&client->working, NULL);
    }
    struct lsp_event event = {.kind = LSP_EVENT_STATUS, .server = client->row->name};
    lsp_tell(client->service, &event);
}

static void for_each_sync(struct lsp_client *client, void (*call)(struct lsp_sync *sync))
{
    VEC_FOREACH (struct lsp_document *, document, &client->service->documents) {
        struct lsp_sync *sync = lsp_sync_of(*document, client);
        if (sync != NULL) {
            call(sync);
        }
    }
}

static bool is_needed(const struct lsp_client *client)
{
    VEC_FOREACH (struct lsp_document *, document, &client->service->documents) {
        if (lsp_sync_of(*document, client) != NULL) {
            return true;
        }
    }
    return false;
}

static void drop_rpc(struct lsp_client *client)
{
    lsp_asks_lost(client);
    rpc_free(client->rpc);
    client->rpc = NULL;
    cJSON_Delete(client->capabilities);
    client->capabilities = NULL;
}

void lsp_client_free(struct lsp_client *client)
{
    drop_rpc(client);
    loop_timer_free(client->timer);
    free(client->languages);
    free(client->why);
    free(client->working);
    free(client->version);
    free(client);
}

bool lsp_client_can(const struct lsp_client *client, const char *capability)
{
    const cJSON *value = json_get_path(client->capabilities, capability);
    return client->state == LSP_READY && value != NULL && !cJSON_IsFalse(value) &&
           !cJSON_IsNull(value);
}

static void start(struct lsp_client *client);

static void on_timer(void *data)
{
    struct lsp_client *client = data;
    if (client->state == LSP_WAITING) {
        start(client);
    } else if (client->rpc != NULL && !is_needed(client)) {
        log_write("lsp", "%s is no longer needed", client->row->name);
        drop_rpc(client); /* TERM, and KILL for one that does not listen */
        set_state(client, LSP_OFF, NULL);
    }
}

static void start_timer(struct lsp_client *client, uint64_t delay_ms)
{
    if (client->timer == NULL) {
        client->timer = loop_timer_new(client->service->setup.loop, on_timer, client);
    }
    loop_timer_start(client->timer, lsp_patience(client->service, delay_ms), 0);
}

/* It ended, or had to be. */
static void crashed(struct lsp_client *client, const char *why)
{
    char *kept = mem_strdup(why);
    drop_rpc(client);
    for_each_sync(client, lsp_sync_lost);
    if (client->ready_ms != 0 && loop_now_ms() - client->ready_ms > HEALTHY_MS) {
        client->crashes = 0;
    }
    client->ready_ms = 0;
    client->crashes++;
    if (!is_needed(client)) {
        set_state(client, LSP_OFF, NULL);
    } else if (client->crashes > CRASHES_MAX) {
        set_state(client, LSP_FAILED, kept);
        char *text =
            mem_printf("%s. It was started %d times and is now left off", kept, CRASHES_MAX + 1);
        lsp_tell_message(client, true, text);
        free(text);
    } else {
        set_state(client, LSP_WAITING, kept);
        start_timer(client, (uint64_t)500 << (2 * (client->crashes - 1))); /* 0.5, 2, 8 s */
    }
    free(kept);
}

static void on_end(void *data, const struct rpc_end *end)
{
    crashed(data, end->why);
}

static void read_capabilities(struct lsp_client *client, cJSON *result)
{
    client->capabilities = cJSON_DetachItemFromObjectCaseSensitive(result, "capabilities");
    if (!cJSON_IsObject(client->capabilities)) {
        cJSON_Delete(client->capabilities);
        client->capabilities = cJSON_CreateObject();
    }
    const char *encoding = json_string_or(client->capabilities, "positionEncoding", "utf-16");
    client->encoding = strcmp(encoding, "utf-8") == 0    ? LSP_UTF8
                       : strcmp(encoding, "utf-32") == 0 ? LSP_UTF32
                                                         : LSP_UTF16;
    const cJSON *info = json_get(result, "serverInfo");
    char *version = mem_printf("%.100s %.100s", json_string_or(info, "name", client->row->name),
        json_string_or(info, "version", ""));
    free(client->version);
    client->version = safe_dup(str_trim(str_of(version)), SAFE_ONE_LINE, 120);
    free(version);
}

static void on_initialized(void *data, struct rpc_answer *answer)
{
    struct lsp_client *client = data;
    if (answer->status == RPC_GONE) {
        return; /* on_end comes */
    }
    if (answer->status != RPC_ANSWERED) {
        crashed(client, answer->message);
        return;
    }
    read_capabilities(client, answer->result);
    rpc_notify(client->rpc, "initialized", cJSON_CreateObject());
    if (client->row->settings != NULL) {
        cJSON *params = cJSON_CreateObject();
        cJSON_AddItemToObject(params, "settings", cJSON_Duplicate(client->row->settings, true));
        rpc_notify(client->rpc, "workspace/didChangeConfiguration", params);
    }
    client->ready_ms = loop_now_ms();
    client->state = LSP_READY;
    for_each_sync(client, lsp_sync_open);
    set_state(client, LSP_READY, NULL);
}

static cJSON *initialize_params(struct lsp_client *client)
{
    cJSON *params = cJSON_CreateObject();
    char *uri = uri_of(client->service->root, "");
    json_set_int(params, "processId", getpid());
    cJSON *info = json_set_object(params, "clientInfo");
    json_set_string(info, "name", "bylaw");
    json_set_string(info, "version", BYLAW_VERSION);
    json_set_string(params, "rootPath", client->service->root);
    json_set_string(params, "rootUri", uri);
    cJSON *folder = cJSON_CreateObject();
    json_set_string(folder, "uri", uri);
    json_set_string(folder, "name", "workspace");
    cJSON_AddItemToArray(json_set_array(params, "workspaceFolders"), folder);
    cJSON_AddItemToObject(params, "capabilities", mem_require(cJSON_Parse(capabilities)));
    free(uri);
    return params;
}

static void start(struct lsp_client *client)
{
    struct err err;
    const struct lsp_server *row = client->row;
    if (!lsp_server_allowed(row, client->service->root, &err)) {
        set_state(client, LSP_FAILED, err.text);
        return;
    }
    char *program = lsp_server_program(row, &err);
    if (program == NULL) {
        set_state(client, row->is_own ? LSP_FAILED : LSP_MISSING, err.text);
        return;
    }
    struct lsp_words argv = {0};
    VEC_PUSH(&argv, program);
    for (size_t i = 1; i <= row->command.len; i++) {
        VEC_PUSH(&argv, row->command.items[i]); /* with the NULL after the last */
    }
    struct rpc_options options = {.name = row->name,
        .argv = (const char *const *)argv.items,
        .cwd = client->service->root,
        .env = lsp_server_environment(row),
        .nice = SERVER_NICE,
        .framing = FRAMING_HEADERS,
        .on_notification = lsp_serve_notification,
        .on_request = lsp_serve_request,
        .on_end = on_end,
        .data = client};
    client->rpc = rpc_start(client->service->setup.loop, &options, &err);
    VEC_FREE(&argv);
    free(program);
    if (client->rpc == NULL) {
        set_state(client, LSP_FAILED, err.text);
        return;
    }
    rpc_call(client->rpc, "initialize", initialize_params(client),
        lsp_patience(client->service, START_TIMEOUT_MS), on_initialized, client);
    set_state(client, LSP_STARTING, NULL);
}

void lsp_client_want(struct lsp_client *client)
{
    if (client->state == LSP_OFF || client->state == LSP_MISSING) {
        start(client);
    }
}

void lsp_client_release(struct lsp_client *client)
{
    if (is_needed(client)) {
        return;
    }
    if (client->state == LSP_WAITING) {
        loop_timer_stop(client->timer);
        set_state(client, LSP_OFF, NULL);
    } else if (client->rpc != NULL) {
        start_timer(client, IDLE_MS);
    }
}

void lsp_client_restart(struct lsp_client *client)
{
    client->crashes = 0;
    drop_rpc(client);
    for_each_sync(client, lsp_sync_lost);
    if (is_needed(client)) {
        start(client);
    } else {
        set_state(client, LSP_OFF, NULL);
    }
}
