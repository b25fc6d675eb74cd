/* The options of the commands that work from a requirements matrix: which one, what its numbers
 * mean, how its columns are called. */
#ifndef BYLAW_COMMAND_CONTROLS_OPTION_H
#define BYLAW_COMMAND_CONTROLS_OPTION_H

#include "command/command.h"
#include "control/controls.h"

/* For the option list of the command. */
#define CONTROLS_OPTIONS                                                                           \
    {"requirements", 'r', "FILE",                                                                  \
        "the matrix: CSV, an OSCAL catalogue, or cis-k8s-1.9, which is compiled in"},              \
        {"benchmark", 'b', "FILE",                                                                 \
            "what the numbers mean: your copy as CSV, OSCAL, kube-bench YAML or a folder of "      \
            "it"},                                                                                 \
        {"map", 'm', "FIELD=COLUMN,…", "which column is id, description, title, framework, …"},    \
    {                                                                                              \
        "only", 'o', "IDS", "only these controls: 5.2.*,K8S-01"                                    \
    }

/* Reads what they name, else what the settings of the folder do. `only`: the ids that are left, or
 * NULL. */
bool controls_option_open(const struct args *args, const char *root, const char *only,
    struct controls *out, struct err *err) MUST_USE;

#endif
