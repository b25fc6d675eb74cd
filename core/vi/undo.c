/* Undo and redo: where they put the cursor, the marks and the selection. */
#include "vi/vi_rows.h"

#define KEPT_MAX 200 /* steps whose marks are kept */

struct changed {
    size_t top, bottom, before; /* lines of what changed now, and of what was there */
    size_t left;                /* the line that the cursor was in, */
    bool rebuilt;               /* and whether it is one of those whose number changed */
    bool any;
};

static void take_places(const struct vi_file *file, struct vi_kept *out)
{
    *out = (struct vi_kept){.first = 1,
        .anchor = file->visual_anchor,
        .head = file->visual_head,
        .mode = file->visual_mode,
        .want = file->visual_want};
    for (size_t i = 0; i < ARRAY_LEN(file->marks); i++) {
        out->set |= file->marks[i].set ? 1u << i : 0;
        out->marks[i] = file->marks[i].pos;
    }
}

/* The marks and the selection from before a step come back with it; what they are now is kept for
 * the way on. */
static void give_places(
    struct vi_file *file, size_t step, const struct vi_kept *now, struct changed *changed)
{
    VEC_FOREACH (struct vi_kept, kept, &file->kept) {
        if (kept->step != step) {
            continue;
        }
        for (size_t i = 0; i < ARRAY_LEN(file->marks); i++) {
            if (kept->set & 1u << i) {
                file->marks[i] = (struct vi_mark){.pos = kept->marks[i], .set = true};
            }
        }
        if (kept->mode != VI_NORMAL) {
            file->visual_anchor = kept->anchor;
            file->visual_head = kept->head;
            file->visual_mode = kept->mode;
            file->visual_want = kept->want;
        }
        size_t first = kept->first, last = kept->last;
        *kept = *now;
        kept->step = step;
        kept->first = first;
        kept->last = last;
        changed->top = first <= last && first < changed->top ? first : changed->top;
        changed->bottom = first <= last && last > changed->bottom ? last : changed->bottom;
        return;
    }
}

void vi_undo_begin(struct vi *vi)
{
    take_places(vi->file, &vi->before);
    vi->before.step = text_step_count(vi->text);
    if (vi->many_lines) {
        vi->before.first = vi->op_first;
        vi->before.last = vi->op_last;
    }
}

void vi_undo_end(struct vi *vi)
{
    size_t steps = text_step_count(vi->text);
    if (steps == vi->before.step || (vi->before.set == 0 && vi->before.mode == VI_NORMAL &&
                                        vi->before.first > vi->before.last)) {
        return;
    }
    if (vi->file->kept.len >= KEPT_MAX) {
        VEC_REMOVE(&vi->file->kept, 0);
    }
    vi->before.step = text_step(vi->text);
    VEC_PUSH(&vi->file->kept, vi->before);
}

static void note_undone(void *data, const struct text_change *change)
{
    struct changed *changed = data;
    size_t top = change->start_point.row, old = change->old_end_point.row;
    size_t bottom = change->new_end_point.row;
    bool whole = change->start_point.column == 0 && change->old_end_point.column == 0 &&
                 change->new_end_point.column == 0;
    changed->rebuilt = changed->rebuilt ||
                       (!whole && old != bottom && changed->left >= top && changed->left <= old);
    if (changed->any && changed->bottom > old) {
        changed->bottom = changed->bottom - old + bottom;
    } else if (changed->any && changed->bottom > bottom) {
        changed->bottom = bottom;
    }
    if (!changed->any || top < changed->top) {
        changed->top = top;
    }
    if (!changed->any || bottom > changed->bottom) {
        changed->bottom = bottom;
    }
    changed->any = true;
}

/* Where Vim puts the cursor after an undo: where the change was begun if that is among the changed
 * lines, else at the first of them. */
