/* Any bytes, in any pieces: no crash, every line fits and is safe, and pieces give the same as the
 * whole. */
#include "base/utf8.h"
#include "base/vec.h"
#include "syntax/markdown.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct styled_lines *lines, size_t width)
{
    VEC_FOREACH (const struct styled_line, line, lines) {
        struct str text = str_make(line->text, line->len);
        if (!utf8_is_valid(text) || utf8_width(text) > width) {
            abort();
        }
        uint32_t at = 0;
        for (size_t i = 0; i < line->span_count; i++) {
            if (line->spans[i].start < at || line->spans[i].end <= line->spans[i].start ||
                line->spans[i].end > line->len) {
                abort();
            }
            at = line->spans[i].end;
        }
    }
}

static bool same(const struct styled_lines *a, const struct styled_lines *b)
{
    bool equal = a->len == b->len;
    for (size_t i = 0; equal && i < a->len; i++) {
        const struct styled_line *x = &a->items[i];
        const struct styled_line *y = &b->items[i];
        equal = x->len == y->len && memcmp(x->text, y->text, x->len) == 0 &&
                x->span_count == y->span_count &&
                (x->span_count == 0 ||
                    memcmp(x->spans, y->spans, x->span_count * sizeof *x->spans) == 0);
    }
    return equal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    size_t width = 10 + data[0] % 70;
    size_t piece = 1 + data[1] % 64;
    struct str text = str_make((const char *)data + 2, size - 2);
    struct markdown *md = markdown_new();
    markdown_set_width(md, width);
    for (size_t at = 0; at < text.len; at += piece) {
        markdown_append(md, str_slice(text, at, at + piece < text.len ? at + piece : text.len));
        check(markdown_lines(md), width);
    }
    struct markdown *fresh = markdown_new();
    markdown_set_width(fresh, width);
    markdown_append(fresh, text);
    if (!same(markdown_lines(md), markdown_lines(fresh))) {
        abort();
    }
    markdown_finish(md);
    struct styled_lines whole = markdown_render(text, width);
    if (!same(markdown_lines(md), &whole)) {
        abort();
    }
    styled_lines_free(&whole);
    markdown_free(fresh);
    markdown_free(md);
    return 0;
}
