/* The real Codex CLI as the agent: what waits for the engineer, and that nobody else answers it. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/vec.h"
#include "codex_run.h"

static void a_command_outside_its_sandbox_waits(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    char *first = mem_printf(ESCALATE("c1", "touch %s/one") END, f->home);
    char *second = mem_printf(ESCALATE("c2", "touch %s/two") END, f->home);
    char *third = mem_printf(ESCALATE("c3", "touch %s/three") END, f->home);
    const struct fault_step steps[] = {
        {.body = first}, {.body = second}, {.body = third}, {.body = SAY("Well.") END}};
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    struct session *session = workbench_session(f->wb);
    agent_say(f, "Leave.");
    WAIT_UNTIL(f, agent_asks(f, "/one"));
    assert_string_equal(agent_must_find(f, ENTRY_TOOL, "I want to")->name, "asks");
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    assert_false(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err));
    WAIT_UNTIL(f, agent_asks(f, "/two"));
    char *made = path_join(f->home, "one");
    WAIT_UNTIL(f, access(made, F_OK) == 0); /* Codex does not wait for a command's end to go on */
    free(made);
    assert_ok(session_decide(session, APPROVAL_DECLINED, STR_LIT("not there"), &err), err);
    WAIT_UNTIL(f, agent_asks(f, "/three") || agent_is_idle(f));
    agent_expect_a_request(f, "declined to run it outside the sandbox: not there");
    agent_must_find(f, ENTRY_NOTICE, "Declined: touch");
    /* On a busy machine Codex was seen, twice in some hundred runs, to go on to its answer without
     * a question about the third, which it did not run: it is told to once more, and why is
     * printed. */
    const struct fault_step again[] = {{.body = third}, {.body = SAY("Well.") END}};
    for (int i = 0; i < 3 && !agent_asks(f, "/three"); i++) {
        agent_run_dump(f);
        fault_server_script(f->server, again, ARRAY_LEN(again));
        agent_say(f, "Leave all the same.");
        WAIT_UNTIL(f, agent_asks(f, "/three") || agent_is_idle(f));
    }
    assert_true(agent_asks(f, "/three"));
    session_interrupt(session);
    assert_null(session_approval(session));
    agent_ask(f, "And now?");
    agent_must_find(f, ENTRY_ASSISTANT, "Well.");
    const char *const never[] = {"two", "three"};
    for (size_t i = 0; i < ARRAY_LEN(never); i++) {
        char *path = path_join(f->home, never[i]);
        assert_int_not_equal(access(path, F_OK), 0);
        free(path);
    }
    free(first);
    free(second);
    free(third);
}

static size_t lines_of(const char *path)
{
    struct buf text = BUF_INIT;
    size_t lines = file_read(path, 1 << 16, &text, NULL) ? text.len : 0;
    buf_free(&text);
    return lines;
}

/* What was approved for the session is asked no more, until a stricter policy is chosen: then Codex
 * would not ask, had it been told to keep that itself. */
