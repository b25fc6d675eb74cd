/* The cursor and scroll position of a list of any length, drawn row by row through a callback: only
 * visible rows cost anything. Plain data, no ownership. */
#ifndef BYLAW_WIDGET_LIST_H
#define BYLAW_WIDGET_LIST_H

#include "screen/grid.h"
#include "screen/input.h"

struct list {
    size_t count;
    size_t cursor; /* < count, or 0 */
    size_t top;    /* first row shown */
    int rows;      /* shown at the last draw */
    int margin;    /* rows kept between cursor and edge; 0 is fine */
};

/* Keeps cursor and scroll position inside. */
void list_set_count(struct list *list, size_t count);
void list_set_cursor(struct list *list, size_t cursor);
void list_move(struct list *list, long delta);
/* Scrolls without moving the cursor unless it would leave the view. */
void list_scroll(struct list *list, long rows);
/* Arrows, j k, PgUp PgDn, ^U ^D, g G, Home End; UI_ flags. The letters only when `letters`. */
unsigned list_key(struct list *list, const struct key *key, bool letters);
/* Wheel and click; *clicked (may be NULL) is true when a row was double-clicked. */
unsigned list_mouse(struct list *list, const struct mouse *mouse, bool *opened);
/* Calls draw_row for each visible row with a region one row high (already filled, with the cursor
 * line's background for the cursor's row), then draws a scrollbar when it does not all fit. */
void list_draw(struct list *list, struct region region, bool focused,
    void (*draw_row)(void *data, size_t index, struct region row, bool cursor), void *data);

#endif
