/* Slash commands as they are typed: the list that narrows, Tab, Enter, a name that is none, a path
 * that is a prompt. */
#include "test.h"

#include "sample_run.h"

#include <stdlib.h>

static int set_up(void **state)
{
    struct sample_run *run = sample_run_new();
    sample_run_init(run);
    *state = run;
    return 0;
}

static int tear_down(void **state)
{
    sample_run_free(*state);
    return 0;
}

static void start(struct sample_run *run, int rows, int cols)
{
    sample_run_start(run, rows, cols);
    term_expect(run->term, "bylaw");
}

static void skills_are_completed_by_name(void **state)
{
    struct sample_run *run = *state;
    sample_run_sh(
        run, "mkdir -p .codex/skills && echo '# Find gaps' > .codex/skills/gap-finder.md", "");
    start(run, 40, 120);
    term_expect(run->term, "waits for your trust");
    term_type(run->term, "/skill ga");
    term_expect(run->term, "▸/ skill gap-finder");
    term_key(run->term, "tab");
    term_expect(run->term, "› /skill gap-finder");
    term_expect_gone(run->term, "▸/ skill gap-finder");
}

static void the_list_narrows_and_runs(void **state)
{
    struct sample_run *run = *state;
    start(run, 40, 120);
    term_expect(run->term, "✓ 16"); /* the tests have run */
    term_type(run->term, "/");
    term_expect(run->term, "▸/ new");
    term_expect(run->term, "/ test");
    term_type(run->term, "sta");
    term_expect(run->term, "▸/ status");
    term_expect_gone(run->term, "/ test");
    term_key(run->term, "enter");
    term_expect(run->term, "─ Status ─");
    term_expect(run->term, "Commands     approval on-request, sandbox read-only");
    term_expect(run->term, "16 passed");
    term_expect(run->term, "Proposal     none is open");
    term_key(run->term, "esc");
    term_expect_gone(run->term, "─ Status ─");
    /* Esc closes the list and nothing else; Tab completes. */
    term_type(run->term, "/rev");
    term_expect(run->term, "▸/ review");
    term_key(run->term, "esc");
    term_expect_gone(run->term, "▸/ review");
    term_expect(run->term, "› /rev");
    term_key(run->term, "ctrl-u");
    term_type(run->term, "/rev");
    term_expect(run->term, "▸/ review");
    term_key(run->term, "tab");
    term_expect(run->term, "› /review");
    term_key(run->term, "enter");
    term_expect(run->term, "No proposal is open: ask for one.");
    term_expect(run->term, "› /review"); /* what could not be done stays */
}

static void sessions_are_left_and_found_again(void **state)
{
    struct sample_run *run = *state;
    start(run, 40, 120);
    sample_run_propose(run);
    term_type(run->term, "/new\r");
    term_expect(run->term, "Ask for a policy"); /* a message of it may be covered by the next one */
    term_expect_gone(run->term, "proposal 1");
    term_type(run->term, "/resume\r");
    term_expect(run->term, "Sessions of this workspace");
    term_expect(run->term, "this one");
    term_type(run->term, "deployment\r");
    term_expect(run->term, "✎ proposal 1");
    term_expect(run->term, "Enter reviews the proposal");
    /* From here in another session: the proposal stays in the first. */
    term_type(run->term, "/fork\r");
    term_expect(run->term, "Forked from session ");
    term_expect(run->term, "Chat  Fork: Deny any Deployment");
    term_expect(run->term, "› say what the policy should do");
    /* From before a past prompt, which is changed and sent. */
    term_key(run->term, "alt-up");
    term_type(run->term, "ge");
    term_expect(run->term, "› Deny any Deployment in production");
    term_expect_gone(run->term, "✎ proposal 1");
    term_key(run->term, "ctrl-u ctrl-u");
}

static void what_is_no_command_stays_or_is_sent(void **state)
{
    struct sample_run *run = *state;
    start(run, 24, 80);
    term_type(run->term, "/tset\r");
    term_expect(run->term, "No command /tset: the nearest is /test.");
    term_expect(run->term, "› /tset");
    term_key(run->term, "ctrl-u");
    term_type(run->term, "/etc/passwd is read by whom?\r");
    /* The answer leaves no room for the prompt on this screen: the session's name tells it. */
    term_expect(run->term, "it has no answer to that");
    term_expect(run->term, "Chat  /etc/passwd is read by whom?");
}

static void prompt_files_are_commands(void **state)
{
    struct sample_run *run = *state;
    sample_run_sh(run,
        "mkdir -p .bylaw/commands; printf -- '---\\ndescription: two of them\\n---\\nExplain "
        "$1.\\n' "
        ">.bylaw/commands/explain.md",
        NULL);
    start(run, 40, 120);
    term_type(run->term, "/expl");
    term_expect(run->term, "/ explain  not trusted yet, Alt-T");
    term_type(run->term, "\r");
    term_expect(run->term, "/explain comes with the repository and is not trusted");
    term_key(run->term, "ctrl-u alt-T");
    term_expect(run->term, "in .bylaw/commands/explain.md");
    term_type(run->term, "t");
    term_expect_gone(run->term, "in .bylaw/commands/explain.md");
    term_type(run->term, "/explain latest\r");
    term_expect(run->term, "You");
    term_expect(run->term, "Explain latest.");
}

static void the_diff_is_shown(void **state)
{
    struct sample_run *run = *state;
    start(run, 24, 80);
    term_type(run->term, "/diff\r");
    term_expect(run->term, "nothing differs from the last commit");
    sample_run_sh(run, "echo '# more' >>policies/lib/k8s/k8s.rego; echo new >new.txt", NULL);
    term_type(run->term, "/diff\r");
    term_expect(run->term, "Since the last commit: 2 files");
    term_expect(run->term, "+new");
    term_type(run->term, "G");
    term_expect(run->term, "+# more");
    term_type(run->term, "q");
    term_expect_gone(run->term, "Since the last commit");
}

static void it_fits_a_small_terminal(void **state)
{
    struct sample_run *run = *state;
    start(run, 10, 40);
    term_type(run->term, "/qu");
    term_expect(run->term, "▸/ quit");
    term_key(run->term, "enter");
    assert_int_equal(term_wait_exit(run->term), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(skills_are_completed_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_list_narrows_and_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sessions_are_left_and_found_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_command_stays_or_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(prompt_files_are_commands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_diff_is_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_fits_a_small_terminal, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
