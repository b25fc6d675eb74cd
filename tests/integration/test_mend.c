/* Failed checks go back to the agent, on real parts: a recorded model, the real opa. */
#include "recording_script.h"
#include "test.h"

#include "agent/workbench.h"
#include "base/vec.h"

#include <stdlib.h>

static const char policy[] =
    "package p\n\ndeny contains msg if {\n\tinput.bad\n\tmsg := \"bad\"\n}\n";

struct fixture {
    char *dir;
    char *home;
    struct loop *loop;
    struct workbench *wb;
    struct buf recording;
};

/* A proposal whose test says what the policy does not. */
#define PATCH(wrong)                                                                               \
    "*** Begin Patch\n*** Add File: p/p_test.rego\n+package p_test\n+\n+import data.p\n+\n"        \
    "+test_bad if {\n+\tp.deny == {\"" wrong "\"} with input as {\"bad\": true}\n+}\n*** End "     \
    "Patch\n"

static void answer_with(
    struct fixture *f, const char *prompt, const char *part, const char *patch, bool question)
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

static void open_with(struct fixture *f, const char *config)
{
    struct err err;
    test_write(f->home, "bylaw/config.toml", config);
    test_write(f->dir, ".bylaw/recordings/test.jsonl", f->recording.ptr);
    struct workbench_options options = {.loop = f->loop, .folder = f->dir, .provider = "recording"};
    f->wb = workbench_new(&options, &err);
    assert_ok(f->wb != NULL, err);
}

static int set_up(void **state)
{
    struct err err;
    struct fixture *f = MEM_NEW(struct fixture);
    f->home = test_dir_make();
    f->dir = test_dir_make();
    setenv("XDG_STATE_HOME", f->home, 1);
    setenv("XDG_CONFIG_HOME", f->home, 1);
    setenv("BYLAW_RECORDING_SPEED", "0", 1);
    test_write(f->dir, "p/p.rego", policy);
    script_head(&f->recording);
    f->loop = loop_new(&err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    workbench_free(f->wb);
    loop_free(f->loop);
    buf_free(&f->recording);
    test_dir_remove(f->dir);
    test_dir_remove(f->home);
    free(f);
    return 0;
}

static size_t count(struct fixture *f, enum entry_kind kind, const char *text)
{
    size_t found = 0;
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        found += e->kind == kind && e->text.len > 0 && strstr(e->text.ptr, text) != NULL;
    }
    return found;
}

static void dump(struct fixture *f)
{
    VEC_FOREACH (struct entry, e, session_transcript(workbench_session(f->wb))) {
        print_message("%d/%d %s: %s\n", e->kind, e->status, e->name == NULL ? "" : e->name,
            e->text.len > 0 ? e->text.ptr : "");
    }
}

