/* Beginning a policy repository from the desk: the questions of `bylaw init` (starter/choice.h) in
 * boxes; then new files are written at once or reviewed first, and what is there already and
 * differs is never written but proposed. Loop thread only. */
#ifndef BYLAW_DESK_INIT_H
#define BYLAW_DESK_INIT_H

#include "action.h"

#include <stdbool.h>

struct desk;
struct desk_init;

struct desk_init *desk_init_new(struct desk *desk) MUST_USE;
void desk_init_free(struct desk_init *init);

/* The folder holds nothing yet: the chat offers to begin. */
bool desk_init_is_empty(const struct desk *desk);
void desk_init_begin(struct desk_init *init);

/* With the desk as data. */
extern const struct action_set init_actions;

#endif
