/* What one does with a session on the screen: search in it, name things for the model, export it,
 * be told of its end while elsewhere. */
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

/* The cell where a text begins has the colours of a match. */
static bool is_marked(struct term *term, void *data)
{
    int row;
    int col;
    struct term_cell cell;
    struct term_cell other;
    if (!term_find(term, data, &row, &col)) {
        return false;
    }
    term_cell(term, row, col, &cell);
    term_cell(term, row, col - 1, &other);
    return cell.bg != other.bg || cell.reverse != other.reverse;
}

static void what_was_said_is_searched(void **state)
{
    struct sample_run *run = *state;
    sample_run_start(run, 40, 120);
    sample_run_propose(run);
    term_key(run->term, "ctrl-f");
    term_expect(run->term, "find: ");
    term_type(run->term, "belongs to the port");
    term_expect(run->term, "▾ thought"); /* its fold is opened */
    term_wait(run->term, is_marked, "belongs to the port", "the match to be marked");
    term_key(run->term, "ctrl-u");
    term_type(run->term, "zzzz");
    term_expect(run->term, "no match");
    term_key(run->term, "ctrl-u");
    term_type(run->term, "ephemeral");
    term_wait(run->term, is_marked, "Ephemeral", "the match to be marked");
    term_key(run->term, "enter");
    term_expect(run->term, "n above, N below, Esc ends the search");
    term_type(run->term, "n");
    term_wait(run->term, is_marked, "ephemeral", "the match above to be marked");
    term_type(run->term, "N");
    term_wait(run->term, is_marked, "Ephemeral", "the match below to be marked");
    term_key(run->term, "esc");
    term_expect(run->term, "/ finds, Esc"); /* still at the entry it was found in */
    term_key(run->term, "esc");
    term_expect(run->term, "› Enter reviews the proposal");
    term_type(run->term, "x");
    term_expect(run->term, "› x");
}

static void it_is_searched_in_a_small_terminal(void **state)
{
    struct sample_run *run = *state;
    sample_run_start(run, 10, 40);
    term_expect(run->term, "RECORDING");
    term_type(run->term, SAMPLE_PROMPT "\r");
    term_expect(run->term, "k8s_test.rego +8"); /* the end of the proposal */
    term_key(run->term, "ctrl-f");
    term_type(run->term, "helpers know");
    term_wait(run->term, is_marked, "helpers know", "the match to be marked");
    term_key(run->term, "esc");
    term_expect_gone(run->term, "find: ");
}

static void it_is_exported_and_nothing_written_over(void **state)
{
    struct sample_run *run = *state;
    sample_run_start(run, 24, 80);
    sample_run_propose(run);
    term_type(run->term, "/export said.md\r");
    term_expect(run->term, "exported to said.md");
    sample_run_sh(run, "head -1 said.md; grep -c '^## You, ' said.md", "# " SAMPLE_PROMPT "\n1\n");
    sample_run_sh(run, "echo mine >said.md", NULL);
    term_type(run->term, "/export said.md\r");
    term_expect(run->term, "said.md is there already. Write over it?");
    term_key(run->term, "esc");
    term_expect_gone(run->term, "Write over it?");
    sample_run_sh(run, "cat said.md", "mine\n");
    term_type(run->term, "/export said.md\r");
    term_expect(run->term, "said.md is there already. Write over it?");
    term_key(run->term, "enter"); /* what is done without a look loses nothing */
    term_expect_gone(run->term, "Write over it?");
    sample_run_sh(run, "cat said.md", "mine\n");
    term_type(run->term, "/export said.md\r");
    term_expect(run->term, "said.md is there already. Write over it?");
    term_type(run->term, "y");
    term_expect(run->term, "exported to said.md");
    sample_run_sh(run, "head -1 said.md", "# " SAMPLE_PROMPT "\n");
    term_type(run->term, "/export .git/said.md\r");
    term_expect(run->term, "not exported: ");
    sample_run_sh(run, "test ! -e .git/said.md", "");
}

static void rules_are_completed_behind_an_at(void **state)
{
    struct sample_run *run = *state;
    sample_run_start(run, 40, 120);
    term_expect(run->term, "✓ 16");
    term_type(run->term, "why does @");
    term_expect(run->term, "Name a file, a package or a rule");
    term_type(run->term, "privileged.deny");
    term_expect(run->term, "k8s.privileged.deny");
    term_key(run->term, "enter");
    term_expect(run->term, "› why does @k8s.privileged.deny");
}

static void who_is_elsewhere_is_told(void **state)
{
    struct sample_run *run = *state;
    sample_run_sh(run, "mkdir -p .bylaw; printf 'notify_after = 0\\n' >>.bylaw/config.toml", NULL);
    sample_run_start(run, 24, 80);
    sample_run_propose(run);
    struct str seen = term_bytes(run->term);
    assert_true(str_find(seen, STR_LIT("\033]9;"), 0) == SIZE_MAX); /* the focus is here */
    term_type(run->term, "\033[O");
    term_type(run->term, "something else\r");
    term_expect_bytes(run->term, "\033]9;bylaw: the agent is done\033\\\a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_said_is_searched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_searched_in_a_small_terminal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_exported_and_nothing_written_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rules_are_completed_behind_an_at, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_elsewhere_is_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
