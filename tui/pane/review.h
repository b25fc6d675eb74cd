/* The review screen: a proposal's files, hunks and lines with the decisions on them, and the
 * evidence beside them. The decisions live in struct review (patch/review.h); this pane shows them
 * and turns keys into review operations. It covers the main screen as an overlay.
 *
 * Files with their counts at the left from 100 columns on, below that one line with the current
 * one. Evidence below the diff from 16 rows on. Loop thread only. */
#ifndef BYLAW_PANE_REVIEW_H
#define BYLAW_PANE_REVIEW_H

#include "app.h"
#include "engine/result.h"
#include "patch/review.h"
#include "policy/coverage.h"

struct review_pane;

struct review_pane_options {
    const char *title;     /* "proposal 3 · deny latest tags"; any origin, copied */
    struct review *review; /* stays the caller's and outlives the pane */
    /* t: the tests are wanted on what is accepted plus this hunk (review_selected); the answer
     * comes with review_pane_set_results. NULL: cannot be tried. */
    void (*try_selection)(void *data, size_t file, size_t hunk);
    /* Something was decided, edited or taken back. NULL: nobody asks. */
    void (*decided)(void *data);
    /* Enter: the summary and commit dialog. */
    void (*finish)(void *data);
    /* What is to be known of a file, a line each; NULL past the last, or none. May be NULL. */
    const char *(*note)(void *data, const char *path, size_t index);
    const char *told; /* where a reason goes; NULL: "the agent is told". Static */
    /* The pane is gone, however it was closed. */
    void (*closed)(void *data);
    void *data;
};

/* Opens it over everything else. The app owns the pane; the pointer is valid until `closed`. */
struct review_pane *review_pane_open(
    struct app *app, const struct review_pane_options *options) MUST_USE;
void review_pane_close(struct review_pane *pane);

/* What ran on the proposal or on a selection of it. All is copied; any pointer may be NULL. */
struct review_results {
    const char *of;      /* "the proposal", "your selection" */
    bool running;        /* more will come */
    bool first;          /* while running: only what the last decision reaches is here yet */
    const char *trouble; /* why it could not run, one sentence */
    const struct results *results;
    const struct findings *findings;
    const struct coverage *coverage; /* of the proposal's files */
};
void review_pane_set_results(struct review_pane *pane, const struct review_results *results);

/* Goes to a line (from 1) of the proposal's file; where the review does not show it, to the hunk
 * before it. False: the file is not in the proposal. */
bool review_pane_show(struct review_pane *pane, const char *path, unsigned row);

/* Where the cursor is: the file, and its hunk (SIZE_MAX: on none). */
void review_pane_place(const struct review_pane *pane, size_t *file, size_t *hunk);

/* The set behind the keys, for the table of all actions. */
extern const struct action_set review_action_set;

#endif
