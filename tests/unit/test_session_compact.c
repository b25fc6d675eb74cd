/* A session's conversation in place of which the model is sent a summary: asked for, by itself near
 * the end of the window, and whole or not at all. */
#include "test.h"

#include "agent/journal.h"
#include "base/vec.h"
#include "scripted_run.h"

#include <stdlib.h>

#define TEXT(text)                                                                                 \
    {                                                                                              \
        EVENT_TEXT, text, NULL, NULL, 0                                                            \
    }
#define DONE                                                                                       \
    {                                                                                              \
        EVENT_DONE, NULL, NULL, NULL, 0                                                            \
    }
#define CUT(text)                                                                                  \
    {                                                                                              \
        EVENT_ERROR, text, NULL, NULL, 0                                                           \
    }
#define USED(tokens)                                                                               \
    {                                                                                              \
        EVENT_USAGE, NULL, NULL, NULL, tokens                                                      \
    }
#define CALL(id)                                                                                   \
    {                                                                                              \
        EVENT_TOOL_CALL, "a", id, "read", 0                                                        \
    }

#define COMPACTED_1                                                                                \
    "u:[The conversation before this was compacted. Your summary of it]\n\nsum\n\n"                \
    "[The engineer's last prompts, word for word, the oldest first]\n\n1. one\n"
#define COMPACTED_2 COMPACTED_1 "\n2. two\n"

static void wait_idle(struct scripted_run *f)
{
    for (int i = 0; session_state(f->session) != SESSION_IDLE; i++) {
        assert_true(i < 10000);
        loop_run_once(f->loop, 10);
    }
}

static void compact(struct scripted_run *f)
{
    struct err err;
    assert_ok(session_compact(f->session, &err), err);
    assert_int_equal(session_state(f->session), SESSION_COMPACTING);
}

/* The next prompt is sent behind this. */
static void expect_sent(struct scripted_run *f, const char *before)
{
    static const struct scripted_step steps[] = {TEXT("3"), DONE};
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    buf_clear(&f->provider.requests);
    scripted_run_prompt(f, "three");
    scripted_run_wait_end(f);
    char *wanted = mem_printf("%s|u:three|\n", before);
    assert_string_equal(f->provider.requests.ptr, wanted);
    free(wanted);
}

static void a_summary_takes_the_place_of_the_conversation(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {TEXT(" su"), TEXT("m \n"), USED(30), DONE};
    scripted_run_answer_two_prompts(f);
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    buf_clear(&f->provider.requests);
    compact(f);
    wait_idle(f);
    assert_true(str_starts(buf_str(&f->provider.requests), "u:one|a:1|u:two|a:2|u:[bylaw] "));
    scripted_run_expect_shown(f->session,
        "U+one|A+1|U+two|A+2|T+sum|N+Compacted: in place of 2 tokens the "
        "model is sent this summary "
        "and the last prompts. What is shown here stays whole.|");
    assert_int_equal(session_context_tokens(f->session), 0);
    scripted_run_expect_same_after_resume(f); /* killed and resumed it is the same conversation */
    expect_sent(f, COMPACTED_2 "\n[All of them are answered.]");
}

static void what_is_no_summary_changes_nothing(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step cut[] = {TEXT("su"), CUT("the connection broke")};
    static const struct scripted_step empty[] = {TEXT(" "), DONE};
    static const struct scripted_step called[] = {TEXT("sum"), CALL("c1"), DONE};
    static const struct {
        const struct scripted_step *steps;
        size_t count;
        const char *said;
    } tries[] = {{cut, ARRAY_LEN(cut), "the connection broke"},
        {empty, ARRAY_LEN(empty), "the model wrote no summary"},
        {called, ARRAY_LEN(called), "the model called a tool in place of a summary"}};
    scripted_run_answer_two_prompts(f);
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        scripted_run_script(f, tries[i].steps, tries[i].count);
        compact(f);
        wait_idle(f);
        char *said =
            mem_printf("T!|N+Not compacted: %s. The conversation is as it was.|", tries[i].said);
        char *text = scripted_run_shown(f->session);
        assert_true(str_ends(str_of(text), said));
        free(text);
        free(said);
    }
    scripted_run_expect_same_after_resume(f);
    expect_sent(f, "u:one|a:1|u:two|a:2");
}

static void a_compaction_can_be_interrupted(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step silent[] = {TEXT("su")};
    struct err err;
    scripted_run_answer_two_prompts(f);
    scripted_run_script(f, silent, ARRAY_LEN(silent));
    compact(f);
    loop_run_once(f->loop, 10);
    assert_false(session_compact(f->session, &err)); /* it runs */
    assert_int_equal(session_state(f->session), SESSION_COMPACTING);
    session_interrupt(f->session);
    assert_int_equal(session_state(f->session), SESSION_IDLE);
    scripted_run_script(f, silent, ARRAY_LEN(silent));
    compact(f); /* and the program ends in the middle of the next one */
    loop_run_once(f->loop, 10);
    struct session_setup setup = scripted_run_setup(f);
    char *id = mem_strdup(session_id(f->session));
    session_free(f->session);
    f->session = session_resume(&setup, "/ws", id, &err);
    assert_non_null(f->session);
    free(id);
    scripted_run_expect_shown(
        f->session, "U+one|A+1|U+two|A+2|T/|N+Interrupted. What came so far is kept.|T/|");
    expect_sent(f, "u:one|a:1|u:two|a:2");
}

/* Near the end of the window a request waits for a compaction, also between two calls of tools; a
 * prompt typed meanwhile waits its turn. */
