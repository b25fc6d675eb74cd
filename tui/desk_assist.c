/* Life, keys and what is shared; see desk_assist_private.h for who does what. */
#include "desk_assist_private.h"

#include "base/path.h"

#include <stdlib.h>

/* ---- what is shared ---- */

struct catalog *assist_catalog(const struct assist *assist)
{
    struct indexer *indexer = workbench_indexer(assist->desk->workbench);
    return indexer == NULL ? assist->empty : indexer_catalog(indexer);
}

bool assist_look(const struct assist *assist, struct assist_here *out)
{
    const struct editor *editor = assist->desk->editor;
    const char *path = editor_path(editor);
    *out = (struct assist_here){0};
    if (path == NULL) {
        return false;
    }
    out->path = mem_strdup(path);
    out->cursor.path = out->path;
    editor_cursor(editor, &out->cursor.row, &out->cursor.col);
    if (editor_text(editor, ASSIST_TEXT_MAX, &out->text)) {
        out->cursor.text = out->text.ptr == NULL ? str_of("") : buf_str(&out->text);
        out->exact = true;
    } else {
        out->exact = editor_unsaved_length(editor, path) == 0;
    }
    return true;
}

void assist_here_free(struct assist_here *here)
{
    buf_free(&here->text);
    free(here->path);
}

const struct assist_file *assist_file_of(const struct assist *assist, const char *path)
{
    VEC_FOREACH (const struct assist_file, file, &assist->files) {
        if (path != NULL && strcmp(file->path, path) == 0) {
            return file;
        }
    }
    return NULL;
}

struct lsp_document *assist_document(const struct assist *assist)
{
    const struct assist_file *file = assist_file_of(assist, editor_path(assist->desk->editor));
    return file == NULL ? NULL : file->document;
}

size_t assist_offset(const struct assist *assist)
{
    const struct assist_file *file = assist_file_of(assist, editor_path(assist->desk->editor));
    struct text_point point;
    editor_cursor(assist->desk->editor, &point.row, &point.column);
    return file == NULL ? 0 : text_offset_of(file->text, point);
}

size_t assist_line_end(const struct assist *assist)
{
    const struct assist_file *file = assist_file_of(assist, editor_path(assist->desk->editor));
    return file == NULL
               ? 0
               : text_line_end(file->text, text_line_of(file->text, assist_offset(assist)));
}

/* The index begins with the first turn of the loop. */
static struct indexer_progress progress_of(const struct assist *assist)
{
    const struct indexer *indexer = workbench_indexer(assist->desk->workbench);
    return indexer == NULL ? (struct indexer_progress){.total = 1} : indexer_progress(indexer);
}

bool assist_is_indexing(const struct assist *assist)
{
    struct indexer_progress progress = progress_of(assist);
    return progress.done < progress.total;
}

void assist_append_progress(const struct assist *assist, struct buf *out)
{
    if (assist != NULL && assist_is_indexing(assist) && progress_of(assist).total > 1) {
        struct indexer_progress progress = progress_of(assist);
        buf_printf(out, "index %zu/%zu", progress.done, progress.total);
    }
}

const char *assist_why_nothing(const struct assist *assist)
{
    return assist_is_indexing(assist) ? "Nothing is known of it yet: the index is being built."
                                      : "There is no symbol here: put the cursor on a name.";
}

const char *assist_why_no_file(void *data)
{
    const struct assist *assist = data;
    return editor_path(assist->desk->editor) == NULL ? "No file is open: Alt-p finds one." : NULL;
}

bool assist_can_ask(const struct assist *assist, enum lsp_what what)
{
    const struct lsp_document *document = assist_document(assist);
    return document != NULL && lsp_can(document, what);
}

