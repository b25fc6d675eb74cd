/* The session's state machine: turns with tools, errors, interruptions, the queue, questions,
 * forks; and that every beginning of its journal can be gone on with. */
#include "test.h"

#include "agent/journal.h"
#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"
#include "scripted_run.h"

#include <dirent.h>
#include <stdlib.h>

static void a_turn_with_tools(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        {EVENT_STARTED, NULL, NULL, NULL, 0},
        {EVENT_REASONING, "think", NULL, NULL, 0},
        {EVENT_TEXT, "I ", NULL, NULL, 0},
        {EVENT_TEXT, "look.", NULL, NULL, 0},
        {EVENT_TOOL_CALL_PART, "{\"p", "c1", "read", 0},
        {EVENT_TOOL_CALL, "a", "c1", "read", 0},
        {EVENT_TOOL_CALL, "b", "c2", "read", 0},
        {EVENT_TOOL_CALL, "p", "c3", "apply_patch", 0},
        {EVENT_TOOL_CALL, "c", "c4", "read", 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "Done.", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "do it");
    scripted_run_wait_end(f);
    scripted_run_expect_shown(f->session,
        "U+do it|R+think|A+I look.|T+read(a)|T+read(b)|T+apply_patch(p)|T+read(c)|A+Done.|");
    /* The two reads ran side by side; the patch alone. */
    assert_string_equal(f->tools.log.ptr,
        "+read(a) +read(b) -read(a) -read(b) +apply_patch(p) -apply_patch(p) +read(c) -read(c) ");
    assert_string_equal(f->provider.requests.ptr,
        "u:do it|\nu:do it|a:I "
        "look.|c:a|c:b|c:p|c:c|R:read(a)|R:read(b)|R:apply_patch(p)|R:read(c)|\n");
    scripted_run_expect_same_after_resume(f);
    assert_string_equal(session_title(f->session), "do it");
}

/* Servers have been seen that give all calls of an answer one id: each is run, and has a result of
 * its own. */
static void calls_with_one_id_are_several(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        {EVENT_TOOL_CALL_PART, "{\"p", "same", "read", 0},
        {EVENT_TOOL_CALL, "a", "same", "read", 0},
        {EVENT_TOOL_CALL_PART, "{\"q", "same", "read", 0},
        {EVENT_TOOL_CALL, "b", "same", "read", 0},
        {EVENT_TOOL_CALL, "c", "same", "read", 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "Done.", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "do it");
    scripted_run_wait_end(f);
    scripted_run_expect_shown(f->session, "U+do it|T+read(a)|T+read(b)|T+read(c)|A+Done.|");
    assert_string_equal(
        f->provider.requests.ptr, "u:do it|\nu:do it|c:a|c:b|c:c|R:read(a)|R:read(b)|R:read(c)|\n");
    assert_string_equal(f->provider.ids.ptr, "same same_2 same_3 same same_2 same_3 ");
    scripted_run_expect_same_after_resume(f);
}

static void an_error_loses_nothing_and_retries(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        {EVENT_TEXT, "half", NULL, NULL, 0},
        {EVENT_ERROR, "stream cut", NULL, NULL, 0},
        {EVENT_TEXT, "whole", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "hi");
    scripted_run_wait_end(f);
    scripted_run_expect_shown(f->session, "U+hi|A/half|E!stream cut|");
    scripted_run_expect_same_after_resume(f);
    struct err err;
    f->ended = false;
    assert_ok(session_retry(f->session, &err), err);
    scripted_run_wait_end(f);
    scripted_run_expect_shown(f->session, "U+hi|A/half|E!stream cut|A+whole|");
    assert_string_equal(f->provider.requests.ptr, "u:hi|\nu:hi|\n");
}

static void an_interrupt_keeps_the_half_answer(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {{EVENT_TEXT, "half", NULL, NULL, 0}};
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "hi");
    while (f->provider.at < 1) {
        loop_run_once(f->loop, 100);
    }
    session_interrupt(f->session);
    assert_true(f->ended);
    assert_null(f->provider.live);
    scripted_run_expect_shown(f->session, "U+hi|A/half|N+Interrupted. What came so far is kept.|");
    scripted_run_expect_same_after_resume(f);
    static const struct scripted_step next[] = {{EVENT_DONE, NULL, NULL, NULL, 0}};
    scripted_run_script(f, next, 1);
    scripted_run_prompt(f, "go on");
    scripted_run_wait_end(f);
    assert_non_null(strstr(f->provider.requests.ptr, "u:hi|a:half|u:[The engineer interrupted"));
}

