/* :s and :g. */
#include "vi/vi_rows.h"

#include <ctype.h>
#include <utf8proc.h>

struct sub {
    struct vi *vi;
    struct search *search;
    struct buf with;
    bool all, count_only, quiet;
    struct buf out; /* what [from, copied) of the old text became */
    size_t from, copied;
    size_t found, lines, last_offset;
    bool any;
};

/* Case to apply to what comes next: \u \l once, \U \L until \e. */
struct cases {
    char once, until;
};

static void put_case(struct cases *cases, struct str bytes, struct buf *out)
{
    for (size_t at = 0, len; at < bytes.len; at += len) {
        int32_t c = utf8_decode(str_from(bytes, at), &len);
        char how = cases->once != 0 ? cases->once : cases->until;
        if (c == UTF8_INVALID || how == 0) {
            buf_append(out, bytes.ptr + at, len);
        } else {
            vi_append_key(
                out, how == 'u' || how == 'U' ? utf8proc_toupper(c) : utf8proc_tolower(c));
        }
        cases->once = 0;
    }
}

static void put_group(
    struct sub *sub, const struct search_match *match, int group, struct cases *cases)
{
    struct search_range range = match->groups[group];
    if (range.start != SIZE_MAX) {
        struct buf bytes = BUF_INIT;
        text_copy(sub->vi->text, range.start, range.end, &bytes);
        put_case(cases, buf_str(&bytes), &sub->out);
        buf_free(&bytes);
    }
}

static void put_escape(
    struct sub *sub, const struct search_match *match, char c, struct cases *cases)
{
    if (c >= '0' && c <= '9') {
        put_group(sub, match, c - '0', cases);
        return;
    }
    switch (c) {
    case 'n':
    case 'r':
        buf_append_char(&sub->out, '\n');
        break;
    case 't':
        buf_append_char(&sub->out, '\t');
        break;
    case 'u':
    case 'l':
        cases->once = c;
        break;
    case 'U':
    case 'L':
        cases->until = c;
        break;
    case 'e':
    case 'E':
        *cases = (struct cases){0};
        break;
    default:
        put_case(cases, str_make(&c, 1), &sub->out);
        break;
    }
}

static void expand(struct sub *sub, const struct search_match *match)
{
    struct str with = buf_str(&sub->with);
    struct cases cases = {0};
    for (size_t at = 0; at < with.len;) {
        if (with.ptr[at] == '\\' && at + 1 < with.len) {
            put_escape(sub, match, with.ptr[at + 1], &cases);
            at += 2;
        } else if (with.ptr[at] == '&') {
            put_group(sub, match, 0, &cases);
            at++;
        } else {
            size_t len = utf8_cluster(str_from(with, at));
            put_case(&cases, str_slice(with, at, at + len), &sub->out);
            at += len;
        }
    }
}

static void take(struct sub *sub, const struct search_match *match)
{
    struct search_range all = match->groups[0];
    sub->found++;
    if (sub->count_only) {
        return;
    }
    if (!sub->any) {
        sub->any = true;
        sub->from = sub->copied = all.start;
    }
    text_copy(sub->vi->text, sub->copied, all.start, &sub->out);
    expand(sub, match);
    sub->copied = all.end;
    sub->last_offset = sub->out.len;
}

/* One line; *next is the line to go on with. */
static bool line(struct sub *sub, size_t number, size_t *next)
{
    struct vi *vi = sub->vi;
    size_t from = text_line_start(vi->text, number), end = text_line_end(vi->text, number);
    size_t last_end = SIZE_MAX;
    struct err err = {0};
    bool found = false;
    *next = number + 1;
    if (from < sub->copied && sub->any) {
        from = sub->copied;
    }
    for (;;) {
        struct search_match match;
        enum search_status status =
            search_next(sub->search, vi->text, &from, end + 1, SIZE_MAX, &match, &err);
        if (status == SEARCH_FAILED) {
            return vi_say(vi, true, "%s", err.text);
        }
        if (status != SEARCH_FOUND) {
            break;
        }
        struct search_range all = match.groups[0];
        bool empty = all.end == all.start;
        if (found && all.start >= end) {
            break;
        }
        if (!(empty && all.start == last_end)) {
            take(sub, &match);
            found = true;
            last_end = all.end;
        }
        from = search_after(vi->text, &match);
        if (all.end > end) {
            *next = text_line_of(vi->text, all.end) + 1;
            break;
        }
        if (!sub->all) {
            break;
        }
    }
    sub->lines += found ? 1 : 0;
    return true;
}

static size_t lines_in(struct str bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        count += bytes.ptr[i] == '\n' ? 1 : 0;
    }
    return count;
}

