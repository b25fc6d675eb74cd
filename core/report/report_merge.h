/* The reports of shards joined to what one run of everything would have said. Any thread. */
#ifndef BYLAW_REPORT_REPORT_MERGE_H
#define BYLAW_REPORT_REPORT_MERGE_H

#include "report/report.h"

/* Joins the reports of `bylaw check --shard I/N --report json`. `names` are their files, for
 * messages. Coverage is summed over all and judged then. A shard that is missing makes its units
 * "not evaluated": there is a report, with a finding, and no green. False: they are not the shards
 * of one whole (another revision, base, version, split; one given twice; a unit in two). *out is
 * empty before. */
bool report_merge(const struct report *reports, const char *const *names, size_t count,
    struct report *out, struct err *err) MUST_USE;

#endif
