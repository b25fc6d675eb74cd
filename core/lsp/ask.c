/* Questions about documents: asked, answered (on the loop or, where other files matter, on a
 * worker), dropped when the text has changed meanwhile. */
#include "base/safe.h"
#include "lsp/lsp_private.h"

struct lsp_ask {
    uint64_t id;
    struct lsp_service *service;
    struct lsp_document *document;
    struct lsp_client *client;
    enum lsp_what what;
    uint64_t text_version;
    size_t at, word;
    struct lsp_item item; /* RESOLVE, ACTION: a copy */
    cJSON *command;       /* ACTION: to be run after its edit */
    uint64_t call;        /* 0: none is open */
    char *failure;        /* to be told in the next turn */
    void (*on_reply)(void *data, struct lsp_reply *reply);
    void *data;
};

/* One row a question. Those of `worker` are read beside the loop. */
static const struct row {
    const char *method, *capability;
    uint64_t timeout_ms;
    const char *noun; /* "cannot answer …" */
    bool worker;
} rows[LSP_WHATS] = {
    [LSP_HOVER] = {"textDocument/hover", "hoverProvider", 5000, "what stands here", false},
    [LSP_SIGNATURE] = {"textDocument/signatureHelp", "signatureHelpProvider", 5000, "signatures",
        false},
    [LSP_COMPLETION] = {"textDocument/completion", "completionProvider", 5000, "completions",
        false},
    [LSP_RESOLVE] = {"completionItem/resolve", "completionProvider.resolveProvider", 5000,
        "more about a completion", false},
    [LSP_DEFINITION] = {"textDocument/definition", "definitionProvider", 10000, "definitions",
        true},
    [LSP_REFERENCES] = {"textDocument/references", "referencesProvider", 30000, "references", true},
    [LSP_SYMBOLS] = {"textDocument/documentSymbol", "documentSymbolProvider", 10000, "symbols",
        false},
    [LSP_ACTIONS] = {"textDocument/codeAction", "codeActionProvider", 10000, "fixes", false},
    [LSP_ACTION] = {"codeAction/resolve", "codeActionProvider", 30000, "fixes", true},
    [LSP_FORMAT] = {"textDocument/formatting", "documentFormattingProvider", 10000, "formatting",
        true},
    [LSP_RENAME] = {"textDocument/rename", "renameProvider", 30000, "renaming", true},
};

static struct lsp_ask *ask_of(struct lsp_service *service, uint64_t id)
{
    VEC_FOREACH (struct lsp_ask *, ask, &service->asks) {
        if ((*ask)->id == id) {
            return *ask;
        }
    }
    return NULL;
}

static void free_reply(struct lsp_reply *reply)
{
    free(reply->text);
    lsp_items_free(&reply->items);
    lsp_places_free(&reply->places);
    lsp_symbols_free(&reply->symbols);
    text_edits_free(&reply->edits);
    changes_free(&reply->changes);
}

static void free_ask(struct lsp_ask *ask)
{
    struct lsp_service *service = ask->service;
    for (size_t i = 0; i < service->asks.len; i++) {
        if (service->asks.items[i] == ask) {
            VEC_REMOVE(&service->asks, i);
            break;
        }
    }
    if (ask->call != 0 && ask->client->rpc != NULL) {
        rpc_cancel(ask->client->rpc, ask->call);
    }
    lsp_item_free(&ask->item);
    cJSON_Delete(ask->command);
    free(ask->failure);
    free(ask);
}

/* Tells the reply and is done with the ask. */
static void reply_to(struct lsp_ask *ask, struct lsp_reply *reply)
{
    void (*on_reply)(void *data, struct lsp_reply *) = ask->on_reply;
    void *data = ask->data;
    if (reply->kind != LSP_REPLY_FAILED && text_version(ask->document->text) != ask->text_version) {
        free_reply(reply);
        *reply = (struct lsp_reply){.kind = LSP_REPLY_STALE};
    }
    char *kept = mem_strdup(reply->message);
    reply->message = kept;
    free_ask(ask);
    on_reply(data, reply);
    free(kept);
    free_reply(reply);
}

