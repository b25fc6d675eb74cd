/* Stages and evidence as text, JSON, CSV and Markdown. */
#ifndef BYLAW_COMMAND_ROLLOUT_PRINT_H
#define BYLAW_COMMAND_ROLLOUT_PRINT_H

#include "rollout/promote.h"

#include <stdio.h>

enum rollout_format { ROLLOUT_TEXT, ROLLOUT_JSON, ROLLOUT_CSV, ROLLOUT_MARKDOWN };

/* Reads the history of each, too. */
void rollout_print_table(
    const char *root, const struct rollout *rollout, enum rollout_format format);
/* `evidence` NULL: none is needed. */
void rollout_print_case(const struct rollout_policy *policy, enum rollout_stage to,
    const struct rollout_case *evidence, bool json, FILE *out);

#endif
