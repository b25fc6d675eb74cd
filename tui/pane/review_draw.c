/* Paints the review screen. */
#include "pane/review_private.h"

#include "base/path.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "widget/bar.h"

#include <stdint.h>

enum {
    FILES_FROM_COLS = 100, /* narrower screens have one column */
    FILES_COLS = 32,
    EVIDENCE_FROM_ROWS = 16,
    SIDES_FROM_COLS = 70,
    NARROW_COLS = 60, /* one line number instead of two */
    WRAP_MAX = 200    /* rows one line may take */
};

const char *review_mark_text(enum review_mark mark)
{
    static const char *const marks[] = {"○", "◐", "✓", "✗"};
    return marks[mark];
}

struct style review_mark_style(enum review_mark mark)
{
    static const enum style_id styles[] = {
        STYLE_OPEN, STYLE_PARTLY, STYLE_ACCEPTED, STYLE_DECLINED};
    return style_of(styles[mark]);
}

static enum review_mark mark_of_decision(enum review_decision decision)
{
    return decision == REVIEW_ACCEPTED   ? REVIEW_MARK_ACCEPTED
           : decision == REVIEW_DECLINED ? REVIEW_MARK_DECLINED
                                         : REVIEW_MARK_OPEN;
}

static void append_counts(struct buf *out, struct review_counts counts)
{
    if (counts.added > 0) {
        buf_printf(out, "+%zu", counts.added);
    }
    if (counts.removed > 0) {
        buf_printf(out, "%s−%zu", counts.added > 0 ? " " : "", counts.removed);
    }
}

/* Painted from the right end; returns the columns used. */
static int put_right(struct region region, int end, struct str text, struct style style)
{
    int width = (int)utf8_width(text);
    if (width > end) {
        return 0;
    }
    grid_put(region, 0, end - width, text, style);
    return width;
}

static void draw_title(struct review_pane *pane, struct region region)
{
    struct review_counts counts = review_count_all(pane->review);
    struct buf text = BUF_INIT;
    int end = region_cols(region) - 1;
    struct style style = review_evidence_summary(pane, &text);
    end -= put_right(region, end, buf_str(&text), style) + 3;
    const struct {
        size_t count;
        const char *word;
        enum review_mark mark;
    } parts[] = {
        {counts.open, "open", REVIEW_MARK_OPEN},
        {counts.declined, "declined", REVIEW_MARK_DECLINED},
        {counts.accepted, "accepted", REVIEW_MARK_ACCEPTED},
    };
    bool wide = region_cols(region) >= NARROW_COLS;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        buf_clear(&text);
        buf_printf(&text, "%s %zu%s%s", review_mark_text(parts[i].mark), parts[i].count,
            wide ? " " : "", wide ? parts[i].word : "");
        end -= put_right(region, end, buf_str(&text), review_mark_style(parts[i].mark)) + 2;
    }
    int col = 1 + grid_put_fit(region, 0, 1, end - 1, STR_LIT("Review"), STYLE(TITLE_FOCUS));
    if (end > col + 4) {
        grid_put_fit(region, 0, col + 2, end - col - 3, str_of(pane->title), STYLE(TITLE));
    }
    buf_free(&text);
}

static void draw_file(struct review_pane *pane, struct region row, size_t index)
{
    const struct review_file *file = review_file(pane->review, index);
    int cols = region_cols(row);
    bool current = index == pane->file;
    enum review_mark mark = review_file_mark(file);
    struct buf counts = BUF_INIT;
    if (file->whole_because != NULL) {
        buf_append_c(&counts, "whole");
    } else {
        append_counts(&counts, review_count(file, 0, file->items.len));
    }
    grid_put_c(row, 0, 0, current ? "▶" : " ", STYLE(KEY));
    grid_put_c(row, 0, 1, review_mark_text(mark), review_mark_style(mark));
    int right = put_right(row, cols - 1, buf_str(&counts), STYLE(DIM));
    struct style style = current ? STYLE(STRONG) : STYLE(TEXT);
    if (file->change->kind == CHANGE_DELETE) {
        style = style_with(style, ATTR_STRIKE);
    }
    grid_put_fit_end(row, 0, 3, cols - right - 5, str_of(file->change->path), style);
    if (current) {
        grid_overlay(row, 0, 0, cols, STYLE_CURSOR_LINE, 0);
    }
    buf_free(&counts);
}

