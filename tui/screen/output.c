#include "screen/output.h"

#include "base/safe.h"
#include "base/utf8.h"
#include "screen/rescue.h"
#include "screen/terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* Unchanged cells between two changes that are cheaper to write again than to jump over. */
#define GAP 4
/* How long giving the terminal back waits for a slow one. */
#define CLOSE_WAIT_MS 500

struct output {
    struct terminal terminal;
    struct cell *shown; /* what the terminal shows; style.fg STYLE_NONE: blank after a clear */
    int rows, cols;
    bool cleared;
    const struct theme *theme; /* of what is shown */
    bool mouse;
    bool suspended;
    bool gone;
    bool cursor_shown;
    int cursor_row, cursor_col;
    enum cursor_shape cursor_shape;
    struct buf frame;   /* being made */
    struct buf pending; /* made, not taken by the terminal yet */
    size_t sent;        /* of pending */
    size_t bytes, frames;
    /* While painting: where the terminal's cursor is (-1: unknown) and how it writes. */
    int at_row, at_col;
    struct style pen;
    struct look pen_look; /* what `pen` comes to */
    bool pen_known;
};

bool output_flush(struct output *output)
{
    while (output->sent < output->pending.len) {
        ssize_t n = write(output->terminal.fd, output->pending.ptr + output->sent,
            output->pending.len - output->sent);
        if (n > 0) {
            output->sent += (size_t)n;
            output->bytes += (size_t)n;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return true;
        } else if (n < 0 && errno != EINTR) {
            output->gone = true;
            break;
        }
    }
    buf_clear(&output->pending);
    output->sent = 0;
    return !output->gone;
}

static void send_bytes(struct output *output, struct str bytes)
{
    buf_append_str(&output->pending, bytes);
    output_flush(output);
}

/* Sends all, waiting for a slow terminal a little: only when it is given back. */
static void drain(struct output *output)
{
    struct pollfd poll_fd = {.fd = output->terminal.fd, .events = POLLOUT};
    while (output_flush(output) && output_is_blocked(output)) {
        if (poll(&poll_fd, 1, CLOSE_WAIT_MS) <= 0) {
            break;
        }
    }
    buf_clear(&output->pending);
    output->sent = 0;
}

static void append_mouse(struct output *output, struct buf *out)
{
    if (output->terminal.modern) {
        /* Buttons and drags, in the form without a limit of columns. */
        buf_append_c(out, output->mouse ? "\033[?1002h\033[?1006h" : "\033[?1006l\033[?1002l");
    }
}

static bool take_terminal(struct output *output, struct err *err)
{
    if (!terminal_raw(&output->terminal, err)) {
        return false;
    }
    rescue_arm(output->terminal.fd, &output->terminal.original, buf_str(&output->terminal.leave));
    send_bytes(output, buf_str(&output->terminal.enter));
    struct buf mouse = BUF_INIT;
    append_mouse(output, &mouse);
    send_bytes(output, buf_str(&mouse));
    buf_free(&mouse);
    output_invalidate(output);
    return true;
}

struct output *output_open(const struct output_options *options, struct err *err)
{
    struct output *output = MEM_NEW(struct output);
    output->mouse = options->mouse;
    if (!terminal_open(&output->terminal, options, err)) {
        free(output);
        return NULL;
    }
    if (!take_terminal(output, err)) {
        terminal_close(&output->terminal);
        free(output);
        return NULL;
    }
    return output;
}

void output_suspend(struct output *output)
{
    if (output->suspended) {
        return;
    }
    output->suspended = true;
    send_bytes(output, buf_str(&output->terminal.leave));
    drain(output);
    terminal_restore(&output->terminal);
    rescue_disarm();
}

void output_resume(struct output *output)
{
    if (output->suspended) {
        output->suspended = false;
        output->gone = !take_terminal(output, NULL) || output->gone;
    }
}

void output_close(struct output *output)
{
    if (output == NULL) {
        return;
    }
    output_suspend(output);
    terminal_close(&output->terminal);
    free(output->shown);
    buf_free(&output->frame);
    buf_free(&output->pending);
    free(output);
}

int output_fd(const struct output *output)
{
    return output->terminal.fd;
}

enum colour_depth output_depth(const struct output *output)
{
    return output->terminal.depth;
}

bool output_size(const struct output *output, int *rows, int *cols)
{
    return terminal_size(&output->terminal, rows, cols);
}

bool output_is_blocked(const struct output *output)
{
    return output->pending.len > output->sent;
}

void output_invalidate(struct output *output)
{
    output->cleared = false;
}

