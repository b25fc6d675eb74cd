/* Documents as servers see them: opened, changed as was typed, saved, closed; and their findings.
 *
 * What was typed between two sendings is one range of whole lines, replaced: whole lines begin at
 * column 0 in every encoding, so the old text, which is gone, is not needed to say where they were.
 */
#include "lsp/lsp_private.h"

enum { SMALL_TEXT = 64 << 10, LARGE_TEXT = 256 << 10, DELAY_MS = 120, LARGE_DELAY_MS = 500 };

struct lsp_sync *lsp_sync_new(struct lsp_document *document, struct lsp_client *client)
{
    struct lsp_sync *sync = MEM_NEW(struct lsp_sync);
    sync->document = document;
    sync->client = client;
    return sync;
}

static void cancel_pull(struct lsp_sync *sync)
{
    if (sync->pull != 0 && sync->client->rpc != NULL) {
        rpc_cancel(sync->client->rpc, sync->pull);
    }
    sync->pull = 0;
}

void lsp_sync_free(struct lsp_sync *sync)
{
    cancel_pull(sync);
    lsp_diagnostics_clear(&sync->pushed);
    lsp_diagnostics_clear(&sync->pulled);
    free(sync);
}

/* A notification with a text in it: quoted here when it is small, on a worker when not. */
struct sending {
    struct buf head;
    struct buf text;
    const char *tail;
};

static void make_params(void *data, struct buf *params)
{
    struct sending *sending = data;
    buf_reserve(params, sending->head.len + sending->text.len + sending->text.len / 8 + 64);
    buf_append_str(params, buf_str(&sending->head));
    json_append_quoted(params, buf_str(&sending->text));
    buf_append_c(params, sending->tail);
}

static void free_sending(void *data)
{
    struct sending *sending = data;
    buf_free(&sending->head);
    buf_free(&sending->text);
    free(sending);
}

static void send_text(struct lsp_sync *sync, const char *method, struct sending *sending)
{
    if (sending->text.len > SMALL_TEXT) {
        rpc_notify_made(sync->client->rpc, method, make_params, free_sending, sending);
        return;
    }
    struct buf params = BUF_INIT;
    make_params(sending, &params);
    rpc_notify(sync->client->rpc, method, mem_require(cJSON_CreateRaw(params.ptr)));
    buf_free(&params);
    free_sending(sending);
}

static void begin_document(struct lsp_sync *sync, struct buf *head)
{
    buf_append_c(head, "{\"textDocument\":{\"uri\":");
    json_append_quoted(head, str_of(sync->document->uri));
    buf_printf(head, ",\"version\":%lld", sync->version);
}

/* Remembers where the text as sent ends. */
static void note_sent(struct lsp_sync *sync)
{
    const struct text *text = sync->document->text;
    struct buf line = BUF_INIT;
    text_copy(text, text_line_start(text, text_line_count(text) - 1), text_length(text), &line);
    sync->last_units = lsp_units(buf_str(&line), sync->client->encoding);
    buf_free(&line);
    sync->pending = false;
}

void lsp_sync_open(struct lsp_sync *sync)
{
    const struct text *text = sync->document->text;
    if (sync->open || text_length(text) > LSP_DOCUMENT_MAX) {
        return;
    }
    struct sending *sending = MEM_NEW(struct sending);
    sync->open = true;
    sync->version++;
    begin_document(sync, &sending->head);
    buf_append_c(&sending->head, ",\"languageId\":");
    json_append_quoted(&sending->head, str_of(sync->document->language));
    buf_append_c(&sending->head, ",\"text\":");
    text_copy(text, 0, text_length(text), &sending->text);
    sending->tail = "}}";
    send_text(sync, "textDocument/didOpen", sending);
    note_sent(sync);
    lsp_sync_pull(sync);
}

static cJSON *identifier(const struct lsp_sync *sync)
{
    cJSON *params = cJSON_CreateObject();
    json_set_string(json_set_object(params, "textDocument"), "uri", sync->document->uri);
    return params;
}

static void findings_changed(struct lsp_sync *sync)
{
    sync->document->is_merged = false;
    struct lsp_event event = {
        .kind = LSP_EVENT_FINDINGS, .server = sync->client->row->name, .document = sync->document};
    lsp_tell(sync->client->service, &event);
}

void lsp_sync_lost(struct lsp_sync *sync)
{
    bool had = sync->pushed.findings.len + sync->pulled.findings.len > 0;
    sync->open = false;
    sync->pending = false;
    sync->pull = 0;
    lsp_diagnostics_clear(&sync->pushed);
    lsp_diagnostics_clear(&sync->pulled);
    if (had) {
        findings_changed(sync);
    }
}

void lsp_sync_close(struct lsp_sync *sync)
{
    if (sync->open && sync->client->rpc != NULL) {
        rpc_notify(sync->client->rpc, "textDocument/didClose", identifier(sync));
    }
    sync->open = false;
}

