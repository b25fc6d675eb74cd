/* The live provider against a server that misbehaves: every error at every point, retries, cancels
 * anywhere. Leaks are the sanitizer's to find. */
#include "test.h"

#include "event_log.h"
#include "fault_server.h"
#include "model/live.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct fault_server *server;
    struct loop *loop;
    struct http *http;
    struct provider *provider;
};

static struct item first = {.kind = ITEM_USER, .text = (char *)"hi"};
static const struct items items = {&first, 1, 0};
static const struct request request = {.items = &items, .model = "m1"};

#define RESPONSES                                                                                  \
    "data: {\"type\":\"response.created\",\"response\":{\"model\":\"m1\"}}\n\n"                    \
    "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"a\",\"delta\":\"Hel\"}\n\n"      \
    "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"a\",\"delta\":\"lo\"}\n\n"       \
    "data: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\",\"id\":"   \
    "\"f\",\"call_id\":\"c\",\"name\":\"read_file\",\"arguments\":\"{}\"}}\n\n"                    \
    "data: {\"type\":\"response.completed\",\"response\":{}}\n\n"
#define CHAT                                                                                       \
    "data: {\"model\":\"m1\",\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"                 \
    "data: {\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}\n\n"                                   \
    "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":"      \
    "{\"name\":\"read_file\",\"arguments\":\"{}\"}}]}}]}\n\n"                                      \
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"                    \
    "data: [DONE]\n\n"
#define GOOD "started(m1)\ntext(Hello)\ncall(c|read_file|{})\ndone(tool_calls)\n"

static const struct {
    const struct wire_ops *wire;
    const char *body;
} wires[] = {{&wire_responses, RESPONSES}, {&wire_chat, CHAT}};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    struct err err;
    f->server = fault_server_start();
    f->loop = loop_new(&err);
    f->http = http_new(f->loop);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    provider_free(f->provider);
    http_free(f->http);
    loop_free(f->loop);
    fault_server_stop(f->server);
    free(f);
    return 0;
}

static void use(struct fixture *f, const struct wire_ops *wire, int max_retries)
{
    struct err err;
    char *url = mem_printf("%s/v1/", fault_server_url(f->server));
    struct live_options options = {.loop = f->loop,
        .http = f->http,
        .wire = wire,
        .base_url = url,
        .api_key = "sk-sesame-open",
        .api_key_name = "MODEL_KEY",
        .max_retries = max_retries,
        .retry_base_ms = 1,
        .max_wait_ms = 5000,
        .idle_timeout_ms = 20000};
    provider_free(f->provider);
    f->provider = live_new(&options, &err);
    free(url);
    if (f->provider == NULL) {
        fail_msg("%s", err.text);
    }
}

static void run(struct fixture *f, const struct fault_step *steps, size_t count, const char *want)
{
    struct event_log log = {0};
    fault_server_script(f->server, steps, count);
    event_log_run(&log, f->loop, f->provider, &request);
    assert_int_equal(log.ends, 1);
    assert_string_equal(log.text.ptr, want);
    event_log_free(&log);
}

static void streams_over_both_wires(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(wires); i++) {
        static const size_t splits[] = {0, 1, 7};
        for (size_t k = 0; k < ARRAY_LEN(splits); k++) {
            struct fault_step step = {.body = wires[i].body, .split = splits[k]};
            use(f, wires[i].wire, -1);
            run(f, &step, 1, GOOD);
        }
        char *sent = fault_server_request(f->server, 0);
        char *path = mem_printf("POST /v1%s HTTP/1.1\r\n", wires[i].wire->path);
        assert_memory_equal(sent, path, strlen(path));
        assert_non_null(strstr(sent, "Authorization: Bearer sk-sesame-open\r\n"));
        free(path);
        free(sent);
    }
}

