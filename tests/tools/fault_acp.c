/* An agent that speaks the Agent Client Protocol and misbehaves as its argument says; without one
 * it is well-behaved: it writes what the prompt says ("write NAME TEXT"), and answers with how many
 * prompts it has heard.
 *
 *   silent     answers nothing          old        speaks version 0
 *   nonsense   no JSON but noise        shapes     members of the wrong type everywhere
 *   die        ends inside a prompt, having written a file
 *   die-first  ends before it has said anything, with a line on standard error
 *   die-at N   ends when it has read so many messages
 *   die-asking ends while its question waits
 *   flood      says one thing without end
 *   gush       the same, having written a file, until it is told to stop
 *   drip       the same, a word now and then
 *   tools      uses one tool after another without end
 *   deaf       does not stop when it is told to
 *   half       writes a file with a tool and then goes on until it is told to stop
 *   login      wants somebody to log in before it takes a prompt
 *   locked     or a session; both can do it themselves, by "X" but not by "Key"
 *   stuck      the same, and never comes to an end of it
 *   forgetful  takes up a session and then cannot go on with it
 *   outside    asks us to write and read outside of its folder
 *   asks       asks permission for what is outside, twice at once, and without options
 *   switches   asks to go into another mode, with one that asks nobody among the answers
 *   takes-back asks permission twice at once and takes the first back
 *   lost       refuses to take up any session
 *   loads      cannot resume a session but load one, telling all that was said once more
 *   mute       says nothing from the second prompt on
 *   chooses    lets its model, effort and mode be chosen, and says which they are
 *   older      the same with the methods that went before; it leaves its mode when told "leave"
 *   reckless   older, and begins in a mode that asks nobody
 *   stubborn   offers them, and refuses
 *   counts     says what its prompts took in tokens, in the way that the prompt names
 *   costs      says how full it is and what all prompts of its session have cost
 */
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *mode = "";
static char *folder;
static bool resumed;
static bool logged_in;
static unsigned heard;
static unsigned questions;
static long ends_at; /* messages that are left; 0: it lives */

static bool is(const char *name)
{
    return strcmp(mode, name) == 0;
}

static void send_message(cJSON *message)
{
    json_set_string(message, "jsonrpc", "2.0");
    char *text = json_print(message);
    puts(text);
    fflush(stdout);
    free(text);
    cJSON_Delete(message);
}

static void answer(const cJSON *id, cJSON *result)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddItemToObject(message, "id", cJSON_Duplicate(id, true));
    cJSON_AddItemToObject(message, "result", result);
    send_message(message);
}

static void refuse(const cJSON *id, int code, const char *text)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddItemToObject(message, "id", cJSON_Duplicate(id, true));
    cJSON *error = json_set_object(message, "error");
    json_set_int(error, "code", code);
    json_set_string(error, "message", text);
    send_message(message);
}

/* What it was is in the data only, over several lines, as codex-acp has it. */
static void unwell(const cJSON *id)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddItemToObject(message, "id", cJSON_Duplicate(id, true));
    cJSON *error = json_set_object(message, "error");
    json_set_int(error, "code", -32603);
    json_set_string(error, "message", "Internal error");
    json_set_string(
        json_set_object(error, "data"), "details", "my hat is lost:\n\n\tlook below it\n");
    send_message(message);
}

static void update(cJSON *body)
{
    cJSON *message = cJSON_CreateObject();
    json_set_string(message, "method", "session/update");
    cJSON *params = json_set_object(message, "params");
    json_set_string(params, "sessionId", "s1");
    cJSON_AddItemToObject(params, "update", body);
    send_message(message);
}

static void say(const char *text)
{
    cJSON *body = cJSON_CreateObject();
    json_set_string(body, "sessionUpdate", "agent_message_chunk");
    cJSON *content = json_set_object(body, "content");
    json_set_string(content, "type", "text");
    json_set_string(content, "text", text);
    update(body);
}

static const char *counts; /* what the end of a prompt says of its tokens; NULL: nothing */

