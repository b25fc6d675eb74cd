#include "test.h"

#include "action.h"
#include "base/utf8.h"
#include "widget/edit.h"
#include "widget/list.h"
#include "widget/picker.h"
#include "widget/textview.h"
#include "widget/wrap.h"

#include <stdlib.h>

static unsigned seed = 11;

static int next_random(int below)
{
    seed = seed * 1103515245u + 12345u;
    return (int)(seed >> 16 & 0x7FFF) % below;
}

static struct key parse(const char *name)
{
    struct key key;
    assert_true(key_parse(str_of(name), &key));
    return key;
}

static int rows_drawn;

static void draw_row(void *data, size_t index, struct region row, bool cursor)
{
    (void)data;
    grid_printf(row, 0, 0, STYLE(TEXT), "%srow %zu", cursor ? ">" : " ", index);
    rows_drawn++;
}

static void test_list_of_a_million(void **state)
{
    (void)state;
    struct grid *grid = grid_new(5, 20);
    struct list list = {0};
    list_set_count(&list, 1000000);
    list_set_cursor(&list, 999999);
    rows_drawn = 0;
    list_draw(&list, grid_region(grid), true, draw_row, NULL);
    assert_int_equal(rows_drawn, 5); /* only what is seen is drawn */
    struct buf out = BUF_INIT;
    grid_dump_text(grid, &out);
    assert_non_null(strstr(out.ptr, " row 999995"));
    assert_non_null(strstr(out.ptr, ">row 999999"));
    buf_free(&out);
    struct key key = parse("g");
    assert_int_equal(list_key(&list, &key, true), UI_DONE);
    assert_int_equal(list.cursor, 0);
    assert_int_equal(list_key(&list, &key, false), UI_IGNORED);
    grid_free(grid);
}

static void test_list_random(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "j", "k", "g", "G", "ctrl-d", "ctrl-u", "pageup", "pagedown", "home", "end", "up", "down"};
    struct grid *grid = grid_new(9, 20);
    struct list list = {.margin = 2};
    for (int i = 0; i < 20000; i++) {
        struct key key = parse(keys[next_random((int)ARRAY_LEN(keys))]);
        struct mouse mouse = {.action = next_random(2) == 0 ? MOUSE_PRESS : MOUSE_WHEEL,
            .button = 1,
            .row = next_random(12) - 1};
        switch (next_random(6)) {
        case 0:
            list_set_count(&list, (size_t)next_random(40));
            break;
        case 1:
            list_mouse(&list, &mouse, NULL);
            break;
        case 2:
            list_draw(&list, region_sub(grid_region(grid), 0, 0, 1 + next_random(9), 20), true,
                draw_row, NULL);
            assert_true(list.count == 0 ||
                        (list.cursor >= list.top && list.cursor < list.top + (size_t)list.rows));
            break;
        default:
            list_key(&list, &key, true);
        }
        assert_true(list.cursor < list.count || (list.count == 0 && list.cursor == 0));
    }
    grid_free(grid);
}

static void type(struct edit *edit, const char *text)
{
    struct str rest = str_of(text);
    while (rest.len > 0) {
        size_t len = utf8_cluster(rest);
        struct key key = key_of_text(str_slice(rest, 0, len), 0);
        assert_int_equal(edit_key(edit, &key, true), UI_DONE);
        rest = str_from(rest, len);
    }
}

static unsigned press(struct edit *edit, const char *name)
{
    struct key key = parse(name);
    return edit_key(edit, &key, true);
}

static void assert_edit(const struct edit *edit, const char *text, size_t cursor)
{
    struct buf copy = BUF_INIT;
    buf_append_str(&copy, edit_text(edit));
    assert_string_equal(copy.ptr == NULL ? "" : copy.ptr, text);
    assert_int_equal(edit_cursor(edit), cursor);
    buf_free(&copy);
}

