/* Several cursors in the editor pane, and what its editing commands do with them. */
#include "editor_bench.h"
#include "test.h"

#include "base/vec.h"
#include "screen/clipboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run(struct bench *bench, const char *id)
{
    if (!app_run_action(bench->app, id)) {
        fail_msg("%s: %s", id, app_message_text(bench->app));
    }
}

static void open_with(struct bench *bench, const char *path, const char *text)
{
    test_write(bench->dir, path, text);
    bench_open(bench, path);
    bench_screen(bench);
}

static void test_cursors_below_type_as_one(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.txt", "one\ntwo\nthree\n");
    bench_press(bench, "ctrl-alt-down ctrl-alt-down");
    bench_see(bench, "3 cursors");
    bench_type(bench, "- x");
    bench_assert_content(bench, "- xone\n- xtwo\n- xthree\n");
    bench_press(bench, "backspace end");
    bench_type(bench, "!");
    bench_assert_content(bench, "- one!\n- two!\n- three!\n");
    bench_press(bench, "ctrl-z");
    bench_assert_content(bench, "- one\n- two\n- three\n");
    bench_see(bench, "3 cursors");
    bench_press(bench, "ctrl-z ctrl-z ctrl-z");
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
    bench_see(bench, "3 cursors");
    bench_press(bench, "ctrl-y ctrl-y esc");
    bench_see_not(bench, "cursors");
    bench_type(bench, "y");
    bench_assert_content(bench, "- xyone\n- xtwo\n- xthree\n");
}

static void test_occurrences(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.rego", "package a\n\nx := y\nyy := x\nz := y\n");
    bench_press(bench, "down down end alt-n alt-n alt-n");
    bench_see(bench, "all occurrences are selected");
    bench_see(bench, "2 cursors");
    bench_type(bench, "w");
    bench_assert_content(bench, "package a\n\nx := w\nyy := x\nz := w\n");
    bench_press(bench, "ctrl-z esc esc ctrl-home down down alt-n alt-a");
    bench_type(bench, "input");
    bench_assert_content(bench, "package a\n\ninput := y\nyy := input\nz := y\n");
}

static void test_pieces_are_pasted_one_each(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.txt", "aa bb\ncc dd\n");
    bench_press(bench, "ctrl-alt-down ctrl-shift-right ctrl-x end");
    assert_true(str_equal_c(clipboard_text(), "aa \ncc "));
    bench_type(bench, " ");
    bench_press(bench, "ctrl-v");
    bench_assert_content(bench, "bb aa \ndd cc \n");
    app_paste(bench->app, STR_LIT("1\n2\n"));
    bench_assert_content(bench, "bb aa 1\ndd cc 2\n");
    app_paste(bench->app, STR_LIT("z"));
    bench_assert_content(bench, "bb aa 1z\ndd cc 2z\n");
    bench_press(bench, "ctrl-z ctrl-z");
    bench_assert_content(bench, "bb aa \ndd cc \n");
}

static void test_lines_with_several_cursors(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.rego", "a\nb\nc\nd\ne\n");
    bench_press(bench, "down ctrl-alt-down"); /* b and c: one group */
    bench_press(bench, "alt-down");
    bench_assert_content(bench, "a\nd\nb\nc\ne\n");
    bench_press(bench, "ctrl-_");
    bench_assert_content(bench, "a\nd\n# b\n# c\ne\n");
    bench_press(bench, "ctrl-_ ctrl-d");
    bench_assert_content(bench, "a\nd\nb\nc\nb\nc\ne\n");
    bench_press(bench, "ctrl-k");
    bench_assert_content(bench, "a\nd\nb\nc\ne\n");
    bench_press(bench, "ctrl-home alt-j");
    bench_assert_content(bench, "a d\nb\nc\ne\n");
    bench_press(bench, "ctrl-a");
    run(bench, "edit.sort-lines");
    bench_assert_content(bench, "e\nc\nb\na d\n");
}

