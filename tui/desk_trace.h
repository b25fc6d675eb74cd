/* The controls of the workspace and what implements them, as a list to filter and to go to places
 * from (control/lineage.h). The matrix and the history are read on workers, the rows are made in
 * slices. Loop thread only. */
#ifndef BYLAW_DESK_TRACE_H
#define BYLAW_DESK_TRACE_H

#include "action.h"

struct desk;
struct desk_trace;

/* Before the app goes, which closes an open list: what is being made is shown to nobody. */
void desk_trace_stop(struct desk *desk);

/* With the desk as data. */
extern const struct action_set trace_actions;

#endif
