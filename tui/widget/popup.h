/* What floats beside the cursor: a list that narrows while one types, and where such a box has its
 * place. Knows nothing of what the rows mean. Loop thread only. */
#ifndef BYLAW_WIDGET_POPUP_H
#define BYLAW_WIDGET_POPUP_H

#include "screen/grid.h"
#include "screen/input.h"

/* A place for `want_rows` × `want_cols` beside the cell row, col of an area: below it where all of
 * it fits or where there is more room than above, else above; moved to the left until it fits, and
 * cut to the area. It never covers the cell's row; rows is 0 when there is no room at all. */
struct rect popup_place(int rows, int cols, int row, int col, int want_rows, int want_cols);
/* The same beside another box, for more about it: to its right, else to its left; cols is 0 when
 * neither has `least` columns. */
struct rect popup_place_beside(int cols, struct rect box, int least, int most);

/* Strings are owned; of any origin. */
struct popup_item {
    char letter;   /* of what kind it is: 'f' a function */
    char *label;   /* shown and matched */
    char *detail;  /* dim, behind it; may be NULL */
    int score;     /* higher is better, among those that match alike */
    size_t number; /* the owner's */
};

struct popup;

struct popup *popup_new(void) MUST_USE;
void popup_free(struct popup *popup);
void popup_clear(struct popup *popup);
/* Takes the item's strings over. popup_filter must be called before anything is shown. */
void popup_add(struct popup *popup, struct popup_item item);
/* Shown is what matches: its letters in order, a beginning before beginnings of words before the
 * rest. The chosen row is the first again when the text is another. Returns how many match. */
size_t popup_filter(struct popup *popup, struct str typed);
size_t popup_count(const struct popup *popup);
/* A shown row, best first. Borrowed; NULL past the end. */
const struct popup_item *popup_at(const struct popup *popup, size_t index);
/* The chosen one; NULL when nothing matches. */
const struct popup_item *popup_chosen(const struct popup *popup);
/* The box is as wide as what stands behind the labels, as far as there is room; else it stops at 30
 * columns of that. */
void popup_set_wide(struct popup *popup);
/* Up, Down (around the ends), Page Up, Page Down; false: not for a list. */
bool popup_key(struct popup *popup, const struct key *key);
void popup_move(struct popup *popup, long rows);

/* Paints at the cell that the text to be completed begins at; returns the box (of the region) it
 * took, rows 0 for none. */
struct rect popup_draw(struct popup *popup, struct region region, int row, int col);

#endif
