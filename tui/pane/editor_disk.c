/* What happens to open files on disk: read again, merged, gone. */
#include "pane/editor_private.h"

#include "patch/merge.h"

void doc_set_base(struct doc *doc, struct text_snapshot content)
{
    text_snapshot_free(&doc->base);
    buf_free(&doc->base_bytes);
    doc->base = content;
}

void doc_note_gone(struct doc *doc)
{
    doc->was_saved = doc->disk_gone ? doc->was_saved : !text_is_dirty(doc->text);
    doc->disk_gone = true;
    doc->stamp = (struct file_stamp){0};
    text_mark_unsaved(doc->text);
    doc->gone_version = text_version(doc->text);
    app_message(doc->editor->app, MESSAGE_WARNING, "%s is gone from disk; saving makes it again",
        doc->path);
    app_redraw(doc->editor->app);
}

/* What somebody deleted, and nobody has typed in since, is kept here, but is no part of the
 * workspace: a branch without the file has no such policy. */
bool doc_has_edits(const struct doc *doc)
{
    bool is_ghost =
        doc->disk_gone && doc->was_saved && text_version(doc->text) == doc->gone_version;
    return text_is_dirty(doc->text) && !is_ghost;
}

/* What stands on disk now; false: it cannot be told at the moment (a save will say why). */
bool doc_look_at_disk(const struct doc *doc, struct file_stamp *now)
{
    struct stat st;
    struct err err = {0};
    *now = (struct file_stamp){0};
    if (beneath_stat(workspace_fd(doc->editor->workspace), doc->path, &st, &err)) {
        *now = file_stamp_of(&st);
        return true;
    }
    return err.kind == ERR_NOT_FOUND;
}

/* Reads it again from disk, as one undo step. False: what stands there now (a folder, a binary
 * file, one too large) is no text for this editor; what is here may be the only copy then, and
 * counts as unsaved. */
static bool reload(struct doc *doc)
{
    struct editor *editor = doc->editor;
    struct buf bytes = BUF_INIT;
    struct file_stamp stamp;
    struct err err = {0};
    if (!editor_read_file(editor, doc->path, &bytes, &stamp, &err) ||
        !text_set(doc->text, buf_str(&bytes), &err)) {
        /* While it is being written the next look reads it. */
        if (err.kind != ERR_CONFLICT) {
            text_mark_unsaved(doc->text);
            doc->keep_mine = true;
        }
        app_message(
            editor->app, MESSAGE_ERROR, "%s: the text as it was is kept here, unsaved", err.text);
    } else {
        doc->stamp = stamp;
        doc->keep_mine = false;
        text_mark_saved(doc->text);
        doc_set_base(doc, text_snapshot(doc->text));
        doc_keep_history(doc);
        if (doc->swap != NULL) {
            swap_saved(doc->swap);
        }
    }
    doc->disk_changed = false;
    buf_free(&bytes);
    app_redraw(editor->app);
    return err.kind == ERR_NONE;
}

/* Touched, replaced by the same bytes, or changed by another program to what stands here: no reason
 * to ask. */
static bool adopt_same(struct doc *doc)
{
    struct buf bytes = BUF_INIT;
    struct file_stamp stamp;
    bool same = editor_read_file(doc->editor, doc->path, &bytes, &stamp, NULL) && stamp.exists &&
                text_equals(doc->text, buf_str(&bytes));
    if (same) {
        doc->stamp = stamp;
        text_mark_saved(doc->text);
        doc_set_base(doc, text_snapshot(doc->text));
        if (doc->swap != NULL) {
            swap_saved(doc->swap);
        }
    }
    buf_free(&bytes);
    return same;
}

static void check_doc(struct doc *doc)
{
    struct editor *editor = doc->editor;
    struct file_stamp now;
    if (doc->saving || doc->disk_changed || !doc_look_at_disk(doc, &now) ||
        file_stamp_equal(&now, &doc->stamp)) {
        return;
    }
    if (!now.exists) {
        doc_note_gone(doc);
        return;
    }
    doc->disk_gone = false;
    if (adopt_same(doc)) {
        app_redraw(editor->app);
    } else if (!text_is_dirty(doc->text)) {
        if (reload(doc)) {
            app_message(
                editor->app, MESSAGE_INFO, "%s was changed on disk and read again", doc->path);
        }
    } else if (!doc->keep_mine) {
        doc->disk_changed = true;
        editor_ask(editor);
        app_redraw(editor->app);
    }
}

