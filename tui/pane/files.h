/* The file picker: the workspace's files, narrowed while one types. Loop thread only. */
#ifndef BYLAW_PANE_FILES_H
#define BYLAW_PANE_FILES_H

#include "app.h"

struct files_picker {
    const char *title;           /* "Open a file" */
    const char *hint;            /* in the empty field; may be NULL */
    struct workspace *workspace; /* its newest listing is copied: what changes meanwhile does not
                                    change what a row means */
    const char *first;           /* a path to list first; NULL */
    /* After it closed: a path of the list, or with `allow_new` what was typed when nothing matches.
     * Not called for Esc. */
    void (*chosen)(void *data, const char *path);
    bool allow_new;
    void *data;
};

void files_picker_open(struct app *app, const struct files_picker *options);

#endif
