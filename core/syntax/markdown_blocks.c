#include "syntax/markdown_blocks.h"

#include "base/utf8.h"
#include "base/vec.h"
#include "syntax/inline.h"
#include "syntax/language.h"

#include <ctype.h>
#include <stdio.h>

/* Code beyond this keeps one colour; less while it still grows, because it is done anew with each
 * piece. */
#define HIGHLIGHT_MAX      ((size_t)256 << 10)
#define HIGHLIGHT_OPEN_MAX ((size_t)16 << 10)
#define PARAGRAPH_MAX      ((size_t)64 << 10)

struct line_list {
    struct str *items;
    size_t len, cap;
};

struct context {
    struct styled *out;
    bool open_end; /* the last line of the list may grow */
    struct block_state state;
    size_t lists; /* around this */
    struct code_cache *cache;
    bool half_line; /* the text ends inside a line */
};

static void render_lines(struct context *ctx, const struct line_list *lines);

static size_t indent_of(struct str line)
{
    size_t count = 0;
    while (count < line.len && line.ptr[count] == ' ') {
        count++;
    }
    return count;
}

static bool is_blank(struct str line)
{
    return indent_of(line) == line.len;
}

/* Length of a run of `c` at `at`. */
static size_t run_of(struct str line, size_t at, char c)
{
    size_t count = 0;
    while (at + count < line.len && line.ptr[at + count] == c) {
        count++;
    }
    return count;
}

struct fence {
    size_t indent, length;
    char mark;
    struct str info;
};

static bool is_fence(struct str line, struct fence *fence)
{
    size_t indent = indent_of(line);
    char c = indent < line.len ? line.ptr[indent] : '\0';
    if (indent > 3 || (c != '`' && c != '~')) {
        return false;
    }
    size_t length = run_of(line, indent, c);
    struct str info = str_trim(str_from(line, indent + length));
    if (length < 3 || (c == '`' && str_find_char(info, '`', 0) != SIZE_MAX)) {
        return false;
    }
    *fence = (struct fence){indent, length, c, info};
    return true;
}

static bool closes_fence(struct str line, const struct fence *fence)
{
    size_t indent = indent_of(line);
    size_t length = run_of(line, indent, fence->mark);
    return indent <= 3 && length >= fence->length && is_blank(str_from(line, indent + length));
}

/* 1 to 6, or 0; *text without the marks. */
static size_t heading_level(struct str line, struct str *text)
{
    size_t indent = indent_of(line);
    size_t level = run_of(line, indent, '#');
    size_t at = indent + level;
    if (indent > 3 || level == 0 || level > 6 || (at < line.len && line.ptr[at] != ' ')) {
        return 0;
    }
    struct str rest = str_trim(str_from(line, at));
    size_t end = rest.len;
    while (end > 0 && rest.ptr[end - 1] == '#') {
        end--;
    }
    *text = end == 0 || rest.ptr[end - 1] == ' ' ? str_trim(str_slice(rest, 0, end)) : rest;
    return level;
}

static bool is_rule(struct str line)
{
    size_t indent = indent_of(line);
    char mark = indent < line.len ? line.ptr[indent] : '\0';
    size_t count = 0;
    if (indent > 3 || (mark != '-' && mark != '*' && mark != '_')) {
        return false;
    }
    for (size_t i = indent; i < line.len; i++) {
        if (line.ptr[i] != mark && line.ptr[i] != ' ') {
            return false;
        }
        count += line.ptr[i] == mark;
    }
    return count >= 3;
}

static bool is_quote(struct str line)
{
    size_t indent = indent_of(line);
    return indent <= 3 && indent < line.len && line.ptr[indent] == '>';
}

static struct str quote_content(struct str line)
{
    size_t at = indent_of(line) + 1;
    return str_from(line, at + (at < line.len && line.ptr[at] == ' '));
}

struct marker {
    char mark;      /* '-', '*', '+', '.' or ')' */
    size_t indent;  /* of the mark */
    size_t content; /* column where the item's text begins */
    struct str number;
    bool empty;
};

static bool is_item(struct str line, struct marker *marker)
{
    size_t indent = indent_of(line);
    size_t at = indent;
    *marker = (struct marker){.indent = indent};
    if (at >= line.len || indent > 12) {
        return false;
    }
    if (strchr("-*+", line.ptr[at]) != NULL) {
        marker->mark = line.ptr[at];
    } else {
        while (at < line.len && isdigit((unsigned char)line.ptr[at]) && at - indent < 9) {
            at++;
        }
        if (at == indent || at >= line.len || (line.ptr[at] != '.' && line.ptr[at] != ')')) {
            return false;
        }
        marker->mark = line.ptr[at];
        marker->number = str_slice(line, indent, at);
    }
    at++;
    if (at < line.len && line.ptr[at] != ' ') {
        return false;
    }
    size_t blanks = indent_of(str_from(line, at));
    marker->empty = at + blanks >= line.len;
    marker->content = at + (marker->empty || blanks > 4 ? 1 : blanks);
    return !is_rule(line);
}

