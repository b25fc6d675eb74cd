#include "widget/prompt.h"

#include "action.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "widget/edit.h"

#include <stdio.h>

/* Columns of "› ". */
#define MARK_COLS 2

struct paste {
    char *mark; /* what stands for it in the field */
    struct buf text;
};

struct prompt {
    struct edit *edit;
    struct prompt_history history;
    struct {
        struct paste *items;
        size_t len, cap;
    } pastes;
    unsigned version;
    /* Going through the history: SIZE_MAX when not. */
    size_t history_at;
    struct buf unsent; /* what was being typed before */
    bool searching;
    struct buf query;
    size_t match; /* index in the history, SIZE_MAX: none */
};

struct prompt *prompt_new(struct prompt_history history)
{
    struct prompt *prompt = MEM_NEW(struct prompt);
    prompt->edit = edit_new(true);
    prompt->history = history;
    prompt->history_at = SIZE_MAX;
    return prompt;
}

static void forget_pastes(struct prompt *prompt)
{
    VEC_FOREACH (struct paste, paste, &prompt->pastes) {
        free(paste->mark);
        buf_free(&paste->text);
    }
    prompt->pastes.len = 0;
}

void prompt_free(struct prompt *prompt)
{
    if (prompt == NULL) {
        return;
    }
    forget_pastes(prompt);
    VEC_FREE(&prompt->pastes);
    edit_free(prompt->edit);
    buf_free(&prompt->unsent);
    buf_free(&prompt->query);
    free(prompt);
}

/* ---- folded pastes ---- */

static size_t count_lines(struct str text)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n' && i + 1 < text.len;
    }
    return lines;
}

static bool is_mark_free(const struct prompt *prompt, const char *mark)
{
    return str_find(edit_text(prompt->edit), str_of(mark), 0) == SIZE_MAX;
}

void prompt_insert(struct prompt *prompt, struct str text)
{
    edit_insert(prompt->edit, text);
    prompt->version++;
}

void prompt_paste(struct prompt *prompt, struct str text)
{
    size_t lines = count_lines(text);
    if (lines <= PROMPT_FOLD_LINES && text.len <= PROMPT_FOLD_BYTES) {
        prompt_insert(prompt, text);
        return;
    }
    struct paste paste = {0};
    for (size_t n = 1; paste.mark == NULL || !is_mark_free(prompt, paste.mark); n++) {
        free(paste.mark);
        char number[32] = "";
        if (n > 1) {
            snprintf(number, sizeof number, " (%zu)", n);
        }
        paste.mark = lines > 1 ? mem_printf("[pasted %zu lines%s]", lines, number)
                               : mem_printf("[pasted %zu characters%s]", text.len, number);
    }
    buf_append_str(&paste.text, text);
    VEC_PUSH(&prompt->pastes, paste);
    prompt_insert(prompt, str_of(paste.mark));
}

/* The folded paste that lies around or ends at `at`; its place in *from, *to. */
static bool paste_at(const struct prompt *prompt, size_t at, size_t *from, size_t *to)
{
    struct str text = edit_text(prompt->edit);
    VEC_FOREACH (const struct paste, paste, &prompt->pastes) {
        struct str mark = str_of(paste->mark);
        size_t found = str_find(text, mark, 0);
        if (found != SIZE_MAX && found < at && at <= found + mark.len) {
            *from = found;
            *to = found + mark.len;
            return true;
        }
    }
    return false;
}

void prompt_text(const struct prompt *prompt, struct buf *out)
{
    struct str rest = edit_text(prompt->edit);
    while (rest.len > 0) {
        size_t first = rest.len;
        const struct paste *next = NULL;
        VEC_FOREACH (const struct paste, paste, &prompt->pastes) {
            size_t found = str_find(rest, str_of(paste->mark), 0);
            if (found < first) {
                first = found;
                next = paste;
            }
        }
        buf_append_str(out, str_slice(rest, 0, first));
        if (next == NULL) {
            return;
        }
        buf_append_str(out, buf_str(&next->text));
        rest = str_from(rest, first + strlen(next->mark));
    }
}

bool prompt_has_folded(const struct prompt *prompt)
{
    VEC_FOREACH (const struct paste, paste, &prompt->pastes) {
        if (!is_mark_free(prompt, paste->mark)) {
            return true;
        }
    }
    return false;
}

void prompt_unfold(struct prompt *prompt)
{
    size_t cursor = edit_cursor(prompt->edit);
    size_t from = SIZE_MAX;
    size_t to;
    bool at_cursor =
        paste_at(prompt, cursor, &from, &to) || paste_at(prompt, cursor + 1, &from, &to);
    struct str shown = edit_text(prompt->edit);
    VEC_FOREACH (const struct paste, paste, &prompt->pastes) {
        size_t found = str_find(shown, str_of(paste->mark), 0);
        if (found != SIZE_MAX && (!at_cursor || found == from)) {
            edit_replace(prompt->edit, found, found + strlen(paste->mark), buf_str(&paste->text));
            edit_set_cursor(prompt->edit, found);
            prompt->version++;
            return;
        }
    }
}

