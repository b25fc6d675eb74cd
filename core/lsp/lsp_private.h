/* What the parts of the service share: service.c (the facade), client.c (one server's life),
 * serve.c (what a server asks and tells), sync.c (documents as servers see them), ask.c
 * (questions), params.c (what they are sent as). */
#ifndef BYLAW_LSP_LSP_PRIVATE_H
#define BYLAW_LSP_LSP_PRIVATE_H

#include "base/vec.h"
#include "lsp/diagnostics.h"
#include "lsp/gather.h"
#include "lsp/servers.h"
#include "lsp/service.h"
#include "rpc/rpc.h"

enum { LSP_DOCUMENT_MAX = 4 << 20 };

/* One server. */
struct lsp_client {
    struct lsp_service *service;
    const struct lsp_server *row;
    char *languages;
    struct rpc *rpc;
    enum lsp_state state;
    enum lsp_encoding encoding;
    cJSON *capabilities; /* as it told, and what it registered since */
    char *why, *working, *version;
    unsigned crashes;
    unsigned messages; /* shown so far */
    uint64_t ready_ms;
    struct loop_timer *timer; /* the next start, or the stop when nobody needs it */
};

/* One document as one server knows it. */
struct lsp_sync {
    struct lsp_client *client;
    struct lsp_document *document;
    bool open; /* didOpen was sent */
    long long version;
    bool pending;              /* changes that were not sent: */
    size_t first;              /* lines [first, old_last] as sent before … */
    size_t old_last, new_last; /* … are lines [first, new_last] now */
    size_t last_units;         /* length of the last line as sent, in the server's units */
    struct lsp_diagnostics pushed, pulled;
    uint64_t pull; /* the open call, or 0 */
};

struct lsp_document {
    struct lsp_service *service;
    char *path, *uri, *language;
    struct text *text;
    struct {
        struct lsp_sync **items;
        size_t len, cap;
    } syncs;
    struct loop_timer *timer; /* what was typed is sent when it fires */
    struct findings merged;
    bool is_merged;
};

struct lsp_ask;

/* Work on a worker whose service may go away meanwhile. */
struct lsp_job {
    struct lsp_service *service; /* NULL: it went */
    struct lsp_client *client;   /* of a proposal */
    uint64_t ask;                /* or 0 */
    enum lsp_what what;
    struct lsp_gather gather;
    struct buf text; /* FORMAT: the document */
    cJSON *answer;   /* owned */
    char *label;
    struct lsp_reply reply;
    bool ok;
    struct err err;
};

struct lsp_service {
    struct lsp_setup setup;
    char *root;
    struct lsp_servers servers;
    struct {
        struct lsp_client **items;
        size_t len, cap;
    } clients;
    struct {
        struct lsp_document **items;
        size_t len, cap;
    } documents;
    struct {
        struct lsp_ask **items;
        size_t len, cap;
    } asks;
    struct {
        struct lsp_job **items;
        size_t len, cap;
    } jobs;
    uint64_t next_ask;
    struct loop_timer *soon; /* replies that need no server */
};

/* service.c */
uint64_t lsp_patience(const struct lsp_service *service, uint64_t ms);
void lsp_tell(struct lsp_service *service, const struct lsp_event *event);
void lsp_tell_message(struct lsp_client *client, bool is_error, const char *text);
struct lsp_document *lsp_document_at(struct lsp_service *service, const char *path);
struct lsp_sync *lsp_sync_of(const struct lsp_document *document, const struct lsp_client *client);

/* client.c */
struct lsp_client *lsp_client_new(struct lsp_service *service, const struct lsp_server *row);
void lsp_client_free(struct lsp_client *client);
/* Starts it unless it runs, waits or failed. */
void lsp_client_want(struct lsp_client *client);
/* A document was closed. */
void lsp_client_release(struct lsp_client *client);
void lsp_client_restart(struct lsp_client *client);
/* The server's "capability" ("hoverProvider", "completionProvider.resolveProvider") is there. */
bool lsp_client_can(const struct lsp_client *client, const char *capability);

/* serve.c: callbacks of rpc. */
void lsp_serve_request(void *data, const cJSON *id, const char *method, cJSON **params);
void lsp_serve_notification(void *data, const char *method, cJSON **params);

/* sync.c */
struct lsp_sync *lsp_sync_new(struct lsp_document *document, struct lsp_client *client);
void lsp_sync_free(struct lsp_sync *sync);
/* The server is ready for it / is gone. */
void lsp_sync_open(struct lsp_sync *sync);
void lsp_sync_lost(struct lsp_sync *sync);
void lsp_sync_close(struct lsp_sync *sync);
void lsp_sync_saved(struct lsp_sync *sync);
void lsp_sync_note(struct lsp_sync *sync, const struct text_change *change);
/* Sends what was typed. */
void lsp_sync_flush(struct lsp_sync *sync);
void lsp_sync_pull(struct lsp_sync *sync);
/* publishDiagnostics for it. */
void lsp_sync_published(struct lsp_sync *sync, const cJSON *version, cJSON *list);
uint64_t lsp_sync_delay(const struct lsp_sync *sync);

/* params.c */
/* Where the word before `at` begins. */
size_t lsp_word_start(const struct lsp_document *document, size_t at);
/* The parameters of a question about a document; of a RESOLVE and an ACTION they are the item. */
cJSON *lsp_params(const struct lsp_document *document, const struct lsp_client *client,
    const struct lsp_question *question);

/* ask.c */
void lsp_asks_forget_document(struct lsp_service *service, const struct lsp_document *document);
/* The connection is dropped: what was asked of it fails. */
void lsp_asks_lost(struct lsp_client *client);
void lsp_asks_clear(struct lsp_service *service);
void lsp_asks_soon(void *data);
/* Reads a WorkspaceEdit on a worker and tells it as a proposal. Takes `edit`. */
void lsp_propose(struct lsp_client *client, const char *label, cJSON *edit);

#endif