static bool finish(struct sub *sub, struct str pattern)
{
    struct vi *vi = sub->vi;
    if (sub->found == 0) {
        return sub->quiet || vi->in_global || vi_say(vi, true, "not found: %.*s", STR_FMT(pattern));
    }
    if (sub->count_only) {
        return vi_say(vi, false, "%zu matches in %zu lines", sub->found, sub->lines);
    }
    size_t first = text_line_of(vi->text, sub->from);
    size_t below = lines_in(str_slice(buf_str(&sub->out), 0, sub->last_offset));
    bool ok = vi_change(vi, sub->from, sub->copied, buf_str(&sub->out));
    vi->file->start = (struct vi_mark){.pos = {first, 0}, .set = true};
    vi->file->end = (struct vi_mark){.pos = {first + below, 0}, .set = true};
    vi->cursor = (struct vi_pos){first + below, 0};
    vi_clamp(vi);
    vi->cursor.col = 0;
    vi_note_change(vi, vi->cursor);
    if (!vi->in_global) {
        vi_first_nonblank(vi);
    }
    vi_set_want(vi);
    if (ok && sub->found > 2 && !vi->in_global) {
        vi_say(vi, false, "%zu substitutions in %zu lines", sub->found, sub->lines);
    }
    return ok;
}

/* ---- asking ---- */

static void ask_end(struct vi *vi)
{
    struct vi_ask *ask = &vi->ask;
    ask->on = false;
    if (ask->replaced_line == SIZE_MAX) {
        return;
    }
    vi->cursor = (struct vi_pos){ask->replaced_line, 0};
    vi_clamp(vi);
    vi_note_change(vi, vi->cursor);
    vi_first_nonblank(vi);
    vi_set_want(vi);
    if (ask->found > 2) {
        vi_say(vi, false, "%zu substitutions in %zu lines", ask->found, ask->lines);
    }
}

static size_t ask_last_line(const struct vi *vi)
{
    size_t lines = vi_line_count(vi);
    return lines > vi->ask.below ? lines - 1 - vi->ask.below : 0;
}

/* The next match from an offset on becomes the one asked about. */
static bool ask_find(struct vi *vi, size_t from)
{
    struct vi_ask *ask = &vi->ask;
    struct search *search = vi_compile_quietly(vi, buf_str(&ask->pattern));
    size_t end = text_line_end(vi->text, ask_last_line(vi));
    struct err err = {0};
    while (search != NULL && from <= end) {
        struct search_match match;
        enum search_status status =
            search_next(search, vi->text, &from, end + 1, SIZE_MAX, &match, &err);
        if (status == SEARCH_FAILED) {
            return vi_say(vi, true, "%s", err.text);
        }
        if (status != SEARCH_FOUND) {
            return false;
        }
        struct search_range all = match.groups[0];
        size_t number = text_line_of(vi->text, all.start);
        bool at_end = number == ask->line && all.start >= text_line_end(vi->text, number);
        if (number <= ask_last_line(vi) && !at_end &&
            !(all.start == all.end && all.start == ask->last_end)) {
            ask->match = match;
            ask->line = number;
            vi->cursor = vi_pos_of(vi, all.start);
            return true;
        }
        from = search_after(vi->text, &match);
    }
    return false;
}

/* On behind the match, which now ends at `end`; an empty one is `step` bytes before what follows.
 */
static bool ask_on(struct vi *vi, size_t end, size_t step)
{
    struct vi_ask *ask = &vi->ask;
    size_t number = text_line_of(vi->text, end);
    ask->last_end = end;
    ask->line = number;
    if (ask->all) {
        return ask_find(vi, end + step);
    }
    return number < ask_last_line(vi) && ask_find(vi, text_line_start(vi->text, number + 1));
}

static size_t ask_step(const struct vi *vi)
{
    return search_after(vi->text, &vi->ask.match) - vi->ask.match.groups[0].end;
}

/* The match becomes the replacement; where that ends. */
static size_t ask_replace(struct vi *vi)
{
    struct vi_ask *ask = &vi->ask;
    struct search_range all = ask->match.groups[0];
    struct sub sub = {.vi = vi};
    buf_append_str(&sub.with, buf_str(&vi->substitute.with));
    expand(&sub, &ask->match);
    size_t before = text_length(vi->text), first = text_line_of(vi->text, all.start);
    size_t below = before - all.end;
    vi_change(vi, all.start, all.end, buf_str(&sub.out));
    size_t end = text_length(vi->text) - below;
    ask->found++;
    ask->lines += first == ask->replaced_line ? 0 : 1;
    ask->replaced_line = text_line_of(vi->text, end);
    buf_free(&sub.out);
    buf_free(&sub.with);
    return end;
}

