/* The chat in a real terminal, on a real session and its journal. The program in the terminal is
 * this file's own small one: the frame with nothing but a chat, and a model that writes a fixed
 * answer word by word. */
#include "test.h"

#include "agent/journal.h"
#include "agent/toolbox.h"
#include "pane/chat.h"
#include "term.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the model ---- */

static const char answer[] =
    "# The rule\n\nIt denies the **latest** tag; see `deny`.\n\n"
    "- a tag that is missing\n- a tag that is `latest`\n\n"
    "```rego\npackage k8s.latest_tag\n\ndeny contains msg if {\n\tmsg := \"no\"\n}\n```\n\n"
    "| control | covered |\n|---|--:|\n| 5.1.1 | yes |\n\nThat is all.";

struct stream {
    struct loop_timer *timer;
    event_fn on_event;
    void *data;
    size_t at;
    bool endless, fails;
};

struct writer {
    struct provider provider;
    struct loop *loop;
    unsigned asked;
};

static void end(struct stream *stream, enum event_kind kind)
{
    struct event event = {.kind = kind, .retryable = true, .http_status = 503};
    if (kind == EVENT_ERROR) {
        err_set(&event.error, ERR_NETWORK, "the server answered 503: try again later");
    }
    event_fn on_event = stream->on_event;
    void *data = stream->data;
    loop_timer_free(stream->timer);
    free(stream);
    on_event(data, &event);
}

static void write_word(void *data)
{
    struct stream *stream = data;
    char line[32];
    struct event event = {.kind = EVENT_TEXT};
    if (stream->fails) {
        end(stream, EVENT_ERROR);
        return;
    }
    if (stream->endless) {
        snprintf(line, sizeof line, "row %zu\n\n", stream->at++);
        event.text = str_of(line);
    } else {
        size_t from = stream->at;
        stream->at += strcspn(answer + from, " \n");
        stream->at += strspn(answer + stream->at, " \n");
        event.text = str_make(answer + from, stream->at - from);
        if (event.text.len == 0) {
            end(stream, EVENT_DONE);
            return;
        }
    }
    stream->on_event(stream->data, &event);
}

static struct stream *start_stream(struct provider *provider, const struct request *request,
    event_fn on_event, void *data, struct err *err)
{
    struct writer *writer = (struct writer *)provider;
    const struct item *last = &request->items->items[request->items->len - 1];
    struct stream *stream = MEM_NEW(struct stream);
    (void)err;
    stream->on_event = on_event;
    stream->data = data;
    stream->endless = strstr(last->text, "endless") != NULL;
    stream->fails = strstr(last->text, "fail") != NULL && writer->asked++ == 0;
    stream->timer = loop_timer_new(writer->loop, write_word, stream);
    loop_timer_start(stream->timer, 1, 2);
    return stream;
}

static void cancel_stream(struct stream *stream)
{
    loop_timer_free(stream->timer);
    free(stream);
}

static void free_nothing(struct provider *provider)
{
    (void)provider;
}

static const struct provider_ops writer_ops = {
    .name = "writer", .start = start_stream, .cancel = cancel_stream, .free = free_nothing};

static const struct tool_spec *no_specs(struct toolbox *toolbox, size_t *count)
{
    (void)toolbox;
    *count = 0;
    return NULL;
}

static const struct toolbox_ops no_tools = {.specs = no_specs};

/* ---- the program ---- */

static void changed(void *data)
{
    chat_changed(data);
}

static struct session *open_session(const struct session_setup *setup, struct err *err)
{
    struct session_infos infos = {0};
    struct session *session = NULL;
    if (journal_list("/ws", &infos, err) && infos.len > 0) {
        session = session_resume(setup, "/ws", infos.items[0].id, err);
    } else {
        struct session_setup fresh = *setup;
        fresh.journal = journal_create("/ws", err);
        session = fresh.journal == NULL ? NULL : session_new(&fresh);
    }
    session_infos_free(&infos);
    return session;
}

