/* / ? n N * # gn: finding, and what the found place means to a motion. */
#include "vi/vi_rows.h"

struct search *vi_compile_quietly(struct vi *vi, struct str pattern)
{
    struct buf key = BUF_INIT;
    bool smart =
        vi->options.smartcase && !(vi->from_word && str_equal(pattern, buf_str(&vi->last_search)));
    buf_printf(&key, "%d%d", vi->options.ignorecase, smart);
    buf_append_str(&key, pattern);
    if (vi->compiled != NULL && str_equal(buf_str(&key), buf_str(&vi->compiled_from))) {
        buf_free(&key);
        return vi->compiled;
    }
    struct buf pcre = BUF_INIT;
    int case_of = 0;
    vi->compile_error = (struct err){0};
    struct search *search = NULL;
    if (vi_pattern(pattern, true, &pcre, &case_of, &vi->compile_error)) {
        struct search_options options = {.regex = true, .letter_case = SEARCH_EXACT};
        if (case_of == 'c') {
            options.letter_case = SEARCH_IGNORE_CASE;
        } else if (case_of == 0 && vi->options.ignorecase) {
            bool upper = false;
            for (size_t i = 0; i < pattern.len; i++) {
                bool escaped = pattern.ptr[i] == '\\';
                i += escaped ? 1 : 0;
                upper = upper || (!escaped && pattern.ptr[i] >= 'A' && pattern.ptr[i] <= 'Z');
            }
            options.letter_case = smart && upper ? SEARCH_EXACT : SEARCH_IGNORE_CASE;
        }
        search = search_new(buf_str(&pcre), &options, &vi->compile_error);
    }
    buf_free(&pcre);
    if (search != NULL) {
        search_free(vi->compiled);
        vi->compiled = search;
        buf_free(&vi->compiled_from);
        vi->compiled_from = key;
    } else {
        buf_free(&key);
    }
    return search;
}

struct search *vi_compile(struct vi *vi, struct str pattern, bool keep)
{
    if (pattern.len == 0) {
        pattern = buf_str(&vi->last_search);
    } else if (keep) {
        vi->from_word = false;
        struct buf copy = BUF_INIT;
        buf_append_str(&copy, pattern);
        buf_free(&vi->last_search);
        vi->last_search = copy;
        pattern = buf_str(&vi->last_search);
    }
    if (pattern.len == 0) {
        vi_say(vi, true, "no pattern was searched for yet");
        return NULL;
    }
    struct search *search = vi_compile_quietly(vi, pattern);
    if (search == NULL) {
        vi_say(vi, true, "%s", vi->compile_error.text);
    }
    return search;
}

/* A match that a cursor can stand on: not the emptiness behind the last newline. */
static bool is_place(struct vi *vi, size_t at)
{
    return at < text_length(vi->text) || at == 0 || !text_has_final_newline(vi->text);
}

/* The last match in the line that begins before `limit` (or, forward, the first from `limit` on).
 * Matches follow each other from the line's start and do not overlap. */
static bool in_line(struct vi *vi, struct search *search, size_t line, size_t limit, bool forward,
    struct search_range *found)
{
    size_t from = text_line_start(vi->text, line), end = text_line_end(vi->text, line);
    struct search_match match;
    bool any = false;
    while (search_next(search, vi->text, &from, end + 1, SIZE_MAX, &match, NULL) == SEARCH_FOUND) {
        struct search_range range = match.groups[0];
        if (!is_place(vi, range.start) || (!forward && range.start >= limit)) {
            break;
        }
        if (!forward || range.start >= limit) {
            *found = range;
            any = true;
        }
        if (forward && any) {
            break;
        }
        from = search_after(vi->text, &match);
    }
    return any;
}

#define LOOK_BYTES ((size_t)256 << 10) /* searched between two looks at keys */

static bool search_on(
    struct vi *vi, struct search *search, size_t from, size_t to, struct search_range *found)
{
    struct search_match match;
    struct err err = {0};
    enum search_status status;
    do {
        status = search_next(search, vi->text, &from, to, LOOK_BYTES, &match, &err);
    } while (status == SEARCH_MORE && vi_breathe(vi, 0, 0));
    if (status == SEARCH_FOUND && is_place(vi, match.groups[0].start)) {
        *found = match.groups[0];
        return true;
    }
    return err.text[0] != '\0' ? vi_say(vi, true, "%s", err.text) : false;
}

