/* From the number of a row to what it shows, and back. */
#include "engine/board_view_internal.h"

#include "base/vec.h"

size_t board_view_count(const struct board_view *view)
{
    return view->groups.len == 0 ? 0 : view->groups.items[0].rows;
}

/* The first place in `ends` whose rows reach beyond `row`. */
static size_t place_of(const struct view_group *group, size_t row)
{
    size_t low = 0;
    size_t high = group->ends.len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (group->ends.items[mid] > row) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return low;
}

static size_t rows_before(const struct view_group *group, size_t place)
{
    return place == 0 ? 0 : group->ends.items[place - 1];
}

static bool holds_tests(const struct board_view *view, struct board *board, size_t group)
{
    return view->flat || board_tree(board)->items[group].kind == GROUP_SUITE;
}

static struct str line_of(struct board *board, struct board_test *test, size_t line)
{
    struct str rest = str_of(board_text(board, test));
    struct str found = {NULL, 0};
    for (size_t i = 0; i <= line && str_next_line(&rest, &found); i++) {
    }
    return found;
}

/* The rows of one row of the comparison. */
static size_t rows_of_diff(const struct board_view *view, const struct value_diff_row *row)
{
    return view->narrow && row->kind == VALUE_CHANGED ? 2 : 1;
}

size_t board_view_diff_rows(const struct board_view *view, struct board_test *test)
{
    const struct value_diff *diff = board_diff(test);
    size_t rows = 0;
    for (size_t i = 0; diff != NULL && i < diff->len; i++) {
        rows += rows_of_diff(view, &diff->items[i]);
    }
    return rows > 0 ? rows + 1 : 0;
}

static void place_in_diff(const struct board_view *view, const struct value_diff *diff,
    size_t offset, struct board_row *row)
{
    row->kind = BOARD_ROW_DIFF;
    row->part = DIFF_TITLE;
    for (size_t i = 0; offset > 0 && i < diff->len; i++) {
        size_t rows = rows_of_diff(view, &diff->items[i]);
        row->index = i;
        row->part = rows == 1 ? DIFF_BOTH : offset == 1 ? DIFF_LEFT : DIFF_RIGHT;
        if (offset <= rows) {
            return;
        }
        offset -= rows;
    }
}

static struct board_row row_of_test(
    const struct board_view *view, struct board *board, size_t index, size_t offset, unsigned depth)
{
    struct board_test *test = board_at(board, index);
    struct board_row row = {.kind = BOARD_ROW_TEST,
        .depth = depth,
        .group = test->group,
        .test = index,
        .id = test->id,
        .offset = offset};
    size_t subs = test->count > 1 ? test->count - 1 : 0;
    size_t diffs = offset > subs ? board_view_diff_rows(view, test) : 0;
    if (offset > subs + diffs) {
        row.kind = BOARD_ROW_TEXT;
        row.index = offset - subs - diffs - 1;
        row.text = line_of(board, test, row.index);
    } else if (offset > subs) {
        place_in_diff(view, board_diff(test), offset - subs - 1, &row);
    } else if (offset > 0) {
        row.kind = BOARD_ROW_SUB;
        row.index = offset;
    }
    return row;
}

struct board_row board_view_row(const struct board_view *view, struct board *board, size_t row)
{
    size_t group = 0;
    for (unsigned depth = 0;;) {
        const struct view_group *in = &view->groups.items[group];
        size_t place = place_of(in, row);
        size_t child = in->shown.items[place];
        row -= rows_before(in, place);
        if (holds_tests(view, board, group)) {
            return row_of_test(view, board, child, row, depth);
        }
        if (!board_view_is_joined(board_tree(board), child)) {
            if (row == 0) {
                return (struct board_row){.kind = BOARD_ROW_GROUP, .depth = depth, .group = child};
            }
            row--;
            depth++;
        }
        group = child;
    }
}

/* The row that what is in the group begins at; of the deepest group with a row when it is closed
 * (*open false); SIZE_MAX: the group is not shown. */
static size_t row_of_group(
    const struct board_view *view, struct board *board, size_t group, bool *open)
{
    const struct board_tree *tree = board_tree(board);
    size_t chain[4];
    size_t deep = 0;
    for (size_t at = group; at != 0 && deep < ARRAY_LEN(chain); at = tree->items[at].parent) {
        chain[deep++] = at;
    }
    size_t row = 0;
    size_t in = 0;
    *open = true;
    for (; deep > 0; deep--) {
        size_t child = chain[deep - 1];
        const struct view_group *shown = &view->groups.items[child];
        const struct view_group *parent = &view->groups.items[in];
        if (shown->slot >= parent->shown.len || parent->shown.items[shown->slot] != child) {
            return (size_t)-1;
        }
        row += rows_before(parent, shown->slot);
        *open = board_view_is_open(view, board, child);
        if (!*open) {
            return row;
        }
        row += board_view_is_joined(tree, child) ? 0 : 1;
        in = child;
    }
    return row;
}