bool assist_ask(struct assist *assist, uint64_t *slot, enum lsp_what what,
    void (*on_reply)(void *data, struct lsp_reply *reply))
{
    struct lsp_document *document = assist_document(assist);
    if (*slot != 0) {
        lsp_forget(assist->servers, *slot);
        *slot = 0;
    }
    if (document == NULL || !lsp_can(document, what)) {
        return false;
    }
    size_t at = assist_offset(assist);
    struct lsp_question question = {.what = what, .at = at, .end = at, .name = assist->rename_to};
    *slot = lsp_ask(document, &question, on_reply, assist);
    return true;
}

void assist_stop_going(struct assist *assist)
{
    if (assist->going != 0) {
        lsp_forget(assist->servers, assist->going);
        assist->going = 0;
    }
    servers_forget_fixes(assist);
}

void assist_propose(struct assist *assist, const struct changes *changes, const char *origin)
{
    struct desk *desk = assist->desk;
    struct err err;
    if (!workbench_propose(desk->workbench, changes, origin, &err)) {
        app_message(desk->app, MESSAGE_ERROR, "%s", err.text);
        return;
    }
    desk_open_review(desk);
    app_message(desk->app, MESSAGE_INFO, "%s, nothing is written yet", origin);
}

/* ---- actions ---- */

static unsigned back(void *data)
{
    struct assist *assist = data;
    if (!editor_back(assist->desk->editor)) {
        app_message(assist->desk->app, MESSAGE_INFO, "There is nothing to go back to.");
    }
    return UI_DONE;
}

static unsigned forward(void *data)
{
    struct assist *assist = data;
    if (!editor_forward(assist->desk->editor)) {
        app_message(assist->desk->app, MESSAGE_INFO, "There is nothing to go forward to.");
    }
    return UI_DONE;
}

static const struct action actions[] = {
    {"editor.definition", "definition",
        "Go to where the name is defined; again: to its next definition", "f12", NULL, 0,
        assist_definition, assist_why_no_symbol},
    {"editor.references", "references", "List the places that use the name", "shift-f12", NULL, 0,
        assist_references, assist_why_no_symbol},
    {"editor.callers", "callers", "List the rules that use what is under the cursor", "", NULL, 0,
        assist_callers, assist_why_no_symbol},
    {"editor.test-of-rule", "test ↔ rule",
        "Go from a rule to its test or begin one, and from a test to its rule", "alt-t", NULL, 0,
        assist_toggle_test, assist_why_no_file},
    {"editor.tests-of-rule", "tests of rule", "List the tests that reach the rule", "", NULL, 0,
        assist_tests, assist_why_no_file},
    {"editor.back", "back", "Go back to where one came from, across files", "alt-left", NULL, 0,
        back, NULL},
    {"editor.forward", "forward", "Go forward again", "alt-right", NULL, 0, forward, NULL},
    {"editor.rename", "rename", "Rename it in the whole workspace, as a proposal to review",
        "alt-R", NULL, 0, assist_rename, assist_why_no_symbol},
    {"editor.hover", "what is it", "Show what is known of the name: head, notes, tests, places",
        "alt-?", NULL, 0, assist_hover, assist_why_no_symbol},
    {"editor.complete", "complete", "List what can stand here", "ctrl-space ctrl-n", NULL, 0,
        assist_complete, assist_why_no_file},
    {"editor.assemble-template", "assemble template",
        "Write the Gatekeeper template from its Rego files, as a proposal to review", "", NULL, 0,
        assist_assemble_template, assist_why_no_file},
    {"editor.split-template", "split template",
        "Write the Rego files from the Gatekeeper template, as a proposal to review", "", NULL, 0,
        assist_split_template, assist_why_no_file},
    {"editor.format", "format", "Format the file: opa fmt, or its language server", "alt-f", NULL,
        0, assist_format, assist_why_no_format},
};

const struct action_set assist_actions = ACTION_SET("editor", "Policy knowledge", actions);

/* ---- what floats ---- */

