#include "widget/picker.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "widget/edit.h"
#include "widget/list.h"
#include "widget/narrow.h"

#define PICKER_ROWS  18
#define PICKER_COLS  76
#define PREVIEW_ROWS 30
#define PREVIEW_COLS 170
/* The field and the rule below it. */
#define FRAME_ROWS 2
/* Narrower than this there is no preview. */
#define PREVIEW_FROM 96
/* How long one turn of the loop looks through the entries. */
#define SLICE_US 3000

struct picker {
    struct app *app;
    struct picker_options options;
    char *title, *hint;
    struct edit *query;
    struct list list;
    struct narrow *narrow;
    struct buf needle;
    enum picker_direct direct;
    bool no_preview;
    bool waiting; /* for more items */
    size_t told;  /* what `moved` was called with */
    struct loop_timer *timer;
    struct {
        bool *items;
        size_t len, cap;
    } marks;
    bool answered; /* chosen was called: not closed then */
};

static struct str text_of(void *data, size_t index)
{
    struct picker *picker = data;
    struct picker_item item = {0};
    picker->options.item(picker->options.data, index, &item);
    return item.text;
}

static int bonus_of(void *data, size_t index)
{
    struct picker *picker = data;
    return picker->options.bonus == NULL ? 0 : picker->options.bonus(picker->options.data, index);
}

static size_t index_at(const struct picker *picker, size_t place)
{
    size_t first = picker->direct == PICKER_DIRECT_FIRST ? 1 : 0;
    bool last = picker->direct == PICKER_DIRECT_LAST && place == narrow_count(picker->narrow);
    return place < first || last ? PICKER_DIRECT : narrow_at(picker->narrow, place - first);
}

static size_t index_now(const struct picker *picker)
{
    return picker->list.count == 0 ? PICKER_NONE : index_at(picker, picker->list.cursor);
}

static void tell_moved(struct picker *picker)
{
    size_t index = index_now(picker);
    if (picker->options.moved != NULL && index != picker->told) {
        picker->told = index;
        picker->options.moved(picker->options.data, index);
    }
}

static void go_on(void *data)
{
    struct picker *picker = data;
    if (!narrow_step(picker->narrow, SLICE_US)) {
        loop_timer_start(picker->timer, 0, 0);
    }
    list_set_count(&picker->list,
        narrow_count(picker->narrow) + (picker->direct != PICKER_DIRECT_NONE ? 1 : 0));
    tell_moved(picker);
    app_redraw(picker->app);
}

/* After a change of what is typed. */
static void narrow_down(struct picker *picker)
{
    struct str query = edit_text(picker->query);
    struct str needle = picker->options.needle == NULL
                            ? query
                            : picker->options.needle(picker->options.data, picker, query);
    buf_clear(&picker->needle);
    buf_append_str(&picker->needle, needle);
    narrow_set(picker->narrow, buf_str(&picker->needle));
    list_set_cursor(&picker->list, 0);
    go_on(picker);
}

void picker_set_count(struct picker *picker, size_t count)
{
    picker->options.count = count;
    picker->told = PICKER_NONE;
    narrow_reset(picker->narrow, count);
    loop_timer_start(picker->timer, 0, 0);
}

void picker_set_waiting(struct picker *picker, bool waiting)
{
    picker->waiting = waiting;
}

void picker_set_direct(struct picker *picker, enum picker_direct direct)
{
    picker->direct = direct;
}

void picker_show_preview(struct picker *picker, bool show)
{
    picker->no_preview = !show;
}

void picker_set_title(struct picker *picker, const char *title, const char *hint)
{
    free(picker->title);
    free(picker->hint);
    picker->title = mem_strdup(title);
    picker->hint = mem_strdup(hint);
}

/* Where a text begins that is cut at the front to fit: 0 when it fits. */
static size_t cut_front(struct str text, int cols)
{
    int width = (int)utf8_width(text);
    size_t from = 0;
    while (width > cols - (from > 0 ? 1 : 0) && from < text.len) {
        size_t len = utf8_cluster(str_from(text, from));
        width -= utf8_width_cluster(str_slice(text, from, from + len));
        from += len;
    }
    return from;
}

/* What of a path is shown: from its last bytes on, with a part of what stands before. */
struct shown {
    size_t part, part_end; /* equal: none */
    size_t from;
};

