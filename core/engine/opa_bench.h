/* What `opa bench --format json` measured, for people. Format as of opa 1.22: {N, T, MemAllocs,
 * MemBytes, Extra: {"histogram_timer_rego_query_eval_ns_median": …}}, T in nanoseconds. Untrusted
 * bytes. */
#ifndef BYLAW_ENGINE_OPA_BENCH_H
#define BYLAW_ENGINE_OPA_BENCH_H

#include "base/str.h"

/* Lines: how long one evaluation takes and how that spreads, what it allocates, of how many. NULL:
 * it is no such object, or nothing was evaluated. The caller frees. */
char *opa_bench_show(struct str json) MUST_USE;

#endif
