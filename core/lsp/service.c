#include "base/log.h"
#include "lsp/lsp_private.h"
#include "lsp/uri.h"

const char *lsp_state_name(enum lsp_state state)
{
    static const char *const names[] = {
        "off", "starting", "ready", "waiting to start again", "left off", "missing"};
    return names[state];
}

uint64_t lsp_patience(const struct lsp_service *service, uint64_t ms)
{
    return service->setup.patience == 0 ? ms : ms * service->setup.patience / 100;
}

void lsp_tell(struct lsp_service *service, const struct lsp_event *event)
{
    if (service->setup.on_event != NULL) {
        service->setup.on_event(service->setup.data, event);
    }
}

void lsp_tell_message(struct lsp_client *client, bool is_error, const char *text)
{
    struct lsp_event event = {
        .kind = LSP_EVENT_MESSAGE, .server = client->row->name, .text = text, .is_error = is_error};
    log_write("lsp", "%s", text);
    lsp_tell(client->service, &event);
}

struct lsp_service *lsp_service_new(const struct lsp_setup *setup)
{
    struct lsp_service *service = MEM_NEW(struct lsp_service);
    service->setup = *setup;
    service->root = mem_strdup(setup->root);
    lsp_servers_load(setup->config, &service->servers);
    service->setup.config = NULL;
    service->soon = loop_timer_new(setup->loop, lsp_asks_soon, service);
    VEC_FOREACH (struct lsp_server, row, &service->servers) {
        if (row->command.len > 0 && lsp_server_fits(row, service->root)) {
            VEC_PUSH(&service->clients, lsp_client_new(service, row));
        }
    }
    return service;
}

void lsp_service_free(struct lsp_service *service)
{
    if (service == NULL) {
        return;
    }
    service->setup.on_event = NULL;
    for (size_t i = service->documents.len; i-- > 0;) {
        lsp_close(service->documents.items[i]);
    }
    VEC_FREE(&service->documents);
    VEC_FOREACH (struct lsp_client *, client, &service->clients) {
        lsp_client_free(*client);
    }
    VEC_FREE(&service->clients);
    lsp_asks_clear(service);
    lsp_servers_free(&service->servers);
    loop_timer_free(service->soon);
    free(service->root);
    free(service);
}

size_t lsp_status_count(const struct lsp_service *service)
{
    return service->clients.len;
}

struct lsp_status lsp_status_at(const struct lsp_service *service, size_t index)
{
    const struct lsp_client *client = service->clients.items[index];
    struct lsp_status status = {.name = client->row->name,
        .languages = client->languages,
        .state = client->state,
        .why = client->why,
        .working = client->working,
        .version = client->version,
        .crashes = client->crashes};
    VEC_FOREACH (struct lsp_document *, document, &service->documents) {
        status.documents += lsp_sync_of(*document, client) != NULL ? 1 : 0;
    }
    return status;
}

void lsp_restart(struct lsp_service *service, const char *server)
{
    VEC_FOREACH (struct lsp_client *, client, &service->clients) {
        if (strcmp((*client)->row->name, server) == 0) {
            lsp_client_restart(*client);
        }
    }
}

size_t lsp_problem_count(const struct lsp_service *service)
{
    return service->servers.problems.len;
}

const char *lsp_problem_at(const struct lsp_service *service, size_t index)
{
    return service->servers.problems.items[index];
}

struct lsp_document *lsp_document_at(struct lsp_service *service, const char *path)
{
    VEC_FOREACH (struct lsp_document *, document, &service->documents) {
        if (strcmp((*document)->path, path) == 0) {
            return *document;
        }
    }
    return NULL;
}

struct lsp_sync *lsp_sync_of(const struct lsp_document *document, const struct lsp_client *client)
{
    VEC_FOREACH (struct lsp_sync *, sync, &document->syncs) {
        if ((*sync)->client == client) {
            return *sync;
        }
    }
    return NULL;
}

static void flush(void *data)
{
    struct lsp_document *document = data;
    VEC_FOREACH (struct lsp_sync *, sync, &document->syncs) {
        lsp_sync_flush(*sync);
    }
}

static void on_change(void *data, const struct text_change *change)
{
    struct lsp_document *document = data;
    uint64_t delay = 0;
    bool pending = false;
    document->is_merged = false;
    VEC_FOREACH (struct lsp_sync *, sync, &document->syncs) {
        lsp_sync_note(*sync, change);
        pending = pending || (*sync)->pending;
        delay = lsp_sync_delay(*sync);
    }
    if (pending && !loop_timer_is_active(document->timer)) {
        loop_timer_start(document->timer, delay, 0);
    }
}

/* A CR alone ends a line for a server and none for us: its rows would not be ours. */
static bool has_lone_cr(const struct text *text)
{
    char before = '\0';
    for (size_t at = 0; at < text_length(text);) {
        struct str chunk = text_chunk(text, at);
        for (size_t i = 0; i < chunk.len; i++) {
            if (before == '\r' && chunk.ptr[i] != '\n') {
                return true;
            }
            before = chunk.ptr[i];
        }
        at += chunk.len;
    }
    return before == '\r';
}