static size_t common_end(struct str a, struct str b)
{
    size_t len = 0;
    while (len < a.len && len < b.len && a.ptr[a.len - 1 - len] == b.ptr[b.len - 1 - len]) {
        len++;
    }
    return len;
}

/* Two paths that are cut in front may end alike: then the part in which they last differ is shown
 * too. */
static void tell_apart(struct str text, struct str other, int cols, struct shown *shown)
{
    size_t same = common_end(text, other);
    if (same < text.len - shown->from || same == text.len || shown->part_end > 0) {
        return;
    }
    size_t end = text.len - same;
    size_t part = end - 1;
    while (part > 0 && text.ptr[part - 1] != '/') {
        part--;
    }
    while (end < text.len && text.ptr[end - 1] != '/') {
        end++;
    }
    int width = (int)utf8_width(str_slice(text, part, end));
    if (width + 4 < cols) {
        shown->part = part;
        shown->part_end = end;
        shown->from = end + cut_front(str_from(text, end), cols - width - 1 - (part > 0));
    }
}

static struct shown shown_of(
    struct picker *picker, size_t place, const struct picker_item *item, int cols)
{
    struct shown shown = {.from = item->is_path ? cut_front(item->text, cols) : 0};
    for (int i = -1; i <= 1 && shown.from > 0; i += 2) {
        size_t other = place + (size_t)i; /* below 0 it is past the last */
        struct picker_item beside = {0};
        if (other >= picker->list.count || index_at(picker, other) == PICKER_DIRECT) {
            continue;
        }
        picker->options.item(picker->options.data, index_at(picker, other), &beside);
        tell_apart(item->text, beside.text, cols, &shown);
    }
    return shown;
}

/* [from, to) of the text, its matching characters marked; returns the columns. */
static int draw_piece(const struct picker *picker, struct region row, int col, int end,
    struct str text, size_t from, size_t to, struct style style)
{
    const bool *marks = picker->marks.items;
    int begin = col;
    grid_put_fit(row, 0, col, end - col, str_slice(text, from, to), style);
    for (size_t at = from; at < to && col < end;) {
        struct str rest = str_slice(text, at, to);
        struct str cluster = str_slice(rest, 0, utf8_cluster(rest));
        if (marks[at] && col < end - 1) {
            grid_put(row, 0, col, cluster, STYLE(MATCH));
        }
        col += utf8_width_cluster(cluster);
        at += cluster.len;
    }
    return col - begin;
}

/* In columns [2, end). */
static void draw_text(struct picker *picker, struct str text, const struct shown *shown,
    struct region row, int end, struct style style)
{
    int col = 2;
    if (shown->part > 0) {
        col += grid_put_c(row, 0, col, "…", style);
    }
    col += draw_piece(picker, row, col, end, text, shown->part, shown->part_end, style);
    if (shown->from > shown->part_end) {
        col += grid_put_c(row, 0, col, "…", style);
    }
    draw_piece(picker, row, col, end, text, shown->from, text.len, style);
}

static void draw_row(void *data, size_t place, struct region row, bool cursor)
{
    struct picker *picker = data;
    struct picker_item item = {0};
    size_t index = index_at(picker, place);
    picker->options.item(picker->options.data, index, &item);
    int cols = region_cols(row);
    int detail = (int)utf8_width(item.detail);
    /* The text has its room first, but not all of it. */
    int most = cols / (item.is_path ? 3 : 2);
    int left = cols - 4 - (int)utf8_width(item.text);
    int least = item.is_path ? cols / 3 : item.detail_first ? most : cols / 4;
    /* Keys and dates are told whole. */
    least = cols >= 60 && least < 20 ? 20 : least;
    most = left < least ? least : left < most ? left : most;
    detail = detail > most ? most : detail;
    struct style style = item.disabled ? STYLE(HINT) : STYLE(TEXT);
    const char *mark = grid_is_ascii(row.grid) ? ">" : "›";
    grid_put_c(row, 0, 0, cursor ? mark : " ", STYLE(PROMPT));
    if (detail > 0) {
        grid_put_fit(row, 0, cols - detail, detail, item.detail, STYLE(DIM));
    }
    int end = cols - (detail > 0 ? detail + 2 : 0);
    struct str text = str_make(str_dup(item.text), item.text.len); /* another is asked for */
    item.text = text;
    struct shown shown = shown_of(picker, place, &item, end - 2);
    picker->marks.len = 0;
    VEC_RESERVE(&picker->marks, item.text.len + 1);
    memset(picker->marks.items, 0, item.text.len);
    if (picker->needle.len > 0 && index != PICKER_DIRECT) {
        fuzzy_score(text, buf_str(&picker->needle), picker->marks.items);
    }
    draw_text(picker, text, &shown, row, end, style);
    free((char *)(uintptr_t)text.ptr);
}

