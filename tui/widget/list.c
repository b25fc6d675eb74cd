#include "widget/list.h"

#include "action.h"
#include "widget/bar.h"

static size_t page_rows(const struct list *list)
{
    return list->rows > 1 ? (size_t)list->rows : 1;
}

static void keep_inside(struct list *list)
{
    if (list->cursor >= list->count) {
        list->cursor = list->count == 0 ? 0 : list->count - 1;
    }
    size_t rows = page_rows(list);
    size_t most = list->count > rows ? list->count - rows : 0;
    if (list->top > most) {
        list->top = most;
    }
}

static void show_cursor(struct list *list)
{
    size_t rows = page_rows(list);
    size_t margin = list->margin > 0 && (size_t)list->margin * 2 < rows ? (size_t)list->margin : 0;
    if (list->cursor < list->top + margin) {
        list->top = list->cursor < margin ? 0 : list->cursor - margin;
    } else if (list->cursor + margin + 1 > list->top + rows) {
        list->top = list->cursor + margin + 1 - rows;
    }
    keep_inside(list);
}

void list_set_count(struct list *list, size_t count)
{
    list->count = count;
    keep_inside(list);
}

void list_set_cursor(struct list *list, size_t cursor)
{
    list->cursor = cursor;
    keep_inside(list);
    show_cursor(list);
}

void list_move(struct list *list, long delta)
{
    size_t cursor = list->cursor;
    if (delta < 0) {
        size_t back = (size_t)-delta;
        cursor = back > cursor ? 0 : cursor - back;
    } else {
        size_t left = list->count == 0 ? 0 : list->count - 1 - cursor;
        cursor += (size_t)delta > left ? left : (size_t)delta;
    }
    list_set_cursor(list, cursor);
}

void list_scroll(struct list *list, long rows)
{
    if (rows < 0) {
        size_t back = (size_t)-rows;
        list->top = back > list->top ? 0 : list->top - back;
    } else {
        list->top += (size_t)rows;
    }
    keep_inside(list);
    size_t last = list->top + page_rows(list) - 1;
    if (list->cursor < list->top) {
        list->cursor = list->top;
    } else if (list->cursor > last) {
        list->cursor = last;
    }
    keep_inside(list);
}

static unsigned letter_key(struct list *list, const struct key *key)
{
    long half = (long)(page_rows(list) + 1) / 2;
    if (key_is_char(key, 'j')) {
        list_move(list, 1);
    } else if (key_is_char(key, 'k')) {
        list_move(list, -1);
    } else if (key_is_char(key, 'g')) {
        list_set_cursor(list, 0);
    } else if (key_is_char(key, 'G')) {
        list_set_cursor(list, list->count);
    } else if (key_is_ctrl(key, 'd')) {
        list_move(list, half);
    } else if (key_is_ctrl(key, 'u')) {
        list_move(list, -half);
    } else if (key_is_ctrl(key, 'f')) {
        list_move(list, (long)page_rows(list));
    } else if (key_is_ctrl(key, 'b')) {
        list_move(list, -(long)page_rows(list));
    } else {
        return UI_IGNORED;
    }
    return UI_DONE;
}

unsigned list_key(struct list *list, const struct key *key, bool letters)
{
    if (key->mods == 0) {
        switch (key->code) {
        case K_UP:
            list_move(list, -1);
            return UI_DONE;
        case K_DOWN:
            list_move(list, 1);
            return UI_DONE;
        case K_PAGE_UP:
            list_move(list, -(long)page_rows(list));
            return UI_DONE;
        case K_PAGE_DOWN:
            list_move(list, (long)page_rows(list));
            return UI_DONE;
        case K_HOME:
            list_set_cursor(list, 0);
            return UI_DONE;
        case K_END:
            list_set_cursor(list, list->count);
            return UI_DONE;
        default:
            break;
        }
    }
    return letters ? letter_key(list, key) : UI_IGNORED;
}

unsigned list_mouse(struct list *list, const struct mouse *mouse, bool *opened)
{
    if (opened != NULL) {
        *opened = false;
    }
    if (mouse->action == MOUSE_WHEEL) {
        list_scroll(list, mouse->button * 3);
        return UI_DONE;
    }
    if (mouse->action == MOUSE_PRESS && mouse->button == 1 && mouse->row >= 0 &&
        list->top + (size_t)mouse->row < list->count) {
        list->cursor = list->top + (size_t)mouse->row;
        if (opened != NULL) {
            *opened = mouse->clicks == 2;
        }
        return UI_DONE;
    }
    return UI_IGNORED;
}

void list_draw(struct list *list, struct region region, bool focused,
    void (*draw_row)(void *data, size_t index, struct region row, bool cursor), void *data)
{
    list->rows = region_rows(region);
    show_cursor(list);
    bool bar = list->count > (size_t)list->rows;
    int cols = region_cols(region) - (bar ? 1 : 0);
    for (int i = 0; i < list->rows && list->top + (size_t)i < list->count; i++) {
        size_t index = list->top + (size_t)i;
        bool cursor = index == list->cursor;
        struct region row = region_sub(region, i, 0, 1, cols);
        draw_row(data, index, row, cursor);
        if (cursor) {
            grid_overlay(
                row, 0, 0, cols, focused ? STYLE_CURSOR_LINE : STYLE_CURSOR_LINE_UNFOCUSED, 0);
        }
    }
    if (bar) {
        scrollbar_draw(region, list->count, list->top, (size_t)list->rows);
    }
}
