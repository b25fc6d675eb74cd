/* The program as a terminal sees it: start, sizes, keys, resize, suspend, and how it ends. */
#include "test.h"

#include "term.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* What is said at the start stands in the key line's place, which is waited for. */
#define SHORT_MESSAGES "BYLAW_MESSAGE_MS=500"

static struct term *start(int rows, int cols, const char *const *env)
{
    const char *all[8] = {SHORT_MESSAGES};
    for (size_t i = 0; env != NULL && env[i] != NULL; i++) {
        all[i + 1] = env[i];
    }
    struct term_options options = {.rows = rows, .cols = cols, .env = all};
    struct term *term = term_start(&options);
    return term;
}

static void finish(struct term *term)
{
    term_key(term, "ctrl-q");
    assert_int_equal(term_wait_exit(term), 0);
    assert_true(term_is_cooked(term));
    assert_false(term_in_alternate_screen(term));
    term_free(term);
}

static void test_sizes(void **state)
{
    (void)state;
    struct term *term = start(40, 120, NULL);
    term_expect(term, "Editor");
    term_expect(term, "Chat");
    term_expect_row(term, 39, "^P commands");
    assert_true(term_in_alternate_screen(term));
    assert_false(term_is_cooked(term));
    finish(term);

    term = start(24, 80, NULL);
    term_expect_row(term, 1, "▸Chat");
    term_key(term, "alt-2");
    term_expect_row(term, 1, "▸Editor");
    finish(term);

    term = start(10, 40, NULL);
    term_expect_row(term, 9, "^P commands");
    finish(term);

    term = start(9, 39, NULL);
    term_expect(term, "39×9 is too small");
    term_expect(term, "40×10");
    finish(term);

    term = start(1, 1, NULL);
    term_expect_bytes(term, "\033[?2026l");
    finish(term);
}

static void test_resize_storm(void **state)
{
    (void)state;
    struct term *term = start(40, 120, NULL);
    term_expect(term, "Editor");
    for (int i = 0; i < 60; i++) {
        term_resize(term, 5 + i * 7 % 50, 20 + i * 13 % 160);
    }
    term_resize(term, 30, 100);
    term_expect_row(term, 1, "Editor");
    term_resize(term, 8, 30);
    term_expect(term, "too small");
    term_resize(term, 24, 80);
    term_expect_row(term, 1, "▸Chat");
    finish(term);
}

static void test_escape_acts_at_once(void **state)
{
    (void)state;
    struct term *term = start(24, 80, NULL);
    term_expect_row(term, 23, "^P commands");
    term_key(term, "ctrl-p");
    term_expect(term, "Commands");
    term_type(term, "zoom");
    term_expect(term, "zoom");
    term_type(term, "\033"); /* nothing after it */
    term_expect_gone(term, "Commands");
    finish(term);
}

static void test_palette_runs(void **state)
{
    (void)state;
    struct term *term = start(40, 120, NULL);
    term_expect(term, "Editor");
    term_key(term, "f1");
    term_expect(term, "Commands");
    term_type(term, "whole screen or");
    term_expect(term, "Give this pane the whole screen");
    term_key(term, "enter");
    term_expect_gone(term, "Editor");
    term_key(term, "alt-z");
    term_expect(term, "Editor");
    finish(term);
}

static void test_help(void **state)
{
    (void)state;
    struct term *term = start(24, 80, NULL);
    /* A question mark would be typed into the prompt: the key line names the other key. */
    term_expect_row(term, 23, "F2 help");
    term_key(term, "f2");
    term_expect(term, "Keys");
    term_type(term, "/quit;");
    term_key(term, "enter");
    term_expect(term, "asks when something would be lost");
    term_type(term, "q");
    term_expect_gone(term, "Keys");
    finish(term);
}

struct place {
    int row, col;
};

/* The line over the pane in focus is heavy. */
static bool is_focused(struct term *term, void *data)
{
    const struct place *place = data;
    struct term_cell cell;
    term_cell(term, place->row, place->col, &cell);
    return strcmp(cell.text, "━") == 0;
}