static void draw_files(struct review_pane *pane, struct region region)
{
    size_t rows = (size_t)region_rows(region);
    size_t count = review_file_count(pane->review);
    if (pane->file < pane->files_top) {
        pane->files_top = pane->file;
    } else if (rows > 0 && pane->file >= pane->files_top + rows) {
        pane->files_top = pane->file - rows + 1;
    }
    for (size_t i = 0; i < rows && pane->files_top + i < count; i++) {
        draw_file(pane, region_sub(region, (int)i, 0, 1, region_cols(region)), pane->files_top + i);
    }
    scrollbar_draw(region, count, pane->files_top, rows);
}

/* "─ src.rego  hunk 2 of 3  rule deny ───" */
static void draw_heading(struct review_pane *pane, struct region region, bool alone)
{
    const struct review_file *file = review_pane_file(pane);
    grid_hline(region, 0, 0, region_cols(region), STYLE(BORDER));
    if (file == NULL) {
        return;
    }
    struct buf text = BUF_INIT;
    struct buf right = BUF_INIT;
    size_t hunk = pane->cursor < pane->rows.len ? pane->rows.items[pane->cursor].hunk : NONE;
    if (hunk != NONE) {
        buf_printf(&text, "   hunk %zu of %zu", hunk + 1, file->hunks.len);
        const struct outline_entry *entry =
            review_pane_outline_at(pane, review_hunk_span(file, hunk).b_from);
        if (entry != NULL) {
            buf_printf(&text, "   %s %s", entry->kind, entry->name);
        }
    }
    if (alone) {
        buf_printf(&right, "%zu/%zu files ", pane->file + 1, review_file_count(pane->review));
        append_counts(&right, review_count(file, 0, file->items.len));
    }
    int cols = region_cols(region);
    int end = cols - 2;
    if (right.len > 0 && cols > NARROW_COLS) {
        int width = (int)utf8_width(buf_str(&right));
        end -= width + 2;
        grid_printf(region, 0, end + 1, STYLE(DIM), " %s ", right.ptr);
    }
    enum review_mark mark = review_file_mark(file);
    grid_put_c(region, 0, 1, " ", STYLE(TITLE));
    int col = 2 + grid_put_c(region, 0, 2, review_mark_text(mark), review_mark_style(mark));
    grid_put_c(region, 0, col++, " ", STYLE(TITLE));
    int room = end - col - 1;
    int tail = (int)utf8_width(buf_str(&text));
    int name = room - tail > 16 ? room - tail : room > 16 ? 16 : room;
    col += grid_put_fit_end(region, 0, col, name, str_of(file->change->path), STYLE(TITLE_FOCUS));
    col += grid_put_fit(region, 0, col, end - col - 1, buf_str(&text), STYLE(TITLE));
    grid_put_c(region, 0, col, " ", STYLE(TITLE));
    buf_free(&text);
    buf_free(&right);
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

struct gutter {
    int number; /* columns of one line number */
    bool both;  /* old and new */
    int cols;   /* all of it */
};

static struct gutter gutter_of(const struct review_pane *pane, int cols)
{
    const struct review_file *file = review_pane_file(pane);
    size_t lines = file->base->lines.len;
    if (file->proposed->lines.len > lines) {
        lines = file->proposed->lines.len;
    }
    struct gutter gutter = {.number = digits(lines), .both = cols >= NARROW_COLS};
    gutter.number = gutter.number < 3 ? 3 : gutter.number;
    gutter.cols = 2 + (gutter.both ? 2 : 1) * (gutter.number + 1) + 3;
    return gutter;
}

/* A CR that every line has is the file's way, not worth showing. */
static struct str shown_text(const struct review_text *text, size_t line)
{
    struct str shown = text->lines.items[line].text;
    bool usual = str_ends(text->lines.items[0].text, "\r");
    if (usual && str_ends(shown, "\r")) {
        shown.len--;
    }
    return shown;
}

/* The code of one side of a row; false when the row has none there. */
static bool code_of(struct review_pane *pane, const struct review_row *row, enum review_side side,
    struct review_code *code)
{
    const struct review_file *file = review_pane_file(pane);
    bool base = side == REVIEW_BASE;
    size_t line = base ? row->a : row->b;
    if (line == NONE) {
        return false;
    }
    const struct review_text *text = base ? file->base : file->proposed;
    bool changed = row->kind == ROW_CHANGE;
    *code = (struct review_code){
        .text = shown_text(text, line),
        .view = &pane->sides[side],
        .offset = (size_t)(text->lines.items[line].text.ptr - text->bytes.ptr),
        .under = !changed ? STYLE_NONE
                 : base   ? STYLE_DELETE
                          : STYLE_ADD,
        .word_under = base ? STYLE_DELETE_WORD : STYLE_ADD_WORD,
        .tail = changed && text->lines.items[line].ending.len == 0 ? "(no newline)" : NULL,
    };
    size_t twin = base ? row->b_twin : row->a_twin;
    if (changed && twin != NONE) {
        struct str other = shown_text(base ? file->proposed : file->base, twin);
        struct diff_spans ignored = {0};
        diff_words(code->text, other, &code->words, &ignored);
        VEC_FREE(&ignored);
    }
    return true;
}

static bool is_selected(const struct review_pane *pane, size_t index)
{
    if (pane->anchor == NONE) {
        return false;
    }
    size_t from = pane->anchor < pane->cursor ? pane->anchor : pane->cursor;
    size_t to = pane->anchor < pane->cursor ? pane->cursor : pane->anchor;
    return index >= from && index <= to;
}

static void draw_cursor_mark(struct review_pane *pane, struct region region, size_t index)
{
    size_t hunk = pane->cursor < pane->rows.len ? pane->rows.items[pane->cursor].hunk : NONE;
    const struct review_row *row = &pane->rows.items[index];
    if (index == pane->cursor) {
        grid_put_c(region, 0, 0, "▶", STYLE(KEY));
    } else if (is_selected(pane, index)) {
        grid_put_c(region, 0, 0, "*", STYLE(KEY));
    } else if (hunk != NONE && row->hunk == hunk && row->kind != ROW_SAME) {
        grid_put_c(region, 0, 0, "│", STYLE(BORDER_FOCUS));
    }
}

static void put_number(struct region region, int col, int width, size_t line)
{
    if (line != NONE) {
        grid_printf(region, 0, col, STYLE(GUTTER), "%*zu", width, line + 1);
    }
}

static void put_decision(struct review_pane *pane, struct region region, int col, size_t item)
{
    if (item != NONE) {
        enum review_mark mark =
            mark_of_decision(review_pane_file(pane)->items.items[item].decision);
        grid_put_c(region, 0, col, review_mark_text(mark), review_mark_style(mark));
    }
}

static void put_side_sign(struct region region, int col, const struct review_row *row, bool base)
{
    if ((base ? row->del : row->add) == NONE) {
        return;
    }
    if (row->kind == ROW_SAME) {
        grid_put_c(region, 0, col, "~", STYLE(MODIFIED)); /* only blanks differ */
    } else {
        grid_put_c(region, 0, col, base ? "-" : "+", base ? STYLE(DELETE) : STYLE(ADD));
    }
}

static void put_sign(struct region region, int col, const struct review_row *row)
{
    put_side_sign(region, col, row, row->del != NONE);
}

static void draw_unified(struct review_pane *pane, struct region region, size_t index)
{
    const struct review_row *row = &pane->rows.items[index];
    struct gutter gutter = gutter_of(pane, region_cols(region));
    struct review_code code;
    enum review_side side = row->b != NONE ? REVIEW_PROPOSED : REVIEW_BASE;
    put_decision(pane, region, 1, row->del != NONE ? row->del : row->add);
    if (gutter.both) {
        put_number(region, 2, gutter.number, row->a);
        put_number(region, 3 + gutter.number, gutter.number, row->b);
    } else {
        put_number(region, 2, gutter.number, row->b != NONE ? row->b : row->a);
    }
    put_sign(region, gutter.cols - 2, row);
    if (code_of(pane, row, side, &code)) {
        review_code_draw(&code,
            region_sub(
                region, 0, gutter.cols, region_rows(region), region_cols(region) - gutter.cols),
            pane->wrap ? 0 : pane->shift, pane);
        VEC_FREE(&code.words);
    }
}

static void draw_half(
    struct review_pane *pane, struct region region, size_t index, enum review_side side)
{
    const struct review_row *row = &pane->rows.items[index];
    struct gutter gutter = gutter_of(pane, 0);
    struct review_code code;
    bool base = side == REVIEW_BASE;
    put_decision(pane, region, 1, base ? row->del : row->add);
    put_number(region, 2, gutter.number, base ? row->a : row->b);
    put_side_sign(region, gutter.cols - 2, row, base);
    if (code_of(pane, row, side, &code)) {
        review_code_draw(&code,
            region_sub(
                region, 0, gutter.cols, region_rows(region), region_cols(region) - gutter.cols),
            pane->wrap ? 0 : pane->shift, pane);
        VEC_FREE(&code.words);
    }
}

static void draw_sides(struct review_pane *pane, struct region region, size_t index)
{
    int cols = region_cols(region);
    int half = (cols - 1) / 2;
    draw_half(pane, region_sub(region, 0, 0, region_rows(region), half), index, REVIEW_BASE);
    grid_vline(region, 0, half, region_rows(region), STYLE(BORDER));
    draw_half(pane, region_sub(region, 0, half + 1, region_rows(region), cols - half - 1), index,
        REVIEW_PROPOSED);
}

static void draw_hunk_row(struct review_pane *pane, struct region region, size_t hunk)
{
    const struct review_file *file = review_pane_file(pane);
    const struct review_hunk *h = &file->hunks.items[hunk];
    enum review_mark mark = review_hunk_mark(file, hunk);
    struct review_span span = review_hunk_span(file, hunk);
    struct buf text = BUF_INIT;
    if (file->items.items[h->first].kind == REVIEW_WHOLE) {
        buf_append_c(&text, file->change->moved_from != NULL ? "the file's name" : "the file");
    } else {
        buf_printf(&text, "@@ %zu,%zu ", span.b_from + 1, span.b_to - span.b_from);
    }
    append_counts(&text, review_count(file, h->first, h->first + h->count));
    grid_fill(region, STYLE(HUNK));
    grid_put_c(region, 0, 1, review_mark_text(mark), style_on(review_mark_style(mark), STYLE_HUNK));
    int col = 3 + grid_put_fit(region, 0, 3, region_cols(region) - 4, buf_str(&text), STYLE(HUNK));
    const struct {
        bool is;
        const char *text;
        enum style_id style;
    } flags[] = {{h->edited, "edited", STYLE_MODIFIED}, {h->conflict, "conflict", STYLE_ERROR},
        {h->drifted && !h->conflict, "drifted", STYLE_WARNING}};
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (flags[i].is) {
            col += 2 + grid_put_c(region, 0, col + 2, flags[i].text,
                           style_on(style_of(flags[i].style), STYLE_HUNK));
        }
    }
    buf_free(&text);
}

