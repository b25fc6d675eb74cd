/* The review on the screen: opened over the open proposal, fed with evidence, ended by a commit. */
#include "desk_private.h"

#include "base/safe.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>

static void try_selection(void *data, size_t file, size_t hunk)
{
    struct desk *desk = data;
    desk->trying = true;
    workbench_try(desk->workbench, file, hunk);
    desk_review_evidence(desk);
}

/* Each decision is tested as it is made, as each file is when it is saved. */
static void on_decided(void *data)
{
    struct desk *desk = data;
    if (config_bool(workbench_config(desk->workbench), "test_on_save")) {
        desk->trying = workbench_try_accepted(desk->workbench);
        desk_review_evidence(desk);
    }
}

static void on_closed(void *data)
{
    struct desk *desk = data;
    desk->review = NULL;
}

/* ---- finishing ---- */

/* What is not there any more is not shown as if it were. */
static void close_removed(struct desk *desk, const struct changes *changes)
{
    VEC_FOREACH (const struct change, change, changes) {
        const char *gone = change->kind == CHANGE_DELETE ? change->path : change->moved_from;
        if (gone != NULL) {
            editor_close_removed(desk->editor, gone);
        }
    }
}

static void on_committed(void *data, const struct commit_pane_result *result)
{
    struct desk *desk = data;
    desk->finishing = NULL;
    if (result->confirmed && (result->written || desk->outcome.accepted.len == 0)) {
        if (desk->review != NULL) {
            review_pane_close(desk->review);
        }
        close_removed(desk, result->changes);
        if (desk->outcome.accepted.len > 0 && editor_path(desk->editor) == NULL &&
            desk->outcome.accepted.items[0].kind != CHANGE_DELETE) {
            (void)editor_jump(desk->editor, desk->outcome.accepted.items[0].path, 0, 0);
        }
        char *id = result->id == NULL ? NULL : mem_strndup(result->id, 10);
        workbench_decided(desk->workbench, &desk->outcome,
            desk->outcome.accepted.len == 0 ? NULL : result->subject, id, result->send);
        free(id);
        desk_queue(desk, QUEUE_AFTER);
    }
    workbench_hold(desk->workbench, false);
    outcome_free(&desk->outcome);
    app_redraw(desk->app);
}

/* One line on the tests of exactly what is accepted. */
static char *describe_evidence(const struct outcome *outcome, bool running, enum style_id *style)
{
    char *text = outcome_describe_evidence(outcome, running);
    *style = running ? STYLE_RUNNING : STYLE_NOT_EVALUATED;
    if (running) {
        char *marked = mem_printf("▸ %s …", text);
        free(text);
        return marked;
    }
    if (outcome->tested) {
        enum result_status verdict = tally_verdict(&outcome->tally);
        *style = verdict == RESULT_PASS                              ? STYLE_PASS
                 : verdict == RESULT_FAIL || verdict == RESULT_ERROR ? STYLE_FAIL
                                                                     : STYLE_NOT_EVALUATED;
    }
    return text;
}

static void finish(void *data)
{
    struct desk *desk = data;
    struct err err;
    outcome_free(&desk->outcome);
    if (!workbench_outcome(desk->workbench, &desk->outcome, &err)) {
        app_message(desk->app, MESSAGE_ERROR, "%s", err.text);
        return;
    }
    bool some = desk->outcome.accepted.len > 0;
    if (some && !desk->outcome.tested &&
        !workbench_outcome_evidence(desk->workbench, &desk->outcome)) {
        desk->trying = true;
        workbench_try(desk->workbench, (size_t)-1, (size_t)-1);
    }
    bool running = some && workbench_outcome_evidence(desk->workbench, &desk->outcome);
    enum style_id style;
    char *evidence = describe_evidence(&desk->outcome, running, &style);
    char *message = workbench_message(desk->workbench, &desk->outcome);
    char *title = mem_printf(
        "Finish proposal %u", proposals_open(workbench_proposals(desk->workbench))->number);
    struct commit_pane_options options = {
        .title = title,
        .workspace = workbench_workspace(desk->workbench),
        .changes = &desk->outcome.accepted,
        .message = str_of(message),
        .feedback = buf_str(&desk->outcome.feedback),
        .evidence = some ? str_of(evidence) : (struct str){0},
        .evidence_style = style,
        .done = on_committed,
        .data = desk,
    };
    workbench_hold(desk->workbench, true);
    struct commit_pane *pane = commit_pane_open(desk->app, &options);
    desk->finishing = running ? pane : NULL;
    free(title);
    free(message);
    free(evidence);
}

/* The dialog is open and its tests have moved on. */
static void finish_evidence(struct desk *desk)
{
    if (desk->finishing == NULL || workbench_outcome_evidence(desk->workbench, &desk->outcome)) {
        return;
    }
    enum style_id style;
    char *evidence = describe_evidence(&desk->outcome, false, &style);
    char *message = workbench_message(desk->workbench, &desk->outcome);
    commit_pane_set_evidence(desk->finishing, str_of(evidence), style, str_of(message));
    desk->finishing = NULL;
    free(evidence);
    free(message);
}

