/* Inside of the desk, shared by desk.c (life, header), desk_actions.c (what works everywhere),
 * desk_review.c (the review and the road to a commit) and desk_tests.c (test runs and what they mark).
 * Nobody else includes it. */
#ifndef BYLAW_DESK_PRIVATE_H
#define BYLAW_DESK_PRIVATE_H

#include "agent/workbench.h"
#include "app.h"
#include "desk.h"
#include "pane/editor.h"
#include "pane/review.h"

struct desk {
    struct loop *loop;
    struct app *app;
    struct workbench *workbench;
    size_t notices_shown;
    struct editor *editor;

    struct review_pane *review;  /* NULL: not open */
    unsigned review_generation;  /* of the proposals, when it was opened */
    bool trying;                 /* the evidence shown is of a tried selection */
};

extern const struct action_set desk_action_set;

/* desk_review.c */
/* Opens the review of the open proposal; says so when there is none. */
void desk_open_review(struct desk *desk);
/* The proposal is another than the one shown, or its evidence moved on. */
void desk_review_changed(struct desk *desk);
void desk_review_evidence(struct desk *desk);

#endif
