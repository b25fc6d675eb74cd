/* Any bytes in any language, then an edit of them: no crash, spans in order and in the text, and
 * for YAML the documents are those of a text split from the beginning. */
#include "base/vec.h"
#include "syntax/brackets.h"
#include "syntax/context.h"
#include "syntax/folds.h"
#include "syntax/indent.h"
#include "syntax/internal.h"
#include "syntax/objects.h"
#include "syntax_text.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every question about a place, at a few places. */
static void ask_places(struct syntax *syntax, struct str text)
{
    static const struct indent_style style = {2, 4};
    struct folds folds = {0};
    struct indent_edits edits = {0};
    struct context context;
    syntax_folds(syntax, 0, text.len, &folds);
    VEC_FOREACH (const struct fold, fold, &folds) {
        if (fold->last_row <= fold->first_row) {
            abort();
        }
    }
    VEC_FREE(&folds);
    for (size_t at = 0; at <= text.len; at += 1 + text.len / 16) {
        struct bracket_pair pair;
        struct syntax_range range;
        struct buf indent = BUF_INIT;
        if (syntax_bracket_at(syntax, at, &pair) &&
            (pair.open > at || pair.close <= pair.open || pair.close >= text.len)) {
            abort();
        }
        syntax_bracket_around(syntax, at, true, &pair);
        syntax_context(syntax, at, &context);
        for (int kind = 0; kind < OBJECT_COUNT; kind++) {
            if (syntax_object(syntax, (enum text_object)kind, true, at, at, &range) &&
                (range.start > range.end || range.end > text.len)) {
                abort();
            }
        }
        syntax_expand(syntax, at, at, &range);
        syntax_indent_new_line(syntax, at, &style, &indent);
        buf_free(&indent);
    }
    syntax_reindent(syntax, 0, text.len, &style, &edits);
    indent_edits_free(&edits);
}

static void use(struct syntax *syntax, struct str text)
{
    struct syntax_spans spans = {0};
    struct syntax_injections injections = {0};
    struct buf inner = BUF_INIT;
    syntax_highlight(syntax, 0, text.len, &spans); /* the trees before the edit, shifted */
    spans.len = 0;
    syntax_parse(syntax, 0, text.len, 0);
    syntax_highlight(syntax, 0, text.len, &spans);
    size_t at = 0;
    VEC_FOREACH (struct syntax_span, span, &spans) {
        if (span->start < at || span->end <= span->start || span->end > text.len) {
            abort();
        }
        at = span->end;
    }
    syntax_index(syntax, 0);
    syntax_injections(syntax, 0, text.len, &injections);
    struct syntax_source source = syntax_source_str(&text);
    VEC_FOREACH (struct syntax_injection, injection, &injections) {
        size_t row;
        size_t column;
        if (injection->end > text.len) {
            abort();
        }
        syntax_injection_text(injection, &source, &inner);
        syntax_injection_to_host(injection, 1, 0, &row, &column);
    }
    buf_free(&inner);
    syntax_injections_free(&injections);
    VEC_FREE(&spans);
    ask_places(syntax, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || size > 20000) {
        return 0;
    }
    size_t count = 0;
    while (languages[count].name != NULL) {
        count++;
    }
    const struct language *language = &languages[data[0] % count];
    struct buf bytes = BUF_INIT;
    buf_append(&bytes, data + 3, size - 3);
    struct str text = buf_str(&bytes);
    struct syntax *syntax = syntax_new(language, syntax_source_str(&text));
    use(syntax, text);
    size_t at = bytes.len * data[1] / 256;
    size_t removed = (bytes.len - at) * (data[2] & 15) / 64;
    struct str with = (data[2] & 16) != 0 ? STR_LIT("\n---\n") : STR_LIT("x: `\"");
    TSInputEdit edit = {
        .start_byte = (uint32_t)at,
        .old_end_byte = (uint32_t)(at + removed),
        .new_end_byte = (uint32_t)(at + with.len),
        .start_point = syntax_text_point(text, at),
        .old_end_point = syntax_text_point(text, at + removed),
    };
    buf_remove(&bytes, at, removed);
    buf_insert(&bytes, at, with.ptr, with.len);
    text = buf_str(&bytes);
    edit.new_end_point = syntax_text_point(text, at + with.len);
    syntax_edit(syntax, &edit);
    struct syntax *fresh = syntax_new(language, syntax_source_str(&text));
    if (fresh->pieces.len != syntax->pieces.len) {
        abort();
    }
    use(syntax, text);
    syntax_free(fresh);
    syntax_free(syntax);
    buf_free(&bytes);
    return 0;
}