static void draw_whole(struct review_pane *pane, struct region region, size_t item)
{
    const struct review_file *file = review_pane_file(pane);
    struct buf text = BUF_INIT;
    put_decision(pane, region, 1, item);
    review_file_describe(file, &text);
    grid_put_fit(region, 0, 3, region_cols(region) - 4, buf_str(&text), STYLE(TEXT));
    buf_free(&text);
}

static void draw_comment(
    struct review_pane *pane, struct region region, const struct review_row *row)
{
    const struct review_comment *comment = &review_pane_file(pane)->comments.items[row->comment];
    struct str rest = str_of(comment->text);
    struct str line = {"", 0};
    for (size_t i = 0; i <= row->count; i++) {
        str_next_line(&rest, &line);
    }
    int col = 6;
    grid_put_c(region, 0, col, "┃", STYLE(COMMENT_MARK));
    col += 2;
    if (row->count == 0) {
        col += grid_put_c(region, 0, col, comment->question ? "? " : "» ", STYLE(COMMENT_MARK));
        if (comment->stale) {
            col += grid_put_c(region, 0, col, "(the line changed) ", STYLE(WARNING));
        } else if (row->hunk == NONE && comment->line != SIZE_MAX) {
            col += grid_printf(region, 0, col, STYLE(DIM), "(line %zu) ", comment->line + 1);
        }
    }
    grid_put_fit(region, 0, col, region_cols(region) - col - 1, line, STYLE(EMPHASIS));
}

