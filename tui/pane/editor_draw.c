/* Painting the editor. Nothing here walks more of the text than what is visible. */
#include "pane/editor_draw.h"

#include "keymap.h"
#include "pane/editor_vi.h"
#include "widget/bar.h"
#include "widget/wrap.h"

#include <stdio.h>

#define PARSE_US          3000          /* a frame's share for parsing what is visible */
#define BEHIND_MS         100           /* the most that keys put parsing off, */
#define TOO_LONG_MS       2000          /* and where a frame's share does not do */
#define GAP_BYTES         ((size_t)256) /* rows further apart than this are highlighted apart */
#define MARGIN_COLS       4
#define MESSAGE_ROWS      3 /* at most, of what is wrong in the cursor's line */
#define MESSAGE_FROM_ROWS 12

static int digits(size_t number)
{
    int count = 1;
    while (number >= 10) {
        number /= 10;
        count++;
    }
    return count;
}

/* Mark, line number, coverage, blank (or fold). */
static int gutter_width(const struct view *view, int cols)
{
    int number = digits(text_line_count(view->doc->text));
    number = number < 3 ? 3 : number;
    if (cols < 20) {
        return 0;
    }
    return view->editor->look.line_numbers == LINE_NUMBERS_OFF ? 3 : number + 3;
}

size_t view_side_margin(const struct view *view)
{
    return view->cols > 4 * MARGIN_COLS ? MARGIN_COLS : 0;
}

static void follow_column(struct view *view)
{
    size_t columns = (size_t)view->cols, column = view_column(view, view_head(view));
    size_t margin = view_side_margin(view);
    if (column < view->left + margin) {
        view->left = column > margin ? column - margin : 0;
        view->left = column + margin < columns ? 0 : view->left;
    } else if (column + margin >= view->left + columns) {
        view->left = column + margin + 1 - columns;
    }
}

static void follow_cursor(struct view *view)
{
    size_t margin = view_margin(view);
    view_reveal(view);
    if (view->jumped && !view_shows_caret(view)) {
        view_show(view, view_head(view), VIEW_MIDDLE);
    } else {
        view_follow_rows(view, margin, margin);
    }
    view->jumped = false;
    if (view->wrap) {
        view->left = 0;
    } else {
        follow_column(view);
    }
}

static struct style mark_style(const struct editor_mark *mark)
{
    static const enum style_id styles[] = {
        [EDITOR_MARK_ADDED] = STYLE_ACCEPTED,
        [EDITOR_MARK_CHANGED] = STYLE_MODIFIED,
        [EDITOR_MARK_REMOVED] = STYLE_DECLINED,
        [EDITOR_MARK_COVERED] = STYLE_COVERED,
        [EDITOR_MARK_UNCOVERED] = STYLE_UNCOVERED,
        [EDITOR_MARK_INFO] = STYLE_INFO,
        [EDITOR_MARK_WARNING] = STYLE_WARNING,
        [EDITOR_MARK_ERROR] = STYLE_ERROR,
    };
    return style_of(styles[mark->kind]);
}

static const char *mark_sign(const struct editor_mark *mark, bool ascii)
{
    static const char *const signs[][2] = {
        [EDITOR_MARK_ADDED] = {"+", "+"},
        [EDITOR_MARK_CHANGED] = {"~", "~"},
        [EDITOR_MARK_REMOVED] = {"_", "_"},
        [EDITOR_MARK_COVERED] = {"▎", "|"},
        [EDITOR_MARK_UNCOVERED] = {"▌", "!"},
        [EDITOR_MARK_INFO] = {"i", "i"},
        [EDITOR_MARK_WARNING] = {"!", "!"},
        [EDITOR_MARK_ERROR] = {"✗", "x"},
    };
    return signs[mark->kind][ascii];
}

/* Problems left of the number; behind it coverage, then what differs from HEAD, which a fold's sign
 * goes over. */
static void draw_marks(struct paint *paint, int row, size_t line)
{
    const struct view *view = paint->view;
    const char *path = view->doc->path;
    const struct file_marks *marks = view->editor->marks;
    const struct editor_mark *problem = marks_at(marks, path, line);
    const struct {
        const struct editor_mark *mark;
        int col;
    } signs[] = {
        {problem != NULL && problem->kind >= EDITOR_MARK_INFO ? problem : NULL, 0},
        {marks_coverage(marks, path, line), view->gutter - 2},
        {marks_change(marks, path, line), view->gutter - 1},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const struct editor_mark *mark = signs[i].mark;
        if (mark != NULL) {
            grid_put_c(paint->region, row, signs[i].col,
                mark_sign(mark, grid_is_ascii(paint->region.grid)), mark_style(mark));
        }
    }
}