static void forgives_a_wrong_content_type(void **state)
{
    struct fixture *f = *state;
    use(f, &wire_chat, -1);
    struct fault_step steps[] = {{.headers = "Content-Type: text/plain\r\n", .body = CHAT},
        {.headers = "", .body = ": hello\n\n" CHAT, .split = 1},
        {.headers = "Content-Type: text/html\r\n", .body = "<html><body>Sign in</body></html>"},
        {.headers = "Content-Type: application/json\r\n",
            .body = "{\"choices\":[{\"message\":{\"content\":\"x\"}}]}"},
        {.headers = "Content-Type: application/json\r\n",
            .body = "{\"error\":{\"message\":\"no such route\"}}"},
        {.headers = "Content-Type: text/html\r\n", .body = ""}};
    run(f, &steps[0], 1, GOOD);
    run(f, &steps[1], 1, GOOD);
    char *url = mem_printf("%s/v1/chat/completions", fault_server_url(f->server));
    static const char *const what[] = {"text/html", "application/json", "application/json"};
    static const char *const said[] = {"", "", ". It says: no such route"};
    for (size_t i = 0; i < 3; i++) {
        char *want = mem_printf("error(final|200|%s answered with %s instead of a stream of "
                                "events: check base_url (it usually ends in /v1) and wire_api%s)\n",
            url, what[i], said[i]);
        run(f, &steps[2 + i], 1, want);
        free(want);
    }
    char *want = mem_printf("error(again|0|the answer of %s broke off before its end: what came is "
                            "kept, send again to go on)\n",
        fault_server_url(f->server) + 7);
    run(f, &steps[5], 1, want);
    free(want);
    free(url);
}

struct status_case {
    int status;
    const char *body;
    bool retryable;
    const char *contains[3];
};

static void explains_each_status(void **state)
{
    struct fixture *f = *state;
    static const struct status_case cases[] = {
        {401, "{\"error\":{\"message\":\"Incorrect API key provided: sk-sesame-open\"}}", false,
            {"MODEL_KEY", "(401)", "[secret]"}},
        {403, "{\"error\":\"region\"}", false, {"does not allow this (403)", "m1", "region"}},
        {404,
            "{\"error\":{\"message\":\"The model `m1` does not exist\",\"code\":"
            "\"model_not_found\"}}",
            false, {"does not know the model m1", "set `model`"}},
        {404, "404 page not found", false, {"/v1/responses", "check base_url", "page not found"}},
        {400, "{\"detail\":\"bad field\"}", false, {"refused the request (400)", "bad field"}},
        {400, "{\"error\":{\"code\":\"context_length_exceeded\",\"message\":\"x\"}}", false,
            {"too long for the model m1"}},
        {413, "", false, {"(413)"}},
        {429, "{\"error\":{\"code\":\"insufficient_quota\",\"message\":\"pay\"}}", false,
            {"no credit left", "billing"}},
        {429, "[{\"error\":{\"message\":\"slow down\"}}]", true, {"rate of requests (429)"}},
        {500, "<html>oops</html>", true, {"failed (500)"}},
        {502, "", true, {"failed (502)"}},
        {503, "{\"message\":\"loading\"}", true, {"failed (503)", "loading"}},
        {501, "", false, {"failed (501)"}},
        {308, "", false, {"redirects to", "base_url"}},
    };
    use(f, &wire_responses, -1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct event_log log = {0};
        struct fault_step step = {.status = cases[i].status,
            .headers = "Content-Type: application/json\r\n",
            .body = cases[i].body};
        fault_server_script(f->server, &step, 1);
        event_log_run(&log, f->loop, f->provider, &request);
        assert_int_equal(log.retryable, cases[i].retryable);
        for (size_t k = 0; k < 3 && cases[i].contains[k] != NULL; k++) {
            if (strstr(log.error.text, cases[i].contains[k]) == NULL) {
                fail_msg("%d: \"%s\" is not in: %s", cases[i].status, cases[i].contains[k],
                    log.error.text);
            }
        }
        assert_null(strstr(log.error.text, "sk-sesame"));
        event_log_free(&log);
    }
}

