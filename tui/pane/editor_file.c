/* Files of the editor: opening, saving, what happens to them on disk, what a crash left. */
#include "pane/editor_carets.h"
#include "pane/editor_private.h"
#include "pane/editor_vi.h"

#include "base/log.h"
#include "base/path.h"
#include "base/safe.h"
#include "text/history_file.h"
#include "workspace/door.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BINARY_LOOK ((size_t)8 << 10) /* as git: a NUL this early means binary */
#define DOCS_MAX    24                /* clean files beyond this many are closed */
#define RECOVER_MAX 20
#define SAVED_AT_ONCE                                                                              \
    ((size_t)4 << 20) /* more takes longer than a blink: it is said that it is at work */

static struct str doc_read(void *data, size_t offset)
{
    return text_chunk(data, offset);
}

static size_t doc_size(void *data)
{
    return text_length(data);
}

static TSPoint ts_point(struct text_point point)
{
    return (TSPoint){(uint32_t)point.row, (uint32_t)point.column};
}

static void on_change(void *data, const struct text_change *change)
{
    struct doc *doc = data;
    text_note_time(doc->text, loop_wall_ms());
    TSInputEdit edit = {.start_byte = (uint32_t)change->start,
        .old_end_byte = (uint32_t)change->old_end,
        .new_end_byte = (uint32_t)change->new_end,
        .start_point = ts_point(change->start_point),
        .old_end_point = ts_point(change->old_end_point),
        .new_end_point = ts_point(change->new_end_point)};
    syntax_edit(doc->syntax, &edit);
    VEC_FOREACH (struct view *, view, &doc->views) {
        view_changed(*view, change);
    }
    marks_changed(doc->editor->marks, doc->path, change);
    editor_jumps_changed(doc->editor, doc->path, change);
    editor_tell_changed(doc->editor, doc->path);
}

void editor_tell_changed(struct editor *editor, const char *path)
{
    VEC_FOREACH (struct saved_listener, watcher, &editor->watchers) {
        watcher->callback(watcher->data, path);
    }
}

struct doc *editor_find_doc(const struct editor *editor, const char *path)
{
    VEC_FOREACH (struct doc *, doc, &editor->docs) {
        if (strcmp((*doc)->path, path) == 0 && !(*doc)->drop_when_saved) {
            return *doc;
        }
    }
    return NULL;
}

static void set_language(struct doc *doc)
{
    struct buf first = BUF_INIT;
    text_copy(doc->text, 0, text_line_end(doc->text, 0), &first);
    struct str line = str_slice(buf_str(&first), 0, 256);
    syntax_set_language(doc->syntax, language_of(doc->path, line));
    buf_free(&first);
}

static bool is_text(const char *path, struct str bytes, struct err *err)
{
    size_t zero = str_find_char(str_slice(bytes, 0, BINARY_LOOK), '\0', 0);
    if (zero == SIZE_MAX) {
        return true;
    }
    if (str_starts(bytes, "\xff\xfe") || str_starts(bytes, "\xfe\xff")) {
        return err_set(err, ERR_INVALID,
            "%s is UTF-16: iconv -f UTF-16 -t UTF-8 makes a file of it that can be edited", path);
    }
    size_t line = 1;
    for (size_t i = 0; i < zero; i++) {
        line += bytes.ptr[i] == '\n' ? 1 : 0;
    }
    return err_set(err, ERR_UNSUPPORTED, "%s is a binary file (%zu bytes): line %zu has a NUL byte",
        path, bytes.len, line);
}

/* Reads the file; one that is not there is an empty new one (stamp.exists is false then). */
bool editor_read_file(const struct editor *editor, const char *path, struct buf *bytes,
    struct file_stamp *stamp, struct err *err)
{
    struct err why = {0};
    *stamp = (struct file_stamp){0};
    if (!workspace_read(editor->workspace, path, bytes, stamp, &why)) {
        if (why.kind == ERR_NOT_FOUND) {
            *stamp = (struct file_stamp){0};
            buf_clear(bytes);
            return true;
        }
        if (err != NULL) {
            *err = why;
        }
        return false;
    }
    return is_text(path, buf_str(bytes), err);
}

/* One of its views. */
static struct view *doc_view(struct doc *doc)
{
    return doc->views.len > 0 ? doc->views.items[0] : view_new(doc);
}

void doc_note_cursor(struct doc *doc)
{
    text_note_cursor(doc->text, view_caret(doc_view(doc))->at);
}

