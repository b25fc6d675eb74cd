/* The workbench line by line, for a screen reader, a braille line, a dumb terminal or a script: the
 * same session, review, tests and commit as on the screen, as lines of text on standard output and
 * lines read from standard input. No cursor is moved, nothing is painted again, no colour, symbol
 * or escape sequence is written: words only. Everything from outside is made visible (base/safe.h);
 * of the control characters only LF is ever written. Loop thread only. */
#ifndef BYLAW_PLAIN_H
#define BYLAW_PLAIN_H

#include "base/err.h"

#include <stdio.h>

struct plain_options {
    const char *folder;
    const char *session; /* NULL: the last where something is pending, else a new one */
    bool fresh;
    bool last; /* the last one in any case */
    const char *provider;
    const char *profile;
    const char *recording;
    const char *record_to;
    const char *open; /* a file to show first, or NULL */
};

/* Runs until `quit`, the end of the input or a signal; *code is the exit code. False: it could not
 * be opened. */
bool plain_run(const struct plain_options *options, int *code, struct err *err) MUST_USE;

/* `bylaw --plain-help`: prints the table of all commands as it stands in the README. */
void plain_print_table(FILE *out);

/* There is a command of this name, in some mode. */
bool plain_has_command(const char *name);

#endif
