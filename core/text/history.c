#include "text/history.h"

#include "base/vec.h"
#include "text/record.h"
#include "text/text_private.h"

static const char magic[] = "bylaw undo 1\n";

#define MAGIC_LEN      (sizeof magic - 1)
#define EDIT_HEAD      16 /* offset and two lengths */
#define STEP_HEAD      48 /* parent, time, two cursors, count of edits */
#define EDIT_BYTES_MAX ((size_t)UINT32_MAX)

/* ---- writing ---- */

static size_t step_bytes(const struct step *step)
{
    size_t bytes = STEP_HEAD;
    VEC_FOREACH (const struct edit, edit, step) {
        bytes += EDIT_HEAD + edit->removed_len + edit->inserted_len;
    }
    return bytes;
}

struct places {
    size_t *items;
    size_t len, cap;
};

/* The way from the text's step back towards the root and on along redo, as far as it fits. Adds to
 * `chosen` in growing order; returns the step that takes the place of the root. */
static size_t choose_way(const struct text *text, size_t bytes_max, struct places *chosen)
{
    struct places back = {0};
    size_t left = bytes_max, root = text->current;
    while (root != 0 && back.len < HISTORY_STEPS_MAX) {
        size_t bytes = step_bytes(&text->steps.items[root]);
        if (bytes > left) {
            break;
        }
        left -= bytes;
        VEC_PUSH(&back, root);
        root = text->steps.items[root].parent;
    }
    while (back.len > 0) {
        VEC_PUSH(chosen, back.items[--back.len]);
    }
    VEC_FREE(&back);
    size_t next = text->steps.items[text->current].redo;
    while (next != 0 && chosen->len < HISTORY_STEPS_MAX) {
        size_t bytes = step_bytes(&text->steps.items[next]);
        if (bytes > left) {
            break;
        }
        left -= bytes;
        VEC_PUSH(chosen, next);
        next = text->steps.items[next].redo;
    }
    return root;
}

static void choose_all(const struct text *text, struct places *chosen)
{
    for (size_t i = 1; i < text->steps.len; i++) {
        VEC_PUSH(chosen, i);
    }
}

static void put_runs(struct buf *out, const struct str *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_append_str(out, runs[i]);
    }
}

static void put_cursor(struct buf *out, struct text_cursor cursor)
{
    record_put_number(out, cursor.anchor, 8);
    record_put_number(out, cursor.head, 8);
}

static void put_step(struct buf *out, const struct step *step, size_t parent)
{
    size_t start = record_begin(out, 'S', step_bytes(step));
    record_put_number(out, parent, 4);
    record_put_number(out, (uint64_t)step->time_ms, 8);
    put_cursor(out, step->before);
    put_cursor(out, step->after);
    record_put_number(out, step->len, 4);
    VEC_FOREACH (const struct edit, edit, step) {
        record_put_number(out, edit->at, 8);
        record_put_number(out, edit->removed_len, 4);
        record_put_number(out, edit->inserted_len, 4);
        put_runs(out, edit->removed, edit->removed_count);
        put_runs(out, edit->inserted, edit->inserted_count);
    }
    record_end(out, start);
}

bool history_put_steps(
    const struct text *text, size_t bytes_max, struct buf *steps, size_t *count, size_t *current)
{
    struct places chosen = {0};
    size_t all = 0, root = 0;
    for (size_t i = 1; i < text->steps.len && all <= bytes_max; i++) {
        all += step_bytes(&text->steps.items[i]);
    }
    if (all <= bytes_max && text->steps.len <= HISTORY_STEPS_MAX) {
        choose_all(text, &chosen);
    } else {
        root = choose_way(text, bytes_max, &chosen);
    }
    size_t *number = mem_zalloc(text->steps.len * sizeof *number); /* in the file, by step */
    *current = 0;
    *count = chosen.len;
    for (size_t i = 0; i < chosen.len; i++) {
        const struct step *step = &text->steps.items[chosen.items[i]];
        number[chosen.items[i]] = i + 1;
        put_step(steps, step, step->parent == root ? 0 : number[step->parent]);
    }
    *current = text->current == root ? 0 : number[text->current];
    free(number);
    VEC_FREE(&chosen);
    return *count > 0;
}