static void test_block(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.txt", "abcd\nefgh\nx\nijkl\n");
    bench_press(bench, "right right alt-shift-down alt-shift-down alt-shift-down alt-shift-right");
    bench_see(bench, "3 cursors");
    bench_type(bench, "-");
    bench_assert_content(bench, "ab-d\nef-h\nx\nij-l\n");
}

static void test_split_selection(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.txt", "one\ntwo\n\nfour");
    bench_press(bench, "ctrl-a alt-i");
    bench_type(bench, ";");
    bench_assert_content(bench, "one;\ntwo;\n;\nfour;");
}

/* ---- pairs and indentation ---- */

static void test_pairs(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.rego", "package a\n\n");
    bench_press(bench, "ctrl-end");
    bench_type(bench, "x := f([\"a\"])");
    bench_assert_content(bench, "package a\n\nx := f([\"a\"])");
    bench_press(bench, "ctrl-z ctrl-z ctrl-z");
    bench_type(bench, "allow if {\n");
    bench_assert_content(bench, "package a\n\nallow if {\n\t\n}");
    bench_type(bench, "input.x == (\n");
    bench_press(bench, "backspace");
    bench_type(bench, "'");
    bench_press(bench, "backspace backspace");
    bench_press(bench, "ctrl-z esc ctrl-a ctrl-x");
    bench_type(bench, "# it's (a");
    bench_assert_content(bench, "# it's (a");
    bench_press(bench, "ctrl-a ctrl-x");
    bench_type(bench, "([");
    bench_assert_content(bench, "([])");
    bench_press(bench, "backspace");
    bench_assert_content(bench, "()");
    bench_press(bench, "backspace");
    bench_type(bench, "ab");
    bench_press(bench, "shift-left shift-left");
    bench_type(bench, "{\"");
    bench_assert_content(bench, "{\"ab\"}");
    bench_press(bench, "home");
    bench_type(bench, "(");
    bench_assert_content(bench, "({\"ab\"}");
}

static void test_yaml_lines(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.yaml", "");
    bench_type(bench, "spec:\nrules:\n- name: a\nmatch:\n");
    bench_assert_content(bench, "spec:\n  rules:\n    - name: a\n      match:\n        ");
}

static void test_rego_in_a_template(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "t.yaml",
        "apiVersion: templates.gatekeeper.sh/v1\nkind: ConstraintTemplate\nspec:\n  targets:\n"
        "    - target: admission.k8s.gatekeeper.sh\n      rego: |\n        package a\n"
        "        violation contains msg if {\n          msg := \"x\"\n        }\n");
    bench_press(bench, "ctrl-g");
    bench_type(bench, "8\n");
    bench_press(bench, "end");
    bench_type(bench, "\ncount(");
    bench_see(bench, "count()");
    bench_press(bench, "down ctrl-_");
    bench_see(bench, "# msg := \"x\"");
}

/* ---- words ---- */

static void test_words(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.txt", "hello wörld x\n");
    run(bench, "edit.upper-case");
    bench_assert_content(bench, "HELLO wörld x\n");
    bench_press(bench, "ctrl-a");
    run(bench, "edit.title-case");
    bench_assert_content(bench, "Hello Wörld X\n");
    bench_press(bench, "ctrl-home right");
    run(bench, "edit.transpose");
    bench_assert_content(bench, "eHllo Wörld X\n");
    bench_press(bench, "alt-K");
    bench_assert_content(bench, "eH\n");
    bench_press(bench, "ctrl-u");
    bench_assert_content(bench, "\n");
    bench_type(bench, "a b c");
    bench_press(bench, "ctrl-z");
    bench_assert_content(bench, "a b \n");
    bench_press(bench, "ctrl-z");
    bench_assert_content(bench, "a \n");
}

