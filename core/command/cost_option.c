#include "command/cost_option.h"

#include <math.h>
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
