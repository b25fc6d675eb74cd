/* Markdown tables: columns as wide as they need, made narrower and wrapped when the line is too
 * short, and a list of "header: cell" lines when it is far too short. */
#include "base/utf8.h"
#include "base/vec.h"
#include "syntax/inline.h"
#include "syntax/markdown_blocks.h"

enum { COLUMNS_MAX = 32 };
#define COLUMN_MIN     4
#define GAP_COLUMNS    3 /* " │ " */
#define TABLE_ROWS_MAX 2000

enum align { ALIGN_LEFT, ALIGN_CENTER, ALIGN_RIGHT };

struct cells {
    struct str items[COLUMNS_MAX];
    size_t len;
};

static void split_row(struct str line, struct cells *cells)
{
    line = str_trim(line);
    line = str_starts(line, "|") ? str_from(line, 1) : line;
    if (str_ends(line, "|") && !str_ends(line, "\\|")) {
        line.len--;
    }
    size_t from = 0;
    bool code = false;
    cells->len = 0;
    for (size_t i = 0; i <= line.len; i++) {
        bool end = i == line.len;
        if (!end && line.ptr[i] == '`') {
            code = !code && str_find_char(line, '`', i + 1) != SIZE_MAX;
        }
        bool bar = !end && line.ptr[i] == '|' && !code && (i == 0 || line.ptr[i - 1] != '\\');
        if ((bar || end) && cells->len < COLUMNS_MAX) {
            cells->items[cells->len++] = str_trim(str_slice(line, from, i));
            from = i + 1;
        }
    }
}

size_t table_columns(struct str line)
{
    struct cells cells;
    split_row(line, &cells);
    return cells.len;
}

bool table_is_delimiter_row(struct str line)
{
    struct cells cells;
    if (str_find_char(line, '-', 0) == SIZE_MAX || str_find_char(line, '|', 0) == SIZE_MAX) {
        return false;
    }
    split_row(line, &cells);
    for (size_t i = 0; i < cells.len; i++) {
        struct str cell = cells.items[i];
        size_t dashes = 0;
        for (size_t k = 0; k < cell.len; k++) {
            bool colon = cell.ptr[k] == ':' && (k == 0 || k + 1 == cell.len);
            if (cell.ptr[k] != '-' && !colon) {
                return false;
            }
            dashes += cell.ptr[k] == '-';
        }
        if (dashes == 0) {
            return false;
        }
    }
    return cells.len > 0;
}

struct table {
    struct styled *out;
    size_t columns;
    enum align align[COLUMNS_MAX];
    size_t width[COLUMNS_MAX];
    struct inline_text *cells; /* row by row */
    size_t rows;               /* with the header */
};

static size_t widest_word(const struct runs *runs)
{
    size_t widest = 0;
    size_t current = 0;
    VEC_FOREACH (const struct run, run, runs) {
        struct str rest = run->text;
        while (rest.len > 0) {
            size_t blank = str_find_char(rest, ' ', 0);
            size_t end = blank == SIZE_MAX ? rest.len : blank;
            current += utf8_width(str_slice(rest, 0, end));
            widest = current > widest ? current : widest;
            current = blank == SIZE_MAX ? current : 0;
            rest = str_from(rest, blank == SIZE_MAX ? rest.len : end + 1);
        }
    }
    return widest;
}

/* Takes a column at a time from the widest one, first down to its longest word. False: too many
 * columns for the room. */
static bool fit_columns(struct table *t, size_t room)
{
    size_t least[COLUMNS_MAX] = {0};
    size_t total = 0;
    for (size_t c = 0; c < t->columns; c++) {
        t->width[c] = 1;
        for (size_t r = 0; r < t->rows; r++) {
            const struct runs *runs = &t->cells[r * t->columns + c].runs;
            size_t width = runs_width(runs);
            size_t word = widest_word(runs);
            t->width[c] = width > t->width[c] ? width : t->width[c];
            least[c] = word > least[c] ? word : least[c];
        }
        total += t->width[c];
    }
    size_t gaps = (t->columns - 1) * GAP_COLUMNS;
    if (gaps + t->columns * COLUMN_MIN > room) {
        return gaps + total <= room;
    }
    for (int pass = 0; pass < 2; pass++) {
        while (gaps + total > room) {
            size_t widest = SIZE_MAX;
            for (size_t c = 0; c < t->columns; c++) {
                size_t floor = pass == 0 && least[c] > COLUMN_MIN ? least[c] : COLUMN_MIN;
                if (t->width[c] > floor && (widest == SIZE_MAX || t->width[c] > t->width[widest])) {
                    widest = c;
                }
            }
            if (widest == SIZE_MAX) {
                break;
            }
            /* Large steps first: a cell can be a megabyte wide. */
            size_t excess = gaps + total - room;
            size_t step = t->width[widest] > 2 * room ? t->width[widest] - 2 * room : 1;
            step = step > excess ? excess : step;
            t->width[widest] -= step;
            total -= step;
        }
    }
    return gaps + total <= room;
}

static void add_blanks(struct styled *out, size_t count)
{
    while (count-- > 0) {
        styled_add(out, STR_LIT(" "), CAPTURE_NONE, 0);
    }
}

