/* The review screen in a real terminal: this program starts itself again in a pseudo-terminal as a
 * workbench with the sample proposal under review. */
#include "test.h"

#include "pane/review.h"
#include "review_sample.h"
#include "term.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char self[4096];

struct child {
    struct app *app;
    struct review *review;
};

static void child_finish(void *data)
{
    struct child *child = data;
    struct review_counts counts = review_count_all(child->review);
    app_message(child->app, MESSAGE_GOOD, "finish with %zu accepted", counts.accepted);
}

static void child_closed(void *data)
{
    struct child *child = data;
    app_quit(child->app, 7);
}

static int run_child(void)
{
    setlocale(LC_ALL, "");
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    struct app_options options = {.mouse = true, .theme = "dark"};
    struct app *app = loop == NULL ? NULL : app_new(loop, &options, &err);
    if (app == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    struct changes changes = review_sample();
    struct child child = {app, review_new(&changes)};
    changes_free(&changes);
    struct review_pane_options pane = {.title = "proposal 3",
        .review = child.review,
        .finish = child_finish,
        .closed = child_closed,
        .data = &child};
    struct review_pane *opened = review_pane_open(app, &pane);
    int code = opened != NULL && app_run(app, &err) ? app_exit_code(app) : 1;
    app_free(app);
    review_free(child.review);
    loop_free(loop);
    return code;
}

static struct term *start(int rows, int cols)
{
    const char *argv[] = {self, "--child", NULL};
    struct term_options options = {.argv = argv, .rows = rows, .cols = cols};
    return term_start(&options);
}

static void decides_edits_and_finishes(void **state)
{
    (void)state;
    struct term *term = start(40, 120);
    term_expect(term, "hunk 1 of 2   rule deny");
    term_expect_golden(term, "review-120x40", NULL);
    term_type(term, "a");
    term_expect(term, "✓ 5 accepted");
    term_expect(term, "hunk 2 of 2");
    term_type(term, "x");
    term_expect(term, "Decline this hunk: why?");
    term_type(term, "too early\r");
    term_expect(term, "✗ 2 declined");
    term_type(term, "u");
    term_expect(term, "✗ 0 declined");
    term_type(term, "e");
    term_expect(term, "Edit what the hunk puts in");
    term_paste(term, "four := 4");
    term_key(term, "ctrl-s");
    term_expect(term, "edited");
    term_key(term, "enter");
    term_expect(term, "finish with ");
    term_type(term, "|");
    term_expect_golden(term, "review-sides", NULL);
    term_type(term, "q");
    assert_int_equal(term_wait_exit(term), 7);
    term_free(term);
}

static void colours_say_what_changed(void **state)
{
    (void)state;
    struct term *term = start(40, 120);
    term_expect(term, "latest(c.image)");
    int row;
    int col;
    struct term_cell added;
    struct term_cell removed;
    assert_true(term_find(term, "latest(c.image)", &row, &col));
    term_cell(term, row, col, &added);
    assert_true(term_find(term, "endswith(c.image", &row, &col));
    term_cell(term, row, col, &removed);
    assert_false(added.default_bg);
    assert_false(removed.default_bg);
    assert_int_not_equal(added.bg, removed.bg);
    /* The words that differ stand out of their line. */
    struct term_cell word;
    struct term_cell same;
    assert_true(term_find(term, "version\"", &row, &col));
    term_cell(term, row, col, &word);
    assert_true(term_find(term, "msg := sprintf(\"%s: pin a version", &row, &col));
    term_cell(term, row, col, &same);
    assert_int_not_equal(word.bg, same.bg);
    term_free(term);
}

static void it_reflows(void **state)
{
    (void)state;
    struct term *term = start(24, 80);
    term_expect(term, "1/5 files");
    term_expect_golden(term, "review-80x24", NULL);
    term_resize(term, 10, 40);
    term_expect_gone(term, "1/5 files");
    term_expect(term, "latest(c.image)");
    term_expect_golden(term, "review-40x10", NULL);
    term_resize(term, 40, 120);
    term_expect(term, "Files 5");
    term_click(term, 5, 8);
    term_expect(term, "moved here from old/deploy.yaml");
    term_expect(term, "^[[2J");
    term_wheel(term, 8, 60, 1);
    term_key(term, "esc");
    assert_int_equal(term_wait_exit(term), 7);
    term_free(term);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--child") == 0) {
        return run_child();
    }
    if (realpath(argv[0], self) == NULL) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_edits_and_finishes),
        cmocka_unit_test(colours_say_what_changed),
        cmocka_unit_test(it_reflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
