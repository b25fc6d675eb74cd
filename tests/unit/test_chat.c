/* The chat pane on a real session, painted into a grid: the model's events are pushed by hand. */
#include "test.h"

#include "agent/journal.h"
#include "agent/toolbox.h"
#include "base/vec.h"
#include "pane/chat.h"
#include "pane/chat_view.h"

#include <stdlib.h>

struct stream {
    event_fn on_event;
    void *data;
};

struct manual {
    struct provider provider;
    struct stream *live;
    unsigned started;
};

struct fixture {
    char *state;
    struct loop *loop;
    struct app *app;
    struct manual provider;
    struct toolbox toolbox;
    struct session *session;
    struct chat *chat;
    int rows, cols;
    unsigned reviewed; /* the proposal whose review was opened last */
    bool recording;
};

static struct stream *start(struct provider *provider, const struct request *request,
    event_fn on_event, void *data, struct err *err)
{
    struct manual *manual = (struct manual *)provider;
    (void)request;
    (void)err;
    manual->live = MEM_NEW(struct stream);
    manual->live->on_event = on_event;
    manual->live->data = data;
    manual->started++;
    return manual->live;
}

static struct manual *the_provider;

static void cancel(struct stream *stream)
{
    the_provider->live = NULL;
    free(stream);
}

static void free_nothing(struct provider *provider)
{
    (void)provider;
}

static const struct provider_ops manual_ops = {
    .name = "manual", .start = start, .cancel = cancel, .free = free_nothing};

static const struct tool_spec *no_specs(struct toolbox *toolbox, size_t *count)
{
    (void)toolbox;
    *count = 0;
    return NULL;
}

static const struct toolbox_ops no_tools = {.specs = no_specs};

static void push(struct fixture *f, enum event_kind kind, const char *text)
{
    struct stream *stream = f->provider.live;
    assert_non_null(stream);
    struct event event = {.kind = kind, .text = str_of(text), .retryable = true};
    bool last = kind == EVENT_DONE || kind == EVENT_ERROR;
    if (kind == EVENT_ERROR) {
        err_set(&event.error, ERR_NETWORK, "%s", text);
    }
    if (last) {
        f->provider.live = NULL;
    }
    stream->on_event(stream->data, &event);
    if (last) {
        free(stream);
    }
}

static void on_change(void *data)
{
    struct fixture *f = data;
    if (f->chat != NULL) {
        chat_changed(f->chat);
    }
}

static void on_review(void *data, unsigned proposal)
{
    ((struct fixture *)data)->reviewed = proposal;
}

static const char *model(void *data)
{
    (void)data;
    return "gpt-x high";
}

static bool is_recording(void *data)
{
    return ((struct fixture *)data)->recording;
}

static int set_up(void **state)
{
    struct err err = {0};
    struct fixture *f = MEM_NEW(struct fixture);
    f->state = test_dir_make();
    setenv("XDG_STATE_HOME", f->state, 1);
    f->loop = loop_new(&err);
    f->provider.provider.ops = &manual_ops;
    the_provider = &f->provider;
    f->toolbox.ops = &no_tools;
    struct session_setup setup = {.loop = f->loop,
        .provider = &f->provider.provider,
        .toolbox = &f->toolbox,
        .model = "m",
        .data = f};
    setup.journal = journal_create("/ws", &err);
    assert_non_null(setup.journal);
    f->session = session_new(&setup);
    struct app_options options = {0};
    f->app = app_new(f->loop, &options, &err);
    assert_non_null(f->app);
    f->chat = chat_new(&(struct chat_options){.app = f->app,
        .session = f->session,
        .review = on_review,
        .model = model,
        .is_recording = is_recording,
        .data = f});
    app_set_pane(f->app, SLOT_CHAT, chat_pane(f->chat));
    app_focus(f->app, SLOT_CHAT);
    session_on_change(f->session, on_change, f);
    f->rows = 24;
    f->cols = 80;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    app_free(f->app);
    f->chat = NULL;
    session_free(f->session);
    loop_free(f->loop);
    test_dir_remove(f->state);
    free(f);
    return 0;
}

static char *screen(struct fixture *f)
{
    struct buf out = BUF_INIT;
    grid_dump_text(app_paint_to_grid(f->app, f->rows, f->cols), &out);
    return buf_take(&out);
}

