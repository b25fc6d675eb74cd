/* The questions of bylaw init: plain lines, for a terminal, a screen reader and a pipe. */
#ifndef BYLAW_COMMAND_INIT_ASK_H
#define BYLAW_COMMAND_INIT_ASK_H

#include "starter/choice.h"

/* Asks what `choice` leaves open until it comes to a framework, and adds that to *set. The
 * questions go to standard output, or to standard error when that is for JSON. False: the input
 * ended. */
bool init_ask_framework(
    struct choice *choice, bool on_stderr, unsigned *set, struct err *err) MUST_USE;

/* Standard input and output are a terminal. */
bool init_can_ask(void);

enum init_answer { INIT_ASK, INIT_NO, INIT_YES, INIT_ALL, INIT_NONE };
/* Shows the diff (made visible already) and asks whether to write it. */
enum init_answer init_ask_replace(const char *path, struct str diff);

#endif