static void add_syncs(struct lsp_document *document)
{
    struct lsp_service *service = document->service;
    VEC_FOREACH (struct lsp_client *, client, &service->clients) {
        if (lsp_server_speaks((*client)->row, document->language)) {
            VEC_PUSH(&document->syncs, lsp_sync_new(document, *client));
        }
    }
    if (document->syncs.len == 0) {
        return;
    }
    document->timer = loop_timer_new(service->setup.loop, flush, document);
    text_add_listener(document->text, on_change, document);
    VEC_FOREACH (struct lsp_sync *, sync, &document->syncs) {
        struct lsp_client *client = (*sync)->client;
        if (client->state == LSP_READY) {
            lsp_sync_open(*sync);
        } else {
            lsp_client_want(client);
        }
    }
}

struct lsp_document *lsp_open(
    struct lsp_service *service, const char *path, const char *language, struct text *text)
{
    struct lsp_document *document = MEM_NEW(struct lsp_document);
    document->service = service;
    document->path = mem_strdup(path);
    document->uri = uri_of(service->root, path);
    document->language = mem_strdup(language == NULL ? "" : language);
    document->text = text;
    bool twice = lsp_document_at(service, path) != NULL; /* a server takes it once */
    VEC_PUSH(&service->documents, document);
    if (!twice && text_length(text) <= LSP_DOCUMENT_MAX && !has_lone_cr(text)) {
        add_syncs(document);
    }
    return document;
}

void lsp_saved(struct lsp_document *document)
{
    VEC_FOREACH (struct lsp_sync *, sync, &document->syncs) {
        lsp_sync_saved(*sync);
    }
}

void lsp_close(struct lsp_document *document)
{
    struct lsp_service *service = document->service;
    lsp_asks_forget_document(service, document);
    for (size_t i = 0; i < service->documents.len; i++) {
        if (service->documents.items[i] == document) {
            VEC_REMOVE(&service->documents, i);
            break;
        }
    }
    if (document->syncs.len > 0) {
        text_remove_listener(document->text, on_change, document);
        loop_timer_free(document->timer);
    }
    VEC_FOREACH (struct lsp_sync *, sync, &document->syncs) {
        struct lsp_client *client = (*sync)->client;
        lsp_sync_close(*sync);
        lsp_sync_free(*sync);
        lsp_client_release(client);
    }
    VEC_FREE(&document->syncs);
    findings_free(&document->merged);
    free(document->path);
    free(document->uri);
    free(document->language);
    free(document);
}

const char *lsp_document_path(const struct lsp_document *document)
{
    return document->path;
}

static int by_place(const void *x, const void *y)
{
    const struct finding *a = x;
    const struct finding *b = y;
    if (a->at.row != b->at.row) {
        return a->at.row < b->at.row ? -1 : 1;
    }
    if (a->at.col != b->at.col) {
        return a->at.col < b->at.col ? -1 : 1;
    }
    return strcmp(a->message, b->message);
}

static void merge(struct findings *into, const struct findings *from)
{
    VEC_FOREACH (const struct finding, finding, from) {
        VEC_PUSH(into, finding_copy(finding));
    }
}

/* The same said twice (pushed and pulled) is one. */
static void drop_doubles(struct findings *findings)
{
    size_t kept = 0;
    for (size_t i = 0; i < findings->len; i++) {
        struct finding *finding = &findings->items[i];
        if (kept > 0 && by_place(&findings->items[kept - 1], finding) == 0) {
            finding_free(finding);
        } else {
            findings->items[kept++] = *finding;
        }
    }
    findings->len = kept;
}

const struct findings *lsp_findings(struct lsp_document *document)
{
    if (!document->is_merged) {
        findings_free(&document->merged);
        VEC_FOREACH (struct lsp_sync *, sync, &document->syncs) {
            merge(&document->merged, &(*sync)->pushed.findings);
            merge(&document->merged, &(*sync)->pulled.findings);
        }
        if (document->merged.len > 0) {
            qsort(document->merged.items, document->merged.len, sizeof *document->merged.items,
                by_place);
            drop_doubles(&document->merged);
        }
        document->is_merged = true;
    }
    return &document->merged;
}

void lsp_files_changed(struct lsp_service *service, const struct lsp_file_changes *changes)
{
    enum { TOLD_MAX = 1000 }; /* in one message */
    for (size_t from = 0; from < changes->len; from += TOLD_MAX) {
        cJSON *list = cJSON_CreateArray();
        for (size_t i = from; i < changes->len && i < from + TOLD_MAX; i++) {
            char *uri = uri_of(service->root, changes->items[i].path);
            cJSON *change = cJSON_CreateObject();
            json_set_string(change, "uri", uri);
            json_set_int(change, "type", (long long)changes->items[i].kind);
            cJSON_AddItemToArray(list, change);
            free(uri);
        }
        VEC_FOREACH (struct lsp_client *, client, &service->clients) {
            if ((*client)->state == LSP_READY) {
                cJSON *params = cJSON_CreateObject();
                cJSON_AddItemToObject(params, "changes", cJSON_Duplicate(list, true));
                rpc_notify((*client)->rpc, "workspace/didChangeWatchedFiles", params);
            }
        }
        cJSON_Delete(list);
    }
}