/* ---- the text as a whole ---- */

static void show(struct prompt *prompt, struct str text)
{
    forget_pastes(prompt);
    edit_clear(prompt->edit);
    if (text.len > 0) {
        prompt_paste(prompt, text);
    }
    prompt->version++;
}

void prompt_set(struct prompt *prompt, struct str text)
{
    prompt->history_at = SIZE_MAX;
    prompt->searching = false;
    show(prompt, text);
}

void prompt_clear(struct prompt *prompt)
{
    prompt_set(prompt, STR_LIT(""));
}

bool prompt_is_empty(const struct prompt *prompt)
{
    return edit_is_empty(prompt->edit);
}

struct str prompt_typed(const struct prompt *prompt)
{
    return edit_text(prompt->edit);
}

size_t prompt_cursor(const struct prompt *prompt)
{
    return edit_cursor(prompt->edit);
}

bool prompt_is_after_at(const struct prompt *prompt)
{
    struct str text = str_slice(edit_text(prompt->edit), 0, edit_cursor(prompt->edit));
    return str_ends(text, "@") &&
           (text.len == 1 || strchr(" \n\t(", text.ptr[text.len - 2]) != NULL);
}

unsigned prompt_version(const struct prompt *prompt)
{
    return prompt->version;
}

/* ---- history ---- */

static size_t history_count(const struct prompt *prompt)
{
    return prompt->history.count == NULL ? 0 : prompt->history.count(prompt->history.data);
}

static struct str history_text(const struct prompt *prompt, size_t index)
{
    return str_of(prompt->history.at(prompt->history.data, index));
}

static unsigned older(struct prompt *prompt)
{
    size_t count = history_count(prompt);
    size_t at = prompt->history_at == SIZE_MAX ? count : prompt->history_at;
    if (at == 0) {
        return UI_IGNORED;
    }
    if (prompt->history_at == SIZE_MAX) {
        buf_clear(&prompt->unsent);
        prompt_text(prompt, &prompt->unsent);
    }
    prompt->history_at = at - 1;
    show(prompt, history_text(prompt, at - 1));
    return UI_DONE;
}

static unsigned newer(struct prompt *prompt)
{
    if (prompt->history_at == SIZE_MAX) {
        return UI_IGNORED;
    }
    if (prompt->history_at + 1 < history_count(prompt)) {
        prompt->history_at++;
        show(prompt, history_text(prompt, prompt->history_at));
        return UI_DONE;
    }
    prompt->history_at = SIZE_MAX;
    show(prompt, buf_str(&prompt->unsent));
    return UI_DONE;
}

/* The newest prompt before `below` that has the query in it. */
static void find_match(struct prompt *prompt, size_t below)
{
    size_t count = history_count(prompt);
    for (size_t i = below < count ? below : count; i > 0; i--) {
        if (str_find(history_text(prompt, i - 1), buf_str(&prompt->query), 0) != SIZE_MAX) {
            prompt->match = i - 1;
            return;
        }
    }
    /* An older match that is not there leaves the one found before. */
    if (below >= count) {
        prompt->match = SIZE_MAX;
    }
}

void prompt_search(struct prompt *prompt)
{
    if (prompt->searching) {
        if (prompt->match != SIZE_MAX) {
            find_match(prompt, prompt->match);
        }
        return;
    }
    prompt->searching = true;
    prompt->match = SIZE_MAX;
    buf_clear(&prompt->query);
    find_match(prompt, SIZE_MAX);
}

bool prompt_is_searching(const struct prompt *prompt)
{
    return prompt->searching;
}

bool prompt_escape(struct prompt *prompt)
{
    bool was = prompt->searching;
    prompt->searching = false;
    return was;
}

static unsigned search_key(struct prompt *prompt, const struct key *key)
{
    if (key_is_plain_text(key)) {
        buf_append(&prompt->query, key->text, key->len);
        find_match(prompt, SIZE_MAX);
        return UI_DONE;
    }
    if (key->code == K_BACKSPACE && key->mods == 0) {
        while (prompt->query.len > 0 &&
               ((unsigned char)prompt->query.ptr[--prompt->query.len] & 0xc0) == 0x80) {
        }
        find_match(prompt, SIZE_MAX);
        return UI_DONE;
    }
    if (key_is_ctrl(key, 'r') || key->code == K_UP) {
        prompt_search(prompt);
        return UI_DONE;
    }
    if (key_is_ctrl(key, 'g') || key_is_ctrl(key, 'c')) {
        prompt->searching = false;
        return UI_DONE;
    }
    if (key->code == K_ENTER || key->code == K_TAB || key->code == K_RIGHT || key->code == K_END) {
        size_t match = prompt->match;
        if (match != SIZE_MAX) {
            prompt_set(prompt, history_text(prompt, match));
        }
        prompt->searching = false;
        return UI_DONE;
    }
    return UI_DONE;
}

