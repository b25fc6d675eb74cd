/* The controls and what implements them, as a list in the app: what is missing first, filtered by
 * what is typed, and from it to the rule or the row of the matrix. */
#include "test.h"

#include "base/path.h"
#include "term.h"

#include <stdlib.h>

struct fixture {
    char *dir, *state;
    struct term *term;
};

static void start(struct fixture *f)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *xdg_state = mem_printf("XDG_STATE_HOME=%s", f->state);
    const char *argv[] = {program, f->dir, NULL};
    /* No engine: nothing here runs a policy. */
    const char *env[] = {
        xdg_state, "PATH=/nonexistent", "BYLAW_DETECT=false", "BYLAW_TOUR=0", NULL};
    struct term_options options = {.argv = argv, .env = env, .rows = 30, .cols = 120};
    f->term = term_start(&options);
    free(program);
    free(xdg_state);
}

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->dir = test_dir_make();
    f->state = test_dir_make();
    test_write(f->dir, "p/a.rego",
        "# METADATA\n# custom:\n#   control: A-1\npackage p.a\n\ndeny contains \"x\" if input.x\n");
    test_write(f->dir, "p/a_test.rego",
        "package p.a_test\n\nimport data.p.a\n\ntest_x if count(a.deny) == 1 with input as {}\n");
    test_write(f->dir, "p/b.rego", "package p.b\n\ndeny contains \"y\" if input.y\n");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    term_free(f->term);
    test_dir_remove(f->dir);
    test_dir_remove(f->state);
    free(f);
    return 0;
}

static void open_trace(struct fixture *f)
{
    term_expect(f->term, "Ask for a policy");
    term_key(f->term, "ctrl-p");
    term_expect(f->term, "what do you want to do");
    term_type(f->term, "Trace: every control");
    term_expect(f->term, "› trace");
    term_key(f->term, "enter");
}

static void quit(struct fixture *f)
{
    term_key(f->term, "ctrl-q");
    assert_int_equal(term_wait_exit(f->term), 0);
}

static void from_a_control_to_its_rule(void **state)
{
    struct fixture *f = *state;
    test_write(f->dir, "requirements.csv", "id,text\nA-1,One thing\nA-2,Another thing\n");
    start(f);
    open_trace(f);
    term_expect(f->term,
        "1 of 2 controls traced, 1 uncovered, 0 untested, 1 orphaned rules; 2 controls of");
    term_expect(f->term, "› uncovered     A-2   Another thing");
    term_type(f->term, "one thing");
    term_expect(f->term, "› traced        A-1   One thing");
    term_expect(f->term, "p/a_test.rego:5");
    term_expect(f->term, "Enter go to it  ↑↓ move  Esc close");
    term_key(f->term, "enter");
    term_expect(f->term, "p/a.rego");
    term_expect(f->term, "6:1");
    quit(f);
}

static void from_a_gap_to_the_matrix(void **state)
{
    struct fixture *f = *state;
    test_write(f->dir, "requirements.csv", "id,text\nA-1,One thing\nA-2,Another thing\n");
    start(f);
    open_trace(f);
    term_expect(f->term, "› uncovered     A-2   Another thing");
    term_key(f->term, "enter");
    term_expect(f->term, "3:1");
    term_expect(f->term, "A-2,Another thing");
    quit(f);
}

static void without_requirements(void **state)
{
    struct fixture *f = *state;
    start(f);
    open_trace(f);
    term_expect(f->term, "no requirements:");
    quit(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(from_a_control_to_its_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(from_a_gap_to_the_matrix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_requirements, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
