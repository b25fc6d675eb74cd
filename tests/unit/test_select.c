/* Which model answers: configuration, keys, servers found on this machine, the recording. */
#include "test.h"

#include "event_log.h"
#include "fault_server.h"
#include "model/select.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct fault_server *server;
    struct loop *loop;
    struct http *http;
    struct config *config;
    char *home;
    char *workspace;
    struct detect_server servers[3];
    char *base_url;
    struct selection selection;
    unsigned look_ms; /* a server that answers has the time on a busy machine too */
    bool done;
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    struct err err;
    f->server = fault_server_start();
    f->loop = loop_new(&err);
    f->http = http_new(f->loop);
    f->home = test_dir_make();
    f->workspace = test_dir_make();
    f->base_url = mem_printf("%s/v1", fault_server_url(f->server));
    f->servers[0] = (struct detect_server){"Absent", "http://127.0.0.1:9/v1"};
    f->servers[1] = (struct detect_server){"Fake", f->base_url};
    f->look_ms = 60000;
    setenv("XDG_CONFIG_HOME", f->home, 1);
    unsetenv("OPENAI_API_KEY");
    *state = f;
    return 0;
}

static void forget(struct fixture *f)
{
    provider_free(f->selection.provider);
    selection_clear(&f->selection);
    config_free(f->config);
    f->config = NULL;
    f->done = false;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    forget(f);
    http_free(f->http);
    loop_free(f->loop);
    fault_server_stop(f->server);
    test_dir_remove(f->home);
    test_dir_remove(f->workspace);
    free(f->base_url);
    free(f);
    return 0;
}

static void on_selected(void *data, struct selection *selection)
{
    struct fixture *f = data;
    f->selection = *selection;
    f->done = true;
}

static void choose(struct fixture *f, const char *settings_text)
{
    forget(f);
    test_write(f->home, "bylaw/config.toml", settings_text);
    f->config = config_load(f->workspace);
    if (config_problem_count(f->config) > 0) {
        fail_msg("%s", config_problem_at(f->config, 0));
    }
    struct select_setup setup = {.loop = f->loop,
        .http = f->http,
        .config = f->config,
        .workspace = f->workspace,
        .servers = f->servers,
        .look_ms = f->look_ms};
    assert_non_null(select_start(&setup, on_selected, f));
    assert_false(f->done);
    assert_true(loop_run_until(f->loop, &f->done, 240000));
    assert_non_null(f->selection.provider);
}

static void is_now(struct fixture *f, const char *ops, const char *label, const char *why)
{
    assert_string_equal(f->selection.provider->ops->name, ops);
    assert_string_equal(f->selection.label, label);
    if (strstr(f->selection.why, why) == NULL) {
        fail_msg("\"%s\" is not in: %s", why, f->selection.why);
    }
}

static void finds_a_server_on_this_machine(void **state)
{
    struct fixture *f = *state;
    struct fault_step step = {.headers = "Content-Type: application/json\r\n",
        .body = "{\"object\":\"list\",\"data\":[{\"id\":\"nomic-embed-text\"},{\"id\":"
                "\"bad\\u001bname\"},{\"id\":\"qwen3:8b\"},{\"id\":\"gpt-5.5\"}]}"};
    fault_server_script(f->server, &step, 1);
    choose(f, "model = \"mistral\"\n");
    is_now(f, "chat", "Fake", "no key in OPENAI_API_KEY: using Fake on this machine with qwen3:8b");
    assert_string_equal(f->selection.model, "qwen3:8b");
    assert_null(f->selection.effort);
    assert_null(f->selection.problem);
    choose(f, "model_reasoning_effort = \"low\"\n");
    assert_string_equal(f->selection.model, "gpt-5.5");
    assert_string_equal(f->selection.effort, "low");
    char *request = fault_server_request(f->server, 0);
    assert_memory_equal(request, "GET /v1/models ", 15);
    free(request);
}

static void takes_nothing_else_for_a_model_server(void **state)
{
    struct fixture *f = *state;
    static const struct fault_step steps[] = {{.body = "<html>my app</html>"},
        {.status = 404, .body = "{\"data\":[{\"id\":\"x\"}]}"}, {.body = "{\"data\":[]}"},
        {.body = "{\"data\":[{\"id\":7},{\"name\":\"x\"},null]}"}, {.close = true},
        {.body = "{\"data\":[{\"id\":\"x\"}", .stall = true, .stall_after = 10}};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        fault_server_script(f->server, &steps[i], 1);
        f->look_ms = steps[i].stall ? 0 : 60000;
        choose(f, "");
        is_now(f, "recording", "no model", "no model server on this machine");
        assert_false(f->selection.provider->is_recording);
    }
    choose(f, "detect_local_servers = false\n");
    is_now(f, "recording", "no model", "no key in OPENAI_API_KEY");
}

static void falls_to_the_workspaces_recording(void **state)
{
    struct fixture *f = *state;
    struct fault_step step = {.close = true};
    fault_server_script(f->server, &step, 1);
    test_write(f->workspace, ".bylaw/recordings/b.jsonl", "broken");
    test_write(f->workspace, ".bylaw/recordings/a.jsonl",
        "{\"bylaw_recording\":1,\"model\":\"gpt-r\"}\n{\"answer\":{\"prompt\":\"a\",\"wire\":"
        "\"chat\"}}\n{\"end\":1}\n");
    choose(f, "");
    is_now(f, "recording", "recording", "replaying a.jsonl");
    assert_true(f->selection.provider->is_recording);
    assert_string_equal(f->selection.model, "gpt-r");
    choose(f, "model_provider = \"recording\"\n");
    is_now(f, "recording", "recording", "the provider is set to recording");
    char *named = mem_printf("recording = \"%s/.bylaw/recordings/b.jsonl\"\n", f->workspace);
    choose(f, named);
    is_now(f, "recording", "no model", "no recording to replay");
    assert_non_null(strstr(f->selection.problem, "b.jsonl: line 1"));
    free(named);
}

