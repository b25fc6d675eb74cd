/* Paints one frame of the workbench into the grid. */
#include "app_private.h"
#include "base/utf8.h"
#include "widget/wrap.h"

#include <stdlib.h>
#include <string.h>

static struct region sub(struct app *app, struct rect rect)
{
    return region_sub(grid_region(app->grid), rect.row, rect.col, rect.rows, rect.cols);
}

static void paint_header(struct app *app)
{
    struct region region = sub(app, app->layout.header);
    grid_fill(region, STYLE(HEADER));
    if (app->draw_header != NULL) {
        app->draw_header(app->header_data, region);
    } else {
        grid_put_c(region, 0, 1, "bylaw", style_with(STYLE(HEADER), ATTR_BOLD));
    }
}

static const char *slot_name(enum slot slot)
{
    static const char *const names[] = {"Chat", "Editor", "Tests"};
    return names[slot];
}

/* The left text of a title in at most `cols` columns; returns how many it takes. */
static int put_title(const struct pane *pane, struct region region, int col, int cols,
    struct str text, struct style style)
{
    bool path = pane->ops != NULL && pane->ops->title_is_path;
    return path ? grid_put_fit_end(region, 0, col, cols, text, style)
                : grid_put_fit(region, 0, col, cols, text, style);
}

/* Takes parts (two blanks between them) off the end of what stands at the right of a title until it
 * fits: what matters most stands first. Returns its columns; 0: none of it fits. */
static int fit_right(struct buf *right, int cols)
{
    int width = (int)utf8_width(buf_str(right));
    while (right->len > 0 && width > cols) {
        size_t end = right->len;
        while (end > 1 && memcmp(right->ptr + end - 2, "  ", 2) != 0) {
            end--;
        }
        right->len = str_trim_right(str_make(right->ptr, end > 1 ? end - 2 : 0)).len;
        width = (int)utf8_width(buf_str(right));
    }
    return width;
}

/* The pane's name and title text from column 2 on; returns the column after it. */
static int paint_title_text(struct app *app, enum slot slot, struct region region, bool focused)
{
    struct pane *pane = &app->panes[slot];
    struct style style = focused ? STYLE(TITLE_FOCUS) : STYLE(TITLE);
    int cols = region_cols(region);
    struct buf left = BUF_INIT;
    struct buf right = BUF_INIT;
    if (pane->ops != NULL && pane->ops->title != NULL) {
        pane->ops->title(pane->data, &left, &right);
    }
    if (left.len == 0) {
        buf_append_c(&left, slot_name(slot));
    }
    if (app->layout.zoomed == slot) {
        buf_append_c(&right, right.len > 0 ? "  zoom" : "zoom");
    }
    int right_cols = fit_right(&right, cols - 13);
    int end = cols - 2;
    if (right_cols > 0) {
        end = cols - right_cols - 4;
        grid_put_c(region, 0, end + 1, " ", style);
        grid_put(region, 0, end + 2, buf_str(&right), focused ? style : STYLE(DIM));
        grid_put_c(region, 0, cols - 2, " ", style);
    }
    int col = 2;
    if (pane->ops != NULL && pane->ops->draw_title != NULL) {
        pane->ops->draw_title(pane->data, region_sub(region, 0, 2, 1, end - 2), focused);
    } else {
        grid_put_c(region, 0, 1, " ", style);
        col += put_title(pane, region, 2, end - 3, buf_str(&left), style);
        grid_put_c(region, 0, col++, " ", style);
    }
    buf_free(&left);
    buf_free(&right);
    return col;
}

/* Fewer columns of a path say too little of it. */
#define TAB_TITLE_MIN 12