uint64_t history_hash(const struct text_snapshot *content)
{
    unsigned long long hash = STR_HASH_EMPTY;
    for (size_t i = 0; i < content->len; i++) {
        hash = str_hash_more(hash, content->items[i]);
    }
    return hash;
}

void history_put_head(struct buf *out, size_t length, uint64_t hash, size_t count, size_t current)
{
    buf_append(out, magic, MAGIC_LEN);
    size_t start = record_begin(out, 'H', 24);
    record_put_number(out, length, 8);
    record_put_number(out, hash, 8);
    record_put_number(out, current, 4);
    record_put_number(out, count, 4);
    record_end(out, start);
}

/* ---- reading ---- */

struct steps {
    struct step *items;
    size_t len, cap;
};

static void steps_free(struct steps *steps)
{
    VEC_FOREACH (struct step, step, steps) {
        VEC_FOREACH (struct edit, edit, step) {
            free(edit->removed);
            free(edit->inserted);
        }
        VEC_FREE(step);
    }
    VEC_FREE(steps);
}

static bool take_cursor(struct str *rest, struct text_cursor *cursor)
{
    uint64_t anchor = 0, head = 0;
    bool ok = record_take_number(rest, &anchor, 8) && record_take_number(rest, &head, 8);
    *cursor = (struct text_cursor){(size_t)anchor, (size_t)head};
    return ok;
}

/* Bytes cut off *rest, kept by the text, as an array of at most one run. */
static struct str *take_run(struct text *text, struct str *rest, size_t len, size_t *count)
{
    struct str kept = len > 0 ? text_keep(text, str_slice(*rest, 0, len)) : str_make("", 0);
    *rest = str_from(*rest, len);
    *count = len > 0 ? 1 : 0;
    return len > 0 ? mem_dup(&kept, sizeof kept) : NULL;
}

static bool take_edit(struct text *text, struct str *rest, struct step *step)
{
    uint64_t at = 0, removed = 0, inserted = 0;
    if (!record_take_number(rest, &at, 8) || !record_take_number(rest, &removed, 4) ||
        !record_take_number(rest, &inserted, 4) || at > TEXT_MAX ||
        removed + inserted > rest->len || removed + inserted == 0) {
        return false;
    }
    struct edit edit = {
        .at = (size_t)at, .removed_len = (size_t)removed, .inserted_len = (size_t)inserted};
    edit.removed = take_run(text, rest, edit.removed_len, &edit.removed_count);
    edit.inserted = take_run(text, rest, edit.inserted_len, &edit.inserted_count);
    VEC_PUSH(step, edit);
    return true;
}

static bool take_step(struct text *text, struct str payload, struct steps *steps)
{
    uint64_t parent = 0, time = 0, edits = 0;
    struct step step = {0};
    bool ok = record_take_number(&payload, &parent, 4) && parent < steps->len &&
              record_take_number(&payload, &time, 8) && take_cursor(&payload, &step.before) &&
              take_cursor(&payload, &step.after) && record_take_number(&payload, &edits, 4) &&
              edits > 0;
    step.parent = (size_t)parent;
    step.time_ms = (int64_t)time;
    for (uint64_t i = 0; i < edits && ok; i++) {
        ok = take_edit(text, &payload, &step);
    }
    /* Pushed in any case: steps_free takes what it holds. */
    VEC_PUSH(steps, step);
    steps->items[parent < steps->len ? parent : 0].redo = steps->len - 1;
    return ok && payload.len == 0;
}