/* A note goes with the next key; the arguments of a call stay while one types. */
static unsigned note_key(struct assist *assist, const struct key *key)
{
    bool is_typing = key_is_plain_text(key) || (key->code == K_BACKSPACE && key->mods == 0);
    if (assist->noted == NOTE_HOVER && key->mods == 0 &&
        (key->code == K_PAGE_DOWN || key->code == K_PAGE_UP) &&
        note_scroll(assist->note, key->code == K_PAGE_DOWN ? 8 : -8)) {
        return UI_DONE;
    }
    if (assist->noted == NOTE_SIGNATURE && is_typing) {
        return UI_IGNORED;
    }
    bool was_hover = assist->noted == NOTE_HOVER;
    assist_close_note(assist);
    return was_hover && key->code == K_ESC ? UI_DONE : UI_IGNORED;
}

static unsigned float_key(void *data, const struct key *key)
{
    struct assist *assist = data;
    struct desk *desk = assist->desk;
    assist->armed = false;
    if (!key_is_plain_text(key)) {
        loop_timer_stop(assist->typing); /* what was typed is not gone on with */
    }
    assist_stop_going(assist); /* one has gone on: a jump or a list would only get in the way */
    if (!app_has_focus(desk->app, desk->editor)) {
        assist_close_popup(assist);
        assist_close_note(assist);
        return UI_IGNORED;
    }
    loop_timer_start(assist->rest, ASSIST_REST_MS, 0);
    if (assist->noted == NOTE_NONE) {
        assist_close_note(assist); /* so would one that was asked for and is not here yet */
    }
    if (assist->noted != NOTE_NONE && (note_key(assist, key) & UI_HANDLED) != 0) {
        return UI_DONE;
    }
    unsigned flags = assist_popup_key(assist, key);
    if (flags == UI_IGNORED && key_is_plain_text(key)) {
        assist->armed = true;
        assist->typed = key->text[key->len - 1];
    }
    return flags;
}

static bool float_shows(void *data)
{
    const struct assist *assist = data;
    return assist->open || assist->noted != NOTE_NONE;
}

static void float_draw(void *data, struct region region)
{
    struct assist *assist = data;
    const struct desk *desk = assist->desk;
    int row;
    int col;
    if (!float_shows(assist) || !app_has_focus(desk->app, desk->editor) ||
        !grid_cursor(region.grid, &row, &col)) {
        return;
    }
    row -= region.rect.row;
    col -= region.rect.col;
    if (assist->noted != NOTE_NONE) {
        note_draw_at(assist->note, region, row, col, assist->noted == NOTE_SIGNATURE);
    }
    assist_popup_draw(assist, region, row, col);
}

/* ---- what happens in the editor ---- */

static void on_changed(void *data, const char *path)
{
    struct assist *assist = data;
    const char *shown = editor_path(assist->desk->editor);
    if (assist->stopped) {
        return;
    }
    loop_timer_start(assist->rest, ASSIST_REST_MS, 0);
    if (assist->armed && shown != NULL && strcmp(shown, path) == 0) {
        loop_timer_start(assist->typing, ASSIST_TYPING_MS, 0);
    }
}

static void tell_servers(struct assist *assist, struct assist_file *file)
{
    if (assist->servers != NULL && file->language != NULL) {
        file->document = lsp_open(assist->servers, file->path, file->language, file->text);
    }
}

static void opened(void *data, const char *path, const char *language, struct text *text)
{
    struct assist *assist = data;
    struct assist_file file = {.text = text, .path = mem_strdup(path), .language = language};
    if (!loop_timer_is_active(assist->begin)) {
        tell_servers(assist, &file);
    }
    VEC_PUSH(&assist->files, file);
}

static void on_begin(void *data)
{
    struct assist *assist = data;
    VEC_FOREACH (struct assist_file, file, &assist->files) {
        tell_servers(assist, file);
    }
}