static void stop(const cJSON *id, const char *reason)
{
    struct err err;
    cJSON *result = counts == NULL ? cJSON_CreateObject() : json_parse(str_of(counts), &err);
    counts = NULL;
    json_set_string(result, "stopReason", reason);
    answer(id, result);
}

static cJSON *read_message(void)
{
    static char *line;
    static size_t size;
    struct err err;
    ssize_t got = getline(&line, &size, stdin);
    if (got <= 0) {
        exit(0);
    }
    if (ends_at > 0 && --ends_at == 0) {
        exit(7);
    }
    cJSON *message = json_parse(str_make(line, (size_t)got), &err);
    if (message == NULL) {
        exit(3);
    }
    return message;
}

/* Asks, and says what the answer was. */
static void ask(const char *method, cJSON *params)
{
    cJSON *message = cJSON_CreateObject();
    json_set_int(message, "id", ++questions);
    json_set_string(message, "method", method);
    json_set_string(params, "sessionId", "s1");
    cJSON_AddItemToObject(message, "params", params);
    send_message(message);
}

static void hear_answer(void)
{
    cJSON *told = read_message();
    char *text = json_print(told);
    say("heard: ");
    say(text);
    free(text);
    cJSON_Delete(told);
}

static void write_file(const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file != NULL) {
        fprintf(file, "%s\n", text);
        fclose(file);
    }
    free(path);
}

static void shapes(void)
{
    static const char *const bodies[] = {"{}", "{\"sessionUpdate\":7}",
        "{\"sessionUpdate\":\"agent_message_chunk\"}",
        "{\"sessionUpdate\":\"agent_message_chunk\",\"content\":[1]}",
        "{\"sessionUpdate\":\"agent_thought_chunk\",\"content\":{\"type\":\"image\"}}",
        "{\"sessionUpdate\":\"tool_call\"}",
        "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":7,\"title\":{}}",
        "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"t\",\"kind\":[],\"content\":{},"
        "\"locations\":7,\"rawInput\":\"x\",\"status\":\"in_progress\"}",
        "{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"t\",\"content\":[1,{\"type\":"
        "\"diff\"},{\"type\":\"diff\",\"path\":1,\"oldText\":2},{\"type\":\"content\"}],"
        "\"locations\":[1,{}],\"status\":\"completed\"}",
        "{\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"t\",\"status\":\"completed\"}",
        "{\"sessionUpdate\":\"plan\"}", "{\"sessionUpdate\":\"plan\",\"entries\":[1,{}]}",
        "{\"sessionUpdate\":\"notice\",\"title\":7}",
        "{\"sessionUpdate\":\"notice\",\"title\":\"Old key\",\"description\":\"it ends "
        "\\u001b[31msoon\"}",
        "{\"sessionUpdate\":\"usage_update\",\"used\":\"x\"}", "[]", "7"};
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        update(json_parse(str_of(bodies[i]), &err));
    }
}

static cJSON *permission(const char *kind, const char *title, bool options)
{
    cJSON *params = cJSON_CreateObject();
    cJSON *call = json_set_object(params, "toolCall");
    json_set_string(call, "toolCallId", title);
    json_set_string(call, "title", title);
    json_set_string(call, "kind", kind);
    cJSON *list = json_set_array(params, "options");
    for (int i = 0; options && i < 2; i++) {
        cJSON *option = cJSON_CreateObject();
        json_set_string(option, "optionId", i == 0 ? "yes" : "no");
        json_set_string(option, "name", i == 0 ? "Yes" : "No");
        json_set_string(option, "kind", i == 0 ? "allow_once" : "reject_once");
        cJSON_AddItemToArray(list, option);
    }
    return params;
}

static cJSON *file_at(const char *path)
{
    cJSON *params = cJSON_CreateObject();
    json_set_string(params, "path", path);
    json_set_string(params, "content", "x");
    return params;
}

static void choose_older(const cJSON *id, const cJSON *params);

static void wait_for_cancel(const cJSON *id)
{
    for (;;) {
        cJSON *message = read_message();
        const char *method = json_string_or(message, "method", "");
        bool cancelled = strcmp(method, "session/cancel") == 0;
        if (strcmp(method, "session/set_mode") == 0) {
            choose_older(json_get(message, "id"), json_get(message, "params"));
            say("Set meanwhile. ");
        }
        cJSON_Delete(message);
        if (cancelled && !is("deaf")) {
            stop(id, "cancelled");
            return;
        }
    }
}