static void fail_soon(struct lsp_ask *ask, const char *why)
{
    free(ask->failure);
    ask->failure = mem_strdup(why);
    loop_timer_start(ask->service->soon, 0, 0);
}

static void fail_now(struct lsp_ask *ask, const char *why)
{
    struct lsp_reply reply = {.kind = LSP_REPLY_FAILED, .message = why};
    reply_to(ask, &reply);
}

void lsp_asks_soon(void *data)
{
    struct lsp_service *service = data;
    for (size_t i = 0; i < service->asks.len;) {
        struct lsp_ask *ask = service->asks.items[i];
        if (ask->failure == NULL) {
            i++;
            continue;
        }
        fail_now(ask, ask->failure);
        i = 0;
    }
}

void lsp_asks_lost(struct lsp_client *client)
{
    VEC_FOREACH (struct lsp_ask *, ask, &client->service->asks) {
        if ((*ask)->client == client) {
            (*ask)->call = 0;
            char *why = mem_printf("%s was stopped before it answered", client->row->name);
            fail_soon(*ask, why);
            free(why);
        }
    }
}

void lsp_asks_forget_document(struct lsp_service *service, const struct lsp_document *document)
{
    for (size_t i = service->asks.len; i-- > 0;) {
        if (service->asks.items[i]->document == document) {
            free_ask(service->asks.items[i]);
        }
    }
}

void lsp_asks_clear(struct lsp_service *service)
{
    while (service->asks.len > 0) {
        free_ask(service->asks.items[0]);
    }
    VEC_FREE(&service->asks);
    VEC_FOREACH (struct lsp_job *, job, &service->jobs) {
        (*job)->service = NULL;
    }
    VEC_FREE(&service->jobs);
}

/* Jobs. */

static void free_job(struct lsp_job *job)
{
    lsp_gather_free(&job->gather);
    buf_free(&job->text);
    cJSON_Delete(job->answer);
    free_reply(&job->reply);
    free(job->label);
    free(job);
}

static void run_job(void *data)
{
    struct lsp_job *job = data;
    job->ok = true;
    switch (job->what) {
    case LSP_DEFINITION:
    case LSP_REFERENCES:
        lsp_gather_places(&job->gather, job->answer, &job->reply.places);
        break;
    case LSP_FORMAT: {
        struct text_edits raw = {0};
        struct buf after = BUF_INIT;
        job->ok = lsp_gather_edits(
            buf_str(&job->text), job->gather.encoding, job->answer, &raw, &job->err);
        if (job->ok) {
            text_edits_apply(&raw, buf_str(&job->text), &after);
            text_edits_between(buf_str(&job->text), buf_str(&after), &job->reply.edits);
        }
        text_edits_free(&raw);
        buf_free(&after);
        break;
    }
    default:
        job->ok = lsp_gather_changes(&job->gather, job->answer, &job->reply.changes, &job->err);
        break;
    }
    cJSON_Delete(job->answer); /* it may be large: not on the loop */
    job->answer = NULL;
}

static void propose(struct lsp_job *job)
{
    if (!job->ok) {
        char *text = mem_printf("%s wants to change files, which is refused: %s",
            job->client->row->name, job->err.text);
        lsp_tell_message(job->client, true, text);
        free(text);
    } else if (job->reply.changes.len > 0) {
        struct lsp_event event = {.kind = LSP_EVENT_PROPOSAL,
            .server = job->client->row->name,
            .text = job->label,
            .changes = &job->reply.changes};
        lsp_tell(job->service, &event);
    }
}

static void run_command(struct lsp_ask *ask);