static void closed(void *data, struct text *text)
{
    struct assist *assist = data;
    for (size_t i = 0; i < assist->files.len; i++) {
        struct assist_file *file = &assist->files.items[i];
        if (file->text != text) {
            continue;
        }
        if (file->document != NULL && assist->servers != NULL) {
            lsp_close(file->document);
        }
        if (!assist->stopped) {
            const char *const paths[] = {file->path};
            const struct findings none = {0};
            struct indexer *indexer = workbench_indexer(assist->desk->workbench);
            if (indexer != NULL) {
                indexer_drop_buffer(indexer, file->path);
            }
            problems_set(
                diagnose_problems(assist->desk->diagnose), "language server", paths, 1, &none);
            diagnose_show(assist->desk->diagnose);
        }
        free(file->path);
        VEC_REMOVE(&assist->files, i);
        return;
    }
}

static const struct editor_listener listener = {
    .opened = opened, .closed = closed, .saving = assist_before_save};

static void on_saved(void *data, const char *path)
{
    struct assist *assist = data;
    const struct assist_file *file = assist_file_of(assist, path);
    if (!assist->stopped && file != NULL && file->document != NULL) {
        lsp_saved(file->document);
    }
    assist_saved(assist, path);
}

void assist_catalog_changed(struct assist *assist)
{
    if (assist == NULL) {
        return;
    }
    bool now = assist_is_indexing(assist);
    if (now || assist->was_indexing) {
        app_redraw(assist->desk->app); /* the header tells how far it is */
    }
    if (!now && assist->was_indexing) {
        loop_timer_start(assist->rest, ASSIST_REST_MS, 0);
    }
    assist->was_indexing = now;
}

/* ---- life ---- */

struct assist *assist_new(struct desk *desk)
{
    static const struct app_float floats = {float_key, float_draw, float_shows};
    const struct config *config = workbench_config(desk->workbench);
    struct assist *assist = MEM_NEW(struct assist);
    assist->desk = desk;
    assist->empty = catalog_new();
    assist->popup = popup_new();
    assist->docs = note_new();
    assist->note = note_new();
    assist->typing = loop_timer_new(desk->loop, assist_typed, assist);
    assist->rest = loop_timer_new(desk->loop, assist_rested, assist);
    assist->begin = loop_timer_new(desk->loop, on_begin, assist);
    loop_timer_start(assist->begin, ASSIST_BEGIN_MS, 0);
    assist->automatic = strcmp(config_string(config, "completion"), "auto") == 0;
    assist->off = strcmp(config_string(config, "completion"), "off") == 0;
    assist->format_on_save = config_bool(config, "format_on_save");
    assist->servers = servers_new(assist);
    app_set_float(desk->app, &floats, assist);
    editor_on_changed(desk->editor, on_changed, assist);
    editor_on_saved(desk->editor, on_saved, assist);
    editor_listen(desk->editor, &listener, assist);
    return assist;
}

void assist_stop(struct assist *assist)
{
    if (assist == NULL) {
        return;
    }
    assist->stopped = true;
    loop_timer_stop(assist->typing);
    loop_timer_stop(assist->begin);
    loop_timer_stop(assist->rest);
    app_set_float(assist->desk->app, NULL, NULL);
    editor_listen(assist->desk->editor, NULL, NULL);
    assist_stop_formats(assist);
    while (assist->working > 0) {
        loop_run_once(assist->desk->loop, 100);
    }
    while (assist->files.len > 0) {
        closed(assist, assist->files.items[0].text);
    }
    lsp_service_free(assist->servers);
    servers_forget_fixes(assist);
    assist->servers = NULL;
}

void assist_free(struct assist *assist)
{
    if (assist == NULL) {
        return;
    }
    loop_timer_free(assist->typing);
    loop_timer_free(assist->begin);
    loop_timer_free(assist->rest);
    assist_popup_free(assist);
    catalog_free(assist->empty);
    note_free(assist->note);
    buf_free(&assist->said);
    VEC_FREE(&assist->files);
    VEC_FREE(&assist->formats);
    free(assist->rest_path);
    free(assist->reach_path);
    free(assist->rename_to);
    free(assist->last_test);
    free(assist->save_note);
    free(assist->server_said);
    free(assist->fix_name);
    free(assist);
}
