/* The real agents, set up with a home of their own and the test's server as their model. */
#ifndef BYLAW_AGENT_SETUP_H
#define BYLAW_AGENT_SETUP_H

#include "agent_run.h"

/* The Codex CLI from tests/node, which does not try again by itself. */
void agent_setup_codex(struct agent_run *run);
/* The opencode from tests/node, confined by the bylaw that was built, which asks before it edits or
 * runs. False: npm has none for this machine. */
bool agent_setup_opencode(struct agent_run *run);
/* Our own agent on a wire ("responses", "chat"), with the test's server. */
void agent_setup_builtin(struct agent_run *run, const char *wire);

#endif
