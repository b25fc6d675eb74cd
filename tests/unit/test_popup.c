/* The box beside the cursor: where it has its place, what it shows, what keys do. */
#include "test.h"

#include "widget/note.h"
#include "widget/popup.h"

#include <stdlib.h>

static void below_where_it_fits(void **state)
{
    (void)state;
    struct rect rect = popup_place(40, 120, 10, 30, 8, 40);
    assert_int_equal(rect.row, 11);
    assert_int_equal(rect.col, 30);
    assert_int_equal(rect.rows, 8);
    assert_int_equal(rect.cols, 40);
}

static void above_where_there_is_more_room(void **state)
{
    (void)state;
    struct rect rect = popup_place(40, 120, 36, 30, 8, 40);
    assert_int_equal(rect.row, 28);
    assert_int_equal(rect.rows, 8);
    /* Too large for either: the larger of the two, cut. */
    rect = popup_place(10, 40, 3, 0, 12, 20);
    assert_int_equal(rect.row, 4);
    assert_int_equal(rect.rows, 6);
    rect = popup_place(10, 40, 7, 0, 12, 20);
    assert_int_equal(rect.row, 0);
    assert_int_equal(rect.rows, 7);
}

static void inside_at_any_size(void **state)
{
    (void)state;
    for (int rows = 1; rows < 14; rows++) {
        for (int cols = 1; cols < 50; cols += 7) {
            for (int row = 0; row < rows; row++) {
                for (int col = 0; col < cols; col += 3) {
                    struct rect rect = popup_place(rows, cols, row, col, 10, 30);
                    assert_true(rect.row >= 0 && rect.rows >= 0 && rect.row + rect.rows <= rows);
                    assert_true(rect.col >= 0 && rect.cols > 0 && rect.col + rect.cols <= cols);
                    /* The line one writes in is never covered. */
                    assert_true(rect.rows == 0 || row < rect.row || row >= rect.row + rect.rows);
                    /* Nothing is given away. */
                    int most = rows - 1 - row > row ? rows - 1 - row : row;
                    assert_true(rect.rows == (most < 10 ? most : 10) || rect.rows == 10);
                }
            }
        }
    }
}

static void more_about_it_stands_beside(void **state)
{
    (void)state;
    struct rect box = {.row = 5, .col = 10, .rows = 6, .cols = 40};
    struct rect right = popup_place_beside(120, box, 24, 56);
    assert_int_equal(right.col, 50);
    assert_int_equal(right.cols, 56);
    box.col = 70;
    struct rect left = popup_place_beside(120, box, 24, 56);
    assert_int_equal(left.col, 14);
    assert_int_equal(left.cols, 56);
    box.col = 10;
    assert_int_equal(popup_place_beside(60, box, 24, 56).cols, 0);
}

static void add(struct popup *popup, const char *label, int score, size_t number)
{
    popup_add(popup, (struct popup_item){.letter = 'r',
                         .label = mem_strdup(label),
                         .detail = mem_strdup("detail"),
                         .score = score,
                         .number = number});
}

static struct popup *sample(void)
{
    static const char *const labels[] = {"containers", "is_container", "Count", "count", "sprintf"};
    struct popup *popup = popup_new();
    for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
        add(popup, labels[i], -(int)i, i);
    }
    return popup;
}

