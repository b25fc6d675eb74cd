/* The two wire protocols: what is written for a conversation, and the events that recorded forms of
 * answers give, whole and cut at every byte. */
#include "test.h"

#include "base/json.h"
#include "event_log.h"
#include "model/reply.h"

#include <stdlib.h>

static const struct tool_spec tools[] = {
    {"read_file", "Reads.",
        "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"}},"
        "\"required\":[\"path\"],\"additionalProperties\":false}",
        false, NULL},
    {"apply_patch", "Patches.", NULL, true, "start: /.+/"},
};

static struct item conversation[] = {
    {ITEM_USER, "Deny it.", NULL, NULL, NULL, false},
    {ITEM_REASONING, "Thinking.", NULL, NULL,
        "{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"e\"}",
        false},
    {ITEM_ASSISTANT, "I read.", NULL, NULL, NULL, false},
    {ITEM_TOOL_CALL, "{\"path\":\"a\"}", "c1", "read_file", NULL, false},
    {ITEM_TOOL_CALL, "{\"path\":", "c2", "read_file", NULL, false},
    {ITEM_TOOL_CALL, "*** Begin Patch\n", "c3", "apply_patch", NULL, false},
    {ITEM_TOOL_RESULT, "AAA", "c1", NULL, NULL, false},
    {ITEM_TOOL_RESULT, "not JSON", "c2", NULL, NULL, true},
    {ITEM_REASONING, "Cut short.", NULL, NULL,
        "{\"id\":\"rs_2\",\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"f\"}",
        false},
    {ITEM_USER, "Go on.", NULL, NULL, NULL, false},
};
static const struct items items = {conversation, ARRAY_LEN(conversation), 0};

static const struct request request = {.instructions = "Be right.",
    .items = &items,
    .tools = tools,
    .tool_count = ARRAY_LEN(tools),
    .model = "m",
    .effort = "high",
    .output_schema = "{\"type\":\"object\"}",
    .cache_key = "s1"};

static cJSON *written(const struct wire_ops *wire, bool custom_tools)
{
    struct err err;
    struct wire_quirks quirks = {.custom_tools = custom_tools, .reasoning_summary = "auto"};
    char *body = wire->write(&quirks, &request, &err);
    if (body == NULL) {
        fail_msg("%s", err.text);
    }
    cJSON *json = json_parse(str_of(body), &err);
    assert_non_null(json);
    free(body);
    return json;
}

static void check_array(const cJSON *array, const char *const *want, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *got = cJSON_PrintUnformatted(cJSON_GetArrayItem(array, (int)i));
        assert_non_null(got);
        assert_string_equal(got, want[i]);
        free(got);
    }
    assert_int_equal(cJSON_GetArraySize(array), count);
}

static void writes_responses(void **state)
{
    (void)state;
    cJSON *json = written(&wire_responses, true);
    static const char *const want[] = {
        "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":"
        "\"Deny it.\"}]}",
        "{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"e\"}",
        "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
        "\"text\":\"I read.\"}]}",
        "{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"read_file\",\"arguments\":"
        "\"{\\\"path\\\":\\\"a\\\"}\"}",
        "{\"type\":\"function_call\",\"call_id\":\"c2\",\"name\":\"read_file\",\"arguments\":"
        "\"{\\\"invalid_arguments\\\":\\\"{\\\\\\\"path\\\\\\\":\\\"}\"}",
        "{\"type\":\"custom_tool_call\",\"call_id\":\"c3\",\"name\":\"apply_patch\",\"input\":"
        "\"*** Begin Patch\\n\"}",
        "{\"type\":\"custom_tool_call_output\",\"call_id\":\"c3\",\"output\":\"" WIRE_NO_RESULT
        "\"}",
        "{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"AAA\"}",
        "{\"type\":\"function_call_output\",\"call_id\":\"c2\",\"output\":\"not JSON\"}",
        "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":"
        "\"Go on.\"}]}",
    };
    check_array(json_get(json, "input"), want, ARRAY_LEN(want));
    static const char *const want_tools[] = {
        "{\"type\":\"function\",\"name\":\"read_file\",\"description\":\"Reads.\",\"parameters\":"
        "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"}},\"required\":"
        "[\"path\"],\"additionalProperties\":false},\"strict\":true}",
        "{\"type\":\"custom\",\"name\":\"apply_patch\",\"description\":\"Patches.\",\"format\":"
        "{\"type\":\"grammar\",\"syntax\":\"lark\",\"definition\":\"start: /.+/\"}}",
    };
    check_array(json_get(json, "tools"), want_tools, ARRAY_LEN(want_tools));
    assert_string_equal(json_string(json, "instructions"), "Be right.");
    assert_false(json_bool_or(json, "store", true));
    assert_true(json_bool_or(json, "stream", false));
    assert_string_equal(json_string(json_get(json, "reasoning"), "effort"), "high");
    assert_string_equal(json_string(json_get(json, "reasoning"), "summary"), "auto");
    assert_string_equal(json_string(json_get_path(json, "text.format"), "type"), "json_schema");
    assert_string_equal(json_string(json, "prompt_cache_key"), "s1");
    cJSON_Delete(json);
    /* A server that has functions only. */
    json = written(&wire_responses, false);
    const cJSON *call = cJSON_GetArrayItem(json_get(json, "input"), 5);
    assert_string_equal(json_string(call, "arguments"), "{\"input\":\"*** Begin Patch\\n\"}");
    cJSON_Delete(json);
}

