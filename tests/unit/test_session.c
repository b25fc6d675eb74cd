/* The session's state machine: a provider and a toolbox that follow a script written in the test
 * stand for the model and the tools; what is checked is order, the conversation, the journal and
 * resume. */
#include "test.h"

#include "agent/journal.h"
#include "agent/session.h"
#include "agent/toolbox.h"
#include "base/file.h"
#include "base/path.h"
#include "base/vec.h"

#include <dirent.h>
#include <stdlib.h>

/* ---- a provider that emits one scripted event a loop turn ---- */

struct step {
    enum event_kind kind;
    const char *text;
    const char *call_id;
    const char *name;
    int status;
};

struct scripted;

struct stream {
    struct scripted *owner;
    struct loop_timer *timer;
    event_fn on_event;
    void *data;
};

struct scripted {
    struct provider provider;
    struct loop *loop;
    const struct step *steps;
    size_t count, at;
    struct buf requests;  /* the conversations as sent */
    struct buf ids;       /* of the calls and results in them */
    struct buf decisions; /* "1o 2dreason " */
    struct stream *live;
};

static void end_stream(struct stream *stream)
{
    stream->owner->live = NULL;
    loop_timer_free(stream->timer);
    free(stream);
}

static void emit(void *data)
{
    struct stream *stream = data;
    struct scripted *owner = stream->owner;
    if (owner->at >= owner->count) {
        return; /* silent: the test interrupts or kills */
    }
    const struct step *step = &owner->steps[owner->at++];
    struct event event = {.kind = step->kind,
        .text = str_of(step->text),
        .call_id = step->call_id,
        .name = step->name,
        .http_status = step->status,
        .usage = {.input_tokens = step->kind == EVENT_USAGE ? step->status : 0},
        .retryable = true};
    if (step->kind == EVENT_ERROR) {
        err_set(&event.error, ERR_NETWORK, "%s", step->text);
    }
    event_fn on_event = stream->on_event;
    void *target = stream->data;
    if (step->kind == EVENT_DONE || step->kind == EVENT_ERROR) {
        end_stream(stream);
    }
    on_event(target, &event);
}

static struct stream *start(struct provider *provider, const struct request *request,
    event_fn on_event, void *data, struct err *err)
{
    (void)err;
    struct scripted *owner = (struct scripted *)provider;
    struct stream *stream = MEM_NEW(struct stream);
    stream->owner = owner;
    stream->on_event = on_event;
    stream->data = data;
    stream->timer = loop_timer_new(owner->loop, emit, stream);
    loop_timer_start(stream->timer, 0, 1);
    owner->live = stream;
    static const char letters[] = "uarcR";
    VEC_FOREACH (struct item, item, request->items) {
        buf_printf(&owner->requests, "%c:%s|", letters[item->kind], item->text);
        if (item->call_id != NULL) {
            buf_printf(&owner->ids, "%s ", item->call_id);
        }
    }
    buf_append_char(&owner->requests, '\n');
    return stream;
}

static void cancel(struct stream *stream)
{
    end_stream(stream);
}

static void free_nothing(struct provider *provider)
{
    (void)provider;
}

static void decide(
    struct stream *stream, const char *call_id, enum approval approval, struct str reason)
{
    static const char letters[] = "osda";
    buf_printf(&stream->owner->decisions, "%s%c%.*s ", call_id, letters[approval], STR_FMT(reason));
}

static const struct provider_ops scripted_ops = {
    .name = "scripted", .start = start, .cancel = cancel, .free = free_nothing};

/* An agent that runs tools of its own. */
static const struct provider_ops asking_ops = {
    .name = "asking", .start = start, .cancel = cancel, .free = free_nothing, .decide = decide};

/* ---- a toolbox whose tools answer "ran NAME" a few turns later ---- */

struct tool_run {
    struct loop_timer *timer;
    tool_done_fn done;
    void *data;
    char *output;
    struct buf *log;
};

struct tools {
    struct toolbox toolbox;
    struct loop *loop;
    struct buf log;
};

static const struct tool_spec *specs(struct toolbox *toolbox, size_t *count)
{
    (void)toolbox;
    *count = 0;
    return NULL;
}

static bool is_exclusive(struct toolbox *toolbox, const char *name)
{
    (void)toolbox;
    return strcmp(name, "apply_patch") == 0;
}

