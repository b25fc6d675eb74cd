/* The tree of splits: random operations keep every rectangle inside, apart and large enough. */
#include "test.h"

#include "pane/editor_split.h"

#include <stdlib.h>

static int views[64];

static void check(struct split *root, const struct rect *area)
{
    bool owned[64][200] = {{false}};
    for (int row = 0; row < area->rows; row++) {
        for (int col = 0; col < area->cols; col++) {
            const struct split *leaf = split_leaf_at(root, row, col);
            const struct split *node = split_divider_at(root, row, col);
            /* Every cell is a leaf's or a column between two. */
            assert_true(leaf != NULL || node != NULL);
            assert_true(leaf == NULL || leaf->child[0] == NULL);
            owned[row][col] = leaf != NULL;
        }
    }
    for (size_t i = 0; i < 64; i++) {
        const struct split *leaf = split_find(root, &views[i]);
        if (leaf == NULL) {
            continue;
        }
        assert_true(leaf->rect.rows >= SPLIT_MIN_ROWS || split_count(root) == 1);
        assert_true(leaf->rect.cols >= SPLIT_MIN_COLS || split_count(root) == 1);
        assert_true(leaf->rect.row + leaf->rect.rows <= area->rows);
        assert_true(leaf->rect.col + leaf->rect.cols <= area->cols);
        assert_true(owned[leaf->rect.row][leaf->rect.col]);
        assert_ptr_equal(split_leaf_at(root, leaf->rect.row, leaf->rect.col), leaf);
    }
}

static struct split *any_leaf(struct split *root)
{
    struct split *leaf = split_leaf_at(root, root->rect.row, root->rect.col);
    for (int i = rand() % SPLIT_MAX; i > 0; i--) {
        leaf = split_step(root, leaf, i % 2 == 0);
    }
    return leaf;
}

static void test_random(void **state)
{
    (void)state;
    srand(5);
    for (int round = 0; round < 40; round++) {
        int next = 1;
        struct rect area = {0, 0, 20 + rand() % 40, 70 + rand() % 120};
        struct split *root = split_new(&views[0]);
        for (int i = 0; i < 30; i++) {
            bool fits = split_lay_out(root, area);
            if (fits) {
                check(root, &area);
            }
            struct split *leaf = any_leaf(root);
            int dice = rand() % 4;
            bool beside = rand() % 2 == 0;
            if (dice < 2 && fits && split_count(root) < SPLIT_MAX && split_has_room(leaf, beside)) {
                split_divide(leaf, beside, &views[next++ % 64]);
            } else if (dice == 2 && split_count(root) > 1) {
                size_t count = split_count(root);
                struct split *other = split_remove(&root, leaf);
                assert_non_null(other->view);
                assert_int_equal(split_count(root), count - 1);
                assert_null(root->parent);
            } else {
                struct split *node = split_divider_at(root, rand() % area.rows, rand() % area.cols);
                if (node != NULL) {
                    split_drag(node, rand() % 80 - 10, rand() % 220 - 10);
                }
            }
        }
        split_free(root);
    }
}

static void test_neighbours(void **state)
{
    (void)state;
    struct rect area = {0, 0, 24, 81};
    struct split *root = split_new(&views[0]);
    assert_true(split_lay_out(root, area));
    split_divide(root, true, &views[1]);
    assert_true(split_lay_out(root, area));
    split_divide(split_find(root, &views[1]), false, &views[2]);
    assert_true(split_lay_out(root, area));
    struct split *a = split_find(root, &views[0]), *b = split_find(root, &views[1]),
                 *c = split_find(root, &views[2]);
    assert_ptr_equal(split_beside(root, a, SPLIT_RIGHT, 1, 1), b);
    assert_ptr_equal(split_beside(root, a, SPLIT_RIGHT, 20, 1), c);
    assert_ptr_equal(split_beside(root, c, SPLIT_LEFT, 20, 60), a);
    assert_ptr_equal(split_beside(root, b, SPLIT_DOWN, 1, 60), c);
    assert_ptr_equal(split_beside(root, c, SPLIT_UP, 20, 60), b);
    assert_null(split_beside(root, a, SPLIT_LEFT, 1, 1));
    assert_null(split_beside(root, b, SPLIT_UP, 1, 60));
    assert_ptr_equal(split_step(root, c, false), a);
    assert_ptr_equal(split_step(root, a, true), c);
    /* A line dragged is where it was dropped. */
    struct split *line = split_divider_at(root, 3, 40);
    assert_non_null(line);
    for (int col = SPLIT_MIN_COLS; col < 81 - SPLIT_MIN_COLS; col++) {
        split_drag(line, 3, col);
        assert_true(split_lay_out(root, area));
        assert_ptr_equal(split_divider_at(root, 3, col), line);
    }
    /* Too small for all of them. */
    assert_false(split_lay_out(root, (struct rect){0, 0, 5, 81}));
    assert_false(split_lay_out(root, (struct rect){0, 0, 24, 32}));
    assert_true(split_lay_out(root, (struct rect){0, 0, 6, 33}));
    split_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
