/* The code points of East_Asian_Width A (UAX #11), made by base/Ambiguous.cmake from the Unicode
 * Character Database that the system ships: utf8proc tells of it from 2.11 on, which distributions
 * do not have yet, and no other library that we link does. */
#ifndef BYLAW_BASE_AMBIGUOUS_H
#define BYLAW_BASE_AMBIGUOUS_H

#include <stddef.h>
#include <stdint.h>

/* First and last of each range, ascending. */
extern const int32_t ambiguous_ranges[][2];
extern const size_t ambiguous_range_count;

#endif