static char *describe(struct toolbox *toolbox, const char *name, struct str arguments)
{
    (void)toolbox;
    return mem_printf("%s(%.*s)", name, STR_FMT(arguments));
}

static void finish_tool(void *data)
{
    struct tool_run *run = data;
    char *output = run->output;
    tool_done_fn done = run->done;
    void *target = run->data;
    buf_printf(run->log, "-%s ", output);
    loop_timer_free(run->timer);
    free(run);
    done(target, str_of(output), false);
    free(output);
}

static struct tool_run *start_tool(
    struct toolbox *toolbox, const char *name, struct str arguments, tool_done_fn done, void *data)
{
    struct tools *tools = (struct tools *)toolbox;
    struct tool_run *run = MEM_NEW(struct tool_run);
    run->done = done;
    run->data = data;
    run->log = &tools->log;
    run->output = mem_printf("%s(%.*s)", name, STR_FMT(arguments));
    buf_printf(&tools->log, "+%s ", run->output);
    run->timer = loop_timer_new(tools->loop, finish_tool, run);
    loop_timer_start(run->timer, 3, 0);
    return run;
}

static void cancel_tool(struct tool_run *run)
{
    loop_timer_free(run->timer);
    free(run->output);
    free(run);
}

static const struct toolbox_ops tools_ops = {
    specs, is_exclusive, describe, start_tool, cancel_tool, NULL};

/* ---- fixture ---- */

struct fixture {
    char *state;
    struct loop *loop;
    struct scripted provider;
    struct tools tools;
    struct session *session;
    struct turn_bounds bounds;
    long long window;
    const char *instructions;
    bool ended;
};

/* Ten dollars a million tokens for "m"; what "free" costs is not known. */
static const struct price *price_of(void *data, const char *model)
{
    static const struct price price = {.known = true, .input = 10, .cached = 10, .output = 10};
    (void)data;
    return model != NULL && strcmp(model, "m") == 0 ? &price : NULL;
}

static void get_bounds(void *data, struct turn_bounds *out)
{
    struct fixture *f = data;
    *out = f->bounds;
}

static long long get_window(void *data, const char *model)
{
    struct fixture *f = data;
    (void)model;
    return f->window;
}

static void on_turn_end(void *data)
{
    struct fixture *f = data;
    f->ended = true;
}

static char *get_instructions(void *data, char **files)
{
    const struct fixture *f = data;
    *files = NULL;
    return mem_strdup(f->instructions);
}

static struct session_setup setup_of(struct fixture *f)
{
    return (struct session_setup){.loop = f->loop,
        .provider = &f->provider.provider,
        .toolbox = &f->tools.toolbox,
        .model = "m",
        .bounds = get_bounds,
        .window = get_window,
        .instructions = get_instructions,
        .price = price_of,
        .on_turn_end = on_turn_end,
        .data = f};
}

static void script(struct fixture *f, const struct step *steps, size_t count)
{
    f->provider.steps = steps;
    f->provider.count = count;
    f->provider.at = 0;
    f->ended = false;
}

static int set_up(void **state)
{
    struct err err;
    struct fixture *f = MEM_NEW(struct fixture);
    f->state = test_dir_make();
    f->bounds = (struct turn_bounds){.requests = 60, .dollars = -1};
    setenv("XDG_STATE_HOME", f->state, 1);
    f->loop = loop_new(&err);
    f->provider = (struct scripted){.provider = {.ops = &scripted_ops}, .loop = f->loop};
    f->tools = (struct tools){.toolbox = {&tools_ops}, .loop = f->loop};
    struct session_setup setup = setup_of(f);
    setup.journal = journal_create("/ws", &err);
    assert_non_null(setup.journal);
    f->session = session_new(&setup);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    session_free(f->session);
    loop_free(f->loop);
    buf_free(&f->provider.requests);
    buf_free(&f->provider.ids);
    buf_free(&f->provider.decisions);
    buf_free(&f->tools.log);
    test_dir_remove(f->state);
    free(f);
    return 0;
}

static void prompt(struct fixture *f, const char *text)
{
    struct err err;
    assert_ok(session_prompt(f->session, str_of(text), &err), err);
}

static void wait_end(struct fixture *f)
{
    assert_true(loop_run_until(f->loop, &f->ended, 240000));
}

