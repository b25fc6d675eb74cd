/* An agent that speaks the Agent Client Protocol and misbehaves in every way we can think of: one
 * clear line each time, nothing lost, and a way on. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "fault_acp_run.h"
#include "model/outside.h"

/* One prompt, the one line it fails with, and that nothing of what was typed is gone. */
static void expect_failure(struct agent_run *f, const char *mode, const char *line)
{
    fault_acp_open(f, mode, NULL);
    size_t errors = agent_count(f, ENTRY_ERROR);
    agent_say(f, "Hello, agent.");
    session_set_draft(workbench_session(f->wb), STR_LIT("half a thought"));
    WAIT_UNTIL(f, agent_is_idle(f) || agent_asks(f, "How is it to log in?"));
    if (!agent_is_idle(f)) { /* what becomes of an answer: test_acp_choices.c */
        struct err err;
        assert_ok(
            session_decide(workbench_session(f->wb), APPROVAL_DECLINED, STR_LIT("never"), &err),
            err);
        WAIT_UNTIL(f, agent_is_idle(f));
    }
    if (agent_count(f, ENTRY_ERROR) != errors + 1) {
        agent_run_dump(f);
        fail_msg("%s: not one line", mode);
    }
    const struct entry *error = agent_must_find(f, ENTRY_ERROR, line);
    assert_null(strchr(error->text.ptr, '\n'));
    assert_true(error->can_retry);
    agent_must_find(f, ENTRY_USER, "Hello, agent.");
    assert_string_equal(session_draft(workbench_session(f->wb)), "half a thought");
    /* With an agent that works the same session goes on. */
    char *id = mem_strdup(session_id(workbench_session(f->wb)));
    fault_acp_open(f, "good", id);
    free(id);
    agent_ask(f, "And now?");
    agent_must_find(f, ENTRY_ASSISTANT, "And now?");
    session_set_draft(workbench_session(f->wb), (struct str){0});
}

static void it_works(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "good", NULL);
    agent_ask(f, "write a.rego package a");
    agent_must_find(f, ENTRY_ASSISTANT, "[prompt 1]");
    agent_must_find(f, ENTRY_PROPOSAL, "a.rego");
    agent_expect_file(f, "a.rego", NULL);
    agent_ask(f, "Two.");
    agent_must_find(f, ENTRY_ASSISTANT, "[prompt 2]");
}

static void it_dies_and_stays_away(void **state)
{
    struct agent_run *f = *state;
    expect_failure(f, "die-first", "cannot find my own head");
    expect_failure(f, "old", "speaks version 0 of the Agent Client Protocol, bylaw speaks 1");
    expect_failure(f, "login", "fault is not logged in: run fault login");
    expect_failure(f, "locked", "fault is not logged in: run fault login");
    expect_failure(
        f, "unwell", "fault began no session: Internal error: my hat is lost: look below it");
    expect_failure(f, "nonsense", "speaks nonsense");
    expect_failure(f, "flood", "said more than 8 MiB in one turn and was stopped");
    expect_failure(f, "tools", "used more than 10,000 tools in one turn and was stopped");
}

/* Whatever it was about to do: each death is one line, and the next prompt tries anew. */
static void it_dies_at_each_message(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    for (int at = 1; at <= 5; at++) {
        char *mode = mem_printf("die-at %d", at);
        fault_acp_open(f, mode, NULL);
        assert_ok(workbench_open_session(f->wb, NULL, &err), err);
        for (int i = 0; i < 3; i++) {
            agent_say(f, "write a.rego package a");
            WAIT_UNTIL(f, agent_is_idle(f));
        }
        struct session *session = workbench_session(f->wb);
        /* initialize, a session, and a prompt each. */
        size_t deaths = at <= 3 ? 3 : 1;
        size_t answers = 3 - deaths;
        if (agent_count(f, ENTRY_ERROR) != deaths || agent_count(f, ENTRY_USER) != 3) {
            agent_run_dump(f);
            fail_msg("%s: %zu lines", mode, agent_count(f, ENTRY_ERROR));
        }
        assert_true(agent_count(f, ENTRY_ASSISTANT) >= answers);
        assert_null(session_approval(session));
        char *id = mem_strdup(session_id(session));
        fault_acp_open(f, "good", id);
        agent_ask(f, "And now?");
        agent_must_find(f, ENTRY_ASSISTANT, "And now?");
        free(id);
        free(mode);
    }
    fault_acp_open(f, "die-asking", NULL);
    assert_ok(workbench_open_session(f->wb, NULL, &err), err);
    agent_say(f, "One.");
    WAIT_UNTIL(f, agent_asks(f, "rm -rf one"));
    WAIT_UNTIL(f, agent_is_idle(f));
    assert_null(session_approval(workbench_session(f->wb)));
    assert_int_equal(agent_count(f, ENTRY_ERROR), 1);
}

