/* The transcript as the chat shows it: blocks that fold, a scroll position that stands still while
 * text arrives below, a cursor on one block.
 *
 * Each block's lines are kept; only the block that grows is rendered again, and of its Markdown
 * only the last paragraphs. Blocks out of sight are not rendered until they are scrolled to. */
#ifndef BYLAW_PANE_CHAT_VIEW_H
#define BYLAW_PANE_CHAT_VIEW_H

#include "agent/session.h"
#include "screen/grid.h"

struct chat_view;

/* The transcript is borrowed for the view's life. */
struct chat_view *chat_view_new(const struct transcript *transcript) MUST_USE;
void chat_view_free(struct chat_view *view);

/* Draws at the scroll position. `browsing` shows the cursor. now_ms moves spinners. */
void chat_view_draw(struct chat_view *view, struct region region, bool browsing, uint64_t now_ms);

/* Screen rows; up leaves the end, down to the end follows it again. */
void chat_view_scroll(struct chat_view *view, long rows);
void chat_view_to_start(struct chat_view *view);
void chat_view_follow(struct chat_view *view);
bool chat_view_is_following(const struct chat_view *view);
/* Rows below the view (of what was not rendered yet, estimated). */
size_t chat_view_rows_below(const struct chat_view *view);
/* Rows shown at the last draw. */
int chat_view_rows(const struct chat_view *view);

/* The entry with the cursor; NULL when there is none. */
const struct entry *chat_view_selected(const struct chat_view *view);
/* Moves the cursor by entries and brings it into view; with no cursor yet, to the last entry. */
void chat_view_select(struct chat_view *view, long step);
void chat_view_select_none(struct chat_view *view);
/* Puts the cursor on the entry at a row of the last draw; *head is true on its first line. */
const struct entry *chat_view_select_at(struct chat_view *view, int row, bool *head);

/* Looks for a text (base/find.h) and marks it wherever it is shown: step 0 from the place found
 * last, or from the end, upwards; -1 further up, 1 down, around the ends. Opens the fold it is in,
 * shows it and puts the cursor there. An empty one ends the search. False: it is nowhere. */
bool chat_view_find(struct chat_view *view, struct str needle, int step);

bool chat_view_can_fold(const struct entry *entry);
bool chat_view_is_folded(const struct chat_view *view, const struct entry *entry);
void chat_view_toggle(struct chat_view *view, const struct entry *entry);
/* All foldable blocks at once: unfolds when any is folded. */
void chat_view_toggle_all(struct chat_view *view);

#endif
