#include "syntax/source.h"

static struct str read_str(void *data, size_t offset)
{
    return str_from(*(struct str *)data, offset);
}

static size_t size_str(void *data)
{
    return ((struct str *)data)->len;
}

struct syntax_source syntax_source_str(struct str *text)
{
    return (struct syntax_source){read_str, size_str, text};
}

struct str source_read(const struct source_window *window, size_t offset)
{
    if (offset >= window->len) {
        return str_make("", 0);
    }
    struct str chunk = window->source->read(window->source->data, window->base + offset);
    if (chunk.len > window->len - offset) {
        chunk.len = window->len - offset;
    }
    return chunk.len == 0 ? str_make("", 0) : chunk;
}

void source_append(const struct source_window *window, size_t from, size_t to, struct buf *out)
{
    while (from < to) {
        struct str chunk = source_read(window, from);
        if (chunk.len == 0) {
            return;
        }
        if (chunk.len > to - from) {
            chunk.len = to - from;
        }
        buf_append_str(out, chunk);
        from += chunk.len;
    }
}

int source_byte(const struct source_window *window, size_t offset)
{
    struct str chunk = source_read(window, offset);
    return chunk.len == 0 ? -1 : (unsigned char)chunk.ptr[0];
}