static bool search_back(
    struct vi *vi, struct search *search, size_t before, size_t lowest, struct search_range *found)
{
    struct search_match match;
    struct err err = {0};
    enum search_status status = SEARCH_FOUND;
    while (vi_breathe(vi, 0, 0)) {
        status = search_previous(search, vi->text, &before, LOOK_BYTES, &match, &err);
        if (status == SEARCH_MORE) {
            continue;
        }
        if (status != SEARCH_FOUND) {
            break;
        }
        size_t line = vi_pos_of(vi, match.groups[0].start).line;
        if (match.groups[0].start < lowest) {
            return false;
        }
        if (in_line(vi, search, line, before, false, found)) {
            return true;
        }
        before = text_line_start(vi->text, line);
    }
    return err.text[0] != '\0' ? vi_say(vi, true, "%s", err.text) : false;
}

bool vi_find_from(struct vi *vi, struct search *search, bool forward, size_t from, size_t *start,
    size_t *end, bool wrap)
{
    size_t line = text_line_of(vi->text, from), line_start = text_line_start(vi->text, line);
    size_t next = text_line_end(vi->text, line) + 1;
    struct search_range found = {0, 0};
    bool ok;
    if (forward) {
        ok = in_line(vi, search, line, from + 1, true, &found) ||
             search_on(vi, search, next, SIZE_MAX, &found) ||
             (wrap && !vi->failed && search_on(vi, search, 0, next, &found));
    } else {
        ok = in_line(vi, search, line, from, false, &found) ||
             search_back(vi, search, line_start, 0, &found) ||
             (wrap && !vi->failed &&
                 search_back(vi, search, text_length(vi->text) + 1, line_start, &found));
    }
    *start = found.start;
    *end = found.end;
    return ok;
}

/* "e+1", "+2", "s-1" behind the closing / of a search. */
static void apply_offset(struct vi *vi, size_t start, size_t end)
{
    struct str offset = buf_str(&vi->search.offset);
    char kind = 'l';
    vi->cursor = vi_pos_of(vi, start);
    if (offset.len == 0) {
        return;
    }
    if (strchr("esb", offset.ptr[0]) != NULL) {
        kind = offset.ptr[0];
        offset = str_from(offset, 1);
    }
    long by = 0;
    bool minus = offset.len > 0 && offset.ptr[0] == '-';
    if (offset.len > 0 && (minus || offset.ptr[0] == '+')) {
        offset = str_from(offset, 1);
        by = offset.len == 0 ? 1 : 0;
    }
    for (size_t i = 0;
         i < offset.len && offset.ptr[i] >= '0' && offset.ptr[i] <= '9' && by < 1000000; i++) {
        by = by * 10 + (offset.ptr[i] - '0');
    }
    if (kind == 'l') {
        size_t last = vi_line_count(vi) - 1, line = vi->cursor.line, step = (size_t)by;
        vi->cursor.line =
            minus ? (line > step ? line - step : 0) : (last - line > step ? line + step : last);
        vi->motion.kind = VI_LINES;
        vi_first_nonblank(vi);
        return;
    }
    if (kind == 'e') {
        vi->cursor = vi_pos_of(vi, end);
        if (end > start) {
            vi_dec(vi, &vi->cursor);
        }
        vi->motion.inclusive = true;
    }
    for (; by > 0; by--) {
        if ((minus ? vi_decl(vi, &vi->cursor) : vi_incl(vi, &vi->cursor)) == -1) {
            break;
        }
    }
}

