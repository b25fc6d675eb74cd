/* Renaming in the whole workspace: asked for, planned, made on a worker, proposed. */
#include "desk_assist_private.h"

#include "widget/dialog.h"

#include <stdlib.h>

enum { MENTION_FILES = 20000, MENTION_BYTES = 1 << 20 };

struct renaming {
    struct assist *assist;
    const struct workspace *workspace;
    struct catalog_rename plan;
    struct {
        char **items; /* of the texts that may mention it */
        size_t len, cap;
    } paths;
    struct changes changes;
    struct err err;
    bool ok;
};

static void make(void *data)
{
    struct renaming *renaming = data;
    struct patch_folder folder = {
        .fd = workspace_fd(renaming->workspace), .max_bytes = TEXT_FILE_MAX};
    struct patch_source source = {patch_folder_read, &folder};
    renaming->ok =
        catalog_rename_changes(&renaming->plan, &source, &renaming->changes, &renaming->err);
    if (renaming->ok) {
        catalog_rename_mentions(
            &renaming->plan, &source, renaming->paths.items, renaming->paths.len);
    }
}

/* Of texts, as far as one looks through them: no large ones, no data. */
static void take_paths(struct renaming *renaming)
{
    const struct files *files = workspace_files(renaming->workspace);
    for (size_t i = 0; i < files->len && renaming->paths.len < MENTION_FILES; i++) {
        const struct file_entry *entry = &files->items[i];
        if (!entry->is_link && !entry->odd_name && entry->stamp.size < MENTION_BYTES) {
            VEC_PUSH(&renaming->paths, mem_strdup(entry->path));
        }
    }
}

static void free_renaming(struct renaming *renaming)
{
    catalog_rename_free(&renaming->plan);
    changes_free(&renaming->changes);
    VEC_FOREACH (char *, path, &renaming->paths) {
        free(*path);
    }
    VEC_FREE(&renaming->paths);
    free(renaming);
}

/* What a rename cannot reach: nothing failed, but somebody has to look. */
static void say_notes(struct assist *assist, const char *origin, struct str notes)
{
    struct buf text = BUF_INIT;
    struct str line;
    while (str_next_line(&notes, &line)) {
        char *note = str_dup(line);
        status_log(assist->desk->status, note);
        buf_printf(&text, "%s• %s", text.len > 0 ? "\n\n" : "", note);
        free(note);
    }
    if (text.len > 0) {
        dialog_message(assist->desk->app, origin, buf_str(&text));
    }
    buf_free(&text);
}

static void made(void *data, bool cancelled)
{
    struct renaming *renaming = data;
    struct assist *assist = renaming->assist;
    assist->working--;
    if (cancelled || assist->stopped) {
        free_renaming(renaming);
        return;
    }
    if (!renaming->ok) {
        app_message(assist->desk->app, MESSAGE_ERROR, "%s", renaming->err.text);
    } else {
        const struct catalog_rename *plan = &renaming->plan;
        char *origin = mem_printf("Rename %s to %s in %zu place%s of %zu file%s", plan->from,
            plan->to, plan->edits.len, plan->edits.len == 1 ? "" : "s", plan->files.len,
            plan->files.len == 1 ? "" : "s");
        assist_propose(assist, &renaming->changes, origin);
        say_notes(assist, origin, buf_str(&plan->notes));
        free(origin);
    }
    free_renaming(renaming);
}

/* Files are changed as they are on disk. False, and said: this one has unsaved edits. */
static bool is_as_on_disk(const struct assist *assist, const char *path)
{
    struct buf content = BUF_INIT;
    bool is_unsaved = editor_unsaved_content(assist->desk->editor, path, &content);
    buf_free(&content);
    if (is_unsaved) {
        app_message(assist->desk->app, MESSAGE_WARNING,
            "%s has unsaved edits: Alt-s saves all, then this can be proposed.", path);
    }
    return !is_unsaved;
}

static bool are_as_on_disk(const struct assist *assist, const struct catalog_rename *plan)
{
    bool ok = true;
    for (size_t i = 0; ok && i < plan->files.len; i++) {
        ok = is_as_on_disk(assist, plan->files.items[i].path);
    }
    return ok;
}

static void start(struct assist *assist, struct str name)
{
    struct assist_here here;
    struct err err;
    struct renaming *renaming = MEM_NEW(struct renaming);
    *renaming = (struct renaming){
        .assist = assist, .workspace = workbench_workspace(assist->desk->workbench)};
    bool ok = assist_look(assist, &here) && catalog_rename_plan(assist_catalog(assist),
                                                &here.cursor, name, &renaming->plan, &err);
    assist_here_free(&here);
    if (!ok) {
        app_message(assist->desk->app, MESSAGE_ERROR, "%s", err.text);
    } else if (are_as_on_disk(assist, &renaming->plan)) {
        take_paths(renaming);
        assist->working++;
        loop_work_start(assist->desk->loop, make, made, renaming);
        return;
    }
    free_renaming(renaming);
}

static void on_renamed(void *data, struct lsp_reply *reply)
{
    struct assist *assist = data;
    assist->making = 0;
    if (reply->kind == LSP_REPLY_OK && reply->changes.len > 0) {
        char *origin = mem_printf("Rename to %s", assist->rename_to);
        assist_propose(assist, &reply->changes, origin);
        free(origin);
    } else {
        app_message(assist->desk->app, MESSAGE_WARNING, "%s",
            reply->kind == LSP_REPLY_FAILED ? reply->message : "It cannot be renamed.");
    }
}

static void named(void *data, struct str text)
{
    struct assist *assist = data;
    struct assist_here here;
    struct catalog_symbol symbol;
    struct str name = str_trim(text);
    if (text.ptr == NULL || name.len == 0) {
        return;
    }
    bool ours = assist_look(assist, &here) &&
                catalog_symbol_at(assist_catalog(assist), &here.cursor, &symbol);
    assist_here_free(&here);
    if (ours) {
        catalog_symbol_free(&symbol);
        start(assist, name);
        return;
    }
    free(assist->rename_to);
    assist->rename_to = str_dup(name);
    if (!assist_ask(assist, &assist->making, LSP_RENAME, on_renamed)) {
        app_message(assist->desk->app, MESSAGE_WARNING, "%s", assist_why_nothing(assist));
    }
}

unsigned assist_rename(void *data)
{
    struct assist *assist = data;
    struct assist_here here;
    struct catalog_symbol symbol;
    bool ours = assist_look(assist, &here) &&
                catalog_symbol_at(assist_catalog(assist), &here.cursor, &symbol);
    if (ours && symbol.kind == SYMBOL_BUILTIN) {
        app_message(assist->desk->app, MESSAGE_INFO, "%s is built into opa and keeps its name.",
            symbol.name);
    } else if (ours && !is_as_on_disk(assist, here.path)) {
        /* Before a name is asked for that could not be used. */
    } else if (ours || assist_can_ask(assist, LSP_RENAME)) {
        char *title =
            ours ? mem_printf("Rename %s (a proposal: nothing is written yet)", symbol.name)
                 : mem_strdup("Rename (a proposal: nothing is written yet)");
        struct dialog_prompt prompt = {.title = title,
            .hint = "the new name",
            .initial = ours ? str_of(symbol.name) : str_of(""),
            .done = named,
            .data = assist};
        dialog_prompt(assist->desk->app, &prompt);
        free(title);
    } else {
        app_message(assist->desk->app, MESSAGE_WARNING, "%s", assist_why_nothing(assist));
    }
    if (ours) {
        catalog_symbol_free(&symbol);
    }
    assist_here_free(&here);
    return UI_DONE;
}
