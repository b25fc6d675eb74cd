/* Undo steps: recording, running together, going back and forth. See text.h for the rules. */
#include "base/slow.h"
#include "base/vec.h"
#include "text/text_private.h"

/* A change of more bytes than this is not one key's work, so it does not join a run: a key gives at
 * most a grapheme cluster, or a line ending with its indentation. */
#define KEY_BYTES_MAX 256

void undo_init(struct text *text)
{
    VEC_PUSH(&text->steps, ((struct step){0}));
}

void undo_free(struct text *text)
{
    VEC_FOREACH (struct step, step, &text->steps) {
        VEC_FOREACH (struct edit, edit, step) {
            free(edit->removed);
            free(edit->inserted);
        }
        VEC_FREE(step);
    }
    VEC_FREE(&text->steps);
}

static struct step *current_step(struct text *text)
{
    return &text->steps.items[text->current];
}

static struct step *start_step(struct text *text)
{
    size_t parent = text->current;
    text->steps.items[parent].redo = text->steps.len;
    VEC_PUSH(&text->steps, ((struct step){.parent = parent, .before = text->cursor}));
    text->current = text->steps.len - 1;
    return current_step(text);
}

static bool has_newline(struct str bytes)
{
    return str_find_char(bytes, '\n', 0) != SIZE_MAX;
}

static struct str *dup_runs(const struct str *runs, size_t count)
{
    return count == 0 ? NULL : mem_dup(runs, count * sizeof *runs);
}

/* Puts runs into the list that an edit holds, `at` bytes from its beginning, joining those that lie
 * together. */
static void join_runs(struct str **list, size_t *count, size_t at, const struct spans *more)
{
    struct spans all = {0};
    size_t next = 0;
    for (; next < *count && at >= (*list)[next].len; next++) {
        at -= (*list)[next].len;
        spans_add(&all, (*list)[next]);
    }
    if (at > 0) {
        spans_add(&all, str_slice((*list)[next], 0, at));
    }
    VEC_FOREACH (struct str, run, more) {
        spans_add(&all, *run);
    }
    for (; next < *count; next++, at = 0) {
        spans_add(&all, str_from((*list)[next], at));
    }
    free(*list);
    *list = dup_runs(all.items, all.len);
    *count = all.len;
    VEC_FREE(&all);
}

/* Whether the change goes on with the run of the current step; adds it there when it does. */
static bool joins_run(
    struct text *text, size_t at, const struct spans *removed, size_t len, struct str added)
{
    if (text->run == RUN_NONE || text->depth > 0 || text->cursor.anchor != text->cursor.head) {
        return false;
    }
    struct step *step = current_step(text);
    struct edit *last = &step->items[step->len - 1];
    if (text->run == RUN_TYPE && len == 0 && added.len <= KEY_BYTES_MAX && !has_newline(added) &&
        at > last->at && at <= last->at + last->inserted_len) {
        /* Before the end: what is typed between a pair of brackets that came together. */
        struct spans more = {.items = &added, .len = 1};
        join_runs(&last->inserted, &last->inserted_count, at - last->at, &more);
        last->inserted_len += added.len;
        return true;
    }
    if (added.len > 0 || len > KEY_BYTES_MAX) {
        return false;
    }
    if (text->run == RUN_ERASE_BACK && at + len == last->at) {
        join_runs(&last->removed, &last->removed_count, 0, removed);
    } else if (text->run == RUN_ERASE_FORWARD && at == last->at) {
        join_runs(&last->removed, &last->removed_count, last->removed_len, removed);
    } else {
        return false;
    }
    last->at = at;
    last->removed_len += len;
    return true;
}

/* What a change of its own can go on as. */
static enum run run_after(size_t at, size_t len, struct str added, struct text_cursor cursor)
{
    if (added.len > 0) {
        return added.len <= KEY_BYTES_MAX ? RUN_TYPE : RUN_NONE;
    }
    if (len > KEY_BYTES_MAX) {
        return RUN_NONE;
    }
    return cursor.head == at ? RUN_ERASE_FORWARD : RUN_ERASE_BACK;
}

