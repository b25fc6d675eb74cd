/* How far one word is from another: for "did you mean". */
#ifndef BYLAW_BASE_NEAREST_H
#define BYLAW_BASE_NEAREST_H

#include "base/str.h"

/* Letters to put in, take out or change to make one of the other (Levenshtein, in bytes); SIZE_MAX
 * for words of more than 64 bytes. */
size_t nearest_distance(struct str a, struct str b);

#endif