void output_counts(const struct output *output, size_t *bytes, size_t *frames)
{
    *bytes = output->bytes;
    *frames = output->frames;
}

void output_control(struct output *output, struct str bytes)
{
    if (!output->suspended && output->terminal.modern) {
        send_bytes(output, bytes);
    }
}

void output_set_mouse(struct output *output, bool on)
{
    output->mouse = on;
    struct buf bytes = BUF_INIT;
    append_mouse(output, &bytes);
    output_control(output, buf_str(&bytes));
    buf_free(&bytes);
}

void output_set_title(struct output *output, struct str title)
{
    struct buf bytes = BUF_INIT;
    struct buf safe = BUF_INIT;
    safe_append(&safe, title, SAFE_ONE_LINE);
    buf_append_c(&bytes, "\033]2;");
    buf_append_str(&bytes, utf8_fit(buf_str(&safe), 100));
    buf_append_c(&bytes, "\033\\");
    output_control(output, buf_str(&bytes));
    buf_free(&safe);
    buf_free(&bytes);
}

/* More than one code point, or one that terminals disagree about (emoji, ambiguous width taken as
 * wide): after it the cursor's column is not known. */
static bool is_simple(const struct cell *cell)
{
    size_t len;
    int32_t cp = utf8_decode(str_make(cell->text, cell->len), &len);
    bool ideograph = cp >= 0x2E80 && (cp < 0xE000 || cp > 0xF8FF);
    return len == cell->len && cp < 0x1F000 && (cell->width == 1 || ideograph);
}

static void move_to(struct output *output, int row, int col)
{
    if (output->at_row != row || output->at_col != col) {
        terminal_append_move(&output->terminal, &output->frame, row, col);
        output->at_row = row;
        output->at_col = col;
    }
}

static void set_pen(struct output *output, struct style style)
{
    if (output->pen_known && style_equal(output->pen, style)) {
        return;
    }
    struct look look = theme_look(output->theme, style, output->terminal.depth);
    terminal_append_look(
        &output->terminal, &output->frame, look, output->pen_known ? &output->pen_look : NULL);
    output->pen = style;
    output->pen_look = look;
    output->pen_known = true;
}

/* Columns that a terminal may draw a cluster over that joins nothing (a family of emoji, an emoji
 * and its skin), beyond the cell's own. */
static int spill(const struct cell *cell)
{
    int columns = 0;
    size_t len;
    for (size_t at = 0; cell->len > 4 && at < cell->len; at += len) {
        int width = utf8_width_cp(utf8_decode(str_make(cell->text + at, cell->len - at), &len));
        columns += width > 0 ? width : 0;
    }
    return columns > cell->width ? columns - cell->width : 0;
}

static void write_cell(struct output *output, int row, int col, const struct cell *cell)
{
    move_to(output, row, col);
    set_pen(output, cell->style);
    struct buf *frame = &output->frame;
    if (cell->len == 0) {
        buf_append_char(frame, ' ');
        output->at_col += 1;
    } else if (cell->len == 1) {
        buf_append_char(frame, cell->text[0]);
        output->at_col += 1;
    } else if (output->terminal.ascii) {
        char mark = grid_ascii_mark(str_make(cell->text, cell->len));
        buf_append_char(frame, mark == '\0' ? '?' : mark);
        buf_append_repeat(frame, ' ', cell->width - 1u);
        output->at_col += cell->width;
    } else if (is_simple(cell)) {
        buf_append(frame, cell->text, cell->len);
        output->at_col += cell->width;
    } else {
        /* Blanks first: should the terminal draw it narrower, nothing old is left beside it. */
        buf_append_repeat(frame, ' ', cell->width);
        terminal_append_move(&output->terminal, frame, row, col);
        /* What is drawn beyond the last column must not go on in the next row. */
        bool over = output->terminal.modern && col + cell->width + spill(cell) > output->cols;
        buf_append_c(frame, over ? "\033[?7l" : "");
        buf_append(frame, cell->text, cell->len);
        buf_append_c(frame, over ? "\033[?7h" : "");
        output->at_row = -1;
    }
    if (output->at_col >= output->cols) {
        output->at_row = -1; /* in the margin: terminals differ in where that is */
    }
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->len == b->len && a->width == b->width && style_equal(a->style, b->style) &&
           memcmp(a->text, b->text, a->len) == 0;
}

_Static_assert(
    sizeof(struct cell) == CELL_TEXT_MAX + 2 + sizeof(struct style) && sizeof(struct style) == 6,
    "cells are compared by their bytes: none may lie between their parts");

