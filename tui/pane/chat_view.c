#include "pane/chat_view.h"

#include "base/find.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "pane/chat_block.h"
#include "widget/bar.h"

struct chat_view {
    const struct transcript *transcript;
    struct {
        struct block *items;
        size_t len, cap;
    } blocks;       /* one an entry */
    int cols, rows; /* of the text at the last draw */
    bool follow;
    /* The first row shown: row `top_row` of block `top`, counted with the empty line before it. */
    size_t top, top_row;
    unsigned selected; /* entry id, 0: none */
    struct buf needle; /* what is looked for; empty: nothing */
    unsigned found;    /* the entry it was found in, 0: in none yet */
    size_t found_row;  /* of its block */
    /* For each row of the last draw its block, SIZE_MAX for none. */
    struct {
        struct shown_row *items;
        size_t len, cap;
    } shown;
};

struct shown_row {
    size_t block;
    size_t row; /* of the block, without the empty line before; SIZE_MAX for that line */
};

struct chat_view *chat_view_new(const struct transcript *transcript)
{
    struct chat_view *view = MEM_NEW(struct chat_view);
    view->transcript = transcript;
    view->follow = true;
    view->cols = 80;
    view->rows = 1;
    return view;
}

void chat_view_free(struct chat_view *view)
{
    if (view == NULL) {
        return;
    }
    VEC_FOREACH (struct block, block, &view->blocks) {
        block_free(block);
    }
    VEC_FREE(&view->blocks);
    VEC_FREE(&view->shown);
    buf_free(&view->needle);
    free(view);
}

static const struct entry *entry_of(const struct chat_view *view, size_t index)
{
    return &view->transcript->items[index];
}

/* The first entry of the agent's after something of another's; notices do not count. */
static bool is_headed(const struct chat_view *view, size_t index)
{
    if (!block_is_agent(entry_of(view, index))) {
        return false;
    }
    for (size_t i = index; i > 0; i--) {
        const struct entry *before = entry_of(view, i - 1);
        if (before->kind != ENTRY_NOTICE) {
            return !block_is_agent(before);
        }
    }
    return true;
}

static void render(struct chat_view *view, size_t index)
{
    block_render(
        &view->blocks.items[index], entry_of(view, index), view->cols, is_headed(view, index));
}

/* A block for each entry; what changed is marked to be rendered again. */
static void sync_blocks(struct chat_view *view)
{
    const struct transcript *t = view->transcript;
    size_t same = 0;
    while (same < view->blocks.len && same < t->len &&
           view->blocks.items[same].id == t->items[same].id) {
        struct block *block = &view->blocks.items[same];
        if (block->cols != view->cols || block->ambiguous != utf8_ambiguous_width()) {
            block->rendered = false;
        }
        if (!block->rendered) {
            block->estimate = block_estimate(&t->items[same], view->cols, block->folded);
        }
        same++;
    }
    while (view->blocks.len > same) {
        block_free(&view->blocks.items[--view->blocks.len]);
    }
    for (size_t i = same; i < t->len; i++) {
        struct block block = {.id = t->items[i].id, .folded = true};
        block.estimate = block_estimate(&t->items[i], view->cols, true);
        VEC_PUSH(&view->blocks, block);
    }
}

/* Rows of a block with the empty line before it. */
static size_t rows_of(const struct chat_view *view, size_t index)
{
    const struct entry *before = index == 0 ? NULL : entry_of(view, index - 1);
    size_t rows = block_rows(&view->blocks.items[index]);
    bool apart = block_is_apart(before, entry_of(view, index)) ||
                 (before != NULL && is_headed(view, index)); /* a notice stands before it */
    return rows == 0 ? 0 : rows + apart;
}

static size_t rendered_rows(struct chat_view *view, size_t index)
{
    render(view, index);
    return rows_of(view, index);
}

