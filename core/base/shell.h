/* Words as a POSIX shell reads them. Sources: POSIX.1-2017, XCU 2.2 (quoting). Any thread. */
#ifndef BYLAW_BASE_SHELL_H
#define BYLAW_BASE_SHELL_H

#include "base/str.h"

/* Appends a word as a shell reads it back, whatever bytes it has: quoted only where need be. */
void shell_append_word(struct buf *line, const char *word);

#endif
