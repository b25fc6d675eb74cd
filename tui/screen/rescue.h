/* Giving the terminal back when the program cannot do it in the ordinary way: a fatal signal, an
 * assertion, no memory. What runs then is async-signal-safe: one write and one tcsetattr. */
#ifndef BYLAW_SCREEN_RESCUE_H
#define BYLAW_SCREEN_RESCUE_H

#include "base/str.h"

#include <termios.h>

/* From now on a crash writes `bytes` (at most 512, copied) to fd and sets `modes`. Installs the
 * signal handlers and mem_set_handler once. */
void rescue_arm(int fd, const struct termios *modes, struct str bytes);
/* Also called on a crash, after the terminal is given back and also when none is held: must be
 * async-signal-safe. NULL: nothing. */
void rescue_also(void (*last_words)(void));
/* The terminal is not ours any more. */
void rescue_disarm(void);

#endif
