/* What a session may spend and has spent: the bounds of a prompt and of what goes on unasked, also
 * after a resume. */
#include "test.h"

#include "base/vec.h"
#include "scripted_run.h"

#include <stdlib.h>

#define CALL_AND_USE(id, tokens)                                                                   \
    {EVENT_TOOL_CALL, "a", id, "read", 0}, {EVENT_USAGE, NULL, NULL, NULL, tokens},                \
    {                                                                                              \
        EVENT_DONE, NULL, NULL, NULL, 0                                                            \
    }

static const struct scripted_step spending[] = {CALL_AND_USE("c1", 40000),
    CALL_AND_USE("c2", 60000), CALL_AND_USE("c3", 60000), {EVENT_TEXT, "Done.", NULL, NULL, 0},
    {EVENT_DONE, NULL, NULL, NULL, 0}};

static void expect_stop(struct scripted_run *f, const char *what, size_t requests)
{
    struct err err;
    scripted_run_script(f, spending, ARRAY_LEN(spending));
    scripted_run_prompt(f, "go");
    scripted_run_wait_end(f);
    const struct transcript *transcript = session_transcript(f->session);
    const struct entry *last = &transcript->items[transcript->len - 1];
    assert_int_equal(last->kind, ENTRY_ERROR);
    assert_true(str_starts(buf_str(&last->text), what));
    assert_int_equal(session_turn_spend(f->session)->requests, requests);
    /* The way on. */
    assert_true(last->can_retry);
    f->bounds = (struct turn_bounds){.requests = 60, .dollars = -1};
    f->ended = false;
    assert_ok(session_retry(f->session, &err), err);
    scripted_run_wait_end(f);
    assert_int_equal(transcript->items[transcript->len - 1].kind, ENTRY_ASSISTANT);
}

static void a_prompt_stops_at_its_bounds(void **state)
{
    struct scripted_run *f = *state;
    f->bounds.requests = 2;
    expect_stop(f, "Stopped: this prompt has taken 2 requests to the model and max_turns is 2.", 2);
    f->bounds.tokens = 100000;
    expect_stop(f, "Stopped: this prompt has taken 100k tokens and max_tokens is 100k.", 2);
    f->bounds.dollars = 0.5;
    expect_stop(f, "Stopped: this prompt has taken $1.00 and max_cost is $0.50.", 2);
    f->bounds.dollars = 0;
    expect_stop(f, "Stopped: this prompt has taken $0.40 and max_cost is $0.00.", 1);
    assert_int_equal(session_spend(f->session)->usage.input_tokens, 4 * 160000);
    assert_int_equal(session_context_tokens(f->session), 60000);
    assert_false(session_is_at_bound(f->session)); /* it was tried again, and ended */
    f->bounds.spent = true; /* of what it shares with others nothing is left */
    expect_stop(
        f, "Stopped at --max-cost: this session has taken $6.40, a request about $0.53.", 0);
}

/* What goes back to the agent unasked is of the prompt it answers: no bound begins anew. */
static void what_goes_on_unasked_is_within_the_bounds(void **state)
{
    struct scripted_run *f = *state;
    struct err err;
    scripted_run_script(f, spending, ARRAY_LEN(spending));
    scripted_run_prompt(f, "go");
    scripted_run_wait_end(f);
    assert_int_equal(session_turn_spend(f->session)->requests, 3);
    f->bounds.requests = 5; /* the last one was not counted, but made */
    f->ended = false;
    scripted_run_script(f, spending, ARRAY_LEN(spending));
    assert_ok(session_go_on(f->session, STR_LIT("mend it"), &err), err);
    scripted_run_wait_end(f);
    const struct transcript *transcript = session_transcript(f->session);
    const struct entry *last = &transcript->items[transcript->len - 1];
    assert_int_equal(last->kind, ENTRY_ERROR);
    assert_true(str_starts(buf_str(&last->text),
        "Stopped: this prompt has taken 5 requests to the model and max_turns is 5."));
    assert_int_equal(session_turn_spend(f->session)->requests, 4);
    f->ended = false;
    scripted_run_script(f, spending, ARRAY_LEN(spending)); /* what the engineer sends begins anew */
    assert_ok(session_send_feedback(f->session, STR_LIT("reviewed"), &err), err);
    scripted_run_wait_end(f);
    assert_int_equal(transcript->items[transcript->len - 1].kind, ENTRY_ASSISTANT);
    assert_int_equal(session_turn_spend(f->session)->requests, 3);
    f->ended = false;
    f->bounds.requests = 60;
    scripted_run_script(f, spending, ARRAY_LEN(spending));
    assert_ok(session_go_on(f->session, STR_LIT("mend it"), &err), err);
    scripted_run_wait_end(f);
    scripted_run_expect_same_after_resume(f);
    assert_int_equal(session_turn_spend(f->session)->requests, 6);
}