/* " Chat │ Editor " where the two share a place: the one in front by its look and a mark. */
static void paint_tabs(struct app *app, struct region region, bool focused)
{
    enum slot front = app->layout.upper_tab;
    int col = 1;
    for (int i = SLOT_CHAT; i <= SLOT_EDITOR; i++) {
        bool active = (enum slot)i == front;
        if (i == SLOT_EDITOR) {
            app->tab_split = col;
        }
        struct style style = !active   ? STYLE(TAB)
                             : focused ? STYLE(TAB_ACTIVE)
                                       : style_with(STYLE(TAB), ATTR_BOLD);
        struct buf left = BUF_INIT;
        struct buf right = BUF_INIT;
        struct pane *pane = &app->panes[i];
        if (active && pane->ops != NULL && pane->ops->title != NULL) {
            pane->ops->title(pane->data, &left, &right);
        }
        if (left.len == 0) {
            buf_append_c(&left, slot_name((enum slot)i));
        }
        col += grid_put_c(region, 0, col, active ? " ▸" : " ", style);
        int room = region_cols(region) - col - (i == SLOT_CHAT ? 12 : 2);
        /* A long path is cut before what says which mode it is, or that the file changed on disk.
         */
        int right_cols = i == SLOT_EDITOR ? fit_right(&right, room - 4 - TAB_TITLE_MIN) : 0;
        bool beside = right_cols > 0;
        room -= beside ? right_cols + 4 : 0;
        col += put_title(pane, region, col, room, buf_str(&left), style);
        col += grid_put_c(region, 0, col, " ", style);
        col += 1;
        if (active && beside) {
            grid_printf(region, 0, region_cols(region) - right_cols - 3, STYLE(DIM), " %.*s ",
                STR_FMT(buf_str(&right)));
        }
        buf_free(&left);
        buf_free(&right);
    }
}

static void paint_title(struct app *app, enum slot slot)
{
    const struct layout *layout = &app->layout;
    struct region region = sub(app, layout->title[slot]);
    bool focused = layout->focus == slot && app->overlays.len == 0;
    struct style border = focused ? STYLE(BORDER_FOCUS) : STYLE(BORDER);
    const char *line = grid_is_ascii(app->grid) ? (focused ? "=" : "-") : (focused ? "━" : "─");
    grid_repeat(region, 0, 0, region_cols(region), line, border);
    bool tabs = layout->tabs && slot != SLOT_STATUS && layout->zoomed == SLOT_NONE &&
                !layout->hidden[SLOT_CHAT] && !layout->hidden[SLOT_EDITOR];
    if (tabs) {
        paint_tabs(app, region, focused);
    } else {
        paint_title_text(app, slot, region, focused);
    }
}

static void paint_folded(struct app *app, enum slot slot)
{
    struct region region = sub(app, app->layout.title[slot]);
    struct buf text = BUF_INIT;
    struct pane *pane = &app->panes[slot];
    grid_hline(region, 0, 0, region_cols(region), STYLE(BORDER));
    if (pane->ops != NULL && pane->ops->status != NULL) {
        pane->ops->status(pane->data, &text);
    }
    if (text.len == 0) {
        buf_append_c(&text, slot_name(slot));
    }
    grid_put_c(region, 0, 1, " ", STYLE(TITLE));
    int used = grid_put_fit(region, 0, 2, region_cols(region) - 4, buf_str(&text), STYLE(TITLE));
    grid_put_c(region, 0, 2 + used, " ", STYLE(TITLE));
    buf_free(&text);
}

static void paint_pane(struct app *app, enum slot slot)
{
    const struct layout *layout = &app->layout;
    if (!layout_is_shown(layout, slot)) {
        return;
    }
    if (slot == SLOT_STATUS && layout->status_folded) {
        paint_folded(app, slot);
        return;
    }
    paint_title(app, slot);
    struct pane *pane = &app->panes[slot];
    if (pane->ops != NULL && layout->inside[slot].rows > 0) {
        bool focused = layout->focus == slot && app->overlays.len == 0;
        pane->ops->draw(pane->data, sub(app, layout->inside[slot]), focused);
    }
}

static void paint_divider(struct app *app)
{
    const struct layout *layout = &app->layout;
    if (layout->divider_col < 0) {
        return;
    }
    struct region all = grid_region(app->grid);
    bool ascii = grid_is_ascii(app->grid);
    struct rect inside = layout->inside[SLOT_CHAT];
    bool near = layout->focus != SLOT_STATUS && app->overlays.len == 0;
    struct style style = near ? STYLE(BORDER_FOCUS) : STYLE(BORDER);
    grid_vline(all, inside.row, layout->divider_col, inside.rows, style);
    grid_put_c(all, inside.row - 1, layout->divider_col, ascii ? "+" : "┬", style);
    /* Joined to the border below, where no title stands. */
    const struct cell *below = grid_cell(app->grid, layout->divider_row, layout->divider_col);
    if (below != NULL && style_equal(below->style, STYLE(BORDER)) &&
        (strncmp(below->text, "─", sizeof "─") == 0 || below->text[0] == '-')) {
        grid_put_c(all, layout->divider_row, layout->divider_col, ascii ? "+" : "┴", STYLE(BORDER));
    }
}

