/* Several cursors, blocks of columns and undo that outlives the program, by the keys a person
 * presses, on the real program; and two of it on one file, of which one is killed. */
#include "test.h"

#include "base/mem.h"
#include "sample_term.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void open_file(struct sample_term *f, const char *name, const char *shown)
{
    term_key(f->term, "alt-2 ctrl-o");
    term_expect(f->term, "Files");
    term_expect(f->term, name); /* they have been listed */
    term_type(f->term, name);
    term_expect(f->term, "1/"); /* of so many */
    term_key(f->term, "enter");
    term_expect(f->term, shown);
}

static void start_with(struct sample_term *f, const char *content, const char *shown)
{
    test_write(f->dir, "a.txt", content);
    sample_term_start(f, 30, 110, NULL);
    open_file(f, "a.txt", shown);
}

static void save_and_expect(struct sample_term *f, const char *expected)
{
    term_key(f->term, "ctrl-s");
    test_expect_file(f->dir, "a.txt", expected);
    term_expect_gone(f->term, "a.txt ●"); /* it knows: quitting would ask else */
}

static void test_cursors_in_lines(void **state)
{
    struct sample_term *f = *state;
    start_with(f, "one\ntwo\nthree\n", "three");
    term_key(f->term, "ctrl-alt-down ctrl-alt-down");
    term_expect(f->term, "3 cursors");
    term_type(f->term, "- ");
    term_expect(f->term, "- three");
    term_key(f->term, "end");
    term_type(f->term, ";");
    term_expect(f->term, "- three;");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "3 cursors");
    term_type(f->term, "!"); /* the first cursor only */
    save_and_expect(f, "- one;!\n- two;\n- three;\n");
    term_key(f->term, "ctrl-z ctrl-z ctrl-z");
    save_and_expect(f, "one\ntwo\nthree\n"); /* three steps: each did all lines */
    sample_term_quit(f);
}

static void test_occurrences(void **state)
{
    struct sample_term *f = *state;
    start_with(f, "pod := x\nuse(pod)\npod_y\npod\n", "use(pod)");
    term_key(f->term, "alt-n alt-n");
    term_expect(f->term, "2 cursors");
    term_key(f->term, "alt-h");
    term_expect_gone(f->term, "2 cursors");
    term_key(f->term, "alt-a");
    term_expect(f->term, "3 cursors"); /* whole words: not pod_y */
    term_type(f->term, "c");
    save_and_expect(f, "c := x\nuse(c)\npod_y\nc\n");
    sample_term_quit(f);
}

static void test_blocks(void **state)
{
    struct sample_term *f = *state;
    start_with(f, "aa11bb\ncc22dd\nee33ff\n", "ee33ff");
    term_key(f->term, "right right alt-shift-down alt-shift-down alt-shift-right alt-shift-right");
    term_expect(f->term, "3 cursors");
    term_key(f->term, "ctrl-x");
    term_expect(f->term, "eeff");
    term_key(f->term, "esc");
    term_expect_gone(f->term, "3 cursors");
    term_key(f->term, "ctrl-home ctrl-alt-down ctrl-alt-down end ctrl-v");
    term_expect(f->term, "eeff33");
    save_and_expect(f, "aabb11\nccdd22\neeff33\n"); /* to each its own piece */
    term_key(f->term, "esc");
    term_expect_gone(f->term, "3 cursors");
    /* Alt and the mouse draw a block. */
    int row;
    int col;
    assert_true(term_find(f->term, "aabb11", &row, &col));
    char drag[96];
    snprintf(drag, sizeof drag, "\x1b[<8;%d;%dM\x1b[<40;%d;%dM\x1b[<8;%d;%dm", col + 1, row + 1,
        col + 3, row + 3, col + 3, row + 3);
    term_type(f->term, drag);
    term_expect(f->term, "3 cursors");
    term_key(f->term, "delete");
    save_and_expect(f, "bb11\ndd22\nff33\n");
    sample_term_quit(f);
}

