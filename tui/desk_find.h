/* What the finder finds on the desk: files, symbols, lines, tests, past prompts. Loop thread only.
 */
#ifndef BYLAW_DESK_FIND_H
#define BYLAW_DESK_FIND_H

#include "action.h"

struct desk;
struct desk_find;

struct desk_find *desk_find_new(struct desk *desk) MUST_USE;
void desk_find_free(struct desk_find *find);
/* The file is being looked at: it comes first when nothing is typed. */
void desk_find_note(struct desk_find *find, const char *path);

/* With the struct desk_find as data. */
extern const struct action_set find_actions;

#endif