/* ---- undo of the last commit made here ---- */

static void on_undone(void *data, const struct commit_pane_result *result)
{
    struct desk *desk = data;
    if (result->written) {
        close_removed(desk, result->changes);
        struct entry entry = {.kind = ENTRY_COMMIT,
            .status = ENTRY_DONE,
            .detail = result->id == NULL ? NULL : mem_strndup(result->id, 10)};
        buf_append_c(&entry.text, result->subject == NULL ? "Undone" : result->subject);
        session_add_entry(workbench_session(desk->workbench), entry);
        workspace_refresh(workbench_workspace(desk->workbench));
    }
}

void desk_undo_commit(struct desk *desk)
{
    char *trailers =
        mem_printf("Bylaw-Session: %s\n", session_id(workbench_session(desk->workbench)));
    commit_pane_undo(
        desk->app, workbench_workspace(desk->workbench), str_of(trailers), on_undone, desk);
    free(trailers);
}

/* ---- the pane ---- */

static void show_evidence(struct desk *desk)
{
    desk->evidence_moved = false;
    if (desk->review == NULL) {
        return;
    }
    const struct checks *checks =
        desk->trying ? workbench_tried(desk->workbench) : workbench_evidence(desk->workbench);
    enum checks_state state = checks_state(checks);
    bool running = state == CHECKS_RUNNING || state == CHECKS_NONE;
    const struct results *all = checks_results(checks);
    size_t from = running ? checks_told_from(checks) : 0;
    struct results told = {.items = all->items + from, .len = all->len - from};
    struct review_results results = {
        .of = desk->trying ? "your selection" : "the proposal",
        .running = running,
        .first = running && desk->trying && checks_is_part(checks),
        .trouble = state == CHECKS_STALE
                       ? "what was tested has changed since: press t to try the selection"
                       : checks_trouble(checks),
        .results = &told,
        .findings = checks_findings(checks),
        /* A selection's lines are not numbered as the proposal's, which is what the pane shows. */
        .coverage = desk->trying ? NULL : checks_coverage(checks),
    };
    review_pane_set_results(desk->review, &results);
}

enum { EVIDENCE_PAUSE_MS = 50 }; /* between two looks at results that stream */

static void on_evidence_pause(void *data)
{
    struct desk *desk = data;
    if (desk->evidence_moved) {
        loop_timer_start(desk->evidence, EVIDENCE_PAUSE_MS, 0);
        show_evidence(desk);
    }
}

void desk_review_evidence(struct desk *desk)
{
    finish_evidence(desk);
    if (desk->review == NULL || desk->closing) {
        return;
    }
    if (checks_is_settled(workbench_evidence(desk->workbench))) {
        workbench_prepare_try(desk->workbench);
    }
    if (desk->evidence == NULL) {
        desk->evidence = loop_timer_new(desk->loop, on_evidence_pause, desk);
    }
    if (loop_timer_is_active(desk->evidence)) {
        desk->evidence_moved = true;
        return;
    }
    loop_timer_start(desk->evidence, EVIDENCE_PAUSE_MS, 0);
    show_evidence(desk);
}

void desk_open_review(struct desk *desk)
{
    if (desk->review != NULL) {
        return;
    }
    struct proposals *proposals = workbench_proposals(desk->workbench);
    struct review *review = proposals_review(proposals);
    if (review == NULL) {
        app_message(desk->app, MESSAGE_INFO,
            "There is no proposal to review: ask for a policy in the chat.");
        return;
    }
    const struct proposal *open = proposals_open(proposals);
    char *asked = open->origin != NULL
                      ? mem_strdup(open->origin)
                      : session_asked_for(workbench_session(desk->workbench), open->number);
    char *about = safe_dup(str_of(asked), SAFE_ONE_LINE, 60);
    free(asked);
    char *title = mem_printf("proposal %u%s%s", open->number, about[0] == '\0' ? "" : " · ", about);
    struct review_pane_options options = {
        .title = title,
        .review = review,
        .try_selection = try_selection,
        .decided = on_decided,
        .finish = finish,
        .closed = on_closed,
        .data = desk,
    };
    desk->trying = false;
    desk->review_generation = proposals_generation(proposals);
    desk->review = review_pane_open(desk->app, &options);
    free(title);
    free(about);
    show_evidence(desk);
    desk_review_evidence(desk);
}

void desk_review_changed(struct desk *desk)
{
    if (desk->review == NULL ||
        desk->review_generation == proposals_generation(workbench_proposals(desk->workbench))) {
        return;
    }
    /* The review that the pane borrows is another one now: show that. */
    review_pane_close(desk->review);
    desk->review = NULL;
    if (proposals_open(workbench_proposals(desk->workbench)) != NULL) {
        desk_open_review(desk);
    }
}
