#include "widget/picker.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "widget/edit.h"
#include "widget/list.h"

#define PICKER_ROWS 18
#define PICKER_COLS 76

struct hit {
    size_t index;
    int score;
};

struct picker {
    struct app *app;
    struct picker_options options;
    char *title, *hint;
    struct edit *query;
    struct list list;
    struct {
        struct hit *items;
        size_t len, cap;
    } hits;
    struct {
        bool *items;
        size_t len, cap;
    } marks;
    bool answered; /* chosen was called: not closed then */
};

static int by_score(const void *a, const void *b)
{
    const struct hit *left = a;
    const struct hit *right = b;
    if (left->score != right->score) {
        return left->score > right->score ? -1 : 1;
    }
    return left->index < right->index ? -1 : left->index > right->index;
}

static void narrow(struct picker *picker)
{
    struct str needle = edit_text(picker->query);
    picker->hits.len = 0;
    for (size_t i = 0; i < picker->options.count; i++) {
        struct picker_item item = {0};
        picker->options.item(picker->options.data, i, &item);
        int score = needle.len == 0 ? 0 : fuzzy_score(item.text, needle, NULL);
        if (score >= 0) {
            VEC_PUSH(&picker->hits, (struct hit){i, score});
        }
    }
    if (needle.len > 0 && picker->hits.len > 1) {
        qsort(picker->hits.items, picker->hits.len, sizeof *picker->hits.items, by_score);
    }
    list_set_count(&picker->list, picker->hits.len);
    list_set_cursor(&picker->list, 0);
}

static void draw_row(void *data, size_t index, struct region row, bool cursor)
{
    struct picker *picker = data;
    struct picker_item item = {0};
    picker->options.item(picker->options.data, picker->hits.items[index].index, &item);
    int cols = region_cols(row);
    int detail = (int)utf8_width(item.detail);
    if (detail > cols / 2) {
        detail = cols / 2;
    }
    struct style style = item.disabled ? STYLE(HINT) : STYLE(TEXT);
    const char *mark = grid_is_ascii(row.grid) ? ">" : "›";
    grid_put_c(row, 0, 0, cursor ? mark : " ", STYLE(PROMPT));
    grid_put_fit(row, 0, 2, cols - detail - 4, item.text, style);
    if (detail > 0) {
        grid_put_fit(row, 0, cols - detail, detail, item.detail, STYLE(DIM));
    }
    struct str needle = edit_text(picker->query);
    if (needle.len == 0 || item.text.len == 0) {
        return;
    }
    picker->marks.len = 0;
    VEC_RESERVE(&picker->marks, item.text.len);
    fuzzy_score(item.text, needle, picker->marks.items);
    int col = 2;
    size_t at = 0;
    while (at < item.text.len && col < cols - detail - 3) {
        size_t len = utf8_cluster(str_from(item.text, at));
        struct str cluster = str_slice(item.text, at, at + len);
        if (picker->marks.items[at]) {
            grid_put(row, 0, col, cluster, STYLE(MATCH));
        }
        col += utf8_width_cluster(cluster);
        at += len;
    }
}

static void draw(void *data, struct region region, bool focused)
{
    struct picker *picker = data;
    int rows = region_rows(region);
    int cols = region_cols(region);
    grid_put_c(region, 0, 0, grid_is_ascii(region.grid) ? ">" : "›", STYLE(PROMPT));
    edit_draw(
        picker->query, region_sub(region, 0, 2, 1, cols - 2), focused, STYLE(TEXT), picker->hint);
    grid_hline(region, 1, 0, cols, STYLE(BORDER));
    struct region list = region_sub(region, 2, 0, rows - 2, cols);
    if (picker->hits.len == 0) {
        grid_put_c(list, 0, 2, "nothing matches", STYLE(DIM));
    } else {
        list_draw(&picker->list, list, focused, draw_row, picker);
    }
}

static unsigned choose(struct picker *picker)
{
    struct picker_options options = picker->options;
    struct app *app = picker->app;
    size_t index = picker->hits.len == 0 ? SIZE_MAX : picker->hits.items[picker->list.cursor].index;
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
        return UI_DONE;
    }
    bool moves = key->code == K_UP || key->code == K_DOWN || key->code == K_PAGE_UP ||
                 key->code == K_PAGE_DOWN;
    if (moves) {
        return list_key(&picker->list, key, false);
    }
    struct str before = edit_text(picker->query);
    size_t len = before.len;
    unsigned long long hash = str_hash(before);
    unsigned flags = edit_key(picker->query, key, false);
    if (edit_text(picker->query).len != len || str_hash(edit_text(picker->query)) != hash) {
        narrow(picker);
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
    return opened ? choose(picker) : flags;
}

static unsigned on_paste(void *data, struct str text)
{
    struct picker *picker = data;
    edit_insert(picker->query, text);
    narrow(picker);
    return UI_DONE;
}

static void title(const void *data, struct buf *left, struct buf *right)
{
    const struct picker *picker = data;
    buf_append_c(left, picker->title);
    buf_printf(right, "%zu/%zu", picker->hits.len, picker->options.count);
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
    edit_free(picker->query);
    VEC_FREE(&picker->hits);
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
    .destroy = destroy};

void picker_open(struct app *app, const struct picker_options *options)
{
    struct picker *picker = MEM_NEW(struct picker);
    picker->app = app;
    picker->options = *options;
    picker->title = mem_strdup(options->title);
    picker->hint = mem_strdup(options->hint);
    picker->query = edit_new(false);
    narrow(picker);
    app_push(app, (struct pane){&picker_ops, picker}, OVERLAY_TOP, PICKER_ROWS, PICKER_COLS);
}
