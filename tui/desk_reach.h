/* Which tests reach the line under the cursor: asked of opa test by test when it is wanted, then
 * kept until something changes (engine/runner.h, runner_ask_reach). */
#ifndef BYLAW_DESK_REACH_H
#define BYLAW_DESK_REACH_H

#include "action.h"

#include <stdbool.h>

struct buf;
struct desk;

enum reach_known {
    REACH_NOTHING, /* no line of Rego that can be evaluated */
    REACH_ASKED,   /* opa is being asked, or tests run first: again when the board has changed */
    REACH_SAID
};
/* Asks which tests reach the line, where that is not known yet, and appends the answer as Markdown:
 * how many, the first of them, and the key that lists them all. `path` may be NULL. */
enum reach_known desk_reach_append(
    struct desk *desk, const char *path, unsigned row, struct buf *out);
bool desk_reach_is_asked(const struct desk *desk);

/* The board changed: what was asked for may be there. */
void desk_reach_changed(struct desk *desk);

/* With the desk as data. */
extern const struct action_set reach_actions;

#endif
