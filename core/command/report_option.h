/* The option `--report FORMAT[=FILE]` of the commands that run tests. */
#ifndef BYLAW_COMMAND_REPORT_OPTION_H
#define BYLAW_COMMAND_REPORT_OPTION_H

#include "command/command.h"
#include "report/report.h"

enum { REPORT_WISHES_MAX = 16 };

struct report_wishes {
    struct {
        enum report_format format;
        const char *file; /* borrowed from the arguments; NULL: the standard output */
    } items[REPORT_WISHES_MAX];
    int count;
    bool to_stdout; /* one is for the standard output: nothing else goes there */
};

/* For the option list and the description of the command. */
#define REPORT_OPTION                                                                              \
    {                                                                                              \
        "report", 'r', "FORMAT[=FILE]",                                                            \
            "write a report (may be given again); without FILE to the standard output"             \
    }

/* False: said on stderr. */
bool report_wishes_read(const struct args *args, struct report_wishes *wishes) MUST_USE;
/* Writes all that were wished for. False: one could not be written, said on stderr. */
bool report_wishes_put(const struct args *args, const struct report_wishes *wishes,
    const struct report *report) MUST_USE;
/* The same of a run that has just ended: takes the folder's name and commit into the report first,
 * and makes its paths relative to the top of the repository. */
bool report_wishes_write(const struct args *args, const struct report_wishes *wishes,
    struct report *report, const char *root) MUST_USE;

#endif