static void what_it_wrote_before_it_died_is_kept(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "die", NULL);
    agent_say(f, "One.");
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ERROR, "fault ended with exit code 7");
    agent_must_find(f, ENTRY_PROPOSAL, "half.rego");
    agent_expect_file(f, "half.rego", NULL);
}

static void others_of_its_name_are_told_apart(void **state)
{
    struct agent_run *f = *state;
    static const struct {
        const char *provider, *said;
    } cases[] = {{"acp:absent", "no-such-agent is not on PATH"},
        {"acp:bad", "agents.bad: command: it takes"},
        {"acp:nobody", "there is no [agents.nobody] with a command"},
        {"acp:opencode", "npm install -g opencode-ai"}};
    char *path = mem_strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    fault_acp_open(f, "good", NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        agent_run_open(f, cases[i].provider, NULL);
        WAIT_UNTIL(f, workbench_notice(f->wb, 0) != NULL);
        bool said = false;
        for (size_t k = 0; workbench_notice(f->wb, k) != NULL; k++) {
            said = said || strstr(workbench_notice(f->wb, k), cases[i].said) != NULL;
        }
        if (!said) {
            agent_run_dump(f);
            fail_msg("%s: not said: %s", cases[i].provider, cases[i].said);
        }
        agent_ask(f, "Hello?"); /* and to who asks all the same */
        agent_must_find(f, ENTRY_ASSISTANT, cases[i].said);
        agent_must_find(f, ENTRY_ASSISTANT, "Mend that and start again");
    }
    setenv("PATH", path, 1);
    free(path);
}

static void strange_shapes_are_ignored(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "shapes", NULL);
    agent_ask(f, "write a.rego package a");
    agent_must_find(f, ENTRY_NOTICE, "fault: Old key: it ends ^[[31msoon");
    agent_must_find(f, ENTRY_ASSISTANT, "[prompt 1]");
    agent_must_find(f, ENTRY_PROPOSAL, "a.rego");
    assert_int_equal(agent_count(f, ENTRY_ERROR), 0);
}

static void its_files_are_those_of_its_copy(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "outside", NULL);
    agent_ask(f, "One.");
    agent_must_find(f, ENTRY_NOTICE, "was not let write a file: /tmp/bylaw-fault-acp-outside lies");
    agent_must_find(f, ENTRY_NOTICE, "was not let write a file: ");
    agent_must_find(f, ENTRY_ASSISTANT, "/etc/passwd lies outside of the workspace");
    agent_must_find(f, ENTRY_ASSISTANT, "\"result\":{\"content\":\"x\"}");
    agent_must_find(f, ENTRY_ASSISTANT, "\"code\":-32002"); /* a file that is not there */
    agent_must_find(f, ENTRY_ASSISTANT, "bylaw does not offer this");
    assert_int_not_equal(access("/tmp/bylaw-fault-acp-outside", F_OK), 0);
    const struct proposal *open = proposals_open(workbench_proposals(f->wb));
    assert_int_equal(open->changes.len, 1);
    assert_string_equal(open->changes.items[0].path, "in/side.txt");
}

static void it_asks_twice_at_once(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    fault_acp_open(f, "asks", NULL);
    struct session *session = workbench_session(f->wb);
    agent_say(f, "One.");
    WAIT_UNTIL(f, agent_asks(f, "rm -rf one"));
    /* What is allowed is said whole. */
    assert_string_equal(session_question(session)->terms,
        "confined, as all of this agent: reads files but no keys beyond its own (LAB_ACCESS), "
        "writes its scratch copy of the workspace (for your review) and its own folders only, AND "
        "REACHES THE NETWORK");
    assert_ok(session_decide(session, APPROVAL_DECLINED, STR_LIT("never"), &err), err);
    WAIT_UNTIL(f, agent_asks(f, "fetch two"));
    assert_ok(session_decide(session, APPROVAL_SESSION, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_asks(f, "three"));
    assert_string_equal(session_approval(session),
        "three\nreaching outside of its scratch copy: /far/away, /far/off");
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_asks(f, "something it does not name"));
    session_interrupt(session);
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "\"optionId\":\"no\"");
    agent_must_find(f, ENTRY_ASSISTANT, "\"optionId\":\"yes\"");
    agent_must_find(f, ENTRY_ASSISTANT, "\"outcome\":\"cancelled\"");
}