static void writes_chat(void **state)
{
    (void)state;
    cJSON *json = written(&wire_chat, true);
    static const char *const want[] = {
        "{\"role\":\"system\",\"content\":\"Be right.\"}",
        "{\"role\":\"user\",\"content\":\"Deny it.\"}",
        "{\"role\":\"assistant\",\"content\":\"I read.\",\"tool_calls\":["
        "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"read_file\",\"arguments\":"
        "\"{\\\"path\\\":\\\"a\\\"}\"}},"
        "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"read_file\",\"arguments\":"
        "\"{\\\"invalid_arguments\\\":\\\"{\\\\\\\"path\\\\\\\":\\\"}\"}},"
        "{\"id\":\"c3\",\"type\":\"function\",\"function\":{\"name\":\"apply_patch\",\"arguments\":"
        "\"{\\\"input\\\":\\\"*** Begin Patch\\\\n\\\"}\"}}]}",
        "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"AAA\"}",
        "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"not JSON\"}",
        "{\"role\":\"tool\",\"tool_call_id\":\"c3\",\"content\":\"" WIRE_NO_RESULT "\"}",
        "{\"role\":\"user\",\"content\":\"Go on.\"}",
    };
    check_array(json_get(json, "messages"), want, ARRAY_LEN(want));
    assert_int_equal(cJSON_GetArraySize(json_get(json, "tools")), 2);
    assert_string_equal(json_string(json, "reasoning_effort"), "high");
    assert_true(json_bool_or(json_get(json, "stream_options"), "include_usage", false));
    cJSON_Delete(json);
}

static void refuses_a_broken_schema(void **state)
{
    (void)state;
    struct err err;
    struct wire_quirks quirks = {0};
    struct tool_spec broken = {"t", "T.", "{\"type\":", false, NULL};
    struct request with = {.items = &items, .tools = &broken, .tool_count = 1};
    assert_null(wire_responses.write(&quirks, &with, &err));
    assert_non_null(strstr(err.text, "JSON Schema of t"));
    assert_null(wire_chat.write(&quirks, &with, &err));
}

/* --- reading ------------------------------------------------------------------------------------
 */

static void on_failed(void *data, const struct failure *failure)
{
    struct event event = {.kind = EVENT_ERROR,
        .error = failure->error,
        .retryable = failure->retryable,
        .http_status = failure->status};
    event_log_add(data, &event);
}

static struct http_fields *stream_fields(void)
{
    struct http_fields *fields = http_fields_new();
    http_fields_add(fields, "Content-Type", "text/event-stream; charset=utf-8");
    return fields;
}

static char *events_of(const struct wire_ops *wire, struct str text, size_t step)
{
    struct event_log log = {0};
    buf_append_c(&log.text, "");
    struct wire_out out = {.event = event_log_add,
        .failed = on_failed,
        .data = &log,
        .names = {.host = "host", .model = "m"}};
    struct reply *reply = reply_new(wire, &request, &out);
    struct http_fields *fields = stream_fields();
    struct http_result result = {.failure = HTTP_OK, .status = 200};
    reply_head(reply, 200, fields);
    for (size_t at = 0; at < text.len; at += step) {
        reply_bytes(reply, str_slice(text, at, at + step));
    }
    reply_end(reply, &result);
    reply_free(reply);
    http_fields_free(fields);
    assert_int_equal(log.ends, 1);
    return buf_take(&log.text);
}