static void expect(struct fixture *f, const char *text)
{
    char *shown = screen(f);
    if (strstr(shown, text) == NULL) {
        fail_msg("\"%s\" is not on the screen:\n%s", text, shown);
    }
    free(shown);
}

static void expect_gone(struct fixture *f, const char *text)
{
    char *shown = screen(f);
    if (strstr(shown, text) != NULL) {
        fail_msg("\"%s\" is on the screen:\n%s", text, shown);
    }
    free(shown);
}

static void type(struct fixture *f, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        struct key key = key_of_text(str_make(c, 1), 0);
        app_key(f->app, &key);
    }
}

static void press(struct fixture *f, const char *name)
{
    struct key key;
    assert_true(key_parse(str_of(name), &key));
    app_key(f->app, &key);
}

static void ask(struct fixture *f, const char *text)
{
    type(f, text);
    press(f, "enter");
}

static void answer(struct fixture *f, const char *text)
{
    push(f, EVENT_STARTED, NULL);
    push(f, EVENT_TEXT, text);
    push(f, EVENT_DONE, NULL);
}

static void add_entry(struct fixture *f, enum entry_kind kind, const char *name, const char *text)
{
    struct entry entry = {.kind = kind, .status = ENTRY_DONE, .name = mem_strdup(name)};
    buf_append_c(&entry.text, text);
    if (kind == ENTRY_PROPOSAL) {
        entry.proposal = 3;
        entry.files = 2;
        entry.added = 64;
        entry.removed = 2;
    } else if (kind == ENTRY_COMMIT) {
        entry.files = 2;
    }
    session_add_entry(f->session, entry);
}

static void test_a_turn(void **state)
{
    struct fixture *f = *state;
    expect(f, "Ask for a policy");
    ask(f, "Deny latest tags");
    expect(f, "You\n");
    expect(f, "  Deny latest tags\n");
    expect(f, "waiting for gpt-x high");
    push(f, EVENT_STARTED, NULL);
    push(f, EVENT_TEXT, "Three **fi");
    expect(f, "Agent\n");
    expect(f, "  Three fi\n");
    push(f, EVENT_TEXT, "les**.\n\n- a\n- b\n");
    expect(f, "  Three files.\n");
    expect(f, "  • a\n  • b\n");
    expect(f, "answering");
    push(f, EVENT_DONE, NULL);
    expect_gone(f, "answering");
    expect(f, "say what the policy should do");
}

static void test_interrupt_keeps_the_half(void **state)
{
    struct fixture *f = *state;
    ask(f, "x");
    push(f, EVENT_STARTED, NULL);
    push(f, EVENT_TEXT, "Half an ans");
    press(f, "esc");
    expect(f, "Half an ans");
    expect(f, "interrupted");
    assert_int_equal(session_state(f->session), SESSION_IDLE);
}

static void test_retry(void **state)
{
    struct fixture *f = *state;
    ask(f, "x");
    push(f, EVENT_STARTED, NULL);
    push(f, EVENT_ERROR, "the server answered 500");
    /* What an agent had written until then. */
    add_entry(f, ENTRY_NOTICE, NULL, "it is in the proposal");
    add_entry(f, ENTRY_PROPOSAL, NULL, "p/p.rego");
    expect(f, "the server answered 500");
    expect(f, "r or Enter tries again");
    expect(f, "› Enter tries again");
    unsigned before = f->provider.started;
    press(f, "enter");
    assert_int_equal(f->provider.started, before + 1);
    answer(f, "now it works");
    expect(f, "now it works");
    /* Something else is asked instead: the keys try nothing again. */
    ask(f, "y");
    push(f, EVENT_STARTED, NULL);
    push(f, EVENT_ERROR, "the server answered 502");
    expect(f, "r or Enter tries again");
    ask(f, "z");
    answer(f, "as asked");
    expect(f, "as asked");
    expect(f, "the server answered 502");
    expect_gone(f, "r or Enter tries again");
}

