/* Views of a file in the editor: several of one file, splits, what they show. */
#include "editor_bench.h"
#include "test.h"

#include "config/config.h"

#include <stdlib.h>
#include <time.h>

static void lines(struct bench *bench, const char *name, int count)
{
    struct buf text = BUF_INIT;
    for (int i = 1; i <= count; i++) {
        buf_printf(&text, "line %d\n", i);
    }
    buf_append_char(&text, '\0');
    test_write(bench->dir, name, text.ptr);
    buf_free(&text);
}

static void cursor_is(struct bench *bench, size_t row, size_t col)
{
    size_t r, c;
    editor_cursor(bench->editor, &r, &c);
    assert_int_equal(r, row);
    assert_int_equal(c, col);
}

static size_t count_on_screen(struct bench *bench, const char *text)
{
    size_t count = 0;
    for (const char *at = bench_screen(bench); (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}

static void test_two_views_of_one_file(void **state)
{
    struct bench *bench = *state;
    bench->rows = 40;
    lines(bench, "a.txt", 100);
    bench_open(bench, "a.txt");
    bench_screen(bench);
    bench_press(bench, "alt--");
    bench_see(bench, "a.txt");
    assert_int_equal(count_on_screen(bench, "line 3 "), 2);
    /* The second view goes elsewhere; what is typed there moves the first one's cursor and rows. */
    bench_press(bench, "down down down down f6 ctrl-end f6");
    cursor_is(bench, 4, 0);
    bench_see(bench, "100  line 100");
    bench_see(bench, "  1  line 1");
    bench_press(bench, "ctrl-home");
    bench_type(bench, "new\nnew\n");
    bench_see(bench, "102  line 100");
    bench_press(bench, "f6");
    cursor_is(bench, 102, 0);
    bench_type(bench, "end");
    bench_press(bench, "f6 ctrl-z");
    bench_see_not(bench, "103  end");
    bench_press(bench, "alt-x");
    assert_int_equal(count_on_screen(bench, "line 3 "), 0);
    bench_see(bench, "100  line 98");
}

static void test_top_stays_while_another_edits(void **state)
{
    struct bench *bench = *state;
    bench->rows = 40;
    lines(bench, "a.txt", 300);
    bench_open(bench, "a.txt");
    bench_screen(bench);
    bench_press(bench, "alt--");
    bench_press(bench, "ctrl-g");
    bench_type(bench, "200");
    bench_press(bench, "enter");
    bench_screen(bench);
    bench_press(bench, "f6 ctrl-home");
    bench_see(bench, "200  line 200");
    bench_press(bench, "ctrl-k ctrl-k ctrl-k");
    bench_see(bench, "197  line 200");
    bench_press(bench, "ctrl-a delete");
    bench_see_not(bench, "line 2");
    bench_press(bench, "ctrl-z");
    bench_see(bench, "line 4");
    bench_press(bench, "ctrl-z ctrl-z ctrl-z");
    bench_see(bench, "line 1");
}

static void test_up_to_four_views(void **state)
{
    struct bench *bench = *state;
    bench->rows = 60;
    bench->cols = 200;
    lines(bench, "a.txt", 20);
    lines(bench, "b.txt", 7);
    bench_open(bench, "a.txt");
    bench_screen(bench);
    bench_press(bench, "alt-\\ alt-- alt--");
    assert_int_equal(count_on_screen(bench, "  1  line 1"), 4);
    bench_press(bench, "alt--");
    bench_see(bench, "four views are the most");
    bench_open(bench, "b.txt");
    assert_int_equal(count_on_screen(bench, "  1  line 1"), 4);
    assert_int_equal(count_on_screen(bench, "  4  line 4"), 4);
    /* A jump to a file that is shown goes where it is shown. */
    bench_press(bench, "f6");
    assert_string_equal(editor_path(bench->editor), "a.txt");
    assert_true(editor_jump(bench->editor, "b.txt", 3, 0));
    assert_int_equal(count_on_screen(bench, "  4  line 4"), 4);
    cursor_is(bench, 3, 0);
    /* Closing a file closes its views, as long as one is left. */
    bench_press(bench, "f6 ctrl-w");
    assert_string_equal(editor_path(bench->editor), "b.txt");
    assert_int_equal(count_on_screen(bench, "  1  line 1"), 1);
    bench_press(bench, "ctrl-w");
    bench_see(bench, "No file is open");
    bench_press(bench, "f6 alt-x alt--");
    bench_open(bench, "a.txt");
    bench_see(bench, "line 15");
}

static void test_directions_and_only(void **state)
{
    struct bench *bench = *state;
    bench->rows = 50;
    bench->cols = 200;
    lines(bench, "a.txt", 20);
    lines(bench, "b.txt", 20);
    bench_open(bench, "a.txt");
    bench_screen(bench);
    bench_press(bench, "alt-\\");
    bench_open(bench, "b.txt");
    bench_screen(bench);
    const struct action *left = NULL;
    for (size_t i = 0; i < editor_actions.count; i++) {
        left = strcmp(editor_actions.actions[i].id, "editor.view-left") == 0
                   ? &editor_actions.actions[i]
                   : left;
    }
    assert_non_null(left);
    left->run(bench->editor);
    assert_string_equal(editor_path(bench->editor), "a.txt");
    left->run(bench->editor);
    bench_see(bench, "no view on that side");
    bench_press(bench, "alt-=");
    assert_int_equal(count_on_screen(bench, "line 20"), 1);
    bench_press(bench, "alt-.");
    assert_string_equal(editor_path(bench->editor), "b.txt");
}

static void test_mouse_and_dividers(void **state)
{
    struct bench *bench = *state;
    int row, col;
    bench->rows = 50;
    bench->cols = 200;
    lines(bench, "a.txt", 200);
    bench_open(bench, "a.txt");
    bench_screen(bench);
    bench_press(bench, "alt--");
    bench_screen(bench);
    const struct grid *grid = app_paint_to_grid(bench->app, bench->rows, bench->cols);
    assert_true(grid_cursor(grid, &row, &col));
    assert_int_equal(count_on_screen(bench, "line 4 "), 2);
    assert_int_equal(count_on_screen(bench, "line 17 "), 0);
    /* The title above the lower view is the line between them. */
    bench_mouse(bench, MOUSE_PRESS, row - 1, col + 3);
    bench_mouse(bench, MOUSE_DRAG, row - 10, col + 3);
    bench_mouse(bench, MOUSE_RELEASE, row - 10, col + 3);
    assert_int_equal(count_on_screen(bench, "line 4 "), 2);
    assert_int_equal(count_on_screen(bench, "line 17 "), 1);
    app_paint_to_grid(bench->app, bench->rows, bench->cols);
    assert_true(grid_cursor(grid, &row, &col));
    bench_press(bench, "down");
    /* A click into the other view gives it the keys. */
    bench_mouse(bench, MOUSE_PRESS, row - 4, col + 2);
    bench_mouse(bench, MOUSE_RELEASE, row - 4, col + 2);
    size_t r, c;
    editor_cursor(bench->editor, &r, &c);
    assert_true(r > 1);
    assert_int_equal(c, 2);
    bench_press(bench, "f6");
    cursor_is(bench, 1, 0);
}

static void test_small_screens(void **state)
{
    struct bench *bench = *state;
    bench->rows = 40;
    bench->cols = 120;
    lines(bench, "a.txt", 50);
    bench_open(bench, "a.txt");
    bench_screen(bench);
    bench_press(bench, "alt-- alt--");
    for (bench->rows = 40; bench->rows > 3; bench->rows--) {
        for (bench->cols = 120; bench->cols > 10; bench->cols -= 7) {
            bench_screen(bench);
            bench_press(bench, "down f6 up");
        }
    }
    bench->rows = 10;
    bench->cols = 60;
    bench_screen(bench);
    bench_press(bench, "alt--");
    bench_see(bench, "too small");
}

static void run_action(struct bench *bench, const char *id)
{
    for (size_t i = 0; i < editor_actions.count; i++) {
        if (strcmp(editor_actions.actions[i].id, id) == 0) {
            const char *why = action_why_not(&editor_actions.actions[i], bench->editor);
            if (why != NULL) {
                app_message(bench->app, MESSAGE_WARNING, "%s", why);
            } else {
                editor_actions.actions[i].run(bench->editor);
            }
            return;
        }
    }
    fail_msg("no action %s", id);
}

static void test_wrap(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt",
        "    one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen "
        "sixteen\nshort\n");
    bench->rows = 40;
    bench_open(bench, "a.txt");
    bench_see(bench, "thirte›");
    bench_press(bench, "alt-w");
    bench_see(bench, "        thirteen fourteen fifteen sixteen\n");
    bench_see(bench, "↪");
    bench_see(bench, "  2  short");
    /* Down goes by rows of the screen, and keeps its column. */
    bench_press(bench, "end home");
    cursor_is(bench, 0, 4);
    bench_press(bench, "right right right right down");
    size_t row, col;
    editor_cursor(bench->editor, &row, &col);
    assert_int_equal(row, 0);
    assert_true(col > 60);
    bench_press(bench, "down");
    cursor_is(bench, 1, 5);
    bench_press(bench, "up up");
    cursor_is(bench, 0, 8);
    bench_press(bench, "alt-w");
    bench_see(bench, "›");
}

static void test_one_long_line(void **state)
{
    struct bench *bench = *state;
    struct buf text = BUF_INIT;
    for (int i = 0; i < 60000; i++) {
        buf_printf(&text, "{\"key\": %d}, ", i);
    }
    buf_append_char(&text, '\0');
    test_write(bench->dir, "a.txt", text.ptr);
    bench->rows = 40;
    bench_open(bench, "a.txt");
    bench_press(bench, "alt-w ctrl-end");
    bench_see(bench, "{\"key\": 59999}");
    clock_t begin = clock();
    for (int i = 0; i < 40; i++) {
        bench_press(bench, "up up left pageup");
        bench_type(bench, "x");
        bench_screen(bench);
    }
    /* Walking the line from its start for each of them would take minutes here. */
    assert_true((clock() - begin) / CLOCKS_PER_SEC < 5);
    bench_press(bench, "ctrl-home");
    bench_see(bench, "{\"key\": 0}");
    buf_free(&text);
}

static const char rego[] =
    "package a\n\nimport data.b\n\nallow if {\n\tinput.x == {\n\t\t\"a\": 1,\n"
    "\t}\n\tinput.y\n}\n\ndeny if {\n\tinput.z\n}\n";

static void test_folds(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.rego", rego);
    bench->rows = 40;
    bench_open(bench, "a.rego");
    bench_screen(bench);
    bench_press(bench, "down down down down f9");
    bench_see(bench, "allow if { ⋯ 5 lines");
    bench_see(bench, "▸");
    bench_see_not(bench, "input.x");
    /* Arrows pass over it. */
    bench_press(bench, "down");
    cursor_is(bench, 10, 0);
    bench_press(bench, "up");
    cursor_is(bench, 4, 0);
    bench_press(bench, "f9");
    bench_see(bench, "input.x");
    /* From within: the innermost, then what is around it. */
    bench_press(bench, "down down f9");
    bench_see(bench, "input.x == { ⋯ 2 lines");
    cursor_is(bench, 5, 1);
    run_action(bench, "editor.fold-close");
    bench_see(bench, "allow if { ⋯ 5 lines");
    /* A match inside opens both. */
    bench_press(bench, "ctrl-f");
    bench_type(bench, "\"a\"");
    bench_see(bench, "\"a\": 1");
    bench_press(bench, "esc shift-f9");
    bench_see(bench, "allow if { ⋯");
    bench_see(bench, "deny if { ⋯ 2 lines");
    bench_press(bench, "ctrl-f9");
    bench_see(bench, "input.z");
    run_action(bench, "editor.fold-more");
    bench_see(bench, "input.x == { ⋯");
    bench_see(bench, "input.z");
    run_action(bench, "editor.fold-more");
    bench_see(bench, "deny if { ⋯");
    run_action(bench, "editor.fold-less");
    bench_see(bench, "input.z");
    /* Typing above moves them along. */
    bench_press(bench, "ctrl-home");
    bench_type(bench, "# x\n# y\n");
    bench_see(bench, "  8 ▸");
    bench_press(bench, "ctrl-a delete");
    bench_see_not(bench, "⋯");
    bench_press(bench, "ctrl-z");
    bench_see(bench, "input.x");
    test_write(bench->dir, "a.txt", "x\n");
    bench_open(bench, "a.txt");
    bench_press(bench, "f9");
    bench_see(bench, "plain text has no parts");
}

static void test_fold_by_mouse(void **state)
{
    struct bench *bench = *state;
    int row, col;
    test_write(bench->dir, "a.rego", rego);
    bench->rows = 40;
    bench_open(bench, "a.rego");
    const struct grid *grid = app_paint_to_grid(bench->app, bench->rows, bench->cols);
    assert_true(grid_cursor(grid, &row, &col));
    bench_mouse(bench, MOUSE_PRESS, row + 4, col - 1);
    bench_mouse(bench, MOUSE_RELEASE, row + 4, col - 1);
    bench_see(bench, "allow if { ⋯ 5 lines");
    cursor_is(bench, 0, 0);
    bench_mouse(bench, MOUSE_PRESS, row + 6, col + 2);
    bench_mouse(bench, MOUSE_RELEASE, row + 6, col + 2);
    cursor_is(bench, 11, 2);
    bench_mouse(bench, MOUSE_PRESS, row + 4, col - 1);
    bench_see(bench, "input.x");
}

static void test_line_numbers_and_blanks(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt",
        "a b  \n\tc\xc2\xa0"
        "d\t\r\ne\n");
    bench->rows = 40;
    bench_open(bench, "a.txt");
    bench_see(bench, "  1  a b\n");
    run_action(bench, "editor.line-numbers");
    bench_see(bench, "  1  a b");
    bench_see(bench, "  2  e");
    bench_press(bench, "down");
    bench_see(bench, "  2      c");
    run_action(bench, "editor.line-numbers");
    bench_see_not(bench, "2      c");
    run_action(bench, "editor.line-numbers");
    run_action(bench, "editor.whitespace");
    bench_see(bench, "a b··\n");
    bench_see(bench, "c⍽d→␍");
    run_action(bench, "editor.whitespace");
    bench_see(bench, "a·b··\n");
    bench_see(bench, "→   c⍽d");
    run_action(bench, "editor.whitespace");
    bench_see_not(bench, "b·");
}

