#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/search.h"

#include "text/replacement.h"

#include "base/slow.h"
#include "base/utf8.h"
#include "base/vec.h"

#include <pcre2.h>
#include <utf8proc.h>

#define WINDOW       ((size_t)32 << 10)
#define WINDOW_MAX   ((size_t)1 << 20)
#define WINDOW_LEAST ((size_t)256)
#define BLOCK_BACK   ((size_t)4 << 10)  /* how far search_previous steps back at a time */
#define LOOK_BYTES   ((size_t)64 << 10) /* searched between two looks at keys */
#define MATCH_LIMIT  200000
#define HEAP_LIMIT   16384 /* KiB */
#define EDITS_APIECE 1000  /* more replacements than this become one change */

struct search {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    struct buf scratch;
    size_t window, look_behind;
    bool regex;
};

static bool has_upper(struct str pattern, bool regex)
{
    size_t len;
    for (size_t at = 0; at < pattern.len; at += len) {
        int32_t cp = utf8_decode(str_from(pattern, at), &len);
        if (regex && cp == '\\' && at + 1 < pattern.len) {
            len = 2; /* \S, \W and the like are not letters */
        } else if (cp > 0 && utf8proc_tolower(cp) != cp) {
            return true;
        }
    }
    return false;
}

/* The pattern as PCRE2 shall see it. */
static struct buf build_pattern(struct str pattern, const struct search_options *options)
{
    struct buf out = BUF_INIT;
    if (!options->whole_word) {
        buf_append_str(&out, pattern);
        return out;
    }
    buf_append_c(&out, "(?<!\\w)(?:");
    if (options->regex) {
        buf_append_str(&out, pattern);
    } else {
        for (size_t at = 0; at < pattern.len; at++) {
            unsigned char c = (unsigned char)pattern.ptr[at];
            if (c < 0x80 && strchr("\\^$.|?*+()[]{}#-", c) != NULL && c != '\0') {
                buf_append_char(&out, '\\');
            }
            buf_append_char(&out, pattern.ptr[at]);
        }
    }
    buf_append_c(&out, ")(?!\\w)");
    return out;
}

static pcre2_code *compile(
    struct str pattern, const struct search_options *options, struct err *err)
{
    bool ignore = options->letter_case == SEARCH_IGNORE_CASE ||
                  (options->letter_case == SEARCH_SMART && !has_upper(pattern, options->regex));
    uint32_t flags = PCRE2_NEVER_BACKSLASH_C;
    flags |= options->regex ? PCRE2_MULTILINE : 0;
    flags |= !options->regex && !options->whole_word ? PCRE2_LITERAL : 0;
    if (flags & PCRE2_LITERAL) {
        flags &= ~PCRE2_NEVER_BACKSLASH_C; /* not allowed together */
    }
    flags |= ignore ? PCRE2_CASELESS : 0;
    if (utf8_is_valid(pattern)) {
        flags |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
        flags |= flags & PCRE2_LITERAL ? 0 : PCRE2_UCP;
    } else if (options->regex) {
        err_set(err, ERR_INVALID, "the pattern is not valid UTF-8");
        return NULL;
    }
    int code = 0;
    PCRE2_SIZE at = 0;
    pcre2_compile_context *context = mem_require(pcre2_compile_context_create(NULL));
    pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
    struct buf source = build_pattern(pattern, options);
    pcre2_code *compiled =
        pcre2_compile((PCRE2_SPTR)source.ptr, source.len, flags, &code, &at, context);
    if (compiled == NULL) {
        PCRE2_UCHAR text[256];
        pcre2_get_error_message(code, text, sizeof text);
        size_t shift = options->whole_word ? strlen("(?<!\\w)(?:") : 0;
        size_t shown = at < shift ? 0 : at - shift < pattern.len ? at - shift : pattern.len;
        err_set(err, ERR_INVALID, "bad pattern at character %zu: %s",
            utf8_count(str_slice(pattern, 0, shown)) + 1, (const char *)text);
    }
    buf_free(&source);
    pcre2_compile_context_free(context);
    return compiled;
}

