/* Stages and evidence as text, JSON, CSV and Markdown. */
#ifndef BYLAW_COMMAND_ROLLOUT_PRINT_H
#define BYLAW_COMMAND_ROLLOUT_PRINT_H

#include "rollout/promote.h"

#include <stdio.h>

enum rollout_format { ROLLOUT_TEXT, ROLLOUT_JSON, ROLLOUT_CSV, ROLLOUT_MARKDOWN };

/* `since`: of each, by place. */
void rollout_print_table(
    const struct rollout *rollout, const struct rollout_since *since, enum rollout_format format);
/* `evidence` NULL: none is needed. */
void rollout_print_case(const struct rollout_policy *policy, enum rollout_stage to,
    const struct rollout_case *evidence, bool json, FILE *out);

#endif
