/* The answers of a model's server, as literals: for tests that script one. Arguments of a call are
 * JSON text within a C string within JSON ("{\\\"path\\\":\\\"x\\\"}"). */
#ifndef BYLAW_MODEL_WIRES_H
#define BYLAW_MODEL_WIRES_H

/* The Responses API. */
#define R_EVENT(json) "data: " json "\n\n"
#define R_END                                                                                      \
    R_EVENT("{\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"usage\":{\"input_"      \
            "tokens\":7,\"output_tokens\":3,\"total_tokens\":10}}}")
#define R_SAY(text)                                                                                \
    R_EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"message\",\"role\":"     \
            "\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"" text "\"}]}}")
#define R_CALL(id, name, arguments)                                                                \
    R_EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"function_call\","        \
            "\"call_id\":\"" id "\",\"name\":\"" name "\",\"arguments\":\"" arguments "\"}}")

/* Chat Completions. */
#define C_CHUNK(delta, finish)                                                                     \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","      \
    "\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]}\n\n"
#define C_SAY(text)   C_CHUNK("{\"role\":\"assistant\",\"content\":\"" text "\"}", "null")
#define C_THINK(text) C_CHUNK("{\"role\":\"assistant\",\"reasoning_content\":\"" text "\"}", "null")
#define C_CALL(at, id, name, arguments)                                                            \
    C_CHUNK("{\"role\":\"assistant\",\"tool_calls\":[{\"index\":" at ",\"id\":\"" id               \
            "\",\"type\":\"function\",\"function\":{\"name\":\"" name                              \
            "\",\"arguments\":\"" arguments "\"}}]}",                                              \
        "null")
#define C_FINISH(reason)                                                                           \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","      \
    "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason                           \
    "\"}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,\"total_tokens\":10}}\n\n"        \
    "data: [DONE]\n\n"
#define C_STOP    C_FINISH("stop")
#define C_CALLING C_FINISH("tool_calls")

#endif
