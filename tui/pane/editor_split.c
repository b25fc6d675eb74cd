#include "pane/editor_split.h"

#include "base/mem.h"

#include <stdlib.h>

struct split *split_new(void *view)
{
    struct split *leaf = MEM_NEW(struct split);
    *leaf = (struct split){.view = view, .share = 500};
    return leaf;
}

static bool is_leaf(const struct split *split)
{
    return split->child[0] == NULL;
}

void split_free(struct split *root)
{
    if (root != NULL) {
        split_free(root->child[0]);
        split_free(root->child[1]);
        free(root);
    }
}

size_t split_count(const struct split *root)
{
    return is_leaf(root) ? 1 : split_count(root->child[0]) + split_count(root->child[1]);
}

struct split *split_find(struct split *root, const void *view)
{
    if (root == NULL || is_leaf(root)) {
        return root != NULL && root->view == view ? root : NULL;
    }
    struct split *found = split_find(root->child[0], view);
    return found != NULL ? found : split_find(root->child[1], view);
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* The least rows or columns a part can do with. */
static int least(const struct split *split, bool cols)
{
    if (is_leaf(split)) {
        return cols ? SPLIT_MIN_COLS : SPLIT_MIN_ROWS;
    }
    int a = least(split->child[0], cols), b = least(split->child[1], cols);
    return split->beside != cols ? larger(a, b) : cols ? a + 1 + b : a + b;
}

/* What the first child gets of `size`, which is enough for both. */
static int first_size(const struct split *node, int size)
{
    int low = least(node->child[0], node->beside);
    int high = size - least(node->child[1], node->beside);
    int first = size * node->share / 1000;
    return first < low ? low : first > high ? high : first;
}

static void lay_out(struct split *split, struct rect rect)
{
    split->rect = rect;
    if (is_leaf(split)) {
        return;
    }
    struct rect a = rect, b = rect;
    if (split->beside) {
        a.cols = first_size(split, rect.cols - 1);
        b.col = rect.col + a.cols + 1;
        b.cols = rect.cols - a.cols - 1;
    } else {
        a.rows = first_size(split, rect.rows);
        b.row = rect.row + a.rows;
        b.rows = rect.rows - a.rows;
    }
    lay_out(split->child[0], a);
    lay_out(split->child[1], b);
}

bool split_lay_out(struct split *root, struct rect rect)
{
    if (!is_leaf(root) && (least(root, true) > rect.cols || least(root, false) > rect.rows)) {
        return false;
    }
    lay_out(root, rect);
    return true;
}

void split_divide(struct split *leaf, bool beside, void *view)
{
    struct split *first = split_new(leaf->view), *second = split_new(view);
    first->parent = second->parent = leaf;
    leaf->child[0] = first;
    leaf->child[1] = second;
    leaf->beside = beside;
    leaf->share = 500;
    leaf->view = NULL;
}

bool split_has_room(const struct split *leaf, bool beside)
{
    return beside ? leaf->rect.cols >= 2 * SPLIT_MIN_COLS + 1
                  : leaf->rect.rows >= 2 * SPLIT_MIN_ROWS;
}

static struct split *first_leaf(struct split *split)
{
    while (!is_leaf(split)) {
        split = split->child[0];
    }
    return split;
}

struct split *split_remove(struct split **root, struct split *leaf)
{
    struct split *node = leaf->parent;
    struct split *rest = node->child[node->child[0] == leaf ? 1 : 0];
    struct split *above = node->parent;
    rest->parent = above;
    if (above == NULL) {
        *root = rest;
    } else {
        above->child[above->child[0] == node ? 0 : 1] = rest;
    }
    free(leaf);
    free(node);
    return first_leaf(rest);
}

static size_t collect(struct split *split, struct split **leaves, size_t count)
{
    if (!is_leaf(split)) {
        count = collect(split->child[0], leaves, count);
        return collect(split->child[1], leaves, count);
    }
    if (count < SPLIT_MAX) {
        leaves[count++] = split;
    }
    return count;
}

struct split *split_step(struct split *root, const struct split *leaf, bool backward)
{
    struct split *leaves[SPLIT_MAX];
    size_t count = collect(root, leaves, 0), at = 0;
    while (at < count && leaves[at] != leaf) {
        at++;
    }
    return count == 0 ? NULL : leaves[(at + (backward ? count - 1 : 1)) % count];
}

static bool inside(const struct rect *rect, int row, int col)
{
    return row >= rect->row && row < rect->row + rect->rows && col >= rect->col &&
           col < rect->col + rect->cols;
}

struct split *split_leaf_at(struct split *root, int row, int col)
{
    if (root == NULL || !inside(&root->rect, row, col)) {
        return NULL;
    }
    if (is_leaf(root)) {
        return root;
    }
    struct split *found = split_leaf_at(root->child[0], row, col);
    return found != NULL ? found : split_leaf_at(root->child[1], row, col);
}

struct split *split_beside(
    struct split *root, const struct split *leaf, enum split_way way, int row, int col)
{
    const struct rect *from = &leaf->rect;
    switch (way) {
    case SPLIT_UP:
        return split_leaf_at(root, from->row - 1, col);
    case SPLIT_DOWN:
        return split_leaf_at(root, from->row + from->rows, col);
    case SPLIT_LEFT:
        return split_leaf_at(root, row, from->col - 2);
    case SPLIT_RIGHT:
        return split_leaf_at(root, row, from->col + from->cols + 1);
    }
    return NULL;
}

struct split *split_divider_at(struct split *root, int row, int col)
{
    if (root == NULL || is_leaf(root) || !inside(&root->rect, row, col)) {
        return NULL;
    }
    const struct rect *second = &root->child[1]->rect;
    if (root->beside ? col == second->col - 1 : row == second->row) {
        return root;
    }
    struct split *found = split_divider_at(root->child[0], row, col);
    return found != NULL ? found : split_divider_at(root->child[1], row, col);
}

void split_drag(struct split *node, int row, int col)
{
    int size = node->beside ? node->rect.cols - 1 : node->rect.rows;
    int first = node->beside ? col - node->rect.col : row - node->rect.row;
    if (size > 0) {
        /* Rounded up, so that laying out by the share gives this very size. */
        node->share = first <= 0 ? 0 : first >= size ? 1000 : (first * 1000 + size - 1) / size;
    }
}