static bool is_nothing(const struct lsp_reply *reply, enum lsp_what what)
{
    switch (what) {
    case LSP_HOVER:
    case LSP_SIGNATURE:
        return reply->text == NULL;
    case LSP_DEFINITION:
    case LSP_REFERENCES:
        return reply->places.len == 0;
    case LSP_SYMBOLS:
        return reply->symbols.len == 0;
    case LSP_FORMAT:
    case LSP_ACTION:
        return false; /* formatted already; or it comes as a proposal */
    case LSP_RENAME:
        return reply->changes.len == 0;
    default:
        return reply->items.len == 0;
    }
}

static void finish_ask(struct lsp_ask *ask, struct lsp_job *job)
{
    if (!job->ok) {
        fail_now(ask, job->err.text);
        return;
    }
    job->reply.kind = is_nothing(&job->reply, ask->what) ? LSP_REPLY_NOTHING : LSP_REPLY_OK;
    struct lsp_reply reply = job->reply;
    job->reply = (struct lsp_reply){0};
    if (ask->command != NULL && ask->client->rpc != NULL) {
        run_command(ask); /* not waited for: what it changes comes as a proposal */
    }
    reply_to(ask, &reply);
}

static void job_done(void *data, bool cancelled)
{
    (void)cancelled; /* nobody cancels it */
    struct lsp_job *job = data;
    struct lsp_service *service = job->service;
    if (service != NULL) {
        for (size_t i = 0; i < service->jobs.len; i++) {
            if (service->jobs.items[i] == job) {
                VEC_REMOVE(&service->jobs, i);
                break;
            }
        }
        struct lsp_ask *ask = ask_of(service, job->ask);
        if (job->ask == 0) {
            propose(job);
        } else if (ask != NULL) {
            finish_ask(ask, job);
        }
    }
    free_job(job);
}

static void gather_open(struct lsp_client *client, struct lsp_gather *gather)
{
    gather->root = mem_strdup(client->service->root);
    gather->encoding = client->encoding;
    VEC_FOREACH (struct lsp_document *, document, &client->service->documents) {
        struct lsp_sync *sync = lsp_sync_of(*document, client);
        if (sync == NULL || !sync->open) {
            continue;
        }
        struct lsp_open_text open = {.path = mem_strdup((*document)->path)};
        /* An edit for the text as sent does not fit one with changes on their way. */
        open.version = sync->version + (sync->pending ? 1 : 0);
        text_copy((*document)->text, 0, text_length((*document)->text), &open.text);
        VEC_PUSH(&gather->open, open);
    }
}

static void start_job(struct lsp_client *client, struct lsp_ask *ask, cJSON *answer, char *label)
{
    struct lsp_job *job = MEM_NEW(struct lsp_job);
    job->service = client->service;
    job->client = client;
    job->answer = answer;
    job->label = label;
    job->what = LSP_RENAME;
    if (ask != NULL) {
        job->ask = ask->id;
        job->what = ask->what;
    }
    if (job->what == LSP_FORMAT) {
        const struct text *text = ask->document->text;
        job->gather.encoding = client->encoding;
        text_copy(text, 0, text_length(text), &job->text);
    } else {
        gather_open(client, &job->gather);
    }
    VEC_PUSH(&client->service->jobs, job);
    loop_work_start(client->service->setup.loop, run_job, job_done, job);
}

void lsp_propose(struct lsp_client *client, const char *label, cJSON *edit)
{
    start_job(client, NULL, edit, safe_dup(str_of(label), SAFE_ONE_LINE, 200));
}

/* Answers. */

