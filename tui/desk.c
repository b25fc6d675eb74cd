#include "desk_decided.h"
#include "desk_private.h"

#include "agent/journal.h"
#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "config/toml.h"
#include "engine/offline.h"
#include "keymap.h"
#include "syntax/parsing.h"
#include "syntax/query.h"
#include "text/history_file.h"
#include "text/swap.h"
#include "tour.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What is never cut on the left of the header: name or recording's label, profile. A narrow screen
 * has no room for the program's name beside a profile. */
enum { LEFT_MIN = 21, PROFILE_MAX = 16, NAME_COLS = 7, TRUST_COLS = 9, NARROW_COLS = 60 };

/* ---- header ---- */

static int put(struct region region, int col, const char *text, struct style style)
{
    return col + grid_put_c(region, 0, col, text, style);
}

static int header_least(const char *profile, bool named)
{
    int least = named ? LEFT_MIN : LEFT_MIN - NAME_COLS;
    if (profile != NULL) {
        int width = (int)utf8_width(str_of(profile));
        least += 2 + (width < PROFILE_MAX ? width : PROFILE_MAX);
    }
    return least;
}

static void draw_header(void *data, struct region region)
{
    struct desk *desk = data;
    struct workspace *workspace = workbench_workspace(desk->workbench);
    int cols = region_cols(region);
    grid_fill_row(region, 0, STYLE(HEADER));
    int right = cols - 1 - status_draw_counts(desk->status, region, 0, 0, 0);
    /* The name and the recording's label are never cut; of the counts the coverage goes first. */
    const char *profile = workbench_profile(desk->workbench);
    bool named = profile == NULL || cols >= NARROW_COLS;
    bool asks = session_question(workbench_session(desk->workbench)) != NULL;
    bool waits = workbench_waiting(desk->workbench) != NULL;
    bool waits_first = waits && !asks && cols < NARROW_COLS; /* at the end it would be cut */
    int least = header_least(profile, named) + (waits_first ? TRUST_COLS : 0);
    right = right < least ? least : right;
    struct region left = region_sub(region, 0, 0, 1, right - 1);
    int col = named ? put(left, 1, "bylaw", style_with(STYLE(HEADER), ATTR_BOLD)) : -1;
    if (profile != NULL) {
        col += 2;
        col += grid_put_fit(left, 0, col, PROFILE_MAX, str_of(profile), STYLE(HEADER));
    }
    /* Seen from every pane, and over the chat on a small screen: a turn stands still until then. */
    if (asks) {
        col = put(left, col + 2, "⚠ agent asks", STYLE(WARNING));
    } else if (waits_first) {
        col = put(left, col + 2, "⚠ trust", STYLE(WARNING));
    }
    /* What a recording says is never mistaken for a model: its label has the place that is never
     * cut. */
    if (workbench_is_recording(desk->workbench)) {
        col = put(left, col + 2, " RECORDING ", STYLE(RECORDING));
    }
    col = put(left, col + 2, workspace_name(workspace), STYLE(HEADER));
    if (desk->branch != NULL) {
        col = put(left, col + 2, desk->branch, STYLE(HEADER_DIM));
        if (desk->changed > 0) {
            col += grid_printf(left, 0, col + 1, STYLE(HEADER_DIM), "●%zu", desk->changed) + 1;
        }
    }
    if (!workbench_is_recording(desk->workbench)) {
        col = put(left, col + 3, workbench_model(desk->workbench), STYLE(HEADER_DIM));
        char *mode = workbench_mode(desk->workbench);
        if (mode != NULL) {
            col += grid_printf(left, 0, col, STYLE(HEADER_DIM), ", mode %s", mode);
            free(mode);
        }
        const struct route *route = workbench_route(desk->workbench);
        if (route != NULL) {
            col += grid_printf(left, 0, col, STYLE(HEADER_DIM), ", to %s", route->title);
            if (route->profile != NULL) {
                col += grid_printf(left, 0, col, STYLE(HEADER_DIM), " (%s)", route->profile);
            }
        }
    }
    if (workbench_is_recorded(desk->workbench)) {
        col = put(left, col + 2, "● being recorded", STYLE(RECORDING));
    }
    const struct proposal *open = proposals_open(workbench_proposals(desk->workbench));
    if (open != NULL) {
        col += 3 + grid_printf(left, 0, col + 3, STYLE(HEADER), "proposal %u", open->number);
    }
    if (waits && !waits_first) {
        col = put(left, col + 3, "⚠ trust", STYLE(WARNING));
    }
    struct buf progress = BUF_INIT;
    assist_append_progress(desk->assist, &progress);
    grid_put(left, 0, col + 3, buf_str(&progress), STYLE(HEADER_DIM));
    buf_free(&progress);
    /* On the ground their colours are made for. */
    grid_fill(region_sub(region, 0, right - 1, 1, cols - right + 1), STYLE(TEXT));
    status_draw_counts(desk->status, region, 0, right, cols - right);
}