/* The steps are kept when the program ends, and when it is killed after a save. */
static void test_undo_outlives_the_program(void **state)
{
    struct sample_term *f = *state;
    start_with(f, "first\n", "first");
    term_type(f->term, "very ");
    save_and_expect(f, "very first\n");
    sample_term_quit(f);
    sample_term_start(f, 30, 110, NULL);
    open_file(f, "a.txt", "very first");
    term_key(f->term, "ctrl-z");
    term_expect_gone(f->term, "very first");
    save_and_expect(f, "first\n");
    term_key(f->term, "ctrl-y");
    term_expect(f->term, "very first");
    save_and_expect(f, "very first\n");
    sample_term_quit(f);
    /* Somebody else changed the file: its steps are not those of this text. */
    test_write(f->dir, "a.txt", "another\n");
    sample_term_start(f, 30, 110, NULL);
    open_file(f, "a.txt", "another");
    term_key(f->term, "ctrl-z");
    term_type(f->term, "quite ");
    save_and_expect(f, "quite another\n");
    sample_term_quit(f);
}

/* What was read again while it was open (a review's or another program's change) is a step, too:
 * the program may be killed after it. */
static void test_undo_outlives_what_was_read_again(void **state)
{
    struct sample_term *f = *state;
    start_with(f, "first\n", "first");
    term_type(f->term, "very ");
    save_and_expect(f, "very first\n");
    test_write(f->dir, "a.txt", "very first, from outside\n");
    term_expect(f->term, "read again");
    const char *kept[] = {"sh", "-c",
        "until grep -rqa ', from outside' \"$0\"/bylaw/undo; do sleep 0.05; done", f->state_home,
        NULL};
    free(test_run(f->dir, kept));
    term_signal(f->term, SIGKILL);
    (void)term_wait_exit(f->term);
    term_free(f->term);
    f->term = NULL;
    sample_term_start(f, 30, 110, NULL);
    open_file(f, "a.txt", "from outside");
    term_key(f->term, "ctrl-z");
    term_expect_gone(f->term, "from outside");
    term_expect(f->term, "very first");
    term_key(f->term, "ctrl-z");
    term_expect_gone(f->term, "very first");
    save_and_expect(f, "first\n");
    sample_term_quit(f);
}

/* Two programs edit one file. The one that is killed leaves its edits to the next that starts; the
 * other never loses its own, and no save of one goes over the other's unasked. */
static void test_two_programs(void **state)
{
    struct sample_term *first = *state;
    start_with(first, "shared\n", "shared");
    struct sample_term second = *first;
    second.term = NULL;
    sample_term_start(&second, 30, 110, NULL);
    open_file(&second, "a.txt", "shared");
    term_type(first->term, "first ");
    term_expect(first->term, "first shared");
    term_paste(second.term, "second ");
    term_expect(second.term, "second shared");
    const char *kept[] = {"sh", "-c", "until grep -rqa 'second ' \"$0\"; do sleep 0.05; done",
        first->state_home, NULL};
    free(test_run(first->dir, kept));
    term_signal(second.term, SIGKILL);
    (void)term_wait_exit(second.term);
    term_free(second.term);
    second.term = NULL;
    save_and_expect(first, "first shared\n");
    /* What the killed one had is offered; the saved file is as it was until it is taken. */
    sample_term_start(&second, 30, 110, NULL);
    term_expect(second.term, "Unsaved edits");
    term_type(second.term, "r");
    term_expect(second.term, "second ");
    char *content = test_read(first->dir, "a.txt");
    assert_string_equal(content, "first shared\n");
    free(content);
    term_signal(second.term, SIGKILL);
    (void)term_wait_exit(second.term);
    term_free(second.term);
    sample_term_quit(first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_term_set_up, sample_term_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cursors_in_lines),
        TEST(test_occurrences),
        TEST(test_blocks),
        TEST(test_undo_outlives_the_program),
        TEST(test_undo_outlives_what_was_read_again),
        TEST(test_two_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