static int run_chat(const char *state)
{
    struct err err = {0};
    struct app_options options = {.mouse = true};
    setlocale(LC_ALL, "");
    setenv("XDG_STATE_HOME", state, 1);
    struct loop *loop = loop_new(&err);
    struct app *app = loop == NULL ? NULL : app_new(loop, &options, &err);
    struct writer writer = {.provider = {.ops = &writer_ops}, .loop = loop};
    struct toolbox toolbox = {&no_tools};
    struct session_setup setup = {
        .loop = loop, .provider = &writer.provider, .toolbox = &toolbox, .model = "m"};
    struct session *session = app == NULL ? NULL : open_session(&setup, &err);
    if (session == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    struct chat *chat = chat_new(&(struct chat_options){.app = app, .session = session});
    app_set_pane(app, SLOT_CHAT, chat_pane(chat));
    app_focus(app, SLOT_CHAT);
    session_on_change(session, changed, chat);
    int code = app_run(app, &err) ? app_exit_code(app) : 2;
    session_on_change(session, NULL, NULL);
    app_free(app);
    session_free(session);
    loop_free(loop);
    return code;
}

/* ---- the tests ---- */

static int set_up(void **state)
{
    *state = test_dir_make();
    return 0;
}

static int tear_down(void **state)
{
    test_dir_remove(*state);
    return 0;
}

static struct term *start(const char *state, int rows, int cols)
{
    const char *argv[] = {"/proc/self/exe", "--chat", state, NULL};
    struct term_options options = {.argv = argv, .rows = rows, .cols = cols};
    struct term *term = term_start(&options);
    term_expect(term, "say what the policy should do");
    return term;
}

static void quit(struct term *term)
{
    term_key(term, "ctrl-q");
    assert_int_equal(term_wait_exit(term), 0);
    term_free(term);
}

static void test_answer(void **state)
{
    struct term *term = start(*state, 40, 120);
    term_type(term, "Deny the latest tag\r");
    term_expect(term, "Deny the latest tag");
    term_expect(term, "That is all.");
    term_expect_gone(term, "Esc stops");
    term_expect(term, "• a tag that is missing");
    term_expect(term, "5.1.1   │     yes");
    term_expect_gone(term, "**");
    int row, col;
    struct term_cell keyword, name;
    assert_true(term_find(term, "package k8s", &row, &col));
    term_cell(term, row, col, &keyword);
    term_cell(term, row, col + 8, &name);
    assert_true(keyword.fg != name.fg);
    assert_true(term_find(term, "latest tag;", &row, &col));
    term_cell(term, row, col, &keyword);
    assert_true(keyword.bold);
    term_expect_golden(term, "chat-120x40", NULL);
    term_resize(term, 24, 80);
    term_expect_row(term, 1, "▸Chat"); /* the panes have become tabs */
    term_expect(term, "That is all.");
    term_expect_golden(term, "chat-80x24", NULL);
    term_resize(term, 10, 40);
    term_expect_gone(term, "^O fold all");
    term_expect(term, "That is all.");
    term_expect_golden(term, "chat-40x10", NULL);
    quit(term);
}

/* The answer without an end has come to this row, or beyond: how many are between two looks is for
 * the machine to say. */
static bool has_come_to(struct term *term, void *data)
{
    const int *least = data;
    char *screen = term_text(term);
    bool has = false;
    for (const char *at = screen; (at = strstr(at, "row ")) != NULL && !has; at++) {
        has = strtol(at + strlen("row "), NULL, 10) >= *least;
    }
    free(screen);
    return has;
}

static bool is_at_the_end(struct term *term, void *data)
{
    int row;
    int col;
    (void)data;
    return !term_find(term, "↓ ", &row, &col) && has_come_to(term, &(int){20});
}

static void test_interrupt_and_scroll(void **state)
{
    struct term *term = start(*state, 24, 80);
    term_type(term, "endless\r");
    term_wait(term, has_come_to, &(int){20}, "the twentieth row");
    term_key(term, "pageup");
    term_expect(term, "more");
    term_key(term, "ctrl-home");
    term_expect(term, "row 0");
    /* It goes on below, and what is read stands still. */
    term_expect(term, "↓ 1");
    term_expect(term, "row 0");
    term_wheel(term, 5, 5, 1);
    term_key(term, "ctrl-end");
    term_wait(term, is_at_the_end, NULL, "the end of it");
    term_key(term, "esc");
    term_expect(term, "interrupted");
    term_expect_gone(term, "answering");
    quit(term);
}

static void test_retry(void **state)
{
    struct term *term = start(*state, 24, 80);
    term_type(term, "fail once\r");
    term_expect(term, "✗ the server answered 503");
    term_expect(term, "Enter tries again");
    term_type(term, "\r");
    term_expect(term, "That is all.");
    quit(term);
}

static void test_paste_is_folded_and_sent_whole(void **state)
{
    struct term *term = start(*state, 40, 120);
    struct buf text = BUF_INIT;
    for (int i = 1; i <= 42; i++) {
        buf_printf(&text, "pasted line %d\n", i);
    }
    term_paste(term, text.ptr);
    term_expect(term, "› [pasted 42 lines]");
    term_type(term, " and this\r");
    term_expect(term, "That is all.");
    term_key(term, "ctrl-home");
    term_expect(term, "pasted line 12");
    term_expect(term, "… 31 more lines");
    term_key(term, "ctrl-o");
    term_expect(term, "pasted line 20");
    buf_free(&text);
    quit(term);
}

static bool draft_is_on_disk(struct term *term, void *data)
{
    (void)term;
    char *command = mem_printf("grep -rqs 'half a thought' '%s'", (const char *)data);
    bool found = system(command) == 0;
    free(command);
    return found;
}

/* kill -9: the transcript, the half answer and the draft are there again. */
static void test_killed(void **state)
{
    struct term *term = start(*state, 24, 80);
    term_type(term, "endless first\r");
    term_wait(term, has_come_to, &(int){8}, "the eighth row");
    term_type(term, "half a thought");
    term_expect(term, "› half a thought");
    term_wait(term, draft_is_on_disk, *state, "the draft in the journal");
    term_signal(term, SIGKILL);
    assert_int_equal(term_wait_exit(term), 128 + SIGKILL);
    term_free(term);
    const char *argv[] = {"/proc/self/exe", "--chat", *state, NULL};
    struct term_options options = {.argv = argv, .rows = 24, .cols = 80};
    term = term_start(&options);
    term_expect(term, "interrupted");
    term_expect(term, "› half a thought");
    term_key(term, "ctrl-home");
    term_expect(term, "endless first");
    term_expect(term, "row 2");
    quit(term);
}

static void test_history_and_lines(void **state)
{
    struct term *term = start(*state, 24, 80);
    term_type(term, "first prompt\r");
    term_expect(term, "That is all.");
    term_expect_gone(term, "Esc stops"); /* else ^C would be for the answer */
    term_type(term, "second");
    term_key(term, "ctrl-j");
    term_type(term, "line");
    term_expect(term, "› second");
    term_expect(term, "  line");
    term_key(term, "ctrl-c");
    term_expect_gone(term, "› second");
    term_key(term, "up");
    term_expect(term, "› first prompt");
    term_key(term, "ctrl-a");
    term_type(term, "my ");
    term_key(term, "ctrl-e ctrl-w");
    term_expect(term, "› my first");
    term_key(term, "ctrl-c ctrl-r");
    term_type(term, "irst");
    term_expect(term, "history: irst");
    term_type(term, "\r");
    term_expect(term, "› first prompt");
    quit(term);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "--chat") == 0) {
        return run_chat(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        TEST(test_answer),
        TEST(test_interrupt_and_scroll),
        TEST(test_retry),
        TEST(test_paste_is_folded_and_sent_whole),
        TEST(test_killed),
        TEST(test_history_and_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