struct search *search_new(struct str pattern, const struct search_options *options, struct err *err)
{
    if (pattern.len == 0) {
        err_set(err, ERR_INVALID, "nothing to search for");
        return NULL;
    }
    pcre2_code *code = compile(pattern, options, err);
    if (code == NULL) {
        return NULL;
    }
    struct search *search = MEM_NEW(struct search);
    uint32_t characters = 0;
    pcre2_pattern_info(code, PCRE2_INFO_MAXLOOKBEHIND, &characters);
    /* Four bytes a character, and one more character that \b and ^ look at. */
    search->look_behind = ((size_t)characters + 2) * 4;
    search->code = code;
    search->regex = options->regex;
    search->window = WINDOW;
    search->data = mem_require(pcre2_match_data_create_from_pattern(code, NULL));
    search->context = mem_require(pcre2_match_context_create(NULL));
    pcre2_set_match_limit(search->context, MATCH_LIMIT);
    pcre2_set_depth_limit(search->context, MATCH_LIMIT);
    pcre2_set_heap_limit(search->context, HEAP_LIMIT);
    /* Without JIT (not built in, or no executable memory) the interpreter does the same, slower. */
    if (pcre2_jit_compile(code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD) == 0) {
        search->stack = mem_require(pcre2_jit_stack_create(32768, 1 << 20, NULL));
        pcre2_jit_stack_assign(search->context, NULL, search->stack);
    }
    return search;
}

void search_free(struct search *search)
{
    if (search != NULL) {
        pcre2_match_data_free(search->data);
        pcre2_match_context_free(search->context);
        pcre2_jit_stack_free(search->stack);
        pcre2_code_free(search->code);
        buf_free(&search->scratch);
        free(search);
    }
}

void search_set_window(struct search *search, size_t bytes)
{
    search->window = bytes > 0 ? bytes : 1;
}

/* Moves a window's end so that it does not cut a character or a CR LF in two. */
static size_t whole_end(const struct text *text, size_t end)
{
    for (int i = 0; i < 3 && (text_byte(text, end) & 0xc0) == 0x80; i++) {
        end++;
    }
    return text_byte(text, end) == '\n' ? end + 1 : end;
}

static size_t whole_start(const struct text *text, size_t start)
{
    for (int i = 0; i < 3 && start > 0 && (text_byte(text, start) & 0xc0) == 0x80; i++) {
        start--;
    }
    return start;
}

/* [from, to) as one run of memory: the text's own where possible. */
static struct str window_bytes(
    struct search *search, const struct text *text, size_t from, size_t to)
{
    struct str chunk = text_chunk_upto(text, from, to - from);
    if (chunk.len >= to - from) {
        return str_slice(chunk, 0, to - from);
    }
    buf_clear(&search->scratch);
    text_copy(text, from, to, &search->scratch);
    return buf_str(&search->scratch);
}

static bool explain(int code, struct err *err)
{
    switch (code) {
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_JIT_STACKLIMIT:
        return err_set(err, ERR_LIMIT, "the pattern takes too long on this text: make it simpler");
    default: {
        PCRE2_UCHAR text[256];
        pcre2_get_error_message(code, text, sizeof text);
        return err_set(err, ERR_INVALID, "cannot search: %s", (const char *)text);
    }
    }
}

static void take_match(const struct search *search, size_t base, struct search_match *match)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(search->data);
    uint32_t count = pcre2_get_ovector_count(search->data);
    for (uint32_t i = 0; i < SEARCH_GROUPS; i++) {
        struct search_range range = {SIZE_MAX, SIZE_MAX};
        if (i < count && ends[2 * i] != PCRE2_UNSET) {
            size_t a = base + ends[2 * i], b = base + ends[2 * i + 1];
            /* \K inside a look-ahead can put the start behind the end. */
            range = a <= b ? (struct search_range){a, b} : (struct search_range){b, a};
        }
        match->groups[i] = range;
    }
}

