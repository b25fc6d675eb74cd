/* A swap file from anywhere: the bytes as they are (most damage stops at a hash), and the bytes
 * taken as payloads of records whose frames are right, so that the replay itself meets every
 * number. */
#include "text/swap_format.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t take(const uint8_t **data, size_t *size)
{
    uint64_t value = 0;
    if (*size > 0) {
        value = **data;
        /* A few numbers of every size, the edges among them. */
        value = value > 250 ? UINT64_MAX - (255 - value) : value;
        ++*data;
        --*size;
    }
    return value;
}

static void replay(struct str file, struct str on_disk)
{
    struct swap_header header;
    struct buf content = BUF_INIT;
    struct err err = {0};
    bool damaged;
    if (!swap_replay(file, on_disk, &content, &damaged, &err) && err.text[0] == '\0') {
        abort();
    }
    if (swap_read_header(file, &header, NULL) && header.path.len > file.len) {
        abort();
    }
    buf_free(&content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_make((const char *)data, size);
    replay(bytes, bytes);

    struct buf file = BUF_INIT;
    struct swap_header header = {.pid = 1, .base_len = take(&data, &size), .path = bytes};
    swap_put_header(&file, &header);
    while (size > 0) {
        uint64_t kind = take(&data, &size), at = take(&data, &size), len = take(&data, &size);
        struct str part = str_slice(bytes, (size_t)at, (size_t)at + (size_t)(len % 64));
        if (kind % 4 == 0) {
            swap_put_base(&file, part);
        } else {
            swap_put_edit(&file, at, len, part);
        }
    }
    replay(buf_str(&file), str_slice(bytes, 0, (size_t)header.base_len));
    buf_free(&file);
    return 0;
}
