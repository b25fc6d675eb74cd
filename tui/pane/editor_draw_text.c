/* Painting the text of one row: colours, selections, matches, brackets, marks for blanks. */
#include "pane/editor_draw.h"

#include "base/utf8.h"

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

/* A walk along the row. */
struct pen {
    struct paint *paint;
    const struct paint_row *row;
    bool more; /* `match` is one */
    struct search_range match;
    size_t trailing; /* where the blanks at the line's end begin */
    /* Clusters of one style, not put out yet: a run in the scratch buffer. */
    size_t from, len;
    int col;
    struct style style;
};

static bool is_selected(const struct paint_row *row, size_t at)
{
    for (size_t i = 0; i < row->selection_count; i++) {
        if (at >= row->selections[i].start && at < row->selections[i].end) {
            return true;
        }
    }
    return false;
}

static bool in_pair(const struct bracket_pair *pair, size_t at)
{
    return (at >= pair->open && at < pair->open + pair->open_len) ||
           (at >= pair->close && at < pair->close + pair->close_len);
}

/* Style of the byte at `at`: spans are in order, paint->span moves along. */
static struct style style_at(struct pen *pen, size_t at)
{
    struct paint *paint = pen->paint;
    const struct syntax_spans *spans = &paint->view->editor->spans;
    while (paint->span < spans->len && spans->items[paint->span].end <= at) {
        paint->span++;
    }
    struct style style = STYLE(TEXT);
    if (paint->span < spans->len && spans->items[paint->span].start <= at) {
        style = style_of(style_of_capture(spans->items[paint->span].capture));
    }
    if (pen->more && at >= pen->match.start && at < pen->match.end) {
        bool current =
            pen->match.start == paint->selection.start && pen->match.end == paint->selection.end;
        return current ? STYLE(SEARCH_CURRENT) : STYLE(SEARCH);
    }
    if (paint->has_pair && in_pair(&paint->pair, at)) {
        style = STYLE(BRACKET_MATCH);
    }
    return is_selected(pen->row, at) ? style_on(style, STYLE_SELECTION) : style;
}

static void flush(struct pen *pen)
{
    if (pen->len > 0) {
        grid_put(pen->paint->text, pen->row->at, pen->col,
            str_slice(buf_str(&pen->paint->view->editor->scratch), pen->from, pen->from + pen->len),
            pen->style);
    }
    pen->len = 0;
}

static void paint_blanks(const struct pen *pen, int col, size_t width, struct style style)
{
    for (size_t i = 0; i < width; i++) {
        grid_put_c(pen->paint->text, pen->row->at, col + (int)i, " ", style);
    }
}

/* What stands for a blank that is to be seen; NULL: nothing does. */
static const char *blank_mark(const struct pen *pen, struct str cluster, size_t at)
{
    enum whitespace_marks marks = pen->paint->view->editor->look.whitespace;
    bool ascii = grid_is_ascii(pen->paint->text.grid);
    if (marks == WHITESPACE_NONE || (marks == WHITESPACE_TRAILING && at < pen->trailing)) {
        return NULL;
    }
    if (cluster.ptr[0] == '\t') {
        return ascii ? ">" : "→";
    }
    if (cluster.ptr[0] == ' ') {
        return ascii ? "." : "·";
    }
    return NULL;
}

/* Blanks that look like a space and are none: no-break, narrow, ideographic. */
static bool is_odd_blank(struct str cluster)
{
    size_t len;
    int32_t cp = cluster.ptr[0] >= 0 ? 0 : utf8_decode(cluster, &len);
    return cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x202f ||
           cp == 0x205f || cp == 0x3000;
}

/* A cluster that is painted by itself; false: it may go with its neighbours. */
static bool draw_special(
    struct pen *pen, struct str cluster, size_t at, int col, size_t width, struct style style)
{
    const char *mark = blank_mark(pen, cluster, at);
    bool odd =
        pen->paint->view->editor->look.whitespace != WHITESPACE_NONE && is_odd_blank(cluster);
    if (mark == NULL && !odd && cluster.ptr[0] != '\t') {
        return false;
    }
    flush(pen);
    paint_blanks(pen, col, width, style);
    if (mark != NULL || odd) {
        struct style dim = odd ? STYLE(HIDDEN_CHARACTER) : (struct style){STYLE_HINT, style.bg, 0};
        bool ascii = grid_is_ascii(pen->paint->text.grid);
        grid_put_c(pen->paint->text, pen->row->at, col, odd ? (ascii ? "~" : "⍽") : mark, dim);
    }
    return true;
}

/* Where the blanks at the end of what is shown begin; past it when that is not the line's end. */
static size_t trailing_from(const struct paint_row *row, struct str bytes)
{
    size_t len = bytes.len;
    if (row->shown.end < row->is.line_end) {
        return SIZE_MAX;
    }
    while (len > 0 && (bytes.ptr[len - 1] == ' ' || bytes.ptr[len - 1] == '\t')) {
        len--;
    }
    return row->shown.start + len;
}

/* What comes behind the line's last character: a selected ending, a CR among LFs. Returns the next
 * free column. */
static int draw_line_end(const struct pen *pen, int col)
{
    const struct paint_row *row = pen->row;
    const struct view *view = pen->paint->view;
    if (col < 0) {
        return col;
    }
    if (view->editor->look.whitespace != WHITESPACE_NONE &&
        text_ending(view->doc->text) == TEXT_ENDING_MIXED &&
        text_byte(view->doc->text, row->is.line_end) == '\r') {
        col += grid_put_c(pen->paint->text, row->at, col,
            grid_is_ascii(pen->paint->text.grid) ? "^M" : "␍", STYLE(HINT));
    } else if (is_selected(row, row->is.line_end)) {
        paint_blanks(pen, col, 1, STYLE_ON(TEXT, SELECTION));
        col++;
    }
    return col;
}

int row_draw_text(struct paint *paint, const struct paint_row *row)
{
    struct view *view = paint->view;
    struct editor *editor = view->editor;
    const struct text *text = view->doc->text;
    struct pen pen = {.paint = paint, .row = row};
    pen.more = find_visible(editor, text, row->shown.start, row->shown.end, &pen.match);
    size_t column = row->column;
    int col = row->col;
    buf_clear(&editor->scratch);
    text_copy(text, row->shown.start, row->shown.end, &editor->scratch);
    struct str bytes = buf_str(&editor->scratch);
    pen.trailing = trailing_from(row, bytes);
    for (size_t i = 0; i < bytes.len;) {
        size_t at = row->shown.start + i, len = utf8_cluster(str_from(bytes, i));
        struct str cluster = str_slice(bytes, i, i + len);
        size_t width = column_width(cluster, column, view->doc->tab_width);
        if (pen.more && at >= pen.match.end) {
            pen.more = find_visible(editor, text, at, row->shown.end, &pen.match);
        }
        struct style style = style_at(&pen, at);
        if (!draw_special(&pen, cluster, at, col, width, style)) {
            if (pen.len == 0 || !style_equal(style, pen.style)) {
                flush(&pen);
                pen.from = i;
                pen.col = col;
                pen.style = style;
            }
            pen.len += len;
        }
        column += width;
        col += (int)width;
        i += len;
    }
    flush(&pen);
    return row->shown.end == row->is.line_end ? draw_line_end(&pen, col) : col;
}
