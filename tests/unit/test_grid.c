#include "test.h"

#include "base/utf8.h"
#include "screen/grid.h"

#include <stdlib.h>

static char *dump(const struct grid *grid)
{
    struct buf out = BUF_INIT;
    grid_dump_text(grid, &out);
    return buf_take(&out);
}

static void assert_grid(const struct grid *grid, const char *expected)
{
    char *text = dump(grid);
    assert_string_equal(text, expected);
    free(text);
}

static void test_put_and_clip(void **state)
{
    (void)state;
    struct grid *grid = grid_new(3, 10);
    struct region all = grid_region(grid);
    assert_int_equal(grid_put_c(all, 0, 0, "hello", STYLE(TEXT)), 5);
    assert_int_equal(grid_put_c(all, 0, 7, "world", STYLE(TEXT)), 5);
    assert_int_equal(grid_put_c(all, 1, -2, "abcd", STYLE(TEXT)), 4);
    grid_put_c(all, -1, 0, "no", STYLE(TEXT));
    grid_put_c(all, 3, 0, "no", STYLE(TEXT));
    assert_grid(grid, "hello  wor\ncd\n\n");
    struct region part = region_sub(all, 1, 4, 2, 3);
    grid_put_c(part, 0, 0, "xyz!", STYLE(TEXT));
    grid_put_c(part, 1, 2, "Q", STYLE(TEXT));
    assert_grid(grid, "hello  wor\ncd  xyz\n      Q\n");
    grid_free(grid);
}

static void test_regions_stay_inside(void **state)
{
    (void)state;
    struct grid *grid = grid_new(4, 8);
    struct region all = grid_region(grid);
    struct region part = region_sub(all, -1, -2, 3, 20);
    assert_int_equal(part.rect.row, 0);
    assert_int_equal(part.rect.rows, 2);
    assert_int_equal(part.rect.cols, 8);
    /* Its own (0, 0) is above and left of the grid: what stands there is cut. */
    grid_put_c(part, 1, 0, "abcdef", STYLE(TEXT));
    assert_grid(grid, "cdef\n\n\n\n");
    struct region none = region_sub(all, 9, 9, 3, 3);
    grid_fill(none, STYLE(ADD));
    grid_put_c(none, 0, 0, "x", STYLE(TEXT));
    assert_grid(grid, "cdef\n\n\n\n");
    region_sub(all, 1, 1, -5, -5);
    grid_free(grid);
}

static void test_wide_characters(void **state)
{
    (void)state;
    struct grid *grid = grid_new(1, 6);
    struct region all = grid_region(grid);
    assert_int_equal(grid_put_c(all, 0, 0, "政策x", STYLE(TEXT)), 5);
    assert_int_equal(grid_cell(grid, 0, 0)->width, 2);
    assert_int_equal(grid_cell(grid, 0, 1)->width, 0);
    assert_grid(grid, "政策x\n");
    /* Over one half of it: the other half becomes blank, no half character is left. */
    grid_put_c(all, 0, 1, "a", STYLE(TEXT));
    assert_grid(grid, " a策x\n");
    grid_put_c(all, 0, 2, "b", STYLE(TEXT));
    assert_grid(grid, " ab x\n");
    /* One that does not fit at the edge is not cut in half. */
    grid_put_c(all, 0, 5, "策", STYLE(TEXT));
    assert_grid(grid, " ab x\n");
    grid_free(grid);
}

static void test_clusters(void **state)
{
    (void)state;
    struct grid *grid = grid_new(1, 20);
    struct region all = grid_region(grid);
    /* e + acute is one cell; a family of four joined by ZWJ is one cell of two columns. */
    assert_int_equal(grid_put_c(all, 0, 0, "e\xCC\x81", STYLE(TEXT)), 1);
    assert_int_equal(grid_cell(grid, 0, 0)->len, 3);
    const char *family = "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D"
                         "\xF0\x9F\x91\xA7\xE2\x80\x8D\xF0\x9F\x91\xA6";
    assert_int_equal(grid_put_c(all, 0, 2, family, STYLE(TEXT)), 2);
    assert_int_equal(grid_cell(grid, 0, 2)->len, strlen(family));
    /* A base with fifty marks is cut after a whole code point. */
    struct buf zalgo = BUF_INIT;
    buf_append_char(&zalgo, 'z');
    for (int i = 0; i < 50; i++) {
        buf_append_c(&zalgo, "\xCC\x81");
    }
    assert_int_equal(grid_put(all, 0, 5, buf_str(&zalgo), STYLE(TEXT)), 1);
    const struct cell *cell = grid_cell(grid, 0, 5);
    assert_true(cell->len <= CELL_TEXT_MAX);
    assert_true(utf8_is_valid(str_make(cell->text, cell->len)));
    buf_free(&zalgo);
    grid_free(grid);
}

