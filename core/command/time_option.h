/* The option `--max-time MINUTES` of the commands that ask a model: every errand of theirs has an
 * end. */
#ifndef BYLAW_COMMAND_TIME_OPTION_H
#define BYLAW_COMMAND_TIME_OPTION_H

#include "command/command.h"

/* For the option list of the command; `what` says whose time it is. */
#define TIME_OPTION(what)                                                                          \
    {                                                                                              \
        "max-time", '\0', "MINUTES", "stop " what " after so long (default: 60)"                   \
    }

/* As given, else the default; never without end. */
bool time_option_read(const struct args *args, double *minutes, struct err *err) MUST_USE;

#endif
