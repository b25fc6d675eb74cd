/* The delimiter algorithm of CommonMark 0.31 ("Phase 2: inline structure"), less HTML and reference
 * links. Work is bounded: beyond NODES_MAX pieces the rest of a paragraph is plain text. */
#include "syntax/inline.h"

#include "base/utf8.h"
#include "base/vec.h"

#include <ctype.h>

#define NODES_MAX 2000
/* A longer run of backticks is text. */
#define TICKS_MAX 32
/* A link's target is shown up to here; the rest is a "…". */
#define URL_SHOWN_MAX 512

enum node_kind { NODE_TEXT, NODE_DELIMITER, NODE_BRACKET };

struct node {
    enum node_kind kind;
    struct str text; /* for a delimiter: what is left of the run */
    size_t owned_at; /* text lies in owned at this offset (SIZE_MAX: in the source) */
    uint8_t capture; /* CAPTURE_NONE: the paragraph's */
    uint8_t attrs;
    bool can_open, can_close;
    bool image; /* NODE_BRACKET: "![" */
    bool used;  /* NODE_BRACKET: closed, or known not to be a link */
    size_t at;  /* offset in the source, for "[" */
    size_t run; /* NODE_DELIMITER: length of the whole run */
};

struct nodes {
    struct node *items;
    size_t len, cap;
};

struct parser {
    struct str text;
    size_t at;
    bool open_end;
    struct nodes nodes;
    struct buf owned;
    bool no_ticks[TICKS_MAX + 1]; /* no closing run of that length lies ahead */
};

static struct node *add_node(struct parser *p, enum node_kind kind, size_t from, size_t to)
{
    struct node node = {
        .kind = kind, .text = str_slice(p->text, from, to), .owned_at = SIZE_MAX, .at = from};
    VEC_PUSH(&p->nodes, node);
    return &p->nodes.items[p->nodes.len - 1];
}

static struct node *add_owned(struct parser *p, struct str text)
{
    struct node *node = add_node(p, NODE_TEXT, 0, 0);
    node->owned_at = p->owned.len;
    node->text.len = text.len;
    buf_append_str(&p->owned, text);
    return node;
}

static char peek(const struct parser *p, size_t at)
{
    return at < p->text.len ? p->text.ptr[at] : '\0';
}

static bool is_ascii_punct(char c)
{
    return c > ' ' && c < 0x7f && !isalnum((unsigned char)c);
}

/* What stands before and after a delimiter run decides what it can do. */
enum side { SIDE_SPACE, SIDE_PUNCT, SIDE_OTHER };

static enum side side_of(char c)
{
    if (c == '\0' || c == ' ' || c == '\n') {
        return SIDE_SPACE;
    }
    return is_ascii_punct(c) ? SIDE_PUNCT : SIDE_OTHER;
}

static void read_delimiter(struct parser *p)
{
    size_t from = p->at;
    char c = peek(p, from);
    while (peek(p, p->at) == c) {
        p->at++;
    }
    enum side before = side_of(from == 0 ? '\0' : p->text.ptr[from - 1]);
    enum side after = side_of(peek(p, p->at));
    bool left = after != SIDE_SPACE && (after != SIDE_PUNCT || before != SIDE_OTHER);
    bool right = before != SIDE_SPACE && (before != SIDE_PUNCT || after != SIDE_OTHER);
    bool at_end = p->at == p->text.len;
    if (p->open_end && at_end && !right) {
        return; /* the beginning of something: shown when there is something to show */
    }
    struct node *node = add_node(p, NODE_DELIMITER, from, p->at);
    node->run = p->at - from;
    node->can_open = left && (c != '_' || !right || before == SIDE_PUNCT);
    node->can_close = right && (c != '_' || !left || after == SIDE_PUNCT);
    if (c == '~' && node->run > 2) {
        node->can_open = node->can_close = false;
    }
}

