/* What is decided about every document by every policy: now, and as the open proposal would have
 * it. It keeps both, says which cells the proposal changes, and which rows and columns are shown.
 * It computes nothing and asks nobody: a run (apply.h) fills it. Not for two threads.
 *
 * Rows are documents, columns are policies. One is known by its id on both sides, so one that a
 * proposal adds or takes away is a row or column of one side only. */
#ifndef BYLAW_APPLY_MATRIX_H
#define BYLAW_APPLY_MATRIX_H

#include "apply/apply.h"

enum matrix_side { MATRIX_NOW, MATRIX_PROPOSED, MATRIX_SIDES };

enum matrix_only {
    MATRIX_ALL,
    MATRIX_DENIED, /* rows and columns with a denial or an error (of the side shown) */
    MATRIX_CHANGED /* with a cell that the proposal changes */
};

/* What a row or column is; texts are the matrix' own. */
struct matrix_head {
    char *id, *name;
    char *engine; /* of a policy */
    char *file;   /* may be NULL */
    struct position at;
    char *origin;      /* of a document that was rendered; or NULL */
    char *trouble;     /* of a policy */
    bool unseen;       /* of a policy: as in struct apply_policy */
    unsigned document; /* of a document */
    unsigned says;     /* of a document: what tests say of its file (enum chainsaw_says) */
    bool on[MATRIX_SIDES];
};

struct matrix;

struct matrix *matrix_new(void) MUST_USE;
void matrix_free(struct matrix *matrix);
/* The side's rows, columns and cells are those of the set from now on, all waiting; what the other
 * side has stays. */
void matrix_plan(struct matrix *matrix, enum matrix_side side, const struct apply_set *set);
/* The side is gone: no proposal is open. */
void matrix_drop(struct matrix *matrix, enum matrix_side side);
bool matrix_has(const struct matrix *matrix, enum matrix_side side);
/* A cell of the set last planned for the side; takes what it holds. */
void matrix_set(struct matrix *matrix, enum matrix_side side, size_t policy, size_t fixture,
    struct apply_cell *cell);

/* Everything there is, by engine and name (policies), by file (documents). */
size_t matrix_policies(const struct matrix *matrix);
size_t matrix_fixtures(const struct matrix *matrix);
const struct matrix_head *matrix_policy(const struct matrix *matrix, size_t policy);
const struct matrix_head *matrix_fixture(const struct matrix *matrix, size_t fixture);
/* NULL: this side has no such row or column. Borrowed until the cell is set again. */
const struct apply_cell *matrix_cell(
    const struct matrix *matrix, enum matrix_side side, size_t policy, size_t fixture);
/* What is shown of a cell: as proposed where a proposal is there, else as it is now. */
const struct apply_cell *matrix_shown(const struct matrix *matrix, size_t policy, size_t fixture);
/* The proposal decides otherwise: both sides are known, and their verdicts differ; where only one
 * side has the policy or the document, the one there is does more than allow. */
bool matrix_changed(const struct matrix *matrix, size_t policy, size_t fixture);
/* The verdicts are the same, what is said is not. */
bool matrix_reworded(const struct matrix *matrix, size_t policy, size_t fixture);

/* Of the cells shown: how many of each verdict, and how many changed. */
struct matrix_counts {
    size_t of[APPLY_VERDICTS];
    size_t changed;
};
struct matrix_counts matrix_count(const struct matrix *matrix);

/* ---- what is shown ---- */

/* `filter`: rows and columns whose name, id or file has all of its words (in any case); a word that
 * only rows have narrows rows, one that only columns have narrows columns. */
void matrix_show(struct matrix *matrix, enum matrix_only only, struct str filter);
/* Exactly these policies and documents, in this order, until the next matrix_show; copied. */
void matrix_show_these(struct matrix *matrix, const size_t *policies, size_t policy_count,
    const size_t *fixtures, size_t fixture_count);
/* Brings the view up to date with what was set since. */
void matrix_update(struct matrix *matrix);
size_t matrix_rows(const struct matrix *matrix);
size_t matrix_columns(const struct matrix *matrix);
size_t matrix_row(const struct matrix *matrix, size_t row);       /* a document */
size_t matrix_column(const struct matrix *matrix, size_t column); /* a policy */

#endif
