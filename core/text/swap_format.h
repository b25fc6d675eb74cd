/* The bytes of a swap file (see swap.h): what is written, and what can be made of it after a crash.
 * Pure functions.
 *
 * The file is the line "bylaw swap 1\n", then records (record.h). Kinds, in the order they may
 * come:
 *   H  once, first: process id (4), wall clock ms (8), length of the base (8), then the path
 *   B  the next part of the base: the text as it was before the first edit below
 *   E  an edit: offset (8), bytes removed there (8), then the bytes put there
 * B and E may come mixed: a large base is written in parts while the edits go on. */
#ifndef BYLAW_TEXT_SWAP_FORMAT_H
#define BYLAW_TEXT_SWAP_FORMAT_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* What is read of a swap file at most. */
#define SWAP_FILE_MAX ((size_t)1 << 30)

struct swap_header {
    uint32_t pid;
    int64_t time_ms;
    uint64_t base_len;
    struct str path; /* borrowed */
};

void swap_put_header(struct buf *out, const struct swap_header *header);
void swap_put_base(struct buf *out, struct str part);
void swap_put_edit(struct buf *out, uint64_t at, uint64_t removed, struct str added);

/* The header alone; `file` may be just the first few KiB. */
bool swap_read_header(struct str file, struct swap_header *header, struct err *err) MUST_USE;
/* The text with every edit that is whole, in order, up to the first byte that is not right;
 * *damaged says whether there was such a byte (a record cut short by a kill counts). When the base
 * is not whole, `on_disk` stands in for it if it has the base's length and begins with the part
 * that is there. False: nothing can be recovered. content is the caller's. */
bool swap_replay(struct str file, struct str on_disk, struct buf *content, bool *damaged,
    struct err *err) MUST_USE;

#endif
