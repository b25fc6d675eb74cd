/* The frame parser by itself with random cuts, and conversations with tests/tools/fault_lsp.c. */
#include "test.h"

#include "base/path.h"
#include "base/vec.h"
#include "rpc/rpc.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

/* Frames. */

static void note_message(void *data, struct buf *message)
{
    struct buf *out = data;
    buf_append_char(out, '<');
    buf_append_str(out, buf_str(message));
    buf_append_char(out, '>');
}

static void note_noise(void *data, const char *what)
{
    struct buf *out = data;
    buf_printf(out, "!%s!", what);
}

static char *cut(struct str text, enum framing framing, size_t max, size_t (*step)(void))
{
    struct buf out = BUF_INIT;
    struct frame_sink sink = {note_message, note_noise, &out};
    struct frames *frames = frames_new(framing, max, &sink);
    for (size_t at = 0; at < text.len;) {
        size_t n = step == NULL ? text.len : step();
        frames_feed(frames, str_slice(text, at, at + n));
        at += n;
    }
    frames_end(frames);
    frames_free(frames);
    return buf_take(&out);
}

static size_t random_step(void)
{
    return 1 + (size_t)(rand() % 9);
}

static size_t one(void)
{
    return 1;
}

static void expect_frames(enum framing framing, size_t max, const char *text, const char *want)
{
    char *whole = cut(str_of(text), framing, max, NULL);
    assert_string_equal(whole, want);
    free(whole);
    for (int i = 0; i < 50; i++) {
        char *parts = cut(str_of(text), framing, max, i == 0 ? one : random_step);
        assert_string_equal(parts, want);
        free(parts);
    }
}

static void frames_with_headers(void **state)
{
    (void)state;
    enum framing h = FRAMING_HEADERS;
    expect_frames(h, 0, "Content-Length: 2\r\n\r\n{}content-length:3\r\n\r\nabc", "<{}><abc>");
    expect_frames(h, 0, "Content-Length: 2\nContent-Type: x\n\n{}", "<{}>");
    expect_frames(
        h, 0, "hello\nworld\r\n\r\nContent-Length: 2\r\n\r\n{}", "!bytes before a header!<{}>");
    expect_frames(h, 0, "oops Content-Length: 2\r\n\r\n{}", "!bytes before a header!<{}>");
    expect_frames(h, 0, "Content-Length: 1\r\n\r\n{}Content-Length: 2\r\n\r\n[]",
        "<{>!bytes before a header!<[]>");
    expect_frames(h, 0, "Content-Length: -1\r\n\r\nContent-Length: 2\r\n\r\n[]",
        "!a Content-Length that is no length!<[]>");
    expect_frames(h, 4, "Content-Length: 5\r\n\r\n12345Content-Length: 2\r\n\r\n[]",
        "!a message larger than we take!<[]>");
    expect_frames(
        h, 0, "Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n[]", "!an empty message!<[]>");
    expect_frames(h, 0, "Content-Length: 9\r\n\r\n[]", "!a message that ends in the middle!");
    expect_frames(h, 0, "Content-Le", "!a message that ends in the middle!");
    expect_frames(h, 0, "", "");
}

static void frames_by_line(void **state)
{
    (void)state;
    enum framing l = FRAMING_LINES;
    expect_frames(l, 0, "{}\r\n\n[]\n1", "<{}\r><[]><1>");
    expect_frames(l, 4, "12345678\n1234\n12345",
        "!a message larger than we take!<1234>!a message "
        "larger than we take!");
}

static void a_header_after_much_garbage(void **state)
{
    (void)state;
    for (size_t n = FRAME_HEADER_MAX - 40; n < FRAME_HEADER_MAX + 40; n++) {
        struct buf text = BUF_INIT;
        buf_append_repeat(&text, 'x', n);
        buf_append_c(&text, "Content-Length: 2\r\n\r\n{}");
        expect_frames(FRAMING_HEADERS, 0, text.ptr, "!bytes before a header!<{}>");
        buf_free(&text);
        n += 6;
    }
}

/* Conversations. */

struct talk {
    struct loop *loop;
    struct rpc *rpc;
    size_t answers, notes, ends;
    enum rpc_status status;
    char *result;
    char *message;
    char *why;
    bool wanted, done;
    int exit_code, signal;
    size_t until_notes;
    size_t most_notes; /* in one turn of the loop */
};

static void on_note(void *data, const char *method, cJSON **params)
{
    struct talk *talk = data;
    (void)params;
    assert_string_equal(method, "echo");
    talk->notes++;
    talk->done = talk->done || talk->notes == talk->until_notes;
}

static void on_end(void *data, const struct rpc_end *end)
{
    struct talk *talk = data;
    talk->ends++;
    talk->why = mem_strdup(end->why);
    talk->wanted = end->wanted;
    talk->exit_code = end->exit_code;
    talk->signal = end->signal;
    talk->done = true;
}

static void on_answer(void *data, struct rpc_answer *answer)
{
    struct talk *talk = data;
    talk->answers++;
    talk->status = answer->status;
    free(talk->result);
    free(talk->message);
    talk->result = answer->result == NULL ? NULL : json_print(answer->result);
    talk->message = mem_strdup(answer->message);
    talk->done = true;
}

