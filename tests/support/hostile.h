/* A copy of tests/workspaces/hostile as a git repository, with a recorded agent that obeys it. */
#ifndef BYLAW_TEST_HOSTILE_H
#define BYLAW_TEST_HOSTILE_H

#include <stddef.h>

/* Makes it in `folder`, which does not exist yet. Its prompt is "Help me.". */
void hostile_make(const char *folder);
/* The patches of the agent's that lead out of the workspace come first, this many. */
extern const size_t hostile_patch_count;

#endif
