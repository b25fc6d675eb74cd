#include "test.h"

#include "fault_server.h"
#include "loop/http.h"

#include <stdlib.h>

struct seen {
    struct buf body;
    struct http_result result;
    int status;
    char *type;
    int heads;
    bool done;
    struct http_request *request;
    size_t cancel_at; /* body bytes */
};

struct fixture {
    struct fault_server *server;
    struct loop *loop;
    struct http *http;
};

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
    http_free(f->http);
    loop_free(f->loop);
    fault_server_stop(f->server);
    free(f);
    return 0;
}

static void on_head(void *data, const struct http_head *head)
{
    struct seen *seen = data;
    const char *type = http_field(head->fields, "CONTENT-type");
    seen->status = head->status;
    seen->type = mem_strdup(type);
    seen->heads++;
}

static void on_body(void *data, struct str bytes)
{
    struct seen *seen = data;
    assert_int_equal(seen->heads, 1);
    buf_append_str(&seen->body, bytes);
    if (seen->cancel_at > 0 && seen->body.len >= seen->cancel_at) {
        seen->done = true;
        http_cancel(seen->request);
        http_cancel(seen->request);
    }
}

static void on_done(void *data, const struct http_result *result)
{
    struct seen *seen = data;
    assert_false(seen->done);
    seen->result = *result;
    seen->done = true;
}

static void run(struct fixture *f, struct http_options options, struct seen *seen)
{
    struct err err;
    options.on_head = on_head;
    options.on_body = on_body;
    options.on_done = on_done;
    options.data = seen;
    seen->request = http_start(f->http, &options, &err);
    if (seen->request == NULL) {
        fail_msg("%s", err.text);
    }
    assert_true(loop_run_until(f->loop, &seen->done, 240000));
}

static void clear(struct seen *seen)
{
    buf_free(&seen->body);
    free(seen->type);
    *seen = (struct seen){0};
}

static void script(struct fixture *f, const struct fault_step *step)
{
    fault_server_script(f->server, step, 1);
}

static void gets_and_posts(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct fault_step step = {.body = "hello", .split = 1};
    script(f, &step);
    run(f, (struct http_options){.url = fault_server_url(f->server)}, &seen);
    assert_string_equal(seen.body.ptr, "hello");
    assert_int_equal(seen.result.failure, HTTP_OK);
    assert_int_equal(seen.status, 200);
    assert_string_equal(seen.type, "text/event-stream");
    clear(&seen);
    const char *const headers[] = {"Authorization: Bearer sesame", NULL};
    run(f,
        (struct http_options){
            .url = fault_server_url(f->server), .headers = headers, .body = STR_LIT("{\"a\":1}")},
        &seen);
    char *request = fault_server_request(f->server, 1);
    assert_non_null(strstr(request, "POST / HTTP/1.1"));
    assert_non_null(strstr(request, "Authorization: Bearer sesame"));
    assert_non_null(strstr(request, "\r\n\r\n{\"a\":1}"));
    assert_null(strstr(request, "Expect"));
    free(request);
    clear(&seen);
}

static void speaks_over_a_unix_socket(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct fault_step step = {.body = "local"};
    script(f, &step);
    run(f,
        (struct http_options){
            .url = "http://model.example/v1", .unix_socket = fault_server_socket(f->server)},
        &seen);
    assert_string_equal(seen.body.ptr, "local");
    clear(&seen);
}

