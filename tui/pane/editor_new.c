/* Files by a name that is typed: a new one, and the one shown under another name. */
#include "pane/editor_private.h"
#include "widget/dialog.h"

static void ask(struct editor *editor, const char *title, const char *initial,
    void (*done)(void *data, struct str text))
{
    struct dialog_prompt prompt = {.title = title,
        .hint = "a path in the workspace",
        .initial = str_of(initial),
        .done = done,
        .data = editor};
    dialog_prompt(editor->app, &prompt);
}

/* What was typed, or NULL when nothing was. The caller frees. */
static char *path_typed(struct str text)
{
    struct str path = text.ptr == NULL ? text : str_trim(text);
    return path.len == 0 ? NULL : str_dup(path);
}

static void begin(void *data, struct str text)
{
    struct editor *editor = data;
    struct err err = {0};
    char *path = path_typed(text);
    if (path != NULL && !editor_open(editor, path, &err)) {
        app_message(editor->app, MESSAGE_ERROR, "%s", err.text);
    } else if (path != NULL && editor->view->doc->stamp.exists) {
        app_message(editor->app, MESSAGE_INFO, "%s is there already", path);
    }
    free(path);
}

static void save_as(void *data, struct str text)
{
    struct editor *editor = data;
    char *path = path_typed(text);
    if (path != NULL && editor->view != NULL) {
        editor_save_as(editor, path, false, true);
    }
    free(path);
}

unsigned editor_ask_new(struct editor *editor)
{
    ask(editor, "New file", "", begin);
    return UI_DONE;
}

unsigned editor_ask_save_as(struct editor *editor)
{
    ask(editor, "Save as", editor->view->doc->path, save_as);
    return UI_DONE;
}