/* One window from *from on, no longer than a match that begins before `to` asks for. FOUND (perhaps
   behind `to`), FAILED, or MORE with *from moved to where to go on. */
static enum search_status look(struct search *search, const struct text *text, size_t *from,
    size_t to, struct search_match *match, struct err *err)
{
    size_t wanted = to - *from < WINDOW_LEAST ? WINDOW_LEAST : to - *from;
    size_t length = text_length(text);
    size_t begin = *from > search->look_behind ? whole_start(text, *from - search->look_behind) : 0;
    for (size_t size = wanted < search->window ? wanted : search->window;; size *= 2) {
        size_t end = length - *from <= size ? length : whole_end(text, *from + size);
        bool last = end == length;
        uint32_t flags = begin > 0 ? PCRE2_NOTBOL : 0;
        flags |= !last && size < WINDOW_MAX ? PCRE2_PARTIAL_HARD : 0;
        struct str bytes = window_bytes(search, text, begin, end);
        int code = pcre2_match(search->code, (PCRE2_SPTR)bytes.ptr, bytes.len, *from - begin, flags,
            search->data, search->context);
        if (code >= 0) {
            take_match(search, begin, match);
            return SEARCH_FOUND;
        }
        if (code == PCRE2_ERROR_PARTIAL) {
            continue;
        }
        if (code != PCRE2_ERROR_NOMATCH) {
            explain(code, err);
            return SEARCH_FAILED;
        }
        *from = last ? length + 1 : end;
        return SEARCH_MORE;
    }
}

enum search_status search_next(struct search *search, const struct text *text, size_t *from,
    size_t to, size_t budget, struct search_match *match, struct err *err)
{
    size_t length = text_length(text), stop = *from + budget;
    to = to < length + 1 ? to : length + 1;
    while (*from < to) {
        if (*from >= stop && budget != SIZE_MAX) {
            return SEARCH_MORE;
        }
        enum search_status status = look(search, text, from, to, match, err);
        if (status == SEARCH_FOUND && match->groups[0].start >= to) {
            return SEARCH_NONE;
        }
        if (status != SEARCH_MORE) {
            return status;
        }
    }
    return SEARCH_NONE;
}

static size_t next_character(const struct text *text, size_t at)
{
    at++;
    for (int i = 0; i < 3 && (text_byte(text, at) & 0xc0) == 0x80; i++) {
        at++;
    }
    return at;
}

enum search_status search_previous(struct search *search, const struct text *text, size_t *before,
    size_t budget, struct search_match *match, struct err *err)
{
    size_t length = text_length(text);
    size_t end = *before < length + 1 ? *before : length + 1;
    size_t lowest = budget < end ? end - budget : 0;
    while (end > 0) {
        if (end <= lowest && lowest > 0) {
            *before = end;
            return SEARCH_MORE;
        }
        size_t step = search->window < BLOCK_BACK ? search->window : BLOCK_BACK;
        size_t start = end > step ? whole_start(text, end - step) : 0;
        bool found = false;
        for (size_t from = start; from < end;) {
            struct search_match one;
            enum search_status status = search_next(search, text, &from, end, SIZE_MAX, &one, err);
            if (status == SEARCH_FAILED) {
                return status;
            }
            if (status == SEARCH_NONE) {
                break;
            }
            *match = one;
            found = true;
            size_t next = next_character(text, one.groups[0].start);
            from = next > from ? next : from + 1;
        }
        if (found) {
            return SEARCH_FOUND;
        }
        end = start;
    }
    return SEARCH_NONE;
}

size_t search_after(const struct text *text, const struct search_match *match)
{
    struct search_range all = match->groups[0];
    return all.end > all.start ? all.end : next_character(text, all.end);
}

struct expanding {
    const struct text *text;
    const struct search_match *match;
};

