#include "screen_svg.h"

#include <stdio.h>

#define CELL_W 8.4
#define CELL_H 18.0
#define FONT   14.0
#define PAD    12.0
#define BAR    30.0

struct picture {
    int rows, cols;
    const struct svg_options *options;
    struct buf *out;
    double top;
    void (*cell)(const void *screen, const struct svg_options *options, int row, int col,
        struct term_cell *cell);
    const void *screen;
};

static void cell_of_term(
    const void *screen, const struct svg_options *options, int row, int col, struct term_cell *cell)
{
    term_cell(screen, row, col, cell);
    if (cell->default_fg) {
        cell->fg = options->fg;
    }
    if (cell->default_bg) {
        cell->bg = options->bg;
    }
}

static uint32_t rgb_of(int32_t colour, uint32_t fallback)
{
    if (colour == COLOUR_DEFAULT) {
        return fallback;
    }
    return (colour & COLOUR_PALETTE) != 0 ? colour_palette_rgb(colour & 0xFF) : (uint32_t)colour;
}

static void cell_of_grid(
    const void *screen, const struct svg_options *options, int row, int col, struct term_cell *cell)
{
    const struct cell *from = grid_cell(screen, row, col);
    struct look look = theme_look(options->theme, from->style, COLOUR_TRUE);
    memset(cell, 0, sizeof *cell);
    memcpy(cell->text, from->text, from->len);
    cell->width = from->width;
    cell->fg = rgb_of(look.fg, options->fg);
    cell->bg = rgb_of(look.bg, options->bg);
    cell->bold = (look.attr & ATTR_BOLD) != 0;
    cell->italic = (look.attr & ATTR_ITALIC) != 0;
    cell->underline = (look.attr & ATTR_UNDERLINE) != 0;
    cell->reverse = (look.attr & ATTR_REVERSE) != 0;
    cell->strike = (look.attr & ATTR_STRIKE) != 0;
}

static void get(const struct picture *picture, int row, int col, struct term_cell *cell)
{
    picture->cell(picture->screen, picture->options, row, col, cell);
    if (cell->reverse) {
        uint32_t fg = cell->fg;
        cell->fg = cell->bg;
        cell->bg = fg;
    }
}

static void rect(struct buf *out, double x, double y, double w, double h, uint32_t fill)
{
    buf_printf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#%06x\"/>\n",
        x, y, w, h, fill);
}

/* Arms of a line character: left, right, up, down; 1 thin, 2 heavy. */
static bool line_arms(const char *text, int arms[4])
{
    static const struct {
        const char *text;
        int arms[4];
    } table[] = {{"─", {1, 1, 0, 0}}, {"━", {2, 2, 0, 0}}, {"│", {0, 0, 1, 1}}, {"┃", {0, 0, 2, 2}},
        {"┌", {0, 1, 0, 1}}, {"┐", {1, 0, 0, 1}}, {"└", {0, 1, 1, 0}}, {"┘", {1, 0, 1, 0}},
        {"├", {0, 1, 1, 1}}, {"┤", {1, 0, 1, 1}}, {"┬", {1, 1, 0, 1}}, {"┴", {1, 1, 1, 0}},
        {"┼", {1, 1, 1, 1}}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(table[i].text, text) == 0) {
            memcpy(arms, table[i].arms, sizeof table[i].arms);
            return true;
        }
    }
    return false;
}

static bool block_part(const char *text, double part[4])
{
    static const struct {
        const char *text;
        double part[4]; /* x, y, width, height of the cell */
    } table[] = {{"█", {0, 0, 1, 1}}, {"▌", {0, 0, 0.5, 1}}, {"▐", {0.5, 0, 0.5, 1}},
        {"▍", {0, 0, 0.375, 1}}, {"▎", {0, 0, 0.25, 1}}, {"▏", {0, 0, 0.125, 1}},
        {"▀", {0, 0, 1, 0.5}}, {"▄", {0, 0.5, 1, 0.5}}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(table[i].text, text) == 0) {
            memcpy(part, table[i].part, sizeof table[i].part);
            return true;
        }
    }
    return false;
}