static void test_hidden_characters_are_shown(void **state)
{
    (void)state;
    struct grid *grid = grid_new(1, 60);
    struct region all = grid_region(grid);
    struct str text = STR_LIT("a\033[31mb\xFF\xC2\x9B"
                              "c\xE2\x80\xAE"
                              "d\r\n\te");
    int used = grid_put(all, 0, 0, text, STYLE(TEXT));
    assert_grid(grid, "a^[[31mb<ff><9b>c<U+202E>d^M^J e\n");
    assert_int_equal(used, (int)utf8_width(STR_LIT("a^[[31mb<ff><9b>c<U+202E>d^M^J e")));
    assert_int_equal(grid_cell(grid, 0, 1)->style.fg, STYLE_HIDDEN_CHARACTER);
    assert_int_equal(grid_cell(grid, 0, 0)->style.fg, STYLE_TEXT);
    grid_free(grid);
}

/* No byte below 0x20, no C1 and no invalid UTF-8 can be in a cell, whatever is painted. */
static void test_no_control_reaches_a_cell(void **state)
{
    (void)state;
    unsigned seed = 7;
    struct grid *grid = grid_new(4, 40);
    for (int round = 0; round < 3000; round++) {
        char bytes[48];
        size_t len = (size_t)(round % 48);
        size_t at = 0;
        while (at + 4 < len) {
            seed = seed * 1103515245u + 12345u;
            static const int32_t odd[] = {0x301, 0x200D, 0x200C, 0xFE0F, 0x1F468, 0x1100, 0x1161,
                0x1F1E9, 0x0600, 0x202E, 0x653F, 'a', '\t', 0x1B, 0xE0020};
            if (seed >> 30 == 0) {
                bytes[at++] = (char)(seed >> 16);
            } else {
                at += utf8_encode(odd[(seed >> 16) % ARRAY_LEN(odd)], bytes + at);
            }
        }
        len = at;
        seed = seed * 1103515245u + 12345u;
        int used = grid_put(grid_region(grid), (int)(seed >> 16) % 6 - 1,
            (int)(seed >> 20) % 50 - 5, str_make(bytes, len), STYLE(TEXT));
        assert_int_equal(used, (int)utf8_width(str_make(bytes, len)));
        for (int row = 0; row < 4; row++) {
            for (int col = 0; col < 40; col++) {
                const struct cell *cell = grid_cell(grid, row, col);
                struct str text = str_make(cell->text, cell->len);
                assert_true(utf8_is_valid(text));
                assert_true(cell->len == 0 || (unsigned char)cell->text[0] >= 0x20);
                assert_true(utf8_width_cluster(text) <= 2);
                /* A wide cell has its right half, a right half its wide cell. */
                if (cell->width == 2) {
                    assert_int_equal(grid_cell(grid, row, col + 1)->width, 0);
                } else if (cell->width == 0) {
                    assert_int_equal(grid_cell(grid, row, col - 1)->width, 2);
                }
            }
        }
    }
    grid_free(grid);
}

/* Where such characters are wide, text has two cells for each, and our own marks and lines are
 * ASCII: what was laid out for one column stays in it. */
static void test_ambiguous_width(void **state)
{
    (void)state;
    struct grid *grid = grid_new(3, 12);
    struct region all = grid_region(grid);
    struct buf text = BUF_INIT;
    utf8_set_ambiguous_width(2);
    grid_set_ascii(grid, true);
    assert_int_equal(grid_put(all, 0, 0,
                         STR_LIT("a\xCE\xB1"
                                 "b"),
                         STYLE(TEXT)),
        4);
    assert_int_equal(grid_put_c(all, 1, 0, "\xE2\x97\x8F x\xE2\x80\xA6", STYLE(TEXT)), 4);
    grid_hline(all, 2, 0, 4, STYLE(TEXT));
    assert_int_equal(grid_cell(grid, 0, 1)->width, 2);
    grid_dump_text(grid, &text);
    assert_string_equal(text.ptr, "a\xCE\xB1"
                                  "b\n* x~\n----\n");
    utf8_set_ambiguous_width(1);
    buf_free(&text);
    grid_free(grid);
}

