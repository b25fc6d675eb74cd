/* What can be done in the chat: the verbs, and the table that the key map and the palette read. */
#include "base/file.h"
#include "base/path.h"
#include "external.h"
#include "pane/chat_private.h"
#include "widget/dialog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const struct entry *last_entry(const struct chat *chat)
{
    const struct transcript *t = session_transcript(chat->session);
    return t->len == 0 ? NULL : &t->items[t->len - 1];
}

unsigned chat_send(struct chat *chat)
{
    struct err err = {0};
    struct buf text = BUF_INIT;
    prompt_text(chat->prompt, &text);
    struct str trimmed = str_trim(buf_str(&text));
    if (trimmed.len == 0) {
        buf_free(&text);
        return UI_DONE;
    }
    if (chat_slash_send(chat, buf_str(&text))) {
        buf_free(&text);
        return UI_DONE;
    }
    bool shell = chat->options.shell != NULL && str_starts(trimmed, "!");
    if (shell ? chat->options.shell(chat->options.data, str_from(trimmed, 1), &err)
              : session_prompt(chat->session, trimmed, &err)) {
        prompt_clear(chat->prompt);
        loop_timer_stop(chat->draft_timer);
        session_set_draft(chat->session, STR_LIT(""));
        chat->draft_version = prompt_version(chat->prompt);
        chat_view_follow(chat->view);
        chat_changed(chat);
    } else {
        app_message(chat->app, MESSAGE_ERROR, "%s", err.text);
    }
    buf_free(&text);
    return UI_DONE;
}

static const char *why_not_retry(void *pane)
{
    struct chat *chat = pane;
    if (chat_is_busy(chat)) {
        return "A turn is running: Esc stops it.";
    }
    return chat_retriable(chat) == NULL ? "Nothing failed that could be tried again." : NULL;
}

unsigned chat_retry(struct chat *chat)
{
    struct err err = {0};
    if (!session_retry(chat->session, &err)) {
        app_message(chat->app, MESSAGE_ERROR, "%s", err.text);
    }
    chat->browsing = false;
    chat_view_follow(chat->view);
    return UI_DONE;
}

static const char *why_not_review(void *pane)
{
    struct chat *chat = pane;
    return chat_open_proposal(chat) == NULL ? "No proposal is open: ask for one." : NULL;
}

unsigned chat_review(struct chat *chat, const struct entry *proposal)
{
    if (chat->options.review == NULL || proposal == NULL) {
        return UI_IGNORED;
    }
    chat->browsing = false;
    chat->options.review(chat->options.data, proposal->proposal);
    return UI_DONE;
}

static unsigned review(void *pane)
{
    struct chat *chat = pane;
    const struct entry *entry = chat->browsing ? chat_view_selected(chat->view) : NULL;
    if (entry == NULL || entry->kind != ENTRY_PROPOSAL) {
        entry = chat_open_proposal(chat);
    }
    return chat_review(chat, entry);
}

static const char *why_not_interrupt(void *pane)
{
    return chat_is_stoppable(pane) ? NULL : "Nothing is running.";
}

unsigned chat_interrupt(struct chat *chat)
{
    session_interrupt(chat->session);
    app_message(chat->app, MESSAGE_INFO, "interrupted: what came so far stays");
    return UI_DONE;
}

static unsigned search_history(void *pane)
{
    struct chat *chat = pane;
    chat->browsing = false;
    prompt_search(chat->prompt);
    return UI_DONE;
}

unsigned chat_leave_browsing(struct chat *chat)
{
    chat->browsing = false;
    chat_view_select_none(chat->view);
    return UI_DONE;
}

static unsigned move_cursor(struct chat *chat, long step)
{
    bool first = !chat->browsing;
    chat->browsing = true;
    if (first) {
        chat_view_select_none(chat->view);
    }
    chat_view_select(chat->view, first ? 0 : step);
    if (chat_view_selected(chat->view) == NULL) {
        chat->browsing = false;
    }
    return UI_DONE;
}

unsigned chat_older_entry(struct chat *chat)
{
    return move_cursor(chat, -1);
}

