/* How far a command is, on stderr: on a terminal one line, which is written over; elsewhere a line
 * every ten seconds. One thread. */
#ifndef BYLAW_COMMAND_PROGRESS_LINE_H
#define BYLAW_COMMAND_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress_line {
    bool is_terminal;
    bool is_shown;    /* on a terminal: it stands in the row of the cursor */
    uint64_t said_us; /* when the last line was written elsewhere */
};

/* Says on a terminal what is done first ("reading the folder"). `json`: lines as elsewhere. */
void progress_line_begin(struct progress_line *line, bool json, const char *what);
/* What is done now: elsewhere it is said only where ten seconds have gone by. */
void progress_line_say(struct progress_line *line, const char *what);
/* "12 of 40 tests" */
void progress_line_show(struct progress_line *line, size_t done, size_t total, const char *what);
/* Before anything else is written, and at the end. */
void progress_line_clear(struct progress_line *line);

#endif
