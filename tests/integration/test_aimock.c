/* Both wire protocols against a third party's fake of the API (aimock, its own process): answers,
 * reasoning, tool calls and their results, broken arguments, chaos. */
#include "test.h"

#include "event_log.h"
#include "loop/process.h"
#include "model/detect.h"
#include "model/live.h"

#include <stdio.h>
#include <stdlib.h>

static const char fixtures[] =
    "{\"fixtures\":["
    "{\"match\":{\"userMessage\":\"hello\"},\"chunkSize\":3,\"response\":{\"content\":"
    "\"Gr\xc3\xbc\xc3\x9f"
    "e from the mock, in pieces.\"}},"
    "{\"match\":{\"userMessage\":\"think\"},\"response\":{\"content\":\"So.\",\"reasoning\":"
    "\"Let me see.\"}},"
    "{\"match\":{\"userMessage\":\"tools\",\"hasToolResult\":true},\"response\":{\"content\":"
    "\"Done.\"}},"
    "{\"match\":{\"userMessage\":\"tools\"},\"response\":{\"toolCalls\":[{\"name\":\"read_file\","
    "\"arguments\":\"{\\\"path\\\":\\\"a.rego\\\"}\"},{\"name\":\"apply_patch\",\"arguments\":"
    "\"{\\\"input\\\":\\\"*** Begin Patch\\\\n*** End Patch\\\"}\"}]}},"
    "{\"match\":{\"userMessage\":\"busy\"},\"response\":{\"error\":{\"message\":\"Slow down\","
    "\"type\":\"rate_limit_error\",\"code\":\"rate_limit_exceeded\"},\"status\":429}},"
    "{\"match\":{\"userMessage\":\"cut\"},\"chunkSize\":4,\"truncateAfterChunks\":3,\"response\":"
    "{\"content\":\"This answer never comes to its end.\"}},"
    "{\"match\":{\"userMessage\":\"drop\"},\"chaos\":{\"dropRate\":1},\"response\":{\"content\":"
    "\"x\"}},"
    "{\"match\":{\"userMessage\":\"gone\"},\"chaos\":{\"disconnectRate\":1},\"response\":"
    "{\"content\":\"x\"}},"
    "{\"match\":{\"userMessage\":\"malformed\"},\"chaos\":{\"malformedRate\":1},\"response\":"
    "{\"content\":\"x\"}}"
    "]}";

static const struct tool_spec tools[] = {
    {"read_file", "Reads.",
        "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"}},\"required\":"
        "[\"path\"],\"additionalProperties\":false}",
        false, NULL},
    {"apply_patch", "Patches.", NULL, true, NULL},
};

struct fixture {
    struct loop *loop;
    struct http *http;
    struct process *mock;
    char *dir;
    char *base_url;
    bool ready;
    bool over;
};

static void on_line(void *data, enum process_stream stream, struct str line)
{
    struct fixture *f = data;
    (void)stream;
    static const char marker[] = "listening on http://";
    size_t at = str_find(line, str_of(marker), 0);
    if (at != SIZE_MAX && !f->ready) {
        struct str address = str_trim(str_from(line, at + strlen(marker)));
        f->base_url = mem_printf("http://%.*s/v1", STR_FMT(address));
        f->ready = true;
    }
}

static void on_exit_seen(void *data, const struct process_result *result)
{
    struct fixture *f = data;
    (void)result;
    f->over = true;
}

static char *mock_path(void)
{
    char *source = test_source_path("");
    const char *argv[] = {"bash", "-c",
        ". scripts/lib.sh && printf %s \"$(fetch_node_modules tests/node)/.bin/llmock\"", NULL};
    char *path = test_run(source, argv);
    free(source);
    return path;
}

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    struct err err;
    f->loop = loop_new(&err);
    f->http = http_new(f->loop);
    f->dir = test_dir_make();
    test_write(f->dir, "fixtures.json", fixtures);
    char *mock = mock_path();
    char *file = mem_printf("%s/fixtures.json", f->dir);
    const char *argv[] = {"node", mock, "-p", "0", "-f", file, NULL};
    struct process_options options = {
        .argv = argv, .on_line = on_line, .on_exit = on_exit_seen, .data = f};
    f->mock = process_start(f->loop, &options, &err);
    if (f->mock == NULL) {
        fail_msg("%s", err.text);
    }
    assert_true(loop_run_until(f->loop, &f->ready, 240000));
    free(mock);
    free(file);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    process_cancel(f->mock);
    assert_true(loop_run_until(f->loop, &f->over, 240000));
    http_free(f->http);
    loop_free(f->loop);
    test_dir_remove(f->dir);
    free(f->base_url);
    free(f);
    return 0;
}