void undo_record(
    struct text *text, size_t at, const struct spans *removed, size_t len, struct str added)
{
    struct step *step;
    if (joins_run(text, at, removed, len, added)) {
        step = current_step(text);
    } else {
        if (text->depth > 0 && text->open) {
            step = current_step(text);
        } else {
            step = start_step(text);
            text->open = true;
        }
        VEC_PUSH(step, ((struct edit){.at = at,
                           .removed_len = len,
                           .inserted_len = added.len,
                           .removed = dup_runs(removed->items, removed->len),
                           .removed_count = removed->len,
                           .inserted = dup_runs(&added, added.len > 0 ? 1 : 0),
                           .inserted_count = added.len > 0 ? 1 : 0}));
        text->run = text->depth > 0 ? RUN_NONE : run_after(at, len, added, text->cursor);
    }
    step->state = ++text->last_state;
    step->time_ms = text->now_ms;
    text->cursor = (struct text_cursor){at + added.len, at + added.len};
    step->after = text->cursor;
}

void text_begin(struct text *text)
{
    if (text->depth++ == 0) {
        text->run = RUN_NONE;
        text->open = false;
        text->run_next = RUN_NONE;
    }
}

void text_begin_run(struct text *text, bool erasing)
{
    enum run run = erasing ? RUN_MANY_ERASE : RUN_MANY_TYPE;
    bool goes_on = text->depth == 0 && text->run == run;
    text_begin(text);
    if (text->depth == 1) {
        text->open = goes_on;
        text->run_next = run;
    }
}

void text_end(struct text *text)
{
    if (text->depth > 0 && --text->depth == 0) {
        text->run = text->open ? text->run_next : RUN_NONE;
        text->open = false;
    }
}

void text_break(struct text *text)
{
    text->run = RUN_NONE;
}

void text_note_cursor(struct text *text, struct text_cursor cursor)
{
    text->cursor = cursor;
}

bool text_can_undo(const struct text *text)
{
    return text->depth == 0 && text->current != 0;
}

bool text_can_redo(const struct text *text)
{
    return text->depth == 0 && text->steps.items[text->current].redo != 0;
}

static void give_cursor(struct text *text, struct text_cursor from, struct text_cursor *to)
{
    size_t length = text_length(text);
    from.anchor = from.anchor < length ? from.anchor : length;
    from.head = from.head < length ? from.head : length;
    text->cursor = from;
    if (to != NULL) {
        *to = from;
    }
}

static void take_back(struct text *text, const struct edit *edit)
{
    text_apply(text, edit->at, edit->inserted_len, edit->removed, edit->removed_count);
}

static void make_again(struct text *text, const struct edit *edit)
{
    text_apply(text, edit->at, edit->removed_len, edit->inserted, edit->inserted_count);
}

/* One step back from the current one; false: it was stopped, and all is as it was. */
static bool step_back(struct text *text)
{
    const struct step *step = current_step(text);
    size_t left = step->len;
    for (; left > 0 && slow_breathe(step->len - left, step->len); left--) {
        take_back(text, &step->items[left - 1]);
    }
    if (left == 0) {
        text->current = step->parent;
        return true;
    }
    for (; left < step->len; left++) {
        (void)slow_breathe(step->len - left, step->len);
        make_again(text, &step->items[left]);
    }
    return false;
}

/* Forth to a child of the current step; false as step_back. */
static bool step_forth(struct text *text, size_t child)
{
    const struct step *step = &text->steps.items[child];
    size_t done = 0;
    for (; done < step->len && slow_breathe(done, step->len); done++) {
        make_again(text, &step->items[done]);
    }
    if (done == step->len) {
        current_step(text)->redo = child;
        text->current = child;
        return true;
    }
    for (; done > 0; done--) {
        (void)slow_breathe(done, step->len);
        take_back(text, &step->items[done - 1]);
    }
    return false;
}