static void tries_again_when_the_server_is_busy(void **state)
{
    struct fixture *f = *state;
    /* Refused on a fresh connection: on a kept one curl itself tries a new one first. */
    struct fault_step steps[] = {{.close = true}, {.status = 503, .body = ""},
        {.status = 429, .headers = "Retry-After: 0\r\n", .body = ""},
        {.body = RESPONSES, .cut = true, .cut_after = 90, .split = 9}, {.body = RESPONSES}};
    struct event_log log = {0};
    use(f, &wire_responses, 4);
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    event_log_run(&log, f->loop, f->provider, &request);
    assert_int_equal(log.retries, 4);
    assert_int_equal(fault_server_count(f->server), 5);
    assert_non_null(strstr(log.text.ptr, "retry(503|"));
    assert_non_null(strstr(log.text.ptr, "retry(429|"));
    assert_non_null(strstr(log.text.ptr, "text(Hello)\ncall(c|read_file|{})\ndone(tool_calls)\n"));
    event_log_free(&log);
    /* The bound. */
    log = (struct event_log){0};
    use(f, &wire_responses, 2);
    fault_server_script(f->server, &steps[1], 1);
    event_log_run(&log, f->loop, f->provider, &request);
    assert_int_equal(log.retries, 2);
    assert_int_equal(fault_server_count(f->server), 3);
    assert_true(log.retryable);
    event_log_free(&log);
}

static void honours_retry_after(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *headers;
        uint64_t wait_ms; /* SIZE_MAX: longer than we wait */
    } cases[] = {
        {"Retry-After: 0.03\r\n", 30},
        {"retry-after-ms: 40\r\nRetry-After: 9\r\n", 40},
        {"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
            1000},
        {"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:30 GMT\r\n",
            0},
        {"Retry-After: 600\r\n", SIZE_MAX},
        {"x-should-retry: false\r\n", SIZE_MAX},
    };
    use(f, &wire_responses, 1);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fault_step steps[] = {
            {.status = 429, .headers = cases[i].headers, .body = ""}, {.body = RESPONSES}};
        struct event_log log = {0};
        fault_server_script(f->server, steps, 2);
        uint64_t start = loop_now_ms();
        event_log_run(&log, f->loop, f->provider, &request);
        if (cases[i].wait_ms == SIZE_MAX) {
            assert_int_equal(log.retries, 0);
            assert_int_equal(fault_server_count(f->server), 1);
        } else {
            assert_int_equal(log.retries, 1);
            assert_int_equal(log.retry_ms, cases[i].wait_ms);
            assert_true(loop_now_ms() - start >= cases[i].wait_ms);
        }
        event_log_free(&log);
    }
}

static void ends_well_wherever_it_is_cut(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(wires); i++) {
        size_t len = strlen(wires[i].body);
        use(f, wires[i].wire, -1);
        for (size_t at = 0; at <= len; at += 3) {
            struct fault_step step = {
                .body = wires[i].body, .cut = true, .cut_after = at, .split = at % 2 * 16};
            struct event_log log = {0};
            fault_server_script(f->server, &step, 1);
            event_log_run(&log, f->loop, f->provider, &request);
            assert_int_equal(log.ends, 1);
            if (log.last == EVENT_ERROR) {
                assert_true(log.retryable);
            }
            event_log_free(&log);
        }
    }
}

static void gives_up_on_a_silent_server(void **state)
{
    struct fixture *f = *state;
    struct err err;
    char *url = mem_strdup(fault_server_url(f->server));
    struct live_options options = {.loop = f->loop,
        .http = f->http,
        .wire = &wire_chat,
        .base_url = url,
        .max_retries = -1,
        .idle_timeout_ms = 30};
    f->provider = live_new(&options, &err);
    assert_non_null(f->provider);
    free(url);
    static const size_t places[] = {0, 1, 100};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct fault_step step = {.body = CHAT, .stall = true, .stall_after = places[i]};
        struct event_log log = {0};
        fault_server_script(f->server, &step, 1);
        event_log_run(&log, f->loop, f->provider, &request);
        assert_int_equal(log.error.kind, ERR_TIMEOUT);
        assert_true(log.retryable);
        event_log_free(&log);
    }
}