static void read_code(struct parser *p)
{
    size_t from = p->at;
    while (peek(p, p->at) == '`') {
        p->at++;
    }
    size_t ticks = p->at - from;
    size_t end = p->at;
    bool closed = false;
    bool hopeless = ticks > TICKS_MAX || p->no_ticks[ticks];
    while (end < p->text.len && !closed && !hopeless) {
        size_t run = end;
        while (peek(p, run) == '`') {
            run++;
        }
        closed = run - end == ticks;
        end = closed ? end : run + (run == end);
    }
    if (!closed && (!p->open_end || ticks > TICKS_MAX)) {
        add_node(p, NODE_TEXT, from, p->at);
        if (ticks <= TICKS_MAX) {
            p->no_ticks[ticks] = true;
        }
        return;
    }
    end = closed ? end : p->text.len;
    struct str code = str_slice(p->text, p->at, end);
    bool padded = code.len >= 2 && code.ptr[0] == ' ' && code.ptr[code.len - 1] == ' ';
    if (padded && str_trim(code).len > 0) {
        code = str_slice(code, 1, code.len - 1);
    }
    struct node *node = add_owned(p, code);
    node->capture = CAPTURE_MARKUP_RAW;
    for (size_t i = node->owned_at; i < p->owned.len; i++) {
        p->owned.ptr[i] = p->owned.ptr[i] == '\n' ? ' ' : p->owned.ptr[i];
    }
    p->at = closed ? end + ticks : end;
}

/* <https://…> or <a@b>. */
static bool read_autolink(struct parser *p)
{
    size_t end = p->at + 1;
    bool scheme = false;
    while (end < p->text.len && p->text.ptr[end] > ' ' && p->text.ptr[end] != '<' &&
           p->text.ptr[end] != '>') {
        scheme = scheme || p->text.ptr[end] == ':' || p->text.ptr[end] == '@';
        end++;
    }
    if (peek(p, end) != '>' || !scheme || !isalpha((unsigned char)peek(p, p->at + 1))) {
        return false;
    }
    struct node *node = add_node(p, NODE_TEXT, p->at + 1, end);
    node->capture = CAPTURE_MARKUP_LINK_URL;
    node->attrs = STYLED_UNDERLINE;
    p->at = end + 1;
    return true;
}

/* A bare https:// address, as GitHub links it. */
static bool read_bare_url(struct parser *p)
{
    struct str rest = str_from(p->text, p->at);
    if (!str_starts(rest, "https://") && !str_starts(rest, "http://")) {
        return false;
    }
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] > ' ' && strchr("<>`|*\"]", rest.ptr[end]) == NULL) {
        end++;
    }
    while (end > 0 && strchr(".,:;!?')]", rest.ptr[end - 1]) != NULL) {
        end--;
    }
    struct node *node = add_node(p, NODE_TEXT, p->at, p->at + end);
    node->capture = CAPTURE_MARKUP_LINK_URL;
    p->at += end;
    return end > 0;
}

static bool read_entity(struct parser *p)
{
    static const struct {
        const char *name;
        const char *text;
    } entities[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"},
        {"&apos;", "'"}, {"&nbsp;", " "}, {"&mdash;", "—"}, {"&ndash;", "–"}, {"&hellip;", "…"}};
    struct str rest = str_from(p->text, p->at);
    for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
        if (str_starts(rest, entities[i].name)) {
            add_owned(p, str_of(entities[i].text));
            p->at += strlen(entities[i].name);
            return true;
        }
    }
    return false;
}

/* "(target "title")" after a "]". Returns the offset past it, or 0. An end that is still to come
 * counts when open_end. */
static size_t read_target(const struct parser *p, size_t at, struct str *target)
{
    if (peek(p, at) != '(') {
        return 0;
    }
    at++;
    while (peek(p, at) == ' ' || peek(p, at) == '\n') {
        at++;
    }
    size_t from = at;
    size_t depth = 0;
    bool angle = peek(p, at) == '<';
    while (at < p->text.len) {
        char c = p->text.ptr[at];
        if (c == '\n' || (!angle && c == ' ') || (!angle && c == ')' && depth == 0)) {
            break;
        }
        if (angle && c == '>') {
            at++;
            break;
        }
        depth += c == '(';
        depth -= c == ')';
        at += c == '\\' && at + 1 < p->text.len ? 2 : 1;
    }
    *target = str_slice(p->text, angle ? from + 1 : from, angle && at > from + 1 ? at - 1 : at);
    while (peek(p, at) == ' ' || peek(p, at) == '\n') {
        at++;
    }
    char quote = peek(p, at);
    if (quote == '"' || quote == '\'') {
        size_t end = str_find_char(p->text, quote, at + 1);
        at = end == SIZE_MAX ? p->text.len : end + 1;
        while (peek(p, at) == ' ' || peek(p, at) == '\n') {
            at++;
        }
    }
    if (at >= p->text.len) {
        return p->open_end ? p->text.len : 0;
    }
    return p->text.ptr[at] == ')' ? at + 1 : 0;
}

