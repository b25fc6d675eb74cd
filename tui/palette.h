/* The commands as a source of the finder: every action that applies where one is, by name, with its
 * keys or why it cannot be done now. */
#ifndef BYLAW_PALETTE_H
#define BYLAW_PALETTE_H

#include "finder.h"

extern const struct finder_source palette_source;

#endif
