/* The YAML in which kube-bench holds its checks: a file for each part of a benchmark, with
 * `version`, and `groups` of `checks` that have an id and a text. Any thread. */
#ifndef BYLAW_CONTROL_KUBE_BENCH_H
#define BYLAW_CONTROL_KUBE_BENCH_H

#include "control/requirements.h"

/* Appends the checks of one file to `index`'s list. `name` is for messages. ERR_UNSUPPORTED: a file
 * without checks (kube-bench's config.yaml). */
bool kube_bench_read(
    struct str text, const char *name, struct requirements_index *index, struct err *err) MUST_USE;

#endif
