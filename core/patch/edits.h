/* Small replacements that turn one text into another, so that cursor, marks and undo of the text
 * between them stay: what a formatter or a language server answers comes down to this. */
#ifndef BYLAW_PATCH_EDITS_H
#define BYLAW_PATCH_EDITS_H

#include "text/text.h"

struct text_edit {
    size_t from, to; /* bytes of the text before */
    struct buf with;
};

/* Ascending; none touches the one before it in the middle of its range. */
struct text_edits {
    struct text_edit *items;
    size_t len, cap;
};

void text_edits_free(struct text_edits *edits);
/* Appends the edits that turn `before` into `after`: by line, and in lines that pair off only what
 * lies between their common beginning and end (whole code points); where only blanks, commas and
 * semicolons differ, just these. Any thread; a megabyte takes
 * about 15 ms. */
void text_edits_between(struct str before, struct str after, struct text_edits *edits);
/* Sorts edits that came in any order (equal places keep theirs). False: two overlap, or one lies
 * outside [0, length]. */
bool text_edits_sort(struct text_edits *edits, size_t length) MUST_USE;
/* Appends what `before` becomes. The edits are sorted and inside of it. */
void text_edits_apply(const struct text_edits *edits, struct str before, struct buf *after);
/* Does it to a text, as one undo step. False: nothing was changed. */
bool text_edits_apply_text(
    const struct text_edits *edits, struct text *text, struct err *err) MUST_USE;

#endif
