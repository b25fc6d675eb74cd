/* :g and :v. */
#include "vi/vi_private.h"

/* The lines a :g has still to do, kept right while it changes the text. */
struct todo {
    struct vi_pos *items;
    size_t len, cap, at;
};

static void todo_changed(void *data, const struct text_change *change)
{
    struct todo *todo = data;
    for (size_t i = todo->at; i < todo->len; i++) {
        struct vi_pos *pos = &todo->items[i];
        /* Joined to a line above it, it is gone too. */
        bool whole = change->start_point.column == 0 && change->old_end_point.column == 0 &&
                     change->new_end_point.column == 0;
        bool joined = !whole && pos->line > change->new_end_point.row &&
                      pos->line > change->start_point.row && pos->line <= change->old_end_point.row;
        if (joined) {
            pos->line = SIZE_MAX;
        }
        if (pos->line != SIZE_MAX && !vi_pos_moved(change, pos)) {
            pos->line = SIZE_MAX;
        }
    }
}

static bool matches(struct vi *vi, struct search *search, size_t number)
{
    size_t from = text_line_start(vi->text, number), end = text_line_end(vi->text, number);
    struct search_match match;
    return search_next(search, vi->text, &from, end + 1, SIZE_MAX, &match, NULL) == SEARCH_FOUND;
}

static bool global(struct vi *vi, struct vi_ex *ex, bool wanted)
{
    struct str rest = str_trim(ex->arg);
    struct todo todo = {0};
    if (vi->in_global || rest.len == 0) {
        return vi_say(
            vi, true, vi->in_global ? ":g does not go into itself" : ":g needs a pattern");
    }
    char delimiter = rest.ptr[0];
    rest = str_from(rest, 1);
    struct str pattern = vi_ex_delimited(&rest, delimiter);
    struct search *search = vi_compile(vi, pattern, true);
    if (search == NULL) {
        return false;
    }
    vi->highlight = true;
    buf_clear(&vi->substitute.pattern);
    buf_append_str(&vi->substitute.pattern, buf_str(&vi->last_search));
    for (size_t at = ex->first; at <= ex->last; at++) {
        if (matches(vi, search, at) == wanted) {
            VEC_PUSH(&todo, ((struct vi_pos){at, 0}));
        }
    }
    if (todo.len == 0) {
        return vi_say(vi, true, "not found: %.*s", STR_FMT(buf_str(&vi->last_search)));
    }
    struct text *text = vi->text;
    vi_jump_mark(vi);
    vi->in_global = true;
    vi->global_line = rest.len == 0;
    text_add_listener(text, todo_changed, &todo);
    bool ok = true;
    while (ok && todo.at < todo.len && vi->text == text) {
        struct vi_pos pos = todo.items[todo.at++];
        if (pos.line == SIZE_MAX || pos.line >= vi_line_count(vi)) {
            continue;
        }
        vi->cursor = (struct vi_pos){pos.line, 0};
        vi->want = 0;
        vi->failed = false;
        ok = rest.len == 0 || vi_ex(vi, rest);
    }
    text_remove_listener(text, todo_changed, &todo);
    vi->in_global = false;
    VEC_FREE(&todo);
    if (vi->text == text) {
        vi_clamp(vi);
        if (vi->global_line) {
            vi_first_nonblank(vi);
        }
        vi_set_want(vi);
    }
    return ok;
}

bool vi_ex_global(struct vi *vi, struct vi_ex *ex)
{
    return global(vi, ex, !ex->bang);
}

bool vi_ex_global_not(struct vi *vi, struct vi_ex *ex)
{
    return global(vi, ex, false);
}
