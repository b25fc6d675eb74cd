#include "base/safe.h"
#include "base/utf8.h"
#include "keymap.h"
#include "pane/chat_private.h"
#include "widget/bar.h"
#include "widget/wrap.h"

#include <stdlib.h>

/* The prompt takes at most this part of the pane. */
#define PROMPT_PART 2
#define QUEUE_ROWS  3
/* Longer rows are not read well. */
#define WELCOME_COLS 60

static void append_state(const struct chat *chat, struct buf *out, uint64_t now)
{
    const char *model =
        chat->options.model == NULL ? NULL : chat->options.model(chat->options.data);
    bool asks = session_question(chat->session) != NULL;
    const char *does = session_runs_hooks(chat->session) ? "running hooks" : NULL;
    switch (session_state(chat->session)) {
    case SESSION_IDLE:
        if (!session_has_aside(chat->session)) {
            return;
        }
        buf_append_c(out, "running your command");
        break;
    case SESSION_WAITING:
        if (does == NULL) {
            buf_printf(out, "waiting for %s", model == NULL ? "the model" : model);
        } else {
            buf_append_c(out, does);
        }
        break;
    case SESSION_STREAMING:
        buf_append_c(out, asks ? "waits for your approval" : does != NULL ? does : "answering");
        break;
    case SESSION_COMPACTING:
        buf_append_c(out, "compacting the conversation");
        break;
    case SESSION_TOOLS:
        buf_append_c(out, asks ? "waits for your approval" : does != NULL ? does : "running tools");
        break;
    case SESSION_RETRYING: {
        uint64_t at = session_retry_at_ms(chat->session);
        buf_printf(out, "trying again in %llu s",
            (unsigned long long)(at > now ? (at - now + 999) / 1000 : 0));
        break;
    }
    }
    if (chat->busy_since != 0 && now - chat->busy_since >= 2000) {
        buf_printf(out, "  %llu s", (unsigned long long)((now - chat->busy_since) / 1000));
    }
}

/* One part of it, if there is room. */
static void add_part(struct buf *text, struct str part, int room)
{
    if (part.len > 0 && (int)(utf8_width(buf_str(text)) + utf8_width(part)) + 2 <= room) {
        buf_append_c(text, text->len > 0 ? "; " : "");
        buf_append_str(text, part);
    }
}

/* What the last prompt took, how much of the model's window is left, what the session took. */
static void draw_spend(const struct chat *chat, struct region region, int col, int room)
{
    const struct spend *turn = session_turn_spend(chat->session);
    const struct spend *all = session_spend(chat->session);
    long long window = session_window_tokens(chat->session);
    long long held = session_held_tokens(chat->session);
    struct buf text = BUF_INIT;
    struct buf part = BUF_INIT;
    if (turn->requests + turn->uncounted > 0) {
        spend_describe(turn, &part);
        add_part(&text, buf_str(&part), room);
    }
    if (window > 0 && held > 0 && all->requests + all->uncounted > 0) {
        buf_clear(&part);
        buf_printf(&part, "%s%lld%% left", session_held_is_counted(chat->session) ? "" : "about ",
            (window > held ? window - held : 0) * 100 / window);
        add_part(&text, buf_str(&part), room);
    }
    if (all->dollars > turn->dollars) {
        buf_clear(&part);
        buf_append_c(&part, "session ");
        money_append(&part, all->dollars);
        add_part(&text, buf_str(&part), room);
    }
    if (text.len > 0) {
        col += grid_put_c(region, 0, col, " ", STYLE(TEXT));
        col += grid_put(region, 0, col, buf_str(&text), STYLE(HINT));
        grid_put_c(region, 0, col, " ", STYLE(TEXT));
    }
    buf_free(&text);
    buf_free(&part);
}

