/* What can stand at the cursor: asked of the catalog and of language servers, offered in a list
 * beside the cursor, narrowed while one types. */
#include "desk_assist_private.h"

#include "base/path.h"

#include <ctype.h>
#include <stdlib.h>

enum { WORD_MIN = 2, SERVER_SCORE = -60 /* ours know the workspace */ };

/* ---- entries ---- */

static void forget_entries(struct assist *assist)
{
    popup_clear(assist->popup);
    VEC_FOREACH (struct assist_entry, entry, &assist->entries) {
        free(entry->insert);
        free(entry->docs);
        text_edits_free(&entry->more);
    }
    assist->entries.len = 0;
    assist->docs_of = NULL;
}

void assist_popup_free(struct assist *assist)
{
    forget_entries(assist);
    popup_free(assist->popup);
    note_free(assist->docs);
    VEC_FREE(&assist->entries);
}

void assist_close_popup(struct assist *assist)
{
    if (assist->completing != 0) {
        lsp_forget(assist->servers, assist->completing);
        assist->completing = 0;
    }
    if (assist->open) {
        assist->open = false;
        forget_entries(assist);
        app_redraw(assist->desk->app);
    }
}

/* What is written of it; false: the cursor is not behind where it begins any more. Bytes of a name
 * only, or what was there when it was asked for. */
static bool typed_so_far(const struct assist *assist, struct buf *out)
{
    size_t row;
    size_t col;
    struct buf line = BUF_INIT;
    editor_cursor(assist->desk->editor, &row, &col);
    bool ok = row == assist->row && col >= assist->from_col &&
              editor_is_inserting(assist->desk->editor) &&
              editor_before_cursor(assist->desk->editor, ASSIST_LINE_MAX, &line);
    struct str typed = ok ? str_from(buf_str(&line), assist->from_col) : (struct str){0};
    for (size_t i = assist->asked_len; ok && i < typed.len; i++) {
        unsigned char c = (unsigned char)typed.ptr[i];
        ok = isalnum(c) || c == '_' || c == '-' || c >= 0x80;
    }
    buf_append_str(out, typed);
    buf_free(&line);
    return ok;
}

/* Narrows the list to what is typed now; closes it when that is over. */
static void narrow(struct assist *assist)
{
    struct buf typed = BUF_INIT;
    bool ok = typed_so_far(assist, &typed);
    size_t count = ok ? popup_filter(assist->popup, buf_str(&typed)) : 0;
    const struct popup_item *first = popup_at(assist->popup, 0);
    bool is_done = count == 1 && !assist->asked_by_hand &&
                   str_equal_c(buf_str(&typed), first->label) &&
                   strcmp(assist->entries.items[first->number].insert, first->label) == 0;
    if (count == 0 || is_done || (typed.len == 0 && assist->asked_len > 0)) {
        assist_close_popup(assist);
    } else if ((typed.len < assist->asked_len || (assist->more && typed.len > assist->asked_len)) &&
               !loop_timer_is_active(assist->typing)) {
        loop_timer_start(assist->typing, ASSIST_TYPING_MS, 0); /* there is more than this */
    }
    buf_free(&typed);
}

/* ---- where they come from ---- */

static char letter_of(enum completion_kind kind)
{
    static const char letters[] = {
        [COMPLETION_PACKAGE] = 'p',
        [COMPLETION_RULE] = 'r',
        [COMPLETION_FUNCTION] = 'f',
        [COMPLETION_VARIABLE] = 'v',
        [COMPLETION_IMPORT] = 'i',
        [COMPLETION_BUILTIN] = 'b',
        [COMPLETION_KEYWORD] = 'k',
        [COMPLETION_SNIPPET] = 's',
        [COMPLETION_FIELD] = '.',
        [COMPLETION_NAME] = 'n',
    };
    return letters[kind];
}

static void add_entry(struct assist *assist, struct popup_item item, struct assist_entry entry)
{
    item.number = assist->entries.len;
    VEC_PUSH(&assist->entries, entry);
    popup_add(assist->popup, item);
}

