#include "command/time_option.h"

#include <math.h>
#include <stdlib.h>

enum { MINUTES = 60, MINUTES_MAX = 7 * 24 * 60 };

bool time_option_read(const struct args *args, double *minutes, struct err *err)
{
    const char *given = args_get(args, "max-time");
    char *end = NULL;
    *minutes = given == NULL ? MINUTES : strtod(given, &end);
    bool ok = isfinite(*minutes) && *minutes >= 0.01 && *minutes <= MINUTES_MAX;
    if (given != NULL && (end == given || *end != '\0' || !ok)) {
        return err_set(err, ERR_INVALID,
            "--max-time is a number of minutes, from 0.01 to %d, not %s", MINUTES_MAX, given);
    }
    return true;
}
