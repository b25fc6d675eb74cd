/* A finished check as lines: its parts, its scope, its verdict. */
#ifndef BYLAW_COMMAND_CHECK_PRINT_H
#define BYLAW_COMMAND_CHECK_PRINT_H

#include "report/report.h"

/* What is wrong with a report that was read: the rows that are no pass, and the findings. */
void check_print_findings(const struct report *report, bool json);
void check_print_report(const struct report *report, bool json);

#endif