static void test_select_by_tree(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.rego", "package a\n\nx := f(input.user, 2)\n");
    bench_press(bench, "down down ctrl-right ctrl-right ctrl-right ctrl-right alt-g ctrl-c");
    assert_true(str_equal_c(clipboard_text(), "input"));
    bench_press(bench, "alt-g ctrl-c");
    assert_true(str_equal_c(clipboard_text(), "input.user"));
    bench_press(bench, "alt-G ctrl-c");
    assert_true(str_equal_c(clipboard_text(), "input"));
    bench_press(bench, "esc alt-M ctrl-c");
    assert_true(str_equal_c(clipboard_text(), "input.user, 2"));
}

static void test_blanks(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.rego", "package a  \r\n\t\r\nx := {\r\n\t\"a\": 1,\t\r\n}\r\n");
    run(bench, "edit.trim-blanks");
    bench_assert_content(bench, "package a\r\n\r\nx := {\r\n\t\"a\": 1,\r\n}\r\n");
    run(bench, "edit.indent-blanks");
    bench_assert_content(bench, "package a\r\n\r\nx := {\r\n    \"a\": 1,\r\n}\r\n");
    run(bench, "edit.indent-tabs");
    bench_assert_content(bench, "package a\r\n\r\nx := {\r\n\t\"a\": 1,\r\n}\r\n");
}

/* ---- earlier states, clipboard ---- */

static void test_states(void **state)
{
    struct bench *bench = *state;
    bench->cols = 120;
    open_with(bench, "a.txt", "one\n");
    assert_false(app_run_action(bench->app, "edit.states"));
    bench_type(bench, "first");
    bench_press(bench, "ctrl-z");
    bench_type(bench, "second");
    bench_press(bench, "alt-y");
    bench_see(bench, "+ second");
    bench_see(bench, "+ first");
    bench_see(bench, "other branch");
    bench_see(bench, "as it was opened");
    bench_type(bench, "first");
    bench_press(bench, "enter");
    bench_assert_content(bench, "firstone\n");
    bench_press(bench, "ctrl-z ctrl-y");
    bench_assert_content(bench, "firstone\n");
}

static void test_primary_selection(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.txt", "one two\nthree\n");
    int row = 0, col = 0;
    assert_true(grid_cursor(app_paint_to_grid(bench->app, bench->rows, bench->cols), &row, &col));
    bench_mouse(bench, MOUSE_PRESS, row, col);
    bench_mouse(bench, MOUSE_DRAG, row, col + 3);
    bench_mouse(bench, MOUSE_RELEASE, row, col + 3);
    assert_true(str_equal_c(clipboard_kept(CLIPBOARD_PRIMARY), "one"));
    assert_int_equal(clipboard_text().len, 0);
    struct key middle = {
        .code = K_MOUSE, .mouse = {.action = MOUSE_PRESS, .button = 2, .row = row + 1, .col = col}};
    app_key(bench->app, &middle);
    bench_assert_content(bench, "one two\nonethree\n");
    middle.mouse.button = 1;
    middle.mouse.mods = MOD_ALT;
    app_key(bench->app, &middle);
    bench_see(bench, "2 cursors");
    middle.mouse.action = MOUSE_DRAG;
    middle.mouse.row = row;
    middle.mouse.col = col + 2;
    app_key(bench->app, &middle);
    bench_type(bench, "_");
    bench_assert_content(bench, "_e two\n_ethree\n");
}

static void drag_expecting(
    struct bench *bench, int row, int col, int to_row, int to_col, const char *selected)
{
    bench_mouse(bench, MOUSE_DRAG, row + to_row, col + to_col);
    bench_mouse(bench, MOUSE_RELEASE, row + to_row, col + to_col);
    struct str kept = clipboard_kept(CLIPBOARD_PRIMARY);
    if (!str_equal_c(kept, selected)) {
        fail_msg("\"%.*s\" is selected, not \"%s\"", STR_FMT(kept), selected);
    }
}

/* Dragging goes on as it began: by words after a double click, by lines after a triple one, to
 * either side; with Shift a click takes all from where the cursor was. */