void doc_deselect(struct doc *doc)
{
    VEC_FOREACH (struct view *, view, &doc->views) {
        view_one_caret(*view);
        view_move(*view, view_head(*view), false);
    }
}

/* Makes room for one more. */
static void close_oldest(struct editor *editor)
{
    struct doc *oldest = NULL;
    VEC_FOREACH (struct doc *, doc, &editor->docs) {
        bool idle = !doc_is_shown(*doc) && !text_is_dirty((*doc)->text) && !(*doc)->saving &&
                    (*doc)->found.file == NULL;
        if (idle && (oldest == NULL || (*doc)->used < oldest->used)) {
            oldest = *doc;
        }
    }
    if (oldest != NULL && editor->docs.len >= DOCS_MAX) {
        doc_free(oldest, true);
    }
}

static void look_for_swap(struct doc *doc, struct str on_disk)
{
    struct editor *editor = doc->editor;
    uint32_t pid = 0;
    doc->found.fd = -1;
    if (editor->swap_dir == NULL) {
        return;
    }
    enum swap_status status =
        swap_find(editor->swap_dir, doc->full_path, on_disk, &doc->found, &pid);
    if (status == SWAP_BUSY) {
        app_message(editor->app, MESSAGE_WARNING,
            "another bylaw (process %u) has unsaved edits of %s", pid, doc->path);
    }
}

/* The steps of earlier sessions; not for a text that somebody else changed meanwhile. */
static void load_history(struct doc *doc)
{
    struct err err;
    if (doc->editor->undo_dir != NULL && doc->stamp.exists &&
        !history_load(doc->editor->undo_dir, doc->full_path, doc->text, &err) &&
        err.kind != ERR_NOT_FOUND) {
        log_write("undo", "%s: %s", doc->path, err.text);
    }
    doc->kept_steps = text_step_count(doc->text);
    doc->kept_step = text_step(doc->text);
}

void doc_keep_history(struct doc *doc)
{
    size_t steps = text_step_count(doc->text), step = text_step(doc->text);
    bool kept = steps == doc->kept_steps && step == doc->kept_step;
    if (doc->editor->undo_dir != NULL && doc->stamp.exists && !text_is_dirty(doc->text) && !kept) {
        history_store(doc->editor->loop, doc->editor->undo_dir, doc->full_path, doc->text);
        doc->kept_steps = steps;
        doc->kept_step = step;
    }
}

struct doc *doc_open(struct editor *editor, const char *path, struct err *err)
{
    struct buf bytes = BUF_INIT;
    struct file_stamp stamp;
    char *clean = NULL;
    if (!path_check_relative(str_of(path), &clean, err)) {
        return NULL;
    }
    struct doc *doc = editor_find_doc(editor, clean);
    if (doc != NULL || !editor_read_file(editor, clean, &bytes, &stamp, err)) {
        free(clean);
        buf_free(&bytes);
        if (doc == NULL && err != NULL &&
            (err->kind == ERR_UNSUPPORTED || err->kind == ERR_LIMIT)) {
            struct err why = *err;
            (void)err_set(err, why.kind, "%s; open it with another program", why.text);
        }
        return doc;
    }
    doc = MEM_NEW(struct doc);
    *doc = (struct doc){.editor = editor, .path = clean, .stamp = stamp, .tab_width = 4};
    doc->full_path = path_join(workspace_root(editor->workspace), clean);
    look_for_swap(doc, buf_str(&bytes));
    doc->text = text_new_take(&bytes);
    load_history(doc);
    doc->base = text_snapshot(doc->text);
    doc->syntax = syntax_new(NULL, (struct syntax_source){doc_read, doc_size, doc->text});
    set_language(doc);
    doc_guess_indent(doc);
    text_add_listener(doc->text, on_change, doc);
    if (editor->swap_dir != NULL) {
        doc->swap = swap_new(editor->loop, doc->text, doc->full_path, editor->swap_dir);
    }
    close_oldest(editor);
    VEC_PUSH(&editor->docs, doc);
    if (editor->listener != NULL) {
        editor_tell_opened(doc);
    }
    return doc;
}

