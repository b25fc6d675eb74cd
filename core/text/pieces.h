/* The tree below text.h: a randomised search tree of pieces, each a run of bytes in memory that
 * outlives it, with the byte, newline and piece counts of every subtree. Splitting and joining are
 * the only operations that change it; each is O(log pieces) as expected value, plus the scan of one
 * piece. Internal to core/text. */
#ifndef BYLAW_TEXT_PIECES_H
#define BYLAW_TEXT_PIECES_H

#include "base/str.h"

#include <stdint.h>

struct piece; /* NULL is the empty tree */

/* A list of byte runs. */
struct spans {
    struct str *items;
    size_t len, cap;
};

/* Appends, joining with the last run when the two lie together in memory. */
void spans_add(struct spans *spans, struct str run);

size_t pieces_bytes(const struct piece *root);
size_t pieces_newlines(const struct piece *root);
/* Longest way from the root to a leaf, for tests of the balance. */
size_t pieces_depth(const struct piece *root);
/* The runs as one tree, cut into pieces of at most `max` bytes; *seed feeds the tree's
 * coin tosses. */
struct piece *pieces_build(const struct str *runs, size_t count, size_t max, uint64_t *seed);
void pieces_free(struct piece *root);
/* Takes root apart into the first `at` bytes and the rest. */
void pieces_split(
    struct piece *root, size_t at, uint64_t *seed, struct piece **left, struct piece **right);
/* Joins two trees; both are used up. */
struct piece *pieces_join(struct piece *left, struct piece *right, uint64_t *seed);
/* When the tree's last piece ends where `run` begins and stays within `max`, lengthens it. */
bool pieces_extend_last(struct piece *root, struct str run, size_t max);
/* Appends the tree's bytes in order. */
void pieces_collect(const struct piece *root, struct spans *out);

/* The piece that holds the byte at `offset`, whole, with the offset it begins at; empty at the end.
 */
struct str pieces_at(const struct piece *root, size_t offset, size_t *start);
/* Bytes from the start of the piece that holds offset - 1 up to offset; empty at 0. */
struct str pieces_before(const struct piece *root, size_t offset);
/* Newlines before offset. */
size_t pieces_newlines_before(const struct piece *root, size_t offset);
/* Offset just after the count-th newline (count from 1); SIZE_MAX when there are fewer. */
size_t pieces_after_newline(const struct piece *root, size_t count);

#endif
