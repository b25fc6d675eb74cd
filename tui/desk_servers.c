/* Language servers on the desk: what they find stands beside ours, what they say is in the log,
 * what they want changed is a proposal. */
#include "desk_assist_private.h"

#include "widget/picker.h"

#include <stdlib.h>

/* ---- findings ---- */

static void take_findings(struct assist *assist, struct lsp_document *document)
{
    const char *const paths[] = {lsp_document_path(document)};
    problems_set(diagnose_problems(assist->desk->diagnose), "language server", paths, 1,
        lsp_findings(document));
    diagnose_show(assist->desk->diagnose);
}

void assist_files_changed(struct assist *assist)
{
    static const enum lsp_file_kind kinds[] = {[WORKSPACE_ADDED] = LSP_FILE_ADDED,
        [WORKSPACE_CHANGED] = LSP_FILE_CHANGED,
        [WORKSPACE_REMOVED] = LSP_FILE_REMOVED};
    const struct workspace_event *event =
        assist == NULL ? NULL : workbench_files_event(assist->desk->workbench);
    if (event == NULL || event->changed_count == 0 || assist->servers == NULL) {
        return;
    }
    struct lsp_file_changes changes = {0};
    for (size_t i = 0; i < event->changed_count; i++) {
        const struct workspace_changed *changed = &event->changed[i];
        VEC_PUSH(&changes,
            ((struct lsp_file_change){.path = changed->path, .kind = kinds[changed->what]}));
    }
    lsp_files_changed(assist->servers, &changes);
    VEC_FREE(&changes);
}

/* ---- what they say ---- */

static void tell_state(struct assist *assist, const char *server)
{
    for (size_t i = 0; i < lsp_status_count(assist->servers); i++) {
        struct lsp_status status = lsp_status_at(assist->servers, i);
        bool is_worth_it = status.state != LSP_OFF && status.state != LSP_MISSING;
        if (server == NULL || strcmp(status.name, server) != 0 || !is_worth_it) {
            continue;
        }
        char *line = mem_printf("%s: %s%s%s", status.name, lsp_state_name(status.state),
            status.why != NULL ? ", " : "", status.why != NULL ? status.why : "");
        bool is_new = assist->server_said == NULL || strcmp(assist->server_said, line) != 0;
        if (is_new && status.working == NULL) {
            if (status.state == LSP_FAILED) {
                desk_say(assist->desk, MESSAGE_ERROR, line);
            } else {
                status_log(assist->desk->status, line);
            }
            free(assist->server_said);
            assist->server_said = mem_strdup(line);
        }
        free(line);
    }
}

static void on_event(void *data, const struct lsp_event *event)
{
    struct assist *assist = data;
    if (assist->stopped || assist->servers == NULL) {
        return;
    }
    switch (event->kind) {
    case LSP_EVENT_STATUS:
        tell_state(assist, event->server);
        break;
    case LSP_EVENT_FINDINGS:
        take_findings(assist, event->document);
        break;
    case LSP_EVENT_MESSAGE: {
        char *line = mem_printf("%s: %s", event->server, event->text);
        desk_say(assist->desk, event->is_error ? MESSAGE_ERROR : MESSAGE_INFO, line);
        free(line);
        break;
    }
    case LSP_EVENT_PROPOSAL:
        assist_propose(assist, event->changes, event->text);
        break;
    }
    app_redraw(assist->desk->app);
}

struct lsp_service *servers_new(struct assist *assist)
{
    const struct config *config = workbench_config(assist->desk->workbench);
    struct lsp_setup setup = {.loop = assist->desk->loop,
        .config = config,
        .root = workspace_root(workbench_workspace(assist->desk->workbench)),
        .on_event = on_event,
        .data = assist};
    struct lsp_service *service = lsp_service_new(&setup);
    for (size_t i = 0; i < lsp_problem_count(service); i++) {
        desk_say(assist->desk, MESSAGE_ERROR, lsp_problem_at(service, i));
    }
    return service;
}

/* ---- what they can mend ---- */

struct fixes {
    struct assist *assist;
    char *ours; /* NULL: none */
    void (*run)(void *data);
    void *data;
    struct lsp_items items;
    struct buf detail; /* of the row that is shown */
};

static void free_fixes(void *data)
{
    struct fixes *fixes = data;
    free(fixes->ours);
    lsp_items_free(&fixes->items);
    buf_free(&fixes->detail);
    free(fixes);
}