unsigned chat_newer_entry(struct chat *chat)
{
    const struct entry *selected = chat->browsing ? chat_view_selected(chat->view) : NULL;
    if (selected == NULL || selected == last_entry(chat)) {
        chat_view_follow(chat->view);
        return chat_leave_browsing(chat);
    }
    return move_cursor(chat, 1);
}

static unsigned fold_all(void *pane)
{
    struct chat *chat = pane;
    chat_view_toggle_all(chat->view);
    return UI_DONE;
}

static unsigned copy_entry(void *pane)
{
    struct chat *chat = pane;
    const struct entry *entry = chat_view_selected(chat->view);
    if (entry == NULL) {
        const struct transcript *t = session_transcript(chat->session);
        for (size_t i = t->len; i > 0 && entry == NULL; i--) {
            entry = t->items[i - 1].kind == ENTRY_ASSISTANT ? &t->items[i - 1] : NULL;
        }
    }
    if (entry == NULL) {
        app_message(chat->app, MESSAGE_WARNING, "there is nothing to copy yet");
        return UI_DONE;
    }
    app_copy(chat->app, buf_str(&entry->text));
    return UI_DONE;
}

static const char *why_not_take_back(void *pane)
{
    return chat_last_queued(pane) == SIZE_MAX ? "No prompt is waiting." : NULL;
}

static unsigned take_back(void *pane)
{
    chat_take_back(pane, chat_last_queued(pane));
    return UI_DONE;
}

static const char *why_not_queue(void *pane)
{
    struct chat *chat = pane;
    return session_queue_count(chat->session) == 0 ? "No prompt is waiting." : NULL;
}

static unsigned show_queue(void *pane)
{
    chat_show_queue(pane);
    return UI_DONE;
}

static bool read_back(struct chat *chat, int fd, struct err *err)
{
    struct buf text = BUF_INIT;
    char chunk[65536];
    ssize_t got;
    if (lseek(fd, 0, SEEK_SET) != 0) {
        return err_set_errno(err, errno, "cannot read what the editor wrote");
    }
    while ((got = read(fd, chunk, sizeof chunk)) > 0 && text.len < INPUT_PASTE_MAX) {
        buf_append(&text, chunk, (size_t)got);
    }
    prompt_set(chat->prompt, str_trim_right(buf_str(&text)));
    chat_note_change(chat);
    buf_free(&text);
    return true;
}

/* $VISUAL or $EDITOR on the prompt's text. */
static unsigned external_editor(void *pane)
{
    struct chat *chat = pane;
    struct err err = {0};
    const char *temp = getenv("TMPDIR");
    char *path = path_join(temp != NULL && *temp == '/' ? temp : "/tmp", "bylaw-prompt-XXXXXX.md");
    struct buf text = BUF_INIT;
    prompt_text(chat->prompt, &text);
    int fd = mkostemps(path, 3, O_CLOEXEC);
    if (fd < 0) {
        err_set_errno(&err, errno, "cannot make %s", path);
    } else if (file_write_all(fd, buf_str(&text), &err)) {
        if (external_edit(chat->app, path, 0, 0, NULL, &err)) {
            /* Editors replace the file: read it by its name. */
            int again = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
            if (again >= 0) {
                read_back(chat, again, &err);
                close(again);
            }
        }
    }
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    if (err.kind != ERR_NONE) {
        app_message(chat->app, MESSAGE_ERROR, "%s", err.text);
    }
    buf_free(&text);
    free(path);
    return UI_DONE;
}

/* ---- the table ---- */

static unsigned run_retry(void *pane)
{
    return chat_retry(pane);
}

static unsigned run_interrupt(void *pane)
{
    return chat_interrupt(pane);
}

static unsigned run_older(void *pane)
{
    return chat_older_entry(pane);
}

static unsigned run_newer(void *pane)
{
    return chat_newer_entry(pane);
}

static const char *why_not_decide(void *pane)
{
    struct chat *chat = pane;
    return session_approval(chat->session) == NULL ? "The agent asks for nothing." : NULL;
}

