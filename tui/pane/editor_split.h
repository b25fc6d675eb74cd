/* How the editor's pane is divided among views: a tree whose leaves are views and whose nodes
 * divide their rectangle in two, side by side or one below the other. Geometry only: nothing is
 * painted and no view is looked into. Positions are relative to the rectangle laid out. */
#ifndef BYLAW_PANE_EDITOR_SPLIT_H
#define BYLAW_PANE_EDITOR_SPLIT_H

#include "screen/grid.h"

#define SPLIT_MAX      4  /* leaves */
#define SPLIT_MIN_ROWS 3  /* of a leaf: its title and two lines */
#define SPLIT_MIN_COLS 16 /* of a leaf */

enum split_way { SPLIT_UP, SPLIT_DOWN, SPLIT_LEFT, SPLIT_RIGHT };

struct split {
    struct split *parent;   /* NULL: the root */
    struct split *child[2]; /* both NULL: a leaf */
    bool beside;            /* side by side, with a column between; else one below the other */
    int share;              /* of the first child, in thousandths */
    void *view;             /* a leaf's; borrowed */
    struct rect rect;       /* since the last split_lay_out */
};

/* A root that is a leaf. */
struct split *split_new(void *view) MUST_USE;
void split_free(struct split *root);
size_t split_count(const struct split *root);
/* The leaf that shows the view, or NULL. */
struct split *split_find(struct split *root, const void *view);
/* Gives every part its rectangle. False: not all leaves get their least size; sizes are then of no
 * use. */
bool split_lay_out(struct split *root, struct rect rect);
/* Halves a leaf; the second half shows `view`. */
void split_divide(struct split *leaf, bool beside, void *view);
/* Whether the leaf, as it is laid out, can be halved so. */
bool split_has_room(const struct split *leaf, bool beside);
/* Takes a leaf out and frees it; not the last. Returns a leaf that takes over its place. */
struct split *split_remove(struct split **root, struct split *leaf);
/* The leaf after this one, or before it, in reading order, round the end. */
struct split *split_step(struct split *root, const struct split *leaf, bool backward);
/* The leaf beyond that side of this one, the nearest to (row, col); NULL: none. */
struct split *split_beside(
    struct split *root, const struct split *leaf, enum split_way way, int row, int col);
struct split *split_leaf_at(struct split *root, int row, int col);
/* The node whose dividing line is there, or NULL: the column between, or the top row of what is
 * below. */
struct split *split_divider_at(struct split *root, int row, int col);
/* Moves a node's dividing line there, as far as the least sizes allow. */
void split_drag(struct split *node, int row, int col);

#endif
