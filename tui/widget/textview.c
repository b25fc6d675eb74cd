#include "widget/textview.h"

#include "action.h"
#include "base/find.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "widget/bar.h"
#include "widget/wrap.h"

struct span {
    size_t len;
    struct style style;
};

struct line {
    struct buf text;
    struct {
        struct span *items;
        size_t len, cap;
    } spans;
    struct textview_line options;
    char *prefix;
    /* Rows at `width` columns; 0: not known. */
    size_t rows;
    int width, ambiguous;
};

struct textview {
    struct {
        struct line *items;
        size_t len, cap;
    } lines;
    size_t top_line; /* first line shown, */
    size_t top_row;  /* from this row of it on */
    bool follow;
    int rows, cols; /* of the last draw, without the scrollbar */
    char *search;
    size_t found_line, found_at; /* the current match; SIZE_MAX: none */
    size_t total_rows;           /* at total_width, with all lines counted */
    int total_width, total_ambiguous;
    bool total_known;
};

struct textview *textview_new(void)
{
    struct textview *view = MEM_NEW(struct textview);
    view->follow = true;
    view->found_line = SIZE_MAX;
    view->rows = 1;
    view->cols = 80;
    return view;
}

static void free_line(struct line *line)
{
    buf_free(&line->text);
    VEC_FREE(&line->spans);
    free(line->prefix);
}

void textview_truncate(struct textview *view, size_t lines)
{
    while (view->lines.len > lines) {
        free_line(&view->lines.items[--view->lines.len]);
        view->total_known = false;
    }
    if (view->found_line != SIZE_MAX && view->found_line >= lines) {
        view->found_line = SIZE_MAX;
    }
}

void textview_clear(struct textview *view)
{
    textview_truncate(view, 0);
    view->top_line = view->top_row = 0;
}

void textview_free(struct textview *view)
{
    if (view != NULL) {
        textview_clear(view);
        VEC_FREE(&view->lines);
        free(view->search);
        free(view);
    }
}

size_t textview_count(const struct textview *view)
{
    return view->lines.len;
}

void textview_line(struct textview *view, const struct textview_line *options)
{
    struct line line = {0};
    if (options != NULL) {
        line.options = *options;
        if (options->prefix.len > 0) {
            line.prefix = str_dup(options->prefix);
            line.options.prefix.ptr = line.prefix;
        }
    } else {
        line.options.fill = STYLE(TEXT);
    }
    VEC_PUSH(&view->lines, line);
    view->total_known = false;
}

void textview_span(struct textview *view, struct str text, struct style style)
{
    for (;;) {
        if (view->lines.len == 0) {
            textview_line(view, NULL);
        }
        struct line *line = &view->lines.items[view->lines.len - 1];
        size_t end = str_find_char(text, '\n', 0);
        struct str part = str_slice(text, 0, end == SIZE_MAX ? text.len : end);
        if (end != SIZE_MAX && part.len > 0 && part.ptr[part.len - 1] == '\r') {
            part.len--;
        }
        if (part.len > 0) {
            buf_append_str(&line->text, part);
            struct span *last =
                line->spans.len > 0 ? &line->spans.items[line->spans.len - 1] : NULL;
            if (last != NULL && style_equal(last->style, style)) {
                last->len += part.len;
            } else {
                VEC_PUSH(&line->spans, (struct span){part.len, style});
            }
            line->rows = 0;
            view->total_known = false;
        }
        if (end == SIZE_MAX) {
            return;
        }
        struct textview_line options = line->options;
        textview_line(view, &options);
        text = str_from(text, end + 1);
    }
}

static int line_cols(const struct line *line, int cols, bool first)
{
    int used = first ? line->options.indent : line->options.hang;
    used += (int)utf8_width(line->options.prefix);
    return cols - used < 8 ? 8 : cols - used;
}

static size_t line_rows(struct line *line, int cols)
{
    if (line->options.no_wrap || line->text.len == 0) {
        return 1;
    }
    if (line->rows == 0 || line->width != cols || line->ambiguous != utf8_ambiguous_width()) {
        struct str rest = buf_str(&line->text);
        size_t rows = 0;
        while (rest.len > 0) {
            rest = str_from(rest, wrap_row(rest, line_cols(line, cols, rows == 0)));
            rows++;
        }
        line->rows = rows;
        line->width = cols;
        line->ambiguous = utf8_ambiguous_width();
    }
    return line->rows;
}

static size_t total_rows(struct textview *view, int cols)
{
    if (!view->total_known || view->total_width != cols ||
        view->total_ambiguous != utf8_ambiguous_width()) {
        view->total_rows = 0;
        VEC_FOREACH (struct line, line, &view->lines) {
            view->total_rows += line_rows(line, cols);
        }
        view->total_known = true;
        view->total_width = cols;
        view->total_ambiguous = utf8_ambiguous_width();
    }
    return view->total_rows;
}

size_t textview_height(struct textview *view, int cols)
{
    return total_rows(view, cols);
}

