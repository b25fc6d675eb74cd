#include "engine/opa_stream.h"

#include <ctype.h>

/* Depth 1 is inside the answer; an event of the trace begins at depth 2. */
static unsigned level_of(const struct opa_stream *s)
{
    return s->in_events ? 2 : 1;
}

static void keep(struct opa_stream *s, char c)
{
    size_t most = s->in_events ? OPA_STREAM_EVENT_MAX : OPA_STREAM_MEMBER_MAX;
    if (s->piece.len >= most) {
        s->too_long = true;
    } else {
        buf_append_char(&s->piece, c);
    }
}

static void end_piece(struct opa_stream *s)
{
    struct str value = str_trim(buf_str(&s->piece));
    if (s->too_long) {
        s->dropped++;
    } else if (value.len > 0 && s->in_events) {
        s->event(s->data, value);
    } else if (value.len > 0) {
        s->member(s->data, buf_str(&s->key), value);
    }
    s->too_long = false;
    buf_clear(&s->piece);
}

static void in_string(struct opa_stream *s, char c)
{
    bool is_key = s->depth == 1 && !s->in_value;
    if (s->escaped) {
        s->escaped = false;
    } else if (c == '\\') {
        s->escaped = true;
    } else if (c == '"') {
        s->in_string = false;
        if (is_key) {
            return;
        }
    }
    if (!is_key) {
        keep(s, c);
    } else if (s->key.len < 256) {
        buf_append_char(&s->key, c);
    }
}

static void open_bracket(struct opa_stream *s, char c)
{
    bool events = c == '[' && s->depth == 1 && s->in_value && s->piece.len == 0 &&
                  str_equal_c(buf_str(&s->key), "explanation");
    if (s->depth > 0 && !events) {
        keep(s, c);
    }
    s->in_events = s->in_events || events;
    s->depth++;
}

static void close_bracket(struct opa_stream *s, char c)
{
    if (s->depth == level_of(s)) {
        end_piece(s);
        s->in_events = false;
    } else {
        keep(s, c);
    }
    s->depth -= s->depth > 0 ? 1 : 0;
    s->ended = s->depth == 0;
}

static void outside_string(struct opa_stream *s, char c)
{
    if (c == '"' && s->depth == 1 && !s->in_value) {
        s->in_string = true;
        buf_clear(&s->key);
    } else if (c == '"') {
        s->in_string = true;
        keep(s, c);
    } else if (c == '{' || c == '[') {
        open_bracket(s, c);
    } else if (c == '}' || c == ']') {
        close_bracket(s, c);
    } else if (c == ':' && s->depth == 1 && !s->in_value) {
        s->in_value = true;
    } else if (c == ',' && s->depth == level_of(s)) {
        end_piece(s);
        s->in_value = s->in_events;
    } else if (s->piece.len > 0 || !isspace((unsigned char)c)) {
        keep(s, c);
    }
}

void opa_stream_feed(struct opa_stream *s, struct str bytes)
{
    for (size_t i = 0; i < bytes.len && !s->ended; i++) {
        if (s->in_string) {
            in_string(s, bytes.ptr[i]);
        } else {
            outside_string(s, bytes.ptr[i]);
        }
    }
}

void opa_stream_free(struct opa_stream *s)
{
    buf_free(&s->key);
    buf_free(&s->piece);
}
