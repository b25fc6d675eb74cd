/* From one session to another: a new one, one of the earlier ones from a list, a fork. */
#include "desk_private.h"

#include "agent/journal.h"
#include "base/safe.h"
#include "base/vec.h"
#include "widget/picker.h"

#include <stdlib.h>
#include <time.h>

enum { TITLE_SHOWN = 200 };

struct session_list {
    struct desk *desk;
    char *root;
    char *here; /* the session that is shown */
    struct session_infos infos;
    struct err err;
    bool ok;
    char *detail; /* of the row asked for last */
};

static void free_list(void *data)
{
    struct session_list *list = data;
    session_infos_free(&list->infos);
    free(list->root);
    free(list->here);
    free(list->detail);
    free(list);
}

char *desk_when(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    char when[32] = "";
    if (localtime_r(&seconds, &tm) != NULL) {
        strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
    }
    return mem_strdup(when);
}

static void show_row(void *data, size_t index, struct picker_item *item)
{
    struct session_list *list = data;
    const struct session_info *info = &list->infos.items[index];
    bool here = strcmp(info->id, list->here) == 0;
    char *when = desk_when(info->changed);
    free(list->detail);
    list->detail = mem_printf(
        "%s%s%s", here ? "this one  " : "", info->open && !here ? "open elsewhere  " : "", when);
    free(when);
    item->text = info->title[0] == '\0' ? STR_LIT("(no prompt yet)") : str_of(info->title);
    item->detail = str_of(list->detail);
    item->disabled = here || info->open;
}

static void chosen(void *data, size_t index, struct str query)
{
    struct session_list *list = data;
    struct desk *desk = list->desk;
    struct err err;
    if (index >= list->infos.len) {
        app_message(desk->app, MESSAGE_WARNING, "no session is called \"%.*s\"", STR_FMT(query));
        return;
    }
    const struct session_info *info = &list->infos.items[index];
    if (!workbench_open_session(desk->workbench, info->id, &err)) {
        app_message(desk->app, MESSAGE_WARNING, "%s", err.text);
    }
}

static void read_list(void *data)
{
    struct session_list *list = data;
    list->ok = journal_list(list->root, &list->infos, &list->err);
}

static void open_list(void *data, bool cancelled)
{
    struct session_list *list = data;
    struct desk *desk = list->desk;
    desk->listing = false;
    if (cancelled || desk->closing || !list->ok) {
        if (!cancelled && !desk->closing) {
            desk_say(desk, MESSAGE_ERROR, list->err.text);
        }
        free_list(list);
        return;
    }
    struct picker_options options = {.title = "Sessions of this workspace",
        .hint = "what was it about?",
        .count = list->infos.len,
        .item = show_row,
        .chosen = chosen,
        .destroy = free_list,
        .data = list};
    picker_open(desk->app, &options);
    app_redraw(desk->app);
}

bool desk_resume(struct desk *desk, struct str id, struct err *err)
{
    if (id.len > 0) {
        char *name = str_dup(id);
        bool ok = workbench_open_session(desk->workbench, name, err);
        free(name);
        return ok;
    }
    if (desk->listing) {
        return true;
    }
    struct session_list *list = MEM_NEW(struct session_list);
    list->desk = desk;
    list->root = mem_strdup(workspace_root(workbench_workspace(desk->workbench)));
    list->here = mem_strdup(session_id(workbench_session(desk->workbench)));
    desk->listing = true;
    loop_work_start(desk->loop, read_list, open_list, list);
    return true;
}

bool desk_fork(struct desk *desk, unsigned before, struct err *err)
{
    if (!workbench_fork(desk->workbench, before, err)) {
        return false;
    }
    app_focus(desk->app, SLOT_CHAT);
    app_message(desk->app, MESSAGE_GOOD,
        before == 0 ? "forked: what follows is another session"
                    : "forked before this prompt: change it, Enter sends it");
    return true;
}

void desk_switched(struct desk *desk)
{
    if (desk->review != NULL) {
        review_pane_close(desk->review);
        desk->review = NULL;
    }
    desk->trying = false;
    chat_set_session(desk->chat, workbench_session(desk->workbench));
}