static void append_group(void *data, int number, struct buf *out)
{
    const struct expanding *expanding = data;
    struct search_range range = expanding->match->groups[number];
    if (range.start != SIZE_MAX) {
        text_copy(expanding->text, range.start, range.end, out);
    }
}

bool search_expand(const struct search *search, const struct text *text,
    const struct search_match *match, struct str with, struct buf *out, struct err *err)
{
    if (!search->regex) {
        buf_append_str(out, with);
        return true;
    }
    struct expanding expanding = {text, match};
    return replacement_expand(with, append_group, &expanding, out, err);
}

struct replacement {
    size_t start, end; /* in the old text */
    size_t from, to;   /* in the buffer of new bytes */
};

struct replacements {
    struct replacement *items;
    size_t len, cap;
};

/* The person stopped it: nothing is changed. */
static bool stopped(struct err *err)
{
    return err_set(err, ERR_CANCELLED, "stopped; nothing was replaced");
}

static bool find_replacements(struct search *search, const struct text *text, size_t from,
    size_t to, struct str with, struct replacements *list, struct buf *bytes, struct err *err)
{
    for (;;) {
        struct search_match match;
        enum search_status status = search_next(search, text, &from, to, LOOK_BYTES, &match, err);
        if (!slow_breathe(from, text_length(text))) {
            return stopped(err);
        }
        if (status == SEARCH_MORE) {
            continue;
        }
        if (status != SEARCH_FOUND) {
            return status == SEARCH_NONE;
        }
        size_t start = bytes->len;
        if (!search_expand(search, text, &match, with, bytes, err)) {
            return false;
        }
        if (bytes->len > TEXT_MAX) {
            return err_set(
                err, ERR_LIMIT, "the replacements are larger than %zu MiB", TEXT_MAX >> 20);
        }
        struct search_range all = match.groups[0];
        VEC_PUSH(list, ((struct replacement){all.start, all.end, start, bytes->len}));
        from = search_after(text, &match);
    }
}

/* Many replacements as one change of the range from the first to the last: one edit for the syntax
 * tree and for undo instead of a hundred thousand. */
static bool replace_range(
    struct text *text, const struct replacements *list, struct str bytes, struct err *err)
{
    struct buf whole = BUF_INIT;
    size_t start = list->items[0].start, at = start;
    VEC_FOREACH (struct replacement, item, list) {
        if (!slow_breathe(1, 1)) {
            buf_free(&whole);
            return stopped(err);
        }
        text_copy(text, at, item->start, &whole);
        buf_append_str(&whole, str_slice(bytes, item->from, item->to));
        at = item->end;
    }
    bool ok = text_replace(text, start, at - start, buf_str(&whole), err);
    buf_free(&whole);
    return ok;
}

static bool replace_each(
    struct text *text, const struct replacements *list, struct str bytes, struct err *err)
{
    /* From the last to the first, so that the offsets of the others stay right. */
    for (size_t i = list->len; i-- > 0;) {
        const struct replacement *item = &list->items[i];
        struct str with = str_slice(bytes, item->from, item->to);
        if (!text_replace(text, item->start, item->end - item->start, with, err)) {
            return false;
        }
    }
    return true;
}

bool search_replace_all(struct search *search, struct text *text, size_t from, size_t to,
    struct str with, size_t *count, struct err *err)
{
    struct replacements list = {0};
    struct buf bytes = BUF_INIT;
    bool ok = find_replacements(search, text, from, to, with, &list, &bytes, err);
    if (ok && bytes.len > TEXT_MAX - text_length(text)) {
        ok = err_set(err, ERR_LIMIT, "the text would become larger than %zu MiB", TEXT_MAX >> 20);
    }
    if (ok && list.len > 0) {
        text_begin(text);
        ok = list.len > EDITS_APIECE ? replace_range(text, &list, buf_str(&bytes), err)
                                     : replace_each(text, &list, buf_str(&bytes), err);
        text_end(text);
    }
    *count = ok ? list.len : 0;
    VEC_FREE(&list);
    buf_free(&bytes);
    return ok;
}