static void read_here(struct lsp_ask *ask, cJSON *result, struct lsp_reply *reply)
{
    struct lsp_mapper mapper;
    lsp_mapper_text(&mapper, ask->document->text, ask->client->encoding);
    switch (ask->what) {
    case LSP_HOVER:
        reply->text = lsp_read_hover(result);
        break;
    case LSP_SIGNATURE:
        reply->text = lsp_read_signature(result, &reply->from, &reply->to);
        break;
    case LSP_COMPLETION:
        lsp_read_completion(&mapper, result, ask->word, ask->at, &reply->items);
        break;
    case LSP_RESOLVE:
        lsp_read_resolved(&mapper, result, &ask->item);
        VEC_PUSH(&reply->items, ask->item);
        ask->item = (struct lsp_item){0};
        break;
    case LSP_SYMBOLS:
        lsp_read_symbols(&mapper, result, &reply->symbols);
        break;
    default:
        lsp_read_actions(result, &reply->items);
        break;
    }
    lsp_mapper_free(&mapper);
}

static void on_command(void *data, struct rpc_answer *answer)
{
    (void)data;
    (void)answer; /* its edits come as a request of its own */
}

static uint64_t send_command(
    struct lsp_ask *ask, void (*on_done)(void *data, struct rpc_answer *answer))
{
    cJSON *params = cJSON_CreateObject();
    const cJSON *arguments = json_get(ask->command, "arguments");
    json_set_string(params, "command", json_string_or(ask->command, "command", ""));
    if (cJSON_IsArray(arguments)) {
        cJSON_AddItemToObject(params, "arguments", cJSON_Duplicate(arguments, true));
    }
    return rpc_call(ask->client->rpc, "workspace/executeCommand", params, 30000, on_done, ask);
}

static void run_command(struct lsp_ask *ask)
{
    send_command(ask, on_command);
}

/* The command's answer is the action's. */
static void on_action_command(void *data, struct rpc_answer *answer)
{
    struct lsp_ask *ask = data;
    ask->call = 0;
    if (answer->status == RPC_ANSWERED) {
        struct lsp_reply reply = {.kind = LSP_REPLY_OK};
        reply_to(ask, &reply);
    } else {
        fail_now(ask, answer->message);
    }
}

/* An action that is known as far as it will be: its edit first, then its command. Takes `edit`,
 * which may be NULL. */
static void do_action(struct lsp_ask *ask, cJSON *edit, const cJSON *action)
{
    const cJSON *command = json_get(action, "command");
    if (cJSON_IsString(command)) {
        command = action; /* a bare Command */
    }
    if (cJSON_IsObject(command)) {
        ask->command = cJSON_Duplicate(command, true);
    }
    if (cJSON_IsObject(edit)) {
        start_job(ask->client, ask, edit, NULL);
        return;
    }
    cJSON_Delete(edit);
    if (ask->command == NULL) {
        fail_soon(ask, "the language server does not say what this would change");
        return;
    }
    ask->call = send_command(ask, on_action_command);
}

static void on_answer(void *data, struct rpc_answer *answer)
{
    enum { CONTENT_MODIFIED = -32801 };
    struct lsp_ask *ask = data;
    ask->call = 0;
    struct lsp_reply reply = {.kind = LSP_REPLY_STALE};
    if (answer->status == RPC_REFUSED && answer->code == CONTENT_MODIFIED) {
        reply_to(ask, &reply);
    } else if (answer->status != RPC_ANSWERED) {
        fail_now(ask, answer->message);
    } else if (text_version(ask->document->text) != ask->text_version) {
        reply_to(ask, &reply);
    } else if (ask->what == LSP_ACTION) {
        cJSON *edit = cJSON_DetachItemFromObjectCaseSensitive(answer->result, "edit");
        do_action(ask, edit, answer->result);
    } else if (rows[ask->what].worker && answer->result != NULL) {
        start_job(ask->client, ask, answer->result, NULL);
        answer->result = NULL;
    } else {
        read_here(ask, answer->result, &reply);
        reply.kind = is_nothing(&reply, ask->what) ? LSP_REPLY_NOTHING : LSP_REPLY_OK;
        reply_to(ask, &reply);
    }
}

/* Questions. */

static struct lsp_client *answering(const struct lsp_document *document, enum lsp_what what)
{
    VEC_FOREACH (struct lsp_sync *, sync, &document->syncs) {
        if ((*sync)->open && lsp_client_can((*sync)->client, rows[what].capability)) {
            return (*sync)->client;
        }
    }
    return NULL;
}

