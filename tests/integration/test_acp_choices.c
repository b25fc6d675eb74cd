/* What an agent that speaks the Agent Client Protocol lets be chosen: its model, effort and mode,
 * as it says them today and as it did before. */
#include "test.h"

#include <stdlib.h>

#include "base/mem.h"
#include "fault_acp_run.h"

static void ask_as(struct agent_run *f, const char *model, const char *effort)
{
    struct err err;
    assert_ok(workbench_use_model(f->wb, model, effort, &err), err);
    agent_ask(f, "Who are you?");
}

static void its_model_is_the_engineers_choice(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "chooses", NULL);
    agent_ask(f, "Who are you?");
    agent_must_find(f, ENTRY_ASSISTANT, "I am lab/m1 at low");
    ask_as(f, "m2", "high");
    agent_must_find(f, ENTRY_ASSISTANT, "I am lab/m2 at high");
    assert_string_equal(workbench_model(f->wb), "fault m2 high");
    struct offer model; /* what can be chosen is known, out of its groups */
    assert_true(workbench_offered(f->wb, OFFER_MODEL, 1, &model));
    assert_string_equal(model.id, "lab/m2");
    assert_string_equal(model.name, "Two");
    assert_true(model.now);
    assert_false(workbench_offered(f->wb, OFFER_MODEL, 2, &model));
    ask_as(f, "nope", NULL);
    agent_must_find(f, ENTRY_NOTICE,
        "fault has no model \"nope\" and goes on with lab/m2; it has: lab/m1, lab/m2");
    ask_as(f, "Two", "xhigh");
    agent_must_find(f, ENTRY_NOTICE, "fault has no effort \"xhigh\" and goes on with high");
    size_t before = session_transcript(workbench_session(f->wb))->len;
    ask_as(f, NULL, NULL); /* as it was before */
    const struct transcript *all = session_transcript(workbench_session(f->wb));
    assert_non_null(strstr(all->items[before + 1].text.ptr, "I am lab/m1 at low"));
    fault_acp_open(f, "stubborn", NULL);
    ask_as(f, "m2", NULL);
    agent_must_find(f, ENTRY_NOTICE, "fault goes on as it was: fault: I stay as I am");
    agent_must_find(f, ENTRY_ASSISTANT, "I am lab/m1 at low");
    fault_acp_open(f, "good", NULL);
    ask_as(f, "m2", "high");
    agent_must_find(f, ENTRY_NOTICE, "fault does not let its model be chosen here (m2)");
    agent_must_find(f, ENTRY_NOTICE, "fault does not let its effort be chosen here (high)");
    agent_must_find(f, ENTRY_ASSISTANT, "[prompt 1]");
}

static void use_mode(struct agent_run *f, const char *mode)
{
    struct err err;
    assert_ok(workbench_use_mode(f->wb, mode, &err), err);
}

static void expect_mode(struct agent_run *f, const char *mode)
{
    char *now = workbench_describe_mode(f->wb);
    assert_string_equal(now == NULL ? "none" : now, mode);
    free(now);
}

static void its_mode_is_the_engineers_choice(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    fault_acp_open(f, "chooses", NULL);
    assert_false(workbench_use_mode(f->wb, "plan", &err));
    expect_mode(f, "none"); /* it has said nothing yet */
    agent_ask(f, "Who are you?");
    agent_must_find(f, ENTRY_ASSISTANT, "I am lab/m1 at low, mode ask.");
    expect_mode(f, "Ask");
    assert_false(workbench_use_mode(f->wb, "wild", &err));
    assert_string_equal(err.text, "fault has no mode \"wild\"; it has: ask, plan");
    use_mode(f, "PLAN");
    expect_mode(f, "Plan");
    agent_ask(f, "And now?");
    agent_must_find(f, ENTRY_ASSISTANT, "I am lab/m1 at low, mode plan.");
    /* Another session begins as the agent has it. */
    use_mode(f, "plan");
    assert_ok(workbench_open_session(f->wb, NULL, &err), err);
    agent_ask(f, "And here?");
    expect_mode(f, "Ask");
    fault_acp_open(f, "good", NULL);
    agent_ask(f, "Modes?");
    assert_false(workbench_use_mode(f->wb, "plan", &err));
    agent_must_find(f, ENTRY_ASSISTANT, "[prompt 1]");
}

