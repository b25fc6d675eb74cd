/* A grid of character cells: what a frame looks like, before any terminal. No curses here; tests
 * read the grid.
 *
 * Coordinates count from 0, row before column. Painting goes through a region, a rectangle of the
 * grid: positions are relative to it, nothing is painted outside it, and no position is an error.
 * Text is UTF-8 of any origin: it is painted cluster by cluster, hidden characters and bad bytes in
 * their visible form (safe.h, in STYLE_HIDDEN_CHARACTER), so that no escape sequence can come out
 * of a cell. */
#ifndef BYLAW_SCREEN_GRID_H
#define BYLAW_SCREEN_GRID_H

#include "base/str.h"
#include "screen/style.h"

#define CELL_TEXT_MAX 26

struct cell {
    char text[CELL_TEXT_MAX]; /* one cluster; a longer one is cut after a whole code point */
    uint8_t len;              /* 0: blank */
    uint8_t width;            /* 1 or 2; 0: the right half of the wide cell before */
    struct style style;
};

struct grid;

struct rect {
    int row, col, rows, cols;
};

struct region {
    struct grid *grid;
    struct rect rect; /* in the grid; always inside it */
    /* Where the region's own (0, 0) is relative to rect: negative when its top or left was cut. */
    int row_shift, col_shift;
};

/* Sizes are at least 1 and at most 1,000 rows and 2,000 columns (more is cut to that). */
struct grid *grid_new(int rows, int cols) MUST_USE;
void grid_free(struct grid *grid);
/* Everything becomes blank. */
void grid_resize(struct grid *grid, int rows, int cols);
void grid_clear(struct grid *grid);
int grid_rows(const struct grid *grid);
int grid_cols(const struct grid *grid);
/* Borrowed, until the next resize; NULL outside. */
const struct cell *grid_cell(const struct grid *grid, int row, int col);

struct region grid_region(struct grid *grid);
/* The part of `region` at row, col with the given size, cut to the region. */
struct region region_sub(struct region region, int row, int col, int rows, int cols);
static inline int region_rows(struct region region)
{
    return region.rect.rows + (region.row_shift < 0 ? -region.row_shift : 0);
}
static inline int region_cols(struct region region)
{
    return region.rect.cols + (region.col_shift < 0 ? -region.col_shift : 0);
}

/* Paints text from row, col to the right and returns the columns it takes, also those cut off at
 * the region's edges (a wide character that would be cut in half is painted as blanks). TAB is one
 * blank: whoever wants tab stops expands it. */
int grid_put(struct region region, int row, int col, struct str text, struct style style);
int grid_put_c(struct region region, int row, int col, const char *text, struct style style);
int grid_printf(struct region region, int row, int col, struct style style, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
/* As grid_put in at most `cols` columns: longer text ends in "…"; shorter is not filled up. */
int grid_put_fit(
    struct region region, int row, int col, int cols, struct str text, struct style style);
/* As grid_put_fit, cut at the front ("…end"): for paths. */
int grid_put_fit_end(
    struct region region, int row, int col, int cols, struct str text, struct style style);
/* Blanks. */
void grid_fill(struct region region, struct style style);
void grid_fill_row(struct region region, int row, struct style style);
/* The same cluster `cols` times. */
void grid_repeat(
    struct region region, int row, int col, int cols, const char *cluster, struct style style);
/* Lays a meaning's background (STYLE_NONE: leave) and attributes over what is painted already. */
void grid_overlay(
    struct region region, int row, int col, int cols, enum style_id under, unsigned attr);

/* Line drawing; `ascii` terminals get - | +. */
void grid_hline(struct region region, int row, int col, int cols, struct style style);
void grid_vline(struct region region, int row, int col, int rows, struct style style);
/* A frame along the region's edge with a title in its top line (may be NULL); returns the inside.
 */
struct region grid_box(struct region region, const char *title, struct style style);
/* Paints + - | in place of line characters, and plain marks for what grid_put_c is given: set from
 * the locale and --ascii, and where a terminal draws lines and marks two columns wide. */
void grid_set_ascii(struct grid *grid, bool ascii);
/* What stands for a mark of ours where there is only ASCII; '\0': it is none. */
char grid_ascii_mark(struct str cluster);
bool grid_is_ascii(const struct grid *grid);

/* The terminal's cursor: hidden unless set in this frame and inside the region. */
void grid_set_cursor(struct region region, int row, int col);
void grid_hide_cursor(struct grid *grid);
/* How it looks, where the terminal can (DECSCUSR): the terminal's own way unless set in this frame.
 */
enum cursor_shape { CURSOR_DEFAULT = 0, CURSOR_BLOCK = 2, CURSOR_UNDERLINE = 4, CURSOR_BAR = 6 };
void grid_set_cursor_shape(struct grid *grid, enum cursor_shape shape);
enum cursor_shape grid_cursor_shape(const struct grid *grid);
bool grid_cursor(const struct grid *grid, int *row, int *col);

/* For tests and reports. Text: rows with trailing blanks cut, each ended by LF. Styles: one line
 * "row col-col style text" per run of one style that is not plain text. Both append. */
void grid_dump_text(const struct grid *grid, struct buf *out);
void grid_dump_styles(const struct grid *grid, struct buf *out);

#endif
