/* A report of the format "json" read back, as of another machine: untrusted and bounded. */
#ifndef BYLAW_REPORT_REPORT_READ_H
#define BYLAW_REPORT_REPORT_READ_H

#include "report/report.h"

#define REPORT_READ_MAX_BYTES ((size_t)512 << 20)

/* *out is empty before; report_free frees it. False: it is no such report (err says what is wrong
 * with it). Any thread. */
bool report_read_json(struct str text, struct report *out, struct err *err) MUST_USE;

#endif
