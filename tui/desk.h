/* The desk: the workbench (core/agent/workbench) on the screen. It opens both, gives each pane what
 * it shows, draws the header, and carries what one pane asks of another. Loop thread only. */
#ifndef BYLAW_DESK_H
#define BYLAW_DESK_H

#include "base/err.h"

#include <stdio.h>

struct desk_options {
    const char *folder;
    const char *session; /* NULL: the last where something is pending, else a new one */
    bool fresh;
    bool last; /* the last one in any case */
    const char *provider;
    const char *profile;
    const char *recording;
    const char *record_to;
    const char *open;          /* a file to show in the editor, or NULL */
    bool edit;                 /* with the keys there */
    size_t open_row, open_col; /* where in it, from 1; 0: not said */
    const char *theme;         /* NULL: config's */
    const char *colour;        /* NULL: by the terminal */
    bool ascii;
    bool no_mouse;
};

/* Runs until the engineer quits; *code is the exit code. False: it could not be opened. */
bool desk_run(const struct desk_options *options, int *code, struct err *err) MUST_USE;

/* `bylaw --resume`: prints the folder's sessions, newest first. */
bool desk_list_sessions(const char *folder, struct err *err) MUST_USE;

struct keymap;
/* Adds the actions of everything there is on the desk, also of what is opened later. */
void desk_add_keys(struct keymap *keymap);
/* `bylaw --help-keys`: prints the default keys of every action as a Markdown table. */
void desk_print_keys(FILE *out);

#endif
