#include "pane/review.h"

#include "base/vec.h"
#include "pane/review_private.h"

#include <stdint.h>

enum { CONTEXT = 3, WHEEL_ROWS = 3 };

static bool inside(struct rect rect, const struct mouse *mouse)
{
    return mouse->row >= rect.row && mouse->row < rect.row + rect.rows && mouse->col >= rect.col &&
           mouse->col < rect.col + rect.cols;
}

static void scroll(struct review_pane *pane, int rows)
{
    size_t last = pane->rows.len == 0 ? 0 : pane->rows.len - 1;
    if (rows < 0) {
        size_t step = (size_t)-rows;
        pane->cursor = step > pane->cursor ? 0 : pane->cursor - step;
    } else {
        pane->cursor += (size_t)rows;
        pane->cursor = pane->cursor > last ? last : pane->cursor;
    }
}

static unsigned on_mouse(void *data, const struct mouse *mouse)
{
    struct review_pane *pane = data;
    if (mouse->action == MOUSE_WHEEL) {
        scroll(pane, mouse->button * WHEEL_ROWS);
        return UI_DONE;
    }
    if (mouse->button != 1 || (mouse->action != MOUSE_PRESS && mouse->action != MOUSE_DRAG)) {
        return UI_HANDLED;
    }
    if (mouse->action == MOUSE_PRESS && inside(pane->files_rect, mouse)) {
        size_t file = pane->files_top + (size_t)(mouse->row - pane->files_rect.row);
        if (file < review_file_count(pane->review)) {
            review_pane_show_file(pane, file);
        }
        return UI_DONE;
    }
    /* Wrapped rows are not mapped back: a click goes by rows, which is right without wrapping. */
    if (inside(pane->body_rect, mouse) && !pane->wrap) {
        size_t row = pane->top + (size_t)(mouse->row - pane->body_rect.row);
        if (row < pane->rows.len) {
            if (mouse->action == MOUSE_DRAG && pane->anchor == NONE && row != pane->cursor) {
                pane->anchor = pane->cursor;
            } else if (mouse->action == MOUSE_PRESS) {
                pane->anchor = NONE;
            }
            pane->cursor = row;
        }
        return UI_DONE;
    }
    return UI_HANDLED;
}

static unsigned on_escape(void *data)
{
    struct review_pane *pane = data;
    if (pane->anchor == NONE) {
        return UI_IGNORED;
    }
    pane->anchor = NONE;
    return UI_DONE;
}

static void title(const void *data, struct buf *left, struct buf *right)
{
    const struct review_pane *pane = data;
    buf_printf(left, "Review %s", pane->title);
    review_evidence_summary(pane, right);
}

static void destroy(void *data)
{
    struct review_pane *pane = data;
    struct review_pane_options options = pane->options;
    syntax_free(pane->sides[REVIEW_BASE].syntax);
    syntax_free(pane->sides[REVIEW_PROPOSED].syntax);
    outline_free(&pane->outline);
    review_evidence_free(pane);
    VEC_FREE(&pane->rows);
    free(pane->prompt.text);
    free(pane->needle);
    free(pane->title);
    free(pane->reason_hint);
    free(pane);
    if (options.closed != NULL) {
        options.closed(options.data);
    }
}

static const struct pane_ops ops = {
    .name = "review",
    .actions = &review_action_set,
    .draw = review_pane_draw,
    .mouse = on_mouse,
    .escape = on_escape,
    .title = title,
    .destroy = destroy,
};

struct review_pane *review_pane_open(struct app *app, const struct review_pane_options *options)
{
    struct review_pane *pane = MEM_NEW(struct review_pane);
    pane->app = app;
    pane->review = options->review;
    pane->options = *options;
    pane->title = mem_strdup(options->title == NULL ? "" : options->title);
    pane->options.title = NULL;
    pane->reason_hint = mem_printf(
        "%s; empty: no reason", options->told == NULL ? "the agent is told" : options->told);
    pane->context = CONTEXT;
    pane->anchor = NONE;
    review_pane_show_file(pane, 0);
    app_push(app, (struct pane){&ops, pane}, OVERLAY_FULL, 0, 0);
    app_redraw(app);
    return pane;
}

void review_pane_close(struct review_pane *pane)
{
    app_pop(pane->app, pane);
}

void review_pane_place(const struct review_pane *pane, size_t *file, size_t *hunk)
{
    *file = pane->file;
    *hunk = pane->cursor < pane->rows.len ? pane->rows.items[pane->cursor].hunk : SIZE_MAX;
}
