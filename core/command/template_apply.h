/* bylaw template test and expand: constraints on resources, and what expansion generates. */
#ifndef BYLAW_COMMAND_TEMPLATE_APPLY_H
#define BYLAW_COMMAND_TEMPLATE_APPLY_H

#include "command/command.h"
#include "policy/index.h"

/* `paths` are below the root; none: all of the index. */
int template_apply_test(const struct args *args, const char *root, const struct policy_index *index,
    char *const *paths, size_t count);
int template_apply_expand(const struct args *args, const char *root,
    const struct policy_index *index, char *const *paths, size_t count);

#endif
