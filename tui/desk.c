#include "desk.h"

#include "agent/journal.h"
#include "agent/workbench.h"
#include "app.h"
#include "base/safe.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct desk {
    struct loop *loop;
    struct app *app;
    struct workbench *workbench;
    size_t notices_shown;
};

/* ---- header ---- */

static int put(struct region region, int col, const char *text, struct style style)
{
    return col + grid_put_c(region, 0, col, text, style);
}

static void draw_header(void *data, struct region region)
{
    struct desk *desk = data;
    struct workspace *workspace = workbench_workspace(desk->workbench);
    grid_fill_row(region, 0, STYLE(HEADER));
    int col = put(region, 1, "bylaw", style_with(STYLE(HEADER), ATTR_BOLD));
    col = put(region, col + 2, workspace_name(workspace), STYLE(HEADER));
    if (workbench_is_recording(desk->workbench)) {
        col = put(region, col + 2, " RECORDING ", STYLE(RECORDING));
    } else {
        col = put(region, col + 2, workbench_model(desk->workbench), STYLE(HEADER_DIM));
    }
    (void)col;
}

/* ---- what the workbench tells ---- */

static void show_notices(struct desk *desk)
{
    const char *notice;
    while ((notice = workbench_notice(desk->workbench, desk->notices_shown)) != NULL) {
        app_message(desk->app, MESSAGE_INFO, "%s", notice);
        desk->notices_shown++;
    }
}

static void on_change(void *data, enum workbench_change what)
{
    struct desk *desk = data;
    (void)what;
    if (desk->workbench == NULL) {
        return; /* still opening */
    }
    show_notices(desk);
    app_redraw(desk->app);
}

/* ---- life ---- */

static bool open_workbench(struct desk *desk, const struct desk_options *options, struct err *err)
{
    struct workbench_options setup = {
        .loop = desk->loop,
        .folder = options->folder,
        .session = options->session,
        .fresh = options->fresh,
        .provider = options->provider,
        .recording = options->recording,
        .record_to = options->record_to,
        .changed = on_change,
        .data = desk,
    };
    desk->workbench = workbench_new(&setup, err);
    return desk->workbench != NULL;
}

static bool open_app(struct desk *desk, const struct desk_options *options, struct err *err)
{
    const struct config *config = workbench_config(desk->workbench);
    struct app_options setup = {
        .mouse = config_bool(config, "mouse") && !options->no_mouse,
        .ascii = options->ascii,
        .theme = options->theme != NULL ? options->theme : config_string(config, "theme"),
        .colour = options->colour,
        .key_set = config_string(config, "key_set"),
    };
    desk->app = app_new(desk->loop, &setup, err);
    if (desk->app == NULL) {
        return false;
    }
    app_set_header(desk->app, draw_header, desk);
    struct app_parts *parts = app_parts(desk->app);
    parts->session = workbench_session(desk->workbench);
    parts->workspace = workbench_workspace(desk->workbench);
    return true;
}

bool desk_run(const struct desk_options *options, int *code, struct err *err)
{
    struct desk desk = {.loop = loop_new(err)};
    if (desk.loop == NULL) {
        return false;
    }
    bool ok = open_workbench(&desk, options, err) && open_app(&desk, options, err);
    if (ok) {
        show_notices(&desk);
        ok = app_run(desk.app, err);
        *code = app_exit_code(desk.app);
    }
    app_free(desk.app);
    workbench_free(desk.workbench);
    loop_free(desk.loop);
    return ok;
}

bool desk_list_sessions(const char *folder, struct err *err)
{
    struct workspace *workspace = workspace_open(folder, err);
    struct session_infos list = {0};
    bool ok = workspace != NULL && journal_list(workspace_root(workspace), &list, err);
    if (ok && list.len == 0) {
        puts("No session of this folder yet: bylaw begins one.");
    }
    VEC_FOREACH (struct session_info, info, &list) {
        time_t seconds = (time_t)(info->changed / 1000);
        struct tm tm;
        char when[32] = "";
        if (localtime_r(&seconds, &tm) != NULL) {
            strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
        }
        char *title = safe_dup(str_of(info->title), SAFE_ONE_LINE, 80);
        printf("%s  %s  %s%s\n", info->id, when, title, info->open ? "  (open now)" : "");
        free(title);
    }
    if (list.len > 0) {
        printf("\nGo on with one: bylaw --session ID\n");
    }
    session_infos_free(&list);
    workspace_free(workspace);
    return ok;
}