static bool same_list(const struct marker *a, const struct marker *b)
{
    return a->mark == b->mark && (a->number.len > 0) == (b->number.len > 0);
}

/* True when the line ends a paragraph before it. */
static bool interrupts(struct str line)
{
    struct fence fence;
    struct marker marker;
    struct str text;
    if (is_fence(line, &fence) || heading_level(line, &text) > 0 || is_rule(line) ||
        is_quote(line)) {
        return true;
    }
    return is_item(line, &marker) && marker.indent <= 3 && !marker.empty &&
           (marker.number.len == 0 || str_equal_c(marker.number, "1"));
}

/* An empty line between blocks where the source has one or the block looks better with it. */
static void begin_block(struct context *ctx, bool spacious)
{
    if (ctx->state.any && (ctx->state.blank || ctx->state.spacious || spacious)) {
        styled_blank(ctx->out);
    }
    ctx->state = (struct block_state){.any = true, .spacious = spacious};
}

static void render_inline(
    struct context *ctx, struct str text, bool open_end, enum capture capture, unsigned attrs)
{
    struct inline_text parsed = inline_parse(text, open_end, capture, attrs);
    styled_wrap(ctx->out, &parsed.runs);
    inline_free(&parsed);
}

/* ---- code ---- */

static void code_line(struct styled *out, struct str line, size_t at,
    const struct syntax_spans *spans, size_t *next, unsigned base)
{
    struct runs runs = {0};
    size_t pos = at;
    size_t end = at + line.len;
    while (*next < spans->len && spans->items[*next].start < end) {
        const struct syntax_span *span = &spans->items[*next];
        size_t from = span->start > at ? span->start : at;
        size_t to = span->end < end ? span->end : end;
        if (from > pos) {
            VEC_PUSH(&runs, (struct run){str_slice(line, pos - at, from - at), (uint8_t)base, 0});
        }
        if (to > from) {
            VEC_PUSH(&runs,
                (struct run){str_slice(line, from - at, to - at), (uint8_t)span->capture, 0});
        }
        pos = to > pos ? to : pos;
        if (span->end > end) {
            break;
        }
        (*next)++;
    }
    if (pos < end) {
        VEC_PUSH(&runs, (struct run){str_from(line, pos - at), (uint8_t)base, 0});
    }
    styled_wrap_code(out, &runs);
    VEC_FREE(&runs);
}

void code_cache_free(struct code_cache *cache)
{
    buf_free(&cache->code);
    VEC_FREE(&cache->spans);
}

/* While a block is open its last line has no colours yet: it changes with each piece that comes. */
static const struct syntax_spans *colours_of(struct code_cache *cache,
    const struct language *language, struct str code, const struct line_list *lines, bool open_end,
    bool half_line)
{
    if (open_end && half_line && lines->len > 0) {
        code.len -= lines->items[lines->len - 1].len + 1;
    }
    if (cache->language == language && str_equal(code, buf_str(&cache->code))) {
        return &cache->spans;
    }
    cache->language = language;
    cache->spans.len = 0;
    buf_clear(&cache->code);
    buf_append_str(&cache->code, code);
    if (code.len > 0 && code.len <= (open_end ? HIGHLIGHT_OPEN_MAX : HIGHLIGHT_MAX)) {
        struct syntax *syntax = syntax_new(language, syntax_source_str(&code));
        syntax_parse(syntax, 0, code.len, 0);
        syntax_highlight(syntax, 0, code.len, &cache->spans);
        syntax_free(syntax);
    }
    return &cache->spans;
}

