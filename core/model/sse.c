#include "model/sse.h"

#include <stdint.h>
#include <stdlib.h>

/* A field's name and the standard's slack beside the data. */
#define LINE_MAX_BYTES (SSE_EVENT_MAX + 64)

struct sse {
    sse_fn on_event;
    void *data;
    struct buf line; /* the line that has not ended yet */
    struct buf type;
    struct buf content;
    bool has_data; /* a data line came, even an empty one */
    bool too_large;
    bool line_too_large;
    bool after_cr; /* the last byte was CR: an LF now belongs to it */
    bool started;  /* the byte order mark was looked for */
    bool stopped;
};

struct sse *sse_new(sse_fn on_event, void *data)
{
    struct sse *sse = MEM_NEW(struct sse);
    sse->on_event = on_event;
    sse->data = data;
    return sse;
}

void sse_free(struct sse *sse)
{
    if (sse != NULL) {
        buf_free(&sse->line);
        buf_free(&sse->type);
        buf_free(&sse->content);
        free(sse);
    }
}

void sse_stop(struct sse *sse)
{
    sse->stopped = true;
}

static void dispatch(struct sse *sse)
{
    if (sse->has_data || sse->too_large) {
        struct sse_event event = {
            .type = sse->type.len == 0 ? STR_LIT("message") : buf_str(&sse->type),
            .data = sse->too_large ? STR_LIT("") : buf_str(&sse->content),
            .too_large = sse->too_large};
        sse->on_event(sse->data, &event);
    }
    buf_clear(&sse->type);
    buf_clear(&sse->content);
    sse->has_data = false;
    sse->too_large = false;
}

static void take_field(struct sse *sse, struct str name, struct str value)
{
    if (str_equal_c(name, "data")) {
        if (sse->content.len + value.len + 1 > SSE_EVENT_MAX) {
            sse->too_large = true;
            return;
        }
        if (sse->has_data) {
            buf_append_char(&sse->content, '\n');
        }
        buf_append_str(&sse->content, value);
        sse->has_data = true;
    } else if (str_equal_c(name, "event")) {
        buf_clear(&sse->type);
        buf_append_str(&sse->type, value);
    }
}

static void take_line(struct sse *sse)
{
    struct str line = buf_str(&sse->line);
    if (!sse->started) {
        sse->started = true;
        if (str_starts(line, "\xef\xbb\xbf")) {
            line = str_from(line, 3);
        }
    }
    if (sse->line_too_large) {
        /* Cut: only what the line began with is known. */
        sse->too_large = sse->too_large || str_starts(line, "data");
    } else if (line.len == 0) {
        dispatch(sse);
    } else {
        size_t colon = str_find_char(line, ':', 0);
        if (colon == SIZE_MAX) {
            take_field(sse, line, STR_LIT(""));
        } else if (colon > 0) {
            struct str value = str_from(line, colon + 1);
            take_field(sse, str_slice(line, 0, colon),
                str_starts(value, " ") ? str_from(value, 1) : value);
        }
    }
    buf_clear(&sse->line);
    sse->line_too_large = false;
}

void sse_feed(struct sse *sse, struct str bytes)
{
    size_t at = 0;
    while (at < bytes.len && !sse->stopped) {
        char c = bytes.ptr[at];
        if (sse->after_cr && c == '\n') {
            sse->after_cr = false;
            at++;
            continue;
        }
        sse->after_cr = false;
        size_t end = at;
        while (end < bytes.len && bytes.ptr[end] != '\n' && bytes.ptr[end] != '\r') {
            end++;
        }
        struct str part = str_slice(bytes, at, end);
        if (sse->line.len + part.len > LINE_MAX_BYTES) {
            part = str_slice(part, 0, LINE_MAX_BYTES - sse->line.len);
            sse->line_too_large = true;
        }
        buf_append_str(&sse->line, part);
        at = end;
        if (end < bytes.len) {
            sse->after_cr = bytes.ptr[end] == '\r';
            at = end + 1;
            take_line(sse);
        }
    }
}

void sse_end(struct sse *sse)
{
    if (!sse->stopped && (sse->line.len > 0 || sse->line_too_large)) {
        take_line(sse);
    }
    if (!sse->stopped) {
        dispatch(sse);
    }
}