static void test_edit_emacs_keys(void **state)
{
    (void)state;
    struct edit *edit = edit_new(false);
    type(edit, "deny latest tags");
    press(edit, "ctrl-a");
    press(edit, "alt-f");
    press(edit, "ctrl-k");
    assert_edit(edit, "deny", 4);
    press(edit, "ctrl-y");
    assert_edit(edit, "deny latest tags", 16);
    press(edit, "ctrl-w");
    press(edit, "ctrl-w");
    assert_edit(edit, "deny ", 5);
    press(edit, "ctrl-y"); /* two kills in a row come back as one */
    assert_edit(edit, "deny latest tags", 16);
    press(edit, "ctrl-_");
    assert_edit(edit, "deny ", 5);
    press(edit, "ctrl-u");
    assert_edit(edit, "", 0);
    assert_int_equal(press(edit, "enter"), UI_IGNORED);
    assert_int_equal(press(edit, "up"), UI_IGNORED);
    assert_int_equal(press(edit, "tab"), UI_IGNORED);
    edit_insert(edit, STR_LIT("a\r\nb\nc"));
    assert_edit(edit, "a b c", 5);
    edit_free(edit);
}

static void test_edit_clusters(void **state)
{
    (void)state;
    struct edit *edit = edit_new(false);
    type(edit, "xe\xCC\x81政");
    press(edit, "left");
    assert_int_equal(edit_cursor(edit), 4);
    press(edit, "left");
    assert_int_equal(edit_cursor(edit), 1);
    press(edit, "delete");
    assert_edit(edit, "x政", 1);
    edit_set_cursor(edit, 2); /* inside a character: goes to its beginning */
    assert_int_equal(edit_cursor(edit), 1);
    edit_free(edit);
}

static void test_edit_lines(void **state)
{
    (void)state;
    struct edit *edit = edit_new(true);
    struct grid *grid = grid_new(4, 11);
    type(edit, "one");
    press(edit, "alt-enter");
    type(edit, "two");
    press(edit, "ctrl-j");
    type(edit, "three four five");
    assert_int_equal(edit_height(edit, 11), 4);
    edit_draw(edit, grid_region(grid), true, STYLE(TEXT), NULL);
    struct buf out = BUF_INIT;
    grid_dump_text(grid, &out);
    assert_string_equal(out.ptr, "one\ntwo\nthree four\nfive\n");
    int row;
    int col;
    assert_true(grid_cursor(grid, &row, &col));
    assert_int_equal(row, 3);
    assert_int_equal(col, 4);
    press(edit, "up");
    press(edit, "up");
    assert_int_equal(edit_cursor(edit), 7);
    press(edit, "down"); /* keeps its column */
    assert_int_equal(edit_cursor(edit), 12);
    press(edit, "home");
    assert_int_equal(edit_cursor(edit), 8);
    struct key enter = parse("enter");
    assert_int_equal(edit_key(edit, &enter, false), UI_IGNORED); /* the owner sends */
    buf_free(&out);
    grid_free(grid);
    edit_free(edit);
}

/* Random keys against a plain model of the text: the undo steps lead back to every state. */
static void test_edit_random(void **state)
{
    (void)state;
    static const char *const keys[] = {"a", "space", "é", "backspace", "delete", "left", "right",
        "up", "down", "ctrl-a", "ctrl-e", "ctrl-k", "ctrl-u", "ctrl-w", "ctrl-y", "ctrl-j", "alt-b",
        "alt-f", "alt-d", "ctrl-d", "ctrl-h", "alt-backspace"};
    for (int round = 0; round < 60; round++) {
        struct edit *edit = edit_new(true);
        struct grid *grid = grid_new(3, 8);
        for (int i = 0; i < 150; i++) {
            press(edit, keys[next_random((int)ARRAY_LEN(keys))]);
            struct str text = edit_text(edit);
            assert_true(utf8_is_valid(text));
            assert_true(edit_cursor(edit) <= text.len);
            if (i % 10 == 0) {
                edit_draw(edit, grid_region(grid), true, STYLE(TEXT), "hint");
                int row;
                int col;
                assert_true(grid_cursor(grid, &row, &col));
            }
        }
        /* At most 150 changes: all of them can be undone. */
        for (int i = 0; i < 200; i++) {
            press(edit, "ctrl-_");
        }
        assert_edit(edit, "", 0);
        grid_free(grid);
        edit_free(edit);
    }
}