/* Puts the anchor so many rows above the end. */
static void anchor_at_end(struct chat_view *view)
{
    size_t wanted = (size_t)view->rows;
    view->top = 0;
    view->top_row = 0;
    for (size_t i = view->blocks.len; i > 0; i--) {
        size_t rows = rendered_rows(view, i - 1);
        if (rows >= wanted) {
            view->top = i - 1;
            view->top_row = rows - wanted;
            return;
        }
        wanted -= rows;
    }
}

/* Rows from the anchor to the end, counted no further than `enough`. */
static size_t rows_from_anchor(struct chat_view *view, size_t enough)
{
    size_t rows = 0;
    for (size_t i = view->top; i < view->blocks.len && rows < enough; i++) {
        size_t own = rendered_rows(view, i);
        rows += i == view->top ? (own > view->top_row ? own - view->top_row : 0) : own;
    }
    return rows;
}

static void fix_anchor(struct chat_view *view)
{
    if (view->top >= view->blocks.len) {
        view->follow = true;
    }
    if (view->follow) {
        anchor_at_end(view);
        return;
    }
    size_t rows = rendered_rows(view, view->top);
    view->top_row = rows == 0 ? 0 : view->top_row < rows ? view->top_row : rows - 1;
    if (rows_from_anchor(view, (size_t)view->rows) < (size_t)view->rows) {
        /* Something below was folded: the end is in view, but new text does not move it. */
        anchor_at_end(view);
    }
}

void chat_view_scroll(struct chat_view *view, long rows)
{
    sync_blocks(view);
    if (view->blocks.len == 0) {
        return;
    }
    fix_anchor(view);
    for (; rows < 0 && (view->top > 0 || view->top_row > 0); rows++) {
        if (view->top_row > 0) {
            view->top_row--;
            view->follow = false;
            continue;
        }
        size_t above = view->top;
        size_t own = 0;
        while (above > 0 && own == 0) {
            own = rendered_rows(view, --above);
        }
        if (own == 0) {
            break;
        }
        view->top = above;
        view->top_row = own - 1;
        view->follow = false;
    }
    for (; rows > 0 && !view->follow; rows--) {
        if (rows_from_anchor(view, (size_t)view->rows + 1) <= (size_t)view->rows) {
            view->follow = true;
            break;
        }
        if (view->top_row + 1 < rendered_rows(view, view->top)) {
            view->top_row++;
        } else {
            view->top++;
            view->top_row = 0;
        }
        view->follow = rows_from_anchor(view, (size_t)view->rows + 1) <= (size_t)view->rows;
    }
}

void chat_view_to_start(struct chat_view *view)
{
    view->top = 0;
    view->top_row = 0;
    view->follow = false;
}

void chat_view_follow(struct chat_view *view)
{
    view->follow = true;
}

bool chat_view_is_following(const struct chat_view *view)
{
    return view->follow;
}

static size_t rows_above(const struct chat_view *view)
{
    size_t rows = view->top_row;
    for (size_t i = 0; i < view->top && i < view->blocks.len; i++) {
        rows += rows_of(view, i);
    }
    return rows;
}

static size_t rows_total(const struct chat_view *view)
{
    size_t rows = 0;
    for (size_t i = 0; i < view->blocks.len; i++) {
        rows += rows_of(view, i);
    }
    return rows;
}

size_t chat_view_rows_below(const struct chat_view *view)
{
    size_t total = rows_total(view);
    size_t seen = rows_above(view) + (size_t)view->rows;
    return view->follow || total < seen ? 0 : total - seen;
}

int chat_view_rows(const struct chat_view *view)
{
    return view->rows;
}