bool vi_search_next(struct vi *vi, struct vi_cmd *cmd, bool forward, bool use_offset)
{
    struct search *search = vi_compile(vi, str_of(""), false);
    if (search == NULL) {
        return false;
    }
    vi->highlight = true;
    size_t from = vi_cursor(vi), start = 0, end = 0;
    struct str offset = use_offset ? buf_str(&vi->search.offset) : str_of("");
    /* A search for ends goes on behind the end it stands on. */
    bool at_end = forward && offset.len > 0 && offset.ptr[0] == 'e';
    if (offset.len > 0 && !at_end && strchr("sb", offset.ptr[0]) == NULL) {
        from = forward ? text_line_end(vi->text, vi->cursor.line)
                       : text_line_start(vi->text, vi->cursor.line);
    }
    for (size_t n = 0; n < cmd->count; n++) {
        if (!vi_find_from(vi, search, forward, from, &start, &end, vi->options.wrapscan)) {
            return vi->failed
                       ? false
                       : vi_say(vi, true, "not found: %.*s", STR_FMT(buf_str(&vi->last_search)));
        }
        if (at_end && n == 0 && end > start && end - 1 == from) {
            n--;
            from = start;
            at_end = false;
            continue;
        }
        from = start;
    }
    if (use_offset) {
        apply_offset(vi, start, end);
    } else {
        vi->cursor = vi_pos_of(vi, start);
    }
    if (!vi_is_visual(vi)) { /* for an operator, too */
        vi_clamp(vi);
    }
    return true;
}

/* / and ?: arg is the character; cmd->line what was typed behind it. */
bool vi_m_search(struct vi *vi, struct vi_cmd *cmd)
{
    bool forward = cmd->row->arg == '/';
    struct str rest = buf_str(&cmd->line);
    struct str pattern = vi_ex_delimited(&rest, (char)cmd->row->arg);
    bool closed = pattern.len < cmd->line.len;
    vi->search.forward = forward;
    vi->motion.reg_one = vi->motion.aims = true;
    if (pattern.len > 0 || closed) {
        buf_clear(&vi->search.offset);
        buf_append_str(&vi->search.offset, rest);
    }
    if (vi_compile(vi, pattern, true) == NULL) {
        return false;
    }
    return vi_search_next(vi, cmd, forward, true);
}

/* arg: 1 the other way. */
bool vi_m_search_again(struct vi *vi, struct vi_cmd *cmd)
{
    vi->motion.reg_one = vi->motion.aims = true;
    return vi_search_next(vi, cmd, vi->search.forward != (cmd->row->arg == 1), true);
}

/* The word, or run of other characters, under or behind the cursor. */
static struct str word_here(struct vi *vi, size_t *from)
{
    struct str line = vi_here(vi);
    for (int class = 2; class >= 1; class --) {
        size_t at = vi->cursor.col;
        int here = vi_class(vi_char(vi), false);
        if (here >= class && here != 0) {
            while (at > 0 &&
                   vi_class(vi_char_at(vi, (struct vi_pos){vi->cursor.line, vi_prev_col(line, at)}),
                       false) == here) {
                at = vi_prev_col(line, at);
            }
        } else {
            while (at < line.len &&
                   vi_class(vi_char_at(vi, (struct vi_pos){vi->cursor.line, at}), false) < class) {
                at = vi_next_col(line, at);
            }
        }
        size_t end = at;
        int kind = vi_class(vi_char_at(vi, (struct vi_pos){vi->cursor.line, at}), false);
        while (end < line.len && kind != 0 &&
               vi_class(vi_char_at(vi, (struct vi_pos){vi->cursor.line, end}), false) == kind) {
            end = vi_next_col(line, end);
        }
        if (end > at) {
            *from = at;
            return str_slice(line, at, end);
        }
    }
    return (struct str){NULL, 0};
}

/* arg: 1 back (#), 2 also inside of words (g*). */
bool vi_m_search_word(struct vi *vi, struct vi_cmd *cmd)
{
    size_t from = 0;
    struct str word = word_here(vi, &from);
    if (word.len == 0) {
        return vi_say(vi, true, "no word here");
    }
    vi->motion.aims = true;
    bool forward = !(cmd->row->arg & 1);
    bool bound = !(cmd->row->arg & 2) &&
                 vi_class(vi_char_at(vi, (struct vi_pos){vi->cursor.line, from}), false) >= 2;
    struct buf pattern = BUF_INIT;
    buf_append_c(&pattern, bound ? "\\<" : "");
    for (size_t i = 0; i < word.len; i++) {
        if (strchr(forward ? "/.*$^~[]\\" : "?.*$^~[]\\", word.ptr[i]) != NULL &&
            word.ptr[i] != '\0') {
            buf_append_char(&pattern, '\\');
        }
        buf_append_char(&pattern, word.ptr[i]);
    }
    buf_append_c(&pattern, bound ? "\\>" : "");
    vi->search.forward = forward;
    vi->motion.reg_one = true;
    buf_clear(&vi->search.offset);
    struct search *search = vi_compile(vi, buf_str(&pattern), true);
    buf_free(&pattern);
    if (search == NULL) {
        return false;
    }
    vi->from_word = true;
    vi->cursor.col = from;
    return vi_search_next(vi, cmd, forward, false);
}

