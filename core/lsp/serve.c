/* What a server asks of us and tells us. */
#include "base/log.h"
#include "base/safe.h"
#include "lsp/lsp_private.h"
#include "lsp/uri.h"

enum { CONFIGURATION_ITEMS = 200, REGISTRATIONS = 200, MESSAGES_SHOWN = 30 };

static void answer_configuration(struct lsp_client *client, const cJSON *id, const cJSON *params)
{
    cJSON *result = cJSON_CreateArray();
    const cJSON *item;
    int count = 0;
    cJSON_ArrayForEach(item, json_get(params, "items"))
    {
        if (count++ >= CONFIGURATION_ITEMS) {
            break;
        }
        const char *section = json_string(item, "section");
        const cJSON *value = section == NULL || section[0] == '\0'
                                 ? client->row->settings
                                 : json_get_path(client->row->settings, section);
        cJSON_AddItemToArray(
            result, value == NULL ? cJSON_CreateNull() : cJSON_Duplicate(value, true));
    }
    rpc_answer(client->rpc, id, result);
}

static void answer_folders(struct lsp_client *client, const cJSON *id)
{
    cJSON *result = cJSON_CreateArray();
    cJSON *folder = cJSON_CreateObject();
    char *uri = uri_of(client->service->root, "");
    json_set_string(folder, "uri", uri);
    json_set_string(folder, "name", "workspace");
    cJSON_AddItemToArray(result, folder);
    rpc_answer(client->rpc, id, result);
    free(uri);
}

/* A capability that comes later stands where it would have stood from the start. */
static void register_capabilities(struct lsp_client *client, const cJSON *params)
{
    static const struct {
        const char *method, *capability;
    } known[] = {{"textDocument/formatting", "documentFormattingProvider"},
        {"textDocument/hover", "hoverProvider"}, {"textDocument/completion", "completionProvider"},
        {"textDocument/definition", "definitionProvider"},
        {"textDocument/references", "referencesProvider"},
        {"textDocument/documentSymbol", "documentSymbolProvider"},
        {"textDocument/codeAction", "codeActionProvider"},
        {"textDocument/rename", "renameProvider"},
        {"textDocument/signatureHelp", "signatureHelpProvider"}};
    const cJSON *item;
    int count = 0;
    cJSON_ArrayForEach(item, json_get(params, "registrations"))
    {
        const char *method = json_string_or(item, "method", "");
        for (size_t i = 0; i < ARRAY_LEN(known) && client->capabilities != NULL; i++) {
            if (strcmp(method, known[i].method) == 0 &&
                !lsp_client_can(client, known[i].capability)) {
                const cJSON *options = json_get(item, "registerOptions");
                cJSON_DeleteItemFromObjectCaseSensitive(client->capabilities, known[i].capability);
                cJSON_AddItemToObject(client->capabilities, known[i].capability,
                    cJSON_IsObject(options) ? cJSON_Duplicate(options, true) : cJSON_CreateTrue());
            }
        }
        if (count++ >= REGISTRATIONS) {
            break;
        }
    }
}

static void show_message(struct lsp_client *client, const cJSON *params)
{
    const char *text = json_string(params, "message");
    if (text == NULL) {
        return;
    }
    char *shown = safe_dup(str_of(text), SAFE_ONE_LINE, 500);
    if (client->messages++ < MESSAGES_SHOWN) {
        char *whole = mem_printf("%s: %s", client->row->name, shown);
        lsp_tell_message(client, json_int_or(params, "type", 3) == 1, whole);
        free(whole);
    } else {
        log_write("lsp", "%s: %s", client->row->name, shown);
    }
    free(shown);
}

static void pull_all(struct lsp_client *client)
{
    VEC_FOREACH (struct lsp_document *, document, &client->service->documents) {
        struct lsp_sync *sync = lsp_sync_of(*document, client);
        if (sync != NULL) {
            lsp_sync_pull(sync);
        }
    }
}

