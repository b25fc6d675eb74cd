/* The chat: the session's transcript with the model's Markdown, and the prompt.
 *
 * The prompt has the keys. Alt-Up (or a click) moves into the transcript, where letters are keys:
 * fold, review, retry, copy; Esc or any other letter goes back. */
#ifndef BYLAW_PANE_CHAT_H
#define BYLAW_PANE_CHAT_H

#include "agent/session.h"
#include "app.h"

struct chat;
struct popup;

/* What follows the name of a command. */
enum { CHAT_COMMAND_ALONE, CHAT_COMMAND_TAKES, CHAT_COMMAND_NEEDS };

struct chat_options {
    struct app *app;
    struct session *session; /* borrowed */
    /* Opens the review of a proposal; NULL: there is none to open. */
    void (*review)(void *data, unsigned proposal);
    /* An @ was typed: asks which file is meant and calls chat_insert with it. May be NULL. */
    void (*mention)(void *data);
    /* A slash command was typed: runs it, or says why nothing was done; then the text stays. NULL:
     * there are none, all is sent. */
    bool (*command)(void *data, struct str name, struct str args, struct err *err);
    /* A command of the engineer's own was typed after a "!": runs it, or says why not; then the
     * text stays. NULL: it is a prompt like any other. */
    bool (*shell)(void *data, struct str line, struct err *err);
    /* Adds the commands there are to the completion: label, detail, and as the number what may
     * follow the name. May be NULL. */
    void (*commands)(void *data, struct popup *popup);
    /* Goes on in another session that begins before this prompt, an entry of the transcript. May be
     * NULL. */
    void (*fork)(void *data, unsigned entry);
    /* "gpt-5.5 high", "no model": for the state line; borrowed for the call. May be NULL. */
    const char *(*model)(void *data);
    /* Recorded answers are labelled as such at all times. May be NULL. */
    bool (*is_recording)(void *data);
    /* Prompts worth offering before the first one (those a recording knows); NULL past the end;
     * borrowed for the call. May be NULL. */
    const char *(*suggestion)(void *data, size_t index);
    /* The folder holds nothing, and what begins something there: offered before the first prompt,
     * where no prompts are. May be NULL. */
    bool (*is_empty)(void *data);
    void (*begin)(void *data);
    void *data;
};

struct chat *chat_new(const struct chat_options *options) MUST_USE;
/* The chat is freed with its pane. */
struct pane chat_pane(struct chat *chat);

/* The transcript, the state or the queue changed: the owner's session_on_change calls this. */
void chat_changed(struct chat *chat);
/* Another session (resumed, new): the prompt takes over its draft. */
void chat_set_session(struct chat *chat, struct session *session);
/* Puts text at the cursor of the prompt ("@policies/a.rego:12 "), for other panes. */
void chat_insert(struct chat *chat, struct str text);

/* What its keys do. */
extern const struct action_set chat_action_set;

#endif