/* With lines set in as the line of the cursor is; *cursor: where "$0" was, else the end. */
static char *expand(struct assist *assist, const char *insert, bool snippet, size_t *cursor)
{
    struct buf line = BUF_INIT;
    struct buf out = BUF_INIT;
    size_t blanks = 0;
    (void)editor_before_cursor(assist->desk->editor, ASSIST_LINE_MAX, &line);
    while (blanks < line.len && (line.ptr[blanks] == ' ' || line.ptr[blanks] == '\t')) {
        blanks++;
    }
    *cursor = SIZE_MAX;
    for (size_t i = 0; insert[i] != '\0'; i++) {
        if (snippet && insert[i] == '$' && insert[i + 1] == '0') {
            *cursor = out.len;
            i++;
            continue;
        }
        buf_append_char(&out, insert[i]);
        if (insert[i] == '\n') {
            buf_append_str(&out, str_slice(buf_str(&line), 0, blanks));
        }
    }
    *cursor = *cursor == SIZE_MAX ? out.len : *cursor;
    buf_free(&line);
    return buf_take(&out);
}

static void take_completions(struct assist *assist, struct completions *from)
{
    VEC_FOREACH (struct completion, one, from) {
        struct assist_entry entry = {.from_col = from->replace_from, .docs = one->docs};
        entry.insert = expand(assist, one->insert, true, &entry.cursor);
        one->docs = NULL;
        /* What was typed has its part in the score; popup_filter adds its own. */
        int place = -(int)assist->entries.len;
        add_entry(assist,
            (struct popup_item){.letter = letter_of(one->kind),
                .label = mem_strdup(one->label),
                .detail = mem_strdup(one->detail),
                .score = place > -400 ? place : -400},
            entry);
    }
}

/* The same name, ours without what stands before its dot already. */
static bool is_known(const struct assist *assist, const char *text)
{
    const char *dot = strrchr(text, '.');
    const char *name = dot == NULL ? text : dot + 1;
    size_t len = strcspn(name, "(");
    for (size_t i = 0; i < assist->entries.len; i++) {
        const char *known = assist->entries.items[i].insert;
        known += known[0] == '.' ? 1 : 0;
        if (strcmp(known, text) == 0 ||
            (strncmp(known, name, len) == 0 && strcspn(known, "(") == len)) {
            return true;
        }
    }
    return false;
}

static void take_item(struct assist *assist, struct lsp_item *item, size_t line_start)
{
    if (item->from < line_start || is_known(assist, item->text)) {
        return;
    }
    struct assist_entry entry = {.from_col = item->from - line_start,
        .cursor = item->cursor,
        .insert = mem_strdup(item->text),
        .docs = item->doc};
    item->doc = NULL;
    /* Only what stands before it is still where it was when more has been typed. */
    if (item->more.len > 0 && item->more.items[item->more.len - 1].to <= item->from) {
        entry.more = item->more;
        item->more = (struct text_edits){0};
    }
    add_entry(assist,
        (struct popup_item){.letter = item->kind[0] == '\0' ? ' ' : item->kind[0],
            .label = mem_strdup(item->label),
            .detail = mem_strdup(item->detail == NULL ? "" : item->detail),
            .score = SERVER_SCORE},
        entry);
}

static void on_items(void *data, struct lsp_reply *reply)
{
    struct assist *assist = data;
    struct buf typed = BUF_INIT;
    assist->completing = 0;
    bool still = typed_so_far(assist, &typed);
    size_t row;
    size_t col;
    editor_cursor(assist->desk->editor, &row, &col);
    if (reply->kind == LSP_REPLY_OK && still) {
        size_t line_start = assist_offset(assist) - col;
        bool had = assist->open;
        VEC_FOREACH (struct lsp_item, item, &reply->items) {
            take_item(assist, item, line_start);
        }
        if (!had && assist->entries.len > 0) {
            size_t asked = assist->from_col + assist->asked_len;
            assist->from_col = assist->entries.items[0].from_col;
            assist->asked_len = asked > assist->from_col ? asked - assist->from_col : 0;
            assist->open = true;
        }
        assist->more = assist->more || reply->items.incomplete;
        if (assist->open) {
            narrow(assist);
        }
        app_redraw(assist->desk->app);
    } else if (!assist->open && assist->asked_by_hand) {
        app_message(assist->desk->app, MESSAGE_INFO, "Nothing is known that could stand here.");
    }
    buf_free(&typed);
}