static void test_dragging_by_units(void **state)
{
    struct bench *bench = *state;
    open_with(bench, "a.txt", "one two.three four\nfive six\nseven\n");
    int row = 0, col = 0;
    assert_true(grid_cursor(app_paint_to_grid(bench->app, bench->rows, bench->cols), &row, &col));
    for (int i = 0; i < 2; i++) {
        bench_mouse(bench, MOUSE_PRESS, row, col + 5);
    }
    drag_expecting(bench, row, col, 0, 5, "two");
    bench_mouse(bench, MOUSE_PRESS, row + 2, col); /* elsewhere, or it would be a third click */
    for (int i = 0; i < 2; i++) {
        bench_mouse(bench, MOUSE_PRESS, row, col + 5);
    }
    drag_expecting(bench, row, col, 0, 9, "two.three");
    bench_mouse(bench, MOUSE_PRESS, row + 2, col);
    for (int i = 0; i < 2; i++) {
        bench_mouse(bench, MOUSE_PRESS, row, col + 5);
    }
    bench_mouse(bench, MOUSE_DRAG, row + 1, col + 6);
    drag_expecting(bench, row, col, 0, 1, "one two");
    bench_mouse(bench, MOUSE_PRESS, row + 2, col);
    for (int i = 0; i < 3; i++) {
        bench_mouse(bench, MOUSE_PRESS, row + 1, col + 2);
    }
    drag_expecting(bench, row, col, 1, 2, "five six\n");
    bench_mouse(bench, MOUSE_PRESS, row + 2, col);
    for (int i = 0; i < 3; i++) {
        bench_mouse(bench, MOUSE_PRESS, row + 1, col + 2);
    }
    drag_expecting(bench, row, col, 0, 3, "one two.three four\nfive six\n");
    bench_mouse(bench, MOUSE_PRESS, row, col + 1);
    bench_mouse(bench, MOUSE_RELEASE, row, col + 1);
    struct key shifted = {.code = K_MOUSE,
        .mouse = {
            .action = MOUSE_PRESS, .button = 1, .row = row + 1, .col = col + 4, .mods = MOD_SHIFT}};
    app_key(bench->app, &shifted);
    drag_expecting(bench, row, col, 1, 4, "ne two.three four\nfive");
}

static void test_large_paste(void **state)
{
    struct bench *bench = *state;
    struct buf text = BUF_INIT;
    open_with(bench, "a.yaml", "a: 1\n");
    while (text.len < ((size_t)10 << 20)) {
        buf_append_c(&text, "- name: something of forty bytes in a line\n");
    }
    app_paste(bench->app, buf_str(&text));
    bench_type(bench, "k");
    bench_press(bench, "ctrl-z ctrl-z");
    assert_int_equal(editor_unsaved_count(bench->editor), 0);
    buf_free(&text);
}

/* ---- random edits against a flat string ---- */

#define MODEL_MAX 4000

struct model {
    char text[MODEL_MAX * 2];
    size_t len;
    size_t carets[64], count; /* in order, apart */
};

static void model_put(struct model *m, size_t from, size_t to, const char *with)
{
    size_t len = strlen(with);
    memmove(m->text + from + len, m->text + to, m->len - to + 1);
    memcpy(m->text + from, with, len);
    m->len += len - (to - from);
}

/* Each caret's edit, from the end of the text; then the carets are found again from the start. */
static void model_edit(struct model *m, size_t before, size_t after, const char *with)
{
    size_t from[64], to[64], floor = 0;
    for (size_t i = 0; i < m->count; i++) {
        size_t at = m->carets[i];
        from[i] = at < before ? 0 : at - before;
        from[i] = from[i] < floor ? floor : from[i];
        to[i] = at + after > m->len ? m->len : at + after;
        floor = to[i] = to[i] < from[i] ? from[i] : to[i];
    }
    for (size_t i = m->count; i-- > 0;) {
        model_put(m, from[i], to[i], with);
    }
    size_t shift = 0, kept = 0;
    for (size_t i = 0; i < m->count; i++) {
        size_t at = from[i] + shift + strlen(with);
        shift += strlen(with) - (to[i] - from[i]);
        if (kept == 0 || m->carets[kept - 1] != at) {
            m->carets[kept++] = at;
        }
    }
    m->count = kept;
}