static bool divider_at_79(struct term *term, void *data)
{
    (void)data;
    struct term_cell cell;
    term_cell(term, 5, 79, &cell);
    return strcmp(cell.text, "│") == 0;
}

static void test_mouse(void **state)
{
    (void)state;
    struct term *term = start(40, 120, NULL);
    term_expect(term, "━ Chat ━");
    int row;
    int col;
    assert_true(term_find(term, "Tests", &row, &col));
    term_click(term, row + 2, 10);
    struct place status = {row, 0};
    term_wait(term, is_focused, &status, "the status pane to have the focus");
    term_click(term, 10, 100);
    struct place editor = {1, 118};
    term_wait(term, is_focused, &editor, "the editor to have the focus");
    /* The divider is dragged. */
    assert_true(term_find(term, "┬", &row, &col));
    char drag[80];
    snprintf(drag, sizeof drag, "\033[<0;%d;10M\033[<32;80;10M\033[<0;80;10m", col + 1);
    term_type(term, drag);
    term_wait(term, divider_at_79, NULL, "the divider in column 79");
    finish(term);
}

static void test_stray_input(void **state)
{
    (void)state;
    struct term *term = start(24, 80, NULL);
    term_expect_row(term, 23, "^P commands");
    term_key(term, "ctrl-p");
    term_expect(term, "what do you want to do?");
    /* A late answer of the terminal, a paste with an escape, broken UTF-8. */
    term_type(term, "\033]11;rgb:ffff/ffff/ffff\033\\");
    term_paste(term, "a\033[31mb");
    term_expect(term, "a^[[31mb");
    term_type(term, "\xFF\xC3");
    term_type(term, "z");
    term_expect(term, "z");
    assert_true(str_find(term_bytes(term), STR_LIT("\033[31mb"), 0) == SIZE_MAX);
    term_key(term, "esc");
    finish(term);
}

static void test_suspend(void **state)
{
    (void)state;
    static const char *const script[] = {"bash", "--norc", "--noprofile", "-i", NULL};
    const char *env[] = {"PS1=ready> ", "HISTFILE=", NULL};
    struct term_options options = {.argv = script, .env = env, .rows = 24, .cols = 80};
    struct term *term = term_start(&options);
    term_expect(term, "ready>");
    term_type(term, "\"$BYLAW_BINARY_DIR/bylaw\"\r");
    term_expect_row(term, 1, "▸Chat");
    term_key(term, "ctrl-z");
    term_expect(term, "Stopped");
    assert_false(term_in_alternate_screen(term));
    term_type(term, "echo in-shell-$((6*7))\r");
    term_expect(term, "in-shell-42");
    term_type(term, "fg; echo ended=$?\r");
    term_expect_row(term, 1, "▸Chat");
    term_key(term, "f2");
    term_expect(term, "Keys");
    term_key(term, "esc ctrl-q");
    term_expect(term, "ended=0"); /* the prompt of before stands there, too, while it is ending */
    term_type(term, "exit\r");
    term_wait_exit(term);
    term_free(term);
}

static void test_signals_give_the_terminal_back(void **state)
{
    (void)state;
    static const int numbers[] = {SIGTERM, SIGHUP, SIGINT, SIGABRT, SIGSEGV, SIGQUIT};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct term *term = start(24, 80, NULL);
        term_expect_row(term, 23, "^P commands");
        term_signal(term, numbers[i]);
        assert_true(term_wait_exit(term) != 0);
        assert_true(term_is_cooked(term));
        assert_false(term_in_alternate_screen(term));
        int row;
        int col;
        assert_true(term_cursor(term, &row, &col));
        struct str bytes = term_bytes(term);
        assert_true(str_find(bytes, STR_LIT("\033[?2004l"), 0) != SIZE_MAX);
        assert_true(str_find(bytes, STR_LIT("\033[?1002l"), 0) != SIZE_MAX);
        term_free(term);
    }
}