bool text_undo(struct text *text, struct text_cursor *cursor)
{
    slow_let_go(text);
    text->run = RUN_NONE;
    if (!text_can_undo(text)) {
        return false;
    }
    struct text_cursor before = current_step(text)->before;
    if (!step_back(text)) {
        return false;
    }
    give_cursor(text, before, cursor);
    return true;
}

bool text_redo(struct text *text, struct text_cursor *cursor)
{
    slow_let_go(text);
    text->run = RUN_NONE;
    if (!text_can_redo(text) || !step_forth(text, current_step(text)->redo)) {
        return false;
    }
    give_cursor(text, current_step(text)->after, cursor);
    return true;
}

size_t text_step_count(const struct text *text)
{
    return text->steps.len;
}

size_t text_step(const struct text *text)
{
    return text->current;
}

int64_t text_step_time(const struct text *text, size_t step)
{
    return step < text->steps.len ? text->steps.items[step].time_ms : 0;
}

size_t text_step_parent(const struct text *text, size_t step)
{
    return step < text->steps.len ? text->steps.items[step].parent : 0;
}

size_t text_step_edits(const struct text *text, size_t step)
{
    return step < text->steps.len ? text->steps.items[step].len : 0;
}

bool text_step_edit(const struct text *text, size_t step, size_t index, struct text_step_edit *edit)
{
    if (index >= text_step_edits(text, step)) {
        return false;
    }
    const struct edit *from = &text->steps.items[step].items[index];
    *edit = (struct text_step_edit){from->at, from->removed_len, from->inserted_len, from->removed,
        from->inserted, from->removed_count, from->inserted_count};
    return true;
}

void text_note_time(struct text *text, int64_t time_ms)
{
    text->now_ms = time_ms;
}

/* A parent always has a smaller number than its child: the greater of two steps that differ is not
 * an ancestor of the other. */
bool text_go_to_step(struct text *text, size_t step, struct text_cursor *cursor)
{
    struct {
        size_t *items;
        size_t len, cap;
    } forth = {0};
    bool ok = true;
    slow_let_go(text);
    text->run = RUN_NONE;
    if (text->depth > 0 || step >= text->steps.len) {
        return false;
    }
    struct text_cursor place = text->cursor;
    for (size_t to = step; ok && to != text->current;) {
        if (to > text->current) {
            VEC_PUSH(&forth, to);
            to = text->steps.items[to].parent;
        } else {
            struct text_cursor before = current_step(text)->before;
            ok = step_back(text);
            place = ok ? before : place;
        }
    }
    while (ok && forth.len > 0) {
        ok = step_forth(text, forth.items[--forth.len]);
        place = ok ? current_step(text)->after : place;
    }
    VEC_FREE(&forth);
    give_cursor(text, place, cursor);
    return ok;
}

size_t text_redo_step(const struct text *text)
{
    return text->steps.items[text->current].redo;
}

bool text_step_cursor(const struct text *text, bool redo, struct text_cursor *cursor)
{
    const struct step *now = &text->steps.items[text->current];
    if (redo ? now->redo == 0 : text->current == 0) {
        return false;
    }
    *cursor = redo ? text->steps.items[now->redo].before : now->before;
    return true;
}

void text_mark_saved(struct text *text)
{
    text->run = RUN_NONE;
    text->saved_state = current_step(text)->state;
}

uint64_t text_state(struct text *text)
{
    slow_let_go(text);
    text->run = RUN_NONE;
    return current_step(text)->state;
}

void text_mark_saved_state(struct text *text, uint64_t state)
{
    text->saved_state = state;
}

void text_mark_unsaved(struct text *text)
{
    text->run = RUN_NONE;
    text->saved_state = UINT64_MAX;
}

bool text_is_dirty(const struct text *text)
{
    return text->steps.items[text->current].state != text->saved_state;
}
