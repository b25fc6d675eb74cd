/* What board_view.c and board_rows.c share; not for others. */
#ifndef BYLAW_ENGINE_BOARD_VIEW_INTERNAL_H
#define BYLAW_ENGINE_BOARD_VIEW_INTERNAL_H

#include "engine/board_view.h"

/* A group as it is shown. */
struct view_group {
    struct policy_set shown; /* places of groups, or of tests in a suite, in order */
    struct policy_set ends;  /* by place in shown: rows up to and with it */
    size_t rows;             /* of all in it, without its own */
    size_t matched;          /* tests */
    size_t slot;             /* in its parent's `shown` */
    size_t first;            /* place of its first test */
    uint64_t key;            /* that it is sorted by */
    uint64_t seen;           /* stamp it was made at; 0: to be made again */
};

/* Rows that what was expected and what came take. */
size_t board_view_diff_rows(const struct board_view *view, struct board_test *test);
/* Has no row of its own: the only engine, its only folder, and what holds one group only. */
bool board_view_is_joined(const struct board_tree *tree, size_t group);

#endif