void doc_free(struct doc *doc, bool remove_swap)
{
    struct editor *editor = doc->editor;
    doc_keep_history(doc);
    for (size_t i = 0; i < editor->docs.len; i++) {
        if (editor->docs.items[i] == doc) {
            VEC_REMOVE(&editor->docs, i);
            break;
        }
    }
    while (doc->views.len > 0) {
        view_free(doc->views.items[0]);
    }
    VEC_FREE(&doc->views);
    if (doc->found.file != NULL) {
        swap_found_close(&doc->found, false);
    }
    swap_free(doc->swap, remove_swap);
    editor_vi_forget(editor, doc->text);
    if (editor->listener != NULL) {
        editor->listener->closed(editor->listener_data, doc->text);
    }
    text_remove_listener(doc->text, on_change, doc);
    syntax_free(doc->syntax);
    doc_forget_carets(doc);
    text_snapshot_free(&doc->base);
    buf_free(&doc->base_bytes);
    text_free(doc->text);
    free(doc->path);
    free(doc->full_path);
    free(doc);
}

static void close_now(struct editor *editor, struct doc *doc)
{
    editor_hide_doc(editor, doc);
    if (doc->saving) {
        doc->drop_when_saved = true;
    } else {
        doc_free(doc, true);
    }
}

static void saved(void *data, const struct file_stamp *now, const struct err *err)
{
    struct saving saving = *(struct saving *)data;
    struct doc *doc = saving.doc;
    struct editor *editor = doc->editor;
    struct file_stamp there;
    free(data);
    doc->saving = false;
    app_redraw(editor->app);
    if (err != NULL) {
        text_snapshot_free(&saving.content);
    }
    if (err == NULL) {
        doc->stamp = *now;
        doc->disk_changed = doc->disk_gone = doc->keep_mine = doc->overwrite = false;
        text_mark_saved_state(doc->text, saving.state);
        doc_set_base(doc, saving.content);
        doc_keep_history(doc);
        if (doc->swap != NULL) {
            swap_saved(doc->swap);
        }
        size_t lines = text_line_count(doc->text) - (text_has_final_newline(doc->text) ? 1 : 0);
        app_message(editor->app, MESSAGE_GOOD, "saved %s (%zu %s)", doc->path, lines,
            lines == 1 ? "line" : "lines");
        for (size_t i = 0; i < editor->listeners.len; i++) {
            editor->listeners.items[i].callback(editor->listeners.items[i].data, doc->path);
        }
    } else if (err->kind == ERR_CONFLICT && doc_look_at_disk(doc, &there) && !there.exists) {
        doc_note_gone(doc);
    } else if (err->kind == ERR_CONFLICT) {
        doc->disk_changed = true;
        editor_ask(editor);
    } else {
        app_message(editor->app, MESSAGE_ERROR, "%s", err->text);
    }
    if (doc->drop_when_saved) {
        doc_free(doc, err == NULL);
    } else if (doc->save_again) {
        doc->save_again = false;
        doc_save(doc);
    }
}

/* A new file ends with a newline, as editors write them and formatters want it; one that was on
 * disk keeps the end it had. */
static void end_new_file(struct doc *doc)
{
    size_t length = text_length(doc->text);
    if (doc->stamp.exists || doc->disk_gone || length == 0 || text_has_final_newline(doc->text)) {
        return;
    }
    struct err err;
    text_begin(doc->text);
    if (!text_insert(doc->text, length, STR_LIT("\n"), &err)) {
        app_message(doc->editor->app, MESSAGE_WARNING, "%s", err.text);
    }
    text_end(doc->text);
}

static void write_doc(struct doc *doc)
{
    struct editor *editor = doc->editor;
    if (text_length(doc->text) > SAVED_AT_ONCE) {
        app_message(editor->app, MESSAGE_INFO, "saving %s…", doc->path);
    }
    end_new_file(doc);
    struct saving *saving = MEM_NEW(struct saving);
    struct buf content = BUF_INIT;
    *saving = (struct saving){doc, text_state(doc->text), text_snapshot(doc->text)};
    text_copy(doc->text, 0, SIZE_MAX, &content);
    door_start_save(editor->workspace, editor->loop, doc->path, buf_str(&content),
        doc->overwrite ? NULL : &doc->stamp, saved, saving);
    buf_free(&content);
}

void doc_save(struct doc *doc)
{
    struct editor *editor = doc->editor;
    if (doc->saving) {
        doc->save_again = true;
        return;
    }
    doc->saving = true;
    if (editor->listener != NULL &&
        editor->listener->saving(editor->listener_data, doc->path, doc->text)) {
        doc->held = true;
        return;
    }
    write_doc(doc);
}