static char *fault_path(void)
{
    return mem_printf("%s/tests/fault-lsp", getenv("BYLAW_BINARY_DIR"));
}

static struct talk *talk_start(const char *scenario, bool lines)
{
    struct err err;
    struct talk *talk = MEM_NEW(struct talk);
    talk->loop = loop_new(&err);
    char *program = fault_path();
    const char *argv[] = {program, scenario, lines ? "--lines" : NULL, NULL};
    struct rpc_options options = {.name = "fault",
        .argv = argv,
        .framing = lines ? FRAMING_LINES : FRAMING_HEADERS,
        .on_notification = on_note,
        .on_end = on_end,
        .data = talk};
    talk->rpc = rpc_start(talk->loop, &options, &err);
    assert_ok(talk->rpc != NULL, err);
    free(program);
    return talk;
}

static bool wait_done(struct talk *talk)
{
    bool done = loop_run_until(talk->loop, &talk->done, 30000);
    talk->done = false;
    return done;
}

static void talk_end(struct talk *talk)
{
    rpc_free(talk->rpc);
    loop_free(talk->loop);
    free(talk->result);
    free(talk->message);
    free(talk->why);
    free(talk);
}

static void ask(struct talk *talk, const char *method)
{
    cJSON *params = cJSON_CreateObject();
    json_set_string(params, "text", "gr\xc3\xbc\xc3\x9f");
    rpc_call(talk->rpc, method, params, 20000, on_answer, talk);
    assert_true(wait_done(talk));
}

static void asks_and_notifies(void **state)
{
    (void)state;
    for (int lines = 0; lines < 2; lines++) {
        struct talk *talk = talk_start("echo", lines == 1);
        ask(talk, "hello");
        assert_int_equal(talk->status, RPC_ANSWERED);
        assert_non_null(strstr(talk->result, "\"text\":\"gr\xc3\xbc\xc3\x9f\""));
        ask(talk, "fail");
        assert_int_equal(talk->status, RPC_REFUSED);
        assert_string_equal(talk->message, "fault: no ^[[31mway");
        rpc_notify(talk->rpc, "note", NULL);
        talk->until_notes = 1;
        assert_true(wait_done(talk));
        rpc_close(talk->rpc);
        assert_true(wait_done(talk));
        assert_int_equal(talk->ends, 1);
        assert_true(talk->wanted);
        talk_end(talk);
    }
}

static void times_out_and_cancels(void **state)
{
    (void)state;
    struct talk *talk = talk_start("echo", false);
    rpc_call(talk->rpc, "silence", NULL, 50, on_answer, talk);
    assert_true(wait_done(talk));
    assert_int_equal(talk->status, RPC_TIMEOUT);
    assert_string_equal(talk->message, "fault did not answer silence in time");
    uint64_t call = rpc_call(talk->rpc, "slow", NULL, 0, on_answer, talk);
    rpc_cancel(talk->rpc, call);
    rpc_cancel(talk->rpc, call);
    ask(talk, "next");
    assert_int_equal(talk->answers, 2);
    assert_int_equal(rpc_pending(talk->rpc), 0);
    talk_end(talk);
}

static void tells_how_it_ended(void **state)
{
    (void)state;
    struct talk *talk = talk_start("echo", false);
    rpc_call(talk->rpc, "silence", NULL, 0, on_answer, talk);
    rpc_notify(talk->rpc, "die", NULL);
    while (talk->ends == 0) {
        assert_true(wait_done(talk));
    }
    assert_int_equal(talk->status, RPC_GONE);
    assert_int_equal(talk->exit_code, 3);
    assert_false(talk->wanted);
    assert_string_equal(talk->why, "fault ended with exit code 3: last words");
    rpc_call(talk->rpc, "more", NULL, 0, on_answer, talk);
    assert_true(wait_done(talk));
    assert_int_equal(talk->answers, 2);
    assert_int_equal(talk->status, RPC_GONE);
    talk_end(talk);
}

static void survives_noise(void **state)
{
    (void)state;
    struct talk *talk = talk_start("noise", false);
    for (int i = 0; i < 3; i++) {
        ask(talk, "hello");
        assert_int_equal(talk->status, RPC_ANSWERED);
    }
    talk_end(talk);
    talk = talk_start("ids", false);
    ask(talk, "hello");
    ask(talk, "hello");
    assert_int_equal(talk->answers, 2);
    talk_end(talk);
}

static void ends_one_that_speaks_rubbish(void **state)
{
    (void)state;
    struct talk *talk = talk_start("rubbish", false);
    rpc_call(talk->rpc, "hello", NULL, 0, on_answer, talk);
    while (talk->ends == 0) {
        assert_true(wait_done(talk));
    }
    assert_string_equal(talk->why, "fault speaks nonsense");
    assert_false(talk->wanted);
    talk_end(talk);
}

static void skips_a_message_that_is_too_large(void **state)
{
    (void)state;
    struct talk *talk = talk_start("huge", false);
    ask(talk, "hello");
    assert_int_equal(talk->status, RPC_ANSWERED);
    talk_end(talk);
}

