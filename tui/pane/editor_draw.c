/* Painting the editor. Nothing here walks more of the text than what is visible. */
#include "pane/editor_private.h"

#include "base/utf8.h"
#include "widget/bar.h"

#include <stdio.h>

#define PARSE_US    4000               /* a frame's share for parsing what is visible */
#define SPAN_BYTES  ((size_t)64 << 10) /* visible text up to this is highlighted in one go */
#define MARGIN_ROWS 3
#define MARGIN_COLS 4

/* What is painted in a row of the text. */
struct row {
    struct region region; /* of the text, without the gutter */
    int at;
    size_t line, start, end;   /* start and end of the line, without its ending */
    struct search_range shown; /* bytes that can be seen */
    size_t first_column;
    bool cut; /* goes on past the right edge */
};

static enum style_id capture_styles[CAPTURE_COUNT];

static enum style_id style_of_capture(enum capture capture)
{
    if (capture_styles[CAPTURE_COMMENT] == 0) {
        for (unsigned i = 0; i < CAPTURE_COUNT; i++) {
            capture_styles[i] = theme_style_of_capture(str_of(syntax_capture_name(i)));
        }
        capture_styles[CAPTURE_NONE] = STYLE_TEXT;
    }
    return capture_styles[capture];
}

static int digits(size_t number)
{
    int count = 1;
    while (number >= 10) {
        number /= 10;
        count++;
    }
    return count;
}

/* Mark, line number, blank. */
static int gutter_width(const struct doc *doc, int cols)
{
    int number = digits(text_line_count(doc->text));
    number = number < 3 ? 3 : number;
    return cols < 20 ? 0 : number + 3;
}

static void follow_rows(struct view *view, int rows, size_t line)
{
    size_t margin = rows > 3 * MARGIN_ROWS ? MARGIN_ROWS : 0;
    size_t height = (size_t)rows;
    if (line < view->top + margin) {
        size_t top = line > margin ? line - margin : 0;
        /* A jump lands in the middle, a step at the edge. */
        view->top = view->top - top > height && line > height / 2 ? line - height / 2 : top;
    } else if (line + margin >= view->top + height) {
        size_t top = line + margin + 1 - height;
        view->top = top - view->top > height ? line - height / 2 : top;
    }
}

static void follow_cursor(struct view *view)
{
    size_t columns = (size_t)view->cols, column = view_column(view, view_head(view));
    follow_rows(view, view->rows, text_line_of(view->doc->text, view_head(view)));
    size_t margin = columns > 4 * MARGIN_COLS ? MARGIN_COLS : 0;
    if (column < view->left + margin) {
        view->left = column > margin ? column - margin : 0;
        view->left = column + margin < columns ? 0 : view->left;
    } else if (column + margin >= view->left + columns) {
        view->left = column + margin + 1 - columns;
    }
}

static void draw_gutter(struct view *view, struct region region, int row, size_t line, bool current)
{
    const struct editor *editor = view->editor;
    const struct doc *doc = view->doc;
    char number[32];
    if (view->gutter == 0) {
        return;
    }
    const struct editor_mark *mark = marks_at(editor->marks, doc->path, line);
    const struct editor_mark *cover = marks_coverage(editor->marks, doc->path, line);
    if (mark != NULL && mark->kind >= EDITOR_MARK_INFO) {
        static const char *const signs[] = {"i", "!", "✗"};
        static const enum style_id styles[] = {STYLE_INFO, STYLE_WARNING, STYLE_ERROR};
        size_t sign = mark->kind - EDITOR_MARK_INFO;
        bool plain = grid_is_ascii(region.grid) && mark->kind == EDITOR_MARK_ERROR;
        grid_put_c(region, row, 0, plain ? "x" : signs[sign], style_of(styles[sign]));
    }
    snprintf(number, sizeof number, "%*zu", view->gutter - 3, line + 1);
    grid_put_c(region, row, 1, number, current ? STYLE(GUTTER_CURRENT) : STYLE(GUTTER));
    if (cover != NULL) {
        bool covered = cover->kind == EDITOR_MARK_COVERED;
        const char *sign = grid_is_ascii(region.grid) ? (covered ? "|" : "!") : covered ? "▎" : "▌";
        grid_put_c(
            region, row, view->gutter - 2, sign, covered ? STYLE(COVERED) : STYLE(UNCOVERED));
    }
}

/* Style of the byte at `at`: spans are in order, *span moves along. */
static struct style style_at(struct editor *editor, size_t *span, size_t at, bool selected,
    const struct search_range *match, bool current_match)
{
    const struct syntax_spans *spans = &editor->spans;
    while (*span < spans->len && spans->items[*span].end <= at) {
        ++*span;
    }
    struct style style = STYLE(TEXT);
    if (*span < spans->len && spans->items[*span].start <= at) {
        style = style_of(style_of_capture(spans->items[*span].capture));
    }
    if (at >= match->start && at < match->end) {
        return current_match ? STYLE(SEARCH_CURRENT) : STYLE(SEARCH);
    }
    return selected ? style_on(style, STYLE_SELECTION) : style;
}