static void test_folds(void **state)
{
    struct fixture *f = *state;
    add_entry(f, ENTRY_REASONING, NULL, "**Reading the rules**\n\nA long thought.");
    add_entry(f, ENTRY_TOOL, "read", "line one\nline two\n");
    expect(f, "▸ thought  Reading the rules");
    expect(f, "▸ read");
    expect_gone(f, "line one");
    press(f, "alt-up");
    press(f, "enter");
    expect(f, "▾ read");
    expect(f, "line two");
    press(f, "k");
    press(f, "space");
    expect(f, "A long thought.");
    press(f, "space");
    expect_gone(f, "A long thought.");
    press(f, "esc");
    press(f, "ctrl-o");
    expect(f, "A long thought.");
    expect(f, "line two");
    press(f, "ctrl-o");
    expect_gone(f, "line two");
}

static void test_proposal(void **state)
{
    struct fixture *f = *state;
    add_entry(f, ENTRY_PROPOSAL, NULL, "src.rego +60 −2\ntest.rego +4 −0");
    expect(f, "✎ proposal 3   2 files  +64 −2   ▸ review");
    expect(f, "src.rego +60");
    expect(f, "Enter reviews the proposal");
    press(f, "enter");
    assert_int_equal(f->reviewed, 3);
    f->reviewed = 0;
    press(f, "alt-r");
    assert_int_equal(f->reviewed, 3);
    f->reviewed = 0;
    press(f, "alt-up");
    press(f, "R");
    assert_int_equal(f->reviewed, 3);
    add_entry(f, ENTRY_COMMIT, NULL, "Deny latest tags");
    expect(f, "written, not committed"); /* a hook refused it, say */
    f->reviewed = 0;
    press(f, "alt-r");
    assert_int_equal(f->reviewed, 0);
}

/* What is read stays where it is while text arrives below. */
static void test_scrolling_stands_still(void **state)
{
    struct fixture *f = *state;
    ask(f, "x");
    push(f, EVENT_STARTED, NULL);
    for (int i = 0; i < 60; i++) {
        char text[32];
        snprintf(text, sizeof text, "line %02d\n\n", i);
        push(f, EVENT_TEXT, text);
    }
    expect(f, "line 59");
    press(f, "pageup");
    press(f, "pageup");
    expect(f, "more");
    char *before = screen(f);
    for (int i = 60; i < 90; i++) {
        char text[32];
        snprintf(text, sizeof text, "line %02d\n\n", i);
        push(f, EVENT_TEXT, text);
        char *now = screen(f);
        /* The transcript's first row, below header and title. */
        char *a = strchr(strchr(before, '\n') + 1, '\n') + 1;
        char *b = strchr(strchr(now, '\n') + 1, '\n') + 1;
        assert_memory_equal(a, b, (size_t)(strchr(a, '\n') - a));
        free(now);
    }
    free(before);
    expect_gone(f, "line 89");
    press(f, "ctrl-end");
    expect(f, "line 89");
    push(f, EVENT_TEXT, "the end\n");
    expect(f, "the end");
    push(f, EVENT_DONE, NULL);
}

static void test_resize_keeps_the_end(void **state)
{
    struct fixture *f = *state;
    ask(f, "question");
    answer(f, "one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
              "fifteen sixteen seventeen the-end");
    static const int sizes[][2] = {{40, 120}, {24, 80}, {10, 40}, {12, 200}, {40, 41}};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        f->rows = sizes[i][0];
        f->cols = sizes[i][1];
        expect(f, "the-end");
    }
}

static void test_queue(void **state)
{
    struct fixture *f = *state;
    ask(f, "first");
    push(f, EVENT_STARTED, NULL);
    ask(f, "second");
    expect(f, "next: second");
    press(f, "alt-q");
    expect_gone(f, "next: second");
    expect(f, "› second");
    press(f, "ctrl-c");
    expect_gone(f, "› second");
    push(f, EVENT_DONE, NULL);
}

static void test_what_waits_is_sent_after_an_interrupt(void **state)
{
    struct fixture *f = *state;
    ask(f, "first");
    push(f, EVENT_STARTED, NULL);
    ask(f, "second");
    expect(f, "type ahead");
    session_interrupt(f->session);
    expect(f, "Enter sends what waits");
    expect(f, "next: second  Alt-w changes");
    press(f, "enter");
    expect_gone(f, "next: second");
    assert_int_equal(session_queue_count(f->session), 0);
    assert_false(session_queue_send(f->session)); /* a turn runs, and nothing waits */
    loop_run_once(f->loop, 10);
    push(f, EVENT_STARTED, NULL);
    push(f, EVENT_DONE, NULL);
}