static void a_flood_does_not_stall_the_loop(void **state)
{
    (void)state;
    struct talk *talk = talk_start("flood-notes", false);
    rpc_call(talk->rpc, "hello", NULL, 60000, on_answer, talk);
    while (talk->answers == 0) {
        size_t before = talk->notes;
        loop_run_once(talk->loop, 0);
        size_t now = talk->notes - before;
        talk->most_notes = now > talk->most_notes ? now : talk->most_notes;
    }
    assert_int_equal(talk->notes, 100000);
    print_message("at most %zu notes in a turn\n", talk->most_notes);
    assert_true(talk->most_notes < 20000);
    talk_end(talk);
}

static void kills_the_whole_group(void **state)
{
    (void)state;
    struct talk *talk = talk_start("stubborn", false);
    ask(talk, "hello");
    int pid = rpc_pid(talk->rpc);
    rpc_kill(talk->rpc, "was stopped by the test");
    assert_true(wait_done(talk));
    assert_int_equal(talk->signal, SIGKILL);
    assert_string_equal(talk->why, "fault was stopped by the test");
    for (int i = 0; i < 200 && kill(-pid, 0) == 0; i++) {
        loop_run_once(talk->loop, 10);
    }
    assert_int_equal(kill(-pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    talk_end(talk);
}

static void gives_up_on_one_that_does_not_read(void **state)
{
    (void)state;
    struct talk *talk = talk_start("deaf", false);
    ask(talk, "hello");
    char *text = mem_alloc((1 << 20) + 1);
    memset(text, 'a', 1 << 20);
    text[1 << 20] = '\0';
    for (int i = 0; i < 80 && talk->ends == 0; i++) {
        rpc_notify(talk->rpc, "note", cJSON_CreateString(text));
    }
    free(text);
    assert_true(wait_done(talk));
    assert_string_equal(talk->why, "fault does not read what it is sent");
    talk_end(talk);
}

struct made {
    struct talk *talk;
    bool done;
};

static void make(void *data, struct buf *params)
{
    (void)data;
    buf_append_c(params, "{\"big\":\"");
    buf_append_repeat(params, 'b', 2 << 20);
    buf_append_c(params, "\"}");
}

static void made_done(void *data)
{
    ((struct made *)data)->done = true;
}

static void large_messages_keep_their_order(void **state)
{
    (void)state;
    struct talk *talk = talk_start("echo", false);
    struct made made = {talk, false};
    struct made second = {talk, false};
    rpc_notify_made(talk->rpc, "big", make, made_done, &made);
    rpc_notify_made(talk->rpc, "big", make, made_done, &second);
    ask(talk, "after"); /* its answer comes after both echoes */
    assert_true(made.done && second.done);
    assert_int_equal(talk->notes, 2);
    rpc_notify_made(talk->rpc, "big", make, made_done, &made);
    rpc_notify_made(talk->rpc, "big", make, made_done, &second);
    made.done = second.done = false;
    talk_end(talk); /* while one is being made and one waits */
    assert_true(made.done && second.done);
}

static void freed_in_a_callback(void *data, struct rpc_answer *answer)
{
    struct talk *talk = data;
    talk->answers++;
    assert_int_equal(answer->status, RPC_ANSWERED);
    rpc_free(talk->rpc);
    talk->rpc = NULL;
    talk->done = true;
}

static void may_be_freed_from_its_callback(void **state)
{
    (void)state;
    struct talk *talk = talk_start("echo", false);
    rpc_call(talk->rpc, "one", NULL, 0, freed_in_a_callback, talk);
    rpc_call(talk->rpc, "two", NULL, 0, freed_in_a_callback, talk);
    assert_true(wait_done(talk));
    assert_int_equal(talk->answers, 1);
    talk_end(talk);
}

static void a_program_that_is_not_there(void **state)
{
    (void)state;
    struct err err;
    struct loop *loop = loop_new(&err);
    const char *argv[] = {"bylaw-no-such-program", NULL};
    struct rpc_options options = {.name = "none", .argv = argv};
    assert_null(rpc_start(loop, &options, &err));
    assert_string_equal(err.text, "bylaw-no-such-program is not on PATH");
    loop_free(loop);
}

int main(void)
{
    srand(7);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_with_headers),
        cmocka_unit_test(frames_by_line),
        cmocka_unit_test(a_header_after_much_garbage),
        cmocka_unit_test(asks_and_notifies),
        cmocka_unit_test(times_out_and_cancels),
        cmocka_unit_test(tells_how_it_ended),
        cmocka_unit_test(survives_noise),
        cmocka_unit_test(ends_one_that_speaks_rubbish),
        cmocka_unit_test(skips_a_message_that_is_too_large),
        cmocka_unit_test(a_flood_does_not_stall_the_loop),
        cmocka_unit_test(kills_the_whole_group),
        cmocka_unit_test(gives_up_on_one_that_does_not_read),
        cmocka_unit_test(large_messages_keep_their_order),
        cmocka_unit_test(may_be_freed_from_its_callback),
        cmocka_unit_test(a_program_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