static void an_approval_for_the_session_is_ours(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    char *command = mem_printf(ESCALATE("c1", "echo >> %s/times") END, f->home);
    const struct fault_step steps[] = {{.body = command}, {.body = SAY("Well.") END},
        {.body = command}, {.body = SAY("Well.") END}, {.body = command},
        {.body = SAY("Well.") END}};
    test_write(
        f->home, "bylaw/config.toml", "[profiles.strict]\napproval_policy = \"untrusted\"\n");
    agent_run_open(f, "codex", NULL);
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    struct session *session = workbench_session(f->wb);
    agent_say(f, "Count.");
    WAIT_UNTIL(f, agent_asks(f, "/times"));
    assert_ok(session_decide(session, APPROVAL_SESSION, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_ask(f, "Count again.");
    assert_ok(workbench_use_profile(f->wb, "strict", &err), err);
    agent_say(f, "And again.");
    WAIT_UNTIL(f, agent_asks(f, "/times"));
    assert_ok(session_decide(session, APPROVAL_DECLINED, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_is_idle(f));
    char *path = path_join(f->home, "times");
    WAIT_UNTIL(f, lines_of(path) == 2);
    free(path);
    free(command);
}

/* Codex's own reviewer, which its users may have in the place of themselves, decides nothing, nor
 * do their rules of what it may run; nor is any of a command left out that Codex takes for
 * formatting. */
static void what_is_asked_is_all_that_runs(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    codex_run_add_settings(f, "approvals_reviewer = \"auto_review\"\n");
    codex_run_write(
        f, "rules/default.rules", "prefix_rule(pattern=[\"touch\"], decision=\"allow\")\n");
    agent_run_open(f, "codex", NULL);
    char *ruled = mem_printf(RUN("c0", "touch %s/ruled") END, f->home);
    char *command = mem_printf(
        CALL("c1", "exec_command",
            "{\\\"cmd\\\":\\\"cat p/p.rego | tee %s/one\\\",\\\"workdir\\\":\\\"%s\\\","
            "\\\"sandbox_permissions\\\":\\\"require_escalated\\\",\\\"justification\\\":"
            "\\\"Show it?\\\"}") END,
        f->home, f->home);
    static const char spawn[] =
        EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\","
              "\"call_id\":\"c2\",\"namespace\":\"multi_agent_v1\",\"name\":\"spawn_agent\","
              "\"arguments\":\"{\\\"message\\\":\\\"Do it\\\"}\"}}") END;
    const struct fault_step steps[] = {{.body = ruled}, {.body = command}, {.body = spawn},
        {.body = SAY("Alone.") END}, {.body = SAY("Nobody asked for this.") END}};
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_say(f, "Show it.");
    WAIT_UNTIL(f, agent_asks(f, "/one"));
    assert_true(agent_asks(f, "cat p/p.rego | tee "));
    char *where = mem_printf("OUTSIDE the agent's sandbox, as you, in the folder %s", f->home);
    agent_must_find(f, ENTRY_TOOL, where);
    free(where);
    assert_ok(
        session_decide(workbench_session(f->wb), APPROVAL_DECLINED, STR_LIT("no"), &err), err);
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "Alone.");
    assert_int_equal(fault_server_count(f->server), 4); /* no other agent was begun */
    const char *const never[] = {"one", "ruled"};
    for (size_t i = 0; i < ARRAY_LEN(never); i++) {
        char *path = path_join(f->home, never[i]);
        assert_int_not_equal(access(path, F_OK), 0);
        free(path);
    }
    free(ruled);
    free(command);
}

/* However the file makes them. */
static void what_its_rules_forbid_never_runs(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    codex_run_write(f, "rules/default.rules",
        "NEVER = \"forbidden\"\ndef forbid(word):\n    prefix_rule(pattern=[word], "
        "decision=NEVER,\n"
        "        justification=\"keep out\")\nforbid(\"touch\")\n"
        "prefix_rule([\"ls\"], \"allow\")\n"
        "prefix_rule(\n    pattern=[\"cat\"],\n\n    decision=\"prompt\",\n)\n");
    codex_run_write(f, "rules/empty.rules", "# none yet\n");
    agent_run_open(f, "codex", NULL);
    char *command = mem_printf(ESCALATE("c1", "touch %s/one") END, f->home);
    const struct fault_step steps[] = {{.body = command}, {.body = ESCALATE("c2", "ls p") END},
        {.body = RUN("c3", "cat p/p.rego") END}, {.body = SAY("Well.") END}};
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_say(f, "Touch it.");
    WAIT_UNTIL(f, agent_asks(f, "ls p"));
    agent_expect_request(f, 1, "rejected: keep out");
    assert_ok(session_decide(workbench_session(f->wb), APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_asks(f, "cat p/p.rego"));
    assert_ok(session_decide(workbench_session(f->wb), APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "Well.");
    assert_non_null(strstr(workbench_notice(f->wb, 0), "what its rules forbid stays forbidden"));
    char *made = path_join(f->home, "one");
    assert_int_not_equal(access(made, F_OK), 0);
    free(made);
    free(command);
}

/* Nor do programs that answer for its user: Codex is given a folder without them. */
static void its_user_answers_nothing_beforehand(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {{.body = SAY("Well.") END}};
    codex_run_add_tables(f, "[[hooks.PermissionRequest]]\n[[hooks.PermissionRequest.hooks]]\n"
                            "type = \"command\"\ncommand = \"true\"\n");
    codex_run_write(f, "hooks.json",
        "{\"hooks\":{\"PermissionRequest\":[],\"Stop\":[{\"hooks\":[{\"type\":\"command\","
        "\"command\":\"true\",\"timeout\":7}]}]}}\n");
    codex_run_write(f, "other", "x\n");
    char *state_home = path_home_dir(PATH_STATE, NULL);
    char *given = path_join(state_home, "codex-home");
    test_write(given, "rules/gone.rules", "prefix_rule(pattern=[\"x\"])\n"); /* of another time */
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_run_open(f, "codex", NULL);
    agent_ask(f, "Hello.");
    agent_must_find(f, ENTRY_ASSISTANT, "Well.");
    assert_non_null(
        strstr(workbench_notice(f->wb, 0), "PermissionRequest hooks allow waits for you"));
    char *gone = path_join(given, "rules/gone.rules");
    char *hooks = test_read(given, "hooks.json");
    char *kept = test_read(given, "other");
    char *written = test_read(given, "config.toml");
    assert_string_equal(kept, "x\n");
    assert_int_not_equal(access(gone, F_OK), 0);
    assert_string_equal(hooks,
        "{\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"true\","
        "\"timeout\":7}]}]}}");
    assert_null(strstr(written, "PermissionRequest"));
    assert_non_null(strstr(written, "model_providers"));
    free(written);
    free(kept);
    free(hooks);
    free(gone);
    free(given);
    free(state_home);
}

/* The newest models write scripts, in which tools run beside each other. */
static void several_commands_may_wait(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    char *codex = path_join(f->home, "codex");
    char *config = test_read(codex, "config.toml");
    char *named = strstr(config, "gpt-5.5");
    assert_non_null(named);
    char *text = mem_printf("%.*sgpt-5.6-sol%s", (int)(named - config), config, named + 7);
    test_write(codex, "config.toml", text);
    free(text);
    free(config);
    free(codex);
    agent_run_open(f, "codex", NULL); /* which reads it too */
    char *script = mem_printf(
        EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"custom_tool_call\","
              "\"call_id\":\"c1\",\"name\":\"exec\",\"input\":\"const run = (name) => "
              "tools.exec_command({cmd: 'touch %s/' + name, sandbox_permissions: "
              "'require_escalated', justification: 'I want to'}); await Promise.allSettled(["
              "run('one'), run('two')]);\"}}") END,
        f->home);
    const struct fault_step steps[] = {
        {.body = script}, {.body = SAY("Well.") END}, {.body = SAY("Well.") END}};
    struct session *session = workbench_session(f->wb);
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_say(f, "Touch them.");
    static const char *const names[] = {"/one", "/two"};
    WAIT_UNTIL(f, agent_asks(f, names[0]) || agent_asks(f, names[1]));
    bool second = agent_asks(f, names[1]);
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_asks(f, names[!second])); /* and was not refused meanwhile */
    assert_ok(session_decide(session, APPROVAL_DECLINED, STR_LIT("one is enough"), &err), err);
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "Well.");
    agent_expect_a_request(f, "one is enough (the command was: touch ");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *path = mem_printf("%s%s", f->home, names[i]);
        if (i == second) {
            WAIT_UNTIL(f, access(path, F_OK) == 0);
        } else {
            assert_int_not_equal(access(path, F_OK), 0);
        }
        free(path);
    }
    free(script);
}