/* The pane in focus types this key, or does something of its own with it. */
static bool is_taken(const void *data, const struct key *key)
{
    const struct pane *pane = data;
    const struct pane_ops *ops = pane->ops;
    return ops != NULL &&
           ((ops->takes_text != NULL && ops->takes_text(pane->data) && key_is_plain_text(key)) ||
               (ops->takes_key != NULL && ops->takes_key(pane->data, key)));
}

static int paint_key(struct app *app, struct region region, int col, int end,
    const struct action *action, void *data, struct buf *shown)
{
    struct buf keys = BUF_INIT;
    struct pane pane = app_active(app);
    keymap_append_free_key(app->keymap, action, is_taken, &pane, &keys);
    int width = (int)utf8_width(buf_str(&keys)) + 1 + (int)utf8_width(str_of(action->label));
    bool can = action_why_not(action, data) == NULL; /* if not, the palette says why */
    /* A key that the pane has taken does not also do what it does elsewhere. */
    char *line = mem_printf("\n%s\n", keys.len > 0 ? keys.ptr : "");
    bool taken = strstr(shown->ptr, line) != NULL;
    free(line);
    if (keys.len > 0 && can && !taken && col + width <= end) {
        buf_printf(shown, "%s\n", keys.ptr);
        col += grid_put(region, 0, col, buf_str(&keys), style_on(STYLE(KEY), STYLE_KEY_LINE));
        col += 1 + grid_put_c(region, 0, col + 1, action->label, STYLE(KEY_LINE));
        col += 2;
    }
    buf_free(&keys);
    return col;
}

/* What has no room in the key line takes up to two of the rows above it. */
static void paint_message(struct app *app)
{
    enum { ROWS_MAX = 3, INDENT = 3 };
    struct rect line = app->layout.key_line;
    int cols = line.cols - INDENT - 1;
    int rows = wrap_height(buf_str(&app->message), cols, ROWS_MAX);
    rows = rows > line.row / 3 ? 1 : rows;
    struct region region = sub(app, (struct rect){line.row - rows + 1, line.col, rows, line.cols});
    app->tall_message = rows > 1;
    grid_fill(region, STYLE(KEY_LINE));
    static const struct {
        const char *mark, *plain;
        enum style_id style;
    } levels[] = {
        [MESSAGE_INFO] = {"·", "-", STYLE_INFO},
        [MESSAGE_GOOD] = {"✓", "+", STYLE_PASS},
        [MESSAGE_WARNING] = {"!", "!", STYLE_WARNING},
        [MESSAGE_STANDING] = {"!", "!", STYLE_WARNING},
        [MESSAGE_ERROR] = {"✗", "x", STYLE_ERROR},
    };
    bool ascii = grid_is_ascii(app->grid);
    struct style style = style_on(style_of(levels[app->message_level].style), STYLE_KEY_LINE);
    grid_put_c(region, 0, 1,
        ascii ? levels[app->message_level].plain : levels[app->message_level].mark, style);
    if (rows > 1) {
        wrap_put(region_sub(region, 0, INDENT, rows, cols), buf_str(&app->message), style);
    } else {
        grid_put_fit(region, 0, INDENT, cols, buf_str(&app->message), style);
    }
}

/* "]…  t next failure  d next problem" */
static void paint_continuations(struct app *app, struct region region, int col,
    const struct action_set *const *sets, void *const *data, size_t count)
{
    enum { SHOWN_MAX = 24 };
    struct keymap_next next[SHOWN_MAX];
    size_t found = keymap_continuations(
        app->keymap, sets, count, app->sequence, app->sequence_len, next, SHOWN_MAX);
    for (size_t i = 0; i < found; i++) {
        bool can = action_why_not(next[i].action, data[next[i].set]) == NULL;
        struct style hint = style_on(STYLE(HINT), STYLE_KEY_LINE);
        col += grid_put_c(
            region, 0, col, next[i].rest, can ? style_on(STYLE(KEY), STYLE_KEY_LINE) : hint);
        col +=
            1 + grid_put_c(region, 0, col + 1, next[i].action->label, can ? STYLE(KEY_LINE) : hint);
        col += 2;
    }
}

