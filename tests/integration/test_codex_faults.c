/* The real Codex CLI as the agent: it is interrupted, killed, silent, not logged in, none at all.
 */
#include "test.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"
#include "codex_run.h"
#include "model/outside.h"

static void it_is_interrupted(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {
        {.body = SAY("Half") END, .stall = true, .stall_after = 5},
        {.body = SAY("Whole.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_say(f, "One.");
    WAIT_UNTIL(f, fault_server_count(f->server) == 1);
    session_interrupt(workbench_session(f->wb));
    assert_int_equal(session_state(workbench_session(f->wb)), SESSION_IDLE);
    agent_ask(f, "Two.");
    agent_must_find(f, ENTRY_ASSISTANT, "Whole.");
    agent_expect_request(f, 1, "\"One.\"");
    agent_expect_request(f, 1, "\"Two.\""); /* alone: what was interrupted is not asked again */
    assert_null(agent_find(f, ENTRY_ERROR, ""));
    assert_true(fault_server_wait_gone(f->server, 1));
}

static void its_silence_is_said(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {
        {.body = SAY("First.") END},
        {.body = SAY("Half") END, .stall = true, .stall_after = 5},
        {.body = SAY("Third.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "One.");
    outside_use_patience(300);
    agent_say(f, "Two.");
    /* It said that the turn began. */
    WAIT_UNTIL(f, agent_find(f, ENTRY_NOTICE, "Codex has said nothing for 0.3 s: Esc interrupts"));
    outside_use_patience(0);
    session_interrupt(workbench_session(f->wb));
    agent_ask(f, "Three.");
    agent_must_find(f, ENTRY_ASSISTANT, "Third.");
}

/* Nothing that a turn began runs on when it is over. */
static void its_commands_end_with_its_turn(void **state)
{
    struct agent_run *f = *state;
    char *mark = mem_printf("RUN_OF=%s", f->home);
    char *command =
        mem_printf(CALL("c1", "exec_command",
                       "{\\\"cmd\\\":\\\"env %s sleep 1000\\\",\\\"yield_time_ms\\\":300}") END,
            mark);
    const struct fault_step steps[] = {{.body = command}, {.body = SAY("It runs.") END},
        {.body = command}, {.body = SAY("It runs.") END, .stall = true, .stall_after = 5}};
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Begin.");
    agent_must_find(f, ENTRY_ASSISTANT, "It runs.");
    assert_int_equal(agent_must_find(f, ENTRY_TOOL, "sleep 1000")->status, ENTRY_STOPPED);
    WAIT_UNTIL(f, !agent_is_running(mark));
    agent_say(f, "Again.");
    WAIT_UNTIL(f, fault_server_count(f->server) == 4);
    assert_true(agent_is_running(mark));
    session_interrupt(workbench_session(f->wb));
    WAIT_UNTIL(f, !agent_is_running(mark));
    free(command);
    free(mark);
}

static void it_is_killed_and_goes_on(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {
        {.body = SAY("First.") END},
        {.body = SAY("Half") END, .stall = true, .stall_after = 5},
        {.body = SAY("Third.") END},
        {.body = SAY("Fourth.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "The number is 4711.");
    agent_say(f, "Two.");
    WAIT_UNTIL(f, fault_server_count(f->server) == 2);
    codex_run_kill(f);
    WAIT_UNTIL(f, session_state(workbench_session(f->wb)) == SESSION_IDLE);
    agent_must_find(f, ENTRY_ERROR,
        "codex was ended by signal 9. What it had proposed is kept; the next prompt starts it "
        "again");
    agent_ask(f, "Three.");
    agent_must_find(f, ENTRY_ASSISTANT, "Third.");
    agent_expect_request(f, 2, "The number is 4711.");
    agent_expect_request(f, 2, "\"Two.\\n\\nThree.\""); /* it may have lost the one it died of */
    /* Also after the workbench itself was closed. */
    char *id = mem_strdup(session_id(workbench_session(f->wb)));
    agent_run_open(f, "codex", id);
    free(id);
    agent_ask(f, "Four.");
    agent_must_find(f, ENTRY_ASSISTANT, "Fourth.");
    agent_expect_request(f, 3, "The number is 4711.");
}

static void errors_are_one_clear_line(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {
        {.status = 400, .body = "{\"error\":{\"message\":\"no such effort\",\"code\":\"x\"}}"},
        {.body = SAY("Yes.") END},
        {.status = 401, .body = "{\"error\":{\"message\":\"bad key\"}}"},
        {.status = 500, .body = "{}"},
        {.body = SAY("Cut") END, .cut = true, .cut_after = 10},
        {.body = SAY("Well.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Zero.");
    agent_must_find(f, ENTRY_ERROR, "Codex's turn failed: no such effort");
    agent_ask(f, "Else.");
    agent_expect_request(f, 1, "\"Zero.\"");
    agent_expect_request(f, 1, "\"Else.\"");
    agent_ask(f, "One.");
    agent_must_find(f, ENTRY_ERROR, "run codex login");
    agent_ask(f, "Two.");
    agent_must_find(f, ENTRY_ERROR, "high demand");
    agent_ask(f, "Three.");
    agent_must_find(f, ENTRY_ERROR, "stream disconnected");
    agent_ask(f, "Four.");
    agent_must_find(f, ENTRY_ASSISTANT, "Well.");
}

static void without_a_login_it_says_so(void **state)
{
    struct agent_run *f = *state;
    codex_run_write(f, "config.toml", "model = \"gpt-5.5\"\n");
    agent_ask(f, "Hello.");
    agent_must_find(f, ENTRY_ERROR, "Codex is not logged in: run codex login");
    assert_int_equal(agent_count(f, ENTRY_ERROR), 1);
}

/* A program of this name that is none. */
static void expect_useless(struct agent_run *f, const char *script, const char *said)
{
    test_write(f->home, "bin/codex", script);
    const char *mode[] = {"chmod", "+x", "bin/codex", NULL};
    free(test_run(f->home, mode));
    char *path = mem_printf("%s/bin:%s", f->home, getenv("PATH"));
    setenv("PATH", path, 1);
    free(path);
    agent_run_open(f, "codex", NULL);
    agent_ask(f, "Hello.");
    agent_must_find(f, ENTRY_ERROR, said);
}

static void others_of_its_name_are_told_apart(void **state)
{
    struct agent_run *f = *state;
    expect_useless(f, "#!/bin/sh\necho no such option >&2\nexit 2\n", "no such option");
    expect_useless(f,
        "#!/bin/sh\nread line\necho '{\"id\":1,\"result\":{\"userAgent\":\"bylaw/0.20.1 "
        "(x)\"}}'\ncat >/dev/null\n",
        "Codex is version 0.20.1; 0.160.0 or newer is needed");
    outside_use_patience(300);
    expect_useless(f, "#!/bin/sh\nexec sleep 1000\n", "Codex did not answer within 0.3 s");
    outside_use_patience(0);
    setenv("PATH", "/nowhere", 1);
    agent_run_open(f, "codex", NULL);
    WAIT_UNTIL(f, workbench_notice(f->wb, 0) != NULL);
    assert_non_null(strstr(workbench_notice(f->wb, 0), "npm install -g @openai/codex"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CODEX_TEST(it_is_interrupted),
        CODEX_TEST(its_silence_is_said),
        CODEX_TEST(its_commands_end_with_its_turn),
        CODEX_TEST(it_is_killed_and_goes_on),
        CODEX_TEST(errors_are_one_clear_line),
        CODEX_TEST(without_a_login_it_says_so),
        CODEX_TEST(others_of_its_name_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
