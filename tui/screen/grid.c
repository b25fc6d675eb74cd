#include "screen/grid.h"

#include "base/safe.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

#define GRID_MAX_ROWS 1000
#define GRID_MAX_COLS 2000

struct grid {
    struct cell *cells;
    int rows, cols;
    int cursor_row, cursor_col;
    bool cursor_shown;
    enum cursor_shape cursor_shape;
    bool ascii;
};

static const struct cell blank = {.width = 1, .style = {STYLE_TEXT, STYLE_NONE, 0}};

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

struct grid *grid_new(int rows, int cols)
{
    struct grid *grid = MEM_NEW(struct grid);
    grid_resize(grid, rows, cols);
    return grid;
}

void grid_free(struct grid *grid)
{
    if (grid != NULL) {
        free(grid->cells);
        free(grid);
    }
}

void grid_resize(struct grid *grid, int rows, int cols)
{
    rows = clamp(rows, 1, GRID_MAX_ROWS);
    cols = clamp(cols, 1, GRID_MAX_COLS);
    if (rows != grid->rows || cols != grid->cols) {
        grid->cells =
            mem_realloc_array(grid->cells, (size_t)rows * (size_t)cols, sizeof *grid->cells);
        grid->rows = rows;
        grid->cols = cols;
    }
    grid_clear(grid);
}

void grid_clear(struct grid *grid)
{
    size_t count = (size_t)grid->rows * (size_t)grid->cols;
    for (size_t i = 0; i < count; i++) {
        grid->cells[i] = blank;
    }
    grid->cursor_shown = false;
    grid->cursor_shape = CURSOR_DEFAULT;
}

int grid_rows(const struct grid *grid)
{
    return grid->rows;
}

int grid_cols(const struct grid *grid)
{
    return grid->cols;
}

static struct cell *cell_at(const struct grid *grid, int row, int col)
{
    return &grid->cells[(size_t)row * (size_t)grid->cols + (size_t)col];
}

const struct cell *grid_cell(const struct grid *grid, int row, int col)
{
    if (row < 0 || col < 0 || row >= grid->rows || col >= grid->cols) {
        return NULL;
    }
    return cell_at(grid, row, col);
}

void grid_set_ascii(struct grid *grid, bool ascii)
{
    grid->ascii = ascii;
}

bool grid_is_ascii(const struct grid *grid)
{
    return grid->ascii;
}

struct region grid_region(struct grid *grid)
{
    return (struct region){grid, {0, 0, grid->rows, grid->cols}, 0, 0};
}

struct region region_sub(struct region region, int row, int col, int rows, int cols)
{
    row += region.row_shift;
    col += region.col_shift;
    struct region sub = {.grid = region.grid};
    int top = clamp(row, 0, region.rect.rows);
    int left = clamp(col, 0, region.rect.cols);
    int bottom = clamp(rows < 0 ? row : row + rows, top, region.rect.rows);
    int right = clamp(cols < 0 ? col : col + cols, left, region.rect.cols);
    sub.rect =
        (struct rect){region.rect.row + top, region.rect.col + left, bottom - top, right - left};
    sub.row_shift = row < 0 ? row : 0;
    sub.col_shift = col < 0 ? col : 0;
    return sub;
}

/* A wide cell that loses one of its halves becomes blank. */
static void break_wide(struct grid *grid, int row, int col)
{
    struct cell *cell = cell_at(grid, row, col);
    if (cell->width == 0 && col > 0) {
        struct cell *left = cell_at(grid, row, col - 1);
        left->len = 0;
        left->width = 1;
    } else if (cell->width == 2 && col + 1 < grid->cols) {
        struct cell *right = cell_at(grid, row, col + 1);
        right->len = 0;
        right->width = 1;
    }
}

/* row, col are the grid's own here, and inside it. */
static void set_cell(
    struct grid *grid, int row, int col, struct str text, int width, struct style style)
{
    break_wide(grid, row, col);
    if (width == 2) {
        break_wide(grid, row, col + 1);
    }
    struct cell *cell = cell_at(grid, row, col);
    memset(cell->text, 0, sizeof cell->text);
    memcpy(cell->text, text.ptr, text.len);
    cell->len = (uint8_t)text.len;
    cell->width = (uint8_t)width;
    cell->style = style;
    if (width == 2) {
        struct cell *right = cell_at(grid, row, col + 1);
        memset(right, 0, sizeof *right);
        right->style = style;
    }
}

struct pen {
    struct region region;
    int row, col; /* relative to region.rect */
    struct style style;
};

