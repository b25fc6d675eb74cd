/* The real opencode as an agent that speaks the Agent Client Protocol, in a workbench without a
 * screen; its model is a server of the test's. Nothing that it does reaches the workspace but
 * through the review, and it hears what became of it. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "agent_run.h"
#include "base/mem.h"
#include "base/path.h"
#include "sandbox/confined.h"

#define OPENCODE "opencode-linux-x64-baseline/bin/opencode"

static int set_up(void **state)
{
    struct agent_run *f = agent_run_new();
    char *program = path_join(getenv("BYLAW_BINARY_DIR"), "bylaw");
    char *config = mem_printf("[agents.opencode]\ncommand = [\"%s/" OPENCODE "\", \"acp\"]\n"
                              "env = [\"LAB_ACCESS\"]\n",
        getenv("BYLAW_NODE_MODULES"));
    char *own = mem_printf(
        "{\"model\":\"lab/m\",\"small_model\":\"lab/m\",\"autoupdate\":false,\"share\":"
        "\"disabled\",\"snapshot\":false,\"enabled_providers\":[\"lab\"],\"agent\":{\"title\":{"
        "\"disable\":true}},\"permission\":{\"edit\":\"ask\",\"bash\":\"ask\"},\"provider\":{"
        "\"lab\":{\"npm\":\"@ai-sdk/openai-compatible\",\"name\":\"Lab\",\"options\":{"
        "\"baseURL\":\"%s/v1\",\"apiKey\":\"{env:LAB_ACCESS}\"},\"models\":{\"m\":{\"name\":"
        "\"M\",\"tool_call\":true,\"limit\":{\"context\":100000,\"output\":4000}}}}}}",
        fault_server_url(f->server));
    /* It looks for models and for packages on the network: it finds none. */
    setenv("OPENCODE_DISABLE_MODELS_FETCH", "1", 1);
    setenv("OPENCODE_DISABLE_AUTOUPDATE", "1", 1);
    setenv("OPENCODE_DISABLE_LSP_DOWNLOAD", "1", 1);
    setenv("npm_config_registry", "http://127.0.0.1:9/", 1);
    confined_use_program(program);
    test_write(f->home, "bylaw/config.toml", config);
    test_write(f->home, "opencode/opencode.json", own);
    free(own);
    free(config);
    free(program);
    agent_run_open(f, "acp:opencode", NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    agent_run_free(*state);
    confined_use_program(NULL);
    return 0;
}

#define HEADERS "Content-Type: text/event-stream\r\n"
#define CHUNK(delta, finish)                                                                       \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","      \
    "\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]}\n\n"
#define SAY(text)   CHUNK("{\"role\":\"assistant\",\"content\":\"" text "\"}", "null")
#define THINK(text) CHUNK("{\"role\":\"assistant\",\"reasoning_content\":\"" text "\"}", "null")
#define TOOL(at, id, name, arguments)                                                              \
    CHUNK("{\"role\":\"assistant\",\"tool_calls\":[{\"index\":" at ",\"id\":\"" id                 \
          "\",\"type\":\"function\",\"function\":{\"name\":\"" name                                \
          "\",\"arguments\":\"" arguments "\"}}]}",                                                \
        "null")
#define FINISH(reason)                                                                             \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","      \
    "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason                           \
    "\"}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,\"total_tokens\":10}}\n\n"        \
    "data: [DONE]\n\n"
#define STOP     FINISH("stop")
#define CALLING  FINISH("tool_calls")
#define READ(id) TOOL("0", id, "read", "{\\\"filePath\\\":\\\"p/p.rego\\\"}")
#define EDIT(id, was, is)                                                                          \
    TOOL("0", id, "edit",                                                                          \
        "{\\\"filePath\\\":\\\"p/p.rego\\\",\\\"oldString\\\":\\\"" was                            \
        "\\\",\\\"newString\\\":\\\"" is "\\\"}")
#define WRITE(at, id, path, content)                                                               \
    TOOL(at, id, "write", "{\\\"filePath\\\":\\\"" path "\\\",\\\"content\\\":\\\"" content "\\\"}")
#define RUN(id, command)                                                                           \
    TOOL("0", id, "bash",                                                                          \
        "{\\\"command\\\":\\\"" command "\\\",\\\"description\\\":\\\"I want to\\\"}")

static void what_it_changes_becomes_a_proposal(void **state)
{
    struct agent_run *f = *state;
    static const struct fault_step steps[] = {
        {.body = THINK("Hm.") SAY("I look first.") READ("c1") CALLING},
        {.body = EDIT("c2", "input.bad", "input.worse")
                WRITE("1", "c3", "q/new.rego", "package q\\\\n") CALLING},
        {.body = SAY("Done.") STOP},
    };
    fault_server_script(f->server, steps, ARRAY_LEN(steps));
    agent_ask(f, "Mend it.");
    agent_must_find(f, ENTRY_REASONING, "Hm.");
    agent_must_find(f, ENTRY_ASSISTANT, "I look first.");
    agent_must_find(f, ENTRY_ASSISTANT, "Done.");
    assert_string_equal(agent_must_find(f, ENTRY_TOOL, "p/p.rego")->name, "read");
    assert_int_equal(agent_must_find(f, ENTRY_PROPOSAL, "new.rego")->files, 2);
    agent_expect_file(f, "p/p.rego", agent_policy);
    agent_expect_file(f, "q/new.rego", NULL);
    assert_true(session_usage(workbench_session(f->wb)).input_tokens >= 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    char *program = path_join(getenv("BYLAW_NODE_MODULES"), OPENCODE);
    bool here = access(program, X_OK) == 0;
    free(program);
    if (!here) {
        print_message("skipped: npm has no opencode for this machine\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        TEST(what_it_changes_becomes_a_proposal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