/* Every edit lies within the text it was made in. `length` is the text's at the current step. */
static bool lengths_fit(const struct steps *steps, size_t current, size_t length)
{
    int64_t *lengths = mem_zalloc(steps->len * sizeof *lengths); /* less the root's, after a step */
    bool ok = true;
    for (size_t i = 1; i < steps->len; i++) {
        const struct step *step = &steps->items[i];
        lengths[i] = lengths[step->parent];
        VEC_FOREACH (const struct edit, edit, step) {
            lengths[i] += (int64_t)edit->inserted_len - (int64_t)edit->removed_len;
        }
    }
    int64_t root = (int64_t)length - lengths[current];
    for (size_t i = 1; i < steps->len && ok; i++) {
        const struct step *step = &steps->items[i];
        int64_t now = root + lengths[step->parent];
        VEC_FOREACH (const struct edit, edit, step) {
            ok = ok && now >= 0 && (int64_t)(edit->at + edit->removed_len) <= now;
            now += (int64_t)edit->inserted_len - (int64_t)edit->removed_len;
            ok = ok && now <= (int64_t)TEXT_MAX;
        }
    }
    free(lengths);
    return ok && root >= 0 && root <= (int64_t)TEXT_MAX;
}

static bool take_head(
    const struct text *text, struct str *rest, size_t *current, size_t *count, struct err *err)
{
    char kind;
    struct str payload;
    uint64_t length = 0, hash = 0, now = 0, steps = 0;
    if (!str_starts(*rest, magic)) {
        return err_set(err, ERR_INVALID, "not an undo history");
    }
    *rest = str_from(*rest, MAGIC_LEN);
    bool ok = record_next(rest, &kind, &payload) && kind == 'H' &&
              record_take_number(&payload, &length, 8) && record_take_number(&payload, &hash, 8) &&
              record_take_number(&payload, &now, 4) && record_take_number(&payload, &steps, 4) &&
              steps <= HISTORY_STEPS_MAX && now <= steps;
    if (!ok) {
        return err_set(err, ERR_INVALID, "the undo history's first record is damaged");
    }
    struct text_snapshot content = text_snapshot(text);
    bool same = length == content.bytes && hash == history_hash(&content);
    text_snapshot_free(&content);
    *current = (size_t)now;
    *count = (size_t)steps;
    return same || err_set(err, ERR_CONFLICT, "the file was changed by somebody else since");
}

/* Redo first follows the way to where the text stands, then the newest branches. */
static void point_redo(struct steps *steps, size_t current)
{
    for (size_t at = current; at != 0; at = steps->items[at].parent) {
        steps->items[steps->items[at].parent].redo = at;
    }
}

bool history_read(struct text *text, struct str file, struct err *err)
{
    size_t current = 0, count = 0;
    struct steps steps = {0};
    bool ok = true;
    if (text->steps.len != 1 || text->depth > 0) {
        return err_set(err, ERR_INVALID, "the text has undo steps already");
    }
    if (!take_head(text, &file, &current, &count, err)) {
        return false;
    }
    VEC_PUSH(&steps, ((struct step){0}));
    while (ok && steps.len <= count) {
        char kind;
        struct str payload;
        ok = record_next(&file, &kind, &payload) && kind == 'S' && take_step(text, payload, &steps);
    }
    if (!ok || file.len > 0 || !lengths_fit(&steps, current, text_length(text))) {
        steps_free(&steps);
        return err_set(err, ERR_INVALID, "the undo history is damaged");
    }
    for (size_t i = 0; i < steps.len; i++) {
        steps.items[i].state = ++text->last_state;
    }
    bool was_saved = !text_is_dirty(text);
    point_redo(&steps, current);
    undo_free(text);
    text->steps.items = steps.items;
    text->steps.len = steps.len;
    text->steps.cap = steps.cap;
    text->current = current;
    text->run = RUN_NONE;
    if (was_saved) {
        text->saved_state = steps.items[current].state;
    }
    return true;
}