static void expect_refusal(const char *const *argv, const char *const *env, const char *text)
{
    struct term_options options = {.argv = argv, .env = env, .rows = 24, .cols = 100};
    struct term *term = term_start(&options);
    assert_int_equal(term_wait_exit(term), 2);
    struct str bytes = term_bytes(term);
    if (str_find(bytes, str_of(text), 0) == SIZE_MAX) {
        fail_msg("\"%.*s\" does not say \"%s\"", STR_FMT(bytes), text);
    }
    assert_true(str_find_char(bytes, '\033', 0) == SIZE_MAX); /* nothing was changed */
    assert_true(term_is_cooked(term));
    term_free(term);
}

static void test_refusals(void **state)
{
    (void)state;
    const char *dumb[] = {"TERM=dumb", NULL};
    expect_refusal(NULL, dumb, "TERM=dumb cannot place its cursor");
    const char *unknown[] = {"TERM=no-such-terminal", NULL};
    expect_refusal(NULL, unknown, "TERM=no-such-terminal is not known");
    const char *none[] = {"TERM=", NULL};
    expect_refusal(NULL, none, "TERM is not set");
    const char *locale[] = {"LC_ALL=C", NULL};
    expect_refusal(NULL, locale, "not UTF-8");
    const char *pipe_out[] = {"sh", "-c", "\"$BYLAW_BINARY_DIR/bylaw\" | cat; exit 2", NULL};
    expect_refusal(pipe_out, NULL, "standard output is not a terminal");
    const char *null_in[] = {"sh", "-c", "\"$BYLAW_BINARY_DIR/bylaw\" </dev/null", NULL};
    expect_refusal(null_in, NULL, "standard input is not a terminal");
}

static void test_ascii_without_a_locale(void **state)
{
    (void)state;
    const char *env[] = {"LC_ALL=C", "TERM=vt100", SHORT_MESSAGES, NULL};
    const char *argv[] = {"sh", "-c", "exec \"$BYLAW_BINARY_DIR/bylaw\" --ascii", NULL};
    struct term_options options = {.argv = argv, .env = env, .rows = 30, .cols = 110};
    struct term *term = term_start(&options);
    term_expect_row(term, 29, "^P commands");
    term_expect(term, "= Chat =");
    struct str bytes = term_bytes(term);
    for (size_t i = 0; i < bytes.len; i++) {
        assert_true((unsigned char)bytes.ptr[i] < 0x80);
    }
    /* A VT100 is told nothing it does not know. */
    assert_true(str_find(bytes, STR_LIT("\033[?2026h"), 0) == SIZE_MAX);
    assert_true(str_find(bytes, STR_LIT("\033]"), 0) == SIZE_MAX);
    finish(term);
}

static void test_colour_depths(void **state)
{
    (void)state;
    const char *direct[] = {"COLORTERM=truecolor", NULL};
    struct term *term = start(24, 80, direct);
    term_expect_row(term, 23, "^P commands");
    assert_true(str_find(term_bytes(term), STR_LIT("\033[38;2;"), 0) != SIZE_MAX);
    finish(term);
    term = start(24, 80, NULL);
    term_expect_row(term, 23, "^P commands");
    assert_true(str_find(term_bytes(term), STR_LIT("38;2;"), 0) == SIZE_MAX);
    assert_true(str_find(term_bytes(term), STR_LIT("\033[38;5;"), 0) != SIZE_MAX);
    finish(term);
    const char *no_colour[] = {"NO_COLOR=1", "COLORTERM=truecolor", NULL};
    term = start(24, 80, no_colour);
    term_expect_row(term, 23, "^P commands");
    assert_true(str_find(term_bytes(term), STR_LIT("\033[38;"), 0) == SIZE_MAX);
    assert_true(str_find(term_bytes(term), STR_LIT("\033[48;"), 0) == SIZE_MAX);
    finish(term);
}

static bool header_is_dark(struct term *term, void *data)
{
    (void)data;
    struct term_cell cell;
    term_cell(term, 0, 70, &cell);
    return cell.bg == 0x22272e;
}

