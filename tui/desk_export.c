/* Files that the engineer asks for, written on workers: the session (/export), the last results
 * (/report). */
#include "desk_private.h"

#include "agent/export.h"
#include "report/report_board.h"
#include "widget/dialog.h"

#include <stdlib.h>

struct export
{
    struct desk *desk;
    char *target;
    char *written;
    struct buf text;
    struct report *report; /* made into text by the worker; NULL: the text is there */
    enum report_format format;
    bool over, ok;
    struct err err;
};

static void free_export(struct export *export)
{
    free(export->target);
    free(export->written);
    buf_free(&export->text);
    if (export->report != NULL) {
        report_free(export->report);
        free(export->report);
    }
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
    if (export->report != NULL && export->text.len == 0) {
        report_add_folder(
            export->report, workspace_root(workbench_workspace(export->desk->workbench)));
        report_write(export->report, export->format, &export->text);
    }
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
        dialog_choose(desk->app, export->report == NULL ? "Export" : "Report", str_of(text),
            choices, ARRAY_LEN(choices), answered, export);
        free(text);
        app_redraw(desk->app);
        return;
    }
    if (!closing && export->ok) {
        app_message(desk->app, MESSAGE_GOOD, "%s %s",
            export->report == NULL ? "exported to" : "the report is in", export->written);
    } else if (!closing) {
        app_message(desk->app, MESSAGE_ERROR, "not %s: %s",
            export->report == NULL ? "exported" : "reported", export->err.text);
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

bool desk_slash_report(struct desk *desk, struct str args, struct err *err)
{
    enum report_format format;
    char *file = NULL;
    struct report *report = MEM_NEW(struct report);
    if (!report_read_wish(args, &format, &file, err) ||
        !report_of_board(status_board(desk->status),
            (double)config_integer(workbench_config(desk->workbench), "coverage_threshold"),
            runner_engine_version(status_runner(desk->status)), report, err)) {
        free(file);
        free(report);
        return false;
    }
    struct export *export = MEM_NEW(struct export);
    *export = (struct export){.desk = desk, .target = file, .report = report, .format = format};
    start(export);
    return true;
}

static void report_named(void *data, struct str text)
{
    struct desk *desk = data;
    struct err err;
    if (text.ptr != NULL && !desk_slash_report(desk, str_trim(text), &err)) {
        app_message(desk->app, MESSAGE_WARNING, "%s", err.text);
    }
}

void desk_ask_report(struct desk *desk)
{
    struct dialog_prompt prompt = {.title = "Report of the last results: FORMAT FILE",
        .hint = "junit, sarif, tap, json, github, markdown or policyreport, and a file",
        .initial = STR_LIT("junit report.xml"),
        .done = report_named,
        .data = desk};
    dialog_prompt(desk->app, &prompt);
}
