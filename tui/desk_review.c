/* The review on the screen: opened over the open proposal, fed with evidence, ended by a commit. */
#include "desk_private.h"

#include "base/safe.h"

#include <stdio.h>
#include <stdlib.h>

static void try_selection(void *data, size_t file, size_t hunk)
{
    struct desk *desk = data;
    desk->trying = true;
    workbench_try(desk->workbench, file, hunk);
    desk_review_evidence(desk);
}

static void on_closed(void *data)
{
    struct desk *desk = data;
    desk->review = NULL;
}

static void finish(void *data)
{
    (void)data;
}

void desk_review_evidence(struct desk *desk)
{
    if (desk->review == NULL) {
        return;
    }
    const struct checks *checks =
        desk->trying ? workbench_tried(desk->workbench) : workbench_evidence(desk->workbench);
    enum checks_state state = checks_state(checks);
    struct review_results results = {
        .of = desk->trying ? "your selection" : "the proposal",
        .running = state == CHECKS_RUNNING || state == CHECKS_NONE,
        .trouble = state == CHECKS_STALE
                       ? "what was tested has changed since: press t to try the selection"
                       : checks_trouble(checks),
        .results = checks_results(checks),
        .findings = checks_findings(checks),
        .coverage = checks_coverage(checks),
    };
    review_pane_set_results(desk->review, &results);
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
    char *about =
        safe_dup(str_of(session_title(workbench_session(desk->workbench))), SAFE_ONE_LINE, 60);
    char *title = mem_printf("proposal %u · %s", proposals_open(proposals)->number, about);
    struct review_pane_options options = {
        .title = title,
        .review = review,
        .try_selection = try_selection,
        .finish = finish,
        .closed = on_closed,
        .data = desk,
    };
    desk->trying = false;
    desk->review_generation = proposals_generation(proposals);
    desk->review = review_pane_open(desk->app, &options);
    free(title);
    free(about);
    desk_review_evidence(desk);
}

void desk_review_changed(struct desk *desk)
{
    if (desk->review == NULL ||
        desk->review_generation == proposals_generation(workbench_proposals(desk->workbench))) {
        return;
    }
    /* The review the pane borrows is another one now, or its files were rebased: show that. */
    review_pane_close(desk->review);
    desk->review = NULL;
    if (proposals_open(workbench_proposals(desk->workbench)) != NULL) {
        desk_open_review(desk);
    }
}
