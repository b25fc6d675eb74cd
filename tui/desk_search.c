/* Searching the workspace: what the view needs of the desk. */
#include "base/vec.h"
#include "desk_private.h"
#include "pane/editor_places.h"
#include "pane/grep_pane.h"

#include <stdlib.h>

static void open_place(void *data, const char *path, size_t row, size_t col)
{
    struct desk *desk = data;
    if (editor_jump(desk->editor, path, row, col)) {
        app_focus(desk->app, SLOT_EDITOR);
    }
}

static void list_unsaved(void *data, struct grep_unsaved_list *out)
{
    struct desk *desk = data;
    for (size_t i = 0; i < editor_open_count(desk->editor); i++) {
        bool unsaved;
        const char *path = editor_open_at(desk->editor, i, &unsaved);
        struct grep_unsaved entry = {0};
        if (unsaved && editor_unsaved_content(desk->editor, path, &entry.bytes)) {
            entry.path = mem_strdup(path);
            VEC_PUSH(out, entry);
        } else {
            buf_free(&entry.bytes);
        }
    }
}

static bool propose(void *data, const struct changes *changes, const char *origin, struct err *err)
{
    struct desk *desk = data;
    if (!workbench_propose(desk->workbench, changes, origin, err)) {
        return false;
    }
    desk_open_review(desk);
    return true;
}

struct grep_pane *desk_search_new(struct desk *desk, struct preview *preview)
{
    struct grep_pane_options options = {.app = desk->app,
        .workspace = workbench_workspace(desk->workbench),
        .preview = preview,
        .open = open_place,
        .unsaved = list_unsaved,
        .propose = propose,
        .data = desk};
    return grep_pane_new(&options);
}