void editor_save_now(struct editor *editor, const struct text *text)
{
    VEC_FOREACH (struct doc *, doc, &editor->docs) {
        if ((*doc)->text == text && (*doc)->held) {
            (*doc)->held = false;
            write_doc(*doc);
            return;
        }
    }
}

void editor_save(struct editor *editor)
{
    if (editor->view == NULL) {
        return;
    }
    struct doc *doc = editor->view->doc;
    if (!text_is_dirty(doc->text) && doc->stamp.exists && !doc->disk_gone) {
        app_message(editor->app, MESSAGE_INFO, "%s has no changes to save", doc->path);
        return;
    }
    doc_save(doc);
}

void editor_save_as(struct editor *editor, const char *path, bool overwrite, bool show)
{
    struct err err = {0};
    struct doc *from = editor->view->doc, *doc = doc_open(editor, path, &err);
    if (doc == NULL) {
        app_message(editor->app, MESSAGE_ERROR, "%s", err.text);
        return;
    }
    if (doc == from) {
        editor_save(editor);
        return;
    }
    if (!overwrite && (doc->stamp.exists || text_is_dirty(doc->text))) {
        app_message(editor->app, MESSAGE_ERROR, "%s is there already: %s", doc->path,
            editor_has_vi(editor) ? "with ! it is overwritten" : "choose another name");
        return;
    }
    struct buf bytes = BUF_INIT;
    text_copy(from->text, 0, text_length(from->text), &bytes);
    bool ok = text_set(doc->text, buf_str(&bytes), &err);
    buf_free(&bytes);
    if (!ok) {
        app_message(editor->app, MESSAGE_ERROR, "%s", err.text);
        return;
    }
    doc_save(doc);
    if (show && !editor_open(editor, path, &err)) {
        app_message(editor->app, MESSAGE_ERROR, "%s", err.text);
    }
}

void editor_save_all(struct editor *editor)
{
    VEC_FOREACH (struct doc *, doc, &editor->docs) {
        if (doc_has_edits(*doc)) {
            doc_save(*doc);
        }
    }
}

void editor_on_saved(
    struct editor *editor, void (*callback)(void *data, const char *path), void *data)
{
    VEC_PUSH(&editor->listeners, ((struct saved_listener){callback, data}));
}

void editor_on_changed(
    struct editor *editor, void (*callback)(void *data, const char *path), void *data)
{
    VEC_PUSH(&editor->watchers, ((struct saved_listener){callback, data}));
}

void editor_on_shown(
    struct editor *editor, void (*callback)(void *data, const char *path), void *data)
{
    editor->on_shown = callback;
    editor->on_shown_data = data;
}

void editor_warn_swap(struct editor *editor)
{
    const struct doc *doc = editor->view == NULL ? NULL : editor->view->doc;
    const char *why = doc != NULL && doc->swap != NULL ? swap_error(doc->swap) : NULL;
    if (why != NULL && !editor->swap_warned) {
        app_message(editor->app, MESSAGE_WARNING,
            "unsaved edits would not survive a crash at the moment: %s", why);
    }
    editor->swap_warned = why != NULL;
}

/* Edits that stay away are no reason to look at another file than was wanted. */
static void show_asked_for(struct editor *editor)
{
    struct doc *doc =
        editor->asked_for_path == NULL ? NULL : editor_find_doc(editor, editor->asked_for_path);
    free(editor->asked_for_path);
    editor->asked_for_path = NULL;
    if (doc != NULL) {
        editor_show(editor, doc);
    }
}

static void answer_recover(struct doc *doc, int choice)
{
    struct err err = {0};
    if (choice == 0) {
        if (!text_set(doc->text, buf_str(&doc->found.content), &err)) {
            app_message(doc->editor->app, MESSAGE_ERROR, "%s", err.text);
            return;
        }
        /* The old file goes only when the new one holds all of it. */
        bool kept = doc->swap != NULL && swap_flush(doc->swap, &err);
        swap_found_close(&doc->found, kept);
        app_focus(doc->editor->app, SLOT_EDITOR); /* it may be behind another tab */
        app_message(doc->editor->app, MESSAGE_GOOD,
            "unsaved edits of %s are back; undo shows the file as it is on disk", doc->path);
    } else {
        swap_found_close(&doc->found, choice == 1);
        show_asked_for(doc->editor);
    }
}