#define WAIT_UNTIL(f, condition)                                                                   \
    do {                                                                                           \
        uint64_t end_ = loop_now_ms() + 30000;                                                     \
        while (!(condition)) {                                                                     \
            if (loop_now_ms() > end_) {                                                            \
                dump(f);                                                                           \
                fail_msg("never came: %s", #condition);                                            \
            }                                                                                      \
            loop_run_once((f)->loop, 100);                                                         \
        }                                                                                          \
    } while (0)

static void go(struct fixture *f, const char *prompt)
{
    struct err err;
    assert_ok(session_prompt(workbench_session(f->wb), str_of(prompt), &err), err);
}

/* Whatever could still be sent would be by then. */
static bool settled(struct fixture *f)
{
    return session_state(workbench_session(f->wb)) == SESSION_IDLE &&
           session_queue_count(workbench_session(f->wb)) == 0 &&
           checks_state(workbench_evidence(f->wb)) == CHECKS_DONE && !workbench_is_mending(f->wb);
}

static void the_agent_mends_before_the_engineer_is_asked(void **state)
{
    struct fixture *f = *state;
    answer_with(f, "go", NULL, PATCH("wrong"), false);
    answer_with(f, "The agent mends", "the agent mends, 1 of 2", PATCH("bad"), true);
    open_with(f, "");
    go(f, "Go.");
    WAIT_UNTIL(f, count(f, ENTRY_FEEDBACK, "Tests failed; the agent mends, 1 of 2") == 1);
    assert_int_equal(count(f, ENTRY_FEEDBACK, "p_test.test_bad"), 1);
    assert_int_equal(count(f, ENTRY_FEEDBACK, "\"wrong\""), 1); /* why */
    WAIT_UNTIL(f, settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_PASS);
    assert_int_equal(count(f, ENTRY_FEEDBACK, "2 of 2"), 0);
    assert_int_equal(proposals_open(workbench_proposals(f->wb))->number, 1);
}

static void it_is_bounded(void **state)
{
    struct fixture *f = *state;
    answer_with(f, "go", NULL, PATCH("wrong"), false);
    answer_with(f, "The agent mends", "the agent mends, 1 of 2", PATCH("worse"), true);
    answer_with(f, "The agent mends once more", "the agent mends, 2 of 2", PATCH("worst"), true);
    open_with(f, "");
    go(f, "Go.");
    WAIT_UNTIL(f, count(f, ENTRY_NOTICE, "after 2 attempts") == 1);
    WAIT_UNTIL(f, settled(f));
    assert_int_equal(count(f, ENTRY_FEEDBACK, "the agent mends"), 2);
}

static void what_does_not_change_is_not_sent_again(void **state)
{
    struct fixture *f = *state;
    answer_with(f, "go", NULL, PATCH("wrong"), false);
    answer_with(f, "The agent mends", "the agent mends, 1 of 2", NULL, true);
    open_with(f, "");
    go(f, "Go.");
    WAIT_UNTIL(f, count(f, ENTRY_NOTICE, "The agent changed nothing") == 1);
    WAIT_UNTIL(f, settled(f));
    assert_int_equal(count(f, ENTRY_FEEDBACK, "the agent mends"), 1);
}

static void none_is_sent_when_it_is_off(void **state)
{
    struct fixture *f = *state;
    answer_with(f, "go", NULL, PATCH("wrong"), false);
    answer_with(f, "The agent mends", "the agent mends", NULL, true);
    open_with(f, "mend_attempts = 0\n");
    go(f, "Go.");
    WAIT_UNTIL(f, session_transcript(workbench_session(f->wb))->len > 0 && settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_FAIL);
    assert_int_equal(count(f, ENTRY_FEEDBACK, "the agent mends"), 0);
}

/* No test at all is neither green nor failed. */
static void what_was_not_evaluated_is_no_failure(void **state)
{
    struct fixture *f = *state;
    answer_with(f, "go", NULL,
        "*** Begin Patch\n*** Add File: p/q.rego\n+package p\n+\n+x := 1\n*** End Patch\n", false);
    answer_with(f, "The agent mends", "the agent mends", NULL, true);
    open_with(f, "");
    go(f, "Go.");
    WAIT_UNTIL(f, session_transcript(workbench_session(f->wb))->len > 0 && settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_NOT_EVALUATED);
    assert_int_equal(count(f, ENTRY_FEEDBACK, "the agent mends"), 0);
}

/* A guard's error, with tests that pass. */
static void a_guard_counts_as_a_check(void **state)
{
    struct fixture *f = *state;
    answer_with(f, "go", NULL,
        "*** Begin Patch\n*** Add File: p/p_test.rego\n+package p_test\n+\n+import data.p\n+\n"
        "+test_bad if {\n+\tx := p.deny with input as {\"bad\": true}\n+}\n*** End Patch\n",
        false);
    answer_with(f, "The agent mends", "the agent mends", NULL, true);
    open_with(f, "");
    go(f, "Go.");
    WAIT_UNTIL(f, count(f, ENTRY_FEEDBACK, "Checks failed; the agent mends, 1 of 2") == 1);
    WAIT_UNTIL(f, settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_PASS);
    assert_int_equal(count(f, ENTRY_FEEDBACK, "test-asserts-nothing"), 1);
}

static void an_interrupted_turn_is_not_gone_on_with(void **state)
{
    struct fixture *f = *state;
    script_begin(&f->recording, "go", 0);
    script_call(&f->recording, "c", "apply_patch", PATCH("wrong"), true);
    script_call(&f->recording, "d", "run_command",
        "{\"command\":\"true\",\"network\":true,\"reason\":null,\"timeout_s\":null}", false);
    script_done(&f->recording);
    answer_with(f, "The agent mends", "the agent mends", NULL, true);
    open_with(f, "");
    go(f, "Go.");
    WAIT_UNTIL(f, session_question(workbench_session(f->wb)) != NULL);
    session_interrupt(workbench_session(f->wb));
    WAIT_UNTIL(f, settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_FAIL);
    assert_int_equal(count(f, ENTRY_FEEDBACK, "the agent mends"), 0);
}

/* What the engineer has begun to decide stays theirs. */
static void who_decides_is_not_overtaken(void **state)
{
    struct fixture *f = *state;
    struct err err;
    answer_with(f, "go", NULL, PATCH("wrong"), false);
    answer_with(f, "The agent mends", "the agent mends", NULL, true);
    open_with(f, "");
    go(f, "Go.");
    WAIT_UNTIL(f, proposals_open(workbench_proposals(f->wb)) != NULL);
    struct review *review = proposals_review(workbench_proposals(f->wb));
    assert_ok(review_decide_rest(review, 0, REVIEW_ACCEPTED, (struct str){0}, &err), err);
    WAIT_UNTIL(f, settled(f));
    assert_int_equal(checks_verdict(workbench_evidence(f->wb)), RESULT_FAIL);
    assert_int_equal(count(f, ENTRY_FEEDBACK, "the agent mends"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_agent_mends_before_the_engineer_is_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_change_is_not_sent_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(none_is_sent_when_it_is_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_evaluated_is_no_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_guard_counts_as_a_check, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_interrupted_turn_is_not_gone_on_with, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_decides_is_not_overtaken, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
