/* UTF-8, grapheme clusters and column widths (utf8proc; widths as most terminals draw them: a
 * cluster counts as its widest code point, emoji with a presentation selector and flags 2). All
 * that is measured in columns is measured here.
 *
 * Invalid bytes are never an error: each is one unit of its own, so that text can be walked, shown
 * and kept byte for byte. Pure functions, any thread. */
#ifndef BYLAW_BASE_UTF8_H
#define BYLAW_BASE_UTF8_H

#include "base/str.h"

#include <stdint.h>

#define UTF8_INVALID ((int32_t)-1)

/* The code point at the beginning of s and its length in bytes; UTF8_INVALID and 1 for a bad byte
 * (or a sequence cut short), UTF8_INVALID and 0 for an empty s. */
int32_t utf8_decode(struct str s, size_t *len);
/* Writes at most 4 bytes and returns how many; an invalid code point gives U+FFFD. */
size_t utf8_encode(int32_t cp, char out[4]);
bool utf8_is_valid(struct str s);
/* Bytes of the grapheme cluster at the beginning of s: 0 only when s is empty. CR LF is one
 * cluster. */
size_t utf8_cluster(struct str s);
/* Start of the cluster that ends at `pos` (0 < pos <= s.len). Looks back at most a few hundred
 * bytes. */
size_t utf8_cluster_before(struct str s, size_t pos);
/* Columns of the characters that East Asian fonts draw wide and others narrow (Greek, arrows, box
 * drawing …: East_Asian_Width A, UAX #11): 1, or 2 once it is set. The loop thread sets it, when
 * the terminal has said what it does; any thread measures. Who keeps widths keeps this beside them.
 */
int utf8_ambiguous_width(void);
void utf8_set_ambiguous_width(int columns);
/* Columns of one code point: 0, 1 or 2; -1 for a control character. */
int utf8_width_cp(int32_t cp);
/* Columns of one cluster as we paint it: control characters and invalid bytes as visible text (see
 * safe.h), TAB as 1 (the caller knows the column). */
int utf8_width_cluster(struct str cluster);
/* Columns of the whole of s. */
size_t utf8_width(struct str s);
/* The longest beginning of s, in whole clusters, that is at most `columns` wide. */
struct str utf8_fit(struct str s, size_t columns);
/* Length of s in UTF-16 units / code points, for protocols that count so. */
size_t utf8_count(struct str s);
/* The first at most `bytes` bytes, without a part of a character at the end. */
struct str utf8_head(struct str s, size_t bytes);

#endif
