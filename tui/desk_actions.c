/* What works everywhere on the desk. */
#include "desk_private.h"

#include <stdlib.h>

static unsigned open_review(void *data)
{
    desk_open_review(data);
    return UI_DONE;
}

static const char *why_no_review(void *data)
{
    struct desk *desk = data;
    return proposals_open(workbench_proposals(desk->workbench)) == NULL
               ? "There is no open proposal."
               : NULL;
}

static unsigned interrupt(void *data)
{
    struct desk *desk = data;
    struct session *session = workbench_session(desk->workbench);
    if (session_state(session) == SESSION_IDLE) {
        return desk_evaluate_close(desk->evaluate) ? UI_DONE : UI_IGNORED;
    }
    session_interrupt(session);
    app_message(desk->app, MESSAGE_INFO, "Interrupted. What came so far is kept.");
    return UI_DONE;
}

static unsigned retry(void *data)
{
    struct desk *desk = data;
    struct err err;
    if (!session_retry(workbench_session(desk->workbench), &err)) {
        app_message(desk->app, MESSAGE_ERROR, "%s", err.text);
    }
    return UI_DONE;
}

static unsigned take_back(void *data)
{
    struct desk *desk = data;
    char *text = session_queue_pop(workbench_session(desk->workbench));
    if (text != NULL) {
        session_set_draft(workbench_session(desk->workbench), str_of(text));
        app_message(desk->app, MESSAGE_INFO, "Taken back: the queued prompt is not sent.");
        free(text);
    }
    return UI_DONE;
}

static const char *why_no_queue(void *data)
{
    struct desk *desk = data;
    return session_queue_count(workbench_session(desk->workbench)) == 0 ? "No prompt is waiting."
                                                                        : NULL;
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
    desk_run_tests(data);
    return UI_DONE;
}

static const struct action actions[] = {
    {"desk.review", "review", "Review the open proposal line by line", "alt-r", NULL, 0,
        open_review, why_no_review},
    {"desk.interrupt", "interrupt", "Stop the running turn; what came so far stays", "esc", NULL,
        ACTION_NO_PALETTE, interrupt, NULL},
    {"desk.retry", "retry", "Send the last failed request again", "", NULL, 0, retry, NULL},
    {"desk.take-back", "take back", "Take the last queued prompt back", "alt-up", NULL, 0,
        take_back, why_no_queue},
    {"desk.test", "run tests", "Run all tests: of the open proposal, else of the workspace", "f5",
        NULL, 0, run_tests, NULL},
    {"desk.undo-commit", "undo commit",
        "Undo the last commit made here with a commit that reverts it", "alt-u", NULL, 0,
        undo_commit, NULL},
    {"desk.save-all", "save all", "Save all changed files", "alt-s", NULL, 0, save_all, NULL},
};

const struct action_set desk_action_set = ACTION_SET("desk", "Everywhere", actions);