static bool ask_catalog(struct assist *assist, const struct assist_here *here)
{
    struct completions found = {0};
    const char *ext = path_ext(here->path);
    bool policy =
        strcmp(ext, ".rego") == 0 || strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0;
    if (policy && here->cursor.text.ptr != NULL) {
        catalog_complete(assist_catalog(assist), &here->cursor, &found);
    }
    if (found.len > 0) {
        /* The dot before a member is replaced with it (by ["…"] where need be), but not matched. */
        size_t at = assist_offset(assist) - here->cursor.col + found.replace_from;
        assist->from_col = found.replace_from + (here->cursor.text.ptr[at] == '.' ? 1 : 0);
        take_completions(assist, &found);
    }
    assist->more = found.len >= COMPLETIONS_MAX;
    completions_free(&found);
    return assist->entries.len > 0;
}

static void ask(struct assist *assist, bool by_hand)
{
    struct assist_here here;
    bool was_by_hand = assist->open && assist->asked_by_hand;
    assist->open = false;
    forget_entries(assist);
    assist->asked_by_hand = by_hand || was_by_hand;
    if (assist_look(assist, &here)) {
        assist->row = here.cursor.row;
        assist->from_col = here.cursor.col;
        assist->open = ask_catalog(assist, &here);
        assist->asked_len = here.cursor.col - assist->from_col;
        bool asked = assist_ask(assist, &assist->completing, LSP_COMPLETION, on_items);
        if (assist->open) {
            narrow(assist);
        } else if (!asked && by_hand) {
            app_message(assist->desk->app, MESSAGE_INFO, "%s",
                assist_is_indexing(assist) ? assist_why_nothing(assist)
                                           : "Nothing is known that could stand here.");
        }
        app_redraw(assist->desk->app);
    }
    assist_here_free(&here);
}

/* ---- when ---- */

/* Behind a dot, or in a name of two letters and more; in YAML also behind a blank or a dash of what
 * a language server says. */
static bool is_worth_it(const struct assist *assist)
{
    struct buf line = BUF_INIT;
    size_t len = 0;
    bool ok = editor_before_cursor(assist->desk->editor, ASSIST_LINE_MAX, &line) && line.len > 0;
    if (ok) {
        while (len < line.len && (isalnum((unsigned char)line.ptr[line.len - 1 - len]) ||
                                     line.ptr[line.len - 1 - len] == '_')) {
            len++;
        }
        char last = line.ptr[line.len - 1];
        bool number = len > 0 && isdigit((unsigned char)line.ptr[line.len - len]);
        struct lsp_document *document = assist_document(assist);
        ok = (len >= WORD_MIN && !number) ||
             (last == '.' && line.len > 1 && !isdigit((unsigned char)line.ptr[line.len - 2])) ||
             (document != NULL && lsp_triggers(document, LSP_COMPLETION, last));
    }
    buf_free(&line);
    return ok;
}

void assist_typed(void *data)
{
    struct assist *assist = data;
    const struct desk *desk = assist->desk;
    if (assist->stopped || !app_has_focus(desk->app, desk->editor) ||
        !editor_is_inserting(desk->editor)) {
        return;
    }
    bool signature =
        assist->noted == NOTE_SIGNATURE || assist->typed == '(' || assist->typed == ',';
    bool completes = assist->open || (assist->automatic && is_worth_it(assist));
    if ((!signature && !completes) || !assist_has_read(assist, assist_typed)) {
        return;
    }
    if (signature) {
        assist_signature(assist);
    }
    if (completes) {
        ask(assist, false);
    }
}

unsigned assist_complete(void *data)
{
    struct assist *assist = data;
    if (!editor_is_inserting(assist->desk->editor)) {
        app_message(assist->desk->app, MESSAGE_INFO,
            "Text is completed where it is typed: with one cursor and no selection%s.",
            editor_has_vi(assist->desk->editor) ? ", in insert mode" : "");
    } else if (assist->off) {
        app_message(assist->desk->app, MESSAGE_INFO,
            "Completion is off: completion = \"auto\" or \"manual\" in the configuration.");
    } else if (assist->open) {
        popup_move(assist->popup, 1);
    } else {
        ask(assist, true);
    }
    return UI_DONE;
}

/* ---- keys ---- */

/* Further edits before it make it one step with them. */
static bool insert_with_more(
    struct assist *assist, const struct assist_entry *entry, size_t from, size_t to)
{
    struct text_edits all = {0};
    struct err err;
    VEC_FOREACH (const struct text_edit, more, &entry->more) {
        struct text_edit edit = {.from = more->from, .to = more->to};
        buf_append_str(&edit.with, buf_str(&more->with));
        VEC_PUSH(&all, edit);
    }
    struct text_edit own = {.from = from, .to = to};
    buf_append_c(&own.with, entry->insert);
    VEC_PUSH(&all, own);
    bool ok =
        editor_apply_edits(assist->desk->editor, editor_path(assist->desk->editor), &all, &err);
    text_edits_free(&all);
    return ok;
}