static void it_takes_a_question_back(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    fault_acp_open(f, "takes-back", NULL);
    struct session *session = workbench_session(f->wb);
    agent_say(f, "One.");
    WAIT_UNTIL(f, agent_asks(f, "two"));
    assert_ok(session_decide(session, APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "\"code\":-32800");
    agent_must_find(f, ENTRY_ASSISTANT, "\"optionId\":\"yes\"");
    assert_null(agent_find(f, ENTRY_NOTICE, "rm -rf one"));
}

/* Each time it is declined it is told why, which is a prompt, at which it asks again. */
static void it_asks_without_end(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    fault_acp_open(f, "asks", NULL);
    struct session *session = workbench_session(f->wb);
    agent_say(f, "One.");
    size_t declined = 0;
    while (!agent_is_idle(f)) {
        WAIT_UNTIL(f, agent_is_idle(f) || session_question(session) != NULL);
        if (session_question(session) != NULL) {
            assert_ok(session_decide(session, APPROVAL_DECLINED, STR_LIT("never"), &err), err);
            assert_true(++declined <= 16); /* four a prompt: the first, and three that say why */
        }
    }
    assert_int_equal(declined, 16);
}

static void it_does_not_stop_or_remember(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "deaf", NULL);
    agent_say(f, "One.");
    WAIT_UNTIL(f, agent_find(f, ENTRY_ASSISTANT, "Half"));
    session_interrupt(workbench_session(f->wb));
    agent_say(f, "Two."); /* waits for its end, which we make after a while */
    WAIT_UNTIL(f, agent_count(f, ENTRY_ASSISTANT) == 2);
    session_interrupt(workbench_session(f->wb));
    static const char *const modes[] = {"forgetful", "lost"};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        fault_acp_open(f, "good", NULL);
        agent_ask(f, "The number is 4711.");
        char *id = mem_strdup(session_id(workbench_session(f->wb)));
        fault_acp_open(f, modes[i], id);
        free(id);
        agent_ask(f, "Which?");
        agent_must_find(f, ENTRY_NOTICE, "begins anew, told what was said so far");
        agent_must_find(f, ENTRY_ASSISTANT, "You do not remember it, but this was said so far");
        agent_must_find(f, ENTRY_ASSISTANT, "Engineer: The number is 4711.");
        assert_int_equal(agent_count(f, ENTRY_ERROR), 0);
    }
}

static void it_loads_what_it_cannot_resume(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "loads", NULL);
    agent_ask(f, "The number is 4711.");
    char *id = mem_strdup(session_id(workbench_session(f->wb)));
    fault_acp_open(f, "loads", id);
    free(id);
    agent_ask(f, "Which?");
    agent_must_find(f, ENTRY_ASSISTANT, "I was loaded.");
    agent_must_find(f, ENTRY_ASSISTANT, "I was told: Which?");
    for (enum entry_kind kind = 0; kind <= ENTRY_ERROR; kind++) {
        assert_null(agent_find(f, kind, "REPLAYED"));
    }
    assert_null(agent_find(f, ENTRY_ASSISTANT, "You do not remember it"));
    assert_null(agent_find(f, ENTRY_NOTICE, "begins anew"));
    assert_int_equal(agent_count(f, ENTRY_ERROR), 0);
}

/* Since the last prompt; "" where there is none. */
static const char *last_notice(struct agent_run *f)
{
    const struct transcript *all = session_transcript(workbench_session(f->wb));
    for (size_t i = all->len; i > 0 && all->items[i - 1].kind != ENTRY_USER; i--) {
        if (all->items[i - 1].kind == ENTRY_NOTICE && all->items[i - 1].text.len > 0) {
            return all->items[i - 1].text.ptr;
        }
    }
    return "";
}

static void its_silence_is_said(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "silent", NULL);
    outside_use_patience(50);
    agent_say(f, "Hello, agent.");
    WAIT_UNTIL(f, agent_is_idle(f));
    outside_use_patience(0);
    agent_must_find(f, ENTRY_ERROR,
        "fault is still starting, or does not speak the Agent Client Protocol (fault did not "
        "answer "
        "initialize in time): try again, or see what its command says: ");
    agent_must_find(f, ENTRY_ERROR, "/fault-acp silent");
    assert_int_equal(agent_count(f, ENTRY_ERROR), 1);
    char *id = mem_strdup(session_id(workbench_session(f->wb)));
    fault_acp_open(f, "mute", id);
    free(id);
    agent_ask(f, "One.");
    agent_must_find(f, ENTRY_ASSISTANT, "[prompt 1]");
    outside_use_patience(50);
    agent_say(f, "Two.");
    static const char silence[] = "fault has said nothing for 0.05 s: Esc interrupts";
    WAIT_UNTIL(f, agent_find(f, ENTRY_NOTICE, silence));
    session_interrupt(workbench_session(f->wb));
    agent_say(f, "Two again."); /* and is said again */
    WAIT_UNTIL(f, strstr(last_notice(f), silence) != NULL && !agent_is_idle(f));
    session_interrupt(workbench_session(f->wb));
    outside_use_patience(0);
    id = mem_strdup(session_id(workbench_session(f->wb)));
    fault_acp_open(f, "good", id);
    free(id);
    agent_ask(f, "Three.");
    agent_must_find(f, ENTRY_USER, "Two.");
    agent_must_find(f, ENTRY_ASSISTANT, "Three.[prompt 1]");
}

