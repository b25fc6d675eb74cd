#include "text/swap_format.h"

#include "base/vec.h"
#include "text/text.h"

static const char magic[] = "bylaw swap 1\n";
#define MAGIC_LEN  (sizeof magic - 1)
#define FRAME_HEAD 5 /* kind and length */
#define FRAME_TAIL 8 /* hash */

static void put_number(struct buf *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        buf_append_char(out, (char)(value >> (8 * i)));
    }
}

static uint64_t get_number(const char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes; i-- > 0;) {
        value = value << 8 | (unsigned char)at[i];
    }
    return value;
}

static size_t begin_record(struct buf *out, char kind, size_t len)
{
    size_t start = out->len;
    buf_reserve(out, FRAME_HEAD + len + FRAME_TAIL);
    buf_append_char(out, kind);
    put_number(out, len, 4);
    return start;
}

static void end_record(struct buf *out, size_t start)
{
    put_number(out, str_hash(str_from(buf_str(out), start)), FRAME_TAIL);
}

void swap_put_header(struct buf *out, const struct swap_header *header)
{
    buf_append(out, magic, MAGIC_LEN);
    size_t start = begin_record(out, 'H', 20 + header->path.len);
    put_number(out, header->pid, 4);
    put_number(out, (uint64_t)header->time_ms, 8);
    put_number(out, header->base_len, 8);
    buf_append_str(out, header->path);
    end_record(out, start);
}

void swap_put_base(struct buf *out, struct str part)
{
    size_t start = begin_record(out, 'B', part.len);
    buf_append_str(out, part);
    end_record(out, start);
}

void swap_put_edit(struct buf *out, uint64_t at, uint64_t removed, struct str added)
{
    size_t start = begin_record(out, 'E', 16 + added.len);
    put_number(out, at, 8);
    put_number(out, removed, 8);
    buf_append_str(out, added);
    end_record(out, start);
}

/* Cuts the next record off *rest; false when what follows is not a whole, right record. */
static bool next_record(struct str *rest, char *kind, struct str *payload)
{
    if (rest->len < FRAME_HEAD + FRAME_TAIL) {
        return false;
    }
    size_t len = (size_t)get_number(rest->ptr + 1, 4);
    if (rest->len - FRAME_HEAD - FRAME_TAIL < len) {
        return false;
    }
    struct str framed = str_slice(*rest, 0, FRAME_HEAD + len);
    if (get_number(rest->ptr + framed.len, FRAME_TAIL) != str_hash(framed)) {
        return false;
    }
    *kind = rest->ptr[0];
    *payload = str_slice(*rest, FRAME_HEAD, FRAME_HEAD + len);
    *rest = str_from(*rest, framed.len + FRAME_TAIL);
    return true;
}

static bool take_header(struct str *rest, struct swap_header *header, struct err *err)
{
    char kind;
    struct str payload;
    if (!str_starts(*rest, magic)) {
        return err_set(err, ERR_INVALID, "not a swap file");
    }
    *rest = str_from(*rest, MAGIC_LEN);
    if (!next_record(rest, &kind, &payload) || kind != 'H' || payload.len < 20) {
        return err_set(err, ERR_INVALID, "the swap file's first record is damaged");
    }
    header->pid = (uint32_t)get_number(payload.ptr, 4);
    header->time_ms = (int64_t)get_number(payload.ptr + 4, 8);
    header->base_len = get_number(payload.ptr + 12, 8);
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
    while (next_record(&records, &kind, &payload)) {
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
    while (next_record(&file, &kind, &payload)) {
        if (kind != 'E') {
            continue;
        }
        size_t length = text_length(text);
        uint64_t at = payload.len >= 16 ? get_number(payload.ptr, 8) : UINT64_MAX;
        uint64_t removed = payload.len >= 16 ? get_number(payload.ptr + 8, 8) : 0;
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