static void render_code(
    struct context *ctx, const struct line_list *lines, struct str info, bool open_end)
{
    static const struct syntax_spans none = {0};
    struct buf code = BUF_INIT;
    VEC_FOREACH (const struct str, line, lines) {
        buf_append_str(&code, *line);
        buf_append_char(&code, '\n');
    }
    size_t word = 0;
    while (word < info.len && info.ptr[word] != ' ' && info.ptr[word] != '{' &&
           info.ptr[word] != ',') {
        word++;
    }
    const struct language *language = language_by_name(str_slice(info, 0, word));
    const struct syntax_spans *spans =
        language == NULL
            ? &none
            : colours_of(ctx->cache, language, buf_str(&code), lines, open_end, ctx->half_line);
    bool indented = styled_push(ctx->out, "  ", "  ", CAPTURE_NONE);
    size_t at = 0;
    size_t next = 0;
    VEC_FOREACH (const struct str, line, lines) {
        struct str text = str_slice(buf_str(&code), at, at + line->len);
        code_line(
            ctx->out, text, at, spans, &next, language == NULL ? CAPTURE_MARKUP_RAW : CAPTURE_NONE);
        at += line->len + 1;
    }
    if (indented) {
        styled_pop(ctx->out);
    }
    buf_free(&code);
}

static size_t fenced(struct context *ctx, const struct line_list *lines, size_t i)
{
    struct fence fence = {0};
    struct line_list code = {0};
    bool closed = false;
    is_fence(lines->items[i], &fence);
    for (i++; i < lines->len && !closed; i++) {
        closed = closes_fence(lines->items[i], &fence);
        if (!closed) {
            size_t indent = indent_of(lines->items[i]);
            VEC_PUSH(
                &code, str_from(lines->items[i], indent < fence.indent ? indent : fence.indent));
        }
    }
    begin_block(ctx, true);
    render_code(ctx, &code, fence.info, !closed && ctx->open_end);
    VEC_FREE(&code);
    return i;
}

static size_t indented_code(struct context *ctx, const struct line_list *lines, size_t i)
{
    struct line_list code = {0};
    size_t end = i;
    for (; i < lines->len; i++) {
        struct str line = lines->items[i];
        if (!is_blank(line) && indent_of(line) < 4) {
            break;
        }
        VEC_PUSH(&code, str_from(line, 4));
        end = is_blank(line) ? end : i + 1;
    }
    code.len -= i - end;
    begin_block(ctx, true);
    render_code(ctx, &code, STR_LIT(""), false);
    VEC_FREE(&code);
    return end;
}

/* ---- containers ---- */

static void render_nested(
    struct context *ctx, const struct line_list *lines, bool open_end, size_t lists)
{
    struct context inner = {.out = ctx->out,
        .open_end = open_end,
        .lists = lists,
        .cache = ctx->cache,
        .half_line = ctx->half_line};
    size_t before = ctx->out->lines.len;
    render_lines(&inner, lines);
    if (ctx->out->lines.len == before) {
        /* An empty item still has its mark. */
        styled_begin(ctx->out);
        styled_end(ctx->out, false);
    }
}

/* The line goes on with a paragraph that an item or a quote before it has left open. */
static bool is_lazy(const struct line_list *inner, struct str line)
{
    if (is_blank(line) || interrupts(line) || inner->len == 0) {
        return false;
    }
    struct str last = inner->items[inner->len - 1];
    struct fence fence = {0};
    struct str text;
    bool in_fence = false;
    VEC_FOREACH (const struct str, l, inner) {
        struct fence other;
        if (in_fence) {
            in_fence = !closes_fence(*l, &fence);
        } else if (is_fence(*l, &other)) {
            fence = other;
            in_fence = true;
        }
    }
    return !in_fence && !is_blank(last) && heading_level(last, &text) == 0 && !is_rule(last);
}

static size_t quote(struct context *ctx, const struct line_list *lines, size_t i)
{
    struct line_list inner = {0};
    for (; i < lines->len; i++) {
        if (is_quote(lines->items[i])) {
            VEC_PUSH(&inner, quote_content(lines->items[i]));
        } else if (is_lazy(&inner, lines->items[i])) {
            VEC_PUSH(&inner, lines->items[i]);
        } else {
            break;
        }
    }
    begin_block(ctx, false);
    bool pushed = styled_push(ctx->out, "│ ", "│ ", CAPTURE_MARKUP_QUOTE);
    render_nested(ctx, &inner, ctx->open_end && i == lines->len, ctx->lists);
    if (pushed) {
        styled_pop(ctx->out);
    }
    VEC_FREE(&inner);
    return i;
}