/* Line and block characters as rectangles; false for everything else. */
static bool draw_shape(
    const struct picture *picture, double x, double y, const struct term_cell *cell)
{
    int arms[4];
    double part[4];
    if (block_part(cell->text, part)) {
        rect(picture->out, x + part[0] * CELL_W, y + part[1] * CELL_H, part[2] * CELL_W,
            part[3] * CELL_H, cell->fg);
        return true;
    }
    if (!line_arms(cell->text, arms)) {
        return false;
    }
    double cx = x + CELL_W / 2;
    double cy = y + CELL_H / 2;
    for (int i = 0; i < 4; i++) {
        double w = arms[i] == 2 ? 2.2 : 1.1;
        if (arms[i] != 0 && i < 2) {
            rect(picture->out, i == 0 ? x : cx, cy - w / 2, CELL_W / 2 + 0.1, w, cell->fg);
        } else if (arms[i] != 0) {
            rect(picture->out, cx - w / 2, i == 2 ? y : cy, w, CELL_H / 2 + 0.1, cell->fg);
        }
    }
    return true;
}

static void append_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            buf_append_c(out, "&lt;");
            break;
        case '>':
            buf_append_c(out, "&gt;");
            break;
        case '&':
            buf_append_c(out, "&amp;");
            break;
        default:
            buf_append_char(out, *text);
        }
    }
}

static bool same_look(const struct term_cell *a, const struct term_cell *b)
{
    return a->fg == b->fg && a->bold == b->bold && a->italic == b->italic &&
           a->underline == b->underline && a->strike == b->strike;
}

static void begin_text(struct buf *out, double x, double y, int cols, const struct term_cell *cell)
{
    buf_printf(out,
        "<text x=\"%.1f\" y=\"%.1f\" fill=\"#%06x\" textLength=\"%.1f\" "
        "lengthAdjust=\"spacingAndGlyphs\"%s%s",
        x, y + CELL_H * 0.73, cell->fg, cols * CELL_W, cell->bold ? " font-weight=\"bold\"" : "",
        cell->italic ? " font-style=\"italic\"" : "");
    if (cell->underline || cell->strike) {
        buf_printf(out, " text-decoration=\"%s\"", cell->underline ? "underline" : "line-through");
    }
    buf_append_char(out, '>');
}

static void draw_backgrounds(const struct picture *picture, int row, double y)
{
    int col = 0;
    while (col < picture->cols) {
        struct term_cell cell;
        struct term_cell next;
        get(picture, row, col, &cell);
        int end = col + 1;
        for (; end < picture->cols; end++) {
            get(picture, row, end, &next);
            if (next.bg != cell.bg && next.width > 0) {
                break;
            }
        }
        if (cell.bg != picture->options->bg) {
            rect(picture->out, PAD + col * CELL_W, y, (end - col) * CELL_W + 0.1, CELL_H + 0.1,
                cell.bg);
        }
        col = end;
    }
}

/* Runs of plain one-column characters of one look become one text element; all else stands alone,
 * so that a font's own width of it does not move its neighbours. */