static void test_brackets(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.rego", rego);
    bench->rows = 40;
    bench_open(bench, "a.rego");
    assert_null(strstr(bench_styles(bench), "bracket-match"));
    bench_press(bench, "down down down down end");
    assert_non_null(strstr(bench_styles(bench), "bracket-match/cursor-line {"));
    assert_non_null(strstr(bench_styles(bench), "bracket-match }"));
}

static void test_sticky_headers(void **state)
{
    struct bench *bench = *state;
    struct buf text = BUF_INIT;
    buf_append_c(&text, "package a\n\nallow if {\n");
    for (int i = 0; i < 100; i++) {
        buf_printf(&text, "\tinput.x%d\n", i);
    }
    buf_append_c(&text, "}\n\nlast := 1\n");
    buf_append_char(&text, '\0');
    test_write(bench->dir, "a.rego", text.ptr);
    buf_free(&text);
    bench->rows = 50;
    bench_open(bench, "a.rego");
    bench_screen(bench);
    run_action(bench, "editor.sticky-headers");
    bench_press(bench, "pagedown pagedown");
    bench_wait_for(bench, "  3  allow if {");
    bench_see_not(bench, "package a");
    /* The cursor never hides behind it. */
    for (int i = 0; i < 60; i++) {
        bench_press(bench, "up");
        int row, col;
        const struct grid *grid = app_paint_to_grid(bench->app, bench->rows, bench->cols);
        assert_true(grid_cursor(grid, &row, &col));
    }
    bench_see(bench, "package a");
    bench_press(bench, "ctrl-end");
    bench_see(bench, "last := 1");
    bench_press(bench, "pageup");
    run_action(bench, "editor.sticky-headers");
    bench_see_not(bench, "  3  allow if {");
}

