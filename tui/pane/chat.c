#include "help.h"
#include "pane/chat_private.h"
#include "widget/edit.h"

#include <stdlib.h>

/* What is typed is in the journal so much later. */
#define DRAFT_MS 250
#define SPIN_MS  120

/* ---- helpers ---- */

bool chat_is_busy(const struct chat *chat)
{
    return session_state(chat->session) != SESSION_IDLE;
}

bool chat_is_stoppable(const struct chat *chat)
{
    return chat_is_busy(chat) || session_has_aside(chat->session);
}

/* The last entry when it is an error that can be tried again, notices aside, and what an agent had
 * proposed until then. */
const struct entry *chat_retriable(const struct chat *chat)
{
    const struct transcript *t = session_transcript(chat->session);
    for (size_t i = t->len; i > 0 && !chat_is_busy(chat); i--) {
        const struct entry *entry = &t->items[i - 1];
        if (entry->kind == ENTRY_ERROR) {
            return entry->can_retry ? entry : NULL;
        }
        if (entry->kind != ENTRY_NOTICE && entry->kind != ENTRY_PROPOSAL) {
            return NULL;
        }
    }
    return NULL;
}

/* The proposals before it are another session's. */
static bool is_fork(const struct entry *entry)
{
    return entry->kind == ENTRY_NOTICE && entry->name != NULL &&
           strcmp(entry->name, SESSION_FORK_NOTICE) == 0;
}

/* The newest proposal that no commit or review has answered yet. */
const struct entry *chat_open_proposal(const struct chat *chat)
{
    const struct transcript *t = session_transcript(chat->session);
    for (size_t i = t->len; i > 0; i--) {
        const struct entry *entry = &t->items[i - 1];
        if (entry->kind == ENTRY_COMMIT || entry->kind == ENTRY_FEEDBACK || is_fork(entry)) {
            return NULL;
        }
        if (entry->kind == ENTRY_PROPOSAL) {
            return entry;
        }
    }
    return NULL;
}

bool chat_is_recording(const struct chat *chat)
{
    return chat->options.is_recording != NULL && chat->options.is_recording(chat->options.data);
}

/* ---- history and draft ---- */

static size_t history_count(void *data)
{
    return session_history_count(((struct chat *)data)->session);
}

static const char *history_at(void *data, size_t index)
{
    return session_history_at(((struct chat *)data)->session, index);
}

static void hand_over_draft(void *data)
{
    struct chat *chat = data;
    unsigned version = prompt_version(chat->prompt);
    if (version == chat->draft_version) {
        return;
    }
    struct buf text = BUF_INIT;
    prompt_text(chat->prompt, &text);
    session_set_draft(chat->session, buf_str(&text));
    buf_free(&text);
    chat->draft_version = version;
}

void chat_note_change(struct chat *chat)
{
    chat_slash_update(chat);
    /* Not put off by each key: long typing is saved while it goes on. */
    if (prompt_version(chat->prompt) != chat->draft_version &&
        !loop_timer_is_active(chat->draft_timer)) {
        loop_timer_start(chat->draft_timer, DRAFT_MS, 0);
    }
}

static void spin(void *data)
{
    struct chat *chat = data;
    if (!chat_is_stoppable(chat)) {
        loop_timer_stop(chat->spin_timer);
    }
    app_redraw(chat->app);
}

void chat_changed(struct chat *chat)
{
    bool busy = chat_is_stoppable(chat);
    if (busy && chat->busy_since == 0) {
        chat->busy_since = loop_now_ms();
        loop_timer_start(chat->spin_timer, SPIN_MS, SPIN_MS);
    } else if (!busy) {
        chat->busy_since = 0;
    }
    app_redraw(chat->app);
}

/* ---- keys ---- */

static unsigned activate(struct chat *chat, const struct entry *entry)
{
    if (entry == NULL) {
        return UI_IGNORED;
    }
    if (entry->kind == ENTRY_PROPOSAL) {
        return chat_review(chat, entry);
    }
    if (entry->kind == ENTRY_ERROR && entry == chat_retriable(chat)) {
        return chat_retry(chat);
    }
    chat_view_toggle(chat->view, entry);
    return UI_DONE;
}

const char *chat_suggestion(const struct chat *chat)
{
    bool fresh = session_transcript(chat->session)->len == 0 && !chat_is_busy(chat);
    return fresh && chat->options.suggestion != NULL
               ? chat->options.suggestion(chat->options.data, 0)
               : NULL;
}

bool chat_offers_beginning(const struct chat *chat)
{
    bool fresh = session_transcript(chat->session)->len == 0 && !chat_is_busy(chat);
    return fresh && chat_suggestion(chat) == NULL && chat->options.is_empty != NULL &&
           chat->options.is_empty(chat->options.data);
}