bool lsp_can(const struct lsp_document *document, enum lsp_what what)
{
    return answering(document, what) != NULL;
}

/* Why nobody answers. */
static char *nobody(const struct lsp_document *document, enum lsp_what what)
{
    VEC_FOREACH (struct lsp_sync *, sync, &document->syncs) {
        const struct lsp_client *client = (*sync)->client;
        if (client->state == LSP_READY) {
            return mem_printf("%s offers no %s", client->row->name, rows[what].noun);
        }
        return mem_printf("%s is %s%s%s", client->row->name, lsp_state_name(client->state),
            client->why == NULL ? "" : ": ", client->why == NULL ? "" : client->why);
    }
    return mem_printf("no language server for this file offers %s", rows[what].noun);
}

static void ask_action(struct lsp_ask *ask)
{
    cJSON *edit = cJSON_DetachItemFromObjectCaseSensitive(ask->item.raw, "edit");
    bool command = json_get(ask->item.raw, "command") != NULL;
    if (edit == NULL && !command &&
        lsp_client_can(ask->client, "codeActionProvider.resolveProvider")) {
        ask->call = rpc_call(ask->client->rpc, rows[LSP_ACTION].method,
            cJSON_Duplicate(ask->item.raw, true),
            lsp_patience(ask->service, rows[LSP_ACTION].timeout_ms), on_answer, ask);
    } else {
        do_action(ask, edit, ask->item.raw);
    }
}

uint64_t lsp_ask(struct lsp_document *document, const struct lsp_question *question,
    void (*on_reply)(void *data, struct lsp_reply *reply), void *data)
{
    struct lsp_service *service = document->service;
    struct lsp_ask *ask = MEM_NEW(struct lsp_ask);
    ask->id = ++service->next_ask;
    ask->service = service;
    ask->document = document;
    ask->what = question->what;
    ask->text_version = text_version(document->text);
    ask->at = question->at;
    ask->on_reply = on_reply;
    ask->data = data;
    VEC_PUSH(&service->asks, ask);
    ask->client = answering(document, question->what);
    if (ask->client == NULL) {
        char *why = nobody(document, question->what);
        fail_soon(ask, why);
        free(why);
        return ask->id;
    }
    lsp_sync_flush(lsp_sync_of(document, ask->client));
    if (question->item != NULL) {
        ask->item = lsp_item_copy(question->item);
    }
    const struct row *row = &rows[question->what];
    uint64_t timeout_ms = lsp_patience(service, row->timeout_ms);
    if (question->what == LSP_ACTION) {
        ask_action(ask);
    } else if (question->what == LSP_RESOLVE) {
        ask->call = rpc_call(ask->client->rpc, row->method, cJSON_Duplicate(ask->item.raw, true),
            timeout_ms, on_answer, ask);
    } else {
        ask->word = lsp_word_start(document, question->at);
        ask->call = rpc_call(ask->client->rpc, row->method,
            lsp_params(document, ask->client, question), timeout_ms, on_answer, ask);
    }
    return ask->id;
}

void lsp_forget(struct lsp_service *service, uint64_t id)
{
    struct lsp_ask *ask = ask_of(service, id);
    if (ask != NULL) {
        free_ask(ask);
    }
}

bool lsp_triggers(const struct lsp_document *document, enum lsp_what what, char c)
{
    const struct lsp_client *client = answering(document, what);
    const cJSON *list = client == NULL
                            ? NULL
                            : json_get_path(client->capabilities,
                                  what == LSP_SIGNATURE ? "signatureHelpProvider.triggerCharacters"
                                                        : "completionProvider.triggerCharacters");
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (cJSON_IsString(item) && item->valuestring[0] == c && item->valuestring[1] == '\0') {
            return true;
        }
    }
    return false;
}
