/* What is known of policies, in the editor: where a name is defined and used, what it is, what can
 * stand at the cursor, formatting, language servers. Its actions are the editor's; what floats
 * beside the cursor is its own. Loop thread only. */
#ifndef BYLAW_DESK_ASSIST_H
#define BYLAW_DESK_ASSIST_H

#include "action.h"

#include <stdbool.h>
#include <stddef.h>

struct assist;
struct desk;

/* After the desk's panes are there. */
struct assist *assist_new(struct desk *desk) MUST_USE;
/* Before the panes go: nothing is asked or shown any more. */
void assist_stop(struct assist *assist);
/* After them: files are closed with it. */
void assist_free(struct assist *assist);
/* More of the workspace's symbols are known. */
void assist_catalog_changed(struct assist *assist);
/* Files changed on disk: the language servers are told. In WORKBENCH_FILES only. */
void assist_files_changed(struct assist *assist);
/* Which tests reach the line that is told about may be known now. */
void assist_reach_changed(struct assist *assist);
/* "index 120/800" while the workspace's symbols are being read; else appends nothing. */
struct buf;
void assist_append_progress(const struct assist *assist, struct buf *out);
/* What the language servers can do about the cursor's line, as a menu; `ours` (may be NULL) stands
 * first and calls `run`. False: none can be asked. */
bool assist_offer_fixes(
    struct assist *assist, const char *ours, void (*run)(void *data), void *data);
bool assist_can_fix(const struct assist *assist);

extern const struct action_set assist_actions;

#endif