static void on_repo(void *data, const struct repo_status *status)
{
    struct desk *desk = data;
    desk->repo_asked = false;
    free(desk->branch);
    desk->branch = status->kind != REPO_READY ? NULL
                   : status->operation != NULL
                       ? mem_printf("%s (%s)", status->branch, status->operation)
                       : mem_strdup(status->branch);
    desk->changed = status->changed;
    if (!desk->closing) {
        desk_changes_ask(desk->changes);
    }
    app_redraw(desk->app);
    if (desk->repo_again) {
        desk->repo_again = false;
        desk->repo_asked = true;
        repo_status_start(
            desk->loop, workspace_root(workbench_workspace(desk->workbench)), on_repo, desk);
    }
}

static void ask_repo(struct desk *desk)
{
    if (desk->repo_asked) {
        desk->repo_again = true;
        return;
    }
    desk->repo_asked = true;
    repo_status_start(
        desk->loop, workspace_root(workbench_workspace(desk->workbench)), on_repo, desk);
}

/* ---- what the workbench tells ---- */

void desk_say(struct desk *desk, enum message_level level, const char *text)
{
    status_log(desk->status, text);
    bool shown = desk->problem != NULL && strcmp(app_message_text(desk->app), desk->problem) == 0;
    if (level == MESSAGE_INFO) {
        app_notice(desk->app, text);
        return;
    }
    if (level < MESSAGE_STANDING) {
        app_message(desk->app, level, "%s", text);
        return;
    }
    desk->more_problems = shown ? desk->more_problems + 1 : 0;
    if (!shown) {
        free(desk->first_problem);
        desk->first_problem = mem_strdup(text);
        desk->first_level = level;
    }
    free(desk->problem);
    desk->problem = desk->more_problems == 0 ? mem_strdup(text)
                                             : mem_printf("1 of %zu (see Log): %s",
                                                   desk->more_problems + 1, desk->first_problem);
    app_message(desk->app, desk->first_level, "%s", desk->problem);
}

static void show_notices(struct desk *desk)
{
    const char *notice;
    while ((notice = workbench_notice(desk->workbench, desk->notices_shown)) != NULL) {
        bool is_problem = workbench_notice_is_problem(desk->workbench, desk->notices_shown++);
        desk_say(desk, is_problem ? MESSAGE_ERROR : MESSAGE_INFO, notice);
    }
}

static void show_hook_lines(struct desk *desk)
{
    const char *line;
    while ((line = workbench_hook_line(desk->workbench, desk->hook_lines_shown)) != NULL) {
        status_log(desk->status, line);
        desk->hook_lines_shown++;
    }
}