/* Is something said to it? Waits so many milliseconds for that. */
static bool is_told(int ms)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&in, 1, ms) > 0;
}

/* Goes on until it is told to stop. */
static void go_on(const cJSON *id)
{
    static char much[8000]; /* a test counts megabytes, not messages */
    for (size_t i = 0; i + 10 < sizeof much; i += 10) {
        memcpy(much + i, "and again ", 10);
    }
    write_file("half.rego", "package half");
    for (unsigned n = 0; !is_told(is("drip") ? 20 : 0); n++) {
        if (is("tools")) {
            char name[20];
            snprintf(name, sizeof name, "t%u", n);
            cJSON *body = cJSON_CreateObject();
            json_set_string(body, "sessionUpdate", "tool_call");
            json_set_string(body, "toolCallId", name);
            json_set_string(body, "status", "completed");
            update(body);
        } else {
            say(is("drip") ? "and " : much);
        }
    }
    wait_for_cancel(id);
}

static void do_half(const cJSON *id)
{
    write_file("half.rego", "package half");
    cJSON *body = cJSON_CreateObject();
    json_set_string(body, "sessionUpdate", "tool_call");
    json_set_string(body, "toolCallId", "t1");
    json_set_string(body, "title", "write");
    json_set_string(body, "status", "completed");
    update(body);
    say("Half");
    wait_for_cancel(id);
}

/* ---- its model ---- */

static const char *model = "lab/m1";
static const char *effort = "low";
static const char *way = "ask";

/* The same as it was before configOptions. */
static cJSON *older_offers(void)
{
    struct err err;
    char *text = mem_printf(
        "{\"modes\":{\"currentModeId\":\"%s\",\"availableModes\":[7,{\"id\":\"ask\",\"name\":"
        "\"Ask\","
        "\"description\":\"Prompts for approval\"},{\"id\":\"wild\",\"name\":\"YOLO\","
        "\"description\":\"Auto-approves all tools\"},{\"id\":\"plan\",\"name\":\"Plan\"}]},"
        "\"models\":{\"currentModelId\":\"%s\",\"availableModels\":[{\"modelId\":\"lab/m1\","
        "\"name\":\"One\"},{\"modelId\":\"lab/m2\",\"name\":\"Two\"}]}}",
        way, model);
    cJSON *result = json_parse(str_of(text), &err);
    free(text);
    return result;
}

static void choose_older(const cJSON *id, const cJSON *params)
{
    const char *into = json_string_or(params, "modeId", "");
    if (json_string(params, "modelId") != NULL) {
        model = strcmp(json_string(params, "modelId"), "lab/m2") == 0 ? "lab/m2" : "lab/m1";
    } else {
        way = strcmp(into, "wild") == 0 ? "wild" : strcmp(into, "plan") == 0 ? "plan" : "ask";
    }
    answer(id, cJSON_CreateObject());
}

static void leave_mode(void)
{
    cJSON *body = cJSON_CreateObject();
    way = "wild";
    json_set_string(body, "sessionUpdate", "current_mode_update");
    json_set_string(body, "currentModeId", way);
    update(body);
}

static cJSON *offers(void)
{
    struct err err;
    char *text = mem_printf(
        "{\"configOptions\":[7,{\"id\":\"mode\",\"category\":\"mode\",\"type\":\"select\","
        "\"currentValue\":\"%s\",\"options\":[{\"value\":\"ask\",\"name\":\"Ask\"},{\"value\":"
        "\"plan\",\"name\":\"Plan\"}]},"
        "{\"id\":\"the-model\",\"name\":\"Model\",\"category\":\"model\",\"type\":\"select\","
        "\"currentValue\":\"%s\",\"options\":[{\"group\":\"g\",\"name\":\"G\",\"options\":["
        "{\"value\":\"lab/m1\",\"name\":\"One\"},{\"value\":\"lab/m2\",\"name\":\"Two\"}]}]},"
        "{\"id\":\"effort\",\"name\":\"Effort\",\"category\":\"thought_level\",\"type\":\"select\","
        "\"currentValue\":\"%s\",\"options\":[{\"value\":\"low\",\"name\":\"Low\"},"
        "{\"value\":\"high\",\"name\":\"High\"}]}]}",
        way, model, effort);
    cJSON *result = json_parse(str_of(text), &err);
    free(text);
    return result;
}