static void take_chosen(struct assist *assist)
{
    const struct popup_item *chosen = popup_chosen(assist->popup);
    struct editor *editor = assist->desk->editor;
    size_t row;
    size_t col;
    if (chosen == NULL) {
        return;
    }
    const struct assist_entry *entry = &assist->entries.items[chosen->number];
    size_t at = assist_offset(assist);
    editor_cursor(editor, &row, &col);
    bool ok =
        entry->from_col <= col &&
        (entry->more.len > 0 ? insert_with_more(assist, entry, at - (col - entry->from_col), at)
                             : editor_complete(editor, entry->from_col, col, str_of(entry->insert),
                                   entry->cursor));
    bool calls = ok && entry->cursor > 0 && entry->insert[entry->cursor - 1] == '(';
    if (!ok) {
        app_message(assist->desk->app, MESSAGE_WARNING, "The text has changed: nothing was done.");
    }
    assist_close_popup(assist);
    if (calls) {
        assist_signature(assist);
    }
}

static unsigned open_key(struct assist *assist, const struct key *key)
{
    if (key_is_ctrl(key, 'n') || key_is_ctrl(key, 'p')) {
        popup_move(assist->popup, key_is_ctrl(key, 'n') ? 1 : -1);
        return UI_DONE;
    }
    if (popup_key(assist->popup, key)) {
        return UI_DONE;
    }
    if (key->mods == 0 && (key->code == K_TAB || key->code == K_ENTER)) {
        take_chosen(assist);
        return UI_DONE;
    }
    if (key->mods == 0 && key->code == K_ESC) {
        assist_close_popup(assist);
        /* In the vi key set it is the way out of insert mode all the same. */
        return editor_has_vi(assist->desk->editor) ? UI_IGNORED : UI_DONE;
    }
    if (!key_is_plain_text(key) && key->code != K_BACKSPACE) {
        assist_close_popup(assist);
    }
    return UI_IGNORED;
}

unsigned assist_popup_key(struct assist *assist, const struct key *key)
{
    struct editor *editor = assist->desk->editor;
    if (assist->open) {
        narrow(assist); /* it may be over since it was painted */
        if (!key_is_plain_text(key)) {
            loop_timer_stop(assist->typing); /* a list that a key closes does not come again */
        }
    }
    if (assist->open) {
        return open_key(assist, key);
    }
    if (!key_is_plain_text(key) && key->code != K_BACKSPACE) {
        assist_close_popup(assist); /* a list that is not here yet does not come any more */
    }
    bool asks = key_is_ctrl(key, 'n') || key_is_ctrl(key, 'p');
    if (asks && editor_has_vi(editor) && editor_is_inserting(editor) && !assist->off) {
        return assist_complete(assist);
    }
    return UI_IGNORED;
}

/* ---- drawing ---- */

static void draw_docs(struct assist *assist, struct region region, struct rect box)
{
    enum { LEAST = 24, MOST = 56, ROWS = 10 };
    const struct popup_item *chosen = popup_chosen(assist->popup);
    const char *docs = chosen == NULL ? NULL : assist->entries.items[chosen->number].docs;
    struct rect place = popup_place_beside(region_cols(region), box, LEAST, MOST);
    if (docs == NULL || docs[0] == '\0' || place.cols == 0) {
        return;
    }
    int room = region_rows(region) - place.row;
    place.rows = place.rows > ROWS ? place.rows : room < ROWS ? room : ROWS;
    if (assist->docs_of != chosen) {
        note_set(assist->docs, str_of(docs));
        assist->docs_of = chosen;
    }
    note_draw_in(assist->docs, region_sub(region, place.row, place.col, place.rows, place.cols));
}

void assist_popup_draw(struct assist *assist, struct region region, int row, int col)
{
    if (assist->open) {
        narrow(assist);
    }
    if (!assist->open) {
        return;
    }
    size_t cursor_row;
    size_t cursor_col;
    editor_cursor(assist->desk->editor, &cursor_row, &cursor_col);
    /* Names are one column a byte, and what is not is off by a few columns only. */
    int back = (int)(cursor_col - assist->from_col);
    struct rect box = popup_draw(assist->popup, region, row, col > back ? col - back : 0);
    if (box.rows > 0) {
        draw_docs(assist, region, box);
    }
}