static void pen_put(struct pen *pen, struct str text, int width, struct style style)
{
    int col = pen->col;
    pen->col += width;
    const struct rect *rect = &pen->region.rect;
    if (pen->row < 0 || pen->row >= rect->rows) {
        return;
    }
    if (col >= 0 && col + width <= rect->cols) {
        set_cell(pen->region.grid, rect->row + pen->row, rect->col + col, text, width, style);
        return;
    }
    for (int i = 0; i < width; i++) {
        if (col + i >= 0 && col + i < rect->cols) {
            set_cell(
                pen->region.grid, rect->row + pen->row, rect->col + col + i, STR_LIT(""), 1, style);
        }
    }
}

static struct style hidden_style(struct style style)
{
    uint16_t under = style.bg != STYLE_NONE ? style.bg : style.fg;
    return (struct style){STYLE_HIDDEN_CHARACTER, under, style.attr};
}

static bool has_hidden(struct str cluster)
{
    size_t at = 0;
    while (at < cluster.len) {
        size_t len;
        if (safe_is_hidden(utf8_decode(str_from(cluster, at), &len))) {
            return true;
        }
        at += len;
    }
    return false;
}

static struct str cut_cluster(struct str cluster, size_t max)
{
    if (cluster.len <= max) {
        return cluster;
    }
    size_t end = max;
    while (end > 0 && ((unsigned char)cluster.ptr[end] & 0xC0u) == 0x80u) {
        end--;
    }
    return str_slice(cluster, 0, end);
}

/* Visible code points that share a cell. */
static void put_visible(struct pen *pen, struct str text)
{
    size_t len;
    int width = utf8_width_cluster(text);
    width = width > 2 ? 2 : width;
    if (utf8_width_cp(utf8_decode(text, &len)) == 0) {
        /* A mark without a base: on a blank, where it can be seen. */
        char padded[CELL_TEXT_MAX] = " ";
        struct str cut = cut_cluster(text, CELL_TEXT_MAX - 1);
        memcpy(padded + 1, cut.ptr, cut.len);
        pen_put(pen, str_make(padded, cut.len + 1), width, pen->style);
    } else {
        pen_put(pen, cut_cluster(text, CELL_TEXT_MAX), width, pen->style);
    }
}

/* A cluster with hidden characters in it: each of them in its visible form. */
static void put_hidden(struct pen *pen, struct str cluster)
{
    size_t start = 0; /* of the visible part */
    size_t at = 0;
    while (at < cluster.len) {
        size_t len;
        int32_t cp = utf8_decode(str_from(cluster, at), &len);
        if (safe_is_hidden(cp)) {
            char shown[SAFE_SHOWN_MAX];
            size_t count = safe_show(cp, (unsigned char)cluster.ptr[at], shown);
            if (at > start) {
                put_visible(pen, str_slice(cluster, start, at));
            }
            for (size_t i = 0; i < count; i++) {
                pen_put(pen, str_make(shown + i, 1), 1, hidden_style(pen->style));
            }
            start = at + len;
        }
        at += len;
    }
    if (start < cluster.len) {
        put_visible(pen, str_from(cluster, start));
    }
}

static void put_cluster(struct pen *pen, struct str cluster)
{
    unsigned char first = (unsigned char)cluster.ptr[0];
    if (cluster.len == 1 && first >= 0x20 && first < 0x7F) {
        pen_put(pen, first == ' ' ? STR_LIT("") : cluster, 1, pen->style);
    } else if (cluster.len == 1 && first == '\t') {
        pen_put(pen, STR_LIT(""), 1, pen->style);
    } else if (has_hidden(cluster)) {
        put_hidden(pen, cluster);
    } else {
        put_visible(pen, cluster);
    }
}

int grid_put(struct region region, int row, int col, struct str text, struct style style)
{
    struct pen pen = {region, row + region.row_shift, col + region.col_shift, style};
    int start = pen.col;
    size_t at = 0;
    while (at < text.len) {
        size_t len = utf8_cluster(str_from(text, at));
        put_cluster(&pen, str_slice(text, at, at + len));
        at += len;
    }
    return pen.col - start;
}

