#include "engine/board_tree.h"

#include "base/path.h"
#include "base/vec.h"

#include <stdlib.h>

static size_t slot_of(const struct board_tree *tree, size_t parent, struct str label)
{
    uint64_t hash = str_hash_more(parent * 0x9e3779b97f4a7c15u, label);
    size_t slot = (size_t)hash & (tree->slot_count - 1);
    while (tree->slots[slot] != 0) {
        const struct board_group *group = &tree->items[tree->slots[slot] - 1];
        if (group->parent == parent && group->kind != GROUP_ROOT &&
            str_equal_c(label, group->label)) {
            break;
        }
        slot = (slot + 1) & (tree->slot_count - 1);
    }
    return slot;
}

static void grow_slots(struct board_tree *tree)
{
    if (tree->slots != NULL && tree->len * 2 < tree->slot_count) {
        return;
    }
    free(tree->slots);
    tree->slot_count = tree->slot_count == 0 ? 64 : tree->slot_count * 2;
    tree->slots = mem_zalloc(tree->slot_count * sizeof *tree->slots);
    for (size_t i = 1; i < tree->len; i++) {
        const struct board_group *group = &tree->items[i];
        tree->slots[slot_of(tree, group->parent, str_of(group->label))] = i + 1;
    }
}

void board_tree_begin(struct board_tree *tree)
{
    if (tree->len == 0) {
        VEC_PUSH(tree, (struct board_group){.kind = GROUP_ROOT, .open = -1});
    }
    tree->stamp++;
    VEC_FOREACH (struct board_group, group, tree) {
        group->tests.len = 0;
        group->sum = (struct board_sum){0};
        group->changed = tree->stamp;
    }
}

void board_tree_free(struct board_tree *tree)
{
    VEC_FOREACH (struct board_group, group, tree) {
        free(group->label);
        VEC_FREE(&group->groups);
        VEC_FREE(&group->tests);
    }
    VEC_FREE(tree);
    free(tree->slots);
    tree->slots = NULL;
    tree->slot_count = 0;
}

static size_t child_of(
    struct board_tree *tree, size_t parent, enum board_group_kind kind, struct str label)
{
    grow_slots(tree);
    size_t slot = slot_of(tree, parent, label);
    if (tree->slots[slot] != 0) {
        return tree->slots[slot] - 1;
    }
    size_t place = tree->len;
    VEC_PUSH(tree,
        (struct board_group){.kind = kind, .label = str_dup(label), .parent = parent, .open = -1});
    VEC_PUSH(&tree->items[parent].groups, place);
    tree->slots[slot] = place + 1;
    return place;
}

size_t board_tree_place(
    struct board_tree *tree, const char *engine, const char *file, const char *suite)
{
    const char *base = path_base(file);
    size_t folder = base > file ? (size_t)(base - file) - 1 : 0;
    size_t group = child_of(tree, 0, GROUP_ENGINE, str_of(engine));
    group = child_of(tree, group, GROUP_FOLDER, str_make(file, folder));
    return child_of(tree, group, GROUP_SUITE, str_of(suite));
}

void board_tree_add(struct board_tree *tree, size_t group, size_t test)
{
    VEC_PUSH(&tree->items[group].tests, test);
}

static void add_size(size_t *to, size_t value, bool add)
{
    *to = add ? *to + value : *to - value;
}

static void add_sum(struct board_sum *to, const struct board_sum *sum, bool add)
{
    add_size(&to->tests, sum->tests, add);
    add_size(&to->pending, sum->pending, add);
    add_size(&to->attention, sum->attention, add);
    add_size(&to->flaky, sum->flaky, add);
    for (size_t i = 0; i < RESULT_STATUSES; i++) {
        add_size(&to->tally.count[i], sum->tally.count[i], add);
    }
    to->duration_us = add ? to->duration_us + sum->duration_us : to->duration_us - sum->duration_us;
}

void board_tree_count(struct board_tree *tree, size_t group, const struct board_sum *sum, bool add)
{
    board_tree_touch(tree, group);
    for (;; group = tree->items[group].parent) {
        add_sum(&tree->items[group].sum, sum, add);
        if (group == 0) {
            return;
        }
    }
}

void board_tree_touch(struct board_tree *tree, size_t group)
{
    tree->stamp++;
    for (;; group = tree->items[group].parent) {
        tree->items[group].changed = tree->stamp;
        if (group == 0) {
            return;
        }
    }
}

size_t board_tree_only(const struct board_tree *tree, size_t group)
{
    size_t only = 0;
    const struct policy_set *groups = &tree->items[group].groups;
    for (size_t i = 0; i < groups->len; i++) {
        if (tree->items[groups->items[i]].sum.tests > 0) {
            if (only != 0) {
                return 0;
            }
            only = groups->items[i];
        }
    }
    return only;
}
