/* Recordings: made from a live stream, replayed to the same events; found by prompt and step; never
 * with a secret in them. */
#include "test.h"

#include "base/log.h"
#include "event_log.h"
#include "fault_server.h"
#include "model/live.h"
#include "model/recorder.h"
#include "model/recording.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct loop *loop;
    char *dir;
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    struct err err;
    f->loop = loop_new(&err);
    f->dir = test_dir_make();
    setenv("BYLAW_RECORDING_SPEED", "0", 1);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    loop_free(f->loop);
    test_dir_remove(f->dir);
    free(f);
    return 0;
}

#define ANSWER(prompt, step, text)                                                                 \
    "{\"answer\":{\"prompt\":\"" prompt "\",\"step\":" step                                        \
    ",\"wire\":\"responses\",\"status\":200,\"headers\":{\"content-type\":\"text/event-stream\"}"  \
    "}}\n"                                                                                         \
    "{\"at\":3,\"data\":\"data: {\\\"type\\\":\\\"response.output_text.delta\\\",\\\"item_id\\\":" \
    "\\\"a\\\",\\\"delta\\\":\\\"" text "\\\"}\\n\\nda\"}\n"                                       \
    "{\"at\":90000,\"data\":\"ta: {\\\"type\\\":\\\"response.completed\\\"}\\n\\n\"}\n"            \
    "{\"end\":90001}\n"

static struct provider *open_text(struct fixture *f, const char *text)
{
    struct err err;
    test_write(f->dir, "r.jsonl", text);
    char *path = mem_printf("%s/r.jsonl", f->dir);
    struct provider *provider = recording_new(f->loop, path, 1, &err);
    free(path);
    if (provider == NULL) {
        fail_msg("%s", err.text);
    }
    return provider;
}

static char *ask(struct fixture *f, struct provider *provider, struct item *list, size_t count)
{
    struct items items = {list, count, 0};
    struct request request = {.items = &items, .model = "m"};
    struct event_log log = {0};
    event_log_run(&log, f->loop, provider, &request);
    assert_int_equal(log.ends, 1);
    return buf_take(&log.text);
}

static struct item user(const char *text)
{
    return (struct item){.kind = ITEM_USER, .text = (char *)text};
}

static struct item result(void)
{
    return (struct item){.kind = ITEM_TOOL_RESULT, .call_id = (char *)"c", .text = (char *)"r"};
}

static void check(struct fixture *f, struct provider *provider, struct item *list, size_t count,
    const char *contains)
{
    char *got = ask(f, provider, list, count);
    if (strstr(got, contains) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", contains, got);
    }
    free(got);
}

static void finds_answers_by_prompt_and_step(void **state)
{
    struct fixture *f = *state;
    struct provider *p = open_text(f,
        "{\"bylaw_recording\":1,\"title\":\"T\",\"model\":\"gpt\"}\n" ANSWER(
            "Deny it.", "0", "first") ANSWER("Deny it.", "1", "second")
            ANSWER("Deny it.", "0", "again") ANSWER("And a?", "0",
                "other") "{\"answer\":{\"prompt\":\"review\",\"prompt_contains\":[\"outcome of the "
                         "REVIEW\"],"
                         "\"step\":0,\"wire\":\"chat\",\"headers\":{\"content-type\":\"text/"
                         "event-stream\"}}}\n"
                         "{\"at\":1,\"base64\":"
                         "\"ZGF0YTogeyJjaG9pY2VzIjpbeyJkZWx0YSI6eyJjb250ZW50Ijoib2sifSwiZmluaXNo"
                         "X3JlYXNvbiI6InN0b3AifV19Cgo=\"}\n{\"end\":1}\n");
    assert_true(p->is_recording);
    assert_string_equal(recording_title(p), "T");
    assert_string_equal(recording_model(p), "gpt");
    assert_string_equal(recording_prompt(p, 0), "Deny it.");
    assert_string_equal(recording_prompt(p, 1), "And a?");
    assert_null(recording_prompt(p, 2));
    struct item one[] = {user("  deny\n IT ")};
    check(f, p, one, 1, "text(first)\ndone(end)");
    struct item two[] = {user("Deny it."), result(), result()};
    check(f, p, two, 3, "text(second)");
    struct item past[] = {user("Deny it."), result(), user("x"), result(), user("deny it")};
    check(f, p, past, 5, "text(again)");
    struct item other[] = {user("Deny it."), result(), user("and a")};
    check(f, p, other, 3, "text(other)");
    struct item review[] = {user("## Outcome of the review\nA person …")};
    check(f, p, review, 1, "text(ok)\ndone(end)");
    struct item unknown[] = {user("Write a poem.")};
    check(f, p, unknown, 1,
        "text(This is a recording, not a live model: it has no answer to that. "
        "It knows these prompts:\n\n- Deny it.\n- And a?\n");
    struct item over[] = {user("And a?"), result()};
    check(f, p, over, 2, "it ends here");
    check(f, p, NULL, 0, "no answer to that");
    provider_free(p);
}