char grid_ascii_mark(struct str cluster)
{
    static const struct {
        const char *text;
        char plain;
    } table[] = {{"✓", '+'}, {"✗", 'x'}, {"○", 'o'}, {"◐", '%'}, {"●", '*'}, {"•", '*'}, {"·", '.'},
        {"…", '~'}, {"▸", '>'}, {"▾", 'v'}, {"›", '>'}, {"─", '-'}, {"━", '='}, {"│", '|'},
        {"┃", '|'}, {"▌", '|'}, {"▎", '|'}, {"┌", '+'}, {"┐", '+'}, {"└", '+'}, {"┘", '+'},
        {"├", '+'}, {"┤", '+'}, {"┬", '+'}, {"┴", '+'}, {"┼", '+'}, {"↑", '^'}, {"↓", 'v'},
        {"→", '>'}, {"←", '<'}, {"−", '-'}, {"–", '-'}, {"—", '-'}, {"×", 'x'}, {"✎", '#'},
        {"≥", '>'}, {"▶", '>'}, {"◂", '<'}, {"‹", '<'}, {"»", '>'}, {"⋯", '~'}, {"⋮", ':'},
        {"∅", '0'}, {"↪", '>'}, {"↔", '-'}, {"␍", 'r'}, {"⍽", '_'}, {"“", '"'}, {"”", '"'},
        {"‘", '\''}, {"’", '\''}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (str_equal_c(cluster, table[i].text)) {
            return table[i].plain;
        }
    }
    return '\0';
}

/* Marks that were put down as one column must not become two. */
static int put_marks(struct region region, int row, int col, struct str text, struct style style)
{
    int used = 0;
    for (size_t at = 0, len; at < text.len; at += len) {
        struct str cluster = str_from(text, at);
        len = cluster.len = utf8_cluster(cluster);
        char mark = grid_ascii_mark(cluster);
        used +=
            grid_put(region, row, col + used, mark == '\0' ? cluster : str_make(&mark, 1), style);
    }
    return used;
}

int grid_put_c(struct region region, int row, int col, const char *text, struct style style)
{
    return region.grid->ascii ? put_marks(region, row, col, str_of(text), style)
                              : grid_put(region, row, col, str_of(text), style);
}

int grid_printf(struct region region, int row, int col, struct style style, const char *fmt, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    int used = grid_put(region, row, col, buf_str(&text), style);
    buf_free(&text);
    return used;
}

int grid_put_fit(
    struct region region, int row, int col, int cols, struct str text, struct style style)
{
    if (cols <= 0) {
        return 0;
    }
    struct str fit = utf8_fit(text, (size_t)cols);
    if (fit.len == text.len) {
        return grid_put(region, row, col, text, style);
    }
    fit = utf8_fit(text, (size_t)cols - 1);
    int used = grid_put(region, row, col, fit, style);
    return used + grid_put_c(region, row, col + used, region.grid->ascii ? "~" : "…", style);
}

int grid_put_fit_end(
    struct region region, int row, int col, int cols, struct str text, struct style style)
{
    if (cols <= 0) {
        return 0;
    }
    size_t width = utf8_width(text);
    if (width <= (size_t)cols) {
        return grid_put(region, row, col, text, style);
    }
    while (width > (size_t)cols - 1 && text.len > 0) {
        size_t len = utf8_cluster(text);
        width -= (size_t)utf8_width_cluster(str_slice(text, 0, len));
        text = str_from(text, len);
    }
    int used = grid_put_c(region, row, col, region.grid->ascii ? "~" : "…", style);
    return used + grid_put(region, row, col + used, text, style);
}

void grid_fill_row(struct region region, int row, struct style style)
{
    row += region.row_shift;
    if (row < 0 || row >= region.rect.rows) {
        return;
    }
    for (int col = 0; col < region.rect.cols; col++) {
        set_cell(region.grid, region.rect.row + row, region.rect.col + col, STR_LIT(""), 1, style);
    }
}

void grid_fill(struct region region, struct style style)
{
    for (int row = 0; row < region_rows(region); row++) {
        grid_fill_row(region, row, style);
    }
}

void grid_repeat(
    struct region region, int row, int col, int cols, const char *cluster, struct style style)
{
    for (int i = 0; i < cols; i++) {
        grid_put_c(region, row, col + i, cluster, style);
    }
}

void grid_overlay(
    struct region region, int row, int col, int cols, enum style_id under, unsigned attr)
{
    row += region.row_shift;
    col += region.col_shift;
    if (row < 0 || row >= region.rect.rows) {
        return;
    }
    int end = clamp(col + cols, 0, region.rect.cols);
    for (int at = clamp(col, 0, region.rect.cols); at < end; at++) {
        struct cell *cell = cell_at(region.grid, region.rect.row + row, region.rect.col + at);
        if (under != STYLE_NONE) {
            cell->style.bg = (uint16_t)under;
        }
        cell->style.attr = (uint16_t)(cell->style.attr | attr);
    }
}