/* The lines of the item that begins at i, without its indentation; returns the line after it. */
static size_t gather_item(const struct line_list *lines, size_t i, const struct marker *marker,
    struct line_list *inner, bool *blank_after)
{
    VEC_PUSH(inner, str_from(lines->items[i], marker->content));
    size_t end = i + 1;
    *blank_after = false;
    for (i++; i < lines->len; i++) {
        struct str line = lines->items[i];
        size_t indent = indent_of(line);
        struct marker other;
        if (is_blank(line)) {
            VEC_PUSH(inner, str_make("", 0));
            continue;
        }
        /* Models nest by two blanks also below "1. ", where three are due. */
        bool nested = is_item(line, &other) && indent >= marker->indent + 2;
        if (indent >= marker->content) {
            VEC_PUSH(inner, str_from(line, marker->content));
        } else if (nested) {
            VEC_PUSH(inner, str_from(line, indent));
        } else if (end == i && is_lazy(inner, line) && !is_item(line, &other)) {
            VEC_PUSH(inner, str_from(line, indent));
        } else {
            break;
        }
        end = i + 1;
    }
    *blank_after = end < i;
    inner->len -= i - end;
    return end;
}

static void item_prefix(
    const struct marker *marker, struct str content, size_t lists, char *first, char *rest)
{
    static const char *const bullets[] = {"•", "◦", "▪"};
    size_t columns = 2;
    if (marker->number.len > 0) {
        struct str number = marker->number;
        columns = (size_t)snprintf(first, 16, "%.*s%c ", STR_FMT(number), marker->mark);
    } else if (str_starts(content, "[ ] ")) {
        snprintf(first, 16, "☐ ");
    } else if (str_starts(content, "[x] ") || str_starts(content, "[X] ")) {
        snprintf(first, 16, "☑ ");
    } else {
        snprintf(first, 16, "%s ", bullets[lists % ARRAY_LEN(bullets)]);
    }
    snprintf(rest, 16, "%*s", (int)columns, "");
}

static size_t list(struct context *ctx, const struct line_list *lines, size_t i)
{
    struct marker first;
    struct marker marker;
    bool loose = false;
    bool begun = false;
    is_item(lines->items[i], &first);
    begin_block(ctx, false);
    while (i < lines->len) {
        size_t at = i;
        while (at < lines->len && is_blank(lines->items[at])) {
            at++;
        }
        if (at == lines->len || !is_item(lines->items[at], &marker) ||
            !same_list(&first, &marker) || marker.indent > first.indent + 3) {
            break;
        }
        struct line_list inner = {0};
        char head[16];
        char rest[16];
        if (begun && loose) {
            styled_blank(ctx->out);
        }
        i = gather_item(lines, at, &marker, &inner, &loose);
        item_prefix(&marker, inner.items[0], ctx->lists, head, rest);
        if (strncmp(head, "☐", 3) == 0 || strncmp(head, "☑", 3) == 0) {
            inner.items[0] = str_from(inner.items[0], 4);
        }
        bool pushed = styled_push(ctx->out, head, rest, CAPTURE_MARKUP_LIST);
        render_nested(ctx, &inner, ctx->open_end && i == lines->len, ctx->lists + 1);
        if (pushed) {
            styled_pop(ctx->out);
        }
        VEC_FREE(&inner);
        begun = true;
    }
    return i;
}

/* ---- leaves ---- */

static void render_heading(struct context *ctx, size_t level, struct str text, bool open_end)
{
    begin_block(ctx, true);
    unsigned attrs = STYLED_BOLD | (level == 1 ? STYLED_UNDERLINE : 0);
    render_inline(ctx, text, open_end, CAPTURE_MARKUP_HEADING, attrs);
}

static void render_rule(struct context *ctx)
{
    struct buf rule = BUF_INIT;
    begin_block(ctx, false);
    for (size_t i = 0; i < styled_room(ctx->out); i++) {
        buf_append_c(&rule, "─");
    }
    styled_begin(ctx->out);
    styled_add(ctx->out, buf_str(&rule), CAPTURE_MARKUP_RULE, 0);
    styled_end(ctx->out, false);
    buf_free(&rule);
}

static bool begins_table(const struct context *ctx, const struct line_list *lines, size_t i)
{
    struct str line = lines->items[i];
    if (str_find_char(line, '|', 0) == SIZE_MAX || i + 1 >= lines->len) {
        return false;
    }
    struct str next = lines->items[i + 1];
    if (ctx->open_end && i + 2 == lines->len && str_starts(str_trim(line), "|")) {
        /* The delimiter row is being written. */
        struct str trimmed = str_trim(next);
        size_t marks = 0;
        while (marks < trimmed.len && strchr("|-: ", trimmed.ptr[marks]) != NULL) {
            marks++;
        }
        if (marks == trimmed.len && str_starts(trimmed, "|")) {
            return true;
        }
    }
    return table_is_delimiter_row(next) && table_columns(next) == table_columns(line);
}