/* session/set_model and session/set_mode, as agents of before configOptions have them. */
static void the_older_methods_do_too(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "older", NULL);
    ask_as(f, "Two", NULL);
    agent_must_find(f, ENTRY_ASSISTANT, "I am lab/m2 at low, mode ask.");
    struct offer model;
    assert_true(workbench_offered(f->wb, OFFER_MODEL, 1, &model));
    assert_string_equal(model.id, "lab/m2");
    assert_true(model.now);
    use_mode(f, "wild");
    expect_mode(f, "YOLO (Auto-approves all tools), may not ask you");
    agent_ask(f, "And now?");
    agent_must_find(f, ENTRY_ASSISTANT, "I am lab/m2 at low, mode wild.");
    assert_null(agent_find(f, ENTRY_NOTICE, "its mode")); /* one knows what one chose */
    agent_say(f, "wait"); /* while a prompt runs it is set at once */
    WAIT_UNTIL(f, agent_find(f, ENTRY_ASSISTANT, "I was told: wait"));
    use_mode(f, "plan");
    expect_mode(f, "Plan"); /* as it will be in a moment */
    WAIT_UNTIL(f, agent_find(f, ENTRY_ASSISTANT, "Set meanwhile."));
    session_interrupt(workbench_session(f->wb));
    WAIT_UNTIL(f, agent_is_idle(f) && !workbench_is_ending(f->wb));
    expect_mode(f, "Plan");
}

/* A mode that asks nobody is said, unless the engineer chose it. */
static void its_own_mode_is_said(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "reckless", NULL);
    agent_ask(f, "Who are you?");
    agent_must_find(f, ENTRY_NOTICE,
        "fault works in its mode \"YOLO\" (Auto-approves all tools), in which it may act without "
        "asking you, confined all the same; /mode chooses another");
    fault_acp_open(f, "older", NULL);
    agent_ask(f, "Who are you?");
    assert_null(agent_find(f, ENTRY_NOTICE, "works in its mode"));
    use_mode(f, "plan");
    agent_ask(f, "leave");
    agent_must_find(f, ENTRY_NOTICE,
        "fault goes on in its mode \"YOLO\" (Auto-approves all tools), in which it may act");
    expect_mode(f, "YOLO (Auto-approves all tools), may not ask you");
    agent_ask(f, "Who are you?"); /* it is not asked to go back by what was chosen before */
    expect_mode(f, "YOLO (Auto-approves all tools), may not ask you");
}

/* A yes to another mode says what it is a yes to; and whose rules it asks by is said. */
static void a_change_of_modes_says_what_it_means(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    struct buf limits = BUF_INIT;
    fault_acp_open(f, "switches", NULL);
    agent_say(f, "Go.");
    WAIT_UNTIL(f, agent_asks(f, "Ready"));
    assert_true(str_starts(str_of(session_question(workbench_session(f->wb))->terms),
        "approved once means \"Yes, and ask\", approved this session means \"Yes, and auto-accept "
        "all\"; confined, as all of this agent"));
    assert_ok(session_decide(workbench_session(f->wb), APPROVAL_ONCE, (struct str){0}, &err), err);
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "\"optionId\":\"b\"");
    workbench_describe_commands(f->wb, &limits);
    assert_string_equal(limits.ptr, "fault asks by its own rules; all it runs is confined to its "
                                    "scratch copy and its own folders");
    buf_free(&limits);
}

static void expect_spent(struct agent_run *f, const char *prompt, long long in, long long out)
{
    agent_ask(f, prompt);
    const struct spend *turn = session_turn_spend(workbench_session(f->wb));
    assert_int_equal(turn->usage.input_tokens, in);
    assert_int_equal(turn->usage.output_tokens, out);
}

/* Whatever way it counts, what was cached is in the input and what was thought in the output. */
static void its_tokens_are_counted_as_ours(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "counts", NULL);
    expect_spent(f, "beside", 160, 27);
    expect_spent(f, "within", 100, 20);
    expect_spent(f, "own", 3, 4);
    assert_int_equal(session_spend(workbench_session(f->wb))->partial, 0);
}

/* ---- logging in ---- */

/* The question that waits; it is answered in so many words. */
static void log_in(struct agent_run *f, const char *asks, const char *way)
{
    struct err err;
    WAIT_UNTIL(f, agent_asks(f, asks));
    assert_ok(session_decide(workbench_session(f->wb), APPROVAL_DECLINED, str_of(way), &err), err);
}

static void expect_choices(struct agent_run *f)
{
    const struct question *question = session_question(workbench_session(f->wb));
    char *terminal = mem_printf("Terminal\ttype in another terminal: 'A=$b' %s/tests/fault-acp "
                                "locked login 'it'\\''s me', and choose this then",
        getenv("BYLAW_BINARY_DIR"));
    char *all = mem_printf("X\trun fault login\nKey\t\n%s\n", terminal);
    assert_string_equal(question->choices, all);
    struct str words;
    struct str about;
    assert_true(question_choice(question, 1, &words, &about));
    assert_true(str_equal_c(words, "Key"));
    assert_false(question_choice(question, 3, &words, &about)); /* of a kind that nobody knows */
    free(all);
    free(terminal);
}

