/* The plain mode as a person has it: a prompt with the cursor behind it, lines below each other,
 * Ctrl-C for what runs, a question before something is lost. */
#include "sample_run.h"

#include <stdlib.h>

static void start(struct sample_run *run, const char *speed)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *path = mem_printf("PATH=%s", getenv("PATH"));
    const char *argv[] = {program, "--plain", run->dir, NULL};
    const char *env[] = {
        run->xdg_state, path, "TERM=dumb", "BYLAW_PROVIDER=recording", speed, NULL};
    struct term_options options = {.argv = argv, .env = env, .rows = 24, .cols = 80};
    run->term = term_start(&options);
    free(program);
    free(path);
}

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

static bool cursor_is_behind(struct term *term, void *data)
{
    int row;
    int col;
    if (!term_cursor(term, &row, &col)) {
        return false;
    }
    char *text = term_row_text(term, row);
    size_t len = strlen(data);
    bool behind = strncmp(text, data, len) == 0 && (size_t)col == len + 1 && text[len] == '\0';
    free(text);
    return behind;
}

static void expect_prompt(struct sample_run *run, const char *prompt)
{
    char *text = mem_strdup(prompt);
    term_wait(run->term, cursor_is_behind, text, "the cursor behind the prompt");
    free(text);
}

static void check_bytes(struct sample_run *run)
{
    struct str bytes = term_bytes(run->term);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        assert_true(c >= 0x20 || c == '\n' || c == '\r'); /* CR is the terminal's own */
    }
}

static void the_prompt_says_where_one_is(void **state)
{
    struct sample_run *run = *state;
    start(run, "BYLAW_RECORDING_SPEED=0");
    term_expect(run->term, "Tests of the workspace: 16 passed.");
    expect_prompt(run, ">");
    term_type(run->term, SAMPLE_PROMPT "\r");
    term_expect(run->term, "Tests of proposal 1: 24 passed.");
    expect_prompt(run, ">");
    term_type(run->term, "review\r");
    expect_prompt(run, "review>");
    term_type(run->term, "finish\r");
    term_expect(run->term, "Type commit yes");
    expect_prompt(run, "commit>");
    term_type(run->term, "back\r");
    expect_prompt(run, "review>");
    term_type(run->term, "quit\r");
    assert_int_equal(term_wait_exit(run->term), 0);
    check_bytes(run);
}

static void what_runs_is_interrupted_first(void **state)
{
    struct sample_run *run = *state;
    start(run, "BYLAW_RECORDING_SPEED=0.05");
    expect_prompt(run, ">");
    term_type(run->term, SAMPLE_PROMPT "\r");
    term_expect(run->term, "The model works");
    term_type(run->term, "quit\r");
    term_expect(run->term, "Type yes to leave all the same");
    term_type(run->term, "no\r");
    term_expect(run->term, "You stay.");
    term_key(run->term, "ctrl-c");
    term_expect(run->term, "The model has ended.");
    expect_prompt(run, ">");
    term_key(run->term, "ctrl-c");
    assert_int_equal(term_wait_exit(run->term), 0);
    check_bytes(run);
}

static void the_end_of_the_input_leaves(void **state)
{
    struct sample_run *run = *state;
    start(run, "BYLAW_RECORDING_SPEED=0");
    expect_prompt(run, ">");
    term_type(run->term, "\x04");
    assert_int_equal(term_wait_exit(run->term), 0);
    check_bytes(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_prompt_says_where_one_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_runs_is_interrupted_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_of_the_input_leaves, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
