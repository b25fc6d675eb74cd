#include "syntax_text.h"

#include "base/mem.h"
#include "base/vec.h"

#include <stdlib.h>

void syntax_text_open(struct syntax_text *text, const char *language, const char *marked)
{
    struct buf bytes = BUF_INIT;
    *text = (struct syntax_text){0};
    for (const char *at = marked; *at != '\0'; at++) {
        if (strncmp(at, "§", strlen("§")) == 0) {
            assert_true(text->mark_count < ARRAY_LEN(text->marks));
            text->marks[text->mark_count++] = bytes.len;
            at += strlen("§") - 1;
        } else {
            buf_append_char(&bytes, *at);
        }
    }
    size_t len = bytes.len;
    text->bytes = buf_take(&bytes);
    text->text = str_make(text->bytes, len);
    const struct language *l = language == NULL ? NULL : language_by_name(str_of(language));
    assert_true(language == NULL || l != NULL);
    text->syntax = syntax_new(l, syntax_source_str(&text->text));
    assert_true(syntax_parse(text->syntax, 0, len, 0));
}

void syntax_text_close(struct syntax_text *text)
{
    syntax_free(text->syntax);
    free(text->bytes);
}

TSPoint syntax_text_point(struct str text, size_t offset)
{
    TSPoint point = {0, 0};
    for (size_t i = 0; i < offset; i++) {
        point.column++;
        if (text.ptr[i] == '\n') {
            point = (TSPoint){point.row + 1, 0};
        }
    }
    return point;
}

void syntax_text_replace(struct syntax_text *text, size_t from, size_t to, struct str with)
{
    struct buf bytes = BUF_INIT;
    buf_append_str(&bytes, str_slice(text->text, 0, from));
    buf_append_str(&bytes, with);
    buf_append_str(&bytes, str_from(text->text, to));
    TSInputEdit edit = {
        .start_byte = (uint32_t)from,
        .old_end_byte = (uint32_t)to,
        .new_end_byte = (uint32_t)(from + with.len),
        .start_point = syntax_text_point(text->text, from),
        .old_end_point = syntax_text_point(text->text, to),
        .new_end_point = syntax_text_point(buf_str(&bytes), from + with.len),
    };
    size_t len = bytes.len;
    free(text->bytes);
    text->bytes = buf_take(&bytes);
    text->text = str_make(text->bytes, len);
    syntax_edit(text->syntax, &edit);
}

static size_t below(uint64_t *seed, size_t bound)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return bound == 0 ? 0 : (size_t)(*seed % bound);
}

void syntax_text_edit_at_random(struct syntax_text *text, const char *alphabet, uint64_t *seed)
{
    size_t from = below(seed, text->text.len + 1);
    size_t to = from + below(seed, 6);
    struct buf with = BUF_INIT;
    to = to > text->text.len ? text->text.len : to;
    for (size_t i = below(seed, 5); i > 0; i--) {
        buf_append_char(&with, alphabet[below(seed, strlen(alphabet))]);
    }
    syntax_text_replace(text, from, to, buf_str(&with));
    buf_free(&with);
}

char *syntax_text_dump(struct syntax *syntax, struct str text)
{
    struct syntax_spans spans = {0};
    struct buf out = BUF_INIT;
    assert_true(syntax_parse(syntax, 0, text.len, 0));
    syntax_highlight(syntax, 0, text.len, &spans);
    size_t last = 0;
    VEC_FOREACH (struct syntax_span, s, &spans) {
        assert_true(s->start >= last && s->end > s->start && s->end <= text.len);
        assert_true(s->capture > CAPTURE_NONE && s->capture < CAPTURE_COUNT);
        last = s->end;
        buf_printf(&out, "%s|", syntax_capture_name(s->capture));
        for (size_t i = s->start; i < s->end; i++) {
            if (text.ptr[i] == '\n') {
                buf_append_c(&out, "\\n");
            } else {
                buf_append_char(&out, text.ptr[i]);
            }
        }
        buf_append_char(&out, '\n');
    }
    VEC_FREE(&spans);
    return buf_take(&out);
}

void syntax_text_expect_dump(const char *language, const char *text, const char *expected)
{
    struct str str = str_of(text);
    const struct language *l = language_by_name(str_of(language));
    assert_non_null(l);
    struct syntax *syntax = syntax_new(l, syntax_source_str(&str));
    char *got = syntax_text_dump(syntax, str);
    assert_string_equal(got, expected);
    free(got);
    syntax_free(syntax);
}
