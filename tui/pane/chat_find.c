/* Search in the transcript: as one types, upwards from what is shown; then n and N. */
#include "pane/chat_private.h"
#include "widget/edit.h"

static void look(struct chat *chat, int step)
{
    struct str needle = edit_text(chat->find);
    bool found = chat_view_find(chat->view, needle, step);
    chat->find_failed = needle.len > 0 && !found;
}

void chat_find_open(struct chat *chat)
{
    if (chat->finding) {
        look(chat, -1);
        return;
    }
    if (chat->find == NULL) {
        chat->find = edit_new(false);
    }
    edit_select_all(chat->find); /* of a search before */
    chat->finding = true;
    chat->find_failed = false;
}

/* What was looked for stays: n and N go on with it. */
static void keep(struct chat *chat)
{
    chat->finding = false;
    if (chat->find_failed || edit_is_empty(chat->find)) {
        chat_find_close(chat);
        return;
    }
    chat->browsing = true;
}

bool chat_find_close(struct chat *chat)
{
    if (chat->find == NULL) {
        return false;
    }
    edit_free(chat->find);
    chat->find = NULL;
    chat->finding = false;
    (void)chat_view_find(chat->view, STR_LIT(""), 0);
    return true;
}

void chat_find_again(struct chat *chat, int step)
{
    look(chat, step);
    chat->browsing = true;
    if (chat->find_failed) {
        app_message(chat->app, MESSAGE_WARNING, "nothing in this session has \"%.*s\"",
            STR_FMT(edit_text(chat->find)));
    }
}

unsigned chat_find_key(struct chat *chat, const struct key *key)
{
    if (key->code == K_ENTER || key->code == K_TAB) {
        keep(chat);
        return UI_DONE;
    }
    if (key->code == K_UP || key->code == K_DOWN) {
        look(chat, key->code == K_UP ? -1 : 1);
        return UI_DONE;
    }
    if (key_is_ctrl(key, 'c') || key_is_ctrl(key, 'g')) {
        chat_find_close(chat);
        return UI_DONE;
    }
    unsigned flags = edit_key(chat->find, key, false);
    if (flags != UI_IGNORED) {
        look(chat, 0);
    }
    return flags;
}

void chat_find_paste(struct chat *chat, struct str text)
{
    edit_insert(chat->find, text);
    look(chat, 0);
}

void chat_find_draw(struct chat *chat, struct region region, bool focused)
{
    int col = grid_put_c(region, 0, 0, "find: ", STYLE(HINT));
    int room = region_cols(region) - col - (chat->find_failed ? 10 : 0);
    edit_draw(chat->find, region_sub(region, 0, col, 1, room > 1 ? room : 1), focused, STYLE(TEXT),
        "in what was said; Up, Down: other matches");
    if (chat->find_failed) {
        grid_put_c(region, 0, region_cols(region) - 9, "no match", STYLE(WARNING));
    }
}