static void on_change(void *data, enum workbench_change what)
{
    struct desk *desk = data;
    if (desk->app == NULL || desk->closing) {
        return; /* still opening: what was missed is asked for below; or half of it is gone */
    }
    switch (what) {
    case WORKBENCH_SESSION:
        chat_changed(desk->chat);
        desk_notify(desk);
        break;
    case WORKBENCH_SWITCHED:
        desk_switched(desk);
        break;
    case WORKBENCH_PROPOSAL:
        desk_review_changed(desk);
        desk_apply_proposal_changed(desk->apply);
        break;
    case WORKBENCH_LAID_OUT:
        desk_run_tests(desk);
        desk_apply_proposal_changed(desk->apply);
        break;
    case WORKBENCH_EVIDENCE:
        desk_review_evidence(desk);
        desk_notify(desk);
        break;
    case WORKBENCH_FILES:
        editor_check_disk(desk->editor);
        desk_find_files_changed(desk->find);
        diagnose_files_changed(desk->diagnose);
        assist_files_changed(desk->assist);
        desk_apply_files_changed(desk->apply);
        ask_repo(desk);
        if (proposals_open(workbench_proposals(desk->workbench)) == NULL) {
            desk_tests_files_changed(desk);
        }
        break;
    case WORKBENCH_CATALOG:
        desk_find_symbols_changed(desk->find);
        assist_catalog_changed(desk->assist);
        return; /* nothing that is shown all the time */
    case WORKBENCH_PROVIDER:
        break;
    case WORKBENCH_HOOKS:
        show_hook_lines(desk);
        return;
    case WORKBENCH_TRUST:
        desk_say_trust(desk);
        break;
    }
    show_notices(desk);
    app_redraw(desk->app);
}

static void on_saved(void *data, const char *path)
{
    struct desk *desk = data;
    (void)path; /* the watcher tells of it; asking now saves its delay */
    if (!desk->closing && config_bool(workbench_config(desk->workbench), "test_on_save")) {
        workspace_refresh(workbench_workspace(desk->workbench));
    }
}

/* ---- panes ---- */

static void review_proposal(void *data, unsigned number)
{
    (void)number; /* only the newest can be open */
    desk_open_review(data);
}

static const char *model_name(void *data)
{
    struct desk *desk = data;
    return workbench_model(desk->workbench);
}

static bool is_recording(void *data)
{
    struct desk *desk = data;
    return workbench_is_recording(desk->workbench);
}

/* What is built from decisions ("Outcome of the review") is nothing to type. */
static const char *suggestion(void *data, size_t index)
{
    struct desk *desk = data;
    const char *text = workbench_recorded_prompt(desk->workbench, index);
    return text == NULL || strcmp(text, "Outcome of the review") == 0 ? NULL : text;
}

static bool is_empty(void *data)
{
    return desk_init_is_empty(data);
}

static void begin_repository(void *data)
{
    const struct desk *desk = data;
    desk_init_begin(desk->init);
}

static void fork_before(void *data, unsigned entry)
{
    struct desk *desk = data;
    struct err err;
    if (!desk_fork(desk, entry, &err)) {
        app_message(desk->app, MESSAGE_WARNING, "%s", err.text);
    }
}

static bool run_shell(void *data, struct str line, struct err *err)
{
    return workbench_shell(((struct desk *)data)->workbench, line, err);
}

static void step_test(void *data, const char *path, unsigned row)
{
    struct desk *desk = data;
    desk_evaluate_step(desk->evaluate, path, row);
}