static void draw(void *data, struct region region, bool focused)
{
    struct picker *picker = data;
    int rows = region_rows(region);
    int cols = region_cols(region);
    grid_put_c(region, 0, 0, grid_is_ascii(region.grid) ? ">" : "›", STYLE(PROMPT));
    edit_draw(
        picker->query, region_sub(region, 0, 2, 1, cols - 2), focused, STYLE(TEXT), picker->hint);
    struct str query = edit_text(picker->query);
    int typed = 3 + (int)utf8_width(query);
    if (query.len > 0 && picker->needle.len == 0 && picker->direct == PICKER_DIRECT_NONE &&
        picker->hint != NULL && typed < cols) { /* only the sign of a source is there */
        grid_put_fit(region, 0, typed, cols - typed, str_of(picker->hint), STYLE(HINT));
    }
    grid_hline(region, 1, 0, cols, STYLE(BORDER));
    bool preview = picker->options.preview != NULL && !picker->no_preview && cols >= PREVIEW_FROM;
    int wide = preview ? cols * 9 / 20 : cols;
    struct region list = region_sub(region, 2, 0, rows - 2, wide);
    if (picker->list.count == 0) {
        bool done = narrow_is_done(picker->narrow) && !picker->waiting;
        const char *why = done ? "nothing matches" : "looking…";
        grid_put_c(list, 0, 2, picker->options.count == 0 ? "nothing here yet" : why, STYLE(DIM));
    } else {
        list_draw(&picker->list, list, focused, draw_row, picker);
    }
    if (preview) {
        grid_vline(region, 2, wide + 1, rows - 2, STYLE(BORDER));
        picker->options.preview(picker->options.data, index_now(picker),
            region_sub(region, 2, wide + 3, rows - 2, cols - wide - 3));
    }
}

/* Tells `chosen` and is gone. */
static unsigned answer(struct picker *picker, size_t index)
{
    struct picker_options options = picker->options;
    struct app *app = picker->app;
    char *query = str_dup(edit_text(picker->query));
    picker->answered = true;
    app_pop(app, picker);
    options.chosen(options.data, index, str_of(query));
    if (options.destroy != NULL) {
        options.destroy(options.data);
    }
    free(query);
    return UI_DONE;
}

static unsigned choose(struct picker *picker)
{
    narrow_step(picker->narrow, 0); /* Enter right after a letter means the best of all */
    list_set_count(&picker->list,
        narrow_count(picker->narrow) + (picker->direct != PICKER_DIRECT_NONE ? 1 : 0));
    size_t index = index_now(picker);
    if (index == PICKER_NONE && picker->waiting) {
        return UI_DONE;
    }
    return answer(picker, index);
}

static bool is_past_word(const struct picker *picker)
{
    struct str query = edit_text(picker->query);
    return picker->options.is_word &&
           (str_find_char(query, ' ', 0) != SIZE_MAX || str_find_char(query, '\t', 0) != SIZE_MAX);
}

