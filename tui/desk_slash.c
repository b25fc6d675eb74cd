/* Slash commands on the desk: how a row of the table is run, and the short ones. */
#include "desk_slash.h"

#include "base/vec.h"
#include "desk_private.h"
#include "model_picker.h"
#include "slash.h"
#include "tally.h"
#include "widget/dialog.h"
#include "widget/popup.h"

#include <stdlib.h>

/* Why a row cannot be done now; NULL: it can. */
static const char *why_not(struct desk *desk, const struct slash_command *command)
{
    return command->run == NULL ? app_why_not(desk->app, command->action) : NULL;
}

bool desk_slash_run(void *data, struct str name, struct str args, struct err *err)
{
    struct desk *desk = data;
    const struct slash_command *command = slash_find(name);
    if (command == NULL) {
        return slash_use_prompt(desk->workbench, name, args, err);
    }
    if (!slash_check_args(command, args, err)) {
        return false;
    }
    const char *why = why_not(desk, command);
    if (why != NULL) {
        return err_set(err, ERR_CONFLICT, "%s", why);
    }
    if (command->run != NULL) {
        return command->run(desk, args, err);
    }
    (void)app_run_action(desk->app, command->action); /* it can: asked above */
    return true;
}

/* The engineer's own and the workspace's. */
static void list_prompts(struct desk *desk, struct popup *popup)
{
    const struct skills *prompts = workbench_prompts(desk->workbench);
    VEC_FOREACH (const struct skill, prompt, prompts) {
        if (slash_find(str_of(prompt->name)) != NULL) {
            continue; /* never reached */
        }
        struct popup_item item = {.letter = '/',
            .label = mem_strdup(prompt->name),
            .detail = mem_printf("%s%s  %s",
                prompt->answer == TRUST_YES ? "" : "not trusted yet, Alt-T  ", prompt->description,
                prompt->is_users ? "(yours)" : "(this repository's)"),
            .number = CHAT_COMMAND_TAKES};
        popup_add(popup, item);
    }
}

/* What /skill is typed with, behind the commands. */
static void list_skills(struct desk *desk, struct popup *popup)
{
    const struct skills *skills = workbench_skills(desk->workbench);
    VEC_FOREACH (const struct skill, skill, skills) {
        struct popup_item item = {.letter = '/',
            .label = mem_printf("skill %s", skill->name),
            .detail = mem_printf("%s%s",
                skill->answer == TRUST_YES ? "" : "not trusted yet, Alt-T  ", skill->description),
            .score = -1,
            .number = CHAT_COMMAND_TAKES};
        popup_add(popup, item);
    }
}

void desk_slash_list(void *data, struct popup *popup)
{
    struct desk *desk = data;
    for (size_t i = 0; i < slash_command_count; i++) {
        const struct slash_command *command = &slash_commands[i];
        const char *why = why_not(desk, command);
        struct popup_item item = {.letter = '/',
            .label = mem_strdup(command->name),
            .detail = mem_printf("%s%s%s%s%s", command->args, command->args[0] == '\0' ? "" : "  ",
                command->help, why == NULL ? "" : "  not now: ", why == NULL ? "" : why),
            .score = (int)(slash_command_count - i),
            .number = command->args[0] == '\0'  ? CHAT_COMMAND_ALONE
                      : command->args[0] == '[' ? CHAT_COMMAND_TAKES
                                                : CHAT_COMMAND_NEEDS};
        popup_add(popup, item);
    }
    list_skills(desk, popup);
    list_prompts(desk, popup);
}

bool desk_slash_new(struct desk *desk, struct str args, struct err *err)
{
    (void)args;
    if (!workbench_open_session(desk->workbench, NULL, err)) {
        return false;
    }
    app_message(desk->app, MESSAGE_GOOD, "a new session; /resume goes back");
    return true;
}

bool desk_slash_resume(struct desk *desk, struct str args, struct err *err)
{
    return desk_resume(desk, args, err);
}

bool desk_slash_reviews(struct desk *desk, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    desk_queue(desk, QUEUE_LIST);
    return true;
}

bool desk_slash_fork(struct desk *desk, struct str args, struct err *err)
{
    (void)args;
    return desk_fork(desk, 0, err);
}

bool desk_slash_compact(struct desk *desk, struct str args, struct err *err)
{
    (void)args;
    return session_compact(workbench_session(desk->workbench), err);
}

bool desk_slash_cost(struct desk *desk, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    struct buf text = BUF_INIT;
    workbench_describe_spend(desk->workbench, &text);
    dialog_message(desk->app, "Tokens and money", buf_str(&text));
    buf_free(&text);
    return true;
}

bool desk_slash_commit(struct desk *desk, struct str args, struct err *err)
{
    (void)args;
    if (proposals_open(workbench_proposals(desk->workbench)) == NULL) {
        return err_set(err, ERR_NOT_FOUND, "No proposal is open: there is nothing to commit.");
    }
    desk_open_review(desk);
    (void)app_run_action(desk->app, "review.finish"); /* says why, if it cannot be done */
    return true;
}

static void append_repo(const struct desk *desk, struct buf *out)
{
    if (desk->branch == NULL) {
        buf_append_c(out, "Repository   none: files can be written, not committed\n");
        return;
    }
    buf_printf(out, "Branch       %s, %zu file%s changed\n", desk->branch, desk->changed,
        desk->changed == 1 ? "" : "s");
}