static void show_fix(void *data, size_t index, struct picker_item *out)
{
    struct fixes *fixes = data;
    size_t first = fixes->ours != NULL ? 1 : 0;
    if (index < first) {
        out->text = str_of(fixes->ours);
        out->detail = str_of("at once; undo takes it back");
        return;
    }
    const struct lsp_item *item = &fixes->items.items[index - first];
    out->text = str_of(item->label);
    buf_clear(&fixes->detail);
    buf_printf(&fixes->detail, "%s%s%s", item->doc != NULL ? item->doc : "",
        item->doc != NULL ? "  " : "", item->detail != NULL ? item->detail : item->kind);
    out->detail = buf_str(&fixes->detail);
    out->disabled = item->detail != NULL;
}

static void on_action(void *data, struct lsp_reply *reply)
{
    struct assist *assist = data;
    assist->making = 0;
    if (reply->kind == LSP_REPLY_OK && reply->changes.len > 0) {
        assist_propose(assist, &reply->changes, assist->fix_name);
    } else if (reply->kind == LSP_REPLY_FAILED) {
        app_message(assist->desk->app, MESSAGE_ERROR, "%s", reply->message);
    } else if (reply->kind == LSP_REPLY_STALE) {
        app_message(
            assist->desk->app, MESSAGE_WARNING, "The text changed meanwhile: nothing was done.");
    }
}

static void fix_chosen(void *data, size_t index, struct str query)
{
    struct fixes *fixes = data;
    struct assist *assist = fixes->assist;
    size_t first = fixes->ours != NULL ? 1 : 0;
    struct lsp_document *document = assist_document(assist);
    (void)query;
    if (index < first) {
        fixes->run(fixes->data);
        return;
    }
    if (index - first >= fixes->items.len || document == NULL) {
        return;
    }
    const struct lsp_item *item = &fixes->items.items[index - first];
    if (item->detail != NULL) {
        app_message(assist->desk->app, MESSAGE_WARNING, "%s", item->detail);
        return;
    }
    size_t at = assist_offset(assist);
    struct lsp_question question = {.what = LSP_ACTION, .at = at, .end = at, .item = item};
    if (assist->making != 0) {
        lsp_forget(assist->servers, assist->making);
    }
    free(assist->fix_name);
    assist->fix_name = mem_strdup(item->label);
    assist->making = lsp_ask(document, &question, on_action, assist);
}

static void on_actions(void *data, struct lsp_reply *reply)
{
    struct fixes *fixes = data;
    struct assist *assist = fixes->assist;
    assist->going = 0;
    assist->fixes = NULL;
    if (reply->kind == LSP_REPLY_OK) {
        fixes->items = reply->items;
        reply->items = (struct lsp_items){0};
    }
    size_t count = fixes->items.len + (fixes->ours != NULL ? 1 : 0);
    if (fixes->items.len == 0) {
        if (fixes->ours != NULL) {
            fixes->run(fixes->data);
        } else {
            app_message(assist->desk->app, MESSAGE_INFO, "%s",
                reply->kind == LSP_REPLY_FAILED
                    ? reply->message
                    : "Nothing to mend in this line: F8 goes to the next mark.");
        }
        free_fixes(fixes);
        return;
    }
    struct picker_options options = {.title = "Mend",
        .hint = "what to do; a server's changes come for review",
        .count = count,
        .item = show_fix,
        .chosen = fix_chosen,
        .destroy = free_fixes,
        .data = fixes};
    picker_open(assist->desk->app, &options);
}

bool assist_can_fix(const struct assist *assist)
{
    return assist != NULL && assist_can_ask(assist, LSP_ACTIONS);
}

bool assist_offer_fixes(
    struct assist *assist, const char *ours, void (*run)(void *data), void *data)
{
    if (!assist_can_fix(assist)) {
        return false;
    }
    struct lsp_document *document = assist_document(assist);
    struct fixes *fixes = MEM_NEW(struct fixes);
    *fixes = (struct fixes){.assist = assist, .ours = mem_strdup(ours), .run = run, .data = data};
    assist_stop_going(assist);
    assist->fixes = fixes;
    /* The whole line: that is what the marks are about. */
    struct text_point point;
    editor_cursor(assist->desk->editor, &point.row, &point.column);
    size_t at = assist_offset(assist);
    struct lsp_question question = {
        .what = LSP_ACTIONS, .at = at - point.column, .end = assist_line_end(assist)};
    assist->going = lsp_ask(document, &question, on_actions, fixes);
    return true;
}

void servers_forget_fixes(struct assist *assist)
{
    if (assist->fixes != NULL) {
        free_fixes(assist->fixes);
        assist->fixes = NULL;
    }
}