static void decide(struct chat *chat, enum approval approval, struct str reason)
{
    struct err err;
    if (!session_decide(chat->session, approval, reason, &err)) {
        app_message(chat->app, MESSAGE_WARNING, "%s", err.text);
    }
}

/* A box is open for as long as one types in it, and an agent may take back what it asked. */
static void remember_question(struct chat *chat)
{
    free(chat->asked);
    chat->asked = chat_question(chat);
}

/* What is decided is what was looked at: an agent may have taken it back and ask for something
 * else, or a key may come twice. */
void chat_decide(
    struct chat *chat, const char *looked_at, enum approval approval, struct str reason)
{
    char *now = chat_question(chat);
    if (now != NULL && (looked_at == NULL || strcmp(now, looked_at) != 0)) {
        app_message(chat->app, MESSAGE_WARNING,
            "Nothing was decided: the agent asks for something else now.");
    } else {
        decide(chat, approval, reason);
    }
    free(now);
}

static unsigned approve(void *pane)
{
    struct chat *chat = pane;
    const struct question *question = session_question(chat->session);
    if (question != NULL && question->choices != NULL) {
        remember_question(chat);
        chat_choose(chat);
        return UI_DONE;
    }
    chat_decide(chat, chat->shown_question, APPROVAL_ONCE, (struct str){0});
    return UI_DONE;
}

static unsigned approve_session(void *pane)
{
    struct chat *chat = pane;
    if (session_question(chat->session)->choices != NULL) {
        return approve(pane);
    }
    chat_decide(chat, chat->shown_question, APPROVAL_SESSION, (struct str){0});
    return UI_DONE;
}

static const char *why_not_always(void *pane)
{
    struct chat *chat = pane;
    const struct question *question = session_question(chat->session);
    if (question == NULL) {
        return "The agent asks for nothing.";
    }
    return question->rule != NULL ? NULL : question->no_rule;
}

static void on_rule(void *data, struct str text)
{
    if (text.ptr != NULL) {
        struct chat *chat = data;
        chat_decide(chat, chat->asked, APPROVAL_ALWAYS, str_trim(text));
    }
}

/* What is allowed for good is read, and may be made narrower or wider, before it is. */
static unsigned approve_always(void *pane)
{
    struct chat *chat = pane;
    remember_question(chat);
    struct dialog_prompt prompt = {.title = "Always allow what begins with",
        .hint = "commands that begin with these words run without asking",
        .initial = str_of(session_question(chat->session)->rule),
        .done = on_rule,
        .data = chat};
    dialog_prompt(chat->app, &prompt);
    return UI_DONE;
}

static void on_reason(void *data, struct str text)
{
    if (text.ptr != NULL) {
        struct chat *chat = data;
        chat_decide(chat, chat->asked, APPROVAL_DECLINED, str_trim(text));
    }
}

static unsigned decline(void *pane)
{
    struct chat *chat = pane;
    remember_question(chat);
    struct dialog_prompt prompt = {.title = "Decline",
        .hint = "why, for the agent (may stay empty)",
        .done = on_reason,
        .data = chat};
    dialog_prompt(chat->app, &prompt);
    return UI_DONE;
}

/* The prompt under the cursor, while that is in the transcript; NULL. */
static const struct entry *selected_prompt(const struct chat *chat)
{
    const struct entry *entry = chat->browsing ? chat_view_selected(chat->view) : NULL;
    return entry != NULL && entry->kind == ENTRY_USER ? entry : NULL;
}

static const char *why_not_edit_prompt(void *pane)
{
    const struct chat *chat = pane;
    return chat->options.fork == NULL || selected_prompt(chat) == NULL
               ? "Go to a past prompt first: Alt-Up."
           : chat_is_busy(chat) ? "A turn is running: Esc stops it."
                                : NULL;
}

static unsigned edit_prompt(void *pane)
{
    struct chat *chat = pane;
    chat->options.fork(chat->options.data, selected_prompt(chat)->id);
    return UI_DONE;
}

static unsigned find(void *pane)
{
    chat_find_open(pane);
    return UI_DONE;
}

static const char *why_not_find_again(void *pane)
{
    return ((struct chat *)pane)->find == NULL ? "Nothing is looked for." : NULL;
}

