/* The protocol without its pipes: handshake, tools, the order of calls, cancels, nonsense. */
#include "test.h"

#include <stdlib.h>

#include "base/json.h"
#include "mcp/mcp.h"
#include "plain_toolbox.h"

struct fixture {
    struct plain_toolbox *toolbox;
    struct mcp *mcp;
    struct buf out;
    size_t called;
};

static void write_out(void *data, struct str line)
{
    struct fixture *f = data;
    buf_append_str(&f->out, line);
}

static void on_called(void *data, const char *name, bool failed)
{
    (void)name;
    (void)failed;
    ((struct fixture *)data)->called++;
}

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    f->toolbox = plain_toolbox_new();
    struct mcp_setup setup = {.toolbox = plain_toolbox_face(f->toolbox),
        .instructions = "Be careful.",
        .write = write_out,
        .called = on_called,
        .data = f};
    f->mcp = mcp_new(&setup);
    mcp_set_ready(f->mcp, true);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    mcp_free(f->mcp);
    plain_toolbox_free(f->toolbox);
    buf_free(&f->out);
    free(f);
    return 0;
}

static void say(struct fixture *f, const char *line)
{
    mcp_feed(f->mcp, str_of(line));
    mcp_feed(f->mcp, STR_LIT("\n"));
}

/* Takes the first line that was answered. The caller frees. */
static char *next_line(struct fixture *f)
{
    struct str rest = buf_str(&f->out);
    struct str line;
    if (!str_next_line(&rest, &line)) {
        return mem_strdup("");
    }
    char *text = str_dup(line);
    buf_remove(&f->out, 0, f->out.len - rest.len);
    return text;
}

static void expect(struct fixture *f, const char *want)
{
    char *line = next_line(f);
    assert_string_equal(line, want);
    free(line);
}

static void expect_running(struct fixture *f, const char *want)
{
    char *running = plain_toolbox_running(f->toolbox);
    assert_string_equal(running, want);
    free(running);
}

static void greet(struct fixture *f)
{
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{"
           "\"protocolVersion\":\"2025-03-26\"}}");
    char *line = next_line(f);
    cJSON *json = json_parse(str_of(line), NULL);
    assert_string_equal(json_string(json_get(json, "result"), "protocolVersion"), "2025-03-26");
    assert_string_equal(json_string(json_get(json, "result"), "instructions"), "Be careful.");
    assert_non_null(json_get_path(json, "result.capabilities.tools"));
    assert_string_equal(json_string(json_get_path(json, "result.serverInfo"), "name"), "bylaw");
    cJSON_Delete(json);
    free(line);
    say(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    assert_int_equal(f->out.len, 0);
}

/* Who sent it waits: it is answered, and the next one is taken. */
static void test_too_large(void **state)
{
    struct fixture *f = *state;
    greet(f);
    char *much = mem_alloc((17 << 20) + 1);
    memset(much, 'a', 17 << 20);
    much[17 << 20] = '\0';
    say(f, much);
    free(much);
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"a message "
              "larger "
              "than we take\"}}");
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
}

static void test_handshake(void **state)
{
    struct fixture *f = *state;
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600,\"message\":\"initialize "
              "comes first\"}}");
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}");
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"result\":{}}");
    greet(f);
    /* A version of the future is answered with ours. */
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"initialize\",\"params\":{"
           "\"protocolVersion\":\"2099-01-01\"}}");
    char *line = next_line(f);
    assert_non_null(strstr(line, "\"protocolVersion\":\"2025-06-18\""));
    free(line);
}

static void test_lists_tools(void **state)
{
    struct fixture *f = *state;
    greet(f);
    say(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{}}");
    char *line = next_line(f);
    cJSON *json = json_parse(str_of(line), NULL);
    cJSON *tools = json_get_path(json, "result.tools");
    assert_int_equal(cJSON_GetArraySize(tools), 3);
    cJSON *read = cJSON_GetArrayItem(tools, 0);
    cJSON *change = cJSON_GetArrayItem(tools, 2);
    char *required = json_print(json_get_path(read, "inputSchema.required"));
    assert_string_equal(required, "[\"path\"]"); /* what may be null may be left out */
    assert_true(json_bool_or(json_get(read, "annotations"), "readOnlyHint", false));
    assert_false(json_bool_or(json_get(change, "annotations"), "readOnlyHint", true));
    assert_non_null(json_get_path(change, "inputSchema.properties.input"));
    free(required);
    cJSON_Delete(json);
    free(line);
}

