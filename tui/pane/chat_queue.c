/* The prompts that wait for the running turn to end, as a list: changed, removed, put in another
 * order. A turn may end while it is open and take the first: the cursor stays with its prompt. */
#include "pane/chat_private.h"
#include "widget/list.h"

#include <stdlib.h>

enum { QUEUE_COLS = 72, QUEUE_ROWS_MAX = 12 };

struct queue_pane {
    struct chat *chat;
    struct list list;
    unsigned chosen; /* id of the prompt under the cursor */
};

size_t chat_last_queued(const struct chat *chat)
{
    for (size_t i = session_queue_count(chat->session); i > 0; i--) {
        if (!session_queue_is_feedback(chat->session, i - 1)) {
            return i - 1;
        }
    }
    return SIZE_MAX;
}

void chat_take_back(struct chat *chat, size_t index)
{
    struct buf joined = BUF_INIT;
    buf_append_c(&joined, session_queue_at(chat->session, index));
    if (!prompt_is_empty(chat->prompt)) {
        buf_append_char(&joined, '\n');
        prompt_text(chat->prompt, &joined);
    }
    prompt_set(chat->prompt, buf_str(&joined));
    /* It is saved as a draft before it leaves the queue. */
    session_set_draft(chat->session, buf_str(&joined));
    chat->draft_version = prompt_version(chat->prompt);
    free(session_queue_take(chat->session, index));
    buf_free(&joined);
}

/* The list as the queue is now; false: nothing waits any more. */
static bool refresh(struct queue_pane *pane)
{
    const struct session *session = pane->chat->session;
    size_t count = session_queue_count(session);
    list_set_count(&pane->list, count);
    for (size_t i = 0; i < count; i++) {
        if (session_queue_id(session, i) == pane->chosen) {
            list_set_cursor(&pane->list, i);
        }
    }
    if (count > 0) {
        pane->chosen = session_queue_id(session, pane->list.cursor);
    }
    return count > 0;
}

static void draw_row(void *data, size_t index, struct region row, bool cursor)
{
    const struct queue_pane *pane = data;
    const struct session *session = pane->chat->session;
    struct str text = str_of(session_queue_at(session, index));
    size_t lf = str_find_char(text, '\n', 0);
    bool feedback = session_queue_is_feedback(session, index);
    int col = grid_printf(row, 0, 1, STYLE(HINT), "%zu ", index + 1) + 2;
    (void)cursor;
    grid_put_fit(row, 0, col, region_cols(row) - col - 1,
        feedback         ? STR_LIT("(the outcome of the review)")
        : lf == SIZE_MAX ? text
                         : str_slice(text, 0, lf),
        feedback ? STYLE(DIM) : STYLE(USER));
}

static void draw(void *data, struct region region, bool focused)
{
    struct queue_pane *pane = data;
    if (!refresh(pane)) {
        grid_put_c(region, 0, 1, "No prompt is waiting any more.", STYLE(HINT));
        return;
    }
    list_draw(&pane->list, region, focused, draw_row, pane);
}

static unsigned take(struct queue_pane *pane, bool edit)
{
    struct chat *chat = pane->chat;
    size_t index = pane->list.cursor;
    if (session_queue_is_feedback(chat->session, index)) {
        app_message(chat->app, MESSAGE_WARNING, "the outcome of a review is sent as it is");
        return UI_DONE;
    }
    if (edit) {
        chat_take_back(chat, index);
        return UI_DONE | UI_CLOSE;
    }
    free(session_queue_take(chat->session, index));
    return session_queue_count(chat->session) == 0 ? UI_DONE | UI_CLOSE : UI_DONE;
}

static unsigned move(struct queue_pane *pane, long step)
{
    size_t from = pane->list.cursor;
    if (step < 0 ? from > 0 : from + 1 < pane->list.count) {
        session_queue_move(pane->chat->session, from, step < 0 ? from - 1 : from + 1);
    }
    return UI_DONE;
}

static unsigned on_key(void *data, const struct key *key)
{
    struct queue_pane *pane = data;
    if (!refresh(pane) || key_is_char(key, 'q')) {
        return UI_DONE | UI_CLOSE;
    }
    bool moves = key->mods == MOD_ALT || key->mods == MOD_SHIFT;
    if (key->code == K_ENTER || key_is_char(key, 'e')) {
        return take(pane, true);
    }
    if (key_is_char(key, 'x') || key_is_char(key, 'd') || key->code == K_DELETE) {
        return take(pane, false);
    }
    if (key_is_char(key, 'K') || (key->code == K_UP && moves)) {
        return move(pane, -1);
    }
    if (key_is_char(key, 'J') || (key->code == K_DOWN && moves)) {
        return move(pane, 1);
    }
    unsigned flags = list_key(&pane->list, key, true);
    pane->chosen = session_queue_id(pane->chat->session, pane->list.cursor);
    return flags;
}

static bool takes_text(const void *data)
{
    (void)data;
    return true;
}

static unsigned on_mouse(void *data, const struct mouse *mouse)
{
    struct queue_pane *pane = data;
    bool opened = false;
    if (!refresh(pane)) {
        return UI_DONE | UI_CLOSE;
    }
    unsigned flags = list_mouse(&pane->list, mouse, &opened);
    pane->chosen = session_queue_id(pane->chat->session, pane->list.cursor);
    return opened ? take(pane, true) : flags;
}

static void title(const void *data, struct buf *left, struct buf *right)
{
    (void)data;
    (void)right;
    buf_append_c(left, "Prompts that wait");
}

static const char *key_line(const void *data)
{
    (void)data;
    return "Enter|change|x|remove|K J|up, down|Esc|close";
}

static const struct pane_ops ops = {.name = "queue",
    .draw = draw,
    .key = on_key,
    .takes_text = takes_text,
    .mouse = on_mouse,
    .title = title,
    .key_line = key_line,
    .destroy = free};

void chat_show_queue(struct chat *chat)
{
    size_t count = session_queue_count(chat->session);
    struct queue_pane *pane = MEM_NEW(struct queue_pane);
    pane->chat = chat;
    app_push(chat->app, (struct pane){&ops, pane}, OVERLAY_CENTRE,
        count < QUEUE_ROWS_MAX ? (int)count : QUEUE_ROWS_MAX, QUEUE_COLS);
}
