/* A model's word on what has no policy yet: which kind of policy suits each control, how hard it
 * will be, and why. Loop thread only. */
#ifndef BYLAW_COMMAND_GAP_ASK_H
#define BYLAW_COMMAND_GAP_ASK_H

#include "command/command.h"
#include "control/gap.h"

/* What the suggestions of a model are kept in; they are borrowed by the gaps. */
struct gap_words {
    char **items;
    size_t len, cap;
};
void gap_words_free(struct gap_words *words);

/* What it may cost, in dollars (below 0: as configured), and how long one answer may take. */
struct gap_bounds {
    double dollars, minutes;
};
/* Options --max-cost and --max-time. */
bool gap_ask_bounds(const struct args *args, struct gap_bounds *out, struct err *err) MUST_USE;

/* Asks about every gap and every control that is covered partly, some at a time, in sessions that
 * write nothing; an answer that is not about just these goes back. Options --profile, --provider,
 * --dir. Progress on the standard error. False: it could not, *err says why; what was
 * answered before stays. */
bool gap_ask(const struct args *args, const struct gap_bounds *bounds, struct gaps *gaps,
    struct gap_words *words, struct err *err) MUST_USE;

#endif