static void show_target(struct parser *p, struct str shown, struct str target)
{
    if (target.len == 0 || str_equal(shown, target) || target.ptr[0] == '#') {
        return;
    }
    struct buf text = BUF_INIT;
    buf_append_c(&text, " (");
    buf_append_str(&text, utf8_fit(target, URL_SHOWN_MAX));
    buf_append_c(&text, target.len > URL_SHOWN_MAX ? "…)" : ")");
    add_owned(p, buf_str(&text))->capture = CAPTURE_MARKUP_LINK_URL;
    buf_free(&text);
}

static void close_bracket(struct parser *p)
{
    struct node *open = NULL;
    for (size_t i = p->nodes.len; i > 0 && open == NULL; i--) {
        struct node *node = &p->nodes.items[i - 1];
        open = node->kind == NODE_BRACKET && !node->used ? node : NULL;
    }
    struct str target = {0};
    size_t end = open == NULL ? 0 : read_target(p, p->at + 1, &target);
    if (open != NULL) {
        open->used = true;
    }
    if (end == 0) {
        add_node(p, NODE_TEXT, p->at, p->at + 1);
        p->at++;
        return;
    }
    struct str shown = str_slice(p->text, open->at + (open->image ? 2 : 1), p->at);
    open->text.len = 0;
    for (struct node *n = open + 1; n < p->nodes.items + p->nodes.len; n++) {
        n->capture = n->capture == CAPTURE_NONE ? CAPTURE_MARKUP_LINK : n->capture;
        n->attrs |= STYLED_UNDERLINE;
        /* A link has no links inside. */
        n->used = n->used || n->kind == NODE_BRACKET;
    }
    bool whole = end < p->text.len || peek(p, end - 1) == ')';
    p->at = end;
    if (whole) {
        show_target(p, shown, target);
    }
}

/* One character, or the text up to the next special one. */
static void read_text(struct parser *p)
{
    size_t from = p->at++;
    while (p->at < p->text.len && strchr("\\`*_~[]!<&\n", p->text.ptr[p->at]) == NULL &&
           !(p->text.ptr[p->at] == 'h' && !isalnum((unsigned char)p->text.ptr[p->at - 1]))) {
        p->at++;
    }
    add_node(p, NODE_TEXT, from, p->at);
}

static void read_line_end(struct parser *p)
{
    bool two_blanks = p->at >= 2 && p->text.ptr[p->at - 1] == ' ' && p->text.ptr[p->at - 2] == ' ';
    bool hard = two_blanks && p->at + 1 < p->text.len;
    add_owned(p, hard ? STR_LIT("\n") : STR_LIT(" "));
    p->at++;
}

static void read_escape(struct parser *p)
{
    char next = peek(p, p->at + 1);
    if (next == '\n') {
        add_node(p, NODE_TEXT, p->at + 1, p->at + 2);
        p->at += 2;
    } else if (is_ascii_punct(next)) {
        add_node(p, NODE_TEXT, p->at + 1, p->at + 2);
        p->at += 2;
    } else if (next == '\0' && p->open_end) {
        p->at++;
    } else {
        add_node(p, NODE_TEXT, p->at, p->at + 1);
        p->at++;
    }
}

static void read_one(struct parser *p)
{
    char c = p->text.ptr[p->at];
    switch (c) {
    case '\\':
        read_escape(p);
        return;
    case '`':
        read_code(p);
        return;
    case '*':
    case '_':
    case '~':
        read_delimiter(p);
        return;
    case '[':
    case '!':
        if (c == '[' || peek(p, p->at + 1) == '[') {
            struct node *node = add_node(p, NODE_BRACKET, p->at, p->at + (c == '[' ? 1 : 2));
            node->image = c == '!';
            p->at += node->text.len;
            return;
        }
        break;
    case ']':
        close_bracket(p);
        return;
    case '\n':
        read_line_end(p);
        return;
    case '<':
        if (read_autolink(p)) {
            return;
        }
        break;
    case '&':
        if (read_entity(p)) {
            return;
        }
        break;
    case 'h':
        if (read_bare_url(p)) {
            return;
        }
        break;
    default:
        break;
    }
    read_text(p);
}

