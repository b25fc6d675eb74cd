/* What a replacement written by a person stands for: $0 … $9 and ${1} are groups of the match, $$
 * is a dollar, \n \t \r \\ are what they are everywhere. For replacing in a file and in the
 * workspace alike. */
#ifndef BYLAW_TEXT_REPLACEMENT_H
#define BYLAW_TEXT_REPLACEMENT_H

#include "base/err.h"
#include "base/str.h"

/* Appends what `with` stands for; `group` appends the bytes of a group (nothing when it took no
 * part in the match). ERR_INVALID for other uses of $. */
bool replacement_expand(struct str with, void (*group)(void *data, int number, struct buf *out),
    void *data, struct buf *out, struct err *err) MUST_USE;

#endif
