#include "fault_acp_run.h"

#include "test.h"

#include "base/mem.h"
#include "base/path.h"
#include "sandbox/confined.h"

#include <stdlib.h>

void fault_acp_open(struct agent_run *f, const char *mode, const char *session)
{
    char *config = mem_printf("[agents.fault]\ncommand = [\"%s/tests/fault-acp\", \"%s\"]\n"
                              "env = [\"LAB_ACCESS\"]\n"
                              "[agents.absent]\ncommand = [\"no-such-agent\"]\n"
                              "[agents.bad]\ncommand = \"no list\"\n",
        getenv("BYLAW_BINARY_DIR"), mode);
    test_write(f->home, "bylaw/config.toml", config);
    free(config);
    agent_run_open(f, "acp:fault", session);
}

int fault_acp_set_up(void **state)
{
    struct agent_run *f = agent_run_new();
    char *program = path_join(getenv("BYLAW_BINARY_DIR"), "bylaw");
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* of the agent: the sandbox lets nobody trace */
    confined_use_program(program);
    free(program);
    *state = f;
    return 0;
}

int fault_acp_tear_down(void **state)
{
    agent_run_free(*state);
    return 0;
}
