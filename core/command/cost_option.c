#include "command/cost_option.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool cost_option_read(const struct args *args, double *cost, struct err *err)
{
    const char *given = args_get(args, "max-cost");
    char *end = NULL;
    *cost = given == NULL ? -1 : strtod(given, &end);
    if (given != NULL && (end == given || *end != '\0' || !isfinite(*cost) || *cost < 0)) {
        return err_set(err, ERR_INVALID, "--max-cost is an amount of US dollars, not %s", given);
    }
    return true;
}

bool cost_option_tell_unknown(const struct args *args)
{
    if (args_get(args, "max-cost") == NULL) {
        return false;
    }
    fputs(
        "what it costs is not known, so --max-cost does not bound it; max_turns, max_tokens and "
        "--max-time do. The price of a model is said in the prices.toml beside your config.toml\n",
        stderr);
    return true;
}