/* "Enter|choose|Esc|close" */
static void paint_own_keys(struct region region, int col, const char *keys)
{
    struct str rest = str_of(keys);
    while (rest.len > 0) {
        size_t bar = str_find_char(rest, '|', 0);
        struct str key = str_slice(rest, 0, bar);
        rest = str_from(rest, bar + 1);
        size_t end = str_find_char(rest, '|', 0);
        struct str label = str_slice(rest, 0, end == SIZE_MAX ? rest.len : end);
        rest = end == SIZE_MAX ? (struct str){0} : str_from(rest, end + 1);
        if (col + (int)utf8_width(key) + 1 + (int)utf8_width(label) > region_cols(region) - 1) {
            return;
        }
        col += grid_put(region, 0, col, key, style_on(STYLE(KEY), STYLE_KEY_LINE)) + 1;
        col += grid_put(region, 0, col, label, STYLE(KEY_LINE)) + 2;
    }
}

static void paint_key_line(struct app *app)
{
    struct region region = sub(app, app->layout.key_line);
    app->tall_message = false;
    if (app->message.len > 0) {
        paint_message(app);
        return;
    }
    grid_fill(region, STYLE(KEY_LINE));
    const struct action_set *sets[APP_CONTEXTS_MAX];
    void *data[APP_CONTEXTS_MAX];
    size_t count = app_contexts(app, sets, data, APP_CONTEXTS_MAX);
    int col = 1;
    struct pane top = app_active(app);
    bool boxed = app->overlays.len > 0;
    const char *own =
        boxed && top.ops->key_line != NULL ? top.ops->key_line(top.data) : "Esc|close";
    if (boxed && top.ops->actions == NULL) { /* nothing but its own keys works in it */
        paint_own_keys(region, col, own);
        return;
    }
    if (app->sequence_len > 0) {
        struct buf keys = BUF_INIT;
        for (size_t i = 0; i < app->sequence_len; i++) {
            key_append_name(&keys, &app->sequence[i]);
        }
        buf_append_c(&keys, "…");
        col += grid_put(region, 0, col, buf_str(&keys), style_on(STYLE(KEY), STYLE_KEY_LINE)) + 2;
        buf_free(&keys);
    }
    if (app->sequence_len > 0 && app->sequence_hint) {
        paint_continuations(app, region, col, sets, data, count);
        return;
    }
    /* What works everywhere stands at the right and stays. */
    struct buf shown = BUF_INIT;
    buf_append_char(&shown, '\n');
    int end = region_cols(region) - 1;
    for (size_t s = 0; s < count; s++) {
        bool global = sets[s] == &app_global_set || sets[s] == &app_core_set;
        int at = col;
        for (size_t i = 0; i < sets[s]->count; i++) {
            const struct action *action = &sets[s]->actions[i];
            if ((action->flags & ACTION_KEY_LINE) != 0) {
                bool first = global || (action->flags & ACTION_URGENT) != 0;
                at = paint_key(app, region, at, end - (first ? 0 : 22), action, data[s], &shown);
            }
        }
        col = at;
    }
    buf_free(&shown);
    if (boxed && (col == 1 || top.ops->key_line != NULL)) {
        paint_own_keys(region, col, own);
    }
}

struct rect app_overlay_rect(const struct app *app, const struct overlay *overlay)
{
    int rows = app->layout.rows;
    int cols = app->layout.cols;
    if (overlay->place == OVERLAY_FULL) {
        return (struct rect){1, 0, rows - 2, cols};
    }
    int wide = overlay->cols + 4 < cols - 2 ? overlay->cols + 4 : cols - 2;
    const struct pane_ops *ops = overlay->pane.ops;
    int needed = ops->height == NULL ? overlay->rows : ops->height(overlay->pane.data, wide - 4);
    int high = needed + 2 < rows - 2 ? needed + 2 : rows - 2;
    int top = overlay->place == OVERLAY_TOP ? 2 : (rows - high) / 2;
    if (top + high > rows - 1) {
        top = rows - 1 - high;
    }
    return (struct rect){top, (cols - wide) / 2, high, wide};
}