/* Where what is looked for stands in a row that was just painted. */
static void mark_found(const struct chat_view *view, size_t index, size_t row, struct region line)
{
    struct str needle = buf_str(&view->needle);
    struct buf text = BUF_INIT;
    block_row_text(&view->blocks.items[index], entry_of(view, index), row, &text);
    bool current = entry_of(view, index)->id == view->found && row == view->found_row;
    for (size_t at = find_smart(buf_str(&text), needle, 0); at != SIZE_MAX;
         at = find_smart(buf_str(&text), needle, at + needle.len)) {
        int col = 1 + (int)utf8_width(str_slice(buf_str(&text), 0, at));
        int width = (int)utf8_width(str_slice(buf_str(&text), at, at + needle.len));
        grid_overlay(line, 0, col, width, current ? STYLE_SEARCH_CURRENT : STYLE_SEARCH, 0);
    }
    buf_free(&text);
}

static void draw_block(struct chat_view *view, size_t index, size_t row, struct region line,
    bool browsing, uint64_t now_ms)
{
    const struct entry *entry = entry_of(view, index);
    block_draw_row(
        &view->blocks.items[index], entry, row, region_sub(line, 0, 1, 1, view->cols), now_ms);
    if (browsing && entry->id == view->selected) {
        grid_put_c(line, 0, 0, grid_is_ascii(line.grid) ? "|" : "▌", STYLE(KEY));
        if (row == 0) {
            grid_overlay(line, 0, 0, region_cols(line), STYLE_CURSOR_LINE, 0);
        }
    }
    if (view->needle.len > 0) {
        mark_found(view, index, row, line);
    }
}

static size_t find(const struct chat_view *view, unsigned id)
{
    for (size_t i = view->transcript->len; i > 0; i--) {
        if (view->transcript->items[i - 1].id == id) {
            return i - 1;
        }
    }
    return SIZE_MAX;
}

const struct entry *chat_view_selected(const struct chat_view *view)
{
    size_t index = view->selected == 0 ? SIZE_MAX : find(view, view->selected);
    return index == SIZE_MAX ? NULL : entry_of(view, index);
}

void chat_view_select_none(struct chat_view *view)
{
    view->selected = 0;
}

/* Brings block `index` into view: its beginning, and its end where there is room. */
static void show_block(struct chat_view *view, size_t index)
{
    fix_anchor(view);
    bool above = index < view->top || (index == view->top && view->top_row > 0);
    size_t end = 0;
    for (size_t i = view->top; i <= index && !above; i++) {
        size_t rows = rendered_rows(view, i);
        end += i == view->top ? rows - view->top_row : rows;
    }
    if (above) {
        view->top = index;
        view->top_row = 0;
        view->follow = false;
        return;
    }
    while (end > (size_t)view->rows && view->top < index) {
        size_t rows = rendered_rows(view, view->top) - view->top_row;
        end -= rows;
        view->top++;
        view->top_row = 0;
    }
    if (rows_from_anchor(view, (size_t)view->rows + 1) > (size_t)view->rows) {
        view->follow = false;
    }
}

/* Another width wraps text anew: the anchor stays at the same part of its block. */
static void set_size(struct chat_view *view, int rows, int cols)
{
    bool rewrapped = cols != view->cols && view->top < view->blocks.len && !view->follow;
    size_t before = rewrapped ? rows_of(view, view->top) : 0;
    view->cols = cols;
    view->rows = rows;
    sync_blocks(view);
    if (rewrapped && before > 0 && view->top < view->blocks.len) {
        view->top_row = view->top_row * rendered_rows(view, view->top) / before;
    }
}