static void what_was_spent_is_there_after_a_resume(void **state)
{
    struct scripted_run *f = *state;
    scripted_run_script(f, spending, ARRAY_LEN(spending));
    scripted_run_prompt(f, "go");
    scripted_run_wait_end(f);
    session_set_provider(f->session, &f->provider.provider, "free", NULL);
    scripted_run_script(f, spending, ARRAY_LEN(spending));
    f->bounds.dollars = 0; /* of an unknown price nothing can be held against it */
    scripted_run_prompt(f, "again");
    scripted_run_wait_end(f);
    const struct spend *spend = session_turn_spend(f->session);
    assert_int_equal(spend->unpriced, 3);
    assert_true(spend->dollars <= 0);
    scripted_run_expect_same_after_resume(f);
    spend = session_spend(f->session);
    assert_int_equal(spend->usage.input_tokens, 320000);
    assert_int_equal(spend->unpriced, 3);
    assert_int_equal(spend->requests, 6);
    assert_true(spend->dollars > 1.59 && spend->dollars < 1.61);
    assert_int_equal(session_context_tokens(f->session), 60000);
    spend = session_turn_spend(f->session); /* of the last prompt alone */
    assert_int_equal(spend->usage.input_tokens, 160000);
    assert_int_equal(spend->unpriced, 3);
}

/* An answer of which nobody says what it took is neither nothing nor what the one before took. */
static void what_nobody_counted_is_not_nothing(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        {EVENT_TEXT, "1", NULL, NULL, 0},
        {EVENT_USAGE, NULL, NULL, NULL, 1000},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "2", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0}, /* no word of it */
        {EVENT_TEXT, "3", NULL, NULL, 0},
        {EVENT_USAGE, NULL, NULL, NULL, 0}, /* no request takes nothing */
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "half", NULL, NULL, 0},
        {EVENT_RETRY, "again", NULL, NULL, 0}, /* what half came was paid for, too */
        {EVENT_ERROR, "refused", NULL, NULL, 0},
        {EVENT_TEXT, "4", NULL, NULL, 0},
    };
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    for (unsigned i = 0; i < 4; i++) {
        scripted_run_prompt(f, "go");
        scripted_run_wait_end(f);
        f->ended = false;
        assert_int_equal(session_spend(f->session)->uncounted, i);
        assert_int_equal(session_turn_spend(f->session)->uncounted, i > 0);
    }
    scripted_run_prompt(f, "go");
    while (f->provider.at < f->provider.count) {
        loop_run_once(f->loop, 100);
    }
    session_interrupt(f->session);
    assert_int_equal(session_spend(f->session)->uncounted, 4);
    scripted_run_expect_same_after_resume(f);
    assert_int_equal(session_spend(f->session)->uncounted, 4);
    assert_int_equal(session_spend(f->session)->requests, 1);
    assert_int_equal(session_spend(f->session)->usage.input_tokens, 1000);
    assert_int_equal(session_context_tokens(f->session), 1000);
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, scripted_run_set_up, scripted_run_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_prompt_stops_at_its_bounds),
        TEST(what_goes_on_unasked_is_within_the_bounds),
        TEST(what_was_spent_is_there_after_a_resume),
        TEST(what_nobody_counted_is_not_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