static void check(const struct wire_ops *wire, const char *text, const char *want)
{
    static const size_t steps[] = {1 << 20, 1, 2, 5};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        char *got = events_of(wire, str_of(text), steps[i]);
        assert_string_equal(got, want);
        free(got);
    }
}

static void reads_responses(void **state)
{
    (void)state;
    check(&wire_responses,
        "event: response.created\n"
        "data: {\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"model\":\"gpt-x\"}}\n\n"
        "data: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"id\":\"rs\","
        "\"type\":\"reasoning\",\"summary\":[]}}\n\n"
        "data: {\"type\":\"response.reasoning_summary_part.added\",\"output_index\":0}\n\n"
        "data: {\"type\":\"response.reasoning_summary_text.delta\",\"output_index\":0,\"delta\":"
        "\"First\"}\n\n"
        "data: {\"type\":\"response.reasoning_summary_part.added\",\"output_index\":0}\n\n"
        "data: {\"type\":\"response.reasoning_summary_text.delta\",\"output_index\":0,\"delta\":"
        "\"then\"}\n\n"
        "data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"id\":\"rs\","
        "\"type\":\"reasoning\",\"status\":\"completed\",\"summary\":[{\"type\":\"summary_text\","
        "\"text\":\"First\"},{\"type\":\"summary_text\",\"text\":\"then\"}],"
        "\"encrypted_content\":\"xyz\"}}\n\n"
        "data: {\"type\":\"response.output_item.added\",\"output_index\":1,\"item\":{\"id\":\"m1\","
        "\"type\":\"message\",\"role\":\"assistant\",\"content\":[]}}\n\n"
        "data: {\"type\":\"response.output_text.delta\",\"output_index\":1,\"item_id\":\"other\","
        "\"delta\":\"Hel\"}\n\n"
        ": ping\n\n"
        "data: {\"type\":\"response.output_text.delta\",\"output_index\":1,\"delta\":\"lo \xc3\xa9"
        "\\ud83d\\ude00\"}\n\n"
        "data: {\"type\":\"response.output_item.done\",\"output_index\":1,\"item\":{\"id\":\"m1\","
        "\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hello\"}]}}\n\n"
        "data: {\"type\":\"response.output_item.added\",\"output_index\":2,\"item\":{\"id\":\"fc\","
        "\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"read_file\",\"arguments\":\"\"}}"
        "\n\n"
        "data: {\"type\":\"response.function_call_arguments.delta\",\"output_index\":2,\"delta\":"
        "\"{\\\"path\\\":\"}\n\n"
        "data: {\"type\":\"response.function_call_arguments.delta\",\"output_index\":2,\"delta\":"
        "\"\\\"a\\\"}\"}\n\n"
        "data: {\"type\":\"response.output_item.done\",\"output_index\":2,\"item\":{\"id\":\"fc\","
        "\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"read_file\",\"arguments\":"
        "\"{\\\"path\\\":\\\"a\\\"}\"}}\n\n"
        "data: {\"type\":\"response.output_item.done\",\"output_index\":3,\"item\":{\"id\":\"ct\","
        "\"type\":\"custom_tool_call\",\"call_id\":\"c2\",\"name\":\"apply_patch\",\"input\":"
        "\"*** Begin Patch\\n*** End Patch\"}}\n\n"
        "data: {\"type\":\"response.something_new\",\"x\":1}\n\n"
        "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"output\":[{\"type\":"
        "\"message\",\"content\":[{\"text\":\"again\"}]}],\"usage\":{\"input_tokens\":100,"
        "\"input_tokens_details\":{\"cached_tokens\":10,\"cache_write_tokens\":7},"
        "\"output_tokens\":20,"
        "\"output_tokens_details\":{\"reasoning_tokens\":5}}}}\n\n",
        "started(gpt-x)\n"
        "reasoning(First\n\nthen)\n"
        "reasoning_done(First\n\nthen|{\"id\":\"rs\",\"type\":\"reasoning\",\"summary\":[{\"type\":"
        "\"summary_text\",\"text\":\"First\"},{\"type\":\"summary_text\",\"text\":\"then\"}],"
        "\"encrypted_content\":\"xyz\"})\n"
        "text(Hello \xc3\xa9\xf0\x9f\x98\x80)\n"
        "call(c1|read_file|{\"path\":\"a\"})\n"
        "call(c2|apply_patch|*** Begin Patch\n*** End Patch)\n"
        "usage(100,10,20,5,7)\n"
        "done(tool_calls)\n");
}