struct run {
    size_t from, len; /* in the scratch buffer */
    int col, cols;
    struct style style;
};

static void flush(struct editor *editor, const struct row *row, struct run *run)
{
    if (run->len > 0) {
        grid_put(row->region, row->at, run->col,
            str_slice(buf_str(&editor->scratch), run->from, run->from + run->len), run->style);
    }
    run->len = 0;
}

static void paint_blanks(const struct row *row, int col, size_t width, struct style style)
{
    for (size_t i = 0; i < width; i++) {
        grid_put_c(row->region, row->at, col + (int)i, " ", style);
    }
}

/* The visible part of a line, cluster by cluster, put out in runs of one style. */
static void draw_text(struct view *view, const struct row *row, size_t *span)
{
    struct editor *editor = view->editor;
    const struct doc *doc = view->doc;
    struct search_range selection = view_selection(view), match = {0, 0};
    bool more = find_visible(editor, row->shown.start, row->shown.end, &match);
    size_t column = row->first_column;
    struct run run = {0};
    buf_clear(&editor->scratch);
    text_copy(doc->text, row->shown.start, row->shown.end, &editor->scratch);
    struct str bytes = buf_str(&editor->scratch);
    for (size_t i = 0; i < bytes.len;) {
        size_t at = row->shown.start + i, len = utf8_cluster(str_from(bytes, i));
        size_t width = column_width(str_slice(bytes, i, i + len), column, doc->tab_width);
        if (more && at >= match.end) {
            more = find_visible(editor, at, row->shown.end, &match);
        }
        bool selected = at >= selection.start && at < selection.end;
        bool current = match.start == selection.start && match.end == selection.end;
        struct style style = style_at(
            editor, span, at, selected, more ? &match : &(struct search_range){0, 0}, current);
        int col = (int)column - (int)view->left;
        bool tab = bytes.ptr[i] == '\t';
        if (tab || run.len == 0 || !style_equal(style, run.style)) {
            flush(editor, row, &run);
            run = (struct run){.from = i, .col = col, .style = style};
        }
        if (tab) {
            paint_blanks(row, col, width, style);
        } else {
            run.len += len;
        }
        column += width;
        i += len;
    }
    flush(editor, row, &run);
    /* A selected line ending shows as one blank. */
    if (row->shown.end == row->end && selection.start <= row->end && selection.end > row->end &&
        column >= view->left) {
        paint_blanks(row, (int)(column - view->left), 1, STYLE_ON(TEXT, SELECTION));
    }
}

/* Signs that a line goes on to the left or the right of what is shown. */
static void draw_edges(const struct view *view, struct region region, const struct row *row)
{
    bool ascii = grid_is_ascii(region.grid);
    if (row->shown.start > row->start && view->gutter > 0) {
        grid_put_c(region, row->at, view->gutter - 1, ascii ? "<" : "‹", STYLE(HINT));
    }
    if (row->cut) {
        grid_put_c(region, row->at, view->gutter + view->cols, ascii ? ">" : "›", STYLE(HINT));
    }
}

/* Finds out what of each line can be seen; returns how many rows have a line. */
static int lay_out(struct view *view, struct region region, struct row *rows)
{
    const struct doc *doc = view->doc;
    size_t start = text_line_start(doc->text, view->top), length = text_length(doc->text);
    size_t lines = text_line_count(doc->text);
    int count = 0;
    for (; count < view->rows && view->top + (size_t)count < lines; count++) {
        struct row *row = &rows[count];
        size_t feed = text_find_newline(doc->text, start), end = feed;
        if (feed < length && feed > start && text_byte(doc->text, feed - 1) == '\r') {
            end--;
        }
        struct column_point first = {start, 0};
        if (view->left > 0) {
            first = column_find(&view->columns, doc->text, doc->tab_width, start, end, view->left);
        }
        struct column_point last = first;
        /* One cluster further, so that one cut by the edge is painted in part. */
        column_walk(doc->text, doc->tab_width, &last, end, end,
            view->left + (size_t)view->cols + doc->tab_width);
        *row = (struct row){.region = region,
            .at = count,
            .line = view->top + (size_t)count,
            .start = start,
            .end = end,
            .shown = {first.offset, last.offset},
            .first_column = first.column,
            .cut = last.offset < end || last.column > view->left + (size_t)view->cols};
        start = feed + 1;
    }
    return count;
}

static void on_parse(void *data)
{
    app_redraw(((struct editor *)data)->app);
}

