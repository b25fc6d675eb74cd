/* Shared by the writers, one file a format. */
#ifndef BYLAW_REPORT_PRIVATE_H
#define BYLAW_REPORT_PRIVATE_H

#include "base/safe.h"
#include "report/report.h"

/* Longest text of one row, bytes: CI systems refuse or cut larger reports. */
enum { REPORT_TEXT_MAX = 16 << 10 };

void report_write_junit(const struct report *report, struct buf *out);
void report_write_sarif(const struct report *report, struct buf *out);
void report_write_tap(const struct report *report, struct buf *out);
void report_write_json(const struct report *report, struct buf *out);
void report_write_github(const struct report *report, struct buf *out);
void report_write_markdown(const struct report *report, struct buf *out);
void report_write_policy(const struct report *report, struct buf *out);

/* The rows that count, one after another; *at begins with 0. False: no more. */
bool report_next(const struct report *report, size_t *at, const struct result **row);
/* A finding as a row of the suite "findings"; it borrows the finding's texts. */
struct result report_finding_row(const struct finding *finding);
/* Why there is no row at all (nothing could run, no test), as one that is no pass; false: there
 * are some. It borrows the report's texts. */
bool report_silence(const struct report *report, struct result *row);
/* "k8s.latest_tag_test.test_deny", visible. The caller frees. */
char *report_label(const struct result *row) MUST_USE;
/* One line that says why it is not a pass; "" for a pass without a message. The caller frees. */
char *report_why(const struct result *row) MUST_USE;
/* Many lines: explanation, expected and got, what it printed. The caller frees. */
char *report_detail(const struct result *row) MUST_USE;
/* "2026-11-26T20:15:00Z". */
void report_time(const struct report *report, char out[32]);
/* False for a pass and for a warning. */
bool report_is_bad(enum result_status status);

#endif