void lsp_sync_saved(struct lsp_sync *sync)
{
    if (sync->open && sync->client->rpc != NULL) {
        lsp_sync_flush(sync);
        rpc_notify(sync->client->rpc, "textDocument/didSave", identifier(sync));
    }
}

void lsp_sync_note(struct lsp_sync *sync, const struct text_change *change)
{
    lsp_diagnostics_shift(&sync->pushed, change);
    lsp_diagnostics_shift(&sync->pulled, change);
    if (!sync->open) {
        return;
    }
    size_t first = change->start_point.row;
    size_t old_last = change->old_end_point.row;
    size_t new_last = change->new_end_point.row;
    if (!sync->pending) {
        sync->pending = true;
        sync->first = first;
        sync->old_last = old_last;
        sync->new_last = new_last;
        return;
    }
    /* Lines after the range so far are the old ones, moved. */
    size_t end = sync->new_last > old_last ? sync->new_last : old_last;
    sync->old_last += end - sync->new_last;
    sync->new_last = end - old_last + new_last;
    sync->first = sync->first < first ? sync->first : first;
}

uint64_t lsp_sync_delay(const struct lsp_sync *sync)
{
    return text_length(sync->document->text) > LARGE_TEXT ? LARGE_DELAY_MS : DELAY_MS;
}

static long long sync_kind(const struct lsp_sync *sync)
{
    const cJSON *told = json_get(sync->client->capabilities, "textDocumentSync");
    if (cJSON_IsNumber(told)) {
        return (long long)told->valuedouble;
    }
    return json_int_or(told, "change", 1);
}

static void append_range(struct lsp_sync *sync, struct buf *head)
{
    const struct text *text = sync->document->text;
    size_t old_count = text_line_count(text) - sync->new_last + sync->old_last;
    bool to_end = sync->old_last + 1 >= old_count;
    buf_printf(head,
        "\"range\":{\"start\":{\"line\":%zu,\"character\":0},\"end\":{\"line\":%zu,"
        "\"character\":%zu}},",
        sync->first, to_end ? sync->old_last : sync->old_last + 1, to_end ? sync->last_units : 0);
}

void lsp_sync_flush(struct lsp_sync *sync)
{
    const struct text *text = sync->document->text;
    if (!sync->open || !sync->pending || sync->client->rpc == NULL) {
        return;
    }
    if (text_length(text) > LSP_DOCUMENT_MAX) { /* grown out of what servers are given */
        lsp_sync_close(sync);
        lsp_sync_lost(sync);
        return;
    }
    long long kind = sync_kind(sync);
    struct sending *sending = MEM_NEW(struct sending);
    sync->version++;
    begin_document(sync, &sending->head);
    buf_append_c(&sending->head, "},\"contentChanges\":[{");
    if (kind == 2) {
        append_range(sync, &sending->head);
        size_t from = text_line_start(text, sync->first);
        size_t to = text_line_start(text, sync->new_last + 1);
        text_copy(text, from, to, &sending->text);
    } else {
        text_copy(text, 0, text_length(text), &sending->text);
    }
    buf_append_c(&sending->head, "\"text\":");
    sending->tail = "}]}";
    if (kind == 0) {
        free_sending(sending); /* it does not want to know */
    } else {
        send_text(sync, "textDocument/didChange", sending);
    }
    note_sent(sync);
    lsp_sync_pull(sync);
}

static void read_list(struct lsp_sync *sync, struct lsp_diagnostics *into, cJSON *list)
{
    struct lsp_mapper mapper;
    lsp_mapper_text(&mapper, sync->document->text, sync->client->encoding);
    lsp_diagnostics_read(into, &mapper, list, sync->document->path, sync->client->row->name);
    lsp_mapper_free(&mapper);
    findings_changed(sync);
}

void lsp_sync_published(struct lsp_sync *sync, const cJSON *version, cJSON *list)
{
    bool old = cJSON_IsNumber(version) && version->valuedouble != (double)sync->version;
    /* With changes on their way a newer list is as well. */
    if (sync->open && !old && !sync->pending) {
        read_list(sync, &sync->pushed, list);
    }
}

static void on_pulled(void *data, struct rpc_answer *answer)
{
    struct lsp_sync *sync = data;
    sync->pull = 0;
    const char *kind = json_string_or(answer->result, "kind", "");
    if (answer->status == RPC_ANSWERED && !sync->pending && strcmp(kind, "full") == 0) {
        read_list(sync, &sync->pulled, json_get(answer->result, "items"));
    }
}

void lsp_sync_pull(struct lsp_sync *sync)
{
    if (!sync->open || !lsp_client_can(sync->client, "diagnosticProvider")) {
        return;
    }
    cancel_pull(sync);
    sync->pull = rpc_call(
        sync->client->rpc, "textDocument/diagnostic", identifier(sync), 0, on_pulled, sync);
}