static void make_panes(struct desk *desk)
{
    struct workspace *workspace = workbench_workspace(desk->workbench);
    struct chat_options chat = {
        .app = desk->app,
        .session = workbench_session(desk->workbench),
        .review = review_proposal,
        .model = model_name,
        .is_recording = is_recording,
        .suggestion = suggestion,
        .is_empty = is_empty,
        .begin = begin_repository,
        .mention = desk_mention,
        .command = desk_slash_run,
        .shell = run_shell,
        .commands = desk_slash_list,
        .fork = fork_before,
        .data = desk,
    };
    struct status_options status = {
        .app = desk->app,
        .root = workspace_root(workspace),
        .threshold =
            (double)config_integer(workbench_config(desk->workbench), "coverage_threshold"),
        .coverage = true,
        .history = true,
        .watch = config_bool(workbench_config(desk->workbench), "test_on_save"),
        .open = desk_show,
        .open_rule = desk_open_rule,
        .open_fixture = desk_open_fixture,
        .current_file = desk_current_file,
        .cursor = desk_cursor,
        .unsaved = desk_tests_unsaved,
        .changed = desk_tests_changed,
        .step = step_test,
        .data = desk,
    };
    struct err err;
    char *swap = swap_default_dir(&err);
    desk->chat = chat_new(&chat);
    desk->editor = editor_new(desk->app, workspace, swap);
    if (config_bool(workbench_config(desk->workbench), "persistent_undo")) {
        char *undo = history_default_dir(&err);
        editor_keep_undo(desk->editor, undo);
        free(undo);
    }
    free(swap);
    editor_configure(desk->editor, workbench_config(desk->workbench));
    app_set_pane(desk->app, SLOT_CHAT, chat_pane(desk->chat));
    app_set_pane(desk->app, SLOT_EDITOR, editor_pane(desk->editor));
    app_set_pane(desk->app, SLOT_STATUS, status_pane_new(&status, &desk->status));
    editor_on_saved(desk->editor, on_saved, desk);
    editor_on_changed(desk->editor, desk_tests_text_changed, desk);
    app_set_header(desk->app, draw_header, desk);
    app_add_actions(desk->app, &desk_action_set, desk);
    app_add_actions(desk->app, &status_global_actions, desk->status);
    app_add_actions(desk->app, &reach_actions, desk);
    app_add_actions(desk->app, &inspect_actions, desk);
    app_add_actions(desk->app, &trace_actions, desk);
    desk->init = desk_init_new(desk);
    app_add_actions(desk->app, &init_actions, desk);
    desk->rollout = desk_rollout_new(desk);
    app_add_actions(desk->app, &rollout_actions, desk->rollout);
    desk->find = desk_find_new(desk);
    app_add_actions(desk->app, &find_actions, desk->find);
    desk->evaluate = desk_evaluate_new(desk);
    app_add_actions(desk->app, &evaluate_actions, desk->evaluate);
    desk->decided = desk_decided_new(desk);
    desk->apply = desk_apply_new(desk);
    app_add_actions(desk->app, &desk_apply_actions, desk->apply);
    desk->diagnose = diagnose_new(desk);
    app_add_actions(desk->app, &diagnose_actions, desk->diagnose);
    desk->changes = desk_changes_new(desk);
    desk->assist = assist_new(desk);
    app_add_pane_actions(desk->app, SLOT_EDITOR, &assist_actions, desk->assist);
    app_focus(desk->app, SLOT_CHAT);
}

static void say_theme_problems(struct desk *desk)
{
    struct str rest = app_theme_problems(desk->app);
    struct str line;
    while (str_next_line(&rest, &line)) {
        char *text = str_dup(line);
        desk_say(desk, MESSAGE_ERROR, text);
        free(text);
    }
}

/* ---- life ---- */

static bool open_workbench(struct desk *desk, const struct desk_options *options, struct err *err)
{
    struct workbench_options setup = {
        .loop = desk->loop,
        .folder = options->folder,
        .session = options->session,
        .fresh = options->fresh,
        .last = options->last,
        .provider = options->provider,
        .profile = options->profile,
        .recording = options->recording,
        .record_to = options->record_to,
        .is_program = true,
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
        .ambiguous_width = config_string(config, "ambiguous_width"),
        .key_set = config_string(config, "key_set"),
    };
    desk->app = app_new(desk->loop, &setup, err);
    return desk->app != NULL;
}

/* Compiling highlight queries takes as long as all the rest of the start: it goes on beside it, the
 * language of the file that is opened first. */
static void warm(void *data)
{
    const struct desk *desk = data;
    if (desk->warm_path != NULL) {
        query_warm(language_of(desk->warm_path, STR_LIT("")));
    }
    query_warm(language_by_name(STR_LIT("rego")));
    query_warm(language_by_name(STR_LIT("yaml")));
    static const char *const edited[] = {"yaml", "rego", "cel", "jmespath"};
    for (size_t i = 0; i < ARRAY_LEN(edited); i++) {
        query_warm_editing(language_by_name(str_of(edited[i])));
    }
}

static void warmed(void *data, bool cancelled)
{
    struct desk *desk = data;
    (void)cancelled;
    desk->warming = false;
}

