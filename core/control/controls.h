/* The controls a workspace is to implement, wherever that is said: the matrix of the command line,
 * of the setting `requirements`, `requirements.csv`, the one file in the folder `requirements/`; or
 * a benchmark that is compiled in, by its name (cis-k8s-1.9). With the benchmark they are judged
 * by. Any thread. */
#ifndef BYLAW_CONTROL_CONTROLS_H
#define BYLAW_CONTROL_CONTROLS_H

#include "control/benchmark.h"
#include "control/requirements.h"

struct controls_wish {
    const char *root;         /* the workspace */
    const char *requirements; /* NULL: as the settings or the folder have it */
    const char *benchmark;    /* a file or folder of the user's; NULL: the one compiled in */
    const char *map;          /* "id=Control,…", or NULL */
    const char *only;         /* "5.2.*,K8S-01", or NULL: all */
    /* The settings requirements and requirements_map; NULL: not set. */
    const char *setting, *setting_map;
};

struct controls {
    struct requirements list; /* with what the benchmark knows of them (cover_take_benchmark) */
    struct benchmark *benchmark;
};

bool controls_open(
    const struct controls_wish *wish, struct controls *out, struct err *err) MUST_USE;
void controls_free(struct controls *controls);

#endif
