#include "test.h"

#include "layout.h"

static bool overlap(struct rect a, struct rect b)
{
    return a.rows > 0 && a.cols > 0 && b.rows > 0 && b.cols > 0 && a.row < b.row + b.rows &&
           b.row < a.row + a.rows && a.col < b.col + b.cols && b.col < a.col + a.cols;
}

static void check(const struct layout *layout)
{
    struct rect all[2 * SLOT_COUNT + 2];
    size_t count = 0;
    all[count++] = layout->header;
    all[count++] = layout->key_line;
    int shown = 0;
    for (int i = 0; i < SLOT_COUNT; i++) {
        all[count++] = layout->title[i];
        all[count++] = layout->inside[i];
        shown += layout_is_shown(layout, (enum slot)i) ? 1 : 0;
    }
    if (layout->too_small) {
        assert_int_equal(shown, 0);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(all[i].row >= 0 && all[i].col >= 0);
        assert_true(all[i].row + all[i].rows <= layout->rows);
        assert_true(all[i].col + all[i].cols <= layout->cols);
        for (size_t k = i + 1; k < count; k++) {
            assert_false(overlap(all[i], all[k]));
        }
    }
    assert_true(shown >= 1);
    /* The focused pane can be seen, with room to work in. */
    assert_true(layout_is_shown(layout, layout->focus));
    assert_true(layout->inside[layout->focus].rows >= 2);
    assert_true(layout->inside[layout->focus].cols >= 19);
}

static void test_every_size(void **state)
{
    (void)state;
    for (int rows = 1; rows < 70; rows++) {
        for (int cols = 1; cols < 220; cols += 3) {
            for (int focus = 0; focus < SLOT_COUNT; focus++) {
                struct layout layout;
                layout_init(&layout);
                layout.focus = (enum slot)focus;
                layout_compute(&layout, rows, cols);
                assert_int_equal(layout.too_small, rows < 10 || cols < 40);
                check(&layout);
            }
        }
    }
}

static void test_known_sizes(void **state)
{
    (void)state;
    struct layout layout;
    layout_init(&layout);
    layout_compute(&layout, 40, 120);
    assert_false(layout.tabs || layout.status_folded);
    assert_true(layout.divider_col > 40 && layout.divider_col < 60);
    assert_int_equal(layout.inside[SLOT_CHAT].rows, layout.inside[SLOT_EDITOR].rows);
    layout_compute(&layout, 24, 80);
    assert_true(layout.tabs);
    assert_false(layout.status_folded);
    assert_false(layout_is_shown(&layout, SLOT_EDITOR));
    layout_focus(&layout, SLOT_EDITOR);
    assert_true(layout_is_shown(&layout, SLOT_EDITOR));
    layout_focus(&layout, SLOT_STATUS);
    assert_true(layout_is_shown(&layout, SLOT_EDITOR)); /* the tab in front stays */
    layout_focus(&layout, SLOT_CHAT);
    layout_compute(&layout, 10, 40);
    assert_true(layout.tabs && layout.status_folded);
    assert_int_equal(layout.inside[SLOT_CHAT].rows, 6);
    layout_focus(&layout, SLOT_STATUS); /* the folded pane opens when one goes to it */
    assert_false(layout.status_folded);
    check(&layout);
}

static void test_zoom_hide_next(void **state)
{
    (void)state;
    struct layout layout;
    layout_init(&layout);
    layout_compute(&layout, 40, 120);
    layout_toggle_zoom(&layout);
    assert_int_equal(layout.inside[SLOT_CHAT].cols, 120);
    assert_int_equal(layout.inside[SLOT_CHAT].rows, 37);
    assert_false(layout_is_shown(&layout, SLOT_STATUS));
    layout_focus(&layout, SLOT_STATUS); /* the zoom goes along */
    assert_true(layout_is_shown(&layout, SLOT_STATUS));
    assert_false(layout_is_shown(&layout, SLOT_CHAT));
    layout_toggle_zoom(&layout);
    assert_true(layout_is_shown(&layout, SLOT_CHAT));
    layout_toggle_hidden(&layout, SLOT_STATUS);
    assert_int_equal(layout.focus, SLOT_CHAT);
    assert_int_equal(layout_next(&layout, 1), SLOT_EDITOR);
    assert_int_equal(layout_next(&layout, -1), SLOT_EDITOR);
    layout_toggle_hidden(&layout, SLOT_EDITOR);
    assert_int_equal(layout_next(&layout, 1), SLOT_CHAT);
    layout_toggle_hidden(&layout, SLOT_CHAT); /* the last one stays */
    assert_false(layout.hidden[SLOT_CHAT]);
    check(&layout);
}

static void test_splits(void **state)
{
    (void)state;
    struct layout layout;
    layout_init(&layout);
    layout_compute(&layout, 40, 120);
    int col = layout.divider_col;
    int row = layout.divider_row;
    layout_grow(&layout, 0, 2);
    assert_int_equal(layout.divider_col, col + 2);
    layout_focus(&layout, SLOT_EDITOR);
    layout_grow(&layout, 0, 2);
    assert_int_equal(layout.divider_col, col);
    layout_focus(&layout, SLOT_STATUS);
    layout_grow(&layout, 1, 0);
    assert_int_equal(layout.divider_row, row - 1);
    for (int target = 30; target < 90; target++) {
        layout_drag_divider(&layout, true, 0, target);
        assert_int_equal(layout.divider_col, target);
    }
    for (int target = 10; target < 30; target++) {
        layout_drag_divider(&layout, false, target, 0);
        assert_int_equal(layout.divider_row, target);
    }
    layout_drag_divider(&layout, true, 0, 1000);
    check(&layout);
    layout_drag_divider(&layout, false, -5, 0);
    check(&layout);
}

/* Any sequence of wishes and sizes leaves a sound layout. */
static void test_random_operations(void **state)
{
    (void)state;
    unsigned seed = 3;
    struct layout layout;
    layout_init(&layout);
    layout_compute(&layout, 40, 120);
    for (int i = 0; i < 200000; i++) {
        seed = seed * 1103515245u + 12345u;
        int r = (int)(seed >> 16 & 0x7FFF);
        switch (r % 9) {
        case 0:
            layout_compute(&layout, 1 + r % 60, 1 + r / 3 % 200);
            break;
        case 1:
            layout_focus(&layout, (enum slot)(r / 9 % SLOT_COUNT));
            break;
        case 2:
            layout_toggle_zoom(&layout);
            break;
        case 3:
            layout_toggle_hidden(&layout, (enum slot)(r / 9 % SLOT_COUNT));
            break;
        case 4:
            layout_grow(&layout, r % 5 - 2, r % 7 - 3);
            break;
        case 5:
            layout_drag_divider(&layout, r % 2 == 0, r % 80 - 10, r % 250 - 20);
            break;
        case 6:
            layout_focus(&layout, layout_next(&layout, r % 2 == 0 ? 1 : -1));
            break;
        default:
            assert_true(layout_at(&layout, r % 70, r % 200) <= SLOT_NONE);
        }
        check(&layout);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_known_sizes),
        cmocka_unit_test(test_zoom_hide_next),
        cmocka_unit_test(test_splits),
        cmocka_unit_test(test_random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