static void draw_row(const struct picture *picture, int row)
{
    double y = picture->top + row * CELL_H;
    draw_backgrounds(picture, row, y);
    int col = 0;
    while (col < picture->cols) {
        struct term_cell cell;
        get(picture, row, col, &cell);
        double x = PAD + col * CELL_W;
        if (cell.width == 0 || cell.text[0] == '\0' || cell.text[0] == ' ' ||
            draw_shape(picture, x, y, &cell)) {
            col++;
            continue;
        }
        struct buf text = BUF_INIT;
        append_escaped(&text, cell.text);
        int end = col + (cell.width == 2 ? 2 : 1);
        bool plain = (unsigned char)cell.text[0] < 0x80;
        while (plain && end < picture->cols) {
            struct term_cell next;
            get(picture, row, end, &next);
            if (next.width != 1 || (unsigned char)next.text[0] >= 0x80 || next.text[0] <= ' ' ||
                !same_look(&cell, &next)) {
                break;
            }
            append_escaped(&text, next.text);
            end++;
        }
        begin_text(picture->out, x, y, end - col, &cell);
        buf_append_str(picture->out, buf_str(&text));
        buf_append_c(picture->out, "</text>\n");
        buf_free(&text);
        col = end;
    }
}

static void draw_bar(const struct picture *picture, double width)
{
    static const uint32_t dots[] = {0xff5f57, 0xfebc2e, 0x28c840};
    struct buf *out = picture->out;
    for (int i = 0; i < 3; i++) {
        buf_printf(out, "<circle cx=\"%.1f\" cy=\"15\" r=\"5.5\" fill=\"#%06x\"/>\n", 18.0 + 19 * i,
            dots[i]);
    }
    buf_printf(out,
        "<text x=\"%.1f\" y=\"19.5\" fill=\"#8b949e\" text-anchor=\"middle\" font-size=\"12\">",
        width / 2);
    append_escaped(out, picture->options->title);
    buf_append_c(out, "</text>\n");
}

static void draw_cursor(const struct picture *picture, int row, int col)
{
    struct term_cell cell;
    get(picture, row, col, &cell);
    double x = PAD + col * CELL_W;
    double y = picture->top + row * CELL_H;
    rect(picture->out, x, y, CELL_W, CELL_H, picture->options->fg);
    if (cell.text[0] != '\0' && cell.text[0] != ' ') {
        cell.fg = picture->options->bg;
        begin_text(picture->out, x, y, 1, &cell);
        append_escaped(picture->out, cell.text);
        buf_append_c(picture->out, "</text>\n");
    }
}

static void draw(struct picture *picture, bool cursor, int cursor_row, int cursor_col)
{
    struct buf *out = picture->out;
    picture->top = picture->options->title != NULL ? BAR + 4 : PAD;
    double width = picture->cols * CELL_W + 2 * PAD;
    double height = picture->top + picture->rows * CELL_H + PAD;
    buf_printf(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
        "viewBox=\"0 0 %.0f %.0f\" font-family=\"'DejaVu Sans Mono','Menlo','Consolas',"
        "monospace\" font-size=\"%.0f\" xml:space=\"preserve\">\n"
        "<rect width=\"100%%\" height=\"100%%\" rx=\"9\" fill=\"#%06x\"/>\n",
        width, height, width, height, FONT, picture->options->bg);
    if (picture->options->title != NULL) {
        draw_bar(picture, width);
    }
    for (int row = 0; row < picture->rows; row++) {
        draw_row(picture, row);
    }
    if (cursor) {
        draw_cursor(picture, cursor_row, cursor_col);
    }
    buf_append_c(out, "</svg>\n");
}

void svg_of_term(const struct term *term, const struct svg_options *options, struct buf *out)
{
    struct picture picture = {.rows = term_rows(term),
        .cols = term_cols(term),
        .options = options,
        .out = out,
        .cell = cell_of_term,
        .screen = term};
    int row;
    int col;
    bool cursor = term_cursor(term, &row, &col);
    draw(&picture, cursor, row, col);
}

void svg_of_grid(const struct grid *grid, const struct svg_options *options, struct buf *out)
{
    struct picture picture = {.rows = grid_rows(grid),
        .cols = grid_cols(grid),
        .options = options,
        .out = out,
        .cell = cell_of_grid,
        .screen = grid};
    int row;
    int col;
    bool cursor = grid_cursor(grid, &row, &col);
    draw(&picture, cursor, row, col);
}
