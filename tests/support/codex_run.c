#include "codex_run.h"

#include "test.h"

#include <stdlib.h>

#include "agent_setup.h"
#include "base/mem.h"
#include "base/path.h"

int codex_run_set_up(void **state)
{
    struct agent_run *run = agent_run_new();
    agent_setup_codex(run);
    agent_run_open(run, "codex", NULL);
    *state = run;
    return 0;
}

int codex_run_tear_down(void **state)
{
    agent_run_free(*state);
    return 0;
}

void codex_run_write(struct agent_run *run, const char *name, const char *text)
{
    char *codex = path_join(run->home, "codex");
    test_write(codex, name, text);
    free(codex);
}

static void add(struct agent_run *run, const char *before, const char *behind)
{
    char *codex = path_join(run->home, "codex");
    char *config = test_read(codex, "config.toml");
    char *text = mem_printf("%s%s%s", before, config, behind);
    test_write(codex, "config.toml", text);
    free(text);
    free(config);
    free(codex);
}

void codex_run_add_settings(struct agent_run *run, const char *lines)
{
    add(run, lines, "");
}

void codex_run_add_tables(struct agent_run *run, const char *lines)
{
    add(run, "", lines);
}

void codex_run_kill(struct agent_run *run)
{
    char *mark = mem_printf("CODEX_HOME=%s/codex", run->home);
    agent_kill(mark);
    free(mark);
}