static void test_wrap(void **state)
{
    (void)state;
    assert_int_equal(wrap_row(STR_LIT("one two three"), 8), 8);
    assert_int_equal(wrap_row(STR_LIT("one two three"), 7), 8); /* the blank stands outside */
    assert_int_equal(wrap_row(STR_LIT("abcdefghij"), 4), 4);
    assert_int_equal(wrap_row(STR_LIT("政策政策"), 5), 6);
    assert_int_equal(wrap_row(STR_LIT("政"), 1), 3); /* at least one, or it would never end */
    assert_int_equal(wrap_row(STR_LIT(""), 4), 0);
}

static void assert_wrapped(const char *text, const char *expected)
{
    struct grid *grid = grid_new(2, 8);
    struct buf out = BUF_INIT;
    wrap_put(grid_region(grid), str_of(text), STYLE(TEXT));
    grid_dump_text(grid, &out);
    assert_string_equal(out.ptr, expected);
    buf_free(&out);
    grid_free(grid);
}

static void test_wrap_put(void **state)
{
    (void)state;
    assert_int_equal(wrap_height(STR_LIT(""), 8, 9), 0);
    assert_int_equal(wrap_height(STR_LIT("one two three"), 8, 9), 2);
    assert_int_equal(wrap_height(STR_LIT("a\n\nb\n"), 8, 9), 3);
    assert_int_equal(wrap_height(STR_LIT("a b c d e f"), 1, 4), 4);
    assert_wrapped("one two three", "one two\nthree\n");
    assert_wrapped("one two three four", "one two\nthree f…\n");
    assert_wrapped("one\ntwo\nthree", "one\ntwo …\n");
    assert_wrapped("one", "one\n\n");
}

static char *view_text(struct textview *view, struct grid *grid)
{
    struct buf out = BUF_INIT;
    grid_clear(grid);
    textview_draw(view, grid_region(grid), true);
    grid_dump_text(grid, &out);
    return buf_take(&out);
}

static void assert_view(struct textview *view, struct grid *grid, const char *expected)
{
    char *text = view_text(view, grid);
    /* The last column is the scrollbar's. */
    struct buf plain = BUF_INIT;
    struct str rest = str_of(text);
    struct str line;
    while (str_next_line(&rest, &line)) {
        if (str_ends(line, "│") || str_ends(line, "┃")) {
            line.len -= 3;
        }
        buf_append_str(&plain, str_trim_right(line));
        buf_append_char(&plain, '\n');
    }
    assert_string_equal(plain.ptr, expected);
    buf_free(&plain);
    free(text);
}

static void test_textview_follows_and_stays(void **state)
{
    (void)state;
    struct textview *view = textview_new();
    struct grid *grid = grid_new(3, 12);
    for (int i = 0; i < 6; i++) {
        char text[16];
        snprintf(text, sizeof text, "line %d", i);
        textview_line(view, NULL);
        textview_span(view, str_of(text), STYLE(TEXT));
    }
    assert_view(view, grid, "line 3\nline 4\nline 5\n");
    textview_scroll(view, -2);
    assert_false(textview_is_following(view));
    assert_view(view, grid, "line 1\nline 2\nline 3\n");
    /* What streams in below does not move what is read. */
    for (int i = 0; i < 50; i++) {
        textview_span(view, STR_LIT(" more"), STYLE(TEXT));
        assert_view(view, grid, "line 1\nline 2\nline 3\n");
    }
    textview_scroll(view, 1000);
    assert_true(textview_is_following(view));
    textview_line(view, NULL);
    textview_span(view, STR_LIT("end"), STYLE(TEXT));
    assert_view(view, grid, "more more\nmore\nend\n");
    textview_free(view);
    grid_free(grid);
}