/* `cursor`: the line the cursor is in. */
static void draw_number(struct paint *paint, int row, size_t line, size_t cursor)
{
    const struct view *view = paint->view;
    enum line_numbers kind = view->editor->look.line_numbers;
    char number[32];
    if (kind == LINE_NUMBERS_OFF) {
        return;
    }
    if (kind == LINE_NUMBERS_RELATIVE && line != cursor) {
        /* In lines as the arrow keys count them. */
        size_t a = line - foldset_hidden_before(view->folds, line);
        size_t b = cursor - foldset_hidden_before(view->folds, cursor);
        snprintf(number, sizeof number, "%*zu", view->gutter - 3, a > b ? a - b : b - a);
    } else {
        snprintf(number, sizeof number, "%*zu", view->gutter - 3, line + 1);
    }
    grid_put_c(
        paint->region, row, 1, number, line == cursor ? STYLE(GUTTER_CURRENT) : STYLE(GUTTER));
}

static void draw_gutter(struct paint *paint, const struct paint_row *row, size_t cursor)
{
    const struct view *view = paint->view;
    bool ascii = grid_is_ascii(paint->region.grid);
    if (view->gutter == 0) {
        return;
    }
    if (row->is.start > row->is.line_start) { /* the line goes on */
        grid_put_c(paint->region, row->at, view->gutter - 3, ascii ? "\\" : "↪", STYLE(GUTTER));
        return;
    }
    draw_number(paint, row->at, row->is.line, cursor);
    draw_marks(paint, row->at, row->is.line);
    if (foldset_hidden_below(view->folds, row->is.line) > 0) {
        grid_put_c(
            paint->region, row->at, view->gutter - 1, ascii ? "+" : "▸", STYLE(GUTTER_CURRENT));
    } else if (paint->can_fold && row->is.line == cursor) {
        grid_put_c(
            paint->region, row->at, view->gutter - 1, ascii ? "-" : "▾", STYLE(GUTTER_CURRENT));
    }
}

/* Signs that a line goes on to the left or the right of what is shown. */
static void draw_edges(const struct paint *paint, const struct paint_row *row)
{
    const struct view *view = paint->view;
    bool ascii = grid_is_ascii(paint->region.grid);
    if (row->shown.start > row->is.start && view->gutter > 0) {
        grid_put_c(paint->region, row->at, view->gutter - 1, ascii ? "<" : "‹", STYLE(HINT));
    }
    if (row->cut) {
        grid_put_c(
            paint->region, row->at, view->gutter + view->cols, ascii ? ">" : "›", STYLE(HINT));
    }
}

static void note_selections(const struct view *view, struct paint_row *row)
{
    if (editor_vi_shows(view)) {
        row->selection_count = editor_vi_selected(view, row->is.line, &row->selections[0]) ? 1 : 0;
        return;
    }
    VEC_FOREACH (struct caret, caret, &view->carets) {
        size_t a = caret->at.anchor, b = caret->at.head;
        struct search_range range =
            a < b ? (struct search_range){a, b} : (struct search_range){b, a};
        if (range.end > row->is.start && range.start <= row->is.end && range.end > range.start &&
            row->selection_count < ROW_SELECTIONS) {
            row->selections[row->selection_count++] = range;
        }
    }
}

/* What of the row can be seen. */
static void clip_row(struct view *view, struct paint_row *row)
{
    const struct doc *doc = view->doc;
    const struct view_row *is = &row->is;
    if (view->wrap) {
        row->shown = (struct search_range){is->start, is->end};
        row->column = is->column;
        row->col = (int)is->indent;
        return;
    }
    struct column_point first = {is->start, 0};
    if (view->left > 0) {
        first =
            column_find(&view->columns, doc->text, doc->tab_width, is->start, is->end, view->left);
    }
    struct column_point last = first;
    /* One cluster further, so that one cut by the edge is painted in part. */
    column_walk(doc->text, doc->tab_width, &last, is->end, is->end,
        view->left + (size_t)view->cols + doc->tab_width);
    row->shown = (struct search_range){first.offset, last.offset};
    row->column = first.column;
    row->col = (int)first.column - (int)view->left;
    row->cut = last.offset < is->end || last.column > view->left + (size_t)view->cols;
}

