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

static void follow_cursor(struct view *view)
{
    size_t columns = (size_t)view->cols, column = view_column(view, view_head(view));
    view_follow_rows(view, view->rows > 3 * MARGIN_ROWS ? MARGIN_ROWS : 0);
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
    bool more = find_visible(editor, doc->text, row->shown.start, row->shown.end, &match);
    size_t column = row->first_column;
    struct run run = {0};
    buf_clear(&editor->scratch);
    text_copy(doc->text, row->shown.start, row->shown.end, &editor->scratch);
    struct str bytes = buf_str(&editor->scratch);
    for (size_t i = 0; i < bytes.len;) {
        size_t at = row->shown.start + i, len = utf8_cluster(str_from(bytes, i));
        size_t width = column_width(str_slice(bytes, i, i + len), column, doc->tab_width);
        if (more && at >= match.end) {
            more = find_visible(editor, doc->text, at, row->shown.end, &match);
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

/* Finds out what of each row can be seen; returns how many rows there are. */
static int lay_out(struct view *view, struct region region, struct row *rows)
{
    const struct doc *doc = view->doc;
    struct view_row at;
    int count = 0;
    view_row_at(view, view->top, &at);
    view->top = at.start;
    do {
        struct row *row = &rows[count];
        struct column_point first = {at.start, 0};
        if (view->left > 0) {
            first = column_find(
                &view->columns, doc->text, doc->tab_width, at.start, at.end, view->left);
        }
        struct column_point last = first;
        /* One cluster further, so that one cut by the edge is painted in part. */
        column_walk(doc->text, doc->tab_width, &last, at.end, at.end,
            view->left + (size_t)view->cols + doc->tab_width);
        *row = (struct row){.region = region,
            .at = count,
            .line = at.line,
            .start = at.start,
            .end = at.end,
            .shown = {first.offset, last.offset},
            .first_column = first.column,
            .cut = last.offset < at.end || last.column > view->left + (size_t)view->cols};
        count++;
    } while (count < view->rows && view_row_next(view, &at));
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
    int cursor_row = -1;
    int count = lay_out(view, text, rows);
    if (count > 0) {
        highlight(view, rows, count);
    }
    for (int i = 0; i < count; i++) {
        bool current = rows[i].line == cursor_line;
        cursor_row = current ? i : cursor_row;
        draw_gutter(view, region, i, rows[i].line, current);
        draw_text(view, &rows[i], &span);
        draw_edges(view, region, &rows[i]);
        if (current && !view_has_selection(view)) {
            grid_overlay(region, i, 0, view->gutter + view->cols,
                focused ? STYLE_CURSOR_LINE : STYLE_CURSOR_LINE_UNFOCUSED, 0);
        }
    }
    free(rows);
    if (focused && !find_is_open(view->editor)) {
        size_t column = view_column(view, view_head(view));
        if (cursor_row >= 0 && column >= view->left) {
            grid_set_cursor(text, cursor_row, (int)(column - view->left));
        }
    }
}

static void draw_view(struct view *view, struct region region, bool focused)
{
    int cols = region_cols(region);
    view->rows = region_rows(region);
    view->gutter = gutter_width(view->doc, cols);
    view->cols = cols - view->gutter - 1 > 0 ? cols - view->gutter - 1 : 1;
    if (view->follow) {
        follow_cursor(view);
        view->follow = false;
    }
    scrollbar_draw(region, text_line_count(view->doc->text),
        text_line_of(view->doc->text, view->top), (size_t)view->rows);
    draw_rows(view, region, focused);
}

/* The line above a view when there are several. */
static void draw_view_title(const struct view *view, struct region region, bool focused)
{
    const struct doc *doc = view->doc;
    struct style style = focused ? STYLE(TITLE_FOCUS) : STYLE(TITLE);
    struct text_point point = text_point_of(doc->text, view_head(view));
    int cols = region_cols(region);
    char where[64];
    int width = snprintf(where, sizeof where, " %zu:%zu ", point.row + 1, point.column + 1);
    grid_hline(region, 0, 0, cols, focused ? STYLE(BORDER_FOCUS) : STYLE(BORDER));
    int room = cols - width - 7;
    if (room < 4) {
        room = cols - 6;
        width = 0;
    }
    int used = grid_put_fit_end(region, 0, 2, room, str_of(doc->path), style);
    grid_put_c(region, 0, 1, " ", style);
    grid_put_c(region, 0, used + 2, " ", style);
    if (text_is_dirty(doc->text)) {
        grid_put_c(region, 0, used + 3, grid_is_ascii(region.grid) ? "* " : "● ", style);
    }
    if (width > 0) {
        grid_put_c(region, 0, cols - width - 1, where, STYLE(HINT));
    }
}

static void draw_split(struct editor *editor, const struct split *split, struct region region,
    bool focused, bool titles)
{
    const struct rect *rect = &split->rect;
    if (split->child[0] != NULL) {
        if (split->beside) {
            const struct rect *second = &split->child[1]->rect;
            grid_vline(region, second->row, second->col - 1, second->rows, STYLE(BORDER));
        }
        draw_split(editor, split->child[0], region, focused, titles);
        draw_split(editor, split->child[1], region, focused, titles);
        return;
    }
    struct view *view = split->view;
    focused = focused && view == editor->view;
    int title = titles ? 1 : 0;
    view->row = rect->row + title;
    view->col = rect->col;
    if (titles) {
        draw_view_title(view, region_sub(region, rect->row, rect->col, 1, rect->cols), focused);
    }
    struct region inside = region_sub(region, view->row, view->col, rect->rows - title, rect->cols);
    draw_view(view, inside, focused);
    if (view == editor->view && !find_is_open(editor)) {
        draw_message(view, inside, rect->rows - title);
    }
}

void editor_draw(void *pane, struct region region, bool focused)
{
    struct editor *editor = pane;
    int bar = find_rows(editor);
    if (editor->view == NULL) {
        draw_empty(region);
        return;
    }
    int rows = region_rows(region), cols = region_cols(region);
    bar = bar < rows ? bar : 0;
    struct rect all = {0, 0, rows - bar, cols};
    editor->area = all;
    editor->splits_fit = split_lay_out(editor->split, all);
    if (editor->splits_fit) {
        draw_split(editor, editor->split, region, focused, split_count(editor->split) > 1);
    } else {
        struct split alone = {.view = editor->view, .rect = all};
        draw_split(editor, &alone, region, focused, false);
    }
    if (bar > 0) {
        find_draw(editor, region_sub(region, rows - bar, 0, bar, cols), focused);
    }
}

size_t view_offset_at(struct view *view, int row, int col)
{
    struct view_row at;
    view_row_at(view, view->top, &at);
    for (; row > 0; row--) {
        if (!view_row_next(view, &at)) {
            return text_length(view->doc->text);
        }
    }
    int column = col - view->gutter;
    return view_at_column(view, at.line, view->left + (size_t)(column < 0 ? 0 : column));
}
