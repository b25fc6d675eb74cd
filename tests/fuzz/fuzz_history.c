/* An undo history from anywhere: the bytes as they are, and the bytes as steps whose frames and
 * head are right, so that every number of them is met. What is taken over can be walked without
 * harm. */
#include "text/history.h"
#include "text/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct text *text)
{
    size_t count = text_step_count(text);
    for (size_t i = 0; i < 64; i++) {
        if (!text_go_to_step(text, i * 7919 % count, NULL) || text_length(text) > TEXT_MAX) {
            abort();
        }
    }
    while (text_undo(text, NULL)) {
    }
}

static void read_one(struct str content, struct str file)
{
    struct text *text = text_new(content);
    struct err err = {0};
    if (history_read(text, file, &err)) {
        walk(text);
    } else if (err.text[0] == '\0' || !text_equals(text, content)) {
        abort();
    }
    text_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_make((const char *)data, size);
    struct str content = str_slice(bytes, 0, size / 2);
    struct buf file = BUF_INIT;
    read_one(content, bytes);

    size_t current = size > 0 ? data[0] % 4 : 0, count = 0;
    struct buf steps = BUF_INIT;
    for (struct str rest = bytes; rest.len > 0 && count < 8; count++) {
        struct str part = str_slice(rest, 0, 48 + (size_t)(unsigned char)rest.ptr[0]);
        size_t start = record_begin(&steps, 'S', part.len);
        buf_append_str(&steps, part);
        record_end(&steps, start);
        rest = str_from(rest, part.len);
    }
    history_put_head(
        &file, content.len, str_hash(content), count, current < count ? current : count);
    buf_append_str(&file, buf_str(&steps));
    read_one(content, buf_str(&file));
    buf_free(&steps);
    buf_free(&file);
    return 0;
}
