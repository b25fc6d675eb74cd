/* The real Codex CLI as the agent: what it knows, of the conversation and of its instructions, and
 * what it says of itself. */
#include "test.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/vec.h"
#include "codex_run.h"

#define THINK(text)                                                                                \
    EVENT(                                                                                         \
        "{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"reasoning\",\"id\":\"rs\","  \
        "\"summary\":[{\"type\":\"summary_text\",\"text\":\"" text "\"}]}}")

static void plan_thoughts_tokens_and_limits_are_shown(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {
        {.headers = "Content-Type: text/event-stream\r\nx-codex-primary-used-percent: 42\r\n"
                    "x-codex-primary-window-minutes: 300\r\n"
                    "x-codex-primary-reset-at: 1795720000\r\n"
                    "x-codex-secondary-used-percent: 7\r\n"
                    "x-codex-secondary-window-minutes: 10080\r\n"
                    "x-codex-secondary-reset-at: 1795920000\r\n",
            .body = THINK("I think.") CALL("c1", "update_plan",
                "{\\\"explanation\\\":\\\"How\\\",\\\"plan\\\":[{\\\"step\\\":\\\"Look\\\","
                "\\\"status\\\":\\\"completed\\\"},{\\\"step\\\":\\\"Mend\\\",\\\"status\\\":"
                "\\\"in_progress\\\"}]}") END},
        {.body = SAY("Well.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Plan.");
    agent_must_find(f, ENTRY_REASONING, "I think.");
    const struct entry *plan = agent_must_find(f, ENTRY_TOOL, "How: 1 of 2 done, now Mend");
    assert_string_equal(plan->name, "plan");
    assert_string_equal(plan->text.ptr, "[x] Look\n[>] Mend\n");
    struct buf text = BUF_INIT;
    workbench_describe_spend(f->wb, &text);
    assert_non_null(strstr(text.ptr, "14 in (0 cached), 6 out"));
    if (strstr(text.ptr, "Its limits   5 h: 42 % spent, anew at 19:06; 7 days: 7 % spent") ==
        NULL) {
        fail_msg("%s", text.ptr);
    }
    buf_free(&text);
}

static void instructions_and_model_are_those_of_the_turn(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    static const struct fault_step steps[] = {{.body = SAY("Yes.") END}};
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    test_write(f->dir, "AGENTS.md", "Obey-first.\n");
    agent_ask(f, "One.");
    agent_expect_request(f, 0, "Obey-first.");
    agent_expect_request(f, 0, "review workbench");
    agent_expect_no_request(f, 0, "AGENTS.md has changed");
    test_write(f->dir, "AGENTS.md", "Obey-second.\n");
    agent_ask(f, "Two.");
    agent_expect_request(f, 1, "AGENTS.md has changed. From now on this holds");
    agent_expect_request(f, 1, "Obey-second.");
    agent_ask(f, "Three.");
    char *last = fault_server_request(f->server, 2);
    char *once = strstr(last, "AGENTS.md has changed");
    assert_non_null(once);
    assert_null(strstr(once + 1, "AGENTS.md has changed"));
    free(last);
    assert_ok(workbench_use_model(f->wb, "another-model", "low", &err), err);
    agent_ask(f, "Four.");
    agent_expect_request(f, 3, "\"model\":\"another-model\"");
    agent_expect_request(f, 3, "\"effort\":\"low\"");
}

/* Codex works in another folder than the one the path is relative to. */
static void its_home_may_be_relative(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {{.body = SAY("Yes.") END}};
    char here[PATH_MAX];
    struct buf relative = BUF_INIT;
    assert_non_null(getcwd(here, sizeof here));
    for (const char *c = here; *c != '\0'; c++) {
        buf_append_c(&relative, *c == '/' ? "../" : "");
    }
    buf_printf(&relative, "%s/codex", f->home + 1);
    setenv("CODEX_HOME", relative.ptr, 1);
    buf_free(&relative);
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_run_open(f, "codex", NULL);
    agent_ask(f, "Hello.");
    agent_must_find(f, ENTRY_ASSISTANT, "Yes.");
}

static void sessions_are_threads(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    static const struct fault_step steps[] = {{.body = SAY("Yes.") END}};
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "The number is 4711.");
    char *first = mem_strdup(session_id(workbench_session(f->wb)));
    assert_ok(workbench_open_session(f->wb, NULL, &err), err);
    agent_ask(f, "Another matter.");
    agent_expect_no_request(f, 1, "4711");
    assert_ok(workbench_open_session(f->wb, first, &err), err);
    assert_ok(workbench_fork(f->wb, 0, &err), err);
    agent_ask(f, "In the fork.");
    agent_expect_request(f, 2, "4711");
    agent_expect_no_request(f, 2, "You do not remember it");
    agent_expect_no_request(f, 2, "Another matter.");
    /* From before a prompt: what is left of the conversation is told. */
    unsigned before = agent_must_find(f, ENTRY_USER, "In the fork.")->id;
    assert_ok(workbench_fork(f->wb, before, &err), err);
    agent_ask(f, "Otherwise.");
    agent_expect_request(f, 3, "You do not remember it, but this was said so far");
    agent_expect_request(f, 3, "4711");
    agent_expect_no_request(f, 3, "In the fork.");
    assert_ok(workbench_open_session(f->wb, first, &err), err);
    agent_ask(f, "Back.");
    agent_expect_request(f, 4, "4711");
    agent_expect_no_request(f, 4, "In the fork.");
    free(first);
}

static void wait_for_compaction(struct agent_run *f)
{
    struct err err;
    struct session *session = workbench_session(f->wb);
    assert_ok(session_compact(session, &err), err);
    assert_int_equal(session_state(session), SESSION_COMPACTING);
    assert_false(session_compact(session, &err));
    assert_non_null(strstr(err.text, "at work: wait for it"));
    WAIT_UNTIL(f, agent_is_idle(f));
}

/* What it was told in the conversation that is summed up, it is told again. */
static void it_compacts_when_it_is_told_to(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    struct session *session = workbench_session(f->wb);
    static const struct fault_step steps[] = {
        {.body = SAY("Yes.") END},
        {.body = SAY("Yes.") END},
        {.body = SAY("Yes.") END},
        {.body = SAY("Said: a number.") END},
        {.body = SAY("On.") END},
        {.status = 500, .body = "{}"},
        {.body = SAY("Still here.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    assert_false(session_compact(session, &err));
    assert_string_equal(err.text, "There is nothing to compact yet.");
    agent_ask(f, "The number is 4711.");
    test_write(f->dir, "AGENTS.md", "Obey-later.\n");
    agent_ask(f, "Two.");
    agent_ask(f, "Three."); /* of the last turn Codex keeps what it was told */
    wait_for_compaction(f);
    agent_must_find(f, ENTRY_NOTICE, "Compacted: the agent goes on from a summary of its own");
    assert_null(agent_find(f, ENTRY_NOTICE, "its context window was full"));
    assert_int_equal(session_usage(session).input_tokens, 28); /* each request is counted once */
    agent_ask(f, "Go on.");
    agent_expect_request(f, 4, "Said: a number.");
    agent_expect_request(f, 4, "Obey-later.");
    wait_for_compaction(f);
    agent_must_find(f, ENTRY_NOTICE, "Not compacted: Codex's turn failed");
    agent_must_find(f, ENTRY_NOTICE, "temporary errors. The conversation is as it was.");
    agent_ask(f, "Five.");
    agent_must_find(f, ENTRY_ASSISTANT, "Still here.");
    agent_expect_request(f, 6, "Said: a number.");
}

/* What it was told since it began and does not keep is told again in the same turn, which lasts
 * until that was done. */
static void it_compacts_by_itself(void **state)
{
    struct agent_run *f = *state;
    static const char full[] = SAY("Yes.")
        EVENT("{\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"usage\":{\"input_"
              "tokens\":40000,\"output_tokens\":10,\"total_tokens\":40010}}}");
    char *waits = mem_printf(RUN("c1", "until test -e %s/go; do sleep 0.05; done") END, f->home);
    const struct fault_step steps[] = {
        {.body = SAY("Yes.") END},
        {.body = SAY("Yes.") END},
        {.body = full},
        {.body = SAY("Said: a number.") END},
        {.body = waits},
        {.body = SAY("On.") END},
    };
    codex_run_add_settings(f, "model_auto_compact_token_limit = 30000\n");
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "The number is 4711.");
    test_write(f->dir, "AGENTS.md", "Obey-later.\n");
    agent_ask(f, "Two.");
    agent_ask(f, "Three.");
    agent_say(f, "Four.");
    WAIT_UNTIL(f, agent_find(f, ENTRY_NOTICE, "conversation: its context window was full"));
    test_write(f->home, "go", "");
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "On.");
    agent_expect_request(f, fault_server_count(f->server) - 1, "Said: a number.");
    agent_expect_request(f, fault_server_count(f->server) - 1, "Obey-later.");
    free(waits);
}

static void a_compaction_is_interrupted(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    struct session *session = workbench_session(f->wb);
    static const struct fault_step steps[] = {
        {.body = SAY("Yes.") END},
        {.body = SAY("Half") END, .stall = true, .stall_after = 5},
        {.body = SAY("On.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "The number is 4711.");
    assert_ok(session_compact(session, &err), err);
    WAIT_UNTIL(f, fault_server_count(f->server) == 2);
    session_interrupt(session);
    assert_int_equal(session_state(session), SESSION_IDLE);
    agent_ask(f, "Go on.");
    agent_must_find(f, ENTRY_ASSISTANT, "On.");
    agent_expect_request(f, 2, "4711");
    agent_expect_request(f, 2, "Go on.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CODEX_TEST(plan_thoughts_tokens_and_limits_are_shown),
        CODEX_TEST(instructions_and_model_are_those_of_the_turn),
        CODEX_TEST(its_home_may_be_relative),
        CODEX_TEST(sessions_are_threads),
        CODEX_TEST(it_compacts_when_it_is_told_to),
        CODEX_TEST(it_compacts_by_itself),
        CODEX_TEST(a_compaction_is_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