#define QUESTION(id, text)                                                                         \
    "{\\\"id\\\":\\\"" id "\\\",\\\"header\\\":\\\"Choice\\\",\\\"question\\\":\\\"" text          \
    "\\\",\\\"options\\\":[{\\\"label\\\":\\\"Blue\\\",\\\"description\\\":\\\"b\\\"},{"           \
    "\\\"label\\\":\\\"Red\\\",\\\"description\\\":\\\"r\\\"}]}"

static void its_questions_are_answered(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    static const char net[] = CALL("c2", "request_permissions",
        "{\\\"reason\\\":\\\"to fetch\\\",\\\"permissions\\\":{\\\"network\\\":{\\\"enabled\\\":"
        "true}}}") END;
    char *away = mem_printf(
        CALL("c3", "request_permissions",
            "{\\\"permissions\\\":{\\\"file_system\\\":{\\\"write\\\":[\\\"%s/p\\\"]}}}") END,
        f->dir);
    char *above = mem_printf(CALL("c4", "request_permissions",
        "{\\\"permissions\\\":{\\\"file_system\\\":{\\\"write\\\":[\\\"/\\\"]}}}") END);
    char *home = mem_printf(
        CALL("c5", "request_permissions",
            "{\\\"permissions\\\":{\\\"file_system\\\":{\\\"write\\\":[\\\"%s/own\\\"]}}}") END,
        f->home);
    char *link = path_join(f->home, "link");
    assert_int_equal(symlink(f->dir, link), 0);
    char *through = mem_printf(
        CALL("c6", "request_permissions",
            "{\\\"permissions\\\":{\\\"file_system\\\":{\\\"write\\\":[\\\"%s/new\\\"]}}}") END,
        link);
    const struct fault_step steps[] = {
        {.body = CALL("c1", "request_user_input",
             "{\\\"questions\\\":[" QUESTION("q1", "Which colour?") "," QUESTION(
                 "q2", "Which other?") "]}") END},
        {.body = net},
        {.body = away},
        {.body = above},
        {.body = through},
        {.body = home},
        {.body = SAY("Well.") END},
    };
    struct session *session = workbench_session(f->wb);
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_say(f, "Ask.");
    WAIT_UNTIL(f, agent_asks(f, "Which colour? Blue, Red"));
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_asks(f, "Which other?"));
    assert_ok(session_decide(session, APPROVAL_DECLINED, STR_LIT("green"), &err), err);
    WAIT_UNTIL(f, agent_asks(f, "use the network"));
    agent_must_find(f, ENTRY_NOTICE, "Answered: Which colour? Blue, Red. Blue");
    agent_must_find(f, ENTRY_NOTICE, "Answered: Which other? Blue, Red. green");
    agent_expect_request(f, 1, "\\\"q1\\\":{\\\"answers\\\":[\\\"Blue\\\"]}");
    agent_expect_request(f, 1, "\\\"q2\\\":{\\\"answers\\\":[\\\"green\\\"]}");
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_asks(f, "/own"));
    agent_expect_request(f, 2, "\\\"network\\\":{\\\"enabled\\\":true}");
    /* Where the workspace is, nobody is asked. */
    agent_must_find(f, ENTRY_NOTICE, "for permission to write past the review");
    agent_expect_request(f, 3, "No permission to write to the workspace is given");
    agent_must_find(f, ENTRY_NOTICE, "link/new): refused");
    assert_ok(session_decide(session, APPROVAL_DECLINED, STR_LIT("keep out"), &err), err);
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "Well.");
    agent_expect_request(f, 6, "The engineer gave no permission: keep out");
    free(link);
    free(through);
    free(away);
    free(above);
    free(home);
}

