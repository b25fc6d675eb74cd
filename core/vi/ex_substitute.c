/* :s, :& and :&&. */
#include "vi/substitute.h"

#include <ctype.h>

static bool tell(struct vi_sub *sub, const char *one, const char *many)
{
    return vi_say(sub->vi, false, "%zu %s in %zu %s", sub->found, sub->found == 1 ? one : many,
        sub->lines, sub->lines == 1 ? "line" : "lines");
}

static bool finish(struct vi_sub *sub, const struct vi_ex *ex, struct str pattern)
{
    struct vi *vi = sub->vi;
    if (sub->found == 0) {
        return sub->quiet || vi->in_global || vi_say(vi, true, "not found: %.*s", STR_FMT(pattern));
    }
    if (sub->count_only) {
        vi_jump_mark(vi);
        vi_first_nonblank(vi);
        vi_set_want(vi);
        return tell(sub, "match", "matches");
    }
    size_t first = text_line_of(vi->text, sub->from);
    size_t last = vi_sub_last_line(sub);
    vi_jump_mark(vi);
    vi->cursor = (struct vi_pos){first, 0};
    vi->many_lines = true;
    vi->op_first = first;
    vi->op_last = text_line_of(vi->text, sub->copied);
    size_t before = vi_line_count(vi);
    bool ok = vi_change(vi, sub->from, sub->copied, buf_str(&sub->out));
    vi->many_lines = false;
    /* The range as it is now, also where nothing was found in its first or last lines. */
    size_t end = ex->last + 1 + vi_line_count(vi); /* counted from 1, 0: none is left */
    end = end > before ? end - before : 0;
    vi->file->start = (struct vi_mark){.pos = {ex->first, 0}, .set = true};
    vi->file->end = (struct vi_mark){.pos = {end > 0 ? end - 1 : 0, 0}, .set = end > 0};
    vi->cursor = (struct vi_pos){last, 0};
    vi_clamp(vi);
    vi->cursor.col = 0;
    vi_note_change(vi, (struct vi_pos){first, 0});
    vi->global_line = vi->in_global;
    if (!vi->in_global) {
        vi_first_nonblank(vi);
    }
    vi_set_want(vi);
    if (ok && sub->found > 2 && !vi->in_global) {
        (void)tell(sub, "substitution", "substitutions");
    }
    return ok;
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
    struct vi_sub sub = {.vi = vi, .all = vi->options.gdefault};
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
    if (vi_compile(vi, pattern, false) == NULL) {
        buf_free(&with_case);
        return false;
    }
    buf_append_str(&with_case, pattern.len > 0 ? pattern : buf_str(&vi->last_search));
    sub.search = vi_compile_quietly(vi, buf_str(&with_case));
    vi->highlight = true;
    if (ask && !sub.count_only) {
        bool begun = vi_ask_begin(vi, ex, buf_str(&with_case), sub.all);
        buf_free(&with_case);
        return begun;
    }
    buf_append_str(&sub.with, buf_str(&vi->substitute.with));
    bool ok = sub.search != NULL;
    for (size_t at = ex->first; ok && at <= ex->last;) {
        ok = vi_sub_line(&sub, at, &at) && vi_breathe(vi, at - ex->first, ex->last - ex->first + 1);
    }
    ok = ok && finish(&sub, ex, buf_str(&vi->last_search));
    buf_free(&sub.out);
    buf_free(&sub.with);
    buf_free(&with_case);
    return ok;
}

/* A count behind the flags: so many lines from the last on. */
static struct str take_count(struct vi *vi, struct vi_ex *ex, struct str arg)
{
    size_t at = 0;
    while (at < arg.len && !isdigit((unsigned char)arg.ptr[at])) {
        at++;
    }
    vi_ex_count(vi, ex, str_from(arg, at));
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
    buf_append_str(&all, str_starts(flags, "&") ? str_from(flags, 1) : flags);
    buf_append_str(&pattern, buf_str(&vi->substitute.pattern));
    buf_clear(&vi->substitute.flags);
    buf_append_str(&vi->substitute.flags, buf_str(&all));
    bool to_end = vi->want == VI_LAST && !vi->in_global;
    bool ok = run(vi, ex, buf_str(&pattern), buf_str(&all));
    if (ok && to_end) {
        vi->want = VI_LAST; /* as after $: there the cursor stays */
        vi_apply_want(vi);
    }
    buf_free(&all);
    buf_free(&pattern);
    return ok;
}

bool vi_ex_substitute_again(struct vi *vi, struct vi_ex *ex)
{
    struct str flags = take_count(vi, ex, str_trim(ex->arg));
    return again(vi, ex, flags, str_equal_c(str_of(ex->row->name), "&&"));
}

/* :s with \n and nothing joins the lines and the one behind them. */
static bool join(struct vi *vi, const struct vi_ex *ex)
{
    size_t behind = vi_line_count(vi) - ex->first, count = ex->last - ex->first + 2;
    count = count < behind ? count : behind;
    vi->cursor.line = ex->first;
    if (count < 2) {
        size_t len = vi_line_len(vi, ex->first);
        vi->cursor.col = vi->cursor.col <= len ? vi->cursor.col : 0; /* as Vim leaves it */
        vi_clamp(vi);
        return true;
    }
    bool ok = vi_join(vi, ex->first, count, false);
    vi_set_want(vi);
    return ok;
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
    buf_clear(&vi->substitute.pattern);
    buf_append_str(&vi->substitute.pattern, buf_str(&vi->last_search));
    vi->substitute.set = true;
    if (str_equal_c(pattern, "\\n") && with.len == 0 &&
        (flags.len == 0 || str_equal_c(flags, "g"))) {
        return join(vi, ex) && (more.len == 0 || vi_ex(vi, more));
    }
    struct buf all = BUF_INIT;
    if (str_starts(flags, "&")) {
        buf_append_str(&all, buf_str(&vi->substitute.flags));
        flags = str_from(flags, 1);
    }
    buf_append_str(&all, flags);
    buf_free(&vi->substitute.flags);
    vi->substitute.flags = all;
    struct buf copy = BUF_INIT;
    buf_append_str(&copy, buf_str(&all));
    bool ok = run(vi, ex, str_of(""), buf_str(&copy));
    buf_free(&copy);
    return ok && (more.len == 0 || vi_ex(vi, more));
}
