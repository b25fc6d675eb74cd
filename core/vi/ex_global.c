/* :g and :v. */
#include "vi/vi_private.h"

/* The lines a :g has still to do, kept right while it changes the text. */
struct todo {
    const struct vi *vi;
    struct vi_pos *items; /* in the order of their lines */
    size_t len, cap, at;
    size_t down, up; /* what all from `at` on have moved by */
};

static void settle(struct todo *todo)
{
    for (size_t i = todo->at; i < todo->len; i++) {
        size_t *line = &todo->items[i].line;
        *line = *line == SIZE_MAX ? SIZE_MAX : *line + todo->down - todo->up;
    }
    todo->down = todo->up = 0;
}

static void todo_changed(void *data, const struct text_change *change)
{
    struct todo *todo = data;
    size_t first = todo->at;
    while (first < todo->len && todo->items[first].line == SIZE_MAX) {
        first++;
    }
    if (first == todo->len) {
        return;
    }
    /* Wholly above all of them, as most are: they move alike. */
    size_t next = todo->items[first].line + todo->down - todo->up;
    bool whole = change->start_point.column == 0 && change->old_end_point.column == 0 &&
                 change->new_end_point.column == 0 && !todo->vi->joins;
    bool above = change->start_point.row < next &&
                 (change->old_end_point.row < next || (whole && change->old_end_point.row == next));
    if (above) {
        todo->down += change->new_end_point.row;
        todo->up += change->old_end_point.row;
        return;
    }
    settle(todo);
    for (size_t i = first; i < todo->len; i++) {
        struct vi_pos *pos = &todo->items[i];
        /* Joined to a line above it, it is gone too. */
        bool joined = !whole && pos->line > change->new_end_point.row &&
                      pos->line > change->start_point.row && pos->line <= change->old_end_point.row;
        if (pos->line != SIZE_MAX && (joined || !vi_pos_moved(change, pos))) {
            pos->line = SIZE_MAX;
        }
    }
}

/* The next line that is still there; false: none is left. */
static bool todo_next(struct todo *todo, size_t *line)
{
    while (todo->at < todo->len) {
        size_t at = todo->items[todo->at++].line;
        if (at != SIZE_MAX) {
            *line = at + todo->down - todo->up;
            return true;
        }
    }
    return false;
}

/* The lines of a range in which the pattern is found, or those in which it is not. */
static void find_lines(
    struct vi *vi, struct search *search, const struct vi_ex *ex, bool wanted, struct todo *todo)
{
    size_t end = text_line_end(vi->text, ex->last);
    for (size_t line = ex->first; line <= ex->last && vi_breathe(vi, 0, 0);) {
        size_t from = text_line_start(vi->text, line), found = ex->last + 1;
        struct search_match match;
        if (search_next(search, vi->text, &from, end + 1, SIZE_MAX, &match, NULL) == SEARCH_FOUND) {
            found = text_line_of(vi->text, match.groups[0].start);
            found = found < ex->last + 1 ? found : ex->last + 1;
        }
        for (; line < found && !wanted; line++) {
            VEC_PUSH(todo, ((struct vi_pos){line, 0}));
        }
        if (found <= ex->last && wanted) {
            VEC_PUSH(todo, ((struct vi_pos){found, 0}));
        }
        line = found + 1;
    }
}

static bool global(struct vi *vi, struct vi_ex *ex, bool wanted)
{
    struct str rest = str_trim(ex->arg);
    struct todo todo = {.vi = vi};
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
    find_lines(vi, search, ex, wanted, &todo);
    if (vi->failed) {
        VEC_FREE(&todo);
        return false; /* stopped */
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
    size_t line;
    while (ok && vi->text == text && todo_next(&todo, &line)) {
        if (line >= vi_line_count(vi)) {
            continue;
        }
        vi->cursor = (struct vi_pos){line, 0};
        vi->want = 0;
        vi->failed = false;
        ok = (rest.len == 0 || vi_ex(vi, rest)) && vi_breathe(vi, todo.at, todo.len);
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