/* The transcript in one line: kind letter, status letter, text. */
static char *shown(const struct session *session)
{
    static const char kinds[] = "UARTPNEFC";
    static const char marks[] = ".+!/";
    struct buf out = BUF_INIT;
    VEC_FOREACH (struct entry, e, session_transcript(session)) {
        buf_printf(
            &out, "%c%c%s|", kinds[e->kind], marks[e->status], e->text.len > 0 ? e->text.ptr : "");
    }
    return buf_take(&out);
}

static void assert_shown(const struct session *session, const char *expected)
{
    char *text = shown(session);
    assert_string_equal(text, expected);
    free(text);
}

static void assert_same_after_resume(struct fixture *f)
{
    struct err err;
    char *before = shown(f->session);
    char *id = mem_strdup(session_id(f->session));
    session_free(f->session);
    struct session_setup setup = setup_of(f);
    f->session = session_resume(&setup, "/ws", id, &err);
    assert_non_null(f->session);
    assert_shown(f->session, before);
    free(before);
    free(id);
}

/* ---- tests ---- */

static void a_turn_with_tools(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {
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
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "do it");
    wait_end(f);
    assert_shown(f->session,
        "U+do it|R+think|A+I look.|T+read(a)|T+read(b)|T+apply_patch(p)|T+read(c)|A+Done.|");
    /* The two reads ran side by side; the patch alone. */
    assert_string_equal(f->tools.log.ptr,
        "+read(a) +read(b) -read(a) -read(b) +apply_patch(p) -apply_patch(p) +read(c) -read(c) ");
    assert_string_equal(f->provider.requests.ptr,
        "u:do it|\nu:do it|a:I "
        "look.|c:a|c:b|c:p|c:c|R:read(a)|R:read(b)|R:apply_patch(p)|R:read(c)|\n");
    assert_same_after_resume(f);
    assert_string_equal(session_title(f->session), "do it");
}

/* Servers have been seen that give all calls of an answer one id: each is run, and has a result of
 * its own. */