static void test_light_background_is_found(void **state)
{
    (void)state;
    const char *direct[] = {"COLORTERM=truecolor", NULL};
    struct term *term = start(24, 80, direct);
    term_expect_bytes(term, "\033]11;?");
    term_expect_row(term, 23, "^P commands");
    term_wait(term, header_is_dark, NULL, "the dark theme's header");
    term_type(term, "\033]11;rgb:ffff/ffff/ffff\033\\");
    term_expect_bytes(term, "\033[48;2;234;238;242m");
    /* Later the terminal says that its colours became dark, while somebody types (mode 2031). */
    term_expect_bytes(term, "\033[?2031h");
    term_type(term, "deny \033[?997;1nlatest");
    term_wait(term, header_is_dark, NULL, "the dark theme's header again");
    term_expect(term, "deny latest");
    term_forget(term);
    term_type(term, " tags\033[?997;2n");
    term_expect_bytes(term, "\033[48;2;234;238;242m");
    term_expect(term, "deny latest tags");
    term_key(term, "ctrl-u");
    finish(term);
}

/* A terminal says how wide it draws an ambiguous character, late and into typed text; what is asked
 * is over with the first frame. */
static void test_ambiguous_width_is_found(void **state)
{
    (void)state;
    struct term *term = start(24, 80, NULL);
    term_expect_bytes(term, "\xE2\x96\xBD\033[6n");
    term_expect_row(term, 23, "^P commands");
    term_expect_gone(term, "\xE2\x96\xBD");
    term_type(term, "deny ");
    term_expect(term, "deny");
    term_expect(term, "\xE2\x94\x81\xE2\x94\x81"); /* the lines of this terminal are narrow */
    term_type(term, "\xCE\xB1\033[2;3R\xCE\xB2");
    term_expect(term, "====");
    term_expect_gone(term, "\xE2\x94\x81");
    /* It draws them narrow all the same: each is put where it belongs, with its second column free.
     */
    term_expect(term, "deny \xCE\xB1 \xCE\xB2");
    for (const char *late = "\033[2;2R"; *late != '\0'; late++) {
        term_send(term, late, 1);
    }
    term_expect(term, "deny \xCE\xB1\xCE\xB2");
    term_expect(term, "\xE2\x94\x81\xE2\x94\x81");
    term_key(term, "ctrl-u");
    finish(term);
}

static bool painted_again(struct term *term, void *data)
{
    (void)data;
    char *row = term_row_text(term, 49);
    bool found = strstr(row, "^P commands") != NULL;
    free(row);
    return found;
}

static bool second_is_marked(struct term *term, void *data)
{
    (void)data;
    char *row = term_row_text(term, 6);
    bool found = strstr(row, "│ ›") != NULL;
    free(row);
    return found;
}

/* A key that changes one line does not repaint the screen. */
static void test_only_damage_is_written(void **state)
{
    (void)state;
    struct term *term = start(50, 200, NULL);
    term_expect(term, "Editor");
    term_key(term, "ctrl-p");
    term_expect(term, "Commands");
    term_type(term, "view: go to the");
    term_expect(term, "Go to the previous pane");
    term_expect_gone(term, "Paint the whole screen again");
    term_forget(term);
    term_key(term, "down");
    term_wait(term, second_is_marked, NULL, "the mark in the second row");
    assert_true(str_find(term_bytes(term), STR_LIT("Paint the whole screen again"), 0) == SIZE_MAX);
    term_forget(term);
    term_key(term, "esc ctrl-l");
    term_expect_bytes(term, "\033[2J");
    term_wait(term, painted_again, NULL, "the key line");
    finish(term);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_resize_storm),
        cmocka_unit_test(test_escape_acts_at_once),
        cmocka_unit_test(test_palette_runs),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_mouse),
        cmocka_unit_test(test_stray_input),
        cmocka_unit_test(test_suspend),
        cmocka_unit_test(test_signals_give_the_terminal_back),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_ascii_without_a_locale),
        cmocka_unit_test(test_colour_depths),
        cmocka_unit_test(test_light_background_is_found),
        cmocka_unit_test(test_ambiguous_width_is_found),
        cmocka_unit_test(test_only_damage_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
