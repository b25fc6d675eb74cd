/* Ctrl-C while a command works: the first one (or SIGTERM) lets it end in order, a second one as
 * ever. For the main thread of a command that turns its own loop. */
#ifndef BYLAW_COMMAND_INTERRUPT_H
#define BYLAW_COMMAND_INTERRUPT_H

#include <stdbool.h>

void interrupt_watch(void);
/* The signal that came, or 0. */
int interrupt_came(void);

#endif