void chat_view_draw(struct chat_view *view, struct region region, bool browsing, uint64_t now_ms)
{
    int old_cols = view->cols;
    int old_rows = view->rows;
    /* One column for the cursor's mark, one for the scroll bar. */
    set_size(view, region_rows(region) > 0 ? region_rows(region) : 1,
        region_cols(region) > 3 ? region_cols(region) - 2 : 1);
    view->shown.len = 0;
    if (view->blocks.len == 0) {
        return;
    }
    fix_anchor(view);
    size_t selected = browsing && (old_cols != view->cols || old_rows != view->rows)
                          ? find(view, view->selected)
                          : SIZE_MAX;
    if (selected != SIZE_MAX) {
        show_block(view, selected);
        fix_anchor(view);
    }
    size_t index = view->top;
    size_t row = view->top_row;
    for (int y = 0; y < view->rows && index < view->blocks.len;) {
        render(view, index);
        size_t rows = rows_of(view, index);
        if (row >= rows) {
            index++;
            row = 0;
            continue;
        }
        size_t gap = rows - block_rows(&view->blocks.items[index]);
        VEC_PUSH(&view->shown, (struct shown_row){index, row < gap ? SIZE_MAX : row - gap});
        if (row >= gap) {
            struct region line = region_sub(region, y, 0, 1, region_cols(region));
            draw_block(view, index, row - gap, line, browsing, now_ms);
        }
        row++;
        y++;
    }
    scrollbar_draw(region, rows_total(view), rows_above(view), (size_t)view->rows);
}

/* ---- the cursor ---- */

void chat_view_select(struct chat_view *view, long step)
{
    sync_blocks(view);
    size_t count = view->blocks.len;
    if (count == 0) {
        return;
    }
    size_t at = view->selected == 0 ? SIZE_MAX : find(view, view->selected);
    if (at == SIZE_MAX) {
        at = count - 1;
    } else if (step < 0) {
        at = at > (size_t)-step ? at - (size_t)-step : 0;
    } else {
        at = count - 1 - at > (size_t)step ? at + (size_t)step : count - 1;
    }
    view->selected = entry_of(view, at)->id;
    show_block(view, at);
}

const struct entry *chat_view_select_at(struct chat_view *view, int row, bool *head)
{
    if (row < 0 || (size_t)row >= view->shown.len) {
        return NULL;
    }
    struct shown_row shown = view->shown.items[row];
    if (shown.block >= view->transcript->len || shown.row == SIZE_MAX) {
        return NULL;
    }
    const struct block *block = &view->blocks.items[shown.block];
    *head = shown.row < block->head.len && shown.row + 1 >= block->head.len;
    view->selected = entry_of(view, shown.block)->id;
    return entry_of(view, shown.block);
}

/* ---- folding ---- */

bool chat_view_can_fold(const struct entry *entry)
{
    return block_can_fold(entry);
}

bool chat_view_is_folded(const struct chat_view *view, const struct entry *entry)
{
    size_t index = find(view, entry->id);
    return index >= view->blocks.len || view->blocks.items[index].folded;
}

static void set_folded(struct block *block, bool folded)
{
    block->folded = folded;
    block->fold_chosen = true;
    block->rendered = false;
}

void chat_view_toggle(struct chat_view *view, const struct entry *entry)
{
    sync_blocks(view);
    size_t index = find(view, entry->id);
    if (index < view->blocks.len && block_can_fold(entry)) {
        set_folded(&view->blocks.items[index], !view->blocks.items[index].folded);
        /* What is unfolded at the end is read from its beginning. */
        size_t last = view->blocks.len - 1;
        view->follow = view->follow && !(index == last && !view->blocks.items[index].folded);
    }
}

void chat_view_toggle_all(struct chat_view *view)
{
    bool any_folded = false;
    sync_blocks(view);
    for (size_t i = 0; i < view->blocks.len; i++) {
        any_folded =
            any_folded || (block_can_fold(entry_of(view, i)) && view->blocks.items[i].folded);
    }
    for (size_t i = 0; i < view->blocks.len; i++) {
        if (block_can_fold(entry_of(view, i))) {
            set_folded(&view->blocks.items[i], !any_folded);
        }
    }
}

/* ---- search ---- */

static bool row_has(const struct chat_view *view, size_t index, size_t row)
{
    struct buf text = BUF_INIT;
    block_row_text(&view->blocks.items[index], entry_of(view, index), row, &text);
    bool has = find_smart(buf_str(&text), buf_str(&view->needle), 0) != SIZE_MAX;
    buf_free(&text);
    return has;
}