static bool pairs(const struct node *open, const struct node *close)
{
    if (open->kind != NODE_DELIMITER || !open->can_open || open->text.len == 0 ||
        open->text.ptr[0] != close->text.ptr[0]) {
        return false;
    }
    if (open->text.ptr[0] == '~') {
        return open->text.len == close->text.len;
    }
    /* The rule of three. */
    bool either_both = (open->can_close || close->can_open);
    return !(either_both && (open->run + close->run) % 3 == 0 &&
             (open->run % 3 != 0 || close->run % 3 != 0));
}

static void style_between(struct node *from, struct node *to, unsigned attr)
{
    for (struct node *n = from + 1; n < to; n++) {
        n->attrs = (uint8_t)(n->attrs | attr);
        if (n->kind == NODE_DELIMITER) {
            n->can_open = false; /* it cannot reach out of what closed around it */
        }
    }
}

static unsigned attr_of(char c, size_t count)
{
    if (c == '~') {
        return STYLED_STRIKE;
    }
    return count == 2 ? STYLED_BOLD : STYLED_ITALIC;
}

static void match_delimiters(struct parser *p)
{
    for (size_t i = 0; i < p->nodes.len; i++) {
        struct node *close = &p->nodes.items[i];
        while (close->kind == NODE_DELIMITER && close->can_close && close->text.len > 0) {
            struct node *open = NULL;
            for (size_t k = i; k > 0 && open == NULL; k--) {
                open = pairs(&p->nodes.items[k - 1], close) ? &p->nodes.items[k - 1] : NULL;
            }
            if (open == NULL) {
                break;
            }
            if (p->open_end && i + 1 == p->nodes.len && close->run < open->text.len) {
                close->text.len = 0; /* the first half of a closing "**" */
                break;
            }
            char c = close->text.ptr[0];
            size_t count = c == '~'                                      ? close->text.len
                           : open->text.len >= 2 && close->text.len >= 2 ? 2
                                                                         : 1;
            style_between(open, close, attr_of(c, count));
            open->text.len -= count;
            close->text = str_from(close->text, count);
        }
    }
    struct node *end = p->nodes.items + p->nodes.len;
    for (struct node *n = p->nodes.items; p->open_end && n < end; n++) {
        if (n->kind != NODE_DELIMITER || !n->can_open || n->text.len == 0 ||
            (n->text.len == 1 && n->text.ptr[0] == '~')) {
            continue;
        }
        if (n->text.len >= 2) {
            style_between(n, end, attr_of(n->text.ptr[0], 2));
        }
        if (n->text.len != 2) {
            style_between(n, end, attr_of(n->text.ptr[0], 1));
        }
        n->text.len = 0;
    }
}

struct inline_text inline_parse(
    struct str text, bool open_end, enum capture capture, unsigned attrs)
{
    struct parser p = {.text = text, .open_end = open_end};
    while (p.at < text.len) {
        if (p.nodes.len >= NODES_MAX) {
            add_node(&p, NODE_TEXT, p.at, text.len);
            break;
        }
        read_one(&p);
    }
    match_delimiters(&p);
    struct inline_text out = {.owned = p.owned};
    VEC_FOREACH (struct node, n, &p.nodes) {
        if (n->text.len == 0) {
            continue;
        }
        struct run run = {n->text, n->capture, (uint8_t)(n->attrs | attrs)};
        if (n->owned_at != SIZE_MAX) {
            run.text.ptr = p.owned.ptr + n->owned_at;
        }
        if (run.capture == CAPTURE_NONE) {
            bool bold = (n->attrs & STYLED_BOLD) != 0;
            bool italic = (n->attrs & STYLED_ITALIC) != 0;
            bool plain = capture == CAPTURE_NONE;
            run.capture = (uint8_t)(plain && bold     ? CAPTURE_MARKUP_BOLD
                                    : plain && italic ? CAPTURE_MARKUP_ITALIC
                                                      : capture);
        }
        VEC_PUSH(&out.runs, run);
    }
    VEC_FREE(&p.nodes);
    return out;
}

void inline_free(struct inline_text *inline_text)
{
    VEC_FREE(&inline_text->runs);
    buf_free(&inline_text->owned);
}