static void reads_sparse_responses(void **state)
{
    (void)state;
    /* The least that servers send: items without added and deltas, no ids, no usage, no last blank
     * line. */
    check(&wire_responses,
        "data: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"message\",\"role\":"
        "\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"hi\"}]}}\n\n"
        "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\"}}",
        "started()\ntext(hi)\ndone(end)\n");
    /* Everything in the last event only. */
    check(&wire_responses,
        "event: response.completed\ndata: {\"response\":{\"output\":[{\"type\":\"message\","
        "\"id\":\"m\",\"content\":[{\"type\":\"output_text\",\"text\":\"all\"}]},"
        "{\"type\":\"function_call\",\"id\":\"f\",\"call_id\":\"c\",\"name\":\"read_file\","
        "\"arguments\":\"{\"}]}}\n\n",
        "started()\ntext(all)\ncall(c|read_file|{)\ndone(tool_calls)\n");
    /* Freeform over a function, broken arguments as they are, two messages kept apart. */
    check(&wire_responses,
        "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"a\",\"delta\":\"one\"}\n\n"
        "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"b\",\"delta\":\"two\"}\n\n"
        "data: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\",\"id\":"
        "\"f\",\"call_id\":\"c\",\"name\":\"apply_patch\",\"arguments\":\"{\\\"input\\\":\\\"P\\\\n"
        "\\\"}\"}}\n\n"
        "data: [DONE]\n\n"
        "data: {\"type\":\"response.incomplete\",\"response\":{\"incomplete_details\":{\"reason\":"
        "\"max_output_tokens\"}}}\n\n",
        "started()\ntext(one\n\ntwo)\ncall(c|apply_patch|P\n)\ndone(length)\n");
    check(&wire_responses, /* sent back, it would make every further request fail */
        "data: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\",\"id\":"
        "\"f\",\"call_id\":\"c\",\"name\":\"\",\"arguments\":\"{}\"}}\n\n"
        "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\"}}\n\n",
        "started()\nwarning(host sent an event that cannot be read, it was skipped: a tool call "
        "without a name or a call_id)\ndone(end)\n");
}

static void reads_failed_responses(void **state)
{
    (void)state;
    check(&wire_responses,
        "data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":"
        "\"rate_limit_exceeded\",\"message\":\"Slow. Please try again in 1.2s.\"}}}\n\n",
        "started()\nerror(again|0|host could not finish the answer (rate_limit_exceeded). It says: "
        "Slow. Please try again in 1.2s.)\n");
    check(&wire_responses,
        "event: error\ndata: {\"type\":\"error\",\"code\":\"context_length_exceeded\",\"message\":"
        "\"Too long\"}\n\n",
        "error(final|0|the conversation is too long for the model m: start a new session or name "
        "fewer files. It says: Too long)\n");
    check(&wire_responses, "data: {\"error\":{\"message\":\"upstream \\u001b[31mdied\"}}\n\n",
        "error(final|0|host ended the answer with an error. It says: upstream ^[[31mdied)\n");
    check(&wire_responses,
        "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"a\",\"delta\":\"ha\"}\n\n"
        "data: {\"type\":\"response.output_te\n\n",
        "started()\ntext(ha)\n"
        "warning(host sent an event that cannot be read, it was skipped: not valid JSON at byte "
        "9)\n"
        "error(again|0|the answer of host broke off before its end: what came is kept, send again "
        "to go on)\n");
    check(&wire_responses, "data: [DONE]\n\n",
        "error(again|0|the answer of host broke off before its end: what came is kept, send again "
        "to go on)\n");
}

static void mends_bad_text(void **state)
{
    (void)state;
    /* An emoji cut in two by a server that counts UTF-16 units, a NUL, and bytes that are no
     * UTF-8. */
    check(&wire_responses,
        "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"a\",\"delta\":\"x\\ud83d\"}"
        "\n\n"
        "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"a\",\"delta\":\"\\ude00y"
        "\\u0000z\\\\u0000\"}\n\n"
        "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"a\",\"delta\":\"\xff\xc3\"}"
        "\n\n"
        "data: {\"type\":\"response.completed\"}\n\n",
        "started()\ntext(x\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbdz\\u0000\xef\xbf\xbd\xef\xbf\xbd)\n"
        "done(end)\n");
}

