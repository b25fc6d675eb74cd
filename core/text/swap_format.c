#include "text/swap_format.h"

#include "base/vec.h"
#include "text/record.h"
#include "text/text.h"

static const char magic[] = "bylaw swap 1\n";
#define MAGIC_LEN (sizeof magic - 1)

void swap_put_header(struct buf *out, const struct swap_header *header)
{
    buf_append(out, magic, MAGIC_LEN);
    size_t start = record_begin(out, 'H', 20 + header->path.len);
    record_put_number(out, header->pid, 4);
    record_put_number(out, (uint64_t)header->time_ms, 8);
    record_put_number(out, header->base_len, 8);
    buf_append_str(out, header->path);
    record_end(out, start);
}

void swap_put_base(struct buf *out, struct str part)
{
    size_t start = record_begin(out, 'B', part.len);
    buf_append_str(out, part);
    record_end(out, start);
}

void swap_put_edit(struct buf *out, uint64_t at, uint64_t removed, struct str added)
{
    size_t start = record_begin(out, 'E', 16 + added.len);
    record_put_number(out, at, 8);
    record_put_number(out, removed, 8);
    buf_append_str(out, added);
    record_end(out, start);
}

static bool take_header(struct str *rest, struct swap_header *header, struct err *err)
{
    char kind;
    struct str payload;
    if (!str_starts(*rest, magic)) {
        return err_set(err, ERR_INVALID, "not a swap file");
    }
    *rest = str_from(*rest, MAGIC_LEN);
    if (!record_next(rest, &kind, &payload) || kind != 'H' || payload.len < 20) {
        return err_set(err, ERR_INVALID, "the swap file's first record is damaged");
    }
    header->pid = (uint32_t)record_get_number(payload.ptr, 4);
    header->time_ms = (int64_t)record_get_number(payload.ptr + 4, 8);
    header->base_len = record_get_number(payload.ptr + 12, 8);
    header->path = str_from(payload, 20);
    return true;
}

bool swap_read_header(struct str file, struct swap_header *header, struct err *err)
{
    return take_header(&file, header, err);
}

static bool gather_base(struct str records, uint64_t len, struct str on_disk, struct buf *base)
{
    char kind;
    struct str payload;
    while (record_next(&records, &kind, &payload)) {
        if (kind == 'B') {
            buf_append_str(base, payload);
        }
    }
    if (base->len == len) {
        return true;
    }
    if (base->len > len || on_disk.len != len ||
        !str_equal(buf_str(base), str_slice(on_disk, 0, base->len))) {
        return false;
    }
    buf_clear(base);
    buf_append_str(base, on_disk);
    return true;
}

bool swap_replay(
    struct str file, struct str on_disk, struct buf *content, bool *damaged, struct err *err)
{
    struct swap_header header = {0};
    struct buf base = BUF_INIT;
    if (!take_header(&file, &header, err)) {
        return false;
    }
    if (!gather_base(file, header.base_len, on_disk, &base)) {
        buf_free(&base);
        return err_set(err, ERR_INVALID,
            "the swap file lacks part of the text, and the file on disk is another by now");
    }
    struct text *text = text_new_take(&base);
    char kind;
    struct str payload;
    while (record_next(&file, &kind, &payload)) {
        if (kind != 'E') {
            continue;
        }
        size_t length = text_length(text);
        uint64_t at = payload.len >= 16 ? record_get_number(payload.ptr, 8) : UINT64_MAX;
        uint64_t removed = payload.len >= 16 ? record_get_number(payload.ptr + 8, 8) : 0;
        if (at > length || removed > length - at ||
            !text_replace(text, (size_t)at, (size_t)removed, str_from(payload, 16), NULL)) {
            break;
        }
        /* So that no undo run is built up while replaying. */
        text_break(text);
    }
    *damaged = file.len > 0;
    text_copy(text, 0, SIZE_MAX, content);
    text_free(text);
    return true;
}
