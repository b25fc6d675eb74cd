/* How many tests passed, failed, had errors, in words. */
#ifndef BYLAW_TALLY_H
#define BYLAW_TALLY_H

#include "base/str.h"
#include "engine/result.h"

/* "16 passed, 1 failed"; `all`: also the states that no test is in. Appends. */
void tally_append(const struct tally *tally, bool all, struct buf *out);

#endif
