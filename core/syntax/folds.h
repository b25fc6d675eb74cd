/* What can be folded: rules, bodies, collections, YAML keys and items, sections, runs of comments
 * and imports; also inside injections. From the language's folds.scm: each "@fold" is one fold,
 * "@fold.comment" and "@fold.imports" one line of a run of such lines.
 *
 * Everything is computed from the trees for the part that is asked, so the cost goes with the part
 * and not with the text; nothing is kept. Positions as in syntax.h. */
#ifndef BYLAW_SYNTAX_FOLDS_H
#define BYLAW_SYNTAX_FOLDS_H

#include "syntax/syntax.h"

enum fold_kind { FOLD_BLOCK, FOLD_COMMENT, FOLD_IMPORTS };

struct fold {
    size_t first_row; /* stays visible when folded */
    size_t last_row;  /* inclusive; more than first_row */
    enum fold_kind kind;
    const struct language *language; /* what it was found in */
};

struct folds {
    struct fold *items;
    size_t len, cap;
};

/* Appends the folds that touch [from, to) (bytes), those that begin before it too, by first_row, at
 * most one a first row (the longest). Parses what the part needs within a few ms; what is not
 * parsed then has no folds. */
void syntax_folds(struct syntax *syntax, size_t from, size_t to, struct folds *out);
/* The innermost fold that holds the row of `offset`; a fold counts for its first row too. */
bool syntax_fold_around(struct syntax *syntax, size_t offset, struct fold *out);

#endif