static size_t table(struct context *ctx, const struct line_list *lines, size_t i)
{
    size_t end = i + 2;
    while (end < lines->len && !is_blank(lines->items[end]) && !interrupts(lines->items[end])) {
        end++;
    }
    begin_block(ctx, true);
    table_render(ctx->out, lines->items + i, end - i, ctx->open_end && end == lines->len);
    return end;
}

/* 1 or 2 for a line of "=" or "-", else 0. */
static size_t setext_level(struct str line)
{
    size_t indent = indent_of(line);
    char c = indent < line.len ? line.ptr[indent] : '\0';
    if (indent > 3 || (c != '=' && c != '-') ||
        !is_blank(str_from(line, indent + run_of(line, indent, c)))) {
        return 0;
    }
    return c == '=' ? 1 : 2;
}

static size_t paragraph(struct context *ctx, const struct line_list *lines, size_t i)
{
    struct buf text = BUF_INIT;
    size_t level = 0;
    size_t first = i;
    for (; i < lines->len && level == 0; i++) {
        struct str line = lines->items[i];
        level = i > first ? setext_level(line) : 0;
        if (level > 0) {
            continue;
        }
        if (i > first && (is_blank(line) || interrupts(line))) {
            break;
        }
        if (text.len > 0) {
            buf_append_char(&text, '\n');
        }
        buf_append_str(&text, str_from(line, indent_of(line)));
    }
    bool open_end = ctx->open_end && i == lines->len && level == 0;
    struct str all = str_trim(buf_str(&text));
    if (level > 0) {
        render_heading(ctx, level, all, false);
    } else {
        begin_block(ctx, false);
        while (all.len > PARAGRAPH_MAX) {
            struct str part = utf8_fit(str_slice(all, 0, PARAGRAPH_MAX), PARAGRAPH_MAX);
            render_inline(ctx, part, false, CAPTURE_NONE, 0);
            all = str_from(all, part.len == 0 ? PARAGRAPH_MAX : part.len);
        }
        render_inline(ctx, all, open_end, CAPTURE_NONE, 0);
    }
    buf_free(&text);
    return i;
}

/* Renders the block that begins at line i; returns the line after it. */
static size_t render_block(struct context *ctx, const struct line_list *lines, size_t i)
{
    struct str line = lines->items[i];
    struct fence fence;
    struct marker marker;
    struct str text;
    size_t level;
    if (is_fence(line, &fence)) {
        return fenced(ctx, lines, i);
    }
    if ((level = heading_level(line, &text)) > 0) {
        render_heading(ctx, level, text, ctx->open_end && i + 1 == lines->len);
        return i + 1;
    }
    if (is_rule(line)) {
        render_rule(ctx);
        return i + 1;
    }
    if (is_quote(line)) {
        return quote(ctx, lines, i);
    }
    if (is_item(line, &marker) && marker.indent <= 3) {
        return list(ctx, lines, i);
    }
    if (indent_of(line) >= 4) {
        return indented_code(ctx, lines, i);
    }
    if (begins_table(ctx, lines, i)) {
        return table(ctx, lines, i);
    }
    return paragraph(ctx, lines, i);
}

static void render_lines(struct context *ctx, const struct line_list *lines)
{
    size_t i = 0;
    while (i < lines->len) {
        if (is_blank(lines->items[i])) {
            ctx->state.blank = true;
            i++;
        } else if (ctx->out->depth >= PREFIX_DEPTH_MAX - 1) {
            i = paragraph(ctx, lines, i);
        } else {
            i = render_block(ctx, lines, i);
        }
    }
}

void blocks_render(struct str text, struct block_checkpoint *done, bool open_end, size_t width,
    struct code_cache *cache, struct styled_lines *lines)
{
    struct styled out = {.lines = *lines, .width = width};
    struct context ctx = {.out = &out,
        .open_end = open_end,
        .state = done->state,
        .cache = cache,
        .half_line = !str_ends(text, "\n")};
    struct line_list all = {0};
    struct str rest = str_from(text, done->offset);
    struct str line;
    while (str_next_line(&rest, &line)) {
        VEC_PUSH(&all, line);
    }
    /* The first line of a block decides that the one before it is over, once it is whole itself. */
    bool whole_last = str_ends(text, "\n");
    for (size_t i = 0; i < all.len;) {
        if (is_blank(all.items[i])) {
            ctx.state.blank = true;
            i++;
            continue;
        }
        if (i + 1 < all.len || whole_last) {
            *done = (struct block_checkpoint){
                (size_t)(all.items[i].ptr - text.ptr), out.lines.len, ctx.state};
        }
        i = render_block(&ctx, &all, i);
    }
    VEC_FREE(&all);
    *lines = out.lines;
    styled_free(&out);
}
