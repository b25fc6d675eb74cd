/* The plain mode as a person has it: a prompt with the cursor behind it, lines below each other,
 * Ctrl-C for what runs, a question before something is lost. */
#include "fault_server.h"
#include "sample_run.h"

#include <stdlib.h>

/* `more`: NULL-terminated, of the model. */
static void start(struct sample_run *run, const char *const *more)
{
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    char *path = mem_printf("PATH=%s", getenv("PATH"));
    const char *argv[] = {program, "--plain", run->dir, NULL};
    const char *env[8] = {run->xdg_state, path, "TERM=dumb"};
    for (size_t i = 0; more[i] != NULL; i++) {
        env[3 + i] = more[i];
    }
    struct term_options options = {.argv = argv, .env = env, .rows = 24, .cols = 80};
    run->term = term_start(&options);
    free(program);
    free(path);
}

static void start_recording(struct sample_run *run)
{
    const char *const model[] = {"BYLAW_PROVIDER=recording", "BYLAW_RECORDING_SPEED=0", NULL};
    start(run, model);
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
    start_recording(run);
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

static bool has_ended_or_goes_on(struct term *term, void *data)
{
    return term_has_ended(term) || cursor_is_behind(term, data);
}

/* Two within three seconds leave, whatever runs: how many it takes is for the machine to say. */
static void interrupt_until_it_leaves(struct sample_run *run)
{
    char prompt[] = ">";
    for (int i = 0; i < 20 && !term_has_ended(run->term); i++) {
        term_key(run->term, "ctrl-c");
        term_wait(run->term, has_ended_or_goes_on, prompt, "the end or a prompt");
    }
    assert_int_equal(term_wait_exit(run->term), 0);
}

/* The model begins, and says nothing more until it is interrupted. */
static void what_runs_is_interrupted_first(void **state)
{
    struct sample_run *run = *state;
    static const char body[] =
        "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"a\",\"delta\":\"I "
        "think.\"}\n\n";
    static const struct fault_step stalls = {
        .body = body, .stall = true, .stall_after = sizeof body - 1};
    struct fault_server *server = fault_server_start();
    fault_server_script(server, &stalls, 1);
    char *url = mem_printf("BYLAW_BASE_URL=%s/v1", fault_server_url(server));
    const char *const model[] = {url, "BYLAW_WIRE_API=responses", "BYLAW_MODEL=m", NULL};
    start(run, model);
    free(url);
    term_expect(run->term, "Tests of the workspace: 16 passed.");
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
    interrupt_until_it_leaves(run);
    check_bytes(run);
    fault_server_stop(server);
}

static void the_end_of_the_input_leaves(void **state)
{
    struct sample_run *run = *state;
    start_recording(run);
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