static void after_undo(struct vi *vi, const struct changed *changed, struct vi_pos begun)
{
    size_t last = vi_line_count(vi) - 1;
    if (!changed->any) {
        return;
    }
    size_t top = changed->top < last ? changed->top : last;
    size_t bottom = changed->bottom < last ? changed->bottom : last;
    vi->file->start = (struct vi_mark){.pos = {top, 0}, .set = true};
    vi->file->end = (struct vi_mark){.pos = {bottom, 0}, .set = true};
    bool within = begun.line + 1 >= changed->top && begun.line <= changed->bottom;
    if ((within && begun.line <= last) || begun.line + 1 == top) {
        top = begun.line;
    }
    vi->cursor = (struct vi_pos){top, 0};
    if (begun.line == top) {
        vi->cursor.col = begun.col;
    } else {
        vi_first_nonblank(vi);
    }
    struct vi_changes *list = &vi->file->changes;
    vi->file->change = (struct vi_mark){.pos = {changed->top, 0}, .set = true};
    if (list->len > 0) {
        list->items[list->len - 1] = vi->file->change.pos;
        vi->file->change_at = list->len;
    }
    vi_clamp(vi);
    vi_set_want(vi);
}

/* arg: 0 u, 1 ^R, 2 g-, 3 g+. */
bool vi_c_undo(struct vi *vi, struct vi_cmd *cmd)
{
    int how = cmd->row->arg;
    struct changed changed = {.left = vi->cursor.line};
    struct text_cursor begun = {0};
    struct vi_pos old = vi->cursor;
    bool any = false;
    vi_change_close(vi);
    text_add_listener(vi->text, note_undone, &changed);
    for (size_t n = 0; n < cmd->count; n++) {
        struct text_cursor before = {0};
        struct vi_kept now;
        take_places(vi->file, &now);
        struct text_cursor redone = {0};
        bool redoes = (how == 1 || how == 3) && text_step_cursor(vi->text, true, &redone);
        size_t at = text_step(vi->text);
        bool can = how == 0   ? text_can_undo(vi->text)
                   : how == 1 ? text_can_redo(vi->text)
                   : how == 2 ? at > 0
                              : at + 1 < text_step_count(vi->text);
        if (can) {
            vi_jump_mark(vi);
        }
        bool ok = how == 0   ? text_undo(vi->text, &before)
                  : how == 1 ? text_redo(vi->text, NULL)
                             : text_go_to_step(vi->text, how == 2 ? at - 1 : at + 1, &before);
        if (!ok) {
            break;
        }
        give_places(vi->file, how == 0 || how == 2 ? at : text_step(vi->text), &now, &changed);
        begun = redoes ? redone : before;
        any = true;
    }
    text_remove_listener(vi->text, note_undone, &changed);
    vi->cursor = old;
    if (!any) {
        vi_say(vi, false,
            how == 0 || how == 2 ? "already at the oldest change" : "already at the newest change");
        return false;
    }
    /* Lines that undo puts together anew are other lines: where the cursor was is gone. */
    vi->file->jump.set = vi->file->jump.set && !changed.rebuilt;
    after_undo(vi, &changed, vi_pos_of(vi, begun.head));
    return true;
}

bool vi_c_undo_line(struct vi *vi, struct vi_cmd *cmd)
{
    struct vi_file *file = vi->file;
    (void)cmd;
    if (file->line_undo_line >= vi_line_count(vi)) {
        return false;
    }
    struct buf old = BUF_INIT, now = BUF_INIT;
    size_t line = file->line_undo_line;
    buf_append_str(&old, buf_str(&file->line_undo));
    buf_append_str(&now, vi_line(vi, line));
    bool ok = vi_set_line(vi, line, buf_str(&old));
    buf_free(&file->line_undo);
    file->line_undo = now;
    file->line_undo_line = line;
    buf_free(&old);
    size_t col = file->line_undo_col;
    file->line_undo_col = vi->cursor.line == line ? vi->cursor.col : col;
    vi->cursor = (struct vi_pos){line, col};
    vi_clamp(vi);
    vi_set_want(vi);
    return ok;
}