/* clang-format off: one event a line */
#define DATA(json)   "data: " json "\n\n"
#define CHUNK(delta) DATA("{\"model\":\"m1\",\"choices\":[{\"index\":0,\"delta\":" delta "}]}")
#define CALLS(calls) CHUNK("{\"content\":null,\"tool_calls\":[" calls "]}")
#define FINISH(reason)                                                                             \
    DATA("{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}]}")

static void reads_chat(void **state)
{
    (void)state;
    check(&wire_chat,
        CHUNK("{\"role\":\"assistant\",\"content\":\"\"}") CHUNK(
            "{\"reasoning_content\":\"Hm\"}") CHUNK("{\"reasoning_content\":\"m.\"}")
            CHUNK("{\"content\":\"Hel\"}") CHUNK("{\"content\":\"lo\"}") CALLS(
                "{\"index\":0,\"id\":\"a\",\"type\":\"function\","
                "\"function\":{\"name\":\"read_file\",\"arguments\":\"\"}}")
                CALLS("{\"index\":0,\"function\":{\"arguments\":\"{\\\"path\\\":\"}}") CALLS(
                    "{\"index\":1,\"id\":\"b\",\"function\":"
                    "{\"name\":\"apply_patch\",\"arguments\":\"{\\\"input\\\":\\\"P\\\"}\"}}")
                    CALLS("{\"index\":0,\"function\":{\"arguments\":\"1}\"}}") FINISH("tool_calls")
                        DATA("{\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":"
                             "3,"
                             "\"prompt_tokens_details\":{\"cached_tokens\":4,"
                             "\"cache_write_tokens\":1},"
                             "\"completion_tokens_details\":{\"reasoning_tokens\":2}}}")
                            DATA("[DONE]"),
        "started(m1)\nreasoning(Hmm.)\n"
        "reasoning_done(Hmm.|{\"chat_reasoning\":\"reasoning_content\"})\ntext(Hello)\n"
        "call(a|read_file|{\"path\":1})\ncall(b|apply_patch|P)\nusage(9,4,3,2,1)\n"
        "done(tool_calls)\n");
}

static void reads_calls_of_any_form(void **state)
{
    (void)state;
    /* Whole calls, all with index 0, told apart by id; finish_reason "stop". */
    check(&wire_chat,
        CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"read_file\",\"arguments\":\"{}\"}"
              "}") CALLS("{\"index\":0,\"id\":\"b\",\"function\":{\"name\":\"read_file\","
                         "\"arguments\":\"{}\"}}") FINISH("stop") DATA("[DONE]"),
        "started(m1)\ncall(a|read_file|{})\ncall(b|read_file|{})\ndone(tool_calls)\n");
    /* No ids, no index, arguments as an object. */
    check(&wire_chat,
        CALLS("{\"function\":{\"name\":\"read_file\",\"arguments\":{\"path\":\"a\"}}},"
              "{\"function\":{\"name\":\"read_file\",\"arguments\":{\"path\":\"b\"}}}")
            FINISH("tool_calls"),
        "started(m1)\ncall(call_10_0|read_file|{\"path\":\"a\"})\n"
        "call(call_10_1|read_file|{\"path\":\"b\"})\ndone(tool_calls)\n");
    /* Index 0 for each, no ids, whole arguments. */
    check(&wire_chat,
        CALLS("{\"index\":0,\"function\":{\"name\":\"read_file\",\"arguments\":\"{}\"}}")
            CALLS("{\"index\":0,\"function\":{\"name\":\"read_file\",\"arguments\":\"{}\"}}")
                FINISH("stop"),
        "started(m1)\ncall(call_10_0|read_file|{})\ncall(call_10_1|read_file|{})\n"
        "done(tool_calls)\n");
    /* Fragments without index, and without an id after the first. */
    check(&wire_chat,
        CALLS("{\"id\":\"a\",\"function\":{\"name\":\"read_file\",\"arguments\":\"{\\\"p\"}}")
            CALLS("{\"function\":{\"arguments\":\"ath\\\":1}\"}}") FINISH("stop"),
        "started(m1)\ncall(a|read_file|{\"path\":1})\ndone(tool_calls)\n");
    /* The form before tool_calls; arguments that are no JSON pass as they are. */
    check(&wire_chat,
        CHUNK("{\"function_call\":{\"name\":\"read_file\",\"arguments\":\"{oops\"}}")
            FINISH("function_call"),
        "started(m1)\ncall(call_10_0|read_file|{oops)\ndone(tool_calls)\n");
}