static unsigned find_above(void *pane)
{
    chat_find_again(pane, -1);
    return UI_DONE;
}

static unsigned find_below(void *pane)
{
    chat_find_again(pane, 1);
    return UI_DONE;
}

static const char *why_not_unfold(void *pane)
{
    return prompt_has_folded(((struct chat *)pane)->prompt) ? NULL : "Nothing pasted is folded.";
}

static unsigned unfold(void *pane)
{
    struct chat *chat = pane;
    prompt_unfold(chat->prompt);
    chat_note_change(chat);
    return UI_DONE;
}

static const struct action chat_actions[] = {
    {"chat.approve", "approve", "Let the agent do what it asks for, this once", "alt-y", NULL,
        ACTION_KEY_LINE | ACTION_URGENT, approve, why_not_decide},
    {"chat.decline", "decline", "Do not let the agent do it; a reason goes to it", "alt-n", NULL,
        ACTION_KEY_LINE | ACTION_URGENT, decline, why_not_decide},
    {"chat.approve-session", "for this session",
        "Let the agent do it, and the same again in this session; Codex and others decide what "
        "is the same",
        "alt-Y", NULL, ACTION_KEY_LINE, approve_session, why_not_decide},
    {"chat.approve-always", "always",
        "Let the agent do it, and from now on all that begins with the words you confirm (your "
        "allow-list)",
        "", NULL, 0, approve_always, why_not_always},
    {"chat.review", "review", "Review the open proposal, line by line", "R alt-r", NULL,
        ACTION_KEY_LINE | ACTION_NO_PALETTE, review, why_not_review},
    {"chat.retry", "retry", "Send the request that failed again", "r alt-t", NULL, 0, run_retry,
        why_not_retry},
    {"chat.interrupt", "interrupt", "Stop the running turn; what came so far stays", "", NULL, 0,
        run_interrupt, why_not_interrupt},
    {"chat.history", "history", "Search past prompts", "ctrl-r", NULL, ACTION_KEY_LINE,
        search_history, NULL},
    {"chat.older", "transcript", "Go into the transcript, to the entry above", "alt-up ctrl-up",
        NULL, ACTION_KEY_LINE, run_older, NULL},
    {"chat.newer", "entry below", "To the entry below, and back to the prompt at the end",
        "alt-down ctrl-down", NULL, ACTION_NO_PALETTE, run_newer, NULL},
    {"chat.find", "find", "Search in what was said", "/ ctrl-f", NULL, 0, find, NULL},
    {"chat.find-next", "match above", "Go to the next match above", "n f3", NULL, ACTION_NO_PALETTE,
        find_above, why_not_find_again},
    {"chat.find-previous", "match below", "Go to the match below", "N shift-f3", NULL,
        ACTION_NO_PALETTE, find_below, why_not_find_again},
    {"chat.fold-all", "fold all", "Unfold or fold reasoning, tool calls and long prompts", "ctrl-o",
        NULL, ACTION_KEY_LINE, fold_all, NULL},
    {"chat.copy", "copy", "Copy the entry under the cursor, or the last answer", "y alt-c", NULL, 0,
        copy_entry, NULL},
    {"chat.take-back", "take back", "Take the last waiting prompt back into the field", "alt-q",
        NULL, 0, take_back, why_not_take_back},
    {"chat.queue", "waiting prompts", "The prompts that wait: change, remove, put in another order",
        "alt-w", NULL, 0, show_queue, why_not_queue},
    {"chat.edit-prompt", "edit prompt",
        "Change this past prompt and go on from before it, in another session", "e", NULL,
        ACTION_KEY_LINE, edit_prompt, why_not_edit_prompt},
    {"chat.show-paste", "show paste", "Show a folded paste as text, to change it", "alt-v", NULL, 0,
        unfold, why_not_unfold},
    {"chat.external-editor", "editor", "Write the prompt in $VISUAL or $EDITOR", "ctrl-g", NULL, 0,
        external_editor, NULL},
};

const struct action_set chat_action_set = ACTION_SET("chat", "Chat", chat_actions);
