/* The text that :s puts in. */
#include "vi/substitute.h"

#include <utf8proc.h>

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
    struct vi_sub *sub, const struct search_match *match, int group, struct cases *cases)
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
    struct vi_sub *sub, const struct search_match *match, char c, struct cases *cases)
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

void vi_sub_expand(struct vi_sub *sub, const struct search_match *match)
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

static void take(struct vi_sub *sub, const struct search_match *match)
{
    struct search_range all = match->groups[0];
    size_t length = text_length(sub->vi->text);
    if (all.end == length && all.start < length && text_has_final_newline(sub->vi->text)) {
        all.end = text_line_end(sub->vi->text, text_line_of(sub->vi->text, length - 1));
    }
    sub->found++;
    if (sub->count_only) {
        return;
    }
    if (!sub->any) {
        sub->any = true;
        sub->from = sub->copied = all.start;
    }
    text_copy(sub->vi->text, sub->copied, all.start, &sub->out);
    vi_sub_expand(sub, match);
    sub->copied = all.end;
    sub->last_offset = sub->out.len;
}

bool vi_sub_line(struct vi_sub *sub, size_t number, size_t *next)
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
            /* The rest of the line it ended in is looked at, too. */
            *next = text_line_of(vi->text, all.end);
            break;
        }
        if (!sub->all) {
            break;
        }
    }
    sub->lines += found ? 1 : 0;
    return true;
}

size_t vi_sub_last_line(const struct vi_sub *sub)
{
    size_t line = text_line_of(sub->vi->text, sub->from);
    for (size_t i = 0; i < sub->last_offset; i++) {
        line += sub->out.ptr[i] == '\n' ? 1 : 0;
    }
    return line;
}
