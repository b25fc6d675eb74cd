/* Language servers for the editor: open, change and close documents, ask things about them, and be
 * told their findings. The servers are programs of the table in servers.h, started when the first
 * document of their language is opened, restarted at most three times after a crash, and stopped a
 * minute after the last document is closed; until then nothing runs and nothing is watched.
 *
 * Documents are followed by themselves: lsp_open listens to the text. Questions send what was typed
 * since first, so answers are about the text as it is; an answer for an older text is dropped and
 * told as stale. Everything a server says is bounded, clamped to the text and made safe to show; it
 * never writes anything: its edits come as struct changes, for review. The loop is not held up:
 * large messages and other files are read on workers.
 *
 * Loop thread only. */
#ifndef BYLAW_LSP_SERVICE_H
#define BYLAW_LSP_SERVICE_H

#include "config/config.h"
#include "loop/loop.h"
#include "lsp/answer.h"

struct lsp_service;
struct lsp_document;

enum lsp_state {
    LSP_OFF,      /* no document of its languages is open */
    LSP_STARTING, /* the program runs, it has not answered yet */
    LSP_READY,
    LSP_WAITING, /* crashed; started again in a moment */
    LSP_FAILED,  /* crashed too often, or what the user named cannot be started: see why */
    LSP_MISSING  /* it is one of ours, and not installed */
};

const char *lsp_state_name(enum lsp_state state);

/* One server, for a status pane. Borrowed until the next event. */
struct lsp_status {
    const char *name;      /* "regal" */
    const char *languages; /* "rego", separated by ", " */
    enum lsp_state state;
    const char *why;     /* one sentence for WAITING, FAILED, MISSING; else NULL */
    const char *working; /* what it says it is busy with (its progress), or NULL */
    const char *version; /* "regal 0.39.0" as it introduced itself, or NULL */
    unsigned crashes;
    size_t documents;
};

enum lsp_event_kind {
    LSP_EVENT_STATUS,   /* a server's state or progress changed */
    LSP_EVENT_FINDINGS, /* lsp_findings(document) is new */
    LSP_EVENT_MESSAGE,  /* a server, or we about one, has something to say: `text` */
    LSP_EVENT_PROPOSAL  /* a server wants files changed: `changes`, called `text`; take to keep */
};

struct lsp_event {
    enum lsp_event_kind kind;
    const char *server;
    struct lsp_document *document; /* FINDINGS */
    const char *text;              /* one line */
    bool is_error;                 /* MESSAGE */
    struct changes *changes;       /* PROPOSAL */
};

struct lsp_setup {
    struct loop *loop;
    const struct config *config; /* read in lsp_service_new only */
    const char *root;            /* of the workspace: absolute, without links; copied */
    unsigned patience;           /* percent of the usual timeouts; 0: 100 (tests take less) */
    void (*on_event)(void *data, const struct lsp_event *event);
    void *data;
};

/* Starts nothing. */
struct lsp_service *lsp_service_new(const struct lsp_setup *setup) MUST_USE;
/* Closes all documents and ends the servers; no callback comes after. The loop frees what is left.
 */
void lsp_service_free(struct lsp_service *service);
size_t lsp_status_count(const struct lsp_service *service);
struct lsp_status lsp_status_at(const struct lsp_service *service, size_t index);
/* Starts a server that failed or is missing again. */
void lsp_restart(struct lsp_service *service, const char *server);
/* Mistakes in the [language_servers] table. */
size_t lsp_problem_count(const struct lsp_service *service);
const char *lsp_problem_at(const struct lsp_service *service, size_t index);

/* A document of `language` (struct language's name) is open in the editor; `path` is relative to
 * the root; the text must live until lsp_close. Never NULL: without a server for the language, or
 * with a text too large for one (4 MiB) or of lone CRs, it is simply never spoken of. */
struct lsp_document *lsp_open(struct lsp_service *service, const char *path, const char *language,
    struct text *text) MUST_USE;
void lsp_saved(struct lsp_document *document);
/* Its findings are gone, and its open questions are forgotten. */
void lsp_close(struct lsp_document *document);
const char *lsp_document_path(const struct lsp_document *document);
/* What the servers say about it, by place; moved along with the text as it is edited. Borrowed
 * until the next event, edit or call for this document. */
const struct findings *lsp_findings(struct lsp_document *document);
/* Files of the workspace that changed on disk; the numbers are the protocol's. */
enum lsp_file_kind { LSP_FILE_ADDED = 1, LSP_FILE_CHANGED, LSP_FILE_REMOVED };
struct lsp_file_change {
    const char *path; /* borrowed */
    enum lsp_file_kind kind;
};
struct lsp_file_changes {
    struct lsp_file_change *items;
    size_t len, cap;
};
/* Servers that are ready are told, in messages of a bounded size; one that starts later reads the
 * folder itself. */
void lsp_files_changed(struct lsp_service *service, const struct lsp_file_changes *changes);

enum lsp_what {
    LSP_HOVER,      /* text */
    LSP_SIGNATURE,  /* text, [from, to) */
    LSP_COMPLETION, /* items */
    LSP_RESOLVE,    /* items: the one asked about, with what was missing */
    LSP_DEFINITION, /* places */
    LSP_REFERENCES, /* places */
    LSP_SYMBOLS,    /* symbols */
    LSP_ACTIONS,    /* items, for [at, end) */
    LSP_ACTION,     /* changes of the action asked about; may come as a PROPOSAL instead */
    LSP_FORMAT,     /* edits of this document */
    LSP_RENAME,     /* changes; `name` is the new name */
    LSP_WHATS
};

struct lsp_question {
    enum lsp_what what;
    size_t at, end;              /* bytes of the text */
    const char *name;            /* RENAME; COMPLETION: the character that triggered it, or NULL */
    const struct lsp_item *item; /* RESOLVE, ACTION: from an earlier reply; read during the call */
};

enum lsp_reply_kind {
    LSP_REPLY_OK,
    LSP_REPLY_NOTHING, /* the server has nothing to say there */
    LSP_REPLY_STALE,   /* the text changed meanwhile: ask again */
    LSP_REPLY_FAILED   /* message says why */
};

/* Borrowed; take a member by zeroing it. */
struct lsp_reply {
    enum lsp_reply_kind kind;
    const char *message; /* FAILED: one sentence */
    char *text;
    size_t from, to;
    struct lsp_items items;
    struct lsp_places places;
    struct lsp_symbols symbols;
    struct text_edits edits;
    struct changes changes;
};

/* True when a server that is ready can answer it: for why_not. */
bool lsp_can(const struct lsp_document *document, enum lsp_what what);
/* Asks. on_reply comes exactly once, never from inside this call, unless forgotten. Returns a
 * number, never 0. */
uint64_t lsp_ask(struct lsp_document *document, const struct lsp_question *question,
    void (*on_reply)(void *data, struct lsp_reply *reply), void *data);
/* No reply comes any more. A number that is not open is fine. */
void lsp_forget(struct lsp_service *service, uint64_t id);
/* True when typing `c` should ask for completions (LSP_COMPLETION) or signatures (LSP_SIGNATURE).
 */
bool lsp_triggers(const struct lsp_document *document, enum lsp_what what, char c);

#endif