static void test_hidden_characters(void **state)
{
    struct bench *bench = *state;
    test_write(bench->dir, "a.txt",
        "a\xe2\x80\xaex\xe2\x81\xa6y\nz\xff"
        "q\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb|\n");
    bench->rows = 40;
    bench_open(bench, "a.txt");
    bench_see(bench, "a<U+202E>x<U+2066>y");
    bench_see(bench, "z<ff>q\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb|");
    assert_non_null(strstr(bench_styles(bench), "hidden-character/cursor-line <U+202E>"));
}

static void test_settings(void **state)
{
    struct bench *bench = *state;
    struct config *config = config_load(NULL);
    test_write(bench->dir, "a.md",
        "a paragraph that goes on and on for longer than the eighty columns that the screen has\n");
    test_write(bench->dir, "a.txt",
        "a text that goes on and on and on for longer than the eighty columns that the screen "
        "has\n");
    bench->rows = 40;
    editor_configure(bench->editor, config);
    bench_open(bench, "a.md");
    bench_see(bench, "↪");
    bench_open(bench, "a.txt");
    bench_see_not(bench, "↪");
    bench_press(bench, "ctrl-w");
    config_set(config, "wrap", "always", "test");
    config_set(config, "line_numbers", "off", "test");
    config_set(config, "whitespace", "all", "test");
    editor_configure(bench->editor, config);
    bench_open(bench, "a.txt");
    bench_see(bench, "   a·text·that");
    config_free(config);
}

