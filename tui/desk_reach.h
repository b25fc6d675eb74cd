/* Which tests reach the line under the cursor: asked of opa test by test when it is wanted, then
 * kept until something changes (engine/runner.h, runner_ask_reach). */
#ifndef BYLAW_DESK_REACH_H
#define BYLAW_DESK_REACH_H

#include "action.h"

struct desk;

/* The board changed: what was asked for may be there. */
void desk_reach_changed(struct desk *desk);

/* With the desk as data. */
extern const struct action_set reach_actions;

#endif
