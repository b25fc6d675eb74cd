/* The stages of the workspace's policies as a list, and the promotion of the one under the cursor:
 * its evidence is gathered and shown, and where it holds the change becomes a proposal
 * (rollout/promote.h). Loop thread only. */
#ifndef BYLAW_DESK_ROLLOUT_H
#define BYLAW_DESK_ROLLOUT_H

#include "action.h"

struct desk;
struct desk_rollout;

struct desk_rollout *desk_rollout_new(struct desk *desk) MUST_USE;
/* Stops the checks that run. Nothing may be on a worker any more. */
void desk_rollout_free(struct desk_rollout *rollout);

extern const struct action_set rollout_actions;

#endif
