#include "action.h"

const char *action_why_not(const struct action *action, void *pane)
{
    return action->why_not == NULL ? NULL : action->why_not(pane);
}