static void test_fit(void **state)
{
    (void)state;
    struct grid *grid = grid_new(4, 12);
    struct region all = grid_region(grid);
    assert_int_equal(grid_put_fit(all, 0, 0, 6, STR_LIT("policy"), STYLE(TEXT)), 6);
    assert_int_equal(grid_put_fit(all, 1, 0, 6, STR_LIT("policies"), STYLE(TEXT)), 6);
    assert_int_equal(grid_put_fit_end(all, 2, 0, 6, STR_LIT("a/b/c.rego"), STYLE(TEXT)), 6);
    assert_int_equal(grid_put_fit(all, 3, 0, 0, STR_LIT("x"), STYLE(TEXT)), 0);
    assert_grid(grid, "policy\npolic…\n….rego\n\n");
    grid_free(grid);
}

static void test_box_and_overlay(void **state)
{
    (void)state;
    struct grid *grid = grid_new(3, 12);
    struct region all = grid_region(grid);
    struct region inside = grid_box(all, "Keys", STYLE(BORDER));
    grid_put_c(inside, 0, 0, "text", STYLE(SYNTAX_KEYWORD));
    grid_overlay(inside, 0, 0, 4, STYLE_ADD, ATTR_BOLD);
    assert_grid(grid, "┌─ Keys ───┐\n│text      │\n└──────────┘\n");
    const struct cell *cell = grid_cell(grid, 1, 1);
    assert_int_equal(cell->style.fg, STYLE_SYNTAX_KEYWORD);
    assert_int_equal(cell->style.bg, STYLE_ADD);
    assert_int_equal(cell->style.attr, ATTR_BOLD);
    struct buf styles = BUF_INIT;
    grid_dump_styles(grid, &styles);
    assert_non_null(strstr(styles.ptr, "1 1-4 syntax.keyword/add+b text\n"));
    buf_free(&styles);
    grid_set_ascii(grid, true);
    grid_box(all, NULL, STYLE(BORDER));
    assert_grid(grid, "+----------+\n|text      |\n+----------+\n");
    grid_free(grid);
}

static void test_cursor(void **state)
{
    (void)state;
    struct grid *grid = grid_new(4, 10);
    int row;
    int col;
    assert_false(grid_cursor(grid, &row, &col));
    struct region part = region_sub(grid_region(grid), 1, 2, 2, 4);
    grid_set_cursor(part, 1, 3);
    assert_true(grid_cursor(grid, &row, &col));
    assert_int_equal(row, 2);
    assert_int_equal(col, 5);
    grid_hide_cursor(grid);
    grid_set_cursor(part, 2, 0); /* outside: stays hidden */
    assert_false(grid_cursor(grid, &row, &col));
    grid_free(grid);
}

static void test_captures(void **state)
{
    (void)state;
    assert_int_equal(
        theme_style_of_capture(STR_LIT("function.builtin")), STYLE_SYNTAX_FUNCTION_BUILTIN);
    assert_int_equal(
        theme_style_of_capture(STR_LIT("function.method.call")), STYLE_SYNTAX_FUNCTION);
    assert_int_equal(theme_style_of_capture(STR_LIT("nonsense")), STYLE_TEXT);
    assert_int_equal(theme_style_of_capture(STR_LIT("")), STYLE_TEXT);
    assert_string_equal(style_name(STYLE_ADD_WORD), "add-word");
    assert_string_equal(style_name(STYLE_SYNTAX_STRING_ESCAPE), "syntax.string.escape");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_and_clip),
        cmocka_unit_test(test_regions_stay_inside),
        cmocka_unit_test(test_wide_characters),
        cmocka_unit_test(test_clusters),
        cmocka_unit_test(test_hidden_characters_are_shown),
        cmocka_unit_test(test_no_control_reaches_a_cell),
        cmocka_unit_test(test_ambiguous_width),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_box_and_overlay),
        cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_captures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
