/* The option `--max-cost DOLLARS` of the commands that ask a model. */
#ifndef BYLAW_COMMAND_COST_OPTION_H
#define BYLAW_COMMAND_COST_OPTION_H

#include "command/command.h"

/* For the option list of the command. */
#define COST_OPTION                                                                                \
    {                                                                                              \
        "max-cost", '\0', "DOLLARS", "stop when it has cost so much, where the price is known"     \
    }

/* *cost is below 0 when it is not given. */
bool cost_option_read(const struct args *args, double *cost, struct err *err) MUST_USE;
/* Where the option is given: that it does not bound what costs nobody knows what. True: said. */
bool cost_option_tell_unknown(const struct args *args);

#endif
