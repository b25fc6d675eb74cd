#include "text_model.h"

#include "base/vec.h"
#include "text/text.h"

#include <stdio.h>

struct state {
    struct buf content;
    size_t parent, redo;
};

struct model {
    struct buf now;
    struct {
        struct state *items;
        size_t len, cap;
    } states;
    size_t current, saved;
    bool saved_known;
    /* The run that may go on: where the next insertion or deletion would have to be. */
    enum { NONE, TYPE, BACK, FORWARD } run;
    size_t run_at;
    size_t run_from, run_to; /* what was typed in it */
    unsigned depth;
    bool open;
    struct text_cursor cursor;
    /* What the listener must have kept up with: a mirror made of the changes alone. */
    struct buf mirror;
    const struct text *text;
};

struct input {
    const uint8_t *data;
    size_t size;
};

static void check(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "text and model differ: %s\n", what);
        abort();
    }
}

static size_t take(struct input *in, size_t bound)
{
    size_t value = 0;
    for (int i = 0; i < 2 && in->size > 0; i++) {
        value = value * 256 + *in->data++;
        in->size--;
    }
    return bound == 0 ? 0 : value % bound;
}

static struct text_point point_in(struct str s, size_t offset)
{
    struct text_point point = {0, 0};
    for (size_t i = 0; i < offset; i++) {
        point.column++;
        if (s.ptr[i] == '\n') {
            point.row++;
            point.column = 0;
        }
    }
    return point;
}

static bool same_point(struct text_point a, struct text_point b)
{
    return a.row == b.row && a.column == b.column;
}

static void on_change(void *data, const struct text_change *change)
{
    struct model *model = data;
    struct buf *mirror = &model->mirror;
    check(same_point(change->start_point, point_in(buf_str(mirror), change->start)), "start point");
    check(same_point(change->old_end_point, point_in(buf_str(mirror), change->old_end)), "old end");
    buf_remove(mirror, change->start, change->old_end - change->start);
    struct buf added = BUF_INIT;
    text_copy(model->text, change->start, change->new_end, &added);
    if (added.len > 0) {
        buf_insert(mirror, change->start, added.ptr, added.len);
    }
    check(same_point(change->new_end_point, point_in(buf_str(mirror), change->new_end)), "new end");
    buf_free(&added);
}

static void remember(struct model *model, bool joined)
{
    if (!joined) {
        size_t parent = model->current;
        VEC_PUSH(&model->states, ((struct state){.parent = parent}));
        model->current = model->states.len - 1;
        model->states.items[parent].redo = model->current;
    } else if (model->current == model->saved) {
        model->saved_known = false;
    }
    struct buf *content = &model->states.items[model->current].content;
    buf_clear(content);
    buf_append_str(content, buf_str(&model->now));
}

static void model_replace(struct model *model, size_t at, size_t len, struct str with)
{
    if (len == 0 && with.len == 0) {
        return;
    }
    struct str removed_from = str_slice(buf_str(&model->now), at, at + len);
    len = removed_from.len;
    buf_remove(&model->now, at, len);
    if (with.len > 0) {
        buf_insert(&model->now, at, with.ptr, with.len);
    }
    bool small = with.len <= 256 && len <= 256 && model->depth == 0;
    bool lines = str_find_char(with, '\n', 0) != SIZE_MAX;
    bool joined = small && model->cursor.anchor == model->cursor.head &&
                  ((model->run == TYPE && len == 0 && !lines && at > model->run_from &&
                       at <= model->run_to) ||
                      (model->run == BACK && with.len == 0 && at + len == model->run_at) ||
                      (model->run == FORWARD && with.len == 0 && at == model->run_at));
    remember(model, joined || (model->depth > 0 && model->open));
    model->open = true;
    if (!joined) {
        bool can_run = model->depth == 0 && (with.len > 0 ? with.len <= 256 : len <= 256);
        model->run = !can_run                   ? NONE
                     : with.len > 0             ? TYPE
                     : model->cursor.head == at ? FORWARD
                                                : BACK;
    }
    model->run_from = joined ? model->run_from : at;
    model->run_to = joined ? model->run_to + with.len : at + with.len;
    model->run_at = at + with.len;
    model->cursor = (struct text_cursor){model->run_at, model->run_at};
}

static void go_to(struct model *model, size_t state)
{
    model->current = state;
    buf_clear(&model->now);
    buf_append_str(&model->now, buf_str(&model->states.items[state].content));
}

static void edit(struct model *model, struct text *text, struct input *in)
{
    static const char *const pieces[] = {
        "a", "b", "x", "\n", "\r\n", "\xc3\xa9", "\xff", "two\nlines\n", "", "a longer run of it"};
    size_t at = take(in, model->now.len + 1);
    if (model->run != NONE && take(in, 2) == 0) {
        at = model->run == BACK && model->run_at > 0 ? model->run_at - 1 : model->run_at;
        /* Sometimes into what was typed. */
        at -= model->run == TYPE && at > model->run_from && take(in, 4) == 0 ? 1 : 0;
    }
    size_t len = take(in, 4) == 0 ? take(in, 9) : take(in, 2) * take(in, 2);
    len = len < model->now.len - at ? len : model->now.len - at;
    struct str with = str_of(pieces[take(in, ARRAY_LEN(pieces))]);
    if (take(in, 3) == 0) {
        struct text_cursor cursor = {at + len * take(in, 2), at + len * take(in, 2)};
        text_note_cursor(text, cursor);
        model->cursor = cursor;
    }
    if (len > 0 && take(in, 2) == 0) {
        with = str_make("", 0);
    }
    check(text_replace(text, at, len, with, NULL), "replace refused");
    model_replace(model, at, len, with);
}

