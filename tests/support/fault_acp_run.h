/* A workbench whose agent is the one that misbehaves (tests/tools/fault_acp.c). */
#ifndef BYLAW_FAULT_ACP_RUN_H
#define BYLAW_FAULT_ACP_RUN_H

#include "agent_run.h"

int fault_acp_set_up(void **state);
int fault_acp_tear_down(void **state);
/* The agent as its argument says; `session` as of agent_run_open. */
void fault_acp_open(struct agent_run *run, const char *mode, const char *session);

#endif