static void choose(const cJSON *id, const cJSON *params)
{
    const char *value = json_string_or(params, "value", "");
    if (is("stubborn")) {
        refuse(id, -32603, "I stay as I am");
        return;
    }
    if (strcmp(json_string_or(params, "configId", ""), "the-model") == 0) {
        model = strcmp(value, "lab/m2") == 0 ? "lab/m2" : "lab/m1";
        effort = "low";
    } else if (strcmp(json_string_or(params, "configId", ""), "mode") == 0) {
        way = strcmp(value, "plan") == 0 ? "plan" : "ask";
    } else {
        effort = strcmp(value, "high") == 0 ? "high" : "low";
    }
    answer(id, offers());
}

/* A quarter of a dollar a prompt; two were before it was taken up again. */
static void tell_cost(void)
{
    struct err err;
    unsigned prompts = heard + (resumed ? 2 : 0);
    char *text = mem_printf("{\"sessionUpdate\":\"usage_update\",\"used\":%u,\"size\":1000,"
                            "\"cost\":{\"amount\":%.2f,\"currency\":\"USD\"}}",
        prompts * 100, prompts * 0.25);
    update(json_parse(str_of(text), &err));
    free(text);
}

/* What lies in its folder. */
static void tell_names(void)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char *text = mem_printf("[%s]", names[i]->d_name);
        say(text);
        free(text);
        free(names[i]);
    }
    free(names);
}

static bool has_text(const cJSON *params, const char *text);

/* Codex tells what was cached beside the input, opencode what was thought beside the output, too;
 * others have them in it; Gemini has a shape of its own. */
static void tell_counts(const cJSON *params)
{
    static const struct {
        const char *word, *says;
    } ways[] = {
        {"beside", "{\"usage\":{\"totalTokens\":187,\"inputTokens\":100,\"outputTokens\":20,"
                   "\"cachedReadTokens\":50,\"cachedWriteTokens\":10,\"thoughtTokens\":7}}"},
        {"within", "{\"usage\":{\"totalTokens\":120,\"inputTokens\":100,\"outputTokens\":20,"
                   "\"cachedReadTokens\":50,\"thoughtTokens\":7}}"},
        {"own", "{\"_meta\":{\"quota\":{\"token_count\":{\"input_tokens\":3,"
                "\"output_tokens\":4}}}}"}};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        counts = has_text(params, ways[i].word) ? ways[i].says : counts;
    }
}