static struct item user(const char *text)
{
    return (struct item){.kind = ITEM_USER, .text = (char *)text};
}

static struct event_log ask(
    struct fixture *f, const struct wire_ops *wire, struct item *list, size_t count)
{
    struct err err;
    struct live_options options = {.loop = f->loop,
        .http = f->http,
        .wire = wire,
        .base_url = f->base_url,
        .api_key = "sk-test-key",
        .max_retries = -1};
    struct provider *provider = live_new(&options, &err);
    assert_non_null(provider);
    struct items items = {list, count, 0};
    struct request request = {.instructions = "Be brief.",
        .items = &items,
        .tools = tools,
        .tool_count = ARRAY_LEN(tools),
        .model = "gpt-4o"};
    struct event_log log = {0};
    event_log_run(&log, f->loop, provider, &request);
    assert_int_equal(log.ends, 1);
    provider_free(provider);
    return log;
}

static void holds(struct event_log log, const char *contains)
{
    if (strstr(log.text.ptr, contains) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", contains, log.text.ptr);
    }
    event_log_free(&log);
}

static const struct wire_ops *const wires[] = {&wire_responses, &wire_chat};

static void answers(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(wires); i++) {
        struct item list[] = {user("hello")};
        holds(ask(*state, wires[i], list, 1), "text(Gr\xc3\xbc\xc3\x9f"
                                              "e from the mock, in pieces.)\n");
        holds(ask(*state, wires[i], list, 1), "done(end)\n");
        struct item think[] = {user("think")};
        holds(
            ask(*state, wires[i], think, 1), "reasoning(Let me see.)\nreasoning_done(Let me see.");
    }
}

static void calls_tools(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(wires); i++) {
        struct item list[] = {user("tools")};
        struct event_log log = ask(*state, wires[i], list, 1);
        assert_non_null(strstr(log.text.ptr, "|read_file|{\"path\":\"a.rego\"})\n"));
        assert_non_null(strstr(log.text.ptr, "done(tool_calls)\n"));
        holds(log, "|apply_patch|*** Begin Patch\n*** End Patch)\n");
        struct item with_results[] = {user("tools"),
            {.kind = ITEM_TOOL_CALL,
                .call_id = (char *)"c1",
                .name = (char *)"read_file",
                .text = (char *)"{\"path\":"},
            {.kind = ITEM_TOOL_CALL,
                .call_id = (char *)"c2",
                .name = (char *)"apply_patch",
                .text = (char *)"*** Begin Patch\n*** End Patch"},
            {.kind = ITEM_TOOL_RESULT, .call_id = (char *)"c1", .text = (char *)"no JSON"},
            {.kind = ITEM_TOOL_RESULT, .call_id = (char *)"c2", .text = (char *)"ok"}};
        holds(ask(*state, wires[i], with_results, 5), "text(Done.)\n");
    }
}

static void fails_as_servers_do(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(wires); i++) {
        struct item busy[] = {user("busy")};
        holds(ask(*state, wires[i], busy, 1), "error(again|429|");
        struct item cut[] = {user("cut")};
        holds(ask(*state, wires[i], cut, 1), "error(again|");
        struct item drop[] = {user("drop")};
        holds(ask(*state, wires[i], drop, 1), "error(again|500|");
        struct item gone[] = {user("gone")};
        holds(ask(*state, wires[i], gone, 1), "error(again|");
        struct item malformed[] = {user("malformed")};
        holds(ask(*state, wires[i], malformed, 1), "error(final|200|");
        struct item unknown[] = {user("nothing of the kind")};
        holds(ask(*state, wires[i], unknown, 1), "error(final|404|");
    }
}

struct seen {
    bool done;
    size_t count;
    size_t models;
};

static void on_detected(void *data, const struct detect_found *found, size_t count)
{
    struct seen *seen = data;
    seen->done = true;
    seen->count = count;
    seen->models = count > 0 ? found[0].models.len : 0;
}

static void is_found_as_a_local_server(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct detect_server servers[] = {{"Mock", f->base_url}, {NULL, NULL}};
    detect_start(f->loop, f->http, servers, 5000, on_detected, &seen);
    assert_true(loop_run_until(f->loop, &seen.done, 240000));
    assert_int_equal(seen.count, 1);
    assert_true(seen.models > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(calls_tools),
        cmocka_unit_test(fails_as_servers_do),
        cmocka_unit_test(is_found_as_a_local_server),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