void editor_close_removed(struct editor *editor, const char *path)
{
    struct doc *doc = editor_find_doc(editor, path);
    struct file_stamp now;
    if (doc != NULL && !doc_has_edits(doc) && !doc->saving && doc_look_at_disk(doc, &now) &&
        !now.exists) {
        editor_drop(editor, doc);
    }
}

void editor_check_disk(struct editor *editor)
{
    for (size_t i = 0; i < editor->docs.len; i++) {
        check_doc(editor->docs.items[i]);
    }
}

static void append_base(const struct doc *doc, struct buf *out)
{
    buf_append_str(out, buf_str(&doc->base_bytes));
    for (size_t i = 0; i < doc->base.len; i++) {
        buf_append_str(out, doc->base.items[i]);
    }
}

/* Brings what was done on disk since into the unsaved edits, as one undo step. False: both changed
 * the same lines, or it cannot be read; nothing is changed then. */
static bool merge(struct doc *doc)
{
    struct editor *editor = doc->editor;
    struct buf base = BUF_INIT, mine = BUF_INIT, theirs = BUF_INIT, merged = BUF_INIT;
    struct file_stamp stamp;
    struct err err = {0};
    bool clean = false;
    append_base(doc, &base);
    text_copy(doc->text, 0, SIZE_MAX, &mine);
    bool ok = editor_read_file(editor, doc->path, &theirs, &stamp, &err) &&
              merge_texts(buf_str(&base), buf_str(&mine), buf_str(&theirs), MERGE_MINE, &merged,
                  &clean, &err);
    if (ok && !clean) {
        ok = err_set(&err, ERR_CONFLICT,
            "not merged: both changed the same lines; save asks again, nothing is lost");
    }
    doc_note_cursor(doc);
    if (!ok || !text_set(doc->text, buf_str(&merged), &err)) {
        app_message(editor->app, MESSAGE_WARNING, "%s", err.text);
        ok = false;
    } else {
        doc->stamp = stamp;
        doc->disk_changed = doc->keep_mine = false;
        /* What undo can go back to is not what is on disk any more. */
        text_mark_unsaved(doc->text);
        doc_set_base(doc, (struct text_snapshot){NULL, 0, 0});
        doc->base_bytes = theirs;
        theirs = BUF_INIT;
        doc_deselect(doc);
        app_message(editor->app, MESSAGE_GOOD, "merged; undo takes it back");
    }
    buf_free(&base);
    buf_free(&mine);
    buf_free(&theirs);
    buf_free(&merged);
    return ok;
}

void doc_answer_disk(struct doc *doc, int choice)
{
    enum { MERGE, KEEP, RELOAD, OVERWRITE };
    if (choice == MERGE && merge(doc)) {
        return;
    }
    doc->disk_changed = false;
    if (choice == RELOAD) {
        (void)reload(doc); /* which says why not */
        return;
    }
    /* Also for Esc, and when the two could not be merged: nothing is lost by waiting. */
    doc->keep_mine = choice != OVERWRITE;
    doc->overwrite = choice == OVERWRITE;
    if (choice == OVERWRITE) {
        doc_save(doc);
    }
}

void doc_ask_disk(struct editor *editor, const struct doc *doc)
{
    static const struct dialog_choice choices[] = {
        {'m', "merge"}, {'k', "keep mine"}, {'r', "reload"}, {'o', "overwrite"}};
    char *text = mem_printf(
        "%s was changed on disk while you have unsaved edits. Merge and reload can be undone.",
        doc->path);
    editor_ask_choice(editor, doc, ASK_DISK, "Changed on disk", text, choices, ARRAY_LEN(choices));
    free(text);
}
