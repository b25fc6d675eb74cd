/* The apply view on the desk: computed for the workspace with its unsaved texts and for the open
 * proposal, shown over the panes, its decisions opened in the evaluate pane. Loop thread only. */
#ifndef BYLAW_DESK_APPLY_H
#define BYLAW_DESK_APPLY_H

#include "action.h"

#include <stdbool.h>

struct desk;
struct desk_apply;

struct desk_apply *desk_apply_new(struct desk *desk) MUST_USE;
/* Before the panes go. */
void desk_apply_stop(struct desk_apply *apply);
/* After them. */
void desk_apply_free(struct desk_apply *apply);
void desk_apply_show(struct desk_apply *apply);
/* Files changed on disk, or the proposal is another, gone or laid out. */
void desk_apply_files_changed(struct desk_apply *apply);
/* A text that is not saved is another. */
void desk_apply_text_changed(struct desk_apply *apply);
void desk_apply_proposal_changed(struct desk_apply *apply);

/* With the struct desk_apply as data. */
extern const struct action_set desk_apply_actions;

#endif
