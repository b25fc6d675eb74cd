/* Any bytes, cut anywhere, give the same events as the whole at once. */
#include "model/sse.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void note(void *data, const struct sse_event *event)
{
    struct buf *out = data;
    buf_printf(out, "%d %zu ", event->too_large, event->type.len);
    buf_append_str(out, event->type);
    buf_append_str(out, event->data);
    buf_append_char(out, '\0');
}

static void run(struct str text, size_t step, struct buf *out)
{
    struct sse *sse = sse_new(note, out);
    for (size_t at = 0; at < text.len; at += step) {
        sse_feed(sse, str_slice(text, at, at + step));
    }
    sse_end(sse);
    sse_free(sse);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct buf whole = BUF_INIT;
    run(text, size + 1, &whole);
    static const size_t steps[] = {1, 2, 3, 7, 16};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct buf parts = BUF_INIT;
        run(text, steps[i], &parts);
        if (!str_equal(buf_str(&whole), buf_str(&parts))) {
            fprintf(stderr, "cut every %zu bytes, the events differ\n", steps[i]);
            abort();
        }
        buf_free(&parts);
    }
    buf_free(&whole);
    return 0;
}