static void draw_row(struct review_pane *pane, struct region region, size_t index)
{
    const struct review_row *row = &pane->rows.items[index];
    int cols = region_cols(region);
    switch (row->kind) {
    case ROW_HUNK:
        draw_hunk_row(pane, region, row->hunk);
        break;
    case ROW_SAME:
    case ROW_CHANGE:
        if (pane->paired) {
            draw_sides(pane, region, index);
        } else {
            draw_unified(pane, region, index);
        }
        break;
    case ROW_WHOLE:
        draw_whole(pane, region, row->del);
        break;
    case ROW_GAP:
        grid_printf(
            region, 0, 3, STYLE(DIM), "⋮ %zu line%s", row->count, row->count == 1 ? "" : "s");
        break;
    case ROW_COMMENT:
        draw_comment(pane, region, row);
        break;
    default:
        grid_put_c(region, 0, 1, "!", STYLE(WARNING));
        grid_put_fit(region, 0, 3, cols - 4, str_of(row->note), STYLE(WARNING));
    }
    if (index == pane->cursor || is_selected(pane, index)) {
        bool plain = row->kind != ROW_CHANGE && row->kind != ROW_HUNK;
        grid_overlay(region, 0, 0, plain ? cols : gutter_of(pane, cols).cols,
            index == pane->cursor ? STYLE_CURSOR_LINE : STYLE_SELECTION, 0);
    }
    draw_cursor_mark(pane, region, index);
}