/* Enter in an empty prompt does what the state line offers. */
static unsigned enter(struct chat *chat)
{
    if (!prompt_is_empty(chat->prompt)) {
        return chat_send(chat);
    }
    if (chat_retriable(chat) != NULL) {
        return chat_retry(chat);
    }
    if (session_queue_send(chat->session)) {
        return UI_DONE;
    }
    if (!chat_is_busy(chat) && chat_open_proposal(chat) != NULL) {
        return chat_review(chat, chat_open_proposal(chat));
    }
    if (chat_suggestion(chat) != NULL) {
        prompt_set(chat->prompt, str_of(chat_suggestion(chat)));
    } else if (chat_offers_beginning(chat)) {
        chat->options.begin(chat->options.data);
    }
    return UI_DONE;
}

static unsigned scroll_key(struct chat *chat, const struct key *key)
{
    long page = chat_view_rows(chat->view) > 2 ? chat_view_rows(chat->view) - 2 : 1;
    if (key->code == K_PAGE_UP) {
        chat_view_scroll(chat->view, -page);
    } else if (key->code == K_PAGE_DOWN) {
        chat_view_scroll(chat->view, page);
    } else if (key->code == K_UP && key->mods == MOD_SHIFT) {
        chat_view_scroll(chat->view, -1);
    } else if (key->code == K_DOWN && key->mods == MOD_SHIFT) {
        chat_view_scroll(chat->view, 1);
    } else if (key->code == K_HOME && key->mods == MOD_CTRL) {
        chat_view_to_start(chat->view);
    } else if (key->code == K_END && key->mods == MOD_CTRL) {
        chat_view_follow(chat->view);
    } else {
        return UI_IGNORED;
    }
    return UI_DONE;
}

static unsigned browse_key(struct chat *chat, const struct key *key)
{
    if (key_is_char(key, 'j') || (key->code == K_DOWN && key->mods == 0)) {
        return chat_newer_entry(chat);
    }
    if (key_is_char(key, 'k') || (key->code == K_UP && key->mods == 0)) {
        return chat_older_entry(chat);
    }
    if (key->code == K_ENTER || key_is_char(key, ' ')) {
        return activate(chat, chat_view_selected(chat->view));
    }
    if (key_is_char(key, 'G') || (key->code == K_END && key->mods == 0)) {
        chat_view_select_none(chat->view);
        chat_view_select(chat->view, 0);
        chat_view_follow(chat->view);
        return UI_DONE;
    }
    if (key_is_char(key, 'g') || (key->code == K_HOME && key->mods == 0)) {
        chat_view_select(chat->view, -1000000);
        return UI_DONE;
    }
    if (key_is_char(key, 'i') || key_is_char(key, 'q')) {
        return chat_leave_browsing(chat);
    }
    return UI_IGNORED;
}

static unsigned chat_key(void *pane, const struct key *key)
{
    struct chat *chat = pane;
    if (chat->finding) {
        return chat_find_key(chat, key);
    }
    unsigned flags = prompt_is_searching(chat->prompt) ? UI_IGNORED : scroll_key(chat, key);
    if (flags != UI_IGNORED) {
        return flags;
    }
    if (chat->browsing) {
        return browse_key(chat, key);
    }
    if (key_is_ctrl(key, 'c') && !prompt_is_searching(chat->prompt)) {
        if (!prompt_is_empty(chat->prompt)) {
            prompt_clear(chat->prompt);
            chat_note_change(chat);
            return UI_DONE;
        }
        return chat_is_stoppable(chat) ? chat_interrupt(chat) : UI_IGNORED;
    }
    flags = chat_slash_key(chat, key);
    if (flags != UI_IGNORED) {
        chat_note_change(chat);
        return flags;
    }
    flags = prompt_key(chat->prompt, key);
    if (flags == UI_IGNORED && key->code == K_ENTER && key->mods == 0) {
        flags = enter(chat);
    }
    chat_note_change(chat);
    if (key_is_char(key, '@') && chat->options.mention != NULL &&
        prompt_is_after_at(chat->prompt) && !prompt_is_searching(chat->prompt)) {
        chat->options.mention(chat->options.data);
    }
    return flags;
}

static bool chat_takes_text(const void *pane)
{
    const struct chat *chat = pane;
    return !chat->browsing || chat->finding;
}

static unsigned chat_paste(void *pane, struct str text)
{
    struct chat *chat = pane;
    if (chat->finding) {
        chat_find_paste(chat, text);
        return UI_DONE;
    }
    chat->browsing = false;
    prompt_escape(chat->prompt);
    prompt_paste(chat->prompt, text);
    chat_note_change(chat);
    return UI_DONE;
}

