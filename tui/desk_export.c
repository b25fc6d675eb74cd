/* /export: the session as a Markdown file, written on a worker. */
#include "desk_private.h"

#include "agent/export.h"
#include "widget/dialog.h"

#include <stdlib.h>

struct export
{
    struct desk *desk;
    char *target;
    char *written;
    struct buf text;
    bool over, ok;
    struct err err;
};

static void free_export(struct export *export)
{
    free(export->target);
    free(export->written);
    buf_free(&export->text);
    free(export);
}

static void start(struct export *export);

static void answered(void *data, int choice)
{
    struct export *export = data;
    export->over = choice == 1;
    if (export->over) {
        start(export);
    } else {
        free_export(export);
    }
}

static void work(void *data)
{
    struct export *export = data;
    export->ok = export_write(workbench_workspace(export->desk->workbench), export->target,
        buf_str(&export->text), export->over, &export->written, &export->err);
}

static void done(void *data, bool cancelled)
{
    struct export *export = data;
    struct desk *desk = export->desk;
    bool closing = cancelled || desk->closing;
    desk->exporting--;
    if (!closing && !export->ok && export->err.kind == ERR_EXISTS && !export->over) {
        char *text = mem_printf("%s. Write over it?", export->err.text);
        /* Enter loses nothing. */
        static const struct dialog_choice choices[] = {{'n', "Leave it"}, {'y', "Overwrite"}};
        dialog_choose(
            desk->app, "Export", str_of(text), choices, ARRAY_LEN(choices), answered, export);
        free(text);
        app_redraw(desk->app);
        return;
    }
    if (!closing && export->ok) {
        app_message(desk->app, MESSAGE_GOOD, "exported to %s", export->written);
    } else if (!closing) {
        app_message(desk->app, MESSAGE_ERROR, "not exported: %s", export->err.text);
    }
    free_export(export);
}

static void start(struct export *export)
{
    export->desk->exporting++;
    loop_work_start(export->desk->loop, work, done, export);
}

bool desk_slash_export(struct desk *desk, struct str args, struct err *err)
{
    struct session *session = workbench_session(desk->workbench);
    if (session_transcript(session)->len == 0) {
        return err_set(err, ERR_NOT_FOUND, "Nothing was said yet: there is nothing to export.");
    }
    struct export *export = MEM_NEW(struct export);
    export->desk = desk;
    export->target = args.len > 0 ? str_dup(args) : export_default_name(session);
    export_markdown(session, workspace_name(workbench_workspace(desk->workbench)), &export->text);
    start(export);
    return true;
}
