/* Failed checks go back to the agent, on real parts: a recorded model, the real opa. */
#include "recorded_run.h"

#include "base/vec.h"

#include <stdlib.h>

static const char policy[] =
    "package p\n\ndeny contains msg if {\n\tinput.bad\n\tmsg := \"bad\"\n}\n";

/* A proposal whose test says what the policy does not. */
#define PATCH(wrong)                                                                               \
    "*** Begin Patch\n*** Add File: p/p_test.rego\n+package p_test\n+\n+import data.p\n+\n"        \
    "+test_bad if {\n+\tp.deny == {\"" wrong "\"} with input as {\"bad\": true}\n+}\n*** End "     \
    "Patch\n"

static void answer_with(
    struct recorded_run *f, const char *prompt, const char *part, const char *patch, bool question)
{
    script_begin_on(&f->recording, prompt, part, 0);
    if (patch != NULL) {
        script_call(&f->recording, question ? "q" : "c", "apply_patch", patch, true);
        script_done(&f->recording);
        script_begin_on(&f->recording, prompt, part, 1);
    }
    script_say(&f->recording, "So it is.");
    script_done(&f->recording);
}

static int set_up(void **state)
{
    recorded_run_set_up(state);
    test_write(((struct recorded_run *)*state)->dir, "p/p.rego", policy);
    return 0;
}

/* Whatever could still be sent would be by then. */
static bool settled(struct recorded_run *f)
{
    return session_state(workbench_session(f->wb)) == SESSION_IDLE &&
           session_queue_count(workbench_session(f->wb)) == 0 &&
           checks_state(workbench_evidence(f->wb)) == CHECKS_DONE && !workbench_is_mending(f->wb);
}

static void the_agent_mends_before_the_engineer_is_asked(void **state)
{
    struct recorded_run *f = *state;
    answer_with(f, "go", NULL, PATCH("wrong"), false);
    answer_with(f, "The agent mends", "the agent mends, 1 of 2", PATCH("bad"), true);
    recorded_run_open(f, "");
    recorded_run_prompt(f, "Go.");
    RUN_UNTIL(
        f, recorded_run_count(f, ENTRY_FEEDBACK, "Tests failed; the agent mends, 1 of 2") == 1);
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "p_test.test_bad"), 1);
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "\"wrong\""), 1); /* why */
    RUN_UNTIL(f, settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_PASS);
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "2 of 2"), 0);
    assert_int_equal(proposals_open(workbench_proposals(f->wb))->number, 1);
}

static void it_is_bounded(void **state)
{
    struct recorded_run *f = *state;
    answer_with(f, "go", NULL, PATCH("wrong"), false);
    answer_with(f, "The agent mends", "the agent mends, 1 of 2", PATCH("worse"), true);
    answer_with(f, "The agent mends once more", "the agent mends, 2 of 2", PATCH("worst"), true);
    recorded_run_open(f, "");
    recorded_run_prompt(f, "Go.");
    RUN_UNTIL(f, recorded_run_count(f, ENTRY_NOTICE, "after 2 attempts") == 1);
    RUN_UNTIL(f, settled(f));
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "the agent mends"), 2);
}

static void what_does_not_change_is_not_sent_again(void **state)
{
    struct recorded_run *f = *state;
    answer_with(f, "go", NULL, PATCH("wrong"), false);
    answer_with(f, "The agent mends", "the agent mends, 1 of 2", NULL, true);
    recorded_run_open(f, "");
    recorded_run_prompt(f, "Go.");
    RUN_UNTIL(f, recorded_run_count(f, ENTRY_NOTICE, "The agent changed nothing") == 1);
    RUN_UNTIL(f, settled(f));
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "the agent mends"), 1);
}

static void none_is_sent_when_it_is_off(void **state)
{
    struct recorded_run *f = *state;
    answer_with(f, "go", NULL, PATCH("wrong"), false);
    answer_with(f, "The agent mends", "the agent mends", NULL, true);
    recorded_run_open(f, "mend_attempts = 0\n");
    recorded_run_prompt(f, "Go.");
    RUN_UNTIL(f, recorded_run_is_over(f) && settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_FAIL);
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "the agent mends"), 0);
}

/* No test at all is neither green nor failed. */
static void what_was_not_evaluated_is_no_failure(void **state)
{
    struct recorded_run *f = *state;
    answer_with(f, "go", NULL,
        "*** Begin Patch\n*** Add File: p/q.rego\n+package p\n+\n+x := 1\n*** End Patch\n", false);
    answer_with(f, "The agent mends", "the agent mends", NULL, true);
    recorded_run_open(f, "");
    recorded_run_prompt(f, "Go.");
    RUN_UNTIL(f, recorded_run_is_over(f) && settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_NOT_EVALUATED);
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "the agent mends"), 0);
}