static int rows_for(int width, int cols)
{
    int rows = cols <= 0 ? 1 : (width + cols - 1) / cols;
    return rows < 1 ? 1 : rows > WRAP_MAX ? WRAP_MAX : rows;
}

/* Screen rows of a row of the diff. */
static int row_height(struct review_pane *pane, size_t index, int cols)
{
    const struct review_row *row = &pane->rows.items[index];
    if (!pane->wrap || (row->kind != ROW_SAME && row->kind != ROW_CHANGE)) {
        return 1;
    }
    bool sides = pane->paired;
    int half = sides ? (cols - 1) / 2 - gutter_of(pane, 0).cols : cols - gutter_of(pane, cols).cols;
    int height = 1;
    for (int side = REVIEW_BASE; side <= REVIEW_PROPOSED; side++) {
        struct review_code code;
        if (code_of(pane, row, (enum review_side)side, &code)) {
            /* One column spare: a wide character may not fit at the edge. */
            int need = rows_for(review_code_width(&code), half > 8 ? half - 1 : half);
            height = need > height ? need : height;
            VEC_FREE(&code.words);
        }
    }
    return height;
}

/* Screen rows of [from, to), counted no further than `most`. */
static int rows_between(struct review_pane *pane, size_t from, size_t to, int cols, int most)
{
    int used = 0;
    for (size_t i = from; i < to && used <= most; i++) {
        used += row_height(pane, i, cols);
    }
    return used;
}

/* After a jump: the whole hunk with its heading if it fits, else its beginning. */
static void reveal_hunk(struct review_pane *pane, int rows, int cols)
{
    size_t hunk = pane->rows.items[pane->cursor].hunk;
    size_t from = pane->cursor;
    size_t to = pane->cursor + 1;
    while (hunk != NONE && from > 0 && pane->rows.items[from].kind != ROW_HUNK) {
        from--;
    }
    while (hunk != NONE && to < pane->rows.len && pane->rows.items[to].hunk == hunk) {
        to++;
    }
    if (from >= pane->top && rows_between(pane, pane->top, to, cols, rows) <= rows) {
        return;
    }
    while (
        from < pane->cursor && rows_between(pane, from, pane->cursor, cols, rows) > rows / 3 + 1) {
        from++;
    }
    pane->top = from;
}