static void model_move(struct model *m, int by)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->count; i++) {
        size_t at = m->carets[i];
        at = by < 0 ? (at > 0 ? at - 1 : 0) : (at < m->len ? at + 1 : at);
        if (kept == 0 || m->carets[kept - 1] != at) {
            m->carets[kept++] = at;
        }
    }
    m->count = kept;
}

static void random_key(struct bench *bench, struct model *m, unsigned *seed)
{
    static const char *const texts[] = {"a", "b", "x"};
    switch ((unsigned)rand_r(seed) % 8) {
    case 0:
    case 1:
    case 2: {
        const char *text = texts[(unsigned)rand_r(seed) % 3];
        bench_type(bench, text);
        model_edit(m, 0, 0, text);
        break;
    }
    case 3:
        bench_press(bench, "backspace");
        model_edit(m, 1, 0, "");
        break;
    case 4:
        bench_press(bench, "delete");
        model_edit(m, 0, 1, "");
        break;
    case 5:
        bench_press(bench, "enter");
        model_edit(m, 0, 0, "\n");
        break;
    case 6:
        bench_press(bench, "left");
        model_move(m, -1);
        break;
    default:
        bench_press(bench, "right");
        model_move(m, 1);
        break;
    }
}

static void check(struct bench *bench, const struct model *m, size_t round)
{
    struct buf content = BUF_INIT;
    (void)editor_unsaved_content(bench->editor, editor_path(bench->editor), &content);
    buf_append_char(&content, '\0');
    if (content.len > 1 && strcmp(content.ptr, m->text) != 0) {
        fail_msg("round %zu: \"%s\" is not \"%s\"", round, content.ptr, m->text);
    }
    buf_free(&content);
}

static void test_random_against_a_model(void **state)
{
    struct bench *bench = *state;
    unsigned seed = 7;
    static struct model m, first;
    for (size_t round = 0; round < 30; round++) {
        char start[128] = "", name[16];
        m = (struct model){.count = 1};
        size_t lines = 2 + (unsigned)rand_r(&seed) % 6;
        for (size_t i = 0; i < lines; i++) {
            strcat(start, i % 2 == 0 ? "kk.kk\n" : "kk\n");
        }
        strcpy(m.text, start);
        m.len = strlen(start);
        snprintf(name, sizeof name, "%zu.txt", round);
        test_write(bench->dir, name, start);
        bench_open(bench, name);
        bench_press(bench, "esc esc ctrl-home alt-n alt-a left");
        m.count = 0;
        for (size_t at = 0; at < m.len; at++) {
            if (m.text[at] == 'k' && m.text[at + 1] == 'k') {
                m.carets[m.count++] = at;
            }
        }
        first = m;
        for (size_t i = 0; i < 40; i++) {
            random_key(bench, &m, &seed);
            check(bench, &m, round);
        }
        for (size_t i = 0; i < 60; i++) {
            bench_press(bench, "ctrl-z");
        }
        check(bench, &first, round);
        for (size_t i = 0; i < 60; i++) {
            bench_press(bench, "ctrl-y");
        }
        check(bench, &m, round);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_cursors_below_type_as_one, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_occurrences, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(
            test_pieces_are_pasted_one_each, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(
            test_lines_with_several_cursors, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_block, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_split_selection, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_pairs, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_yaml_lines, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_rego_in_a_template, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_words, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_select_by_tree, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_blanks, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_states, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_primary_selection, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_dragging_by_units, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_large_paste, bench_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(test_random_against_a_model, bench_set_up, bench_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