static void parse_visible(struct view *view, size_t from, size_t to)
{
    struct editor *editor = view->editor;
    if (editor->parser == NULL) {
        editor->parser = loop_timer_new(editor->loop, on_parse, editor);
    }
    if (!syntax_parse(view->doc->syntax, from, to, PARSE_US)) {
        loop_timer_start(editor->parser, 1, 0);
    }
}

static void highlight(struct view *view, const struct row *rows, int count)
{
    struct editor *editor = view->editor;
    struct syntax *syntax = view->doc->syntax;
    size_t from = rows[0].start, to = rows[count - 1].end;
    editor->spans.len = 0;
    parse_visible(view, from, to);
    if (to - from <= SPAN_BYTES) {
        syntax_highlight(syntax, from, to, &editor->spans);
        return;
    }
    for (int i = 0; i < count; i++) {
        syntax_highlight(syntax, rows[i].shown.start, rows[i].shown.end, &editor->spans);
    }
}

static void draw_message(const struct view *view, struct region region, int row)
{
    static const enum style_id styles[] = {
        STYLE_COVERED, STYLE_UNCOVERED, STYLE_INFO, STYLE_WARNING, STYLE_ERROR};
    const struct doc *doc = view->doc;
    size_t line = text_line_of(doc->text, view_head(view));
    const struct editor_mark *mark = marks_message(view->editor->marks, doc->path, line);
    if (mark != NULL && row > 1) {
        struct style style = style_on(style_of(styles[mark->kind]), STYLE_FIELD);
        struct region place = region_sub(region, row - 1, 0, 1, region_cols(region));
        grid_fill(place, STYLE(FIELD));
        grid_put_fit(place, 0, 1, region_cols(region) - 2, str_of(mark->message), style);
    }
}

static void draw_empty(struct region region)
{
    int row = region_rows(region) / 2 - 1, col = region_cols(region) / 2 - 10;
    col = col < 1 ? 1 : col;
    grid_put_c(region, row, col, "No file is open.", STYLE(HINT));
    grid_put_c(region, row + 1, col, "^O open   ^P commands", STYLE(HINT));
}

static void draw_rows(struct view *view, struct region region, bool focused)
{
    const struct doc *doc = view->doc;
    struct row *rows = mem_zalloc(sizeof *rows * (size_t)view->rows);
    struct region text = region_sub(region, 0, view->gutter, view->rows, view->cols);
    size_t cursor_line = text_line_of(doc->text, view_head(view)), span = 0;
    int count = lay_out(view, text, rows);
    if (count > 0) {
        highlight(view, rows, count);
    }
    for (int i = 0; i < count; i++) {
        bool current = rows[i].line == cursor_line;
        draw_gutter(view, region, i, rows[i].line, current);
        draw_text(view, &rows[i], &span);
        draw_edges(view, region, &rows[i]);
        if (current && !view_has_selection(view)) {
            grid_overlay(region, i, 0, view->gutter + view->cols,
                focused ? STYLE_CURSOR_LINE : STYLE_CURSOR_LINE_UNFOCUSED, 0);
        }
    }
    free(rows);
    if (focused && !find_is_open(view->editor) && cursor_line >= view->top &&
        cursor_line < view->top + (size_t)view->rows) {
        size_t column = view_column(view, view_head(view));
        if (column >= view->left) {
            grid_set_cursor(text, (int)(cursor_line - view->top), (int)(column - view->left));
        }
    }
}

void editor_draw(void *pane, struct region region, bool focused)
{
    struct editor *editor = pane;
    struct view *view = editor->view;
    int bar = find_rows(editor);
    if (view == NULL) {
        draw_empty(region);
        return;
    }
    int rows = region_rows(region), cols = region_cols(region);
    bar = bar < rows ? bar : 0;
    view->rows = rows - bar;
    view->gutter = gutter_width(view->doc, cols);
    view->cols = cols - view->gutter - 1 > 0 ? cols - view->gutter - 1 : 1;
    if (view->follow) {
        follow_cursor(view);
        view->follow = false;
    }
    size_t lines = text_line_count(view->doc->text);
    view->top = view->top < lines ? view->top : lines - 1;
    scrollbar_draw(
        region_sub(region, 0, 0, view->rows, cols), lines, view->top, (size_t)view->rows);
    draw_rows(view, region, focused);
    if (bar > 0) {
        find_draw(editor, region_sub(region, rows - bar, 0, bar, cols), focused);
    } else {
        draw_message(view, region, rows);
    }
}

size_t view_offset_at(struct view *view, int row, int col)
{
    size_t line = view->top + (size_t)(row < 0 ? 0 : row);
    if (line >= text_line_count(view->doc->text)) {
        return text_length(view->doc->text);
    }
    int column = col - view->gutter;
    return view_at_column(view, line, view->left + (size_t)(column < 0 ? 0 : column));
}
