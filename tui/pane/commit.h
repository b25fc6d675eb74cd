/* The dialog that ends a review: what will be written, under which message and trailers, what the
 * repository's hooks and signing will do, and what goes back to the agent. Nothing is written
 * before it is confirmed here; then it shows the progress, and the result or a clear error. Files
 * that were written but could not be committed are said to be so. Loop thread only. */
#ifndef BYLAW_PANE_COMMIT_H
#define BYLAW_PANE_COMMIT_H

#include "app.h"
#include "patch/change.h"

struct commit_pane;

struct commit_pane_result {
    bool confirmed;                /* false: nothing was done, the review goes on */
    bool written;                  /* the accepted changes are in the workspace */
    const struct changes *changes; /* which these are */
    const char *id;                /* the commit's 40 hex digits; NULL when there is none */
    const char *branch;            /* NULL without a commit */
    const char *subject;           /* the message's first line */
    bool send; /* the feedback goes to the agent now, not with the next prompt */
};

struct commit_pane_options {
    const char *title;             /* "Finish proposal 3" */
    struct workspace *workspace;   /* outlives the pane */
    const struct changes *changes; /* copied; none: only the feedback goes back */
    struct str message;            /* begins with: text, then its trailers */
    struct str feedback;           /* what goes back to the agent; empty: nothing */
    struct str evidence; /* a line on the tests of exactly these changes; empty: none ran */
    enum style_id evidence_style; /* STYLE_PASS, …: how it is shown */
    /* Once, after it has closed; result is borrowed. */
    void (*done)(void *data, const struct commit_pane_result *result);
    void *data;
};

/* The pane lives until `done` is called. */
struct commit_pane *commit_pane_open(struct app *app, const struct commit_pane_options *options);
/* The tests on exactly these changes have moved on: another line, and the trailers of `message`
 * instead of those shown. What was typed stays. */
void commit_pane_set_evidence(
    struct commit_pane *pane, struct str evidence, enum style_id style, struct str message);

/* Plans the reverse of the last commit made here (found by the trailer Bylaw-Session) and opens the
 * dialog on it; `trailers` ("Key: value" lines) go under the new commit. When nothing can be undone
 * the reason is shown and done is called with confirmed = false. */
void commit_pane_undo(struct app *app, struct workspace *workspace, struct str trailers,
    void (*done)(void *data, const struct commit_pane_result *result), void *data);

/* The set behind the keys, for the table of all actions. */
extern const struct action_set commit_action_set;

#endif