static void add_cell_line(
    struct styled *out, const struct styled_line *line, size_t width, enum align align, bool last)
{
    size_t used = line == NULL ? 0 : utf8_width(str_make(line->text, line->len));
    size_t pad = width > used ? width - used : 0;
    size_t left = align == ALIGN_RIGHT ? pad : align == ALIGN_CENTER ? pad / 2 : 0;
    add_blanks(out, left);
    size_t at = 0;
    for (size_t i = 0; line != NULL && i < line->span_count; i++) {
        const struct styled_span *span = &line->spans[i];
        styled_add(out, str_make(line->text + at, span->start - at), CAPTURE_NONE, 0);
        styled_add(out, str_make(line->text + span->start, span->end - span->start), span->capture,
            span->attrs);
        at = span->end;
    }
    if (line != NULL) {
        styled_add(out, str_make(line->text + at, line->len - at), CAPTURE_NONE, 0);
    }
    add_blanks(out, last ? 0 : pad - left);
}

static void render_row(struct table *t, size_t row)
{
    struct styled_lines cells[COLUMNS_MAX];
    size_t height = 1;
    for (size_t c = 0; c < t->columns; c++) {
        cells[c] = styled_wrap_alone(&t->cells[row * t->columns + c].runs, t->width[c]);
        height = cells[c].len > height ? cells[c].len : height;
    }
    for (size_t y = 0; y < height; y++) {
        styled_begin(t->out);
        for (size_t c = 0; c < t->columns; c++) {
            if (c > 0) {
                styled_add(t->out, STR_LIT(" │ "), CAPTURE_PUNCTUATION_DELIMITER, 0);
            }
            add_cell_line(t->out, y < cells[c].len ? &cells[c].items[y] : NULL, t->width[c],
                t->align[c], c + 1 == t->columns);
        }
        styled_end(t->out, false);
    }
    for (size_t c = 0; c < t->columns; c++) {
        styled_lines_free(&cells[c]);
    }
}

static void render_grid(struct table *t)
{
    struct buf rule = BUF_INIT;
    for (size_t c = 0; c < t->columns; c++) {
        buf_append_c(&rule, c > 0 ? "─┼─" : "");
        for (size_t i = 0; i < t->width[c]; i++) {
            buf_append_c(&rule, "─");
        }
    }
    for (size_t r = 0; r < t->rows; r++) {
        render_row(t, r);
        if (r == 0) {
            styled_begin(t->out);
            styled_add(t->out, buf_str(&rule), CAPTURE_PUNCTUATION_DELIMITER, 0);
            styled_end(t->out, false);
        }
    }
    buf_free(&rule);
}

/* One "header: cell" a line. */
static void render_as_list(struct table *t)
{
    for (size_t r = t->rows > 1 ? 1 : 0; r < t->rows; r++) {
        for (size_t c = 0; c < t->columns; c++) {
            struct runs runs = {0};
            VEC_FOREACH (const struct run, run, &t->cells[c].runs) {
                VEC_PUSH(&runs, *run);
            }
            VEC_PUSH(&runs, (struct run){STR_LIT(": "), CAPTURE_PUNCTUATION_DELIMITER, 0});
            VEC_FOREACH (const struct run, run, &t->cells[r * t->columns + c].runs) {
                if (r > 0) {
                    VEC_PUSH(&runs, *run);
                }
            }
            styled_wrap(t->out, &runs);
            VEC_FREE(&runs);
        }
        if (r + 1 < t->rows) {
            styled_blank(t->out);
        }
    }
}

static void read_aligns(struct table *t, struct str row)
{
    struct cells cells;
    split_row(row, &cells);
    for (size_t c = 0; c < t->columns; c++) {
        struct str cell = c < cells.len ? cells.items[c] : str_make("", 0);
        bool left = str_starts(cell, ":");
        bool right = cell.len > 1 && str_ends(cell, ":");
        t->align[c] = right ? (left ? ALIGN_CENTER : ALIGN_RIGHT) : ALIGN_LEFT;
    }
}

void table_render(struct styled *out, const struct str *rows, size_t count, bool open_end)
{
    struct table t = {.out = out};
    struct cells cells;
    split_row(rows[0], &cells);
    t.columns = cells.len;
    t.rows = count - 1 > TABLE_ROWS_MAX ? TABLE_ROWS_MAX : count - 1;
    read_aligns(&t, rows[1]);
    t.cells = mem_zalloc(t.rows * t.columns * sizeof *t.cells);
    for (size_t r = 0; r < t.rows; r++) {
        split_row(rows[r == 0 ? 0 : r + 1], &cells);
        for (size_t c = 0; c < t.columns; c++) {
            bool open = open_end && r + 1 == t.rows && c + 1 >= cells.len;
            struct str text = c < cells.len ? cells.items[c] : str_make("", 0);
            t.cells[r * t.columns + c] = inline_parse(
                text, open, r == 0 ? CAPTURE_MARKUP_BOLD : CAPTURE_NONE, r == 0 ? STYLED_BOLD : 0);
        }
    }
    if (fit_columns(&t, styled_room(out))) {
        render_grid(&t);
    } else {
        render_as_list(&t);
    }
    if (count - 1 > TABLE_ROWS_MAX) {
        styled_begin(out);
        styled_add(out, STR_LIT("… (more rows)"), CAPTURE_COMMENT, 0);
        styled_end(out, false);
    }
    for (size_t i = 0; i < t.rows * t.columns; i++) {
        inline_free(&t.cells[i]);
    }
    free(t.cells);
}