static void a_full_window_is_compacted_by_itself(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {TEXT("1"), USED(700), DONE, CALL("c1"), USED(900),
        DONE, TEXT("sum"), USED(950), DONE, TEXT("2"), USED(200), DONE};
    f->window = 1000;
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "one");
    scripted_run_wait_end(f);
    f->ended = false;
    buf_clear(&f->provider.requests);
    scripted_run_prompt(f, "two");
    scripted_run_wait_end(f);
    scripted_run_expect_shown(f->session,
        "U+one|A+1|U+two|T+read(a)|T+sum|N+Compacted: in place of 901 tokens the model is sent "
        "this summary and the last prompts. What is shown here stays whole.|A+2|");
    const char *last = strstr(f->provider.requests.ptr, COMPACTED_2);
    assert_non_null(last);
    assert_string_equal(last,
        COMPACTED_2 "\n[You are at work on the last of them: go on where the summary ends.]|\n");
    scripted_run_expect_same_after_resume(f);
}

/* Where nobody counts, what the request tells beside the conversation takes room, too; but where
 * that alone fills the window, a summary would make no room. */
static void a_window_nobody_counts_is_guessed_with_all_that_is_told(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        TEXT("1"), DONE, TEXT("2"), DONE, TEXT("sum"), DONE, TEXT("3"), DONE};
    char text[3601] = "";
    char long_prompt[1201] = "";
    memset(text, 'x', sizeof text - 1);
    memset(long_prompt, 'y', sizeof long_prompt - 1);
    f->window = 1000;
    f->instructions = text;
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "one");
    scripted_run_wait_end(f);
    f->ended = false;
    scripted_run_prompt(f, "two"); /* 900 of what is told and next to nothing that was said */
    scripted_run_wait_end(f);
    assert_in_range(session_held_tokens(f->session), 900, 910);
    assert_false(session_held_is_counted(f->session));
    f->ended = false;
    scripted_run_prompt(f, long_prompt);
    scripted_run_wait_end(f);
    const struct transcript *transcript = session_transcript(f->session);
    const struct entry *notice = &transcript->items[transcript->len - 2];
    assert_true(str_starts(buf_str(&notice->text), "Compacted: in place of 1.2k tokens"));
    assert_int_equal(transcript->len, 8);
}

static void a_failed_compaction_does_not_stop_the_turn(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        TEXT("1"), USED(900), DONE, TEXT("su"), CUT("the line broke"), TEXT("2"), USED(910), DONE};
    f->window = 1000;
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "one");
    scripted_run_wait_end(f);
    f->ended = false;
    buf_clear(&f->provider.requests);
    scripted_run_prompt(f, "two");
    scripted_run_prompt(f, "three");
    char *back = session_queue_pop(f->session);
    free(back);
    scripted_run_wait_end(f);
    scripted_run_expect_shown(f->session,
        "U+one|A+1|U+two|T!|N+Not compacted: the line broke. The conversation "
        "is as it was.|A+2|");
    assert_true(str_ends(buf_str(&f->provider.requests), "\nu:one|a:1|u:two|\n"));
    scripted_run_expect_same_after_resume(f);
}

/* What is past the window already is summed up without most of what tools printed. */
static void what_does_not_fit_is_cut_for_the_summary(void **state)
{
    struct scripted_run *f = *state;
    char big[4000];
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    const struct scripted_step steps[] = {{EVENT_TOOL_CALL, big, "c1", "read", 0}, DONE, TEXT("1"),
        USED(2000), DONE, TEXT("sum"), DONE, TEXT("sum"), DONE};
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "one");
    scripted_run_wait_end(f);
    buf_clear(&f->provider.requests);
    compact(f);
    wait_idle(f);
    assert_true(f->provider.requests.len > 8000); /* it fits: whole */
    assert_null(strstr(f->provider.requests.ptr, "[cut]"));
    struct err err;
    struct session_setup setup = scripted_run_setup(f);
    setup.journal = journal_create("/ws", &err);
    session_free(f->session);
    f->session = session_new(&setup);
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "one");
    scripted_run_wait_end(f);
    f->window = 1000;
    buf_clear(&f->provider.requests);
    compact(f);
    wait_idle(f);
    assert_non_null(strstr(f->provider.requests.ptr, "x\n[cut]|"));
    assert_true(f->provider.requests.len < 8000);
}

static void what_cannot_be_compacted_is_said(void **state)
{
    struct scripted_run *f = *state;
    struct err err;
    assert_false(session_compact(f->session, &err));
    assert_string_equal(err.text, "There is nothing to compact yet.");
    scripted_run_answer_two_prompts(f);
    f->provider.provider.is_recording = true;
    assert_false(session_compact(f->session, &err));
    assert_string_equal(err.text, "A recording writes no summary.");
    session_set_provider(f->session, NULL, "m", NULL);
    assert_false(session_compact(f->session, &err));
    assert_string_equal(err.text, "There is no model to write a summary.");
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, scripted_run_set_up, scripted_run_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_summary_takes_the_place_of_the_conversation),
        TEST(what_is_no_summary_changes_nothing),
        TEST(a_compaction_can_be_interrupted),
        TEST(a_full_window_is_compacted_by_itself),
        TEST(a_window_nobody_counts_is_guessed_with_all_that_is_told),
        TEST(a_failed_compaction_does_not_stop_the_turn),
        TEST(what_does_not_fit_is_cut_for_the_summary),
        TEST(what_cannot_be_compacted_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