void grid_hline(struct region region, int row, int col, int cols, struct style style)
{
    grid_repeat(region, row, col, cols, region.grid->ascii ? "-" : "─", style);
}

void grid_vline(struct region region, int row, int col, int rows, struct style style)
{
    for (int i = 0; i < rows; i++) {
        grid_put_c(region, row + i, col, region.grid->ascii ? "|" : "│", style);
    }
}

struct region grid_box(struct region region, const char *title, struct style style)
{
    int rows = region_rows(region);
    int cols = region_cols(region);
    bool ascii = region.grid->ascii;
    grid_hline(region, 0, 1, cols - 2, style);
    grid_hline(region, rows - 1, 1, cols - 2, style);
    grid_vline(region, 1, 0, rows - 2, style);
    grid_vline(region, 1, cols - 1, rows - 2, style);
    grid_put_c(region, 0, 0, ascii ? "+" : "┌", style);
    grid_put_c(region, 0, cols - 1, ascii ? "+" : "┐", style);
    grid_put_c(region, rows - 1, 0, ascii ? "+" : "└", style);
    grid_put_c(region, rows - 1, cols - 1, ascii ? "+" : "┘", style);
    if (title != NULL && cols > 6) {
        struct style look = style_on(STYLE(TITLE_FOCUS), (enum style_id)style.fg);
        int used = grid_put_fit(region, 0, 3, cols - 6, str_of(title), look);
        grid_put_c(region, 0, 2, " ", look);
        grid_put_c(region, 0, 3 + used, " ", look);
    }
    return region_sub(region, 1, 1, rows - 2, cols - 2);
}

void grid_set_cursor(struct region region, int row, int col)
{
    row += region.row_shift;
    col += region.col_shift;
    if (row >= 0 && col >= 0 && row < region.rect.rows && col < region.rect.cols) {
        region.grid->cursor_row = region.rect.row + row;
        region.grid->cursor_col = region.rect.col + col;
        region.grid->cursor_shown = true;
    }
}

void grid_hide_cursor(struct grid *grid)
{
    grid->cursor_shown = false;
    grid->cursor_shape = CURSOR_DEFAULT;
}

void grid_set_cursor_shape(struct grid *grid, enum cursor_shape shape)
{
    grid->cursor_shape = shape;
}

enum cursor_shape grid_cursor_shape(const struct grid *grid)
{
    return grid->cursor_shape;
}

bool grid_cursor(const struct grid *grid, int *row, int *col)
{
    *row = grid->cursor_row;
    *col = grid->cursor_col;
    return grid->cursor_shown;
}

static void append_cell(struct buf *out, const struct cell *cell)
{
    if (cell->len > 0) {
        buf_append(out, cell->text, cell->len);
    } else if (cell->width > 0) {
        buf_append_char(out, ' ');
    }
}

void grid_dump_text(const struct grid *grid, struct buf *out)
{
    for (int row = 0; row < grid->rows; row++) {
        size_t start = out->len;
        for (int col = 0; col < grid->cols; col++) {
            append_cell(out, cell_at(grid, row, col));
        }
        while (out->len > start && out->ptr[out->len - 1] == ' ') {
            out->len--;
        }
        buf_append_char(out, '\n');
    }
}

static void append_style(struct buf *out, struct style style)
{
    static const char letters[] = "burids";
    buf_append_c(out, style_name(style.fg));
    if (style.bg != STYLE_NONE) {
        buf_printf(out, "/%s", style_name(style.bg));
    }
    if (style.attr != 0) {
        buf_append_char(out, '+');
        for (unsigned i = 0; i < sizeof letters - 1; i++) {
            if ((style.attr & (1u << i)) != 0) {
                buf_append_char(out, letters[i]);
            }
        }
    }
}

void grid_dump_styles(const struct grid *grid, struct buf *out)
{
    for (int row = 0; row < grid->rows; row++) {
        int col = 0;
        while (col < grid->cols) {
            struct style style = cell_at(grid, row, col)->style;
            int end = col + 1;
            while (end < grid->cols && style_equal(cell_at(grid, row, end)->style, style)) {
                end++;
            }
            if (!style_equal(style, STYLE(TEXT))) {
                buf_printf(out, "%d %d-%d ", row, col, end - 1);
                append_style(out, style);
                buf_append_char(out, ' ');
                for (int at = col; at < end; at++) {
                    append_cell(out, cell_at(grid, row, at));
                }
                buf_append_char(out, '\n');
            }
            col = end;
        }
    }
}