/* A guard's error, with tests that pass. */
static void a_guard_counts_as_a_check(void **state)
{
    struct recorded_run *f = *state;
    answer_with(f, "go", NULL,
        "*** Begin Patch\n*** Add File: p/p_test.rego\n+package p_test\n+\n+import data.p\n+\n"
        "+test_bad if {\n+\tx := p.deny with input as {\"bad\": true}\n+}\n*** End Patch\n",
        false);
    answer_with(f, "The agent mends", "the agent mends", NULL, true);
    recorded_run_open(f, "");
    recorded_run_prompt(f, "Go.");
    RUN_UNTIL(
        f, recorded_run_count(f, ENTRY_FEEDBACK, "Checks failed; the agent mends, 1 of 2") == 1);
    RUN_UNTIL(f, settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_PASS);
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "test-asserts-nothing"), 1);
}

static void break_a_test(struct recorded_run *f)
{
    test_write(f->dir, "old/old_test.rego", "package old_test\n\ntest_old if 1 == 2\n");
}

static void what_failed_before_is_named_and_no_more(void **state)
{
    struct recorded_run *f = *state;
    break_a_test(f);
    answer_with(f, "go", NULL, PATCH("wrong"), false);
    answer_with(f, "The agent mends", "the agent mends, 1 of 2", PATCH("bad"), true);
    recorded_run_open(f, "");
    recorded_run_prompt(f, "Go.");
    RUN_UNTIL(f, recorded_run_count(f, ENTRY_FEEDBACK, "Tests failed; the agent mends") == 1);
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "- fail  p_test.test_bad"), 1);
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "- fail  old_test.test_old"), 0);
    assert_int_equal(
        recorded_run_count(f, ENTRY_FEEDBACK, "not yours to mend: old_test.test_old\n"), 1);
    RUN_UNTIL(f, settled(f));
    RUN_UNTIL(f, recorded_run_count(f, ENTRY_NOTICE, "Nothing goes back to the agent") == 1);
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_FAIL);
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "2 of 2"), 0);
}

static void what_only_failed_before_is_not_sent(void **state)
{
    struct recorded_run *f = *state;
    break_a_test(f);
    answer_with(f, "go", NULL, PATCH("bad"), false);
    answer_with(f, "The agent mends", "the agent mends", NULL, true);
    recorded_run_open(f, "");
    recorded_run_prompt(f, "Go.");
    RUN_UNTIL(f,
        recorded_run_count(f, ENTRY_NOTICE, "without the proposal, too (old_test.test_old)") == 1);
    RUN_UNTIL(f, settled(f));
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "the agent mends"), 0);
}

static void an_interrupted_turn_is_not_gone_on_with(void **state)
{
    struct recorded_run *f = *state;
    script_begin(&f->recording, "go", 0);
    script_call(&f->recording, "c", "apply_patch", PATCH("wrong"), true);
    script_call(&f->recording, "d", "run_command",
        "{\"command\":\"true\",\"network\":true,\"reason\":null,\"timeout_s\":null}", false);
    script_done(&f->recording);
    answer_with(f, "The agent mends", "the agent mends", NULL, true);
    recorded_run_open(f, "");
    recorded_run_prompt(f, "Go.");
    RUN_UNTIL(f, session_question(workbench_session(f->wb)) != NULL);
    session_interrupt(workbench_session(f->wb));
    RUN_UNTIL(f, settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_FAIL);
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "the agent mends"), 0);
}

/* What the engineer has begun to decide stays theirs. */
static void who_decides_is_not_overtaken(void **state)
{
    struct recorded_run *f = *state;
    struct err err;
    answer_with(f, "go", NULL, PATCH("wrong"), false);
    answer_with(f, "The agent mends", "the agent mends", NULL, true);
    recorded_run_open(f, "");
    recorded_run_prompt(f, "Go.");
    RUN_UNTIL(f, proposals_open(workbench_proposals(f->wb)) != NULL);
    struct review *review = proposals_review(workbench_proposals(f->wb));
    assert_ok(review_decide_rest(review, 0, REVIEW_ACCEPTED, (struct str){0}, &err), err);
    RUN_UNTIL(f, settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_FAIL);
    assert_int_equal(recorded_run_count(f, ENTRY_FEEDBACK, "the agent mends"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_agent_mends_before_the_engineer_is_asked, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(it_is_bounded, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            what_does_not_change_is_not_sent_again, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            none_is_sent_when_it_is_off, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            what_was_not_evaluated_is_no_failure, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(a_guard_counts_as_a_check, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            what_failed_before_is_named_and_no_more, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            what_only_failed_before_is_not_sent, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            an_interrupted_turn_is_not_gone_on_with, set_up, recorded_run_tear_down),
        cmocka_unit_test_setup_teardown(
            who_decides_is_not_overtaken, set_up, recorded_run_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
