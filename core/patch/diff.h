/* What changed between two texts: by line (libgit2's xdiff, with git's indent heuristic), and by
 * word inside two lines. Pure functions, any thread; a megabyte takes about 15 ms, so large files
 * are compared off the loop thread. */
#ifndef BYLAW_PATCH_DIFF_H
#define BYLAW_PATCH_DIFF_H

#include "patch/lines.h"

/* Over this many bytes on one side the texts are not compared line by line: all between their
 * common beginning and common end counts as one change. */
enum { DIFF_MAX_BYTES = 32 * 1024 * 1024 };

/* Lines [a, a + a_len) of the old text became lines [b, b + b_len) of the new one. */
struct diff_run {
    size_t a, a_len;
    size_t b, b_len;
};

/* In ascending order, never touching each other: what lies between them is equal. */
struct diff {
    struct diff_run *items;
    size_t len, cap;
};

/* Lines are those of LINES_LF; two lines are equal when their bytes with the ending are. Appends to
 * *out. */
void diff_lines(const struct lines *a, const struct lines *b, struct diff *out);
void diff_free(struct diff *diff);

/* The line of b that line `line` of a lives on as; SIZE_MAX when it was removed. */
size_t diff_map(const struct diff *diff, size_t line);
/* The same from b to a. */
size_t diff_map_back(const struct diff *diff, size_t line);

/* Bytes [from, to) of a line. */
struct diff_span {
    size_t from, to;
};

struct diff_spans {
    struct diff_span *items;
    size_t len, cap;
};

/* The changed parts of two lines that belong together, in whole words and clusters. When they have
 * little in common, or are too long to compare, nothing is appended and false returned: the whole
 * line is the change. */
bool diff_words(struct str a, struct str b, struct diff_spans *in_a, struct diff_spans *in_b);

/* Which line of a removed block belongs to which of the added block that took its place, by
 * likeness and in order: partner[i] is the place in b of a's line i, or SIZE_MAX. */
void diff_pair(
    const struct line *a, size_t a_len, const struct line *b, size_t b_len, size_t *partner);

#endif