static size_t row_of_known(
    const struct board_view *view, struct board *board, size_t index, const struct board_row *row)
{
    const struct board_test *test = board_at(board, index);
    bool open = true;
    size_t at = view->flat ? 0 : row_of_group(view, board, test->group, &open);
    if (at == (size_t)-1 || !open) {
        return at;
    }
    const struct view_group *in = &view->groups.items[view->flat ? 0 : test->group];
    size_t slot = view->slots[index];
    if (slot >= in->shown.len || in->shown.items[slot] != index) {
        return at > 0 && !view->flat ? at - 1 : (size_t)-1;
    }
    at += rows_before(in, slot);
    size_t rows = in->ends.items[slot] - rows_before(in, slot);
    return row->offset < rows ? at + row->offset : at;
}

size_t board_view_find(
    const struct board_view *view, struct board *board, const struct board_row *row)
{
    if (view->groups.len == 0) {
        return (size_t)-1;
    }
    if (row->kind == BOARD_ROW_GROUP) {
        bool open;
        size_t at = view->flat ? (size_t)-1 : row_of_group(view, board, row->group, &open);
        return at == (size_t)-1 || !open || board_view_is_joined(board_tree(board), row->group)
                   ? at
                   : at - 1;
    }
    const struct board_test *same = board_at(board, row->test);
    if (same != NULL && same->id == row->id) {
        return row_of_known(view, board, row->test, row);
    }
    for (size_t i = 0; i < board_count(board); i++) { /* a new plan */
        if (board_at(board, i)->id == row->id) {
            return row_of_known(view, board, i, row);
        }
    }
    return (size_t)-1;
}

size_t board_view_labels(const struct board *board, size_t group, const char *labels[3])
{
    const struct board_tree *tree = board_tree((struct board *)(uintptr_t)board);
    size_t chain[3];
    size_t deep = 0;
    do {
        chain[deep++] = group;
        group = tree->items[group].parent;
    } while (group != 0 && deep < ARRAY_LEN(chain) && board_view_is_joined(tree, group));
    size_t count = 0;
    for (; deep > 0; deep--) {
        const struct board_group *known = &tree->items[chain[deep - 1]];
        bool own = deep == 1;
        if (known->label[0] != '\0' || own) {
            labels[count++] = known->label[0] == '\0' ? "." : known->label;
        }
    }
    return count;
}

/* ---- failures ---- */

static bool is_red(const struct board_test *test)
{
    enum result_status status = board_status(test);
    return status == RESULT_FAIL || status == RESULT_ERROR;
}

struct failures {
    const struct board_view *view;
    struct board *board;
    size_t from;       /* test, SIZE_MAX: none */
    size_t from_group; /* its group, or the one whose row it begins at; 0: none */
    bool passed;       /* where it begins */
    size_t first, last, before, after;
};

static void meet(struct failures *f, size_t index)
{
    bool is_from = index == f->from;
    f->passed = f->passed || is_from;
    if (is_from || !is_red(board_at(f->board, index))) {
        return;
    }
    f->first = f->first == (size_t)-1 ? index : f->first;
    f->last = index;
    if (!f->passed) {
        f->before = index;
    } else if (f->after == (size_t)-1) {
        f->after = index;
    }
}

/* Is where it begins in this group? */
static bool has_from(const struct failures *f, size_t group)
{
    size_t at = f->from_group;
    while (at != group && at != 0) {
        at = board_tree(f->board)->items[at].parent;
    }
    return at == group && at != 0;
}

/* In the order shown; what has nothing red is not looked into. */
static void walk(struct failures *f, size_t group)
{
    const struct view_group *in = &f->view->groups.items[group];
    const struct board_tree *tree = board_tree(f->board);
    bool tests = holds_tests(f->view, f->board, group);
    for (size_t i = 0; i < in->shown.len; i++) {
        size_t child = in->shown.items[i];
        if (tests) {
            meet(f, child);
            continue;
        }
        f->passed = f->passed || (f->from == (size_t)-1 && child == f->from_group);
        if (tree->items[child].sum.attention > 0 || has_from(f, child)) {
            walk(f, child);
        }
    }
}

size_t board_view_next_failure(
    const struct board_view *view, struct board *board, size_t from, int step)
{
    struct failures f = {.view = view,
        .board = board,
        .from = (size_t)-1,
        .first = (size_t)-1,
        .last = (size_t)-1,
        .before = (size_t)-1,
        .after = (size_t)-1};
    if (from < board_view_count(view)) {
        struct board_row row = board_view_row(view, board, from);
        f.from = row.kind == BOARD_ROW_GROUP ? (size_t)-1 : row.test;
        f.from_group = row.group;
    }
    if (view->groups.len > 0) {
        walk(&f, 0);
    }
    size_t next = step > 0 ? f.after : f.before;
    next = next != (size_t)-1 ? next : step > 0 ? f.first : f.last;
    bool only = next == (size_t)-1 && f.from != (size_t)-1 && is_red(board_at(board, f.from));
    return only ? f.from : next;
}
