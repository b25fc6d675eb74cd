/* The real Codex CLI as the agent of a workbench without a screen; its model is a server of the
 * test's. Nothing that Codex does reaches the workspace but through the review, and Codex hears
 * what became of it. */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent_setup.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/vec.h"
#include "model/outside.h"
#include "model_wires.h"
#include "sandbox/confined.h"

static int set_up(void **state)
{
    struct agent_run *f = agent_run_new();
    agent_setup_codex(f);
    agent_run_open(f, "codex", NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    agent_run_free(*state);
    return 0;
}

#define EVENT            R_EVENT
#define END              R_END
#define SAY              R_SAY
#define CALL             R_CALL
#define RUN(id, command) CALL(id, "exec_command", "{\\\"cmd\\\":\\\"" command "\\\"}")
#define ESCALATE(id, command)                                                                      \
    CALL(id, "exec_command",                                                                       \
        "{\\\"cmd\\\":\\\"" command                                                                \
        "\\\",\\\"sandbox_permissions\\\":\\\"require_escalated\\\",\\\"justification\\\":"        \
        "\\\"I want to\\\"}")
#define PATCH(id, text)                                                                            \
    EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"custom_tool_call\","       \
          "\"call_id\":\"" id "\",\"name\":\"apply_patch\",\"input\":\"*** Begin Patch\\n" text    \
          "*** End Patch\"}}")

#define UPDATE                                                                                     \
    "*** Update File: p/p.rego\\n@@\\n \\tinput.bad\\n-\\tmsg := \\\"bad\\\"\\n+\\tmsg := "        \
    "\\\"bad: mend it\\\"\\n }\\n"                                                                 \
    "*** Add File: q/r/new.rego\\n+package q.r\\n"
#define SECOND "*** Update File: q/r/new.rego\\n@@\\n package q.r\\n+# more\\n"

