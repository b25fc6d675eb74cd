/* The groups that tests are shown in: engine, folder, suite (package, or what an engine calls so),
 * with what is known of all tests below each. Kept up to date result by result: a result costs the
 * three groups it is in, however many tests there are.
 *
 * Group 0 is the root. A group stays what it is from plan to plan (so does what was opened by
 * hand); one without tests is only not shown. Loop thread only. */
#ifndef BYLAW_ENGINE_BOARD_TREE_H
#define BYLAW_ENGINE_BOARD_TREE_H

#include "engine/result.h"
#include "policy/index.h"

enum board_group_kind { GROUP_ROOT, GROUP_ENGINE, GROUP_FOLDER, GROUP_SUITE };

struct board_sum {
    size_t tests;     /* with those that run now */
    size_t pending;   /* run now */
    size_t attention; /* did not pass and were not left out, in this run or the one before */
    size_t flaky;
    struct tally tally;   /* of rows; not of what runs now */
    uint64_t duration_us; /* of all that ended */
};

struct board_group {
    enum board_group_kind kind;
    char *label; /* "opa", "policies/k8s" ("" is the workspace's folder), "k8s.latest_tag_test" */
    size_t parent;
    struct policy_set groups; /* in the order they were met; also those without tests now */
    struct policy_set tests;  /* SUITE: places in the board */
    struct board_sum sum;
    uint64_t changed; /* stamp of the last change of anything in it */
    /* For views: opened or closed by hand (-1: neither), closed while a filter is on. */
    signed char open;
    bool shut;
};

struct board_tree {
    struct board_group *items;
    size_t len, cap;
    uint64_t stamp;
    size_t *slots; /* of names: group + 1, 0 free */
    size_t slot_count;
};

/* All groups empty, for a new plan; makes the root. */
void board_tree_begin(struct board_tree *tree);
void board_tree_free(struct board_tree *tree);
/* The SUITE for a test, made when it is new. */
size_t board_tree_place(
    struct board_tree *tree, const char *engine, const char *file, const char *suite);
void board_tree_add(struct board_tree *tree, size_t group, size_t test);
/* Adds to (or takes from) the group and all above it. */
void board_tree_count(struct board_tree *tree, size_t group, const struct board_sum *sum, bool add);
/* Views look at it again. */
void board_tree_touch(struct board_tree *tree, size_t group);
/* The group's only group with tests; 0: it has another number of them. */
size_t board_tree_only(const struct board_tree *tree, size_t group);

#endif