/* Screen rows above the top. */
static size_t rows_above(struct textview *view, int cols)
{
    size_t rows = view->top_row;
    for (size_t i = 0; i < view->top_line && i < view->lines.len; i++) {
        rows += line_rows(&view->lines.items[i], cols);
    }
    return rows;
}

static void set_top(struct textview *view, size_t row, int cols)
{
    view->top_line = view->top_row = 0;
    while (view->top_line < view->lines.len) {
        size_t rows = line_rows(&view->lines.items[view->top_line], cols);
        if (row < rows) {
            view->top_row = row;
            return;
        }
        row -= rows;
        view->top_line++;
    }
    if (view->lines.len > 0) {
        view->top_line = view->lines.len - 1;
    }
}

static void settle(struct textview *view)
{
    size_t total = total_rows(view, view->cols);
    size_t shown = (size_t)view->rows;
    size_t most = total > shown ? total - shown : 0;
    if (view->top_line < view->lines.len) {
        /* A line that got shorter rows than we were into it (resize). */
        size_t rows = line_rows(&view->lines.items[view->top_line], view->cols);
        view->top_row = view->top_row < rows ? view->top_row : rows - 1;
    }
    if (view->follow || rows_above(view, view->cols) > most) {
        set_top(view, most, view->cols);
    }
}

void textview_scroll(struct textview *view, long rows)
{
    size_t total = total_rows(view, view->cols);
    size_t most = total > (size_t)view->rows ? total - (size_t)view->rows : 0;
    settle(view);
    size_t at = rows_above(view, view->cols);
    if (rows < 0) {
        at = (size_t)-rows > at ? 0 : at - (size_t)-rows;
    } else {
        at = at + (size_t)rows > most ? most : at + (size_t)rows;
    }
    view->follow = at == most;
    set_top(view, at, view->cols);
}

void textview_follow(struct textview *view)
{
    view->follow = true;
}

bool textview_is_following(const struct textview *view)
{
    return view->follow;
}

void textview_show_line(struct textview *view, size_t line, bool top)
{
    if (line >= view->lines.len) {
        return;
    }
    settle(view);
    size_t row = 0;
    for (size_t i = 0; i < line; i++) {
        row += line_rows(&view->lines.items[i], view->cols);
    }
    size_t above = rows_above(view, view->cols);
    size_t high = line_rows(&view->lines.items[line], view->cols);
    size_t shown = (size_t)view->rows;
    if (top || row < above || high >= shown) {
        above = row;
    } else if (row + high > above + shown) {
        above = row + high - shown;
    }
    size_t total = total_rows(view, view->cols);
    size_t most = total > shown ? total - shown : 0;
    above = above > most ? most : above;
    view->follow = false;
    set_top(view, above, view->cols);
}

static void mark_matches(struct textview *view, struct region region, int row, int col,
    const struct line *line, size_t index, size_t from, size_t to)
{
    if (view->search == NULL) {
        return;
    }
    struct str text = buf_str(&line->text);
    struct str needle = str_of(view->search);
    size_t at = find_smart(text, needle, from);
    while (at < to) {
        size_t end = at + needle.len < to ? at + needle.len : to;
        bool current = index == view->found_line && at == view->found_at;
        int start = (int)utf8_width(str_slice(text, from, at));
        grid_overlay(region, row, col + start, (int)utf8_width(str_slice(text, at, end)),
            current ? STYLE_SEARCH_CURRENT : STYLE_SEARCH, 0);
        at = find_smart(text, needle, end);
    }
}

static void draw_bytes(
    const struct line *line, struct region region, int row, int col, size_t from, size_t to)
{
    size_t start = 0;
    for (size_t i = 0; i < line->spans.len && start < to; i++) {
        size_t end = start + line->spans.items[i].len;
        size_t a = start > from ? start : from;
        size_t b = end < to ? end : to;
        if (a < b) {
            struct style style = line->spans.items[i].style;
            if (style.bg == STYLE_NONE && line->options.fill.fg != STYLE_TEXT) {
                style.bg = line->options.fill.fg;
            }
            col += grid_put(region, row, col, str_slice(buf_str(&line->text), a, b), style);
        }
        start = end;
    }
}

static int draw_line(
    struct textview *view, size_t index, struct region region, int row, size_t skip)
{
    struct line *line = &view->lines.items[index];
    struct str text = buf_str(&line->text);
    size_t at = 0;
    size_t number = 0;
    int drawn = 0;
    do {
        bool first = number == 0;
        int room = line_cols(line, view->cols, first);
        size_t len = line->options.no_wrap ? text.len : wrap_row(str_from(text, at), room);
        if (number >= skip) {
            struct region part = region_sub(region, row + drawn, 0, 1, view->cols);
            if (line->options.fill.fg != STYLE_TEXT || line->options.fill.attr != 0) {
                grid_fill(part, line->options.fill);
            }
            int col = first ? line->options.indent : line->options.hang;
            col += grid_put(part, 0, col, line->options.prefix, line->options.prefix_style);
            draw_bytes(line, part, 0, col, at, at + len);
            mark_matches(view, part, 0, col, line, index, at, at + len);
            if (line->options.no_wrap && (int)utf8_width(text) > view->cols - col) {
                grid_put_c(
                    part, 0, view->cols - 1, grid_is_ascii(part.grid) ? ">" : "…", STYLE(DIM));
            }
            drawn++;
        }
        at += len;
        number++;
    } while (at < text.len && row + drawn < view->rows);
    return drawn;
}