static bool count_decision(void *data, enum approval approval, struct str text, struct err *err)
{
    (void)approval;
    (void)text;
    (void)err;
    (*(size_t *)data)++;
    return true;
}

/* The box was opened for another question than the one that waits when it is answered. */
static void test_a_box_decides_what_it_was_opened_for(void **state)
{
    struct fixture *f = *state;
    size_t decided = 0;
    struct question_face face = {count_decision, &decided};
    struct question question = {.what = mem_strdup("ls")};
    assert_true(session_ask(f->session, &question, &face));
    expect(f, "$ ls");
    press(f, "alt-n");
    expect(f, "why, for the agent");
    session_unask(f->session, &decided);
    question = (struct question){.what = mem_strdup("rm x")};
    assert_true(session_ask(f->session, &question, &face));
    type(f, "no");
    press(f, "enter");
    expect(f, "the agent asks for something else now");
    assert_int_equal(decided, 0);
    press(f, "alt-n");
    press(f, "enter");
    assert_int_equal(decided, 1);
}

/* A key that comes twice decides nothing that was not on the screen. */
static void test_what_was_not_shown_is_not_approved(void **state)
{
    struct fixture *f = *state;
    size_t answered = 0;
    struct question_face face = {count_decision, &answered};
    struct question question = {.what = mem_strdup("touch one")};
    assert_true(session_ask(f->session, &question, &face));
    expect(f, "touch one");
    press(f, "alt-y");
    assert_int_equal(answered, 1);
    question = (struct question){.what = mem_strdup("touch two")};
    assert_true(session_ask(f->session, &question, &face));
    press(f, "alt-y");
    press(f, "alt-Y");
    assert_int_equal(answered, 1);
    expect(f, "touch two");
    press(f, "alt-y");
    assert_int_equal(answered, 2);
}

static void test_queue_list(void **state)
{
    struct fixture *f = *state;
    ask(f, "first");
    push(f, EVENT_STARTED, NULL);
    ask(f, "second");
    ask(f, "third");
    ask(f, "fourth");
    press(f, "alt-w");
    expect(f, "Prompts that wait");
    expect(f, "1  second");
    expect(f, "3  fourth");
    type(f, "jJ"); /* third goes below fourth */
    expect(f, "2  fourth");
    expect(f, "3  third");
    type(f, "x");
    expect_gone(f, "3  third");
    /* The turn ends and takes the first: the cursor stays with its prompt. */
    push(f, EVENT_DONE, NULL);
    loop_run_once(f->loop, 10);
    expect(f, "1  fourth");
    press(f, "enter");
    expect_gone(f, "Prompts that wait");
    expect(f, "› fourth");
    assert_int_equal(session_queue_count(f->session), 0);
    press(f, "ctrl-c");
    push(f, EVENT_DONE, NULL);
}

static void test_history(void **state)
{
    struct fixture *f = *state;
    ask(f, "alpha one");
    answer(f, "ok");
    ask(f, "beta two");
    answer(f, "ok");
    type(f, "unsent");
    press(f, "up");
    expect(f, "› beta two");
    press(f, "up");
    expect(f, "› alpha one");
    press(f, "down");
    press(f, "down");
    expect(f, "› unsent");
    press(f, "ctrl-r");
    type(f, "alp");
    expect(f, "history: alp");
    expect(f, "alpha one");
    press(f, "enter");
    expect(f, "› alpha one");
    press(f, "ctrl-r");
    type(f, "zzz");
    expect(f, "no such prompt");
    press(f, "esc");
    expect(f, "› alpha one");
}

static void test_paste(void **state)
{
    struct fixture *f = *state;
    struct buf text = BUF_INIT;
    for (int i = 0; i < 42; i++) {
        buf_printf(&text, "row %d\n", i);
    }
    type(f, "see ");
    app_paste(f->app, buf_str(&text));
    app_paste(f->app, buf_str(&text));
    expect(f, "› see [pasted 42 lines][pasted 42 lines (2)]");
    press(f, "backspace");
    expect_gone(f, "(2)");
    expect(f, "› see [pasted 42 lines]");
    press(f, "left");
    type(f, "it: ");
    expect(f, "› see it: [pasted 42 lines]");
    press(f, "alt-enter");
    type(f, "more");
    press(f, "enter");
    const struct transcript *t = session_transcript(f->session);
    assert_int_equal(t->len, 1);
    struct str sent = buf_str(&t->items[0].text);
    assert_true(str_starts(sent, "see it: \nmorerow 0\nrow 1\n"));
    assert_true(str_ends(sent, "row 41"));
    expect(f, "more line");
    press(f, "esc");
    app_paste(f->app, STR_LIT("a\nb"));
    expect(f, "› a\n  b");
    buf_free(&text);
}

