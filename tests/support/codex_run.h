/* The real Codex CLI as the agent of a workbench without a screen, and what its model says: the
 * answers of a server of the test's. */
#ifndef BYLAW_CODEX_RUN_H
#define BYLAW_CODEX_RUN_H

#include "agent_run.h"
#include "model_wires.h"

int codex_run_set_up(void **state);
int codex_run_tear_down(void **state);
/* In a group of tests. */
#define CODEX_TEST(name)                                                                           \
    cmocka_unit_test_setup_teardown(name, codex_run_set_up, codex_run_tear_down)

/* A file of its user's. Codex reads them when it starts: with the first prompt. */
void codex_run_write(struct agent_run *run, const char *name, const char *text);
/* More of its config.toml: settings before, tables behind what it has. */
void codex_run_add_settings(struct agent_run *run, const char *lines);
void codex_run_add_tables(struct agent_run *run, const char *lines);
/* Ends the Codex of this test with SIGKILL. */
void codex_run_kill(struct agent_run *run);

#define EVENT            R_EVENT
#define END              R_END
#define SAY              R_SAY
#define CALL             R_CALL
#define RUN(id, command) CALL(id, "exec_command", "{\\\"cmd\\\":\\\"" command "\\\"}")
#define ESCALATE(id, command)                                                                      \
    CALL(id, "exec_command",                                                                       \
        "{\\\"cmd\\\":\\\"" command                                                                \
        "\\\",\\\"sandbox_permissions\\\":\\\"require_escalated\\\",\\\"justification\\\":"        \
        "\\\"I want to\\\"}")
#define PATCH(id, text)                                                                            \
    EVENT("{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"custom_tool_call\","       \
          "\"call_id\":\"" id "\",\"name\":\"apply_patch\",\"input\":\"*** Begin Patch\\n" text    \
          "*** End Patch\"}}")
/* Of the workspace's policy, with a new file. */
#define UPDATE                                                                                     \
    "*** Update File: p/p.rego\\n@@\\n \\tinput.bad\\n-\\tmsg := \\\"bad\\\"\\n+\\tmsg := "        \
    "\\\"bad: mend it\\\"\\n }\\n"                                                                 \
    "*** Add File: q/r/new.rego\\n+package q.r\\n"

#endif