/* Moves the first row shown so that the cursor is in view. */
static void keep_in_view(struct review_pane *pane, int rows, int cols)
{
    if (pane->reveal) {
        pane->reveal = false;
        reveal_hunk(pane, rows, cols);
    }
    if (pane->cursor < pane->top) {
        pane->top = pane->cursor;
    }
    int used = 0;
    size_t first = pane->cursor + 1;
    while (first > pane->top) {
        used += row_height(pane, first - 1, cols);
        if (used > rows && first <= pane->cursor) {
            pane->top = first;
            return;
        }
        first--;
    }
}

static void draw_body(struct review_pane *pane, struct region region)
{
    int rows = region_rows(region);
    int cols = region_cols(region);
    pane->reveal = pane->reveal || rows < pane->page;
    pane->page = rows;
    if (pane->rows.len == 0 || rows <= 0) {
        return;
    }
    keep_in_view(pane, rows, cols - 1);
    int at = 0;
    size_t index = pane->top;
    for (; index < pane->rows.len && at < rows; index++) {
        int height = row_height(pane, index, cols - 1);
        draw_row(pane, region_sub(region, at, 0, height, cols - 1), index);
        at += height;
    }
    scrollbar_draw(region, pane->rows.len, pane->top, index - pane->top);
}

static int evidence_rows(const struct review_pane *pane, int rows)
{
    if (rows < EVIDENCE_FROM_ROWS) {
        return 0;
    }
    return review_evidence_rows(pane, rows / 3);
}

static void draw_right(struct review_pane *pane, struct region region, bool alone)
{
    int rows = region_rows(region);
    int cols = region_cols(region);
    int evidence = evidence_rows(pane, rows);
    draw_heading(pane, region_sub(region, 0, 0, 1, cols), alone);
    int body = rows - 1 - (evidence > 0 ? evidence + 1 : 0);
    pane->body_rect = (struct rect){2, region.rect.col, body, cols};
    if (review_pane_file(pane) == NULL) {
        grid_put_c(region, 2, 2, "the proposal is empty", STYLE(DIM));
        return;
    }
    draw_body(pane, region_sub(region, 1, 0, body, cols));
    if (evidence > 0) {
        struct region heading = region_sub(region, 1 + body, 0, 1, cols);
        grid_hline(heading, 0, 0, cols, STYLE(BORDER));
        grid_put_c(heading, 0, 1, " Evidence ", STYLE(TITLE));
        review_evidence_draw(pane, region_sub(region, 2 + body, 0, evidence, cols));
    }
}

void review_pane_draw(void *data, struct region region, bool focused)
{
    (void)focused;
    struct review_pane *pane = data;
    int rows = region_rows(region);
    int cols = region_cols(region);
    if (pane->seen != review_generation(pane->review)) {
        review_pane_refresh(pane);
    }
    bool wide = cols >= FILES_FROM_COLS;
    int left = wide ? FILES_COLS : 0;
    bool paired = pane->side_by_side && cols - left >= SIDES_FROM_COLS;
    if (paired != pane->paired) {
        pane->paired = paired;
        review_pane_refresh(pane);
    }
    draw_title(pane, region_sub(region, 0, 0, 1, cols));
    pane->files_rect = (struct rect){2, 0, wide ? rows - 2 : 0, left};
    if (wide) {
        struct region heading = region_sub(region, 1, 0, 1, left + 1);
        grid_hline(heading, 0, 0, left + 1, STYLE(BORDER));
        grid_printf(heading, 0, 1, STYLE(TITLE), " Files %zu ", review_file_count(pane->review));
        draw_files(pane, region_sub(region, 2, 0, rows - 2, left));
        grid_vline(region, 2, left, rows - 2, STYLE(BORDER));
        grid_put_c(region, 1, left, grid_is_ascii(region.grid) ? "+" : "┬", STYLE(BORDER));
        left++;
    }
    draw_right(pane, region_sub(region, 1, left, rows - 1, cols - left), !wide);
}