static unsigned chat_escape(void *pane)
{
    struct chat *chat = pane;
    if (prompt_escape(chat->prompt) || chat_slash_close(chat) || chat_find_close(chat)) {
        return UI_DONE;
    }
    if (chat->browsing) {
        return chat_leave_browsing(chat);
    }
    return chat_is_stoppable(chat) ? chat_interrupt(chat) : UI_IGNORED;
}

static unsigned chat_mouse(void *pane, const struct mouse *mouse)
{
    struct chat *chat = pane;
    if (mouse->action == MOUSE_WHEEL) {
        chat_view_scroll(chat->view, 3L * mouse->button);
        return UI_DONE;
    }
    if (mouse->action != MOUSE_PRESS || mouse->button != 1) {
        return UI_IGNORED;
    }
    if (mouse->row >= chat->prompt_row) {
        struct mouse inside = *mouse;
        inside.row -= chat->prompt_row;
        chat_leave_browsing(chat);
        return prompt_mouse(chat->prompt, &inside) | UI_DONE;
    }
    bool head = false;
    const struct entry *entry = mouse->row < chat->transcript_rows
                                    ? chat_view_select_at(chat->view, mouse->row, &head)
                                    : NULL;
    if (entry == NULL) {
        return chat_leave_browsing(chat);
    }
    chat->browsing = true;
    return head && chat_view_can_fold(entry) && entry->kind != ENTRY_PROPOSAL
               ? activate(chat, entry)
           : mouse->clicks == 2 || (head && entry->kind == ENTRY_PROPOSAL) ? activate(chat, entry)
                                                                           : UI_DONE;
}

static bool chat_unsaved(const void *pane, struct buf *why)
{
    const struct chat *chat = pane;
    if (session_is_saved(chat->session)) {
        return false;
    }
    buf_append_c(why, "The end of this session could not be saved: is the disk full?");
    return true;
}

char *chat_question(const struct chat *chat)
{
    const struct question *question = session_question(chat->session);
    return question == NULL ? NULL
                            : mem_printf("%s\n%s", question->what,
                                  question->terms == NULL ? "" : question->terms);
}

static void chat_destroy(void *pane)
{
    struct chat *chat = pane;
    hand_over_draft(chat);
    loop_timer_free(chat->draft_timer);
    loop_timer_free(chat->spin_timer);
    chat_view_free(chat->view);
    prompt_free(chat->prompt);
    popup_free(chat->commands);
    edit_free(chat->find);
    free(chat->asked);
    free(chat->shown_question);
    free(chat);
}

static const struct pane_ops chat_ops = {
    .name = "chat",
    .actions = &chat_action_set,
    .draw = chat_draw,
    .key = chat_key,
    .takes_text = chat_takes_text,
    .mouse = chat_mouse,
    .paste = chat_paste,
    .escape = chat_escape,
    .title = chat_title,
    .status = chat_status,
    .unsaved = chat_unsaved,
    .destroy = chat_destroy,
};

static void take_draft(struct chat *chat)
{
    prompt_set(chat->prompt, str_of(session_draft(chat->session)));
    chat->draft_version = prompt_version(chat->prompt);
}

struct chat *chat_new(const struct chat_options *options)
{
    struct chat *chat = MEM_NEW(struct chat);
    chat->options = *options;
    chat->app = options->app;
    chat->session = options->session;
    chat->view = chat_view_new(session_transcript(chat->session));
    chat->prompt = prompt_new((struct prompt_history){history_count, history_at, chat});
    chat->draft_timer = loop_timer_new(app_loop(chat->app), hand_over_draft, chat);
    chat->spin_timer = loop_timer_new(app_loop(chat->app), spin, chat);
    if (chat->options.command != NULL) {
        help_set_keys(chat->app, chat, chat_slash_help);
    }
    take_draft(chat);
    chat_changed(chat);
    return chat;
}

struct pane chat_pane(struct chat *chat)
{
    return (struct pane){&chat_ops, chat};
}

void chat_set_session(struct chat *chat, struct session *session)
{
    hand_over_draft(chat);
    (void)chat_find_close(chat);
    chat_view_free(chat->view);
    chat->session = session;
    chat->view = chat_view_new(session_transcript(session));
    chat->browsing = false;
    chat->busy_since = 0;
    take_draft(chat);
    chat_changed(chat);
}

void chat_insert(struct chat *chat, struct str text)
{
    chat->browsing = false;
    prompt_insert(chat->prompt, text);
    chat_note_change(chat);
    app_redraw(chat->app);
}