static void test_textview_wraps_and_indents(void **state)
{
    (void)state;
    struct textview *view = textview_new();
    struct grid *grid = grid_new(6, 16);
    struct textview_line item = {.indent = 1, .hang = 3, .fill = STYLE(TEXT), .tag = 42};
    textview_line(view, &item);
    textview_span(view, STR_LIT("- a list item "), STYLE(TEXT));
    textview_span(view, STR_LIT("that wraps"), STYLE(STRONG));
    struct textview_line quote = {
        .fill = STYLE(TEXT), .prefix = STR_LIT("| "), .prefix_style = STYLE(QUOTE)};
    textview_line(view, &quote);
    textview_span(view, STR_LIT("said\nand done"), STYLE(QUOTE));
    assert_view(view, grid, " - a list item\n   that wraps\n| said\n| and done\n\n\n");
    assert_int_equal(textview_line_at(view, 1), 0);
    assert_int_equal(textview_tag(view, textview_line_at(view, 1)), 42);
    assert_int_equal(textview_line_at(view, 3), 2);
    assert_int_equal(textview_line_at(view, 5), SIZE_MAX);
    textview_truncate(view, 1);
    assert_int_equal(textview_count(view), 1);
    textview_free(view);
    grid_free(grid);
}

static void test_textview_search(void **state)
{
    (void)state;
    struct textview *view = textview_new();
    struct grid *grid = grid_new(2, 20);
    for (int i = 0; i < 20; i++) {
        textview_line(view, NULL);
        textview_span(view, i % 7 == 3 ? STR_LIT("Deny this") : STR_LIT("allow"), STYLE(TEXT));
    }
    textview_show_line(view, 0, true);
    free(view_text(view, grid));
    assert_true(textview_search(view, STR_LIT("deny"), false));
    assert_view(view, grid, "allow\nDeny this\n");
    assert_int_equal(grid_cell(grid, 1, 0)->style.bg, STYLE_SEARCH_CURRENT);
    assert_true(textview_search(view, STR_LIT("deny"), false));
    assert_true(textview_search(view, STR_LIT("deny"), false));
    assert_true(textview_search(view, STR_LIT("deny"), false)); /* round again */
    free(view_text(view, grid));
    assert_int_equal(textview_line_at(view, 0), 3);
    assert_false(textview_search(view, STR_LIT("DENY"), false)); /* capitals mean capitals */
    textview_free(view);
    grid_free(grid);
}

static void test_fuzzy(void **state)
{
    (void)state;
    assert_true(fuzzy_score(STR_LIT("policies/k8s/privileged.rego"), STR_LIT("kpriv"), NULL) > 0);
    assert_true(fuzzy_score(STR_LIT("abc"), STR_LIT("acb"), NULL) < 0);
    assert_true(fuzzy_score(STR_LIT("anything"), STR_LIT(""), NULL) >= 0);
    assert_true(fuzzy_score(STR_LIT("Deny"), STR_LIT("deny"), NULL) > 0);
    assert_true(fuzzy_score(STR_LIT("deny"), STR_LIT("Deny"), NULL) < 0);
    assert_true(fuzzy_score(STR_LIT("b/a"), STR_LIT("a b"), NULL) > 0); /* words in any order */
    /* The file's name counts more than its folder; a beginning of a word more than its middle. */
    assert_true(fuzzy_score(STR_LIT("x/src.rego"), STR_LIT("src"), NULL) >
                fuzzy_score(STR_LIT("src/x.rego"), STR_LIT("src"), NULL));
    assert_true(fuzzy_score(STR_LIT("open file"), STR_LIT("file"), NULL) >
                fuzzy_score(STR_LIT("openxfile"), STR_LIT("file"), NULL));
    /* What begins with it is meant before what only has it, however long the rest of it is. */
    assert_true(
        fuzzy_score(STR_LIT("Waiting prompts  all of them, to change"), STR_LIT("wai"), NULL) >
        fuzzy_score(STR_LIT("take back  the waiting one"), STR_LIT("wai"), NULL));
    bool marks[8];
    fuzzy_score(STR_LIT("abcabc"), STR_LIT("bc"), marks);
    assert_true(marks[1] && marks[2] && !marks[0] && !marks[4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_of_a_million),
        cmocka_unit_test(test_list_random),
        cmocka_unit_test(test_edit_emacs_keys),
        cmocka_unit_test(test_edit_clusters),
        cmocka_unit_test(test_edit_lines),
        cmocka_unit_test(test_edit_random),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_wrap_put),
        cmocka_unit_test(test_textview_follows_and_stays),
        cmocka_unit_test(test_textview_wraps_and_indents),
        cmocka_unit_test(test_textview_search),
        cmocka_unit_test(test_fuzzy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
