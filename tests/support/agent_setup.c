#include "agent_setup.h"

#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "sandbox/confined.h"

void agent_setup_codex(struct agent_run *run)
{
    char *codex = path_join(run->home, "codex");
    char *path = mem_printf("%s/.bin:%s", getenv("BYLAW_NODE_MODULES"), getenv("PATH"));
    char *config = mem_printf(
        "model = \"gpt-5.5\"\nmodel_provider = \"own\"\n[model_providers.own]\nname = \"own\"\n"
        "base_url = \"%s/v1\"\nwire_api = \"responses\"\nenv_key = \"LAB_ACCESS\"\n"
        "request_max_retries = 0\nstream_max_retries = 0\n",
        fault_server_url(run->server));
    setenv("CODEX_HOME", codex, 1);
    setenv("PATH", path, 1);
    test_write(codex, "config.toml", config);
    free(config);
    free(path);
    free(codex);
}

bool agent_setup_opencode(struct agent_run *run)
{
    char *agent =
        path_join(getenv("BYLAW_NODE_MODULES"), "opencode-linux-x64-baseline/bin/opencode");
    if (access(agent, X_OK) != 0) {
        free(agent);
        return false;
    }
    char *program = path_join(getenv("BYLAW_BINARY_DIR"), "bylaw");
    char *config = mem_printf("[agents.opencode]\ncommand = [\"%s\", \"acp\"]\n"
                              "env = [\"LAB_ACCESS\"]\n",
        agent);
    char *own = mem_printf(
        "{\"model\":\"lab/m\",\"small_model\":\"lab/m\",\"autoupdate\":false,\"share\":"
        "\"disabled\",\"snapshot\":false,\"enabled_providers\":[\"lab\"],\"agent\":{\"title\":{"
        "\"disable\":true}},\"permission\":{\"edit\":\"ask\",\"bash\":\"ask\"},\"provider\":{"
        "\"lab\":{\"npm\":\"@ai-sdk/openai-compatible\",\"name\":\"Lab\",\"options\":{"
        "\"baseURL\":\"%s/v1\",\"apiKey\":\"{env:LAB_ACCESS}\"},\"models\":{\"m\":{\"name\":"
        "\"M\",\"tool_call\":true,\"limit\":{\"context\":100000,\"output\":4000}},\"m2\":{\"name\":"
        "\"M2\",\"tool_call\":true,\"reasoning\":true,\"limit\":{\"context\":100000,"
        "\"output\":4000}}}}}}",
        fault_server_url(run->server));
    /* It looks for models and for packages on the network: it finds none. */
    setenv("OPENCODE_DISABLE_MODELS_FETCH", "1", 1);
    setenv("OPENCODE_DISABLE_AUTOUPDATE", "1", 1);
    setenv("OPENCODE_DISABLE_LSP_DOWNLOAD", "1", 1);
    setenv("npm_config_registry", "http://127.0.0.1:9/", 1);
    confined_use_program(program);
    test_write(run->home, "bylaw/config.toml", config);
    test_write(run->home, "opencode/opencode.json", own);
    free(own);
    free(config);
    free(program);
    free(agent);
    return true;
}

void agent_setup_builtin(struct agent_run *run, const char *wire)
{
    char *config = mem_printf("model = \"m\"\nbase_url = \"%s/v1\"\nwire_api = \"%s\"\n"
                              "api_key_env = \"LAB_ACCESS\"\n",
        fault_server_url(run->server), wire);
    test_write(run->home, "bylaw/config.toml", config);
    free(config);
}