static void its_patches_become_a_proposal(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {
        /* Not the failure last: of a command that ends at once with one Codex tells the model only.
         */
        {.body = SAY("I look first.") RUN("c1", "touch p/mine; cat p/p.rego") END},
        {.body = PATCH("c2", UPDATE) END},
        {.body = PATCH("c3", SECOND) END},
        {.body = SAY("Done.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Mend it.");
    const struct entry *command = agent_must_find(f, ENTRY_TOOL, "touch p/mine");
    assert_string_equal(command->name, "shell");
    assert_non_null(strstr(command->text.ptr, "input.bad"));
    assert_non_null(strstr(command->text.ptr, "Read-only file system"));
    agent_must_find(f, ENTRY_ASSISTANT, "I look first.");
    agent_must_find(f, ENTRY_ASSISTANT, "Done.");
    assert_int_equal(agent_must_find(f, ENTRY_PROPOSAL, "new.rego")->files, 2);
    /* Codex goes on from what it proposed: its own write to the scratch copy went well. */
    agent_expect_request(f, 2, "Success. Updated the following files");
    agent_expect_request(f, 3, "Success. Updated the following files");
    const struct proposal *open = proposals_open(workbench_proposals(f->wb));
    const struct change *added = changes_find(&open->changes, "q/r/new.rego");
    assert_true(str_equal(buf_str(&added->content), STR_LIT("package q.r\n# more\n")));
    assert_true(session_usage(workbench_session(f->wb)).input_tokens >= 28);
    struct buf spent = BUF_INIT;
    workbench_describe_spend(f->wb, &spent);
    assert_null(strstr(spent.ptr, "unknown")); /* each is counted once its patch is answered */
    buf_free(&spent);
    char *text = test_read(f->dir, "p/p.rego"); /* the workspace */
    assert_string_equal(text, agent_policy);
    free(text);
    char *made = path_join(f->dir, "q");
    assert_int_not_equal(access(made, F_OK), 0);
    free(made);
}

static void what_leaves_the_workspace_is_declined(void **state)
{
    struct agent_run *f = *state;
    char *outside = mem_printf("%s/outside", f->home);
    char *patch = mem_printf(PATCH("c1", "*** Add File: %s\\n+x\\n") END, outside);
    char *both = mem_printf(PATCH("c2",
        "*** Add File: a.rego\\n+package a\\n*** Add File: .git/hooks/pre-commit\\n+x\\n") END);
    const struct fault_step steps[] = {
        {.body = patch},
        {.body = both},
        {.body = SAY("I could not.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Leave.");
    agent_must_find(f, ENTRY_NOTICE, "lies outside of the workspace");
    agent_must_find(f, ENTRY_ASSISTANT, "I could not.");
    agent_expect_request(f, 1, "lies outside of the workspace");
    agent_expect_request(f, 1, "patch rejected by user");
    assert_int_not_equal(access(outside, F_OK), 0);
    assert_null(proposals_open(workbench_proposals(f->wb)));
    free(outside);
    free(patch);
    free(both);
}

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

/* Before the first prompt, with which Codex starts. */
static void add_to_config(struct agent_run *f, const char *line)
{
    char *codex = path_join(f->home, "codex");
    char *config = test_read(codex, "config.toml");
    char *text = mem_printf("%s\n%s", line, config);
    test_write(codex, "config.toml", text);
    free(text);
    free(config);
    free(codex);
}

/* Codex's own reviewer, which its users may have in the place of themselves, decides nothing, nor
 * do their rules of what it may run; nor is any of a command left out that Codex takes for
 * formatting. */
static void what_is_asked_is_all_that_runs(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    add_to_config(f, "approvals_reviewer = \"auto_review\"");
    char *codex = path_join(f->home, "codex");
    test_write(
        codex, "rules/default.rules", "prefix_rule(pattern=[\"touch\"], decision=\"allow\")\n");
    free(codex);
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

/* Nor do programs that answer for its user: Codex is given a folder without them. */
static void its_user_answers_nothing_beforehand(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {{.body = SAY("Well.") END}};
    char *codex = path_join(f->home, "codex");
    char *config = test_read(codex, "config.toml");
    char *text = mem_printf("%s[[hooks.PermissionRequest]]\n[[hooks.PermissionRequest.hooks]]\n"
                            "type = \"command\"\ncommand = \"true\"\n",
        config);
    test_write(codex, "config.toml", text);
    test_write(codex, "hooks.json", "{\"hooks\":{\"PermissionRequest\":[]}}\n");
    test_write(codex, "other", "x\n");
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_run_open(f, "codex", NULL);
    agent_ask(f, "Hello.");
    agent_must_find(f, ENTRY_ASSISTANT, "Well.");
    assert_non_null(
        strstr(workbench_notice(f->wb, 0), "PermissionRequest hooks allow waits for you"));
    char *state_home = path_home_dir(PATH_STATE, NULL);
    char *given = path_join(state_home, "codex-home");
    char *hooks = path_join(given, "hooks.json");
    char *kept = test_read(given, "other");
    char *written = test_read(given, "config.toml");
    assert_string_equal(kept, "x\n");
    assert_int_not_equal(access(hooks, F_OK), 0);
    assert_null(strstr(written, "PermissionRequest"));
    assert_non_null(strstr(written, "model_providers"));
    free(written);
    free(kept);
    free(hooks);
    free(given);
    free(state_home);
    free(text);
    free(config);
    free(codex);
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

/* What Codex would do to its own copy otherwise than the proposal says, the copy does not keep. */
static void odd_patches_leave_what_is_proposed(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {
        {.body = PATCH("c1", "*** Add File: p/p.rego\\n+package whole\\n") END},
        {.body = PATCH("c2", "*** Update File: p/p.rego\\n*** Move to: p/p.rego\\n@@\\n package "
                             "whole\\n+# more\\n") END},
        /* Twice: what Codex is told cuts off the answer that comes just then, and it asks anew. */
        {.body = RUN("c3", "until test -s p/p.rego; do sleep 0.01; done; cat p/p.rego") END},
        {.body = RUN("c4", "until test -s p/p.rego; do sleep 0.01; done; cat p/p.rego") END},
        {.body = SAY("Done.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Replace it.");
    const struct proposal *open = proposals_open(workbench_proposals(f->wb));
    assert_int_equal(open->changes.len, 1);
    const struct change *changed = changes_find(&open->changes, "p/p.rego");
    assert_true(str_equal(buf_str(&changed->content), STR_LIT("package whole\n# more\n")));
    assert_int_equal(changed->kind, CHANGE_UPDATE);
    agent_expect_a_request(f, "its files are as it says now");
    const struct entry *seen = agent_must_find(f, ENTRY_TOOL, "done; cat p/p.rego");
    assert_non_null(strstr(seen->text.ptr, "package whole\n# more"));
}

/* What a command that the engineer let out of the sandbox changed in the scratch copy is part of
 * the proposal, so that the checks are of what is proposed and a patch made after it fits. */
static void what_a_command_writes_is_proposed(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    static const struct fault_step steps[] = {
        {.body = ESCALATE("c1", "echo '# by hand' >> p/p.rego") END},
        {.body = PATCH("c2", "*** Update File: p/p.rego\\n@@\\n-# by hand\\n+# by patch\\n") END},
        {.body = ESCALATE("c3", "echo package made > p/made.rego") END},
        {.body = SAY("Done.") END},
        {.body = SAY("I see.") END},
    };
    struct session *session = workbench_session(f->wb);
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_say(f, "Write.");
    WAIT_UNTIL(f, agent_asks(f, "by hand"));
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_asks(f, "made.rego"));
    agent_must_find(f, ENTRY_NOTICE, "let a command write: what it had changed until then is in");
    agent_expect_request(f, 2, "Success. Updated the following files");
    agent_expect_request(f, 2, "What your commands changed is in the proposal, too.");
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_is_idle(f));
    const struct proposal *open = proposals_open(workbench_proposals(f->wb));
    assert_int_equal(open->changes.len, 2);
    assert_true(str_equal(
        buf_str(&changes_find(&open->changes, "p/made.rego")->content), STR_LIT("package made\n")));
    const struct change *changed = changes_find(&open->changes, "p/p.rego");
    assert_non_null(strstr(changed->content.ptr, "# by patch"));
    agent_expect_file(f, "p/p.rego", agent_policy);
    agent_expect_file(f, "p/made.rego", NULL);
    agent_ask(f, "And?");
    agent_expect_a_request(f, "What your commands changed is in the proposal, too.");
}

static void it_hears_what_was_taken(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    static const struct fault_step steps[] = {
        {.body = PATCH("c1", UPDATE) END},
        {.body = SAY("Proposed.") END},
        {.body = RUN("c2", "cat p/p.rego; ls q/r") END},
        {.body = SAY("I see.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Mend it.");
    struct review *review = proposals_review(workbench_proposals(f->wb));
    assert_ok(review_decide_rest(review, review_find(review, "p/p.rego"), REVIEW_DECLINED,
                  STR_LIT("too chatty"), &err),
        err);
    assert_ok(review_decide_rest(review, review_find(review, "q/r/new.rego"), REVIEW_ACCEPTED,
                  (struct str){0}, &err),
        err);
    agent_finish_review(f);
    agent_ask(f, "And now?");
    agent_expect_request(f, 2, "too chatty");
    agent_expect_request(f, 2, "And now?");
    /* What it sees is what stands: the one change that was taken, and not the other. */
    const struct entry *seen = agent_must_find(f, ENTRY_TOOL, "cat p/p.rego; ls q/r");
    assert_non_null(strstr(seen->text.ptr, "msg := \"bad\""));
    assert_null(strstr(seen->text.ptr, "mend it"));
    assert_non_null(strstr(seen->text.ptr, "new.rego"));
}

/* Hooks of the form that Codex does not take, for what it proposed; of skills it is told the
 * trusted ones. */
static void hooks_and_skills_are_for_it_too(void **state)
{
    struct agent_run *f = *state;
    struct vetting vetting;
    struct err err;
    static const struct fault_step steps[] = {
        {.body = PATCH("c1", UPDATE) END},
        {.body = SAY("Done.") END},
        {.body = SAY("I see.") END},
    };
    char *program = mem_printf("%s/bylaw", getenv("BYLAW_BINARY_DIR"));
    confined_use_program(program);
    free(program);
    test_write(f->dir, ".codex/skills/good/SKILL.md",
        "---\nname: good\ndescription: the trusted one\n---\nDo good.\n");
    test_write(f->dir, ".codex/config.toml",
        "[[hooks]]\nevent = \"PostToolUse\"\ntool = \"apply_patch\"\ntimeout_ms = 20000\n"
        "command = \"grep -l 'mend it' $CODEX_FILE_PATH && echo is chatty; true\"\n"
        "[[hooks]]\nevent = \"Stop\"\ncommand = \"echo CHECKLIST\"\n");
    workbench_vetting(f->wb, &vetting);
    assert_int_equal(vetting.len, 3);
    for (size_t i = 0; i < vetting.len; i++) {
        assert_ok(vetting_answer(&vetting, i, TRUST_YES, &err), err);
    }
    vetting_free(&vetting);
    test_write(f->dir, ".agents/skills/bad/SKILL.md",
        "---\nname: bad\ndescription: the untrusted one\n---\nDo bad.\n");
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Mend it.");
    agent_must_find(f, ENTRY_ASSISTANT, "I see.");
    agent_must_find(f, ENTRY_NOTICE, "CHECKLIST");
    agent_expect_request(f, 0, "the trusted one");
    agent_expect_no_request(f, 0, "the untrusted one");
    agent_expect_request(f, 2, "p/p.rego\\nis chatty");
    assert_null(agent_find(f, ENTRY_NOTICE, "as a trusted project")); /* Codex's advice */
    assert_int_equal(agent_must_find(f, ENTRY_PROPOSAL, "new.rego")->files, 2);
}

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

/* Ends the Codex of this test, which has its home in the environment. */
static void kill_codex(struct agent_run *f)
{
    char *mark = mem_printf("CODEX_HOME=%s/codex", f->home);
    agent_kill(mark);
    free(mark);
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
    kill_codex(f);
    WAIT_UNTIL(f, session_state(workbench_session(f->wb)) == SESSION_IDLE);
    agent_must_find(f, ENTRY_ERROR,
        "codex was ended by signal 9. What it had proposed is kept; the next prompt starts it "
        "again");
    agent_ask(f, "Three.");
    agent_must_find(f, ENTRY_ASSISTANT, "Third.");
    agent_expect_request(f, 2, "The number is 4711.");
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
        {.status = 401, .body = "{\"error\":{\"message\":\"bad key\"}}"},
        {.status = 500, .body = "{}"},
        {.body = SAY("Cut") END, .cut = true, .cut_after = 10},
        {.body = SAY("Well.") END},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "One.");
    agent_must_find(f, ENTRY_ERROR, "run codex login");
    agent_ask(f, "Two.");
    agent_must_find(f, ENTRY_ERROR, "high demand");
    agent_ask(f, "Three.");
    agent_must_find(f, ENTRY_ERROR, "stream disconnected");
    agent_ask(f, "Four.");
    agent_must_find(f, ENTRY_ASSISTANT, "Well.");
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

static void without_a_login_it_says_so(void **state)
{
    struct agent_run *f = *state;
    char *codex = path_join(f->home, "codex");
    test_write(codex, "config.toml", "model = \"gpt-5.5\"\n");
    free(codex);
    agent_ask(f, "Hello.");
    agent_must_find(f, ENTRY_ERROR, "Codex is not logged in: run codex login");
    assert_int_equal(agent_count(f, ENTRY_ERROR), 1);
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
    char *codex = path_join(f->home, "codex");
    char *config = test_read(codex, "config.toml");
    char *text = mem_printf("%s%s", config, server);
    test_write(codex, "config.toml", text);
    free(text);
    free(config);
    free(codex);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_patches_become_a_proposal),
        TEST(what_leaves_the_workspace_is_declined),
        TEST(a_command_outside_its_sandbox_waits),
        TEST(what_is_asked_is_all_that_runs),
        TEST(its_user_answers_nothing_beforehand),
        TEST(several_commands_may_wait),
        TEST(odd_patches_leave_what_is_proposed),
        TEST(what_a_command_writes_is_proposed),
        TEST(it_hears_what_was_taken),
        TEST(its_questions_are_answered),
        TEST(tools_of_other_servers_wait),
        TEST(plan_thoughts_tokens_and_limits_are_shown),
        TEST(instructions_and_model_are_those_of_the_turn),
        TEST(sessions_are_threads),
        TEST(hooks_and_skills_are_for_it_too),
        TEST(it_is_interrupted),
        TEST(its_silence_is_said),
        TEST(its_commands_end_with_its_turn),
        TEST(it_is_killed_and_goes_on),
        TEST(errors_are_one_clear_line),
        TEST(without_a_login_it_says_so),
        TEST(others_of_its_name_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
