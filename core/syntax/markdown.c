/* Block structure of Markdown, line by line, rendered as it is found. A top-level block that has
 * been followed by another is final; rendering goes on from the last one. */
#include "syntax/markdown.h"

#include "base/safe.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "syntax/inline.h"
#include "syntax/markdown_blocks.h"

#include <stdio.h>

#define WIDTH_MIN 10
#define TAB_STOP  4

struct markdown {
    struct buf text; /* made safe, TABs expanded, LF line ends */
    struct buf held; /* the end of what came that is no whole character yet */
    size_t taken;    /* bytes that came */
    size_t column;   /* of the end of text */
    bool cut;
    bool finished;
    bool dirty;
    size_t width;
    struct styled_lines lines;
    /* Where rendering goes on: text before `from` is final and gave `final_lines` lines. */
    size_t from;
    size_t final_lines;
    struct block_state before; /* what stands before `from` */
    size_t unchanged;
    struct code_cache cache;
};

struct markdown *markdown_new(void)
{
    struct markdown *md = MEM_NEW(struct markdown);
    md->width = 80;
    return md;
}

void markdown_free(struct markdown *md)
{
    if (md == NULL) {
        return;
    }
    buf_free(&md->text);
    buf_free(&md->held);
    styled_lines_free(&md->lines);
    code_cache_free(&md->cache);
    free(md);
}

static void start_over(struct markdown *md)
{
    md->from = 0;
    md->final_lines = 0;
    md->before = (struct block_state){0};
    md->dirty = true;
    md->unchanged = 0;
    styled_lines_truncate(&md->lines, 0);
}

void markdown_set_width(struct markdown *md, size_t columns)
{
    columns = columns < WIDTH_MIN ? WIDTH_MIN : columns;
    if (columns != md->width) {
        md->width = columns;
        start_over(md);
    }
}

/* Bytes at the end that may be the beginning of a character or of CR LF. */
static size_t incomplete_tail(struct str text)
{
    if (text.len > 0 && text.ptr[text.len - 1] == '\r') {
        return 1;
    }
    for (size_t back = 1; back <= 3 && back <= text.len; back++) {
        unsigned char c = (unsigned char)text.ptr[text.len - back];
        if (c < 0x80) {
            return 0;
        }
        if (c >= 0xc0) {
            size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
            return want > back ? back : 0;
        }
    }
    return 0;
}

/* Adds whole characters, made safe, with TABs as blanks. */
static void take(struct markdown *md, struct str raw)
{
    struct buf safe = BUF_INIT;
    safe_append(&safe, raw, SAFE_KEEP_LINES);
    struct str rest = buf_str(&safe);
    size_t plain = 0;
    while (plain < rest.len) {
        size_t end = plain;
        while (end < rest.len && rest.ptr[end] != '\t' && rest.ptr[end] != '\n') {
            end++;
        }
        struct str part = str_slice(rest, plain, end);
        buf_append_str(&md->text, part);
        md->column += part.len;
        if (end < rest.len && rest.ptr[end] == '\t') {
            size_t blanks = TAB_STOP - md->column % TAB_STOP;
            buf_append_repeat(&md->text, ' ', blanks);
            md->column += blanks;
        } else if (end < rest.len) {
            buf_append_char(&md->text, '\n');
            md->column = 0;
        }
        plain = end + 1;
    }
    buf_free(&safe);
}

void markdown_append(struct markdown *md, struct str text)
{
    if (md->finished || md->cut || text.len == 0) {
        return;
    }
    if (text.len > MARKDOWN_TEXT_MAX - md->taken) {
        text.len = MARKDOWN_TEXT_MAX - md->taken;
        md->cut = true;
    }
    md->taken += text.len;
    buf_append_str(&md->held, text);
    size_t whole = md->held.len - (md->cut ? 0 : incomplete_tail(buf_str(&md->held)));
    take(md, str_slice(buf_str(&md->held), 0, whole));
    buf_remove(&md->held, 0, whole);
    md->dirty = true;
}

void markdown_finish(struct markdown *md)
{
    if (!md->finished) {
        take(md, buf_str(&md->held));
        buf_clear(&md->held);
        md->finished = true;
        md->dirty = true;
    }
}

/* A last line of a few marks alone may become anything: it is shown when there is more of it. */
static size_t shown_length(const struct markdown *md)
{
    struct str text = buf_str(&md->text);
    size_t line = text.len;
    while (line > 0 && text.ptr[line - 1] != '\n') {
        line--;
    }
    struct str last = str_trim(str_from(text, line));
    if (md->finished || last.len == 0 || last.len > 3) {
        return text.len;
    }
    for (size_t i = 0; i < last.len; i++) {
        if (strchr("-=*_#+>`~|:", last.ptr[i]) == NULL) {
            return text.len;
        }
    }
    return line;
}

const struct styled_lines *markdown_lines(struct markdown *md)
{
    if (!md->dirty) {
        md->unchanged = md->lines.len;
        return &md->lines;
    }
    styled_lines_truncate(&md->lines, md->final_lines);
    md->unchanged = md->final_lines;
    struct block_checkpoint done = {md->from, md->final_lines, md->before};
    struct str text = str_slice(buf_str(&md->text), 0, shown_length(md));
    blocks_render(text, &done, !md->finished, md->width, &md->cache, &md->lines);
    md->from = done.offset;
    md->final_lines = done.lines;
    md->before = done.state;
    if (md->cut) {
        struct styled_line note = {0};
        note.text = mem_printf("… (cut: more than %zu MiB)", MARKDOWN_TEXT_MAX >> 20);
        note.len = strlen(note.text);
        VEC_PUSH(&md->lines, note);
    }
    md->dirty = false;
    return &md->lines;
}

size_t markdown_unchanged(const struct markdown *md)
{
    return md->unchanged;
}

struct styled_lines markdown_render(struct str text, size_t columns)
{
    struct markdown *md = markdown_new();
    markdown_set_width(md, columns);
    markdown_append(md, text);
    markdown_finish(md);
    markdown_lines(md);
    struct styled_lines lines = md->lines;
    md->lines = (struct styled_lines){0};
    markdown_free(md);
    return lines;
}