static void does_not_wait_for_a_server_after_done(void **state)
{
    struct fixture *f = *state;
    struct fault_step step = {
        .body = CHAT "data: trailing garbage\n\n", .stall = true, .stall_after = sizeof CHAT - 1};
    use(f, &wire_chat, -1);
    run(f, &step, 1, GOOD);
    assert_true(fault_server_wait_gone(f->server, 1));
}

static void cancels_at_every_event(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(wires); i++) {
        use(f, wires[i].wire, 3);
        for (int at = 1; at <= 8; at++) {
            struct fault_step steps[] = {
                {.status = 500, .body = ""}, {.body = wires[i].body, .split = 11}};
            struct event_log log = {.cancel_at = at};
            fault_server_script(f->server, steps, 2);
            event_log_run(&log, f->loop, f->provider, &request);
            loop_run_once(f->loop, 0);
            event_log_free(&log);
        }
    }
}

static void cancels_at_any_moment(void **state)
{
    struct fixture *f = *state;
    struct fault_step steps[] = {{.status = 503, .body = ""},
        {.body = RESPONSES, .split = 5, .stall = true, .stall_after = 250}};
    use(f, &wire_responses, 3);
    unsigned seed = 12345;
    for (int i = 0; i < 60; i++) {
        struct event_log log = {0};
        struct err err;
        fault_server_script(f->server, steps, 2);
        struct stream *stream = provider_start(f->provider, &request, event_log_add, &log, &err);
        assert_non_null(stream);
        seed = seed * 1103515245u + 12345u;
        for (unsigned turn = seed >> 16 & 31u; turn > 0; turn--) {
            loop_run_once(f->loop, 1);
        }
        assert_false(log.over);
        log.over = true; /* any event from here on fails the test */
        provider_cancel(f->provider, stream);
        loop_run_once(f->loop, 0);
        event_log_free(&log);
    }
}

static void may_be_freed_while_it_streams(void **state)
{
    struct fixture *f = *state;
    struct fault_step step = {.body = RESPONSES, .stall = true, .stall_after = 100};
    struct err err;
    struct event_log logs[3] = {0};
    use(f, &wire_responses, 3);
    fault_server_script(f->server, &step, 1);
    for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
        assert_non_null(provider_start(f->provider, &request, event_log_add, &logs[i], &err));
    }
    for (int i = 0; i < 20; i++) {
        loop_run_once(f->loop, 1);
    }
    provider_free(f->provider);
    f->provider = NULL;
    for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
        logs[i].over = true;
        event_log_free(&logs[i]);
    }
    loop_run_once(f->loop, 0);
}

static void refuses_bad_settings(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct live_options options = {
        .loop = f->loop, .http = f->http, .wire = &wire_chat, .base_url = "http://model.example"};
    assert_null(live_new(&options, &err));
    assert_non_null(strstr(err.text, "allow_plain_http"));
    options.base_url = "https://model.example";
    options.api_key = "a\r\nX: y";
    assert_null(live_new(&options, &err));
    assert_non_null(strstr(err.text, "line break"));
    options.api_key = NULL;
    const char *const headers[] = {"no colon", NULL};
    options.headers = headers;
    assert_null(live_new(&options, &err));
    assert_non_null(strstr(err.text, "http_headers"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(streams_over_both_wires),
        T(forgives_a_wrong_content_type),
        T(explains_each_status),
        T(tries_again_when_the_server_is_busy),
        T(honours_retry_after),
        T(ends_well_wherever_it_is_cut),
        T(gives_up_on_a_silent_server),
        T(does_not_wait_for_a_server_after_done),
        T(cancels_at_every_event),
        T(cancels_at_any_moment),
        T(may_be_freed_while_it_streams),
        T(refuses_bad_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
