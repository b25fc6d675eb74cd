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

#define TEST(name) cmocka_unit_test_setup_teardown(name, fault_acp_set_up, fault_acp_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_model_is_the_engineers_choice),
        TEST(its_mode_is_the_engineers_choice),
        TEST(the_older_methods_do_too),
        TEST(its_own_mode_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