static void says_what_is_wrong_with_a_file(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"", "holds no answers"},
        {"{\"bylaw_recording\":2}\n", "line 1: this is no recording of version 1"},
        {"{\"bylaw_recording\":1}\n", "holds no answers"},
        {"{\"bylaw_recording\":1}\n{\"answer\":{}}\n", "line 2: an answer without its \"prompt\""},
        {"{\"bylaw_recording\":1}\n{\"answer\":{\"prompt\":\"a\",\"wire\":\"x\"}}\n",
            "accepted are responses and chat"},
        {"{\"bylaw_recording\":1}\n{\"at\":1,\"data\":\"x\"}\n", "belong to no answer"},
        {"{\"bylaw_recording\":1}\n\n{oops\n", "line 3: not valid JSON"},
        {"{\"bylaw_recording\":1}\n{\"answer\":{\"prompt\":\"a\",\"wire\":\"chat\"}}\n"
         "{\"at\":1,\"base64\":\"*\"}\n",
            "line 3: bytes without"},
        {"{\"bylaw_recording\":1}\n{\"answer\":{\"prompt\":\"a\",\"wire\":\"chat\"}}\n{}\n",
            "line 3: neither"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err;
        test_write(f->dir, "bad.jsonl", cases[i].text);
        char *path = mem_printf("%s/bad.jsonl", f->dir);
        assert_null(recording_new(f->loop, path, 1, &err));
        if (strstr(err.text, cases[i].why) == NULL || strstr(err.text, "bad.jsonl") == NULL) {
            fail_msg("%s", err.text);
        }
        free(path);
    }
    struct err err;
    assert_null(recording_new(f->loop, "/nonexistent/r.jsonl", 1, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void an_unfinished_recording_is_cut(void **state)
{
    struct fixture *f = *state;
    struct provider *p =
        open_text(f, "{\"bylaw_recording\":1}\n{\"answer\":{\"prompt\":\"a\","
                     "\"wire\":\"chat\"}}\n{\"at\":5,\"data\":\"data: {}\\n\\n\"}\n");
    struct item one[] = {user("a")};
    check(f, p, one, 1, "error(again|200|the recorded answer broke off here)");
    provider_free(p);
}

static void is_cancelled_anywhere(void **state)
{
    struct fixture *f = *state;
    struct provider *p = open_text(f, "{\"bylaw_recording\":1}\n" ANSWER("a", "0", "text"));
    struct item one[] = {user("a")};
    struct items items = {one, 1, 0};
    struct request request = {.items = &items, .model = "m"};
    for (int at = 1; at <= 2; at++) {
        struct event_log log = {.cancel_at = at};
        event_log_run(&log, f->loop, p, &request);
        loop_run_once(f->loop, 0);
        assert_int_equal(log.ends, 0);
        event_log_free(&log);
    }
    struct event_log log = {0};
    struct err err;
    struct stream *stream = provider_start(p, &request, event_log_add, &log, &err);
    provider_cancel(p, stream);
    assert_non_null(provider_start(p, &request, event_log_add, &log, &err));
    provider_free(p); /* with a stream that has not begun */
    loop_run_once(f->loop, 0);
    assert_int_equal(log.events, 0);
    event_log_free(&log);
}

#define CHUNK(text)                                                                                \
    "data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define STOP "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

static char *record(struct fixture *f, const struct fault_step *steps, size_t count,
    const char *const *prompts, size_t prompt_count, struct buf *events)
{
    struct err err;
    struct fault_server *server = fault_server_start();
    struct http *http = http_new(f->loop);
    struct live_options options = {.loop = f->loop,
        .http = http,
        .wire = &wire_chat,
        .base_url = fault_server_url(server),
        .api_key = "sk-very-secret",
        .retry_base_ms = 1};
    char *path = mem_printf("%s/made.jsonl", f->dir);
    struct provider *live = live_new(&options, &err);
    struct recorder *recorder = recorder_open(path, &err);
    assert_non_null(live);
    assert_non_null(recorder);
    assert_null(recorder_open(path, &err));
    assert_int_equal(err.kind, ERR_EXISTS);
    live_record(live, recorder);
    fault_server_script(server, steps, count);
    for (size_t i = 0; i < prompt_count; i++) {
        struct item one[] = {user(prompts[i])};
        char *log = ask(f, live, one, 1);
        buf_append_c(events, log);
        free(log);
    }
    live_record(live, NULL);
    assert_ok(recorder_close(recorder, &err), err);
    provider_free(live);
    http_free(http);
    fault_server_stop(server);
    return path;
}

static void replays_what_was_recorded(void **state)
{
    struct fixture *f = *state;
    struct fault_step steps[] = {{.status = 500, .body = "x"},
        {.body = CHUNK("Gr\xc3\xbc\xc3\x9f") CHUNK("e \xf0\x9f\x98\x80") STOP, .split = 1},
        {.body = CHUNK("half"), .cut = true, .cut_after = 60, .split = 10},
        {.status = 401,
            .body = "{\"error\":{\"message\":\"no\"}}",
            .headers = "Content-Type: application/json\r\n"}};
    struct buf live = BUF_INIT;
    static const char *const prompts[] = {"one", "two"};
    char *path = record(f, steps, ARRAY_LEN(steps), prompts, 2, &live);
    assert_non_null(strstr(live.ptr, "retry(500|"));
    assert_non_null(strstr(live.ptr, "text(Gr\xc3\xbc\xc3\x9f"
                                     "e \xf0\x9f\x98\x80)"));
    struct err err;
    struct provider *p = recording_new(f->loop, path, 1, &err);
    assert_non_null(p);
    struct item one[] = {user("one")};
    check(f, p, one, 1,
        "started(m)\ntext(Gr\xc3\xbc\xc3\x9f"
        "e \xf0\x9f\x98\x80)\ndone(end)\n");
    struct item two[] = {user("two")};
    check(f, p, two, 1, "error(final|401|");
    provider_free(p);
    buf_free(&live);
    free(path);
}

static void never_holds_a_secret(void **state)
{
    struct fixture *f = *state;
    setenv("SOME_SERVICE_TOKEN", "tok-12345678", 1);
    struct fault_step steps[] = {
        {.body = CHUNK("key sk-very-secret and tok-12345678 end") STOP, .split = 3},
        {.body = CHUNK("sk-very") CHUNK("-secret") STOP}, {.body = CHUNK("plain") STOP}};
    struct buf live = BUF_INIT;
    static const char *const prompts[] = {"my sk-very-secret", "spread", "last"};
    char *path = record(f, steps, ARRAY_LEN(steps), prompts, 3, &live);
    char *text = test_read(f->dir, "made.jsonl");
    assert_null(strstr(text, "sk-very"));
    assert_null(strstr(text, "tok-1234"));
    free(text);
    struct err err;
    struct provider *p = recording_new(f->loop, path, 1, &err);
    assert_non_null(p);
    struct item one[] = {user("my [secret]")};
    check(f, p, one, 1, "text(key [secret] and [secret] end)\ndone(end)\n");
    struct item spread[] = {user("spread")};
    check(f, p, spread, 1, "no answer to that");
    struct item last[] = {user("last")};
    check(f, p, last, 1, "text(plain)");
    provider_free(p);
    buf_free(&live);
    free(path);
    unsetenv("SOME_SERVICE_TOKEN");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(finds_answers_by_prompt_and_step),
        T(says_what_is_wrong_with_a_file),
        T(an_unfinished_recording_is_cut),
        T(is_cancelled_anywhere),
        T(replays_what_was_recorded),
        T(never_holds_a_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