/* What an agent's commands may do, and which of them ask. */
static void append_limits(const struct desk *desk, struct buf *out)
{
    buf_append_c(out, "Commands     ");
    workbench_describe_commands(desk->workbench, out);
    buf_append_c(out, "\n");
}

static void append_tests(const struct desk *desk, struct buf *out)
{
    const struct board *board = status_board(desk->status);
    const char *trouble = board_trouble(board);
    struct tally tally = board_tally(board);
    buf_append_c(out, "Tests        ");
    if (trouble != NULL) {
        buf_printf(out, "could not run: %s\n", trouble);
        return;
    }
    if (board_is_running(board)) {
        buf_append_c(out, "running, so far ");
    }
    tally_append(&tally, false, out);
    const struct coverage *coverage = board_coverage(board);
    if (coverage != NULL) {
        char *percent = coverage_show(coverage_percent(coverage));
        buf_printf(out, "; coverage %s%%%s", percent,
            board_coverage_is_old(board) ? " of an older run" : "");
        free(percent);
    }
    buf_append_char(out, '\n');
}

static void append_proposal(const struct desk *desk, struct buf *out)
{
    struct proposals *proposals = workbench_proposals(desk->workbench);
    const struct proposal *open = proposals_open(proposals);
    if (open == NULL) {
        buf_append_c(out, "Proposal     none is open\n");
        return;
    }
    struct review_counts counts = review_count_all(proposals_review(proposals));
    buf_printf(out, "Proposal     %u: %zu accepted, %zu declined, %zu open\n", open->number,
        counts.accepted, counts.declined, counts.open);
}

static bool say_model(struct desk *desk)
{
    char *why = workbench_why(desk->workbench);
    app_message(desk->app, MESSAGE_INFO, "From the next request on: %s (%s)",
        workbench_model(desk->workbench), why);
    free(why);
    return true;
}

bool desk_slash_profile(struct desk *desk, struct str args, struct err *err)
{
    if (args.len == 0) {
        profile_picker_open(desk->app, desk->workbench);
        return true;
    }
    char *name = str_dup(args);
    bool none = str_equal_c(args, "none");
    bool ok = workbench_use_profile(desk->workbench, none ? NULL : name, err) && say_model(desk);
    free(name);
    return ok;
}

bool desk_slash_model(struct desk *desk, struct str args, struct err *err)
{
    const char *why = app_why_not(desk->app, "model.pick");
    if (why != NULL) {
        return err_set(err, ERR_CONFLICT, "%s", why);
    }
    if (args.len == 0) {
        model_picker_open(desk->app, desk->workbench);
        return true;
    }
    char *model;
    char *effort;
    model_words(args, &model, &effort);
    bool ok = workbench_use_model(desk->workbench, model, effort, err) && say_model(desk);
    free(model);
    free(effort);
    return ok;
}

bool desk_slash_mode(struct desk *desk, struct str args, struct err *err)
{
    if (args.len == 0) {
        const char *why = app_why_not(desk->app, "mode.pick");
        if (why == NULL) {
            mode_picker_open(desk->app, desk->workbench);
        }
        return why == NULL || err_set(err, ERR_CONFLICT, "%s", why);
    }
    char *name = str_dup(args);
    bool ok = workbench_use_mode(desk->workbench, name, err);
    free(name);
    if (ok) {
        mode_say(desk->app, desk->workbench);
    }
    return ok;
}

/* Hooks that run: the engineer's own, and the repository's once trusted. */
static void append_hooks(const struct desk *desk, struct buf *text)
{
    struct vetting vetting;
    struct str line;
    workbench_vetting(desk->workbench, &vetting);
    struct str rest = buf_str(&vetting.own);
    for (bool first = true; str_next_line(&rest, &line); first = false) {
        buf_printf(text, "%s%.*s\n",
            first ? "Hooks        yours: " : "             yours: ", STR_FMT(line));
    }
    bool first = vetting.own.len == 0;
    VEC_FOREACH (const struct vetted, item, &vetting) {
        if (item->kind == VETTED_HOOK) {
            buf_printf(text, "%s%s, in %s: %s\n", first ? "Hooks        " : "             ",
                item->title, item->file, vetted_state(item));
            first = false;
        }
    }
    vetting_free(&vetting);
}

bool desk_slash_status(struct desk *desk, struct str args, struct err *err)
{
    (void)args;
    (void)err;
    struct session *session = workbench_session(desk->workbench);
    struct buf text = BUF_INIT;
    buf_printf(&text, "Folder       %s\n", workspace_root(workbench_workspace(desk->workbench)));
    append_repo(desk, &text);
    const char *profile = workbench_profile(desk->workbench);
    char *why = workbench_why(desk->workbench);
    buf_printf(&text, "Profile      %s\n", profile == NULL ? "none" : profile);
    buf_printf(&text, "Model        %s: %s\n", workbench_model(desk->workbench), why);
    free(why);
    char *mode = workbench_describe_mode(desk->workbench);
    if (mode != NULL) {
        buf_printf(&text, "Mode         %s\n", mode);
    }
    free(mode);
    buf_printf(&text, "Session      %s  %s\n", session_id(session), session_title(session));
    append_limits(desk, &text);
    append_tests(desk, &text);
    append_proposal(desk, &text);
    workbench_describe_spend(desk->workbench, &text);
    append_hooks(desk, &text);
    dialog_message(desk->app, "Status", buf_str(&text));
    buf_free(&text);
    return true;
}