static void uses_the_configured_server(void **state)
{
    struct fixture *f = *state;
    struct fault_step step = {.body = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},"
                                      "\"finish_reason\":\"stop\"}]}\n\n"};
    struct item item = {.kind = ITEM_USER, .text = (char *)"a"};
    struct items items = {&item, 1, 0};
    setenv("OPENAI_API_KEY", "sk-open-aiai", 1);
    setenv("GATEWAY_KEY", "gw-sesame", 1);
    setenv("EXTRA", "extra-sesame", 1);
    choose(f, "");
    is_now(f, "responses", "api.openai.com", "with the key from OPENAI_API_KEY");
    assert_string_equal(f->selection.effort, "high");

    char *text = mem_printf("base_url = \"%s\"\nwire_api = \"chat\"\nmodel = \"m\"\n", f->base_url);
    fault_server_script(f->server, &step, 1);
    choose(f, text);
    struct request request = {.items = &items, .model = "m"};
    struct event_log log = {0};
    event_log_run(&log, f->loop, f->selection.provider, &request);
    event_log_free(&log);
    char *sent = fault_server_request(f->server, 0);
    assert_null(strstr(sent, "sk-open")); /* the default key does not go out in the clear */
    assert_non_null(strstr(sent, "\"model\":\"m\""));
    free(sent);
    free(text);

    text = mem_printf("model_provider = \"gw\"\n[model_providers.gw]\nbase_url = \"%s\"\n"
                      "wire_api = \"chat\"\nenv_key = \"GATEWAY_KEY\"\n"
                      "http_headers = { \"X-Team\" = \"policy\" }\n"
                      "env_http_headers = { \"X-Extra\" = \"EXTRA\", \"X-None\" = \"NOT_SET\" }\n"
                      "query_params = { \"api-version\" = \"1\" }\n",
        f->base_url);
    fault_server_script(f->server, &step, 1);
    choose(f, text);
    assert_null(f->selection.problem);
    log = (struct event_log){0};
    event_log_run(&log, f->loop, f->selection.provider, &request);
    assert_non_null(strstr(log.text.ptr, "text(hi)"));
    event_log_free(&log);
    sent = fault_server_request(f->server, 0);
    assert_memory_equal(sent, "POST /v1/chat/completions?api-version=1 ", 40);
    assert_non_null(strstr(sent, "Authorization: Bearer gw-sesame\r\n"));
    assert_non_null(strstr(sent, "X-Team: policy\r\n"));
    assert_non_null(strstr(sent, "X-Extra: extra-sesame\r\n"));
    assert_null(strstr(sent, "X-None"));
    free(sent);
    free(text);
}

static void takes_the_key_of_a_command(void **state)
{
    struct fixture *f = *state;
    choose(f, "api_key_command = [\"sh\", \"-c\", \"echo ' from-a-vault '\"]\n");
    is_now(f, "responses", "api.openai.com", "with the key from api_key_command");
    choose(f, "detect_local_servers = false\napi_key_command = [\"false\"]\n");
    is_now(f, "recording", "no model", "no key in api_key_command");
    assert_non_null(strstr(f->selection.problem, "api_key_command failed"));
    choose(f, "detect_local_servers = false\napi_key_command = [\"no-such-program-here\"]\n");
    assert_non_null(strstr(f->selection.problem, "no-such-program-here"));
}

static void tells_problems_and_goes_on(void **state)
{
    struct fixture *f = *state;
    choose(f, "model_provider = \"nowhere\"\n");
    is_now(f, "recording", "no model", "not known");
    assert_non_null(strstr(f->selection.problem, "[model_providers.nowhere]"));
    choose(f, "base_url = \"http://model.example/v1\"\n");
    assert_non_null(strstr(f->selection.problem, "allow_plain_http"));
    choose(f, "base_url = \"http://model.example/v1\"\nallow_plain_http = true\n");
    is_now(f, "responses", "model.example", "without a key");
    choose(f, "base_url = \"nonsense:\"\n");
    assert_non_null(f->selection.problem);
}

static void is_cancelled_at_any_step(void **state)
{
    struct fixture *f = *state;
    struct fault_step step = {.body = "{", .stall = true, .stall_after = 1};
    fault_server_script(f->server, &step, 1);
    test_write(f->home, "bylaw/config.toml", "");
    f->config = config_load(NULL);
    struct select_setup setup = {.loop = f->loop,
        .http = f->http,
        .config = f->config,
        .servers = f->servers,
        .look_ms = f->look_ms};
    for (int turns = 0; turns < 8; turns++) {
        struct select *select = select_start(&setup, on_selected, f);
        for (int i = 0; i < turns; i++) {
            loop_run_once(f->loop, 1);
        }
        select_cancel(select);
    }
    config_free(f->config);
    test_write(f->home, "bylaw/config.toml", "api_key_command = [\"sleep\", \"20\"]\n");
    setup.config = f->config = config_load(NULL);
    struct select *select = select_start(&setup, on_selected, f);
    loop_run_once(f->loop, 5);
    select_cancel(select);
    assert_false(f->done);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(finds_a_server_on_this_machine),
        T(takes_nothing_else_for_a_model_server),
        T(falls_to_the_workspaces_recording),
        T(uses_the_configured_server),
        T(takes_the_key_of_a_command),
        T(tells_problems_and_goes_on),
        T(is_cancelled_at_any_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
