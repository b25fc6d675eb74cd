/* Records of the editor's own state files (swap files, histories): the kind (one byte), the length
 * of the payload (4 bytes), the payload, and the FNV-1a 64 hash of all that (8 bytes). Numbers are
 * little-endian. A file cut short, or with a wrong byte, is known by it. Pure functions. */
#ifndef BYLAW_TEXT_RECORD_H
#define BYLAW_TEXT_RECORD_H

#include "base/str.h"

#include <stdint.h>

/* The number's lowest `bytes` bytes (at most 8). */
void record_put_number(struct buf *out, uint64_t value, int bytes);
uint64_t record_get_number(const char *at, int bytes);
/* Cuts a number off *rest; false when there are too few bytes. */
bool record_take_number(struct str *rest, uint64_t *value, int bytes);

/* Begins a record whose payload will have `len` bytes; what it returns goes to record_end once
 * those are appended. */
size_t record_begin(struct buf *out, char kind, size_t len);
void record_end(struct buf *out, size_t start);

/* Cuts the next record off *rest; false when what follows is not a whole, right record. The payload
 * is borrowed from rest. */
bool record_next(struct str *rest, char *kind, struct str *payload);

#endif
