/* Any bytes, cut anywhere, give the same messages as the whole at once, in both framings; what was
 * framed by us comes out as it went in, whatever stood before. */
#include "rpc/frame.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_message(void *data, struct buf *message)
{
    struct buf *out = data;
    buf_append_str(out, buf_str(message));
    buf_append_char(out, '\0');
}

static void on_noise(void *data, const char *what)
{
    buf_printf(data, "noise: %s%c", what, '\0');
}

static void run(struct str text, enum framing framing, size_t step, struct buf *out)
{
    struct frame_sink sink = {on_message, on_noise, out};
    struct frames *frames = frames_new(framing, 4096, &sink);
    for (size_t at = 0; at < text.len; at += step) {
        frames_feed(frames, str_slice(text, at, at + step));
    }
    frames_end(frames);
    frames_free(frames);
}

static void check_cuts(struct str text, enum framing framing)
{
    static const size_t steps[] = {1, 2, 3, 7, 64};
    struct buf whole = BUF_INIT;
    run(text, framing, text.len + 1, &whole);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct buf parts = BUF_INIT;
        run(text, framing, steps[i], &parts);
        if (!str_equal(buf_str(&whole), buf_str(&parts))) {
            fprintf(stderr, "cut every %zu bytes, the messages differ\n", steps[i]);
            abort();
        }
        buf_free(&parts);
    }
    buf_free(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    check_cuts(text, FRAMING_HEADERS);
    check_cuts(text, FRAMING_LINES);
    if (size > 0 && size <= 4096) {
        struct buf framed = BUF_INIT;
        struct buf back = BUF_INIT;
        frame_append(&framed, FRAMING_HEADERS, text);
        run(buf_str(&framed), FRAMING_HEADERS, 5, &back);
        if (back.len != size + 1 || memcmp(back.ptr, data, size) != 0) {
            fprintf(stderr, "a framed message does not come out as it went in\n");
            abort();
        }
        buf_free(&framed);
        buf_free(&back);
    }
    return 0;
}