/* Finds out what of each row can be seen; returns how many rows there are. */
static int lay_out(struct view *view, struct paint_row *rows)
{
    struct view_row is;
    int count = 0;
    view_row_at(view, view->top, &is);
    view->top = is.start;
    do {
        rows[count] = (struct paint_row){.is = is, .at = count};
        clip_row(view, &rows[count]);
        count++;
    } while (count < view->rows && view_row_next(view, &is));
    return count;
}

static void on_parse(void *data)
{
    struct editor *editor = data;
    const struct view *view = editor->view;
    if (view != NULL && !syntax_go_on(view->doc->syntax, PARSE_US)) {
        loop_timer_start(editor->parser, 0, 0); /* with a look at keys in between */
    } else {
        app_redraw_pane(editor->app, editor);
    }
}

static void parse_later(struct editor *editor)
{
    if (editor->parser == NULL) {
        editor->parser = loop_timer_new(editor->loop, on_parse, editor);
    }
    loop_timer_start(editor->parser, 1, 0);
}

/* The rows from `at` on that lie close together in the text: what is between, folded away or off
 * the side of a long line, is not asked for. Returns the row after them. */
static int stretch(const struct paint_row *rows, int count, int at, size_t *from, size_t *to)
{
    *from = rows[at].shown.start;
    *to = rows[at].shown.end;
    for (at++; at < count && rows[at].shown.start >= *to && rows[at].shown.start - *to < GAP_BYTES;
         at++) {
        *to = rows[at].shown.end;
    }
    return at;
}

/* The answer to a key is painted first: an edit is shown with the colours of before, moved along
 * with the text, and parsed for the next frame; but not for ever while keys come. */
static bool is_put_off(struct view *view, const struct paint_row *rows, int count)
{
    uint64_t version = text_version(view->doc->text), now = loop_now_ms();
    bool put_off = version != view->drawn_version;
    size_t from, to;
    view->drawn_version = version;
    for (int i = 0; i < count && put_off;) {
        i = stretch(rows, count, i, &from, &to);
        put_off = syntax_is_edited(view->doc->syntax, from, to);
    }
    if (put_off && view->parse_by == 0) {
        view->parse_by = now + BEHIND_MS;
    }
    return put_off && now <= view->parse_by;
}

/* False: not yet, what is shown now is of the trees there are. */
static bool parse_rows(struct view *view, const struct paint_row *rows, int count)
{
    bool done = true;
    size_t from, to;
    if (is_put_off(view, rows, count)) {
        parse_later(view->editor);
        return false;
    }
    for (int i = 0; i < count;) {
        i = stretch(rows, count, i, &from, &to);
        done = syntax_parse(view->doc->syntax, from, to, PARSE_US) && done;
    }
    if (!done) {
        parse_later(view->editor);
    }
    view->parse_by = done ? 0 : loop_now_ms() + TOO_LONG_MS; /* it helps no key's frame */
    return done;
}

static void highlight(struct paint *paint, const struct paint_row *rows, int count)
{
    struct editor *editor = paint->view->editor;
    size_t from, to;
    editor->spans.len = 0;
    paint->span = 0;
    for (int i = 0; i < count;) {
        i = stretch(rows, count, i, &from, &to);
        syntax_highlight(paint->view->doc->syntax, from, to, &editor->spans);
    }
}

static void draw_message(const struct view *view, struct region region, int row)
{
    const struct doc *doc = view->doc;
    size_t line = text_line_of(doc->text, view_head(view));
    const struct editor_mark *mark = marks_message(view->editor->marks, doc->path, line);
    if (mark != NULL && row > 1) {
        struct style style = style_on(mark_style(mark), STYLE_FIELD);
        struct buf all = BUF_INIT;
        size_t count = marks_append_messages(view->editor->marks, doc->path, line, &all);
        int cols = region_cols(region);
        bool is_low = row <= MESSAGE_FROM_ROWS;
        if (is_low && count > 1) { /* the first, and that it is not the only one */
            char *number = mem_printf("1/%zu ", count);
            buf_insert(&all, 0, number, strlen(number));
            free(number);
        }
        struct str text = buf_str(&all);
        int high = wrap_height(text, cols - 2, is_low ? 1 : MESSAGE_ROWS);
        struct region place = region_sub(region, row - high, 0, high, cols);
        grid_fill(place, STYLE(FIELD));
        wrap_put(region_sub(place, 0, 1, high, cols - 2), text, style);
        buf_free(&all);
    }
}

