/* The status pane of the real program: tests run when it opens, failures explain themselves, rows
 * lead to their lines, a save runs what it affects. */
#include "term.h"

#include <stdlib.h>

static const char failing[] =
    "package limits_test\n\nimport data.limits\n\n"
    "test_small if count(limits.deny) == 0 with input as {\"m\": 1}\n\n"
    "test_big if limits.deny == {\"too much\"} with input as {\"m\": 9}\n";

static char *make_workspace(void)
{
    char *dir = test_dir_make();
    test_write(dir, "limits.rego", "package limits\n\ndeny contains \"too big\" if input.m > 4\n");
    test_write(dir, "limits_test.rego", failing);
    return dir;
}

static struct term *start(const char *dir, int rows, int cols)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    const char *argv[] = {program, "--new", dir, NULL};
    struct term_options options = {.argv = argv, .rows = rows, .cols = cols};
    struct term *term = term_start(&options);
    free(program);
    return term;
}

static void runs_explains_opens_and_reruns(void **state)
{
    (void)state;
    char *dir = make_workspace();
    struct term *term = start(dir, 40, 120);
    term_expect(term, "✗ test_big");
    term_expect(term, "✓ test_small");
    term_expect_row(term, 0, "✓ 1 ✗ 1");
    term_expect_row(term, 0, "cov ");
    term_key(term, "alt-3");
    term_type(term, "f");
    term_expect_gone(term, "✓ test_small");
    term_type(term, "j ");
    term_expect(term, "{\"too big\"}");
    term_key(term, "enter");
    term_expect(term, "7:1"); /* the editor's title says where it is */
    /* Mended from outside: the watch sees it, the test it affects runs again. */
    test_write(dir, "limits.rego", "package limits\n\ndeny contains \"too much\" if input.m > 4\n");
    term_expect_row(term, 0, "✓ 2");
    /* A single key is a change too, and its undoing, without a save. */
    term_type(term, "x");
    term_expect_row(term, 0, "✓ 1");
    term_key(term, "ctrl-z");
    term_expect_row(term, 0, "✓ 2");
    char *saved = test_read(dir, "limits_test.rego");
    assert_string_equal(saved, failing);
    free(saved);
    term_free(term);
    test_dir_remove(dir);
}

static bool two_runs_ended(struct term *term, void *data)
{
    (void)data;
    char *text = term_text(term);
    const char *first = strstr(text, "tests ended");
    bool two = first != NULL && strstr(first + 1, "tests ended") != NULL;
    free(text);
    return two;
}

/* F5 is for who wants to see it again, also where the results are known. */
static void all_run_again(void **state)
{
    (void)state;
    char *dir = make_workspace();
    struct term *term = start(dir, 40, 120);
    term_key(term, "alt-3");
    term_type(term, "4");
    term_expect(term, "2 of 2 tests ended");
    term_key(term, "f5");
    term_wait(term, two_runs_ended, NULL, "another run");
    assert_false(term_find(term, "cached", &(int){0}, &(int){0}));
    term_free(term);
    test_dir_remove(dir);
}

/* What is typed while the first tests are being looked for is tested too. */
static void typed_at_once(void **state)
{
    (void)state;
    char *dir = make_workspace();
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    const char *argv[] = {program, "--new", "--open", "limits_test.rego", dir, NULL};
    struct term_options options = {.argv = argv, .rows = 40, .cols = 120};
    struct term *term = term_start(&options);
    free(program);
    term_expect(term, "package limits_test");
    term_key(term, "alt-2");
    term_type(term, "x");
    term_expect(term, "xpackage limits_test");
    term_expect_row(term, 0, "!");
    term_free(term);
    test_dir_remove(dir);
}

static void small_and_smaller(void **state)
{
    (void)state;
    char *dir = make_workspace();
    struct term *term = start(dir, 24, 80);
    term_expect(term, "✗ test_big");
    term_resize(term, 10, 40);
    term_key(term, "alt-3");
    term_expect(term, "Tests 2");
    term_type(term, "2");
    term_expect(term, "no problems found");
    term_resize(term, 40, 120);
    term_type(term, "3");
    term_expect(term, "threshold 90 %");
    term_free(term);
    test_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_explains_opens_and_reruns),
        cmocka_unit_test(all_run_again),
        cmocka_unit_test(typed_at_once),
        cmocka_unit_test(small_and_smaller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
