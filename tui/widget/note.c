#include "widget/note.h"

#include "base/utf8.h"
#include "widget/bar.h"
#include "widget/popup.h"
#include "widget/styled_draw.h"

#include <stdlib.h>

enum { COLS_MAX = 76, ROWS_MAX = 18 };

struct note {
    struct buf text;
    struct styled_lines lines;
    int width; /* that they are wrapped to; 0: not yet */
    size_t top;
    int rows; /* at the last draw */
};

struct note *note_new(void)
{
    return MEM_NEW(struct note);
}

void note_free(struct note *note)
{
    if (note != NULL) {
        styled_lines_free(&note->lines);
        buf_free(&note->text);
        free(note);
    }
}

void note_set(struct note *note, struct str markdown)
{
    buf_clear(&note->text);
    buf_append_str(&note->text, markdown);
    note->width = 0;
    note->top = 0;
}

static void wrap(struct note *note, int width)
{
    if (note->width != width) {
        styled_lines_free(&note->lines);
        note->lines = markdown_render(buf_str(&note->text), (size_t)(width > 10 ? width : 10));
        note->width = width;
    }
}

static int widest(const struct note *note)
{
    size_t most = 0;
    for (size_t i = 0; i < note->lines.len; i++) {
        const struct styled_line *line = &note->lines.items[i];
        size_t width = utf8_width(str_make(line->text, line->len));
        most = width > most ? width : most;
    }
    return (int)most;
}

static size_t last_top(const struct note *note)
{
    size_t rows = note->rows > 0 ? (size_t)note->rows : 1;
    return note->lines.len > rows ? note->lines.len - rows : 0;
}

bool note_scroll(struct note *note, int rows)
{
    size_t most = last_top(note);
    if (most == 0) {
        return false;
    }
    long to = (long)note->top + rows;
    note->top = to < 0 ? 0 : (size_t)to > most ? most : (size_t)to;
    return true;
}

static void draw_lines(struct note *note, struct region region)
{
    note->rows = region_rows(region);
    size_t most = last_top(note);
    note->top = note->top < most ? note->top : most;
    for (int i = 0; i < note->rows && note->top + (size_t)i < note->lines.len; i++) {
        styled_line_draw(
            &note->lines.items[note->top + (size_t)i], region, i, 0, STYLE_ON(TEXT, DIALOG));
    }
}

void note_draw_in(struct note *note, struct region region)
{
    grid_fill(region, STYLE_ON(TEXT, DIALOG));
    int cols = region_cols(region) - 2;
    wrap(note, cols);
    draw_lines(note, region_sub(region, 0, 1, region_rows(region), cols));
}

void note_draw_at(struct note *note, struct region region, int row, int col, bool above)
{
    int rows = region_rows(region);
    int cols = region_cols(region);
    wrap(note, cols - 4 < COLS_MAX ? cols - 4 : COLS_MAX);
    int high = note->lines.len < ROWS_MAX ? (int)note->lines.len : ROWS_MAX;
    int wide = widest(note);
    /* With an edge above and below, or without where there is little room. */
    struct rect rect = popup_place(rows, cols, row, col, high + 2, wide + 4);
    if (above && row >= high + 2) {
        rect.rows = high + 2;
        rect.row = row - rect.rows;
    }
    if (rect.rows < 1) {
        return;
    }
    struct region box = region_sub(region, rect.row, rect.col, rect.rows, rect.cols);
    struct region inside = region_sub(box, 0, 2, rect.rows, rect.cols - 4);
    grid_fill(box, STYLE_ON(TEXT, DIALOG));
    if (rect.rows >= 4 || rect.rows >= high + 2) {
        grid_box(box, NULL, STYLE_ON(BORDER_FOCUS, DIALOG));
        inside = region_sub(box, 1, 2, rect.rows - 2, rect.cols - 4);
    }
    draw_lines(note, inside);
    scrollbar_draw(
        region_sub(box, inside.rect.row - box.rect.row, 0, region_rows(inside), rect.cols - 1),
        note->lines.len, note->top, (size_t)note->rows);
}
