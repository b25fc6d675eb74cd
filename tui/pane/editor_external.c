/* The file shown in the engineer's own editor, and back. */
#include "pane/editor_private.h"

#include "external.h"

/* How often a save that goes before is looked at. */
enum { LOOK_MS = 20 };

static void run(struct editor *editor)
{
    const struct view *view = editor->view;
    struct err err;
    size_t row;
    size_t col;
    editor_cursor(editor, &row, &col);
    /* A name that begins with a dash is no option. */
    char *path = mem_printf("./%s", view->doc->path);
    bool ok =
        external_edit(editor->app, path, row + 1, col + 1, workspace_root(editor->workspace), &err);
    free(path);
    if (!ok) {
        app_message(editor->app, MESSAGE_ERROR, "%s", err.text);
    }
    editor_check_disk(editor);
}

/* The save has ended: what is on disk is what is shown, or it failed and said why. */
static void on_time(void *data)
{
    struct editor *editor = data;
    struct doc *doc = editor_find_doc(editor, editor->external_path);
    if (doc != NULL && doc->saving) {
        return;
    }
    loop_timer_stop(editor->external);
    free(editor->external_path);
    editor->external_path = NULL;
    if (doc != NULL && !text_is_dirty(doc->text) && editor->view != NULL &&
        editor->view->doc == doc) {
        run(editor);
    }
}

static void run_saved(void *data, bool yes)
{
    struct editor *editor = data;
    if (!yes || editor->view == NULL) {
        return;
    }
    if (editor->external == NULL) {
        editor->external = loop_timer_new(editor->loop, on_time, editor);
    }
    free(editor->external_path);
    editor->external_path = mem_strdup(editor->view->doc->path);
    doc_save(editor->view->doc);
    loop_timer_start(editor->external, LOOK_MS, LOOK_MS);
}

unsigned editor_external(struct editor *editor)
{
    const struct doc *doc = editor->view->doc;
    if (text_is_dirty(doc->text) || !doc->stamp.exists) {
        char *question = mem_printf(
            "%s has unsaved edits; %s would not see them.", doc->path, external_program());
        dialog_confirm(editor->app, "Save first?", str_of(question), "Save and go on", "Stay here",
            run_saved, editor);
        free(question);
    } else {
        run(editor);
    }
    return UI_DONE;
}