static bool open_first(struct desk *desk, const struct desk_options *options, struct err *err)
{
    if (!editor_open(desk->editor, options->open, err)) {
        return false;
    }
    if (options->open_row > 0) {
        (void)editor_jump(desk->editor, options->open, options->open_row - 1,
            options->open_col > 0 ? options->open_col - 1 : 0);
    }
    if (options->edit) {
        app_focus(desk->app, SLOT_EDITOR);
    }
    return true;
}

enum { LEAVE_AFTER_S = 10 };

/* A worker may wait for ever in the system (a named pipe where git looks for a file, a disk that is
 * gone). Session, proposal and edits have been kept as they came: nothing is lost with it. */
static void leave_it(int signum)
{
    (void)signum;
    static const char text[] = "bylaw: left without waiting for work that does not end: is there a "
                               "named pipe or a stalled "
                               "disk in the folder?\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(EXIT_FAILURE);
}

bool desk_run(const struct desk_options *options, int *code, struct err *err)
{
    struct desk desk = {.loop = loop_new(err), .warm_path = options->open, .warming = true};
    if (desk.loop == NULL) {
        return false;
    }
    loop_work_start(desk.loop, warm, warmed, &desk);
    bool ok = open_workbench(&desk, options, err) && open_app(&desk, options, err);
    if (ok) {
        make_panes(&desk);
        editor_set_vi(desk.editor,
            strcmp(config_string(workbench_config(desk.workbench), "key_set"), "vi") == 0);
        desk_remap_keys(&desk);
        say_theme_problems(&desk);
        if (options->open != NULL && !open_first(&desk, options, err)) {
            desk_say(&desk, MESSAGE_ERROR, err->text);
        }
        editor_offer_recovery(desk.editor);
        if (options->open == NULL) {
            tour_open_first(desk.app);
        }
        desk_say_trust(&desk); /* of several problems the first is shown */
        show_notices(&desk);
        desk_queue_watch(&desk);
        ok = app_run(desk.app, err);
        *code = app_exit_code(desk.app);
    }
    desk.closing = true;
    signal(SIGALRM, leave_it);
    alarm(LEAVE_AFTER_S);
    parsing_stop(true);
    offline_cancel_all();
    /* The panes borrow from the workbench: they go first. */
    while (
        desk.repo_asked || desk.warming || desk.listing || desk.queue_asked || desk.exporting > 0) {
        desk.repo_again = false;
        loop_run_once(desk.loop, 100);
    }
    diagnose_stop(desk.diagnose);
    desk_changes_stop(desk.changes);
    assist_stop(desk.assist);
    desk_find_free(desk.find);
    desk_evaluate_free(desk.evaluate);
    desk_apply_stop(desk.apply);
    desk_decided_free(desk.decided);
    desk.decided = NULL;
    desk_trace_stop(&desk);
    desk_queue_unwatch(&desk);
    loop_timer_free(desk.evidence);
    desk.evidence = NULL;
    app_free(desk.app);
    desk_apply_free(desk.apply);
    desk_init_free(desk.init);
    desk_rollout_free(desk.rollout);
    diagnose_free(desk.diagnose);
    desk_inspect_stop(&desk);
    desk_changes_free(desk.changes);
    assist_free(desk.assist);
    desk.app = NULL;
    workbench_free(desk.workbench);
    free(desk.branch);
    free(desk.tested_root);
    desk_tests_free(&desk);
    free(desk.reach_path);
    free(desk.problem);
    free(desk.first_problem);
    loop_free(desk.loop);
    alarm(0);
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
        char *when = desk_when(info->changed);
        char *title = safe_dup(str_of(info->title), SAFE_ONE_LINE, 80);
        printf("%s  %s  %s%s\n", info->id, when, title, info->open ? "  (open now)" : "");
        free(title);
        free(when);
    }
    if (list.len > 0) {
        printf("\nGo on with one: bylaw --session ID\n");
    }
    session_infos_free(&list);
    workspace_free(workspace);
    return ok;
}