static void paint_overlay(struct app *app, struct overlay *overlay, bool top)
{
    struct rect rect = app_overlay_rect(app, overlay);
    struct region region = sub(app, rect);
    struct region inside = region;
    grid_hide_cursor(app->grid);
    if (overlay->place == OVERLAY_FULL) {
        grid_fill(region, STYLE(TEXT));
    } else {
        struct buf left = BUF_INIT;
        struct buf right = BUF_INIT;
        if (overlay->pane.ops->title != NULL) {
            overlay->pane.ops->title(overlay->pane.data, &left, &right);
        }
        grid_fill(region, STYLE(DIALOG));
        grid_box(region, left.len > 0 ? left.ptr : NULL, STYLE(BORDER_FOCUS));
        if (right.len > 0) {
            /* In the border below: the name above takes no room from it. */
            int col = region_cols(region) - (int)utf8_width(buf_str(&right)) - 4;
            if (col > 0) {
                grid_printf(region, region_rows(region) - 1, col, STYLE(DIM), " %.*s ",
                    STR_FMT(buf_str(&right)));
            }
        }
        inside = region_sub(region, 1, 2, rect.rows - 2, rect.cols - 4);
        buf_free(&left);
        buf_free(&right);
    }
    overlay->inside = inside.rect;
    overlay->pane.ops->draw(overlay->pane.data, inside, top);
}

static void paint_too_small(struct app *app)
{
    struct region region = grid_region(app->grid);
    int rows = region_rows(region);
    int cols = region_cols(region);
    struct buf text = BUF_INIT;
    buf_printf(&text, "%d×%d is too small", cols, rows);
    grid_put_fit(region, rows / 2 - (rows > 1 ? 1 : 0), 0, cols, buf_str(&text), STYLE(WARNING));
    buf_clear(&text);
    buf_printf(&text, "bylaw needs %d×%d", LAYOUT_MIN_COLS, LAYOUT_MIN_ROWS);
    if (rows > 1) {
        grid_put_fit(region, rows / 2, 0, cols, buf_str(&text), STYLE(TEXT));
    }
    if (rows > 2) {
        grid_put_fit(region, rows / 2 + 1, 0, cols, STR_LIT("^Q quits"), STYLE(DIM));
    }
    buf_free(&text);
}

static void paint_all(struct app *app, int rows, int cols)
{
    bool covered = false;
    for (size_t i = 0; i < app->overlays.len; i++) {
        covered = covered || app->overlays.items[i].place == OVERLAY_FULL;
    }
    if (!covered) {
        for (int i = 0; i < SLOT_COUNT; i++) {
            paint_pane(app, (enum slot)i);
        }
        paint_divider(app);
    }
    if (app->overlays.len == 0 && app->floats != NULL) {
        struct region all = grid_region(app->grid);
        app->floats->draw(app->floats_data, region_sub(all, 1, 0, rows - 2, cols));
    }
    for (size_t i = 0; i < app->overlays.len; i++) {
        paint_overlay(app, &app->overlays.items[i], i + 1 == app->overlays.len);
    }
}

/* The rest of the grid stays as the last frame left it. */
static void paint_focused(struct app *app)
{
    enum slot slot = app->layout.focus;
    grid_hide_cursor(app->grid);
    grid_set_cursor_shape(app->grid, CURSOR_DEFAULT);
    grid_fill(sub(app, app->layout.inside[slot]), STYLE(TEXT));
    paint_pane(app, slot);
    paint_divider(app);
}

void app_paint(struct app *app, int rows, int cols)
{
    bool floats = app->floats != NULL && app->floats->shows(app->floats_data);
    bool only_panes = app->overlays.len == 0 && !floats;
    bool same_size = rows == grid_rows(app->grid) && cols == grid_cols(app->grid);
    bool all = app->all_dirty || !same_size || !only_panes || !app->all_was_shown;
    if (!same_size) {
        grid_resize(app->grid, rows, cols);
    } else if (all) {
        grid_clear(app->grid);
    }
    app->all_dirty = false;
    app_say_notice(app);
    layout_compute(&app->layout, rows, cols);
    app->all_was_shown = only_panes && !app->layout.too_small;
    if (app->layout.too_small) {
        paint_too_small(app);
        return;
    }
    paint_header(app);
    if (all) {
        paint_all(app, rows, cols);
        loop_timer_stop(app->rest_timer);
    } else {
        paint_focused(app);
        loop_timer_start(app->rest_timer, APP_REST_MS, 0);
    }
    paint_key_line(app);
    app->all_was_shown = app->all_was_shown && !app->tall_message;
}