/* The terminal shrinks: who saw the cursor goes on seeing it, who had scrolled away stays there. */
static void test_less_room(void **state)
{
    struct bench *bench = *state;
    lines(bench, "a.txt", 100);
    bench->rows = 40;
    bench_open(bench, "a.txt");
    bench_screen(bench);
    for (int i = 0; i < 25; i++) {
        bench_press(bench, "down");
    }
    bench_see(bench, "26  line 26");
    bench->rows = 10;
    bench_see(bench, "26  line 26");
    bench->rows = 40;
    bench_see(bench, "26  line 26");
    for (int i = 0; i < 30; i++) {
        bench_mouse(bench, MOUSE_WHEEL, 5, 30);
    }
    bench_see_not(bench, "26  line 26");
    bench->rows = 10;
    bench_see_not(bench, "26  line 26");
}

/* Where one jumps to is seen with what is around it, also when it is not far. */
static void test_jump_to_the_middle(void **state)
{
    struct bench *bench = *state;
    lines(bench, "a.txt", 100);
    bench->rows = 20;
    bench_open(bench, "a.txt");
    bench_see(bench, "line 15");
    assert_true(editor_jump(bench->editor, "a.txt", 24, 0));
    bench_see(bench, "line 31");
    assert_true(editor_jump(bench->editor, "a.txt", 27, 0));
    bench_see(bench, "line 31"); /* it was there */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_two_views_of_one_file),
        TEST(test_top_stays_while_another_edits),
        TEST(test_up_to_four_views),
        TEST(test_directions_and_only),
        TEST(test_mouse_and_dividers),
        TEST(test_small_screens),
        TEST(test_wrap),
        TEST(test_one_long_line),
        TEST(test_folds),
        TEST(test_fold_by_mouse),
        TEST(test_line_numbers_and_blanks),
        TEST(test_brackets),
        TEST(test_sticky_headers),
        TEST(test_hidden_characters),
        TEST(test_settings),
        TEST(test_less_room),
        TEST(test_jump_to_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
