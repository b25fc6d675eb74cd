/* A list of many entries narrowed to those that fuzzily match what is typed, best first, a slice of
 * time at a time: 50,000 paths never hold up a key.
 *
 * The next letter only looks at what still matched; a set of the characters in each entry rules
 * most out before they are scored. All matches are counted, the NARROW_SHOWN best are in order.
 * Loop thread, or any one thread. */
#ifndef BYLAW_WIDGET_NARROW_H
#define BYLAW_WIDGET_NARROW_H

#include "base/str.h"

#include <stdint.h>

/* Nobody scrolls further: one more letter is quicker. Without a needle all are in the list. */
enum { NARROW_SHOWN = 1000 };

struct narrow;

struct narrow_source {
    /* The text entry `index` is matched by; borrowed until the next call. */
    struct str (*text)(void *data, size_t index);
    /* Added to the score of an entry that matches (recently used); NULL: 0. About 16 outweighs one
     * more beginning of a word. */
    int (*bonus)(void *data, size_t index);
    void *data;
};

struct narrow *narrow_new(struct narrow_source source) MUST_USE;
void narrow_free(struct narrow *narrow);
/* Other entries, or more of them: all is looked at again. */
void narrow_reset(struct narrow *narrow, size_t count);
/* What to match from now on; nothing is looked at yet. The same needle again does nothing. */
void narrow_set(struct narrow *narrow, struct str needle);
/* Goes on for about budget_us (0: to the end). True when all was looked at. */
bool narrow_step(struct narrow *narrow, uint64_t budget_us);
bool narrow_is_done(const struct narrow *narrow);
/* How many match, of those looked at so far. */
size_t narrow_matches(const struct narrow *narrow);
/* How many of them are in the list, and the entry at a place of it. */
size_t narrow_count(const struct narrow *narrow);
size_t narrow_at(const struct narrow *narrow, size_t place);

#endif
