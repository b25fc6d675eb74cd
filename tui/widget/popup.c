#include "widget/popup.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "widget/bar.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <strings.h>

enum { ROWS_MAX = 10, LABEL_MAX = 40, DETAIL_MAX = 30, COLS_MIN = 12 };

struct match {
    size_t item;
    int score;
};

struct popup {
    struct {
        struct popup_item *items;
        size_t len, cap;
    } items;
    struct {
        struct match *items;
        size_t len, cap;
    } shown;
    struct buf typed;
    size_t cursor, top;
    int rows;       /* at the last draw */
    int detail_max; /* columns */
};

/* ---- places ---- */

struct rect popup_place(int rows, int cols, int row, int col, int want_rows, int want_cols)
{
    int below = rows - row - 1;
    int above = row;
    bool is_below = below >= want_rows || below >= above;
    int room = is_below ? below : above;
    int high = want_rows < room ? want_rows : room;
    int wide = want_cols < cols ? want_cols : cols;
    struct rect rect = {.row = is_below ? row + 1 : row - high, .rows = high > 0 ? high : 0};
    rect.col = col + wide > cols ? cols - wide : col;
    rect.col = rect.col > 0 ? rect.col : 0;
    rect.cols = wide > 0 ? wide : 0;
    return rect;
}

struct rect popup_place_beside(int cols, struct rect box, int least, int most)
{
    int right = cols - (box.col + box.cols);
    int left = box.col;
    struct rect rect = {.row = box.row, .rows = box.rows};
    if (right >= least) {
        rect.col = box.col + box.cols;
        rect.cols = right < most ? right : most;
    } else if (left >= least) {
        rect.cols = left < most ? left : most;
        rect.col = box.col - rect.cols;
    }
    return rect;
}

/* ---- items ---- */

struct popup *popup_new(void)
{
    struct popup *popup = MEM_NEW(struct popup);
    popup->detail_max = DETAIL_MAX;
    return popup;
}

void popup_set_wide(struct popup *popup)
{
    popup->detail_max = INT_MAX;
}

void popup_clear(struct popup *popup)
{
    VEC_FOREACH (struct popup_item, item, &popup->items) {
        free(item->label);
        free(item->detail);
    }
    popup->items.len = 0;
    popup->shown.len = 0;
    popup->cursor = popup->top = 0;
}

void popup_free(struct popup *popup)
{
    if (popup == NULL) {
        return;
    }
    popup_clear(popup);
    VEC_FREE(&popup->items);
    VEC_FREE(&popup->shown);
    buf_free(&popup->typed);
    free(popup);
}

void popup_add(struct popup *popup, struct popup_item item)
{
    VEC_PUSH(&popup->items, item);
}

/* How well the letters fit, negative: not at all. */
static int fit(const char *label, struct str typed)
{
    if (strncmp(label, typed.ptr, typed.len) == 0) {
        return label[typed.len] == '\0' ? 4000
                                        : 3000; /* the whole of it goes before what is longer */
    }
    if (strncasecmp(label, typed.ptr, typed.len) == 0) {
        return 2500;
    }
    int score = 1000;
    size_t at = 0;
    for (size_t i = 0; i < typed.len; i++) {
        int wanted = tolower((unsigned char)typed.ptr[i]);
        size_t from = at;
        while (label[at] != '\0' && tolower((unsigned char)label[at]) != wanted) {
            at++;
        }
        if (label[at] == '\0') {
            return -1;
        }
        bool begins = at == 0 || strchr("_.-/ ", label[at - 1]) != NULL;
        score += begins ? 40 : at == from ? 20 : -(int)(at - from > 20 ? 20 : at - from);
        at++;
    }
    return score > 0 ? score : 0;
}

static int by_score(const void *a, const void *b)
{
    const struct match *x = a;
    const struct match *y = b;
    if (x->score != y->score) {
        return x->score < y->score ? 1 : -1;
    }
    return x->item < y->item ? -1 : 1; /* as they came */
}

size_t popup_filter(struct popup *popup, struct str typed)
{
    bool same = str_equal(buf_str(&popup->typed), typed) && popup->shown.len > 0;
    popup->shown.len = 0;
    for (size_t i = 0; i < popup->items.len; i++) {
        const struct popup_item *item = &popup->items.items[i];
        int score = typed.len == 0 ? 0 : fit(item->label, typed);
        if (score >= 0) {
            VEC_PUSH(&popup->shown, ((struct match){i, score + item->score}));
        }
    }
    if (popup->shown.len > 1) {
        qsort(popup->shown.items, popup->shown.len, sizeof *popup->shown.items, by_score);
    }
    if (!same || popup->cursor >= popup->shown.len) {
        popup->cursor = popup->top = 0;
    }
    buf_clear(&popup->typed);
    buf_append_str(&popup->typed, typed);
    return popup->shown.len;
}

