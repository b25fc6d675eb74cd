/* What a board of tests knows, as a report: from inside the workbench. */
#ifndef BYLAW_REPORT_REPORT_BOARD_H
#define BYLAW_REPORT_REPORT_BOARD_H

#include "engine/board.h"
#include "report/report.h"

/* Makes one of the last results; `threshold` of coverage in percent, `opa` the version or NULL.
 * *out is empty before, and of no folder yet (report_add_folder). Tests that run still are not
 * evaluated in it. Loop thread. False: nothing has run. */
bool report_of_board(struct board *board, double threshold, const char *opa, struct report *out,
    struct err *err) MUST_USE;

/* Says which folder and commit it is of, when, by which bylaw, and makes its paths those below the
 * top of the repository that holds the folder. Blocks: reads the repository. */
void report_add_folder(struct report *report, const char *root);

/* "junit out.xml": the format and the file; false says what is wrong. The caller frees *file. */
bool report_read_wish(
    struct str words, enum report_format *format, char **file, struct err *err) MUST_USE;

#endif
