/* The input decoder on any bytes, whole and in pieces: the same keys, only valid text, never more
 * text than came in, and an end. */
#include "base/utf8.h"
#include "screen/input.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct input *input, struct buf *keys)
{
    struct key key;
    while (input_next(input, &key)) {
        if (key.code == K_TEXT) {
            struct str text = str_make(key.text, key.len);
            if (!utf8_is_valid(text) || key.len == 0 || (unsigned char)key.text[0] < 0x20 ||
                key.len >= KEY_TEXT_MAX) {
                abort();
            }
        }
        buf_printf(keys, "%d/%d/", (int)key.code, key.mods);
        buf_append(keys, key.text, key.len);
        buf_append_str(keys, key.data);
        buf_append_char(keys, '\n');
    }
}

static void run(const uint8_t *data, size_t size, size_t chunk, struct buf *keys)
{
    struct input *input = input_new();
    for (size_t at = 0; at < size; at += chunk) {
        input_feed(input, data + at, size - at < chunk ? size - at : chunk);
        take(input, keys);
    }
    /* Every beginning of a sequence is given up in the end. */
    for (int i = 0; i < 1000 && input_wait_ms(input) > 0; i++) {
        input_flush(input);
        take(input, keys);
    }
    if (input_wait_ms(input) > 0) {
        abort();
    }
    input_free(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf keys = BUF_INIT;
    run(data, size, size == 0 ? 1 : size, &keys);
    size_t chunk = size > 0 ? data[0] % 7 + 1 : 1;
    struct buf again = BUF_INIT;
    run(data, size, chunk, &again);
    buf_free(&again);
    buf_free(&keys);
    return 0;
}