/* ---- keys ---- */

/* Keys that would cut a folded paste take all of it. */
static bool delete_paste(struct prompt *prompt, const struct key *key)
{
    size_t cursor = edit_cursor(prompt->edit);
    size_t from;
    size_t to;
    bool back = (key->code == K_BACKSPACE && (key->mods & MOD_CTRL) == 0) ||
                key_is_ctrl(key, 'h') || key_is_ctrl(key, 'w');
    bool forward = (key->code == K_DELETE && key->mods == 0) || key_is_ctrl(key, 'd') ||
                   (key->code == K_TEXT && key->mods == MOD_ALT && key->text[0] == 'd');
    if ((back && paste_at(prompt, cursor, &from, &to)) ||
        (forward && paste_at(prompt, cursor + 1, &from, &to))) {
        edit_replace(prompt->edit, from, to, STR_LIT(""));
        edit_set_cursor(prompt->edit, from);
        prompt->version++;
        return true;
    }
    return false;
}

/* The cursor never stays inside a folded paste. */
static void leave_paste(struct prompt *prompt, size_t before)
{
    size_t cursor = edit_cursor(prompt->edit);
    size_t from;
    size_t to;
    if (paste_at(prompt, cursor, &from, &to) && cursor < to) {
        edit_set_cursor(prompt->edit, cursor < before ? from : to);
    }
}

unsigned prompt_key(struct prompt *prompt, const struct key *key)
{
    if (prompt->searching) {
        return search_key(prompt, key);
    }
    if (delete_paste(prompt, key)) {
        return UI_DONE;
    }
    size_t before = edit_cursor(prompt->edit);
    unsigned long long hash = str_hash(edit_text(prompt->edit));
    unsigned flags = edit_key(prompt->edit, key, false);
    if (flags != UI_IGNORED) {
        leave_paste(prompt, before);
        prompt->version += str_hash(edit_text(prompt->edit)) != hash;
        return flags;
    }
    if (key->code == K_UP && key->mods == 0) {
        return older(prompt);
    }
    if (key->code == K_DOWN && key->mods == 0) {
        return newer(prompt);
    }
    return UI_IGNORED;
}

unsigned prompt_mouse(struct prompt *prompt, const struct mouse *mouse)
{
    struct mouse inside = *mouse;
    size_t before = edit_cursor(prompt->edit);
    inside.col = inside.col < MARK_COLS ? 0 : inside.col - MARK_COLS;
    unsigned flags = edit_mouse(prompt->edit, &inside);
    leave_paste(prompt, before);
    return flags;
}

/* ---- drawing ---- */

int prompt_height(const struct prompt *prompt, int cols)
{
    if (prompt->searching) {
        return 2;
    }
    return edit_height(prompt->edit, cols > MARK_COLS ? cols - MARK_COLS : 1);
}

static void draw_search(struct prompt *prompt, struct region region, bool focused)
{
    int col = grid_put_c(region, 0, 0, "history: ", STYLE(HINT));
    col += grid_put(region, 0, col, buf_str(&prompt->query), STYLE(PROMPT));
    if (focused) {
        grid_set_cursor(region, 0, col);
    }
    int row = region_rows(region) > 1 ? 1 : 0;
    int from = row == 0 ? col + 2 : MARK_COLS;
    int room = region_cols(region) - from;
    if (prompt->match == SIZE_MAX) {
        grid_put_fit(region, row, from, room, STR_LIT("no such prompt"), STYLE(HINT));
        return;
    }
    struct str text = history_text(prompt, prompt->match);
    size_t lf = str_find_char(text, '\n', 0);
    grid_put_fit(
        region, row, from, room, lf == SIZE_MAX ? text : str_slice(text, 0, lf), STYLE(TEXT));
}

void prompt_draw(struct prompt *prompt, struct region region, bool focused, const char *hint)
{
    if (prompt->searching) {
        draw_search(prompt, region, focused);
        return;
    }
    grid_put_c(region, 0, 0, grid_is_ascii(region.grid) ? ">" : "›",
        focused ? style_with(STYLE(PROMPT), ATTR_BOLD) : STYLE(DIM));
    struct region field =
        region_sub(region, 0, MARK_COLS, region_rows(region), region_cols(region) - MARK_COLS);
    edit_draw(prompt->edit, field, focused, STYLE(TEXT), hint);
    struct str text = edit_text(prompt->edit);
    if (prompt->pastes.len == 0 || str_find_char(text, '\n', 0) != SIZE_MAX ||
        edit_height(prompt->edit, region_cols(field)) > 1) {
        return;
    }
    VEC_FOREACH (const struct paste, paste, &prompt->pastes) {
        size_t at = str_find(text, str_of(paste->mark), 0);
        if (at != SIZE_MAX) {
            grid_overlay(field, 0, (int)utf8_width(str_slice(text, 0, at)),
                (int)strlen(paste->mark), STYLE_FIELD, ATTR_BOLD);
        }
    }
}
