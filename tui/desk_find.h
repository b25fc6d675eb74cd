/* What the finder finds on the desk: files, symbols, lines, tests, past prompts. Loop thread only.
 */
#ifndef BYLAW_DESK_FIND_H
#define BYLAW_DESK_FIND_H

#include "action.h"

struct desk;
struct desk_find;

struct desk_find *desk_find_new(struct desk *desk) MUST_USE;
/* Files of the workspace came, went or changed. */
void desk_find_files_changed(struct desk_find *find);
/* More or other symbols of the workspace are known. */
void desk_find_symbols_changed(struct desk_find *find);
void desk_find_free(struct desk_find *find);

/* With the struct desk_find as data. */
extern const struct action_set find_actions;

#endif