static void paint_row(struct output *output, const struct grid *grid, int row)
{
    struct cell *shown = output->shown + (size_t)row * (size_t)output->cols;
    const struct cell *wanted = grid_cell(grid, row, 0);
    int col = 0;
    /* Most rows are as they were: their bytes are. Cells with equal bytes are the same. */
    if (memcmp(shown, wanted, (size_t)output->cols * sizeof *wanted) == 0) {
        return;
    }
    while (col < output->cols) {
        if (same_cell(&shown[col], &wanted[col])) {
            col++;
            continue;
        }
        if (wanted[col].width == 0 && col > 0) {
            col--; /* the right half changed: write the whole character */
        }
        /* From here to the last change that is not more than GAP behind another. */
        int last = col;
        for (int i = col; i < output->cols && i - last <= GAP; i++) {
            if (!same_cell(&shown[i], &wanted[i])) {
                last = i;
            }
        }
        for (; col <= last; col++) {
            if (wanted[col].width > 0) {
                write_cell(output, row, col, &wanted[col]);
                int reach = col + wanted[col].width - 1 + spill(&wanted[col]);
                last = reach > last && spill(&wanted[col]) > 0 ? reach : last;
                last = last < output->cols ? last : output->cols - 1;
            }
            shown[col] = wanted[col];
        }
    }
}

static bool is_default(struct look look)
{
    return look.bg == COLOUR_DEFAULT && (look.attr & (ATTR_REVERSE | ATTR_UNDERLINE)) == 0;
}

/* Clears the terminal; what would be blank there is known to be so. */
static void start_over(struct output *output, const struct grid *grid)
{
    output->rows = grid_rows(grid);
    output->cols = grid_cols(grid);
    size_t count = (size_t)output->rows * (size_t)output->cols;
    output->shown = mem_realloc_array(output->shown, count, sizeof *output->shown);
    terminal_append_clear(&output->terminal, &output->frame);
    struct style plain = STYLE(TEXT);
    bool plain_is_default = is_default(theme_look(output->theme, plain, output->terminal.depth));
    struct cell blank = {.width = 1, .style = plain};
    if (!plain_is_default) {
        blank.style.fg = STYLE_NONE;
    }
    for (size_t i = 0; i < count; i++) {
        output->shown[i] = blank;
    }
    output->cleared = true;
    output->cursor_shown = true; /* not known: sets it in any case below */
    output->cursor_row = -1;
    output->cursor_shape = CURSOR_DEFAULT;
}

static void paint_cursor(struct output *output, const struct grid *grid)
{
    int row;
    int col;
    bool shown = grid_cursor(grid, &row, &col);
    if (shown) {
        output->at_row = -1;
        move_to(output, row, col);
    }
    if (shown || output->cursor_shown || output->cursor_row < 0) {
        terminal_append_cursor(&output->terminal, &output->frame, shown);
    }
    if (shown && output->terminal.modern && output->cursor_shape != grid_cursor_shape(grid)) {
        output->cursor_shape = grid_cursor_shape(grid);
        buf_printf(&output->frame, "\033[%d q", (int)output->cursor_shape);
    }
    output->cursor_shown = shown;
    output->cursor_row = row;
    output->cursor_col = col;
}

static bool cursor_moved(const struct output *output, const struct grid *grid)
{
    int row;
    int col;
    bool shown = grid_cursor(grid, &row, &col);
    return shown != output->cursor_shown ||
           (shown && output->cursor_shape != grid_cursor_shape(grid)) ||
           (shown && (row != output->cursor_row || col != output->cursor_col));
}

void output_paint(struct output *output, const struct grid *grid, const struct theme *theme)
{
    if (output->suspended || output->gone || output_is_blocked(output)) {
        return;
    }
    struct buf *frame = &output->frame;
    buf_clear(frame);
    if (output->terminal.modern) {
        buf_append_c(frame, "\033[?2026h");
    }
    bool hide = output->cursor_shown;
    if (hide) {
        terminal_append_cursor(&output->terminal, frame, false);
    }
    size_t before = frame->len;
    output->at_row = -1;
    output->pen_known = false;
    if (!output->cleared || output->rows != grid_rows(grid) || output->cols != grid_cols(grid) ||
        output->theme != theme) {
        output->theme = theme;
        start_over(output, grid);
    }
    for (int row = 0; row < output->rows; row++) {
        paint_row(output, grid, row);
    }
    if (frame->len == before && !cursor_moved(output, grid)) {
        return;
    }
    paint_cursor(output, grid);
    if (output->terminal.modern) {
        buf_append_c(frame, "\033[?2026l");
    }
    output->frames++;
    send_bytes(output, buf_str(frame));
}
