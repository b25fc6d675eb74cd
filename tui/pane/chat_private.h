/* Inside of the chat pane: chat.c (life, keys), chat_actions.c (what can be done), chat_draw.c.
 * Nobody else includes it. */
#ifndef BYLAW_PANE_CHAT_PRIVATE_H
#define BYLAW_PANE_CHAT_PRIVATE_H

#include "pane/chat.h"
#include "pane/chat_view.h"
#include "widget/popup.h"
#include "widget/prompt.h"

struct chat {
    struct chat_options options;
    struct app *app;
    struct session *session;
    struct chat_view *view;
    struct prompt *prompt;
    bool browsing;
    struct edit *find; /* what is looked for in the transcript; NULL: nothing */
    bool finding;      /* it is being typed, in the prompt's place */
    bool find_failed;
    char *asked; /* what the agent asked for when the box to decide it was opened; or NULL */
    char *shown_question;   /* what it asks for, as last drawn; or NULL */
    unsigned draft_version; /* of the prompt, as last handed over */
    struct loop_timer *draft_timer, *spin_timer;
    struct popup *commands; /* shown while the name of a command is typed; NULL: not */
    bool commands_closed;   /* by Esc, until another is begun */
    uint64_t busy_since;    /* ms; 0: idle */
    /* Of the last draw, for the mouse. */
    int prompt_row, transcript_rows;
};

bool chat_is_busy(const struct chat *chat);
/* A turn or a command of the engineer's runs. */
bool chat_is_stoppable(const struct chat *chat);
bool chat_is_recording(const struct chat *chat);
/* The last entry when it is an error that can be tried again, notices aside; else NULL. */
const struct entry *chat_retriable(const struct chat *chat);
/* The newest proposal that no commit or review has answered yet, or NULL. */
const struct entry *chat_open_proposal(const struct chat *chat);
/* The prompt changed: its draft is handed over soon. */
void chat_note_change(struct chat *chat);

/* chat_actions.c */
unsigned chat_send(struct chat *chat);
unsigned chat_retry(struct chat *chat);
unsigned chat_review(struct chat *chat, const struct entry *proposal);
unsigned chat_interrupt(struct chat *chat);
unsigned chat_older_entry(struct chat *chat);
unsigned chat_newer_entry(struct chat *chat);
unsigned chat_leave_browsing(struct chat *chat);

/* chat_find.c */
/* Begins a search, or goes to the next match above. */
void chat_find_open(struct chat *chat);
/* False: nothing was looked for. */
bool chat_find_close(struct chat *chat);
/* -1: the match above, 1: below. */
void chat_find_again(struct chat *chat, int step);
unsigned chat_find_key(struct chat *chat, const struct key *key);
void chat_find_paste(struct chat *chat, struct str text);
void chat_find_draw(struct chat *chat, struct region region, bool focused);

/* chat_queue.c */
/* The last waiting prompt that can be taken back; SIZE_MAX: none. */
size_t chat_last_queued(const struct chat *chat);
/* A waiting prompt comes back into the field, before what is there. */
void chat_take_back(struct chat *chat, size_t index);
/* The list of those that wait. */
void chat_show_queue(struct chat *chat);

/* chat_slash.c: the completion of commands */
/* The prompt's text changed: shows it, narrows it, closes it. */
void chat_slash_update(struct chat *chat);
/* A key while it is shown; UI_IGNORED: not for it. */
unsigned chat_slash_key(struct chat *chat, const struct key *key);
/* False: it was not there. */
bool chat_slash_close(struct chat *chat);
void chat_slash_draw(struct chat *chat, struct region region);
struct help_row;
/* The commands for the ? screen (help.h). */
bool chat_slash_help(const void *chat, size_t index, struct help_row *out);
/* A command was typed and is run; false: it is a prompt like any other. */
bool chat_slash_send(struct chat *chat, struct str text);

/* What the agent asks for and under which terms, or NULL. The caller frees. */
char *chat_question(const struct chat *chat) MUST_USE;
/* Answers it, if it is still the one that was looked at. */
void chat_decide(
    struct chat *chat, const char *looked_at, enum approval approval, struct str reason);
/* A list of the answers it takes (chat_choices.c). */
void chat_choose(struct chat *chat);

/* chat_draw.c */
void chat_draw(void *pane, struct region region, bool focused);
void chat_title(const void *pane, struct buf *left, struct buf *right);
void chat_status(const void *pane, struct buf *out);

/* What Enter in an empty prompt puts in: the first suggestion, while nothing was said yet; NULL. */
const char *chat_suggestion(const struct chat *chat);
/* The folder is empty and nothing was said yet: Enter begins a repository. */
bool chat_offers_beginning(const struct chat *chat);

#endif