static void misbehave(const cJSON *id)
{
    if (is("looks")) {
        tell_names();
    }
    if (is("costs")) {
        tell_cost();
    }
    if (is("chooses") || is("stubborn") || is("older") || is("reckless")) {
        char *text = mem_printf("I am %s at %s, mode %s. ", model, effort, way);
        say(text);
        free(text);
    }
    if (is("mute") && heard > 1) {
        wait_for_cancel(id);
    }
    if (is("loads") && resumed) {
        say("I was loaded. ");
    }
    if (is("die")) {
        write_file("half.rego", "package half");
        say("Half");
        exit(7);
    }
    while (is("flood")) {
        say("and again, and again, and again, and again, and again, and again, and again\n");
    }
    if (is("die-asking")) {
        ask("session/request_permission", permission("execute", "rm -rf one", true));
        struct pollfd none = {.fd = -1};
        (void)poll(&none, 1, 200); /* so that it is on the screen */
        exit(7);
    }
    if (is("deaf")) {
        say("Half");
        wait_for_cancel(id);
    }
    if (is("outside")) {
        ask("fs/write_text_file", file_at("/tmp/bylaw-fault-acp-outside"));
        hear_answer();
        ask("fs/read_text_file", file_at("/etc/passwd"));
        hear_answer();
        char *path = mem_printf("%s/.git/config", folder);
        ask("fs/write_text_file", file_at(path));
        hear_answer();
        free(path);
        path = mem_printf("%s/in/side.txt", folder);
        ask("fs/write_text_file", file_at(path));
        hear_answer();
        ask("fs/read_text_file", file_at(path));
        hear_answer();
        free(path);
        path = mem_printf("%s/none.txt", folder);
        ask("fs/read_text_file", file_at(path));
        hear_answer();
        free(path);
        ask("terminal/create", cJSON_CreateObject());
        hear_answer();
    }
    if (is("asks")) {
        ask("session/request_permission", permission("execute", "rm -rf one", true));
        ask("session/request_permission", permission("fetch", "two", true));
        hear_answer();
        hear_answer();
        cJSON *far = permission("other", "three", false);
        cJSON *places = json_set_array(json_get(far, "toolCall"), "locations");
        const char *const paths[] = {folder, "/far/away", "three", "/far/off"};
        for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
            cJSON *place = cJSON_CreateObject();
            json_set_string(place, "path", paths[i]);
            cJSON_AddItemToArray(places, place);
        }
        ask("session/request_permission", far);
        hear_answer();
        ask("session/request_permission", cJSON_CreateObject());
        hear_answer();
    }
    if (is("switches")) {
        cJSON *params = permission("switch_mode", "Ready", false);
        struct err err;
        cJSON_ReplaceItemInObject(params, "options",
            json_parse(STR_LIT("[{\"optionId\":\"a\",\"name\":\"Yes, and auto-accept all\","
                               "\"kind\":\"allow_always\"},{\"optionId\":\"b\",\"name\":"
                               "\"Yes, and ask\",\"kind\":\"allow_once\"}]"),
                &err));
        ask("session/request_permission", params);
        hear_answer();
    }
    if (is("takes-back")) {
        ask("session/request_permission", permission("execute", "rm -rf one", true));
        ask("session/request_permission", permission("execute", "two", true));
        cJSON *message = cJSON_CreateObject();
        json_set_string(message, "method", "$/cancel_request");
        json_set_int(json_set_object(message, "params"), "requestId", questions - 1);
        send_message(message);
        hear_answer();
        hear_answer();
    }
    if (is("shapes")) {
        shapes();
    }
}

/* A block of the prompt is this. */
static bool has_text(const cJSON *params, const char *text)
{
    const cJSON *block;
    cJSON_ArrayForEach(block, json_get(params, "prompt"))
    {
        if (strcmp(json_string_or(block, "text", ""), text) == 0) {
            return true;
        }
    }
    return false;
}

static void prompt(const cJSON *id, const cJSON *params)
{
    const cJSON *block;
    heard++;
    if (is("login") && !logged_in) {
        refuse(id, -32000, "Authentication required");
        return;
    }
    if (is("forgetful") && resumed) {
        refuse(id, -32603, "the session is damaged");
        return;
    }
    if (is("gush") || is("drip") || is("tools")) {
        go_on(id);
        return;
    }
    if (is("half")) {
        do_half(id);
        return;
    }
    misbehave(id);
    if (is("counts")) {
        tell_counts(params);
    }
    if (is("older") && has_text(params, "leave")) {
        leave_mode();
    }
    cJSON_ArrayForEach(block, json_get(params, "prompt"))
    {
        char name[100];
        char text[100];
        const char *said = json_string_or(block, "text", "");
        if (sscanf(said, "write %99s %99[^\n]", name, text) == 2) {
            write_file(name, text);
        }
        say("I was told: ");
        say(said);
    }
    if (has_text(params, "wait")) {
        wait_for_cancel(id);
        return;
    }
    char text[40];
    snprintf(text, sizeof text, "[prompt %u]", heard);
    say(text);
    stop(id, "end_turn");
}