static void it_says_what_it_costs(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "costs", NULL);
    agent_ask(f, "One.");
    agent_ask(f, "Two.");
    for (int again = 0; again < 2; again++) { /* as it was, also after a restart */
        struct session *session = workbench_session(f->wb);
        assert_int_equal((int)(session_spend(session)->dollars * 100), 50);
        assert_int_equal(session_spend(session)->unpriced, 0);
        assert_int_equal(session_spend(session)->requests, 2);
        assert_int_equal(session_held_tokens(session), 200);
        assert_int_equal(session_window_tokens(session), 1000);
        char *id = mem_strdup(session_id(session));
        fault_acp_open(f, "costs", id);
        free(id);
    }
    agent_ask(f, "Three."); /* it says what all three have cost */
    assert_int_equal((int)(session_spend(workbench_session(f->wb))->dollars * 100), 75);
    assert_int_equal((int)(session_turn_spend(workbench_session(f->wb))->dollars * 100), 25);
    /* A bound on it holds, in the middle of a prompt. */
    char *now = test_read(f->home, "bylaw/config.toml");
    char *bound = mem_printf("max_cost = 0.20\n%s", now);
    test_write(f->home, "bylaw/config.toml", bound);
    agent_run_open(f, "acp:fault", NULL);
    agent_say(f, "wait");
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ERROR, "Stopped: this prompt has taken $0.25 and max_cost is $0.20.");
    free(bound);
    free(now);
}

static const char *proposed(struct agent_run *f)
{
    const struct proposal *open = proposals_open(workbench_proposals(f->wb));
    return open == NULL ? "" : open->changes.items[0].path;
}

/* Where it is kept until then. The caller frees. */
static char *half_of(struct agent_run *f)
{
    return mem_printf(
        "%s/bylaw/acp/fault/half/%s.patch", f->home, session_id(workbench_session(f->wb)));
}

/* A turn that never ended, because we did: what the agent had written waits in the session. */
static void what_it_wrote_before_we_ended_is_kept(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "half", NULL);
    char *id = mem_strdup(session_id(workbench_session(f->wb)));
    char *file = half_of(f);
    agent_say(f, "One.");
    WAIT_UNTIL(f, access(file, F_OK) == 0); /* as it comes: a kill asks nobody */
    fault_acp_open(f, "good", id);
    WAIT_UNTIL(f, agent_find(f, ENTRY_NOTICE, "The agent was cut short: what it had changed"));
    assert_int_not_equal(access(file, F_OK), 0);
    assert_string_equal(proposed(f), "half.rego");
    agent_ask(f, "Two.");
    agent_must_find(f, ENTRY_ASSISTANT, "What you had changed in it is in the proposal.");
    assert_int_equal(proposals_open(workbench_proposals(f->wb))->changes.len, 1);
    free(file);
    free(id);
}

/* Interrupted, and left for another session before the agent had stopped. */
static void what_it_wrote_is_that_sessions(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    fault_acp_open(f, "half", NULL);
    char *id = mem_strdup(session_id(workbench_session(f->wb)));
    char *file = half_of(f);
    agent_say(f, "One.");
    WAIT_UNTIL(f, agent_find(f, ENTRY_ASSISTANT, "Half"));
    session_interrupt(workbench_session(f->wb));
    assert_ok(workbench_open_session(f->wb, NULL, &err), err);
    WAIT_UNTIL(f, !workbench_is_ending(f->wb));
    assert_string_equal(proposed(f), "");
    assert_int_equal(access(file, F_OK), 0);
    assert_ok(workbench_open_session(f->wb, id, &err), err);
    agent_must_find(f, ENTRY_NOTICE, "The agent was cut short: what it had changed");
    assert_string_equal(proposed(f), "half.rego");
    free(file);
    free(id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fault_acp_set_up, fault_acp_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_works),
        TEST(it_dies_and_stays_away),
        TEST(it_dies_at_each_message),
        TEST(what_it_wrote_before_it_died_is_kept),
        TEST(others_of_its_name_are_told_apart),
        TEST(strange_shapes_are_ignored),
        TEST(its_files_are_those_of_its_copy),
        TEST(it_asks_twice_at_once),
        TEST(it_takes_a_question_back),
        TEST(it_asks_without_end),
        TEST(it_does_not_stop_or_remember),
        TEST(it_loads_what_it_cannot_resume),
        TEST(its_silence_is_said),
        TEST(it_says_what_it_costs),
        TEST(what_it_wrote_before_we_ended_is_kept),
        TEST(what_it_wrote_is_that_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
