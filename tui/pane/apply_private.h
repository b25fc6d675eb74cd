/* What the apply pane's files share: apply.c (what it does), apply_compare.c (one policy beside
 * another), apply_draw.c (how it is painted). */
#ifndef BYLAW_PANE_APPLY_PRIVATE_H
#define BYLAW_PANE_APPLY_PRIVATE_H

#include "apply/comparison.h"
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
    /* One policy beside another: rows are those of `compared` that are shown, columns the older
     * policy and then the newer ones. */
    bool comparing;
    struct comparison compared;
    struct {
        size_t *items; /* into compared.rows */
        size_t len, cap;
    } compared_rows;
    bool stale;                 /* counts and view */
    uint64_t refreshed_at;      /* ms */
    struct loop_timer *refresh; /* while a large matrix is filled, it is counted now and then */
};

/* apply.c */
/* The policy and document under the cursor; false: nothing is shown. */
bool apply_at(const struct apply_pane *pane, size_t *policy, size_t *fixture);
void apply_refresh(struct apply_pane *pane);

/* apply_compare.c */
/* After matrix_show: shows the two policies only, if two are to be compared and are there. */
void apply_compare_refresh(struct apply_pane *pane);
void apply_compare_forget(struct apply_pane *pane);
/* What is shown in a row; NULL: nothing is compared. */
const struct comparison_row *apply_compare_row(const struct apply_pane *pane, size_t row);
/* The action: asks for the second policy, or goes back to the matrix. */
unsigned apply_compare_toggle(void *data);
void apply_compare_leave(struct apply_pane *pane);
/* "older NAME" and "newer NAME"; the caller frees both. */
void apply_compare_names(const struct apply_pane *pane, char **older, char **newer);

/* apply_draw.c */
void apply_draw(void *data, struct region region, bool focused);
/* "deny", or "allow>deny" where the proposal changes it; and its style. */
struct style apply_word(
    const struct apply_pane *pane, size_t policy, size_t fixture, struct buf *out);
/* "3 policies, 9 documents: 5 deny, 22 allow" */
void apply_append_counts(const struct apply_pane *pane, struct buf *out);

#endif
