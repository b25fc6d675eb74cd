/* Replacing with a look at each match: what it is and what it would become stands below the fields,
 * and while one is asked y, n, a, u and q answer. */
#include "pane/editor_private.h"

#include "base/utf8.h"

#include <stdio.h>

bool find_selection_is_match(struct editor *editor, struct search_match *match)
{
    struct search_range range = view_selection(editor->view);
    size_t from = range.start;
    return editor->find.search != NULL &&
           search_next(editor->find.search, editor->view->doc->text, &from, range.start + 1,
               SIZE_MAX, match, NULL) == SEARCH_FOUND &&
           match->groups[0].start == range.start && match->groups[0].end == range.end;
}

void replace_ask(struct editor *editor)
{
    struct find *find = &editor->find;
    struct search_match match;
    if (find->search == NULL) {
        return;
    }
    find->asking = true;
    find->replaced = 0;
    find->asked_at = view_selection(editor->view).start;
    if (!find_selection_is_match(editor, &match)) {
        find_begin(editor, find->asked_at, false);
    }
}

static void finish(struct editor *editor)
{
    struct find *find = &editor->find;
    char text[96];
    find->asking = false;
    find->running = false;
    snprintf(text, sizeof text, "replaced %zu, to the end of the file", find->replaced);
    find_say(find, text);
}

/* Once round the end nothing is asked again: it goes back to where the last answer was given. */
void replace_found(struct editor *editor)
{
    struct find *find = &editor->find;
    if (find->asking && find->wrapped) {
        view_select(editor->view, find->asked_at, find->asked_at);
        finish(editor);
    } else {
        find->asked_at = view_selection(editor->view).start;
    }
}

static void skip(struct editor *editor)
{
    struct search_range range = view_selection(editor->view);
    find_begin(editor,
        range.end > range.start ? range.end : doc_after(editor->view->doc, range.end), false);
}

static void yes(struct editor *editor)
{
    struct find *find = &editor->find;
    struct search_match match;
    if (!find->running && find_selection_is_match(editor, &match) && find_replace(editor, &match)) {
        find->replaced++;
        find->asked_at = view_head(editor->view);
        find_begin(editor, view_head(editor->view), false);
    }
}

static void rest(struct editor *editor)
{
    find_replace_all(editor, view_selection(editor->view).start);
}

void replace_rest_done(struct editor *editor, size_t count)
{
    editor->find.replaced += count;
    finish(editor);
}

/* The cursor is where it was before the edit: at the match, as a rule with it selected. */
static void take_back(struct editor *editor)
{
    struct search_match match;
    editor_undo(editor, false);
    editor->find.replaced--;
    if (!find_selection_is_match(editor, &match)) {
        find_begin(editor, view_selection(editor->view).end, true);
    }
}

unsigned replace_key(struct editor *editor, const struct key *key)
{
    struct find *find = &editor->find;
    if (find->running) {
        return UI_HANDLED; /* the next match is not there yet */
    }
    if (key_is_char(key, 'y') || key_is_char(key, ' ') || key->code == K_ENTER) {
        yes(editor);
    } else if (key_is_char(key, 'n') || key->code == K_DELETE || key->code == K_BACKSPACE) {
        skip(editor);
    } else if (key_is_char(key, 'a') || key_is_char(key, '!') ||
               (key->mods == MOD_ALT && key->len == 1 && key->text[0] == 'a')) {
        rest(editor);
    } else if (key_is_char(key, 'u') && find->replaced > 0) {
        take_back(editor);
    } else if (key_is_char(key, 'q')) {
        find->asking = false;
    } else if (key->code != K_TEXT || (key->mods & (MOD_CTRL | MOD_ALT)) != 0) {
        return UI_IGNORED;
    }
    return UI_DONE;
}

void replace_draw(struct editor *editor, struct region region, int row)
{
    struct find *find = &editor->find;
    const struct text *text = editor->view->doc->text;
    struct search_match match;
    struct buf old = BUF_INIT;
    struct buf with = BUF_INIT;
    struct err err;
    int cols = region_cols(region);
    const char *keys = find->asking ? "y yes  n no  a all the rest  u undo  q stop"
                                    : "Enter asks for each  Alt-a all";
    int room = (cols - (int)utf8_width(str_of(keys)) - 8) / 2;
    int col = 1;
    if (find_selection_is_match(editor, &match) && room > 4) {
        text_copy(text, match.groups[0].start, match.groups[0].end, &old);
        bool ok = search_expand(find->search, text, &match, edit_text(find->with), &with, &err);
        col += grid_put_fit(region, row, col, room, buf_str(&old),
            style_with(STYLE_ON(DELETE_WORD, FIELD), ATTR_STRIKE));
        col += grid_put_c(
            region, row, col, grid_is_ascii(region.grid) ? " > " : " → ", STYLE_ON(HINT, FIELD));
        col += grid_put_fit(region, row, col, room, ok ? buf_str(&with) : str_of(err.text),
            ok ? STYLE_ON(ADD_WORD, FIELD) : STYLE_ON(ERROR, FIELD));
        col += 2;
    }
    grid_put_fit(region, row, col, cols - col, str_of(keys),
        find->asking ? STYLE_ON(KEY, FIELD) : STYLE_ON(HINT, FIELD));
    buf_free(&old);
    buf_free(&with);
}
