/* What works everywhere on the desk. */
#include "desk_private.h"
#include "model_picker.h"

#include "widget/dialog.h"

static unsigned open_review(void *data)
{
    desk_open_review(data);
    return UI_DONE;
}

static unsigned next_review(void *data)
{
    desk_queue(data, QUEUE_NEXT);
    return UI_DONE;
}

static const char *why_no_review(void *data)
{
    struct desk *desk = data;
    return proposals_open(workbench_proposals(desk->workbench)) == NULL
               ? "No proposal is open: ask for one."
               : NULL;
}

static unsigned interrupt(void *data)
{
    struct desk *desk = data;
    struct session *session = workbench_session(desk->workbench);
    if (session_state(session) == SESSION_IDLE && !session_has_aside(session)) {
        return desk_evaluate_close(desk->evaluate) ? UI_DONE : UI_IGNORED;
    }
    session_interrupt(session);
    app_message(desk->app, MESSAGE_INFO, "Interrupted. What came so far is kept.");
    return UI_DONE;
}

static unsigned save_all(void *data)
{
    struct desk *desk = data;
    editor_save_all(desk->editor);
    return UI_DONE;
}

static unsigned undo_commit(void *data)
{
    desk_undo_commit(data);
    return UI_DONE;
}

static unsigned run_tests(void *data)
{
    desk_run_all_tests(data);
    return UI_DONE;
}

static unsigned show_instructions(void *data)
{
    struct desk *desk = data;
    struct instructions text;
    workbench_instructions(desk->workbench, &text);
    dialog_message(desk->app, "What the model is told before each turn", buf_str(&text.text));
    instructions_free(&text);
    return UI_DONE;
}

static unsigned open_skills(void *data)
{
    desk_open_skills(data);
    return UI_DONE;
}

static unsigned open_trust(void *data)
{
    desk_open_trust(data);
    return UI_DONE;
}

static unsigned pick_profile(void *data)
{
    struct desk *desk = data;
    profile_picker_open(desk->app, desk->workbench);
    return UI_DONE;
}

static unsigned pick_model(void *data)
{
    struct desk *desk = data;
    model_picker_open(desk->app, desk->workbench);
    return UI_DONE;
}

static unsigned pick_mode(void *data)
{
    struct desk *desk = data;
    mode_picker_open(desk->app, desk->workbench);
    return UI_DONE;
}

static const char *why_no_mode(void *data)
{
    struct desk *desk = data;
    struct offer mode;
    return workbench_offered(desk->workbench, OFFER_MODE, 0, &mode)
               ? NULL
               : "No modes are known: an agent that speaks ACP may have some, and says which with "
                 "the first prompt.";
}

static const char *why_no_model(void *data)
{
    struct desk *desk = data;
    return workbench_why_no_choice(desk->workbench);
}

static unsigned ask_report(void *data)
{
    desk_ask_report(data);
    return UI_DONE;
}

static const char *why_no_report(void *data)
{
    const struct desk *desk = data;
    return board_count(status_board(desk->status)) > 0
               ? NULL
               : "No test has run: there is nothing to report.";
}

static const struct action actions[] = {
    {"desk.review", "review", "Review the open proposal line by line", "alt-r", NULL, 0,
        open_review, why_no_review},
    {"desk.next-review", "next proposal",
        "Put this proposal off and open the next that waits for review, of any session", "alt-N",
        NULL, 0, next_review, NULL},
    {"desk.interrupt", "interrupt", "Stop the running turn; what came so far stays", "esc", NULL,
        ACTION_NO_PALETTE, interrupt, NULL},
    {"desk.test", "run tests", "Run all tests: of the open proposal, else of the workspace", "f5",
        NULL, 0, run_tests, NULL},
    {"desk.report", "report",
        "Write the last results into a file: JUnit, SARIF, TAP, JSON, GitHub, Markdown, "
        "PolicyReport",
        "", NULL, 0, ask_report, why_no_report},
    {"desk.instructions", "instructions",
        "Read what the model is told before each turn: bylaw's own words and every AGENTS.md", "",
        NULL, 0, show_instructions, NULL},
    {"profile.pick", "profile",
        "Choose the profile: model, effort, approval, sandbox and bounds under one name", "alt-P",
        NULL, 0, pick_profile, NULL},
    {"model.pick", "model", "Choose the model by task, with its price and why", "alt-L", NULL, 0,
        pick_model, why_no_model},
    {"mode.pick", "mode", "Choose the mode that an agent of its own works in: plan, ask, …", "",
        NULL, 0, pick_mode, why_no_mode},
    {"desk.trust", "trust",
        "Read the hooks and skills that come with this repository, and trust them or not", "alt-T",
        NULL, 0, open_trust, NULL},
    {"desk.skills", "skills", "List the skills there are; the one chosen is put into the prompt",
        "", NULL, 0, open_skills, NULL},
    {"desk.undo-commit", "undo commit",
        "Undo the last commit made here with a commit that reverts it", "alt-u", NULL, 0,
        undo_commit, NULL},
    {"desk.save-all", "save all", "Save all changed files", "alt-s", NULL, 0, save_all, NULL},
};

const struct action_set desk_action_set = ACTION_SET("desk", "Everywhere", actions);