/* The prompt that was held goes on once somebody has logged in, and nothing of it is lost. */
static void one_logs_in_and_the_prompt_goes_on(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "locked", NULL);
    agent_say(f, "write a.rego package a");
    WAIT_UNTIL(f, agent_asks(f, "fault is not logged in (Authentication required)."));
    expect_choices(f);
    log_in(f, "How is it to log in?", "Key");
    log_in(f, "(that did not work: the key is not set)", "terminal"); /* it is started anew */
    log_in(f, "(Authentication required)", " x ");
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "[prompt 1]");
    agent_must_find(f, ENTRY_PROPOSAL, "a.rego");
    assert_int_equal(agent_count(f, ENTRY_ERROR), 0);
    /* So it is where a prompt is refused, in a session that there is already. */
    fault_acp_open(f, "login", NULL);
    agent_say(f, "Remember me.");
    log_in(f, "(Authentication required)", "X");
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "I was told: Remember me.[prompt 2]");
    assert_int_equal(agent_count(f, ENTRY_ERROR), 0);
    assert_int_equal(agent_count(f, ENTRY_USER), 2);
}

/* Line by line: what is asked ends a wait, for the next line answers it; and with the last line
 * nobody is there any more who could. */
static void it_is_chosen_line_by_line(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "locked", NULL);
    static const char *const lines[] = {
        "Who are you?\\nwait\\nallow\\nallow 2\\nwait\\nallow 1\\nwait\\n", "Who are you?\\n"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        char *line = mem_printf(
            "printf '%s' | \"$BYLAW_BINARY_DIR/bylaw\" --plain --provider acp:fault", lines[i]);
        const char *argv[] = {"sh", "-c", line, NULL};
        char *out = test_run(f->dir, argv);
        if (strstr(out, "The model asks: fault is not logged in") == NULL) {
            fail_msg("not asked:\n%s", out);
        }
        assert_non_null(strstr(out, "1: X, run fault login."));
        assert_int_equal(strstr(out, "[prompt 1]") != NULL, i == 0);
        assert_int_equal(strstr(out, "Allow takes the number of an answer here") != NULL, i == 0);
        free(out);
        free(line);
    }
}

/* approval_policy is about what the agent does, not about who it is. */
static void approval_never_still_logs_in(void **state)
{
    struct agent_run *f = *state;
    fault_acp_open(f, "locked", NULL);
    char *now = test_read(f->home, "bylaw/config.toml");
    char *never = mem_printf("approval_policy = \"never\"\n%s", now);
    test_write(f->home, "bylaw/config.toml", never);
    agent_run_open(f, "acp:fault", NULL);
    agent_say(f, "One.");
    log_in(f, "How is it to log in?", "X");
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ASSISTANT, "[prompt 1]");
    free(never);
    free(now);
}

static void a_login_can_be_left(void **state)
{
    struct agent_run *f = *state;
    struct err err;
    fault_acp_open(f, "stuck", NULL);
    agent_say(f, "One.");
    log_in(f, "How is it to log in?", "X");
    agent_must_find(f, ENTRY_NOTICE, "fault logs in with \"X\"; Esc stops it");
    session_interrupt(workbench_session(f->wb));
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_say(f, "Two."); /* it begins anew */
    WAIT_UNTIL(f, agent_asks(f, "How is it to log in?"));
    session_interrupt(workbench_session(f->wb));
    WAIT_UNTIL(f, agent_is_idle(f));
    assert_null(session_approval(workbench_session(f->wb)));
    agent_say(f, "Three.");
    log_in(f, "How is it to log in?", "");
    WAIT_UNTIL(f, agent_is_idle(f));
    agent_must_find(f, ENTRY_ERROR, "fault is not logged in: run fault login");
    assert_ok(session_retry(workbench_session(f->wb), &err), err);
    WAIT_UNTIL(f, agent_asks(f, "How is it to log in?"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fault_acp_set_up, fault_acp_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_model_is_the_engineers_choice),
        TEST(its_mode_is_the_engineers_choice),
        TEST(the_older_methods_do_too),
        TEST(its_own_mode_is_said),
        TEST(a_change_of_modes_says_what_it_means),
        TEST(its_tokens_are_counted_as_ours),
        TEST(one_logs_in_and_the_prompt_goes_on),
        TEST(it_is_chosen_line_by_line),
        TEST(approval_never_still_logs_in),
        TEST(a_login_can_be_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
