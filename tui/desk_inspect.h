/* What `opa inspect` says of the Rego file in focus, as it is on the screen, in a box to read. */
#ifndef BYLAW_DESK_INSPECT_H
#define BYLAW_DESK_INSPECT_H

#include "action.h"

struct desk;

/* Before the desk goes: what is being asked is not told any more. */
void desk_inspect_stop(struct desk *desk);

/* With the desk as data. */
extern const struct action_set inspect_actions;

#endif
