#include "text/foldset.h"

#include "base/vec.h"

#include <stdlib.h>

/* Hidden rows first + 1 .. last, apart from each other, with how many are hidden before. */
struct gap {
    size_t first, last;
    size_t before;
};

struct foldset {
    struct {
        struct fold_range *items; /* by first, each first once */
        size_t len, cap;
    } folds;
    struct {
        struct gap *items; /* made from the folds after each change of them */
        size_t len, cap;
    } gaps;
};

struct foldset *foldset_new(void)
{
    return MEM_NEW(struct foldset);
}

void foldset_free(struct foldset *set)
{
    if (set != NULL) {
        VEC_FREE(&set->folds);
        VEC_FREE(&set->gaps);
        free(set);
    }
}

bool foldset_is_empty(const struct foldset *set)
{
    return set->folds.len == 0;
}

static void make_gaps(struct foldset *set)
{
    size_t before = 0;
    set->gaps.len = 0;
    VEC_FOREACH (struct fold_range, fold, &set->folds) {
        struct gap *top = set->gaps.len == 0 ? NULL : &set->gaps.items[set->gaps.len - 1];
        if (top != NULL && fold->first <= top->last) {
            before += fold->last > top->last ? fold->last - top->last : 0;
            top->last = fold->last > top->last ? fold->last : top->last;
            continue;
        }
        VEC_PUSH(&set->gaps, ((struct gap){fold->first, fold->last, before}));
        before += fold->last - fold->first;
    }
}

struct foldset *foldset_copy(const struct foldset *set)
{
    struct foldset *copy = foldset_new();
    VEC_FOREACH (struct fold_range, fold, &set->folds) {
        VEC_PUSH(&copy->folds, *fold);
    }
    make_gaps(copy);
    return copy;
}

void foldset_close_many(struct foldset *set, const struct fold_range *ranges, size_t count)
{
    struct foldset merged = {0};
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        while (at < set->folds.len && set->folds.items[at].first < ranges[i].first) {
            VEC_PUSH(&merged.folds, set->folds.items[at++]);
        }
        at += at < set->folds.len && set->folds.items[at].first == ranges[i].first ? 1 : 0;
        if (ranges[i].last > ranges[i].first) {
            VEC_PUSH(&merged.folds, ranges[i]);
        }
    }
    for (; at < set->folds.len; at++) {
        VEC_PUSH(&merged.folds, set->folds.items[at]);
    }
    VEC_FREE(&set->folds);
    set->folds.items = merged.folds.items;
    set->folds.len = merged.folds.len;
    set->folds.cap = merged.folds.cap;
    make_gaps(set);
}

/* The first fold that begins at the row or later. */
static size_t fold_from(const struct foldset *set, size_t row)
{
    size_t low = 0, high = set->folds.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->folds.items[middle].first < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void foldset_close(struct foldset *set, size_t first, size_t last)
{
    if (last <= first) {
        return;
    }
    size_t at = fold_from(set, first);
    if (at == set->folds.len || set->folds.items[at].first != first) {
        VEC_INSERT(&set->folds, at, ((struct fold_range){first, last}));
    }
    set->folds.items[at].last = last;
    make_gaps(set);
}

bool foldset_open(struct foldset *set, size_t first)
{
    size_t at = fold_from(set, first);
    if (at == set->folds.len || set->folds.items[at].first != first) {
        return false;
    }
    VEC_REMOVE(&set->folds, at);
    make_gaps(set);
    return true;
}

/* The gap that begins last before the row or at it; NULL: none. */
static const struct gap *gap_at(const struct foldset *set, size_t row)
{
    size_t low = 0, high = set->gaps.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->gaps.items[middle].first <= row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? NULL : &set->gaps.items[low - 1];
}

bool foldset_reveal(struct foldset *set, size_t row)
{
    if (!foldset_is_hidden(set, row)) {
        return false;
    }
    size_t kept = 0;
    VEC_FOREACH (struct fold_range, fold, &set->folds) {
        if (fold->first >= row || fold->last < row) {
            set->folds.items[kept++] = *fold;
        }
    }
    set->folds.len = kept;
    make_gaps(set);
    return true;
}

void foldset_open_all(struct foldset *set)
{
    set->folds.len = set->gaps.len = 0;
}

bool foldset_is_hidden(const struct foldset *set, size_t row)
{
    return foldset_head(set, row) != row;
}

size_t foldset_head(const struct foldset *set, size_t row)
{
    const struct gap *gap = gap_at(set, row);
    return gap != NULL && row <= gap->last ? gap->first : row;
}

size_t foldset_hidden_below(const struct foldset *set, size_t row)
{
    const struct gap *gap = gap_at(set, row);
    return gap != NULL && gap->first == row ? gap->last - row : 0;
}

bool foldset_is_closed(const struct foldset *set, size_t first)
{
    size_t at = fold_from(set, first);
    return at < set->folds.len && set->folds.items[at].first == first;
}

size_t foldset_hidden_before(const struct foldset *set, size_t row)
{
    const struct gap *gap = gap_at(set, row);
    if (gap == NULL || row == gap->first) {
        return gap == NULL ? 0 : gap->before;
    }
    size_t last = row - 1 < gap->last ? row - 1 : gap->last;
    return gap->before + (last - gap->first);
}

size_t foldset_row_at(const struct foldset *set, size_t index)
{
    size_t low = 0, high = set->gaps.len;
    /* The gaps whose head has fewer visible rows before it than that. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct gap *gap = &set->gaps.items[middle];
        if (gap->first - gap->before < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return index;
    }
    const struct gap *gap = &set->gaps.items[low - 1];
    return index + gap->before + (gap->last - gap->first);
}

/* What becomes of a fold; false: it opens. */
static bool move_fold(struct fold_range *fold, const struct text_change *change)
{
    size_t start = change->start_point.row, old_end = change->old_end_point.row;
    size_t new_end = change->new_end_point.row;
    if (start > fold->last || (start == fold->last && change->start_point.column > 0)) {
        return true; /* below it, or behind the first character of its last line */
    }
    bool above =
        old_end < fold->first || (old_end == fold->first && change->old_end_point.column == 0);
    if (above) {
        fold->first = fold->first - old_end + new_end;
        fold->last = fold->last - old_end + new_end;
        return true;
    }
    if (start <= fold->first) {
        return start == fold->first && start == old_end && start == new_end;
    }
    if (old_end > fold->last) { /* its end is cut off: what is left of it goes up to the cut */
        fold->last = change->start_point.column > 0 ? start : start - 1;
    } else {
        fold->last = fold->last - old_end + new_end;
    }
    return fold->last > fold->first;
}

void foldset_changed(struct foldset *set, const struct text_change *change)
{
    if (set->folds.len == 0 || (change->start_point.row == change->old_end_point.row &&
                                   change->start_point.row == change->new_end_point.row)) {
        return;
    }
    size_t kept = 0;
    VEC_FOREACH (struct fold_range, fold, &set->folds) {
        struct fold_range moved = *fold;
        if (!move_fold(&moved, change)) {
            continue;
        }
        struct fold_range *before = kept == 0 ? NULL : &set->folds.items[kept - 1];
        if (before != NULL && before->first == moved.first) { /* two heads became one line */
            before->last = before->last > moved.last ? before->last : moved.last;
        } else {
            set->folds.items[kept++] = moved;
        }
    }
    set->folds.len = kept;
    make_gaps(set);
}