static void test_paste_is_shown_and_changed(void **state)
{
    struct fixture *f = *state;
    struct buf text = BUF_INIT;
    for (int i = 1; i <= 20; i++) {
        buf_printf(&text, "line %d\n", i);
    }
    type(f, "see ");
    app_paste(f->app, buf_str(&text));
    type(f, "!");
    expect(f, "› see [pasted 20 lines]!");
    press(f, "alt-v");
    expect(f, "› see line 1");
    type(f, "X");
    press(f, "enter");
    const struct transcript *t = session_transcript(f->session);
    assert_true(str_starts(buf_str(&t->items[0].text), "see Xline 1\nline 2\n"));
    assert_true(str_ends(buf_str(&t->items[0].text), "line 20\n!"));
    push(f, EVENT_DONE, NULL);
    buf_free(&text);
}

static void test_draft_survives(void **state)
{
    struct fixture *f = *state;
    type(f, "half a thought");
    bool never = false;
    loop_run_until(f->loop, &never, 600);
    assert_string_equal(session_draft(f->session), "half a thought");
}

static void test_recording_is_labelled(void **state)
{
    struct fixture *f = *state;
    f->recording = true;
    f->cols = 120;
    expect(f, "recording");
    ask(f, "x");
    expect(f, "recording");
    push(f, EVENT_STARTED, NULL);
    push(f, EVENT_TEXT, "y");
    expect(f, "recording");
    push(f, EVENT_DONE, NULL);
}

static void test_control_characters(void **state)
{
    struct fixture *f = *state;
    add_entry(f, ENTRY_TOOL, "re\x1b[31mad", "out\x1b]0;title\x07\n\ttab");
    add_entry(f, ENTRY_ERROR, NULL, "bad \x9b thing \x1b[2J");
    press(f, "ctrl-o");
    char *shown = screen(f);
    for (char *c = shown; *c != '\0'; c++) {
        assert_true((unsigned char)*c >= ' ' || *c == '\n');
    }
    free(shown);
}

/* Any mix of events, keys and sizes: no crash, and when the end is followed it is on the screen. */
static void test_random(void **state)
{
    struct fixture *f = *state;
    static const char *const keys[] = {"pageup", "pagedown", "alt-up", "alt-down", "enter", "esc",
        "ctrl-o", "up", "down", "space", "ctrl-home", "ctrl-end", "shift-up", "shift-down", "a",
        "g", "G", "ctrl-r", "ctrl-w", "backspace"};
    static const char *const texts[] = {"word ", "**bold", "\n\n", "```rego\n", "- item\n",
        "| a | b |\n|---|---|\n", "`code` ", "# head\n", "\xe6\x97\xa5\xe6\x9c\xac "};
    uint64_t seed = 12345;
    for (int i = 0; i < 1500; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        unsigned dice = (unsigned)(seed >> 33);
        if (dice % 11 == 0) {
            f->rows = 1 + (int)(dice / 11 % 50);
            f->cols = 1 + (int)(dice / 600 % 130);
        }
        if (f->provider.live == NULL) {
            press(f, "esc");
            press(f, "esc");
            ask(f, "again");
        } else if (dice % 3 == 0) {
            press(f, keys[dice / 3 % ARRAY_LEN(keys)]);
        } else if (dice % 97 == 1) {
            push(f, EVENT_DONE, NULL);
        } else {
            push(f, EVENT_TEXT, texts[dice / 3 % ARRAY_LEN(texts)]);
        }
        free(screen(f));
    }
    if (f->provider.live != NULL) {
        push(f, EVENT_DONE, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_interrupt_keeps_the_half, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_retry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_proposal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scrolling_stands_still, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_resize_keeps_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_queue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_what_waits_is_sent_after_an_interrupt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_box_decides_what_it_was_opened_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_not_shown_is_not_approved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_queue_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_history, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_paste, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_paste_is_shown_and_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_draft_survives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_recording_is_labelled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_control_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