#define TOOL(id, server, name)                                                                     \
    EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\","          \
          "\"call_id\":\"" id "\",\"namespace\":\"mcp__" server "\",\"name\":\"" name              \
          "\",\"arguments\":\"{}\"}}")

/* What Codex asks before a tool of a server that its user has set up. */
static void tools_of_other_servers_wait(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    static const struct fault_step steps[] = {
        {.body = TOOL("c1", "mine", "list_files") END},
        {.body = TOOL("c2", "mine", "list_files") END},
        {.body = SAY("Well.") END},
    };
    char *server = mem_printf("[mcp_servers.mine]\ncommand = \"%s/bylaw\"\nargs = [\"mcp\", "
                              "\"--read-only\", \"%s\"]\ndefault_tools_approval_mode = "
                              "\"prompt\"\n",
        getenv("BYLAW_BINARY_DIR"), f->dir);
    codex_run_add_tables(f, server);
    free(server);
    struct session *session = workbench_session(f->wb);
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_say(f, "List them.");
    WAIT_UNTIL(f, agent_asks(f, "list_files"));
    agent_must_find(f, ENTRY_TOOL, "a tool of the MCP server mine");
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, fault_server_count(f->server) == 2);
    WAIT_UNTIL(f, agent_asks(f, "list_files"));
    agent_expect_request(f, 1, "p/p.rego");
    assert_ok(session_decide(session, APPROVAL_DECLINED, STR_LIT("once is enough"), &err), err);
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "Well.");
    agent_expect_request(f, 2, "The engineer declined the tool: once is enough");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CODEX_TEST(a_command_outside_its_sandbox_waits),
        CODEX_TEST(an_approval_for_the_session_is_ours),
        CODEX_TEST(what_is_asked_is_all_that_runs),
        CODEX_TEST(what_its_rules_forbid_never_runs),
        CODEX_TEST(its_user_answers_nothing_beforehand),
        CODEX_TEST(several_commands_may_wait),
        CODEX_TEST(its_questions_are_answered),
        CODEX_TEST(tools_of_other_servers_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
