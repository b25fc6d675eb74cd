/* $VISUAL or $EDITOR on a file: the terminal is its until it ends. */
#ifndef BYLAW_EXTERNAL_H
#define BYLAW_EXTERNAL_H

#include "app.h"

/* What would be run: $VISUAL, else $EDITOR, else vi; may hold arguments. Borrowed. */
const char *external_program(void);

/* The arguments that open `path` at a place (from 1) with a program, known by its name: "+12" for
 * those like vi, "file:12:3" for Helix, …; what is not known gets the path alone. At most two, NULL
 * where there is none; the caller frees each. */
void external_arguments(
    const char *program, const char *path, size_t row, size_t col, char *arguments[2]);

/* Runs another program on our terminal and waits, ^C being for it. False: it could not be started.
 */
bool external_run(const char *const *argv, const char *cwd, int *exit_code, struct err *err);

/* The arguments for $EDITOR on a file at a place, to be run with external_run; the strings are
 * freed with it. */
struct external_call {
    const char *argv[7];
    char *owned[3];
};
void external_call_make(struct external_call *call, const char *path, size_t row, size_t col);
void external_call_free(struct external_call *call);
/* Says what an exit code other than 0 means; true for 0. */
bool external_ended_well(int code, struct err *err);

/* Runs it and waits. False when it could not be started or ended with an error. */
bool external_edit(
    struct app *app, const char *path, size_t row, size_t col, const char *cwd, struct err *err);

#endif