static void filter_ranks(void **state)
{
    (void)state;
    struct popup *popup = sample();
    assert_int_equal(popup_filter(popup, STR_LIT("")), 5);
    assert_string_equal(popup_at(popup, 0)->label, "containers");
    /* A beginning as written, one in another case, then letters in order. */
    assert_int_equal(popup_filter(popup, STR_LIT("co")), 4);
    assert_string_equal(popup_at(popup, 0)->label, "containers");
    assert_string_equal(popup_at(popup, 1)->label, "count");
    assert_string_equal(popup_at(popup, 2)->label, "Count");
    assert_string_equal(popup_at(popup, 3)->label, "is_container");
    assert_null(popup_at(popup, 4));
    assert_int_equal(popup_filter(popup, STR_LIT("Co")), 4);
    assert_string_equal(popup_at(popup, 0)->label, "Count");
    /* What is typed whole goes before a longer one with a better place. */
    add(popup, "co", -9, 5);
    assert_int_equal(popup_filter(popup, STR_LIT("co")), 5);
    assert_string_equal(popup_at(popup, 0)->label, "co");
    assert_int_equal(popup_filter(popup, STR_LIT("iscon")), 1);
    assert_int_equal(popup_chosen(popup)->number, 1);
    assert_int_equal(popup_filter(popup, STR_LIT("zz")), 0);
    assert_null(popup_chosen(popup));
    popup_free(popup);
}

static void press(struct popup *popup, enum key_code code)
{
    struct key key = key_of_code(code, 0);
    assert_true(popup_key(popup, &key));
}

static void keys_move_around(void **state)
{
    (void)state;
    struct popup *popup = sample();
    struct key key = key_of_text(STR_LIT("a"), 0);
    popup_filter(popup, STR_LIT(""));
    assert_false(popup_key(popup, &key));
    press(popup, K_UP);
    assert_string_equal(popup_chosen(popup)->label, "sprintf");
    press(popup, K_DOWN);
    assert_string_equal(popup_chosen(popup)->label, "containers");
    press(popup, K_PAGE_DOWN);
    press(popup, K_PAGE_DOWN);
    press(popup, K_PAGE_DOWN);
    assert_string_equal(popup_chosen(popup)->label, "sprintf");
    press(popup, K_PAGE_UP);
    press(popup, K_PAGE_UP);
    press(popup, K_PAGE_UP);
    assert_string_equal(popup_chosen(popup)->label, "containers");
    press(popup, K_DOWN);
    /* The same text again keeps the choice, another begins at the top. */
    popup_filter(popup, STR_LIT(""));
    assert_int_equal(popup_chosen(popup)->number, 1);
    popup_filter(popup, STR_LIT("c"));
    assert_int_equal(popup_chosen(popup)->number, 0);
    popup_free(popup);
}

static void drawn_at_all_sizes(void **state)
{
    (void)state;
    static const int sizes[][2] = {{40, 120}, {24, 80}, {10, 40}, {3, 20}, {1, 5}};
    struct popup *popup = sample();
    struct note *note = note_new();
    note_set(note, STR_LIT("# Head\n\n`code` and a long line that is wrapped\n\n- \x1b[31mone\n"));
    popup_filter(popup, STR_LIT("c"));
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct grid *grid = grid_new(sizes[i][0], sizes[i][1]);
        struct region region = grid_region(grid);
        for (int row = 0; row < sizes[i][0]; row += 3) {
            struct rect rect = popup_draw(popup, region, row, sizes[i][1] - 2);
            assert_true(rect.row + rect.rows <= sizes[i][0]);
            assert_true(rect.rows == 0 || row < rect.row || row >= rect.row + rect.rows);
            note_draw_at(note, region, row, 3, false);
            note_draw_at(note, region, row, 3, true);
            note_draw_in(note, region);
        }
        grid_free(grid);
    }
    struct grid *grid = grid_new(24, 80);
    struct buf text = BUF_INIT;
    (void)popup_draw(popup, grid_region(grid), 2, 10);
    grid_dump_text(grid, &text);
    assert_non_null(strstr(text.ptr, "\n       ▸r containers    detail"));
    buf_free(&text);
    grid_free(grid);
    note_free(note);
    popup_free(popup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_where_it_fits),
        cmocka_unit_test(above_where_there_is_more_room),
        cmocka_unit_test(inside_at_any_size),
        cmocka_unit_test(more_about_it_stands_beside),
        cmocka_unit_test(filter_ranks),
        cmocka_unit_test(keys_move_around),
        cmocka_unit_test(drawn_at_all_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