static void reads_content_of_any_form(void **state)
{
    (void)state;
    /* <think> in the content, usage with every chunk, no [DONE]. */
    check(&wire_chat,
        CHUNK("{\"content\":\"\\n<thi\"}") CHUNK("{\"content\":\"nk>a</b></th\"}")
            CHUNK("{\"content\":\"ink>\\n\\nok <think>\"}")
                DATA("{\"choices\":[{\"delta\":{\"content\":\"!\"},\"finish_reason\":\"length\"}],"
                     "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}"),
        "started(m1)\nreasoning(a</b>)\nreasoning_done(a</b>|-)\ntext(ok <think>!)\n"
        "usage(1,0,2,0,0)\ndone(length)\n");
    check(&wire_chat, CHUNK("{\"content\":\"<thin ice\"}") FINISH("stop"),
        "started(m1)\ntext(<thin ice)\ndone(end)\n");
    check(&wire_chat, CHUNK("{\"content\":\"<think\"}") FINISH("stop"),
        "started(m1)\ntext(<think)\ndone(end)\n");
    /* Parts instead of text, a whole message instead of a delta, a refusal. */
    check(&wire_chat,
        CHUNK("{\"content\":[{\"type\":\"text\",\"text\":\"par\"},{\"text\":\"ts\"}]}")
            DATA("{\"choices\":[{\"message\":{\"content\":\" whole\"}}]}")
                CHUNK("{\"refusal\":\" no\"}") FINISH("content_filter"),
        "started(m1)\ntext(parts whole no)\ndone(filter)\n");
}

static void reads_chat_errors(void **state)
{
    (void)state;
    check(&wire_chat,
        CHUNK("{\"content\":\"a\"}")
            DATA("{\"error\":{\"message\":\"out of memory\",\"type\":\"InternalServerError\","
                 "\"code\":500}}"),
        "started(m1)\ntext(a)\nerror(again|0|host could not finish the answer "
        "(InternalServerError). It says: out of memory)\n");
    check(&wire_chat, "event: error\n" DATA("{\"message\":\"bad\"}"),
        "error(final|0|host ended the answer with an error. It says: bad)\n");
    check(&wire_chat, DATA("{\"error\":\"model not loaded\"}"),
        "error(final|0|host ended the answer with an error. It says: model not loaded)\n");
    check(&wire_chat, CHUNK("{\"content\":\"a\"}") DATA("{oops"),
        "started(m1)\ntext(a)\nwarning(host sent an event that cannot be read, it was skipped: not "
        "valid JSON at byte 2)\nerror(again|0|the answer of host broke off before its end: what "
        "came is kept, send again to go on)\n");
}
/* clang-format on */

static void survives_a_huge_event(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_append_c(&text, "data: {\"choices\":[{\"delta\":{\"content\":\"");
    buf_append_repeat(&text, 'x', SSE_EVENT_MAX);
    buf_append_c(&text, "\"}}]}\n\n" CHUNK("{\"content\":\"after\"}") FINISH("stop"));
    char *got = events_of(&wire_chat, buf_str(&text), 4096);
    assert_string_equal(got, "warning(host sent an event that cannot be read, it was skipped: it "
                             "is larger than 1048576 bytes)\nstarted(m1)\ntext(after)\n"
                             "done(end)\n");
    free(got);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_responses),
        cmocka_unit_test(writes_chat),
        cmocka_unit_test(refuses_a_broken_schema),
        cmocka_unit_test(reads_responses),
        cmocka_unit_test(reads_sparse_responses),
        cmocka_unit_test(reads_failed_responses),
        cmocka_unit_test(mends_bad_text),
        cmocka_unit_test(reads_chat),
        cmocka_unit_test(reads_calls_of_any_form),
        cmocka_unit_test(reads_content_of_any_form),
        cmocka_unit_test(reads_chat_errors),
        cmocka_unit_test(survives_a_huge_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
