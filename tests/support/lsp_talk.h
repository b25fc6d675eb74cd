/* A language service driven by a test: one document of a small workspace, its events noted. */
#ifndef BYLAW_LSP_TALK_H
#define BYLAW_LSP_TALK_H

#include "lsp/service.h"

struct lsp_talk {
    struct loop *loop;
    struct config *config;
    struct lsp_service *service;
    char *dir; /* the workspace */
    struct text *text;
    struct lsp_document *document;
    size_t findings, statuses, messages, proposals; /* events so far */
    char *message;                                  /* the last */
    struct changes proposal;                        /* the last */
    struct lsp_reply reply;                         /* the last; its message is a copy */
    char *reply_message;
    size_t replies;
    size_t most_findings; /* events in one turn of the loop */
};

/* A workspace in a fresh folder with the user configuration `config_toml` (NULL: none); sets
 * XDG_CONFIG_HOME to a folder inside of it. hurry: timeouts are a twentieth of the usual. */
struct lsp_talk *lsp_talk_new(const char *config_toml, bool hurry);
void lsp_talk_free(struct lsp_talk *talk);
/* Writes the file and opens it; language by the name's end. */
void lsp_talk_open(struct lsp_talk *talk, const char *path, const char *content);
/* Turns the loop until *counter >= want, at most 30 s; false: it did not happen. */
bool lsp_talk_wait(struct lsp_talk *talk, const size_t *counter, size_t want);
/* Until the first server is in `state`. */
bool lsp_talk_wait_state(struct lsp_talk *talk, enum lsp_state state);
/* Turns the loop for so long. */
void lsp_talk_turn(struct lsp_talk *talk, int ms);
/* Asks and waits for the reply, which is in talk->reply. */
void lsp_talk_ask(struct lsp_talk *talk, const struct lsp_question *question);
/* Where `word` begins in the text; fails the test when it is not there. */
size_t lsp_talk_at(const struct lsp_talk *talk, const char *word);
/* The configuration row that makes fault-lsp SCENARIO the only server, for Rego. Caller frees. */
char *lsp_talk_fault(const char *scenario) MUST_USE;

#endif
