/* What the apply pane's files share: apply.c (what it does), apply_draw.c (how it is painted). */
#ifndef BYLAW_PANE_APPLY_PRIVATE_H
#define BYLAW_PANE_APPLY_PRIVATE_H

#include "pane/apply.h"
#include "widget/list.h"

struct apply_pane {
    struct app *app;
    struct apply_pane_options options;
    struct matrix *matrix;
    size_t row, column; /* of the cursor, in what is shown */
    size_t left;        /* first column shown */
    struct list list;   /* rows of the matrix; narrow: policies of the row */
    bool narrow;        /* at the last draw */
    int list_row;       /* where the list began at the last draw */
    int head_cols, cell_cols;
    struct matrix_counts counts;
    bool stale;                 /* counts and view */
    uint64_t refreshed_at;      /* ms */
    struct loop_timer *refresh; /* while a large matrix is filled, it is counted now and then */
};

/* apply.c */
/* The policy and document under the cursor; false: nothing is shown. */
bool apply_at(const struct apply_pane *pane, size_t *policy, size_t *fixture);
void apply_refresh(struct apply_pane *pane);

/* apply_draw.c */
void apply_draw(void *data, struct region region, bool focused);
/* "deny", or "allow>deny" where the proposal changes it; and its style. */
struct style apply_word(
    const struct apply_pane *pane, size_t policy, size_t fixture, struct buf *out);
/* "3 policies, 9 documents: 5 deny, 22 allow" */
void apply_append_counts(const struct apply_pane *pane, struct buf *out);

#endif