static void answered(void *data, int choice)
{
    struct editor *editor = data;
    enum question question = editor->question;
    struct doc *doc = editor_find_doc(editor, editor->question_path);
    editor->question = ASK_NOTHING;
    free(editor->question_path);
    editor->question_path = NULL;
    if (doc != NULL) {
        switch (question) {
        case ASK_RECOVER:
            answer_recover(doc, choice);
            break;
        case ASK_DISK:
            doc_answer_disk(doc, choice);
            break;
        case ASK_CLOSE:
            if (choice == 0) {
                doc_save(doc);
                close_now(editor, doc);
            } else if (choice == 1) {
                close_now(editor, doc);
            }
            break;
        case ASK_NOTHING:
            break;
        }
    }
    if (editor->view != NULL) {
        editor->view->follow = true;
    }
    app_redraw(editor->app);
    editor_ask(editor);
}

void editor_ask_choice(struct editor *editor, const struct doc *doc, enum question question,
    const char *title, const char *text, const struct dialog_choice *choices, size_t count)
{
    editor->question = question;
    editor->question_path = mem_strdup(doc->path);
    dialog_choose(editor->app, title, str_of(text), choices, count, answered, editor);
}

static void ask_recover(struct editor *editor, const struct doc *doc)
{
    static const struct dialog_choice choices[] = {
        {'r', "recover"}, {'d', "discard"}, {'l', "later"}};
    char when[64] = "";
    time_t seconds = (time_t)(doc->found.time_ms / 1000);
    struct tm local;
    if (localtime_r(&seconds, &local) != NULL) {
        strftime(when, sizeof when, " on %Y-%m-%d at %H:%M", &local);
    }
    char *text = mem_printf("Edits of %s begun%s were never saved: the program ended before.%s",
        doc->path, when,
        doc->found.damaged ? " The last of them could not be read; all before it are here." : "");
    editor_ask_choice(editor, doc, ASK_RECOVER, "Unsaved edits", text, choices, ARRAY_LEN(choices));
    free(text);
}

void editor_ask(struct editor *editor)
{
    if (editor->question != ASK_NOTHING || editor->view == NULL) {
        return;
    }
    const struct doc *doc = editor->view->doc;
    if (doc->found.file != NULL) {
        ask_recover(editor, doc);
    } else if (doc->disk_changed) {
        doc_ask_disk(editor, doc);
    }
}

void editor_drop(struct editor *editor, struct doc *doc)
{
    close_now(editor, doc);
}

void editor_close(struct editor *editor, struct doc *doc)
{
    static const struct dialog_choice choices[] = {
        {'s', "save and close"}, {'d', "drop the edits"}, {'c', "cancel"}};
    if (!doc_has_edits(doc)) {
        close_now(editor, doc);
    } else if (editor->question == ASK_NOTHING) {
        char *text = mem_printf("%s has unsaved edits.", doc->path);
        editor_ask_choice(editor, doc, ASK_CLOSE, "Close", text, choices, ARRAY_LEN(choices));
        free(text);
    }
}

/* One that cannot be shown any more (its file is a folder now, or too large) stays where it is. */
static bool offer_one(struct editor *editor, const char *path)
{
    struct err err = {0};
    struct doc *doc = doc_open(editor, path, &err);
    if (doc == NULL) {
        app_message(editor->app, MESSAGE_ERROR,
            "unsaved edits of %s are kept in %s, but cannot be shown: %s", path, editor->swap_dir,
            err.text);
        log_write("swap", "unsaved edits of %s: %s", path, err.text);
        return false;
    }
    if (doc->found.file != NULL) {
        editor_show(editor, doc);
        return true;
    }
    return false;
}

size_t editor_offer_recovery(struct editor *editor)
{
    struct swap_paths paths = {0};
    size_t count = 0;
    char *root = mem_printf("%s/", workspace_root(editor->workspace));
    if (editor->view != NULL) {
        free(editor->asked_for_path);
        editor->asked_for_path = mem_strdup(editor->view->doc->path);
    }
    if (editor->swap_dir != NULL) {
        swap_list(editor->swap_dir, &paths);
    }
    VEC_FOREACH (char *, path, &paths) {
        if (count < RECOVER_MAX && str_starts(str_of(*path), root) &&
            offer_one(editor, *path + strlen(root))) {
            count++;
        }
        free(*path);
    }
    VEC_FREE(&paths);
    free(root);
    return count;
}