#define CALL(id, name, arguments)                                                                  \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":\"" name    \
    "\",\"arguments\":" arguments "}}"

static void test_order_of_calls(void **state)
{
    struct fixture *f = *state;
    greet(f);
    say(f, CALL("1", "read", "{\"path\":\"a\"}"));
    say(f, CALL("2", "look", "{}"));
    say(f, CALL("3", "change", "{\"input\":\"x\"}"));
    say(f, CALL("4", "read", "{\"path\":\"b\"}"));
    expect_running(f, "read {\"path\":\"a\"}|look {}");
    plain_toolbox_end(f->toolbox, 1, "seen", false);
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"content\":[{\"type\":\"text\",\"text\":"
              "\"seen\"}],\"isError\":"
              "false}}");
    expect_running(f, "read {\"path\":\"a\"}"); /* the change waits, and what came after it */
    plain_toolbox_end(f->toolbox, 0, "no such file", true);
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":"
              "\"no such file\"}],"
              "\"isError\":true}}");
    expect_running(f, "change {\"input\":\"x\"}");
    plain_toolbox_end(f->toolbox, 0, "", false);
    expect_running(f, "read {\"path\":\"b\"}");
    plain_toolbox_end(f->toolbox, 0, "", false);
    assert_int_equal(mcp_open_calls(f->mcp), 0);
    assert_int_equal(f->called, 4);
}

static void test_waits_until_ready(void **state)
{
    struct fixture *f = *state;
    greet(f);
    mcp_set_ready(f->mcp, false);
    say(f, CALL("1", "look", "{}"));
    expect_running(f, "");
    mcp_set_ready(f->mcp, true);
    expect_running(f, "look {}");
    plain_toolbox_end(f->toolbox, 0, "", false);
}

static void test_cancels(void **state)
{
    struct fixture *f = *state;
    greet(f);
    say(f, CALL("\"a\"", "change", "{}"));
    say(f, CALL("\"b\"", "change", "{}"));
    say(f, CALL("\"c\"", "look", "{}"));
    say(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
           "cancelled\",\"params\":{\"requestId\":\"b\"}}");
    say(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
           "cancelled\",\"params\":{\"requestId\":\"a\"}}");
    say(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
           "cancelled\",\"params\":{\"requestId\":7}}");
    say(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}");
    assert_int_equal(f->out.len, 0); /* by the protocol they are not answered */
    assert_int_equal(plain_toolbox_cancelled(f->toolbox), 1);
    expect_running(f, "look {}");
    mcp_free(f->mcp); /* the client is gone */
    f->mcp = NULL;
    assert_int_equal(plain_toolbox_cancelled(f->toolbox), 2);
}

static void test_nonsense(void **state)
{
    struct fixture *f = *state;
    greet(f);
    static const struct {
        const char *line, *answer;
    } cases[] = {
        {"no json", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":"
                    "\"this line is no JSON text\"}}"},
        {"[]", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"this is "
               "no JSON-RPC message\"}}"},
        {"{\"id\":{},\"method\":\"ping\"}", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-"
                                            "32600,\"message\":\"this is no JSON-RPC message\"}}"},
        {"{\"id\":1}", "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600,\"message\":\"a "
                       "message has a method\"}}"},
        {"{\"id\":1,\"method\":\"resources/list\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"this server "
            "offers tools only\"}}"},
        {CALL("1", "nosuch", "{}"), "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,"
                                    "\"message\":\"there is no such tool\"}}"},
        {CALL("1", "look", "[1]"), "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,"
                                   "\"message\":\"the arguments of a tool are an "
                                   "object\"}}"},
        {"", ""},
        {"{\"id\":1,\"result\":{}}", ""},
        {"{\"method\":\"notifications/unknown\"}", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        say(f, cases[i].line);
        expect(f, cases[i].answer);
        assert_int_equal(f->out.len, 0);
    }
    /* A batch of 2025-03-26. */
    say(f, "[{\"id\":1,\"method\":\"ping\"},{\"id\":2,\"method\":\"ping\"}]");
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
    expect(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_handshake, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists_tools, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_order_of_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_waits_until_ready, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nonsense, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