static void draw_empty(const struct editor *editor, struct region region)
{
    static const char *const hints[] = {"find.files", "app.palette"};
    struct keymap *keymap = app_keymap(editor->app);
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < ARRAY_LEN(hints); i++) { /* keys that work from the chat too */
        const struct action *action = keymap_action(keymap, hints[i]);
        size_t before = text.len;
        if (action != NULL) {
            keymap_append_text_key(keymap, action, &text);
        }
        if (text.len > before) {
            buf_printf(&text, " %s   ", action->label);
        }
    }
    int row = region_rows(region) / 2 - 1, col = region_cols(region) / 2 - 10;
    col = col < 1 ? 1 : col;
    grid_put_c(region, row, col, "No file is open.", STYLE(HINT));
    grid_put(region, row + 1, col, buf_str(&text), STYLE(HINT));
    buf_free(&text);
}

/* The brackets the cursor is at: the one under it, else the one before. */
static void find_pair(struct paint *paint)
{
    const struct view *view = paint->view;
    size_t head = view_head(view);
    for (int i = 0; i < 2 && !paint->has_pair && head >= (size_t)i; i++) {
        int byte = text_byte(view->doc->text, head - (size_t)i);
        if (byte > 0 && strchr("()[]{}", byte) != NULL) {
            paint->has_pair = syntax_bracket_at(view->doc->syntax, head - (size_t)i, &paint->pair);
        }
    }
}

/* "⋯ 12 lines" behind a line whose fold is closed. */
static void draw_folded(struct paint *paint, const struct paint_row *row, int col)
{
    size_t hidden = foldset_hidden_below(paint->view->folds, row->is.line);
    if (hidden > 0 && row->is.end == row->is.line_end && !row->cut && col >= 0) {
        grid_printf(paint->text, row->at, col + 1, STYLE(HINT), "%s %zu line%s",
            grid_is_ascii(paint->text.grid) ? "..." : "⋯", hidden, hidden == 1 ? "" : "s");
    }
}

static bool holds(const struct view_row *row, size_t at)
{
    return at >= row->start && (at < row->end || (row->end == row->line_end && at == row->end));
}

/* The terminal's cursor for the primary caret, a reversed cell for the others. */
static void draw_carets(struct paint *paint, const struct paint_row *row)
{
    struct view *view = paint->view;
    VEC_FOREACH (struct caret, caret, &view->carets) {
        if (!holds(&row->is, caret->at.head)) {
            continue;
        }
        size_t column = view_row_column(view, &row->is, caret->at.head);
        if (column < view->left) {
            continue;
        }
        if (caret == view_caret(view)) {
            grid_set_cursor(paint->text, row->at, (int)(column - view->left));
        } else {
            grid_overlay(
                paint->text, row->at, (int)(column - view->left), 1, STYLE_NONE, ATTR_REVERSE);
        }
    }
}

/* Text that is not in the file, behind the end of its line: dim, and apart from it by a sign. */
static void draw_hint(struct paint *paint, const struct paint_row *row, int col)
{
    const struct view *view = paint->view;
    const struct editor_hint *hint = hints_at(view->editor->hints, view->doc->path, row->is.line);
    if (hint == NULL || row->stuck) {
        return;
    }
    bool ascii = grid_is_ascii(paint->region.grid);
    if (hint->current && view->gutter > 0 && row->is.start == row->is.line_start) {
        grid_put_c(
            paint->region, row->at, 0, ascii ? ">" : "▶", style_with(STYLE(RUNNING), ATTR_BOLD));
    }
    int room = view->cols - col - 4;
    if (row->is.end < row->is.line_end || row->cut || hint->text[0] == '\0' || room < 4 ||
        foldset_hidden_below(view->folds, row->is.line) > 0) {
        return;
    }
    struct style style = style_with(STYLE(HINT), ATTR_ITALIC);
    grid_put_c(paint->text, row->at, col + 2, ascii ? "# " : "◂ ", style);
    grid_put_fit(paint->text, row->at, col + 4, room, str_of(hint->text), style);
}

static void draw_row(struct paint *paint, const struct paint_row *row, size_t cursor, bool focused)
{
    const struct view *view = paint->view;
    draw_gutter(paint, row, cursor);
    int end = row_draw_text(paint, row);
    draw_folded(paint, row, end);
    draw_edges(paint, row);
    if (!row->stuck) {
        row_draw_marks(paint, row, end, row->is.line == cursor && focused);
    }
    draw_hint(paint, row, end);
    if (row->stuck) {
        bool last = row->at + 1 == view->stuck_count;
        grid_overlay(paint->region, row->at, 0, view->gutter + view->cols,
            STYLE_CURSOR_LINE_UNFOCUSED, last ? ATTR_UNDERLINE : 0);
    } else if (row->is.line == cursor && !view_has_selection(view)) {
        grid_overlay(paint->region, row->at, 0, view->gutter + view->cols,
            focused && !app_is_away(view->editor->app) ? STYLE_CURSOR_LINE
                                                       : STYLE_CURSOR_LINE_UNFOCUSED,
            0);
    }
}

