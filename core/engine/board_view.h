/* The rows of the test browser: the board's groups and tests, what of them is open, filtered and in
 * an order. No list of all rows is kept: each group knows how many rows it has, so that a result
 * costs its groups only, a row is found by descending, and a key moves the cursor at no cost at
 * all, with 50,000 results as with fifty. Loop thread only. */
#ifndef BYLAW_ENGINE_BOARD_VIEW_H
#define BYLAW_ENGINE_BOARD_VIEW_H

#include "engine/board.h"

enum board_order { ORDER_FILE, ORDER_FAILED, ORDER_SLOWEST, ORDER_FLAKY, ORDER_COUNT };
/* "by file", "failed first", "slowest first", "flaky first". */
const char *board_order_name(enum board_order order);

/* What is shown, besides the text: bits of 1 << RESULT_…, and BOARD_FLAKY. */
enum { BOARD_FLAKY = 1 << RESULT_STATUSES, BOARD_RED = 1 << RESULT_FAIL | 1 << RESULT_ERROR };

enum board_row_kind {
    BOARD_ROW_GROUP,
    BOARD_ROW_TEST,
    BOARD_ROW_SUB,
    BOARD_ROW_DIFF,
    BOARD_ROW_TEXT
};

struct board_row {
    enum board_row_kind kind;
    unsigned depth; /* of groups it is shown in */
    size_t group;   /* GROUP; else the test's suite */
    size_t test;
    uint64_t id;   /* of the test; 0 for a GROUP */
    size_t offset; /* of a row of a test: below the test's own */
    size_t index;  /* SUB: place in the test's rows; TEXT: line; DIFF: row of board_diff */
    enum board_diff_part { DIFF_TITLE, DIFF_BOTH, DIFF_LEFT, DIFF_RIGHT } part; /* DIFF */
    struct str text; /* TEXT: one line, borrowed from the test */
};

struct view_group;

struct board_view {
    /* Set through the functions below, or before the first refresh. */
    enum board_order order;
    bool flat;         /* tests without their groups, all together */
    unsigned statuses; /* 0: all; else any of the bits */
    bool narrow;       /* what differs takes two rows, one for each side */
    size_t budget;     /* tests matched with the filter in one refresh; 0: all at once */
    /* Read only. */
    char *filter;    /* as typed; NULL: none */
    bool unfinished; /* not all tests were matched yet: refresh again */
    size_t work;     /* tests and groups looked at since the view was made: what it costs */
    size_t matched;  /* tests shown, in closed groups too */

    struct filter_words {
        char **items;
        size_t len, cap;
    } words;           /* folded */
    unsigned at_words; /* bits that the filter's "@fail" ask for */
    struct view_groups {
        struct view_group *items;
        size_t len, cap;
    } groups;
    struct view_matches {
        unsigned char *items;
        size_t len, cap;
    } matches;
    size_t matched_to; /* tests matched with the filter so far */
    size_t *slots;     /* by test: its place in its group */
    size_t slot_count;
    uint64_t version, stamp; /* of the board and its tree at the last refresh */
    unsigned plans;
    bool stale, seen;
};

/* Words apart by blanks, all of which a test's "package.name file" must contain (ASCII case
 * folded); "@fail", "@error", "@pass", "@skipped", "@warning", "@not-evaluated", "@flaky": any of
 * these. */
void board_view_set_filter(struct board_view *view, struct str text);
void board_view_set_statuses(struct board_view *view, unsigned statuses);
void board_view_set_order(struct board_view *view, enum board_order order, bool flat);
bool board_view_is_filtered(const struct board_view *view);

void board_view_set_narrow(struct board_view *view, bool narrow);

/* Brings it up to date with the board; true when rows may be others. */
bool board_view_refresh(struct board_view *view, struct board *board);
void board_view_free(struct board_view *view);
/* It is going to show another board: filter and order stay. */
void board_view_forget(struct board_view *view);

size_t board_view_count(const struct board_view *view);
/* `row` < count. */
struct board_row board_view_row(const struct board_view *view, struct board *board, size_t row);
/* Where a row of before is now; if it is not shown, its test or the group it is in; SIZE_MAX:
 * nothing of it. */
size_t board_view_find(
    const struct board_view *view, struct board *board, const struct board_row *row);
/* Is it shown open? */
bool board_view_is_open(const struct board_view *view, const struct board *board, size_t group);
/* Opens or closes a group, as the filter lets it. */
void board_view_open(struct board_view *view, struct board *board, size_t group, bool open);
/* Opens all groups a test is in, so that it has a row. */
void board_view_reveal(struct board_view *view, struct board *board, size_t test);
/* The group's names with those of the groups that have no row of their own because it is the only
 * one in them: "opa", "policies/k8s", "k8s.latest_tag_test". Returns how many of at most 3. */
size_t board_view_labels(const struct board *board, size_t group, const char *labels[3]);
/* Tests of a group that the filter lets through. */
size_t board_view_matched(const struct board_view *view, size_t group);

/* The next test (step 1 or -1) in the order shown, closed groups too, that failed or ended with an
 * error; from a row on (SIZE_MAX: from the beginning); SIZE_MAX: none. Wraps. */
size_t board_view_next_failure(
    const struct board_view *view, struct board *board, size_t from, int step);

#endif