static void tells_how_it_failed(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct fault_step cut = {.body = "0123456789", .cut = true, .cut_after = 4, .split = 2};
    script(f, &cut);
    run(f, (struct http_options){.url = fault_server_url(f->server)}, &seen);
    assert_int_equal(seen.result.failure, HTTP_CUT);
    assert_string_equal(seen.body.ptr, "0123");
    clear(&seen);

    struct fault_step refuse = {.close = true};
    script(f, &refuse);
    run(f, (struct http_options){.url = fault_server_url(f->server)}, &seen);
    assert_int_equal(seen.result.failure, HTTP_CUT);
    clear(&seen);

    struct fault_step stall = {.body = "0123456789", .stall = true, .stall_after = 5};
    script(f, &stall);
    run(f, (struct http_options){.url = fault_server_url(f->server), .idle_timeout_ms = 50}, &seen);
    assert_int_equal(seen.result.failure, HTTP_TIMEOUT);
    assert_string_equal(seen.body.ptr, "01234");
    clear(&seen);

    struct fault_step large = {.body = "0123456789"};
    script(f, &large);
    run(f, (struct http_options){.url = fault_server_url(f->server), .max_body = 9}, &seen);
    assert_int_equal(seen.result.failure, HTTP_TOO_LARGE);
    clear(&seen);

    struct fault_step junk = {.raw = "SSH-2.0-OpenSSH_9.2\r\n"};
    script(f, &junk);
    run(f, (struct http_options){.url = fault_server_url(f->server)}, &seen);
    assert_int_equal(seen.result.failure, HTTP_OTHER);
    clear(&seen);

    run(f, (struct http_options){.url = "http://127.0.0.1:9/"}, &seen);
    assert_int_equal(seen.result.failure, HTTP_CONNECT);
    clear(&seen);

    run(f, (struct http_options){.url = "https://no-such-host.invalid/"}, &seen);
    assert_int_equal(seen.result.failure, HTTP_DNS);
    assert_non_null(strstr(seen.result.error.text, "no-such-host.invalid"));
    clear(&seen);
}

/* A server that speaks no TLS where TLS is asked for. */
static void refuses_what_is_not_tls(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct fault_step junk = {.close = true};
    script(f, &junk);
    char *url = mem_printf("https%s", fault_server_url(f->server) + 4);
    /* The greeting of TLS is no HTTP request: the server waits for more until we give up. */
    run(f, (struct http_options){.url = url, .connect_timeout_ms = 200}, &seen);
    assert_true(seen.result.failure == HTTP_TLS || seen.result.failure == HTTP_TIMEOUT);
    free(url);
    clear(&seen);
}

static void says_what_is_no_http(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct fault_step step = {.raw = "SSH-2.0-OpenSSH_9.9\r\n"};
    script(f, &step);
    run(f, (struct http_options){.url = fault_server_url(f->server)}, &seen);
    assert_int_equal(seen.result.failure, HTTP_OTHER);
    assert_non_null(strstr(seen.result.error.text, "does not speak HTTP: check the address"));
    clear(&seen);
}

static void does_not_follow_redirects(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct fault_step step = {
        .status = 307, .headers = "Location: http://elsewhere.example/\r\n", .body = ""};
    script(f, &step);
    run(f, (struct http_options){.url = fault_server_url(f->server)}, &seen);
    assert_int_equal(seen.status, 307);
    assert_int_equal(fault_server_count(f->server), 1);
    clear(&seen);
}