static bool entry_has(const struct chat_view *view, size_t index)
{
    const struct entry *entry = entry_of(view, index);
    struct str needle = buf_str(&view->needle);
    return find_smart(buf_str(&entry->text), needle, 0) != SIZE_MAX ||
           (entry->detail != NULL && find_smart(str_of(entry->detail), needle, 0) != SIZE_MAX) ||
           (entry->name != NULL && find_smart(str_of(entry->name), needle, 0) != SIZE_MAX);
}

/* The first row of the block with it, from `row` on in a direction; SIZE_MAX: none. */
static size_t find_row(const struct chat_view *view, size_t index, size_t row, int step)
{
    size_t rows = block_rows(&view->blocks.items[index]);
    row = step < 0 && row >= rows ? rows - 1 : row;
    for (; row < rows; row += step < 0 ? (size_t)-1 : 1) {
        if (row_has(view, index, row)) {
            return row;
        }
    }
    return SIZE_MAX;
}

/* Looks at one block; opens it when only what is folded has it. What no row has alone, because it
 * is broken over two or too long to be shown, is found in the block's first row. */
static bool find_in_block(struct chat_view *view, size_t index, size_t from, int step, bool all)
{
    if (!entry_has(view, index)) {
        return false;
    }
    struct block *block = &view->blocks.items[index];
    (void)rendered_rows(view, index);
    bool anywhere = find_row(view, index, 0, 1) != SIZE_MAX;
    if (!anywhere && block->folded && block_can_fold(entry_of(view, index))) {
        set_folded(block, false);
        (void)rendered_rows(view, index);
        anywhere = find_row(view, index, 0, 1) != SIZE_MAX;
    }
    size_t row = anywhere ? find_row(view, index, from, step) : all ? 0 : SIZE_MAX;
    if (row == SIZE_MAX) {
        return false;
    }
    view->found = entry_of(view, index)->id;
    view->found_row = row;
    return true;
}

static void show_found(struct chat_view *view, size_t index)
{
    VEC_FOREACH (const struct shown_row, shown, &view->shown) {
        if (shown->block == index && shown->row == view->found_row) {
            return;
        }
    }
    size_t gap = rows_of(view, index) - block_rows(&view->blocks.items[index]);
    view->top = index;
    view->top_row = view->found_row + gap;
    view->follow = false;
    chat_view_scroll(view, -(long)(view->rows / 3));
}

bool chat_view_find(struct chat_view *view, struct str needle, int step)
{
    buf_clear(&view->needle);
    buf_append_str(&view->needle, needle);
    sync_blocks(view);
    size_t count = view->blocks.len;
    size_t start = view->found == 0 ? SIZE_MAX : find(view, view->found);
    size_t row = view->found_row;
    if (needle.len == 0 || count == 0) {
        view->found = 0;
        return false;
    }
    if (start == SIZE_MAX) {
        start = count - 1;
        row = SIZE_MAX - 1;
    } else if (step != 0) {
        row = step < 0 ? row - 1 : row + 1; /* above the first row: past all, that is in no row */
    }
    int way = step > 0 ? 1 : -1;
    bool none = step < 0 && view->found_row == 0 && view->found != 0;
    /* Once around, and the rest of the block it began in. */
    for (size_t i = 0; i <= count; i++) {
        size_t index = way < 0 ? (start + count - i % count) % count : (start + i) % count;
        size_t from = i == 0 ? row : way < 0 ? SIZE_MAX - 1 : 0;
        if (!(i == 0 && none) && find_in_block(view, index, from, way, i > 0 || step == 0)) {
            view->selected = entry_of(view, index)->id;
            show_found(view, index);
            return true;
        }
    }
    view->found = 0;
    return false;
}
