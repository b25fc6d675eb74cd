/* Undo and redo: where they put the cursor, the marks and the selection. */
#include "vi/vi_rows.h"

#define KEPT_MAX 200 /* steps whose marks are kept */

struct changed {
    struct {
        struct vi_entry_lines *items;
        size_t len, cap;
    } entries, plain; /* of what each of its changes is; by the lines alone that changed */
    enum vi_lines lines;
};

static void take_places(const struct vi_file *file, struct vi_kept *out)
{
    *out = (struct vi_kept){.anchor = file->visual_anchor,
        .head = file->visual_head,
        .mode = file->visual_mode,
        .want = file->visual_want,
        .emptied = text_version(file->text) == file->emptied};
    for (size_t i = 0; i < ARRAY_LEN(file->marks); i++) {
        out->set |= file->marks[i].set ? 1u << i : 0;
        out->marks[i] = file->marks[i].pos;
    }
}

/* What is kept of a step, or NULL. */
static struct vi_kept *kept_of(struct vi_file *file, size_t step)
{
    VEC_FOREACH (struct vi_kept, kept, &file->kept) {
        if (kept->step == step) {
            return kept;
        }
    }
    return NULL;
}

/* The marks and the selection from before a step come back with it, and that nothing is there; what
 * they are now is kept for the way on. */
static void give_places(struct vi_file *file, struct vi_kept *kept, const struct vi_kept *now)
{
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
    file->emptied = kept->emptied ? text_version(file->text) : file->emptied;
    struct vi_kept was = *kept;
    *kept = *now;
    kept->step = was.step;
    kept->one = was.one;
    kept->first = was.first;
    kept->count = was.count;
    kept->put_below = was.put_below;
    kept->lines = was.lines;
}

void vi_undo_begin(struct vi *vi)
{
    take_places(vi->file, &vi->before);
    vi->before.step = text_step_count(vi->text);
    if (vi->many_lines) {
        vi_undo_about(vi, vi->op_first, vi->op_last - vi->op_first + 1);
    }
}

void vi_undo_about(struct vi *vi, size_t first, size_t count)
{
    if (!vi->before.one) {
        vi->before.one = true;
        vi->before.first = first;
        vi->before.count = count;
    }
}

void vi_undo_end(struct vi *vi)
{
    const struct vi_kept *before = &vi->before;
    bool emptied = before->emptied || text_version(vi->text) == vi->file->emptied;
    bool nothing = before->set == 0 && before->mode == VI_NORMAL && !before->one &&
                   before->lines == LINES_PLAIN && !emptied && before->put_below == 0;
    if (text_step_count(vi->text) == before->step || nothing) {
        return;
    }
    if (vi->file->kept.len >= KEPT_MAX) {
        VEC_REMOVE(&vi->file->kept, 0);
    }
    vi->before.step = text_step(vi->text);
    VEC_PUSH(&vi->file->kept, vi->before);
}

struct vi_entry_lines vi_undone_lines(const struct text_change *change, enum vi_lines lines)
{
    size_t top = change->start_point.row, old = change->old_end_point.row - top;
    size_t new = change->new_end_point.row - top;
    bool whole = change->start_point.column == 0 && change->old_end_point.column == 0 &&
                 change->new_end_point.column == 0;
    bool one_way = change->start == change->old_end || change->start == change->new_end;
    if (lines == LINES_OPENED && one_way && old != new) {
        return (struct vi_entry_lines){top + 1, old, new};
    }
    if (whole && lines != LINES_SPLIT) {
        return (struct vi_entry_lines){top, old, new};
    }
    return (struct vi_entry_lines){top, old + 1, new + 1};
}

static void note_undone(void *data, const struct text_change *change)
{
    struct changed *changed = data;
    struct vi_entry_lines entry = vi_undone_lines(change, changed->lines);
    VEC_PUSH(&changed->entries, entry);
    entry = vi_undone_lines(change, LINES_PLAIN);
    VEC_PUSH(&changed->plain, entry);
}

