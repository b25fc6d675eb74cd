/* Finding what a person typed in a text: capitals and small letters (ASCII) are the same unless the
 * needle has capitals. */
#ifndef BYLAW_BASE_FIND_H
#define BYLAW_BASE_FIND_H

#include "base/str.h"

/* The needle stands at this place; an empty one stands nowhere. */
bool find_is_at(struct str text, size_t at, struct str needle);
/* Offset of the first at or after `from`, or SIZE_MAX. */
size_t find_smart(struct str text, struct str needle, size_t from);

#endif