static void draw_rows(struct view *view, struct region region, bool focused)
{
    struct paint_row *rows = mem_zalloc(sizeof *rows * (size_t)view->rows);
    struct paint paint = {.view = view,
        .region = region,
        .text = region_sub(region, 0, view->gutter, view->rows, view->cols),
        .selection = view_selection(view)};
    size_t cursor = foldset_head(view->folds, text_line_of(view->doc->text, view_head(view)));
    int count = lay_out(view, rows);
    bool searching = find_is_open(view->editor) || editor_vi_rows(view->editor) > 0;
    syntax_hold(view->doc->syntax, !parse_rows(view, rows, count));
    sticky_find(view, rows, count);
    sticky_lay_out(view, rows);
    for (int i = 0; i < count; i++) {
        if (rows[i].stuck) {
            clip_row(view, &rows[i]);
        }
        note_selections(view, &rows[i]);
    }
    highlight(&paint, rows, count);
    if (focused && !searching) {
        find_pair(&paint);
        paint.can_fold = view_can_fold_at(view, cursor);
    }
    syntax_hold(view->doc->syntax, false);
    for (int i = 0; i < count; i++) {
        draw_row(&paint, &rows[i], cursor, focused);
    }
    for (int i = view->stuck_count; i < count && focused && !searching; i++) {
        draw_carets(&paint, &rows[i]);
    }
    free(rows);
}

static void draw_view(struct view *view, struct region region, bool focused)
{
    int cols = region_cols(region), rows = region_rows(region);
    int gutter = gutter_width(view, cols);
    int room = cols - gutter - 1 > 0 ? cols - gutter - 1 : 1;
    /* Who saw the cursor goes on seeing it when there is less room. */
    bool less = rows < view->rows || room < view->cols;
    view->follow = view->follow || (less && view_shows_caret(view));
    view->rows = rows;
    view->gutter = gutter;
    view->cols = room;
    if (view->follow) {
        follow_cursor(view);
        view->follow = false;
    }
    size_t lines = text_line_count(view->doc->text), top = text_line_of(view->doc->text, view->top);
    scrollbar_draw(region, lines - foldset_hidden_before(view->folds, lines),
        top - foldset_hidden_before(view->folds, top), (size_t)view->rows);
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
    if (focused) {
        grid_repeat(
            region, 0, 0, cols, grid_is_ascii(region.grid) ? "=" : "━", STYLE(BORDER_FOCUS));
    } else {
        grid_hline(region, 0, 0, cols, STYLE(BORDER));
    }
    int room = cols - width - 7;
    if (room < 4) {
        room = cols - 6;
        width = 0;
    }
    int used = grid_put_fit_end(region, 0, 2, room, str_of(doc->path), style);
    grid_put_c(region, 0, 1, " ", style);
    grid_put_c(region, 0, used + 2, " ", style);
    if (doc_has_edits(doc)) {
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
    int bar = find_rows(editor), line = editor_vi_rows(editor);
    bar = line > 0 ? line : bar;
    if (editor->view == NULL) {
        draw_empty(editor, region);
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
    grid_set_cursor_shape(region.grid, focused ? editor_vi_shape(editor) : CURSOR_DEFAULT);
    if (bar > 0 && line > 0) {
        editor_vi_draw(editor, region_sub(region, rows - bar, 0, bar, cols), focused);
    } else if (bar > 0) {
        find_draw(editor, region_sub(region, rows - bar, 0, bar, cols), focused);
    }
}

size_t view_offset_at(struct view *view, int row, int col)
{
    struct view_row at;
    bool stuck = row >= 0 && row < view->stuck_count;
    view_row_at(view, stuck ? text_line_start(view->doc->text, view->stuck[row]) : view->top, &at);
    for (; row > 0 && !stuck; row--) {
        if (!view_row_next(view, &at)) {
            return text_length(view->doc->text);
        }
    }
    int column = col - view->gutter;
    return view_row_offset(view, &at, view->left + (size_t)(column < 0 ? 0 : column));
}