static void calls_with_one_id_are_several(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {
        {EVENT_TOOL_CALL_PART, "{\"p", "same", "read", 0},
        {EVENT_TOOL_CALL, "a", "same", "read", 0},
        {EVENT_TOOL_CALL_PART, "{\"q", "same", "read", 0},
        {EVENT_TOOL_CALL, "b", "same", "read", 0},
        {EVENT_TOOL_CALL, "c", "same", "read", 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "Done.", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "do it");
    wait_end(f);
    assert_shown(f->session, "U+do it|T+read(a)|T+read(b)|T+read(c)|A+Done.|");
    assert_string_equal(
        f->provider.requests.ptr, "u:do it|\nu:do it|c:a|c:b|c:c|R:read(a)|R:read(b)|R:read(c)|\n");
    assert_string_equal(f->provider.ids.ptr, "same same_2 same_3 same same_2 same_3 ");
    assert_same_after_resume(f);
}

static void an_error_loses_nothing_and_retries(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {
        {EVENT_TEXT, "half", NULL, NULL, 0},
        {EVENT_ERROR, "stream cut", NULL, NULL, 0},
        {EVENT_TEXT, "whole", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "hi");
    wait_end(f);
    assert_shown(f->session, "U+hi|A/half|E!stream cut|");
    assert_same_after_resume(f);
    struct err err;
    f->ended = false;
    assert_ok(session_retry(f->session, &err), err);
    wait_end(f);
    assert_shown(f->session, "U+hi|A/half|E!stream cut|A+whole|");
    assert_string_equal(f->provider.requests.ptr, "u:hi|\nu:hi|\n");
}

static void an_interrupt_keeps_the_half_answer(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {{EVENT_TEXT, "half", NULL, NULL, 0}};
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "hi");
    while (f->provider.at < 1) {
        loop_run_once(f->loop, 100);
    }
    session_interrupt(f->session);
    assert_true(f->ended);
    assert_null(f->provider.live);
    assert_shown(f->session, "U+hi|A/half|N+Interrupted. What came so far is kept.|");
    assert_same_after_resume(f);
    static const struct step next[] = {{EVENT_DONE, NULL, NULL, NULL, 0}};
    script(f, next, 1);
    prompt(f, "go on");
    wait_end(f);
    assert_non_null(strstr(f->provider.requests.ptr, "u:hi|a:half|u:[The engineer interrupted"));
}

static void prompts_queue_in_order(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {
        {EVENT_TEXT, "1", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "2", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "one");
    prompt(f, "two");
    prompt(f, "three");
    assert_int_equal(session_queue_count(f->session), 2);
    char *back = session_queue_pop(f->session);
    assert_string_equal(back, "three");
    free(back);
    wait_end(f);
    assert_shown(f->session, "U+one|A+1|U+two|A+2|");
}

/* What a stop left in the queue waits for the engineer, also over a change of the model and a
 * restart; what was sent before there was a model goes when there is one. */
static void the_queue_goes_when_it_is_told_to(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {
        {EVENT_TEXT, "1", NULL, NULL, 0},
        {EVENT_TEXT, "2", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "3", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    script(f, steps, 1);
    prompt(f, "one");
    prompt(f, "two");
    while (f->provider.at < f->provider.count) {
        loop_run_once(f->loop, 100);
    }
    session_interrupt(f->session);
    f->ended = false;
    f->provider.count = ARRAY_LEN(steps);
    assert_same_after_resume(f);
    session_set_provider(f->session, NULL, NULL, NULL);
    session_set_provider(f->session, &f->provider.provider, "m", NULL);
    loop_run_once(f->loop, 0);
    assert_int_equal(session_queue_count(f->session), 1);
    assert_int_equal(session_state(f->session), SESSION_IDLE);
    assert_true(session_queue_send(f->session));
    wait_end(f);
    f->ended = false;
    session_set_provider(f->session, NULL, NULL, NULL);
    prompt(f, "three");
    assert_int_equal(session_queue_count(f->session), 1);
    session_set_provider(f->session, &f->provider.provider, "m", NULL);
    wait_end(f);
    assert_int_equal(f->provider.at, ARRAY_LEN(steps));
}

static void the_queue_can_be_changed(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {
        {EVENT_TEXT, "1", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "2", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "3", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    struct err err;
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "one");
    prompt(f, "two");
    prompt(f, "three");
    prompt(f, "four");
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
    wait_end(f);
    assert_shown(f->session, "U+one|A+1|F+review|A+2|U+four|A+3|");
    assert_same_after_resume(f);
}

static void an_empty_prompt_is_refused(void **state)
{
    struct fixture *f = *state;
    struct err err;
    assert_false(session_prompt(f->session, STR_LIT(" \n"), &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

/* kill -9 after any record: each prefix of the journal resumes, every shown text is a beginning of
 * what was shown, no entry stays open, and every call has its result. */
static void every_journal_prefix_resumes(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {
        {EVENT_REASONING, "think", NULL, NULL, 0},
        {EVENT_TEXT, "I look.", NULL, NULL, 0},
        {EVENT_TOOL_CALL, "a", "c1", "read", 0},
        {EVENT_TOOL_CALL, "p", "c2", "apply_patch", 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "Done.", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "do it");
    wait_end(f);
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
        struct session_setup setup = setup_of(f);
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

#define CALL_AND_USE(id, tokens)                                                                   \
    {EVENT_TOOL_CALL, "a", id, "read", 0}, {EVENT_USAGE, NULL, NULL, NULL, tokens},                \
    {                                                                                              \
        EVENT_DONE, NULL, NULL, NULL, 0                                                            \
    }

static const struct step spending[] = {CALL_AND_USE("c1", 40000), CALL_AND_USE("c2", 60000),
    CALL_AND_USE("c3", 60000), {EVENT_TEXT, "Done.", NULL, NULL, 0},
    {EVENT_DONE, NULL, NULL, NULL, 0}};

static void expect_stop(struct fixture *f, const char *what, size_t requests)
{
    struct err err;
    script(f, spending, ARRAY_LEN(spending));
    prompt(f, "go");
    wait_end(f);
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
    wait_end(f);
    assert_int_equal(transcript->items[transcript->len - 1].kind, ENTRY_ASSISTANT);
}

static void a_prompt_stops_at_its_bounds(void **state)
{
    struct fixture *f = *state;
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
    struct fixture *f = *state;
    struct err err;
    script(f, spending, ARRAY_LEN(spending));
    prompt(f, "go");
    wait_end(f);
    assert_int_equal(session_turn_spend(f->session)->requests, 3);
    f->bounds.requests = 5; /* the last one was not counted, but made */
    f->ended = false;
    script(f, spending, ARRAY_LEN(spending));
    assert_ok(session_go_on(f->session, STR_LIT("mend it"), &err), err);
    wait_end(f);
    const struct transcript *transcript = session_transcript(f->session);
    const struct entry *last = &transcript->items[transcript->len - 1];
    assert_int_equal(last->kind, ENTRY_ERROR);
    assert_true(str_starts(buf_str(&last->text),
        "Stopped: this prompt has taken 5 requests to the model and max_turns is 5."));
    assert_int_equal(session_turn_spend(f->session)->requests, 4);
    f->ended = false;
    script(f, spending, ARRAY_LEN(spending)); /* what the engineer sends begins anew */
    assert_ok(session_send_feedback(f->session, STR_LIT("reviewed"), &err), err);
    wait_end(f);
    assert_int_equal(transcript->items[transcript->len - 1].kind, ENTRY_ASSISTANT);
    assert_int_equal(session_turn_spend(f->session)->requests, 3);
    f->ended = false;
    f->bounds.requests = 60;
    script(f, spending, ARRAY_LEN(spending));
    assert_ok(session_go_on(f->session, STR_LIT("mend it"), &err), err);
    wait_end(f);
    assert_same_after_resume(f);
    assert_int_equal(session_turn_spend(f->session)->requests, 6);
}

static void what_was_spent_is_there_after_a_resume(void **state)
{
    struct fixture *f = *state;
    script(f, spending, ARRAY_LEN(spending));
    prompt(f, "go");
    wait_end(f);
    session_set_provider(f->session, &f->provider.provider, "free", NULL);
    script(f, spending, ARRAY_LEN(spending));
    f->bounds.dollars = 0; /* of an unknown price nothing can be held against it */
    prompt(f, "again");
    wait_end(f);
    const struct spend *spend = session_turn_spend(f->session);
    assert_int_equal(spend->unpriced, 3);
    assert_true(spend->dollars <= 0);
    assert_same_after_resume(f);
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
    struct fixture *f = *state;
    static const struct step steps[] = {
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
    script(f, steps, ARRAY_LEN(steps));
    for (unsigned i = 0; i < 4; i++) {
        prompt(f, "go");
        wait_end(f);
        f->ended = false;
        assert_int_equal(session_spend(f->session)->uncounted, i);
        assert_int_equal(session_turn_spend(f->session)->uncounted, i > 0);
    }
    prompt(f, "go");
    while (f->provider.at < f->provider.count) {
        loop_run_once(f->loop, 100);
    }
    session_interrupt(f->session);
    assert_int_equal(session_spend(f->session)->uncounted, 4);
    assert_same_after_resume(f);
    assert_int_equal(session_spend(f->session)->uncounted, 4);
    assert_int_equal(session_spend(f->session)->requests, 1);
    assert_int_equal(session_spend(f->session)->usage.input_tokens, 1000);
    assert_int_equal(session_context_tokens(f->session), 1000);
}

static void answer_two_prompts(struct fixture *f)
{
    static const struct step steps[] = {
        {EVENT_TEXT, "1", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "2", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
        {EVENT_TEXT, "3", NULL, NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "one");
    wait_end(f);
    f->ended = false;
    prompt(f, "two");
    wait_end(f);
    f->ended = false;
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
    struct fixture *f = *state;
    struct err err;
    struct session_setup setup = setup_of(f);
    answer_two_prompts(f);
    session_record(f->session, "proposal", NULL, false); /* stays where it is */
    assert_null(session_fork(f->session, "/ws", 999, &err));
    assert_null(session_fork(f->session, "/ws", 2, &err)); /* an answer */
    char *before =
        session_fork(f->session, "/ws", session_transcript(f->session)->items[2].id, &err);
    char *all = session_fork(f->session, "/ws", 0, &err);
    assert_non_null(before);
    assert_non_null(all);
    struct session *fork = session_resume(&setup, "/ws", all, &err);
    assert_shown(fork, "U+one|A+1|U+two|A+2|");
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
    assert_shown(fork, "U+one|A+1|");
    assert_int_equal(session_history_count(fork), 1);
    session_note_fork(fork, session_id(f->session));
    buf_clear(&f->provider.requests);
    assert_ok(session_prompt(fork, STR_LIT("other"), &err), err);
    wait_end(f);
    assert_true(str_starts(buf_str(&f->provider.requests), "u:one|a:1|u:[The engineer goes on"));
    assert_true(str_ends(buf_str(&f->provider.requests), "|u:other|\n"));
    session_free(fork);
    assert_shown(f->session, "U+one|A+1|U+two|A+2|");
    fork = session_resume(&setup, "/ws", before, &err); /* and it is there again */
    assert_non_null(fork);
    session_free(fork);
    free(before);
    free(all);
    assert_same_after_resume(f);
}

/* ---- compaction ---- */

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

static void wait_idle(struct fixture *f)
{
    for (int i = 0; session_state(f->session) != SESSION_IDLE; i++) {
        assert_true(i < 10000);
        loop_run_once(f->loop, 10);
    }
}

static void compact(struct fixture *f)
{
    struct err err;
    assert_ok(session_compact(f->session, &err), err);
    assert_int_equal(session_state(f->session), SESSION_COMPACTING);
}

/* The next prompt is sent behind this. */
static void expect_sent(struct fixture *f, const char *before)
{
    static const struct step steps[] = {TEXT("3"), DONE};
    script(f, steps, ARRAY_LEN(steps));
    buf_clear(&f->provider.requests);
    prompt(f, "three");
    wait_end(f);
    char *wanted = mem_printf("%s|u:three|\n", before);
    assert_string_equal(f->provider.requests.ptr, wanted);
    free(wanted);
}

static void a_summary_takes_the_place_of_the_conversation(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {TEXT(" su"), TEXT("m \n"), USED(30), DONE};
    answer_two_prompts(f);
    script(f, steps, ARRAY_LEN(steps));
    buf_clear(&f->provider.requests);
    compact(f);
    wait_idle(f);
    assert_true(str_starts(buf_str(&f->provider.requests), "u:one|a:1|u:two|a:2|u:[bylaw] "));
    assert_shown(f->session, "U+one|A+1|U+two|A+2|T+sum|N+Compacted: in place of 2 tokens the "
                             "model is sent this summary "
                             "and the last prompts. What is shown here stays whole.|");
    assert_int_equal(session_context_tokens(f->session), 0);
    assert_same_after_resume(f); /* killed and resumed it is the same conversation */
    expect_sent(f, COMPACTED_2 "\n[All of them are answered.]");
}

static void what_is_no_summary_changes_nothing(void **state)
{
    struct fixture *f = *state;
    static const struct step cut[] = {TEXT("su"), CUT("the connection broke")};
    static const struct step empty[] = {TEXT(" "), DONE};
    static const struct step called[] = {TEXT("sum"), CALL("c1"), DONE};
    static const struct {
        const struct step *steps;
        size_t count;
        const char *said;
    } tries[] = {{cut, ARRAY_LEN(cut), "the connection broke"},
        {empty, ARRAY_LEN(empty), "the model wrote no summary"},
        {called, ARRAY_LEN(called), "the model called a tool in place of a summary"}};
    answer_two_prompts(f);
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        script(f, tries[i].steps, tries[i].count);
        compact(f);
        wait_idle(f);
        char *said =
            mem_printf("T!|N+Not compacted: %s. The conversation is as it was.|", tries[i].said);
        char *text = shown(f->session);
        assert_true(str_ends(str_of(text), said));
        free(text);
        free(said);
    }
    assert_same_after_resume(f);
    expect_sent(f, "u:one|a:1|u:two|a:2");
}

static void a_compaction_can_be_interrupted(void **state)
{
    struct fixture *f = *state;
    static const struct step silent[] = {TEXT("su")};
    struct err err;
    answer_two_prompts(f);
    script(f, silent, ARRAY_LEN(silent));
    compact(f);
    loop_run_once(f->loop, 10);
    assert_false(session_compact(f->session, &err)); /* it runs */
    assert_int_equal(session_state(f->session), SESSION_COMPACTING);
    session_interrupt(f->session);
    assert_int_equal(session_state(f->session), SESSION_IDLE);
    script(f, silent, ARRAY_LEN(silent));
    compact(f); /* and the program ends in the middle of the next one */
    loop_run_once(f->loop, 10);
    struct session_setup setup = setup_of(f);
    char *id = mem_strdup(session_id(f->session));
    session_free(f->session);
    f->session = session_resume(&setup, "/ws", id, &err);
    assert_non_null(f->session);
    free(id);
    assert_shown(f->session, "U+one|A+1|U+two|A+2|T/|N+Interrupted. What came so far is kept.|T/|");
    expect_sent(f, "u:one|a:1|u:two|a:2");
}

/* Near the end of the window a request waits for a compaction, also between two calls of tools; a
 * prompt typed meanwhile waits its turn. */
static void a_full_window_is_compacted_by_itself(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {TEXT("1"), USED(700), DONE, CALL("c1"), USED(900), DONE,
        TEXT("sum"), USED(950), DONE, TEXT("2"), USED(200), DONE};
    f->window = 1000;
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "one");
    wait_end(f);
    f->ended = false;
    buf_clear(&f->provider.requests);
    prompt(f, "two");
    wait_end(f);
    assert_shown(f->session,
        "U+one|A+1|U+two|T+read(a)|T+sum|N+Compacted: in place of 901 tokens the model is sent "
        "this summary and the last prompts. What is shown here stays whole.|A+2|");
    const char *last = strstr(f->provider.requests.ptr, COMPACTED_2);
    assert_non_null(last);
    assert_string_equal(last,
        COMPACTED_2 "\n[You are at work on the last of them: go on where the summary ends.]|\n");
    assert_same_after_resume(f);
}

/* Where nobody counts, what the request tells beside the conversation takes room, too; but where
 * that alone fills the window, a summary would make no room. */
static void a_window_nobody_counts_is_guessed_with_all_that_is_told(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {
        TEXT("1"), DONE, TEXT("2"), DONE, TEXT("sum"), DONE, TEXT("3"), DONE};
    char text[3601] = "";
    char long_prompt[1201] = "";
    memset(text, 'x', sizeof text - 1);
    memset(long_prompt, 'y', sizeof long_prompt - 1);
    f->window = 1000;
    f->instructions = text;
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "one");
    wait_end(f);
    f->ended = false;
    prompt(f, "two"); /* 900 of what is told and next to nothing that was said */
    wait_end(f);
    assert_in_range(session_held_tokens(f->session), 900, 910);
    assert_false(session_held_is_counted(f->session));
    f->ended = false;
    prompt(f, long_prompt);
    wait_end(f);
    const struct transcript *transcript = session_transcript(f->session);
    const struct entry *notice = &transcript->items[transcript->len - 2];
    assert_true(str_starts(buf_str(&notice->text), "Compacted: in place of 1.2k tokens"));
    assert_int_equal(transcript->len, 8);
}

static void a_failed_compaction_does_not_stop_the_turn(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {
        TEXT("1"), USED(900), DONE, TEXT("su"), CUT("the line broke"), TEXT("2"), USED(910), DONE};
    f->window = 1000;
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "one");
    wait_end(f);
    f->ended = false;
    buf_clear(&f->provider.requests);
    prompt(f, "two");
    prompt(f, "three");
    char *back = session_queue_pop(f->session);
    free(back);
    wait_end(f);
    assert_shown(f->session, "U+one|A+1|U+two|T!|N+Not compacted: the line broke. The conversation "
                             "is as it was.|A+2|");
    assert_true(str_ends(buf_str(&f->provider.requests), "\nu:one|a:1|u:two|\n"));
    assert_same_after_resume(f);
}

/* What is past the window already is summed up without most of what tools printed. */
static void what_does_not_fit_is_cut_for_the_summary(void **state)
{
    struct fixture *f = *state;
    char big[4000];
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    const struct step steps[] = {{EVENT_TOOL_CALL, big, "c1", "read", 0}, DONE, TEXT("1"),
        USED(2000), DONE, TEXT("sum"), DONE, TEXT("sum"), DONE};
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "one");
    wait_end(f);
    buf_clear(&f->provider.requests);
    compact(f);
    wait_idle(f);
    assert_true(f->provider.requests.len > 8000); /* it fits: whole */
    assert_null(strstr(f->provider.requests.ptr, "[cut]"));
    struct err err;
    struct session_setup setup = setup_of(f);
    setup.journal = journal_create("/ws", &err);
    session_free(f->session);
    f->session = session_new(&setup);
    script(f, steps, ARRAY_LEN(steps));
    prompt(f, "one");
    wait_end(f);
    f->window = 1000;
    buf_clear(&f->provider.requests);
    compact(f);
    wait_idle(f);
    assert_non_null(strstr(f->provider.requests.ptr, "x\n[cut]|"));
    assert_true(f->provider.requests.len < 8000);
}

static void what_cannot_be_compacted_is_said(void **state)
{
    struct fixture *f = *state;
    struct err err;
    assert_false(session_compact(f->session, &err));
    assert_string_equal(err.text, "There is nothing to compact yet.");
    answer_two_prompts(f);
    f->provider.provider.is_recording = true;
    assert_false(session_compact(f->session, &err));
    assert_string_equal(err.text, "A recording writes no summary.");
    session_set_provider(f->session, NULL, "m", NULL);
    assert_false(session_compact(f->session, &err));
    assert_string_equal(err.text, "There is no model to write a summary.");
}

static bool asks(void *data, const char *what)
{
    const char *now = session_approval(((struct fixture *)data)->session);
    return what == NULL ? now == NULL : now != NULL && strcmp(now, what) == 0;
}

static void wait_asked(struct fixture *f, const char *what)
{
    while (!asks(f, what)) {
        assert_false(f->ended);
        loop_run_once(f->loop, 100);
    }
}

static void decide_on(struct fixture *f, enum approval approval, const char *reason)
{
    struct err err;
    assert_ok(session_decide(f->session, approval, str_of(reason), &err), err);
}

/* Agents ask for several things at once: each is decided, in the order they came. */
static void questions_wait_for_each_other(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {
        {EVENT_STARTED, NULL, NULL, NULL, 0},
        {EVENT_APPROVAL, "one", "1", NULL, 0},
        {EVENT_APPROVAL, "two", "2", NULL, 0},
        {EVENT_APPROVAL, "three", "3", NULL, 0},
        {EVENT_TEXT, "all asked", NULL, NULL, 0},
        {EVENT_APPROVAL, "four", "4", NULL, 0},
        {EVENT_APPROVAL, "five", "5", NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    f->provider.provider.ops = &asking_ops;
    script(f, steps, ARRAY_LEN(steps) - 3);
    prompt(f, "go");
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
    wait_end(f);
    assert_true(asks(f, NULL));
    assert_string_equal(f->provider.decisions.ptr, "1o 2dno 3s ");
    assert_same_after_resume(f);
}

/* What the agent takes back is asked no more, and nobody answers it. */
static void questions_are_taken_back(void **state)
{
    struct fixture *f = *state;
    static const struct step steps[] = {
        {EVENT_STARTED, NULL, NULL, NULL, 0},
        {EVENT_APPROVAL, "one", "1", NULL, 0},
        {EVENT_APPROVAL, "two", "2", NULL, 0},
        {EVENT_APPROVAL, "three", "3", NULL, 0},
        {EVENT_UNASK, NULL, "2", NULL, 0},
        {EVENT_UNASK, NULL, "1", NULL, 0},
        {EVENT_UNASK, NULL, "nobody", NULL, 0},
        {EVENT_DONE, NULL, NULL, NULL, 0},
    };
    f->provider.provider.ops = &asking_ops;
    script(f, steps, ARRAY_LEN(steps) - 1);
    prompt(f, "go");
    wait_asked(f, "three");
    decide_on(f, APPROVAL_ONCE, "");
    f->provider.count = ARRAY_LEN(steps);
    wait_end(f);
    assert_true(asks(f, NULL));
    assert_string_equal(f->provider.decisions.ptr, "3o ");
    assert_same_after_resume(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_turn_with_tools, set_up, tear_down),
        cmocka_unit_test_setup_teardown(questions_wait_for_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(questions_are_taken_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_with_one_id_are_several, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_loses_nothing_and_retries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_interrupt_keeps_the_half_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(prompts_queue_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_queue_goes_when_it_is_told_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_queue_can_be_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_prompt_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_journal_prefix_resumes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_prompt_stops_at_its_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_goes_on_unasked_is_within_the_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_spent_is_there_after_a_resume, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_counted_is_not_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fork_is_a_beginning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_summary_takes_the_place_of_the_conversation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_summary_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_compaction_can_be_interrupted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_window_is_compacted_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_window_nobody_counts_is_guessed_with_all_that_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_failed_compaction_does_not_stop_the_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_does_not_fit_is_cut_for_the_summary, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_compacted_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
