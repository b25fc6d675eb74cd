/* Cuts a YAML stream into its documents. A line that begins with "---" or "..." followed by a blank
 * or the line's end is a document marker wherever it stands (YAML 1.2.2, 9.1.2), so no parser is
 * needed. Comments and directives before a "---" belong to the document it begins. */
#include "syntax/internal.h"

#include "base/bytes.h"
#include "base/vec.h"

/* The YAML grammar keeps rows in 16 bits: a document is cut at the next top-level line after the
 * first number, and anywhere at the second. */
#define ROWS_SOFT 24000
#define ROWS_HARD 32000

enum line_kind { LINE_BLANK, LINE_COMMENT, LINE_START, LINE_END, LINE_TOP, LINE_INNER };

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* `head` is the line's first bytes, at most four; fewer only at the end of the text. */
static enum line_kind classify(struct str head)
{
    char c = head.len == 0 ? '\n' : head.ptr[0];
    switch (c) {
    case '-':
    case '.':
        if (head.len >= 3 && head.ptr[1] == c && head.ptr[2] == c &&
            (head.len == 3 || is_white(head.ptr[3]))) {
            return c == '-' ? LINE_START : LINE_END;
        }
        return LINE_TOP;
    case '#':
    case '%':
        return LINE_COMMENT;
    case '\n':
    case '\r':
        return LINE_BLANK;
    case ' ':
    case '\t':
        return LINE_INNER;
    default:
        return LINE_TOP;
    }
}

struct splitter {
    struct pieces *out;
    struct piece current;
    bool has_content; /* more than comments and directives */
    bool ended;       /* the line before was "..." */
};

static void cut(struct splitter *s, size_t at, bool continued)
{
    struct piece next = {.start = at, .row = s->current.row + s->current.rows};
    s->current.len = at - s->current.start;
    if (s->current.len > 0) {
        VEC_PUSH(s->out, s->current);
    }
    next.continued = continued;
    s->current = next;
    s->has_content = false;
}

/* One line of a stream begins at `at`. */
static void see_line(struct splitter *s, struct str head, size_t at)
{
    enum line_kind kind = classify(head);
    if (s->ended) {
        cut(s, at, false);
    }
    if (kind == LINE_START && s->has_content) {
        cut(s, at, false);
    } else if ((kind == LINE_TOP && s->current.rows >= ROWS_SOFT) || s->current.rows >= ROWS_HARD) {
        cut(s, at, true);
    }
    s->ended = kind == LINE_END;
    if (kind != LINE_BLANK && kind != LINE_COMMENT) {
        s->has_content = true;
    }
}

/* Most lines inside a document are neither marker nor cut: they are only counted. A line begins at
 * i; *line_begins tells whether one does at the place returned. */
static size_t skip_plain_lines(struct splitter *s, struct str chunk, size_t i, bool *line_begins)
{
    size_t from = i;
    if (!s->has_content || s->ended || chunk.ptr[i] == '-' || chunk.ptr[i] == '.') {
        return i;
    }
    while (s->current.rows + BYTES_BLOCK < ROWS_SOFT && i + BYTES_BLOCK < chunk.len &&
           bytes_skip_block(chunk.ptr + i, '-', '.', &s->current.rows)) {
        i += BYTES_BLOCK;
    }
    *line_begins = i == from || chunk.ptr[i - 1] == '\n';
    while (s->current.rows < ROWS_SOFT && i < chunk.len &&
           !(*line_begins && (chunk.ptr[i] == '-' || chunk.ptr[i] == '.'))) {
        const char *lf = memchr(chunk.ptr + i, '\n', chunk.len - i);
        if (lf == NULL || (size_t)(lf - chunk.ptr) + 1 == chunk.len) {
            break;
        }
        s->current.rows++;
        *line_begins = true;
        i = (size_t)(lf - chunk.ptr) + 1;
    }
    return i;
}

void split_text(const struct language *language, const struct syntax_source *source, size_t start,
    size_t end, size_t row, struct pieces *out)
{
    struct source_window text = {source, 0, end};
    struct splitter s = {.out = out, .current = {.start = start, .row = row}};
    bool line_begins = true;
    for (size_t at = start; at < end;) {
        struct str chunk = source_read(&text, at);
        if (chunk.len == 0) {
            break;
        }
        size_t i = 0;
        while (i < chunk.len) {
            if (line_begins && language->documents) {
                i = skip_plain_lines(&s, chunk, i, &line_begins);
            }
            if (line_begins && language->documents) {
                char head[4];
                size_t got = 0;
                if (chunk.len - i >= sizeof head) {
                    see_line(&s, str_slice(chunk, i, i + sizeof head), at + i);
                } else {
                    int c;
                    while (got < sizeof head && (c = source_byte(&text, at + i + got)) >= 0) {
                        head[got++] = (char)c;
                    }
                    see_line(&s, str_make(head, got), at + i);
                    chunk = source_read(&text, at);
                }
            }
            size_t lf = str_find_char(chunk, '\n', i);
            line_begins = lf != SIZE_MAX;
            s.current.rows += line_begins;
            i = line_begins ? lf + 1 : chunk.len;
        }
        at += chunk.len;
    }
    cut(&s, end, false);
    if (out->len == 0) {
        VEC_PUSH(out, (struct piece){.start = start, .row = row});
    }
}