static void refuses_urls(void **state)
{
    struct fixture *f = *state;
    struct err err;
    static const struct {
        const char *url;
        const char *why;
    } cases[] = {
        {"http://model.example/v1", "plain http to model.example"},
        {"http://127.0.0.1.example/v1", "plain http"},
        {"http://10.0.0.1:8080/v1", "plain http to 10.0.0.1:8080"},
        {"https://user:pass@model.example/", "password"},
        {"ftp://127.0.0.1/", "http://"},
        {"file:///etc/passwd", "http://"},
        {"not a url", "not a URL"},
        {"", "not a URL"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_options options = {.url = cases[i].url};
        assert_null(http_start(f->http, &options, &err));
        if (strstr(err.text, cases[i].why) == NULL || strstr(err.text, "pass@") != NULL) {
            fail_msg("%s: %s", cases[i].url, err.text);
        }
    }
    static const char *const local[] = {
        "http://localhost:1/", "http://127.0.0.2/", "http://[::1]:11434/v1", "http://LOCALHOST/"};
    for (size_t i = 0; i < ARRAY_LEN(local); i++) {
        bool is_local = false;
        char *host = http_check_url(local[i], NULL, false, &is_local, &err);
        assert_non_null(host);
        assert_true(is_local);
        free(host);
    }
    char *host = http_check_url("http://model.example", NULL, true, NULL, &err);
    assert_string_equal(host, "model.example");
    free(host);
}

static void keeps_proxies_away_from_this_machine(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct fault_step step = {.body = "direct"};
    script(f, &step);
    setenv("http_proxy", "http://127.0.0.1:9/", 1);
    setenv("all_proxy", "http://127.0.0.1:9/", 1);
    run(f, (struct http_options){.url = fault_server_url(f->server)}, &seen);
    assert_string_equal(seen.body.ptr, "direct");
    clear(&seen);
    /* For another host the proxy is asked: here, one that is not there. */
    run(f, (struct http_options){.url = "http://model.example/", .allow_plain_http = true}, &seen);
    assert_int_equal(seen.result.failure, HTTP_CONNECT);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    clear(&seen);
}

static void cancels_anywhere(void **state)
{
    struct fixture *f = *state;
    struct fault_step stall = {.body = "0123456789", .split = 1, .stall = true, .stall_after = 10};
    script(f, &stall);
    for (size_t at = 1; at <= 10; at++) {
        struct seen seen = {.cancel_at = at};
        run(f, (struct http_options){.url = fault_server_url(f->server)}, &seen);
        assert_int_equal(seen.result.status, 0); /* on_done never came */
        buf_free(&seen.body);
        free(seen.type);
    }
    assert_true(fault_server_wait_gone(f->server, 1));
    /* Before anything was sent, and while it waits for an answer. */
    for (int turns = 0; turns < 6; turns++) {
        struct seen seen = {0};
        struct err err;
        struct http_options options = {.url = fault_server_url(f->server),
            .on_done = on_done,
            .on_head = on_head,
            .on_body = on_body,
            .data = &seen};
        seen.request = http_start(f->http, &options, &err);
        for (int i = 0; i < turns; i++) {
            loop_run_once(f->loop, 0);
        }
        http_cancel(seen.request);
        loop_run_once(f->loop, 0);
        assert_false(seen.done);
        buf_free(&seen.body);
        free(seen.type);
    }
}

static void free_in_callback(void *data, const struct http_result *result)
{
    struct fixture *f = data;
    (void)result;
    http_free(f->http);
    f->http = NULL;
}

static void may_be_freed_from_a_callback(void **state)
{
    struct fixture *f = *state;
    struct fault_step stall = {.body = "x", .stall = true, .stall_after = 1};
    struct err err;
    script(f, &stall);
    struct seen other = {0};
    struct http_options waits = {
        .url = fault_server_url(f->server), .on_done = on_done, .data = &other};
    struct http_options ends = {
        .url = "http://127.0.0.1:9/", .on_done = free_in_callback, .data = f};
    assert_non_null(http_start(f->http, &waits, &err));
    assert_non_null(http_start(f->http, &ends, &err));
    for (int i = 0; i < 2000 && f->http != NULL; i++) {
        loop_run_once(f->loop, 10);
    }
    assert_null(f->http);
    assert_false(other.done);
}

static void runs_many_at_once(void **state)
{
    struct fixture *f = *state;
    struct fault_step step = {.body = "many", .split = 1};
    struct seen seen[12] = {0};
    struct err err;
    script(f, &step);
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        struct http_options options = {.url = fault_server_url(f->server),
            .on_head = on_head,
            .on_body = on_body,
            .on_done = on_done,
            .data = &seen[i]};
        assert_non_null(http_start(f->http, &options, &err));
    }
    for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
        assert_true(loop_run_until(f->loop, &seen[i].done, 240000));
        assert_string_equal(seen[i].body.ptr, "many");
        buf_free(&seen[i].body);
        free(seen[i].type);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(gets_and_posts),
        T(speaks_over_a_unix_socket),
        T(tells_how_it_failed),
        T(refuses_what_is_not_tls),
        T(says_what_is_no_http),
        T(does_not_follow_redirects),
        T(refuses_urls),
        T(keeps_proxies_away_from_this_machine),
        T(cancels_anywhere),
        T(may_be_freed_from_a_callback),
        T(runs_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
