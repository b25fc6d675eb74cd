#include "rpc/frame.h"

#include <stdlib.h>
#include <strings.h>

static const char length_name[] = "Content-Length:";

enum { NOISE_STEP = 1 << 20 };
enum state { IN_HEADER, IN_BODY, SKIPPING };

struct frames {
    enum framing framing;
    enum state state;
    size_t max_message;
    struct frame_sink sink;
    struct buf line; /* the header's line, or the message's, so far */
    struct buf body;
    size_t left;   /* bytes of the body that are still to come */
    size_t length; /* of this header, when has_length */
    size_t noise;  /* bytes skipped since noise was told */
    bool has_length;
    bool told; /* noise since the last message was told */
};

struct frames *frames_new(enum framing framing, size_t max_message, const struct frame_sink *sink)
{
    struct frames *f = MEM_NEW(struct frames);
    f->framing = framing;
    f->max_message = max_message == 0 ? FRAME_MESSAGE_MAX : max_message;
    f->sink = *sink;
    return f;
}

void frames_free(struct frames *frames)
{
    if (frames != NULL) {
        buf_free(&frames->line);
        buf_free(&frames->body);
        free(frames);
    }
}

/* Once between two messages, and again after each MiB of it. */
static void tell_noise(struct frames *f, const char *what)
{
    f->noise += f->line.len;
    if (!f->told || f->noise > NOISE_STEP) {
        f->told = true;
        f->noise = 0;
        f->sink.on_noise(f->sink.data, what);
    }
}

static void begin_header(struct frames *f)
{
    f->state = IN_HEADER;
    f->has_length = false;
    buf_clear(&f->line);
}

static void deliver(struct frames *f, struct buf *message)
{
    f->told = false;
    f->sink.on_message(f->sink.data, message);
    if (message->cap > 4096) { /* one huge message is no reason to hold its memory */
        buf_free(message);
    }
    buf_clear(message);
}

/* All digits, and not absurd. */
static bool parse_length(struct str text, size_t *length)
{
    text = str_trim(text);
    if (text.len == 0 || text.len > 15) {
        return false;
    }
    *length = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        *length = *length * 10 + (size_t)(text.ptr[i] - '0');
    }
    return true;
}

/* Where "Content-Length:" stands in the line, in any case; SIZE_MAX: nowhere. */
static size_t find_length(struct str line)
{
    size_t n = sizeof length_name - 1;
    for (size_t at = 0; at + n <= line.len; at++) {
        if ((line.ptr[at] == 'C' || line.ptr[at] == 'c') &&
            strncasecmp(line.ptr + at, length_name, n) == 0) {
            return at;
        }
    }
    return (size_t)-1;
}

static bool is_other_field(struct str line)
{
    static const char name[] = "Content-Type:";
    return line.len >= sizeof name - 1 && strncasecmp(line.ptr, name, sizeof name - 1) == 0;
}

static void end_header(struct frames *f)
{
    if (!f->has_length) {
        begin_header(f);
        return;
    }
    if (f->length > f->max_message) {
        tell_noise(f, "a message larger than we take");
        f->state = SKIPPING;
    } else {
        f->state = IN_BODY;
        buf_clear(&f->body);
    }
    f->left = f->length;
    buf_clear(&f->line);
    if (f->left == 0) {
        tell_noise(f, "an empty message");
        begin_header(f);
    }
}

static void header_line(struct frames *f)
{
    struct str line = buf_str(&f->line);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    size_t at = find_length(line);
    if (at != (size_t)-1) {
        if (at > 0 || f->has_length) {
            tell_noise(f, "bytes before a header");
        }
        f->has_length = parse_length(str_from(line, at + sizeof length_name - 1), &f->length);
        if (!f->has_length) {
            tell_noise(f, "a Content-Length that is no length");
        }
    } else if (line.len == 0) {
        end_header(f);
        return;
    } else if (!is_other_field(line)) {
        tell_noise(f, "bytes before a header");
        f->has_length = false;
    }
    buf_clear(&f->line);
}

/* A header line that is too long is no header; its tail may hold the beginning of one. */
static void drop_long_line(struct frames *f)
{
    tell_noise(f, "bytes before a header");
    f->has_length = false;
    size_t keep = sizeof length_name + 15;
    size_t at = find_length(buf_str(&f->line));
    if (at == (size_t)-1 || f->line.len - at > keep) {
        at = f->line.len - keep;
    }
    buf_remove(&f->line, 0, at);
}

static struct str feed_header(struct frames *f, struct str bytes)
{
    size_t end = str_find_char(bytes, '\n', 0);
    bool whole = end != (size_t)-1;
    size_t take = whole ? end : bytes.len;
    size_t room = FRAME_HEADER_MAX - f->line.len;
    if (take >= room) {
        take = room;
        whole = false;
    }
    buf_append(&f->line, bytes.ptr, take);
    if (whole) {
        header_line(f);
        return str_from(bytes, take + 1);
    }
    if (f->line.len >= FRAME_HEADER_MAX) {
        drop_long_line(f);
    }
    return str_from(bytes, take);
}

static struct str feed_body(struct frames *f, struct str bytes)
{
    size_t take = bytes.len < f->left ? bytes.len : f->left;
    if (f->state == IN_BODY) {
        buf_append(&f->body, bytes.ptr, take);
    }
    f->left -= take;
    if (f->left == 0) {
        bool whole = f->state == IN_BODY;
        begin_header(f);
        if (whole) {
            deliver(f, &f->body);
        }
    }
    return str_from(bytes, take);
}

static void end_line(struct frames *f)
{
    struct str line = str_trim(buf_str(&f->line));
    if (f->state == SKIPPING) {
        f->state = IN_HEADER;
        buf_clear(&f->line);
    } else if (line.len == 0) {
        buf_clear(&f->line);
    } else {
        deliver(f, &f->line);
    }
}

static struct str feed_line(struct frames *f, struct str bytes)
{
    size_t end = str_find_char(bytes, '\n', 0);
    size_t take = end == (size_t)-1 ? bytes.len : end;
    if (f->state != SKIPPING && f->line.len + take > f->max_message) {
        tell_noise(f, "a message larger than we take");
        f->state = SKIPPING;
        buf_free(&f->line);
    }
    if (f->state != SKIPPING) {
        buf_append(&f->line, bytes.ptr, take);
    }
    if (end == (size_t)-1) {
        return str_from(bytes, take);
    }
    end_line(f);
    return str_from(bytes, end + 1);
}

void frames_feed(struct frames *f, struct str bytes)
{
    while (bytes.len > 0) {
        if (f->framing == FRAMING_LINES) {
            bytes = feed_line(f, bytes);
        } else if (f->state == IN_HEADER) {
            bytes = feed_header(f, bytes);
        } else {
            bytes = feed_body(f, bytes);
        }
    }
}

void frames_end(struct frames *f)
{
    if (f->framing == FRAMING_LINES) {
        end_line(f);
    } else if (f->state != IN_HEADER || f->line.len > 0 || f->has_length) {
        tell_noise(f, "a message that ends in the middle");
        begin_header(f);
    }
}

void frame_append(struct buf *out, enum framing framing, struct str message)
{
    if (framing == FRAMING_HEADERS) {
        buf_printf(out, "Content-Length: %zu\r\n\r\n", message.len);
    }
    buf_append_str(out, message);
    if (framing == FRAMING_LINES) {
        buf_append_char(out, '\n');
    }
}