static void step(struct model *model, struct text *text, bool redo)
{
    struct text_cursor cursor = {0, 0};
    size_t to = redo ? model->states.items[model->current].redo
                     : model->states.items[model->current].parent;
    bool can = model->depth == 0 && (redo ? to != 0 : model->current != 0);
    check((redo ? text_can_redo(text) : text_can_undo(text)) == can, "can undo");
    check((redo ? text_redo(text, &cursor) : text_undo(text, &cursor)) == can, "undo");
    model->run = NONE;
    if (can) {
        go_to(model, to);
        check(cursor.head <= model->now.len && cursor.anchor <= model->now.len, "cursor");
        model->cursor = cursor;
    }
}

static void compare(const struct model *model, const struct text *text, size_t at)
{
    struct str now = buf_str(&model->now);
    check(text_length(text) == now.len, "length");
    check(text_equals(text, now), "content");
    struct buf copy = BUF_INIT;
    text_copy(text, 0, SIZE_MAX, &copy);
    check(str_equal(buf_str(&copy), now), "copy");
    buf_free(&copy);
    check(str_equal(buf_str(&model->mirror), now), "changes reported");
    check(text_is_dirty(text) == !(model->saved_known && model->saved == model->current), "dirty");

    struct text_point point = point_in(now, at);
    check(same_point(text_point_of(text, at), point), "point");
    check(text_offset_of(text, point) <= at, "offset");
    check(text_line_of(text, at) == point.row, "line");
    check(text_line_start(text, point.row) == at - point.column, "line start");
    check(text_line_count(text) == point_in(now, now.len).row + 1, "lines");
    size_t end = str_find_char(now, '\n', at);
    bool crlf = end != SIZE_MAX && end > at - point.column && now.ptr[end - 1] == '\r';
    check(text_line_end(text, point.row) == (end == SIZE_MAX ? now.len : end - crlf), "line end");
    for (size_t row = point.row + 1; end != SIZE_MAX && row < point.row + 5; row++) {
        check(text_line_start(text, row) == end + 1, "line start, one after another");
        end = str_find_char(now, '\n', end + 1);
    }
    check(text_byte(text, at) == (at < now.len ? (unsigned char)now.ptr[at] : -1), "byte");
    struct str chunk = text_chunk(text, at);
    check(chunk.len <= now.len - at && (chunk.len > 0) == (at < now.len), "chunk length");
    check(str_equal(chunk, str_slice(now, at, at + chunk.len)), "chunk");
    chunk = text_chunk_before(text, at);
    check(chunk.len <= at && (chunk.len > 0) == (at > 0), "chunk before length");
    check(str_equal(chunk, str_slice(now, at - chunk.len, at)), "chunk before");
}

static void run_one(struct model *model, struct text *text, struct input *in)
{
    switch (take(in, 16)) {
    case 0:
        step(model, text, false);
        break;
    case 1:
        step(model, text, true);
        break;
    case 2:
        text_begin(text);
        model->open = model->depth++ > 0 && model->open;
        model->run = NONE;
        break;
    case 3:
        text_end(text);
        if (model->depth > 0 && --model->depth == 0) {
            model->run = NONE;
        }
        break;
    case 4:
        text_break(text);
        model->run = NONE;
        break;
    case 5:
        text_mark_saved(text);
        model->saved = model->current;
        model->saved_known = true;
        model->run = NONE;
        break;
    case 6: {
        struct buf bytes = BUF_INIT;
        buf_append_str(&bytes, buf_str(&model->now));
        if (bytes.len > 0) {
            buf_remove(&bytes, take(in, bytes.len), 1);
        }
        buf_insert(&bytes, take(in, bytes.len + 1), "set", 3);
        check(text_set(text, buf_str(&bytes), NULL), "set");
        bool changed = !str_equal(buf_str(&bytes), buf_str(&model->now));
        buf_clear(&model->now);
        buf_append_str(&model->now, buf_str(&bytes));
        buf_free(&bytes);
        if (changed) {
            remember(model, model->depth > 0 && model->open);
            model->open = true;
        }
        model->run = NONE;
        break;
    }
    default:
        edit(model, text, in);
    }
}

void text_model_run(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct model model = {.saved_known = true};
    size_t piece_max = 1 + take(&in, 7);
    size_t from = take(&in, 24) < size ? take(&in, 24) : 0;
    struct str first = str_slice(str_make((const char *)data, size), 0, from);
    struct text *text = text_new_sized(first, piece_max, 1 + piece_max * 2);
    model.text = text;
    buf_append_str(&model.now, first);
    buf_append_str(&model.mirror, first);
    VEC_PUSH(&model.states, ((struct state){0}));
    buf_append_str(&model.states.items[0].content, first);
    text_add_listener(text, on_change, &model);
    compare(&model, text, 0);
    while (in.size > 0) {
        run_one(&model, text, &in);
        compare(&model, text, take(&in, model.now.len + 1));
        if (model.now.len > 4096) {
            break;
        }
    }
    text_remove_listener(text, on_change, &model);
    text_free(text);
    VEC_FOREACH (struct state, state, &model.states) {
        buf_free(&state->content);
    }
    VEC_FREE(&model.states);
    buf_free(&model.now);
    buf_free(&model.mirror);
}