size_t popup_count(const struct popup *popup)
{
    return popup->shown.len;
}

const struct popup_item *popup_at(const struct popup *popup, size_t index)
{
    return index < popup->shown.len ? &popup->items.items[popup->shown.items[index].item] : NULL;
}

const struct popup_item *popup_chosen(const struct popup *popup)
{
    return popup_at(popup, popup->cursor);
}

void popup_move(struct popup *popup, long rows)
{
    long count = (long)popup->shown.len;
    long to = (long)popup->cursor + rows;
    if (count == 0) {
        return;
    }
    if (rows == 1 || rows == -1) {
        to = (to + count) % count;
    }
    popup->cursor = (size_t)(to < 0 ? 0 : to >= count ? count - 1 : to);
}

bool popup_key(struct popup *popup, const struct key *key)
{
    long page = popup->rows > 1 ? popup->rows - 1 : 1;
    if (key->mods != 0) {
        return false;
    }
    switch (key->code) {
    case K_UP:
        popup_move(popup, -1);
        return true;
    case K_DOWN:
        popup_move(popup, 1);
        return true;
    case K_PAGE_UP:
        popup_move(popup, -page - (page == 1 ? 1 : 0));
        return true;
    case K_PAGE_DOWN:
        popup_move(popup, page + (page == 1 ? 1 : 0));
        return true;
    default:
        return false;
    }
}

/* ---- drawing ---- */

static int width_of(const char *text, int most)
{
    size_t width = text == NULL ? 0 : utf8_width(str_of(text));
    return width < (size_t)most ? (int)width : most;
}

/* Columns of the labels and of what stands behind them, over all that is shown. */
static void measure(const struct popup *popup, int *labels, int *details)
{
    *labels = *details = 0;
    for (size_t i = 0; i < popup->shown.len; i++) {
        const struct popup_item *item = popup_at(popup, i);
        int label = width_of(item->label, LABEL_MAX);
        int detail = width_of(item->detail, popup->detail_max);
        *labels = label > *labels ? label : *labels;
        *details = detail > *details ? detail : *details;
    }
}

static void draw_item(const struct popup_item *item, struct region region, int labels, bool chosen)
{
    struct style text = chosen ? STYLE_ON(STRONG, SELECTION) : STYLE_ON(TEXT, DIALOG);
    struct style dim = chosen ? STYLE_ON(TEXT, SELECTION) : STYLE_ON(DIM, DIALOG);
    char letter[] = {item->letter, '\0'};
    int cols = region_cols(region);
    grid_fill_row(region, 0, text);
    if (chosen) {
        grid_put_c(region, 0, 0, grid_is_ascii(region.grid) ? ">" : "▸", text);
    }
    grid_put_c(region, 0, 1, letter, chosen ? text : STYLE_ON(KEY, DIALOG));
    int room = cols - 4 < labels ? cols - 4 : labels;
    grid_put_fit(region, 0, 3, room, str_of(item->label), text);
    int left = cols - labels - 6;
    if (item->detail != NULL && left >= 4) {
        grid_put_fit(region, 0, labels + 5, left, str_of(item->detail), dim);
    }
}

struct rect popup_draw(struct popup *popup, struct region region, int row, int col)
{
    int labels;
    int details;
    measure(popup, &labels, &details);
    int want = labels + 4 + (details > 0 ? details + 2 : 0);
    int count = popup->shown.len < ROWS_MAX ? (int)popup->shown.len : ROWS_MAX;
    /* The labels begin under what is typed of them. */
    struct rect rect = popup_place(region_rows(region), region_cols(region), row,
        col > 3 ? col - 3 : 0, count, want < COLS_MIN ? COLS_MIN : want + 1);
    popup->rows = rect.rows;
    if (rect.rows == 0) {
        return rect;
    }
    size_t shown = (size_t)rect.rows;
    if (popup->cursor < popup->top) {
        popup->top = popup->cursor;
    } else if (popup->cursor >= popup->top + shown) {
        popup->top = popup->cursor + 1 - shown;
    }
    struct region box = region_sub(region, rect.row, rect.col, rect.rows, rect.cols);
    grid_fill(box, STYLE_ON(TEXT, DIALOG));
    for (int i = 0; i < rect.rows; i++) {
        const struct popup_item *item = popup_at(popup, popup->top + (size_t)i);
        if (item != NULL) {
            draw_item(item, region_sub(box, i, 0, 1, rect.cols), labels,
                popup->top + (size_t)i == popup->cursor);
        }
    }
    scrollbar_draw(box, popup->shown.len, popup->top, shown);
    return rect;
}