/* This match and all that follow, as one change. */
static bool ask_rest(struct vi *vi)
{
    struct vi_ask *ask = &vi->ask;
    size_t at = text_line_of(vi->text, ask->match.groups[0].start), last = ask_last_line(vi);
    struct sub sub = {.vi = vi,
        .search = vi_compile_quietly(vi, buf_str(&ask->pattern)),
        .all = ask->all,
        .any = true,
        .from = ask->match.groups[0].start,
        .copied = ask->match.groups[0].start};
    size_t shared = at == ask->replaced_line ? 1 : 0;
    buf_append_str(&sub.with, buf_str(&vi->substitute.with));
    bool ok = sub.search != NULL;
    while (ok && at <= last) {
        ok = line(&sub, at, &at);
    }
    size_t first = text_line_of(vi->text, sub.from);
    size_t below = lines_in(str_slice(buf_str(&sub.out), 0, sub.last_offset));
    ok = ok && sub.found > 0 && vi_change(vi, sub.from, sub.copied, buf_str(&sub.out));
    if (ok) {
        ask->found += sub.found;
        ask->lines += sub.lines - shared;
        ask->replaced_line = first + below;
    }
    buf_free(&sub.out);
    buf_free(&sub.with);
    return ok;
}

void vi_ask_key(struct vi *vi, int32_t key)
{
    bool more = true;
    size_t step = ask_step(vi);
    switch (key) {
    case 'y':
    case 'l': {
        size_t end = ask_replace(vi);
        more = key == 'y' && ask_on(vi, end, step);
        break;
    }
    case 'n':
        more = ask_on(vi, vi->ask.match.groups[0].end, step);
        break;
    case 'a':
        ask_rest(vi);
        more = false;
        break;
    case 'q':
    case VI_ESC:
    case VI_CTRL('c'):
        more = false;
        break;
    default:
        vi_say(vi, false, "y this, n not this, a all that follow, l this and no more, q no more");
        break;
    }
    if (!more) {
        ask_end(vi);
    }
}

static bool ask_begin(struct vi *vi, const struct vi_ex *ex, struct str pattern, bool all)
{
    if (vi->in_global) {
        return vi_say(vi, true, ":g cannot ask at each match: give :s a range instead");
    }
    struct vi_ask *ask = &vi->ask;
    buf_clear(&ask->pattern);
    buf_append_str(&ask->pattern, pattern);
    struct buf kept = ask->pattern;
    *ask = (struct vi_ask){.all = all,
        .pattern = kept,
        .below = vi_line_count(vi) - 1 - ex->last,
        .last_end = SIZE_MAX,
        .line = SIZE_MAX,
        .replaced_line = SIZE_MAX};
    if (!ask_find(vi, text_line_start(vi->text, ex->first))) {
        return vi_say(vi, true, "not found: %.*s", STR_FMT(buf_str(&vi->last_search)));
    }
    struct buf question = BUF_INIT;
    buf_printf(&question, "replace with %.*s? y n a q l ", STR_FMT(buf_str(&vi->substitute.with)));
    struct vi_cmd none = {.count = 1};
    vi_typing_begin(vi, ':', &none, buf_str(&question));
    buf_free(&question);
    ask->on = true;
    return true;
}

/* "~" in the replacement is the one before. */
static void set_with(struct vi *vi, struct str with)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < with.len; i++) {
        if (with.ptr[i] == '\\' && i + 1 < with.len) {
            buf_append(&out, with.ptr + i, with.ptr[i + 1] == '~' ? 0 : 2);
            buf_append_c(&out, with.ptr[i + 1] == '~' ? "~" : "");
            i++;
        } else if (with.ptr[i] == '~') {
            buf_append_str(&out, buf_str(&vi->substitute.with));
        } else {
            buf_append_char(&out, with.ptr[i]);
        }
    }
    buf_free(&vi->substitute.with);
    vi->substitute.with = out;
}

static bool run(struct vi *vi, struct vi_ex *ex, struct str pattern, struct str flags)
{
    struct sub sub = {.vi = vi, .all = vi->options.gdefault};
    struct buf with_case = BUF_INIT;
    bool ask = false;
    for (size_t i = 0; i < flags.len; i++) {
        char c = flags.ptr[i];
        sub.all = sub.all != (c == 'g');
        sub.count_only = sub.count_only || c == 'n';
        sub.quiet = sub.quiet || c == 'e';
        ask = ask || c == 'c';
        if (c == 'i' || c == 'I') {
            buf_append_c(&with_case, c == 'i' ? "\\c" : "\\C");
        } else if (strchr("gnec&", c) == NULL) {
            buf_free(&with_case);
            return vi_say(vi, true, "no flag %c of :s", c);
        }
    }
    if (vi_compile(vi, pattern, true) == NULL) {
        buf_free(&with_case);
        return false;
    }
    buf_append_str(&with_case, buf_str(&vi->last_search));
    sub.search = vi_compile_quietly(vi, buf_str(&with_case));
    vi->highlight = true;
    if (ask && !sub.count_only) {
        bool begun = ask_begin(vi, ex, buf_str(&with_case), sub.all);
        buf_free(&with_case);
        return begun;
    }
    buf_append_str(&sub.with, buf_str(&vi->substitute.with));
    bool ok = sub.search != NULL;
    for (size_t at = ex->first; ok && at <= ex->last;) {
        ok = line(&sub, at, &at);
    }
    ok = ok && finish(&sub, buf_str(&vi->last_search));
    buf_free(&sub.out);
    buf_free(&sub.with);
    buf_free(&with_case);
    return ok;
}