/* The last match that ends at `limit` or before; an empty one: that begins before it. */
static bool ends_before(struct vi *vi, struct search *search, size_t limit, bool empty, bool wrap,
    struct search_range *found)
{
    size_t from = limit;
    while (vi_find_from(vi, search, false, from, &found->start, &found->end, false)) {
        if (empty || found->end <= limit) {
            return true;
        }
        from = found->start;
    }
    return wrap && vi_find_from(vi, search, false, text_length(vi->text) + 1, &found->start,
                       &found->end, false);
}

/* The count-th match from the one on that `from` is in or before. */
static bool match_forward(struct vi *vi, struct search *search, size_t from, bool skip, bool empty,
    size_t count, struct search_range *found)
{
    bool any = !skip && ends_before(vi, search, from, empty, false, found);
    size_t at = skip ? from : any ? (empty ? found->start : found->end - 1) : 0;
    if (!any && !skip && search_on(vi, search, 0, SIZE_MAX, found)) {
        at = found->start;
        count--;
    }
    for (; count > 0; count--) {
        if (!vi_find_from(vi, search, true, at, &found->start, &found->end, vi->options.wrapscan)) {
            return false;
        }
        at = found->start;
    }
    return true;
}

static bool match_back(struct vi *vi, struct search *search, size_t from, bool empty, size_t count,
    struct search_range *found)
{
    bool any = vi_find_from(vi, search, true, from, &found->start, &found->end, false);
    size_t at = any ? found->start : text_length(vi->text);
    for (; count > 0; count--) {
        if (!ends_before(vi, search, at, empty, vi->options.wrapscan, found)) {
            return false;
        }
        at = empty || found->end == found->start ? found->start : found->end - 1;
    }
    return true;
}

/* gn, gN: selects the match, or lets the selection grow by it. arg: 1 back. */
bool vi_m_match(struct vi *vi, struct vi_cmd *cmd)
{
    struct search *search = vi_compile(vi, str_of(""), false);
    bool forward = cmd->row->arg == 0, visual = vi_is_visual(vi);
    struct search_range found = {0, 0}, first = {0, 0};
    if (search == NULL || !search_on(vi, search, 0, SIZE_MAX, &first)) {
        return false;
    }
    bool empty = first.start == first.end;
    bool skip = forward && visual && vi_is_before(vi->cursor, vi->anchor);
    struct vi_pos at = vi->cursor;
    if (visual && forward) {
        vi_incl(vi, &at);
    } else if (visual) {
        vi_decl(vi, &at);
    }
    size_t from = vi_offset(vi, at);
    if (!(forward ? match_forward(vi, search, from, skip, empty, cmd->count, &found)
                  : match_back(vi, search, from, empty, cmd->count, &found))) {
        return false;
    }
    struct vi_pos start = vi_pos_of(vi, found.start), end = vi_pos_of(vi, found.end), last = end;
    if (found.end > found.start) {
        vi_dec(vi, &last);
        last = vi_is_before(last, start) ? start : last; /* the end of the last line */
    }
    struct vi_pos anchor = visual ? vi->anchor : forward ? start : last;
    bool grows = forward && vi_is_before(anchor, end);
    vi->cursor = !forward || (grows && skip) || vi_is_before(end, anchor) ? start
                 : grows                                                  ? last
                                                                          : end;
    vi->anchor = anchor;
    if (cmd->op == NULL) {
        vi->mode = VI_VISUAL;
        vi->motion.keep_want = true;
        return true;
    }
    vi->motion.has_start = vi->motion.inclusive = vi->motion.selects = true;
    vi->motion.start = anchor;
    vi->file->visual_anchor = anchor;
    vi->file->visual_head = vi->cursor;
    vi->file->visual_mode = VI_VISUAL;
    return true;
}
