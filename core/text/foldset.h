/* Which lines of a text are folded away: a set of closed folds, kept right while the text is
 * edited. A fold is a range of rows whose first stays visible and whose others are hidden. Folds
 * may nest and, after edits, overlap: a row is hidden when any closed fold hides it, and the head
 * that stands for it is the nearest visible row above.
 *
 * Asking costs O(log folds); closing, opening and edits that add or remove lines O(folds). Rows
 * count from 0. Loop thread, or any one thread. */
#ifndef BYLAW_TEXT_FOLDSET_H
#define BYLAW_TEXT_FOLDSET_H

#include "text/text.h"

struct foldset;

struct fold_range {
    size_t first, last; /* inclusive */
};

struct foldset *foldset_new(void) MUST_USE;
void foldset_free(struct foldset *set);
bool foldset_is_empty(const struct foldset *set);
/* A copy with the same folds closed. */
struct foldset *foldset_copy(const struct foldset *set) MUST_USE;

/* Closes the fold first..last (inclusive, last > first, else nothing happens). One closed already
 * at the same first row becomes this one. */
void foldset_close(struct foldset *set, size_t first, size_t last);
/* The same for many, which come in order of their first rows. */
void foldset_close_many(struct foldset *set, const struct fold_range *ranges, size_t count);
/* Opens the fold that begins in this row; false: none does. */
bool foldset_open(struct foldset *set, size_t first);
/* Opens every fold that hides the row; false: it was visible. */
bool foldset_reveal(struct foldset *set, size_t row);
void foldset_open_all(struct foldset *set);

bool foldset_is_hidden(const struct foldset *set, size_t row);
/* The visible row that stands for this one: itself, or the head above. */
size_t foldset_head(const struct foldset *set, size_t row);
/* Rows hidden below a visible row; 0: it is no head of a closed fold. */
size_t foldset_hidden_below(const struct foldset *set, size_t row);
/* Whether a fold that begins in the row is closed, itself visible or not. */
bool foldset_is_closed(const struct foldset *set, size_t first);

/* Rows that are hidden before this one: row - that is how many visible rows come before (for a
 * visible row). */
size_t foldset_hidden_before(const struct foldset *set, size_t row);
/* The row that `index` visible rows come before. */
size_t foldset_row_at(const struct foldset *set, size_t index);

/* To be told of every change of the text. Folds move with their lines; one whose head line is cut
 * or joined opens. */
void foldset_changed(struct foldset *set, const struct text_change *change);

#endif