/* The line between transcript and prompt: what runs, what is below, what Enter would do. */
static void draw_state(struct chat *chat, struct region region, uint64_t now)
{
    int cols = region_cols(region);
    grid_hline(region, 0, 0, cols, STYLE(BORDER));
    struct buf text = BUF_INIT;
    append_state(chat, &text, now);
    int col = 2;
    if (chat_is_recording(chat)) {
        col += grid_put_c(region, 0, col, " recording ", STYLE(RECORDING));
    }
    if (text.len > 0) {
        col += grid_put_c(region, 0, col, " ", STYLE(TEXT));
        col += grid_put_c(
            region, 0, col, spinner_frame(now, grid_is_ascii(region.grid)), STYLE(RUNNING));
        col += grid_put_c(region, 0, col, " ", STYLE(TEXT));
        col += grid_put_fit(region, 0, col, cols - col - 8, buf_str(&text), STYLE(RUNNING));
        if (cols - col > 20) {
            col += grid_put_c(region, 0, col, "  Esc", STYLE(KEY));
            col += grid_put_c(region, 0, col, " stops", STYLE(HINT));
        }
        grid_put_c(region, 0, col++, " ", STYLE(TEXT));
    }
    if (session_state(chat->session) == SESSION_IDLE && !chat_is_recording(chat)) {
        draw_spend(chat, region, col, cols - col - (chat_view_rows_below(chat->view) > 0 ? 16 : 2));
    }
    size_t below = chat_view_rows_below(chat->view);
    if (below > 0) {
        buf_clear(&text);
        buf_printf(&text, " ↓ %zu more ", below);
        int width = (int)utf8_width(buf_str(&text));
        if (col + width < cols - 1) {
            grid_put(region, 0, cols - width - 1, buf_str(&text), STYLE(WARNING));
        }
    }
    buf_free(&text);
}

/* "  Alt-w changes", with the key the user has for it; nothing without one. */
static void put_key(const struct chat *chat, struct region region, int row, int col,
    const char *action_id, const char *does)
{
    const struct keymap *keymap = app_keymap(chat->app);
    const struct action *action = keymap_action(keymap, action_id);
    struct buf name = BUF_INIT;
    if (action != NULL) {
        keymap_append_text_key(keymap, action, &name);
    }
    if (name.len > 0) {
        col += grid_put(region, row, col + 2, buf_str(&name), STYLE(KEY));
        grid_put_c(region, row, col + 3, does, STYLE(HINT));
    }
    buf_free(&name);
}

static int draw_queue(struct chat *chat, struct region region, int row, int rows)
{
    size_t count = session_queue_count(chat->session);
    for (int i = 0; i < rows; i++) {
        size_t index = count - (size_t)rows + (size_t)i;
        const char *text = session_queue_at(chat->session, index);
        int col = grid_put_c(region, row + i, 1, "next: ", STYLE(HINT)) + 1;
        struct str line = str_of(text);
        size_t lf = str_find_char(line, '\n', 0);
        line = lf == SIZE_MAX ? line : str_slice(line, 0, lf);
        bool hint = i + 1 == rows;
        int room = region_cols(region) - col - (hint ? 17 : 1);
        col += grid_put_fit(region, row + i, col, room > 4 ? room : 4, line, STYLE(USER));
        if (hint && region_cols(region) - col > 16) {
            put_key(chat, region, row + i, col, "chat.queue", "changes");
        }
    }
    return rows;
}

static const char *prompt_hint(const struct chat *chat)
{
    if (chat->browsing) {
        const struct entry *entry = chat_view_selected(chat->view);
        bool asked = entry != NULL && entry->kind == ENTRY_USER && chat->options.fork != NULL;
        return chat->find != NULL ? "n above, N below, Esc ends the search"
               : asked ? "e changes it in a fork, Enter opens or folds, y copies, / finds, Esc back"
                       : "Enter opens or folds, y copies, / finds, Esc goes back to the prompt";
    }
    if (chat_is_busy(chat)) {
        return "type ahead: it is sent when this turn ends";
    }
    if (chat_retriable(chat) != NULL) {
        return "Enter tries again";
    }
    if (session_queue_count(chat->session) > 0) {
        return "Enter sends what waits; what you type joins it";
    }
    if (chat_open_proposal(chat) != NULL) {
        return "Enter reviews the proposal; or say what should be different";
    }
    if (chat_suggestion(chat) != NULL) {
        return "say what the policy should do; Enter takes the first prompt above";
    }
    return chat_offers_beginning(chat)
               ? "Enter begins a repository; or say what the policy should do"
               : "say what the policy should do";
}