/* An edit is never applied behind the engineer's back: it is refused as done, and proposed. */
static void apply_edit(struct lsp_client *client, const cJSON *id, cJSON *params)
{
    cJSON *result = cJSON_CreateObject();
    json_set_bool(result, "applied", false);
    json_set_string(result, "failureReason", "kept for review");
    rpc_answer(client->rpc, id, result);
    cJSON *edit = cJSON_DetachItemFromObjectCaseSensitive(params, "edit");
    if (cJSON_IsObject(edit)) {
        lsp_propose(client, json_string_or(params, "label", client->row->name), edit);
    } else {
        cJSON_Delete(edit);
    }
}

void lsp_serve_request(void *data, const cJSON *id, const char *method, cJSON **params)
{
    static const char *const accepted[] = {"client/unregisterCapability",
        "window/workDoneProgress/create", "window/showMessageRequest",
        "workspace/semanticTokens/refresh", "workspace/codeLens/refresh",
        "workspace/inlayHint/refresh", "workspace/inlineValue/refresh",
        "workspace/foldingRange/refresh"};
    struct lsp_client *client = data;
    if (strcmp(method, "workspace/configuration") == 0) {
        answer_configuration(client, id, *params);
        return;
    }
    if (strcmp(method, "workspace/workspaceFolders") == 0) {
        answer_folders(client, id);
        return;
    }
    if (strcmp(method, "client/registerCapability") == 0) {
        register_capabilities(client, *params);
        rpc_answer(client->rpc, id, NULL);
        return;
    }
    if (strcmp(method, "workspace/applyEdit") == 0) {
        apply_edit(client, id, *params);
        return;
    }
    if (strcmp(method, "workspace/diagnostic/refresh") == 0) {
        rpc_answer(client->rpc, id, NULL);
        pull_all(client);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(accepted); i++) {
        if (strcmp(method, accepted[i]) == 0) {
            rpc_answer(client->rpc, id, NULL);
            if (strcmp(method, "window/showMessageRequest") == 0) {
                show_message(client, *params);
            }
            return;
        }
    }
    rpc_refuse(client->rpc, id, RPC_METHOD_NOT_FOUND, "bylaw does not do this");
}

static void on_diagnostics(struct lsp_client *client, cJSON *params)
{
    char *path;
    if (!uri_beneath(client->service->root, json_string(params, "uri"), &path, NULL)) {
        return;
    }
    struct lsp_document *document = lsp_document_at(client->service, path);
    struct lsp_sync *sync = document == NULL ? NULL : lsp_sync_of(document, client);
    if (sync != NULL) {
        lsp_sync_published(sync, json_get(params, "version"), json_get(params, "diagnostics"));
    }
    free(path);
}

static void on_progress(struct lsp_client *client, const cJSON *params)
{
    const cJSON *value = json_get(params, "value");
    const char *kind = json_string_or(value, "kind", "");
    const char *title = json_string(value, "title");
    const char *message = json_string(value, "message");
    char *working = NULL;
    if (strcmp(kind, "begin") == 0 || strcmp(kind, "report") == 0) {
        char *whole = mem_printf("%s%s%s", title == NULL ? "" : title,
            title == NULL || message == NULL ? "" : ": ", message == NULL ? "" : message);
        working = safe_dup(str_of(whole), SAFE_ONE_LINE, 120);
        free(whole);
    } else if (strcmp(kind, "end") != 0) {
        return;
    }
    free(client->working);
    client->working = working;
    struct lsp_event event = {.kind = LSP_EVENT_STATUS, .server = client->row->name};
    lsp_tell(client->service, &event);
}

void lsp_serve_notification(void *data, const char *method, cJSON **params)
{
    struct lsp_client *client = data;
    if (strcmp(method, "textDocument/publishDiagnostics") == 0) {
        on_diagnostics(client, *params);
    } else if (strcmp(method, "window/showMessage") == 0) {
        show_message(client, *params);
    } else if (strcmp(method, "window/logMessage") == 0) {
        log_write("lsp", "%s: %.1000s", client->row->name, json_string_or(*params, "message", ""));
    } else if (strcmp(method, "$/progress") == 0) {
        on_progress(client, *params);
    } /* anything else a server tells is its own business */
}