static unsigned on_key(void *data, const struct key *key)
{
    struct picker *picker = data;
    if (key->code == K_ENTER && key->mods == 0) {
        return choose(picker);
    }
    bool down =
        key_is_ctrl(key, 'n') || key_is_ctrl(key, 'j') || (key->code == K_TAB && key->mods == 0);
    bool up = key_is_ctrl(key, 'p') || (key->code == K_TAB && key->mods == MOD_SHIFT);
    if (down || up) {
        list_move(&picker->list, down ? 1 : -1);
        tell_moved(picker);
        return UI_DONE;
    }
    bool moves = key->code == K_UP || key->code == K_DOWN || key->code == K_PAGE_UP ||
                 key->code == K_PAGE_DOWN;
    if (moves) {
        unsigned moved = list_key(&picker->list, key, false);
        tell_moved(picker);
        return moved;
    }
    struct str before = edit_text(picker->query);
    size_t len = before.len;
    if (picker->options.is_word && len == 0 && key->code == K_BACKSPACE) {
        app_pop(picker->app, picker);
        return UI_DONE;
    }
    unsigned long long hash = str_hash(before);
    unsigned flags = edit_key(picker->query, key, false);
    if (is_past_word(picker)) {
        return answer(picker, PICKER_NONE);
    }
    if (edit_text(picker->query).len != len || str_hash(edit_text(picker->query)) != hash) {
        narrow_down(picker);
    }
    return flags;
}

static bool takes_text(const void *data)
{
    (void)data;
    return true;
}

static unsigned on_mouse(void *data, const struct mouse *mouse)
{
    struct picker *picker = data;
    struct mouse moved = *mouse;
    moved.row -= 2;
    bool opened;
    unsigned flags = list_mouse(&picker->list, &moved, &opened);
    tell_moved(picker);
    return opened ? choose(picker) : flags;
}

static unsigned on_paste(void *data, struct str text)
{
    struct picker *picker = data;
    edit_insert(picker->query, text);
    if (is_past_word(picker)) {
        return answer(picker, PICKER_NONE);
    }
    narrow_down(picker);
    return UI_DONE;
}

static void title(const void *data, struct buf *left, struct buf *right)
{
    const struct picker *picker = data;
    buf_append_c(left, picker->title);
    size_t matches = narrow_matches(picker->narrow);
    buf_printf(right, "%zu/%zu", matches, picker->options.count);
    if (matches > narrow_count(picker->narrow)) {
        buf_printf(right, ", the best %d", NARROW_SHOWN);
    }
    buf_append_c(right, narrow_is_done(picker->narrow) ? "" : " …");
}

static const char *key_line(const void *data)
{
    const struct picker *picker = data;
    return picker->options.keys != NULL ? picker->options.keys : "Enter|choose|↑↓|move|Esc|close";
}

static void destroy(void *data)
{
    struct picker *picker = data;
    if (!picker->answered) {
        if (picker->options.closed != NULL) {
            picker->options.closed(picker->options.data);
        }
        if (picker->options.destroy != NULL) {
            picker->options.destroy(picker->options.data);
        }
    }
    loop_timer_free(picker->timer);
    edit_free(picker->query);
    narrow_free(picker->narrow);
    buf_free(&picker->needle);
    VEC_FREE(&picker->marks);
    free(picker->title);
    free(picker->hint);
    free(picker);
}

static const struct pane_ops picker_ops = {.name = "picker",
    .draw = draw,
    .key = on_key,
    .takes_text = takes_text,
    .mouse = on_mouse,
    .paste = on_paste,
    .title = title,
    .key_line = key_line,
    .destroy = destroy};

struct picker *picker_open(struct app *app, const struct picker_options *options)
{
    struct picker *picker = MEM_NEW(struct picker);
    picker->app = app;
    picker->options = *options;
    picker->told = PICKER_NONE;
    picker_set_title(picker, options->title, options->hint);
    picker->query = edit_new(false);
    if (options->query != NULL) {
        edit_set(picker->query, str_of(options->query));
    }
    picker->narrow = narrow_new((struct narrow_source){text_of, bonus_of, picker});
    picker->timer = loop_timer_new(app_loop(app), go_on, picker);
    narrow_reset(picker->narrow, options->count);
    bool preview = options->preview != NULL;
    int cols = options->cols > 0 ? options->cols : preview ? PREVIEW_COLS : PICKER_COLS;
    int rows = preview ? PREVIEW_ROWS : PICKER_ROWS;
    if (options->is_low && options->count + FRAME_ROWS < (size_t)rows) {
        rows = (int)options->count + FRAME_ROWS;
    }
    app_push(app, (struct pane){&picker_ops, picker}, OVERLAY_TOP, rows, cols);
    narrow_down(picker);
    if (options->first > 0) {
        list_set_cursor(&picker->list, options->first);
        tell_moved(picker);
    }
    return picker;
}