/* The prompts a recording knows: anything else it can only answer with this list. */
static void draw_suggestions(const struct chat *chat, struct region region, int row)
{
    if (chat_suggestion(chat) == NULL || row >= region_rows(region)) {
        return;
    }
    grid_put_fit(region, row++, 2, region_cols(region) - 3,
        STR_LIT("This session replays a recording, which answers:"), STYLE(RECORDING));
    for (size_t i = 0; row < region_rows(region); i++, row++) {
        const char *text = chat->options.suggestion(chat->options.data, i);
        if (text == NULL) {
            break;
        }
        int col = grid_put_c(region, row, 2, i == 0 ? "› " : "  ", STYLE(PROMPT));
        grid_put_fit(region, row, 2 + col, region_cols(region) - 5, str_of(text), STYLE(USER));
    }
}

static void draw_welcome(const struct chat *chat, struct region region)
{
    static const char text[] =
        "Ask for a policy: what must be denied, where, and why. The answer "
        "becomes a proposal. Nothing is written before you have reviewed it, "
        "line by line.";
    static const char empty[] =
        "This folder is empty. Enter begins a policy repository here: a few questions, then its "
        "files, written or reviewed first. Or ask for a policy: the answer becomes a proposal.";
    int rows = region_rows(region);
    int cols = region_cols(region) - 3;
    const char *said = chat_offers_beginning(chat) ? empty : text;
    int top = rows > 14 ? (rows - 3) / 3 : rows > 8 ? 1 : 0;
    cols = cols < WELCOME_COLS ? cols : WELCOME_COLS;
    top += wrap_put(region_sub(region, top, 2, rows - top, cols), str_of(said), STYLE(DIM));
    draw_suggestions(chat, region, top + (rows > 8 ? 1 : 0));
}

void chat_draw(void *pane, struct region region, bool focused)
{
    struct chat *chat = pane;
    free(chat->shown_question);
    chat->shown_question = chat_question(chat);
    uint64_t now = loop_now_ms();
    int rows = region_rows(region);
    int cols = region_cols(region);
    int wanted = chat->finding ? 1 : prompt_height(chat->prompt, cols);
    int most = rows / PROMPT_PART > 1 ? rows / PROMPT_PART : 1;
    int prompt_rows = wanted > most ? most : wanted;
    size_t queued = session_queue_count(chat->session);
    int queue_rows = queued > QUEUE_ROWS ? QUEUE_ROWS : (int)queued;
    int left = rows - prompt_rows - 1;
    queue_rows = queue_rows > left / 2 ? left / 2 : queue_rows;
    chat->transcript_rows = left - queue_rows > 0 ? left - queue_rows : 0;
    chat->prompt_row = rows - prompt_rows;
    if (session_transcript(chat->session)->len == 0) {
        draw_welcome(chat, region_sub(region, 0, 0, chat->transcript_rows, cols));
    } else if (chat->transcript_rows > 0) {
        chat_view_draw(chat->view, region_sub(region, 0, 0, chat->transcript_rows, cols),
            chat->browsing && focused, now);
    }
    if (left >= 0) {
        draw_state(chat, region_sub(region, chat->transcript_rows, 0, 1, cols), now);
    }
    if (queue_rows > 0) {
        draw_queue(chat, region, chat->transcript_rows + 1, queue_rows);
    }
    struct region field = region_sub(region, chat->prompt_row, 0, prompt_rows, cols);
    if (chat->finding) {
        chat_find_draw(chat, field, focused);
        return;
    }
    prompt_draw(chat->prompt, field, focused && !chat->browsing, prompt_hint(chat));
    if (focused && !chat->browsing) {
        chat_slash_draw(chat, region);
    }
}

void chat_title(const void *pane, struct buf *left, struct buf *right)
{
    const struct chat *chat = pane;
    buf_append_c(left, "Chat");
    const char *title = session_title(chat->session);
    if (title[0] != '\0') {
        char *shown = safe_dup(str_of(title), SAFE_ONE_LINE, 120);
        buf_printf(left, "  %s", shown);
        free(shown);
    }
    if (chat_is_recording(chat)) {
        buf_append_c(right, "recording");
    }
}

void chat_status(const void *pane, struct buf *out)
{
    const struct chat *chat = pane;
    buf_append_c(out, "Chat");
    struct buf state = BUF_INIT;
    append_state(chat, &state, loop_now_ms());
    if (state.len > 0) {
        buf_printf(out, "  %s", state.ptr);
    }
    buf_free(&state);
}