void textview_draw(struct textview *view, struct region region, bool focused)
{
    (void)focused;
    view->rows = region_rows(region) > 0 ? region_rows(region) : 1;
    int cols = region_cols(region);
    view->cols = cols > 1 ? cols - 1 : 1; /* the last column is the scrollbar's */
    settle(view);
    int row = 0;
    size_t skip = view->top_row;
    for (size_t i = view->top_line; i < view->lines.len && row < view->rows; i++) {
        row += draw_line(view, i, region, row, skip);
        skip = 0;
    }
    scrollbar_draw(
        region, total_rows(view, view->cols), rows_above(view, view->cols), (size_t)view->rows);
}

unsigned textview_key(struct textview *view, const struct key *key, bool letters)
{
    long page = view->rows > 2 ? view->rows - 1 : 1;
    long half = view->rows > 1 ? view->rows / 2 : 1;
    if (key->mods == 0 && key->code == K_PAGE_UP) {
        textview_scroll(view, -page);
    } else if (key->mods == 0 && key->code == K_PAGE_DOWN) {
        textview_scroll(view, page);
    } else if (!letters) {
        return UI_IGNORED;
    } else if ((key->code == K_UP && key->mods == 0) || key_is_char(key, 'k')) {
        textview_scroll(view, -1);
    } else if ((key->code == K_DOWN && key->mods == 0) || key_is_char(key, 'j')) {
        textview_scroll(view, 1);
    } else if (key_is_ctrl(key, 'u')) {
        textview_scroll(view, -half);
    } else if (key_is_ctrl(key, 'd')) {
        textview_scroll(view, half);
    } else if (key_is_char(key, 'g') || key->code == K_HOME) {
        view->follow = false;
        view->top_line = view->top_row = 0;
    } else if (key_is_char(key, 'G') || key->code == K_END) {
        textview_follow(view);
    } else {
        return UI_IGNORED;
    }
    return UI_DONE;
}

unsigned textview_mouse(struct textview *view, const struct mouse *mouse)
{
    if (mouse->action != MOUSE_WHEEL) {
        return UI_IGNORED;
    }
    textview_scroll(view, mouse->button * 3);
    return UI_DONE;
}

size_t textview_line_at(const struct textview *view, int row)
{
    size_t skip = view->top_row;
    int at = 0;
    for (size_t i = view->top_line; i < view->lines.len && row >= 0; i++) {
        at += (int)(line_rows(&view->lines.items[i], view->cols) - skip);
        skip = 0;
        if (row < at) {
            return i;
        }
    }
    return SIZE_MAX;
}

uint64_t textview_tag(const struct textview *view, size_t line)
{
    return line < view->lines.len ? view->lines.items[line].options.tag : 0;
}

static bool find_in_line(
    const struct textview *view, size_t index, size_t from, bool backward, size_t *found)
{
    struct str text = buf_str(&view->lines.items[index].text);
    struct str needle = str_of(view->search);
    if (backward) {
        size_t at = from < text.len ? from : text.len;
        while (at > 0) {
            if (find_is_at(text, --at, needle)) {
                *found = at;
                return true;
            }
        }
        return false;
    }
    *found = find_smart(text, needle, from);
    return *found != SIZE_MAX;
}

bool textview_search(struct textview *view, struct str needle, bool backward)
{
    bool again = view->search != NULL && str_equal_c(needle, view->search);
    free(view->search);
    view->search = needle.len == 0 ? NULL : str_dup(needle);
    if (view->search == NULL || view->lines.len == 0) {
        view->found_line = SIZE_MAX;
        return false;
    }
    size_t count = view->lines.len;
    again = again && view->found_line != SIZE_MAX;
    size_t line = again ? view->found_line : view->top_line < count ? view->top_line : 0;
    size_t from = !again ? (backward ? SIZE_MAX : 0) : view->found_at + (backward ? 0 : 1);
    for (size_t i = 0; i <= count; i++) {
        size_t found;
        if (find_in_line(view, line, from, backward, &found)) {
            view->found_line = line;
            view->found_at = found;
            textview_show_line(view, line, false);
            return true;
        }
        line = backward ? (line + count - 1) % count : (line + 1) % count;
        from = backward ? SIZE_MAX : 0;
    }
    view->found_line = SIZE_MAX;
    return false;
}

void textview_copy(const struct textview *view, size_t from, size_t to, struct buf *out)
{
    for (size_t i = from; i < to && i < view->lines.len; i++) {
        buf_append_str(out, buf_str(&view->lines.items[i].text));
        buf_append_char(out, '\n');
    }
}