/* A count behind the flags: so many lines from the last on. */
static struct str take_count(struct vi *vi, struct vi_ex *ex, struct str arg)
{
    size_t at = 0, count = 0;
    while (at < arg.len && !isdigit((unsigned char)arg.ptr[at])) {
        at++;
    }
    for (size_t i = at; i < arg.len && isdigit((unsigned char)arg.ptr[i]) && count < 100000000;
         i++) {
        count = count * 10 + (size_t)(arg.ptr[i] - '0');
    }
    if (count > 0) {
        size_t lines = vi_line_count(vi);
        ex->first = ex->last;
        ex->last = lines - ex->last > count ? ex->last + count - 1 : lines - 1;
    }
    return str_trim(str_slice(arg, 0, at));
}

static bool again(struct vi *vi, struct vi_ex *ex, struct str flags, bool keep)
{
    if (!vi->substitute.set) {
        return vi_say(vi, true, "nothing was substituted yet");
    }
    struct buf all = BUF_INIT, pattern = BUF_INIT;
    if (keep || str_starts(flags, "&")) {
        buf_append_str(&all, buf_str(&vi->substitute.flags));
    }
    buf_append_str(&all, flags);
    buf_append_str(&pattern, buf_str(&vi->substitute.pattern));
    bool ok = run(vi, ex, buf_str(&pattern), buf_str(&all));
    buf_free(&all);
    buf_free(&pattern);
    return ok;
}

bool vi_ex_substitute_again(struct vi *vi, struct vi_ex *ex)
{
    struct str flags = take_count(vi, ex, str_trim(ex->arg));
    return again(vi, ex, flags, str_equal_c(str_of(ex->row->name), "&&"));
}

bool vi_ex_substitute(struct vi *vi, struct vi_ex *ex)
{
    struct str arg = ex->arg;
    char delimiter = arg.len > 0 ? arg.ptr[0] : '\0';
    if (delimiter == '\0' || isalnum((unsigned char)delimiter) || vi_blank(delimiter) ||
        strchr("\"|\\&", delimiter) != NULL) {
        return again(vi, ex, take_count(vi, ex, str_trim(arg)), false);
    }
    struct str rest = str_from(arg, 1);
    struct str pattern = vi_ex_delimited(&rest, delimiter);
    struct str with = vi_ex_delimited(&rest, delimiter);
    size_t bar = str_find_char(rest, '|', 0);
    struct str more = bar == SIZE_MAX ? str_of("") : str_from(rest, bar + 1);
    struct str flags =
        take_count(vi, ex, str_trim(str_slice(rest, 0, bar == SIZE_MAX ? rest.len : bar)));
    set_with(vi, with);
    if (vi_compile(vi, pattern, true) == NULL) {
        return false;
    }
    struct buf all = BUF_INIT;
    if (str_starts(flags, "&")) {
        buf_append_str(&all, buf_str(&vi->substitute.flags));
        flags = str_from(flags, 1);
    }
    buf_append_str(&all, flags);
    buf_clear(&vi->substitute.pattern);
    buf_append_str(&vi->substitute.pattern, buf_str(&vi->last_search));
    buf_free(&vi->substitute.flags);
    vi->substitute.flags = all;
    vi->substitute.set = true;
    struct buf copy = BUF_INIT;
    buf_append_str(&copy, buf_str(&all));
    bool ok = run(vi, ex, str_of(""), buf_str(&copy));
    buf_free(&copy);
    return ok && (more.len == 0 || vi_ex(vi, more));
}

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
    text_add_listener(text, todo_changed, &todo);
    bool ok = true;
    while (ok && todo.at < todo.len && vi->text == text) {
        struct vi_pos pos = todo.items[todo.at++];
        if (pos.line == SIZE_MAX || pos.line >= vi_line_count(vi)) {
            continue;
        }
        vi->cursor = (struct vi_pos){pos.line, 0};
        vi->failed = false;
        ok = rest.len == 0 || vi_ex(vi, rest);
    }
    text_remove_listener(text, todo_changed, &todo);
    vi->in_global = false;
    VEC_FREE(&todo);
    if (vi->text == text) {
        vi_clamp(vi);
        vi_first_nonblank(vi);
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