static void prompts_queue_in_order(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        {EVENT_TEXT, "1", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "2", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "one");
    scripted_run_prompt(f, "two");
    scripted_run_prompt(f, "three");
    assert_int_equal(session_queue_count(f->session), 2);
    char *back = session_queue_pop(f->session);
    assert_string_equal(back, "three");
    free(back);
    scripted_run_wait_end(f);
    scripted_run_expect_shown(f->session, "U+one|A+1|U+two|A+2|");
}

/* What a stop left in the queue waits for the engineer, also over a change of the model and a
 * restart; what was sent before there was a model goes when there is one. */
static void the_queue_goes_when_it_is_told_to(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        {EVENT_TEXT, "1", NULL, NULL, 0},
        {EVENT_TEXT, "2", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "3", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    scripted_run_script(f, steps, 1);
    scripted_run_prompt(f, "one");
    scripted_run_prompt(f, "two");
    while (f->provider.at < f->provider.count) {
        loop_run_once(f->loop, 100);
    }
    session_interrupt(f->session);
    f->ended = false;
    f->provider.count = ARRAY_LEN(steps);
    scripted_run_expect_same_after_resume(f);
    session_set_provider(f->session, NULL, NULL, NULL);
    session_set_provider(f->session, &f->provider.provider, "m", NULL);
    loop_run_once(f->loop, 0);
    assert_int_equal(session_queue_count(f->session), 1);
    assert_int_equal(session_state(f->session), SESSION_IDLE);
    assert_true(session_queue_send(f->session));
    scripted_run_wait_end(f);
    f->ended = false;
    session_set_provider(f->session, NULL, NULL, NULL);
    scripted_run_prompt(f, "three");
    assert_int_equal(session_queue_count(f->session), 1);
    session_set_provider(f->session, &f->provider.provider, "m", NULL);
    scripted_run_wait_end(f);
    assert_int_equal(f->provider.at, ARRAY_LEN(steps));
}

static void the_queue_can_be_changed(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        {EVENT_TEXT, "1", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "2", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "3", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    struct err err;
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "one");
    scripted_run_prompt(f, "two");
    scripted_run_prompt(f, "three");
    scripted_run_prompt(f, "four");
    assert_ok(session_send_feedback(f->session, STR_LIT("review"), &err), err);
    unsigned four = session_queue_id(f->session, 2);
    assert_true(session_queue_move(f->session, 2, 0)); /* four, two, three, review */
    assert_int_equal(session_queue_id(f->session, 0), four);
    assert_false(session_queue_move(f->session, 0, 4));
    assert_false(session_queue_move(f->session, 4, 0));
    assert_null(session_queue_take(f->session, 3)); /* the outcome of a review */
    char *back = session_queue_take(f->session, 1);
    assert_string_equal(back, "two");
    free(back);
    back = session_queue_pop(f->session);
    assert_string_equal(back, "three");
    free(back);
    assert_true(session_queue_move(f->session, 0, 1)); /* review, four */
    scripted_run_wait_end(f);
    scripted_run_expect_shown(f->session, "U+one|A+1|F+review|A+2|U+four|A+3|");
    scripted_run_expect_same_after_resume(f);
}

static void an_empty_prompt_is_refused(void **state)
{
    struct scripted_run *f = *state;
    struct err err;
    assert_false(session_prompt(f->session, STR_LIT(" \n"), &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

/* kill -9 after any record: each prefix of the journal resumes, every shown text is a beginning of
 * what was shown, no entry stays open, and every call has its result. */
static void every_journal_prefix_resumes(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        {EVENT_REASONING, "think", NULL, NULL, 0},
        {EVENT_TEXT, "I look.", NULL, NULL, 0},
        {EVENT_TOOL_CALL, "a", "c1", "read", 0},
        {EVENT_TOOL_CALL, "p", "c2", "apply_patch", 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "Done.", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    scripted_run_script(f, steps, ARRAY_LEN(steps));
    scripted_run_prompt(f, "do it");
    scripted_run_wait_end(f);
    struct err err;
    char *id = mem_strdup(session_id(f->session));
    session_free(f->session);
    f->session = NULL;
    char *folder =
        mem_printf("%s/bylaw/sessions/ws-%08llx", f->state, str_hash(STR_LIT("/ws")) & 0xffffffffu);
    char *path = mem_printf("%s/%s.jsonl", folder, id);
    struct buf whole = BUF_INIT;
    assert_ok(file_read(path, 1 << 20, &whole, &err), err);
    size_t cuts = 0;
    for (size_t cut = str_find_char(buf_str(&whole), '\n', 0) + 1; cut <= whole.len; cut++) {
        if (whole.ptr[cut - 1] != '\n' && cut % 7 != 0) {
            continue;
        }
        cuts++;
        assert_ok(file_write(path, str_slice(buf_str(&whole), 0, cut), 0600, &err), err);
        struct session_setup setup = scripted_run_setup(f);
        struct session *session = session_resume(&setup, "/ws", id, &err);
        if (session == NULL) {
            fail_msg("cut at %zu: %s", cut, err.text);
        }
        VEC_FOREACH (struct entry, entry, session_transcript(session)) {
            assert_int_not_equal(entry->status, ENTRY_OPEN);
            assert_true(entry->kind != ENTRY_ASSISTANT || entry->status != ENTRY_STOPPED ||
                        session_spend(session)->uncounted > 0); /* what had come was paid for */
        }
        assert_int_equal(session_state(session), SESSION_IDLE);
        session_free(session);
    }
    assert_true(cuts > 20);
    buf_free(&whole);
    free(path);
    free(folder);
    free(id);
}

/* In the header and in the list: forks of one session, and of its forks, are told apart. */
static void assert_listed(const char *id, const char *title)
{
    struct session_infos list = {0};
    struct err err;
    const char *found = "";
    assert_ok(journal_list("/ws", &list, &err), err);
    VEC_FOREACH (const struct session_info, info, &list) {
        found = strcmp(info->id, id) == 0 ? info->title : found;
    }
    assert_string_equal(found, title);
    session_infos_free(&list);
}

/* A fork before a prompt has what was said before it, word for word; the session it came from is
 * as it was, and a fork of all has all. */
static void a_fork_is_a_beginning(void **state)
{
    struct scripted_run *f = *state;
    struct err err;
    struct session_setup setup = scripted_run_setup(f);
    scripted_run_answer_two_prompts(f);
    session_record(f->session, "proposal", NULL, false); /* stays where it is */
    assert_null(session_fork(f->session, "/ws", 999, &err));
    assert_null(session_fork(f->session, "/ws", 2, &err)); /* an answer */
    char *before =
        session_fork(f->session, "/ws", session_transcript(f->session)->items[2].id, &err);
    char *all = session_fork(f->session, "/ws", 0, &err);
    assert_non_null(before);
    assert_non_null(all);
    struct session *fork = session_resume(&setup, "/ws", all, &err);
    scripted_run_expect_shown(fork, "U+one|A+1|U+two|A+2|");
    assert_int_equal(session_history_count(fork), 2);
    assert_string_equal(session_title(fork), "Fork 2: one");
    char *again = session_fork(fork, "/ws", 0, &err);
    assert_listed(session_id(f->session), "one");
    assert_listed(before, "Fork: one");
    assert_listed(all, "Fork 2: one");
    assert_listed(again, "Fork 3: one");
    free(again);
    session_free(fork);
    fork = session_resume(&setup, "/ws", before, &err);
    scripted_run_expect_shown(fork, "U+one|A+1|");
    assert_int_equal(session_history_count(fork), 1);
    session_note_fork(fork, session_id(f->session));
    buf_clear(&f->provider.requests);
    assert_ok(session_prompt(fork, STR_LIT("other"), &err), err);
    scripted_run_wait_end(f);
    assert_true(str_starts(buf_str(&f->provider.requests), "u:one|a:1|u:[The engineer goes on"));
    assert_true(str_ends(buf_str(&f->provider.requests), "|u:other|\n"));
    session_free(fork);
    scripted_run_expect_shown(f->session, "U+one|A+1|U+two|A+2|");
    fork = session_resume(&setup, "/ws", before, &err); /* and it is there again */
    assert_non_null(fork);
    session_free(fork);
    free(before);
    free(all);
    scripted_run_expect_same_after_resume(f);
}

static bool asks(void *data, const char *what)
{
    const char *now = session_approval(((struct scripted_run *)data)->session);
    return what == NULL ? now == NULL : now != NULL && strcmp(now, what) == 0;
}

static void wait_asked(struct scripted_run *f, const char *what)
{
    while (!asks(f, what)) {
        assert_false(f->ended);
        loop_run_once(f->loop, 100);
    }
}

static void decide_on(struct scripted_run *f, enum approval approval, const char *reason)
{
    struct err err;
    assert_ok(session_decide(f->session, approval, str_of(reason), &err), err);
}

/* Agents ask for several things at once: each is decided, in the order they came. */
static void questions_wait_for_each_other(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        {EVENT_STARTED, NULL, NULL, NULL, 0},
        {EVENT_APPROVAL, "one", "1", NULL, 0},
        {EVENT_APPROVAL, "two", "2", NULL, 0},
        {EVENT_APPROVAL, "three", "3", NULL, 0},
        {EVENT_TEXT, "all asked", NULL, NULL, 0},
        {EVENT_APPROVAL, "four", "4", NULL, 0},
        {EVENT_APPROVAL, "five", "5", NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    f->provider.provider.ops = &scripted_run_asking_ops;
    scripted_run_script(f, steps, ARRAY_LEN(steps) - 3);
    scripted_run_prompt(f, "go");
    while (f->provider.at < f->provider.count) {
        loop_run_once(f->loop, 100);
    }
    wait_asked(f, "one");
    decide_on(f, APPROVAL_ONCE, "");
    wait_asked(f, "two");
    decide_on(f, APPROVAL_DECLINED, "no");
    wait_asked(f, "three");
    decide_on(f, APPROVAL_SESSION, "");
    wait_asked(f, NULL);
    assert_string_equal(f->provider.decisions.ptr, "1o 2dno 3s ");
    /* With the turn goes what still waits, asked or not. */
    f->provider.count = ARRAY_LEN(steps);
    scripted_run_wait_end(f);
    assert_true(asks(f, NULL));
    assert_string_equal(f->provider.decisions.ptr, "1o 2dno 3s ");
    scripted_run_expect_same_after_resume(f);
}

/* What is kept for the session is kept by the host: the agent hears yes to this one, each time, as
 * long as the host says so. */
static struct buf kept;

static const char *complete(void *data, struct question *question)
{
    (void)data;
    if (strcmp(question->what, "never") == 0) {
        return "refused";
    }
    question->kept = true;
    question->granted = str_find(buf_str(&kept), str_of(question->what), 0) != SIZE_MAX;
    return NULL;
}

static void keep(void *data, const struct question *question)
{
    (void)data;
    buf_append_c(&kept, question->what);
}

static void the_host_keeps_approvals(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        {EVENT_STARTED, NULL, NULL, NULL, 0},
        {EVENT_APPROVAL, "one", "1", NULL, 0},
        {EVENT_APPROVAL, "two", "2", NULL, 0},
        {EVENT_APPROVAL, "one", "3", NULL, 0},
        {EVENT_APPROVAL, "never", "4", NULL, 0},
        {EVENT_APPROVAL, "one", "5", NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    struct err err;
    struct session_setup setup = scripted_run_setup(f);
    setup.complete = complete;
    setup.keep = keep;
    setup.journal = journal_create("/ws", &err);
    assert_ok(setup.journal != NULL, err);
    session_free(f->session);
    f->session = session_new(&setup);
    f->provider.provider.ops = &scripted_run_asking_ops;
    session_set_provider(f->session, &f->provider.provider, "m", NULL);
    scripted_run_script(f, steps, 3);
    scripted_run_prompt(f, "go");
    wait_asked(f, "one");
    decide_on(f, APPROVAL_SESSION, "");
    wait_asked(f, "two");
    decide_on(f, APPROVAL_ONCE, "");
    assert_string_equal(f->provider.decisions.ptr, "1o 2o ");
    f->provider.count = 6;
    while (f->provider.at < f->provider.count) {
        loop_run_once(f->loop, 100);
    }
    assert_string_equal(f->provider.decisions.ptr, "1o 2o 3o 4drefused 5o ");
    assert_true(asks(f, NULL));
    buf_free(&kept);
    f->provider.count = ARRAY_LEN(steps);
    scripted_run_wait_end(f);
}

/* What the agent takes back is asked no more, and nobody answers it. */
static void questions_are_taken_back(void **state)
{
    struct scripted_run *f = *state;
    static const struct scripted_step steps[] = {
        {EVENT_STARTED, NULL, NULL, NULL, 0},
        {EVENT_APPROVAL, "one", "1", NULL, 0},
        {EVENT_APPROVAL, "two", "2", NULL, 0},
        {EVENT_APPROVAL, "three", "3", NULL, 0},
        {EVENT_UNASK, NULL, "2", NULL, 0},
        {EVENT_UNASK, NULL, "1", NULL, 0},
        {EVENT_UNASK, NULL, "nobody", NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    f->provider.provider.ops = &scripted_run_asking_ops;
    scripted_run_script(f, steps, ARRAY_LEN(steps) - 1);
    scripted_run_prompt(f, "go");
    wait_asked(f, "three");
    decide_on(f, APPROVAL_ONCE, "");
    f->provider.count = ARRAY_LEN(steps);
    scripted_run_wait_end(f);
    assert_true(asks(f, NULL));
    assert_string_equal(f->provider.decisions.ptr, "3o ");
    scripted_run_expect_same_after_resume(f);
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, scripted_run_set_up, scripted_run_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_turn_with_tools),
        TEST(questions_wait_for_each_other),
        TEST(the_host_keeps_approvals),
        TEST(questions_are_taken_back),
        TEST(calls_with_one_id_are_several),
        TEST(an_error_loses_nothing_and_retries),
        TEST(an_interrupt_keeps_the_half_answer),
        TEST(prompts_queue_in_order),
        TEST(the_queue_goes_when_it_is_told_to),
        TEST(the_queue_can_be_changed),
        TEST(an_empty_prompt_is_refused),
        TEST(every_journal_prefix_resumes),
        TEST(a_fork_is_a_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