/* What an operator did to several lines, or an insertion to its own, is one entry of all of them,
 * whichever changed. `more`: how many lines the text has more than before, modulo SIZE_MAX + 1. */
static void as_one(struct changed *changed, const struct vi_kept *kept, bool back, size_t more)
{
    size_t lines = kept->count;
    struct vi_entry_lines all = {
        kept->first, back ? lines - more : lines, back ? lines : lines + more};
    size_t now = all.old;
    VEC_FOREACH (const struct vi_entry_lines, entry, &changed->plain) {
        if (entry->top < all.top || entry->top + entry->old > all.top + now) {
            return;
        }
        now += entry->new - entry->old;
    }
    if (changed->entries.len > 0) {
        changed->entries.items[0] = all;
        changed->entries.len = 1;
    }
}

/* What else is known of the entries of a step. */
static void complete_entries(
    struct changed *changed, const struct vi_kept *kept, bool back, size_t more)
{
    if (kept != NULL && kept->one) {
        as_one(changed, kept, back, more);
    }
    if (kept != NULL && kept->put_below > 0 && changed->entries.len > 0) {
        struct vi_entry_lines none = {kept->put_below, 0, 0};
        VEC_PUSH(&changed->entries, none);
        struct vi_entry_lines *items = changed->entries.items;
        size_t len = changed->entries.len;
        if (!back) {
            memmove(items + 1, items, (len - 1) * sizeof *items);
            items[0] = none;
        }
    }
}

/* [ and ]: the first and the last line of what was put in. `before`: how many lines there were. */
static void mark_undone(struct vi *vi, const struct changed *changed, size_t before)
{
    size_t start = before, end = 0, lines = vi_line_count(vi); /* counted from 1 */
    VEC_FOREACH (const struct vi_entry_lines, entry, &changed->entries) {
        size_t below = entry->top + entry->old;
        size_t last = entry->top + (entry->new > 0 ? entry->new : 1);
        start = start > below ? start + entry->new - entry->old : start;
        end = end > below ? end + entry->new - entry->old : end;
        start = entry->top + 1 < start ? entry->top + 1 : start;
        end = last > end ? last : end;
    }
    start = start < lines ? start : lines;
    end = end < lines ? end : lines;
    vi->file->start = (struct vi_mark){.pos = {start - 1, 0}, .set = true};
    vi->file->end = (struct vi_mark){.pos = {end - 1, 0}, .set = true};
}

/* Where Vim puts the cursor: where the change was begun if that is among the lines of an entry,
 * else at the first line that changed. The line is one at the time of that entry, also where later
 * ones take lines away before it. */
static size_t undone_line(const struct changed *changed, struct vi_pos begun, size_t now)
{
    size_t found = SIZE_MAX, to = now;
    for (size_t i = 0; i < changed->entries.len; i++) {
        const struct vi_entry_lines *entry = &changed->entries.items[i];
        bool within = begun.line + 1 >= entry->top && begun.line <= entry->top + entry->new;
        bool gone = entry->new == 0;
        bool only = found == SIZE_MAX && i + 1 == changed->entries.len;
        if (entry->top < found && (within || !gone || only)) {
            found = to = within ? begun.line : entry->top;
        }
    }
    return to;
}

static void after_undo(
    struct vi *vi, const struct changed *changed, struct vi_pos begun, size_t before)
{
    size_t last = vi_line_count(vi) - 1;
    if (changed->entries.len == 0) {
        return;
    }
    mark_undone(vi, changed, before);
    size_t line = undone_line(changed, begun, vi->cursor.line);
    line = line < last ? line : last;
    line -= begun.line + 1 == line ? 1 : 0;
    vi->cursor = (struct vi_pos){line, 0};
    if (begun.line == line) {
        vi->cursor.col = begun.col;
    } else {
        vi_land(vi);
    }
    struct vi_changes *list = &vi->file->changes;
    vi->file->change = (struct vi_mark){.pos = {vi->file->start.pos.line, 0}, .set = true};
    if (list->len > 0) {
        list->items[list->len - 1] = vi->file->change.pos;
        vi->file->change_at = list->len;
    }
    vi_clamp(vi);
}

