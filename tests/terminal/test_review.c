/* bylaw review on a terminal: a branch is looked at, taken in part, and put into the index; what
 * was decided is there again after the program was killed. The whole program; the outcome is looked
 * at with git. */
#include "test.h"

#include "sample_run.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

static int set_up(void **state)
{
    struct sample_run *run = sample_run_new();
    *state = run;
    sample_run_init(run);
    sample_run_sh(run,
        "git checkout -qb topic; f=policies/lib/k8s/k8s.rego; printf '# one\\n' >>$f; "
        "sed -i '1i # first' $f; printf '# new\\n' >new.rego; git add -A; git commit -qm topic; "
        "git checkout -q -",
        "");
    return 0;
}

static int tear_down(void **state)
{
    sample_run_free(*state);
    return 0;
}

static void start(struct sample_run *run, int rows, int cols)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    const char *argv[] = {program, "review", "--no-tests", "topic", NULL};
    const char *env[] = {run->xdg_state, NULL};
    struct term_options options = {
        .argv = argv, .env = env, .cwd = run->dir, .rows = rows, .cols = cols};
    term_free(run->term);
    run->term = term_start(&options);
    term_expect(run->term, "what topic brings");
    free(program);
}

static void part_goes_into_the_index(void **state)
{
    struct sample_run *run = *state;
    start(run, 40, 120);
    term_expect(run->term, "3 open");
    term_type(run->term, "a");
    term_expect(run->term, "1 accepted");
    term_signal(run->term, SIGKILL);
    assert_int_equal(term_wait_exit(run->term), 128 + SIGKILL);

    start(run, 40, 120);
    term_expect(run->term, "1 accepted");
    term_type(run->term, "}");
    term_expect(run->term, "k8s.rego   hunk 1 of 2");
    term_type(run->term, "x");
    term_expect(run->term, "goes into the comments");
    term_type(run->term, "not at the top");
    term_key(run->term, "enter");
    term_expect(run->term, "1 declined");
    term_key(run->term, "enter");
    term_expect(run->term, "a  the index: accepted lines go into it");
    term_type(run->term, "a");
    assert_int_equal(term_wait_exit(run->term), 0);
    sample_run_sh(
        run, "git diff --cached --name-only; git status --short", "new.rego\nAD new.rego\n");
}

static void small_screens_can_finish_too(void **state)
{
    struct sample_run *run = *state;
    start(run, 10, 40);
    term_expect(run->term, "○ 3");
    term_type(run->term, "a");
    term_expect(run->term, "✓ 1");
    term_key(run->term, "enter");
    term_expect(run->term, "Finish the review");
    term_type(run->term, "l");
    assert_int_equal(term_wait_exit(run->term), 1);
    sample_run_sh(run, "git status --short", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(part_goes_into_the_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_screens_can_finish_too, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