/* A session of before, told once more before it is answered. */
static void load(const cJSON *id)
{
    resumed = true;
    say("REPLAYED");
    cJSON *body = cJSON_CreateObject();
    json_set_string(body, "sessionUpdate", "tool_call");
    json_set_string(body, "toolCallId", "REPLAYED");
    json_set_string(body, "title", "REPLAYED");
    json_set_string(body, "status", "completed");
    update(body);
    answer(id, cJSON_CreateObject());
}

static void initialize(const cJSON *id)
{
    struct err err;
    if (is("silent")) {
        return;
    }
    for (int i = 0; is("nonsense") && i < 200; i++) {
        puts("hello, this is no JSON");
    }
    fflush(stdout);
    cJSON *result = json_parse(STR_LIT("{\"protocolVersion\":1,\"agentCapabilities\":{"
                                       "\"loadSession\":true,\"sessionCapabilities\":{\"resume\":"
                                       "{}}},\"authMethods\":[{\"id\":\"x\",\"name\":\"X\","
                                       "\"description\":\"run fault login\"},"
                                       "{\"id\":\"key\",\"name\":\"Key\"},{\"id\":\"tty\","
                                       "\"name\":\"Terminal\",\"type\":\"terminal\",\"args\":["
                                       "\"login\",\"it's me\"],\"env\":{\"A\":\"$b\"}},7,"
                                       "{\"id\":\"new\",\"type\":\"telepathy\"}]}"),
        &err);
    if (is("loads")) {
        cJSON_DeleteItemFromObject(json_get(result, "agentCapabilities"), "sessionCapabilities");
    }
    if (is("old")) {
        cJSON_DeleteItemFromObject(result, "protocolVersion");
        json_set_int(result, "protocolVersion", 0);
    }
    answer(id, result);
}

/* It is told the way and no more. */
static void authenticate(const cJSON *id, const cJSON *params)
{
    if (is("stuck")) {
        return;
    }
    if (strcmp(json_string_or(params, "methodId", ""), "x") != 0 ||
        cJSON_GetArraySize(params) != 1) {
        refuse(id, -32000, "the key is not set");
        return;
    }
    logged_in = true;
    answer(id, cJSON_CreateObject());
}

static void handle(const cJSON *message)
{
    const char *method = json_string_or(message, "method", "");
    const cJSON *id = json_get(message, "id");
    const cJSON *params = json_get(message, "params");
    if (strcmp(method, "initialize") == 0) {
        initialize(id);
    } else if (strcmp(method, "session/new") == 0 || strcmp(method, "session/resume") == 0) {
        free(folder);
        folder = mem_strdup(json_string_or(params, "cwd", "."));
        resumed = strcmp(method, "session/resume") == 0;
        way = is("reckless") ? "wild" : "ask";
        if (resumed && is("lost")) {
            refuse(id, -32002, "no such session");
            return;
        }
        if ((is("locked") || is("stuck")) && !logged_in) {
            refuse(id, -32000, "Authentication required");
            return;
        }
        if (is("unwell")) {
            unwell(id);
            return;
        }
        cJSON *result = is("chooses") || is("stubborn") ? offers()
                        : is("older") || is("reckless") ? older_offers()
                                                        : cJSON_CreateObject();
        json_set_string(result, "sessionId", "s1");
        answer(id, result);
    } else if (strcmp(method, "session/load") == 0) {
        free(folder);
        folder = mem_strdup(json_string_or(params, "cwd", "."));
        load(id);
    } else if (strcmp(method, "session/set_config_option") == 0) {
        choose(id, params);
    } else if (strcmp(method, "session/set_mode") == 0 ||
               strcmp(method, "session/set_model") == 0) {
        choose_older(id, params);
    } else if (strcmp(method, "authenticate") == 0) {
        authenticate(id, params);
    } else if (strcmp(method, "session/prompt") == 0) {
        prompt(id, params);
    }
}

int main(int argc, char **argv)
{
    mode = argc > 1 ? argv[1] : "";
    if (strncmp(mode, "die-at ", 7) == 0) {
        ends_at = strtol(mode + 7, NULL, 10);
    }
    if (is("die-first")) {
        fputs("cannot find my own head\n", stderr);
        return 9;
    }
    for (;;) {
        cJSON *message = read_message();
        handle(message);
        cJSON_Delete(message);
    }
}