enum { UNDO, REDO, EARLIER, LATER };

/* The cursor from before the step `to`, which is done again, in the text as it is now and was then.
 */
static bool begun_before(struct vi *vi, size_t to, struct vi_pos *begun)
{
    struct text_cursor cursor;
    if (text_redo_step(vi->text) != to || !text_step_cursor(vi->text, true, &cursor)) {
        return false;
    }
    *begun = vi_pos_of(vi, cursor.head);
    return true;
}

/* To a step that is next to this one. */
static bool hop(struct vi *vi, int how, size_t to)
{
    struct changed changed = {0};
    struct text_cursor before = {0};
    struct vi_kept now;
    struct vi_pos begun, old = vi->cursor;
    size_t at = text_step(vi->text);
    bool up = text_step_parent(vi->text, at) == to; /* nothing but undone */
    struct vi_kept *kept = kept_of(vi->file, up ? at : to);
    changed.lines = vi->undone = kept != NULL ? kept->lines : LINES_PLAIN;
    take_places(vi->file, &now);
    vi_jump_mark(vi);
    bool forth = !up && begun_before(vi, to, &begun);
    size_t lines = vi_line_count(vi);
    text_add_listener(vi->text, note_undone, &changed);
    vi->undoing = true;
    bool ok = how == UNDO   ? text_undo(vi->text, &before)
              : how == REDO ? text_redo(vi->text, NULL)
                            : text_go_to_step(vi->text, to, &before);
    vi->undoing = false;
    text_remove_listener(vi->text, note_undone, &changed);
    vi->cursor = old;
    if (ok) {
        if (!up && !forth) {
            (void)text_step_cursor(vi->text, false, &before); /* from another branch */
        }
        complete_entries(&changed, kept, up, vi_line_count(vi) - lines);
        if (kept != NULL) {
            give_places(vi->file, kept, &now);
        }
        after_undo(vi, &changed, forth ? begun : vi_pos_of(vi, before.head), lines);
    }
    VEC_FREE(&changed.entries);
    VEC_FREE(&changed.plain);
    return ok;
}

/* To any step: up to where its branch begins, and down to it, as Vim goes. */
static bool travel(struct vi *vi, size_t to)
{
    bool ok = true;
    for (size_t at; ok && (at = text_step(vi->text)) != to;) {
        size_t next = to; /* of the steps on the way to it the one below this */
        while (next > 0 && text_step_parent(vi->text, next) != at) {
            next = text_step_parent(vi->text, next);
        }
        ok = hop(vi, EARLIER, next > 0 ? next : text_step_parent(vi->text, at));
    }
    return ok;
}

static bool step(struct vi *vi, int how)
{
    size_t at = text_step(vi->text);
    switch (how) {
    case UNDO:
        return text_can_undo(vi->text) && hop(vi, how, text_step_parent(vi->text, at));
    case REDO:
        return text_can_redo(vi->text) && hop(vi, how, text_redo_step(vi->text));
    case EARLIER:
        return at > 0 && travel(vi, at - 1);
    default:
        return at + 1 < text_step_count(vi->text) && travel(vi, at + 1);
    }
}

/* arg: 0 u, 1 ^R, 2 g-, 3 g+. */
bool vi_c_undo(struct vi *vi, struct vi_cmd *cmd)
{
    int how = cmd->row->arg;
    bool any = false;
    vi_change_close(vi);
    for (size_t n = 0; n < cmd->count && step(vi, how); n++) {
        any = true;
    }
    if (any && (how == UNDO || how == REDO)) {
        vi_set_want(vi); /* g- and g+ leave it, as in Vim */
    }
    return any || (vi_say(vi, false,
                       how == UNDO || how == EARLIER ? "already at the oldest change"
                                                     : "already at the newest change") &&
                      false);
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
    vi_note_change(vi, (struct vi_pos){line, 0});
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
