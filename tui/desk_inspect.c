#include "desk_inspect.h"

#include "base/path.h"
#include "desk_private.h"
#include "engine/opa_inspect.h"
#include "widget/dialog.h"

#include <stdlib.h>

struct desk_inspection {
    struct opa_inspect *asking;
    char *path;
};

void desk_inspect_stop(struct desk *desk)
{
    if (desk->inspection != NULL) {
        opa_inspect_free(desk->inspection->asking);
        free(desk->inspection->path);
        free(desk->inspection);
        desk->inspection = NULL;
    }
}

static void done(void *data, struct str json, const struct err *err)
{
    struct desk *desk = data;
    const char *path = desk->inspection->path;
    char *text = err->kind == ERR_NONE ? opa_inspect_show(json, path) : NULL;
    if (text != NULL) {
        char *title = mem_printf("opa inspect %s", path);
        dialog_message(desk->app, title, str_of(text));
        free(title);
    } else {
        app_message(desk->app, MESSAGE_ERROR, "%s",
            err->kind == ERR_NONE ? "opa inspect printed something else than its JSON."
                                  : err->text);
    }
    free(text);
    desk_inspect_stop(desk);
    app_redraw(desk->app);
}

static unsigned inspect_file(void *data)
{
    struct desk *desk = data;
    const char *path = editor_path(desk->editor);
    struct buf text = BUF_INIT;
    bool unsaved = editor_unsaved_content(desk->editor, path, &text);
    desk_inspect_stop(desk);
    struct opa_inspect_request request = {
        .root = workspace_root(workbench_workspace(desk->workbench)), .path = path};
    if (unsaved) {
        request.text = text.len == 0 ? str_of("") : buf_str(&text);
    }
    desk->inspection = MEM_NEW(struct desk_inspection);
    *desk->inspection = (struct desk_inspection){.path = mem_strdup(path)};
    desk->inspection->asking = opa_inspect_start(desk->loop, &request, done, desk);
    app_message(desk->app, MESSAGE_INFO, "asking opa inspect about %s…", path);
    buf_free(&text);
    return UI_DONE;
}

static const char *why_not(void *data)
{
    const struct desk *desk = data;
    const char *path = editor_path(desk->editor);
    return path == NULL || strcmp(path_ext(path), ".rego") != 0 ? "Open a Rego file." : NULL;
}

static const struct action actions[] = {
    {"inspect.file", "inspect",
        "Show what opa inspect says of the Rego file: packages, annotations, the built-in "
        "functions "
        "and features it needs",
        "", NULL, 0, inspect_file, why_not},
};

const struct action_set inspect_actions = ACTION_SET("inspect", "Policy knowledge", actions);
